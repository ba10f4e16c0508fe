"""What the entries of all clients have in common: a command or a URL, a type, a switch, OAuth settings.

Owns those parts in both directions, and the JSON text of a snippet. Never knows which client it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from ...models import Json, JsonObject, as_list, as_object, as_text
from ...state.text import visible
from ..positions import KeyPath
from .notes import Foreign, Notes, in_quotes

STDIO = ("command", "args", "env", "cwd")
REMOTE = ("url", "headers")
COMMON = frozenset((*STDIO, *REMOTE, "type"))

APPROVAL = "which calls may run without a question is decided here by the rules of mcpdeck"
TOOLS = "mcpdeck shows all tools of a server"


def guessed_type(url: str) -> str:
    """The transport of a URL whose entry does not say it: these clients try Streamable HTTP, then HTTP+SSE."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "http"
    if parts.scheme in ("ws", "wss"):
        return "ws"
    return "sse" if parts.path.rstrip("/").endswith("/sse") else "http"


def kind_of(entry: JsonObject) -> str:
    """``stdio``, ``http``, ``sse``, ``ws`` or another type, of an entry in our shape."""
    kind = as_text(entry.get("type")) or ("stdio" if "command" in entry or "url" not in entry else "http")
    return "http" if kind == "streamable-http" else kind


def read_remote(foreign: Foreign, entry: JsonObject, *url_names: str, types: Mapping[str, str]) -> None:
    """URL, headers and type; ``types``: the client's word for a type -> ours. Without a word the URL decides."""
    url = foreign.take(*url_names)
    word = foreign.take("type", "transport", "transportType")
    if url is None and isinstance(word, str) and types.get(word, word) == "stdio":
        return
    if isinstance(word, str):
        entry["type"] = types.get(word, word)
    elif url is not None:
        entry["type"] = guessed_type(url) if isinstance(url, str) else "http"
    if url is not None:
        entry["url"] = url
    foreign.copy(entry, "headers")


TYPES: Mapping[str, str] = {
    "streamableHttp": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamableHTTP": "http",
    "http-stream": "http",
    "websocket": "ws",
}


def only_strings(entry: JsonObject, key: str, notes: Notes) -> None:
    """Numbers and booleans among ``entry[key]`` become the texts that the process would get."""
    values = entry.get(key)
    if not isinstance(values, dict):
        return
    dropped = [name for name, value in values.items() if value is None]
    if dropped:
        notes.add(f'null in "{key}" takes a variable away, which has no counterpart here: {in_quotes(dropped)}')
    entry[key] = {name: _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: Json) -> Json:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def read_switch(foreign: Foreign, entry: JsonObject) -> None:
    """``disabled`` or ``enabled``: here it is the first, and only said where it is true."""
    disabled, enabled = foreign.take("disabled"), foreign.take("enabled")
    if disabled is True or enabled is False:
        entry["disabled"] = True


def read_seconds(foreign: Foreign, entry: JsonObject, name: str) -> None:
    """A time limit of a call in seconds -> our milliseconds."""
    value = foreign.take(name)
    if value is None:
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        entry["timeout"] = round(value * 1000)
    else:
        entry["timeout"] = value


def seconds(entry: JsonObject, notes: Notes, *, whole: bool = True) -> Json:
    """Our time limit in seconds, None when there is none; rounded up where the client takes whole seconds only."""
    value = entry.get("timeout")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if value % 1000 == 0:
        return int(value // 1000)
    if whole:
        notes.add(f'"timeout" is rounded up: {notes.client} takes whole seconds')
        return math.ceil(value / 1000)
    return value / 1000


def read_oauth(entry: JsonObject, notes: Notes, client_id: Json, scopes: Json, secret: Json) -> None:
    """OAuth settings under their other names; a client secret never goes into a file of ours."""
    oauth: JsonObject = {}
    if isinstance(client_id, str) and client_id:
        oauth["clientId"] = client_id
    text = " ".join(str(scope) for scope in scopes) if isinstance(scopes, list) else scopes
    if isinstance(text, str) and text:
        oauth["scopes"] = text
    if secret:
        notes.add("the OAuth client secret is not carried over: give it in MCP_CLIENT_SECRET")
    if oauth:
        entry["oauth"] = oauth


def written_oauth(entry: JsonObject, notes: Notes, known: Mapping[str, Callable[[str], Json]]) -> JsonObject:
    """Our OAuth settings that the client knows too, still under our names; the rest is said."""
    oauth = as_object(entry.get("oauth"))
    lost = [f"oauth.{key}" for key in oauth if key not in known]
    if lost:
        notes.add(f"{notes.client} has no {in_quotes(lost)}: left out")
    return {key: change(str(oauth[key])) for key, change in known.items() if oauth.get(key)}


def scope_list(scopes: str) -> Json:
    return [*scopes.split()]


def stdio_fields(entry: JsonObject, *names: str) -> JsonObject:
    """The fields of a program, under our names, as they stand."""
    return {key: entry[key] for key in names or STDIO if key in entry}


def cannot_have(entry: JsonObject, notes: Notes, *kinds: str) -> bool:
    """Whether the client knows nothing of this entry's transport; says so."""
    kind = kind_of(entry)
    if kind in kinds:
        return False
    notes.add(f"left out: {notes.client} has no servers of type {kind}")
    return True


def say_disabled(entry: JsonObject, notes: Notes) -> None:
    if entry.get("disabled") is True:
        notes.add(f"it is disabled here, which the file of {notes.client} cannot say: it would be on there")


def say_guess(entry: JsonObject, notes: Notes) -> None:
    """For clients that find the transport out by themselves."""
    kind = kind_of(entry)
    if kind != "stdio" and guessed_type(as_text(entry.get("url")) or "") != kind:
        notes.add(f"{notes.client} finds out by itself that it is {kind}")


def json_text(path: KeyPath, servers: Mapping[str, JsonObject], beside: Mapping[str, Json] | None = None) -> str:
    """The servers under the keys of ``path``, indented, safe to be shown on a terminal."""
    value: Json = {name: as_object(entry) for name, entry in servers.items()}
    for key in reversed(path):
        value = {key: value}
    document: JsonObject = {**(beside or {}), **as_object(value)}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text if visible(text) == text else json.dumps(document, indent=2)


def under(*path: str) -> Callable[[Mapping[str, JsonObject]], str]:
    """A ``render`` for clients whose file is one JSON object with the servers at ``path``."""
    return lambda servers: json_text(path, servers)


def words(value: Json) -> list[str]:
    return [item for item in as_list(value) if isinstance(item, str)]
