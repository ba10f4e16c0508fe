"""A login that waits for its person: an address to open, to copy or to scan, and the way back by hand.

Owns what is offered and the field for the address that the browser ended at. Never opens anything itself, and never
decides whether a login succeeded: what is pasted here goes to the login, which checks it.
"""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from ...services.models import JsonObject, as_text
from ...services.state.model import PromptState
from ...services.state.text import one_line
from ..app_of import app_of
from ..chip import Chip
from ..form_values import Entry, Field, Form, Kind, Problem
from .login_words import CONSENT, LOGIN, consent_lines, login_lines
from .pasted import answer_of, wrong_with
from .question import QuestionPanel, Unready
from .urls import Address, read_address
from .words import Told, Words

_BACK = "Redirect URL"
_PASTE = "p"
_FIELD = Field(_BACK, Kind.STRING, required=False, joins=True, schema={"format": f"paste it here ({_PASTE})"})


class LoginPanel(QuestionPanel):
    """Questions of ``mcpdeck/login`` and ``mcpdeck/consent``."""

    DEFAULT_CSS = """
    LoginPanel {
        &.-consent .of-login { display: none; }
        & .of-consent { display: none; }
        &.-consent .of-consent { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,o", "open", "Open browser", show=False),
        Binding("y", "copy", "Copy address", show=False),
        Binding("c", "code", "QR code", show=False),
        Binding(_PASTE, "paste", "Paste", show=False),
    ]

    class OpenRequested(Message):
        """A browser should open the address."""

        def __init__(self, server: str, url: str) -> None:
            super().__init__()
            self.server = server
            self.url = url

    class CodeRequested(Message):
        """The address should be shown as a QR code."""

        def __init__(self, prompt: PromptState, url: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.url = url

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._address: Address | None = None
        self._begun = False  # the address went somewhere: a browser, the clipboard, a camera
        self._leaving = False
        self._titled = False  # the title has room for all of the endpoint

    def chips(self) -> ComposeResult:
        yield Chip("Open browser", "o", id="login-open", classes="-strong of-login")
        yield Chip("Copy", "y", id="login-copy", classes="of-login")
        yield Chip("QR code", "c", id="login-code", classes="of-login")
        yield Chip("Paste", _PASTE, id="login-paste", classes="of-login")
        yield Chip("Yes", "Ctrl+R", id="question-accept", classes="-strong of-consent")
        yield Chip("No", "Ctrl+N", id="question-decline", classes="of-consent")
        yield Chip("Cancel", "Esc", id="question-cancel", classes="of-login")

    @property
    def _consents(self) -> bool:
        return self.prompt is not None and self.prompt.method == CONSENT

    @property
    def has_form(self) -> bool:
        return not self._consents and (self._address is None or not self._address.refused)

    def load(self, request: JsonObject) -> list[Told]:
        self._begun = self._leaving = False
        self._address = read_address(as_text(request.get("url")) or "")
        self.set_class(self._consents, "-consent")
        self.fields.display = self.has_form
        for chip in ("#login-open", "#login-copy", "#login-code", "#login-paste"):
            self.query_one(chip, Chip).disabled = self._address.refused is not None
        if self._consents:
            return self._lines(request)
        self._begun = bool(request.get("error"))  # what was pasted before was not the answer
        self.fields.load(Form((_FIELD,)), {_BACK: Entry()}, {})
        return self._lines(request)

    def _lines(self, request: JsonObject) -> list[Told]:
        self._titled = self._fits
        told = self.endpoint if self._titled else ""
        if self._consents or self._address is None:
            return consent_lines(request, told)
        return login_lines(request, self._address, told)

    @property
    def _fits(self) -> bool:
        """Nothing of the title is cut: what stands in it is not said twice."""
        asker = self.asker(self.prompt) if self.prompt is not None else ""
        return cell_len(asker) + cell_len(one_line(self.endpoint, 200)) + 8 <= self.size.width + self.gutter.width

    def watch_endpoint(self) -> None:
        super().watch_endpoint()
        self._tell_again()

    def on_resize(self) -> None:
        if self._titled is not self._fits:
            self._tell_again()

    def _tell_again(self) -> None:
        if self.prompt is not None and self.is_mounted:
            self.query_one(Words).tell(self._lines(self.prompt.request))

    def asker(self, prompt: PromptState) -> str:
        more = "asks for more than before" if prompt.method == CONSENT else "wants a login"
        return f"{one_line(prompt.server, 40)} {more}"

    def aside(self, prompt: PromptState) -> str:
        if self._leaving:
            return "Esc again gives the login up"
        return "waiting for you to come back" if self._begun else ""

    # The keys are read from here, not from the field, until somebody wants to paste.

    def _focus_first(self) -> None:
        self.focus()

    def action_focus_first(self) -> None:
        self.action_open()

    # What is offered.

    @property
    def _asked(self) -> tuple[PromptState, Address] | None:
        """The open login, and an address that may be handed on."""
        prompt, address = self.prompt, self._address
        if prompt is None or address is None or prompt.method != LOGIN or address.refused:
            return None
        return prompt, address

    def action_open(self) -> None:
        asked = self._asked
        if asked is not None:
            self.post_message(self.OpenRequested(asked[0].server, asked[1].url))
            self._going_on()

    def action_copy(self) -> None:
        asked = self._asked
        if asked is not None:
            app_of(self).copy_to_clipboard(asked[1].url)
            self.notify("Address copied.", markup=False)
            self._going_on()

    def action_code(self) -> None:
        asked = self._asked
        if asked is not None:
            self.post_message(self.CodeRequested(asked[0], asked[1].url))
            self._going_on()

    def action_paste(self) -> None:
        if self._asked is not None:
            self.fields.focus_first()

    def _going_on(self) -> None:
        self._begun, self._leaving = True, False
        self.show_title()

    def action_cancel(self) -> None:
        """Out of the field first; a login that is under way in a browser is not given up by one key."""
        if self.has_focus_within and not self.has_focus and self._asked is not None:
            self.focus()
            return
        if self._begun and not self._leaving:
            self._leaving = True
            self.show_title()
            return
        super().action_cancel()

    def action_decline(self) -> None:
        """There is no other no to a login than giving it up."""
        if self._consents:
            super().action_decline()
        else:
            self.action_cancel()

    def content(self) -> JsonObject | None:
        asked = self._asked
        if asked is None:
            return None
        pasted = self.fields.entries.get(_BACK, Entry()).text
        redirect = as_text(asked[0].request.get("redirectUri")) or ""
        wrong = wrong_with(pasted, asked[1].url, redirect)
        if wrong is not None:
            self.fields.mark({_BACK: Problem(wrong, blocking=True)})
            self.fields.focus_field(_BACK, select=True)  # what is pasted next takes its place
            raise Unready("")
        return {"redirect": answer_of(pasted)}

    def changed(self) -> None:
        self.fields.mark({})
        if self.fields.entries.get(_BACK, Entry()).text == _PASTE:  # no address begins so: it was meant as the key
            self.fields.load(self.fields.form, {_BACK: Entry()}, {})

    def pressed(self, chip: Chip) -> None:
        match chip.id:
            case "login-open":
                self.action_open()
            case "login-copy":
                self.action_copy()
            case "login-code":
                self.action_code()
            case _:
                self.action_paste()
