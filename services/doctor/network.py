"""Checks of the way to a remote server: its address, the proxy, the name, the TCP connect, the TLS handshake.

Owns these checks and their sockets, each closed before the next one is opened. Sends no request to the server.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

import anyio
import anyio.abc
import anyio.to_thread
from anyio.streams.tls import TLSAttribute, TLSStream

from .. import http
from ..auth.routes import proxy_for
from ..config.redaction import Redaction
from ..config.urls import encrypted, is_loopback, url_problem, url_remedy
from ..errors import ConfigError
from ..models import Tls, TransportKind
from ..telemetry.redaction import masked_url
from .certificate import Seen, seen
from .checking import Checks, Finding

DNS_TIME = 10.0
TCP_TIME = 10.0
TLS_TIME = 10.0
ADDRESSES = 6
"""Addresses of one name that are tried."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached: ``host`` and ``port`` are the proxy's where there is one."""

    url: str
    host: str
    port: int
    server: str
    server_port: int
    proxy: SplitResult | None


async def reachable(checks: Checks, url: str, kind: TransportKind, tls: Tls | None, redaction: Redaction) -> None:
    """Whether there is a connection to ``url``'s host. Raises ``Stopped``."""
    with checks.check("url", "Its address is one", "RFC 3986") as found:
        _address(found, url, kind, redaction)
    way = _way(url)
    with checks.check("proxy", "The proxy is known") as found:
        _proxy(found, way)
    addresses: list[str] = []
    who = "The proxy's name" if way.proxy is not None else "Its name"
    with checks.check("dns", f"{who} is known", "RFC 1035") as found:
        addresses = await _resolved(found, way)
    reached = ""
    with checks.check("tcp", "Somebody listens there", "RFC 9293") as found:
        reached = await _connected(found, way, addresses)
    if way.proxy is not None and encrypted(url):
        with checks.check("tunnel", "The proxy lets us through", "RFC 9110, section 9.3.6") as found:
            stream = await _stream(reached, way.port)
            async with stream:
                await _tunnel(found, stream, way)
    if encrypted(url):
        with checks.check("tls", "Its certificate is good", "RFC 5280, RFC 9525") as found:
            await _secured(found, reached, way, tls)


def _address(found: Finding, url: str, kind: TransportKind, redaction: Redaction) -> None:
    shown = masked_url(redaction.text(url))
    problem = url_problem(url, kind)
    if problem is not None:
        found.fail(f"{shown} {problem}", f"In the entry, {url_remedy(kind, problem)}.")
    elif not encrypted(url) and not is_loopback(urlsplit(url).hostname):
        found.warn(
            f"{shown} is not encrypted", "Everybody on the way can read and change what passes: use https:// or wss://."
        )
    else:
        found.well(shown)


def _way(url: str) -> Way:
    parts = urlsplit(url.strip())
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    server, server_port = parts.hostname or "", parts.port or (80 if scheme == "http" else 443)
    named = proxy_for(scheme, server, server_port)
    proxy = urlsplit(named) if named is not None else None
    if proxy is None or not proxy.hostname:
        return Way(url, server, server_port, server, server_port, None)
    port = proxy.port or (443 if proxy.scheme == "https" else 80)
    return Way(url, proxy.hostname, port, server, server_port, proxy)


def _proxy(found: Finding, way: Way) -> None:
    if way.proxy is None:
        found.skip("none: it is reached directly")
        return
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    named = next((name for name in names if os.environ.get(name) or os.environ.get(name.lower())), "the system")
    shown = f"{way.proxy.scheme}://{way.host}:{way.port}, from {named}"
    if way.proxy.scheme.startswith("socks"):
        found.fail(shown, "mcpdeck speaks to no SOCKS proxy: use an http:// proxy, or name the host in NO_PROXY.")
    else:
        found.well(shown)


async def _resolved(found: Finding, way: Way) -> list[str]:
    """The addresses of the host, each once, in the order of the system."""
    try:
        with anyio.fail_after(DNS_TIME):
            infos = await anyio.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        found.fail(f"no answer about {way.host} within {DNS_TIME:g} s", "Check your network and its name server.")
        return []
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        found.fail(f"{way.host}: {reason}", "Check the spelling of the URL; a private name may need a VPN.")
        return []
    addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
    more = f" and {len(addresses) - ADDRESSES} more" if len(addresses) > ADDRESSES else ""
    found.well(", ".join(addresses[:ADDRESSES]) + more)
    return addresses[:ADDRESSES]


