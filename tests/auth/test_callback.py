"""The listener that a browser comes back to."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from mcpdeck.services.auth.callback import Callback
from mcpdeck.services.auth.callback_pages import Page
from mcpdeck.services.errors import AuthError
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


def by_state(url: str) -> Page:
    if "state=right" not in url:
        return Page.STRAY
    return Page.BAD if "error=" in url else Page.GOOD


@asynccontextmanager
async def listening(**knobs: Any) -> AsyncGenerator[Callback]:
    with anyio.fail_after(20):
        async with Callback(**knobs) as callback:
            callback.expect(by_state)
            yield callback


async def visit(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as browser:
        return await browser.request(method, url, headers=headers)


async def raw(callback: Callback, data: bytes) -> bytes:
    """What bytes that are sent as they are get for an answer."""
    stream = await anyio.connect_tcp("127.0.0.1", port_of(callback))
    async with stream:
        await stream.send(data)
        found = b""
        with anyio.fail_after(5):
            try:
                while True:
                    found += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return found


def port_of(callback: Callback) -> int:
    return httpx.URL(callback.redirect_uri).port or 80


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_the_address_that_the_browser_comes_back_with_arrives_whole() -> None:
    async with listening() as callback:
        assert callback.redirect_uri.startswith("http://127.0.0.1:")
        assert callback.redirect_uri.endswith("/callback")
        answer = await visit(f"{callback.redirect_uri}?code=a%20b&state=right&iss=https%3A%2F%2Fas")
        assert answer.status_code == 200
        assert "close this window" in answer.text
        assert await callback.arrived() == f"{callback.redirect_uri}?code=a%20b&state=right&iss=https%3A%2F%2Fas"


async def test_a_refused_login_shows_that_it_failed() -> None:
    async with listening() as callback:
        answer = await visit(f"{callback.redirect_uri}?error=access_denied&state=right")
        assert answer.status_code == 400
        assert "did not succeed" in answer.text
        assert "error=access_denied" in await callback.arrived()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/callback?code=1&state=wrong", 400),
        ("/callback?code=1", 400),
        ("/callback", 400),
        ("/favicon.ico", 404),
        ("/", 404),
        ("/callback/?code=1&state=right", 404),
        ("/callback2?code=1&state=right", 404),
        ("//evil/callback?code=1&state=right", 404),
    ],
)
async def test_a_visit_that_is_not_the_answer_leaves_the_login_waiting(path: str, status: int) -> None:
    async with listening() as callback:
        base = callback.redirect_uri.removesuffix("/callback")
        assert (await visit(base + path)).status_code == status
        assert (await visit(f"{callback.redirect_uri}?code=2&state=right")).status_code == 200
        assert (await callback.arrived()).endswith("?code=2&state=right")


async def test_only_a_plain_get_counts() -> None:
    async with listening() as callback:
        for method in ("POST", "HEAD", "PUT", "OPTIONS"):
            answer = await visit(f"{callback.redirect_uri}?code=1&state=right", method)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
        await visit(f"{callback.redirect_uri}?code=2&state=right")
        assert "code=2" in await callback.arrived()


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.example.com:1", "127.0.0.1", "", "[::1]"])
async def test_another_name_for_this_machine_is_refused(host: str) -> None:
    async with listening() as callback:
        request = f"GET /callback?code=1&state=right HTTP/1.1\r\nHost: {host}\r\n\r\n"
        assert (await raw(callback, request.encode())).startswith(b"HTTP/1.1 400")
        port = port_of(callback)
        doubled = f"GET /callback?code=1&state=right HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nhost: {host}\r\n\r\n"
        assert (await raw(callback, doubled.encode())).startswith(b"HTTP/1.1 400")
        good = f"GET /callback?code=3&state=right HTTP/1.1\r\nHost: LOCALHOST:{port}\r\n\r\n"
        assert (await raw(callback, good.encode())).startswith(b"HTTP/1.1 200")
        assert "code=3" in await callback.arrived()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /callback?code=1&state=right\r\n\r\n",
        b"GET http://127.0.0.1/callback?code=1&state=right HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /callback?state=right\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_a_plain_refusal(data: bytes) -> None:
    async with listening() as callback:
        assert (await raw(callback, data)).startswith(b"HTTP/1.1 400")
        await visit(f"{callback.redirect_uri}?code=2&state=right")
        assert "code=2" in await callback.arrived()


async def test_a_request_without_end_is_cut_off_and_others_are_served_meanwhile() -> None:
    async with listening() as callback:
        assert await raw(callback, b"GET /callback?x=" + b"a" * 200_000) == b""
        slow = await anyio.connect_tcp("127.0.0.1", port_of(callback))
        async with slow:
            await slow.send(b"GET /callback?code=1&state=right HTTP/1.1\r\n")
            await visit(f"{callback.redirect_uri}?code=2&state=right")
            assert "code=2" in await callback.arrived()


async def test_the_first_answer_is_the_only_one() -> None:
    async with listening() as callback:
        await visit(f"{callback.redirect_uri}?code=1&state=right")
        assert (await visit(f"{callback.redirect_uri}?code=2&state=right")).status_code == 404
        assert "code=1" in await callback.arrived()


async def test_no_answer_counts_before_one_is_expected() -> None:
    async with Callback() as callback:
        assert (await visit(f"{callback.redirect_uri}?code=1&state=right")).status_code == 404
        callback.expect(by_state)
        assert (await visit(f"{callback.redirect_uri}?code=2&state=right")).status_code == 200


async def test_nothing_of_a_request_is_ever_put_into_a_page() -> None:
    async with listening() as callback:
        for path in ("/MARKED", "/callback?code=MARKED&state=wrong", "/callback?error=MARKED&state=right"):
            answer = await visit(
                callback.redirect_uri.removesuffix("/callback") + path, Cookie="MARKED", Origin="MARKED"
            )
            assert "MARKED" not in answer.text
            assert "MARKED" not in str(answer.headers)


@pytest.mark.parametrize("page", list(Page))
def test_every_page_is_constant_and_can_do_nothing(page: Page) -> None:
    head, _, body = page.value.partition(b"\r\n\r\n")
    headers = head.decode().lower()
    assert f"content-length: {len(body)}" in headers
    for wanted in ("default-src 'none'", "cache-control: no-store", "referrer-policy: no-referrer", "nosniff"):
        assert wanted in headers
    assert b"<script" not in body and b"http://" not in body and b"https://" not in body


async def test_a_fixed_port_is_named_localhost_and_heard_on_both_families() -> None:
    port = free_port()
    async with listening(port=port) as callback:
        assert callback.redirect_uri == f"http://localhost:{port}/callback"
        answer = await visit(f"http://127.0.0.1:{port}/callback?code=1&state=wrong", Host=f"localhost:{port}")
        assert answer.status_code == 400
        if has_ipv6_loopback():
            assert (await visit(f"http://[::1]:{port}/callback?code=2&state=right")).status_code == 200


def has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_a_taken_port_is_named_with_how_to_change_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AuthError, match=f"port {port}.*another program listens there") as caught:
            async with Callback(port):
                pass
        assert "callbackPort" in caught.value.hint and "MCP_OAUTH_CALLBACK_PORT" in caught.value.hint


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this machine has no IPv6 loopback address")
async def test_a_port_that_somebody_has_on_the_other_family_is_taken_and_nothing_stays_open() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        taken.bind(("::1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AuthError, match=f"port {port}"):
            async with Callback(port):
                pass
        with socket.socket() as again:
            again.bind(("127.0.0.1", port))


async def test_the_free_port_of_an_earlier_registration_is_taken_again_where_it_is_free() -> None:
    port = free_port()
    async with Callback(preferred=port) as first:
        assert first.redirect_uri == f"http://127.0.0.1:{port}/callback"
        async with Callback(preferred=port) as second:
            assert second.redirect_uri != first.redirect_uri


async def test_the_socket_is_closed_at_the_end_whatever_happened_inside() -> None:
    ports: list[int] = []

    async def failing() -> None:
        async with Callback() as callback:
            ports.append(port_of(callback))
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):  # and not a group of errors
        await failing()
    with anyio.move_on_after(0.01):
        async with Callback() as callback:
            ports.append(port_of(callback))
            await callback.arrived()
    for port in ports:
        with pytest.raises(OSError, match=r".*"):
            await anyio.connect_tcp("127.0.0.1", port)


async def test_many_idle_connections_do_not_keep_the_browser_out_for_ever() -> None:
    async with listening() as callback:
        idle = [await anyio.connect_tcp("127.0.0.1", port_of(callback)) for _ in range(40)]
        for stream in idle:
            await stream.aclose()

        async def gets_through() -> bool:
            try:
                return (await visit(f"{callback.redirect_uri}?code=1&state=right")).status_code == 200
            except httpx.TransportError:
                return False

        through = [False]

        async def trying() -> None:
            while not through[0]:
                through[0] = await gets_through()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(trying)
            await eventually(lambda: through[0], "answer for the browser")
