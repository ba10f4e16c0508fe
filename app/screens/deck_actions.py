"""What the keys of the main screen do to servers and calls: one method an entry of the registry.

Owns turning a key into an intent. Where panes stand and the focus goes is the deck screen's.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from ...services.models import JsonObject, Status
from ...services.state.model import CallState, PromptState, ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.prompts.question import QuestionPanel
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from ..bridge import FedScreen
from ..controller import Intents
from ..hints import APPROVABLE
from .approve_screen import ApproveScreen
from .choice_screen import ChoiceScreen
from .stray_keys import Meant, StrayKeys

LOG_LEVELS: tuple[tuple[str, str], ...] = (
    ("debug", "everything"),
    ("info", "what goes on"),
    ("notice", "what is worth knowing"),
    ("warning", "what may go wrong"),
    ("error", "what went wrong"),
    ("critical", "a part does not work"),
    ("alert", "somebody must act at once"),
    ("emergency", "nothing works"),
)
"""In the order of RFC 5424, the least grave first."""


class DeckActions(FedScreen):
    """Base of the deck screen. ``selected`` is the server that the keys speak of."""

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__()
        self._stray = StrayKeys(clock)
        self._ended_here: set[str] = set()  # ids of questions that were answered and of calls that were given up
        self._intents = intents
        self._form = form
        self._calls = calls

    @property
    def selected(self) -> ServerState | None:
        raise TypeError("the deck screen knows the selected server")

    def focus_zone(self, zone: Zone) -> None:
        raise TypeError("the deck screen moves the focus")

    # Servers.

    def action_open(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.status is Status.PENDING_APPROVAL:
            self.action_approve()
        else:
            self.focus_zone(Zone.TOOLS if server.usable else Zone.OVERVIEW)

    def action_reconnect(self) -> None:
        server = self.selected
        if server is not None and self._contacted(server):
            self._intents.reconnect(server.id)

    def _contacted(self, server: ServerState) -> bool:
        """The server may be connected to; else a person is told, or shown, what stands in the way."""
        name = one_line(server.id, 60)
        match server.status:
            case Status.PENDING_APPROVAL | Status.REJECTED:
                self._say(f"{name} is not approved", "Press a to see its full command.")
            case Status.DISABLED:
                self._say(f"{name} is disabled", "Press e to enable it.")
            case Status.BLOCKED | Status.NOT_CONFIGURED:
                self.focus_zone(Zone.OVERVIEW)
            case _:
                return True
        return False

    def action_redetect(self) -> None:
        server = self.selected
        if server is not None and self._contacted(server):
            self._intents.reconnect(server.id, redetect=True)

    def action_relist(self) -> None:
        server = self._connected()
        if server is not None:
            self._intents.relist(server.id)

    def action_log_level(self) -> None:
        server = self._connected()
        if server is None:
            return
        if "logging" not in server.capabilities:
            self._say(f"{one_line(server.id, 60)} sends no log messages", "Its capabilities do not name logging.")
            return

        def chosen(level: str | None) -> None:
            if level is not None:
                self._intents.set_log_level(server.id, level)

        choices = tuple((level, level, words) for level, words in LOG_LEVELS)
        title = f"Log level of {one_line(server.id, 40)}"
        about = "Messages of this level and the graver ones below it."
        app_of(self).push_screen(ChoiceScreen(title, about, choices, server.log_level or "debug"), chosen)

    def action_cancel_task(self) -> None:
        server = self._connected()
        if server is None:
            return
        going = [task for task in server.tasks if not task.over]

        def chosen(task: str | None) -> None:
            if task is not None:
                self._intents.cancel_task(server.id, task)

        if not going:
            self._say("No task to cancel", f"{one_line(server.id, 60)} runs none that mcpdeck knows of.")
        elif len(going) == 1:
            chosen(going[0].id)
        else:
            choices = tuple((task.id, task.tool or "(not ours)", f"{task.id[:8]:<8}  {task.message}") for task in going)
            app_of(self).push_screen(ChoiceScreen("Cancel which task?", "", choices), chosen)

    def _connected(self) -> ServerState | None:
        """The selected server, if something can be asked of it."""
        server = self.selected
        if server is not None and not server.usable:
            self._say(f"{one_line(server.id, 60)} is not connected", "Press r to connect it.")
            return None
        return server

    def action_reconnect_all(self) -> None:
        self._intents.reconnect_all()

    def action_enable(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.suppressed_by:
            self._say(f"{one_line(server.id, 60)} is not used", f"{one_line(server.suppressed_by)} has the same name.")
        else:
            self._intents.set_enabled(server.id, server.status is Status.DISABLED)

    def action_approve(self) -> None:
        server = self.selected
        if server is None:
            return
        if server.status not in APPROVABLE:
            self._say(f"{one_line(server.id, 60)} needs no approval", "Only servers from a project's file do.")
            return

        def answered(answer: str | None) -> None:
            if answer == "approve":
                self._intents.approve(server.id)
            elif answer == "reject":
                self._intents.reject(server.id)

        app_of(self).push_screen(ApproveScreen(server), answered)

    # Calls.

    def start_call(
        self, server: str, tool: str, arguments: JsonObject, *, validate: bool, as_task: bool = False
    ) -> None:
        """Call; arguments that the schema refuses come back to the form they were typed into."""

        def refused(problems: tuple[str, ...]) -> None:
            # Called from the call's task: the form is told in the screen's own.
            self.call_later(self._refused, server, tool, problems)

        self._intents.call(server, tool, arguments, validate=validate, refused=refused, as_task=as_task)

    def _refused(self, server: str, tool: str, problems: tuple[str, ...]) -> None:
        shown = self._form.tool
        if shown is not None and shown.name == tool and self._form.server == server:
            self.focus_zone(Zone.FORM)
            self._form.refuse(problems)
        else:
            self._say(f"The arguments do not fit {one_line(tool, 60)}", "; ".join(problems[:3]))

    def on_call_console_cancel_requested(self, event: CallConsole.CancelRequested) -> None:
        self._ended_here.add(event.call_id)
        self._intents.cancel(event.call_id)

    def on_call_console_save_requested(self, event: CallConsole.SaveRequested) -> None:
        self._intents.save(event.call_id)

    def on_call_console_repeat_requested(self, event: CallConsole.RepeatRequested) -> None:
        call = self._call(event.call_id)
        if call is not None:
            self._intents.call(call.server, call.tool, call.arguments, validate=False, as_task=call.task is not None)

    def on_question_panel_answered(self, event: QuestionPanel.Answered) -> None:
        self._ended_here.add(event.prompt_id)
        self._intents.answer(event.prompt_id, event.action, event.content)

    def question_closed(self, prompt: PromptState, *, answering: bool) -> None:
        """A question that was shown is gone; ``answering``: the focus was in it."""
        if not self._ended_here & {prompt.id, prompt.call}:
            hint = "What is typed right now was meant for it and does nothing." if answering else ""
            self._say("The question was withdrawn by the server", hint)
            if answering:
                self._stray.begin()
        self._ended_here.discard(prompt.id)

    def swallows(self, event: events.Key, *, answering: bool) -> bool:
        """The key belongs to a question that is gone; ``answering``: the focus is in another one."""
        meant = self._stray.meant(event.key, text=event.is_printable, answering=answering)
        if meant is Meant.NOTHING_AND_TELL:
            again = "It would answer another question now." if answering else "Nothing was called."
            self._say("The key was meant for the withdrawn question", again)
        return meant is not Meant.AS_IT_IS

    def _call(self, call_id: str) -> CallState | None:
        return next((call for call in self.calls if call.id == call_id), None)

    def action_send(self) -> None:
        if self._form_ready():
            self._form.action_call()

    def action_send_task(self) -> None:
        if self._form_ready():
            self._form.action_call_as_task()

    def action_raw(self) -> None:
        if self._form_ready():
            self._form.action_toggle_json()

    def _form_ready(self) -> bool:
        """The form of a tool can be seen; one that the results cover is shown first, and nothing is sent blindly."""
        if self._form.tool is None or not self._form.display:
            return False
        if self._form.region.height == 0:
            self.focus_zone(Zone.FORM)
            return False
        return True

    def action_whole(self) -> None:
        self._calls.action_open()

    def action_save(self) -> None:
        self._calls.action_save()

    def action_copy(self) -> None:
        self._calls.action_copy()

    def action_repeat(self) -> None:
        self._calls.action_repeat()

    def action_cancel(self) -> None:
        self._calls.action_cancel()

    def action_answer(self) -> None:
        if self.prompts:
            self.focus_zone(Zone.QUESTION)
        else:
            self._say("No server asks anything", "")

    def _say(self, title: str, hint: str) -> None:
        self.notify(hint or " ", title=title, markup=False)
