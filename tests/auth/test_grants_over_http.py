"""Identity, grants, proofs and revocation against an authorization server that checks them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from mcpdeck.services.auth.dpop import proof_for
from mcpdeck.services.auth.grants import redeem, refresh, unattended
from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.identity import identify
from mcpdeck.services.auth.kinds import Client, Login, Place, ServerMetadata, Tokens
from mcpdeck.services.auth.mechanics import authorization_url, challenge_of, new_state, new_verifier
from mcpdeck.services.auth.revocation import revoke
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import DiscoveryError, TokenError, TokenRefreshFailed
from mcpdeck.services.models import IdentityProvider, OAuthSettings
from tests.auth.keys import pem, public_pem
from tests.auth.test_identity import Person
from tests.servers.authorization_server import Peer, authorization_server, metadata_of, redirect

pytestmark = pytest.mark.anyio

REDIRECT = "http://127.0.0.1:1/callback"


class Side:
    """Our side of one login at a peer, without discovery and without a browser."""

    def __init__(self, peer: Peer, fetch: Guarded, place: Place) -> None:
        self.peer, self.fetch, self.place = peer, fetch, place
        raw = metadata_of(peer)
        self.server = ServerMetadata(
            issuer=raw["issuer"],
            authorization_endpoint=raw["authorization_endpoint"],
            token_endpoint=raw["token_endpoint"],
            registration_endpoint=raw.get("registration_endpoint"),
            revocation_endpoint=raw.get("revocation_endpoint"),
            auth_methods=tuple(raw["token_endpoint_auth_methods_supported"]),
            metadata_documents=raw.get("client_id_metadata_document_supported", False),
            dpop_algorithms=tuple(raw.get("dpop_signing_alg_values_supported", ())),
        )

    async def client(self, env: str | None = None) -> Client:
        return await identify(self.fetch, self.place, self.server, REDIRECT, Person(), None, env)

    async def tokens(self, client: Client) -> Tokens:
        verifier, params = new_verifier(), {"response_type": "code", "client_id": client.client_id}
        params |= {
            "redirect_uri": REDIRECT,
            "state": new_state(),
            "scope": "notes:read",
            "resource": self.peer.resource,
        }
        params |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        back = await self.peer.redirect_of(authorization_url(self.server.authorization_endpoint or "", params))
        code = back.partition("code=")[2].partition("&")[0]
        return await redeem(
            self.fetch,
            self.place,
            self.server,
            client,
            code=code,
            verifier=verifier,
            redirect_uri=REDIRECT,
            resource=self.peer.resource,
            scopes=("notes:read",),
            dpop=proof_for(self.place, self.server),
        )

    def login(self, client: Client, tokens: Tokens) -> Login:
        grant = self.place.settings.grant
        return Login(
            self.server.issuer, client, self.peer.resource, self.place.url, "digest", grant, tokens, self.server
        )

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """What was judged to be wrong, over all steps."""
        steps = self.fetch.recorder.steps
        return [(each.rule, each.wrong) for step in steps for each in step.verdicts if each.passed is False]


@asynccontextmanager
async def meeting(settings: dict[str, Any] | None = None, **knobs: Any) -> AsyncGenerator[Side]:
    async with authorization_server(**knobs) as peer:
        place = Place("notes", peer.mcp_url, OAuthSettings(**(settings or {})))
        async with Guarded(place, Recorder()) as fetch:
            side = Side(peer, fetch, place)
            yield side
            shown = repr(fetch.recorder.steps)
            assert [secret for secret in peer.secrets if secret in shown] == []


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "client_secret_post"])
async def test_a_registered_client_gets_refreshes_and_gives_back_its_tokens(method: str) -> None:
    async with meeting(registration=method) as side:
        client = await side.client()
        assert client.auth_method == method
        first = await side.tokens(client)
        second = await refresh(side.fetch, side.login(client, first), side.place)
        assert second.access != first.access
        assert second.refresh not in (None, first.refresh)
        third = await refresh(side.fetch, side.login(client, second), side.place)
        told = await revoke(side.fetch, side.login(client, third), side.place)
        assert [line.partition(" was revoked")[0] for line in told] == ["The refresh token", "The access token"]
        assert all(one.revoked for one in side.peer.tokens if one.value in (third.access, third.refresh))
        assert side.wrong == []


async def test_a_refresh_token_that_was_used_before_ends_the_login() -> None:
    async with meeting() as side:
        client = await side.client()
        login = side.login(client, await side.tokens(client))
        await refresh(side.fetch, login, side.place)
        with pytest.raises(TokenRefreshFailed, match="invalid_grant") as caught:
            await refresh(side.fetch, login, side.place)
        assert caught.value.lost


async def test_an_answer_that_was_lost_on_the_way_does_not_end_the_login_yet() -> None:
    async with meeting(lost_refreshes=1) as side:
        client = await side.client()
        with pytest.raises(TokenRefreshFailed) as caught:
            await refresh(side.fetch, side.login(client, await side.tokens(client)), side.place)
        assert (caught.value.lost, caught.value.retryable) == (False, True)
        assert side.peer.grants() == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("nonce", [False, True])
async def test_tokens_are_bound_to_a_key_and_refreshed_with_it(nonce: bool) -> None:
    async with meeting(dpop=True, dpop_nonce=nonce) as side:
        client = await side.client()
        first = await side.tokens(client)
        assert first.token_type == "DPoP"
        key: Any = dict(first.dpop_key or {})
        thumbprint = ECKey.import_key(key).thumbprint()
        second = await refresh(side.fetch, side.login(client, first), side.place)
        bound = {one.value: one.thumbprint for one in side.peer.tokens if one.kind == "access"}
        assert bound[first.access] == bound[second.access] == thumbprint
        assert second.dpop_key == first.dpop_key
        assert side.peer.grants() == [
            grant for grant in ("authorization_code", "refresh_token") for _ in range(2 if nonce else 1)
        ]
        assert side.wrong == []


@pytest.mark.parametrize(
    ("knobs", "settings"),
    [
        pytest.param(
            {"clients": {"deck-1": "s:e c%r+et"}},
            {"client_id": "deck-1", "client_secret": "s:e c%r+et"},
            id="secret",
        ),
        pytest.param(
            {"client_keys": {"deck-1": ECKey.import_key(public_pem("EC")).as_dict()}},
            {"client_id": "deck-1", "private_key": pem("EC"), "signing_algorithm": "ES256"},
            id="key",
        ),
    ],
)
async def test_client_credentials_are_taken_and_taken_again_in_place_of_a_refresh(
    knobs: dict[str, Any], settings: dict[str, Any]
) -> None:
    async with meeting(settings | {"grant": "client_credentials"}, **knobs) as side:
        client = await side.client()
        first = await unattended(side.fetch, side.place, side.server, side.peer.resource, client, ("notes:read",))
        second = await refresh(side.fetch, side.login(client, first), side.place)
        assert first.scopes == second.scopes == ("notes:read",)
        assert first.access != second.access
        assert side.peer.grants() == ["client_credentials"] * 2
        assert side.wrong == []


async def test_a_workload_is_let_in_by_its_assertion_and_refused_once_without_one() -> None:
    settings = {"grant": "jwt_bearer", "client_id": "workload", "assertion": "head.body.signature-1"}
    async with meeting(
        settings, clients={"workload": None}, assertions={"head.body.signature-1": "notes:read"}
    ) as side:
        client = await side.client()
        tokens = await unattended(side.fetch, side.place, side.server, side.peer.resource, client, ())
        assert tokens.scopes == ("notes:read",)
        side.peer.change(assertions={"another": ""})
        with pytest.raises(TokenError, match="not accepted"):
            await unattended(side.fetch, side.place, side.server, side.peer.resource, client, ())
        assert len(side.peer.grants()) == 2


async def test_an_enterprise_login_goes_by_the_identity_provider_and_asks_no_person() -> None:
    settings = {"grant": "id_jag", "client_id": "deck-1", "client_secret": "secret-of-deck"}
    knobs: dict[str, Any] = {
        "clients": {"deck-1": "secret-of-deck"},
        "id_token": "id.token.of-a-person",
        "assertions": {"jag.for.this-server": "notes:read"},
    }
    async with meeting(settings, **knobs) as side:
        idp = IdentityProvider(f"{side.peer.base}/idp/token", "deck-at-idp", "id.token.of-a-person")
        place = replace(side.place, settings=replace(side.place.settings, idp=idp))
        client = await side.client()
        tokens = await unattended(side.fetch, place, side.server, side.peer.resource, client, ())
        assert tokens.scopes == ("notes:read",)
        assert [one.path for one in side.peer.requests] == ["/idp/token", "/token"]
        assert side.peer.requests[1].basic == ("deck-1", "secret-of-deck")


async def test_a_token_endpoint_that_redirects_never_gets_the_secret_at_the_other_end() -> None:
    settings = {"grant": "client_credentials", "client_id": "deck-1", "client_secret": "hush-hush-hush"}
    async with meeting(settings, clients={"deck-1": "hush-hush-hush"}) as side:
        side.peer.change(overrides={"/token": redirect(f"{side.peer.base}/elsewhere", "307 Temporary Redirect")})
        client = await side.client()
        with pytest.raises(DiscoveryError, match="never followed"):
            await unattended(side.fetch, side.place, side.server, side.peer.resource, client, ())
        assert side.peer.asked("/elsewhere") == []
