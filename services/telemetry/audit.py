"""The audit log: one line for every call that was asked for, whoever asked, and how it ended.

Owns what a line says. How lines hold together is the business of ``audit_chain``, how they get onto the disk that of
``audit_file``. Never keeps a call from being made: what cannot be written is told once.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ..models import Json, JsonObject
from ..state.model import CallState
from .audit_chain import fingerprint
from .audit_file import KEPT, LARGEST, AuditFile, Busy
from .outcomes import outcome_of
from .redaction import masked_text, masked_url, redacted
from .trace import iso

MOST_ARGUMENTS = 64 * 1024
"""Bytes of arguments that are written; of more there is the digest and the size."""
MOST_RESULT = 64 * 1024
"""Bytes of a result of which a digest is made."""
LONGEST_NAME = 2_000
"""Characters of a name or an address that are written."""
WAITING = 200
"""Calls that wait for another process to let go of the log; beyond, the oldest are counted as lost."""

_READ = "resources/read"

Arguments: TypeAlias = Literal["digest", "full"]


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """``arguments``: their digest only, or as they were, with secrets masked. ``kept``: files that were put aside."""

    enabled: bool = True
    arguments: Arguments = "digest"
    kept: int = KEPT


class Audit:
    """Writes the log in ``folder``. Belongs to the loop's thread: a line is one short write, and nothing waits.

    ``told`` is called once with a sentence when the log cannot be written, and again after it could meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        *,
        arguments: Arguments = "digest",
        kept: int = KEPT,
        largest: int = LARGEST,
        now: Callable[[], float] = time.time,
        told: Callable[[str], object] | None = None,
    ) -> None:
        self.file = AuditFile(folder, largest=largest, kept=kept)
        self.problem = ""
        """Why lines are missing; empty while none is."""
        self._arguments: Arguments = arguments
        self._now = now
        self._pid = os.getpid()
        self._told = told
        self._waiting: deque[tuple[float, CallState]] = deque()
        self._lost = 0

    def record(self, call: CallState) -> None:
        """Write down a call that ended, or was refused. Never raises for what the disk does."""
        self._waiting.append((self._now(), call))
        try:
            self._write()
        except OSError as error:
            self._failed(error)
        else:
            self.problem = ""

    def close(self) -> None:
        """Write what waits, as far as that is possible now."""
        try:
            self._write()
            self.file.close()
        except OSError as error:
            self._failed(error)

    def _write(self) -> None:
        while self._waiting:
            line = self._line(*self._waiting[0])
            if self._lost:
                line["lost"] = self._lost
            self.file.append(line)
            self._lost = 0
            self._waiting.popleft()

    def _failed(self, error: OSError) -> None:
        if not isinstance(error, Busy):
            # A disk that is full, a folder that must not be written: what happens until that is mended is lost.
            self._lost += len(self._waiting)
            self._waiting.clear()
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self._lost += 1
        told = bool(self.problem)
        self.problem = f"{self.file.path}: the audit log cannot be written: {error.strerror or error}"
        if not told and self._told is not None and not isinstance(error, Busy):
            self._told(self.problem)

    def _line(self, at: float, call: CallState) -> JsonObject:
        key = self.file.key()
        line: JsonObject = {
            "time": iso(at),
            "call": call.id,
            "pid": self._pid,
            "caller": call.caller.value,
            "server": _cut(call.server),
            "tool": _cut(masked_url(call.tool) if call.method == _READ else call.tool),
            "method": call.method,
            "decision": _decision(call),
            "outcome": outcome_of(call),
            "durationMs": None if call.duration_ms is None else round(call.duration_ms, 3),
            "argumentsDigest": fingerprint(call.arguments, key),
        }
        if self._arguments == "full":
            line["arguments"] = _within(redacted(call.arguments))
        if call.result is not None and 0 <= _size(call) <= MOST_RESULT:
            line["resultDigest"] = fingerprint(call.result, key)
        if call.attempts != 1:
            line["attempts"] = call.attempts
        if call.cached_at is not None:
            line["cached"] = True
        for name, text in (("instance", call.instance), ("traceId", call.trace_id)):
            if text:
                line[name] = _cut(text)
        return line


def _size(call: CallState) -> int:
    """Bytes of the result, -1 where nobody measured them: a large one is not put into one piece for a digest."""
    return call.measured.size if call.measured is not None else -1


def _decision(call: CallState) -> Json:
    """What allowed or forbade it; null where nobody was asked."""
    decision = call.decision
    if decision is None:
        return None
    shown: JsonObject = {
        "effect": decision.effect.value,
        "rule": _cut(masked_text(decision.rule)),
        "source": _cut(decision.source),
    }
    if decision.reach is not None:
        shown["reach"] = decision.reach.value
    return shown


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}… ({len(text):,} characters)"


def _within(arguments: Json) -> Json:
    """Arguments that can be written and are small enough, else how large they are."""
    try:
        size = len(json.dumps(arguments, separators=(",", ":"), allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        return {"omitted": "what is no JSON"}
    return arguments if size <= MOST_ARGUMENTS else {"omitted": f"{size:,} bytes"}
