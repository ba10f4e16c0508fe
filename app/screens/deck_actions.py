"""What the keys of the main screen do to calls and to the questions of servers: one method an action.

Owns turning a key into an intent. Where panes stand and the focus goes is the deck screen's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from textual import events
from textual.widgets import Input

from ...services.models import JsonObject, as_text
from ...services.state.model import CallState, PromptState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.prompts.login_words import CONSENT, OWN
from ...widgets.prompts.permission import PermissionPanel
from ...widgets.prompts.permission_words import PERMISSION
from ...widgets.prompts.question import QuestionPanel
from ...widgets.result_links import links_of
from ...widgets.tool_form import ToolForm
from ..actions import Zone
from ..controller import Intents
from .choice_screen import ChoiceScreen
from .deck_results import ResultActions
from .stray_keys import Meant, StrayKeys

BY_HAND = 32
"""Calls that are remembered as a person's own."""


class DeckActions(ResultActions):
    """Base of the deck screen."""

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents)
        self._stray = StrayKeys(clock)
        self._ended_here: set[str] = set()  # ids of questions that were answered and of calls that were given up
        self._by_hand: deque[str] = deque(maxlen=BY_HAND)  # ids of the calls that were started here last
        self._form = form
        self._calls = calls

    # Calls.

    def made_by_hand(self, call_id: str) -> None:
        """A person made this call just now: the cursor goes to it once it is there, whatever else is running."""
        self._by_hand.append(call_id)
        self._calls.expect(call_id)

    def start_call(
        self, server: str, tool: str, arguments: JsonObject, *, validate: bool, as_task: bool = False
    ) -> None:
        """Call; arguments that the schema refuses come back to the form they were typed into."""

        def refused(problems: tuple[str, ...]) -> None:
            # Called from the call's task: the form is told in the screen's own.
            self.call_later(self._refused, server, tool, problems)

        made = self._intents.call(server, tool, arguments, validate=validate, refused=refused, as_task=as_task)
        self.made_by_hand(made)

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
        # The only handler: one of a class below would run beside it, and the call be made twice.
        self.repeat_call(event.call_id)

    def repeat_call(self, call_id: str) -> None:
        """Make a call again."""
        call = self._call(call_id)
        if call is None:
            return
        match call.method:
            case "tools/call":
                task = call.task is not None
                made = self._intents.call(call.server, call.tool, call.arguments, validate=False, as_task=task)
            case "tasks/result":
                made = self._intents.task_result(call.server, as_text(call.arguments.get("task")) or "", call.tool)
            case "resources/read":
                made = self._intents.read(call.server, call.tool)
            case _:
                made = self._intents.prompt(call.server, call.tool, call.arguments)
        self.made_by_hand(made)

    def follow_link(self, call: CallState) -> None:
        """Read a resource that the result of a call links to; of several, one that is chosen."""
        links = links_of(call.result)

        def chosen(number: str | None) -> None:
            if number is not None:
                self.made_by_hand(self._intents.read(call.server, links[int(number)].uri))
                self.focus_zone(Zone.CALLS)

        if len(links) == 1:
            chosen("0")
        elif links:
            choices = tuple((str(index), link.name, link.uri) for index, link in enumerate(links))
            app_of(self).push_screen(ChoiceScreen("Read which resource?", "", choices), chosen)

    def on_call_console_follow_requested(self, event: CallConsole.FollowRequested) -> None:
        call = self._call(event.call_id)
        if call is not None:
            self.follow_link(call)

    def on_permission_panel_history_requested(self, event: PermissionPanel.HistoryRequested) -> None:
        self.show_history(event.server)

    def action_asked_history(self) -> None:
        """How the tool changed that is asked about."""
        self.query_one(PermissionPanel).action_history()

    def action_read_on(self) -> None:
        self.query_one(PermissionPanel).action_scroll_words(1)

    def on_question_panel_answered(self, event: QuestionPanel.Answered) -> None:
        self._ended_here.add(event.prompt_id)
        self._intents.answer(event.prompt_id, event.action, event.content)

    def asked_by_hand(self, old: tuple[PromptState, ...], new: tuple[PromptState, ...]) -> str | None:
        """Id of a question that just came up about a call which was started here: it is answered first."""
        known = {prompt.id for prompt in old}
        mine = (one for one in new if one.method == PERMISSION and one.id not in known and one.call in self._by_hand)
        return next((prompt.id for prompt in mine), None)

    def question_closed(self, prompt: PromptState, *, answering: bool) -> None:
        """A question that was shown is gone; ``answering``: the focus was in it."""
        if prompt.method in OWN:  # a login went on: the browser came back, or the time for it was over
            typing = prompt.method == CONSENT or isinstance(self.focused, Input)
            if answering and typing and prompt.id not in self._ended_here:
                self._stray.begin()
        elif not self._ended_here & {prompt.id, prompt.call}:
            whose = "is not asked any more" if prompt.method == PERMISSION else "was withdrawn by the server"
            hint = "What is typed right now was meant for it and does nothing." if answering else ""
            self._say(f"The question {whose}", hint)
            if answering:
                self._stray.begin()
        self._ended_here.discard(prompt.id)

    def questions_gone(self, prompts: Sequence[PromptState]) -> None:
        """Questions that were not shown are gone; who did not end them is told."""
        gone = [one for one in prompts if one.method not in OWN and not self._ended_here & {one.id, one.call}]
        self._ended_here -= {prompt.id for prompt in prompts}
        if len(gone) == 1:
            self._say("A question that waited is not asked any more", f"It was one of {one_line(gone[0].server, 60)}.")
        elif gone:
            self._say(f"{len(gone)} questions that waited are not asked any more", "")

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

    def action_follow(self) -> None:
        self._calls.action_follow()
