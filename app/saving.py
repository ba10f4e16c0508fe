"""Results as files: each part in the form a person can open.

Owns names, folder and modes of saved results. Never overwrites and never follows somebody's link.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ..services.engine.truncation import is_shortened
from ..services.models import JsonObject, as_object
from ..services.models.content import Kind, Part, parts_of, says_the_same
from ..services.models.json_pieces import SLICE, pieces
from ..services.models.media import decoded, extension_of
from ..services.state.model import CallState

MOST_BYTES = 1024 * 1024 * 1024
"""Bytes of one part that are decoded."""
MOST_READ = 256 * 1024 * 1024
"""Bytes of a file with a large result up to which its parts are taken out of it."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
_TRIES = 1_000


def save_result(call: CallState, folder: Path) -> Path:
    """Write the result of ``call`` below ``folder``; the path a person wants to open.

    The whole result as received always goes into a ``.json`` file; a single picture, sound or blob and
    a single text also get a file of their own (``.png``, ``.txt`` …), whose path is returned then. One that was too
    large to be kept is had from its file. Raises ``OSError``.
    """
    assert call.result is not None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = stem_of(call)
    result = call.result
    if is_shortened(result, call.measured) and call.measured is not None and call.measured.saved_to is not None:
        kept = Path(call.measured.saved_to)
        read = _read_again(kept)
        if read is None:
            return _write_new(folder, stem, kept.suffix, _copied(kept))
        result = read
    path = _write_new(folder, stem, ".json", _encoded(pieces(result, indent=2)))
    part = _part(result)
    return path if part is None else _write_new(folder, stem, *part)


def save_parts(result: JsonObject, folder: Path, stem: str) -> list[Path]:
    """Write the whole result as ``STEM.json`` and each of its parts with the suffix of what it is; what was written.

    Parts that are no text and no valid base64 stand in the whole only. No file that is there already is touched.
    Raises ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = [_write_new(folder, stem, ".json", _encoded(pieces(result, indent=2)))]
    parts = [part for part in parts_of(result) if _is_filed(part)]
    number = 0
    for part in parts:
        found = as_file(part)
        if found is not None:
            number += 1
            name = stem if len(parts) == 1 else f"{stem}-{number}"
            written.append(_write_new(folder, name, *found))
    return written


def save_part(part: Part, folder: Path, call: CallState) -> Path | None:
    """Write one part of a result as the file that it is; None where it is neither text nor valid base64.

    Raises ``OSError``.
    """
    found = as_file(part)
    if found is None:
        return None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _write_new(folder, stem_of(call), *found)


def save_whole(result: JsonObject, path: Path) -> None:
    """Write all of ``result`` into the file that a person named: its one part as it is, else JSON.

    Raises ``OSError``.
    """
    _replace(path, whole(result)[1])


def whole(result: JsonObject) -> tuple[Part | None, Iterator[bytes]]:
    """What a file holds that has all of ``result``: its one part as it is, else JSON, which is no part."""
    parts = list(islice(parts_of(result), 2))
    if len(parts) == 1 and _is_all(parts[0], result):
        found = as_file(parts[0])
        if found is not None:
            return parts[0], found[1]
    return None, _encoded(pieces(result, indent=2))


def save_lines(lines: Iterable[str], folder: Path, stem: str) -> Path:
    """Write text that comes in pieces into a file of its own; its path. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _write_new(folder, stem, ".log", _encoded(iter(lines)))


def stem_of(call: CallState) -> str:
    """The name of a call's files without their suffix: when, which tool, which call."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(call.started_at))
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", call.tool)
    return f"{stamp}-{plain[:60] or 'result'}-{call.id[-6:]}"


def _read_again(path: Path) -> JsonObject | None:
    """The result in a file that holds it as JSON; None for a text, and for what is too large or too deep to be read."""
    if path.suffix != ".json" or path.stat().st_size > MOST_READ:
        return None
    try:
        return as_object(json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))) or None
    except (ValueError, RecursionError):
        return None


def _copied(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(SLICE):
            yield piece


def _part(result: JsonObject) -> tuple[str, Iterator[bytes]] | None:
    """The one part a person means by "the result": suffix and bytes; None when it takes the whole."""
    count, alone, found = 0, None, None
    for part in parts_of(result):
        count, alone = count + 1, part
        file = as_file(part) if part.data else None
        if file is not None and found is not None:
            return None
        found = found or file
    if found is None and count == 1 and alone is not None and alone.kind is Kind.TEXT:
        return None if "structuredContent" in result else as_file(alone)
    return found


def _is_all(part: Part, result: JsonObject) -> bool:
    return "structuredContent" not in result or (
        part.kind is Kind.TEXT and says_the_same(part.text, result["structuredContent"])
    )


def as_file(part: Part) -> tuple[str, Iterator[bytes]] | None:
    """A part as a file of its own: its suffix and its bytes; None where it is neither text nor valid base64."""
    if part.kind in (Kind.TEXT, Kind.TEXT_RESOURCE):
        start = part.text[:SLICE].encode("utf-8", "surrogatepass")
        suffix = extension_of(part.mime, b"") if part.mime else ".txt"
        if suffix == ".bin" or not start:
            suffix = ".txt"
        return suffix, _encoded(part.text[at : at + SLICE] for at in range(0, len(part.text), SLICE))
    if not _is_filed(part):
        return None
    data = decoded(part.data, MOST_BYTES).data
    return None if data is None else (extension_of(part.mime, data), iter((data,)))


def _is_filed(part: Part) -> bool:
    """It may have a file of its own: it is text, or has data. A resource may well be empty."""
    return part.kind in (Kind.TEXT, Kind.TEXT_RESOURCE, Kind.BLOB) or bool(part.data)


def _encoded(texts: Iterator[str]) -> Iterator[bytes]:
    return (text.encode("utf-8", "surrogatepass") for text in texts)


def _replace(path: Path, data: Iterator[bytes]) -> None:
    """A file that a person named by hand: a link of theirs is theirs, and so may be a pipe or a device."""
    _put(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), data)


def _write_new(folder: Path, stem: str, suffix: str, data: Iterator[bytes]) -> Path:
    # A result may hold secrets: made for the owner alone, never through somebody's symbolic link.
    for number in range(_TRIES):
        path = folder / f"{stem}{f'.{number}' if number else ''}{suffix}"
        try:
            descriptor = os.open(path, _NEW, 0o600)
        except FileExistsError:
            continue
        try:
            _put(descriptor, data)
        except BaseException:
            with suppress(OSError):
                path.unlink()  # half a result is none
            raise
        return path
    raise FileExistsError(17, "too many files of that name", str(folder / f"{stem}{suffix}"))


def _put(descriptor: int, data: Iterator[bytes]) -> None:
    with os.fdopen(descriptor, "wb") as file:
        for piece in data:
            file.write(piece)
