"""``mcpdeck audit verify|show|path``: the log of every call that was made from here, and whether it is whole.

Owns the output. Only reads: nothing here writes into the log, or repairs it.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path

from ...services.config.files import Folders, with_home
from ...services.errors import UsageError
from ...services.models import Json, JsonObject, as_object
from ...services.state.text import one_line
from ...services.telemetry.audit_chain import Line
from ...services.telemetry.audit_check import Checked, check, check_file, folder_of, lines_of
from ...services.telemetry.audit_file import LOG
from ..exits import Exit
from ..observing import audit_folder
from ..options import Options
from ..printing import DIM, GREEN, RED, YELLOW, Cell, coloured, note, note_warning, table, write, write_json

LAST = 20
"""Lines that ``show`` shows, unless ``--last`` says otherwise."""
_WORDS = ("verify", "show", "path")


def run(options: Options) -> int:
    """0; 6 where the log does not hold. Raises ``UsageError`` for a file that cannot be read."""
    what, *rest = options.words or ("",)
    if what not in _WORDS:
        raise UsageError("mcpdeck audit needs one of verify, show and path", hint="mcpdeck audit --help")
    if rest and what != "verify":
        raise UsageError(f"mcpdeck audit {what} takes no {rest[0]!r}", hint="mcpdeck audit --help")
    folder = audit_folder(Folders.of(os.environ))
    try:
        match what:
            case "verify":
                return _verify(folder, rest[0] if rest else None, options)
            case "show":
                return _show(folder, options)
            case _:
                return _path(folder, options)
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else str(folder)
        raise UsageError(
            f"cannot read {place}: {error.strerror or error}", hint="check the path and its rights"
        ) from None


def _verify(folder: Path, file: str | None, options: Options) -> int:
    path = with_home(file) if file is not None else None
    whole = folder if path is None else folder_of(path)
    checked = check_file(path) if path is not None and whole is None else check(whole or folder)
    if options.json:
        write_json(_document(checked))
        return Exit.DONE if checked.broken is None else Exit.PROTOCOL
    for each in checked.notes:
        note_warning(each)
    broken = checked.broken
    if broken is not None:
        write(coloured(f"{broken.file}:{broken.line}: {broken.damage.value}: {broken.why}", RED, sys.stdout))
        write(f"{_lines(checked.lines)} before it hold; nothing after it can be relied on")
        return Exit.PROTOCOL
    if not checked.files:
        write("no call was logged yet")
        return Exit.DONE
    files = "1 file" if len(checked.files) == 1 else f"{len(checked.files)} files"
    numbers = f", numbers {checked.first} to {checked.last}" if checked.lines else ""
    write(coloured(f"{_lines(checked.lines)} in {files} hold{numbers}", GREEN, sys.stdout))
    if whole is None:
        note("one file by itself: whether lines are missing before its first or after its last one cannot be told")
    return Exit.DONE


def _document(checked: Checked) -> JsonObject:
    broken = checked.broken
    return {
        "holds": broken is None,
        "files": [str(path) for path in checked.files],
        "lines": checked.lines,
        "first": checked.first,
        "last": checked.last,
        "break": None
        if broken is None
        else {"file": str(broken.file), "line": broken.line, "damage": broken.damage.value, "why": broken.why},
        "notes": [*checked.notes],
    }


def _show(folder: Path, options: Options) -> int:
    kept: deque[Line] = deque(maxlen=options.last or LAST)
    for line in lines_of(folder):
        if options.of_server is None or line.members.get("server") == options.of_server:
            kept.append(line)
    if options.json:
        calls: list[Json] = [line.members for line in kept]
        write_json({"calls": calls})
        return Exit.DONE
    if not kept:
        note("no such call was logged" if options.of_server is not None else "no call was logged yet")
        return Exit.DONE
    for text in table(("TIME", "CALLER", "SERVER", "WHAT", "DECISION", "OUTCOME", "MS"), [_row(line) for line in kept]):
        write(text)
    return Exit.DONE


def _row(line: Line) -> tuple[Cell, ...]:
    said, decision = line.members, as_object(line.members.get("decision"))
    outcome = _text(said.get("outcome"))
    took = said.get("durationMs")
    effect, rule = _text(decision.get("effect")), _text(decision.get("rule"))
    return (
        Cell(_text(said.get("time")), DIM),
        Cell(_text(said.get("caller"))),
        Cell(_text(said.get("server"))),
        Cell(_text(said.get("tool"))),
        Cell(_decided(effect, rule, _text(decision.get("reach"))), DIM),
        Cell(outcome, GREEN if outcome == "success" else YELLOW if outcome in ("denied", "cancelled") else RED),
        Cell(f"{took:,.0f}" if isinstance(took, int | float) else ""),
    )


def _decided(effect: str, rule: str, reach: str) -> str:
    """What was decided and by whom: an answer of a person stands above the rule that made it a question."""
    if effect == "allow" and reach:
        return f"allow (you: {reach}; {rule})" if rule and rule != reach else f"allow (you: {reach})"
    return f"{effect} ({rule})" if rule else effect


def _path(folder: Path, options: Options) -> int:
    if options.json:
        write_json({"folder": str(folder), "file": str(folder / LOG)})
    else:
        write(str(folder / LOG))
    return Exit.DONE


def _text(value: Json) -> str:
    return one_line(value, 200) if isinstance(value, str) else ""


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
