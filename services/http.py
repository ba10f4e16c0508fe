"""The one place that makes HTTP clients and TLS contexts.

Owns TLS, proxy, pool and time-out settings. Never follows a redirect by itself: who sends decides,
so that credentials stay with their origin.

Contexts are shared by everyone with the same TLS settings (loading certificates is what costs);
connections are shared by the requests to one server only, so that leaving that server ends every
socket it had and none of anybody else's.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from .config.urls import encrypted
from .errors import ConfigError, ConnectError, ConnectionLost, McpDeckError, TransportTimeout
from .models import Tls
from .telemetry.library_logs import keep_out, unlogged

CONNECT_TIMEOUT = 10.0
WRITE_TIMEOUT = 30.0
USER_AGENT = "mcpdeck"

_LOOPBACK: Mapping[str, httpx.AsyncBaseTransport | None] = {
    "all://localhost": None,
    "all://127.0.0.1": None,
    "all://[::1]": None,
}
"""A proxy from the environment is never asked for this machine's own servers."""
_VERSIONS = {None: ssl.TLSVersion.TLSv1_2, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_STORES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def client(url: str, tls: Tls | None = None, *, routed: bool = False, proxy: str | None = None) -> httpx.AsyncClient:
    """A client for servers at ``url``'s origin; reads never time out by themselves (streams stay open).

    ``routed``: the caller decided how it is reached, by ``proxy`` or, without one, directly; else the environment
    decides.
    Raises ``ConfigError`` for certificate files that cannot be used, ``ConnectError`` for a proxy setting.
    """
    secure = urlsplit(url).scheme.lower() != "http"
    verify = ssl_context(tls) if secure else _trusting_nobody()
    try:
        made = _Client(
            verify=verify,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT, write=WRITE_TIMEOUT),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60.0),
            follow_redirects=False,
            mounts=dict(_LOOPBACK),
            trust_env=not routed,
            proxy=proxy,
            headers={"User-Agent": USER_AGENT},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        # Nothing but the environment's proxies is left that could be wrong; their text may hold a password.
        raise unusable_proxy(error) from error
    keep_out()
    return made


class _Client(httpx.AsyncClient):
    """A client whose requests leave nothing in the log of the program that we are a part of."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        with unlogged():
            return await super().send(request, **options)


def unusable_proxy(error: Exception) -> ConnectError:
    """What to say about a proxy setting of the environment that cannot be used."""
    if isinstance(error, ImportError):
        return ConnectError(
            "the environment asks for a SOCKS proxy, which mcpdeck cannot speak to",
            hint="Set HTTPS_PROXY to an http:// proxy, or name the host in NO_PROXY.",
        )
    return ConnectError(
        "a proxy in the environment is not a proxy's URL",
        hint="Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY: http://HOST:PORT.",
    )


# TLS


def ssl_context(tls: Tls | None = None) -> ssl.SSLContext:
    """How a server's certificate is verified and which one of our own is shown; at least TLS 1.2.

    ``ca`` takes the place of the public authorities. Files are read again when they have changed.
    Raises ``ConfigError`` naming the file that cannot be used.
    """
    tls = tls or Tls()
    files = (tls.ca, tls.cert, tls.key, *(os.environ.get(name) for name in _STORES))
    return _context(tls, tuple((file, _stamp(file)) for file in files))


@cache
def _trusting_nobody() -> ssl.SSLContext:
    """For plain http: loading the certificate store costs 20 ms, and this one makes sure that it stays plain http."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=32)
def _context(tls: Tls, _stamps: tuple[tuple[str | None, float], ...]) -> ssl.SSLContext:
    context = _trusting(tls.ca) if tls.ca is not None else _trusting_the_public()
    context.minimum_version = _VERSIONS.get(tls.minimum, ssl.TLSVersion.TLSv1_2)
    if tls.cert is not None:
        _show(context, tls.cert, tls.key)
    return context


def _stamp(file: str | None) -> float:
    try:
        return Path(file).stat().st_mtime if file else 0.0
    except OSError:
        return 0.0


def _trusting_the_public() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        named = {name: value for name in _STORES if (value := os.environ.get(name))}
        variable, file = next(iter(named.items()), ("SSL_CERT_FILE", ""))
        raise _unusable(file, f"{variable} names no certificates that can be read", error) from error


def _trusting(ca: str) -> ssl.SSLContext:
    _readable(ca, "the CA file", b"CERTIFICATE")
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(ca, "the CA file holds no certificate that can be read", error) from error


