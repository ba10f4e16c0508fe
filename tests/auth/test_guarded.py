from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import anyio
import anyio.abc
import pytest

from mcpdeck.services.auth import guarded, routes
from mcpdeck.services.auth.guarded import LARGEST, REDIRECTS, Guarded
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import ConnectError, DiscoveryError, TransportTimeout
from mcpdeck.services.models import LoginPhase
from tests.auth.guarded_stage import FAR, SECRET, Names, broken, fetched, here, refused
from tests.servers.scripted_http import Exchange, scripted_http
from tests.waiting import eventually

# what is sent


async def test_a_request_is_sent_as_given_and_everything_about_it_is_recorded() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"issuer": "x"}', Set_Cookie="session=abcdefgh")

    async with scripted_http(handler) as server:
        url = f"{server.url}?x=1"
        headers = {"Authorization": f"Bearer {SECRET}", "accept": "text/html"}
        answer, recorder = await fetched(here(server.url), url, headers=headers)
        (seen,) = server.seen
    assert (answer.status, answer.json(), answer.url, answer.media) == (200, {"issuer": "x"}, url, "application/json")
    assert seen.headers["authorization"] == f"Bearer {SECRET}"
    assert seen.headers["accept"] == "text/html"
    assert seen.headers["host"] == urlsplit(server.url).netloc
    assert seen.headers["user-agent"] == "mcpdeck"
    assert seen.headers["accept-encoding"] == "identity"
    (step,) = recorder.steps
    assert step.number == answer.step
    assert step.request is not None and step.request.line == f"GET {url}"
    assert step.answer is not None and step.answer.line == "200 OK"
    assert {each.rule: each.passed for each in step.verdicts} == {"net.https": True, "net.address": True}
    assert SECRET not in repr((recorder.steps, answer))


async def test_a_form_and_an_object_are_sent_as_what_they_are() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    async with scripted_http(handler) as server:
        await fetched(here(server.url), server.url, method="POST", form={"code": "a b&c", "x": "é"})
        await fetched(here(server.url), server.url, method="POST", json={"a": ["é"]})
        form, document = server.seen
    assert (form.headers["content-type"], form.body) == ("application/x-www-form-urlencoded", b"code=a+b%26c&x=%C3%A9")
    assert (document.headers["content-type"], document.message) == ("application/json", {"a": ["é"]})


async def test_cookies_are_for_nobody() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}", Set_Cookie="session=abcdefgh; Path=/")

    async with scripted_http(handler) as server, Guarded(here(server.url), Recorder()) as fetch:
        for _ in range(2):
            await fetch.fetch(LoginPhase.SERVER, "x", "GET", server.url)
        assert [("cookie" in each.headers) for each in server.seen] == [False, False]


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Oops", "302 Found"])
async def test_every_status_is_an_answer(status: str) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(status, b'{"error": "x"}')

    async with scripted_http(handler) as server:
        answer, recorder = await fetched(here(server.url), server.url)
    assert answer.status == int(status[:3])
    assert not recorder.steps[0].failed


# what comes back


