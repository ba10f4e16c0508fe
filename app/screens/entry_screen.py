"""Adding, editing and duplicating an entry: its name, the file it goes into, and its text.

Owns the three fields and what stands below them: what is wrong in red, what is odd in yellow. Whether an entry
can be used and where it is written is asked of ``Entries``; nothing is saved before Ctrl+S.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import anyio.to_thread
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static, TextArea

from ...services.models import ErrorInfo
from ...services.state.model import ServerState
from ...services.state.text import one_line, visible
from ...widgets.app_of import app_of
from ...widgets.choice_line import ChoiceLine
from ...widgets.entry_area import EDITABLE, EntryArea, NameInput
from ...widgets.json_text import escape_unsafe
from ..entry_draft import Draft, read_draft, several, shape_words, written
from ..entry_intents import Entries
from .choice_screen import ChoiceScreen
from .unsaved_screen import UnsavedScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...services.config.snippets import Snippet

PLACEHOLDER = """\
Paste a snippet from a README, a command line or a URL.
Or write the entry:
{"command": "npx", "args": ["-y", "PACKAGE"]}
{"type": "http", "url": "https://HOST/mcp"}"""
ALL = "*"
STAND_IN = "server"
SAID = 12
"""Sentences below the editor; the rest is counted."""


class EntryScreen(UnsavedScreen):
    """Dismisses with the name that was saved, or None. ``replaces``: the row whose entry is edited.

    ``scope``: the file that is chosen at first; ``odd``: what should be noticed about ``text``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,ctrl+r", "save", "Save", show=False, priority=True),
        Binding("escape", "leave", "Leave", show=False, priority=True),
        Binding("f1", "app.help", "Help", show=False),
    ]

    def __init__(
        self,
        entries: Entries,
        title: str,
        *,
        name: str = "",
        text: str = "",
        scope: str = "",
        odd: tuple[str, ...] = (),
        replaces: ServerState | None = None,
    ) -> None:
        super().__init__()
        self._entries = entries
        self._title = title
        self._replaces = replaces
        shown, text = one_line(name), escape_unsafe(text)  # both may come from a file of others
        self._begun = (shown, text)
        self._original = name
        self._scopes = tuple(entries.scopes())
        self._given = ""  # the name that a snippet brought along: another one may take its place
        self._many = False
        self._notes: tuple[str, ...] = ("", *odd) if odd else ()  # of the snippet that was taken last
        self._refused: tuple[ErrorInfo, tuple[str, ...]] | None = None  # and what it was said of
        self._checking = False
        self._draft = Draft()
        about = "letters, digits, - and _"
        self._called = NameInput(shown, placeholder=about, compact=True, select_on_focus=False, id="name")
        self._scope = ChoiceLine(
            [(key, key) for key, _, _ in self._scopes], scope or (self._scopes[0][0] if self._scopes else "")
        )
        self._area = EntryArea(text, compact=True, soft_wrap=True, highlight_cursor_line=False, id="entry")
        self._area.placeholder = Content(PLACEHOLDER)

    def compose(self) -> ComposeResult:
        with Vertical(id="entry-box") as box:
            box.border_title = Content(one_line(self._title, 70))
            with Horizontal(classes="line"):
                yield Static("Name", classes="label")
                yield self._called
                yield Static("", id="names")
            with Horizontal(classes="line"):
                yield Static("For" if self._replaces is None else "File", classes="label")
                if self._replaces is None:
                    yield self._scope
                else:
                    yield Static(Content(one_line(str(self._replaces.origin))), classes="place")
            if self._replaces is None:
                yield Static("", id="where")
            yield self._area
            with VerticalScroll(id="said", can_focus=False):
                yield Static("", id="words")
            with Horizontal(id="answers"):
                yield Button("Leave (Esc)", id="leave", compact=True)
                yield Button("Save (Ctrl+S)", id="save", compact=True)

    def on_mount(self) -> None:
        self._show_scope()
        self._check()
        (self._area if self._begun[1] or not self._begun[0] else self._called).focus()

    # What was typed or pasted.

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self) -> None:
        if not self._checking:  # many keys, one look at the text, after all of them
            self._checking = True
            self.call_later(self._check)

    @on(Input.Submitted)
    def _name_done(self) -> None:
        self._area.focus()

    @on(ChoiceLine.Changed)
    def _scope_chosen(self) -> None:
        self._show_scope()
        self._check()

    @on(ChoiceLine.Submitted)
    def _scope_done(self) -> None:
        self._area.focus()

    @on(EntryArea.Snippet)
    def _snippet_pasted(self, event: EntryArea.Snippet) -> None:
        self._say([("Reading what was pasted", "$text-muted")])
        self.run_worker(self._read(event.text), exclusive=True)

    async def _read(self, text: str) -> None:
        """Recognise a snippet, in a thread: it may be long."""
        found = await anyio.to_thread.run_sync(self._entries.paste, text)
        if not isinstance(found, ErrorInfo):
            self._recognised(found)
        elif len(text) <= EDITABLE:
            self._put(escape_unsafe(text))
        else:
            title = f"{len(text):,} characters were pasted and not taken: {found.title}"
            self._refuse(ErrorInfo(found.kind, title, found.hint))

    def _recognised(self, found: Sequence[Snippet]) -> None:
        if len(found) == 1:
            self._take(found[0])
            return

        def chosen(answer: str | None) -> None:
            if answer == ALL:
                self._take_all(found)
            elif answer is not None:
                self._take(found[int(answer)])
            else:
                self._check()

        choices = [(str(index), snippet.name or "(no name)", _about(snippet)) for index, snippet in enumerate(found)]
        if self._replaces is None:
            choices.append((ALL, f"All {len(found)}", "add each of them"))
        title = f"{len(found)} servers in this snippet"
        app_of(self).push_screen(ChoiceScreen(title, "", tuple(choices)), chosen)

    def _take(self, snippet: Snippet) -> None:
        """Put a snippet's server into the fields; a name that a person typed stays."""
        text = written(snippet.value)
        if self._too_long(text):
            return
        self._notes = shape_words([snippet], dict(self._entries.clients()))
        self._several(many=False)
        if snippet.name and self._called.value in ("", self._given) and self._replaces is None:
            self._given = self._called.value = one_line(snippet.name)
        self._put(text)

    def _take_all(self, found: Sequence[Snippet]) -> None:
        text = written(several(found))
        if not self._too_long(text):
            self._notes = shape_words(found, dict(self._entries.clients()))
            self._several(many=True)
            self._put(text)

    def _too_long(self, text: str) -> bool:
        if len(text) <= EDITABLE:
            return False
        title = f"This is {len(text):,} characters long; up to {EDITABLE:,} can be edited here"
        self._refuse(ErrorInfo("usage", title, "mcpdeck add-json NAME - takes it from a file"))
        return True

    def _several(self, *, many: bool) -> None:
        self._many = many
        self._called.display = not many

    def _put(self, text: str) -> None:
        self._area.text = text
        self._area.focus()
        self._check()

    # What is said of it.

    def _show_scope(self) -> None:
        for key, title, path in self._scopes:
            if key == self._scope.value and self._replaces is None:
                where = Content.assemble((one_line(title, 60), ""), "  ", (one_line(str(path)), "$text-muted"))
                self.query_one("#where", Static).update(where)

    def _check(self) -> None:
        self._checking = False
        text = self._area.text
        if len(text) > EDITABLE:
            draft = Draft(problem=f"Longer than the {EDITABLE:,} characters that can be edited here")
        else:
            draft = read_draft(text, many=self._many)
        self._draft = draft
        names = self.query_one("#names", Static)
        names.display = self._many
        names.update(Content(f"{len(draft.servers)} servers, by the names below"))
        words: list[tuple[str, str]] = []
        if self._refused is not None and self._refused[1] == self._typed_now():
            error = self._refused[0]
            words.append((f"✖ {error.title}", "$error"))
            words += [(f"  {error.hint}", "")] if error.hint else []
        if text.strip():
            words += self._note_words()
        words += self._problems(draft)
        self._say(words)

    def _note_words(self) -> list[tuple[str, str]]:
        """In whose shape the snippet stood, and what is odd about it."""
        if not self._notes:
            return []
        shape, *odd = self._notes
        return [*([(f"  {shape}", "$text-muted")] if shape else []), *((f"▲ {lint}", "$warning") for lint in odd)]

    def _problems(self, draft: Draft) -> list[tuple[str, str]]:
        if draft.foreign:
            return [("  Ctrl+S puts this into the shape of an entry", "$primary")]
        if draft.problem:
            quiet = not self._area.text.strip()
            return [(draft.problem, "$text-muted")] if quiet else [(f"✖ {draft.problem}", "$error")]
        words: list[tuple[str, str]] = []
        for name, value in draft.servers.items():
            of = f"{one_line(name, 30)}: " if self._many else ""
            problem, lints = self._entries.check(self._checked_name(name), value)
            words += [(f"✖ {of}{problem}", "$error")] if problem else []
            words += [(f"▲ {of}{lint}", "$warning") for lint in lints]
        return words

    def _checked_name(self, name: str) -> str:
        """The name to check: none is complained about before it is typed, nor one that stands in the file already."""
        if self._many:
            return name
        typed = self._called.value.strip()
        kept = self._replaces is not None and typed == self._begun[0]
        return STAND_IN if kept or not typed else typed

    def _say(self, words: Sequence[tuple[str, str]]) -> None:
        shown = [(visible(text), style) for text, style in words[:SAID]]
        if len(words) > SAID:
            shown.append((f"  and {len(words) - SAID} more", "$text-muted"))
        lines = [Content.assemble(line) for line in shown]
        self.query_one("#words", Static).update(Content("\n").join(lines))

    # Leaving.

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        self._check()
        draft = self._draft
        if draft.foreign:
            self._say([("Reading it", "$text-muted")])
            self.run_worker(self._shape(self._area.text), exclusive=True)
        elif draft.problem or not self._check_each(draft):
            self._area.focus()
        elif self._many:
            self._save_all(draft)
        elif not self._called.value.strip():
            self._refuse(ErrorInfo("usage", "It has no name yet", "Letters, digits, - and _"))
            self._called.focus()
        else:
            self._save_one(draft)

    async def _shape(self, text: str) -> None:
        found = await anyio.to_thread.run_sync(self._entries.paste, text)
        if isinstance(found, ErrorInfo):
            self._refuse(found)
        else:
            self._recognised(found)

    def _check_each(self, draft: Draft) -> bool:
        """Nothing that cannot be used is written; what is wrong stands on the screen already."""
        return all(not self._entries.check(self._checked_name(name), value)[0] for name, value in draft.servers.items())

    def _save_one(self, draft: Draft) -> None:
        name, value = self._called.value.strip(), draft.servers[""]
        if self._replaces is not None:
            name = self._original if name == self._begun[0] else name
            error = self._entries.replace(self._replaces.replica_of or self._replaces.id, name, value)
        else:
            error = self._entries.add(name, value, self._scope.value)
        if error is None:
            self.dismiss(name)
        else:
            self._refuse(_on_screen(error))

    def _save_all(self, draft: Draft) -> None:
        """Add all of them, or none: then they stay in the editor."""
        error = self._entries.add_many(draft.servers, self._scope.value) if draft.servers else None
        if error is None:
            self.dismiss(next(iter(draft.servers), None))
        else:
            self._refuse(_on_screen(error))

    def _refuse(self, error: ErrorInfo) -> None:
        """Say what stands in the way, until something is changed."""
        self._refused = (error, self._typed_now())
        self._check()

    def _typed_now(self) -> tuple[str, ...]:
        return self._called.value, self._area.text, self._scope.value

    @property
    def unsaved(self) -> bool:
        return (self._called.value, self._area.text) != self._begun


def _on_screen(error: ErrorInfo) -> ErrorInfo:
    """The same without the command line's options."""
    hint = "Take another name, or edit the server that has it."
    return replace(error, hint=hint) if "--force" in error.hint else error


def _about(snippet: Snippet) -> str:
    """What a server runs or contacts, in a few words."""
    command, url = snippet.value.get("command"), snippet.value.get("url")
    args = snippet.value.get("args")
    words = [str(word) for word in (command, *(args if isinstance(args, list) else ())) if word]
    return one_line(" ".join(words) if command else str(url or ""), 60)
