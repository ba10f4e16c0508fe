"""How each client writes a variable in its file, and how that is written here.

Owns the translation of texts between ``${VAR}`` / ``${VAR:-default}`` and a client's own syntax. Never
looks a variable up: values are put in when a server starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ...models import Json, JsonObject
from ..expand import REFERENCE
from .notes import Notes

TRANSLATED = ("command", "args", "env", "cwd", "url", "headers", "oauth")
"""The fields of our shape in which variables are put in."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLON = re.compile(r"\$\{([^{}$]*)\}")
_DOLLAR = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_BRACE = re.compile(r"\{(env|file):([^{}]*)\}")
_WORKSPACE = ("workspaceFolder", "workspaceRoot")


@dataclass(frozen=True, slots=True)
class Syntax:
    """``inward`` reads a text of the client, ``outward`` writes one of ours for it."""

    inward: Callable[[str, Notes], str]
    outward: Callable[[str, Notes], str]


Change: TypeAlias = Callable[[str, Notes], str]


def translated(entry: JsonObject, change: Change, of_headers: Change, notes: Notes) -> JsonObject:
    """``entry`` (our shape) with every text changed in which variables are put in."""
    return {
        key: _changed(value, of_headers if key == "headers" else change, notes) if key in TRANSLATED else value
        for key, value in entry.items()
    }


def _changed(value: Json, change: Change, notes: Notes) -> Json:
    match value:
        case str():
            return change(value, notes)
        case list():
            return [change(item, notes) if isinstance(item, str) else item for item in value]
        case dict():
            return {key: _changed(item, change, notes) for key, item in value.items()}
        case _:
            return value


def variable_name(text: str) -> str:
    """A name that the environment can hold: ``github-token`` becomes ``GITHUB_TOKEN``."""
    if re.fullmatch(r"[A-Z_][A-Z0-9_]*", text):
        return text
    name = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)).strip("_").upper()
    return f"_{name}" if not name or name[0].isdigit() else name


# -- none: the client passes every text on as it stands


def _literal_in(text: str, notes: Notes) -> str:
    match = REFERENCE.search(text)
    if match:
        notes.add(f"{match.group()} is replaced by the variable's value here; {notes.client} passes it on as it stands")
    return text


def _literal_out(text: str, notes: Notes) -> str:
    for match in REFERENCE.finditer(text):
        notes.add(f"{notes.client} puts no variables in here: write the value in the place of {match.group()}")
    return text


def literally(change: Change, notes: Notes, *values: Json) -> None:
    """Say what ``change`` (of ``LITERAL``) finds in the texts of ``values``; nothing is changed by it."""
    for value in values:
        _changed(value, change, notes)


# -- ${VAR}, as here


def _same(text: str, _: Notes) -> str:
    return text


# -- ${env:VAR}, ${input:ID}, ${workspaceFolder} …


def _colon_in(text: str, notes: Notes) -> str:
    def value(match: re.Match[str]) -> str:
        kind, colon, name = match[1].partition(":")
        if not colon:
            return _predefined(match, notes)
        if kind == "env" and _NAME.fullmatch(name):
            return f"${{{name}}}"
        if kind == "input" and name:
            notes.add(f"{notes.client} asks for “{name}”: set the variable {variable_name(name)}")
            return f"${{{variable_name(name)}}}"
        notes.add(f"{match.group()} has no counterpart here: put its value in its place")
        return match.group()

    return _COLON.sub(value, text) if "${" in text else text


def _predefined(match: re.Match[str], notes: Notes) -> str:
    name = match[1]
    if name in _WORKSPACE:
        if match.string[: match.start()].endswith("://"):
            notes.add(f"{match.group()} inside a URL has no counterpart here: put the folder's path in its place")
            return match.group()
        notes.add(f'{match.group()} became ".": a server runs in the project\'s folder')
        return "."
    if name == "userHome":
        return "${HOME}"
    if name in ("pathSeparator", "/"):
        return "/"
    if REFERENCE.fullmatch(match.group()):
        return _literal_in(match.group(), notes) if name not in _OTHERS else _no_counterpart(match.group(), notes)
    return match.group()


_OTHERS = ("workspaceFolderBasename", "fileBasename", "file", "cwd", "execPath", "relativeFile", "userDataDir")


def _no_counterpart(text: str, notes: Notes) -> str:
    notes.add(f"{text} has no counterpart here: put its value in its place")
    return text


def _colon_out(text: str, notes: Notes) -> str:
    return _replaced(text, lambda name: f"${{env:{name}}}", notes)


# -- $VAR and ${VAR}


def _dollar_in(text: str, notes: Notes) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name.isupper():
            return f"${{{name}}}"
        # A password may well hold a dollar sign; variables are written in capitals nearly everywhere.
        notes.add(f"{match.group()} stays as it stands: write ${{{name}}} if a variable is meant")
        return match.group()

    return _DOLLAR.sub(value, text) if "$" in text else text


def _dollar_out(text: str, notes: Notes) -> str:
    match = _DOLLAR.search(text)
    if match:
        notes.add(f"{notes.client} would put a variable in for {match.group()}")
    return text


# -- in braces, with no dollar sign


def _brace_in(text: str, notes: Notes) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] == "env" and _NAME.fullmatch(match[2]):
            return f"${{{match[2]}}}"
        notes.add(f"{match.group()} has no counterpart here: put its value in its place")
        return match.group()

    return _BRACE.sub(value, _literal_in(text, notes)) if "{" in text else text


def _brace_out(text: str, notes: Notes) -> str:
    return _replaced(text, lambda name: f"{{env:{name}}}", notes)


def _replaced(text: str, reference: Callable[[str], str], notes: Notes) -> str:
    """``text`` with our references written by ``reference``, which has no way to say a default."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        if default is not None:
            notes.add(f"{notes.client} knows no default for {name}: set the variable")
        return reference(name)

    return REFERENCE.sub(value, text)


LITERAL = Syntax(_literal_in, _literal_out)
SAME = Syntax(_same, _same)
"""As here; or what a text means depends on its field, and the client's room looks after it with ``literally``."""
COLON = Syntax(_colon_in, _colon_out)
DOLLAR = Syntax(_dollar_in, _dollar_out)
BRACE = Syntax(_brace_in, _brace_out)
