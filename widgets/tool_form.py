"""The form of one tool: what it is, its arguments, and the way to call it.

Owns the draft of every (server, tool) while the application runs, and the switch between form and raw
JSON. Never calls anything itself: it posts ``CallRequested``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget
from textual.widgets import Static

from ..services.models import JsonObject, Tool
from ..services.state.text import one_line, visible
from .chip import Chip
from .form_fields import FieldsForm
from .form_values import EMPTY, Entry, Field, Form, Kind, Problem, collect, first_entry, form_of, spread
from .json_text import JsonTextError, loads, pretty_text, same
from .tool_words import annotation_words
from .value_editor import ValueEditor

DESCRIPTION = 8_000
RAW = Field("arguments", Kind.JSON, required=False, schema={"type": "object"})


@dataclass(slots=True)
class Draft:
    """What was typed for one tool. ``raw`` is the JSON text once JSON mode was seen; ``basis`` the values it showed."""

    entries: dict[str, Entry]
    extra: JsonObject = field(default_factory=dict)
    as_json: bool = False
    raw: str | None = None
    basis: str | None = None


class ToolForm(Widget):
    """``tool`` of ``server``; ``enabled`` while calls can be made. Drafts are kept by (server, tool name)."""

    DEFAULT_CSS = """
    ToolForm {
        layout: vertical; height: 3; max-height: 100%; width: 1fr; background: $background; color: $foreground;
        & > #form-about { height: auto; max-height: 6; padding: 0 0 0 1; scrollbar-size-vertical: 1; margin: 0 0 1 0; }
        &.-tall > #form-about { max-height: 60%; }
        & #form-title { height: auto; width: 1fr; padding: 0 1 0 0; }
        & #form-words { height: auto; width: 1fr; padding: 0 1 0 0; }
        & > FieldsForm { padding: 0 0 0 1; }
        & > #form-raw { padding: 0 0 0 1; display: none; }
        & > #form-bar { height: 1; dock: bottom; padding: 0 1 0 0; background: $surface; }
        & #form-status {
            width: 1fr; height: 1; padding: 0 1; color: $text-muted; text-overflow: ellipsis; text-wrap: nowrap;
        }
        & #form-status.-bad { color: $text-error; }
        & #form-status.-warn { color: $text-warning; }
        &.-json > FieldsForm { display: none; }
        &.-json > #form-raw { display: block; }
        & > #form-empty { display: none; padding: 1 2; color: $text-muted; height: 1fr; }
        &.-empty > * { display: none; }
        &.-empty > #form-empty { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r,ctrl+enter", "call", "Call", key_display="Ctrl+R", priority=True),
        Binding("ctrl+o,f2", "toggle_json", "Form/JSON", key_display="Ctrl+O", priority=True),
        Binding("f3", "toggle_about", "Whole description", key_display="F3", show=False),
    ]

    tool: reactive[Tool | None] = reactive(None, init=False)
    server: reactive[str | None] = reactive(None, init=False)
    enabled: reactive[bool] = reactive(True, init=False)

    class CallRequested(Message):
        """Call it. ``validate`` False: the person saw the problems and sends anyway."""

        def __init__(self, server: str, tool_name: str, arguments: JsonObject, *, validate: bool = True) -> None:
            super().__init__()
            self.server = server
            self.tool_name = tool_name
            self.arguments = arguments
            self.validate = validate

        @property
        def tool(self) -> str:
            return self.tool_name

    as_json: var[bool] = var(False, init=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._drafts: dict[tuple[str, str], Draft] = {}
        self._form = Form(())
        self._shown: tuple[str, str] | None = None
        self._armed = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="form-about", can_focus=False):
            yield Static("", id="form-title")
            yield Static("", id="form-words")
        yield FieldsForm()
        yield ValueEditor(RAW, id="form-raw", fill=True, placeholder="{ } no arguments")
        yield Static("No tool selected.", id="form-empty")
        with Horizontal(id="form-bar"):
            yield Chip("▶ Call", "Ctrl+R", id="form-call", classes="-strong")
            yield Static("", id="form-status")
            yield Chip("Form", id="form-as-form")
            yield Chip("JSON", "Ctrl+O", id="form-as-json")

    def on_mount(self) -> None:
        self.watch(self._fields, "virtual_size", self._resized, init=False)
        self.watch(self.query_one("#form-about"), "virtual_size", self._resized, init=False)
        self.call_later(self._show_tool)  # once mounted: it may have been told before

    def _resized(self) -> None:
        self.call_after_refresh(self._fit)  # the rows have their own sizes only after this layout

    def _fit(self) -> None:
        """Ask for as many rows as there are to show; what holds the form may give less, then it scrolls."""
        if self.has_class("-empty"):
            rows = 3
        else:
            about = self.query_one("#form-about").outer_size.height + 1
            lines = self._raw.entry.text[:4000].count("\n") + 2
            rows = about + (max(6, lines) if self.as_json else max(1, self._fields.rows)) + 1
        self.styles.height = rows + self.gutter.height

    # What others say.

    def focus_first(self) -> None:
        """Focus the first field, or the JSON text, or (without arguments) the form itself."""
        self._focus_first()
        self.call_after_refresh(self._focus_if_lost)  # what was hidden until now takes the focus only then

    def _focus_if_lost(self) -> None:
        if not self.has_focus_within:
            self._focus_first()

    def _focus_first(self) -> None:
        if self.as_json:
            self._raw.focus_control()
        elif not self._fields.focus_first() and not self._form.fields:
            self.can_focus = True
            self.focus()

    def refuse(self, problems: Sequence[str]) -> None:
        """The whole-schema check found problems (``path: what is wrong``) before sending: show them, offer to send."""
        marks: dict[str, Problem] = {}
        names = {one.name for one in self._form.fields}
        for problem in problems:
            path, _, words = problem.partition(":")
            head = path.strip().lstrip("/$.").replace("/", ".").split(".")[0].split("[")[0]
            if head in names:
                marks.setdefault(head, Problem(words.strip() or problem, blocking=False))
        self._fields.mark(marks)
        self._arm(len(problems), one_line(problems[0], 120) if problems else "")

    # Reactives.

    def watch_tool(self) -> None:
        self._show_tool()

    def watch_server(self) -> None:
        self._show_tool()

    def watch_enabled(self) -> None:
        if self.is_mounted:
            self._show_bar()

    # The shown tool.

    @property
    def _fields(self) -> FieldsForm:
        return self.query_one(FieldsForm)

    @property
    def _raw(self) -> ValueEditor:
        return self.query_one("#form-raw", ValueEditor)

    @property
    def _draft(self) -> Draft | None:
        return self._drafts.get(self._shown) if self._shown else None

    def _show_tool(self) -> None:
        if not self.is_mounted:
            return
        self._keep()
        tool, server = self.tool, self.server
        self.set_class(tool is None or server is None, "-empty")
        if tool is None or server is None:
            self._shown = None
            self._fit()
            return
        self.can_focus = False
        self._shown = (server, tool.name)
        self._form = form_of(tool.input_schema)
        draft = self._drafts.get(self._shown)
        if draft is None:
            draft = Draft({one.name: first_entry(one, prefill=False) for one in self._form.fields})
            self._drafts[self._shown] = draft
        self.query_one("#form-title", Static).update(_title(tool, server))
        words = _words(tool)
        self.query_one("#form-words", Static).update(words)
        self.query_one("#form-about").scroll_home(animate=False)
        self._fields.load(self._form, draft.entries, draft.extra)
        if draft.raw is not None:
            self._raw.show(Entry(draft.raw))
        self._show_mode(draft.as_json)
        self._disarm()

    def _keep(self) -> None:
        """Put what is on the screen into its draft."""
        draft = self._draft
        if draft is None:
            return
        draft.entries.update(self._fields.entries)
        draft.extra = self._fields.extra
        if draft.as_json:
            draft.raw = self._raw.entry.text

    def _show_mode(self, as_json: bool) -> None:
        self.set_class(as_json, "-json")
        self.as_json = as_json
        self._fit()
        self.query_one("#form-as-form", Chip).active = not as_json
        self.query_one("#form-as-json", Chip).active = as_json

    # Form and JSON.

    def action_toggle_json(self) -> None:
        draft = self._draft
        if draft is None:
            return
        self._keep()
        if draft.as_json:
            if not self._to_form(draft):
                return
        else:
            self._to_json(draft)
        self._disarm()
        self.focus_first()

    def _to_json(self, draft: Draft) -> None:
        values = collect(self._form.fields, draft.entries, draft.extra).values
        shown = pretty_text(values) if values else "{}"
        try:
            unchanged = draft.raw is not None and same(_object(draft.raw), values)
        except JsonTextError:
            unchanged = False
        text = draft.raw if unchanged and draft.raw is not None else shown
        draft.raw = draft.basis = text
        draft.as_json = True
        self._raw.show(Entry(text))
        self._show_mode(True)

    def _to_form(self, draft: Draft) -> bool:
        text = draft.raw or ""
        if text != draft.basis:
            try:
                values = _object(text)
            except JsonTextError as error:
                self._say(f"{error}: put that right to go back to the form", "-bad")
                return False
            blocked = collect(self._form.fields, draft.entries, {}).problems
            kept = {name: draft.entries[name] for name, problem in blocked.items() if problem.blocking}
            entries, draft.extra = spread(self._form.fields, values)
            draft.entries = {one.name: EMPTY for one in self._form.fields} | kept | entries
        draft.as_json = False
        self._fields.load(self._form, draft.entries, draft.extra)
        self._show_mode(False)
        return True

    def action_toggle_about(self) -> None:
        self.toggle_class("-tall")

    # Calling.

    def action_call(self) -> None:
        self._call(anyway=self._armed)

    def _call(self, *, anyway: bool) -> None:
        tool, server, draft = self.tool, self.server, self._draft
        if tool is None or server is None or draft is None:
            return
        if tool.excluded:
            self._say(one_line(tool.excluded, 200), "-bad")
            return
        if not self.enabled:
            self._say("not connected", "-warn")
            return
        self._keep()
        if draft.as_json:
            try:
                values = _object(draft.raw or "")
            except JsonTextError as error:
                self._say(str(error), "-bad")
                return
            entries, extra = spread(self._form.fields, values)
            collected = collect(self._form.fields, entries, extra)
        else:
            collected = collect(self._form.fields, draft.entries, draft.extra)
            values = collected.values
            self._fields.mark(collected.problems)
        if collected.problems and not anyway:
            name, problem = next(iter(collected.problems.items()))
            if not draft.as_json:
                self._fields.focus_field(name)
            if collected.blocked and not draft.as_json:
                self._say(_count(len(collected.problems)), "-bad")
            else:
                self._arm(len(collected.problems), f"{one_line(name, 40)}: {problem.message}")
            return
        if collected.blocked and not draft.as_json:
            self._say(_count(len(collected.problems)), "-bad")
            return
        self._disarm()
        self.post_message(self.CallRequested(server, tool.name, values, validate=not anyway))

    def _arm(self, count: int, first: str) -> None:
        self._armed = True
        words = first if count == 1 and first else _count(count)
        self._say(f"{words} · Ctrl+R again sends anyway", "-warn")

    def _disarm(self) -> None:
        self._armed = False
        self._show_bar()

    def _show_bar(self) -> None:
        tool = self.tool
        self.query_one("#form-call", Chip).disabled = not self.enabled or tool is None or bool(tool.excluded)
        if tool is not None and tool.excluded:
            self._say(one_line(tool.excluded, 200), "-bad")
        elif not self.enabled:
            self._say("not connected", "-warn")
        else:
            self._say("")

    def _say(self, words: str, tone: str = "") -> None:
        status = self.query_one("#form-status", Static)
        status.set_classes(tone)
        status.update(Content(words))

    @on(FieldsForm.Changed)
    @on(ValueEditor.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        self._disarm()

    @on(FieldsForm.Submitted)
    def _submitted(self, event: FieldsForm.Submitted) -> None:
        event.stop()
        self._call(anyway=False)

    def key_enter(self) -> None:
        """Enter on the form itself (a tool without arguments)."""
        if self.has_focus:
            self._call(anyway=False)

    @on(Chip.Pressed)
    def _pressed(self, event: Chip.Pressed) -> None:
        event.stop()
        match event.chip.id:
            case "form-call":
                self.action_call()
            case "form-as-form" if self.as_json:
                self.action_toggle_json()
            case "form-as-json" if not self.as_json:
                self.action_toggle_json()
            case _:
                pass


def _object(text: str) -> JsonObject:
    """JSON text that must be an object; nothing at all counts as ``{}``."""
    value = loads(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise JsonTextError("arguments are a JSON object: { … }")
    return value


def _count(count: int) -> str:
    return "1 problem" if count == 1 else f"{count} problems"


def _title(tool: Tool, server: str) -> Content:
    label = one_line(tool.label, 80) or "(no name)"
    parts: list[tuple[str, str] | str] = [(label, "bold $primary")]
    if tool.name != tool.label:
        parts.append((f"  {one_line(tool.name, 80)}", "$foreground"))
    parts.append((f"  {one_line(server, 40)}", "$text-muted"))
    return Content.assemble(*parts)


def _words(tool: Tool) -> Content:
    lines: list[Content] = []
    claims = annotation_words(tool.annotations)
    if claims:
        joined: list[tuple[str, str]] = [("claims ", "$text-muted")]
        for index, (word, ink) in enumerate(claims):
            joined += [(" · ", "$text-muted")] if index else []
            joined.append((word, ink))
        lines.append(Content.assemble(*joined))
    lines += [Content.styled(f"! {one_line(problem, 200)}", "$text-warning") for problem in tool.problems[:5]]
    description = visible(tool.description.strip()[:DESCRIPTION]).expandtabs(4)
    if description:
        lines.append(Content(description))
    return Content("\n").join(lines)
