"""The form of a tool on the main screen: which one it is, whether it can be called, what is known of it.

Owns what the form is told. What was typed into it, and the call, are the form's.
"""

from __future__ import annotations

from ...services.models import Tool
from ...services.state.model import ServerState
from ...widgets.form_subject import Subject
from ...widgets.item_kinds import Item, ItemKind
from ...widgets.tool_words import no_task, runs_tasks, standing
from .deck_questions import DeckQuestions


class DeckForm(DeckQuestions):
    """Base of the deck screen."""

    _preview: tuple[str, ItemKind, Item] | None = None
    """What the cursor rests on, until its form or its page is shown."""
    _known_of: tuple[ServerState, Tool] | None = None

    def tell_focus(self) -> None:
        """Another pane shows: its names belong into the border."""
        raise TypeError("the deck screen has the borders")

    def open_form(self, server: str, tool: Tool) -> None:
        self.open_subject(Subject.of_tool(server, tool))

    def open_subject(self, subject: Subject) -> None:
        """Show the form of a tool, a template or a prompt; one that is there already is left as it is."""
        self._preview = None
        if not subject.is_same(self._form.subject):
            self._form.subject = subject
        self._show_known()
        self.tab = "form"
        self._enable_form()
        self.tell_focus()

    def _show_known(self) -> None:
        """What is known of the tool in the form beside its listing; what it is called as, only once that is seen."""
        tool, row = self._form.tool, self.mcp.servers.get(self._form.server or "")
        if tool is None or row is None or (row, tool) == self._known_of:
            return
        self._known_of = (row, tool)
        self._form.known = standing(row, tool, self._intents.qualified(row.id, tool.name))

    def _enable_form(self) -> None:
        row = self.mcp.servers.get(self._form.server) if self._form.server else None
        self._form.enabled = row is not None and row.usable
        self._form.tasks = row is not None and self._form.tool is not None and runs_tasks(row, self._form.tool)
        if row is not None and self._form.tool is not None:
            self._form.no_task = no_task(row, self._form.tool)

    def refresh_form(self) -> None:
        """The tool in the form was listed again: take the new one only if it really changed."""
        self._enable_form()
        shown, server = self._form.tool, self._form.server
        row = self.mcp.servers.get(server) if server else None
        if shown is None or row is None or row.tools is None:
            return
        if self.tab == "form":
            self._show_known()
        now = next((tool for tool in row.tools if tool.name == shown.name), None)
        if now is not None and now is not shown and now.raw != shown.raw:
            self._form.subject = Subject.of_tool(row.id, now)
