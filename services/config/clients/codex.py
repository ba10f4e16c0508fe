"""Codex: ``[mcp_servers.NAME]`` in ``config.toml``.

Shape: https://developers.openai.com/codex/mcp and
https://github.com/openai/codex/blob/main/docs/config.md (``bearer_token_env_var``, ``env_http_headers``,
``startup_timeout_sec``, ``tool_timeout_sec``). Its texts hold no references to variables: where one is meant, a
field of its own names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...models import Json, JsonObject, as_list, as_object, as_text
from ..models import Format
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    APPROVAL,
    COMMON,
    TOOLS,
    cannot_have,
    guessed_type,
    kind_of,
    read_oauth,
    read_seconds,
    read_switch,
    scope_list,
    seconds,
    stdio_fields,
    written_oauth,
)
from .toml_writer import toml_tables
from .variables import LITERAL, SAME, literally

KEY = "mcp_servers"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BEARER = re.compile(r"Bearer \$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _spots(machine: Machine) -> Iterator[Spot]:
    yield Spot(machine.project / ".codex" / "config.toml", (KEY,), shared=True, format=Format.TOML)
    home = machine.moved("CODEX_HOME") or machine.home / ".codex"
    yield Spot(home / "config.toml", (KEY,), format=Format.TOML)


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    url = foreign.take("url")
    if url is not None:
        entry["type"], entry["url"] = (guessed_type(url) if isinstance(url, str) else "http"), url
    plain = [entry.get(key) for key in ("command", "args", "env", "cwd", "url")]
    literally(LITERAL.inward, foreign.notes, *plain, foreign.raw.get("http_headers"))
    headers = _read_headers(foreign)
    if headers is not None:
        entry["headers"] = headers
    passed_on = [name for item in as_list(foreign.take("env_vars")) if (name := _variable(item))]
    if passed_on and isinstance(entry.get("env", {}), dict):
        entry["env"] = {**as_object(entry.get("env")), **{name: f"${{{name}}}" for name in passed_on}}
    read_seconds(foreign, entry, "tool_timeout_sec")
    read_switch(foreign, entry)
    oauth = as_object(foreign.take("oauth"))
    read_oauth(entry, foreign.notes, oauth.get("client_id"), foreign.take("scopes"), None)
    waits = "how long connecting may take is said once, in MCP_TIMEOUT"
    foreign.drop(
        {
            "startup_timeout_sec": waits,
            "startup_timeout_ms": waits,
            "enabled_tools": TOOLS,
            "disabled_tools": TOOLS,
            "default_tools_approval_mode": APPROVAL,
            "tools": APPROVAL,
            "oauth_resource": "the server's metadata says it",
            "bearer_token": "write it as a header with a variable",
        }
    )
    foreign.ignore("required", "supports_parallel_tool_calls", "environment_id", "name")
    return entry


def _variable(item: Json) -> str | None:
    """A name in ``env_vars``: a text, or an object that also says where the variable comes from."""
    return as_text(item) or as_text(as_object(item).get("name"))


def _read_headers(foreign: Foreign) -> Json:
    plain, from_env, token = (
        foreign.take(name) for name in ("http_headers", "env_http_headers", "bearer_token_env_var")
    )
    if plain is not None and not isinstance(plain, dict):
        return plain
    headers: JsonObject = dict(as_object(plain))
    for name, variable in as_object(from_env).items():
        headers[name] = f"${{{variable}}}"
    if isinstance(token, str) and token:
        headers["Authorization"] = f"Bearer ${{{token}}}"
    return headers or None


def _write(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http"):
        return None
    written = _written_program(entry) if kind_of(entry) == "stdio" else _written_remote(entry, notes)
    timeout = seconds(entry, notes, whole=False)
    if timeout is not None:
        written["tool_timeout_sec"] = timeout
    if entry.get("disabled") is True:
        written["enabled"] = False
    plain = [written.get(key) for key in ("command", "args", "env", "cwd", "url", "http_headers")]
    literally(LITERAL.outward, notes, *plain)
    return written


def _written_program(entry: JsonObject) -> JsonObject:
    written = stdio_fields(entry)
    env = written.pop("env", None)
    if isinstance(env, dict):
        passed_on: list[Json] = [name for name, value in env.items() if value == f"${{{name}}}"]
        kept = {name: value for name, value in env.items() if name not in passed_on}
        if kept or not passed_on:
            written["env"] = kept
        if passed_on:
            written["env_vars"] = passed_on
    return written


def _written_remote(entry: JsonObject, notes: Notes) -> JsonObject:
    written: JsonObject = {"url": entry.get("url")}
    plain: JsonObject = {}
    from_env: JsonObject = {}
    for name, value in as_object(entry.get("headers")).items():
        text = as_text(value) or ""
        token, reference = _BEARER.fullmatch(text), _REFERENCE.fullmatch(text)
        if token and name == "Authorization":
            written["bearer_token_env_var"] = token[1]
        elif reference:
            from_env[name] = reference[1]
        else:
            plain[name] = value
    if plain:
        written["http_headers"] = plain
    if from_env:
        written["env_http_headers"] = from_env
    oauth = written_oauth(entry, notes, {"clientId": str, "scopes": scope_list})
    if "scopes" in oauth:
        written["scopes"] = oauth["scopes"]
    if "clientId" in oauth:
        written["oauth"] = {"client_id": oauth["clientId"]}
    return written


def _render(servers: Mapping[str, JsonObject]) -> str:
    return toml_tables(KEY, servers)


CODEX = Client(
    id="codex",
    title="Codex",
    docs="https://developers.openai.com/codex/mcp",
    spots=_spots,
    syntax=SAME,
    read=_read,
    write=_write,
    render=_render,
    known=COMMON | {"disabled", "oauth", "timeout"},
)
