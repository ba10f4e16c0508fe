from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.abc
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener, TLSStream

from mcpdeck.services.auth import routes
from mcpdeck.services.auth.guarded import Guarded
from mcpdeck.services.auth.kinds import Place
from mcpdeck.services.auth.steps import Recorder
from mcpdeck.services.errors import ConnectError, DiscoveryError
from mcpdeck.services.models import LoginPhase, OAuthSettings, Tls
from tests.auth.guarded_stage import FAR, Names, broken, fetched, here, refused
from tests.servers.certificates import Authority
from tests.servers.scripted_http import Exchange, scripted_http

# addresses


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://inside.example/", "private network"),
        ("https://both.example/", "private network"),
        ("https://loop.example/", "of this machine"),
        ("https://mapped.example/", "of this machine"),
        ("https://local.example/", "cloud metadata"),
        ("https://nat.example/", "private network"),
        ("https://none.example/", "unspecified address"),
        ("https://127.1/", "of this machine"),
        ("https://0x7f.1/", "of this machine"),
        ("https://2130706433/", "of this machine"),
        ("https://localhost/", "of this machine"),
        ("https://localhost./", "of this machine"),
        ("https://x.localhost/", "of this machine"),
        ("https://[::ffff:127.0.0.1]/", "of this machine"),
        ("https://[::]/", "unspecified address"),
        ("https://224.0.0.1/", "multicast or reserved"),
    ],
)
async def test_a_public_server_leads_nobody_inside(url: str, kind: str) -> None:
    names = Names(
        mcp_example="93.184.216.34",
        inside_example="10.0.0.5",
        both_example="93.184.216.34 10.0.0.5",
        loop_example="127.0.0.1",
        mapped_example="::ffff:7f00:1",
        local_example="169.254.169.254",
        nat_example="100.64.0.9",
        none_example="0.0.0.0",
    )
    error, recorder = await refused(FAR, url, names)
    assert isinstance(error, DiscoveryError)
    assert kind in error.title and "the MCP server is not there" in error.title
    assert "allowInsecure" in error.hint
    assert broken(recorder) == ["net.address"]
    assert recorder.steps[0].request is not None


@pytest.mark.parametrize(
    ("at", "to", "allowed"),
    [
        ("10.0.0.1", "10.9.9.9", True),
        ("10.0.0.1", "fd00::5", True),
        ("10.6.6.6", "10.9.9.9", False),
        ("10.0.0.1 10.6.6.6", "10.9.9.9", True),
        ("10.0.0.1", "127.0.0.1", False),
        ("10.0.0.1", "169.254.169.254", False),
        ("10.0.0.1 93.184.216.34", "10.9.9.9", False),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "10.9.9.9", False),
        ("93.184.216.34", "93.184.216.35", True),
        ("", "10.9.9.9", False),
        ("", "93.184.216.34", True),
    ],
)
async def test_a_server_that_shows_that_it_is_inside_excuses_its_own_kind_only(at: str, to: str, allowed: bool) -> None:
    async def proof(place: Place, address: str) -> bool:
        return address != "10.6.6.6"

    found = routes.Routes(FAR, Names(mcp_example=at, auth_example=to), proof)
    if allowed:
        assert (await found.to("https://auth.example/")).addresses == (to,)
    else:
        with pytest.raises(DiscoveryError, match="the MCP server is not there"):
            await found.to("https://auth.example/")


async def test_a_server_that_is_inside_by_its_url_needs_no_proof() -> None:
    async def proof(place: Place, address: str) -> bool:
        raise AssertionError("nobody is asked")

    for url, to in (("https://10.0.0.1/mcp", "10.9.9.9"), ("http://localhost:3000/mcp", "127.0.0.1")):
        found = routes.Routes(here(url), Names(auth_example=to), proof)
        assert (await found.to("https://auth.example/")).addresses == (to,)


