"""Examinations for tests: bounded, and what they told by the id of each check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio

from mcpdeck.services.doctor import Patient, examine
from mcpdeck.services.models import Check, CheckState, ServerEntry


async def examined(entry: ServerEntry, **more: Any) -> dict[str, Check]:
    """The checks as they were told last, in the order in which they began."""
    checks: dict[str, Check] = {}

    def told(check: Check) -> None:
        # Each check begins before it ends, and is told of under one id.
        assert (check.state is CheckState.RUNNING) == (check.id not in checks), check
        checks[check.id] = check

    patient = replace(Patient(entry, connect=8.0, probe=1.0, request=5.0), **more)
    with anyio.fail_after(40):
        await examine(patient, told)
    assert all(check.state is not CheckState.RUNNING for check in checks.values())
    return checks


def failed(checks: dict[str, Check]) -> list[str]:
    return [check.id for check in checks.values() if check.state is CheckState.FAIL]


def warned(checks: dict[str, Check]) -> list[str]:
    return [check.id for check in checks.values() if check.state is CheckState.WARN]
