"""demo-login: its challenge, its consent page, its tokens, and the call that needs more than was granted."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.oauth2 import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.provider import AuthorizationParams
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from mcpdeck.app.demo import login
from mcpdeck.app.demo.authorization import TOKEN_LIFETIME, GuestBook
from mcpdeck.app.demo.gate import gate
from mcpdeck.services.models import HttpTarget, ServerEntry
from tests.servers.oauth_ledger import digest

from .clients import BOUND, entries, text

BASE = "http://127.0.0.1:8080"
BACK = "http://127.0.0.1:1/callback"
VERIFIER = "v" * 43
WINDOW = {"User-Agent": "Mozilla/5.0"}


def url_of(entry: ServerEntry) -> str:
    assert isinstance(entry.target, HttpTarget)
    return entry.target.url


async def test_demo_login_answers_401_and_says_where_to_log_in() -> None:
    async with entries() as servers:
        url = url_of(servers["demo-login"])
        base = url.removesuffix("/mcp")
        async with httpx2.AsyncClient(timeout=BOUND) as http:
            for headers in ({}, {"Authorization": "Bearer invented"}):
                refused = await http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers)
                assert refused.status_code == 401
                challenge = refused.headers["www-authenticate"]
                assert challenge.startswith("Bearer ")
                found = re.search(r'resource_metadata="([^"]+)"', challenge)
                assert found
                assert found[1] == f"{base}/.well-known/oauth-protected-resource/mcp"
            resource = (await http.get(found[1])).json()
            assert resource["resource"] == url
            assert resource["authorization_servers"] == [base]
            issuer = (await http.get(f"{base}/.well-known/oauth-authorization-server")).json()
            assert issuer["issuer"] == base
            assert issuer["code_challenge_methods_supported"] == ["S256"]
            assert issuer["authorization_response_iss_parameter_supported"] is True
            assert issuer["scopes_supported"] == ["demo", "treasure"]


class Kept:
    """A token storage in memory."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Browser:
    """Opens the login page and clicks a button."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.page = ""
        self.back: dict[str, list[str]] = {}

    async def open(self, url: str) -> None:
        async with httpx2.AsyncClient(headers=WINDOW, follow_redirects=True, timeout=BOUND) as http:
            shown = await http.get(url)
            self.page = shown.text
            ticket = re.search(r'name="ticket" value="([^"]+)"', shown.text)
            assert ticket
            form = {"ticket": ticket[1], "answer": self.answer}
            redirected = await http.post(str(shown.url), data=form, follow_redirects=False)
            assert redirected.status_code == 303
            again = await http.post(str(shown.url), data=form, follow_redirects=False)
            assert again.status_code == 400
        self.back = parse_qs(urlsplit(redirected.headers["location"]).query)

    async def callback(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=self.back["code"][0], state=self.back["state"][0], iss=self.back["iss"][0])


def provider(url: str, kept: Kept, browser: Browser) -> OAuthClientProvider:
    metadata = OAuthClientMetadata(
        client_name="<b>a test</b>",
        redirect_uris=["http://127.0.0.1:1/callback"],
        scope="demo",  # pyright: ignore[reportArgumentType]
    )
    return OAuthClientProvider(url, metadata, kept, browser.open, browser.callback)


async def test_logging_in_to_demo_login_really_works_and_so_does_refreshing() -> None:
    kept, browser = Kept(), Browser("yes")
    async with entries() as servers:
        url = url_of(servers["demo-login"])
        for times in range(2):
            with anyio.fail_after(BOUND):
                async with (
                    httpx2.AsyncClient(auth=provider(url, kept, browser), timeout=BOUND) as http,
                    Client(streamable_http_client(url, http_client=http)) as client,
                ):
                    who = (await client.call_tool("whoami", {})).structured_content
                    assert who
                    assert (who["user"], who["client"], who["scopes"]) == ("guest", "<b>a test</b>", ["demo"])
                    assert who["refreshes"] == times
                    assert 0 < who["valid_for"] <= TOKEN_LIFETIME
                    assert "audience" in text(await client.call_tool("fortune", {"number": 4}))
            assert kept.tokens
            assert kept.client
            base = url.removesuffix("/mcp")
            async with httpx2.AsyncClient(timeout=BOUND) as http:
                form = {
                    "grant_type": "refresh_token",
                    "refresh_token": kept.tokens.refresh_token,
                    "client_id": kept.client.client_id,
                    "client_secret": kept.client.client_secret or "",
                }
                fresh = await http.post(f"{base}/token", data=form)
                assert fresh.status_code == 200, fresh.text
                assert (await http.post(f"{base}/token", data=form)).status_code == 400
            kept.tokens = OAuthToken.model_validate(fresh.json())
    assert "&lt;b&gt;a test&lt;/b&gt;" in browser.page
    assert "<b>a test</b>" not in browser.page


async def test_declining_at_the_login_page_goes_back_with_access_denied() -> None:
    kept, browser = Kept(), Browser("no")
    async with entries() as servers:
        url = url_of(servers["demo-login"])
        with anyio.fail_after(BOUND), pytest.raises(BaseException) as caught:  # noqa: PT011 - a group of the SDK's
            async with (
                httpx2.AsyncClient(auth=provider(url, kept, browser), timeout=BOUND) as http,
                Client(streamable_http_client(url, http_client=http)),
            ):
                pass
    assert isinstance(caught.value, Exception)
    assert browser.back["error"] == ["access_denied"]
    assert kept.tokens is None


@asynccontextmanager
async def registered() -> AsyncGenerator[Guest]:
    """demo-login without a process and a socket, and a client that registered there."""
    demo = login.server(BASE)
    app = httpx2.ASGITransport(gate(demo.book, demo.mcp.streamable_http_app()))
    async with demo.mcp.session_manager.run(), httpx2.AsyncClient(transport=app, timeout=BOUND) as http:
        wanted = {"client_name": "a test", "redirect_uris": [BACK], "token_endpoint_auth_method": "none"}
        client = await http.post(f"{BASE}/register", json=wanted)
        assert client.status_code == 201, client.text
        yield Guest(f"{BASE}/mcp", client.json()["client_id"], http)


@dataclass
class Guest:
    url: str
    client_id: str
    http: httpx2.AsyncClient

    @property
    def base(self) -> str:
        return self.url.removesuffix("/mcp")

    async def asked(self, scope: str, **headers: str) -> httpx2.Response:
        """The first answer to a login that is begun for ``scope``, after the redirect to the consent page."""
        return await self.http.get((await self.begun(scope)).headers["location"], headers=headers)

    async def begun(self, scope: str) -> httpx2.Response:
        params = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "code_challenge": digest(VERIFIER),
            "code_challenge_method": "S256",
            "state": "s",
            "scope": scope,
            "resource": self.url,
        }
        begun = await self.http.get(f"{self.base}/authorize", params=params)
        assert begun.status_code == 302, begun.text
        return begun

    async def tokens(self, scope: str) -> dict[str, str]:
        """Logged in as a program that only follows redirects."""
        back = parse_qs(urlsplit((await self.asked(scope)).headers["location"]).query)
        form = {"grant_type": "authorization_code", "code": back["code"][0], "code_verifier": VERIFIER}
        return await self.post("token", **form, redirect_uri=BACK, resource=self.url)

    async def post(self, path: str, **form: str) -> dict[str, str]:
        answer = await self.http.post(f"{self.base}/{path}", data={**form, "client_id": self.client_id})
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else {}

    async def call(self, tool: str, token: str) -> httpx2.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
        return await self.http.post(self.url, json=message, headers=headers)


async def test_a_program_that_follows_redirects_is_let_in_without_a_page_and_a_browser_never() -> None:
    async with registered() as guest:
        followed = await guest.asked("demo")
        assert followed.status_code == 303
        assert followed.headers["location"].startswith(f"{BACK}?code=")
        for headers in (WINDOW, {"Sec-Fetch-Mode": "no-cors"}, {"User-Agent": "w3m/0.5.3"}):
            shown = await guest.asked("demo", **headers)
            assert shown.status_code == 200
            assert "Continue as guest" in shown.text


async def test_an_error_goes_back_with_the_state_and_the_issuer_too() -> None:
    async with registered() as guest:
        back = (await guest.begun("nonsense")).headers["location"]
    assert back.startswith(f"{BACK}?")
    assert parse_qs(urlsplit(back).query)["error"] == ["invalid_scope"]
    assert parse_qs(urlsplit(back).query)["state"] == ["s"]
    assert parse_qs(urlsplit(back).query)["iss"] == [guest.base]


async def test_the_consent_page_says_who_asks_for_what_and_loads_and_sends_nothing_elsewhere() -> None:
    async with registered() as guest:
        page = await guest.asked("demo", **WINDOW)
    assert "a test wants to log in" in page.text
    assert "Call the tools of demo-login in your name" in page.text
    assert 'class="new"' not in page.text
    assert f"<code>{BACK}</code>" in page.text
    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert style
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()}'" in policy
    assert "form-action 'self' http://127.0.0.1:1;" in policy
    assert page.headers["cache-control"] == "no-store"


async def test_a_tool_beyond_the_granted_scopes_is_refused_and_granted_after_a_second_consent() -> None:
    async with registered() as guest:
        first = await guest.tokens("demo")
        refused = await guest.call("open_treasure_chest", first["access_token"])
        assert refused.status_code == 403
        challenge = refused.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="treasure"' in challenge
        assert f'resource_metadata="{guest.base}/.well-known/oauth-protected-resource/mcp"' in challenge
        page = await guest.asked("demo treasure", **WINDOW)
        assert "a test wants more" in page.text
        assert page.text.count('class="new"') == 1
        assert "Open the treasure chest <code>treasure</code> <span" in page.text
        second = await guest.tokens("demo treasure")
        assert second["scope"] == "demo treasure"
        opened = await guest.call("open_treasure_chest", second["access_token"])
        assert opened.status_code != 403
        assert (await guest.call("open_treasure_chest", "invented")).status_code == 401


async def test_a_login_is_over_after_its_revocation_access_and_refresh_alike() -> None:
    async with registered() as guest:
        tokens = await guest.tokens("demo")
        assert (await guest.call("whoami", tokens["access_token"])).status_code != 401
        await guest.post("revoke", token=tokens["refresh_token"])
        assert (await guest.call("whoami", tokens["access_token"])).status_code == 401
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": guest.client_id}
        assert (await guest.http.post(f"{guest.base}/token", data=form)).json()["error"] == "invalid_grant"


async def test_what_has_expired_is_forgotten() -> None:
    book = GuestBook("http://127.0.0.1:1")
    client = OAuthClientInformationFull(client_id="c", redirect_uris=[AnyUrl(BACK)])
    params = AuthorizationParams(
        state=None,
        scopes=["demo"],
        code_challenge="c",
        redirect_uri=AnyUrl(BACK),
        redirect_uri_provided_explicitly=True,
    )
    ticket = (await book.authorize(client, params)).partition("ticket=")[2]
    waiting = book.waiting(ticket)
    assert waiting is not None
    waiting.expires_at = 0
    assert book.agreed(ticket) is None
    assert book.requests == {}
