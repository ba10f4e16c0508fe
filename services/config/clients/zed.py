"""Zed: ``context_servers`` in ``settings.json``.

Shape: https://zed.dev/docs/ai/mcp (``command`` as a text with ``args`` and ``env`` beside it, or ``url`` and
``headers``; in older files ``command`` is an object with ``path``, ``args`` and ``env``). An entry with nothing but
``settings`` configures a server that an extension brings.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...models import JsonObject, as_object
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    COMMON,
    cannot_have,
    guessed_type,
    kind_of,
    read_oauth,
    read_seconds,
    read_switch,
    say_guess,
    seconds,
    stdio_fields,
    under,
    written_oauth,
)
from .variables import LITERAL

_KEY = "context_servers"


def _spots(machine: Machine) -> Iterator[Spot]:
    yield Spot(machine.project / ".zed" / "settings.json", (_KEY,), shared=True)
    if machine.platform == "win32":
        folder = machine.app_data
    elif machine.platform == "darwin":
        folder = machine.home / ".config"
    else:
        folder = machine.moved("FLATPAK_XDG_CONFIG_HOME") or machine.xdg
    yield Spot(folder / ("Zed" if machine.platform == "win32" else "zed") / "settings.json", (_KEY,))


def _refuse(raw: JsonObject) -> str | None:
    if raw.get("command") is None and raw.get("url") is None:
        return "an extension of Zed brings it, and only its settings stand here"
    return None


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    command = foreign.take("command")
    if isinstance(command, dict):
        inner = Foreign(command, foreign.notes)
        path = inner.take("path")
        if path is not None:
            entry["command"] = path
        inner.copy(entry, "args", "env")
        read_seconds(inner, entry, "timeout")
        inner.finish()
    elif command is not None:
        entry["command"] = command
    foreign.copy(entry, "args", "env", "cwd")
    url = foreign.take("url")
    if url is not None:
        entry["type"], entry["url"] = (guessed_type(url) if isinstance(url, str) else "http"), url
    foreign.copy(entry, "headers")
    oauth = as_object(foreign.take("oauth"))
    read_oauth(entry, foreign.notes, oauth.get("client_id"), oauth.get("scopes"), oauth.get("client_secret"))
    read_seconds(foreign, entry, "timeout")
    read_switch(foreign, entry)
    foreign.drop(
        {
            "remote": "a server runs on the machine that mcpdeck runs on",
            "settings": "they are for an extension of Zed",
        }
    )
    foreign.ignore("source", "type")
    return entry


def _write(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    if kind_of(entry) == "stdio":
        if "cwd" in entry:
            notes.add('Zed has no "cwd": use absolute paths')
        written: JsonObject = {"command": None, "args": [], **stdio_fields(entry, "command", "args", "env")}
    else:
        say_guess(entry, notes)
        written = {"url": entry.get("url")}
        if "headers" in entry:
            written["headers"] = entry["headers"]
        oauth = written_oauth(entry, notes, {"clientId": str})
        if oauth:
            written["oauth"] = {"client_id": oauth["clientId"]}
    timeout = seconds(entry, notes)
    if timeout is not None:
        written["timeout"] = timeout
    if entry.get("disabled") is True:
        written["enabled"] = False
    return written


ZED = Client(
    id="zed",
    title="Zed",
    docs="https://zed.dev/docs/ai/mcp",
    spots=_spots,
    syntax=LITERAL,
    read=_read,
    write=_write,
    render=under(_KEY),
    known=COMMON | {"disabled", "oauth", "timeout"},
    refuse=_refuse,
)
