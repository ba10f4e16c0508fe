"""What screen tests share: a fixed time zone, and text snapshots of whole screens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.quiet import quiet

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "MCPDECK_UPDATE_SNAPSHOTS"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clock times on the screen do not depend on where the test runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def waits_until_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot goes on as soon as the screen has nothing left to do."""
    monkeypatch.setattr("textual.app.wait_for_idle", quiet)
    monkeypatch.setattr("textual.pilot.wait_for_idle", quiet)


@pytest.fixture
def matches_snapshot() -> Callable[[str, str], None]:
    """Compares text with ``snapshots/NAME.txt``; ``MCPDECK_UPDATE_SNAPSHOTS=1`` writes it instead."""

    def check(name: str, text: str) -> None:
        path = SNAPSHOTS / f"{name}.txt"
        if os.environ.get(UPDATE) == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
            return
        assert path.exists(), f"no snapshot {path.name}: look at the screen, then run with {UPDATE}=1"
        assert text + "\n" == path.read_text(encoding="utf-8"), f"the screen differs from {path.name}"

    return check
