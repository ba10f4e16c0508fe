"""A logout gives the tokens back, says what came of it, and never fails because the server does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcpdeck.services.auth.revocation import revoke
from mcpdeck.services.errors import ConnectError, DiscoveryError, TransportTimeout
from mcpdeck.services.models import LoginPhase
from tests.auth.scripted_fetch import ISSUER, Answer, Reply, Script, client, login, metadata, place, refused

pytestmark = pytest.mark.anyio

REVOKE = f"{ISSUER}/revoke"


async def revoked(*replies: Reply, **changes: Any) -> tuple[tuple[str, ...], Script]:
    script = Script(*replies)
    fields: dict[str, Any] = {"metadata": metadata(revocation_endpoint=REVOKE)}
    told = await revoke(script.fetch_for, login(**(fields | changes)), place())
    return told, script


async def test_the_refresh_token_goes_first_and_then_the_access_token() -> None:
    told, script = await revoked(Answer(), Answer(), client=client(secret="s", auth_method="client_secret_basic"))
    assert [dict(each.form) for each in script.requests] == [
        {"token": "old-refresh-token", "token_type_hint": "refresh_token", "client_id": "deck-1"},
        {"token": "old-access-token", "token_type_hint": "access_token", "client_id": "deck-1"},
    ]
    assert all(
        (each.method, each.url, each.phase) == ("POST", REVOKE, LoginPhase.REVOCATION) for each in script.requests
    )
    assert all(each.basic == ("deck-1", "s") for each in script.requests)
    assert [line.partition(" was revoked")[0] for line in told] == ["The refresh token", "The access token"]
    assert script.verdict("revocation.status").passed is True


async def test_without_a_refresh_token_there_is_one_request() -> None:
    told, script = await revoked(Answer(), tokens=replace(login().tokens, refresh=None))
    assert len(told) == len(script.requests) == 1
    assert script.form["client_id"] == "deck-1"


async def test_without_an_endpoint_it_is_said_that_the_tokens_stay_good() -> None:
    told, script = await revoked(metadata=metadata())
    assert len(told) == 1
    assert "stay good until they expire" in told[0]
    assert script.requests == []
    assert script.verdict("revocation.endpoint").passed is False


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refused("invalid_client", "who?\x1b[2J", 401), "invalid_client: who?"),
        (Answer("<html>", 500), "a web page"),
        (refused("invalid_request", "no old-refresh-token here"), "no ••• here"),
        (refused("unsupported_token_type"), "revokes no refresh tokens"),
        (DiscoveryError("redirects a POST"), "redirects a POST"),
    ],
)
async def test_a_refusal_is_told_and_the_other_token_is_tried(reply: Reply, words: str) -> None:
    told, script = await revoked(reply, Answer())
    assert words in told[0]
    assert "\x1b" not in told[0]
    assert told[1].startswith("The access token was revoked")
    assert len(script.requests) == 2


@pytest.mark.parametrize("error", [ConnectError("nobody there"), TransportTimeout("too slow")])
async def test_a_server_that_is_not_reached_is_not_tried_again(error: Any) -> None:
    told, script = await revoked(error)
    assert len(script.requests) == 1
    assert told == (f"The refresh token was not revoked: {error.title}",)


async def test_no_token_is_in_what_is_told_or_recorded() -> None:
    told, script = await revoked(Answer({"echo": "old-refresh-token"}, 400), Answer())
    shown = f"{told} {script.recorder.steps!r}"
    assert "old-refresh-token" not in shown
    assert "old-access-token" not in shown
