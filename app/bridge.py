"""Store to Textual: each flush becomes one assignment of three reactives on the active screen.

Owns the subscription. Never reads a widget and never changes the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.reactive import var
from textual.screen import Screen

from ..services.state.model import AppState, CallState, McpState, PromptState
from ..widgets.question_badge import QuestionBadge

if TYPE_CHECKING:
    from textual.app import App

    from ..services.state.store import Store


NOT_FED = McpState()
"""What a screen has before its first snapshot; not the same as one without servers."""


class FedScreen(Screen[str | None]):
    """A screen that is given snapshots while it is the active one."""

    mcp: var[McpState] = var(NOT_FED)
    calls: var[tuple[CallState, ...]] = var[tuple[CallState, ...]](())
    prompts: var[tuple[PromptState, ...]] = var[tuple[PromptState, ...]](())


class Bridge:
    """Feeds the active screen of ``app``; ``feed`` catches a screen up that became active."""

    def __init__(self, app: App[None], store: Store) -> None:
        self._app = app
        self._store = store
        self._waiting = False
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        if self._unsubscribe is None:
            self._unsubscribe = self._store.subscribe(self._flushed)
        self.feed()

    def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def feed(self) -> None:
        """Hand the newest snapshot to the active screen."""
        self._waiting = False
        if not self._app.is_running or self._unsubscribe is None:
            return
        screen = self._app.screen
        self._badge(screen)
        if isinstance(screen, FedScreen):
            state = self._store.state
            with self._app.batch_update():
                screen.prompts = state.prompts
                screen.calls = state.calls
                screen.mcp = state.mcp

    def _badge(self, screen: Screen[object]) -> None:
        """A screen that covers the header says as well that somebody waits for an answer."""
        count = len(self._store.state.prompts) if len(self._app.screen_stack) > 1 else 0
        shown = next(iter(screen.query(QuestionBadge)), None)
        if shown is not None and not count:
            shown.remove()
        elif shown is not None:
            shown.tell(count)
        elif count:
            screen.mount(QuestionBadge(count))

    def _flushed(self, state: AppState) -> None:
        # A flush may come from any task; reactives are set in the app's own.
        if not self._waiting:
            self._waiting = True
            self._app.call_later(self.feed)