async def test_a_name_that_resolves_inside_for_a_login_only_opens_nothing_inside() -> None:
    """Its owner answers as they like at each question; what listens there has no certificate for the name."""
    asked = anyio.Event()

    async def trap(stream: anyio.abc.SocketStream) -> None:
        asked.set()
        await stream.aclose()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    names = Names(mcp_example="127.0.0.1", trap_example="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, trap)
        error, recorder = await refused(here(f"https://mcp.example:{port}/mcp"), "https://trap.example:8443/x", names)
        with anyio.fail_after(5):
            await asked.wait()
        tasks.cancel_scope.cancel()
    assert "trap.example (127.0.0.1) is an address of this machine, and the MCP server is not there" in error.title
    assert broken(recorder) == ["net.address"]


async def test_the_entry_can_allow_every_address_and_that_is_remarked() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    async with scripted_http(handler) as server:
        port = urlsplit(server.url).port
        place = Place("far", "https://mcp.example/mcp", OAuthSettings(allow_insecure=True))
        names = Names(mcp_example="93.184.216.34", auth_example="127.0.0.1")
        answer, recorder = await fetched(place, f"http://auth.example:{port}/x", names)
        assert server.seen[0].headers["host"] == f"auth.example:{port}"
    assert answer.status == 200
    assert [(each.rule, each.passed) for each in recorder.steps[0].verdicts] == [
        ("net.https", None),
        ("net.address", None),
    ]


async def test_a_name_is_resolved_once_and_its_next_address_is_tried_when_nobody_answers_at_one() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    async with scripted_http(handler) as server:
        port = urlsplit(server.url).port
        names = Names(auth_example="127.0.0.2 127.0.0.1")
        place = here(server.url, allow_insecure=True)
        async with Guarded(place, Recorder(), lookup=names) as fetch:
            for _ in range(2):
                answer = await fetch.fetch(LoginPhase.SERVER, "x", "POST", f"http://auth.example:{port}/x", form={})
                assert answer.status == 200
                names.known["auth.example"] = ("10.0.0.5",)  # rebinding: too late
    assert names.asked == ["auth.example"]


async def test_this_machine_is_reached_by_name_whichever_address_the_server_listens_at() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    async with scripted_http(handler) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        names = Names(localhost="10.0.0.5")
        answer, recorder = await fetched(here(url), url, names)
        assert server.seen[0].headers["host"] == urlsplit(url).netloc
    assert (answer.status, answer.url, names.asked) == (200, url, [])
    assert recorder.steps[0].request is not None and recorder.steps[0].request.line == f"GET {url}"


# TLS and proxies


class Secure:
    """An HTTPS server for two names that notes who was asked for and which certificate was shown."""

    def __init__(self, authority: Authority) -> None:
        self.seen: list[tuple[str | None, str, bool]] = []
        self.proved: list[str | None] = []
        """Names of handshakes without a request."""
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self._contexts = {host: self._context(authority, host) for host in ("mcp.example", "auth.example")}
        self.context.load_cert_chain(*self._pair(authority, "mcp.example"))
        self.context.sni_callback = self._named
        self._asked: str | None = None

    def _pair(self, authority: Authority, host: str) -> tuple[str, str]:
        pair = authority.issue(f"server-{host}", host=host)
        return pair.cert, pair.key

    def _context(self, authority: Authority, host: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_cert_chain(*self._pair(authority, host))
        return context

    def _named(self, stream: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        self._asked = name
        if name in self._contexts:
            stream.context = self._contexts[name]

    async def serve(self, stream: TLSStream) -> None:
        async with stream:
            try:
                head = (await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", 65_536)).decode()
            except (anyio.IncompleteRead, anyio.BrokenResourceError):
                self.proved.append(self._asked)
                return
            host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
            shown = bool(stream.extra(anyio.streams.tls.TLSAttribute.peer_certificate, None))
            self.seen.append((self._asked, host, shown))
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


async def test_the_pinned_connection_is_verified_by_name_and_our_certificate_goes_to_the_mcp_server_only(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    client = authority.issue("client")
    secure = Secure(authority)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    names = Names(mcp_example="127.0.0.1", auth_example="127.0.0.1", other_example="127.0.0.1")
    place = Place(
        "secure", f"https://mcp.example:{port}/mcp", OAuthSettings(), Tls(authority.file, client.cert, client.key)
    )
    async with TLSListener(listener, secure.context, False) as secured, anyio.create_task_group() as tasks:
        tasks.start_soon(secured.serve, secure.serve)
        async with Guarded(place, Recorder(), lookup=names) as fetch:
            for host in ("mcp.example", "auth.example"):
                await fetch.fetch(LoginPhase.SERVER, "x", "GET", f"https://{host}:{port}/x")
            with pytest.raises(ConnectError, match=r"TLS with other\.example"):
                await fetch.fetch(LoginPhase.SERVER, "x", "GET", f"https://other.example:{port}/x")
        tasks.cancel_scope.cancel()
    assert secure.seen == [
        ("mcp.example", f"mcp.example:{port}", True),
        ("auth.example", f"auth.example:{port}", False),
    ]
    assert secure.proved == ["mcp.example"]


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://auth.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://auth.example/", "http://proxy:3128"),
        ({"HTTPS_PROXY": "proxy:3128"}, "https://auth.example/", "http://proxy:3128"),
        ({"ALL_PROXY": "http://proxy:3128"}, "https://auth.example/", "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "https://auth.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "auth.example"}, "https://auth.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example"}, "https://auth.example/", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "https://auth.example/", None),
    ],
)
async def test_a_proxy_of_the_environment_is_used_and_what_is_known_of_the_name_is_judged(
    environment: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    names = Names(auth_example="93.184.216.34")
    route = await routes.Routes(FAR, names).to(url)
    assert route.proxy == proxy
    assert (route.addresses, route.unseen) == (() if proxy else ("93.184.216.34",), "")
    assert names.asked == ["auth.example"]


async def test_behind_a_proxy_a_name_that_is_known_to_be_inside_is_refused_and_an_unknown_one_remarked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def proxy(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    monkeypatch.setattr(routes, "BEHIND_PROXY_SECONDS", 0.05)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with scripted_http(proxy) as between:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        names = Names(mcp_example="10.0.0.1", inside_example="10.0.0.5", far_example="93.184.216.34")
        error, recorder = await refused(FAR, "https://inside.example/", names)
        assert "inside.example (10.0.0.5) is an address of a private network" in error.title
        assert broken(recorder) == ["net.address"]
        assert between.seen == []
    found = routes.Routes(FAR, names)
    assert await found.to("https://mcp.example/x") == routes.Route(between.url)  # where the entry itself leads
    assert await found.to("https://far.example/") == routes.Route(between.url)
    unknown = routes.Route(between.url, unseen="the proxy resolves the name")
    assert await found.to("https://nobody.example/") == unknown

    async def never(host: str, port: int) -> tuple[str, ...]:
        await anyio.sleep_forever()
        return ()

    assert await routes.Routes(FAR, never).to("https://slow.example/") == unknown


async def test_an_address_that_nobody_here_knows_is_not_said_to_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def known(_: object, url: str) -> routes.Route:
        return routes.Route(addresses=("127.0.0.1",), unseen="the proxy resolves the name")

    async def handler(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b"{}")

    monkeypatch.setattr(routes.Routes, "to", known)
    async with scripted_http(handler) as server:
        _, recorder = await fetched(here(server.url), server.url)
    (judged,) = [each for each in recorder.steps[0].verdicts if each.rule == "net.address"]
    assert (judged.passed, judged.wrong) == (None, "the proxy resolves the name")


async def test_a_host_without_proxy_is_reached_directly_at_whichever_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"by": "proxy"}')

    async def direct(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"by": "server"}')

    async with scripted_http(proxy) as between, scripted_http(direct) as server:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        monkeypatch.setenv("NO_PROXY", "auth.example")
        # Nobody listens at the first address; a proxy would not know that it is one of auth.example's.
        names = Names(auth_example="127.0.0.2 127.0.0.1")
        url = f"http://auth.example:{urlsplit(server.url).port}/x"
        answer, _ = await fetched(here(server.url, allow_insecure=True), url, names)
        assert answer.json() == {"by": "server"}
        assert between.seen == []


async def test_a_proxy_is_never_asked_for_an_address_inside_nor_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def proxy(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"by": "proxy"}')

    async def direct(exchange: Exchange) -> None:
        await exchange.answer("200 OK", b'{"by": "server"}')

    async with scripted_http(proxy) as between, scripted_http(direct) as server:
        monkeypatch.setenv("HTTP_PROXY", between.url)
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        answer, _ = await fetched(here(server.url), server.url)
        assert answer.json() == {"by": "server"}
        answer, _ = await fetched(here(server.url, allow_insecure=True), "http://auth.example/x")
        assert answer.json() == {"by": "proxy"}
        assert between.seen[0].path == "http://auth.example/x"
        for url in ("https://10.0.0.5/", "https://169.254.169.254/", "https://0x7f.1/", "https://localhost/"):
            error, _ = await refused(FAR, url)
            assert "the MCP server is not there" in error.title
        assert len(between.seen) == 1
