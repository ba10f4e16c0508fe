from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from mcpdeck.services.auth.discovery import resource_metadata, server_metadata
from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.kinds import Place, Why
from mcpdeck.services.auth.well_known import server_urls
from mcpdeck.services.errors import AuthorizationDenied
from mcpdeck.services.models import LoginPhase, OAuthSettings
from tests.auth.discovery_site import ASM, BROKEN, OIDC, PAGE, PRM, Chooser, refused, site

# where the documents are


async def test_the_challenge_s_address_is_asked_and_no_other() -> None:
    async with site() as here:
        here.protected("/custom/prm.json", scopes_supported=["a", "b"])
        here.metadata()
        found = await here.discover(refused(f'Bearer resource_metadata="{here.base}/custom/prm.json", scope="a"'))
        assert here.asked == ["/custom/prm.json", ASM]
        assert found.resource is not None and found.resource.scopes == ("a", "b")
        assert found.resource_id == f"{here.base}/mcp"
        first = here.recorder.steps[0]
    assert (first.phase, first.title) == (LoginPhase.CHALLENGE, "The server answered 401 to tools/list")
    assert [each.rule for each in first.verdicts if each.passed] == [
        "challenge.present",
        "challenge.bearer",
        "challenge.resource-metadata",
    ]
    assert here.broken() == []


async def test_an_address_of_the_challenge_that_has_nothing_ends_the_search() -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        error = await here.fails(refused(f'Bearer resource_metadata="{here.base}/gone"'))
        assert here.asked == ["/gone"]
    assert "answered 404" in error.title
    assert here.broken() == ["prm.found"]


@pytest.mark.parametrize("named", ["file:///etc/passwd", "javascript:alert(1)", "/relative", "", "https://10.0.0.5/x"])
async def test_an_address_of_the_challenge_that_must_not_be_asked_ends_the_search(named: str) -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        await here.fails(refused(f'Bearer resource_metadata="{named}"'))
        assert here.asked == []
    assert here.broken()[0].startswith("net.")


async def test_without_a_challenge_the_path_is_asked_before_the_root() -> None:
    async with site() as here:
        here.protected(PRM, resource=here.base)
        here.metadata()
        found = await here.discover()
        assert here.asked == [f"{PRM}/mcp", PRM, ASM]
        assert found.resource_id == here.base
    assert here.broken() == []


@pytest.mark.parametrize(
    ("issuer", "paths"),
    [
        ("https://as.example", [ASM, OIDC]),
        ("https://as.example/", [ASM, OIDC]),
        ("https://as.example/t", [f"{ASM}/t", f"{OIDC}/t", f"/t{OIDC}"]),
        ("https://as.example/t/u/", [f"{ASM}/t/u", f"{OIDC}/t/u", f"/t/u{OIDC}"]),
    ],
)
def test_an_issuer_has_its_well_known_addresses_in_one_order(issuer: str, paths: list[str]) -> None:
    assert list(server_urls(issuer)) == [f"https://as.example{path}" for path in paths]


@pytest.mark.parametrize("at", range(3))
async def test_the_first_document_of_an_issuer_with_a_path_is_taken(at: int) -> None:
    async with site() as here:
        issuer = f"{here.base}/t"
        paths = [urlsplit(url).path for url in server_urls(issuer)]
        here.protected(authorization_servers=[issuer])
        here.metadata(ASM)  # the bare root is not of this issuer
        for path in paths[at:]:
            here.metadata(path, issuer=issuer)
        found = await here.discover()
        assert here.asked == [f"{PRM}/mcp", *paths[: at + 1]]
        assert found.server.issuer == issuer
        assert urlsplit(found.server.url).path == paths[at]


async def test_a_server_that_fails_is_no_server_without_metadata() -> None:
    async with site() as here:
        here.documents = {f"{PRM}/mcp": BROKEN}
        error = await here.fails()
        assert here.asked == [f"{PRM}/mcp", PRM]
        assert error.retryable
        assert "answered 503" in error.title
        here.protected(PRM, resource=here.base)
        here.metadata()
        assert (await here.discover()).resource_id == here.base


async def test_an_issuer_that_publishes_nothing_is_named() -> None:
    async with site() as here:
        here.protected()
        error = await here.fails()
        assert here.asked == [f"{PRM}/mcp", ASM, OIDC]
    assert f"no metadata of the authorization server was found: {here.base}" in error.title
    assert here.broken() == ["asm.found"]


# several authorization servers


async def test_of_several_authorization_servers_the_person_chooses_unless_it_is_known() -> None:
    async with site() as here:
        other = f"{here.base}/other"
        here.protected(authorization_servers=[other, here.base, other])
        here.metadata()
        chooser = Chooser(here.base)
        assert (await here.discover(hands=chooser)).server.issuer == here.base
        assert chooser.asked == [(other, here.base)]
        nobody = Chooser()
        assert (await here.discover(hands=nobody, known=here.base)).server.issuer == here.base
        assert (await here.discover(hands=nobody, issuer=here.base)).server.issuer == here.base
        assert nobody.asked == []
        error = await here.fails(hands=Chooser("https://evil.example"))
        assert "not one of those" in error.title
        with pytest.raises(AuthorizationDenied):
            await here.discover(hands=nobody, known="https://gone.example")


async def test_the_configured_issuer_must_be_one_that_the_server_names() -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        error = await here.fails(issuer="https://as.example")
        assert "https://as.example" in error.title and here.base in error.title
        assert here.asked == [f"{PRM}/mcp"]
    assert here.broken() == ["prm.issuer-chosen"]


# the configured address


