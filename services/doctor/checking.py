"""One check after the other: told when it begins and when it is over, and where to stop.

Owns the clock and the way from an error to a verdict. Looks at nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..config.redaction import Redaction
from ..errors import McpDeckError
from ..models import Check, CheckState
from ..state.text import one_line

Told: TypeAlias = Callable[[Check], None]
"""Hears of every check twice: when it begins, and how it went. Synchronous."""


class Stopped(Exception):
    """A check failed without which the ones that follow mean nothing."""


@dataclass(slots=True)
class Finding:
    """What a check found so far; well, until something else is said."""

    state: CheckState = CheckState.OK
    detail: str = ""
    remedy: str = ""

    def well(self, detail: str) -> None:
        self.state, self.detail = CheckState.OK, detail

    def warn(self, detail: str, remedy: str = "") -> None:
        self.state, self.detail, self.remedy = CheckState.WARN, detail, remedy

    def fail(self, detail: str, remedy: str = "") -> None:
        self.state, self.detail, self.remedy = CheckState.FAIL, detail, remedy

    def skip(self, detail: str) -> None:
        self.state, self.detail, self.remedy = CheckState.SKIP, detail, ""


class Checks:
    """The checks of one examination. ``redaction`` takes secrets out of what is told."""

    def __init__(self, told: Told, redaction: Redaction, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._told = told
        self.redaction = redaction
        self._clock = clock
        self.worst = CheckState.OK

    @contextmanager
    def check(self, id: str, title: str, source: str = "", *, vital: bool = True) -> Generator[Finding]:  # noqa: A002 - the field of the value
        """What is done inside is one check; an error in it fails it, and (``vital``) ends the examination."""
        finding, began = Finding(), self._clock()
        shown = Check(id, title, CheckState.RUNNING, source=source)
        self._told(shown)
        try:
            yield finding
        except McpDeckError as error:
            self.redaction.error(error)
            finding.fail(error.title, error.hint)
        except (OSError, ImportError) as error:  # the system or the installation, where nobody made words of it
            finding.fail(self.line(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200))
        except BaseException:
            self._told(replace(shown, state=CheckState.SKIP, detail="given up", ms=self._passed(began)))
            raise
        self.tell(shown, finding, self._passed(began))
        if vital and finding.state is CheckState.FAIL:
            raise Stopped

    def tell(self, shown: Check, finding: Finding, ms: float | None) -> None:
        """Tell how a check went that was done together with another one."""
        if finding.state is CheckState.FAIL or (finding.state is CheckState.WARN and self.worst is CheckState.OK):
            self.worst = finding.state
        detail, remedy = self.redaction.text(finding.detail), self.redaction.text(finding.remedy)
        self._told(replace(shown, state=finding.state, detail=detail, remedy=remedy, ms=ms))

    def begin(self, id: str, title: str, source: str = "") -> Check:  # noqa: A002 - as above
        """A check that is told of now and judged later, with ``tell``."""
        shown = Check(id, title, CheckState.RUNNING, source=source)
        self._told(shown)
        return shown

    def line(self, text: str, limit: int) -> str:
        """What somebody else wrote, in one line: secrets go before it is cut, where half of one would be left."""
        return one_line(self.redaction.text(text), limit)

    def _passed(self, began: float) -> float:
        return (self._clock() - began) * 1000
