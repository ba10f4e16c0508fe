"""What was forgotten when the choices of a project are reset, and which settings files still hold some.

Owns plain values. Never writes: settings files are the person's and other programs'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .settings import ENABLE_ALL, ENABLED, REJECTED, Settings


@dataclass(frozen=True, slots=True)
class Remaining:
    """Choices in a settings file, in words: ``enabledMcpjsonServers: a, b``. ``counts``: approvals in it count."""

    file: Path
    choices: tuple[str, ...]
    counts: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """Names of the servers whose approval, rejection, pinned text and switch were forgotten, each sorted."""

    approved: tuple[str, ...]
    rejected: tuple[str, ...]
    pinned: tuple[str, ...]
    switched: tuple[str, ...]
    remaining: tuple[Remaining, ...]
    broken: tuple[Path, ...] = ()
    """Files that could not be read, and are put aside whole: those of all projects."""

    @property
    def nothing(self) -> bool:
        """There was nothing to forget."""
        return not (self.approved or self.rejected or self.pinned or self.switched or self.broken)


def remaining(settings: Iterable[Settings]) -> tuple[Remaining, ...]:
    """The files that hold choices about servers of this project's ``.mcp.json``."""
    found: list[Remaining] = []
    for one in settings:
        words: list[str] = []
        if one.choices.enable_all:
            words.append(f"{ENABLE_ALL}: true")
        for key, names in ((ENABLED, one.choices.enabled), (REJECTED, one.choices.rejected)):
            if names:
                words.append(f"{key}: {', '.join(sorted(names))}")
        if words:
            found.append(Remaining(one.file.path, tuple(words), one.uncounted is None))
    return tuple(found)
