"""Links that install a server with one click: what they carry, as an entry.

Owns the forms of https://cursor.com/docs/context/mcp/install-links and
https://code.visualstudio.com/api/extension-guides/ai/mcp (``vscode:mcp/install?…``). Never opens a link.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

from ...models import Json, JsonObject, as_object, as_text
from .pasted import Piece, Snippet
from .shapes import snippet, snippets_of

LINK = re.compile(
    r"(?:cursor|vscode|vscode-insiders|vscodium|goose|lmstudio|kiro|windsurf):[^\s)\"'<>\]]+"
    r"|https://(?:[\w-]+\.)*(?:cursor\.com|vscode\.dev)/[^\s)\"'<>\]]*mcp(?:/|%2F)install[^\s)\"'<>\]]*",
    re.IGNORECASE,
)
_LONGEST = 50_000


def link_snippets(piece: Piece) -> tuple[Snippet, ...]:
    """The servers in an install link. Raises ``ConfigSyntaxError``."""
    link = piece.text
    if len(link) > _LONGEST:
        raise piece.problem("the link is too long", "paste the entry itself")
    inner = re.search(r"[?&](?:url|redirect)=((?:vscode|cursor)[^&]*)", link, re.IGNORECASE)
    if inner:  # a page that sends the browser on to the real link
        link = unquote(inner[1])
    scheme = link.partition(":")[0].lower()
    if scheme == "goose":
        return (_goose(link, piece),)
    try:
        parts = urlsplit(link)
    except ValueError:
        raise piece.problem("the link is broken", "copy it again") from None
    if "mcp" not in parts.netloc + parts.path:
        raise piece.problem("the link installs no MCP server", "paste the entry itself")
    query = parts.query
    fields = parse_qs(query)
    packed = next((fields[key][0] for key in ("config", "code", "servers") if fields.get(key)), None)
    if packed is None:
        return _named(_json(unquote(query), piece), None, "vscode", piece)
    client = "cursor" if "cursor" in link[:40].lower() else "vscode"
    name = next((fields[key][0] for key in ("name", "id") if fields.get(key)), None)
    return _named(_unpacked(packed, piece), name, client, piece)


def _named(value: Json, name: str | None, client: str, piece: Piece) -> tuple[Snippet, ...]:
    entry = as_object(value)
    if any(isinstance(entry.get(mark), str | list) for mark in ("command", "url", "serverUrl")):
        name = name or as_text(entry.get("name"))
        return (snippet(name, {key: item for key, item in entry.items() if key != "name"}, client),)
    return snippets_of(value, piece)


def _unpacked(text: str, piece: Piece) -> Json:
    """JSON as it stands, percent-encoded, or in base64 of either alphabet."""
    if text.lstrip().startswith(("{", "%7B", "%7b")):
        return _json(unquote(text), piece)
    packed = text.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise piece.problem("what the link carries is no base64", "copy the link again, all of it") from None
    return _json(unquote(data) if data.lstrip().startswith("%7B") else data, piece)


def _json(text: str, piece: Piece) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise piece.problem("what the link carries is no JSON", "copy the link again, all of it") from None


def _goose(link: str, piece: Piece) -> Snippet:
    """``goose://extension?cmd=…&arg=…&name=…&env=NAME%3Dabout``, or ``url=…&transport=streamable_http``."""
    fields = parse_qs(urlsplit(link).query)
    one = {key: values[0] for key, values in fields.items()}
    raw: JsonObject = {}
    if "cmd" in one:
        raw = {"type": "stdio", "cmd": one["cmd"], "args": [*fields.get("arg", [])]}
        keys = [text.partition("=")[0] for text in fields.get("env", [])]
        if keys:
            raw["env_keys"] = [*keys]
    elif "url" in one:
        raw = {"type": one.get("transport", "streamable_http"), "uri": one["url"]}
        headers: JsonObject = {}
        for text in fields.get("header", []):
            name, _, value = text.partition("=")
            headers[name] = value
        if headers:
            raw["headers"] = headers
    else:
        raise piece.problem("the link installs no MCP server", "paste the entry itself")
    return snippet(one.get("id") or one.get("name"), raw, "goose")