async def _connected(found: Finding, way: Way, addresses: list[str]) -> str:
    """The first address that takes a connection; those before it that do not are told."""
    failed: list[str] = []
    for address in addresses:
        began = time.perf_counter()
        try:
            with anyio.fail_after(TCP_TIME):
                async with await anyio.connect_tcp(address, way.port):
                    passed = (time.perf_counter() - began) * 1000
        except TimeoutError:
            failed.append(f"{address}: no answer within {TCP_TIME:g} s")
        except OSError as error:
            failed.append(f"{address}: {_reason(error)}")
        else:
            where = f"{address} port {way.port}, {passed:.1f} ms"
            if failed:
                found.warn(
                    "\n".join((where, *failed)),
                    "Each connection may lose time on the addresses that do not answer: check IPv6 and the records.",
                )
            else:
                found.well(where)
            return address
    refused = any("refused" in line.lower() for line in failed)
    remedy = "Is the server running, and on that port?" if refused else "A firewall or a VPN may be in the way."
    found.fail("\n".join(failed) + f"\nport {way.port}", remedy)
    return ""


def _reason(error: BaseException) -> str:
    """What the system said, below what the libraries make of it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno is not None:
            return "connection refused" if found.errno == errno.ECONNREFUSED else os.strerror(found.errno)
        found = found.__cause__
    return str(error)


async def _stream(address: str, port: int) -> anyio.abc.SocketStream:
    with anyio.fail_after(TCP_TIME):
        return await anyio.connect_tcp(address, port)


async def _tunnel(found: Finding, stream: anyio.abc.ByteStream, way: Way) -> None:
    """CONNECT to the server; its bytes pass from then on."""
    assert way.proxy is not None
    host = f"[{way.server}]" if ":" in way.server else way.server
    lines = [f"CONNECT {host}:{way.server_port} HTTP/1.1", f"Host: {host}:{way.server_port}"]
    if way.proxy.username is not None:
        user = f"{unquote(way.proxy.username)}:{unquote(way.proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {b64encode(user.encode()).decode()}")
    head = b""
    try:
        with anyio.fail_after(TCP_TIME):
            await stream.send("\r\n".join([*lines, "", ""]).encode())
            while b"\r\n\r\n" not in head and len(head) < 16_384:
                head += await stream.receive(4096)
    except TimeoutError:
        found.fail(f"the proxy did not answer within {TCP_TIME:g} s", "Check HTTPS_PROXY and the proxy's own log.")
        return
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        found.fail("the proxy closed the connection", "Is it a proxy at all? Check HTTPS_PROXY.")
        return
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    code = status.split(" ")[1] if status.count(" ") else ""
    if code.startswith("2"):
        found.well(status)
    elif code == "407":
        found.fail(status, "The proxy wants to know who you are: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.")
    else:
        found.fail(status or "no HTTP answer", f"The proxy lets nobody reach {way.server}: or add it to NO_PROXY.")


async def _secured(found: Finding, address: str, way: Way, tls: Tls | None) -> None:
    """A TLS handshake as the transport makes it; where it fails, once more to read the certificate that came."""
    context = await anyio.to_thread.run_sync(http.ssl_context, tls)  # raises ``ConfigError`` for files of no use
    try:
        certificate, spoken = await _handshake(address, way, context)
    except TimeoutError:
        found.fail(f"no handshake within {TLS_TIME:g} s", "Nothing there may speak TLS: should the URL be http://?")
        return
    except (ssl.SSLError, OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        refused = http.connect_error(error, f"{way.server}:{way.server_port}")
        said = await _certificate(address, way)
        found.fail(
            "\n".join(part for part in (refused.title, *(said.lines() if said is not None else ())) if part),
            said.remedy(way.server) or refused.hint if said is not None else refused.hint,
        )
        return
    said = seen(certificate)
    lines = (spoken, *said.lines()) if said is not None else (spoken,)
    remedy = said.soon() if said is not None else ""
    if remedy:
        found.warn("\n".join(lines), remedy)
    else:
        found.well("\n".join(lines))


async def _certificate(address: str, way: Way) -> Seen | None:
    """The certificate of a server that is not trusted: nothing is sent to it but the handshake."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return seen((await _handshake(address, way, context))[0])
    except (TimeoutError, ssl.SSLError, OSError, anyio.EndOfStream, anyio.BrokenResourceError, ConfigError):
        return None


async def _handshake(address: str, way: Way, context: ssl.SSLContext) -> tuple[bytes, str]:
    """The certificate (DER) and what is spoken. Raises what went wrong."""
    with anyio.fail_after(TLS_TIME):
        stream = await _stream(address, way.port)
        async with stream:
            if way.proxy is not None:
                await _tunnel(Finding(), stream, way)
            secured = await TLSStream.wrap(
                stream, hostname=way.server, ssl_context=context, server_side=False, standard_compatible=False
            )
            said = secured.extra_attributes
            version, cipher = said[TLSAttribute.tls_version](), said[TLSAttribute.cipher]()
            return said[TLSAttribute.peer_certificate_binary]() or b"", f"{version}, {cipher[0]}"