@pytest.mark.parametrize(
    ("body", "media", "reason"),
    [
        (b"<!doctype html><p>Log in", "text/html; charset=utf-8", "with a web page, not with JSON"),
        (b"  <html>", "application/json", "with a web page, not with JSON"),
        (b"access_token=x", "text/plain", "not JSON (text/plain)"),
        (b"[1]", "application/json", "JSON that is no object"),
        (b'"x"', "application/json", "JSON that is no object"),
        (b" ", "application/json", "with nothing in it"),
        (b"[" * 100_000, "application/json", "not JSON"),
        (b"\xff\xfe\x00", "application/json", "not JSON"),
        (b"1" * 5000, "application/json", "not JSON"),
    ],
    ids=["page", "page that says JSON", "form", "array", "string", "nothing", "deep", "no text", "huge number"],
)
async def test_an_answer_that_is_no_object_is_named_for_what_it_is(body: bytes, media: str, reason: str) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", body, media)

    async with scripted_http(handler) as server:
        answer, _ = await fetched(here(server.url), server.url)
    with pytest.raises(DiscoveryError) as raised:
        answer.json()
    assert reason in raised.value.title
    assert raised.value.details["status"] == 200
    assert raised.value.hint


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
async def test_a_packed_answer_is_unpacked_though_nobody_asked_for_it(encoding: str) -> None:
    body = b'{"a": "' + b"x" * 1000 + b'"}'
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](body)

    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", packed, Content_Encoding=encoding)

    async with scripted_http(handler) as server:
        answer, _ = await fetched(here(server.url), server.url)
    assert answer.body == body


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * (LARGEST + 1), {}),
        (gzip.compress(b"x" * (LARGEST + 1)), {"Content_Encoding": "gzip"}),
        (gzip.compress(b"x" * 30_000_000), {"Content_Encoding": "gzip"}),
        (b"no gzip", {"Content_Encoding": "gzip"}),
        (b"x", {"Content_Encoding": "br"}),
        (b"x", {"Content_Encoding": "gzip, gzip"}),
    ],
    ids=["large", "large packed", "very large packed", "not packed", "unknown packing", "packed twice"],
)
async def test_an_answer_that_is_too_large_or_packed_strangely_is_refused(
    body: bytes, headers: Mapping[str, str]
) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", body, **headers)

    async with scripted_http(handler) as server:
        error, recorder = await refused(here(server.url), server.url)
    assert isinstance(error, DiscoveryError)
    assert error.hint
    assert broken(recorder) == ["net.size"]
    assert recorder.steps[0].error == error.title


async def test_an_endless_answer_is_left_when_it_is_too_large() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.socket.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            await exchange.socket.send(b" " * 65_536)

    async with scripted_http(handler) as server:
        error, _ = await refused(here(server.url), server.url)
    assert "more than 256 KiB" in error.title


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"], ids=["silent", "half"])
async def test_an_answer_that_takes_too_long_is_given_up(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "SECONDS", 0.2)

    async def handler(exchange: Exchange) -> None:
        await exchange.socket.send(begun)
        await exchange.until_closed()

    async with scripted_http(handler) as server:
        error, recorder = await refused(here(server.url), server.url)
        assert isinstance(error, TransportTimeout)
        assert "gave no whole answer within 0.2 s" in error.title
        assert broken(recorder) == ["net.time"]
        await eventually(server.seen[0].closed.is_set, "end of the connection")


async def test_a_request_that_is_cancelled_is_recorded_as_given_up() -> None:
    async def handler(exchange: Exchange) -> None:
        asked.set()
        await exchange.until_closed()

    asked, recorder = anyio.Event(), Recorder()
    async with scripted_http(handler) as server, anyio.create_task_group() as tasks:

        async def login() -> None:
            async with Guarded(here(server.url), recorder) as fetch:
                await fetch.fetch(LoginPhase.SERVER, "x", "GET", server.url)

        tasks.start_soon(login)
        with anyio.fail_after(5):
            await asked.wait()
        tasks.cancel_scope.cancel()
    assert recorder.steps[0].error == "given up before the answer was there"


async def test_a_connection_that_breaks_and_a_host_that_nobody_knows_are_said() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.socket.aclose()

    async with scripted_http(handler) as server:
        error, recorder = await refused(here(server.url), server.url)
        assert "broke" in error.title
        assert broken(recorder) == ["net.reached"]
    error, recorder = await refused(here(server.url), server.url)
    assert isinstance(error, ConnectError) and "refused the connection" in error.title
    error, recorder = await refused(FAR, "https://nobody.example/x")
    assert "nobody.example is not known" in error.title
    assert broken(recorder) == ["net.reached"]


async def test_resolving_a_name_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SECONDS", 0.05)

    async def never(host: str, port: int) -> tuple[str, ...]:
        await anyio.sleep_forever()
        return ()

    async with Guarded(FAR, Recorder(), lookup=never) as fetch:
        with pytest.raises(TransportTimeout, match="was not resolved"):
            await fetch.fetch(LoginPhase.SERVER, "x", "GET", "https://auth.example/")


