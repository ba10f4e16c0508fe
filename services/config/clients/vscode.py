"""VS Code: ``servers`` and ``inputs``.

Shape: https://code.visualstudio.com/docs/copilot/reference/mcp-configuration (``mcp.json`` in the user's profile
and in ``.vscode``, before that ``mcp.servers`` in ``settings.json``). What an input asks for is never kept in the
file: here it becomes a variable of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...models import Json, JsonObject, as_list, as_object, as_text
from ...telemetry.redaction import secret_name
from .client import Client, Machine, Spot
from .notes import Foreign, Notes
from .shape import (
    COMMON,
    TYPES,
    cannot_have,
    json_text,
    kind_of,
    only_strings,
    read_oauth,
    read_remote,
    read_switch,
    say_disabled,
    stdio_fields,
    words,
    written_oauth,
)
from .variables import COLON, variable_name

_VARIANTS = ("Code", "Code - Insiders", "VSCodium")
_MOST_PROFILES = 50
_ENV_REFERENCE = re.compile(r"\$\{env:([A-Z_][A-Z0-9_]*)\}")
_INPUT = re.compile(r"\$\{input:([^{}]+)\}")


def user_folders(machine: Machine) -> list[Path]:
    """Where each variant of the editor keeps what belongs to the person."""
    portable = machine.moved("VSCODE_PORTABLE")
    if portable is not None:
        return [portable / "user-data" / "User"]
    return [machine.app_data / variant / "User" for variant in _VARIANTS]


def _spots(machine: Machine) -> Iterator[Spot]:
    folder = machine.project / ".vscode"
    yield Spot(folder / "mcp.json", ("servers",), shared=True)
    yield Spot(folder / "settings.json", ("mcp", "servers"), shared=True)
    for user in user_folders(machine):
        yield Spot(user / "mcp.json", ("servers",))
        yield Spot(user / "settings.json", ("mcp", "servers"))
        for profile in sorted((user / "profiles").glob("*"))[:_MOST_PROFILES]:
            yield Spot(profile / "mcp.json", ("servers",))


@dataclass(frozen=True, slots=True)
class Input:
    """A value that VS Code asks for: ``kind`` is ``promptString``, ``pickString`` or ``command``."""

    id: str
    kind: str
    text: str
    password: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The variable that stands for it here."""
        return variable_name(self.id)


def inputs_of(value: Json) -> dict[str, Input]:
    """The ``inputs`` array of an ``mcp.json``, by id; what is no input is passed over."""
    found: dict[str, Input] = {}
    for item in as_list(value):
        fields = as_object(item)
        name = as_text(fields.get("id"))
        if not name:
            continue
        options = fields.get("options")
        picked = [as_text(as_object(option).get("value")) or as_text(option) for option in as_list(options)]
        found[name] = Input(
            name,
            as_text(fields.get("type")) or "promptString",
            as_text(fields.get("description")) or name,
            fields.get("password") is True,
            as_text(fields.get("default")),
            tuple(text for text in picked if text),
        )
    return found


def inputs_used(raw: Json) -> list[str]:
    """Ids of the inputs that an entry refers to, in order, each once."""
    found: dict[str, None] = {}
    waiting: list[Json] = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.update(dict.fromkeys(_INPUT.findall(value)))
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            waiting += reversed(value.values())
    return list(found)


def _read(foreign: Foreign) -> JsonObject:
    entry: JsonObject = {}
    foreign.copy(entry, "command", "args", "env", "cwd")
    only_strings(entry, "env", foreign.notes)
    read_remote(foreign, entry, "url", types=TYPES)
    oauth = as_object(foreign.take("oauth"))
    read_oauth(entry, foreign.notes, oauth.get("clientId"), oauth.get("scopes"), oauth.get("clientSecret"))
    read_switch(foreign, entry)
    sandbox = 'a sandbox is asked for here with "sandbox"'
    foreign.drop(
        {
            "envFile": 'put its variables into the environment, or into "env"',
            "dev": "it is for the authors of the server",
            "sandboxEnabled": sandbox,
            "sandbox": sandbox,
        }
    )
    foreign.ignore("gallery", "version", "name")
    return entry


def _write(_: str, entry: JsonObject, notes: Notes) -> JsonObject | None:
    if cannot_have(entry, notes, "stdio", "http", "sse"):
        return None
    say_disabled(entry, notes)
    kind = kind_of(entry)
    written: JsonObject = {"type": kind}
    if kind == "stdio":
        written.update(stdio_fields(entry))
    else:
        written["url"] = entry.get("url")
        if "headers" in entry:
            written["headers"] = entry["headers"]
        oauth = written_oauth(entry, notes, {"clientId": str})
        if oauth:
            written["oauth"] = oauth
    return {key: _with_inputs(value, key) for key, value in written.items()}


def _with_inputs(value: Json, name: str) -> Json:
    """A variable that holds a secret becomes an input, which VS Code keeps in its own store.

    A secret it is by its own name, or by that of the header or variable that it fills.
    """
    match value:
        case str():
            return _ENV_REFERENCE.sub(
                lambda match: f"${{input:{match[1]}}}" if secret_name(match[1]) or secret_name(name) else match.group(),
                value,
            )
        case list():
            return [_with_inputs(item, name) for item in value]
        case dict():
            return {key: _with_inputs(item, key) for key, item in value.items()}
        case _:
            return value


def _render(servers: Mapping[str, JsonObject]) -> str:
    asked = inputs_used(list(servers.values()))
    inputs: list[Json] = [
        {"type": "promptString", "id": name, "description": name, "password": True} for name in words([*asked])
    ]
    return json_text(("servers",), servers, {"inputs": inputs} if inputs else None)


VSCODE = Client(
    id="vscode",
    title="VS Code",
    docs="https://code.visualstudio.com/docs/copilot/reference/mcp-configuration",
    spots=_spots,
    syntax=COLON,
    read=_read,
    write=_write,
    render=_render,
    known=COMMON | {"disabled", "oauth"},
)
