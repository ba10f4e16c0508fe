"""What a person chose about the dashboard: kept across runs, in one private file."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from mcpdeck.app import preferences
from mcpdeck.app.preferences import Preferences
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def kept(path: Path | None, told: list[str] | None = None) -> AsyncIterator[Preferences]:
    chosen = Preferences(path)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chosen.keeping, (told if told is not None else []).append)
        yield chosen
        tasks.cancel_scope.cancel()


async def test_what_was_kept_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "data" / "preferences.json"
    async with kept(path) as chosen:
        chosen.keep("theme", "deck-light")
        chosen.keep("panes", {"nav": 40})
    assert Preferences(path).value("theme") == "deck-light"
    assert Preferences(path).value("panes") == {"nav": 40}
    assert Preferences(path).value("other") is None


async def test_the_file_is_the_persons_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "preferences.json"
    async with kept(path) as chosen:
        chosen.keep("theme", "deck-light")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_changes_are_written_while_the_dashboard_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "WRITE_AFTER", 0.0)
    path = tmp_path / "preferences.json"
    async with kept(path) as chosen:
        chosen.keep("theme", "deck-light")
        await eventually(path.exists, "file")
        chosen.keep("theme", "deck-dark")
        await eventually(lambda: json.loads(path.read_text())["theme"] == "deck-dark", "second write")


async def test_what_another_process_kept_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    async with kept(path) as one:
        assert one.value("sort") is None
        async with kept(path) as other:
            other.keep("sort", "latency")
        one.keep("theme", "deck-light")
    assert json.loads(path.read_text()) == {"sort": "latency", "theme": "deck-light"}


async def test_none_forgets_a_value(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text('{"theme": "deck-light", "sort": "name"}')
    async with kept(path) as chosen:
        chosen.keep("theme", None)
        assert chosen.value("theme") is None
    assert json.loads(path.read_text()) == {"sort": "name"}


async def test_a_broken_file_is_told_once_and_put_aside_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text("{ broken")
    told: list[str] = []
    async with kept(path, told) as chosen:
        assert chosen.value("theme") is None
        await eventually(lambda: told, "remark")
        assert path.read_text() == "{ broken"
        chosen.keep("theme", "deck-light")
    assert len(told) == 1
    assert "not JSON" in told[0]
    assert json.loads(path.read_text()) == {"theme": "deck-light"}
    assert (tmp_path / "preferences.json.broken").read_text() == "{ broken"


async def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "WRITE_AFTER", 0.0)
    (tmp_path / "data").write_text("a file where the folder should be")
    told: list[str] = []
    async with kept(tmp_path / "data" / "preferences.json", told) as chosen:
        chosen.keep("theme", "deck-light")
        await eventually(lambda: told, "remark")
        chosen.keep("theme", "deck-dark")
        await eventually(lambda: not chosen._news.is_set(), "second try")
        assert chosen.value("theme") == "deck-dark"
    assert len(told) == 1


async def test_without_a_file_values_last_as_long_as_the_process() -> None:
    async with kept(None) as chosen:
        chosen.keep("theme", "deck-light")
        assert chosen.value("theme") == "deck-light"


async def test_a_value_that_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text('{"theme": "deck-light"}')
    before = path.stat().st_ino
    async with kept(path) as chosen:
        chosen.keep("theme", "deck-light")
    assert path.stat().st_ino == before
