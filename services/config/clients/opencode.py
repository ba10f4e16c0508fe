"""opencode: ``mcp`` in ``opencode.json`` or ``opencode.jsonc``.

Shape: https://opencode.ai/docs/mcp-servers (type ``local`` or ``remote``, ``command`` as one array,
``environment``, ``enabled``, ``{env:X}``) and https://opencode.ai/v2/docs/mcp-servers/, where the servers stand one
level deeper, under ``mcp.servers``, and are switched off with ``disabled``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...models import Json, JsonObject, as_list, as_object
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    COMMON,
    TYPES,
    cannot_have,
    guessed_type,
    kind_of,
    read_oauth,
    read_switch,
    say_guess,
    under,
    written_oauth,
)
from .variables import BRACE

_NAMES = ("opencode.jsonc", "opencode.json")


def _spots(machine: Machine) -> Iterator[Spot]:
    named = machine.moved("OPENCODE_CONFIG")
    if named is not None:
        yield from _both(named, shared=False)
    for folder in (machine.project / ".opencode", machine.project):
        for name in _NAMES:
            yield from _both(folder / name, shared=True)
    own = machine.moved("OPENCODE_CONFIG_DIR")
    for folder in (*((own,) if own else ()), machine.xdg / "opencode"):
        for name in (*_NAMES, "config.json"):
            yield from _both(folder / name, shared=False)


def _both(path: Path, *, shared: bool) -> Iterator[Spot]:
    """The servers of either version of the shape: the deeper ones first, which are the newer."""
    yield Spot(path, ("mcp", "servers"), shared=shared)
    yield Spot(path, ("mcp",), shared=shared)


def is_group(name: str, value: Json) -> bool:
    """Whether ``value`` under ``mcp`` holds the servers of the newer shape, and is no server itself."""
    fields = as_object(value)
    return name == "servers" and "type" not in fields and all(isinstance(item, dict) for item in fields.values())


def _refuse(raw: JsonObject) -> str | None:
    if "command" not in raw and "url" not in raw and ("enabled" in raw or "disabled" in raw):
        return "it only switches a server of the organisation on or off"
    return None


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    word, command, url = foreign.take("type"), foreign.take("command"), foreign.take("url")
    if isinstance(command, list):
        if command:
            entry["command"], entry["args"] = command[0], command[1:]
            if not command[1:]:
                del entry["args"]
    elif command is not None:
        entry["command"] = command
    foreign.copy(entry, "args", "cwd")
    env = foreign.take("environment", "env")
    if env is not None:
        entry["env"] = env
    if url is not None:
        kind = TYPES.get(word, word) if isinstance(word, str) else "remote"
        guessed = guessed_type(url) if isinstance(url, str) else "http"
        entry["type"], entry["url"] = (guessed if kind == "remote" else kind), url
    elif isinstance(word, str) and word not in ("local", "remote", "stdio"):
        entry["type"] = word
    foreign.copy(entry, "headers")
    oauth = as_object(foreign.take("oauth"))
    read_oauth(entry, foreign.notes, oauth.get("clientId"), oauth.get("scope"), oauth.get("clientSecret"))
    read_switch(foreign, entry)
    foreign.drop({"timeout": "how long connecting may take is said once, in MCP_TIMEOUT"})
    return entry


def _write(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    if kind_of(entry) == "stdio":
        written: JsonObject = {"type": "local", "command": [entry.get("command"), *as_list(entry.get("args"))]}
        if "env" in entry:
            written["environment"] = entry["env"]
        if "cwd" in entry:
            written["cwd"] = entry["cwd"]
    else:
        say_guess(entry, notes)
        written = {"type": "remote", "url": entry.get("url")}
        if "headers" in entry:
            written["headers"] = entry["headers"]
        oauth = written_oauth(entry, notes, {"clientId": str, "scopes": str})
        if oauth:
            names = {"clientId": "clientId", "scopes": "scope"}
            written["oauth"] = {names[key]: value for key, value in oauth.items()}
    written["enabled"] = entry.get("disabled") is not True
    return written


OPENCODE = Client(
    id="opencode",
    title="opencode",
    docs="https://opencode.ai/docs/mcp-servers",
    spots=_spots,
    syntax=BRACE,
    read=_read,
    write=_write,
    render=under("mcp"),
    known=COMMON | {"disabled", "oauth"},
    refuse=_refuse,
    remark='opencode 2 has its servers under "mcp": {"servers": {…}}, and "disabled": true for "enabled": false',
)
