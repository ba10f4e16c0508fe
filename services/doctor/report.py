"""The examination as text: what is copied into an issue or a mail, and printed by a command.

Owns its form. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..models import Check, CheckState
from ..state.text import visible

MARKS = {
    CheckState.OK: "ok  ",
    CheckState.WARN: "warn",
    CheckState.FAIL: "FAIL",
    CheckState.SKIP: "skip",
    CheckState.RUNNING: "... ",
}


def report(server: str, checks: Iterable[Check]) -> str:
    """Lines without colour: mark, title, time; below it what was found, what to do, and the rule behind it."""
    lines = [f"mcpdeck doctor: {visible(server)}"]
    for check in checks:
        took = f"  ({check.ms:,.0f} ms)" if check.ms is not None and check.ms >= 1 else ""
        lines.append(f"{MARKS[check.state]}  {check.title}{took}")
        lines += [f"      {line}" for line in visible(check.detail).splitlines()]
        lines += [f"      -> {line}" for line in visible(check.remedy).splitlines()]
        if check.state in (CheckState.FAIL, CheckState.WARN) and check.source:
            lines.append(f"      see {check.source}")
    return "\n".join(lines) + "\n"
