"""What can be told at once about an address that was pasted as the end of a login.

Owns the words for what is wrong with it, for the field it was pasted into. Never decides whether the login goes on:
state, issuer and code are checked by the login itself.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

FIELDS = 100
"""Most parameters that are looked at."""
LONGEST = 16_384
"""Characters of an address that may be the right one."""


def answer_of(pasted: str) -> str:
    """What is handed on: the pasted text without what stands around it, and unfolded: no address holds blanks."""
    return "".join(pasted.split()).strip("\"'<>")


def wrong_with(pasted: str, url: str, redirect_uri: str) -> str | None:
    """Why ``pasted`` cannot be where the browser ended; None where it can.

    ``url``: the authorization request, which tells the state; ``redirect_uri``: where the browser is sent back to.
    The query alone will do (RFC 6749, section 4.1.2).
    """
    text = answer_of(pasted)
    if not text:
        return "paste the address that the browser ended at"
    if len(text) > LONGEST or not text.isprintable():
        return "this is no address: it is too long, or holds what cannot be printed"
    if text == url:
        return "this is the address to open; the one that the browser ended at is wanted"
    if "://" in text:
        if _place(text) != _place(redirect_uri):
            return f"it must begin with {redirect_uri}"
        text = text.partition("?")[2]
    given = _parameters(text.removeprefix("?").partition("#")[0])
    if not given.keys() & {"code", "error"}:
        return "it holds no code: copy the whole address, to its end"
    wanted = _parameters(url.partition("?")[2]).get("state")
    if wanted and given.get("state") != wanted:
        return "it belongs to another login: its state is not that of this one"
    return None


def _place(url: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc, parts.path or "/"


def _parameters(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        return {}
