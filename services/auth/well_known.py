"""Where an authorization server publishes its metadata (RFC 8414, section 3; OpenID Connect Discovery, section 4).

Owns the addresses and their order. Fetches nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

SERVER_PATH = "/.well-known/oauth-authorization-server"
OPENID_PATH = "/.well-known/openid-configuration"


def server_urls(issuer: str) -> tuple[str, ...]:
    """The well-known addresses of an issuer, in the order in which they are asked (protocol 37.3).

    None for a text that is no URL.
    """
    try:
        parts = urlsplit(issuer)
    except ValueError:
        return ()
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    if not path:
        return f"{origin}{SERVER_PATH}", f"{origin}{OPENID_PATH}"
    return f"{origin}{SERVER_PATH}{path}", f"{origin}{OPENID_PATH}{path}", f"{origin}{path}{OPENID_PATH}"


def is_published_by(issuer: str, url: str) -> bool:
    """Whether ``url`` is where ``issuer`` alone publishes; RFC 8414 behind the path is never asked, but as good."""
    return url in (*server_urls(issuer), f"{issuer.rstrip('/')}{SERVER_PATH}")
