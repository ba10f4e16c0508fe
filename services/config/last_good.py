"""Reading files that are being written: one that is broken now is taken as it was when it was whole.

Owns what each file held last. An editor that saves half a file, or a slip of the pen, must not end servers that
run. Never keeps anything of a file that is gone, nor of an administrator's: what those held no longer counts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace

from ..models import Source
from .models import Reading, SourceFile
from .read import read_files

STALE = "its file cannot be read now: this is the entry as it stood before, until the file is mended"
GO_ON = "its servers go on as they were before, until it is mended"


class LastGood:
    """``read_files`` with a memory. One for each run, called from one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[SourceFile, Reading] = {}

    def __call__(self, files: Sequence[SourceFile]) -> list[Reading]:
        """What ``files`` hold, or held: then a problem and a lint on each entry tell that one is broken now."""
        emptied = {file for file in files if file in self._kept and _is_pipe(file)}
        readings = iter(read_files([file for file in files if file not in emptied]))
        # A pipe gave what it had: --mcp-config <(command)
        return [self._kept[file] if file in emptied else self._weighed(file, next(readings)) for file in files]

    def _weighed(self, file: SourceFile, reading: Reading) -> Reading:
        if file.path is None or file.source is Source.MANAGED:
            return reading
        if reading.unreadable is None or not os.path.lexists(file.path):
            # Whole, emptied or gone: that is what somebody wants.
            self._kept[file] = reading
            return reading
        kept = self._kept.get(file)
        if kept is None or not kept.entries:
            return reading
        entries = tuple(replace(entry, lints=(*entry.lints, STALE)) for entry in kept.entries)
        problems = tuple(replace(problem, remedy=f"{problem.remedy}; {GO_ON}") for problem in reading.problems)
        return replace(reading, entries=entries, problems=problems)


def _is_pipe(file: SourceFile) -> bool:
    try:
        return file.path is not None and stat.S_ISFIFO(file.path.stat().st_mode)
    except OSError:
        return False