def _show(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    """Load the client's certificate; a key with a pass phrase is refused instead of asked for on the terminal."""
    asked: list[bool] = []

    def no_pass_phrase() -> bytes:
        asked.append(True)
        return b""

    _readable(cert, "the client certificate", b"CERTIFICATE")
    _readable(key or cert, "the key file" if key else "the client certificate (no key is named)", b"PRIVATE KEY")
    try:
        context.load_cert_chain(cert, key, no_pass_phrase)
    except (OSError, ssl.SSLError, ValueError) as error:
        if asked:
            raise _unusable(key or cert, "the key has a pass phrase, which mcpdeck cannot give", error) from error
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise _unusable(key or cert, "the key does not belong to the client certificate", error) from error
        raise _unusable(cert, "the client certificate or its key cannot be read", error) from error


def _readable(file: str, what: str, marker: bytes) -> None:
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        raise _unusable(file, f"{what} cannot be read", error) from error
    if b"-----BEGIN" not in text or marker not in text:
        raise _unusable(file, f"{what} has no {marker.decode()} in it", None)


def _unusable(file: str, what: str, error: Exception | None) -> ConfigError:
    reason = getattr(error, "strerror", None) if isinstance(error, OSError) and error.errno else None
    shown = f": {reason}" if reason and not isinstance(error, ssl.SSLError) else ""
    place = f" ({file})" if file else ""
    return ConfigError(
        f"{what}{shown}{place}",
        hint="It must be a PEM file (-----BEGIN …) that you may read; a path is relative to the file of the entry.",
        details={"file": file},
    )


# Errors


def same_origin(one: str, other: str) -> bool:
    """Scheme, host and port are equal (RFC 6454)."""
    first, second = httpx.URL(one), httpx.URL(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def host_of(url: str) -> str:
    """Host and port of ``url`` as they stand in it, without user info."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def mapped(error: Exception, url: str) -> McpDeckError:
    """An httpx error as ours: what happened at which host, and what to do next."""
    host = host_of(url)
    match error:
        case httpx.ConnectTimeout():
            return TransportTimeout(
                f"no connection to {host} within {CONNECT_TIMEOUT:g} s", hint="Check the host and your network."
            )
        case httpx.WriteTimeout():
            return TransportTimeout(f"{host} stopped taking data", hint="The server may be overloaded.")
        case httpx.ConnectError():
            return connect_error(error, host)
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return ConnectError(f"not a URL that can be used at {host}", hint="It must start with http:// or https://.")
        case httpx.LocalProtocolError() | UnicodeEncodeError():
            # The library's message holds the header's value, which may be a secret.
            return ConnectError(
                "a request header has a value that HTTP does not allow",
                hint="Check the headers of the entry: white space around a value, or a character beyond ASCII.",
            )
        case httpx.ProxyError():
            return ConnectError(f"the proxy refused: {error}", hint="Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.")
        case _:
            # With TLS 1.3 a server says only after the handshake that it does not like our certificate.
            text = _tls_text(error)
            refused = _tls_error(text, host) if "alert" in text.lower() else None
            return refused or ConnectionLost(
                f"the connection to {host} broke: {_reason(error)}",
                hint="The server or something between closed it." + (f" {MAYBE_TLS}" if encrypted(url) else ""),
                retryable=True,
            )


def connect_error(error: Exception, host: str) -> ConnectError:
    """Why there is no connection to ``host``: TLS, an unknown name, or nobody there."""
    refused = _tls_error(_tls_text(error), host)
    if refused is not None:
        return refused
    low = str(error).lower()
    if "name or service" in low or "nodename" in low or "getaddrinfo" in low or "resolution" in low:
        return ConnectError(f"the host name {host} is not known", hint="Check the spelling of the URL.")
    if any(isinstance(cause, ConnectionResetError | BrokenPipeError | EOFError) for cause in _causes(error)):
        return ConnectError(
            f"{host} closed the connection while it was being opened",
            hint=f"Check the port and the beginning of the URL. {MAYBE_TLS}",
            retryable=True,
        )
    return ConnectError(
        f"{host} refused the connection", hint="Is the server running, and on that port?", retryable=True
    )


MAYBE_TLS = (
    'Where it is encrypted, the server may want a client certificate or another TLS version: "tls" in the entry, '
    'with "cert", "key" and "minVersion".'
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; the libraries wrap each other's."""
    found: BaseException | None = error
    for _ in range(10):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _reason(error: BaseException) -> str:
    """The first text that is no more than the name of a type."""
    texts = (str(cause) for cause in _causes(error))
    return next((text for text in texts if text and not text.endswith("Error()")), type(error).__name__)


def _tls_text(error: BaseException) -> str:
    """What OpenSSL said, or else the error's own text."""
    return next((str(cause) for cause in _causes(error) if isinstance(cause, ssl.SSLError)), str(error))


_TLS_HINTS = (
    ("certificate required", 'The server wants a client certificate: give "tls": {"cert": …, "key": …} in the entry.'),
    ("alert unknown ca", "The server does not trust the client certificate of the entry."),
    ("alert bad certificate", "The server does not accept the client certificate of the entry."),
    ("alert certificate", "The server does not accept the client certificate of the entry."),
    ("protocol version", 'No TLS version in common: check "minVersion" of the entry, or the server.'),
    ("unsupported protocol", 'No TLS version in common: check "minVersion" of the entry, or the server.'),
    ("hostname mismatch", "The certificate is for another name: check the host in the URL."),
    ("address mismatch", "The certificate is for another name: check the host in the URL."),
    ("expired", "The server's certificate is out of date."),
    ("wrong version number", "Nothing there speaks TLS: should the URL start with http:// or ws://?"),
    ("record layer failure", "Nothing there speaks TLS: should the URL start with http:// or ws://?"),
)
"""What to do about a TLS failure, by words of OpenSSL's."""


def _tls_error(text: str, host: str) -> ConnectError | None:
    words = text.lower().replace("_", " ")
    if "certificate" not in words and "ssl" not in words:
        return None
    hints = (hint for part, hint in _TLS_HINTS if part in words)
    default = (
        'Check the certificate and its host name; for a private CA give "tls": {"ca": …} in the entry '
        "or set SSL_CERT_FILE."
    )
    return ConnectError(f"TLS with {host} failed: {text}", hint=next(hints, default))
