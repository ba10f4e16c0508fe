"""Logins at an authorization server that does what it must not: a clear end, nothing kept, nothing let out.

Each case is a whole login, from the MCP server's challenge on. What comes of it is compared with the rule that was
broken; that it ends, that nothing is stored and that no secret is shown holds for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mcpdeck.services.errors import AuthorizationDenied, DiscoveryError, McpDeckError
from tests.auth.login_stage import HttpHands, Stage, staged
from tests.auth.misbehaviour import DISCOVERY, ELSEWHERE, REGISTRATION, RESPONSE, TOKEN, Case, at
from tests.servers.authorization_server import ABSENT, authorization_server
from tests.servers.scripted_http import Exchange


def cases(of: list[Case]) -> Any:
    return pytest.mark.parametrize("case", of, ids=lambda case: case.name)


async def ends_clearly(stage: Stage, case: Case, caplog: pytest.LogCaptureFixture, *, visited: bool) -> McpDeckError:
    person = stage.browser
    error = await stage.refused(person)
    assert isinstance(error, case.error)
    assert re.search(case.says, error.title, re.IGNORECASE), error.title
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", error.title + error.hint)
    assert len(person.invitations) == (1 if visited else 0)
    stage.assert_no_secret_in(caplog, error, error.__cause__, person.invitations if not visited else ())
    return error


@cases(DISCOVERY)
async def test_discovery_that_must_not_be_trusted_ends_before_any_browser(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, caplog=caplog, **case.knobs) as stage:
        await ends_clearly(stage, case, caplog, visited=False)
        assert stage.peer.asked("/register") == []
        assert stage.peer.asked("/token") == []


@cases(REGISTRATION)
async def test_a_registration_that_gives_no_client_ends_before_any_browser(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, caplog=caplog, **case.knobs) as stage:
        await ends_clearly(stage, case, caplog, visited=False)
        assert stage.peer.asked("/token") == []


@cases(RESPONSE)
async def test_an_answer_that_is_not_to_be_trusted_never_becomes_a_token_request(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, caplog=caplog, **case.knobs) as stage:
        await ends_clearly(stage, case, caplog, visited=True)
        assert stage.peer.asked("/token") == []


@cases(TOKEN)
async def test_a_token_answer_that_is_none_keeps_nothing(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, caplog=caplog, **case.knobs) as stage:
        await ends_clearly(stage, case, caplog, visited=True)
        assert len(stage.peer.asked("/token")) == 1


@pytest.mark.parametrize("suffix", ["-other", "/deeper", "?tenant=1", "#fragment"])
async def test_metadata_for_something_beside_the_server_are_not_taken(suffix: str, tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.peer.change(resource_metadata={"resource": stage.peer.mcp_url + suffix})
        error = await stage.refused()
        assert isinstance(error, DiscoveryError)
        assert "resource" in error.title


async def test_a_code_of_one_authorization_server_is_never_taken_to_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Mix-up (RFC 9207, section 1): the attacker's metadata name the honest server's authorization endpoint."""
    async with authorization_server() as honest, staged(tmp_path, caplog=caplog) as stage:
        honest.change(resource=stage.peer.mcp_url)
        stolen = {
            "authorization_endpoint": f"{honest.issuer}/authorize",
            "registration_endpoint": f"{honest.issuer}/register",
        }
        stage.peer.change(server_metadata=stolen)
        error = await stage.refused()
        assert isinstance(error, AuthorizationDenied)
        assert len(honest.ledger.of("code")) == 1
        assert stage.peer.asked("/token") == []
        assert honest.asked("/token") == []
        stage.assert_no_secret_in(caplog, error)
        assert [secret for secret in honest.secrets if secret in stage.shown(error)] == []


async def test_of_an_error_by_another_issuer_nothing_is_shown(tmp_path: Path) -> None:
    def lie(parameters: dict[str, str]) -> dict[str, str]:
        return {**parameters, "error_description": "call 555-0100", "error_uri": "https://evil.example"}

    async with staged(tmp_path, denied="access_denied", iss=ELSEWHERE, answered=lie) as stage:
        error = await stage.refused()
        assert "555-0100" not in stage.shown(error)
        assert "evil.example" not in stage.shown(error)


@pytest.mark.parametrize(
    ("case", "leads_to"),
    [
        ("into the network", lambda back: "https://10.0.0.1/next"),
        ("to a file", lambda back: "file:///etc/passwd"),
        ("to a host that only begins like ours", lambda back: f"{back}.elsewhere.invalid/?code=stolen"),
        ("round and round", lambda back: "/authorize?again=1"),
        ("nowhere", lambda back: ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_following_without_a_browser_ends_where_the_redirect_is_not_ours(
    case: str, leads_to: Callable[[str], str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def astray(exchange: Exchange) -> None:
        back = re.search(r"redirect_uri=([^&]+)", exchange.path)
        target = leads_to(unquote(back[1]) if back else "")
        if target:
            await exchange.answer("302 Found", Location=target)
        else:
            await exchange.answer("200 OK", b"<h1>Sign in</h1>", "text/html")

    async with staged(tmp_path, caplog=caplog, **at("/authorize", astray)) as stage:
        error = await stage.refused(HttpHands())
        assert case
        assert stage.peer.asked("/token") == []
        stage.assert_no_secret_in(caplog, error)


@pytest.mark.parametrize(
    ("said", "lasts"),
    [(ABSENT, None), ("600", 600), ("soon", None), (-5, None), (0, None), (1e30, None), (True, None), (90, 90)],
    ids=str,
)
async def test_whatever_expires_in_says_the_login_stands_and_is_never_longer_than_said(
    said: Any, lasts: float | None, tmp_path: Path
) -> None:
    async with staged(tmp_path, expires_in=said) as stage:
        login = await stage.log_in()
        expires = login.tokens.expires_at
        if lasts is not None:
            assert expires == pytest.approx(login.tokens.obtained_at + lasts, abs=2)
        else:
            assert expires is None or expires <= login.tokens.obtained_at + 10 * 365 * 86_400
        assert await stage.store.all() != ()
