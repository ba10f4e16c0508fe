r"""What one text can be to the programs that read it: several paths, several addresses.

Owns the readings of paths, of ``file:`` URIs and of web addresses. Never opens a file, never resolves a name, and never
says which reading is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import unquote

from .url_patterns import Address, canonical_host

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DECODINGS = 4
_KEPT = 16
"""Texts whose readings are kept: many rules look at the same arguments of one call."""
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")
_SLASHES = re.compile("//+")
_FILE = re.compile(r"file:(?://[^/]*)?(?=/)", re.IGNORECASE)
_DRIVE = re.compile(r"^/+(?=[a-z]:)", re.IGNORECASE)
_ROOT = re.compile(r"^(?:\.\.(?:/|$))+")
_WEB = re.compile(r"\s*(https?|wss?):[/\\]*(?=[^/\\])", re.IGNORECASE)
"""How a web address begins to whoever is the most lenient (https://url.spec.whatwg.org): any number of slashes."""
_WEB_PATTERN = re.compile(r"(https?|wss?)://([^/?#]*)(.*)", re.DOTALL)


def folded(text: str) -> str:
    """``text`` in the spelling in which what is forbidden is compared."""
    return normalize("NFC", text).casefold()


def readings(text: str) -> list[str]:
    """``text`` as it may be understood: as it is, decoded, with ``/`` for a backslash, without dot segments."""
    found: dict[str, None] = {}
    decoded = text
    for _ in range(_DECODINGS):
        plain = decoded.replace("\\", "/")
        found[plain] = None
        if _DOTS.search(plain):
            found[_without_dots(plain)] = None
            found[_without_dots(_SLASHES.sub("/", plain))] = None
        further = unquote(decoded)
        if further == decoded:
            break
        decoded = further
    return [*found]


@lru_cache(maxsize=_KEPT)
def wider_readings(text: str) -> tuple[str, ...]:
    """Everything that ``text`` could mean to somebody as a path, ``folded``: for rules that forbid."""
    return tuple(dict.fromkeys(map(folded, _wider(text))))


def _wider(text: str) -> Iterator[str]:
    for start in dict.fromkeys((text, text.strip(), text.partition("\0")[0], CONTROL.sub("", text))):
        for reading in readings(start):
            for one in (reading, _SLASHES.sub("/", reading)):
                yield one
                path = path_of(one)
                if path is not None:
                    yield path
                    yield _SLASHES.sub("/", path)
                    yield from readings(path)
            if reading.startswith(".."):
                yield "/" + _ROOT.sub("", reading)  # far enough up is the root


def path_of(text: str) -> str | None:
    """The path of a ``file:`` URI, or of one that begins with a drive; None where ``text`` is neither."""
    path = _FILE.sub("", text, count=1) if text[:5].lower() == "file:" else text
    path = _DRIVE.sub("", path)
    return path if path != text else None


def may_be_web(text: str) -> bool:
    """It begins as a web address does."""
    return _WEB.match(text) is not None


@lru_cache(maxsize=_KEPT)
def web_readings(text: str) -> tuple[str, ...]:
    """The addresses that somebody could contact for ``text``, ``folded``: for rules that forbid.

    Without user info and fragment, the host in one spelling; a port that is the scheme's own left out, and written.
    """
    return tuple(dict.fromkeys(_web(text)))


def _web(text: str) -> Iterator[str]:
    plain = CONTROL.sub("", text).strip()
    for reading in dict.fromkeys((plain, *readings(plain))):
        if may_be_web(reading):
            for each in Address.of(_WEB.sub(r"\1://", folded(reading), count=1)).readings:
                yield str(each)
                yield each.with_port


def web_address(text: str) -> tuple[tuple[str, str], ...]:
    """The same for rules that allow: every reading, without and with its port. Empty where one is not clear."""
    address = Address.of(text)
    return tuple((str(each), each.with_port) for each in address.readings) if address.clear else ()


def web_pattern(glob: str) -> str | None:
    """The glob of an address in the spelling of its readings; None where it is about no address."""
    match = _WEB_PATTERN.fullmatch(glob)
    if match is None or "@" in match[2]:
        return None
    host, colon, port = match[2], "", ""
    if ":" in host and not host.endswith("]"):
        host, colon, port = host.rpartition(":")
    path = match[3].partition("#")[0]
    if not path.startswith("/") and not (not path and match[2].endswith("**")):
        path = "/" + path
    return f"{match[1]}://{canonical_host(host)}{colon}{port}{path}"


def _without_dots(path: str) -> str:
    """Dot segments resolved as in RFC 3986, section 5.2.4; what climbs out of a relative path stays at its front."""
    absolute = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/")[1 if absolute else 0 :]:
        if part == "..":
            if kept and kept[-1] != "..":
                kept.pop()
            elif not absolute:
                kept.append(part)
        elif part != ".":
            kept.append(part)
    return ("/" if absolute else "") + "/".join(kept)
