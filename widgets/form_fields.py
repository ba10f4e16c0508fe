"""Rows of labelled fields: the form of a tool and of a question.

Owns the rows, what stands in them and which are marked wrong. Never sends anything: whoever holds the
form asks it to ``collect``. Names and descriptions come from servers and are drawn as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from ..services.models import JsonObject
from ..services.state.text import one_line
from .form_values import (
    EMPTY,
    UNSET,
    Collected,
    Entry,
    Field,
    Form,
    Kind,
    Problem,
    ValueProblem,
    asks_for_secret,
    collect,
    entry_for,
    problem_of,
    read,
)
from .json_text import dumps
from .value_editor import ValueEditor

LABEL_CELLS = 22
DESCRIPTION = 300
PLAIN_SHAPES = ("", "any JSON", "object", "list")
"""Shapes that the hint in the field says already."""
PROBLEMS = 4
"""Most problems that are listed in one place."""
CHOSEN = (Kind.CHOICE, Kind.BOOLEAN, Kind.CHOICES)


class FieldRow(Widget):
    """A label, the control, and below it what is wrong and what the field is for."""

    DEFAULT_CSS = """
    FieldRow {
        layout: horizontal; height: auto; width: 1fr;
        & > .label { width: 16; height: auto; max-height: 3; padding: 0 1 0 0; color: $foreground; }
        & > .body { width: 1fr; height: auto; }
        & .note { width: 1fr; height: auto; padding: 0 1; color: $text-muted; }
        & .wrong { width: 1fr; height: auto; padding: 0 1; color: $text-error; display: none; }
        &.-wrong .wrong { display: block; }
        & > .label.-current { color: $primary; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "literal", "As JSON", show=False, tooltip='Type this field as JSON: "" or null, say'),
    ]

    class Changed(Message):
        """The entry of a field changed."""

        def __init__(self, name: str, entry: Entry) -> None:
            super().__init__()
            self.name = name
            self.entry = entry

    class Submitted(Message):
        """Enter in a single-line control. ``chosen``: it only took a choice."""

        def __init__(self, row: FieldRow, *, chosen: bool) -> None:
            super().__init__()
            self.row = row
            self.chosen = chosen

    def __init__(self, field: Field, entry: Entry, *, label_cells: int, width: int, warn_secret: bool = False) -> None:
        super().__init__()
        self.field = field
        self._label_cells = label_cells
        self._width = width
        self._warn_secret = warn_secret and asks_for_secret(field)
        self._entry = entry
        self._prefilled = bool(entry.text)
        self._problem: Problem | None = None

    def compose(self) -> ComposeResult:
        label = Static(self._label(), classes="label")
        label.styles.width = self._label_cells
        yield label
        with Vertical(classes="body"):
            yield ValueEditor(self.field, self._entry, placeholder=self._placeholder(), width=self._width)
            yield Static("", classes="wrong", markup=False)
            note = self._note()
            if note:
                yield Static(note, classes="note")

    @property
    def editor(self) -> ValueEditor:
        return self.query_one(ValueEditor)

    def show(self, entry: Entry) -> None:
        """Put another entry in; posts nothing."""
        self._entry = entry
        self.editor.show(entry)
        self._renote()

    def mark(self, problem: Problem | None) -> None:
        """Show what is wrong, or that nothing is."""
        if problem == self._problem:
            return
        self._problem = problem
        self.set_class(problem is not None, "-wrong")
        wrong = self.query_one(".wrong", Static)
        wrong.update(Content("\n").join(problem_lines(problem.message.split("\n"))) if problem else "")

    def action_literal(self) -> None:
        """Between a plain value and its JSON text, for what cannot be typed plainly: ``""``, ``null``."""
        entry = self._entry
        try:
            value = read(self.field, entry)
        except ValueProblem as problem:
            self.mark(Problem(str(problem), blocking=True))
            return
        if entry.literal:
            plain = EMPTY if value is UNSET else entry_for(self.field, value)
            if plain.literal:
                self.mark(Problem("can only be written as JSON", blocking=False))
                return
        else:
            plain = Entry("" if value is UNSET else dumps(value), literal=True)
        self._entry = plain
        self.editor.show(plain)
        self.editor.focus_control()
        self._renote()
        self.post_message(self.Changed(self.field.name, plain))

    @on(ValueEditor.Changed)
    def _typed(self, event: ValueEditor.Changed) -> None:
        event.stop()
        was_literal = self._entry.literal
        self._entry = event.entry
        if event.entry.literal != was_literal:
            self._renote()
        if self._problem is not None:
            self.mark(problem_of(self.field, self._entry))
        self.post_message(self.Changed(self.field.name, self._entry))

    @on(ValueEditor.Submitted)
    def _submitted(self, event: ValueEditor.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self, chosen=event.chosen))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.query_one(".label").add_class("-current")

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A field that was left with something wrong in it says so; an empty one is left in peace."""
        self.query_one(".label").remove_class("-current")
        if self._entry.text:
            self.mark(problem_of(self.field, self._entry))

    def _label(self) -> Content:
        name = one_line(self.field.name, 60) or "(no name)"
        return Content.assemble(name, (" *", "bold $text-error") if self.field.required else "")

    def _placeholder(self) -> str:
        field = self.field
        if field.kind is Kind.JSON and field.example:
            return field.example
        words = field.hint
        if field.default is not UNSET and not field.required:
            words = f"default {one_line(dumps(field.default), 40)} · {words}"
        return words

    def _note(self) -> Content | None:
        field = self.field
        parts: list[tuple[str, str] | str] = []
        if self._entry.literal:
            parts.append(("as JSON, ctrl+l for plain", "$text-warning"))
        if self._warn_secret:
            parts.append(("looks like a secret: do not type one here", "bold $text-warning"))
        description = one_line(field.description, DESCRIPTION)
        title = one_line(field.title, 60)
        plain_title = title.lower().replace(" ", "") != field.name.lower().replace("_", "").replace("-", "")
        if title and plain_title and not description.lower().startswith(title.lower()):
            description = f"{title}: {description}" if description else title
        if (field.kind in CHOSEN or field.example) and field.default is not UNSET and not self._prefilled:
            default = f"default {one_line(dumps(field.default), 40)}"
            description = f"{description} · {default}" if description else default
        if field.shape not in PLAIN_SHAPES:
            parts.append(field.shape)
        if description:
            parts.append(description)
        joined: list[tuple[str, str] | str] = []
        for part in parts:
            joined += [" · ", part] if joined else [part]
        return Content.assemble(*joined) if joined else None

    def _renote(self) -> None:
        note = self._note()
        place = self.query(".note")
        if place:
            place.only_one(Static).update(note or "")
        elif note:
            self.query_one(".body").mount(Static(note, classes="note"))


def problem_lines(problems: Sequence[str]) -> list[Content]:
    """What is wrong, a line each; of many the first few, and how many more."""
    lines = [Content(f"✖ {one_line(problem, 300)}") for problem in problems[:PROBLEMS]]
    if len(problems) > PROBLEMS:
        lines.append(Content(f"… and {len(problems) - PROBLEMS} more"))
    return lines


class FieldsForm(VerticalScroll, can_focus=False):
    """The rows of one form. ``load`` shows another one; ``collect`` reads what stands in it.

    Enter after a choice goes to the next field; after a line it submits, or with ``enter_steps`` goes on too
    until the last field.
    """

    DEFAULT_CSS = """
    FieldsForm {
        height: 1fr; width: 1fr; scrollbar-size-vertical: 1;
        & > .notes { color: $text-muted; height: auto; padding: 0 1 0 0; }
        & > .empty { color: $text-muted; height: auto; }
    }
    """

    class Changed(Message):
        """What stands in the form changed."""

    class Submitted(Message):
        """Enter in a single-line control."""

    def __init__(self, *, id: str | None = None, warn_secrets: bool = False, enter_steps: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self._enter_steps = enter_steps
        self._form = Form(())
        self._entries: dict[str, Entry] = {}
        self._extra: JsonObject = {}
        self.warn_secrets = warn_secrets
        self._loaded = False
        self._stale = False
        self._focus_when_ready = False
        self.empty_text = "No arguments."

    @property
    def entries(self) -> dict[str, Entry]:
        return dict(self._entries)

    @property
    def extra(self) -> JsonObject:
        """Members no field stands for; sent along."""
        return self._extra

    @property
    def rows(self) -> int:
        """Height of everything in the form, in rows."""
        if self.virtual_size.height > self.size.height:
            return self.virtual_size.height  # rows out of sight have no size of their own
        return sum(child.outer_size.height for child in self.children if child.display)

    @property
    def form(self) -> Form:
        return self._form

    @property
    def fields(self) -> tuple[Field, ...]:
        return self._form.fields

    def load(self, form: Form, entries: Mapping[str, Entry], extra: JsonObject) -> None:
        """Show another form, or the same with other entries."""
        same_form = form is self._form and self._loaded and not self._stale and bool(self.query(FieldRow))
        self._form, self._entries, self._extra = form, dict(entries), extra
        self._loaded = True
        if same_form and not extra and not self.query(".extra"):
            for row in self.query(FieldRow):
                row.show(self._entries.get(row.field.name, EMPTY))
                row.mark(None)
            return
        self._stale = True
        self.scroll_home(animate=False)
        self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        fields = self._form.fields
        width = max(30, self.container_size.width or 60)
        longest = max((cell_len(one_line(field.name, 60)) + 2 * field.required for field in fields), default=0)
        label_cells = min(longest + 2, LABEL_CELLS, max(10, width // 3))
        for field in fields:
            entry = self._entries.get(field.name, EMPTY)
            yield FieldRow(
                field, entry, label_cells=label_cells, width=width - label_cells - 3, warn_secret=self.warn_secrets
            )
        if not fields and self._loaded and not self._extra:
            yield Static(self.empty_text, classes="empty", markup=False)
        if self._extra:
            names = ", ".join(dumps(name) for name in self._extra)
            yield Static(Content(f"Also sent: {one_line(names, 200)} (edit in JSON)"), classes="notes extra")
        for note in self._form.notes:
            yield Static(Content(one_line(note, 300)), classes="notes")
        self._stale = False
        if self._focus_when_ready:
            self._focus_when_ready = False
            self.call_after_refresh(self.focus_first)

    def collect(self) -> Collected:
        return collect(self._form.fields, self._entries, self._extra)

    def mark(self, problems: Mapping[str, Problem]) -> None:
        """Show problems at their fields, and none at the others."""
        for row in self.query(FieldRow):
            row.mark(problems.get(row.field.name))

    def focus_first(self) -> bool:
        """Focus the first field, as soon as the rows are there; False when there is none."""
        if self._stale:
            self._focus_when_ready = bool(self._form.fields)
            return self._focus_when_ready
        for row in self.query(FieldRow):
            if row.query(ValueEditor):
                row.editor.focus_control()
            else:  # the row stands, what is in it comes with the next refresh
                self.call_after_refresh(self.focus_first)
            return True
        return False

    def focus_field(self, name: str, *, select: bool = False) -> None:
        """``select``: what comes next takes the place of what stands there."""
        for row in self.query(FieldRow):
            if row.field.name == name:
                row.editor.focus_control()
                if select:
                    row.editor.select_all()
                row.scroll_visible(animate=False)
                return

    @on(FieldRow.Changed)
    def _typed(self, event: FieldRow.Changed) -> None:
        event.stop()
        self._entries[event.name] = event.entry
        self.post_message(self.Changed())

    @on(FieldRow.Submitted)
    def _submitted(self, event: FieldRow.Submitted) -> None:
        event.stop()
        rows = list(self.query(FieldRow))
        after = rows[rows.index(event.row) + 1 :] if event.row in rows else []
        if after and (event.chosen or self._enter_steps):
            self.focus_field(after[0].field.name)
        elif not event.chosen:
            self.post_message(self.Submitted())
