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
from ..models import CheckState, Tls, TransportKind
from ..telemetry.redaction import masked_url
from .certificate import seen
from .checking import Checks, Finding

DNS_TIME = 10.0
TCP_TIME = 10.0
TLS_TIME = 10.0
UNREAD = "its certificate cannot be read"
STATUS = 120
"""Characters of a proxy's answer that are shown."""
ADDRESSES = 6
"""Addresses of one name that are tried."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached: ``host`` and ``port`` are the proxy's where there is one, which ``named`` names."""

    url: str
    host: str
    port: int
    server: str
    server_port: int
    proxy: SplitResult | None
    named: str = ""


async def reachable(checks: Checks, url: str, kind: TransportKind, tls: Tls | None) -> None:
    """Whether there is a connection to ``url``'s host. Raises ``Stopped``."""
    with checks.check("url", "Its address is one", "RFC 3986") as found:
        _address(found, url, kind, checks.redaction)
    with checks.check("proxy", "The proxy is known") as found:
        way = _way(found, url)
        _proxy(found, way, checks.redaction)
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
                await _tunnel(found, stream, way, checks)
    if encrypted(url):
        with checks.check("tls", "Its certificate is good", "RFC 5280, RFC 9525") as found:
            await _secured(found, reached, way, tls, checks)


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


def _way(found: Finding, url: str) -> Way:
    """``found`` fails where a proxy is named that is none; the way is that without one then, and of no use."""
    parts = urlsplit(url.strip())
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    server, server_port = parts.hostname or "", parts.port or (80 if scheme == "http" else 443)
    direct = Way(url, server, server_port, server, server_port, None)
    names = (f"{scheme.upper()}_PROXY", "ALL_PROXY")
    named = next((name for name in names if os.environ.get(name) or os.environ.get(name.lower())), "the system")
    try:
        proxied = proxy_for(scheme, server, server_port)
        proxy = urlsplit(proxied) if proxied is not None else None
        if proxy is None or not proxy.hostname:
            return direct
        port = proxy.port or (443 if proxy.scheme == "https" else 80)
    except ValueError:  # what is written there is not shown: it may hold a password
        found.fail(f"what {named} names is not a proxy's URL", "Write it as http://HOST:PORT, the port up to 65535.")
        return direct
    return Way(url, proxy.hostname, port, server, server_port, proxy, named)


def _proxy(found: Finding, way: Way, redaction: Redaction) -> None:
    if found.state is CheckState.FAIL:
        return
    if way.proxy is None:
        found.skip("none: it is reached directly")
        return
    if way.proxy.username is not None:  # the proxy may say it back
        redaction.hide(unquote(way.proxy.password or ""))
        redaction.hide(_credentials(way.proxy))
    shown = f"{way.proxy.scheme}://{way.host}:{way.port}, from {way.named}"
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


def _credentials(proxy: SplitResult) -> str:
    user = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    return b64encode(user.encode()).decode()


async def _tunnel(found: Finding, stream: anyio.abc.ByteStream, way: Way, checks: Checks) -> None:
    """CONNECT to the server; its bytes pass from then on."""
    assert way.proxy is not None
    host = f"[{way.server}]" if ":" in way.server else way.server
    lines = [f"CONNECT {host}:{way.server_port} HTTP/1.1", f"Host: {host}:{way.server_port}"]
    if way.proxy.username is not None:
        lines.append(f"Proxy-Authorization: Basic {_credentials(way.proxy)}")
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
    status = checks.line(head.split(b"\r\n", 1)[0].decode("latin-1"), STATUS)
    code = status.split(" ")[1] if status.count(" ") else ""
    if code.startswith("2"):
        found.well(status)
    elif code == "407":
        found.fail(status, "The proxy wants to know who you are: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.")
    else:
        found.fail(status or "no HTTP answer", f"The proxy lets nobody reach {way.server}: or add it to NO_PROXY.")


async def _secured(found: Finding, address: str, way: Way, tls: Tls | None, checks: Checks) -> None:
    """A TLS handshake as the transport makes it; where it fails, once more to read the certificate that came."""
    context = await anyio.to_thread.run_sync(http.ssl_context, tls)  # raises ``ConfigError`` for files of no use
    try:
        certificate, spoken = await _handshake(address, way, context, checks)
    except TimeoutError:
        found.fail(f"no handshake within {TLS_TIME:g} s", "Nothing there may speak TLS: should the URL be http://?")
        return
    except (ssl.SSLError, OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        refused = http.connect_error(error, f"{way.server}:{way.server_port}")
        came = await _certificate(address, way, checks)
        said = seen(came) if came else None
        lines = said.lines() if said is not None else (UNREAD,) if came else ()
        found.fail(
            "\n".join(part for part in (refused.title, *lines) if part),
            said.remedy(way.server) or refused.hint if said is not None else refused.hint,
        )
        return
    said = seen(certificate)
    lines = (spoken, *said.lines()) if said is not None else (spoken, UNREAD)
    remedy = said.soon() if said is not None else ""
    if remedy:
        found.warn("\n".join(lines), remedy)
    else:
        found.well("\n".join(lines))


async def _certificate(address: str, way: Way, checks: Checks) -> bytes:
    """The certificate (DER) of a server that is not trusted: nothing is sent to it but the handshake. Empty: none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return (await _handshake(address, way, context, checks))[0]
    except (TimeoutError, ssl.SSLError, OSError, anyio.EndOfStream, anyio.BrokenResourceError, ConfigError):
        return b""


async def _handshake(address: str, way: Way, context: ssl.SSLContext, checks: Checks) -> tuple[bytes, str]:
    """The certificate (DER) and what is spoken. Raises what went wrong."""
    with anyio.fail_after(TLS_TIME):
        stream = await _stream(address, way.port)
        async with stream:
            if way.proxy is not None:
                await _tunnel(Finding(), stream, way, checks)
            secured = await TLSStream.wrap(
                stream, hostname=way.server, ssl_context=context, server_side=False, standard_compatible=False
            )
            said = secured.extra_attributes
            version, cipher = said[TLSAttribute.tls_version](), said[TLSAttribute.cipher]()
            return said[TLSAttribute.peer_certificate_binary]() or b"", f"{version}, {cipher[0]}"
