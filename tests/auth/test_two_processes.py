"""Two processes and one token that has expired: one refresh, and both go on."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from mcpdeck.services.auth.kinds import Client, Login, ServerMetadata, Tokens
from mcpdeck.services.auth.records import wanted_of
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.models import OAuthSettings
from tests.servers.authorization_server import Peer, authorization_server
from tests.servers.oauth_answers import reply
from tests.servers.oauth_endpoints import token
from tests.servers.oauth_ledger import Refused
from tests.servers.scripted_http import Exchange

pytestmark = pytest.mark.anyio
CHILD = Path(__file__).with_name("one_request.py")
ROOT = Path(__file__).parents[2]


@dataclass
class Talker:
    """A running child, line by line."""

    process: Process
    lines: BufferedByteReceiveStream

    async def line(self) -> str:
        return (await self.lines.receive_until(b"\n", 10_000)).decode()

    async def go(self) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send(b"go\n")

    async def asked(self) -> None:
        assert await self.line() == "asking"

    async def outcome(self) -> tuple[str, str]:
        """Status, and the token that went along."""
        status, _, header = (await self.line()).partition(" ")
        return status, header.removeprefix("Bearer ")


@asynccontextmanager
async def talker(folder: Path, peer: Peer) -> AsyncGenerator[Talker]:
    words = [sys.executable, "-m", "tests.auth.one_request", str(folder), peer.mcp_url]
    async with await anyio.open_process(words, cwd=ROOT, stderr=None) as process:
        assert process.stdout is not None
        one = Talker(process, BufferedByteReceiveStream(process.stdout))
        try:
            assert await one.line() == "ready"
            yield one
        finally:
            with suppress(ProcessLookupError):  # killed already
                process.kill()


async def expired(folder: Path, peer: Peer) -> Login:
    """A login that both processes know, whose access token has expired."""
    given: dict[str, Any] = {"client_id": "c", "scopes": (), "resource": peer.resource, "family": "f"}
    access, refresh = peer.ledger.issue("access", -1, **given), peer.ledger.issue("refresh", 3600, **given)
    now = time.time()
    login = Login(
        issuer=peer.issuer,
        client=Client("c", "configured", "none"),
        resource=peer.resource,
        server_url=peer.mcp_url,
        wanted=wanted_of(OAuthSettings()),
        grant="authorization_code",
        tokens=Tokens(access.value, "Bearer", expires_at=now - 1, refresh=refresh.value, obtained_at=now - 3600),
        metadata=ServerMetadata(peer.issuer, f"{peer.issuer}/authorize", f"{peer.issuer}/token"),
    )
    await store(folder).save(login)
    return login


def store(folder: Path) -> CredentialStore:
    return CredentialStore(folder, cache=folder, environ={}, keychain=False)


def held_until(peer: Peer, open_: anyio.Event, arrived: Callable[[], None] = lambda: None) -> Any:
    """The token endpoint, which answers only once ``open_`` is set."""

    async def answer(exchange: Exchange) -> None:
        seen = peer.requests[-1]
        arrived()
        with anyio.fail_after(30):
            await open_.wait()
        try:
            await token(peer, exchange, seen)
        except Refused as error:
            await reply(exchange, error.status, {"error": error.code})

    return answer


async def test_two_processes_and_one_expired_token_make_one_refresh_and_both_go_on(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.fail_after(60))
        peer = await stack.enter_async_context(authorization_server(clients={"c": None}))
        before = await expired(tmp_path, peer)
        both = [await stack.enter_async_context(talker(tmp_path, peer)) for _ in range(2)]
        open_ = anyio.Event()
        peer.change(overrides={"/token": held_until(peer, open_)})
        for one in both:
            await one.go()
        for one in both:
            await one.asked()
        open_.set()
        (first, token_1), (second, token_2) = [await one.outcome() for one in both]
        assert (first, second) == ("200", "200")
        assert token_1 == token_2 != before.tokens.access
        assert peer.grants() == ["refresh_token"]
        # what is kept is good for the next one, and nobody used a refresh token twice
        kept = await store(tmp_path).login_for(peer.mcp_url, before.wanted)
        assert kept is not None
        assert kept.tokens.access == token_1
        assert kept.tokens.refresh not in (None, before.tokens.refresh)
        assert not any(one.revoked for one in peer.tokens)


async def test_a_process_that_is_killed_in_the_middle_of_a_refresh_holds_nobody_up(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.fail_after(60))
        peer = await stack.enter_async_context(authorization_server(clients={"c": None}))
        before = await expired(tmp_path, peer)
        dying, other = [await stack.enter_async_context(talker(tmp_path, peer)) for _ in range(2)]
        arrived = anyio.Event()
        peer.change(overrides={"/token": held_until(peer, anyio.Event(), arrived.set)})
        await dying.go()
        await dying.asked()
        await arrived.wait()  # it holds the lock now, and its request was not answered
        peer.change(overrides={})
        await other.go()
        await other.asked()
        dying.process.kill()
        status, access = await other.outcome()
        assert status == "200"
        assert access != before.tokens.access
        kept = await store(tmp_path).login_for(peer.mcp_url, before.wanted)
        assert kept is not None
        assert kept.tokens.access == access


async def test_a_login_that_another_process_refreshed_long_ago_is_taken_over(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.fail_after(60))
        peer = await stack.enter_async_context(authorization_server(clients={"c": None}))
        before = await expired(tmp_path, peer)
        one = await stack.enter_async_context(talker(tmp_path, peer))
        given: dict[str, Any] = {"client_id": "c", "scopes": (), "resource": peer.resource, "family": "f"}
        newer = peer.ledger.issue("access", 3600, **given).value
        now = time.time()
        tokens = replace(before.tokens, access=newer, expires_at=now + 3600, obtained_at=now)
        await store(tmp_path).save(replace(before, tokens=tokens))
        await one.go()
        await one.asked()
        assert await one.outcome() == ("200", newer)
        assert peer.grants() == []
