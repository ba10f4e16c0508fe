"""The command palette: every action of the registry, and every server and tool by name.

Owns how they are found and worded, and that Enter takes a hit for what is typed. Runs the same action
methods as the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input
from textual.worker import Worker

from ..services.state.text import one_line
from .actions import ACTIONS, APP_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

UNLISTED = frozenset({"palette", "focus_next"})


@dataclass(frozen=True, slots=True)
class Command:
    title: str
    help: str
    run: Callable[[], object]

    @property
    def shown_help(self) -> str:
        """As ``Content``: of a plain string the palette would read the brackets of a description as markup."""
        return cast("str", Content(self.help))


class DeckPalette(CommandPalette):
    """Textual's palette, except that Enter waits for the search that is still under way.

    Without that, words typed fast and Enter would run the first hit for the letters before.
    """

    def __init__(self) -> None:
        super().__init__(placeholder="Find an action, a server or a tool")
        self._entered = False

    @on(Input.Changed)
    def _typed_on(self) -> None:
        self._entered = False

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self._searching():
            event.prevent_default()
            event.stop()
            self._entered = True

    async def on_worker_state_changed(self) -> None:
        if self._entered and not self._searching():
            self._entered = False
            await self.query_one(Input).action_submit()

    def _searching(self) -> bool:
        return any(
            worker.node is self and not worker.is_finished for worker in cast("Iterable[Worker[None]]", self.workers)
        )


class DeckCommands(Provider):
    """Actions are always offered; servers and tools once something is typed.

    Above the main screen only what the app itself does: another screen may well have an action of the same name.
    """

    async def discover(self) -> Hits:
        for command in self._actions():
            yield DiscoveryHit(Content(command.title), command.run, text=command.title, help=command.shown_help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in (*self._actions(), *self._places()):
            score = matcher.match(command.title)
            if score > 0:
                shown = Content(command.title)
                _, places = matcher.fuzzy_search.match(query, command.title)
                for place in places:
                    shown = shown.stylize("bold underline", place, place + 1)
                yield Hit(score, shown, command.run, text=command.title, help=command.shown_help)

    def _actions(self) -> Iterator[Command]:
        from .screens.deck_screen import DeckScreen

        of_app = not isinstance(self.screen, DeckScreen)
        for action in ACTIONS:
            if action.id not in UNLISTED and (action.id in APP_ACTIONS or not of_app):
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
        target = self.app if action in APP_ACTIONS else self.screen
        await self.app.run_action(action, default_namespace=target)
