"""A refresh beside everything else: requests that wait or leave, other processes, a full disk, the program's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from mcpdeck.services.auth import errand, in_use
from mcpdeck.services.auth.in_use import LoginInUse, token_of
from mcpdeck.services.errors import AuthError, TokenRefreshFailed
from mcpdeck.services.models import Grant
from tests.auth.logins import URL
from tests.auth.use_stage import BORN, Disk, Stage, made, stage
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stage], Disk]:
    def of(one: Stage) -> Disk:
        made = Disk(one.store.save)
        monkeypatch.setattr(one.store, "save", made)
        return made

    return of


async def test_a_token_that_could_not_be_kept_is_never_given_up_for_the_one_before_it(
    tmp_path: Path, disk: Callable[[Stage], Disk]
) -> None:
    async with stage(tmp_path, made()) as one:
        use, full = one.opened(), disk(one)
        await use.load()
        assert await use.renewed("access-0")
        assert not await use.look_again()
        assert await one.token(use) == "access-1"
        assert await use.renewed("access-1")
        assert one.renewals == ["refresh-of-access-0", "refresh-of-access-1"]
        assert await one.kept() == "access-0"
        full.full = False
        assert not await use.look_again()
        assert await one.kept() == "access-2"
        assert use.login is not None
        assert use.login.refreshed == "a new token"


async def test_another_login_counts_also_where_a_token_could_not_be_kept(
    tmp_path: Path, disk: Callable[[Stage], Disk]
) -> None:
    async with stage(tmp_path, made()) as one:
        use, full = one.opened(), disk(one)
        await use.load()
        await use.renewed("access-0")
        full.full = False
        await one.store.save(made("anew"))
        assert await use.look_again()
        assert await one.token(use) == "anew"
        assert await one.kept() == "anew"


async def test_a_token_that_could_not_be_kept_is_kept_when_the_program_ends(
    tmp_path: Path, disk: Callable[[Stage], Disk]
) -> None:
    async with stage(tmp_path, made()) as one:
        full = disk(one)
        async with anyio.create_task_group() as tasks:
            use = one.opened(tasks)
            await use.load()
            assert await use.renewed("access-0")
            await anyio.wait_all_tasks_blocked()
            full.full = False
            tasks.cancel_scope.cancel()
        assert await one.kept() == "access-1"


async def test_a_login_that_was_made_meanwhile_is_not_undone_by_a_refresh_that_fails(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()
        one.failure = TokenRefreshFailed("used up")
        one.failure.lost = True
        one.meanwhile = lambda: one.store.save(made("anew"))
        assert await use.renewed("access-0")
        assert await one.kept() == await one.token(use) == "anew"
        assert use.renewable


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
async def test_a_logout_meanwhile_is_not_undone_by_a_refresh(tmp_path: Path, grant: Grant) -> None:
    async with stage(tmp_path, replace(made(), grant=grant)) as one:
        use = one.opened()
        await use.load()
        one.meanwhile = lambda: one.store.forget(made())
        assert not await use.renewed("access-0")
        assert await one.kept() == ""
        assert await use.headers("POST", URL) == {}


async def test_while_a_token_holds_no_request_waits_for_long_and_the_refresh_goes_on_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_use, "PATIENCE", 0.01)
    async with stage(tmp_path, made()) as one, anyio.create_task_group() as tasks:
        use = one.opened(tasks)
        one.at, one.waits = BORN + 3400, anyio.Event()
        assert [await one.token(use) for _ in range(3)] == ["access-0"] * 3
        assert len(one.renewals) == 1
        one.waits.set()
        await eventually(lambda: use.login is not None and use.login.tokens.access == "access-1", "another token")
        assert await one.kept() == "access-1"


async def test_a_lock_that_another_process_holds_keeps_no_request_whose_token_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_use, "PATIENCE", 0.01)
    async with stage(tmp_path, made()) as one, anyio.create_task_group() as tasks:
        use = one.opened(tasks)
        one.at = BORN + 3400
        async with in_use.issuer_lock(one.store.locks, made().issuer):
            assert await one.token(use) == "access-0"
            assert one.renewals == []
        await eventually(lambda: one.renewals, "refresh")
        tasks.cancel_scope.cancel()


async def test_who_waits_for_a_token_in_the_place_of_an_expired_one_may_leave_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one, anyio.create_task_group() as owner:
        use = one.opened(owner)
        one.at, one.waits = BORN + 9999, anyio.Event()
        async with anyio.create_task_group() as callers:
            callers.start_soon(one.token, use)
            await eventually(lambda: one.renewals, "refresh")
            callers.cancel_scope.cancel()
        assert not one.waits.is_set()  # and nobody waited for it
        one.waits.set()
        assert await one.token(use) == "access-1"
        assert len(one.renewals) == 1
        assert await one.kept() == "access-1"


@pytest.mark.parametrize("answered", [True, False])
async def test_a_program_that_ends_waits_a_moment_for_a_refresh_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    if not answered:
        monkeypatch.setattr(errand, "LAST", 0.01)
    errors: list[Exception] = []
    async with stage(tmp_path, made()) as one, anyio.create_task_group() as callers:
        one.waits = anyio.Event()

        async def ask(use: LoginInUse) -> None:
            try:
                await use.renewed("access-0")
            except AuthError as error:
                errors.append(error)

        async with anyio.create_task_group() as owner:
            use = one.opened(owner)
            await use.load()
            callers.start_soon(ask, use)
            await eventually(lambda: one.renewals, "refresh")
            owner.cancel_scope.cancel()
            if answered:
                one.waits.set()
        await anyio.wait_all_tasks_blocked()
        assert await one.kept() == ("access-1" if answered else "access-0")
        assert len(errors) == int(not answered)


async def test_what_nobody_waits_for_renews_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        one.at = BORN + 9999
        assert token_of(await use.headers("POST", URL, renew=False)) == "access-0"
        assert one.renewals == []
