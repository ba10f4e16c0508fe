"""What the keys of the main screen do to the configuration: one method an action of the registry.

Owns which screen opens with what in it. What is asked for there goes to ``Entries``; nothing is written here.
"""

from __future__ import annotations

import json
import re

from ...services.models import ErrorInfo, as_object
from ...services.state.model import ServerState
from ...services.state.text import one_line
from ...widgets.app_of import app_of
from ...widgets.provenance_lines import offered
from ...widgets.status_marks import of_whole_file, plain_title, shown_name
from ..seen import Seen
from .confirm_screen import Answer, ConfirmScreen
from .deck_servers import ServerActions
from .server_words import facts_of, written_name

CLOSE = Answer("", "Close (Esc)", "escape")


class EntryActions(ServerActions):
    """Base of the deck screen."""

    def show_server(self, server: str) -> None:
        """Put the cursor on a server, as soon as it is listed."""
        raise TypeError("the deck screen has the list")

    def _of_program(self) -> bool:
        """A program brought the servers along; a person is told that nothing about them stands in a file."""
        if self._intents.embedded:
            self._say("The servers come from the program", "It opened this dashboard; no file here configures them.")
        return self._intents.embedded

    def action_add(self) -> None:
        if self._of_program():
            return
        from .entry_screen import EntryScreen

        app_of(self).push_screen(EntryScreen(self._intents.entries, "Add a server"), self._saved)

    def action_edit(self) -> None:
        server = self.selected
        if server is None or self._of_program():
            return
        why_not = self._why_not(server)
        if why_not is not None:
            self._cannot_edit(server, why_not)
            return
        text = self._said(self._intents.entries.text(server.replica_of or server.id))
        if text is not None:
            from .entry_screen import EntryScreen

            title = f"Edit {one_line(server.id, 40)}"
            screen = EntryScreen(self._intents.entries, title, name=written_name(server), text=text, replaces=server)
            app_of(self).push_screen(screen, self._saved)

    def action_duplicate(self) -> None:
        server = self.selected
        if server is None or self._of_program():
            return
        text = self._said(self._intents.entries.copy_text(server.replica_of or server.id))
        if text is not None:
            from .entry_screen import EntryScreen

            # What is only offered goes where importing it would put it.
            what, scope = ("Take over", "user") if offered(server) else ("Duplicate", "")
            screen = EntryScreen(
                self._intents.entries,
                f"{what} {one_line(server.id, 40)}",
                name=self._free_name(server),
                text=text,
                scope=scope,
                odd=_in_clear(server.replica_of or server.id, text),
            )
            app_of(self).push_screen(screen, self._saved)

    def action_remove(self) -> None:
        servers = self.targets
        if len(servers) > 1 and not self._of_program():
            self._remove_all(servers)
            return
        server = next(iter(servers), None)
        if server is None or self._of_program():
            return
        name = shown_name(server)[:40]
        why_not = self._why_not(server)
        if why_not is not None:
            app_of(self).push_screen(ConfirmScreen(f"{name} cannot be removed here", _reason(why_not), (), (CLOSE,)))
            return

        seen = Seen.of(server)

        def answered(answer: str | None) -> None:
            if answer == "remove":
                self._intents.entries.remove(seen)

        answers = (Answer("", "Keep (Esc)", "escape"), Answer("remove", "Remove (y)", "y"))
        lead = "This entry is taken out of its file. U puts it back."
        screen = ConfirmScreen(f"Remove {name}", lead, facts_of(server), answers, danger=True, about=server)
        app_of(self).push_screen(screen, answered)

    def _remove_all(self, servers: tuple[ServerState, ...]) -> None:
        """Ask once about all of them that stand in files of one's own."""
        may = [server for server in servers if self._why_not(server) is None]
        if not may:
            self._say("None of them can be removed here", "They stand in files that are only read.")
            return
        left = len(servers) - len(may)
        facts = [("Servers", "\n".join(f"{shown_name(row)[:40]}  {one_line(str(row.origin))}" for row in may))]
        if left:
            facts.append(("Left alone", f"{left} that stand in files which are only read"))
        seen = tuple(dict.fromkeys(map(Seen.of, may)))

        def answered(answer: str | None) -> None:
            if answer == "remove":
                self._intents.entries.remove_all(seen)

        answers = (Answer("", "Keep (Esc)", "escape"), Answer("remove", f"Remove {len(seen)} (y)", "y"))
        lead = "These entries are taken out of their files. U puts them back."
        app_of(self).push_screen(
            ConfirmScreen(f"Remove {len(seen)} servers", lead, tuple(facts), answers, danger=True), answered
        )

    def action_export(self) -> None:
        server = self.selected
        if server is not None and not self._of_program():
            from .export_screen import ExportScreen

            own = tuple(row.id for row in self.mcp.listed() if row.replica_of is None and _exported_too(row))
            app_of(self).push_screen(ExportScreen(self._intents.entries, server.replica_of or server.id, own))

    def action_sources(self) -> None:
        if self._of_program():
            return
        from .sources_screen import SourcesScreen

        app_of(self).push_screen(SourcesScreen(self.mcp))

    def action_registry(self) -> None:
        registry = self._intents.registry
        if self._of_program() or registry is None:
            return
        from .registry_screen import RegistryScreen

        app_of(self).push_screen(RegistryScreen(registry, self._intents.entries))

    def _why_not(self, server: ServerState) -> str | None:
        if of_whole_file(server):
            return f"The file cannot be read, so nothing in it can be changed here: {plain_title(server)}"
        return self._intents.entries.editable(server.replica_of or server.id)

    def _cannot_edit(self, server: ServerState, why_not: str) -> None:
        def answered(answer: str | None) -> None:
            if answer == "duplicate":
                self.action_duplicate()

        title = f"{shown_name(server)[:40]} cannot be edited here"
        copy = Answer("duplicate", "Duplicate into a file of yours (d)", "d")
        answers = (CLOSE,) if of_whole_file(server) else (CLOSE, copy)
        told = server.origin.file is None or server.origin.file in why_not
        facts = () if told else (("It stands in", str(server.origin)),)
        app_of(self).push_screen(ConfirmScreen(title, _reason(why_not), facts, answers), answered)

    def _said(self, text: str | ErrorInfo) -> str | None:
        """The text, or None, and a person is told why."""
        if isinstance(text, ErrorInfo):
            self._say(one_line(text.title, 200), one_line(text.hint, 200))
            return None
        return text

    def _free_name(self, server: ServerState) -> str:
        """A name that a new entry may have and no row has: ``files-2``; its own where it is only offered."""
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", written_name(server).rpartition(":")[2]).strip("-")[:48] or "server"
        if base not in self.mcp.servers:
            return base
        number = 2
        while f"{base}-{number}" in self.mcp.servers:
            number += 1
        return f"{base}-{number}"

    def _saved(self, name: str | None) -> None:
        if name:
            self.show_server(name)


def _exported_too(row: ServerState) -> bool:
    return bool(row.origin.file) and not row.suppressed_by and not of_whole_file(row)


def _in_clear(server: str, text: str) -> tuple[str, ...]:
    """A warning where secrets stand in an entry literally: a copy has them once more."""
    from ...services.config.clients.secrets import without_secrets  # needed for a copy alone

    _, variables = without_secrets(server, as_object(json.loads(text)))
    if not variables:
        return ()
    words = ", ".join(f"${{{name}}}" for name in variables[:3])
    more = f" and {len(variables) - 3} more" if len(variables) > 3 else ""
    them, they = ("it", "it does") if len(variables) == 1 else ("them", "they do")
    return (
        f"secrets stand here in clear: write {words}{more} in place of {them}, so that {they} not go into the file",
    )


def _reason(why_not: str) -> str:
    return f"{why_not[:1].upper()}{why_not[1:]}."
