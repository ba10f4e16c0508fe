"""Which scopes a login asks for."""

from __future__ import annotations

import pytest

from mcpdeck.services.auth.kinds import Challenge, ResourceMetadata, ServerMetadata, Why
from mcpdeck.services.auth.scopes import MOST, added, wanted, words
from mcpdeck.services.models import OAuthSettings

SERVER = ServerMetadata("https://as", "https://as/authorize", "https://as/token")
OFFERS = ServerMetadata("https://as", "https://as/a", "https://as/t", scopes=("read", "offline_access"))


def refused(status: int = 401, scope: str | None = None, before: tuple[str, ...] = ()) -> Why:
    params = {} if scope is None else {"scope": scope}
    if status == 403:
        params["error"] = "insufficient_scope"
    return Why(status, (Challenge("bearer", params),), scopes_before=before)


def listing(*scopes: str) -> ResourceMetadata:
    return ResourceMetadata("https://mcp", ("https://as",), scopes)


@pytest.mark.parametrize(
    ("why", "resource", "configured", "expected"),
    [
        pytest.param(refused(scope="a b"), listing("x", "y"), None, ("a", "b"), id="the challenge, not the metadata"),
        pytest.param(refused(), listing("x", "y"), None, ("x", "y"), id="else all of the metadata"),
        pytest.param(refused(), ResourceMetadata("https://mcp", ()), None, (), id="else none"),
        pytest.param(refused(), None, None, (), id="none without metadata"),
        pytest.param(refused(scope=""), listing("x"), None, ("x",), id="an empty challenge names none"),
        pytest.param(Why(), listing("x"), None, ("x",), id="a login that nobody was refused for"),
        pytest.param(refused(), listing("x"), "c d", ("c", "d"), id="the configured ones win over the metadata"),
        pytest.param(refused(scope="a"), listing("x"), "c a", ("c", "a"), id="and are united with the challenge"),
        pytest.param(Why(scopes_before=("old",)), listing("x"), None, ("old", "x"), id="what is to be kept, and more"),
        pytest.param(refused(403, "w", ("r", "s")), listing("x"), None, ("r", "s", "w"), id="a step-up keeps it"),
        pytest.param(refused(403, "r w", ("r",)), None, None, ("r", "w"), id="each once"),
        pytest.param(refused(403, None, ("r",)), listing("x"), None, ("r", "x"), id="a step-up that names none"),
    ],
)
def test_a_login_asks_for(
    why: Why, resource: ResourceMetadata | None, configured: str | None, expected: tuple[str, ...]
) -> None:
    assert wanted(why, resource, SERVER, OAuthSettings(scopes=configured)) == expected


def test_a_step_up_names_what_is_new() -> None:
    why = refused(403, "w", ("r",))
    assert added(why, wanted(why, None, SERVER, OAuthSettings())) == ("w",)


@pytest.mark.parametrize(
    ("server", "settings", "asks"),
    [
        pytest.param(OFFERS, OAuthSettings(), True, id="where it is offered"),
        pytest.param(SERVER, OAuthSettings(), False, id="not where the server says nothing of scopes"),
        pytest.param(
            ServerMetadata("i", "a", "t", scopes=("read",)), OAuthSettings(), False, id="not where it is not offered"
        ),
        pytest.param(
            ServerMetadata("i", "a", "t", scopes=("offline_access",), grants=("authorization_code",)),
            OAuthSettings(),
            False,
            id="not where nothing is refreshed",
        ),
        pytest.param(OFFERS, OAuthSettings(grant="client_credentials"), False, id="not without a person"),
        pytest.param(OFFERS, OAuthSettings(scopes="c"), True, id="beside the configured ones"),
    ],
)
def test_a_refresh_token_is_asked_for(server: ServerMetadata, settings: OAuthSettings, asks: bool) -> None:
    scopes = wanted(refused(scope="read"), None, server, settings)
    assert ("offline_access" in scopes) is asks
    assert scopes.count("offline_access") <= 1


def test_offline_access_alone_never_takes_the_place_of_the_servers_own_defaults() -> None:
    assert wanted(refused(), None, OFFERS, OAuthSettings()) == ()


def test_what_cannot_be_a_scope_is_never_asked_for() -> None:
    assert words('a "b" c\\d e\x1bf  g é ' + "z" * 300) == ("a", "g")
    assert wanted(refused(), listing("good", "two words", "", "b\nc"), SERVER, OAuthSettings()) == ("good",)


def test_a_flood_of_scopes_is_cut_off() -> None:
    assert len(wanted(refused(scope=" ".join(map(str, range(5000)))), None, SERVER, OAuthSettings())) == MOST
