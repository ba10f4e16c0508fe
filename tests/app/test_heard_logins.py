"""Another process logs in or out, and the dashboard looks again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.heard_logins import hear_logins
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def heard(data: Path) -> AsyncIterator[list[int]]:
    """How often somebody was told to look again."""
    told: list[int] = []

    async def review() -> None:
        told.append(len(told) + 1)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hear_logins, data, review)
            await anyio.wait_all_tasks_blocked()
            yield told
            tasks.cancel_scope.cancel()


def written(file: Path, text: str) -> None:
    """As a store writes: beside it, then in its place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text)
    beside.replace(file)


async def test_a_login_that_is_kept_or_forgotten_is_heard_also_where_there_was_no_folder(tmp_path: Path) -> None:
    kept = tmp_path / "data" / "auth" / "file.sealed"
    async with heard(tmp_path / "data") as told:
        written(kept, "one login")
        await eventually(lambda: told, "first login")
        before = len(told)
        written(kept, "another login")
        await eventually(lambda: len(told) > before, "second login")
        before = len(told)
        kept.unlink()
        await eventually(lambda: len(told) > before, "end of the logins")


async def test_locks_and_keys_that_come_and_go_are_nothing_to_look_at(tmp_path: Path) -> None:
    folder = tmp_path / "auth"
    written(folder / "file.sealed", "one login")
    async with heard(tmp_path) as told:
        written(folder / "locks" / "issuer.lock", "")
        written(folder / "file.sealed.lock", "")
        written(folder / "key" / "current", "k")
        written(folder / "keychain.sealed", "another login")
        await eventually(lambda: told, "the login")
        assert told == [1]
