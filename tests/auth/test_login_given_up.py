"""Logins that nobody comes back from: what is kept of who we are, and what is not made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskStatus

from mcpdeck.services.auth import login as module
from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.issuer_lock import issuer_lock
from mcpdeck.services.auth.kinds import Invitation, Login
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.errors import AuthorizationDenied, StorageError, TokenError
from tests.auth.login_desk import Desk, Person, browsing
from tests.servers.authorization_server import Peer, authorization_server

pytestmark = pytest.mark.anyio
TYPED = ("mine", "typed-by-me")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "auth")


async def closes(invitation: Invitation, arrived: Callable[[str], None]) -> None:
    raise AuthorizationDenied("closed", hint="x")


async def given_up(desk: Desk, peer: Peer, person: Person | None = None) -> None:
    with pytest.raises(AuthorizationDenied):
        await desk.login(peer, person or Person(closes))


async def test_what_a_person_typed_is_still_there_after_logins_that_were_given_up(desk: Desk) -> None:
    async with authorization_server(registration=None, clients={TYPED[0]: TYPED[1]}) as peer:
        await given_up(desk, peer, Person(closes, identity=TYPED))
        await given_up(desk, peer)  # nobody knows it by heart
        await given_up(desk, peer)
        await given_up(desk, peer, Person(closes, identity=("", None)))  # asked again, and left as it is
        kept = await desk.store.client_of(peer.issuer, peer.mcp_url)
        assert kept is not None and (kept.client_id, kept.secret) == TYPED
        login = await desk.login(peer, browsing(peer, identity=("", None)))
        assert login.client.secret == TYPED[1]
        assert login.client.doubts == 0
        assert await desk.store.client_of(peer.issuer, peer.mcp_url) == login.client


async def test_what_a_person_typed_wrong_can_be_typed_anew(desk: Desk) -> None:
    async with authorization_server(registration=None, clients={TYPED[0]: TYPED[1]}) as peer:
        with pytest.raises(TokenError, match="invalid_client"):
            await desk.login(peer, browsing(peer, identity=(TYPED[0], "mistyped")))
        login = await desk.login(peer, browsing(peer, identity=TYPED))
        assert login.client.secret == TYPED[1]


async def test_a_registration_outlasts_a_login_that_is_given_up_and_is_made_anew_after_the_second(desk: Desk) -> None:
    async with authorization_server() as peer:
        own = await desk.login(peer)
        for _ in range(3):  # a login that comes back ends the doubts
            await given_up(desk, peer)
            assert (await desk.login(peer)).client.client_id == own.client.client_id
        assert len(peer.asked("/register")) == 1
        await given_up(desk, peer)
        await given_up(desk, peer)
        assert len(peer.asked("/register")) == 1
        await given_up(desk, peer)
        assert len(peer.asked("/register")) == 2
        await given_up(desk, peer)
        assert len(peer.asked("/register")) == 2


async def test_a_registration_that_was_just_made_is_not_doubted(desk: Desk) -> None:
    async with authorization_server() as peer:
        await given_up(desk, peer)
        kept = await desk.store.client_of(peer.issuer, peer.mcp_url)
        assert kept is not None and kept.doubts == 0


async def test_a_registration_that_took_the_place_of_the_doubtful_one_is_left_alone(desk: Desk) -> None:
    async with authorization_server() as peer:
        own = await desk.login(peer)
        other = replace(own.client, client_id="of another process")

        async def meanwhile(invitation: Invitation, arrived: Callable[[str], None]) -> None:
            await desk.store.keep_client(peer.issuer, other)
            raise AuthorizationDenied("closed", hint="x")

        await given_up(desk, peer, Person(meanwhile))
        assert await desk.store.client_of(peer.issuer, peer.mcp_url) == other


async def test_without_a_browser_a_refusal_says_enough_about_the_registration(desk: Desk) -> None:
    async with authorization_server() as peer:
        await desk.login(peer)
        peer.change(page="<h1>Log in</h1>")  # which says nothing about the client
        for _ in range(2):
            with pytest.raises(AuthorizationDenied, match="shows a page"):
                await desk.login(peer, HttpHands())
        assert len(peer.asked("/register")) == 1


# keeping


async def test_a_login_is_kept_while_nobody_refreshes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    save = CredentialStore.save
    held: list[bool] = []

    async def refresh(store: CredentialStore, login: Login) -> None:
        with pytest.raises(StorageError, match="waited"):
            async with issuer_lock(store.locks, login.issuer, seconds=0.05):
                pass

    async def watched(self: CredentialStore, login: Login, *, replacing: str | None = None) -> bool:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refresh, self, login)
        held.append(replacing is None)
        return await save(self, login, replacing=replacing)

    monkeypatch.setattr(CredentialStore, "save", watched)
    async with authorization_server() as peer:
        assert await desk.kept(peer, await desk.login(peer))
    assert held == [True]


async def test_a_refresh_that_never_ends_costs_nobody_a_login(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.05)

    async def refresh(issuer: str, *, task_status: TaskStatus[None]) -> None:
        async with issuer_lock(desk.store.locks, issuer):
            task_status.started()
            await anyio.sleep_forever()

    async with authorization_server() as peer, anyio.create_task_group() as tasks:
        await tasks.start(refresh, peer.issuer)
        assert await desk.kept(peer, await desk.login(peer))
        tasks.cancel_scope.cancel()
