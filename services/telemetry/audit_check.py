"""Whether an audit log is what was written: every file, every line, to the end that the anchor tells.

Owns finding the first place that does not hold, and naming what was done there. Only reads.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ..models import as_object
from .audit_chain import NO_HASH, Anchor, Line, read_anchor, read_line
from .audit_file import ANCHOR, KEY, LOG
from .audit_standing import Moment, Standing, moment


class Damage(StrEnum):
    ALTERED = "altered"
    REMOVED = "removed"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place that does not hold. ``line`` counts from 1; behind the last one stands what was cut off."""

    file: Path
    line: int
    damage: Damage
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """``lines`` that hold, before the break where there is one. ``notes``: what is odd and breaks nothing."""

    files: tuple[Path, ...]
    lines: int
    broken: Break | None = None
    notes: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None


@dataclass(slots=True)
class _Place:
    """One line as it stands: ``whole`` with its line break. ``line`` None: it does not fit its hash."""

    file: Path
    number: int
    line: _Short | None
    whole: bool
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class _Short:
    """What of a line is needed to check the others; a log of 100 MB is not held in memory."""

    seq: int
    prev: str
    hash: str
    torn: str
    anchor: str
    lost: int


@dataclass(slots=True)
class _Log:
    places: list[_Place] = field(default_factory=list[_Place])
    where: dict[int, int] = field(default_factory=dict[int, int])
    """Where the first line of a number stands in ``places``."""


def check(folder: Path) -> Checked:
    """Every file of the log in ``folder``, as it is at this moment. Raises ``OSError`` for one that cannot be read."""
    with moment(folder) as standing:
        checked = _checked(folder, standing)
    if not standing.locked:
        return checked
    note = "another process keeps the log locked: a line that it was writing may not be whole"
    return replace(checked, notes=(*checked.notes, note))


def _checked(folder: Path, standing: Moment) -> Checked:
    told = standing.anchor
    anchor = read_anchor(told, standing.key) if told is not None else None
    last = standing.files[-1].path if standing.files else folder / LOG
    if not standing.files and told is None:
        if standing.key is None:
            return Checked((), 0)
        # The key is made together with the anchor, and neither is removed again.
        why = "calls were logged here, and the log is not there, nor the anchor, which tells where it ended"
        return Checked((), 0, Break(last, 1, Damage.TRUNCATED, why))
    log = _read(standing.files)
    checked = _links(standing.files, log, anchor.first if anchor is not None else None)
    if checked.broken is not None:
        return checked
    after = sum(place.file == last for place in log.places) + 1
    if anchor is None:
        why = "the anchor, which tells where the log ends, " + (
            "is not there" if told is None else "was not made by this installation"
        )
        return replace(checked, broken=Break(last, after, Damage.TRUNCATED, f"{why}: lines may have been cut off here"))
    return _end(checked, log, anchor, last, after)


def check_file(path: Path) -> Checked:
    """One file by itself, wherever it stands: neither its beginning nor its end can be told. Raises ``OSError``."""
    with path.open("rb") as file:
        files = (Standing(path, os.fstat(file.fileno()).st_size, file),)
        return _links(files, _read(files), None)


def folder_of(path: Path) -> Path | None:
    """The folder of a log whose latest file this is, with what tells where it ends; None for any other file."""
    beside = path.name == LOG and any((path.parent / name).exists() for name in (ANCHOR, KEY))
    return path.parent if beside else None


def _end(checked: Checked, log: _Log, anchor: Anchor, last: Path, after: int) -> Checked:
    """Whether the log ends where the anchor says."""
    end = checked.last or 0
    if anchor.end.seq > end:
        missing = anchor.end.seq - end
        why = f"the log goes on to number {anchor.end.seq}; {_lines(missing)} cut off here"
        return replace(checked, broken=Break(last, after, Damage.TRUNCATED, why))
    told = log.where.get(anchor.end.seq)
    place = log.places[told] if told is not None else None
    if place is not None and place.line is not None and place.line.hash != anchor.end.hash:
        why = "its hash is another one than the anchor's"
        return replace(checked, broken=Break(place.file, place.number, Damage.ALTERED, why))
    if anchor.end.seq < end:
        note = f"the anchor is {_lines(end - anchor.end.seq)} behind: mcpdeck was ended while it wrote"
        return replace(checked, notes=(*checked.notes, note))
    return checked


