from __future__ import annotations

import json
from typing import Any

import pytest

from mcpdeck.services.auth.documents import canonical_resource, matches
from tests.auth.discovery_site import ASM, BROKEN, OIDC, PAGE, PRM, Answer, site
from tests.servers.scripted_http import Exchange

# protected resource metadata


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"resource": "https://evil.example/mcp"}, "prm.resource-matches"),
        ({"resource": "/mcp"}, "prm.resource-matches"),
        ({"resource": None}, "prm.resource-present"),
        ({"resource": 5}, "prm.resource-present"),
        ({"resource": ""}, "prm.resource-present"),
        ({"authorization_servers": None}, "prm.authorization-servers"),
        ({"authorization_servers": []}, "prm.authorization-servers"),
        ({"authorization_servers": [""]}, "prm.authorization-servers"),
        ({"authorization_servers": "https://as.example"}, "prm.authorization-servers"),
        ({"authorization_servers": [1]}, "prm.authorization-servers"),
    ],
)
async def test_resource_metadata_that_must_not_be_used_ends_the_login(members: dict[str, Any], rule: str) -> None:
    async with site() as here:
        here.protected(**members)
        here.metadata()
        error = await here.fails()
        assert here.asked == [f"{PRM}/mcp"]
    assert error.details == {"rule": rule}
    (failed,) = [each for each in here.verdicts(rule) if each.passed is False]
    assert failed.wrong in error.title
    assert failed.fix == error.hint


@pytest.mark.parametrize(
    ("resource", "url", "covered"),
    [
        ("https://h/mcp", "https://h/mcp", True),
        ("HTTPS://H/mcp", "https://h/mcp", True),
        ("https://h/mcp/", "https://h/mcp", True),
        ("https://h/mcp", "https://h/mcp/", True),
        ("https://h", "https://h/", True),
        ("https://h/", "https://h", True),
        ("https://h", "https://h/a/b", True),
        ("https://h/a", "https://h/a/b", True),
        ("https://h:443/a", "https://h/a", True),
        ("https://h/mcp", "wss://h/mcp", True),
        ("https://h/mcp?x=1", "https://h/mcp?x=1", True),
        ("https://h/mcp", "https://h/mcp?key=1", True),
        ("https://h/mcp?x=2", "https://h/mcp?x=1", False),
        ("https://h/a", "https://h/ab", False),
        ("https://h/a/b", "https://h/a", False),
        ("https://h/A", "https://h/a", False),
        ("https://h/other", "https://h/mcp", False),
        ("https://h/a/../mcp", "https://h/a/../mcp", False),
        ("https://h/%2e%2e", "https://h/%2e%2e/x", False),
        ("https://h/mcp#x", "https://h/mcp", False),
        ("https://h/mcp#", "https://h/mcp", False),
        ("https://u@h/mcp", "https://h/mcp", False),
        ("http://h/mcp", "https://h/mcp", False),
        ("https://h:8443/mcp", "https://h/mcp", False),
        ("https://h.evil/mcp", "https://h/mcp", False),
        ("https://evil/mcp", "https://h/mcp", False),
        ("mcp", "https://h/mcp", False),
        ("", "https://h/mcp", False),
    ],
)
def test_a_resource_covers_its_own_url_and_what_is_below_it(resource: str, url: str, covered: bool) -> None:
    assert matches(resource, url) is covered


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://MCP.Example.com/Mcp", "https://mcp.example.com/Mcp"),
        ("https://mcp.example.com", "https://mcp.example.com"),
        ("https://mcp.example.com/", "https://mcp.example.com"),
        ("https://mcp.example.com/mcp/", "https://mcp.example.com/mcp/"),
        ("https://mcp.example.com:8443/mcp", "https://mcp.example.com:8443/mcp"),
        ("https://mcp.example.com/mcp?key=secret#part", "https://mcp.example.com/mcp"),
        ("wss://mcp.example.com/ws", "https://mcp.example.com/ws"),
        ("http://[::1]:3000/mcp", "http://[::1]:3000/mcp"),
    ],
)
def test_the_canonical_url_of_a_server(url: str, canonical: str) -> None:
    assert canonical_resource(url) == canonical


