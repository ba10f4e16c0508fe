"""Logins that somebody else's entry leads: what is meant for one authorization server stays there."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mcpdeck.services.auth.in_use import LoginInUse
from mcpdeck.services.auth.kinds import Login, Place, Tokens, Why
from mcpdeck.services.auth.records import wanted_of
from mcpdeck.services.errors import DiscoveryError, McpDeckError
from mcpdeck.services.models import OAuthSettings
from tests.auth.login_desk import Desk, browsing, pasting
from tests.auth.scripted_fetch import login
from tests.servers.authorization_server import Peer, authorization_server, metadata_of
from tests.servers.oauth_answers import reply
from tests.servers.scripted_http import Exchange

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "auth")


def document(peer: Peer, path: str = "/doc", **members: Any) -> dict[str, Any]:
    """An override that serves ``peer``'s metadata at another address, with ``members`` over it."""

    async def answer(exchange: Exchange) -> None:
        await reply(exchange, 200, metadata_of(peer) | members)

    return {"overrides": {path: answer}}


@pytest.mark.parametrize("configured", [True, False])
async def test_an_entry_whose_metadata_claims_another_issuer_gets_neither_code_nor_secret(
    desk: Desk, configured: bool
) -> None:
    async with authorization_server(registration="client_secret_post") as good, authorization_server() as evil:
        own = await desk.login(good)
        evil.change(**document(evil, issuer=good.issuer, authorization_endpoint=f"{good.issuer}/authorize"))
        good.change(resource=evil.mcp_url)  # as one that does not look at the resource
        person = browsing(good)
        settings = {"issuer": good.issuer} if configured else {}
        with pytest.raises(DiscoveryError) as caught:
            await desk.login(evil, person, metadata_url=f"{evil.issuer}/doc", **settings)
        assert caught.value.details == {"rule": "asm.issuer-origin"}
        assert person.seen == []
        assert evil.asked("/token") == [] and len(good.asked("/authorize")) == 1
        assert await desk.store.client_of(good.issuer, good.mcp_url) == own.client


async def test_a_document_that_its_issuer_does_not_publish_has_clients_of_its_own(desk: Desk) -> None:
    async with authorization_server() as peer:
        own = await desk.login(peer)
        peer.change(**document(peer))
        where = {"metadata_url": f"{peer.issuer}/doc"}
        other = await desk.login(peer, **where)
        assert other.client.client_id != own.client.client_id
        assert (await desk.login(peer, **where)).client.client_id == other.client.client_id
        assert len(peer.asked("/register")) == 2
        del peer.ledger.clients[other.client.client_id]
        with pytest.raises(McpDeckError):
            await desk.login(peer, pasting_after(peer), **where)
        assert await desk.store.client_of(peer.issuer, peer.mcp_url) == own.client
        assert (await desk.login(peer)).client.client_id == own.client.client_id


def pasting_after(peer: Peer) -> Any:
    """A person who is shown an error page and closes it."""
    person = pasting(peer)

    async def does(*_: object) -> None:
        raise DiscoveryError("closed", hint="x")

    person.does = does
    return person


async def test_the_person_is_told_first_where_the_code_goes_if_that_is_not_the_issuer(desk: Desk) -> None:
    async with authorization_server() as peer, authorization_server() as other:
        usual, unusual = browsing(peer), browsing(peer)
        await desk.login(peer, usual)
        peer.change(server_metadata={"token_endpoint": f"{other.issuer}/token"})
        with pytest.raises(McpDeckError):
            await desk.login(peer, unusual)
        assert unusual.seen[0].why.startswith(f"The code goes to {urlsplit(other.issuer).netloc}. ")
        assert "The code goes to" not in usual.seen[0].why


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
async def test_a_secret_of_the_environment_never_goes_to_a_server_that_it_may_not_be_for(
    desk: Desk, bound: bool, grant: str
) -> None:
    desk.environ["MCP_CLIENT_SECRET"] = "users-secret"
    async with authorization_server(registration=None, clients={"pub": "users-secret" if bound else None}) as peer:
        settings = {"client_id": "pub", "grant": grant, **({"issuer": peer.issuer} if bound else {})}
        try:
            await desk.login(peer, **settings)
        except McpDeckError:
            assert not bound
        sent = [
            b64decode(one.headers.get("authorization", "").removeprefix("Basic ")).decode() for one in peer.requests
        ]
        assert ("pub:users-secret" in sent) is bound
        assert bound or not any("users-secret" in f"{one.form}{one.query}{one.headers}" for one in peer.requests)
        (said,) = [step.title for step in desk.recorder.steps if "MCP_CLIENT_SECRET" in step.title]
        assert ("with the secret of" in said) is bound
        assert "users-secret" not in desk.shown()


async def test_no_login_for_a_token_that_would_go_over_plain_http(desk: Desk) -> None:
    async with authorization_server() as peer:
        person = browsing(peer)
        port = urlsplit(peer.mcp_url).port
        with pytest.raises(McpDeckError):
            await desk.login_at(Place("plain", f"http://mcp.example:{port}/mcp", OAuthSettings()), person, Why(401))
        assert person.seen == [] and peer.requests == []
        assert "not encrypted" in desk.last


@pytest.mark.parametrize(
    ("url", "allowed", "carried"),
    [
        ("http://mcp.example/mcp", False, False),
        ("http://mcp.example/mcp", True, True),
        ("https://mcp.example/mcp", False, True),
        ("http://localhost:3000/mcp", False, True),
    ],
)
async def test_a_kept_login_is_never_sent_where_everybody_on_the_way_could_read_it(
    desk: Desk, url: str, allowed: bool, carried: bool
) -> None:
    place = Place("plain", url, OAuthSettings(allow_insecure=allowed))
    made = login(server_url=url, wanted=wanted_of(place.settings), tokens=Tokens("the-token", "Bearer"))
    await desk.store.save(made)

    async def nobody(_: Login) -> Login:
        raise AssertionError("nothing is to be renewed")

    use = LoginInUse(place, desk.store, nobody, lambda: None)
    assert await use.load()
    assert ("Authorization" in await use.headers("POST", url)) is carried
