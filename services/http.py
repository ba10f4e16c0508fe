"""The one place that makes HTTP clients.

Owns TLS, proxy, pool and time-out settings. Never follows a redirect by itself: who sends decides,
so that credentials stay with their origin.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from .errors import ConnectError, ConnectionLost, McpDeckError, TransportTimeout

CONNECT_TIMEOUT = 10.0
WRITE_TIMEOUT = 30.0
USER_AGENT = "mcpdeck"

_LOOPBACK: Mapping[str, httpx.AsyncBaseTransport | None] = {
    "all://localhost": None,
    "all://127.0.0.1": None,
    "all://[::1]": None,
}
"""A proxy from the environment is never asked for this machine's own servers."""


@lru_cache(maxsize=1)
def _verifying() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def client(url: str) -> httpx.AsyncClient:
    """A client for servers at ``url``'s origin; reads never time out by themselves (streams stay open)."""
    # Loading the certificate store costs 20 ms: plain http does without, and a context that trusts
    # nobody makes sure that it stays plain http.
    secure = urlsplit(url).scheme != "http"
    return httpx.AsyncClient(
        verify=_verifying() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT, write=WRITE_TIMEOUT),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60.0),
        follow_redirects=False,
        mounts=dict(_LOOPBACK),
        headers={"User-Agent": USER_AGENT},
    )


def same_origin(one: str, other: str) -> bool:
    """Scheme, host and port are equal (RFC 6454)."""
    first, second = httpx.URL(one), httpx.URL(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def mapped(error: Exception, url: str) -> McpDeckError:
    """An httpx error as ours: what happened at which host, and what to do next."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or url
    match error:
        case httpx.ConnectTimeout():
            return TransportTimeout(
                f"no connection to {host} within {CONNECT_TIMEOUT:g} s", hint="Check the host and your network."
            )
        case httpx.WriteTimeout():
            return TransportTimeout(f"{host} stopped taking data", hint="The server may be overloaded.")
        case httpx.ConnectError():
            return _connect_error(error, host)
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
            return ConnectionLost(
                f"the connection to {host} broke: {error or type(error).__name__}",
                hint="The server or something between closed it.",
                retryable=True,
            )


def _connect_error(error: httpx.ConnectError, host: str) -> ConnectError:
    text = str(error)
    low = text.lower()
    if "certificate" in low or "ssl" in low:
        return ConnectError(
            f"TLS with {host} failed: {text}",
            hint="Check the certificate and its host name; for a private CA set SSL_CERT_FILE.",
        )
    if "name or service" in low or "nodename" in low or "getaddrinfo" in low or "resolution" in low:
        return ConnectError(f"the host name {host} is not known", hint="Check the spelling of the URL.")
    return ConnectError(
        f"{host} refused the connection", hint="Is the server running, and on that port?", retryable=True
    )
