"""Goose: ``extensions`` in ``config.yaml``.

Shape: https://block.github.io/goose/docs/guides/config-files (``type`` stdio, sse, streamable_http, builtin …;
``cmd``, ``envs``, ``env_keys``, ``uri``, ``timeout`` in seconds). ``env_keys`` are names whose values Goose takes
from its own store of secrets or from the environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...models import Json, JsonObject, as_object, as_text
from ...state.text import visible
from ..models import Format
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import COMMON, TOOLS, cannot_have, kind_of, only_strings, read_seconds, read_switch, seconds, words
from .variables import DOLLAR, LITERAL, SAME, literally

KEY = "extensions"
_OWN_TYPES = {
    "builtin": "it is built into Goose",
    "platform": "it is a part of Goose itself",
    "frontend": "its tools are carried out by the Goose desktop application",
    "inline_python": "it is Python code that Goose runs",
}
_TYPES = {"stdio": "stdio", "sse": "sse", "streamable_http": "http"}
_WORDS = {kind: word for word, kind in _TYPES.items()}


def _spots(machine: Machine) -> Iterator[Spot]:
    root = machine.moved("GOOSE_PATH_ROOT")
    if root is not None:
        folder = root / "config"
    elif machine.platform == "win32":
        folder = machine.app_data / "Block" / "goose" / "config"
    else:
        folder = machine.xdg / "goose"
    yield Spot(folder / "config.yaml", (KEY,), format=Format.YAML)


def _refuse(raw: JsonObject) -> str | None:
    kind = as_text(_flat(raw).get("type"))
    return _OWN_TYPES.get(kind) if kind else None


def _flat(raw: JsonObject) -> JsonObject:
    """``config:`` around the fields, which one form of the file has, taken away."""
    inner = raw.get("config")
    return (
        {**{key: value for key, value in raw.items() if key != "config"}, **inner} if isinstance(inner, dict) else raw
    )


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    if isinstance(foreign.raw.get("config"), dict):
        foreign.ignore(*foreign.raw)
        inner = Foreign(_flat(dict(foreign.raw)), foreign.notes)
        entry = _read(inner)
        inner.finish()
        return entry
    kind = foreign.take("type")
    uri = foreign.take("uri", "url")
    if isinstance(kind, str):
        if _TYPES.get(kind, kind) != "stdio":
            entry["type"] = _TYPES.get(kind, kind)
    elif uri is not None:
        entry["type"] = "http"
    command = foreign.take("cmd", "command")
    if command is not None:
        entry["command"] = command
    foreign.copy(entry, "args", "cwd")
    env = foreign.take("envs", "env")
    if env is not None:
        entry["env"] = env
    literally(LITERAL.inward, foreign.notes, command, entry.get("args"), env, uri)
    keys = words(foreign.take("env_keys"))
    if keys and isinstance(entry.get("env", {}), dict):
        entry["env"] = {**as_object(entry.get("env")), **{name: f"${{{name}}}" for name in keys}}
        foreign.notes.add(f"Goose may keep {', '.join(keys)} in its own store of secrets: set it in the environment")
    only_strings(entry, "env", foreign.notes)
    if uri is not None:
        entry["url"] = uri
    foreign.copy(entry, "headers")
    only_strings(entry, "headers", foreign.notes)
    read_seconds(foreign, entry, "timeout")
    read_switch(foreign, entry)
    foreign.drop({"available_tools": TOOLS, "socket": "a socket of this machine has no counterpart here"})
    foreign.ignore("name", "display_name", "description", "bundled")
    return entry


def _write(name: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    kind = kind_of(entry)
    written: JsonObject = {"enabled": entry.get("disabled") is not True, "type": _WORDS[kind], "name": name}
    if kind == "stdio":
        written["cmd"] = entry.get("command")
        if "args" in entry:
            written["args"] = entry["args"]
        literally(LITERAL.outward, notes, entry.get("command"), entry.get("args"))
        if "cwd" in entry:
            notes.add('Goose has no "cwd": use absolute paths')
    else:
        written["uri"] = entry.get("url")
        literally(LITERAL.outward, notes, entry.get("url"))
        if "headers" in entry:
            written["headers"] = entry["headers"]
    env = entry.get("env")
    if isinstance(env, dict):
        asked: list[Json] = [key for key, value in env.items() if value == f"${{{key}}}"]
        kept = {key: value for key, value in env.items() if key not in asked}
        literally(LITERAL.outward, notes, kept)
        if kept or not asked:
            written["envs"] = kept
        if asked:
            written["env_keys"] = asked
    timeout = seconds(entry, notes)
    if timeout is not None:
        written["timeout"] = timeout
    return written


def _render(servers: Mapping[str, JsonObject]) -> str:
    import yaml  # 15 ms, and only for this one client

    document = {KEY: dict(servers)}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    if visible(text) != text:
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=10_000)
    return text.rstrip("\n")


GOOSE = Client(
    id="goose",
    title="Goose",
    docs="https://block.github.io/goose/docs/guides/config-files",
    spots=_spots,
    syntax=SAME,
    headers=DOLLAR,
    read=_read,
    write=_write,
    render=_render,
    known=COMMON | {"disabled", "timeout"},
    refuse=_refuse,
)