def _links(files: Sequence[Standing], log: _Log, oldest: int | None) -> Checked:
    """Every line by itself and with the one before it. ``oldest``: the log begins with this number, or before."""
    notes: list[str] = []
    before: _Short | None = None
    good = 0
    broken: Break | None = None
    first: int | None = None
    for index, place in enumerate(log.places):
        line = place.line
        if line is None:
            if _was_torn(log, index, before):
                notes.append(f"{place.file}:{place.number}: a line that was not written to its end; the log goes on")
                continue
            broken = _misfit(log, index, before)
            break
        broken = _first(place, line, oldest) if before is None else _link(log, index, line, before)
        if broken is not None:
            break
        if line.lost:
            notes.append(f"{place.file}:{place.number}: {_lines(line.lost)} before it could not be written")
        first = line.seq if first is None else first
        before = line
        good += 1
    last = before.seq if before is not None else None
    return Checked(tuple(file.path for file in files), good, broken, tuple(notes), first, last)


def _first(place: _Place, line: _Short, oldest: int | None) -> Break | None:
    if line.seq == 1 and line.prev != NO_HASH:
        return Break(place.file, place.number, Damage.ALTERED, "number 1 has one before")
    if line.anchor:
        return Break(place.file, place.number, Damage.TRUNCATED, _anchor_was(line))
    if oldest is not None and line.seq > oldest:
        why = f"the log begins with number {oldest}; {_lines(line.seq - oldest)} missing here"
        return Break(place.file, place.number, Damage.REMOVED, why)
    return None


def _link(log: _Log, index: int, line: _Short, before: _Short) -> Break | None:
    place, wanted = log.places[index], before.seq + 1

    def broken(damage: Damage, why: str, at: _Place = place) -> Break:
        return Break(at.file, at.number, damage, why)

    if line.seq == wanted and line.prev == before.hash:
        if line.anchor:
            return broken(Damage.TRUNCATED, _anchor_was(line))
        return None
    if line.seq == wanted:
        return broken(
            Damage.ALTERED, f"number {wanted} was written after another line than this", log.places[index - 1]
        )
    if line.seq > wanted:
        if log.where.get(wanted, -1) > index:
            return broken(Damage.REORDERED, f"number {line.seq} stands where number {wanted} belongs")
        return broken(Damage.REMOVED, f"{_lines(line.seq - wanted)} missing before it, from number {wanted} on")
    other = log.places[log.where[line.seq]]
    following = log.where.get(line.seq + 1)
    genuine = log.places[following].line if following is not None else None
    if other is not place and genuine is not None and genuine.prev == line.hash and other.line != line:
        return broken(Damage.INSERTED, f"number {line.seq} stands twice, and the log goes on from the other", other)
    if other is place:
        return broken(Damage.REORDERED, f"number {line.seq} stands behind number {before.seq}")
    return broken(Damage.INSERTED, f"number {line.seq} stands here for the second time")


def _anchor_was(line: _Short) -> str:
    return f"the anchor was {line.anchor} then: lines may have been cut off before it"


def _misfit(log: _Log, index: int, before: _Short | None) -> Break:
    """What is to be said of a line that does not fit its own hash."""
    place = log.places[index]
    following = next((each.line for each in log.places[index + 1 :] if each.line is not None), None)
    if following is None and not place.whole:
        return Break(place.file, place.number, Damage.TORN, "it was not written to its end; the next line will tell so")
    if following is not None and before is not None and following.prev == before.hash:
        return Break(place.file, place.number, Damage.INSERTED, "no line of this log; those around it belong together")
    return Break(place.file, place.number, Damage.ALTERED, "it does not fit its hash")


def _was_torn(log: _Log, index: int, before: _Short | None) -> bool:
    """The next line told of it, and goes on from the one before."""
    if index + 1 >= len(log.places):
        return False
    following = log.places[index + 1].line
    return (
        following is not None
        and following.torn == log.places[index].sha256
        and (following.seq == 1 if before is None else following.prev == before.hash)
    )


# -- reading


def lines_of(folder: Path) -> Iterator[Line]:
    """Every line of the log in ``folder`` that fits its hash, oldest first. Raises ``OSError``."""
    with moment(folder) as standing:
        for file in standing.files:
            for text in file.lines():
                line = read_line(text.removesuffix(b"\n"))
                if line is not None:
                    yield line


def _read(files: Sequence[Standing]) -> _Log:
    log = _Log()
    for file in files:
        for number, text in enumerate(file.lines(), 1):
            data = text.removesuffix(b"\n")
            line = read_line(data)
            sha = "" if line is not None else hashlib.sha256(data).hexdigest()
            if line is not None:
                log.where.setdefault(line.seq, len(log.places))
            log.places.append(_Place(file.path, number, _short(line) if line else None, data != text, sha))
    return log


def _short(line: Line) -> _Short:
    torn = as_object(line.members.get("torn")).get("sha256")
    anchor, lost = line.members.get("anchor"), line.members.get("lost")
    return _Short(
        line.seq,
        line.prev,
        line.hash,
        torn if isinstance(torn, str) else "",
        anchor if isinstance(anchor, str) else "",
        lost if isinstance(lost, int) else 0,
    )


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
