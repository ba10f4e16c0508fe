"""What the keys of the main screen do to logins: begin one, go to one that waits, look at its steps and its token.

Owns turning a key into an intent or a screen. The login itself goes on beside the screen, and asks through a question.
"""

from __future__ import annotations

from ...services.models import LoginStatus, Status, TransportKind
from ...services.state.model import PromptState, ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.prompts.login import LoginPanel
from ...widgets.prompts.login_words import OWN
from ...widgets.status_marks import needs_human
from .deck_entries import EntryActions

WITHOUT = frozenset({TransportKind.STDIO, TransportKind.IN_PROCESS})
"""Transports that know no login."""


class LoginActions(EntryActions):
    """Base of the deck screen."""

    def choose_question(self, prompt: PromptState) -> None:
        """Go to this question, also where another one waits longer."""
        raise TypeError("the deck screen has the questions")

    def action_open(self) -> None:
        server = self.selected
        if server is not None and server.status is Status.NEEDS_AUTH:
            self.action_login()
        else:
            super().action_open()

    def action_decide(self) -> None:
        """Enter in the overview: what it says Enter does."""
        server = self.selected
        if server is not None and needs_human(server):
            self.action_open()

    def action_login(self) -> None:
        """Log in, once more where that is done already; a login that waits for its person is gone to."""
        server = self.selected
        if server is None or not self._knows_logins(server):
            return
        waits = next((one for one in self.prompts if one.server == server.id and one.method in OWN), None)
        if waits is not None:
            self.choose_question(waits)
        elif server.status is Status.NEEDS_AUTH or self._contacted(server):
            done = server.auth is not None and server.auth.status is LoginStatus.DONE
            self._intents.login(server.id, again=done)

    def action_auth(self) -> None:
        server = self.selected
        if server is None or not self._knows_logins(server):
            return
        from .auth_screen import AuthScreen

        app_of(self).push_screen(AuthScreen(self._intents, server.id, self.mcp, self.prompts))

    def _knows_logins(self, server: ServerState) -> bool:
        if server.transport in WITHOUT and server.auth is None:
            self._say(f"{one_line(server.id, 60)} has no login", "Only servers that are reached over HTTP have one.")
            return False
        return True

    def on_login_panel_open_requested(self, event: LoginPanel.OpenRequested) -> None:
        self._intents.open_url(event.server, event.url)

    def on_login_panel_code_requested(self, event: LoginPanel.CodeRequested) -> None:
        from .qr_screen import PASTE, QrScreen

        def closed(then: str | None) -> None:
            if then == PASTE:
                self.query_one(LoginPanel).action_paste()

        app_of(self).push_screen(QrScreen(event.prompt, event.url), closed)
