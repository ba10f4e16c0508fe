"""Whether a project's ``settings.local.json`` is the person's own, as far as git has said so.

Owns git's last answer, and asking again when something changed that it depends on: in a thread, so that nobody who
may not wait does. Until the new answer is there nothing counts that did not count by the old one. Never reads a
settings file.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .settings import CLAUDE, LOCAL_NAME, Choices, Stat, stat_of
from .tracked import why_not_own

ASKED = "git is asked at this moment whether it is committed"


@dataclass(frozen=True, slots=True)
class Answer:
    """``why_not``: why approvals in the file do not count, None when they do. ``choices``: those that may count.

    ``asked`` False: something changed since git was asked, and what it says now is not known yet.
    """

    why_not: str | None
    choices: Choices
    asked: bool


class Ownership:
    """Of one project. ``answer`` is for one thread at a time; ``refresh`` may be called from any."""

    def __init__(self, project: Path, environ: Mapping[str, str]) -> None:
        self._project = project
        self.index = project / ".git" / "index"
        """The file that changes with what git tracks; it is somewhere else in a worktree."""
        self._environ = environ
        self._said: tuple[tuple[Stat, ...], str | None] | None = None
        self._counted = Choices()  # what stood in the file when the answer was known and let it count
        self._lock = threading.Lock()
        self._asking = False
        self.answers = 0
        """How often git answered: another number means that something may count that did not, or the other way."""

    def answer(self, choices: Choices, *, wait: bool) -> Answer:
        """What is known about the file that holds ``choices``. Without ``wait`` it runs nothing, a thread does."""
        if wait:
            self.refresh()
        said = self._said
        if said is not None and said[0] == self._stats():
            self._counted = choices if said[1] is None else Choices()
            return Answer(said[1], choices, asked=True)
        self._begin()
        if said is None:
            return Answer(ASKED, choices, asked=False)
        if said[1] is not None:
            return Answer(said[1], choices, asked=False)
        before = self._counted
        still = replace(
            choices, enabled=choices.enabled & before.enabled, enable_all=choices.enable_all and before.enable_all
        )
        return Answer(None, still, asked=False)

    def refresh(self) -> None:
        """Ask git where its last answer may be another now: up to some seconds, so not from an event loop."""
        stats = self._stats()
        if stats[0] is None:  # nothing to ask about
            return
        if self._said is None or self._said[0] != stats:
            self._said = (stats, why_not_own(self._project, CLAUDE, LOCAL_NAME, self._environ))
            self.answers += 1

    def _begin(self) -> None:
        with self._lock:
            if self._asking:
                return
            self._asking = True
        threading.Thread(target=self._ask, name="mcpdeck-git", daemon=True).start()

    def _ask(self) -> None:
        try:
            self.refresh()
        finally:
            self._asking = False

    def _stats(self) -> tuple[Stat, ...]:
        paths = (self._project / CLAUDE / LOCAL_NAME, self.index.parent, self.index)
        return tuple(stat_of(path) for path in paths)
