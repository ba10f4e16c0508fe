"""What every test stands on: a home of its own, and one async backend."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: no test reads or writes what belongs to the person who runs it."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("MCPDECK_HOME", str(folder / "mcpdeck"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(folder / "claude"))
    monkeypatch.setenv("HOME", str(folder))
    return folder
