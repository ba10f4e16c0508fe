"""What an address of a remote server may look like, for each transport.

Owns the schemes. Never shows a URL: it may hold a secret.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..models import TransportKind

_HTTP, _WS = ("http", "https"), ("ws", "wss")
SCHEMES = {
    TransportKind.HTTP: _HTTP,
    TransportKind.SSE: _HTTP,
    TransportKind.SSE_IDE: _HTTP,
    TransportKind.CONNECTOR: _HTTP,
    TransportKind.WS: _WS,
    TransportKind.WS_IDE: _WS,
}
_OTHER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def url_problem(url: str, kind: TransportKind = TransportKind.HTTP) -> str | None:
    """What keeps ``url`` from being an address for ``kind``, as the rest of a sentence; None when nothing does."""
    if re.search(r"[\x00-\x20\x7f]", url.strip(" ")):
        return "has white space or control characters in it"
    try:
        parts = urlsplit(url.strip(" "))
        port = parts.port
    except ValueError:
        return "is no address"
    plain, secure = SCHEMES[kind]
    if parts.scheme.lower() not in (plain, secure):
        return f"does not begin with {plain}:// or {secure}://"
    if not parts.hostname:
        return "has no host"
    if port == 0:
        return "has the port 0"
    if parts.scheme.lower() == "ws" and not is_loopback(parts.hostname):
        return "is not encrypted, and ws:// is for this machine only"
    return None


def url_remedy(kind: TransportKind, problem: str = "") -> str:
    """How to write it instead."""
    if "not encrypted" in problem:
        return "write wss://HOST/PATH"
    plain, secure = SCHEMES[kind]
    return f"write {plain}://HOST/PATH or {secure}://HOST/PATH"


def encrypted(url: str) -> bool:
    return urlsplit(url).scheme.lower() in ("https", "wss")


def has_scheme(text: str) -> bool:
    """``text`` begins like a URL of any kind."""
    return _OTHER.match(text) is not None


def is_loopback(host: str | None) -> bool:
    """The host is this machine by its very name or number; nothing is looked up."""
    name = (host or "").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
