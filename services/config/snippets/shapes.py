"""Which client's shape a JSON value has, and the servers in it.

Owns the keys and fields that give a client away. Never translates itself: the client's table does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...models import Json, JsonObject, as_object, as_text
from ..clients import BY_ID, holds_servers
from ..clients.shape import TYPES, guessed_type
from ..clients.vscode import inputs_of, inputs_used
from .pasted import Piece, Snippet

GENERIC = "claude-code"
"""The shape that most READMEs show, which is ours."""

_MARKS = ("command", "url", "serverUrl", "httpUrl", "cmd", "uri", "tcp")
_MOST = 200
_PLACEHOLDER = re.compile(
    r"<[^<>]+>|\b(?:YOUR|MY|REPLACE|INSERT)[_ -]|\bx{4,}\b|\.\.\.|…|your[-_ ](?:api|token|key)", re.IGNORECASE
)
_SPACES = re.compile(r"\s")
_LAUNCHERS = re.compile(r"(?:npx|uvx|bunx|node|python\d?|docker|uv|deno|bun|pnpm|pipx)\s")


@dataclass(frozen=True, slots=True)
class _Found:
    name: str | None
    raw: Json
    client: str


def snippets_of(value: Json, piece: Piece) -> tuple[Snippet, ...]:
    """The servers in ``value``. Raises ``ConfigSyntaxError`` when there is none."""
    if not isinstance(value, dict):
        raise piece.problem("it holds no object", 'write {"mcpServers": {…}}')
    found = list(_found(value))
    if not found:
        keys = ", ".join(f'"{key}"' for key in list(value)[:5]) or "nothing"
        raise piece.problem(
            f"there is no server in it, only {keys}",
            'an entry has a "command" or a "url"; paste one, or {"mcpServers": {…}}',
        )
    if len(found) > _MOST:
        raise piece.problem(f"there are more than {_MOST} servers in it", "paste fewer", None)
    inputs = inputs_of(value.get("inputs"))
    return tuple(_snippet(item, inputs) for item in found)


def snippet(name: str | None, raw: Json, client: str, *lints: str) -> Snippet:
    """One entry as ``client`` writes it, in our shape."""
    done = _snippet(_Found(name, raw, client), {})
    return Snippet(done.name, done.value, done.client, (*lints, *done.lints))


def _snippet(found: _Found, inputs: object) -> Snippet:
    value, lints = BY_ID[found.client].to_entry(found.raw)
    said = list(lints)
    if isinstance(inputs, dict) and inputs:
        unknown = [name for name in inputs_used(found.raw) if name not in inputs]
        said += [f"no input is called “{name}”" for name in unknown]
    said += _repaired(value)
    said += _placeholders(value)
    return Snippet(found.name, value, found.client, tuple(dict.fromkeys(said)))


# -- where the servers stand


def _found(top: JsonObject) -> Iterator[_Found]:
    if _is_entry(top):
        yield _Found(as_text(top.get("name")), {key: item for key, item in top.items() if key != "name"}, _client(top))
        return
    known = False
    for key, value in top.items():
        for client, servers in _servers_under(key, value):
            known = True
            for name, raw in servers.items():
                yield _Found(name, raw, client or _client(raw))
    if known:
        return
    if top and any(_is_entry(item) for item in top.values()) and all(isinstance(item, dict) for item in top.values()):
        for name, raw in top.items():
            yield _Found(name, raw, _client(raw))
        return
    for value in top.values():  # one level further down: {"settings": {"mcpServers": …}}, projects of ~/.claude.json
        for inner in (as_object(value), *map(as_object, as_object(value).values())):
            for key in ("mcpServers", "context_servers", "mcp_servers"):
                for client, servers in _servers_under(key, inner.get(key)):
                    for name, raw in servers.items():
                        yield _Found(name, raw, client or _client(raw))


def _servers_under(key: str, value: Json) -> Iterator[tuple[str | None, JsonObject]]:
    """The servers that stand under a key of the top; the client is None where each entry has to say it."""
    servers = as_object(value)
    match key:
        case "mcpServers":
            yield None, servers
        case "servers" if servers:
            yield "vscode", servers
        case "mcp.servers":
            yield "vscode", servers
        case "context_servers":
            yield "zed", servers
        case "mcp_servers":
            yield "codex", servers
        case "extensions" if any("cmd" in as_object(raw) or "type" in as_object(raw) for raw in servers.values()):
            yield "goose", servers
        case "mcp" if servers:
            yield from _under_mcp(servers)
        case _:
            if key.endswith(".mcpServers"):
                yield None, servers


def _under_mcp(servers: JsonObject) -> Iterator[tuple[str | None, JsonObject]]:
    """VS Code's ``mcp.servers``, or either shape of opencode."""
    group = servers.get("servers")
    if isinstance(group, dict) and holds_servers("opencode", "servers", group):
        local = any(as_object(raw).get("type") in ("local", "remote") for raw in group.values())
        yield ("opencode" if local else "vscode"), group
    elif "mcpServers" in servers:
        yield None, as_object(servers["mcpServers"])
    else:
        entries: JsonObject = {name: raw for name, raw in servers.items() if isinstance(raw, dict)}
        if any(_is_entry(raw) for raw in entries.values()):
            yield "opencode", entries