# redirects


async def test_redirects_of_a_get_are_followed_by_hand_and_without_credentials() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.path == "/c":
            await exchange.answer("200 OK", b"{}")
        else:
            await exchange.answer("302 Found", Location={"/mcp": "b", "/b": "/c"}[exchange.path])

    async with scripted_http(handler) as server:
        headers = {"Authorization": f"Bearer {SECRET}", "DPoP": "proof", "Cookie": "a=b", "MCP-Protocol-Version": "x"}
        answer, recorder = await fetched(here(server.url), server.url, headers=headers)
        first, *others = server.seen
    assert answer.url == server.url.replace("/mcp", "/c")
    assert first.headers["authorization"] == f"Bearer {SECRET}"
    for each in others:
        assert not {"authorization", "dpop", "cookie"} & set(each.headers)
        assert each.headers["mcp-protocol-version"] == "x"
    assert [step.title for step in recorder.steps] == ["Metadata", "Metadata (redirected)", "Metadata (redirected)"]
    assert not broken(recorder)


async def test_redirects_end() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("307 Temporary Redirect", Location=f"{exchange.path}x")

    async with scripted_http(handler) as server:
        error, recorder = await refused(here(server.url), server.url)
        assert len(server.seen) == REDIRECTS + 1
    assert "redirects on and on" in error.title
    assert broken(recorder) == ["net.redirect"]


def test_a_redirect_never_leaves_encryption_behind() -> None:
    fetch = Guarded(here("http://localhost:3000/mcp"), Recorder())
    for location in ("http://localhost:3000/x", "HTTP://127.0.0.1/x"):
        with pytest.raises(DiscoveryError, match="redirects to an address that is not encrypted"):
            fetch._redirected("GET", "HTTPS://auth.example/", location, 0)
    assert fetch._redirected("GET", "http://localhost:3000/", "https://auth.example/x", 0) == "https://auth.example/x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("redirects", [True, False])
async def test_what_was_posted_is_never_sent_elsewhere(status: int, redirects: bool) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer(f"{status} Elsewhere", Location="/other")

    async with scripted_http(handler) as server:
        form = {"client_secret": SECRET}
        error, recorder = await refused(here(server.url), server.url, method="POST", form=form, redirects=redirects)
        assert len(server.seen) == 1
    assert "never followed" in error.title
    assert broken(recorder) == ["net.redirect"]
    assert SECRET not in repr((recorder.steps, error.title, error.hint, error.details))


async def test_a_redirect_is_an_answer_for_those_who_follow_it_themselves() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("302 Found", Location=f"http://127.0.0.1:1/callback?code={SECRET}")

    async with scripted_http(handler) as server:
        answer, recorder = await fetched(here(server.url), server.url, redirects=False)
    assert answer.headers["location"].endswith(SECRET)
    assert SECRET not in repr((recorder.steps, answer))


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("file:///etc/passwd", "no https address"),
        ("javascript:alert(1)", "no https address"),
        ("http://auth.example/", "not encrypted"),
        ("https://u:p@auth.example/", "user name"),
        ("http://[::1", "no https address"),
        ("https://10.0.0.5/latest", "an address of a private network"),
        ("https://inside.example/", "an address of a private network"),
        ("https://169.254.169.254/latest/meta-data", "link-local"),
        ("https://[fd00::1]/", "an address of a private network"),
    ],
)
async def test_a_redirect_to_where_nobody_may_go_is_not_followed(target: str, reason: str) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("302 Found", Location=target)

    async with scripted_http(handler) as server:
        error, recorder = await refused(here(server.url), server.url, Names(inside_example="10.0.0.5"))
        assert len(server.seen) == 1
    assert isinstance(error, DiscoveryError)
    assert reason in error.title
    assert broken(recorder)
