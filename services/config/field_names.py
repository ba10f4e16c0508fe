"""The names of an entry's fields: which there are, which a transport uses, and what a misspelt one may mean.

Owns the one list of them. Never looks at a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from ..models import TransportKind

_EVERY = frozenset(
    (
        "type",
        "timeout",
        "disabled",
        "era",
        "protocolVersion",
        "roots",
        "sandbox",
        "watch",
        "alwaysLoad",  # of other clients, which load tools late; here they are always there
    )
)
_REMOTE = frozenset(("url", "headers", "tls"))
USED_BY: Mapping[TransportKind, frozenset[str]] = {
    TransportKind.STDIO: _EVERY | {"command", "args", "env", "cwd", "replicas"},
    TransportKind.HTTP: _EVERY | _REMOTE | {"headersHelper", "oauth", "urls"},
    TransportKind.SSE: _EVERY | _REMOTE | {"headersHelper", "oauth"},
    TransportKind.SSE_IDE: _EVERY | _REMOTE,
    TransportKind.WS: _EVERY | _REMOTE | {"headersHelper", "oauth"},
    TransportKind.WS_IDE: _EVERY | _REMOTE | {"authToken"},
    TransportKind.CONNECTOR: _EVERY | _REMOTE | {"token", "tokenFile", "tokenCommand"},
}
KNOWN: frozenset[str] = frozenset(key for keys in USED_BY.values() for key in keys)


def field_lint(key: str, transport: TransportKind) -> str | None:
    """What to say about a field that ``transport`` does not use, None for one that it does."""
    if key in USED_BY[transport]:
        return None
    if key in KNOWN:
        return f'"{key}" is not used by a server of type {transport}'
    meant = meant_by(key)
    return f'unknown field "{key}" (kept, not used)' + (f': did you mean "{meant}"?' if meant else "")


@lru_cache(maxsize=1024)
def meant_by(key: str) -> str | None:
    """The field that a misspelt ``key`` probably is; None when it is like none."""
    from difflib import get_close_matches  # 2 ms, and only for what is misspelt

    if len(key) > 40:
        return None
    names = {name.lower(): name for name in KNOWN}
    lower = key.lower().replace("_", "").replace("-", "")
    close = [lower] if lower in names else get_close_matches(lower, names, 1, 0.75)
    return names[close[0]] if close else None


def misspelt(field: str, keys: Iterable[str]) -> str | None:
    """The first of ``keys`` that probably means ``field``."""
    return next((key for key in keys if key not in KNOWN and meant_by(key) == field), None)
