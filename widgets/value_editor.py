"""The control in which one value is typed, whatever shape that needs.

Owns the choice between a line, an area, a row of choices, a list and a held text, and changes shape
when what is pasted asks for it, losing nothing. Never checks a value (``form_values`` does).
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, SelectionList, TextArea
from textual.widgets.selection_list import Selection

from ..services.models import as_list
from ..services.state.text import one_line
from .choice_line import UNSET_TITLE, ChoiceLine
from .form_values import EMPTY, Choice, Entry, Field, Kind
from .json_text import JsonTextError, dumps, escape_unsafe, is_unsafe, loads
from .line_input import LineInput

EDITABLE = 20_000
"""Longest text that is laid out for editing, in characters; longer ones are held whole, out of the layout."""

Shape: TypeAlias = Literal["line", "area", "choices", "menu", "list", "held"]


class Pasted(Message):
    """A paste the control cannot show as it is; ``text`` is the whole value with the paste in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ValueInput(LineInput):
    """One line. A paste of several lines, of unsafe characters or of a huge text is handed up whole."""

    def on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        text = text[:-1] if text.count("\n") == 1 and text.endswith("\n") else text
        plain = "\n" not in text and "\t" not in text and not is_unsafe(text)
        if plain and len(text) + len(self.value) <= EDITABLE:
            return
        event.prevent_default()
        event.stop()
        start, end = sorted(self.selection)
        self.post_message(Pasted(self.value[:start] + text + self.value[end:]))


class ValueArea(TextArea):
    """Several lines; grows with its text."""

    def on_paste(self, event: events.Paste) -> None:
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if not is_unsafe(text) and text == event.text and len(text) + len(self.text) <= EDITABLE:
            return
        event.prevent_default()
        event.stop()
        document = self.document
        start, end = sorted((self.selection.start, self.selection.end))
        before = document.get_text_range((0, 0), start)
        after = document.get_text_range(end, document.end)
        self.post_message(Pasted(before + text + after))


class HeldText(Widget, can_focus=True):
    """A text too long to lay out: its size and its start. Sent whole; can only be taken away."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    HeldText {
        height: 1; width: 1fr; background: $surface; color: $foreground; text-wrap: nowrap; text-overflow: ellipsis;
    }
    HeldText:focus { background: $primary 20%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("backspace,delete", "clear", "Clear", show=False)]

    class Cleared(Message):
        """The text is to be taken away."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._length = len(text)
        self._start = one_line(text[:200], 120)

    def render(self) -> Content:
        words = f"{self._length:,} characters held"
        return Content.assemble(
            (words, "bold"), (" · Backspace clears · ", "$text-muted"), (self._start, "$text-muted")
        )

    def action_clear(self) -> None:
        self.post_message(self.Cleared())


