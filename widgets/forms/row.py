"""One row of a form: a label, a control, and below it what is wrong and what it is for.

Owns how a node of the tree is shown in its role. Never changes the tree's shape: keys for that are said in messages.
Names and descriptions come from servers and are drawn as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from ..form_values import EMPTY, UNSET, Entry, Field, Kind, Problem, ValueProblem, entry_for, read
from ..json_text import dumps
from ..value_editor import ValueEditor
from .gathering import problem_at, value_of
from .lines import AddLine, HeadLine, NameLine
from .nodes import Node, NodeKind
from .places import Place, Role
from .row_controls import AS_JSON, add_words, entry_of, made_control, tell_head
from .row_words import label_of, note_of, wrong_words
from .suggestions import Suggestions


class FormRow(Widget):
    """The row of ``place``."""

    DEFAULT_CSS = """
    FormRow {
        layout: horizontal; height: auto; width: 1fr;
        & > .label { width: 16; height: auto; max-height: 3; padding: 0 1 0 0; color: $foreground; }
        & > .body { width: 1fr; height: auto; }
        & .note { width: 1fr; height: auto; padding: 0 1; color: $text-muted; }
        & .wrong { width: 1fr; height: auto; padding: 0 1; color: $text-error; }
        & > .label.-current { color: $primary; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "literal", "As JSON", show=False, tooltip='Type this field as JSON: "" or null, say'),
        Binding("ctrl+n", "nothing", 'Unset, "" or null', show=False),
        Binding("down", "suggested(1)", "Next suggestion", show=False),
        Binding("up", "suggested(-1)", "Suggestion before", show=False),
        Binding("escape", "close_suggestions", "Close the suggestions", show=False),
        Binding("f7", "pick", "Pick a date or a file", show=False),
        Binding("alt+up", "item('up')", "Move the item up", show=False),
        Binding("alt+down", "item('down')", "Move the item down", show=False),
        Binding("alt+n,ctrl+insert", "item('add')", "Add an item", show=False),
        Binding("alt+x,ctrl+delete", "item('remove')", "Remove the item", show=False),
    ]

    class Changed(Message):
        """What stands in the row changed; ``shape``: so did the rows of the form."""

        def __init__(self, row: FormRow, *, shape: bool = False, focus: bool = False) -> None:
            super().__init__()
            self.row = row
            self.shape = shape
            self.focus = focus

    class Submitted(Message):
        """Enter in a single-line control. ``chosen``: it only took a choice."""

        def __init__(self, row: FormRow, *, chosen: bool) -> None:
            super().__init__()
            self.row = row
            self.chosen = chosen

    class Wanted(Message):
        """``what`` is to be done with the list or object the row is in: up, down, add, remove; or open, fold, pick."""

        def __init__(self, row: FormRow, what: str, name: str = "") -> None:
            super().__init__()
            self.row = row
            self.what = what
            self.name = name

    def __init__(self, place: Place, *, label_cells: int, width: int, warn_secret: bool = False) -> None:
        super().__init__()
        self.place = place
        self._label_cells = label_cells
        self._width = width
        self._warn_secret = warn_secret
        self._problem: Problem | None = place.node.problem if place.role is not Role.ADD else None
        self._composed = False
        self._focused = False
        self._label = Static(label_of(place), classes="label")
        self._body = Vertical(classes="body")
        self._wrong: Static | None = None
        self._note: Static | None = None
        self._suggestions: Suggestions | None = None
        self.control = made_control(place, width)

    @property
    def node(self) -> Node:
        return self.place.node

    @property
    def field(self) -> Field:
        return self.place.node.field

    @property
    def editor(self) -> ValueEditor:
        """The control, of a row that has a value."""
        assert isinstance(self.control, ValueEditor)
        return self.control

    def compose(self) -> ComposeResult:
        self._label.styles.width = self._label_cells
        yield self._label
        with self._body:
            yield self.control
            if self._problem is not None:
                self._wrong = Static(wrong_words(self._problem), classes="wrong")
                yield self._wrong
            note = self._note_words()
            if note is not None:
                self._note = Static(note, classes="note")
                yield self._note
        self._composed = True

    # What the form says.

    def show(self, place: Place, label_cells: int, width: int) -> None:
        """The tree changed: show what stands there now; posts nothing."""
        moved = (place.depth, label_of(place)) != (self.place.depth, label_of(self.place)) or place is not self.place
        self.place = place
        if label_cells != self._label_cells:
            self._label_cells, self._width = label_cells, width
            self._label.styles.width = label_cells
        if moved:
            self._label.update(label_of(place))
        self.sync()

    def sync(self) -> None:
        """Show what stands in the node now."""
        match self.control:
            case ValueEditor():
                entry = entry_of(self.place)
                if self.control.entry != entry:
                    self.control.show(entry)
            case HeadLine():
                tell_head(self.control, self.node)
            case AddLine():
                self.control.words = add_words(self.node)
            case _:
                pass
        self._renote()
        if self.place.role is not Role.ADD:
            self._mark(self.node.problem)

    @property
    def focusable_control(self) -> Widget | None:
        """What takes the keyboard, once it stands."""
        control: Widget | None = self.control
        if isinstance(control, ValueEditor):
            control = control.control
        elif isinstance(control, NameLine):
            control = control.input
        return control if control is not None and control.is_mounted else None

    @property
    def suggesting(self) -> bool:
        return self._suggestions is not None

    # What the control says.

    @on(ValueEditor.Changed)
    def _typed(self, event: ValueEditor.Changed) -> None:
        event.stop()
        node = self.node
        if self.place.role is Role.CHOICE:
            self._choose(event.entry)
            return
        was = node.entry
        node.entry = event.entry
        if (event.entry.literal, event.entry.text == "") != (was.literal, was.text == ""):
            self._renote()
        if self._problem is not None:
            self._mark(problem_at(node))
        self.post_message(self.Changed(self))

    def _choose(self, entry: Entry) -> None:
        node = self.node
        if entry.text == dumps(AS_JSON):
            value = value_of(node)
            node.entry = Entry("" if value is UNSET else dumps(value), literal=True)
        elif entry.text == "null":
            node.entry = Entry("null", literal=True)
        else:
            node.entry = EMPTY
            node.chosen = int(entry.text) if entry.text.isdecimal() else None
            node.given = node.chosen is not None
            if node.chosen is not None:
                node.alternative(node.chosen)
        self._mark(None)
        self.post_message(self.Changed(self, shape=True))

    @on(ValueEditor.Submitted)
    def _submitted(self, event: ValueEditor.Submitted) -> None:
        event.stop()
        if self._suggestions is not None and self._suggestions.chosen is not None:
            self._take(self._suggestions.chosen)
        else:
            self.post_message(self.Submitted(self, chosen=event.chosen))

    @on(HeadLine.Folded)
    def _folded(self, event: HeadLine.Folded) -> None:
        event.stop()
        self.post_message(self.Wanted(self, event.how))

    @on(HeadLine.Added)
    def _head_adds(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Wanted(self, "add"))

    @on(HeadLine.Cleared)
    def _cleared(self, event: HeadLine.Cleared) -> None:
        event.stop()
        self.post_message(self.Wanted(self, "unset"))

    @on(AddLine.Pressed)
    def _added(self, event: AddLine.Pressed) -> None:
        event.stop()
        self.post_message(self.Wanted(self, "append"))

    @on(NameLine.Named)
    def _named(self, event: NameLine.Named) -> None:
        event.stop()
        self.post_message(self.Wanted(self, "name", event.name))

    def action_item(self, what: str) -> None:
        self.post_message(self.Wanted(self, what))

    def action_pick(self) -> None:
        if self.place.role is Role.FIELD:
            self.post_message(self.Wanted(self, "pick"))

    def action_literal(self) -> None:
        """Between a plain value and its JSON text, for what cannot be typed plainly."""
        node = self.node
        if self.place.role is Role.ADD:
            return
        if node.kind is not NodeKind.VALUE:
            self.post_message(self.Wanted(self, "literal"))
            return
        entry = node.entry
        try:
            value = read(node.field, entry)
        except ValueProblem as problem:
            self._mark(Problem(str(problem), blocking=True))
            return
        if entry.literal:
            plain = EMPTY if value is UNSET else entry_for(node.field, value)
            if plain.literal:
                self._mark(Problem("can only be written as JSON", blocking=False))
                return
        else:
            plain = Entry("" if value is UNSET else dumps(value), literal=True)
        self._put(plain)

    def action_nothing(self) -> None:
        """From one kind of nothing to the next: unset, the empty text, null."""
        node = self.node
        if self.place.role is Role.ADD or (self.place.role is Role.FIELD and node.kind is not NodeKind.VALUE):
            return
        if node.kind is not NodeKind.VALUE:
            self.post_message(self.Wanted(self, "nothing"))
            return
        kinds = [EMPTY]
        if node.field.kind in (Kind.STRING, Kind.TEXT):
            kinds.append(Entry('""', literal=True))
        if node.field.nullable or node.field.schema.get("type") is None:
            plain = node.field.kind in (Kind.CHOICE, Kind.BOOLEAN)
            kinds.append(Entry("null", literal=not plain))
        at = kinds.index(node.entry) if node.entry in kinds else -1
        self._put(kinds[(at + 1) % len(kinds)])

    def take(self, entry: Entry, *, focus: bool = True) -> None:
        """``entry`` was picked for this row."""
        self._put(entry, focus=focus)

    def _put(self, entry: Entry, *, focus: bool = True) -> None:
        self.node.entry = entry
        self.editor.show(entry)
        if focus:
            self.editor.focus_control()
        self._renote()
        self._mark(problem_at(self.node) if self._problem is not None else None)
        self.post_message(self.Changed(self))

    # What the server suggests.

    def suggest(self, values: Sequence[str], total: int | None = None, *, more: bool = False) -> None:
        """Show what could stand here; nothing when there is nothing, or only what stands there already."""
        self.action_close_suggestions()
        if not values or list(values) == [self.node.entry.text] or not self.has_focus_within:
            return
        self._suggestions = Suggestions(values, total, more)
        self._body.mount(self._suggestions, after=self.control)
        self.call_after_refresh(self.scroll_visible, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("suggested", "take", "close_suggestions"):
            return self._suggestions is not None
        return True

    def action_suggested(self, step: int) -> None:
        if self._suggestions is not None:
            self._suggestions.step(step)

    def action_take(self) -> None:
        if self._suggestions is not None:
            self._take(self._suggestions.chosen or self._suggestions.first)

    def action_close_suggestions(self) -> None:
        if self._suggestions is not None:
            self._suggestions.remove()
            self._suggestions = None

    @on(Suggestions.Taken)
    def _suggestion_clicked(self, event: Suggestions.Taken) -> None:
        event.stop()
        self._take(event.value)

    def _take(self, value: str) -> None:
        self.action_close_suggestions()
        self._put(entry_for(self.node.field, value))

    # Words.

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._label.add_class("-current")
        self._focused = True
        self._renote()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """A field that was left with something wrong in it says so; an empty one is left in peace."""
        self._label.remove_class("-current")
        self._focused = False
        self.action_close_suggestions()
        if self.node.kind is NodeKind.VALUE and self.node.entry.text:
            self._mark(problem_at(self.node))
        self._renote()

    def _mark(self, problem: Problem | None) -> None:
        """Show what is wrong, or that nothing is."""
        self.node.problem = problem
        if problem == self._problem:
            return
        self._problem = problem
        if not self._composed:
            return
        words = wrong_words(problem)
        if self._wrong is None:
            self._wrong = Static(words, classes="wrong")
            self._body.mount(self._wrong, after=self.control)
        else:
            self._wrong.update(words)
            self._wrong.display = problem is not None

    def _note_words(self) -> Content | None:
        return note_of(self.place, focused=self._focused, warn_secret=self._warn_secret)

    def _renote(self) -> None:
        if not self._composed:
            return
        note = self._note_words()
        if self._note is not None:
            self._note.update(note or "")
            self._note.display = note is not None
        elif note is not None:
            self._note = Static(note, classes="note")
            self._body.mount(self._note)
