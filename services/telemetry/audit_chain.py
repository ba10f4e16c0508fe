"""One line of the audit log and the anchor of its end: how they are written, and how they are read back.

Owns the form of both (docs/observation.md tells it to whoever checks a log with other tools). Never opens a file.

A line is a JSON object whose last member is ``hash``: the SHA-256 of the line's text without that member, that is, of
everything up to the comma before it and the closing brace. ``prev`` is the hash of the line before, ``seq`` its number
plus one. So a line that was changed does not fit its own hash, and one that was taken out, put in or moved does not fit
its neighbours. The anchor says where the log ends, so that its end cannot be cut off either; it is sealed with a key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Final, cast

from ..models import Json, JsonObject

NO_HASH: Final = "0" * 64
"""What the first line of all has as ``prev``."""
ANCHOR_SIZE: Final = 320
"""Bytes of an anchor: of fixed length, so that it is replaced by one write in place."""
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_SORTED = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})"\}')
_TAIL_SIZE = 75


@dataclass(frozen=True, slots=True)
class End:
    """Where a log ends: number and hash of its last line. ``seq`` 0: nothing was written yet."""

    seq: int = 0
    hash: str = NO_HASH


@dataclass(frozen=True, slots=True)
class Anchor:
    """``end`` as it was told last; ``first``: the number of the oldest line that was not removed for its age."""

    end: End = End()
    first: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line that fits its own hash."""

    seq: int
    prev: str
    hash: str
    members: JsonObject


def written(members: JsonObject) -> tuple[bytes, str]:
    """``members`` (of which ``seq`` and ``prev`` are some) as a line with its line break, and its hash.

    Raises ``ValueError`` and ``RecursionError`` for what is no JSON.
    """
    text = _COMPACT.encode(members).encode("ascii")
    digest = hashlib.sha256(text).hexdigest()
    return b'%s,"hash":"%s"}\n' % (text[:-1], digest.encode("ascii")), digest


def read_line(data: bytes) -> Line | None:
    """The line without its line break; None for one that does not fit its hash, or is none."""
    tail = _TAIL.fullmatch(data, len(data) - _TAIL_SIZE) if len(data) > _TAIL_SIZE else None
    if tail is None:
        return None
    digest = hashlib.sha256(data[: -len(tail[0])] + b"}").hexdigest()
    if digest != tail[1].decode("ascii"):
        return None
    try:
        members = cast("Json", json.loads(data))
    except (ValueError, RecursionError):
        return None
    match members:
        case {"seq": int() as seq, "prev": str() as prev} if not isinstance(seq, bool):
            return Line(seq, prev, digest, members)
        case _:
            return None


def sealed(anchor: Anchor, key: bytes) -> bytes:
    """The anchor as it is kept. Only who has ``key`` can make one."""
    text = f'{{"seq":{anchor.end.seq},"hash":"{anchor.end.hash}","first":{anchor.first}'.encode("ascii")
    return b'%s,"seal":"%s"}' % (text, _mac(b"anchor" + text, key)) + b" " * (ANCHOR_SIZE - len(text) - 44) + b"\n"


def read_anchor(data: bytes, key: bytes | None) -> Anchor | None:
    """What ``sealed`` made; None for one that was not made with ``key``. Without a key the seal is not looked at."""
    try:
        match cast("Json", json.loads(data)):
            case {"seq": int() as seq, "hash": str() as digest, "first": int() as first, "seal": str()}:
                anchor = Anchor(End(seq, digest), first)
            case _:
                return None
    except (ValueError, RecursionError):
        return None
    return anchor if key is None or hmac.compare_digest(sealed(anchor, key), data) else None


def fingerprint(value: Json, key: bytes) -> str | None:
    """A digest by which equal values can be recognised, and nothing else: it is keyed with what only this installation
    has, so that a short secret among arguments cannot be found by trying all there are. None for what is no JSON.
    """
    try:
        text = _SORTED.encode(value)
    except (ValueError, TypeError, RecursionError):
        return None
    return "blake2b:" + _mac(b"value" + text.encode("ascii"), key).decode("ascii")


def _mac(data: bytes, key: bytes) -> bytes:
    """A keyed BLAKE2b of 16 bytes (RFC 7693, 2.9) in hexadecimal; it takes a third of the time of an HMAC."""
    return hashlib.blake2b(data, digest_size=16, key=key).hexdigest().encode("ascii")
