"""Which addresses a login may contact or open (protocol sections 37.5 and 39).

Owns the rules as data: schemes, and kinds of IP addresses. Never resolves a name and contacts nobody: ``guarded``
does, and asks here about every address it found.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from ..config.urls import is_loopback
from ..errors import DiscoveryError
from ..state.text import one_line
from ..telemetry.redaction import MASK
from .kinds import Place

AddressKind: TypeAlias = Literal["public", "loopback", "private", "link-local", "unspecified", "reserved"]
"""``private``: RFC 1918, unique local (RFC 4193) and carrier-grade NAT (RFC 6598). ``reserved``: multicast and all
else that is not routed publicly (IANA's special-purpose registries)."""

IN_WORDS: dict[AddressKind, str] = {
    "public": "a public address",
    "loopback": "an address of this machine",
    "private": "an address of a private network",
    "link-local": "a link-local address, as cloud metadata services have them",
    "unspecified": "the unspecified address",
    "reserved": "a multicast or reserved address",
}
ALLOW = (
    'If you trust this server with your network, set "oauth": {"allowInsecure": true} in its entry; that holds for '
    "this server only."
)

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_PRIVATE_V6 = tuple(map(IPv6Network, ("fc00::/7", "fec0::/10")))
"""Unique local, and site-local (RFC 3879: withdrawn, and still routed inside where it was set up)."""
_RELAYS = IPv4Network("192.88.99.0/24")
"""6to4 relays (RFC 7526: withdrawn); whoever announces it in this network would answer."""
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96")))
"""NAT64 (RFC 6052) and SIIT (RFC 2765): the IPv4 address is in the last 32 bits."""
_LOCAL_TRANSLATED = IPv6Network("64:ff9b:1::/48")
"""NAT64 of one network (RFC 8215). How long its prefix is, is known there only."""
_COMPATIBLE = IPv6Network("::/96")
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]")


