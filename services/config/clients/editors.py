"""Cursor, Windsurf and Cline: the ``mcpServers`` family, each with words of its own.

Shapes: https://cursor.com/docs/context/mcp (``${env:X}``, ``envFile``, ``auth``),
https://docs.windsurf.com/windsurf/cascade/mcp (``serverUrl``, ``disabledTools``) and
https://docs.cline.bot/mcp/configuring-mcp-servers (``autoApprove``, ``disabled``, ``timeout`` in seconds).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...models import JsonObject, as_object, as_text
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    APPROVAL,
    COMMON,
    TOOLS,
    TYPES,
    cannot_have,
    guessed_type,
    kind_of,
    read_oauth,
    read_remote,
    read_seconds,
    read_switch,
    say_disabled,
    say_guess,
    scope_list,
    seconds,
    stdio_fields,
    under,
    written_oauth,
)
from .variables import COLON
from .vscode import user_folders

_KEY = "mcpServers"
_ENV_FILE = 'put its variables into the environment, or into "env"'


def _url_and_headers(entry: JsonObject, url: str = "url") -> JsonObject:
    written: JsonObject = {url: entry.get("url")}
    if "headers" in entry:
        written["headers"] = entry["headers"]
    return written


# -- Cursor


def _cursor_spots(machine: Machine) -> Iterator[Spot]:
    yield Spot(machine.project / ".cursor" / "mcp.json", (_KEY,), shared=True)
    yield Spot(machine.home / ".cursor" / "mcp.json", (_KEY,))


def _read_cursor(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    read_remote(foreign, entry, "url", "serverUrl", types=TYPES)
    auth = as_object(foreign.take("auth"))
    read_oauth(entry, foreign.notes, auth.get("CLIENT_ID"), auth.get("scopes"), auth.get("CLIENT_SECRET"))
    read_switch(foreign, entry)
    foreign.drop({"envFile": _ENV_FILE, "autoApprove": APPROVAL})
    return entry


def _write_cursor(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    say_disabled(entry, notes)
    if kind_of(entry) == "stdio":
        return stdio_fields(entry)
    written = _url_and_headers(entry)
    if guessed_type(as_text(entry.get("url")) or "") != kind_of(entry):
        written = {"type": kind_of(entry), **written}
    auth = written_oauth(entry, notes, {"clientId": str, "scopes": scope_list})
    if auth:
        names = {"clientId": "CLIENT_ID", "scopes": "scopes"}
        written["auth"] = {names[key]: value for key, value in auth.items()}
    return written


# -- Windsurf


def _windsurf_spots(machine: Machine) -> Iterator[Spot]:
    for folder in (("windsurf",), ("windsurf-next",), ()):
        yield Spot(machine.home.joinpath(".codeium", *folder, "mcp_config.json"), (_KEY,))


def _read_windsurf(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    read_remote(foreign, entry, "serverUrl", "url", types=TYPES)
    read_switch(foreign, entry)
    foreign.drop({"disabledTools": TOOLS, "alwaysAllow": APPROVAL, "envFile": _ENV_FILE})
    return entry


def _write_windsurf(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    if kind_of(entry) == "stdio":
        if "cwd" in entry:
            notes.add('Windsurf has no "cwd": use absolute paths')
        written = stdio_fields(entry, "command", "args", "env")
    else:
        say_guess(entry, notes)
        written = _url_and_headers(entry, "serverUrl")
    if entry.get("disabled") is True:
        written["disabled"] = True
    return written


# -- Cline: one file that its extension and its command line share; before that, one in each editor's own storage

_CLINE_FILE = "cline_mcp_settings.json"


def _cline_spots(machine: Machine) -> Iterator[Spot]:
    moved = machine.moved("CLINE_MCP_SETTINGS_PATH")
    if moved is not None:
        yield Spot(moved, (_KEY,))
        return
    data = machine.moved("CLINE_DATA_DIR") or (machine.moved("CLINE_DIR") or machine.home / ".cline") / "data"
    yield Spot(data / "settings" / _CLINE_FILE, (_KEY,))
    for folder in user_folders(machine):
        yield Spot(folder / "globalStorage" / "saoudrizwan.claude-dev" / "settings" / _CLINE_FILE, (_KEY,))


def _read_cline(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    transport = as_object(foreign.raw.get("transport"))
    if transport:  # the newer way: what the transport needs stands in an object of its own
        foreign.ignore("transport")
        inner = Foreign(transport, foreign.notes)
        entry = _read_cline(inner)
        inner.finish()
    foreign.copy(entry, "command", "args", "env", "cwd")
    if "url" in foreign.raw and foreign.raw.get("type") is None:
        foreign.ignore("type")
        entry["type"] = "sse"  # Cline's own default for a URL without a type
        foreign.copy(entry, "url", "headers")
    elif not transport or "url" in foreign.raw:
        read_remote(foreign, entry, "url", types=TYPES)
    read_switch(foreign, entry)
    read_seconds(foreign, entry, "timeout")
    foreign.drop({"autoApprove": APPROVAL, "alwaysAllow": APPROVAL})
    foreign.ignore("remoteConfigured", "metadata", "oauth")
    return entry


def _write_cline(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    kind = kind_of(entry)
    if kind == "stdio":
        written = stdio_fields(entry)
    else:
        written = {"type": "streamableHttp" if kind == "http" else "sse", **_url_and_headers(entry)}
    timeout = seconds(entry, notes)
    if timeout is not None:
        written["timeout"] = timeout
    if entry.get("disabled") is True:
        written["disabled"] = True
    return written


CURSOR = Client(
    id="cursor",
    title="Cursor",
    docs="https://cursor.com/docs/context/mcp",
    spots=_cursor_spots,
    syntax=COLON,
    read=_read_cursor,
    write=_write_cursor,
    render=under(_KEY),
    known=COMMON | {"disabled", "oauth"},
)
WINDSURF = Client(
    id="windsurf",
    title="Windsurf",
    docs="https://docs.windsurf.com/windsurf/cascade/mcp",
    spots=_windsurf_spots,
    syntax=COLON,
    read=_read_windsurf,
    write=_write_windsurf,
    render=under(_KEY),
    known=COMMON | {"disabled"},
)
CLINE = Client(
    id="cline",
    title="Cline",
    docs="https://docs.cline.bot/mcp/configuring-mcp-servers",
    spots=_cline_spots,
    syntax=COLON,
    read=_read_cline,
    write=_write_cline,
    render=under(_KEY),
    known=COMMON | {"disabled", "timeout"},
)
