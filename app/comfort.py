"""How a person likes the dashboard: colours, keys, plain mode.

Owns what becomes of a preference, and of a key that was given to another action. Never writes a file: that is done by
``Preferences``; never performs an action of a screen itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.theme import Theme

from .actions import APP_ACTIONS
from .keymap import PRESETS, KeyMap
from .preferences import Preferences
from .themes import BY_NAME, DARK, THEMES, TITLES, following

if TYPE_CHECKING:
    from textual.filter import LineFilter

    from .actions import Zone

THEME, KEYS, PLAIN = "theme", "keys", "plain"
"""Names of preferences."""


@runtime_checkable
class ShowsCursor(Protocol):
    """A driver that knows a terminal's own cursor."""

    def show_cursor(self, shown: bool) -> None: ...


class Comfort(App[None]):
    """Base of the dashboard."""

    _filters: list[LineFilter]
    TITLES: ClassVar[dict[str, tuple[str, str]]] = TITLES

    def __init__(self, preferences: Preferences | None, keys: KeyMap | None, *, plain: bool) -> None:
        super().__init__()
        self.preferences = preferences or Preferences(None)
        self.keys = keys or KeyMap()
        preset = self.preferences.value(KEYS)
        if self.keys.preset == "usual" and isinstance(preset, str) and preset in PRESETS:
            self.keys = self.keys.with_preset(preset)
        for theme in THEMES:
            self.register_theme(theme)
        kept = self.preferences.value(THEME)
        self.theme = kept if isinstance(kept, str) and kept in BY_NAME else DARK.name
        if self.no_color:
            from .no_colours import NoColours

            self._filters[:] = [NoColours()]
        self.plain = plain or self.preferences.value(PLAIN) is True
        if self.plain:
            self._be_plain()

    def _be_plain(self) -> None:
        from .plain import Plain

        self._filters.append(Plain())
        self.animation_level = "none"
        self.add_class("-plain")

    def set_plain(self, plain: bool) -> None:
        """From the next start on as well. The filter is put in or taken out at once."""
        if plain is not self.plain:
            self.plain = plain
            if plain:
                self._be_plain()
            else:
                from .plain import Plain

                self._filters[:] = [each for each in self._filters if not isinstance(each, Plain)]
                self.animation_level = "full"
                self.remove_class("-plain")
            self.refresh_css(animate=False)
            if isinstance(driver := self._driver, ShowsCursor):
                driver.show_cursor(plain)
        self.preferences.keep(PLAIN, plain)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme.name
        self.preferences.keep(THEME, theme.name)

    def set_preset(self, preset: str) -> None:
        """Which keys move in lists, beside the arrows."""
        self.keys = self.keys.with_preset(preset)
        self.preferences.keep(KEYS, preset)

    def action_theme(self) -> None:
        theme = following(self.theme)
        self.set_theme(theme)
        self.notify(" ", title=f"Theme: {TITLES[theme.name][0]}", markup=False, timeout=2)

    def usual_sizes(self) -> None:
        """Of the panes."""
        raise TypeError("the dashboard knows its screens")

    def action_preferences(self) -> None:
        from .screens.preferences_screen import PreferencesScreen  # not before somebody wants to choose

        if not isinstance(self.screen, PreferencesScreen):
            self.push_screen(PreferencesScreen())

    # Keys that were given to other actions.

    def zone_now(self) -> Zone | None:
        """Where the main screen has its focus; None: another screen is in front."""
        raise TypeError("the dashboard knows its screens")

    async def mapped(self, event: events.Key) -> events.Key | None:
        """What is to become of a key: the key itself, another one, or None when it was taken here."""
        keys = self.keys
        if not keys.changed and keys.preset == "usual":
            return event
        focused = self.focused
        if focused is not None and focused.check_consume_key(event.key, event.character):
            return event  # it is typed
        zone = self.zone_now()
        if zone is None:
            mapped = next((name for name in APP_ACTIONS if event.key in keys.changed.get(name, ())), None)
            if mapped is None:
                return event
            await self.run_action(mapped, default_namespace=self)
            return None
        name = keys.action_for(event.key, zone)
        if name is not None:
            await self.run_action(name, default_namespace=self if name in APP_ACTIONS else self.screen)
            return None
        if keys.is_free(event.key, zone):
            return None
        other = keys.move(event.key, zone)
        return events.Key(other, None) if other is not None else event
