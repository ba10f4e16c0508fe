"""The question that waits longest, in the panel of its kind above everything else on the right.

Owns the panels and which of them shows. What is answered goes the way of every action.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from textual.widget import Widget

from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.prompts.approval import APPROVAL, ApprovalPanel
from ...widgets.prompts.elicitation import ElicitationPanel
from ...widgets.prompts.login import LoginPanel
from ...widgets.prompts.login_words import CONSENT, LOGIN
from ...widgets.prompts.permission import PermissionPanel
from ...widgets.prompts.permission_words import PERMISSION
from ...widgets.prompts.question import QuestionPanel
from ...widgets.prompts.sampling import SamplingPanel
from ...widgets.tool_form import ToolForm
from ..controller import Intents
from .deck_waiting import DeckWaiting


class DeckQuestions(DeckWaiting):
    """Base of the deck screen."""

    def __init__(self, intents: Intents, form: ToolForm, calls: CallConsole, clock: Callable[[], float]) -> None:
        super().__init__(intents, form, calls, clock)
        self._elicitation = ElicitationPanel(id="question", ticks=self._ticks)
        self._panels: dict[str, QuestionPanel] = {
            "sampling/createMessage": (sampling := SamplingPanel(id="sampling")),
            LOGIN: (login := LoginPanel(id="login")),
            CONSENT: login,
            PERMISSION: PermissionPanel(id="permission", ticks=self._ticks),
            APPROVAL: ApprovalPanel(id="approval", ticks=self._ticks),
        }

        self._sampling = sampling

    def on_elicitation_panel_visit_requested(self, event: ElicitationPanel.VisitRequested) -> None:
        def opened(yes: bool) -> None:
            # Called from the task that started it: the panel is told in the screen's own.
            self.call_later(event.panel.visited, event.prompt, yes)

        self._intents.visit(event.prompt.server, event.url, opened)

    def _ticks(self) -> float:
        from ..deck import Deck

        app = app_of(self)
        return app.ticks() if isinstance(app, Deck) else time.monotonic()

    def question_panels(self) -> Iterable[Widget]:
        """Every panel once; each wants to be bound to the calls."""
        return dict.fromkeys((self._elicitation, *self._panels.values()))

    @property
    def question(self) -> QuestionPanel:
        """The panel for the question that is shown."""
        first = self.first_of(self.prompts)
        method = first.method if first is not None else ""
        return self._panels.get(method, self._elicitation)

    def show_question(self) -> None:
        first = self.first_of(self.prompts)
        open_prompts = {prompt.id for prompt in self.prompts}
        for panel in (self._elicitation, *dict.fromkeys(self._panels.values())):
            shown = first if panel is self.question else None
            panel.display = shown is not None
            if shown is not None:
                asker = self.mcp.servers.get(shown.server)
                panel.endpoint = asker.endpoint if asker is not None else ""
            if shown is not None and panel is self._sampling:
                profile = self._intents.answering(shown.server).profile
                self._sampling.canned = (profile.model, profile.text)
            panel.prompt = shown
            if shown is not None:
                waits = [prompt.id for prompt in self.prompts]
                panel.stands(waits.index(shown.id) + 1 if shown.id in waits else 1, len(waits))
            panel.keep_only(open_prompts)
        self.set_class(first is not None, "-questioned")
        self.set_class(first is not None and isinstance(self.question, LoginPanel), "-login")
