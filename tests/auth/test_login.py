"""A whole login, from the refusal to a kept token, against a real authorization server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from mcpdeck.services.auth.challenges import parse_challenges
from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.kinds import Invitation, Why
from mcpdeck.services.errors import (
    AuthError,
    AuthorizationDenied,
    ConfigError,
    TokenError,
)
from mcpdeck.services.models import LoginPhase
from tests.auth.login_desk import Desk, Person, browsing, pasting, query
from tests.servers.authorization_server import authorization_server

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "auth")


async def test_a_login_through_the_browser_is_kept_and_shown_step_by_step(desk: Desk) -> None:
    async with authorization_server(scopes=("read", "write"), challenge_scope="read") as peer:
        person = browsing(peer)
        login = await desk.login(peer, person)
        assert login.issuer == peer.issuer
        assert login.tokens.scopes == ("read",)
        assert login.tokens.refresh and login.resource == peer.resource
        assert await desk.kept(peer, login)
        invitation = person.seen[0]
        assert (invitation.server, invitation.issuer, invitation.resource) == ("guarded", peer.issuer, peer.resource)
        assert invitation.scopes == ("read",) and invitation.added == () and not invitation.manual
        sent = query(invitation.url)
        assert sent["resource"] == peer.resource and sent["code_challenge_method"] == "S256"
        assert len(sent["state"]) >= 32 and sent["redirect_uri"] == invitation.redirect_uri
        redeemed = peer.asked("/token")[0].form
        assert redeemed["resource"] == peer.resource and redeemed["redirect_uri"] == invitation.redirect_uri
        assert desk.turns == [True, False]
        phases = [step.phase for step in desk.recorder.steps]
        assert phases == sorted(phases, key=list(LoginPhase).index)
        assert set(phases) >= {
            LoginPhase.CHALLENGE,
            LoginPhase.RESOURCE,
            LoginPhase.SERVER,
            LoginPhase.REGISTRATION,
            LoginPhase.AUTHORIZATION,
            LoginPhase.TOKEN,
        }
        assert not [step.title for step in desk.recorder.steps if step.failed]
        assert peer.pages[-1][0] == 200
        for secret in peer.secrets:
            assert secret not in desk.shown()
        assert invitation.redirect_uri.startswith("http://127.0.0.1:")
        with pytest.raises(OSError, match=r".*"):
            await anyio.connect_tcp("127.0.0.1", urlsplit(invitation.redirect_uri).port or 0)


async def test_an_address_that_is_pasted_does_as_well(desk: Desk) -> None:
    async with authorization_server() as peer:
        assert (await desk.login(peer, pasting(peer, opening="print"))).tokens.access


async def test_a_login_is_followed_without_a_browser(desk: Desk) -> None:
    async with authorization_server() as peer:
        assert (await desk.login(peer, HttpHands())).tokens.access
        assert desk.turns == []
        for secret in peer.secrets:
            assert secret not in desk.shown()


@pytest.mark.parametrize(
    ("settings", "knobs"),
    [
        (
            {"grant": "client_credentials", "client_id": "robot", "client_secret": "robot-secret-1"},
            {"clients": {"robot": "robot-secret-1"}, "registration": None},
        ),
        ({"grant": "jwt_bearer", "assertion": "a.b.c", "client_id": "robot"}, {
            "clients": {"robot": None}, "assertions": {"a.b.c": "read"}, "registration": None,
        }),
    ],
)  # fmt: skip
async def test_a_grant_without_a_person_asks_nobody_and_opens_nothing(
    desk: Desk, settings: dict[str, Any], knobs: dict[str, Any]
) -> None:
    async with authorization_server(**knobs) as peer:
        person = browsing(peer)
        login = await desk.login(peer, person, **settings)
        assert login.grant == settings["grant"]
        assert person.seen == [] and peer.asked("/authorize") == [] and peer.asked("/register") == []
        assert await desk.kept(peer, login)


@pytest.mark.parametrize("nonce", [True, False])
async def test_a_token_is_bound_to_a_key_where_that_is_offered_and_not_switched_off(desk: Desk, nonce: bool) -> None:
    async with authorization_server(dpop=True, dpop_nonce=nonce) as peer:
        bound = await desk.login(peer)
        assert bound.tokens.token_type == "DPoP" and bound.tokens.dpop_key
        assert str(bound.tokens.dpop_key["d"]) not in desk.shown()
        if not nonce:
            plain = await desk.login(peer, dpop="off")
            assert plain.tokens.token_type == "Bearer" and plain.tokens.dpop_key is None
            assert "dpop" not in peer.asked("/token")[-1].headers


async def test_a_registration_is_used_again_with_the_port_it_was_made_for(desk: Desk) -> None:
    async with authorization_server() as peer:
        first, second = browsing(peer), browsing(peer)
        one = await desk.login(peer, first)
        two = await desk.login(peer, second)
        assert len(peer.asked("/register")) == 1
        assert one.client.client_id == two.client.client_id
        assert first.seen[0].redirect_uri == second.seen[0].redirect_uri
        assert query(first.seen[0].url)["state"] != query(second.seen[0].url)["state"]
        assert query(first.seen[0].url)["code_challenge"] != query(second.seen[0].url)["code_challenge"]


async def test_a_registration_that_the_server_has_forgotten_is_made_anew_the_next_time(desk: Desk) -> None:
    async with authorization_server() as peer:
        await desk.login(peer, HttpHands())
        peer.ledger.clients.clear()
        with pytest.raises(AuthorizationDenied, match="HTTP 4"):
            await desk.login(peer, HttpHands())
        await desk.login(peer, HttpHands())
        assert len(peer.asked("/register")) == 2


async def test_a_client_that_the_token_endpoint_does_not_know_is_forgotten(desk: Desk) -> None:
    async with authorization_server() as peer:

        async def does(invitation: Invitation, arrived: Callable[[str], None]) -> None:
            back = await peer.redirect_of(invitation.url)
            peer.ledger.clients.clear()
            arrived(back)

        with pytest.raises(TokenError):
            await desk.login(peer, Person(does))
        assert await desk.store.client_of(peer.issuer, peer.mcp_url) is None


async def test_a_fixed_port_comes_from_the_entry_or_the_environment(desk: Desk) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with authorization_server() as peer:
        person = browsing(peer)
        await desk.login(peer, person, callback_port=port)
        desk.environ["MCP_OAUTH_CALLBACK_PORT"] = str(port)
        await desk.login(peer, person)
        assert {each.redirect_uri for each in person.seen} == {f"http://localhost:{port}/callback"}
        for wrong in ("http", "-1", "70000", "８０８０"):
            desk.environ["MCP_OAUTH_CALLBACK_PORT"] = wrong
            with pytest.raises(ConfigError, match="MCP_OAUTH_CALLBACK_PORT is no port"):
                await desk.login(peer, person)


async def test_a_taken_port_stops_a_browser_login_before_anything_is_registered(desk: Desk) -> None:
    async with authorization_server() as peer:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(AuthError, match=f"port {port}"):
                await desk.login(peer, callback_port=port)
            assert f"port {port}" in desk.last
            assert peer.asked("/register") == []
            person = pasting(peer, opening="print")
            assert (await desk.login(peer, person, callback_port=port)).tokens.access
            assert person.seen[0].manual


async def test_hands_that_show_nothing_where_nobody_listens_end_the_login(desk: Desk) -> None:
    async def nothing(invitation: Invitation, arrived: Callable[[str], None]) -> None: ...

    async with authorization_server() as peer:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(AuthorizationDenied, match="nobody can bring the address back"):
                await desk.login(peer, Person(nothing, "print"), callback_port=taken.getsockname()[1])


async def test_a_wrong_address_is_asked_for_again_and_never_ends_the_login(desk: Desk) -> None:
    async with authorization_server() as peer:
        refused: list[str] = []

        async def does(invitation: Invitation, arrived: Callable[[str], None]) -> None:
            back = await peer.redirect_of(invitation.url)
            state = query(invitation.url)["state"]
            for wrong in ("rubbish", invitation.url, back.replace(state, "other"), "?code=x", f"?state={state}x"):
                with pytest.raises(AuthorizationDenied) as caught:
                    arrived(wrong)
                refused.append(caught.value.title)
            async with httpx.AsyncClient(trust_env=False) as stranger:
                for _ in range(20):
                    answer = await stranger.get(f"{invitation.redirect_uri}?code=evil&state=guess")
                    assert answer.status_code == 400
            arrived(back)

        assert (await desk.login(peer, Person(does))).tokens.access
        assert len(refused) == 5
        assert len([step for step in desk.recorder.steps if step.title.startswith("Not taken")]) == 5


@pytest.mark.parametrize("denies", [True, False])
async def test_a_step_up_asks_for_the_union_after_a_person_agreed_to_what_is_new(desk: Desk, denies: bool) -> None:
    async with authorization_server(scopes=("read", "write")) as peer:
        challenges = parse_challenges(['Bearer error="insufficient_scope", scope="write"'])
        why = Why(403, challenges, "tools/call paint", ("read",))
        person = browsing(peer, agrees=not denies)
        if denies:
            with pytest.raises(AuthorizationDenied, match="nobody agreed to ask for more: write"):
                await desk.login(peer, person, why)
            assert person.seen == [] and await desk.store.all() == ()
        else:
            login = await desk.login(peer, person, why)
            assert login.tokens.asked == login.tokens.scopes == ("read", "write")
            assert person.seen[0].added == ("write",)
        assert person.asked[0].added == ("write",) and "tools/call paint" in person.asked[0].why
        assert desk.turns == ([True, False] if denies else [True, False, True, False])


async def test_a_client_that_a_person_named_is_remembered(desk: Desk) -> None:
    async with authorization_server(registration=None, clients={"by-hand": "its-secret-12"}) as peer:
        login = await desk.login(peer, browsing(peer, identity=("by-hand", "its-secret-12")))
        assert login.client.client_id == "by-hand"
        assert (await desk.login(peer, browsing(peer))).client.client_id == "by-hand"


async def test_refresh_tokens_are_asked_for_with_consent_where_they_are_offered(desk: Desk) -> None:
    async with authorization_server(scopes=("read", "offline_access"), challenge_scope="read") as peer:
        person = browsing(peer)
        await desk.login(peer, person)
        sent = query(person.seen[0].url)
        assert (sent["scope"], sent["prompt"]) == ("read offline_access", "consent")