async def test_the_resource_is_kept_as_it_was_published() -> None:
    async with site() as here:
        here.protected(resource=f"{here.base}/mcp/", dpop_bound_access_tokens_required=True)
        here.metadata(dpop_signing_alg_values_supported=["ES256"])
        found = await here.discover()
    assert found.resource is not None
    assert found.resource_id == found.resource.resource == f"{here.base}/mcp/"
    assert found.resource.dpop_required
    assert found.resource.scopes is None
    assert found.resource.raw["dpop_bound_access_tokens_required"] is True


@pytest.mark.parametrize(
    ("scopes", "read", "passed"),
    [
        (["a", "b:c", "a"], ("a", "b:c"), True),
        ([], (), True),
        (["a b", "c", ""], ("c",), False),
        (["a", 1], None, False),
        ("a b", None, False),
    ],
)
async def test_scopes_are_read_one_by_one(scopes: Any, read: Any, passed: bool) -> None:
    async with site() as here:
        here.protected(scopes_supported=scopes)
        here.metadata()
        found = await here.discover()
    assert found.resource is not None and found.resource.scopes == read
    assert [each.passed for each in here.verdicts("prm.scopes")] == [passed]


# authorization server metadata


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"issuer": "https://attacker.example"}, "asm.issuer-identical"),
        ({"issuer": "SLASH"}, "asm.issuer-identical"),
        ({"issuer": None}, "asm.issuer-identical"),
        ({"issuer": ["x"]}, "asm.issuer-identical"),
        ({"code_challenge_methods_supported": None}, "asm.pkce-s256"),
        ({"code_challenge_methods_supported": ["plain"]}, "asm.pkce-s256"),
        ({"code_challenge_methods_supported": "S256"}, "asm.pkce-s256"),
        ({"authorization_endpoint": None}, "asm.authorization-endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "asm.https"),
        ({"authorization_endpoint": "file:///etc/passwd"}, "asm.https"),
        ({"authorization_endpoint": "myapp://login"}, "asm.https"),
        ({"authorization_endpoint": "http://as.example/authorize"}, "asm.https"),
        ({"authorization_endpoint": "https://as.example/authorize#x"}, "asm.https"),
        ({"authorization_endpoint": "https://as.example/a\n"}, "asm.https"),
        ({"token_endpoint": None}, "asm.token-endpoint"),
        ({"token_endpoint": 7}, "asm.token-endpoint"),
        ({"token_endpoint": "http://as.example/token"}, "asm.https"),
        ({"token_endpoint": "https://me@as.example/token"}, "asm.https"),
    ],
)
async def test_server_metadata_that_must_not_be_used_ends_the_login(members: dict[str, Any], rule: str) -> None:
    async with site() as here:
        here.protected()
        here.metadata(**{name: f"{here.base}/" if value == "SLASH" else value for name, value in members.items()})
        error = await here.fails()
        assert here.asked == [f"{PRM}/mcp", ASM]
    assert error.details == {"rule": rule}
    assert rule in here.broken()


@pytest.mark.parametrize("issuer", ["QUERY", "FRAGMENT", "http://as.example", "https://10.0.0.5", "ftp://x", "x"])
async def test_an_issuer_that_is_no_usable_address_ends_the_login(issuer: str) -> None:
    async with site() as here:
        named = {"QUERY": f"{here.base}?x=1", "FRAGMENT": f"{here.base}#x"}.get(issuer, issuer)
        here.protected(authorization_servers=[named])
        here.metadata(issuer=named)
        await here.fails()
        assert here.asked == [f"{PRM}/mcp"]
    assert here.broken()


async def test_an_optional_endpoint_that_must_not_be_used_is_left_out_and_told() -> None:
    async with site() as here:
        here.protected()
        here.metadata(registration_endpoint="http://as.example/register", revocation_endpoint="javascript:alert(1)")
        found = await here.discover()
    assert (found.server.registration_endpoint, found.server.revocation_endpoint) == (None, None)
    (told,) = here.verdicts("asm.https")
    assert told.passed is False
    assert "registration_endpoint is not encrypted" in told.wrong and "revocation_endpoint is no https" in told.wrong


