"""The form of one tool: what it is, its arguments, and the way to call it.

Owns the draft of every (server, tool) while the application runs, and the switch between form and raw
JSON. Never calls anything itself: it posts ``CallRequested``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from ..services.models import JsonObject, Tool
from ..services.state.text import one_line
from .after_typing import after_typing
from .chip import Chip
from .draft_form import DraftForm
from .form_fields import FieldsForm, problem_lines
from .form_subject import Subject
from .form_values import Entry, Field, Kind, Problem
from .forms.gathering import gathered, path_words
from .forms.nodes import Node
from .forms.problem_places import place_of
from .forms.sending import sendable
from .forms.sent_line import SentLine
from .json_text import JsonTextError
from .subject_words import subject_title, subject_words
from .tool_draft import Draft, count_words, json_object
from .tool_words import About, title_of
from .value_editor import ValueEditor

RAW = Field("arguments", Kind.JSON, required=False, schema={"type": "object"})


class ToolForm(DraftForm):
    """``subject`` is what is filled in; ``enabled`` while it can be used. Drafts are kept by the subject's key."""

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
        Binding("ctrl+e", "edit", "In $EDITOR", show=False, priority=True),
        Binding("f8", "empty", "Empty the form, or bring it back", show=False),
        Binding("alt+s", "whole_sent", "All that is sent", show=False),
        Binding("f3", "toggle_about", "Whole description", key_display="F3", show=False),
    ]

    enabled: reactive[bool] = reactive(True, init=False)
    tasks: reactive[bool] = reactive(False, init=False)
    """The tool can be called as a task."""
    known: reactive[tuple[str, ...]] = reactive((), init=False)  # of the tool beside its listing; safe to show
    no_task = "This tool does not run as a task."
    """Why not, safe to show; empty where every call becomes a task without being asked."""

    class CallRequested(Message):
        """Call it. ``validate`` False: the person saw the problems and sends anyway."""

        def __init__(
            self, subject: Subject, arguments: JsonObject, *, validate: bool = True, as_task: bool = False
        ) -> None:
            super().__init__()
            self.subject = subject
            self.arguments = arguments
            self.validate = validate
            self.as_task = as_task

        @property
        def server(self) -> str:
            return self.subject.server

        @property
        def tool(self) -> str:
            return self.subject.name

    def __init__(
        self,
        *,
        remembered: Callable[[Subject], JsonObject | None] | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(remembered=remembered, id=id, classes=classes)
        self._armed = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="form-about", can_focus=False):
            yield Static("", id="form-title")
            yield Static("", id="form-words")
        yield FieldsForm()
        yield ValueEditor(RAW, id="form-raw", fill=True, placeholder="{ } no arguments")
        yield self._sent
        yield Static("", id="form-problems", markup=False)
        yield Static("No tool selected.", id="form-empty")
        yield self._bar

    def on_mount(self) -> None:
        self.watch(self._fields, "virtual_size", self._resized, init=False)
        self.watch(self.query_one("#form-about"), "virtual_size", self._resized, init=False)
        self.call_later(self._show_subject)  # once mounted: it may have been told before

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
            rows = about + (max(6, lines) if self.as_json else max(1, self._fields.rows)) + said + self._sent.rows + 1
        self.styles.height = rows + self.gutter.height

    @property
    def tool(self) -> Tool | None:
        """The tool in the form, if it is one."""
        return self.subject.tool if self.subject is not None else None

    @property
    def server(self) -> str | None:
        return self.subject.server if self.subject is not None else None

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
        elif not self._fields.focus_first():
            self.can_focus = True
            self.focus()

    def refuse(self, problems: Sequence[str]) -> None:
        """The whole-schema check found problems (``path: what is wrong``) before sending: show them, offer to send."""
        marks: dict[Node, list[str]] = {}
        others: list[str] = []
        draft = self._draft
        for problem in problems:
            node, words = place_of(draft.tree, problem) if draft is not None else (None, problem)
            if node is None or self.as_json:
                others.append(problem)
            else:
                # In its own row the path need not be said again; a place inside it must.
                marks.setdefault(node, []).append(words)
        found = {node: Problem("\n".join(lines), blocking=False) for node, lines in marks.items()}
        self._fields.mark_nodes(found)
        self._arm(len(problems), others)

    # Reactives.

    def watch_subject(self) -> None:
        self._show_subject()

    def watch_known(self) -> None:
        self._show_about()

    def _show_about(self) -> None:
        """Its name and what the server says of it."""
        subject = self.subject
        if not self.is_mounted or subject is None:
            return
        title, words = self.query_one("#form-title", Static), self.query_one("#form-words", Static)
        if subject.tool is not None:
            title.update(title_of(subject.tool, subject.server))
            words.update(About(subject.tool, self.known))
        else:
            title.update(subject_title(subject))
            words.update(subject_words(subject, self.known))

    def watch_enabled(self) -> None:
        if self.is_mounted:
            self._show_bar()

    def watch_tasks(self) -> None:
        if self.is_mounted:
            self._show_bar()

    # The shown tool.

    def _show_subject(self) -> None:
        if not self.is_mounted:
            return
        self._keep()
        subject = self.subject
        self.set_class(subject is None, "-empty")
        if subject is None:
            self._shown = None
            self._fit()
            return
        self.can_focus = False
        self._shown = subject.key
        draft = self._draft_of(subject)
        self._show_about()
        self.query_one("#form-about").scroll_home(animate=False)
        self._fields.show(draft.tree)
        if draft.raw is not None:
            self._raw.show(Entry(draft.raw))
        self._show_mode(draft.as_json)
        self._disarm()
        self._tell_sent()

    def _show_mode(self, as_json: bool) -> None:
        self.set_class(as_json, "-json")
        self.as_json = as_json
        self._fit()
        self._bar.show_mode(as_json)

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
        subject, draft = self.subject, self._draft
        if subject is None or draft is None:
            return
        if subject.excluded or not self.enabled:
            self._show_bar()
            return
        self._keep()
        tree = draft.tree
        values: JsonObject = {}
        if draft.as_json:
            try:
                values = json_object(draft.raw or "")
            except JsonTextError as error:
                self._say([str(error)])
                return
            tree = Draft.of(subject, values).tree
        found = gathered(tree)
        problems = found.problems
        if not draft.as_json:
            values = found.values
            self._fields.mark_nodes(problems)
        blocked = found.blocked and not draft.as_json
        if problems and (blocked or not anyway):
            named = [f"{one_line(path_words(node.path), 60)}: {one.message}" for node, one in problems.items()]
            if not draft.as_json:
                self._fields.focus_node(next(iter(problems)))
            if blocked:
                self._say([], count_words(len(named)))
            else:
                self._arm(len(named), named if draft.as_json else [])
            return
        self._disarm()
        sent = sendable(values)
        self.post_message(self.CallRequested(subject, sent, validate=not anyway, as_task=as_task))

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
        subject = self.subject
        excluded = subject.excluded if subject is not None else None
        self._bar.offer_call(self.enabled and subject is not None and not excluded)
        self._bar.offer_task(self.tasks)
        filled = self._draft is not None and self._draft.filled
        words = "not connected" if not excluded and not self.enabled else ""
        self._bar.say(words or ("as sent last time · F8 empties" if filled else ""), "-warn" if words else "")
        self._say([one_line(excluded, 200)] if excluded else [])

    @on(FieldsForm.Changed)
    @on(ValueEditor.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        self._disarm()
        self._tell_soon()
        if isinstance(event, FieldsForm.Changed) and event.row is not None and self.completes:
            self._complete(event.row)

    @on(SentLine.Toggled)
    def _sent_toggled(self, event: SentLine.Toggled) -> None:
        event.stop()
        self._resized()

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