class ValueEditor(Widget):
    """One field's control. ``entry`` is what stands in it; ``fill`` makes a text area take all the height."""

    DEFAULT_CSS = """
    ValueEditor {
        height: auto; width: 1fr;
        & > ValueInput, & > ValueInput.-textual-compact, & > ValueArea, & > ValueArea.-textual-compact {
            background: $surface; color: $foreground; padding: 0 1 !important; width: 1fr;
            scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
            &:focus { background: $primary 20%; }
        }
        /* A line has no row to spare: a scrollbar would lie over what is typed. */
        & > ValueInput, & > ValueInput.-textual-compact { height: 1; scrollbar-size: 0 0; }
        & > ValueInput > .input--placeholder { color: $text-muted; }
        & > ValueArea { height: auto; min-height: 1; max-height: 8; }
        & > ValueArea > .text-area--placeholder { color: $text-muted; }
        & > Select > SelectCurrent { padding: 0 1 !important; background: $surface; }
        & > Select > SelectCurrent Static#label { color: $text-muted; }
        & > Select > SelectCurrent.-has-value Static#label { color: $foreground; }
        & > Select:focus > SelectCurrent { background: $primary 20%; background-tint: transparent; }
        & > Select > SelectOverlay { border: none; background: $panel; scrollbar-size-vertical: 1; }
        & > SelectionList {
            height: auto; max-height: 6; border: none; padding: 0; width: 1fr; scrollbar-size-vertical: 1;
            background: $surface;
            & > .option-list--option-highlighted { background: $surface; color: $foreground; text-style: none; }
            & > .selection-list--button, & > .selection-list--button-highlighted {
                color: $panel; background: $panel;
            }
            & > .selection-list--button-selected, & > .selection-list--button-selected-highlighted {
                color: $background; background: $primary; text-style: bold;
            }
            &:focus { background: $surface; background-tint: transparent; }
            &:focus > .option-list--option-highlighted { background: $primary 20%; }
        }
        & > HeldText { padding: 0 1; }
        &.-fill { height: 1fr; }
        &.-fill > ValueArea { height: 1fr; max-height: 100%; }
        &.-fill > ValueArea:focus { background: $surface; }
    }
    """

    class Changed(Message):
        """Something was typed or chosen."""

        def __init__(self, editor: ValueEditor, entry: Entry) -> None:
            super().__init__()
            self.editor = editor
            self.entry = entry

        @property
        def control(self) -> ValueEditor:
            return self.editor

    class Submitted(Message):
        """Enter was pressed in a single-line control. ``chosen``: it took the highlighted choice."""

        def __init__(self, editor: ValueEditor, *, chosen: bool = False) -> None:
            super().__init__()
            self.editor = editor
            self.chosen = chosen

        @property
        def control(self) -> ValueEditor:
            return self.editor

    def __init__(
        self,
        field: Field,
        entry: Entry = EMPTY,
        *,
        placeholder: str = "",
        width: int = 60,
        fill: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id, classes="-fill" if fill else None)
        self.field = field
        self._entry = entry
        self._placeholder = placeholder
        self._width = width
        self._fill = fill
        self._shape: Shape = self._shape_of(entry)
        self._keys = _choice_keys(field)
        self._focus_wanted = False

    @property
    def entry(self) -> Entry:
        return self._entry

    @property
    def control(self) -> Widget | None:
        """The widget that takes the keyboard."""
        return self.children[-1] if self.children else None

    def show(self, entry: Entry) -> None:
        """Put another entry into the control; posts nothing."""
        self._entry = entry
        shape = self._shape_of(entry)
        control = self.control
        if shape == self._shape and control is not None and shape in ("line", "area"):
            with self.prevent(Input.Changed, TextArea.Changed):
                if isinstance(control, ValueInput):
                    control.value = entry.text
                elif isinstance(control, ValueArea):
                    control.text = entry.text
            return
        self._shape = shape
        if not self.is_mounted:
            return
        focused = control is not None and control.has_focus_within
        fresh = self._made()
        self.mount(fresh)
        if control is not None:
            control.remove()
        if focused:
            fresh.focus()

    def focus_control(self) -> None:
        """Focus it, as soon as it is there."""
        if self.control is not None:
            self.control.focus()
        else:
            self._focus_wanted = True

    def on_mount(self) -> None:
        if self._focus_wanted and self.control is not None:
            self._focus_wanted = False
            self.control.focus()

    def select_all(self) -> None:
        """What is typed or pasted next takes the place of all that stands in a line or an area."""
        if isinstance(self.control, ValueInput | ValueArea):
            self.control.select_all()

    def compose(self) -> ComposeResult:
        yield self._made()

    # Which control.

    def _shape_of(self, entry: Entry) -> Shape:
        field = self.field
        if len(entry.text) > EDITABLE:
            return "held"
        if not entry.literal and field.kind in (Kind.CHOICE, Kind.BOOLEAN):
            return "choices" if ChoiceLine.fits(_choice_keys(field), self._width) else "menu"
        if not entry.literal and field.kind is Kind.CHOICES:
            return "list"
        many = "\n" in entry.text or (not entry.literal and field.kind in (Kind.TEXT, Kind.JSON))
        return "area" if many or self._fill else "line"

    def _made(self) -> Widget:
        entry = self._entry
        match self._shape:
            case "held":
                return HeldText(entry.text)
            case "choices":
                return ChoiceLine(self._keys, entry.text)
            case "menu":
                return _menu(self._keys, entry.text)
            case "list":
                return _list(self.field.choices, entry.text)
            case "area":
                area = ValueArea(entry.text, compact=True, soft_wrap=True, highlight_cursor_line=False)
                area.placeholder = Content(self._placeholder)
                return area
            case "line":
                line = ValueInput(
                    entry.text,
                    compact=True,
                    placeholder=self._placeholder,
                    select_on_focus=False,
                    # What is typed stays out of sight, and so out of pictures of the screen.
                    password=self.field.schema.get("format") == "password",
                )
                line.cursor_position = len(entry.text)
                return line

    # What the controls say.

    def _changed(self, text: str) -> None:
        if text != self._entry.text:
            self._entry = Entry(text, self._entry.literal)
            self.post_message(self.Changed(self, self._entry))

    @on(Input.Changed)
    def _line_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is self.control:
            self._changed(event.value)

    @on(TextArea.Changed)
    def _area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if event.text_area is self.control:
            self._changed(event.text_area.text)

    @on(ChoiceLine.Changed)
    def _choice_changed(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        self._changed(event.value)

    @on(Select.Changed)
    def _menu_changed(self, event: Select.Changed) -> None:
        event.stop()
        self._changed(event.value if isinstance(event.value, str) else "")

    @on(SelectionList.SelectedChanged)
    def _list_changed(self, event: SelectionList.SelectedChanged[int]) -> None:
        event.stop()
        chosen = sorted(event.selection_list.selected)
        self._changed(dumps([self.field.choices[index].value for index in chosen]) if chosen else "")

    @on(HeldText.Cleared)
    def _held_cleared(self, event: HeldText.Cleared) -> None:
        event.stop()
        self._replace(Entry("", self._entry.literal))

    @on(Pasted)
    def _pasted(self, event: Pasted) -> None:
        event.stop()
        text, literal = event.text, self._entry.literal
        if self.field.joins:
            self._replace(Entry(one_line("".join(text[: 4 * EDITABLE].split()), EDITABLE)))
            return
        as_json = literal or self.field.kind is Kind.JSON
        if as_json:
            text = escape_unsafe(text)
        elif is_unsafe(text):
            text, literal = dumps(text), True
        elif self.field.kind in (Kind.INTEGER, Kind.NUMBER):
            text = one_line(text)
        elif "\t" in text and "\n" not in text:
            text, literal = dumps(text), True
        self._replace(Entry(text, literal))

    def _replace(self, entry: Entry) -> None:
        self.show(entry)
        self.post_message(self.Changed(self, entry))

    @on(Input.Submitted)
    def _line_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self))

    @on(ChoiceLine.Submitted)
    def _choice_submitted(self, event: ChoiceLine.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self, chosen=True))


