"""Which headers an entry or an option may set.

Owns the names that belong to HTTP itself or to the protocol, and what a value may hold. Never shows
a value: it may be a secret.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = frozenset(
    (
        "host",
        "content-length",
        "transfer-encoding",
        "content-encoding",
        "connection",
        "proxy-connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
    )
)
"""Another value than the one HTTP comes to by itself breaks the exchange (RFC 9110, RFC 9112)."""
_PROTOCOL = frozenset(
    (
        "accept",
        "accept-encoding",
        "content-type",
        "last-event-id",
        "mcp-session-id",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
    )
)
"""mcpdeck sets them for each message (protocol sections 10 to 12)."""


def header_name_problem(name: str) -> str | None:
    """What is wrong with a header of this name, as the rest of a sentence; None when nothing is."""
    if not _NAME.fullmatch(name):
        return "which HTTP does not allow"
    lower = name.lower()
    if lower in _FRAMING or lower.startswith("sec-websocket-"):
        return "which would break the connection: it is set by HTTP itself"
    return None


def set_by_mcpdeck(name: str) -> bool:
    """The protocol decides about the value of this header, message by message."""
    lower = name.lower()
    return lower in _PROTOCOL or lower.startswith("mcp-param-")


def header_value_problem(value: str) -> str | None:
    """What HTTP does not allow in a header's value (RFC 9110, 5.5), None when nothing; never the value itself."""
    if "\r" in value or "\n" in value:
        return "a line break"
    if value != value.strip(" \t"):
        return "white space around it"
    return None if re.fullmatch(r"[\t\x20-\x7e]*", value) else "a control character or one beyond ASCII"