async def test_everything_that_the_metadata_says_is_read() -> None:
    async with site() as here:
        here.protected()
        here.metadata(
            revocation_endpoint=f"{here.base}/revoke",
            scopes_supported=["a", "offline_access"],
            grant_types_supported=["authorization_code"],
            token_endpoint_auth_methods_supported=["none", "private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported=["ES256"],
            authorization_response_iss_parameter_supported=True,
            client_id_metadata_document_supported=True,
            dpop_signing_alg_values_supported=["ES256", "none"],
        )
        server = (await here.discover()).server
    assert server.authorization_endpoint == f"{here.base}/authorize"
    assert server.token_endpoint == f"{here.base}/token"
    assert server.registration_endpoint == f"{here.base}/register"
    assert server.revocation_endpoint == f"{here.base}/revoke"
    assert server.scopes == ("a", "offline_access")
    assert server.grants == ("authorization_code",)
    assert server.auth_methods == ("none", "private_key_jwt")
    assert server.auth_algorithms == ("ES256",)
    assert server.iss_in_response and server.metadata_documents and not server.assumed
    assert server.dpop_algorithms == ("ES256",)
    assert server.url == f"{here.base}{ASM}"
    assert here.broken() == []


@pytest.mark.parametrize("said", [None, "true", 1, "yes"])
async def test_a_flag_that_is_not_true_is_not_set(said: Any) -> None:
    async with site() as here:
        here.protected(dpop_bound_access_tokens_required=said)
        here.metadata(authorization_response_iss_parameter_supported=said, client_id_metadata_document_supported=said)
        found = await here.discover()
    assert found.resource is not None and not found.resource.dpop_required
    assert (found.server.iss_in_response, found.server.metadata_documents) == (False, False)


@pytest.mark.parametrize("grant", ["client_credentials", "jwt_bearer", "id_jag"])
async def test_a_grant_without_a_browser_needs_no_authorization_endpoint_and_no_pkce(grant: str) -> None:
    async with site() as here:
        here.protected()
        here.metadata(authorization_endpoint=None, code_challenge_methods_supported=None, response_types_supported=None)
        found = await here.discover(grant=grant)
    assert found.server.authorization_endpoint is None
    assert here.broken() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (PAGE, "with a web page"),
        (("200 OK", b"{", "application/json"), "not JSON"),
        (("200 OK", b"[]", "application/json"), "no object"),
        (("200 OK", b"", "application/json"), "nothing in it"),
        (BROKEN, "answered 503"),
        (("429 Too Many Requests", b"", "text/plain"), "answered 429"),
        (("302 Found", b"", "text/plain"), "answered 302"),
    ],
)
async def test_metadata_that_is_none_is_named_for_what_it_is(answer: Answer, reason: str) -> None:
    async with site() as here:
        here.protected()
        here.documents[ASM] = answer
        error = await here.fails()
        assert reason in error.title
        assert here.asked == [f"{PRM}/mcp", ASM, OIDC]
        here.metadata(OIDC)
        assert (await here.discover()).server.url == f"{here.base}{OIDC}"


async def test_json_of_another_content_type_is_read_with_a_remark() -> None:
    async with site() as here:
        here.protected()
        here.metadata()
        here.documents[ASM] = ("200 OK", json.dumps(here.documents[ASM]).encode(), "text/plain")
        await here.discover()
    (remark,) = here.verdicts("asm.content-type")
    assert (remark.passed, remark.wrong) == (None, "it says text/plain")


async def test_metadata_that_redirects_is_checked_against_the_issuer_it_was_looked_up_for() -> None:
    async def elsewhere(exchange: Exchange) -> None:
        await exchange.answer("302 Found", Location="/elsewhere")

    async with site() as here:
        here.protected()
        here.documents[ASM] = elsewhere
        here.metadata("/elsewhere", issuer="https://attacker.example")
        error = await here.fails()
        assert error.details == {"rule": "asm.issuer-identical"}
        here.metadata("/elsewhere")
        server = (await here.discover()).server
        # Where it redirects to is the issuer's affair.
        assert (server.url, server.identity) == (f"{here.base}{ASM}", here.base)
