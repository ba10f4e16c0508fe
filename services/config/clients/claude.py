"""Claude Desktop and Claude Code.

Shapes: https://modelcontextprotocol.io/docs/develop/connect-local-servers (``claude_desktop_config.json``) and
https://code.claude.com/docs/en/mcp (``.mcp.json``, ``~/.claude.json``, scopes, ``${VAR:-default}``).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...models import JsonObject
from ..models import Format
from .client import Client, Machine, Spot
from .notes import Foreign, Notes, in_quotes
from .shape import COMMON, TYPES, cannot_have, read_remote, read_switch, say_disabled, stdio_fields, under
from .variables import LITERAL, SAME

_KEY = "mcpServers"


# -- Claude Desktop: stdio only, no variables, no working directory


def _desktop_spots(machine: Machine) -> Iterator[Spot]:
    yield Spot(machine.app_data / "Claude" / "claude_desktop_config.json", (_KEY,), format=Format.JSON)


def _read_desktop(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    read_remote(foreign, entry, "url", types=TYPES)
    read_switch(foreign, entry)
    return entry


def _write_desktop(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio"):
        notes.add("a remote server is added to Claude Desktop under Settings → Connectors")
        return None
    if "cwd" in entry:
        notes.add('Claude Desktop has no "cwd": use absolute paths')
    say_disabled(entry, notes)
    return stdio_fields(entry, "command", "args", "env")


# -- Claude Code: the shape is ours


def _code_spots(machine: Machine) -> Iterator[Spot]:
    folder = machine.moved("CLAUDE_CONFIG_DIR")
    own = (folder or machine.home) / ".claude.json"
    project = str(machine.project)
    yield Spot(own, ("projects", project, _KEY), shared=True, format=Format.JSON)
    yield Spot(machine.project / ".mcp.json", (_KEY,), shared=True, optional=False, format=Format.JSON)
    yield Spot(own, (_KEY,), format=Format.JSON)


def _read_code(foreign: Foreign) -> JsonObject:
    entry: JsonObject = dict(foreign.raw)
    foreign.ignore(*entry)
    return entry


_CODE_HAS = frozenset(("headersHelper", "oauth", "alwaysLoad", "timeout"))
_OAUTH = frozenset(("clientId", "callbackPort", "authServerMetadataUrl", "scopes"))
"""What of ``oauth`` Claude Code has, too."""


def _write_code(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse", "ws"):
        return None
    say_disabled(entry, notes)
    if "cwd" in entry:
        notes.add('Claude Code starts servers in the project\'s folder: it has no "cwd"')
    written = {key: value for key, value in entry.items() if key in (COMMON | _CODE_HAS) - {"cwd"}}
    oauth = written.get("oauth")
    if isinstance(oauth, dict) and not oauth.keys() <= _OAUTH:
        notes.add(f"Claude Code has no {in_quotes([f'oauth.{key}' for key in oauth if key not in _OAUTH])}: left out")
        written["oauth"] = {key: value for key, value in oauth.items() if key in _OAUTH}
    return written


CLAUDE_DESKTOP = Client(
    id="claude-desktop",
    title="Claude Desktop",
    docs="https://modelcontextprotocol.io/docs/develop/connect-local-servers",
    spots=_desktop_spots,
    syntax=LITERAL,
    read=_read_desktop,
    write=_write_desktop,
    render=under(_KEY),
    known=COMMON | {"disabled"},
)
CLAUDE_CODE = Client(
    id="claude-code",
    title="Claude Code",
    docs="https://code.claude.com/docs/en/mcp",
    spots=_code_spots,
    syntax=SAME,
    read=_read_code,
    write=_write_code,
    render=under(_KEY),
    known=COMMON | {"disabled"} | _CODE_HAS,
    native=True,
)
