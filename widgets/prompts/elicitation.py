"""A server's question to the human: a form to fill in, or an address to visit.

Owns one question on the screen and its three answers. Never opens an address, never answers by itself,
and never lets Escape mean no: it means later or never, ``cancel``.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from ...services.models import JsonObject, as_object, as_text
from ...services.state.model import CallState, PromptState
from ...services.state.text import one_line, visible
from ..after_typing import after_typing
from ..app_of import app_of
from ..chip import Chip
from ..form_fields import FieldsForm
from ..form_values import Field, Form, Kind, asks_for_secret, first_entry, form_of
from .urls import Address, read_address

AnswerAction: TypeAlias = Literal["accept", "decline", "cancel"]
MESSAGE = 8_000
_WHOLE = "content"


class ElicitationPanel(Widget):
    """``prompt`` is the open question, None for none; ``calls`` tell which tool's call it belongs to."""

    DEFAULT_CSS = """
    ElicitationPanel {
        layout: vertical; height: 5; max-height: 100%; width: 1fr; background: $background; color: $foreground;
        border: round $warning; border-title-color: $warning; border-title-style: bold;
        border-subtitle-color: $text-muted;
        & > #question-about { height: auto; max-height: 12; padding: 0 0 0 1; scrollbar-size-vertical: 1; }
        & #question-words { height: auto; width: 1fr; padding: 0 1 0 0; }
        & > FieldsForm { padding: 0 0 0 1; margin: 1 0 0 0; }
        & > #question-bar { height: 1; dock: bottom; background: $surface; padding: 0 1 0 0; }
        & #question-status {
            width: 1fr; height: 1; padding: 0 1; color: $text-error; text-overflow: ellipsis; text-wrap: nowrap;
        }
        & #question-copy { display: none; }
        &.-url > FieldsForm { display: none; }
        &.-url #question-copy { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r,ctrl+enter", "accept", "Accept", key_display="Ctrl+R", priority=True),
        Binding("ctrl+n", "decline", "Decline", key_display="Ctrl+N", priority=True),
        Binding("escape", "cancel", "Cancel", key_display="Esc"),
        Binding("y", "copy", "Copy address", show=False),
        Binding("enter", "focus_first", "First field", show=False),
    ]

    prompt: reactive[PromptState | None] = reactive[PromptState | None](None, init=False)
    calls: reactive[tuple[CallState, ...]] = reactive[tuple[CallState, ...]]((), init=False)

    class Answered(Message):
        """The human's answer; ``content`` only for an accepted form."""

        def __init__(self, prompt_id: str, action: AnswerAction, content: JsonObject | None) -> None:
            super().__init__()
            self.prompt_id = prompt_id
            self.action: AnswerAction = action
            self.content = content

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.can_focus = True
        self._form = Form(())
        self._whole = False
        self._address: Address | None = None
        self._shown: str | None = None
        self._answered: str | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="question-about", can_focus=False):
            yield Static("", id="question-words")
        yield FieldsForm(warn_secrets=True, enter_steps=True)
        with Horizontal(id="question-bar"):
            yield Chip("Accept", "Ctrl+R", id="question-accept", classes="-strong")
            yield Chip("Decline", "Ctrl+N", id="question-decline")
            yield Chip("Cancel", "Esc", id="question-cancel")
            yield Chip("Copy address", "y", id="question-copy")
            yield Static("", id="question-status")

    def on_mount(self) -> None:
        self.watch(self._fields, "virtual_size", self._resized, init=False)
        self.watch(self.query_one("#question-about"), "virtual_size", self._resized, init=False)
        self.call_later(self._show)  # once mounted: it may have been told before

    def on_resize(self) -> None:
        self._resized()

    def _resized(self) -> None:
        self.call_after_refresh(self._fit)  # the rows have their own sizes only after this layout

    def _fit(self) -> None:
        """Ask for as many rows as there are to show; what holds the panel may give less, then it scrolls."""
        about = self.query_one("#question-about").outer_size.height
        form = 1 if self._address is not None else max(1, self._fields.rows) + 1
        self.styles.height = max(1, about) + form + 1 + self.gutter.height

    # What arrives.

    def watch_prompt(self) -> None:
        self._show()

    def watch_calls(self) -> None:
        self._show_title()

    def focus_first(self) -> None:
        """Focus the first field, or the panel when there is none."""
        self._focus_first()
        self.call_after_refresh(self._focus_if_lost)  # what was hidden until now takes the focus only then

    def _focus_if_lost(self) -> None:
        if not self.has_focus_within:
            self._focus_first()

    def _focus_first(self) -> None:
        if self._address is not None or not self._form.fields:
            self.focus()
        else:
            self._fields.focus_first()

    def action_focus_first(self) -> None:
        self.focus_first()

    @property
    def _fields(self) -> FieldsForm:
        return self.query_one(FieldsForm)

    def _show(self) -> None:
        prompt = self.prompt
        if not self.is_mounted or prompt is None or prompt.id == self._shown:
            return
        self._shown = prompt.id
        self._say("")
        request = prompt.request
        is_url = request.get("mode") == "url"
        self._address = read_address(as_text(request.get("url")) or "") if is_url else None
        self.set_class(is_url, "-url")
        self._form, self._whole = (Form(()), False) if is_url else _form(as_object(request.get("requestedSchema")))
        self._fields.empty_text = "Nothing to fill in: accept or decline."
        self._fields.load(self._form, {one.name: first_entry(one, prefill=True) for one in self._form.fields}, {})
        words = _message(request)
        lines = [words] if words else []
        lines += _address_lines(self._address) if self._address else _form_warnings(self._form, words.plain)
        self.query_one("#question-words", Static).update(Content("\n").join(lines))
        self.query_one("#question-about").scroll_home(animate=False)
        self.query_one("#question-accept", Chip).disabled = bool(self._address and self._address.refused)
        self._show_title()

    def _show_title(self) -> None:
        prompt = self.prompt
        if prompt is None:
            return
        self.border_title = Content(f"{one_line(prompt.server, 40)} asks")
        call = next((call for call in self.calls if call.id == prompt.call), None)
        tool = one_line(call.tool, 40) if call is not None else ""
        self.border_subtitle = Content(f"during {tool}" if tool else "during a call" if prompt.call else "")

    # Answers.

    def action_accept(self) -> None:
        after_typing(self, self._accept)

    def _accept(self) -> None:
        prompt = self.prompt
        if prompt is None:
            return
        if self._address is not None:
            if self._address.refused:
                self._say("not offered for this address")
                return
            self._answer("accept", None)
            return
        collected = self._fields.collect()
        self._fields.mark(collected.problems)
        if collected.problems:
            count = len(collected.problems)
            self._say("1 problem" if count == 1 else f"{count} problems")
            self._fields.focus_field(next(iter(collected.problems)))
            return
        self._answer("accept", as_object(collected.values.get(_WHOLE)) if self._whole else collected.values)

    def action_decline(self) -> None:
        self._answer("decline", None)

    def action_cancel(self) -> None:
        self._answer("cancel", None)

    def _answer(self, action: AnswerAction, content: JsonObject | None) -> None:
        prompt = self.prompt
        if prompt is not None and prompt.id != self._answered:
            self._answered = prompt.id
            self.post_message(self.Answered(prompt.id, action, content))

    def action_copy(self) -> None:
        if self._address is not None:
            app_of(self).copy_to_clipboard(self._address.url)
            self.notify("Address copied.", markup=False)

    def _say(self, words: str) -> None:
        self.query_one("#question-status", Static).update(Content(words))

    @on(FieldsForm.Changed)
    def _typed(self, event: FieldsForm.Changed) -> None:
        event.stop()
        self._say("")

    @on(FieldsForm.Submitted)
    def _submitted(self, event: FieldsForm.Submitted) -> None:
        event.stop()
        self._accept()

    @on(Chip.Pressed)
    def _pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        match event.chip.id:
            case "question-accept":
                self.action_accept()
            case "question-decline":
                self.action_decline()
            case "question-cancel":
                self.action_cancel()
            case _:
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
    lines = [
        Content(""),
        Content.assemble(("Host     ", "$text-muted"), (one_line(address.host) or "none", "bold $primary")),
        Content.assemble(("Address\n", "$text-muted"), visible(address.url)),
        *(Content.styled(f"! {one_line(warning)}", "bold $text-warning") for warning in address.warnings),
    ]
    if address.refused:
        lines.append(Content.styled(f"✖ {one_line(address.refused)}: no accept", "bold $text-error"))
    else:
        lines.append(Content.styled("Accepting only says yes: copy the address and open it yourself.", "$text-muted"))
    return lines
