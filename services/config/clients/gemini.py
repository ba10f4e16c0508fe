"""Gemini CLI: ``mcpServers`` in ``settings.json``, where the name of the URL's field is the transport.

Shape: https://geminicli.com/docs/tools/mcp-server/ (``url`` is HTTP+SSE, ``httpUrl`` Streamable HTTP, a ``type``
beside ``url`` says otherwise) and https://geminicli.com/docs/reference/configuration/ (files, variables).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...models import JsonObject, as_object
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    APPROVAL,
    COMMON,
    TOOLS,
    TYPES,
    cannot_have,
    kind_of,
    read_oauth,
    read_switch,
    say_disabled,
    scope_list,
    stdio_fields,
    under,
    written_oauth,
)
from .variables import DOLLAR

_KEY = "mcpServers"
_SYSTEM = {
    "darwin": "/Library/Application Support/GeminiCli/settings.json",
    "win32": "C:\\ProgramData\\gemini-cli\\settings.json",
}
_LOGIN = "mcpdeck signs in by itself where a server asks for it"


def _spots(machine: Machine) -> Iterator[Spot]:
    system = _SYSTEM.get(machine.platform, "/etc/gemini-cli/settings.json")
    yield Spot(machine.moved("GEMINI_CLI_SYSTEM_SETTINGS_PATH") or Path(system), (_KEY,), system=True)
    yield Spot(machine.project / ".gemini" / "settings.json", (_KEY,), shared=True)
    yield Spot((machine.moved("GEMINI_CLI_HOME") or machine.home) / ".gemini" / "settings.json", (_KEY,))


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    http, url, tcp, word = (foreign.take(name) for name in ("httpUrl", "url", "tcp", "type"))
    if http is not None:  # it wins over "url" there too
        entry["type"], entry["url"] = "http", http
    elif url is not None:
        entry["type"] = TYPES.get(word, word) if isinstance(word, str) else "sse"
        entry["url"] = url
    elif tcp is not None:
        entry["type"], entry["url"] = "ws", tcp
    elif isinstance(word, str) and word != "stdio":
        entry["type"] = word
    foreign.copy(entry, "headers", "timeout")
    oauth = as_object(foreign.take("oauth"))
    read_oauth(entry, foreign.notes, oauth.get("clientId"), oauth.get("scopes"), oauth.get("clientSecret"))
    read_switch(foreign, entry)
    foreign.drop(
        {
            "trust": APPROVAL,
            "includeTools": TOOLS,
            "excludeTools": TOOLS,
            "authProviderType": _LOGIN,
            "targetAudience": _LOGIN,
            "targetServiceAccount": _LOGIN,
        }
    )
    foreign.ignore("description", "extensionName", "extension")
    return entry


def _write(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse", "ws"):
        return None
    say_disabled(entry, notes)
    kind = kind_of(entry)
    if kind == "stdio":
        written = stdio_fields(entry)
    else:
        written = {{"http": "httpUrl", "sse": "url", "ws": "tcp"}[kind]: entry.get("url")}
        if "headers" in entry:
            written["headers"] = entry["headers"]
        oauth = written_oauth(entry, notes, {"clientId": str, "scopes": scope_list})
        if oauth:
            written["oauth"] = {"enabled": True, **oauth}
    if "timeout" in entry:
        written["timeout"] = entry["timeout"]
    return written


GEMINI = Client(
    id="gemini",
    title="Gemini CLI",
    docs="https://geminicli.com/docs/tools/mcp-server/",
    spots=_spots,
    syntax=DOLLAR,
    read=_read,
    write=_write,
    render=under(_KEY),
    known=COMMON | {"disabled", "oauth", "timeout"},
)
