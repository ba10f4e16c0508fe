"""The login that requests carry: when it is refreshed, for whom, and what becomes of it when that fails."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from mcpdeck.services.auth.in_use import AGAIN_AFTER, LoginInUse
from mcpdeck.services.auth.kinds import Login
from mcpdeck.services.errors import StorageError, TokenRefreshFailed, TransportTimeout
from tests.auth.logins import URL
from tests.auth.use_stage import BORN, made, stage

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("lifetime", "after", "refreshed"),
    [
        pytest.param(3600.0, 3299.0, False, id="an hour, with more than five minutes left"),
        pytest.param(3600.0, 3301.0, True, id="an hour, five minutes before its end"),
        pytest.param(60.0, 29.0, False, id="a minute, in its first half"),
        pytest.param(60.0, 31.0, True, id="a minute, in its second half"),
        pytest.param(3600.0, 9999.0, True, id="long over"),
        pytest.param(0.0, 0.0, True, id="born expired"),
        pytest.param(None, 1e7, False, id="nobody said when it ends"),
        pytest.param(3600.0, -30.0, False, id="a clock that was set back a little"),
        pytest.param(3600.0, -3000.0, True, id="a clock that was set back far"),
    ],
)
async def test_a_token_is_refreshed_in_time_and_not_before(
    tmp_path: Path, lifetime: float | None, after: float, refreshed: bool
) -> None:
    async with stage(tmp_path, made(lifetime=lifetime)) as one:
        use = one.opened()
        one.at = BORN + after
        assert await one.token(use) == ("access-1" if refreshed else "access-0")
        assert len(one.renewals) == int(refreshed)
        kept = await one.store.login_for(URL, use.wanted)
        assert kept is not None
        assert kept.tokens.access == ("access-1" if refreshed else "access-0")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/mcp",
        "http://mcp.example/mcp",
        "https://mcp.example:8443/mcp",
        "https://mcp.example.evil.test/mcp",
        "https://mcp.example@evil.test/mcp",
        "https://[bad",
        "",
    ],
)
async def test_no_other_origin_is_ever_given_the_token(tmp_path: Path, url: str) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        assert await use.headers("POST", url) == {}
        assert await one.token(use, "https://MCP.example:443/other") == "access-0"


async def test_nobody_waits_for_another_token_to_say_goodbye(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        one.at = BORN + 9999
        assert await one.token(one.opened(), method="DELETE") == "access-0"
        assert one.renewals == []


async def test_an_early_refresh_that_fails_leaves_the_token_in_use_and_is_tried_again_later(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        one.at = BORN + 3400
        one.failure = TransportTimeout("too slow")
        assert await one.token(use) == "access-0"
        assert await one.token(use) == "access-0"
        assert len(one.renewals) == 1
        assert use.login is not None
        assert use.login.refreshed == "failed: too slow"
        one.failure = None
        one.at += AGAIN_AFTER
        assert await one.token(use) == "access-2"
        assert use.login.refreshed == "a new token"


async def test_of_many_who_need_another_token_one_asks_for_it(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        users = [one.opened() for _ in range(3)]  # as many processes
        for use in users:
            assert await use.load()
        one.at = BORN + 3400
        got: list[str] = []

        async def ask(use: LoginInUse) -> None:
            got.append(await one.token(use))

        async with anyio.create_task_group() as tasks:
            for use in users * 4:
                tasks.start_soon(ask, use)
        assert got == ["access-1"] * 12
        assert one.renewals == ["refresh-of-access-0"]


async def test_a_caller_who_gives_up_does_not_lose_what_the_refresh_brings(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()
        one.waits = anyio.Event()

        async def ask() -> None:
            await use.renewed("access-0")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            while not one.renewals:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
            one.waits.set()
        kept = await one.store.login_for(URL, use.wanted)
        assert kept is not None
        assert kept.tokens.access == "access-1"
        assert use.login is not None
        assert use.login.tokens.access == "access-1"


async def test_a_refresh_token_that_is_lost_is_forgotten_for_all_and_not_tried_again(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()
        one.failure = TokenRefreshFailed("no good any more", details={"error": "invalid_client"})
        one.failure.lost = True
        await one.store.keep_client(made().issuer, made().client, URL)
        with pytest.raises(TokenRefreshFailed):
            await use.renewed("access-0")
        assert not use.renewable
        assert not await one.opened().renewed("access-0")
        other = one.opened()
        await other.load()
        assert not await other.renewed("access-0")
        assert len(one.renewals) == 1
        assert await one.store.client_of(made().issuer, URL) is None


async def test_a_login_that_somebody_ended_is_not_used_any_more(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()
        await one.store.forget(made())
        assert not await use.renewed("access-0")
        assert await use.headers("POST", URL) == {}
        assert one.renewals == []


async def test_a_token_that_cannot_be_kept_is_used_all_the_same_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()

        async def full(_: Login, *, replacing: str | None = None) -> bool:
            raise StorageError("the disk is full", hint="make room")

        monkeypatch.setattr(one.store, "save", full)
        assert await use.renewed("access-0")
        assert await one.token(use) == "access-1"
        assert use.login is not None
        assert use.login.refreshed == "a new token, but not kept: the disk is full"


async def test_whoever_waits_for_another_token_wakes_when_it_comes(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        await use.load()
        woken: list[str] = []

        async def wait() -> None:
            await use.another()
            assert use.login is not None
            woken.append(use.login.tokens.access)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            use.take(made())  # the same
            use.drop()
            await anyio.wait_all_tasks_blocked()
            assert woken == []
            use.take(made("access-7"))
        assert woken == ["access-7"]


async def test_what_is_shown_of_a_token_tells_everything_but_the_token(tmp_path: Path) -> None:
    async with stage(tmp_path, made()) as one:
        use = one.opened()
        assert use.shown() is None
        await use.load()
        shown = use.shown()
        assert shown is not None
        assert (shown.issuer, shown.client_id, shown.has_refresh) == (made().issuer, "the-client", True)
        assert (shown.obtained_at, shown.expires_at) == (BORN, BORN + 3600)
        assert "encrypted file" in shown.kept
        assert "access-0" not in repr(shown)
        assert "the-secret" not in repr(use.login)


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("wss://mcp.example/x", "access-0"),
        ("https://MCP.example:443/", "access-0"),
        ("ws://mcp.example/x", ""),
        ("ws://mcp.example:443/x", ""),
    ],
)
async def test_a_web_socket_has_the_origin_of_its_upgrade_request(tmp_path: Path, url: str, given: str) -> None:
    async with stage(tmp_path, made()) as one:
        assert await one.token(one.opened(), url) == given
