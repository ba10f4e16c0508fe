"""Logins that come to no good end: refused, cancelled, or out of time; each says why and leaves nothing behind."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.kinds import Invitation, Login
from mcpdeck.services.errors import (
    AuthorizationDenied,
    DiscoveryError,
    McpDeckError,
    RegistrationError,
    TokenError,
)
from mcpdeck.services.models import LoginPhase
from tests.auth.login_desk import Desk, Person, browsing
from tests.servers.authorization_server import Peer, authorization_server
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "auth")


@pytest.mark.parametrize(
    ("knobs", "error", "says"),
    [
        ({"iss": "https://evil.example.com"}, AuthorizationDenied, "iss is 'https://evil.example.com'"),
        ({"server_metadata": {"authorization_response_iss_parameter_supported": True}, "iss": ""}, AuthorizationDenied,
         "promises iss"),
        ({"denied": "access_denied"}, AuthorizationDenied, "access_denied"),
        ({"answered": lambda answer: {"state": answer["state"], "iss": answer["iss"]}}, AuthorizationDenied,
         "without a code"),
        ({"page": "<h1>Log in</h1>"}, AuthorizationDenied, "shows a page"),
        ({"answered": lambda answer: {**answer, "state": "other"}}, AuthorizationDenied,
         "does not belong to this login"),
        ({"server_metadata": {"code_challenge_methods_supported": ["plain"]}}, DiscoveryError,
         "code_challenge_methods_supported"),
        ({"server_metadata": {"authorization_endpoint": "javascript:alert(1)"}}, DiscoveryError, ""),
        ({"server_metadata": {"authorization_endpoint": "file:///etc/passwd"}}, DiscoveryError, ""),
        ({"server_metadata": {"authorization_endpoint": "vscode://open"}}, DiscoveryError, ""),
        ({"registration": "refused"}, RegistrationError, "register"),
        ({"token_answer": {"token_type": "mac"}}, TokenError, "token"),
    ],
)  # fmt: skip
async def test_a_login_that_fails_says_why_at_its_last_step_and_keeps_nothing(
    desk: Desk, knobs: dict[str, Any], error: type[McpDeckError], says: str
) -> None:
    async with authorization_server(**knobs) as peer:
        with pytest.raises(error) as caught:
            await desk.login(peer, HttpHands())
        assert says in caught.value.title
        assert caught.value.hint
        assert desk.last == caught.value.title
        assert await desk.store.all() == ()
        told = f"{caught.value.title}{caught.value.hint}{caught.value.details}{desk.shown()}"
        for secret in peer.secrets:
            assert secret not in told


async def test_an_answer_of_another_issuer_never_reaches_the_token_endpoint(desk: Desk) -> None:
    async with authorization_server(iss="https://evil.example.com", denied="EVIL") as peer:
        with pytest.raises(AuthorizationDenied) as caught:
            await desk.login(peer)
        assert peer.asked("/token") == []
        assert "EVIL" not in caught.value.title + desk.shown()
        assert peer.pages[-1][0] == 400


@asynccontextmanager
async def halted(peer: Peer, path: str) -> AsyncGenerator[anyio.Event]:
    """The server takes a request to ``path`` and never answers; set when one came."""
    came = anyio.Event()

    async def never(exchange: Any) -> None:
        came.set()
        await exchange.until_closed()

    peer.change(overrides={path: never})
    yield came
    peer.change(overrides={})


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/register",
        "/authorize",
        "/token",
    ],
)
async def test_a_login_that_is_cancelled_at_any_step_leaves_nothing_behind(desk: Desk, path: str) -> None:
    async with authorization_server() as peer, halted(peer, path) as came:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.login, peer, HttpHands())
            with anyio.fail_after(10):
                await came.wait()
            tasks.cancel_scope.cancel()
        assert desk.last == "it was cancelled"
        assert await desk.store.all() == ()


async def test_a_login_that_is_cancelled_while_a_person_is_away_stops_listening(desk: Desk) -> None:
    async def away(invitation: Invitation, arrived: Callable[[str], None]) -> None:
        await anyio.sleep_forever()

    async with authorization_server() as peer:
        person = Person(away)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.login, peer, person)
            await eventually(lambda: person.seen, "invitation")
            tasks.cancel_scope.cancel()
        with pytest.raises(OSError, match=r".*"):
            await anyio.connect_tcp("127.0.0.1", urlsplit(person.seen[0].redirect_uri).port or 0)
        assert desk.turns == [True, False]
        assert await desk.store.all() == ()


async def test_two_logins_at_once_do_not_take_each_others_answers(desk: Desk) -> None:
    async with authorization_server() as peer:
        people = [browsing(peer), browsing(peer)]
        logins: list[Login] = []

        async def one(person: Person) -> None:
            logins.append(await desk.login(peer, person))

        async with anyio.create_task_group() as tasks:
            for person in people:
                tasks.start_soon(one, person)
        assert len({login.tokens.access for login in logins}) == 2
        assert len({person.seen[0].redirect_uri for person in people}) == 2


@pytest.mark.parametrize(("limit", "who"), [("MACHINE_SECONDS", "the server"), ("PERSON_SECONDS", "the person")])
async def test_a_login_never_waits_for_ever(desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str, who: str) -> None:
    async def away(invitation: Invitation, arrived: Callable[[str], None]) -> None:
        await anyio.sleep_forever()

    from mcpdeck.services.auth import patience

    monkeypatch.setattr(patience, limit, 0.3)
    async with authorization_server() as peer:
        if who == "the person":
            with pytest.raises(AuthorizationDenied, match="was given up"):
                await desk.login(peer, Person(away))
        else:
            async with halted(peer, "/token"):
                with pytest.raises(McpDeckError, match="took longer than"):
                    await desk.login(peer)
        assert "longer" in desk.last or "given up" in desk.last
        assert await desk.store.all() == ()


async def test_the_end_of_a_login_belongs_to_what_it_was_at_whatever_is_refreshed_meanwhile(desk: Desk) -> None:
    async def refuses(invitation: Invitation, arrived: Callable[[str], None]) -> None:
        desk.recorder.event(LoginPhase.REFRESH, "The token was refreshed for a call")
        raise AuthorizationDenied("not today")

    async with authorization_server() as peer:
        with pytest.raises(AuthorizationDenied):
            await desk.login(peer, Person(refuses))
    last = desk.recorder.steps[-1]
    assert (last.title, last.phase) == ("The login failed", LoginPhase.AUTHORIZATION)
