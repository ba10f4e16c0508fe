"""Rules in mcpdeck's own settings file: put in, taken out; every other character stays.

Owns which lists of ``permissions`` a change touches. Never opens a file: a change is a function from text to text.
"""

from __future__ import annotations

from ..config.edit import remove_member, set_member
from ..config.positions import JsonProblem, read_json
from ..models import Json, JsonObject, as_list, as_object
from ..models.permissions import Effect
from .permission_settings import EFFECTS, PERMISSIONS


def with_rule(text: str, effect: Effect, rule: str, *, project: str | None = None, file: str = "") -> str:
    """``text`` with ``rule`` in the list of ``effect`` and in no other; ``project``: among the rules of that root.

    Raises ``ConfigError`` where the text is no JSON object, or something on the way is none.
    """
    at = _path(project)
    for other in EFFECTS:
        if other is not effect:
            text = _without(text, (*at, other.value), rule, file)
    listed = as_list(_at(text, at).get(effect.value))
    if rule in listed:
        return text
    return set_member(text, (*at, effect.value), [*listed, rule], file=file)


def without_rule(text: str, rule: str, *, project: str | None = None, file: str = "") -> str:
    """``text`` with ``rule`` in no list; the same text where it is in none. Raises like ``with_rule``."""
    for effect in EFFECTS:
        text = _without(text, (*_path(project), effect.value), rule, file)
    return text


def _path(project: str | None) -> tuple[str, ...]:
    return (PERMISSIONS,) if project is None else (PERMISSIONS, "projects", project)


def _without(text: str, path: tuple[str, ...], rule: str, file: str) -> str:
    """A list that is empty then goes with it."""
    listed: Json = _at(text, path[:-1]).get(path[-1])
    if isinstance(listed, str):  # taken as the one rule in it
        listed = [listed]
    if not isinstance(listed, list) or rule not in listed:
        return text
    left = [item for item in listed if item != rule]
    return set_member(text, path, left, file=file) if left else remove_member(text, path, file=file)


def _at(text: str, path: tuple[str, ...]) -> JsonObject:
    """What stands at ``path``; nothing where the text cannot be read: whoever edits it says so."""
    try:
        value: Json = read_json(text.removeprefix("\ufeff"), depth=0).value if text.strip() else {}
    except JsonProblem:
        return {}
    for key in path:
        value = as_object(value).get(key)
    return as_object(value)
