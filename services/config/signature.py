"""What a server is, whatever it is called: its command line, or its URL (config contract, section 1).

Owns the comparison and the form of it that may be shown. Never stores what it compares: those are
expanded values, which live as long as one merge.
"""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

from ..models import ConnectorTarget, InProcessTarget, ServerEntry, Source, StdioTarget, TransportKind

Key: TypeAlias = tuple[str, ...]
"""Compares equal for entries that run the same command or reach the same URL. Holds expanded values."""

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def key_of(entry: ServerEntry) -> Key | None:
    """``("stdio", command, *args)`` or ``("url", url)``; None for an entry that can be neither run nor reached."""
    target = entry.target
    match target:
        case None | InProcessTarget():
            return None
        case StdioTarget():
            return ("stdio", target.command, *target.args)
        case ConnectorTarget() if entry.source is Source.CONNECTOR and entry.provenance.signature:
            return ("url", _same_url(entry.provenance.signature))  # the server behind the proxy
        case _:
            return ("url", _same_url(target.url))


def environment_of(entry: ServerEntry) -> Key:
    """What is compared beside ``key_of`` between two plugins: the variables of a command, in any order."""
    target = entry.target
    if not isinstance(target, StdioTarget):
        return ()
    return tuple(part for pair in sorted(target.env.items()) for part in pair)


def shown_signature(transport: TransportKind, endpoint: str) -> str | None:
    """The same in words: ``stdio:`` and the command line, or the URL; unexpanded and masked as ``endpoint`` is."""
    if not endpoint or transport is TransportKind.IN_PROCESS:
        return None
    return f"stdio:{endpoint}" if transport is TransportKind.STDIO else endpoint


def _same_url(url: str) -> str:
    """``url`` with what has no meaning made equal: the case of scheme and host, the scheme's own port.

    Nothing else: a path, a query or user info that differs in one letter may be another server.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    user, at, _ = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    place = host if port is None or port == _PORTS.get(scheme) else f"{host}:{port}"
    # An empty path is asked for as "/" (RFC 9110, section 4.2.3).
    return parts._replace(scheme=scheme, netloc=f"{user}{at}{place}", path=parts.path or "/").geturl()
