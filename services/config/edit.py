"""One member of a JSON text set, removed or renamed; every other character stays.

Owns the layout of what is put in: it looks like what stands around it (indentation, line ends, objects on one
line). Never opens a file, and refuses text that is not JSON rather than damaging it.

The text is read as JSON first, so that the passes over its tokens can rely on its shape. Of a key that is given
more than once the last counts, as for every reader: that one is changed, and all of them are removed.
"""

from __future__ import annotations

import json

from ..errors import ConfigError, ConfigSyntaxError
from ..models import Json, JsonObject
from .jsonc import read_jsonc
from .layout import JsonLayout, Members, place_in, quoted
from .models import Format
from .positions import Document, JsonProblem, KeyPath, Place, read_json
from .read import json_kind

BOM = "\ufeff"


def set_member(text: str, path: KeyPath, value: Json, *, format: Format = Format.JSON, file: str = "") -> str:  # noqa: A002
    """``text`` with ``value`` at ``path``; objects on the way that are missing are made, as is an empty document.

    Where an object takes the place of an object, only the members that differ are written. ``format`` is JSON or
    JSONC. Raises ``ConfigSyntaxError`` (details: file, line, column) for text that is not that, ``ConfigError``
    when something on the way is no object, or ``value`` is no JSON.
    """
    bom, body = _split(text)
    try:
        _refuse_nan(value)
        if not body.strip():
            return f"{bom}{JsonLayout('').spread(_nested(path, value), '')}\n"
        root = _read(body, format, file)
        return bom + _set(body, path, value, _at(root, path), file)
    except RecursionError:
        raise ConfigError("the value is nested too deeply", hint="flatten it", details={"file": file}) from None


def remove_member(text: str, path: KeyPath, *, format: Format = Format.JSON, file: str = "") -> str:  # noqa: A002
    """``text`` without what stands at ``path``; the same text where nothing does. Raises like ``set_member``.

    Comments on lines of their own stay: whose they are cannot be told.
    """
    bom, body = _split(text)
    if not body.strip():
        return text
    _read(body, format, file)
    return bom + _remove(body, path, file)


def rename_member(text: str, path: KeyPath, name: str, *, format: Format = Format.JSON, file: str = "") -> str:  # noqa: A002
    """``text`` with the last key of ``path`` called ``name``, at the same place with the same value.

    Raises like ``set_member``, and ``ConfigError`` when there is no such member or ``name`` is taken.
    """
    bom, body = _split(text)
    _read(body, format, file)
    _, members, depth = _deepest(body, path, file)
    old = members.last(path[-1]) if depth == len(path) - 1 else None
    if old is None:
        raise ConfigError(f'there is no "{path[-1]}" in {file or "the text"}', details={"file": file})
    if name == path[-1]:
        return text
    if members.last(name) is not None:
        raise ConfigError(f'there already is "{name}" in {file or "the text"}', details={"file": file})
    body = body[: old.start] + quoted(name) + body[old.key_end :]
    return bom + _remove(body, path, file)  # the occurrences that did not count would count now


# -- reading


def _split(text: str) -> tuple[str, str]:
    return (BOM, text[1:]) if text.startswith(BOM) else ("", text)


def _read(text: str, format_: Format, file: str) -> JsonObject:
    """The whole document. Raises ``ConfigError`` unless it is one object."""
    try:
        value = (_read_jsonc(text) if format_ is Format.JSONC else read_json(text, depth=0)).value
    except JsonProblem as problem:
        place = problem.place
        where = f"{file}:{place.line}:{place.column}" if place else file
        raise ConfigSyntaxError(
            f"{where or 'the text'} is not JSON: {problem.reason}",
            hint=f"{problem.remedy}; nothing was changed",
            details={"file": file, "line": place.line if place else None, "column": place.column if place else None},
        ) from None
    if not isinstance(value, dict):
        raise ConfigError(
            f"{file or 'the text'} holds {json_kind(value)}, not an object",
            hint="correct it by hand; nothing was changed",
            details={"file": file},
        )
    return value


def _read_jsonc(text: str) -> Document:
    document = read_jsonc(text, depth=0)
    stray = JsonLayout(text).stray_comma()
    if stray is not None:
        raise JsonProblem("a comma has nothing before it", Place(*place_in(text, stray)), "remove it")
    return document


class _Missing:
    """No value at all, which null is not."""


_MISSING = _Missing()


def _at(root: JsonObject, path: KeyPath) -> Json | _Missing:
    value: Json = root
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _deepest(text: str, path: KeyPath, file: str) -> tuple[JsonLayout, Members, int]:
    """The object that holds the last key of ``path``, or would: the innermost one there is, and its depth.

    Raises ``ConfigError`` with the place of a value on the way that is no object.
    """
    layout = JsonLayout(text)
    members = layout.root()
    for depth, key in enumerate(path[:-1]):
        member = members.last(key)
        if member is None:
            return layout, members, depth
        if text[member.value] != "{":
            line, column = place_in(text, member.start)
            raise ConfigError(
                f'"{key}" ({file or "the text"}:{line}:{column}) is not an object',
                hint="correct it by hand; nothing was changed",
                details={"file": file, "line": line, "column": column},
            )
        members = layout.members(member)
    return layout, members, len(path) - 1


# -- writing


def _set(text: str, path: KeyPath, value: Json, old: Json | _Missing, file: str) -> str:
    if not isinstance(old, _Missing) and _same(old, value):
        return text
    if isinstance(old, dict) and isinstance(value, dict) and _in_place(old, value):
        for key, part in value.items():
            text = _set(text, (*path, key), part, old.get(key, _MISSING), file)
        for key in old:
            if key not in value:
                text = _remove(text, (*path, key), file)
        return text
    layout, members, depth = _deepest(text, path, file)
    member = members.last(path[depth])
    if member is None:
        return layout.inserted(members, path[depth], _nested(path[depth + 1 :], value))
    return layout.replaced(members, member, value)


def _remove(text: str, path: KeyPath, file: str) -> str:
    while True:
        layout, members, depth = _deepest(text, path, file)
        member = members.last(path[-1]) if depth == len(path) - 1 else None
        if member is None:
            return text
        text = layout.removed(members, member)


def _in_place(old: JsonObject, new: JsonObject) -> bool:
    """Changing member by member gives ``new`` in the order it was given in."""
    return [key for key in old if key in new] + [key for key in new if key not in old] == list(new)


def _same(one: Json, other: Json) -> bool:
    """Written alike: 1, 1.0 and true are equal to Python only."""
    return json.dumps(one) == json.dumps(other)


def _nested(path: KeyPath, value: Json) -> Json:
    for key in reversed(path):
        value = {key: value}
    return value


def _refuse_nan(value: Json) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise ConfigError("NaN and infinite numbers are not JSON", hint="use null, or a string") from None
