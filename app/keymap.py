"""Which keys do what: the registry's, a preset, and what a person wrote into ``keys.json``.

Owns reading that file and turning a pressed key into an action, and every key as people read it. Never performs an
action and never refuses to start: what is wrong with the file is a remark, and the usual keys hold.

The file is ``{"preset": "vi", "ACTION": "KEYS"}``: ids as the help shows them, keys as Textual names them, separated
by commas. An action that is named there has exactly those keys; ``""`` takes its keys away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..services.config.contents import Unreadable, plain_text
from ..widgets.footer_keys import KeyHint
from .actions import ACTIONS, BY_ID, READING, Action, Zone

FILE = "keys.json"
"""Below mcpdeck's config folder."""
PRESET = "preset"
MOVES_VI: Mapping[str, str] = {"h": "left", "l": "right"}
"""Keys of a list or a tree that are pressed instead, where nobody types. The others of vi are everybody's."""
ONLY_ARROWS = frozenset({"j", "k", "g", "G"})
"""Keys that move in every list, and do nothing with the preset ``arrows``."""
PRESETS: dict[str, str] = {
    "usual": "j k g G Ctrl+D Ctrl+U move too",
    "vi": "h l too; log Ctrl+L, recent Ctrl+Y",
    "arrows": "j k g G do nothing in lists",
}
_OF_VI = {"log": "ctrl+l", "recent": "ctrl+y"}
_FIXED = frozenset({"focus_next", "palette"})
"""Their keys are Textual's own."""
_STRUCTURE = frozenset({"enter", "escape", "tab", "shift+tab", "ctrl+c", "ctrl+q"})
"""What every dialog and field needs: an action may have them too, but they are never taken away."""
_NAME = re.compile(r"(?:(?:ctrl|shift|alt|super)\+)*[^\s,+]+")
_SHOWN = {
    "slash": "/",
    "question_mark": "?",
    "asterisk": "*",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "delete": "Del",
    "backspace": "Bksp",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_NAMED = {shown: name for name, shown in _SHOWN.items()}


@dataclass(frozen=True, slots=True)
class KeyMap:
    """``changed``: keys by action id, of those that differ from the registry; ``remarks`` on the file, for a person."""

    preset: str = "usual"
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    remarks: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> KeyMap:
        """The keys of a file; the usual ones where there is none, or none that can be understood."""
        try:
            text = plain_text(path)
            content: object = json.loads(text) if text is not None else {}
        except Unreadable as error:
            return cls(remarks=(f"{path} cannot be read: {error.what}. The usual keys hold.",))
        except (ValueError, RecursionError) as error:
            return cls(remarks=(f"{path} is not JSON ({error}). The usual keys hold.",))
        if not isinstance(content, dict):
            return cls(remarks=(f"{path} holds no object. The usual keys hold.",))
        return cls.of({str(name): value for name, value in content.items()}, str(path))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    @classmethod
    def of(cls, content: Mapping[str, object], where: str) -> KeyMap:
        """What ``content`` means; what it says that cannot be is left out and remarked on."""
        remarks: list[str] = []
        preset = content.get(PRESET, "usual")
        if preset not in PRESETS:
            remarks.append(f'{where}: there is no preset "{preset}", but {", ".join(PRESETS)}')
            preset = "usual"
        changed: dict[str, tuple[str, ...]] = {}
        for name, value in content.items():
            if name == PRESET:
                continue
            keys = _keys_of(name, value)
            if isinstance(keys, str):
                remarks.append(f"{where}: {keys}")
            else:
                changed[name] = keys
        made = cls(str(preset), _with_preset(str(preset), changed))
        return replace(made, remarks=(*remarks, *(f"{where}: {clash}" for clash in made.clashes())))

    def with_preset(self, preset: str) -> KeyMap:
        """These keys on another preset."""
        own = {name: keys for name, keys in self.changed.items() if _of_preset(self.preset).get(name) != keys}
        return replace(self, preset=preset, changed=_with_preset(preset, own))

    # Keys as they are.

    def keys(self, action: Action) -> tuple[str, ...]:
        """All keys of an action, as Textual names them."""
        changed = self.changed.get(action.id)
        if changed is not None:
            return changed
        named = tuple(key for key in action.keys.split(",") if key)
        return named or (_name_of(action.shown),)

    def shown(self, action: Action) -> str:
        """Its first key as people read it; empty when it has none."""
        if action.id not in self.changed:
            return action.shown
        keys = self.changed[action.id]
        return shown_key(keys[0]) if keys else ""

    def told(self, hints: Iterable[KeyHint]) -> tuple[KeyHint, ...]:
        """Hints of the footer with the keys that hold; those without any are left out."""
        if not self.changed:
            return tuple(hints)
        renamed = (
            KeyHint(self.shown(BY_ID[hint.action]), hint.title, hint.action) if hint.action in self.changed else hint
            for hint in hints
        )
        return tuple(hint for hint in renamed if hint.key)

    # Keys that are pressed.

    def action_for(self, key: str, zone: Zone) -> str | None:
        """The action that ``key`` was given to, where it works."""
        for name, keys in self.changed.items():
            if key in keys and zone in BY_ID[name].zones:
                return name
        return None

    def is_free(self, key: str, zone: Zone) -> bool:
        """``key`` did something by the registry that it does no more."""
        if key in _STRUCTURE:
            return False
        if self.preset == "arrows" and key in ONLY_ARROWS and zone in READING:
            return True
        holders = [action for action in ACTIONS if zone in action.zones and key in _usual(action)]
        return bool(holders) and all(
            action.id in self.changed and key not in self.changed[action.id] for action in holders
        )

    def move(self, key: str, zone: Zone) -> str | None:
        """The key that is meant in a list, where the preset has another for it."""
        return MOVES_VI.get(key) if self.preset == "vi" and zone in READING else None

    def clashes(self) -> tuple[str, ...]:
        """Keys that were given to two actions of one place, in words."""
        found: list[str] = []
        for name, keys in self.changed.items():
            action = BY_ID[name]
            for other in ACTIONS:
                both = set(keys) & set(self.keys(other)) - _STRUCTURE
                if other is action or not both or not action.zones & other.zones:
                    continue
                if other.id in self.changed and list(self.changed).index(other.id) < list(self.changed).index(name):
                    continue
                found += [f"{shown_key(key)} is both {name} and {other.id}; {name} has it" for key in sorted(both)]
        return tuple(found)


def shown_key(key: str) -> str:
    """A key as people read it: ``ctrl+t`` is ``Ctrl+T``, ``f7`` ``F7``."""
    *modifiers, last = key.split("+")
    if last in _SHOWN:
        last = _SHOWN[last]
    elif modifiers or len(last) > 1:
        last = last.upper() if len(last) == 1 or re.fullmatch(r"f\d+", last) else last.capitalize()
    return "+".join([*(modifier.capitalize() for modifier in modifiers), last])


def _usual(action: Action) -> tuple[str, ...]:
    return tuple(key for key in action.keys.split(",") if key) or (_name_of(action.shown),)


def _name_of(shown: str) -> str:
    """The key that a person reads as ``shown``, as Textual names it."""
    if shown in _NAMED:
        return _NAMED[shown]
    return shown if len(shown) == 1 else shown.casefold()


def _keys_of(name: str, value: object) -> tuple[str, ...] | str:
    """The keys of one line of the file, or what is wrong with it."""
    if name not in BY_ID:
        from difflib import get_close_matches

        close = get_close_matches(name, BY_ID, 1)
        return f'there is no action "{name}"' + (f', did you mean "{close[0]}"?' if close else "")
    if name in _FIXED:
        return f'the key of "{name}" cannot be changed'
    if not isinstance(value, str):
        return f'"{name}" needs text, as "ctrl+x,f7"'
    keys = tuple(_plain(key) for key in value.split(",") if key.strip()) if value != "," else ("comma",)
    wrong = next((key for key in keys if not _NAME.fullmatch(key)), None)
    return f'"{name}": "{wrong}" is no key' if wrong is not None else keys


def _plain(key: str) -> str:
    """However it is written: ``Ctrl+X``, ``/`` and ``Esc`` are keys too."""
    key = key.strip()
    if key in _NAMED:
        return _NAMED[key]
    *modifiers, last = key.split("+") if key != "+" else ["plus"]
    last = _NAMED.get(last, last)
    if len(last) > 1 or modifiers:
        last = last.casefold()
    last = {"esc": "escape", "del": "delete", "space": "space", "pgup": "pageup", "pgdn": "pagedown"}.get(last, last)
    return "+".join([*(modifier.casefold() for modifier in modifiers), last])


def _of_preset(preset: str) -> dict[str, tuple[str, ...]]:
    return {name: (key,) for name, key in _OF_VI.items() if name in BY_ID} if preset == "vi" else {}


def _with_preset(preset: str, own: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {**_of_preset(preset), **own}
