"""An authorization URL that is followed by plain GETs: how far, where to, and where it stops."""

from __future__ import annotations

from urllib.parse import urlencode

import anyio
import pytest

from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.hands_http import MOST, HttpHands, follow
from mcpdeck.services.auth.kinds import Invitation, Place
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import AuthorizationDenied, DiscoveryError, McpDeckError
from mcpdeck.services.models import OAuthSettings
from tests.servers.scripted_http import Exchange, ScriptedServer, scripted_http

pytestmark = pytest.mark.anyio
BACK = "http://127.0.0.1:9/callback"


async def followed(server: ScriptedServer, recorder: Recorder) -> str:
    base = server.url.removesuffix("/mcp")
    place = Place("notes", server.url, OAuthSettings())
    with anyio.fail_after(15):
        async with Guarded(place, recorder) as fetch:
            return await follow(fetch, f"{base}/authorize?{urlencode({'redirect_uri': BACK, 'state': 's'})}", BACK)


@pytest.mark.parametrize("hops", [0, 1, MOST])
async def test_redirects_are_followed_up_to_the_login_and_never_into_it(hops: int) -> None:
    async def handler(exchange: Exchange) -> None:
        turn = len(server.seen) - 1
        exchange_to = f"{BACK}?code=c1&state=s" if turn == hops else f"/step{turn}?next=1"
        await exchange.answer("302 Found", Location=exchange_to)

    recorder = Recorder()
    async with scripted_http(handler) as server:
        assert await followed(server, recorder) == f"{BACK}?code=c1&state=s"
        assert len(server.seen) == hops + 1
        assert not any("cookie" in each.headers or "authorization" in each.headers for each in server.seen)
    assert len(recorder.steps) == hops + 1
    assert "c1" not in repr(recorder.steps[-1].answer)


@pytest.mark.parametrize(
    ("status", "location", "error", "says"),
    [
        ("302 Found", "/authorize", AuthorizationDenied, "more than 10 times"),
        ("302 Found", f"{BACK}-evil?code=c1&state=s", McpDeckError, ""),
        ("302 Found", f"{BACK}/more?code=c1&state=s", McpDeckError, ""),
        ("302 Found", "http://user@127.0.0.1:9/callback?code=c1", DiscoveryError, "user name"),
        ("302 Found", "file:///etc/passwd", DiscoveryError, "no https address"),
        ("302 Found", "javascript:alert(1)", DiscoveryError, "/authorize is no https address: javascript:alert(1)"),
        ("302 Found", "http://10.0.0.1/internal", DiscoveryError, "not encrypted"),
        ("302 Found", "https://169.254.169.254/latest", DiscoveryError, "cloud metadata"),
        ("302 Found", "http://[::1", DiscoveryError, "/authorize is no address: http://[::1"),
        ("302 Found", "", AuthorizationDenied, "HTTP 302"),
        ("304 Not Modified", f"{BACK}?code=c1&state=s", AuthorizationDenied, "HTTP 304"),
        ("200 OK", "", AuthorizationDenied, "shows a page"),
        ("400 Bad Request", "", AuthorizationDenied, "HTTP 400"),
        ("500 Internal Server Error", f"{BACK}?code=c1&state=s", AuthorizationDenied, "HTTP 500"),
    ],
)
async def test_what_does_not_lead_back_ends_with_a_reason(
    status: str, location: str, error: type[McpDeckError], says: str
) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(
            status, b"" if status.startswith("304") else b"<p>hello</p>", "text/html", Location=location
        )

    recorder = Recorder()
    async with scripted_http(handler) as server:
        with pytest.raises(error) as caught:
            await followed(server, recorder)
        assert says in caught.value.title
        assert caught.value.hint
        if error is DiscoveryError:
            assert caught.value.title.startswith(f"the redirect of {server.url.removesuffix('/mcp')}/authorize ") or (
                "169.254" in location
            )
            assert [each.rule for each in recorder.steps[-1].verdicts if each.passed is False] == (
                ["net.address"] if "169.254" in location else ["net.redirect"]
            )
        assert len(server.seen) <= MOST + 1


async def test_hands_without_a_way_to_follow_say_so() -> None:
    invitation = Invitation("notes", "https://as", "https://mcp", "me", (), (), "https://as/authorize", BACK, "")
    with pytest.raises(AuthorizationDenied, match="without a browser"):
        await HttpHands().authorize(invitation, lambda _: None)
    assert await HttpHands().consent(invitation) is True
