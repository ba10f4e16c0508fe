"""The form of one tool: what it is, its arguments, and the way to call it.

Owns the draft of every (server, tool) while the application runs, and the switch between form and raw
JSON. Never calls anything itself: it posts ``CallRequested``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget
from textual.widgets import Static

from ..services.models import JsonObject, Tool
from ..services.state.text import one_line
from .after_typing import after_typing
from .chip import Chip
from .form_bar import FormBar
from .form_fields import FieldsForm, problem_lines
from .form_values import EMPTY, Entry, Field, Form, Kind, Problem, collect, first_entry, form_of, spread
from .json_text import JsonTextError, pretty_text, same
from .schema_shape import skeleton
from .tool_draft import Draft, count_words, json_object, speaks_of
from .tool_words import About, title_of
from .value_editor import ValueEditor

RAW = Field("arguments", Kind.JSON, required=False, schema={"type": "object"})


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
        &.-json > FieldsForm { display: none; }
        &.-json > #form-raw { display: block; }
        & > #form-problems { display: none; height: auto; padding: 0 1; color: $text-error; }
        &.-said > #form-problems { display: block; }
        & > #form-empty { display: none; padding: 1 2; color: $text-muted; height: 1fr; }
        &.-empty > * { display: none; }
        &.-empty > #form-empty { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r,ctrl+enter", "call", "Call", key_display="Ctrl+R", priority=True),
        Binding("ctrl+g,f4", "call_as_task", "Call as a task", show=False, priority=True),
        Binding("ctrl+o,f2", "toggle_json", "Form/JSON", key_display="Ctrl+O", priority=True),
        Binding("f3", "toggle_about", "Whole description", key_display="F3", show=False),
    ]

    tool: reactive[Tool | None] = reactive(None, init=False)
    server: reactive[str | None] = reactive(None, init=False)
    enabled: reactive[bool] = reactive(True, init=False)
    tasks: reactive[bool] = reactive(False, init=False)
    """The tool can be called as a task."""
    known: reactive[tuple[str, ...]] = reactive((), init=False)  # of the tool beside its listing; safe to show
    no_task = "This tool does not run as a task."
    """Why not, safe to show; empty where every call becomes a task without being asked."""

    class CallRequested(Message):
        """Call it. ``validate`` False: the person saw the problems and sends anyway."""

        def __init__(
            self, server: str, tool_name: str, arguments: JsonObject, *, validate: bool = True, as_task: bool = False
        ) -> None:
            super().__init__()
            self.server = server
            self.tool_name = tool_name
            self.arguments = arguments
            self.validate = validate
            self.as_task = as_task

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
        self._bar = FormBar(id="form-bar")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="form-about", can_focus=False):
            yield Static("", id="form-title")
            yield Static("", id="form-words")
        yield FieldsForm()
        yield ValueEditor(RAW, id="form-raw", fill=True, placeholder="{ } no arguments")
        yield Static("", id="form-problems", markup=False)
        yield Static("No tool selected.", id="form-empty")
        yield self._bar

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
            said = self.query_one("#form-problems").outer_size.height if self.has_class("-said") else 0
            rows = about + (max(6, lines) if self.as_json else max(1, self._fields.rows)) + said + 1
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
        marks: dict[str, list[str]] = {}
        others: list[str] = []
        for problem in problems:
            name = next((one.name for one in self._form.fields if speaks_of(problem, one.name)), None)
            if name is None or self.as_json:
                others.append(problem)
            else:
                # At the field itself its name need not be said again; a place inside it must.
                path, _, words = problem.partition(":")
                marks.setdefault(name, []).append(words.strip() if path.strip("/$. ") == name else problem)
        self._fields.mark({name: Problem("\n".join(lines), blocking=False) for name, lines in marks.items()})
        self._arm(len(problems), others)

    # Reactives.

    def watch_tool(self) -> None:
        self._show_tool()

    def watch_server(self) -> None:
        self._show_tool()

    def watch_known(self) -> None:
        if self.is_mounted and self.tool is not None:
            self.query_one("#form-words", Static).update(About(self.tool, self.known))

    def watch_enabled(self) -> None:
        if self.is_mounted:
            self._show_bar()

    def watch_tasks(self) -> None:
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
        self.query_one("#form-title", Static).update(title_of(tool, server))
        self.watch_known()
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
        self._bar.show_mode(as_json)

    # Form and JSON.

    def action_toggle_json(self) -> None:
        after_typing(self, self._toggle_json)

    def _toggle_json(self) -> None:
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
        untouched = all(
            draft.entries.get(one.name, EMPTY) == first_entry(one, prefill=False) for one in self._form.fields
        )
        if untouched and not draft.extra and self.tool is not None:
            start = skeleton(self.tool.input_schema) | values
        else:
            start = values
        shown = pretty_text(start) if start else "{}"
        try:
            unchanged = draft.raw is not None and same(json_object(draft.raw), values)
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
                values = json_object(text)
            except JsonTextError as error:
                self._say([str(error)], "Put that right to go back to the form.")
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
        after_typing(self, lambda: self._call(anyway=self._armed))

    def action_call_as_task(self) -> None:
        if self.enabled and not self.tasks and self.no_task:
            self.notify(self.no_task, title="Not called as a task", markup=False)
        else:
            after_typing(self, lambda: self._call(anyway=self._armed, as_task=self.tasks))

    def _call(self, *, anyway: bool, as_task: bool = False) -> None:
        tool, server, draft = self.tool, self.server, self._draft
        if tool is None or server is None or draft is None:
            return
        if tool.excluded:
            self._show_bar()
            return
        if not self.enabled:
            self._show_bar()
            return
        self._keep()
        if draft.as_json:
            try:
                values = json_object(draft.raw or "")
            except JsonTextError as error:
                self._say([str(error)])
                return
            entries, extra = spread(self._form.fields, values)
            collected = collect(self._form.fields, entries, extra)
        else:
            collected = collect(self._form.fields, draft.entries, draft.extra)
            values = collected.values
            self._fields.mark(collected.problems)
        blocked = collected.blocked and not draft.as_json
        if collected.problems and (blocked or not anyway):
            named = [f"{one_line(name, 40)}: {problem.message}" for name, problem in collected.problems.items()]
            if not draft.as_json:
                self._fields.focus_field(next(iter(collected.problems)))
            if blocked:
                self._say([], count_words(len(named)))
            else:
                self._arm(len(named), named if draft.as_json else [])
            return
        self._disarm()
        self.post_message(self.CallRequested(server, tool.name, values, validate=not anyway, as_task=as_task))

    def _arm(self, count: int, problems: Sequence[str]) -> None:
        """Show ``problems`` (those that stand at no field) and offer to send in spite of all ``count`` of them."""
        self._armed = True
        self._say(problems, f"{count_words(count)} · Ctrl+R again sends anyway")

    def _disarm(self) -> None:
        self._armed = False
        self._show_bar()

    def _say(self, problems: Sequence[str], words: str = "") -> None:
        """Lines above the bar, in full: what is wrong, and what can be done."""
        lines = problem_lines(problems)
        if words:
            lines.append(Content.styled(words, "$text-warning"))
        self.query_one("#form-problems", Static).update(Content("\n").join(lines))
        self.set_class(bool(lines), "-said")
        self._resized()

    def _show_bar(self) -> None:
        tool = self.tool
        self._bar.offer_call(self.enabled and tool is not None and not tool.excluded)
        self._bar.offer_task(self.tasks)
        excluded = tool is not None and bool(tool.excluded)
        self._bar.say("not connected" if not excluded and not self.enabled else "", "-warn")
        self._say([one_line(tool.excluded, 200)] if tool is not None and tool.excluded else [])

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
            case "form-call-task":
                self.action_call_as_task()
            case "form-as-form" if self.as_json:
                self.action_toggle_json()
            case "form-as-json" if not self.as_json:
                self.action_toggle_json()
            case _:
                pass
