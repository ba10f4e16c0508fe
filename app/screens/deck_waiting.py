"""Everything on the main screen that waits for a person: questions of servers, and servers that want approval.

Owns the order in which they are gone through, the approval that is looked at, and the answer to it. Approvals come up
only when somebody goes to one: nobody waits for them at the other end, and they must not take the focus.
"""

from __future__ import annotations

from textual import events

from ...services.models import Status
from ...services.state.model import McpState, PromptState, ServerState
from ...services.state.text import one_line
from ...widgets.after_typing import after_typing
from ...widgets.app_of import app_of
from ...widgets.prompts.approval import APPROVAL
from ...widgets.prompts.question import QuestionPanel
from ..actions import Zone
from ..hints import APPROVABLE
from ..seen import Seen
from .approvals import approval_of
from .deck_focus import DeckFocus


class DeckWaiting(DeckFocus):
    """Base of the deck screen, which has the panels."""

    _approving: ServerState | None = None

    @property
    def question(self) -> QuestionPanel:
        """The panel for the question that is shown."""
        raise TypeError("the deck screen has the panels")

    def show_question(self) -> None:
        raise TypeError("the deck screen has the panels")

    def on_mount(self) -> None:
        self.watch(self, "mcp", self._review_approval, init=False)

    def on_screen_suspend(self) -> None:
        from ..deck import Deck

        if isinstance(app := app_of(self), Deck):
            app.call_later(app.catch_up)  # what covers the header shows that something waits

    # Approvals.

    def ask_approval(self, server: ServerState) -> None:
        """Show all of the entry and ask; it stays in sight until it is answered or something else is gone to."""
        self._approving = server
        self.opened = approval_of(server)
        self._chosen = self.opened.id
        self.show_question()
        self.focus_zone(Zone.QUESTION)

    def on_question_panel_answered(self, event: QuestionPanel.Answered) -> None:
        server = self._approving
        if server is None or self.opened is None or event.prompt_id != self.opened.id:
            return
        event.prevent_default()  # no server waits for it
        self._close_approval()
        match event.action:
            case "accept":
                self._intents.approve(Seen.of(server))
            case "decline":
                self._intents.reject(Seen.of(server))
            case "cancel":
                pass

    def _review_approval(self, old: McpState, new: McpState) -> None:
        server = self._approving
        if server is None:
            return
        now, name = new.servers.get(server.id), one_line(server.id, 40)
        if now is None or Seen.of(now) != Seen.of(server):
            self.notify(
                "Look at it again; nothing was done.", title=f"{name} changed", severity="warning", markup=False
            )
        elif now.status in APPROVABLE:
            return
        else:
            self._say(f"{name} is decided on already", "Nothing was done.")
        self._close_approval()

    def _close_approval(self) -> None:
        focused = self._zone() is Zone.QUESTION
        self._approving, self.opened, self._chosen = None, None, ""
        self.show_question()
        if focused and not self.prompts:
            self._return()
        elif focused:
            self.focus_zone(Zone.QUESTION)

    # One after the other.

    def waits(self) -> tuple[PromptState, ...]:
        """All that waits, in the order of arrival; servers to be approved last, as they stand in the list."""
        approvals = (row for row in self.mcp.listed() if row.status is Status.PENDING_APPROVAL)
        return (*self.prompts, *(approval_of(row) for row in approvals))

    def choose_question(self, prompt: PromptState) -> None:
        if prompt.method == APPROVAL:
            server = self.mcp.servers.get(prompt.server)
            if server is not None and approval_of(server).id == prompt.id:
                self.ask_approval(server)
            return
        self._approving = self.opened = None
        self._chosen = prompt.id
        self.show_question()
        self.focus_zone(Zone.QUESTION)

    def action_answer(self) -> None:
        if self.first_of(self.prompts) is not None:
            self.focus_zone(Zone.QUESTION)
        elif waits := self.waits():
            self.choose_question(waits[0])
        else:
            self._say("No server asks anything", "")

    def action_next_question(self) -> None:
        """To the question that shows; from there to the one after it, and what was typed stays."""
        if (self._going or self._zone()) is not Zone.QUESTION:
            self.action_answer()
            return
        shown = self.first_of(self.prompts)
        waits = self.waits()
        ids = [prompt.id for prompt in waits]
        if shown is None or len(waits) - (shown.id in ids) < 1:
            self._say("Nothing else waits for you", "")
            return
        after = ids.index(shown.id) + 1 if shown.id in ids else 0
        after_typing(self.question, lambda: self.choose_question(waits[after % len(waits)]))

    def action_queue(self) -> None:
        from .queue_screen import QueueScreen

        def chosen(prompt_id: str | None) -> None:
            if prompt_id:
                self.call_later(self._go_to, prompt_id)

        app_of(self).push_screen(QueueScreen(self.mcp, self.prompts, self._decline), chosen)

    def _go_to(self, prompt_id: str) -> None:
        from ..deck import Deck

        if isinstance(app := app_of(self), Deck):
            app.catch_up()  # what came while another screen covered this one
        prompt = next((one for one in self.waits() if one.id == prompt_id), None)
        if prompt is not None:
            self.choose_question(prompt)
        else:
            self._say("It is not asked any more", "")

    def _decline(self, prompt_id: str) -> None:
        self._ended_here.add(prompt_id)
        self._intents.answer(prompt_id, "decline", None)

    def action_auto_answer(self) -> None:
        """Who answers what this server asks."""
        server = self.selected
        if server is None:
            self._say("No server is chosen", "")
            return
        from .auto_screen import AutoScreen

        app_of(self).push_screen(AutoScreen(self._intents, server.replica_of or server.id))

    def action_roots(self) -> None:
        """Which folders this server, or all of them, are told."""
        server = self.selected
        if server is None:
            self._say("No server is chosen", "")
            return
        from .roots_screen import RootsScreen

        app_of(self).push_screen(RootsScreen(self._intents, server), lambda _: self.roots_changed())

    def roots_changed(self) -> None:
        """What is shown of roots may be another by now."""

    def takes_back(self, event: events.Key) -> bool:
        """The key must not arrive: it was typed for a question that is gone."""
        shown = self.first_of(self.prompts)
        return self.swallows(event, answering=shown is not None and self._zone() is Zone.QUESTION)
