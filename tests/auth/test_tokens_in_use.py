"""Tokens that are refused, that expire, and that get lost on the way: the whole client, from a call to its answer.

For every case: the number of logins and refreshes is bounded, what the person reads says what is the matter, and no
token is ever in an address, with the authorization server's other requests, or in what is shown and written.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.config.files import Folders
from mcpdeck.services.connections.logins import Logins
from mcpdeck.services.errors import (
    AuthorizationRequired,
    InsufficientScope,
    McpDeckError,
    TokenRefreshFailed,
)
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import LoginStatus, Status
from mcpdeck.services.session import Session
from tests import entries
from tests.servers.authorization_server import Peer, authorization_server, redirect

NAME = "guarded"


@dataclass
class InUse:
    peer: Peer
    manager: ConnectionManager
    home: Path

    async def session(self) -> Session:
        return await self.manager.connected(NAME)

    async def call(self, tool: str = "whoami") -> Any:
        """Called with a new connection where the one before is gone."""
        return await (await self.session()).call_tool(tool, {})

    async def refused(self, tool: str = "whoami") -> McpDeckError:
        with pytest.raises(McpDeckError) as caught:
            await self.call(tool)
        assert caught.value.hint
        return caught.value

    @property
    def state(self) -> Any:
        assert self.manager.store is not None
        return self.manager.store.state.mcp.servers[NAME]

    @property
    def logins(self) -> int:
        return len(self.peer.asked("/authorize"))

    def assert_nothing_leaked(self, *more: object) -> None:
        tokens = {one.value for one in self.peer.ledger.issued if one.kind != "code"}
        for one in self.peer.requests:
            address = f"{one.path} {one.query}"
            assert [token for token in tokens if token in address] == []
            if one.server == "issuer":
                assert not one.headers.get("authorization", "").lower().startswith(("bearer", "dpop"))
        state = self.state
        shown = f"{state!r}{state.auth!r}{more!r}"
        written = "".join(file.read_bytes().decode("latin-1") for file in self.home.rglob("*") if file.is_file())
        assert [secret for secret in self.peer.secrets if secret in shown + written] == []


@asynccontextmanager
async def in_use(home: Path, *, unattended: bool = True, seconds: float = 20, **knobs: Any) -> AsyncGenerator[InUse]:
    """A client that logs in by itself (``unattended``); ``knobs`` are those of ``Behaviour``."""
    environ = {"MCPDECK_HOME": str(home)}
    logins = Logins(Folders.of(environ), environ, hands=HttpHands, unattended=unattended)
    async with (
        authorization_server(**knobs) as peer,
        ConnectionManager([entries.http(NAME, peer.mcp_url)], logins=logins) as manager,
    ):
        it = InUse(peer, manager, home)
        with anyio.fail_after(seconds):
            yield it
        it.assert_nothing_leaked()


async def test_a_rotated_refresh_token_that_was_lost_on_the_way_costs_one_login_and_no_more(tmp_path: Path) -> None:
    async with in_use(tmp_path, lost_refreshes=1) as it:
        await it.call()
        it.peer.expire()
        error = await it.refused()
        assert isinstance(error, TokenRefreshFailed)
        assert not error.lost
        assert it.logins == 1
        await it.call()
        assert it.logins == 2
        assert it.peer.grants().count("refresh_token") == 2


async def test_a_lost_answer_is_asked_for_again_where_the_server_allows_it(tmp_path: Path) -> None:
    async with in_use(tmp_path, unattended=False, lost_refreshes=1, grace=True) as it:
        await it.manager.login(NAME)
        await it.call()
        it.peer.expire()
        await it.refused()
        await it.call()
        assert it.logins == 1
        assert it.peer.grants() == ["authorization_code", "refresh_token", "refresh_token"]


async def test_a_server_that_takes_no_token_of_its_own_issuer_ends_the_logins_soon(tmp_path: Path) -> None:
    async with in_use(tmp_path, lifetime=-10, expires_in=3600) as it:
        error = await it.refused()
        assert isinstance(error, AuthorizationRequired)
        assert 1 <= it.logins <= 3
        assert it.state.status is Status.NEEDS_AUTH
        it.assert_nothing_leaked(error)


async def test_tokens_that_are_expired_when_they_come_do_not_loop(tmp_path: Path) -> None:
    async with in_use(tmp_path, expires_in=0, lifetime=3600) as it:
        await it.call()
        await it.call()
        assert it.logins == 1
        assert len(it.peer.grants()) < 20


async def test_a_step_up_asks_for_the_union_and_only_once(tmp_path: Path) -> None:
    async with in_use(tmp_path, tool_scopes={"paint": "paint"}, scopes=("read",)) as it:
        await it.call()
        await it.call("paint")
        await it.call("paint")
        asked = [one.query["scope"] for one in it.peer.asked("/authorize")]
        assert asked == ["read", "read paint"]
        assert set(it.peer.ledger.of("access")[-1].scopes) == {"read", "paint"}


@pytest.mark.parametrize(
    ("knobs", "most"),
    [
        ({"granted": lambda scopes: tuple(scope for scope in scopes if scope != "paint")}, 3),
        ({"step_up": 'Bearer error="insufficient_scope", scope="read"'}, 1),
        ({"step_up": 'Bearer error="insufficient_scope"'}, 1),
    ],
    ids=["never granted", "granted already", "none named"],
)
async def test_a_403_that_no_login_mends_ends_and_the_connection_stays(
    knobs: dict[str, Any], most: int, tmp_path: Path
) -> None:
    async with in_use(tmp_path, tool_scopes={"paint": "paint"}, scopes=("read",), **knobs) as it:
        await it.call()
        for _ in range(3):
            error = await it.refused("paint")
            assert isinstance(error, InsufficientScope)
            it.assert_nothing_leaked(error)
        assert it.logins <= most
        await it.call()
        assert it.state.status is Status.CONNECTED


async def test_a_server_that_sends_calls_on_to_another_origin_never_gets_the_token_there(tmp_path: Path) -> None:
    async with in_use(tmp_path) as it:
        await it.call()
        elsewhere = f"{it.peer.base}/collect"
        it.peer.change(overrides={"/mcp": redirect(elsewhere, "307 Temporary Redirect")})
        await it.refused()
        assert it.peer.asked("/collect") == []


@pytest.mark.parametrize("challenge", ["", "Negotiate", 'Bearer realm="a, b\\"c", error=invalid_token'])
async def test_a_challenge_that_says_little_is_enough_where_the_metadata_stand_in_their_place(
    challenge: str, tmp_path: Path
) -> None:
    async with in_use(tmp_path, unattended=False, challenge=challenge) as it:
        await it.refused()
        await it.manager.login(NAME)
        await it.call()
        assert it.state.auth.status is LoginStatus.DONE
