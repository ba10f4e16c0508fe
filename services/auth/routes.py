"""How a host that a login names is reached: by which proxy, or at which checked addresses.

Owns resolving and judging addresses (protocol section 39). Every address of a name is checked, and the connection is
made to one that was: a name that resolves otherwise a moment later changes nothing. Sends no request itself.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import anyio.to_thread

from .. import http
from ..config.urls import is_loopback
from ..errors import ConnectError, DiscoveryError, McpDeckError, TransportTimeout
from ..state.text import one_line
from .addresses import ALLOW, IN_WORDS, AddressKind, excused, kind_of, literal, origin_of, web_url
from .kinds import Place

SECONDS = 10.0
"""How long a name may take to resolve."""
BEHIND_PROXY_SECONDS = 2.0
"""The same where a proxy resolves it as well, and this machine may know no names at all."""
PROOF_SECONDS = 5.0
"""How long the MCP server may take to show its certificate."""

Lookup: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port to IP addresses as texts; raises ``OSError`` or ``UnicodeError`` for a name that is not known."""
Proof: TypeAlias = Callable[[Place, str], Awaitable[bool]]
"""Whether the MCP server of a place really is at this address."""

_THIS_MACHINE = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Route:
    """By ``proxy``, or to one of ``addresses``; exactly one of them is set.

    ``unseen``: why nobody here knows at which addresses it ends, in words; empty where they were judged.
    """

    proxy: str | None = None
    addresses: tuple[str, ...] = ()
    unseen: str = ""


async def resolved(host: str, port: int) -> tuple[str, ...]:
    """The addresses of ``host``, in the order of the system."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(address[0] for *_, address in found))


async def shows_its_certificate(place: Place, address: str) -> bool:
    """Whether somebody at ``address`` has a certificate for the name of the MCP server of ``place``.

    Who owns the name decides what it resolves to, and may say something else at each question; a machine inside that
    holds a certificate for it is another matter. Nothing is sent but a TLS handshake.
    """
    parts = urlsplit(web_url(place.url))
    host, port = _host_and_port(parts)
    if parts.scheme.lower() != "https":
        return False
    with anyio.move_on_after(PROOF_SECONDS):
        try:
            context = await anyio.to_thread.run_sync(http.ssl_context, place.tls)
            stream = await anyio.connect_tcp(
                address, port, ssl_context=context, tls_hostname=host.rstrip("."), tls_standard_compatible=False
            )
        except (OSError, ssl.SSLError, McpDeckError, anyio.BrokenResourceError, anyio.EndOfStream):
            return False
        await stream.aclose()
        return True
    return False


class Routes:
    """The routes of one login. A name is resolved once, and stays where it was found."""

    def __init__(self, place: Place, lookup: Lookup = resolved, proof: Proof = shows_its_certificate) -> None:
        self._place = place
        self._lookup = lookup
        self._proof = proof
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}
        self._allowed: frozenset[AddressKind] | None = None

    async def to(self, url: str) -> Route:
        """How ``url`` is reached. Raises ``DiscoveryError`` for an address that must not be contacted,
        ``ConnectError`` for an unknown name, ``TransportTimeout`` when resolving takes too long.
        """
        parts = urlsplit(url)
        host, port = _host_and_port(parts)
        proxy = proxy_for(parts.scheme.lower(), host, port)
        own = origin_of(url) == origin_of(web_url(self._place.url))
        if proxy is not None:
            # The proxy resolves the name, perhaps otherwise than this machine; what can be known is judged.
            addresses = () if self._place.settings.allow_insecure else await self._guessed(host, port)
            if not own:
                await self._judge(host, addresses)
            return Route(proxy=proxy, unseen="" if addresses else "the proxy resolves the name")
        addresses = await self._addresses(host, port)
        if not own:  # which is where the entry itself leads
            await self._judge(host, addresses)
        return Route(addresses=addresses)

    async def _guessed(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host behind a proxy; none where this machine does not know them soon."""
        with anyio.move_on_after(BEHIND_PROXY_SECONDS):
            try:
                return await self._addresses(host, port)
            except ConnectError:
                pass
        return ()

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        address = literal(host)
        if address is not None:
            return (str(address),)
        if is_loopback(host):
            return _THIS_MACHINE  # by definition (RFC 6761, 6.3): no resolver is asked who "localhost" is
        if (host, port) not in self._known:
            self._known[host, port] = await self._resolve(host, port)
        return self._known[host, port]

    async def _resolve(self, host: str, port: int) -> tuple[str, ...]:
        shown = one_line(host, 200)
        with anyio.move_on_after(SECONDS):
            try:
                found = await self._lookup(host, port)
            except (OSError, UnicodeError):
                found = ()
            if not found:
                raise ConnectError(f"the host name {shown} is not known", hint="Check the spelling of the URL.")
            return found
        raise TransportTimeout(
            f"the host name {shown} was not resolved within {SECONDS:g} s", hint="Check the network and its DNS."
        )

    async def _judge(self, host: str, addresses: tuple[str, ...]) -> None:
        refused = [address for address in addresses if kind_of(address) != "public"]
        if not refused or self._place.settings.allow_insecure:
            return
        allowed = await self._excused()
        for address in refused:
            kind = kind_of(address)
            if kind not in allowed:
                named = "" if address == host else f" ({address})"
                raise DiscoveryError(
                    f"{one_line(host, 200)}{named} is {IN_WORDS[kind]}, and the MCP server is not there",
                    hint=f"A server must not send you into your own network. {ALLOW}",
                    details={"host": host, "address": address},
                )

    async def _excused(self) -> frozenset[AddressKind]:
        if self._allowed is None:
            self._allowed = await self._where_it_is()
        return self._allowed

    async def _where_it_is(self) -> frozenset[AddressKind]:
        """The kinds of address that the MCP server is at; by a name of its own only where it shows that it is."""
        parts = urlsplit(web_url(self._place.url))
        try:
            host, port = _host_and_port(parts)
            addresses = await self._addresses(host, port)
        except (McpDeckError, ValueError):
            return frozenset()
        kinds = excused(addresses)
        if not kinds or literal(host) is not None or is_loopback(host):
            return kinds
        if proxy_for(parts.scheme.lower(), host, port) is not None:
            return frozenset()
        proven = [address for address in addresses if await self._proof(self._place, address)]
        return excused(proven)


def proxy_for(scheme: str, host: str, port: int) -> str | None:
    """The URL of the proxy that the environment wants for this host; None: it is reached directly."""
    if is_loopback(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(f"{host}:{port}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (80 if parts.scheme.lower() == "http" else 443)
