"""What every test stands on: a home of its own, and one async backend."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest

# Compiled files are kept, whatever the environment says: else each worker rewrites the assertions of every test anew
# (20 s of a processor instead of 6), and each of a thousand child processes compiles the program again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LONG = (
    "tests/interop/",
    "tests/connections/test_many_connects.py",
    "tests/ui/test_deck",
    "tests/cli/test_resources_and_prompts.py",
    "tests/security/",
    "tests/cli/test_tools_and_calls.py",
    "tests/transports/test_faults.py",
    "tests/cli/test_batch.py",
    "tests/app/",
    "tests/ui/",
    "tests/demo/",
    "tests/discovery/test_registry_screen.py",
)
"""Files that take longest, by how their names begin: begun first, so that no worker is left alone with one at the end.

xdist must be told to leave the order alone (``--no-loadscope-reorder``): its own begins with the files of most tests,
which are tables and take no time.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((at for at, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG)))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector need not walk through it, which is a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


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