def _is_entry(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    return any(isinstance(value.get(mark), str | list) for mark in _MARKS) or (
        isinstance(value.get("command"), dict) and "path" in as_object(value.get("command"))
    )


def _client(raw: Json) -> str:
    """Whose words the fields of an entry are."""
    fields = as_object(raw)
    if "serverUrl" in fields:
        return "windsurf"
    if "httpUrl" in fields or "includeTools" in fields or "excludeTools" in fields or "trust" in fields:
        return "gemini"
    if isinstance(fields.get("command"), list) or "environment" in fields or fields.get("type") in ("local", "remote"):
        return "opencode"
    if "cmd" in fields or "uri" in fields or "envs" in fields:
        return "goose"
    if isinstance(fields.get("command"), dict) or "context_servers" in fields:
        return "zed"
    if "autoApprove" in fields or "alwaysAllow" in fields or fields.get("type") == "streamableHttp":
        return "cline"
    if any(
        key in fields for key in ("bearer_token_env_var", "env_http_headers", "http_headers", "startup_timeout_sec")
    ):
        return "codex"
    text = json.dumps(fields)
    if "${input:" in text:
        return "vscode"
    if "${env:" in text or "${workspaceFolder}" in text or "envFile" in fields or "auth" in fields:
        return "cursor"
    return GENERIC


# -- what people get wrong


def _repaired(entry: JsonObject) -> Iterator[str]:
    """Corrects in place what an entry of ours would be refused for, and says so."""
    kind = entry.get("type")
    if isinstance(kind, str) and kind in TYPES:
        entry["type"] = TYPES[kind]
    url = entry.get("url")
    if isinstance(url, str) and "type" not in entry and "command" not in entry:
        entry["type"] = guessed_type(url)
        yield f'it says no "type": taken for {entry["type"]}'
    command = entry.get("command")
    if isinstance(command, str) and not entry.get("args") and _LAUNCHERS.match(command):
        program, *args = command.split()
        entry["command"], entry["args"] = program, [*args]
        yield 'the whole command line stood in "command": it was taken apart at the blanks'


def _placeholders(entry: JsonObject) -> Iterator[str]:
    """Texts that stand for something that a person has to put in."""
    for key in ("env", "headers"):
        for name, text in as_object(entry.get(key)).items():
            if isinstance(text, str) and _PLACEHOLDER.search(text) and "${" not in text:
                yield f'"{name}" looks like a placeholder: put your own value in'
    args = entry.get("args")
    for text in args if isinstance(args, list) else []:
        if isinstance(text, str) and re.search(r"(?i)path/to|<[^<>\s]+>|\byour[-_]", text):
            yield f"{text!r} looks like a placeholder: put your own value in"