async def test_a_configured_address_is_asked_instead_of_the_well_known_ones() -> None:
    async with site() as here:
        here.protected(authorization_servers=[])
        here.metadata("/custom", issuer=f"{here.base}/tenant")
        found = await here.discover(metadata_url=f"{here.base}/custom")
        assert here.asked == [f"{PRM}/mcp", "/custom"]
        assert (found.server.issuer, found.resource_id) == (f"{here.base}/tenant", f"{here.base}/mcp")
        error = await here.fails(metadata_url=f"{here.base}/custom", issuer="https://other.example")
        assert error.details == {"rule": "asm.issuer-identical"}
        error = await here.fails(metadata_url=f"{here.base}/gone")
        assert "/gone" in error.title


async def test_a_configured_issuer_stands_in_for_resource_metadata_that_is_missing() -> None:
    async with site() as here:
        issuer = f"{here.base}/tenant"
        here.metadata(f"{ASM}/tenant", issuer=issuer)
        found = await here.discover(issuer=issuer)
        assert (found.resource, found.server.issuer, found.resource_id) == (None, issuer, f"{here.base}/mcp")
        assert here.asked == [f"{PRM}/mcp", PRM, f"{ASM}/tenant"]


# 2025-03-26


@pytest.mark.parametrize("slash", ["", "/"])
async def test_an_older_server_is_its_own_authorization_server(slash: str) -> None:
    async with site() as here:
        here.metadata(issuer=f"{here.base}{slash}")
        found = await here.discover(refused('Bearer realm="x"'))
        assert here.asked == [f"{PRM}/mcp", PRM, ASM]
        assert here.headers[-1]["mcp-protocol-version"] == "2025-03-26"
    assert (found.resource, found.server.issuer) == (None, f"{here.base}{slash}")
    assert found.resource_id == f"{here.base}/mcp"
    assert not found.server.assumed
    assert [each.passed for each in here.verdicts("asm.legacy")] == [None]


async def test_an_older_server_without_metadata_has_the_default_endpoints() -> None:
    async with site() as here:
        found = await here.discover()
        server = found.server
        assert server.assumed
        assert server.issuer == here.base
        assert server.authorization_endpoint == f"{here.base}/authorize"
        assert server.token_endpoint == f"{here.base}/token"
        assert server.registration_endpoint == f"{here.base}/register"
        assert (await here.discover(issuer=here.base)).server.assumed
    assert [each.passed for each in here.verdicts("asm.assumed")] == [None, None]


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"issuer": "https://attacker.example"}, "asm.issuer-identical"),
        ({"code_challenge_methods_supported": None}, "asm.pkce-s256"),
    ],
)
async def test_an_older_server_s_metadata_is_checked_all_the_same(members: dict[str, Any], rule: str) -> None:
    async with site() as here:
        here.metadata(**members)
        assert (await here.fails()).details == {"rule": rule}


async def test_a_site_that_answers_everything_with_pages_is_no_older_server_unless_it_has_the_older_document() -> None:
    async with site() as here:
        here.documents = {f"{PRM}/mcp": PAGE, PRM: PAGE}
        error = await here.fails()
        assert "with a web page, not with JSON" in error.title
        here.documents[ASM] = PAGE
        assert "with a web page, not with JSON" in (await here.fails()).title
        here.metadata()
        assert (await here.discover()).server.issuer == here.base
        here.documents[PRM] = BROKEN
        here.asked.clear()
        await here.fails()
        assert here.asked == [f"{PRM}/mcp", PRM]


async def test_an_older_server_that_fails_is_not_logged_in_at_by_guesswork() -> None:
    async with site() as here:
        here.documents[ASM] = BROKEN
        assert "answered 503" in (await here.fails()).title


# what is said


@pytest.mark.parametrize(
    ("why", "rules"),
    [
        (Why(401), {"challenge.present": False}),
        (refused("Basic realm=x"), {"challenge.bearer": False, "challenge.resource-metadata": None}),
        (refused("Bearer error=insufficient_scope", 403), {"challenge.scope": False, "challenge.bearer": True}),
        (refused('Bearer error=insufficient_scope, scope="a"', 403), {"challenge.scope": True}),
        (Why(403), {}),
    ],
)
async def test_the_refusal_is_judged(why: Why, rules: dict[str, bool | None]) -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        await here.discover(why)
        judged = {each.rule: each.passed for each in here.recorder.steps[0].verdicts}
    assert {rule: judged[rule] for rule in rules} == rules
    assert here.recorder.steps[0].phase == LoginPhase.CHALLENGE


async def test_a_login_that_a_person_asked_for_has_no_refusal_to_judge() -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        await here.discover()
        assert here.recorder.steps[0].phase == LoginPhase.RESOURCE


async def test_hostile_documents_are_quoted_on_one_line_and_bounded() -> None:
    evil = "\x1b[31m\n\u202e" + "x" * 5000
    async with site() as here:
        here.protected(resource=evil)
        error = await here.fails()
        texts = [error.title, *(each.wrong for step in here.recorder.steps for each in step.verdicts)]
        here.protected()
        here.metadata(issuer=evil, scopes_supported=[evil])
        texts.append((await here.fails()).title)
    for text in texts:
        assert len(text) < 600
        assert not {"\x1b", "\n", "\u202e"} & set(text)


async def test_the_rooms_can_be_asked_one_by_one() -> None:
    async with site() as here:
        place = Place("here", f"{here.base}/mcp", OAuthSettings())
        async with Guarded(place, here.recorder) as fetch:
            assert await resource_metadata(fetch, place, Why()) is None
            assert await server_metadata(fetch, place, here.base) is None
            here.metadata()
            server = await server_metadata(fetch, place, here.base)
    assert server is not None and server.issuer == here.base
