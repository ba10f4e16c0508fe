"""A server that wants a login: who logs in and when, what a refusal of a token leads to, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.auth import grants
from mcpdeck.services.auth.entry_authorization import EntryAuthorization
from mcpdeck.services.auth.seam import Refusal
from mcpdeck.services.errors import AuthorizationRequired, McpDeckError, TokenRefreshFailed, UsageError
from mcpdeck.services.models import HttpTarget, LoginStatus, OAuthSettings, Status
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.connections.authorized import NAME, QUIET, guarded, house, logged_in
from tests.servers.authorization_server import Peer, authorization_server
from tests.servers.oauth_answers import reply
from tests.servers.oauth_endpoints import token
from tests.servers.processes import free_port
from tests.servers.scripted_http import Exchange
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def at_issuer(peer: Peer) -> list[str]:
    return [one.path for one in peer.requests if one.server == "issuer"]


def calls(peer: Peer) -> list[tuple[Any, str]]:
    """Body and token of each tool call that arrived."""
    posts = peer.asked("/mcp", "POST")
    return [(one.body, one.token or "") for one in posts if (one.json or {}).get("method") == "tools/call"]


# Connecting


async def test_a_run_without_a_person_logs_in_and_connects_and_the_next_one_finds_the_login_kept(
    tmp_path: Path,
) -> None:
    async with authorization_server() as peer:
        async with house(peer, tmp_path, unattended=True) as one:
            await one.services.manager.connected(NAME)
            assert one.view.status is LoginStatus.DONE
            assert one.view.token is not None
            assert (one.view.token.issuer, one.view.token.resource) == (peer.issuer, peer.mcp_url)
            assert len(one.view.steps) > 5
        peer.requests.clear()
        async with house(peer, tmp_path) as other:
            await other.services.manager.connected(NAME)
            assert at_issuer(peer) == []
            assert all(seen.token for seen in peer.asked("/mcp"))
            assert other.view.status is LoginStatus.DONE


async def test_without_anybody_to_log_in_the_row_says_what_to_do_and_no_authorization_server_is_asked(
    tmp_path: Path,
) -> None:
    async with authorization_server() as peer, house(peer, tmp_path) as one:
        row = await one.settled()
        assert row.status is Status.NEEDS_AUTH
        assert row.error is not None
        assert (row.error.kind, row.error.title) == ("auth", "the server wants a login (401)")
        assert row.error.hint == f"Log in: mcpdeck login {NAME}"
        assert {seen.path for seen in peer.requests} == {"/mcp"}


async def test_a_manager_without_logins_is_as_it_was() -> None:
    with anyio.fail_after(10):
        async with authorization_server() as peer, running([guarded(peer)], settings=QUIET) as services:
            await services.manager.settled()
            row = services.store.state.mcp.servers[NAME]
            assert (row.status, row.auth) == (Status.NEEDS_AUTH, None)
            assert row.error is not None
            assert "Authorization: Bearer" in row.error.hint
            assert services.manager.authorization(NAME) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda target: replace(target, headers={"AUTHORIZATION": "Bearer mine"}), id="written"),
        pytest.param(lambda target: replace(target, helper=lambda: {"Authorization": "Bearer mine"}), id="helper"),
    ],
)
async def test_a_configured_authorization_header_that_is_refused_is_a_failure_and_nobody_logs_in(
    tmp_path: Path, change: Callable[[HttpTarget], HttpTarget]
) -> None:
    async with authorization_server() as peer:
        entry = guarded(peer)
        assert isinstance(entry.target, HttpTarget)
        async with house(peer, tmp_path, entry=replace(entry, target=change(entry.target)), unattended=True) as one:
            row = await one.settled()
            assert row.status is Status.FAILED
            assert row.error is not None
            assert "the configured Authorization header" in row.error.title
            assert at_issuer(peer) == []
            assert {seen.token for seen in peer.asked("/mcp")} == {"mine"}


async def test_servers_without_a_login_of_their_own_have_no_authorization() -> None:
    tiny = entries.stdio("tiny", "true")
    with anyio.fail_after(10):
        async with authorization_server() as peer, house(peer, Path("/nowhere"), entry=tiny) as one:
            assert one.services.manager.authorization("tiny") is None
            with pytest.raises(UsageError, match="takes no login"):
                await one.services.manager.login("tiny")


async def test_a_challenge_of_another_scheme_is_no_invitation_to_oauth(tmp_path: Path) -> None:
    async with authorization_server(challenge='Basic realm="r"') as peer, house(peer, tmp_path, unattended=True) as one:
        row = await one.settled()
        assert row.status is Status.NEEDS_AUTH
        assert row.error is not None
        assert row.error.title == "the server wants credentials of another kind (401): basic"
        assert at_issuer(peer) == []


async def test_a_plain_403_is_told_and_starts_no_login(tmp_path: Path) -> None:
    async def forbidden(exchange: Exchange) -> None:
        await reply(exchange, 403, {"error": "no"})

    async with (
        authorization_server(overrides={"/mcp": forbidden}) as peer,
        house(peer, tmp_path, unattended=True) as one,
    ):
        row = await one.settled()
        assert row.status is Status.FAILED
        assert at_issuer(peer) == []


async def test_a_token_that_is_refused_at_once_is_not_asked_for_without_end(tmp_path: Path) -> None:
    async with (
        authorization_server(resource_metadata={}, token_answer={"access_token": "never-good"}) as peer,
        house(peer, tmp_path, unattended=True) as one,
    ):
        row = await one.settled()
        assert row.status is Status.NEEDS_AUTH
        assert row.error is not None
        assert row.error.title.startswith("the server does not accept the login any more (401)")
        assert peer.grants().count("authorization_code") <= 3


async def test_a_login_that_fails_is_why_the_server_failed(tmp_path: Path) -> None:
    async with (
        authorization_server(denied="access_denied") as peer,
        house(peer, tmp_path, unattended=True) as one,
    ):
        with pytest.raises(McpDeckError) as caught:
            await one.services.manager.connected(NAME)
        assert caught.value.kind == "auth"
        assert (one.row.status, one.view.status) == (Status.FAILED, LoginStatus.FAILED)
        assert one.row.error is not None
        assert one.view.why == one.row.error.title


async def test_leaving_in_the_middle_of_a_login_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    asked = anyio.Event()

    async def silent(exchange: Exchange) -> None:
        asked.set()
        await exchange.until_closed()

    async with authorization_server(overrides={"/token": silent}) as peer:
        async with house(peer, tmp_path, unattended=True) as one:
            await asked.wait()
            assert one.view.status is LoginStatus.RUNNING
        async with house(peer, tmp_path) as other:
            assert (await other.settled()).status is Status.NEEDS_AUTH


async def test_who_asks_for_a_fresh_start_in_the_middle_of_a_login_gets_one(tmp_path: Path) -> None:
    asked = anyio.Event()

    async def silent(exchange: Exchange) -> None:
        asked.set()
        await exchange.until_closed()

    async with (
        authorization_server(overrides={"/token": silent}) as peer,
        house(peer, tmp_path, unattended=True) as one,
    ):
        await asked.wait()
        peer.change(overrides={})
        one.services.manager.reconnect(NAME)
        await one.services.manager.connected(NAME)
        assert len(peer.asked("/authorize")) == 2


async def test_a_fault_of_ours_in_a_login_fails_the_server_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> bool:
        raise RuntimeError("oops")

    monkeypatch.setattr(EntryAuthorization, "obtain", broken)
    async with authorization_server() as peer, house(peer, tmp_path) as one:
        row = await one.settled()
        assert row.status is Status.FAILED
        assert row.error is not None
        assert row.error.title == "internal error: RuntimeError: oops"


# A token in use


async def test_an_expired_token_is_refreshed_and_the_very_same_message_is_sent_again(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.expire()
        done = await one.call()
        assert done.status is CallStatus.SUCCESS
        assert peer.grants() == ["refresh_token"]
        (first, stale), (second, fresh) = calls(peer)
        assert first == second
        assert stale != fresh
        assert one.view.token is not None
        assert one.view.token.refreshed == "a new token"


async def test_who_gives_up_waiting_for_another_token_is_gone_at_once_and_the_connection_stays(tmp_path: Path) -> None:
    asked, answer = anyio.Event(), anyio.Event()

    async def slow(exchange: Exchange) -> None:
        seen = peer.requests[-1]
        asked.set()
        await answer.wait()
        await token(peer, exchange, seen)

    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.expire()
        peer.change(overrides={"/token": slow})
        async with anyio.create_task_group() as callers:
            callers.start_soon(one.call)
            await asked.wait()
            callers.cancel_scope.cancel()
        assert not answer.is_set()
        assert one.row.status is Status.CONNECTED
        answer.set()
        assert (await one.call()).status is CallStatus.SUCCESS
        assert peer.grants() == ["refresh_token"]
        assert one.view.why == ""


@pytest.mark.parametrize(
    ("status", "challenge"), [(401, "Bearer"), (403, 'Bearer error="insufficient_scope", scope="more"')]
)
async def test_taking_a_request_back_is_no_reason_for_another_token_nor_to_ask_anybody(
    tmp_path: Path, status: int, challenge: str
) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path, unattended=True) as one:
        sent = await one.auth.headers("POST", peer.mcp_url)
        notice = Refusal(status, (challenge,), "POST", peer.mcp_url, sent, operation="notifications/cancelled")
        with pytest.raises(TokenRefreshFailed):
            await one.auth.refused(notice)
        assert at_issuer(peer) == []
        await one.auth.refresh_now()
        assert await one.auth.refused(notice)  # there is another by now
        with pytest.raises(TokenRefreshFailed):
            await one.auth.refused(notice)


async def test_a_fault_of_ours_in_a_refresh_fails_who_waits_for_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.expire()
        with monkeypatch.context() as patch:
            patch.setattr(grants, "refresh", broken)
            with pytest.raises(ExceptionGroup) as caught:
                await one.call()
        assert caught.group_contains(RuntimeError, match="oops")
        assert one.row.status is Status.CONNECTED
        assert (await one.call()).status is CallStatus.SUCCESS


async def test_many_calls_with_an_expired_token_wait_for_one_refresh(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.expire()
        ended: list[CallStatus] = []

        async def call() -> None:
            ended.append((await one.call()).status)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(call)
        assert ended == [CallStatus.SUCCESS] * 10
        assert peer.grants() == ["refresh_token"]


async def test_two_that_share_an_expired_token_refresh_it_once_and_both_go_on(tmp_path: Path) -> None:
    async with (
        authorization_server() as peer,
        logged_in(peer, tmp_path) as one,
        house(peer, tmp_path) as other,
    ):
        await other.services.manager.connected(NAME)
        peer.requests.clear()
        peer.expire()
        ended: list[CallStatus] = []

        async def call(whose: Any) -> None:
            ended.append((await whose.call()).status)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, one)
            tasks.start_soon(call, other)
        assert ended == [CallStatus.SUCCESS] * 2
        assert peer.grants() == ["refresh_token"]
        assert one.auth.login == other.auth.login


async def test_a_refresh_token_that_is_no_good_any_more_ends_the_session_as_one_that_needs_a_login(
    tmp_path: Path,
) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.forget_tokens()
        done = await one.call()
        assert done.error is not None
        assert done.error.kind == "auth"
        assert done.error.title.startswith("the server does not accept the login any more (401)")
        await eventually(lambda: one.row.status is Status.NEEDS_AUTH, "needs-auth")
        assert len(calls(peer)) == 1
        assert one.view.token is not None
        assert not one.view.token.has_refresh


async def test_a_run_without_a_person_logs_in_again_where_refreshing_is_of_no_use(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path, unattended=True) as one:
        peer.forget_tokens()
        assert (await one.call()).status is CallStatus.SUCCESS
        assert peer.grants() == ["refresh_token", "authorization_code"]
        assert one.row.status is Status.CONNECTED


async def test_an_authorization_server_that_cannot_be_reached_is_no_lost_login(tmp_path: Path) -> None:
    broken = 0

    async def down(exchange: Exchange) -> None:
        nonlocal broken
        broken += 1
        await reply(exchange, 503)

    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        peer.expire()
        peer.change(overrides={"/token": down})
        done = await one.call()
        assert done.error is not None
        assert "could not be refreshed" in done.error.title
        assert one.row.status is Status.CONNECTED
        assert broken == 1
        peer.change(overrides={})
        assert (await one.call()).status is CallStatus.SUCCESS


async def test_a_login_that_cannot_reach_its_server_fails_the_call_and_not_the_connection(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path, unattended=True) as one:
        peer.forget_tokens()
        nobody = f"http://127.0.0.1:{free_port()}"
        peer.change(resource_metadata={"authorization_servers": [nobody]})
        done = await one.call()
        assert done.error is not None
        assert (done.error.kind, done.error.title.partition(":")[0]) == ("auth", "the login failed")
        assert one.row.status is Status.CONNECTED
        peer.change(resource_metadata={})
        assert (await one.call()).status is CallStatus.SUCCESS


@pytest.mark.parametrize("refresh", [True, False], ids=["with a refresh token", "without one"])
async def test_expire_now_does_to_the_token_what_time_would(tmp_path: Path, refresh: bool) -> None:
    async with authorization_server(refresh=refresh) as peer, logged_in(peer, tmp_path) as one:
        one.auth.expire_now()
        done = await one.call()
        if refresh:
            assert done.status is CallStatus.SUCCESS
            assert peer.grants() == ["refresh_token"]
            assert len(calls(peer)) == 1  # before it was sent at all
        else:
            assert done.error is not None
            assert done.error.kind == "auth"
            assert [token for _, token in calls(peer)] == [""]


async def test_refresh_now_has_another_token_and_says_so(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path) as one:
        before = one.auth.login
        await one.auth.refresh_now()
        assert before is not None
        assert one.auth.login is not None
        assert one.auth.login.tokens.access != before.tokens.access
        assert any("efresh" in step.title for step in one.view.steps)
        peer.forget_tokens()
        with pytest.raises(TokenRefreshFailed):
            await one.auth.refresh_now()
        with pytest.raises(TokenRefreshFailed, match="no refresh token"):
            await one.auth.refresh_now()


async def test_bound_tokens_come_with_a_proof_for_each_request_and_the_nonce_that_the_server_wants(
    tmp_path: Path,
) -> None:
    async with authorization_server(dpop=True, dpop_nonce=True) as peer, logged_in(peer, tmp_path) as one:
        peer.ledger.nonces.append("another-nonce")
        assert (await one.call()).status is CallStatus.SUCCESS
        assert (await one.call()).status is CallStatus.SUCCESS
        sent = [seen.headers for seen in peer.asked("/mcp", "POST") if b"tools/call" in seen.body]
        assert len(sent) == 3  # the new nonce was told once
        assert {headers["authorization"].partition(" ")[0] for headers in sent} == {"DPoP"}
        assert len({headers["dpop"] for headers in sent}) == 3
        assert peer.grants() == []


async def test_no_token_is_shown_or_written_anywhere(tmp_path: Path) -> None:
    async with authorization_server() as peer:
        lines: list[bytes] = []
        async with house(peer, tmp_path, unattended=True) as one:
            one.services.trace.tap(lambda record: lines.append(record.data))
            await one.services.manager.connected(NAME)
            peer.expire()
            await one.call()
            shown = repr(one.services.store.state) + repr([*one.services.store.ring(NAME)])
        told = b"\n".join(lines).decode()
        assert "/token" in told  # the exchanges of the login are among them
        assert [secret for secret in peer.secrets if secret in shown + told] == []


# The authorization server changes


async def test_credentials_stay_with_their_authorization_server_when_the_server_goes_over_to_another(
    tmp_path: Path,
) -> None:
    async with (
        authorization_server() as peer,
        authorization_server() as other,
        logged_in(peer, tmp_path, unattended=True) as one,
    ):
        peer.change(resource_metadata={"authorization_servers": [other.issuer]})
        other.mcp_url = peer.mcp_url  # what it issues is for the same resource
        peer.forget_tokens()
        done = await one.call()
        assert done.error is not None  # the peer knows none of the other's tokens
        assert other.grants() == ["authorization_code"]
        old = set(peer.ledger.clients)
        assert {seen.query.get("client_id") for seen in other.asked("/authorize")}.isdisjoint(old)
        assert other.asked("/register") != []


# People


async def test_a_person_logs_in_from_the_dashboard_by_the_question_that_it_asks(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        row = await one.settled()
        assert row.status is Status.NEEDS_AUTH
        assert row.error is not None
        assert row.error.hint.startswith("Enter shows what is asked; o there opens your browser")
        assert at_issuer(peer) == []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.services.manager.login, NAME)
            question = await one.browse()
        assert question.request["issuer"] == peer.issuer
        assert question.request["clientId"] in peer.ledger.clients
        await eventually(lambda: one.row.status is Status.CONNECTED, "connection")
        assert one.services.store.state.prompts == ()


async def test_a_login_that_another_process_did_is_taken_over_and_connects(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        assert (await one.settled()).status is Status.NEEDS_AUTH
        await one.services.manager.review_logins()
        assert one.row.status is Status.NEEDS_AUTH
        async with house(peer, tmp_path, unattended=True) as other:
            await other.services.manager.connected(NAME)
        await one.services.manager.review_logins()
        await one.services.manager.connected(NAME)
        assert one.view.status is LoginStatus.DONE


async def test_logging_in_is_not_done_twice_unless_that_is_asked_for(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path, unattended=True) as one:
        anew: list[str] = []
        one.services.manager.tells_of_fresh_starts(anew.append)
        before = await one.services.manager.login(NAME)
        assert anew == [NAME]
        assert peer.requests == []
        after = await one.services.manager.login(NAME, again=True)
        assert peer.grants() == ["authorization_code"]
        assert after.obtained_at >= before.obtained_at
        await one.services.manager.connected(NAME)


async def test_several_who_want_to_log_in_share_one_login_and_its_failure(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        await one.settled()
        said: list[str] = []

        async def log_in() -> None:
            try:
                await one.services.manager.login(NAME)
            except McpDeckError as error:
                said.append(error.title)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(log_in)
            await one.answer("mcpdeck/login", "cancel")
        assert said == ["the login was cancelled"] * 3
        assert len(peer.asked("/register")) == 1
        assert (await one.settled()).status is Status.NEEDS_AUTH


async def test_logging_out_gives_the_tokens_back_forgets_them_and_shows_that_a_login_is_wanted(tmp_path: Path) -> None:
    async with authorization_server() as peer:
        async with logged_in(peer, tmp_path) as one:
            anew: list[str] = []
            one.services.manager.tells_of_fresh_starts(anew.append)
            said = await one.services.manager.logout(NAME)
            assert anew == [NAME]
            assert len(said) == 2
            assert len(peer.asked("/revoke")) == 2
            assert all(token.revoked for token in peer.tokens if token.kind in ("access", "refresh"))
            await eventually(lambda: one.row.status is Status.NEEDS_AUTH, "needs-auth")
            assert (one.view.status, one.view.token) == (LoginStatus.NONE, None)
            assert await one.services.manager.logout(NAME) == ("Nobody was logged in.",)
        async with house(peer, tmp_path) as other:
            assert (await other.settled()).status is Status.NEEDS_AUTH


async def test_a_refresh_elsewhere_is_taken_over_without_a_request(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path) as one, house(peer, tmp_path) as other:
        await other.services.manager.connected(NAME)
        await other.auth.refresh_now()
        await one.services.manager.review_logins()
        assert one.auth.login == other.auth.login
        assert one.view.token is not None
        assert one.view.token.refreshed == "a new token"
        assert one.row.status is Status.CONNECTED
        await other.services.manager.logout(NAME)
        await one.services.manager.review_logins()
        assert one.view.token is None


async def test_a_logout_gives_back_what_another_process_has_by_now_as_well(tmp_path: Path) -> None:
    async with (
        authorization_server() as peer,
        logged_in(peer, tmp_path) as one,
        house(peer, tmp_path) as other,
    ):
        await other.services.manager.connected(NAME)
        await other.auth.refresh_now()
        both = [house.auth.login.tokens for house in (other, one) if house.auth.login is not None]
        said = await one.services.manager.logout(NAME)
        given_back = [seen.form["token"] for seen in peer.asked("/revoke")]
        assert given_back == [token for tokens in both for token in (tokens.refresh, tokens.access)]
        assert len(said) == len(set(said))
        assert await one.auth._around.store.all() == ()


async def test_a_logout_elsewhere_is_heard_and_the_token_is_not_used_any_more(tmp_path: Path) -> None:
    async with authorization_server(revocation=False) as peer, logged_in(peer, tmp_path) as one:
        async with house(peer, tmp_path) as other:
            await other.services.manager.connected(NAME)
            await other.services.manager.logout(NAME)
        peer.expire()
        done = await one.call()
        assert done.error is not None
        assert done.error.kind == "auth"
        assert peer.grants() == []
        assert (one.view.status, one.view.token) == (LoginStatus.NONE, None)


# What is remembered


async def test_a_server_that_is_known_to_want_a_login_is_not_contacted_until_somebody_wants_it(tmp_path: Path) -> None:
    async with authorization_server() as peer:
        async with house(peer, tmp_path) as first:
            await first.settled()
        peer.requests.clear()
        async with house(peer, tmp_path, person=True) as one:
            row = await one.settled()
            assert row.status is Status.NEEDS_AUTH
            assert row.error is not None
            assert row.error.title == "the server wants a login (401)"
            assert peer.requests == []
            one.services.manager.reconnect(NAME)
            await eventually(lambda: peer.requests, "request")
        peer.requests.clear()
        async with house(peer, tmp_path) as command:  # one that names its server
            await command.settled()
            assert peer.requests != []


async def test_a_changed_entry_and_a_login_anywhere_end_that(tmp_path: Path) -> None:
    async with authorization_server() as peer, authorization_server() as elsewhere:
        for server in (peer, elsewhere):
            async with house(server, tmp_path) as first:
                await first.settled()
        peer.requests.clear()
        async with house(peer, tmp_path, entry=guarded(peer, digest="another"), person=True) as one:
            await one.settled()
            assert peer.requests != []
        async with house(elsewhere, tmp_path, unattended=True) as login:
            await login.services.manager.connected(NAME)
        peer.requests.clear()
        async with house(peer, tmp_path, person=True) as again:
            await again.settled()
            assert peer.requests != []


async def test_a_connection_that_stands_ends_that(tmp_path: Path) -> None:
    async with authorization_server() as peer:
        async with house(peer, tmp_path) as first:
            await first.settled()
        peer.change(open_to_all=True)
        async with house(peer, tmp_path) as command:
            await command.services.manager.connected(NAME)
        peer.requests.clear()
        async with house(peer, tmp_path, person=True) as one:
            await one.services.manager.connected(NAME)


async def test_a_login_without_a_person_needs_no_hands(tmp_path: Path) -> None:
    settings = OAuthSettings(client_id="robot", client_secret="s3cret-of-robot", grant="client_credentials")
    async with (
        authorization_server(clients={"robot": "s3cret-of-robot"}) as peer,
        house(peer, tmp_path, entry=guarded(peer, oauth=settings)) as one,
    ):
        await one.services.manager.connected(NAME)
        peer.expire()
        assert (await one.call()).status is CallStatus.SUCCESS
        assert peer.grants() == ["client_credentials", "client_credentials"]


async def test_a_store_that_cannot_be_read_is_said_where_a_login_would_have_helped(tmp_path: Path) -> None:
    async with authorization_server() as peer:
        async with house(peer, tmp_path, unattended=True) as first:
            await first.services.manager.connected(NAME)
        for file in (tmp_path / "data" / "auth").glob("key/*"):
            file.write_text(json.dumps({"nothing": "of use"}))
        async with house(peer, tmp_path) as one:
            with pytest.raises(McpDeckError) as caught:
                await one.services.manager.connected(NAME)
            assert caught.value.kind == "auth"
            assert caught.value.hint


async def test_an_error_of_an_operation_in_the_error_is_not_hidden_by_the_login(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path) as one:
        with pytest.raises(AuthorizationRequired) as caught:
            await one.services.manager.connected(NAME)
        assert caught.value.details["operation"] == "initialize"
        assert caught.value.details["status"] == 401
