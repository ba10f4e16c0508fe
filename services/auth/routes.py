"""How a host that a login names is reached: by which proxy, or at which checked addresses.

Owns resolving and judging addresses (protocol section 39). Every address of a name is checked, and the connection is
made to one that was: a name that resolves otherwise a moment later changes nothing. Sends nothing itself.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

from ..config.urls import is_loopback
from ..errors import ConnectError, DiscoveryError, McpDeckError, TransportTimeout
from ..state.text import one_line
from .addresses import ALLOW, IN_WORDS, AddressKind, excused, kind_of, literal, web_url
from .kinds import Place

SECONDS = 10.0
"""How long a name may take to resolve."""

Lookup: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Host and port to IP addresses as texts; raises ``OSError`` or ``UnicodeError`` for a name that is not known."""

_THIS_MACHINE = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Route:
    """By ``proxy``, or to one of ``addresses``; exactly one of them is set."""

    proxy: str | None = None
    addresses: tuple[str, ...] = ()


async def resolved(host: str, port: int) -> tuple[str, ...]:
    """The addresses of ``host``, in the order of the system."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(address[0] for *_, address in found))


class Routes:
    """The routes of one login. A name is resolved once, and stays where it was found."""

    def __init__(self, place: Place, lookup: Lookup = resolved) -> None:
        self._place = place
        self._lookup = lookup
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}

    async def to(self, url: str) -> Route:
        """How ``url`` is reached. Raises ``DiscoveryError`` for an address that must not be contacted,
        ``ConnectError`` for an unknown name, ``TransportTimeout`` when resolving takes too long.
        """
        parts = urlsplit(url)
        host, port = _host_and_port(parts)
        proxy = proxy_for(parts.scheme.lower(), host, port)
        if proxy is not None:
            # The proxy resolves the name; what stands in the URL itself is judged all the same.
            address = literal(host)
            await self._judge(host, (str(address),) if address else ())
            return Route(proxy=proxy)
        addresses = await self._addresses(host, port)
        await self._judge(host, addresses)
        return Route(addresses=addresses)

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
        try:
            return excused(await self._addresses(*_host_and_port(urlsplit(web_url(self._place.url)))))
        except (McpDeckError, ValueError):
            return frozenset()


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
