"""A server's question to the human: a form to fill in, or an address to visit (protocol section 33).

Owns what the two forms say and what is sent back. Never opens an address, and never answers by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from ...services.models import JsonObject, as_object, as_text
from ...services.state.model import PromptState
from ...services.state.text import one_line, visible
from ..app_of import app_of
from ..chip import Chip
from ..form_values import Field, Form, Kind, asks_for_secret, first_entry, form_of
from .login_words import FORM
from .question import QuestionPanel, Unready
from .read_first import ReadFirst
from .urls import Address, read_address

MESSAGE = 8_000
_WHOLE = "content"


class ElicitationPanel(QuestionPanel):
    """A question of ``elicitation/create``, or a form of our own for what a login needs to know."""

    DEFAULT_CSS = """
    ElicitationPanel {
        & .of-url { display: none; }
        &.-url > FieldsForm { display: none; }
        &.-url .of-url { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy address", show=False),
        Binding("o", "open", "Open and accept", show=False),
        Binding("w", "screen.next_question", "Next", show=False),
    ]

    class VisitRequested(Message):
        """A browser should open the address of a question; once it did, the question is accepted."""

        def __init__(self, panel: ElicitationPanel, prompt: PromptState, url: str) -> None:
            super().__init__()
            self.panel = panel
            self.prompt = prompt
            self.url = url

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.reading = self._reading = ReadFirst(ticks)
        self._form = Form(())
        self._whole = False
        self._address: Address | None = None

    def chips(self) -> ComposeResult:
        yield from super().chips()
        yield Chip("Open, accept", "o", id="question-open", classes="of-url")
        yield Chip("Copy", "y", id="question-copy", classes="of-url")

    @property
    def has_form(self) -> bool:
        return self._address is None

    @property
    def _ours(self) -> bool:
        return self.prompt is not None and self.prompt.method == FORM

    def asker(self, prompt: PromptState) -> str:
        return f"mcpdeck asks, to log in to {one_line(prompt.server, 40)}" if self._ours else super().asker(prompt)

    def load(self, request: JsonObject) -> list[Content]:
        is_url = request.get("mode") == "url"
        self._address = read_address(as_text(request.get("url")) or "") if is_url else None
        self.set_class(is_url, "-url")
        self._form, self._whole = (Form(()), False) if is_url else _form(as_object(request.get("requestedSchema")))
        self.fields.empty_text = "Nothing to fill in: accept or decline."
        self.fields.warn_secrets = not self._ours  # a client secret is for us, and no server asks for it
        self.fields.load(self._form, {one.name: first_entry(one, prefill=True) for one in self._form.fields}, {})
        refused = bool(self._address and self._address.refused)
        for chip in ("#question-accept", "#question-open"):
            self.query_one(chip, Chip).disabled = refused
        words = _message(request)
        lines = [words] if words else []
        if self._address is not None:
            return lines + _address_lines(self._address)
        return lines if self._ours else lines + _form_warnings(self._form, words.plain)

    def content(self) -> JsonObject | None:
        if self._address is not None:
            if self._address.refused:
                raise Unready("not offered for this address")
            return None
        collected = self.fields.collect()
        self.marked(collected.problems)
        return as_object(collected.values.get(_WHOLE)) if self._whole else collected.values

    def action_copy(self) -> None:
        if self._address is not None:
            app_of(self).copy_to_clipboard(self._address.url)
            self.notify("Address copied.", markup=False)

    def action_open(self) -> None:
        """Consent: the address goes to the browser, and the server is told yes."""
        if self.prompt is None or self._address is None or self._address.refused:
            return
        if self._reading.too_early():
            self.say("read it first, then press again")
        else:
            self.post_message(self.VisitRequested(self, self.prompt, self._address.url))

    def visited(self, prompt: PromptState, opened: bool) -> None:
        """The browser was started with the address of a question, or there is none."""
        if self.prompt is not prompt:
            return
        if opened:
            self.accept()
        else:
            self.say("no browser starts here: y copies it, Ctrl+R accepts")

    def pressed(self, chip: Chip) -> None:
        if chip.id == "question-open":
            self.action_open()
        else:
            self.action_copy()


def _form(schema: JsonObject) -> tuple[Form, bool]:
    """The fields, and whether one JSON field stands for the whole content."""
    form = form_of(schema)
    if form.fields or not (
        set(schema) - {"type", "properties", "required", "$schema", "title", "additionalProperties"}
    ):
        return form, False
    return Form((Field(_WHOLE, Kind.JSON, required=True, schema={"type": "object"}),), form.notes), True


def _message(request: JsonObject) -> Content:
    return Content(visible((as_text(request.get("message")) or "").strip()[:MESSAGE]).expandtabs(4))


def _form_warnings(form: Form, message: str) -> list[Content]:
    asked = Field(message[:2000], Kind.STRING, required=False, schema={})
    lines: list[Content] = []
    if any(asks_for_secret(one) for one in form.fields) or asks_for_secret(asked):
        words = "! Servers must not ask for passwords, keys or tokens. Decline if in doubt."
        lines.append(Content.styled(words, "bold $text-warning"))
    if any(one.kind is Kind.JSON for one in form.fields):
        lines.append(
            Content.styled("! Not a plain form as the protocol wants it: some values are JSON.", "$text-warning")
        )
    return lines


def _address_lines(address: Address) -> list[Content]:
    host = one_line(address.host) or "none"
    inside = one_line(address.domain)
    front = host.removesuffix(inside) if inside else host
    lines = [
        Content(""),
        Content.assemble(("Host     ", "$text-muted"), front, (host[len(front) :], "bold $primary")),
        Content.assemble(("Address\n", "$text-muted"), visible(address.url)),
        *(Content.styled(f"! {one_line(warning)}", "bold $text-warning") for warning in address.warnings),
    ]
    if address.refused:
        lines.append(Content.styled(f"✖ {one_line(address.refused)}: no accept", "bold $text-error"))
    else:
        lines.append(Content.styled("Nothing is opened before you say so. o opens it and accepts.", "$text-muted"))
        lines.append(
            Content.styled("Accept alone only says yes: copy the address and open it yourself.", "$text-muted")
        )
    return lines
