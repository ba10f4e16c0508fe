"""demo-http and demo-login, both behind one process, used with the official SDK's client."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.oauth2 import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp.types import ElicitResult

from mcpdeck.services.models import HttpTarget, ServerEntry

from .clients import BOTH_ERAS, BOUND, Human, Mode, colours, entries, picture, talking, text


def url_of(entry: ServerEntry) -> str:
    assert isinstance(entry.target, HttpTarget)
    return entry.target.url


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_every_tool_of_demo_http_answers_in_both_eras(mode: Mode) -> None:
    human = Human(ElicitResult(action="accept", content={"size": "large", "milk": "oat", "name": "Ada", "to_go": True}))
    seen: list[float] = []

    async def progress(value: float, *_: object) -> None:
        seen.append(value)

    async with entries() as servers, talking(url_of(servers["demo-http"]), mode, human) as client:
        untried = {tool.name for tool in (await client.list_tools()).tools}
        headers = await client.call_tool("request_headers", {})
        assert headers.structured_content
        assert headers.structured_content["host"].startswith("127.0.0.1:")
        rolled = await client.call_tool("roll_dice", {"dice": 5, "sides": 4})
        assert rolled.structured_content
        assert rolled.structured_content["total"] == sum(rolled.structured_content["dice"])
        image = picture(await client.call_tool("bar_chart", {"values": [3, -1, 4.5], "labels": ["a", "b", "c"]}))
        assert image.size == (640, 360)
        assert colours(image) > 3
        assert (await client.call_tool("bar_chart", {"values": [1, 2], "labels": ["a"]})).is_error
        primes = await client.call_tool("count_primes", {"limit": 100_000}, progress_callback=progress)
        assert primes.structured_content == {"limit": 100_000, "count": 9_592, "largest": 99_991}
        coffee = text(await client.call_tool("order_coffee", {"drink": "tea"}))
        assert coffee == "One large tea with oat milk to go for Ada!"
        untried -= {"request_headers", "roll_dice", "bar_chart", "count_primes", "order_coffee"}
        assert not untried
    assert len(seen) > 5
    assert seen == sorted(set(seen))
    assert human.questions[0].message == "One tea, coming up. How would you like it?"


async def test_secret_headers_are_masked() -> None:
    async with entries() as servers:
        http = httpx2.AsyncClient(headers={"Authorization": "Bearer sesame", "X-Api-Key": "k", "X-Colour": "red"})
        transport = streamable_http_client(url_of(servers["demo-http"]), http_client=http)
        async with http, talking(transport, "legacy") as client:
            headers = (await client.call_tool("request_headers", {})).structured_content
    assert headers
    assert headers["authorization"] == headers["x-api-key"] == "•••"
    assert headers["x-colour"] == "red"


async def test_a_cancelled_call_over_http_ends_and_the_server_goes_on() -> None:
    async with entries() as servers, talking(url_of(servers["demo-http"]), "legacy") as client:
        with anyio.CancelScope() as scope:

            async def cancel(*_: object) -> None:
                scope.cancel()

            await client.call_tool("count_primes", {"limit": 50_000_000}, progress_callback=cancel)
        assert scope.cancelled_caught
        assert not (await client.call_tool("roll_dice", {})).is_error


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
        async with httpx2.AsyncClient(follow_redirects=True, timeout=BOUND) as http:
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
        for _ in range(2):
            with anyio.fail_after(BOUND):
                async with (
                    httpx2.AsyncClient(auth=provider(url, kept, browser), timeout=BOUND) as http,
                    Client(streamable_http_client(url, http_client=http)) as client,
                ):
                    who = (await client.call_tool("whoami", {})).structured_content
                    assert who
                    assert (who["user"], who["client"], who["scopes"]) == ("guest", "<b>a test</b>", ["demo"])
                    assert who["valid_for"] > 3_000
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
