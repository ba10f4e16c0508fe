"""What the keys of the main screen do about tools beside calling them: why one is asked about, how it changed.

Owns turning a key into an intent or a screen, and the words for why one does nothing here.
"""

from __future__ import annotations

from ...services.models import JsonObject, Tool
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.status_marks import held_back
from .choice_screen import ChoiceScreen
from .deck_logins import LoginActions

PROFILE_WORDS = {
    "viewer": "only what reads",
    "tester": "what reads runs, others ask",
    "admin": "all that no rule asks or denies",
}
EVERY_SERVER = "every server"


class ToolActions(LoginActions):
    """Base of the deck screen."""

    @property
    def looked_at(self) -> tuple[ServerState, Tool, JsonObject] | None:
        """The tool that the keys speak of, its server, and the arguments that are there for it."""
        raise TypeError("the deck screen knows what is looked at")

    def action_reset_breaker(self) -> None:
        server = self.selected
        if server is None:
            return
        if not held_back(server):
            self._say("No calls are held back", f"{one_line(server.id, 60)} is called as asked.")
        else:
            self._intents.reset_breaker(server.id)

    def action_profile(self) -> None:
        """Choose what the tools of this server, or of all, may do."""
        server = self.selected
        names = self._intents.profiles()
        if not names:
            self._say("Nothing is asked here", "The program that shows this dashboard set no permissions.")
            return
        now = self._intents.profile_of(server.id) if server is not None else ""
        words = {name: PROFILE_WORDS.get(name, "of your settings") for name in names}
        titles = {name: f"{name} (now)" if name == now else name for name in names}
        choices = [(f"server {name}", titles[name], words[name]) for name in names] if server is not None else []
        choices += [(f"all {name}", f"{name}, {EVERY_SERVER}", words[name]) for name in names]

        def chosen(key: str | None) -> None:
            if key is None:
                return
            whose, _, name = key.partition(" ")
            self._intents.set_profile(name, server.id if whose == "server" and server is not None else None)
            self.permissions_changed()

        title = f"Permission profile of {one_line(server.id, 40)}" if server is not None else "Permission profile"
        about = "Until mcpdeck ends. A server that the settings give a profile of its own keeps it."
        app_of(self).push_screen(ChoiceScreen(title, about, tuple(choices), f"server {now}"), chosen)

    def permissions_changed(self) -> None:
        """What is shown of permissions may be another by now."""

    def action_permissions(self) -> None:
        """Whether the tool would run, ask or be denied, and by which rule."""
        looked = self.looked_at
        if looked is None:
            self._say("No tool is chosen", "Go to one in the list of tools.")
            return
        server, tool, arguments = looked
        explained = self._intents.explained(server.id, tool.name, arguments)
        if explained is None:
            self._say("Nothing is asked here", "The program that shows this dashboard set no permissions.")
            return
        from .permission_screen import PermissionScreen

        app_of(self).push_screen(
            PermissionScreen(self._intents, server.id, tool, arguments, explained), self._permitted
        )

    def _permitted(self, then: str | None) -> None:
        if then == "profile":
            self.action_profile()
        self.permissions_changed()

    def action_history(self) -> None:
        """How the tools of the server changed while it is known."""
        server = self.selected
        if server is not None:
            self.show_history(server.id)

    def show_history(self, name: str) -> None:
        server = self.mcp.servers.get(name)
        if server is None or not server.tool_history:
            self._say(
                f"No change of a tool of {one_line(name, 60)} in this session",
                "What its tools were before that is not known here.",
            )
            return
        from .changes_screen import ChangesScreen

        app_of(self).push_screen(ChangesScreen(server))
