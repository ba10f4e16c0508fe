"""Logins that are disturbed: slow servers, somebody else's redirects, a taken port, two at once, cancelled anywhere."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from mcpdeck.services.auth import guarded
from mcpdeck.services.auth.kinds import Invitation, Login
from mcpdeck.services.errors import AuthError, TransportTimeout
from mcpdeck.services.models import OAuthSettings
from tests.auth.login_stage import HttpHands, Person, Stage, staged
from tests.servers.scripted_http import Exchange, Handler

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"


class Held:
    """An override that takes a request and never answers it; ``reached`` once it came."""

    def __init__(self) -> None:
        self.reached = anyio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        self.reached.set()
        await exchange.until_closed()


async def stalls(exchange: Exchange) -> None:
    """The headers and the first bytes of an answer, and no more."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    await exchange.socket.send(head + b'{"issuer": ')
    await exchange.until_closed()


def nobody_listens_at(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 80)) != 0


@pytest.mark.parametrize("path", [RESOURCE, METADATA, "/register", "/token"])
@pytest.mark.parametrize("how", ["silent", "stalled"])
async def test_a_slow_server_ends_the_login_within_its_time_and_is_named(
    path: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(guarded, "SECONDS", 0.3)
    handler: Handler = Held() if how == "silent" else stalls
    async with staged(tmp_path, caplog=caplog, overrides={path: handler}) as stage:
        error = await stage.refused()
        assert isinstance(error, TransportTimeout)
        assert path in error.title
        assert error.retryable
        stage.assert_no_secret_in(caplog, error)


async def test_a_redirect_with_a_wrong_state_is_told_so_and_the_right_one_still_counts(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []

    async def meddled(invitation: Invitation) -> None:
        async with httpx.AsyncClient(trust_env=False) as stranger:
            queries = ("", "?code=c", "?code=c&state=wrong", "?error=access_denied&state=wrong", "?state=%00")
            answers.extend([await stranger.get(invitation.redirect_uri + query) for query in queries])
            answers.append(await stranger.get(invitation.redirect_uri.replace("/callback", "/favicon.ico")))
            answers.append(await stranger.post(invitation.redirect_uri, content=b"code=c&state=wrong"))
        answers.append(await stage.peer.browse(invitation.url))

    async with staged(tmp_path) as stage:
        login = await stage.log_in(Person(meddled))
        assert login.tokens.access == stage.peer.ledger.of("access")[0].value
        assert [one.status_code for one in answers[:-1] if one.status_code < 400] == []
        assert answers[-1].status_code == 200
        assert len(stage.peer.asked("/token")) == 1
        assert "wrong" not in answers[2].text


async def test_a_taken_callback_port_is_named_with_a_way_out_and_nothing_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        async with staged(tmp_path, OAuthSettings(callback_port=port)) as stage:
            person = stage.browser
            error = await stage.refused(person)
            assert isinstance(error, AuthError)
            assert str(port) in error.title
            assert "callbackPort" in error.hint
            assert person.invitations == []
            assert stage.peer.asked("/register") == []


async def test_two_logins_at_once_both_end_and_each_takes_its_own_answer(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        logins: list[Login] = []
        met = anyio.Event()
        waiting: list[Invitation] = []

        async def crossed(invitation: Invitation) -> None:
            waiting.append(invitation)
            if len(waiting) == 2:
                met.set()
            await met.wait()
            other = next(one for one in waiting if one is not invitation)
            async with httpx.AsyncClient(trust_env=False) as stranger:
                answer = await stranger.get(
                    invitation.redirect_uri, params={"code": "c", "state": httpx.URL(other.url).params["state"]}
                )
            assert answer.status_code >= 400
            await stage.peer.browse(invitation.url)

        async def one() -> None:
            logins.append(await stage.log_in(Person(crossed)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            tasks.start_soon(one)
        assert len({login.tokens.access for login in logins}) == 2
        assert len(await stage.store.all()) in (1, 2)
        kept = await stage.store.login_for(stage.place.url, logins[0].wanted)
        assert kept is not None
        assert kept.tokens.access in {login.tokens.access for login in logins}


@pytest.mark.parametrize("path", [RESOURCE, METADATA, "/register", "/token"])
async def test_a_login_that_is_cancelled_while_a_server_thinks_leaves_nothing(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = Held()
    async with staged(tmp_path, caplog=caplog, overrides={path: held}) as stage:
        person = stage.browser
        await cancelled_at(stage, person, held.reached)
        assert await stage.store.all() == ()
        assert all(nobody_listens_at(one.redirect_uri) for one in person.invitations)
        assert stage.recorder.steps[-1].failed
        stage.assert_no_secret_in(caplog)


async def test_a_login_that_is_cancelled_while_the_person_thinks_leaves_no_listener(tmp_path: Path) -> None:
    opened = anyio.Event()

    async def dawdle(_: Invitation) -> None:
        opened.set()

    async with staged(tmp_path) as stage:
        person = Person(dawdle)
        await cancelled_at(stage, person, opened)
        assert await stage.store.all() == ()
        assert nobody_listens_at(person.invitations[0].redirect_uri)
        assert stage.waits == [True, False]
        assert stage.peer.asked("/token") == []


async def cancelled_at(stage: Stage, person: Person, there: anyio.Event) -> None:
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            why = await stage.challenged()

            async def run() -> None:
                await stage.log_in(person, why=why)

            tasks.start_soon(run)
            await there.wait()
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
async def test_a_server_with_a_wrong_clock_is_no_trouble_as_lifetimes_are_counted_from_here(
    skew: float, tmp_path: Path
) -> None:
    async with staged(tmp_path, skew=skew, lifetime=600) as stage:
        login = await stage.log_in()
        assert login.tokens.expires_at == pytest.approx(login.tokens.obtained_at + 600)


async def test_a_login_that_works_shows_and_writes_no_secret_and_brings_each_rule_that_it_met(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, caplog=caplog, registration="client_secret_basic", scopes=("a", "b")) as stage:
        login = await stage.log_in()
        stage.assert_no_secret_in(caplog, login, await stage.store.all())
        assert len(stage.peer.secrets) >= 6
        assert [step.title for step in stage.recorder.steps if step.failed] == []
        rules = {verdict.rule for step in stage.recorder.steps for verdict in step.verdicts}
        assert {"asm.issuer-identical", "asm.pkce-s256", "prm.resource-matches", "authz.state", "authz.iss"} <= rules
        for secret in (login.tokens.access, login.tokens.refresh):
            assert secret in revealed(stage)


def revealed(stage: Stage) -> set[Any]:
    """What can be revealed, one at a time, by who asks for it."""
    fields = [
        each
        for step in stage.recorder.steps
        for side in (step.request, step.answer)
        if side is not None
        for each in (*side.headers, *side.body)
    ]
    return {stage.recorder.reveal(each.secret) for each in fields if each.secret}


async def test_following_without_a_browser_logs_in_and_sends_nothing_to_the_redirect_address(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        login = await stage.log_in(HttpHands())
        assert login.tokens.refresh is not None
        assert stage.peer.pages == []
        assert [one.headers.get("authorization") for one in stage.peer.requests] == [None] * len(stage.peer.requests)
        assert [one.headers.get("cookie") for one in stage.peer.requests] == [None] * len(stage.peer.requests)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
async def test_a_server_that_reads_the_client_id_from_the_form_alone_is_logged_in_to(
    method: str, tmp_path: Path
) -> None:
    async with staged(tmp_path, registration=method, wants_client_id=True) as stage:
        login = await stage.log_in()
        assert login.client.auth_method == method
