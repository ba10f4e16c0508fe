"""What the keys of the main screen do to results beside copying and saving them: other views, differences.

Owns turning a key into a request, and what results may ask of the services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...services.state.model import CallState
from ...widgets.app_of import app_of
from ...widgets.call_console import CallConsole
from ...widgets.result_asks import ResultAsks
from ..controller import Intents
from .deck_tools import ToolActions

if TYPE_CHECKING:
    from textual.widget import Widget

    from ..deck import Deck

VIEW = "view"
"""Under which name the view of results is kept."""


class ResultActions(ToolActions):
    """Base of the deck screen."""

    _calls: CallConsole

    def action_result_view(self) -> None:
        self._calls.action_view()

    def action_result_diff(self) -> None:
        self._calls.action_diff()


def result_asks(screen: Widget, intents: Intents) -> ResultAsks:
    """What results shown on ``screen`` may ask for."""

    def deck() -> Deck | None:
        from ..deck import Deck

        app = app_of(screen)
        return app if isinstance(app, Deck) else None

    def view() -> str:
        app = deck()
        kept = app.preferences.value(VIEW) if app is not None else None
        return kept if isinstance(kept, str) else ""

    def keep_view(name: str) -> None:
        app = deck()
        if app is not None:
            app.preferences.keep(VIEW, name)

    def latest(call_id: str) -> CallState | None:
        app = deck()
        return next((call for call in app.store.state.calls if call.id == call_id), None) if app is not None else None

    return ResultAsks(
        for_model=intents.for_model,
        raw=intents.raw,
        save_part=intents.save_part,
        play=intents.play,
        view=view,
        keep_view=keep_view,
        latest=latest,
    )
