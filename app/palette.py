"""The command palette: every action of the registry, and every server and tool by name.

Owns how they are found and worded. Runs the same action methods as the keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from ..services.state.text import one_line
from .actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

UNLISTED = frozenset({"palette", "focus_next"})


@dataclass(frozen=True, slots=True)
class Command:
    title: str
    help: str
    run: Callable[[], object]


class DeckCommands(Provider):
    """Actions are always offered; servers and tools once something is typed."""

    async def discover(self) -> Hits:
        for command in self._actions():
            yield DiscoveryHit(Content(command.title), command.run, text=command.title, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in (*self._actions(), *self._places()):
            score = matcher.match(command.title)
            if score > 0:
                shown = Content(command.title)
                _, places = matcher.fuzzy_search.match(query, command.title)
                for place in places:
                    shown = shown.stylize("bold underline", place, place + 1)
                yield Hit(score, shown, command.run, text=command.title, help=command.help)

    def _actions(self) -> Iterator[Command]:
        for action in ACTIONS:
            if action.id not in UNLISTED:
                title = f"{action.title} · {action.shown}"
                yield Command(title, action.description, partial(self._run, action.id))

    def _places(self) -> Iterator[Command]:
        from .screens.deck_screen import DeckScreen

        screen = self.screen
        if not isinstance(screen, DeckScreen):
            return
        for server in screen.mcp.listed():
            shown = one_line(server.id, 60)
            yield Command(f"Server {shown}", server.status.value, partial(screen.go_to_server, server.id))
            for tool in server.tools or ():
                title = f"Tool {one_line(tool.name, 80)} of {shown}"
                run = partial(screen.go_to_tool, server.id, tool.name)
                yield Command(title, one_line(tool.description, 100), run)

    async def _run(self, action: str) -> None:
        screen = self.screen
        target = screen if hasattr(screen, f"action_{action}") else self.app
        await self.app.run_action(action, default_namespace=target)
