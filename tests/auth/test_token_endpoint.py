"""What a token endpoint is asked, and what is made of its answers, the wrong ones above all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpdeck.services.auth.dpop import Proof
from mcpdeck.services.auth.mechanics import payload_of
from mcpdeck.services.auth.token_endpoint import ask
from mcpdeck.services.errors import ConnectionLost, DiscoveryError, TokenError
from mcpdeck.services.models import LoginPhase
from tests.auth.scripted_fetch import (
    NOW,
    TOKEN_ENDPOINT,
    Answer,
    Reply,
    Script,
    client,
    metadata,
    place,
    refused,
    token,
)

pytestmark = pytest.mark.anyio

PARAMS = {"grant_type": "authorization_code", "code": "the-secret-code", "code_verifier": "the-secret-verifier"}


async def asked(
    *replies: Reply, dpop: Proof | None = None, scopes: tuple[str, ...] = ("read", "write"), **changes: Any
) -> tuple[Any, Script]:
    script = Script(*replies)
    tokens = await ask(
        script.fetch_for,
        LoginPhase.TOKEN,
        "Ask",
        metadata(),
        client(**changes),
        PARAMS,
        place=place(),
        dpop=dpop,
        asked=scopes,
        now=lambda: NOW,
    )
    return tokens, script


async def refusal(reply: Reply, **changes: Any) -> tuple[TokenError, Script]:
    script = Script(reply)
    with pytest.raises(TokenError) as caught:
        await ask(
            script.fetch_for,
            LoginPhase.TOKEN,
            "Ask",
            metadata(),
            client(**changes),
            PARAMS,
            place=place(),
            asked=("read",),
            now=lambda: NOW,
        )
    return caught.value, script


async def test_a_right_answer_becomes_tokens_and_keeps_every_rule() -> None:
    tokens, script = await asked(token(refresh_token="refresh-1", scope="read"))
    assert (tokens.access, tokens.token_type, tokens.refresh) == ("new-access-token", "Bearer", "refresh-1")
    assert tokens.expires_at == NOW + 3600
    assert tokens.obtained_at == NOW
    assert tokens.scopes == ("read",)
    assert tokens.asked == ("read", "write")
    assert tokens.dpop_key is None
    wrong = [each.rule for step in script.recorder.steps for each in step.verdicts if each.passed is False]
    assert wrong == []
    remark = script.verdict("token.scope")
    assert remark.passed is None
    assert "write" in remark.wrong


async def test_the_request_is_a_form_that_is_never_redirected() -> None:
    _, script = await asked(token())
    request = script.requests[0]
    assert (request.method, request.url, request.redirects) == ("POST", TOKEN_ENDPOINT, False)
    assert request.form == PARAMS | {"client_id": "deck-1"}
    assert "Authorization" not in request.headers
    assert "DPoP" not in request.headers


async def test_scopes_that_are_not_named_are_those_that_were_asked_for() -> None:
    tokens, _ = await asked(token())
    assert tokens.scopes == ("read", "write")


@pytest.mark.parametrize(
    ("said", "lifetime", "right"),
    [
        (60, 60, True),
        (0.5, 0.5, True),
        (None, None, False),
        ("3600", 3600, False),
        ("soon", None, False),
        (0, None, False),
        (-1, None, False),
        (True, None, False),
        ([60], None, False),
        (1e300, None, False),
        (10**400, None, False),
        (float("nan"), None, False),
        (float("inf"), None, False),
    ],
)
async def test_a_lifetime_that_makes_no_sense_counts_as_not_said_and_is_pointed_out(
    said: Any, lifetime: float | None, right: bool
) -> None:
    tokens, script = await asked(token(expires_in=said))
    assert tokens.expires_at == (None if lifetime is None else NOW + lifetime)
    assert script.verdict("token.expires-in").passed is right


@pytest.mark.parametrize(
    ("said", "scopes", "passed"),
    [
        ("read  admin read", ("read", "admin"), None),
        ("read write", ("read", "write"), True),
        ("", ("read", "write"), True),
        (["read", 7, "write"], ("read", "write"), False),
        (7, ("read", "write"), False),
        ("re\x1b[31mad write", ("re␛[31mad", "write"), False),
    ],
)
async def test_scopes_are_read_as_they_were_granted(said: Any, scopes: tuple[str, ...], passed: bool | None) -> None:
    tokens, script = await asked(token(scope=said))
    assert tokens.scopes == scopes
    assert script.verdict("token.scope").passed is passed


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
async def test_the_type_of_a_token_is_read_without_regard_to_case(kind: str) -> None:
    tokens, _ = await asked(token(token_type=kind))
    assert tokens.token_type == "Bearer"


@pytest.mark.parametrize(
    ("changes", "rule", "words"),
    [
        ({"access_token": None}, "token.access-token", "no access_token"),
        ({"access_token": ""}, "token.access-token", "no access_token"),
        ({"access_token": 7}, "token.characters", "access_token is no text"),
        ({"access_token": "two words"}, "token.characters", "access_token holds characters"),
        ({"access_token": "a\r\nX-Injected: 1"}, "token.characters", "access_token holds characters"),
        ({"access_token": "tökén"}, "token.characters", "access_token holds characters"),
        ({"access_token": "a" * 70_000}, "token.characters", "too long"),
        ({"refresh_token": "a\nb"}, "token.characters", "refresh_token holds characters"),
        ({"refresh_token": {"a": 1}}, "token.characters", "refresh_token is no text"),
        ({"token_type": None}, "token.type", "no token_type"),
        ({"token_type": "mac"}, "token.type", '"mac" is not known'),
        ({"token_type": ["Bearer"]}, "token.type", "is not known"),
        ({"token_type": "DPoP"}, "token.type", "no proof was sent"),
    ],
)
async def test_a_token_that_no_request_could_carry_is_refused_with_the_rule_it_breaks(
    changes: dict[str, Any], rule: str, words: str
) -> None:
    error, script = await refusal(token(**changes))
    assert words in error.title
    assert error.details["status"] == 200
    broken = script.verdict(rule)
    assert broken.passed is False
    assert broken.fix


async def test_a_member_that_comes_twice_is_refused_because_two_readers_would_read_it_differently() -> None:
    body = '{"access_token": "one", "token_type": "Bearer", "access_token": "two"}'
    error, script = await refusal(Answer(body))
    assert "access_token comes twice" in error.title
    assert script.verdict("token.once").passed is False


async def test_a_member_that_comes_twice_further_inside_is_nobodys_business() -> None:
    body = '{"access_token": "one", "token_type": "Bearer", "extra": {"a": 1, "a": 2}}'
    tokens, _ = await asked(Answer(body))
    assert tokens.access == "one"


@pytest.mark.parametrize(
    ("reply", "words", "error", "retryable"),
    [
        (refused("invalid_grant", "the code is old"), "invalid_grant: the code is old", "invalid_grant", False),
        (refused("invalid_client", "", 401), "invalid_client", "invalid_client", False),
        (Answer({"error": "invalid_grant"}, 200), "invalid_grant", "invalid_grant", False),
        (
            Answer({"error": "access_denied", **json.loads('{"access_token": "t"}')}),
            "access_denied",
            "access_denied",
            False,
        ),
        (Answer({"error": None, "message": "no"}, 200), "named no error", "", False),
        (Answer("<html>Bad Gateway</html>", 502), "a web page", "", True),
        (Answer("<html>Sign in</html>", 200), "a web page", "", False),
        (Answer("", 200), "nothing in it", "", False),
        (Answer("[]", 200, kind="application/json"), "no object", "", False),
        (Answer('{"access_token":', 200), "not JSON", "", False),
        (Answer({"detail": "nope"}, 403), "answered 403 and named no error", "", False),
        (Answer({"error": "temporarily_unavailable"}, 503), "temporarily_unavailable", "temporarily_unavailable", True),
        (Answer({"error": "slow_down"}, 429), "slow_down", "slow_down", True),
        (Answer({"error": {"code": 5}}, 400), "answered 400", "", False),
        (Answer({"error": "bad\x1b]8;;evil\x07code"}, 400), "answered 400", "", False),
    ],
)
async def test_whatever_is_no_token_is_said_with_the_code_of_the_server_and_what_to_do(
    reply: Answer, words: str, error: str, retryable: bool
) -> None:
    caught, _ = await refusal(reply)
    assert words in caught.title
    assert caught.details["error"] == error
    assert caught.retryable is retryable
    assert caught.hint
    assert "\x1b" not in caught.title


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        ("invalid_target", "token.resource"),
        ("invalid_client", "client.auth-method"),
        ("invalid_dpop_proof", "dpop.proof"),
    ],
)
async def test_an_error_is_laid_at_the_part_of_the_request_that_it_is_about(error: str, rule: str) -> None:
    script = Script(refused(error, "because"))
    params = PARAMS | {"resource": "https://mcp.example/mcp"}
    with pytest.raises(TokenError):
        await ask(
            script.fetch_for,
            LoginPhase.TOKEN,
            "Ask",
            metadata(),
            client(),
            params,
            place=place(),
            dpop=Proof(),
            asked=(),
        )
    judged = {each.rule: each.passed for step in script.recorder.steps for each in step.verdicts}
    about = {"token.resource", "client.auth-method", "dpop.proof"}
    assert {name: judged[name] for name in about & judged.keys()} == {rule: False}
    assert "because" in script.verdict(rule).wrong


async def test_what_the_server_says_is_one_bounded_line_without_control_characters() -> None:
    error, _ = await refusal(refused("invalid_grant", "first\nsecond \x1b[2J\u202e" + "x" * 5000))
    assert "\n" not in error.title
    assert "\x1b" not in error.title
    assert "\u202e" not in error.title
    assert len(error.title) < 500


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
async def test_a_secret_that_the_server_quotes_is_not_repeated(method: str) -> None:
    quoting = refused("invalid_grant", "no code the-secret-code of deck-1 with hush-hush-hush and the-secret-verifier")
    error, _ = await refusal(quoting, auth_method=method, secret="hush-hush-hush")
    said = f"{error} {error.details} {error.hint} {error!r}"
    assert "the-secret-code" not in said
    assert "the-secret-verifier" not in said
    assert "hush-hush-hush" not in said
    assert "of deck-1" in error.title


async def test_the_steps_never_show_a_token() -> None:
    _, script = await asked(token(refresh_token="very-secret-refresh"))
    shown = repr(script.recorder.steps)
    assert "new-access-token" not in shown
    assert "very-secret-refresh" not in shown
    assert "the-secret-code" not in shown


@pytest.mark.parametrize("error", [ConnectionLost("gone"), DiscoveryError("redirects a POST")])
async def test_what_happens_on_the_way_is_passed_on_as_it_is(error: Any) -> None:
    with pytest.raises(type(error), match=error.title):
        await asked(error)


async def test_a_proof_goes_with_the_request_and_binds_the_token_to_its_key() -> None:
    proof = Proof(now=lambda: NOW)
    tokens, script = await asked(token(token_type="dpop"), dpop=proof)
    claims = json.loads(payload_of(script.requests[0].headers["DPoP"]) or b"{}")
    assert (claims["htm"], claims["htu"]) == ("POST", TOKEN_ENDPOINT)
    assert "ath" not in claims
    assert tokens.token_type == "DPoP"
    assert tokens.dpop_key == proof.key
    assert script.verdict("dpop.bound").passed is True


async def test_a_bearer_token_in_spite_of_a_proof_is_used_as_one_and_pointed_out() -> None:
    tokens, script = await asked(token(refresh_token="refresh-1"), dpop=Proof())
    assert (tokens.token_type, tokens.dpop_key) == ("Bearer", None)
    assert script.verdict("dpop.bound").passed is False


def wants_nonce(nonce: str | None, status: int = 400) -> Answer:
    return Answer({"error": "use_dpop_nonce"}, status, {"DPoP-Nonce": nonce} if nonce else {})


@pytest.mark.parametrize("status", [400, 401])
async def test_a_nonce_that_is_wanted_is_put_into_a_second_proof(status: int) -> None:
    _, script = await asked(wants_nonce("nonce-1", status), token(token_type="DPoP"), dpop=Proof())
    first, second = (json.loads(payload_of(each.headers["DPoP"]) or b"{}") for each in script.requests)
    assert "nonce" not in first
    assert second["nonce"] == "nonce-1"
    assert first["jti"] != second["jti"]
    assert script.requests[0].form == script.requests[1].form


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param((wants_nonce("nonce-1"), wants_nonce("nonce-2")), id="again and again"),
        pytest.param((wants_nonce(None),), id="no nonce given"),
        pytest.param((wants_nonce("not a nonce"),), id="no nonce at all"),
        pytest.param((Answer({"error": "invalid_grant"}, 400, {"DPoP-Nonce": "nonce-1"}),), id="another error"),
    ],
)
async def test_a_request_goes_a_second_time_at_most_and_only_for_a_new_nonce(replies: tuple[Answer, ...]) -> None:
    script = Script(*replies)
    with pytest.raises(TokenError):
        await ask(
            script.fetch_for,
            LoginPhase.TOKEN,
            "Ask",
            metadata(),
            client(),
            PARAMS,
            place=place(),
            dpop=Proof(),
            asked=(),
        )
    assert len(script.requests) == len(replies)


async def test_a_nonce_that_comes_with_a_token_is_used_the_next_time() -> None:
    proof = Proof()
    await asked(Answer(token(token_type="DPoP").body, 200, {"DPoP-Nonce": "next-1"}), dpop=proof)
    assert proof.nonce_for(TOKEN_ENDPOINT) == "next-1"


async def test_without_a_proof_a_wanted_nonce_is_a_refusal() -> None:
    error, script = await refusal(wants_nonce("nonce-1"))
    assert error.details["error"] == "use_dpop_nonce"
    assert len(script.requests) == 1
