"""What a person should know about an address before consenting to open it.

Owns the reading of a URL into host and warnings. Never opens, fetches or resolves anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from ...services.state.text import visible

_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "ne", "net", "or", "org"})


@dataclass(frozen=True, slots=True)
class Address:
    """``host`` as written; ``domain`` its end that somebody registered (all of it when that is not clear).

    ``warnings`` are for the eye; ``refused`` says why consent is not offered, None when it is.
    """

    url: str
    host: str
    domain: str = ""
    warnings: tuple[str, ...] = ()
    refused: str | None = None


def read_address(url: str) -> Address:
    """Judge an address by its text alone (protocol section 33: https, http on loopback only, no user name)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        user = parts.username is not None or parts.password is not None
        scheme = parts.scheme
    except ValueError:
        return Address(url, "", refused="this is not an address")
    refused = None
    if visible(url) != url or any(character.isspace() for character in url):
        refused = "the address holds blanks or invisible characters"
    elif scheme not in ("http", "https"):
        refused = f"addresses must begin with https, not {visible(scheme)[:20] or 'nothing'}"
    elif not host:
        refused = "the address names no host"
    elif user:
        refused = "the address holds a user name that disguises the host"
    elif scheme == "http" and not _is_loopback(host):
        refused = "http is not encrypted; only this machine may use it"
    warnings: list[str] = []
    if "xn--" in host:
        warnings.append(f"the host is written in punycode and reads {_decoded(host)}: it may imitate another name")
    if not host.isascii():
        warnings.append("the host has letters beyond ASCII: they may imitate another name")
    if host and _is_number(host) and not _is_loopback(host):
        warnings.append("the host is a bare IP address")
    return Address(url, host, _domain(host), tuple(warnings), refused)


def _domain(host: str) -> str:
    """The part of a host name that tells whose it is: its last two labels, three below the likes of ``co.uk``.

    Without the public suffix list this is a guess, for the eye only; an address and a bare name are whole.
    """
    labels = host.rstrip(".").split(".")
    if _is_number(host) or len(labels) < 3:
        return host
    kept = 3 if len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(host.split(".")[-kept - host.endswith(".") :])


def _decoded(host: str) -> str:
    """The host with the letters that its punycode stands for."""
    try:
        labels = [
            label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
            for label in host.split(".")
        ]
    except (UnicodeError, ValueError, OverflowError):
        return "nothing that can be decoded"
    return ".".join(labels)


def _is_number(host: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
