"""What each grant sends, and what its failure means for the login."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest

from mcpdeck.services.auth.dpop import Proof
from mcpdeck.services.auth.grants import redeem, refresh, unattended
from mcpdeck.services.auth.kinds import Tokens
from mcpdeck.services.auth.mechanics import payload_of
from mcpdeck.services.errors import (
    ConfigError,
    ConnectError,
    DiscoveryError,
    RegistrationError,
    TokenError,
    TokenRefreshFailed,
    TransportTimeout,
)
from mcpdeck.services.models import IdentityProvider, LoginPhase
from tests.auth.keys import pem
from tests.auth.scripted_fetch import (
    ISSUER,
    NOW,
    REDIRECT,
    RESOURCE,
    TOKEN_ENDPOINT,
    Answer,
    Reply,
    Script,
    client,
    login,
    metadata,
    place,
    refused,
    token,
)

pytestmark = pytest.mark.anyio

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
IDP = IdentityProvider("https://idp.example/token", "deck-at-idp", " the-id-token \n", "idp-secret")


def jag(kind: str = "oauth-id-jag+jwt") -> str:
    parts = (json.dumps({"alg": "ES256", "typ": kind}).encode(), b'{"aud": "https://as.example"}', b"signature")
    return ".".join(urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts)


# Codes


async def code_redeemed(*replies: Reply, server: Any = None, **settings: Any) -> tuple[Tokens, Script]:
    script = Script(*replies)
    tokens = await redeem(
        script.fetch_for,
        place(**settings),
        server or metadata(),
        client(),
        code="code-1234",
        verifier="verifier-1",
        redirect_uri=REDIRECT,
        resource=RESOURCE,
        scopes=("read",),
        now=lambda: NOW,
    )
    return tokens, script


async def test_a_code_goes_with_its_verifier_redirect_and_resource() -> None:
    tokens, script = await code_redeemed(token(refresh_token="refresh-1"))
    assert script.form == {
        "grant_type": "authorization_code",
        "code": "code-1234",
        "code_verifier": "verifier-1",
        "redirect_uri": REDIRECT,
        "resource": RESOURCE,
        "client_id": "deck-1",
    }
    assert script.requests[0].phase is LoginPhase.TOKEN
    assert (tokens.scopes, tokens.asked, tokens.refresh) == (("read",), ("read",), "refresh-1")
    assert script.verdict("token.refresh").passed is True


async def test_a_refused_code_is_not_sent_again() -> None:
    with pytest.raises(TokenError) as caught:
        await code_redeemed(refused("invalid_grant"))
    assert not isinstance(caught.value, TokenRefreshFailed)


@pytest.mark.parametrize(("dpop", "proves"), [("auto", True), ("off", False)])
async def test_a_code_is_redeemed_with_a_proof_where_that_is_advertised(dpop: str, proves: bool) -> None:
    server = metadata(dpop_algorithms=("ES256",))
    tokens, script = await code_redeemed(token(token_type="DPoP" if proves else "Bearer"), server=server, dpop=dpop)
    assert ("DPoP" in script.requests[0].headers) is proves
    assert (tokens.dpop_key is not None) is proves


@pytest.mark.parametrize(
    ("audience", "fits"), [(RESOURCE, True), ([RESOURCE, "x"], True), ("https://other.example", None), (None, None)]
)
async def test_for_whom_a_token_is_meant_is_looked_at_and_never_decided_by(audience: Any, fits: bool | None) -> None:
    parts = (b'{"alg": "ES256"}', json.dumps({"aud": audience}).encode(), b"signature")
    jwt = ".".join(urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts)
    tokens, script = await code_redeemed(token(access_token=jwt))
    assert tokens.access == jwt
    assert script.verdict("token.audience").passed is fits


# Refresh


async def refreshed(*replies: Reply, settings: dict[str, Any] | None = None, **changes: Any) -> tuple[Tokens, Script]:
    script = Script(*replies)
    tokens = await refresh(script.fetch_for, login(**changes), place(**(settings or {})), now=lambda: NOW)
    return tokens, script


async def test_a_refresh_names_the_resource_and_asks_for_no_scope() -> None:
    tokens, script = await refreshed(token(refresh_token="refresh-2"))
    assert script.form == {
        "grant_type": "refresh_token",
        "refresh_token": "old-refresh-token",
        "resource": RESOURCE,
        "client_id": "deck-1",
    }
    assert script.requests[0].phase is LoginPhase.REFRESH
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("new-access-token", "refresh-2", NOW + 3600)
    assert (tokens.scopes, tokens.asked) == (("read",), ("read", "write"))
    assert script.verdict("refresh.rotation").passed is True


async def test_without_a_new_refresh_token_the_old_one_stays() -> None:
    tokens, script = await refreshed(token())
    assert tokens.refresh == "old-refresh-token"
    assert script.verdict("refresh.rotation").passed is False


async def test_a_refresh_that_gives_more_than_before_is_pointed_out() -> None:
    tokens, script = await refreshed(token(scope="read admin"))
    assert tokens.scopes == ("read", "admin")
    assert script.verdict("refresh.scope").passed is False


@pytest.mark.parametrize(("answered", "new"), [("DPoP", "refresh-2"), ("DPoP", None), ("Bearer", "refresh-2")])
async def test_a_bound_login_is_refreshed_with_the_key_it_is_bound_to_and_keeps_it_while_it_is_bound(
    answered: str, new: str | None
) -> None:
    proof = Proof()
    bound = replace(login().tokens, token_type="DPoP", dpop_key=proof.key)
    tokens, script = await refreshed(
        Answer({"error": "use_dpop_nonce"}, 400, {"DPoP-Nonce": "n-1"}),
        token(token_type=answered, refresh_token=new),
        tokens=bound,
        settings={"dpop": "off"},
    )
    claims = json.loads(payload_of(script.requests[1].headers["DPoP"]) or b"{}")
    assert (claims["nonce"], claims["htu"]) == ("n-1", TOKEN_ENDPOINT)
    assert tokens.dpop_key == (proof.key if answered == "DPoP" else None)
    assert tokens.token_type == answered


async def refresh_failure(*replies: Reply, **changes: Any) -> tuple[TokenRefreshFailed, Script]:
    script = Script(*replies)
    settings = changes.pop("settings", {})
    with pytest.raises(TokenRefreshFailed) as caught:
        await refresh(script.fetch_for, login(**changes), place(**settings), now=lambda: NOW)
    assert "old-refresh-token" not in f"{caught.value!r}{caught.value.details}{caught.value.hint}"
    assert caught.value.title.startswith("the login could not be refreshed: ")
    return caught.value, script


@pytest.mark.parametrize(
    ("reply", "lost", "retryable"),
    [
        (refused("invalid_grant", "old-refresh-token was used"), True, False),
        (refused("invalid_client", "", 401), True, False),
        (refused("unauthorized_client"), True, False),
        (refused("invalid_grant", "", 200), True, False),
        (refused("temporarily_unavailable", "", 503), False, True),
        (refused("invalid_request"), False, False),
        (Answer("<html>", 502), False, True),
        (Answer("<html>", 200), False, False),
        (token(access_token=None), False, False),
        (ConnectError("nobody there", hint="Is it running?", retryable=True), False, True),
        (TransportTimeout("too slow"), False, False),
        (DiscoveryError("redirects a POST"), False, False),
    ],
)
async def test_a_failed_refresh_says_whether_a_login_is_lost(reply: Reply, lost: bool, retryable: bool) -> None:
    error, script = await refresh_failure(reply)
    assert (error.lost, error.retryable) == (lost, retryable)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"tokens": replace(login().tokens, refresh=None)}, id="no refresh token"),
        pytest.param({"settings": {"issuer": "https://other.example"}}, id="another issuer is configured"),
        pytest.param({"metadata": metadata(issuer="https://other.example")}, id="endpoints of another issuer"),
    ],
)
async def test_a_login_that_must_not_be_refreshed_is_lost_and_nothing_is_sent(changes: dict[str, Any]) -> None:
    error, script = await refresh_failure(**changes)
    assert error.lost
    assert script.requests == []


async def test_a_key_that_is_damaged_fails_the_refresh_before_anything_is_sent() -> None:
    damaged = replace(login().tokens, dpop_key={"kty": "EC", "d": "secret-part"})
    error, script = await refresh_failure(tokens=damaged)
    assert "secret-part" not in error.title
    assert script.requests == []


# Without a person


async def test_client_credentials_are_refreshed_by_asking_again() -> None:
    who = client(secret="s", auth_method="client_secret_basic", origin="configured")
    none = replace(login().tokens, refresh=None)
    tokens, script = await refreshed(
        token(), grant="client_credentials", client=who, tokens=none, settings={"grant": "client_credentials"}
    )
    assert script.form == {
        "grant_type": "client_credentials",
        "resource": RESOURCE,
        "scope": "read write",
        "client_id": "deck-1",
    }
    assert script.requests[0].phase is LoginPhase.REFRESH
    assert tokens.refresh is None


async def test_a_workload_whose_assertion_has_expired_is_lost_after_one_request() -> None:
    none = replace(login().tokens, refresh=None)
    error, script = await refresh_failure(
        refused("invalid_grant", "JWT assertion is expired"),
        grant="jwt_bearer",
        tokens=none,
        settings={"grant": "jwt_bearer", "assertion": "a.b.c-assertion"},
    )
    assert error.lost
    assert len(script.requests) == 1


async def had(
    *replies: Reply, who: Any = None, scopes: tuple[str, ...] = ("read",), server: Any = None, **settings: Any
) -> tuple[Tokens, Script]:
    script = Script(*replies)
    tokens = await unattended(
        script.fetch_for,
        place(**settings),
        server or metadata(),
        RESOURCE,
        who or client(secret="s", auth_method="client_secret_basic"),
        scopes,
        now=lambda: NOW,
    )
    return tokens, script


@pytest.mark.parametrize(("scopes", "sent"), [(("read", "write"), {"scope": "read write"}), ((), {})])
async def test_client_credentials_ask_for_the_resource_and_the_scopes_there_are(
    scopes: tuple[str, ...], sent: dict[str, str]
) -> None:
    tokens, script = await had(token(), grant="client_credentials", scopes=scopes)
    assert script.form == {"grant_type": "client_credentials", "resource": RESOURCE, "client_id": "deck-1"} | sent
    assert script.requests[0].basic == ("deck-1", "s")
    assert tokens.asked == scopes


async def test_a_client_without_credentials_asks_for_nothing() -> None:
    with pytest.raises(RegistrationError, match="nothing to show"):
        await had(who=client(), grant="client_credentials")


@pytest.mark.parametrize(
    ("audience", "named"), [(None, ISSUER), ("https://as.example/token", "https://as.example/token")]
)
async def test_a_client_assertion_is_for_the_issuer_unless_configured_otherwise(
    audience: str | None, named: str
) -> None:
    who = client(private_key=pem("EC"), auth_method="private_key_jwt")
    _, script = await had(token(), who=who, grant="client_credentials", audience=audience)
    claims = json.loads(payload_of(script.form["client_assertion"]) or b"{}")
    assert claims["aud"] == named


async def test_a_workload_sends_its_assertion_as_the_grant() -> None:
    who = client(client_id="workload-1", origin="configured")
    _, script = await had(token(), who=who, grant="jwt_bearer", assertion=" a.b.c \n")
    assert script.form == {
        "grant_type": JWT_BEARER,
        "assertion": "a.b.c",
        "client_id": "workload-1",
        "resource": RESOURCE,
        "scope": "read",
    }


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_scope", "unauthorized_client"])
async def test_a_refused_assertion_is_final_and_its_reason_is_said(error: str) -> None:
    with pytest.raises(TokenError, match=error) as caught:
        await had(refused(error, "not a.b.c-assertion"), grant="jwt_bearer", assertion="a.b.c-assertion")
    assert "a.b.c-assertion" not in caught.value.title


async def test_an_id_token_is_exchanged_and_the_assertion_goes_to_the_authorization_server() -> None:
    exchanged = Answer({"access_token": jag(), "issued_token_type": ID_JAG, "token_type": "N_A"})
    tokens, script = await had(exchanged, token(), grant="id_jag", idp=IDP)
    first, second = script.requests
    assert (first.phase, first.url, first.basic) == (
        LoginPhase.EXCHANGE,
        IDP.token_endpoint,
        ("deck-at-idp", "idp-secret"),
    )
    assert first.form == {
        "client_id": "deck-at-idp",
        "grant_type": EXCHANGE,
        "requested_token_type": ID_JAG,
        "audience": ISSUER,
        "resource": RESOURCE,
        "subject_token": "the-id-token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "scope": "read",
    }
    assert (second.phase, second.url, second.basic) == (LoginPhase.TOKEN, TOKEN_ENDPOINT, ("deck-1", "s"))
    assert second.form == {
        "grant_type": JWT_BEARER,
        "assertion": jag(),
        "resource": RESOURCE,
        "scope": "read",
        "client_id": "deck-1",
    }
    assert tokens.access == "new-access-token"
    for rule in ("exchange.status", "exchange.token", "exchange.issued-token-type", "exchange.token-type"):
        assert script.verdict(rule).passed is True
    shown = repr(script.recorder.steps)
    assert jag() not in shown
    assert "the-id-token" not in shown


async def test_a_public_client_of_the_identity_provider_gives_its_id() -> None:
    exchanged = Answer({"access_token": jag(), "issued_token_type": ID_JAG, "token_type": "N_A"})
    _, script = await had(exchanged, token(), grant="id_jag", idp=replace(IDP, client_secret=None))
    assert script.requests[0].form["client_id"] == "deck-at-idp"
    assert "Authorization" not in script.requests[0].headers


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"access_token": jag(), "issued_token_type": "urn:x", "token_type": "N_A"}), "says urn:x, not id-jag"),
        (Answer({"access_token": jag(), "token_type": "N_A"}), "says nothing, not id-jag"),
        (Answer({"issued_token_type": ID_JAG}), "no access_token"),
        (Answer({"access_token": "a b", "issued_token_type": ID_JAG}), "no JWT"),
        (Answer({"access_token": ["x"], "issued_token_type": ID_JAG}), "no access_token"),
        (refused("invalid_grant", "Invalid ID token"), "invalid_grant: Invalid ID token"),
        (Answer("<html>Sign in</html>"), "a web page"),
    ],
)
async def test_without_an_id_jag_the_authorization_server_is_not_asked(answer: Answer, words: str) -> None:
    with pytest.raises(TokenError, match=r"idp\.example") as caught:
        await had(answer, grant="id_jag", idp=IDP)
    assert words in caught.value.title


async def test_an_assertion_of_another_type_is_pointed_out() -> None:
    exchanged = Answer({"access_token": jag("JWT"), "issued_token_type": ID_JAG, "token_type": "Bearer"})
    _, script = await had(exchanged, token(), grant="id_jag", idp=IDP)
    assert script.verdict("exchange.token").passed is False
    assert script.verdict("exchange.token-type").passed is False


@pytest.mark.parametrize(("grant", "lacking"), [("jwt_bearer", "assertion"), ("id_jag", "idp")])
async def test_settings_that_lack_what_the_grant_needs_are_named(grant: str, lacking: str) -> None:
    with pytest.raises(ConfigError, match=f'lack "{lacking}"'):
        await had(grant=grant)


async def test_a_grant_without_a_person_is_bound_to_a_key_where_that_is_advertised() -> None:
    server = metadata(dpop_algorithms=("ES256",))
    tokens, script = await had(token(token_type="DPoP"), server=server, grant="client_credentials")
    assert tokens.dpop_key is not None
    assert script.requests[0].headers["DPoP"]
