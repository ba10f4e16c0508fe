"""A server that announces itself on the network -> a row that is offered, never connected.

Owns what of an announcement is believed: host, port and path, and nothing that is not one. Everything
else in it is hostile text. Never contacts what is announced.

Keys of the TXT record, as servers in the field use them (there are drafts, and no standard yet): ``path``;
``proto`` (or ``transport``): http, https, streamable-http, sse, ws, wss; ``tls``: 1; ``version`` (or ``v``);
``name`` (or ``title``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import quote

from ..config.entries import Surroundings, server_entry
from ..config.models import RawEntry, SourceFile
from ..models import ErrorInfo, JsonObject, ServerEntry, Source, Status
from ..state.text import one_line

SERVICE = "_mcp._tcp"
DEFAULT_PATH = "/mcp"
LONGEST_NAME = 63
LONGEST_PATH = 500
MOST_TEXTS = 32
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_TYPES: Mapping[str, tuple[str, str]] = {
    "": ("http", "http"),
    "http": ("http", "http"),
    "https": ("http", "https"),
    "streamable-http": ("http", "http"),
    "streamablehttp": ("http", "http"),
    "sse": ("sse", "http"),
    "ws": ("ws", "ws"),
    "wss": ("ws", "wss"),
    "websocket": ("ws", "ws"),
}
"""``proto`` -> the type of the entry and the scheme of its URL."""
_SECURE = {"http": "https", "ws": "wss"}
_TRUE = frozenset(("1", "true", "yes", "on"))


@dataclass(frozen=True, slots=True)
class Announcement:
    """One instance of the service, as it was announced. ``host``: the SRV target; ``place``: where it was heard."""

    instance: str
    host: str
    port: int
    place: str
    addresses: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict[str, str])


class _Refused(Exception):
    """Why an announcement gives no address."""


def offered(announcement: Announcement, project: Path) -> ServerEntry:
    """The row of an announced server: never connected, with how it is taken over or what is wrong with it."""
    name = one_line(announcement.instance, LONGEST_NAME) or "unnamed"
    texts = announcement.texts
    problem, value = None, {"type": "http", "url": ""}
    try:
        value = _value(announcement)
    except _Refused as refused:
        problem = str(refused)
    file = SourceFile(Source.DISCOVERED, project)
    raw: JsonObject = {**value}
    # No environment: an announcement must not be filled from the person's own.
    entry = server_entry(RawEntry(name, file, raw, file.origin()), Surroundings({}, project))
    # It stands in no file; what matters is where it was heard.
    shown = (*(line for line in entry.provenance.shown if line[0] != "file"), ("announced", announcement.place))
    provenance = replace(entry.provenance, shown=shown)
    lints = (*_lints(announcement, texts), *entry.lints)
    entry = replace(entry, lints=lints, provenance=provenance, gate=Status.DISABLED)
    if problem is None and entry.problem is None:
        return entry
    title = problem or (entry.problem.title if entry.problem else "")
    info = ErrorInfo(
        "config",
        f'{title} (announced as "{name}", {announcement.place})',
        "nothing can be done about it here: whoever runs it announces it wrongly",
        {"file": None, "line": None, "column": None, "entry": name},
    )
    return replace(
        entry, target=None, endpoint="" if problem else entry.endpoint, gate=Status.NOT_CONFIGURED, problem=info
    )


def _value(announcement: Announcement) -> dict[str, str]:
    """The entry. Raises ``_Refused``."""
    texts = announcement.texts
    proto = (texts.get("proto") or texts.get("transport") or "").strip().lower()
    if proto not in _TYPES:
        raise _Refused(f'it speaks "{one_line(proto, 40)}", which mcpdeck does not')
    kind, scheme = _TYPES[proto]
    if texts.get("tls", "").strip().lower() in _TRUE or (not proto and announcement.port == 443):
        scheme = _SECURE.get(scheme, scheme)
    if not 0 < announcement.port < 65536:
        raise _Refused(f"it announces the port {announcement.port}")
    host = _host(announcement, secure=scheme in _SECURE.values())
    return {"type": kind, "url": f"{scheme}://{host}:{announcement.port}{_path(texts.get('path', ''))}"}


def _host(announcement: Announcement, *, secure: bool) -> str:
    """A host name, or an address in the form of a URL.

    A name ending in ``.local`` is known to few resolvers: its address is used, except where a certificate
    has to fit the name.
    """
    name = announcement.host.rstrip(".")
    addresses = [address for text in announcement.addresses if (address := _address(text)) is not None]
    if name.lower().endswith(".local") and addresses and not secure:
        # A link-local IPv6 address needs a zone, which a URL cannot say to everybody.
        usable = sorted(addresses, key=lambda each: (each.version == 6 and each.is_link_local, each.version))
        return _bracketed(usable[0])
    address = _address(name)
    if address is not None:
        return _bracketed(address)
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _Refused(f'"{one_line(name, 80)}" is no host name')
    return name.lower()


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _bracketed(address: IPv4Address | IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


def _path(text: str) -> str:
    """The path of the URL: nothing in it can end the path or be filled with a variable."""
    if not text.strip():
        return DEFAULT_PATH
    if len(text) > LONGEST_PATH:
        raise _Refused("its path is longer than any that makes sense")
    return "/" + quote(text.strip().lstrip("/"), safe="/-._~%:@!*'(),;=&")


def _lints(announcement: Announcement, texts: Mapping[str, str]) -> list[str]:
    lints = [f"announced by {announcement.place} as {one_line(announcement.host.rstrip('.'), 120)}"]
    version = texts.get("version") or texts.get("v")
    if version:
        lints.append(f"it says it is version {one_line(version, 40)}")
    title = texts.get("name") or texts.get("title")
    if title:
        lints.append(f"it calls itself {one_line(title, 80)}")
    own = [text for text in (announcement.host.rstrip("."), *announcement.addresses) if _is_loopback(text)]
    if own:
        lints.append("it names this machine itself, which no other machine can mean")
    return lints


def _is_loopback(text: str) -> bool:
    address = _address(text)
    return text.lower() == "localhost" or (address is not None and address.is_loopback)


def texts_of(pairs: Mapping[bytes, bytes | None] | list[bytes]) -> dict[str, str]:
    """The TXT record's keys, in lower case, with their values; the first of a key counts (RFC 6763, 6.4)."""
    if isinstance(pairs, list):
        split = [(key, value) for key, _, value in (text.partition(b"=") for text in pairs)]
    else:
        split = [(key, value or b"") for key, value in pairs.items()]
    texts: dict[str, str] = {}
    for key, value in split[:MOST_TEXTS]:
        name = key.decode("ascii", "replace").lower()
        if name and name not in texts:
            texts[name] = value[: LONGEST_PATH + 1].decode("utf-8", "replace")
    return texts
