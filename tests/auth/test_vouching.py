"""What is believed of a document that an entry names, and what is wanted for a token to be safe."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.auth.discovery import discover
from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.kinds import Place
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import DiscoveryError
from mcpdeck.services.models import OAuthSettings
from tests.auth.discovery_site import ASM, OIDC, Chooser, refused, site
from tests.auth.guarded_stage import Names
from tests.servers.scripted_http import Exchange

STRANGE = "https://as.example"


@pytest.mark.parametrize(
    ("members", "strange"),
    [
        ({"issuer": STRANGE}, "the document is at "),
        ({"issuer": STRANGE, **{f"{each}_endpoint": f"{STRANGE}/x" for each in ("authorization", "token")}},
         "the document is at "),
        ({"token_endpoint": f"{STRANGE}/token"}, "token_endpoint is at https://as.example/token"),
        ({"authorization_endpoint": f"{STRANGE}/a"}, "authorization_endpoint is at https://as.example/a"),
        ({"registration_endpoint": f"{STRANGE}/r"}, "registration_endpoint is at https://as.example/r"),
        ({"revocation_endpoint": f"{STRANGE}/r"}, "revocation_endpoint is at https://as.example/r"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("configured", [True, False])
async def test_a_configured_document_speaks_for_nobody_else(
    members: dict[str, Any], strange: str, configured: bool
) -> None:
    async with site() as here:
        here.protected()
        here.metadata("/custom", **members)
        issuer = members.get("issuer", here.base)
        error = await here.fails(metadata_url=f"{here.base}/custom", **({"issuer": issuer} if configured else {}))
        assert error.details == {"rule": "asm.issuer-origin"}
        assert f"{issuer}'s" in error.title and strange in error.title
        assert f"{issuer}{ASM}" in error.hint


async def test_a_configured_document_that_redirects_is_where_it_came_from() -> None:
    async with site() as here, site() as evil:
        evil.metadata("/doc", issuer=here.base, **{
            f"{each}_endpoint": f"{here.base}/{each}" for each in ("authorization", "token", "registration")
        })  # fmt: skip

        async def elsewhere(exchange: Exchange) -> None:
            await exchange.answer("302 Found", Location=f"{evil.base}/doc")

        here.protected()
        here.documents["/open-redirect"] = elsewhere
        error = await here.fails(metadata_url=f"{here.base}/open-redirect")
        assert error.details == {"rule": "asm.issuer-origin"}
        assert f"the document is at {evil.base}/doc" in error.title


@pytest.mark.parametrize("path", [ASM, OIDC, f"{ASM}/t", f"{OIDC}/t", f"/t{OIDC}", f"/t{ASM}"])
async def test_a_configured_document_that_its_issuer_publishes_may_name_endpoints_elsewhere(path: str) -> None:
    async with site() as here, site() as other:
        issuer = f"{here.base}/t" if "/t" in path else here.base
        here.protected(authorization_servers=[])
        here.metadata(path, issuer=issuer, token_endpoint=f"{other.base}/token")
        found = await here.discover(metadata_url=f"{here.base}{path}")
        assert found.server.token_endpoint == f"{other.base}/token"
        assert found.server.identity == issuer
        assert [each.passed for each in here.verdicts("asm.configured")] == [True]


async def test_what_a_document_only_claims_has_no_part_in_the_issuer_s_clients() -> None:
    async with site() as here:
        here.protected()
        here.metadata("/custom")
        here.metadata()
        found = await here.discover(metadata_url=f"{here.base}/custom")
        assert found.server.issuer == here.base
        assert found.server.identity == f"{here.base} by {here.base}/custom"
        assert [each.passed for each in here.verdicts("asm.configured")] == [None]
        assert (await here.discover()).server.identity == here.base


async def test_an_issuer_that_a_configured_document_claims_is_an_address_that_may_be_used() -> None:
    async with site() as here:
        here.protected()
        here.metadata("/custom", issuer=here.base.replace("//", "//as.example@"))
        error = await here.fails(metadata_url=f"{here.base}/custom")
        assert error.details == {"rule": "asm.issuer-url"}


# what the MCP server wants to be safe


async def test_nobody_logs_in_to_a_server_whose_tokens_everybody_on_the_way_could_read() -> None:
    recorder = Recorder()
    place = Place("plain", "http://mcp.example/mcp", OAuthSettings())
    challenge = refused('Bearer resource_metadata="https://mcp.example/prm"')
    async with Guarded(place, recorder, lookup=Names()) as fetch:
        with pytest.raises(DiscoveryError, match=r"not encrypted: http://mcp\.example/mcp") as raised:
            await discover(fetch, place, challenge, Chooser())
    assert "allowInsecure" in raised.value.hint
    assert [each.rule for step in recorder.steps for each in step.verdicts if each.passed is False] == ["net.https"]
    assert [step.request for step in recorder.steps] == [None, None]


@pytest.mark.parametrize(
    ("algorithms", "settings", "passed"),
    [
        (["ES256"], {}, True),
        (["RS256", "ES256"], {}, True),
        (["RS256"], {}, False),
        ([], {}, False),
        (None, {}, False),
        (None, {"dpop": "off"}, None),
        (["ES256"], {"dpop": "off"}, None),
    ],
)
async def test_a_resource_that_takes_bound_tokens_only_needs_a_server_that_binds_them(
    algorithms: list[str] | None, settings: dict[str, Any], passed: bool | None
) -> None:
    async with site() as here:
        here.protected(dpop_bound_access_tokens_required=True)
        here.metadata(dpop_signing_alg_values_supported=algorithms)
        if passed is False:
            error = await here.fails(**settings)
            assert "bound tokens only (DPoP)" in error.title and "ES256" in error.title
            assert "dpop_signing_alg_values_supported" in error.hint
            assert error.details == {"rule": "dpop.required"}
        else:
            assert (await here.discover(**settings)).resource is not None
        assert [each.passed for each in here.verdicts("dpop.required")] == [passed]
        here.protected()
        await here.discover(**settings)
        assert len(here.verdicts("dpop.required")) == 1