def kind_of(address: str | IPv4Address | IPv6Address) -> AddressKind:
    """What kind of address it is; an IPv4 address that is wrapped in an IPv6 one counts as what it is.

    Raises ``ValueError`` for a text that is no IP address.
    """
    found = ip_address(address) if isinstance(address, str) else address
    if isinstance(found, IPv6Address):
        inner = _wrapped(found)
        if inner is not None:
            return kind_of(inner)
    if found.is_loopback:
        return "loopback"
    if found.is_unspecified:
        return "unspecified"
    if _is_reserved(found):
        return "reserved"
    if found.is_link_local:
        return "link-local"
    if _is_private(found):
        return "private"
    return "public" if found.is_global and not found.is_multicast else "reserved"


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that ``host`` is by itself, in every spelling a resolver understands (``127.1``, ``0x7f000001``,
    ``2130706433``, ``[::1]``); None for a name.
    """
    text = host.strip("[]").rstrip(".")
    try:
        return ip_address(text)
    except ValueError:
        pass
    # inet_aton reads what comes before white space, and takes numbers only.
    if not re.fullmatch(r"[0-9a-fA-FxX.]+", text) or not re.match(r"\d", text):
        return None
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def excused(addresses: Iterable[str]) -> frozenset[AddressKind]:
    """The kinds of address that need no further leave because the MCP server itself is there.

    Empty when any of its ``addresses`` is public: a name that is in both worlds must not open the private one.
    """
    kinds: set[AddressKind] = {kind_of(address) for address in addresses}
    return frozenset[AddressKind]() if "public" in kinds else frozenset(kinds)


def split(url: str) -> SplitResult | None:
    """The parts of an absolute URL with a host and a usable port; None for anything else."""
    if _NOT_IN_A_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.port != 0
    except ValueError:
        return None
    return parts if usable and parts.scheme and parts.hostname else None


def web_url(url: str) -> str:
    """``url`` of an MCP server with the scheme that its metadata is fetched by (``wss`` is reached by ``https``)."""
    scheme, colon, rest = url.strip().partition(":")
    return {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme) + colon + rest


def unencrypted(place: Place) -> bool:
    """Tokens for the MCP server would be there to be read by everybody on the way (RFC 6750, section 5.3).

    http is for this machine, and for where the entry allows it.
    """
    parts = split(web_url(place.url))
    plain = parts is None or parts.scheme.lower() != "https"
    return plain and not place.settings.allow_insecure and not is_loopback(_spelled(parts))


def origin_of(url: str) -> str:
    """Scheme, host and port in lower case, without a default port (RFC 6454); empty for what has none."""
    parts = split(url)
    if parts is None:
        return ""
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{scheme}://{host}" + (f":{port}" if port and port != {"http": 80, "https": 443}.get(scheme) else "")


def check_url(url: str, place: Place, what: str = "the address") -> SplitResult:
    """The parts of ``url`` when a login for ``place`` may use it, as far as its text tells.

    https, or http on this machine where the MCP server itself is on this machine; anything else by http only where
    the entry allows it. ``what`` names it in the error. Raises ``DiscoveryError``.
    """
    parts, shown = split(url), shown_url(url)
    scheme = parts.scheme.lower() if parts else ""
    if parts is None or scheme not in ("http", "https"):
        raise DiscoveryError(
            f"{what} is no https address: {shown}", hint="The server must name an absolute https:// URL there."
        )
    if "@" in parts.netloc:
        raise DiscoveryError(
            f"{what} has a user name in it: {shown}", hint="The server must name an address without user info."
        )
    if scheme == "http" and not place.settings.allow_insecure:
        if not is_loopback(_spelled(parts)):
            raise DiscoveryError(f"{what} is not encrypted: {shown}", hint=f"The server must use https there. {ALLOW}")
        if not is_loopback(_spelled(split(web_url(place.url)))):
            raise DiscoveryError(
                f"{what} leads to this machine, and the MCP server is elsewhere: {shown}",
                hint=f"The server must name an address of its own there. {ALLOW}",
            )
    return parts


def browsable(url: str) -> str | None:
    """Why ``url`` must not be opened in a browser, as the rest of a sentence; None when it may (protocol 37.5)."""
    if _NOT_IN_A_URL.search(url):
        return "has white space, control characters or backslashes in it"
    parts = split(url)
    if parts is None:
        return "is no absolute web address"
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        return f"begins with {one_line(scheme, 20)}:, not with https://"
    if "@" in parts.netloc:
        return "has a user name in it, which hides the host"
    if scheme == "http" and not is_loopback(_spelled(parts)):
        return "is not encrypted, and http:// is for this machine only"
    return None


def shown_url(url: str) -> str:
    """A hostile URL for a sentence: one line, bounded, without user info and query."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    return one_line(re.sub(r"//[^/]*@", f"//{MASK}@", bare), 200) or "(nothing)"


def _spelled(parts: SplitResult | None) -> str:
    """The host of ``parts``; an address in a strange spelling in the usual one."""
    host = (parts.hostname or "") if parts else ""
    address = literal(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address) if address else host


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to ``address`` end up at (mapped, 6to4, translated, IPv4-compatible)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _TRANSLATED):
        return low
    if address in _LOCAL_TRANSLATED and not _is_reserved(address):
        return low
    return low if address in _COMPATIBLE and int(address) > 0xFFFF else None


def _is_reserved(address: IPv4Address | IPv6Address) -> bool:
    """What the library takes for public, and is not: nobody can tell where packets to it end up."""
    if isinstance(address, IPv4Address):
        return address in _RELAYS
    if address in _LOCAL_TRANSLATED:  # with a prefix shorter than /96 the IPv4 address would be spread over the middle
        return bool(int(address) >> 32 & 0xFFFFFFFF) or not int(address) & 0xFFFFFFFF
    return address in _COMPATIBLE and 1 < int(address) <= 0xFFFF


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return any(address in network for network in _PRIVATE_V6)
    return any(address in network for network in _PRIVATE)
