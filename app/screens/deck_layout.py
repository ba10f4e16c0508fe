"""How the room of the main screen is shared out: the width of the lists, the height of what stands above the calls.

Owns these two sizes: by keys, by dragging the line between two panes, and kept for the next run. Everything else about
where panes stand is the style sheet's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.css.query import NoMatches

from ...services.models import Json
from ...widgets.app_of import app_of
from ..keymap import KeyMap
from .deck_logs import DeckLogs

if TYPE_CHECKING:
    from ..comfort import Comfort
    from ..preferences import Preferences

NAV, WORK = "layout.lists", "layout.form"
"""Names of the preferences: percent of the width and of the height."""
STEP = 4
LEAST, MOST = 16, 84
"""Percent."""


class DeckLayout(DeckLogs):
    """Base of the deck screen. A size of None is the style sheet's."""

    _lists_share: int | None = None
    _form_share: int | None = None
    _dragging: str = ""

    def sized_as_kept(self) -> None:
        """As a person left it; called once there are panes."""
        preferences = _preferences_of(self)
        if preferences is not None:
            self._lists_share, self._form_share = _percent(preferences.value(NAV)), _percent(preferences.value(WORK))
        self.lay_out()

    def lay_out(self) -> None:
        """Give the panes their sizes; called as often as what is shown, or the room for it, changes."""
        try:
            nav, desk, work = self.query_one("#nav"), self.query_one("#desk"), self.query_one("#work")
        except NoMatches:
            return
        for styles in (nav.styles, desk.styles, work.styles):
            for rule in ("width", "max_width", "height", "max_height", "grid_columns"):
                styles.clear_rule(rule)
        if self._lists_share is not None and not self.has_class("-narrow"):
            nav.styles.width, nav.styles.max_width = f"{self._lists_share}%", "100%"
        hidden = self.has_class("-calls") and self.has_class("-short")
        if self._form_share is None or not self.has_class("-tool") or hidden:
            return
        if self.has_class("-wide"):
            desk.styles.grid_columns = f"{self._form_share}fr {100 - self._form_share}fr"
        else:
            work.styles.height, work.styles.max_height = f"{self._form_share}%", "100%"

    def action_wider(self) -> None:
        self._resize_lists(STEP)

    def action_narrower(self) -> None:
        self._resize_lists(-STEP)

    def action_taller(self) -> None:
        self._resize_form_share(STEP)

    def action_shorter(self) -> None:
        self._resize_form_share(-STEP)

    def action_usual_sizes(self) -> None:
        self._keep_sizes(None, None)

    def _resize_lists(self, step: int) -> None:
        width = self.query_one("#body").size.width
        usual = round(100 * self.query_one("#nav").outer_size.width / (width or 1))
        self._keep_sizes(_within((self._lists_share or usual) + step), self._form_share)

    def _resize_form_share(self, step: int) -> None:
        desk, work = self.query_one("#desk").size, self.query_one("#work").outer_size
        part = work.width / (desk.width or 1) if self.has_class("-wide") else work.height / (desk.height or 1)
        self._keep_sizes(self._lists_share, _within((self._form_share or round(100 * part)) + step))

    def _keep_sizes(self, nav: int | None, share: int | None) -> None:
        self._lists_share, self._form_share = nav, share
        self.lay_out()
        preferences = _preferences_of(self)
        if preferences is not None:
            preferences.keep(NAV, nav)
            preferences.keep(WORK, share)

    # The lines between panes, by the mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragging = self._line_at(event.screen_x, event.screen_y) if event.button == 1 else ""
        if self._dragging:
            event.stop()
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if not self._dragging:
            return
        event.stop()
        body, desk = self.query_one("#body").region, self.query_one("#desk").region
        if self._dragging == "lists":
            self._lists_share = _within(round(100 * (event.screen_x - body.x) / (body.width or 1)))
        elif self.has_class("-wide"):
            self._form_share = _within(round(100 * (event.screen_x - desk.x) / (desk.width or 1)))
        else:
            self._form_share = _within(round(100 * (event.screen_y - desk.y) / (desk.height or 1)))
        self.lay_out()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragging:
            event.stop()
            self._dragging = ""
            self.release_mouse()
            self._keep_sizes(self._lists_share, self._form_share)

    def _line_at(self, x: int, y: int) -> str:
        """The line between two panes that stands there: ``lists``, ``form``, or nothing."""
        nav, desk = self.query_one("#nav"), self.query_one("#desk")
        if nav.display and desk.display and x in (nav.region.right - 1, desk.region.x) and nav.region.y < y:
            return "lists" if y < nav.region.bottom - 1 else ""
        work, calls = self.query_one("#work").region, self.query_one("#calls")
        if not calls.display or not work:
            return ""
        if self.has_class("-wide"):
            return "form" if x in (work.right - 1, calls.region.x) and work.y < y < work.bottom - 1 else ""
        # The upper border of the calls has words that are clicked: the lower one of the form is the handle.
        return "form" if y == work.bottom - 1 and work.x < x < work.right - 1 else ""


def keys_of(screen: DeckLayout) -> KeyMap:
    """Which keys do what."""
    comfort = _comfort_of(screen)
    return comfort.keys if comfort is not None else KeyMap()


def _preferences_of(screen: DeckLayout) -> Preferences | None:
    comfort = _comfort_of(screen)
    return comfort.preferences if comfort is not None else None


def _comfort_of(screen: DeckLayout) -> Comfort | None:
    from ..comfort import Comfort

    app = app_of(screen)
    return app if isinstance(app, Comfort) else None


def _within(percent: int) -> int:
    return max(LEAST, min(MOST, percent))


def _percent(value: Json | None) -> int | None:
    """A kept size, if it is one: a person may have written anything into the file."""
    return _within(value) if isinstance(value, int) and not isinstance(value, bool) else None