def _choice_keys(field: Field) -> list[tuple[str, str]]:
    """(JSON text, title) of every choice; first the way to choose nothing, when that is allowed."""
    unset = [] if field.required else [("", UNSET_TITLE)]
    known = any(choice.value is None for choice in field.choices)
    null = [("null", "null")] if field.nullable and not known else []
    if field.kind is Kind.BOOLEAN:
        return [*unset, ("true", "true"), ("false", "false"), *null]
    return [*unset, *((dumps(choice.value), _title(choice)) for choice in field.choices), *null]


def _title(choice: Choice) -> str:
    return one_line(choice.title, 60) or dumps(choice.value)


def _menu(keys: list[tuple[str, str]], text: str) -> Select[str]:
    options = [(Text(title), key) for key, title in keys if key]
    known = any(key == text for _, key in options)
    blank = cast("str", Select.NULL)
    return Select(options, prompt="choose", value=text if known else blank, compact=True)


def _list(choices: tuple[Choice, ...], text: str) -> SelectionList[int]:
    try:
        chosen = {dumps(value) for value in as_list(loads(text))} if text.strip() else set[str]()
    except JsonTextError:
        chosen = set[str]()
    rows = [
        Selection(Content(_title(choice)), index, dumps(choice.value) in chosen) for index, choice in enumerate(choices)
    ]
    return SelectionList(*rows, compact=True)
