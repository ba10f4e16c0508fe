"""Who answers what a server asks: a person, or mcpdeck by itself, and how.

Owns the form. What was chosen goes to the intents; nothing is answered here.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ...services.models import as_text
from ...services.state.text import one_line
from ...widgets.after_typing import after_typing
from ...widgets.chip import Chip
from ...widgets.flow import Flow
from ...widgets.form_fields import FieldsForm
from ...widgets.form_values import Choice, Entry, Field, Form, Kind
from ...widgets.json_text import dumps, loads
from ..auto_answers import COMPLETIONS, FORMS, AutoProfile
from ..controller import Intents
from .unsaved_screen import UnsavedScreen

_FORMS, _COMPLETIONS, _MODEL, _TEXT, _FILE = "Forms", "Completions", "Model", "Reply", "File"
_TITLES = {way: way for way in (*FORMS, *COMPLETIONS)} | {"ask": "ask me", "file": "rules"}
_ABOUT = {
    _FORMS: {
        "ask": "You fill in what it asks for.",
        "defaults": "Accepted: defaults where the form has some, made values where it needs any.",
        "decline": "Each is declined.",
        "cancel": "Each is cancelled, as if you had left it.",
        "file": "The rules of the file decide; what none of them fits is put to you.",
    },
    _COMPLETIONS: {
        "ask": "You write what the model would say.",
        "reply": "The reply below, cut to the length that is asked for.",
        "decline": "Each is declined.",
        "file": "The rules of the file decide; what none of them fits is put to you.",
    },
}
NOTE = "Addresses to open (unless a rule or you refuse all), permission, logins and approvals are always put to you."


class AutoScreen(UnsavedScreen):
    """Of one configured ``server``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("ctrl+r,ctrl+enter", "use(False)", "For this run", show=False, priority=True),
        Binding("ctrl+s", "use(True)", "Keep", show=False, priority=True),
    ]

    def __init__(self, intents: Intents, server: str) -> None:
        super().__init__()
        self._intents = intents
        self._server = server
        self._now = intents.answering(server)
        self._entries = _entries(self._now.profile)
        self._shown: tuple[str, str] = ("", "")

    @property
    def unsaved(self) -> bool:
        """A reply that was written would be lost; choices are made again in no time."""
        typed = {**self._entries, **self.query_one(FieldsForm).entries}
        start = _entries(self._now.profile)
        return any(typed[name] != start[name] for name in (_MODEL, _TEXT, _FILE))

    def compose(self) -> ComposeResult:
        with Vertical(id="auto") as box:
            box.border_title = Content(f"Who answers {one_line(self._server, 40)}")
            box.border_subtitle = Content("← → choose · Esc closes")
            yield FieldsForm(id="auto-form", enter_steps=True)
            yield Static(Content(NOTE), classes="note")
            yield Static("", classes="wrong")
            with Flow(classes="bar"):
                yield Chip("For this run", "Ctrl+R", id="auto-use", classes="-strong")
                if self._now.keepable:
                    yield Chip("Keep for later runs", "Ctrl+S", id="auto-keep")

    def on_mount(self) -> None:
        self._load()
        self.query_one(FieldsForm).focus_first()

    # The form.

    def _load(self) -> None:
        forms, completions = self._ways()
        self._shown = (forms, completions)
        fields = [_choice(_FORMS, FORMS, forms), _choice(_COMPLETIONS, COMPLETIONS, completions)]
        if completions == "reply":
            fields.append(Field(_MODEL, Kind.STRING, required=True, schema={}))
            fields.append(Field(_TEXT, Kind.TEXT, required=True, schema={}))
        if "file" in (forms, completions):
            about = "as for --answers, read for each question"
            fields.append(Field(_FILE, Kind.STRING, required=True, schema={}, description=about))
        form = self.query_one(FieldsForm)
        form.load(Form(tuple(fields)), {one.name: self._entries[one.name] for one in fields}, {})

    def _ways(self) -> tuple[str, str]:
        forms, completions = (loads(self._entries[name].text) for name in (_FORMS, _COMPLETIONS))
        return as_text(forms) or "ask", as_text(completions) or "ask"

    @on(FieldsForm.Changed)
    def _typed(self, event: FieldsForm.Changed) -> None:
        event.stop()
        self._say("")
        typed = {name: entry for name, entry in self.query_one(FieldsForm).entries.items() if entry.text}
        unset = {name: self._entries[name] for name in (_FORMS, _COMPLETIONS) if name not in typed}
        ways = [name for name in (_FORMS, _COMPLETIONS) if name in typed and typed[name] != self._entries[name]]
        self._entries |= typed | unset
        if self._ways() != self._shown:
            self._load()
            form = self.query_one(FieldsForm)
            self.call_after_refresh(lambda: form.focus_field(ways[0]) if ways else None)

    @on(FieldsForm.Submitted)
    def _submitted(self, event: FieldsForm.Submitted) -> None:
        event.stop()
        self.action_use(False)

    @on(Chip.Pressed)
    def _pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        self.action_use(event.chip.id == "auto-keep")

    def action_use(self, keep: bool) -> None:
        after_typing(self.query_one(FieldsForm), lambda: self._use(keep))

    def _use(self, keep: bool) -> None:
        if keep and not self._now.keepable:
            self._say("Nothing is kept beyond this run here.")
            return
        form = self.query_one(FieldsForm)
        collected = form.collect()
        form.mark(collected.problems)
        if collected.problems:
            form.focus_field(next(iter(collected.problems)))
            return
        values = {name: as_text(value) or "" for name, value in collected.values.items()}
        before = self._now.profile
        profile = AutoProfile.read(
            {
                "forms": values[_FORMS],
                "completions": values[_COMPLETIONS],
                "model": values.get(_MODEL, before.model),
                "text": values.get(_TEXT, before.text),
                "file": values.get(_FILE, before.file).strip(),
            }
        )
        self._intents.answer_automatically(self._server, profile, keep=keep)
        self.dismiss(None)

    def _say(self, words: str) -> None:
        self.query_one(".wrong", Static).update(Content(words))


def _choice(name: str, ways: tuple[str, ...], now: str) -> Field:
    choices = tuple(Choice(way, _TITLES[way]) for way in ways)
    return Field(name, Kind.CHOICE, required=True, schema={}, choices=choices, description=_ABOUT[name].get(now, ""))


def _entries(profile: AutoProfile) -> dict[str, Entry]:
    return {
        _FORMS: Entry(dumps(profile.forms)),
        _COMPLETIONS: Entry(dumps(profile.completions)),
        _MODEL: Entry(profile.model),
        _TEXT: Entry(profile.text),
        _FILE: Entry(profile.file),
    }
