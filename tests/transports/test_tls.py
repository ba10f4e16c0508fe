"""TLS of the remote transports: a private CA, a client certificate, versions, and files that are wrong."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
from websockets.asyncio.server import ServerConnection, serve

from mcpdeck.services import http
from mcpdeck.services.connections.targets import open_transport
from mcpdeck.services.errors import ConfigError, ConnectError, McpDeckError
from mcpdeck.services.models import HttpTarget, SseTarget, Tls, TransportKind, WebSocketTarget
from mcpdeck.services.transports.base import Frame, Hooks, Outgoing
from tests.servers.certificates import Authority, Pair

REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
ANSWER = b'{"jsonrpc":"2.0","id":1,"result":{}}'
KINDS = [TransportKind.HTTP, TransportKind.SSE, TransportKind.WS]
each_transport = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shown(authority: Authority) -> Pair:
    return authority.issue("server")


def context(pair: Pair, client_ca: str | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    made.load_cert_chain(pair.cert, pair.key)
    if client_ca is not None:
        made.verify_mode = ssl.CERT_REQUIRED
    if newest is not None:
        made.maximum_version = newest
    return made


class Handler(BaseHTTPRequestHandler):
    """Every GET begins an event stream with an endpoint, every POST is answered with ``ANSWER``."""

    protocol_version = "HTTP/1.1"
    server: Served  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"event: endpoint\ndata: /m\n\n")
        self.wfile.flush()
        self.server.over.wait(15)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        pass


class Served(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, secure: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secure = secure
        self.over = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self.secure.wrap_socket(request, server_side=True) as socket:
            super().finish_request(socket, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@asynccontextmanager
async def over_http(secure: ssl.SSLContext) -> AsyncGenerator[int]:
    with Served(secure) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.over.set()
            server.shutdown()
            thread.join(5)


@asynccontextmanager
async def over_websocket(secure: ssl.SSLContext) -> AsyncGenerator[int]:
    async def talk(socket: ServerConnection) -> None:
        async for _ in socket:
            await socket.send(ANSWER.decode())

    async with serve(talk, "127.0.0.1", 0, ssl=secure) as server:
        [socket] = server.sockets
        yield socket.getsockname()[1]


async def asked(kind: TransportKind, secure: ssl.SSLContext, tls: Tls | None, host: str = "127.0.0.1") -> bytes:
    """What one request over TLS is answered with."""
    async with over_websocket(secure) if kind is TransportKind.WS else over_http(secure) as port:
        target = {
            TransportKind.HTTP: lambda: HttpTarget(f"https://{host}:{port}/mcp", tls=tls),
            TransportKind.SSE: lambda: SseTarget(f"https://{host}:{port}/sse", tls=tls),
            TransportKind.WS: lambda: WebSocketTarget(f"wss://{host}:{port}/", tls=tls),
        }[kind]()
        frames: list[Frame] = []
        problem: list[McpDeckError] = []
        message = Outgoing(REQUEST, "request", 1, "ping")
        arrived = anyio.Event()

        def deliver(frame: Frame) -> None:
            frames.append(frame)
            message.settled = True
            arrived.set()

        async def talk() -> None:
            async with open_transport(target, Hooks()) as transport, anyio.create_task_group() as tasks:

                async def run() -> None:
                    try:
                        await transport.run(deliver)
                    except McpDeckError as error:
                        problem.append(error)
                        arrived.set()

                tasks.start_soon(run)
                await anyio.wait_all_tasks_blocked()
                try:
                    await transport.send(message)
                    await arrived.wait()
                except McpDeckError as error:
                    problem.append(error)
                tasks.cancel_scope.cancel()

        with anyio.fail_after(15):
            try:
                await talk()
            except McpDeckError as error:
                problem.append(error)
    if problem:
        raise problem[0]
    return frames[0].data


@each_transport
async def test_a_private_ca_is_trusted_where_the_entry_names_it(
    kind: TransportKind, authority: Authority, shown: Pair
) -> None:
    assert await asked(kind, context(shown), Tls(ca=authority.file)) == ANSWER


@each_transport
async def test_without_it_the_error_says_where_to_name_it(kind: TransportKind, shown: Pair) -> None:
    with pytest.raises(ConnectError) as caught:
        await asked(kind, context(shown), None)
    assert "TLS with 127.0.0.1" in caught.value.title
    assert '"tls": {"ca"' in caught.value.hint
    assert not caught.value.retryable


@each_transport
async def test_another_ca_is_not_the_one(kind: TransportKind, shown: Pair, tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="certificate verify failed"):
        await asked(kind, context(shown), Tls(ca=Authority(tmp_path, "other").file))


@each_transport
async def test_a_certificate_for_another_name_or_out_of_date_is_refused(
    kind: TransportKind, authority: Authority
) -> None:
    with pytest.raises(ConnectError) as caught:
        await asked(kind, context(authority.issue("named", host="elsewhere.invalid")), Tls(ca=authority.file))
    assert "another name" in caught.value.hint
    with pytest.raises(ConnectError) as caught:
        await asked(kind, context(authority.issue("old", days=-1)), Tls(ca=authority.file))
    assert "out of date" in caught.value.hint


@each_transport
async def test_a_client_certificate_is_shown_and_its_absence_is_explained(
    kind: TransportKind, authority: Authority, shown: Pair
) -> None:
    ours = authority.issue("client")
    wants = context(shown, client_ca=authority.file)
    assert await asked(kind, wants, Tls(ca=authority.file, cert=ours.cert, key=ours.key)) == ANSWER
    with pytest.raises(McpDeckError) as caught:
        await asked(kind, wants, Tls(ca=authority.file))
    assert "client certificate" in caught.value.hint, caught.value.title


def join(both: Path, pair: Pair) -> None:
    both.write_text(Path(pair.cert).read_text() + Path(pair.key).read_text())


async def test_certificate_and_key_may_stand_in_one_file(authority: Authority, shown: Pair, tmp_path: Path) -> None:
    ours = authority.issue("both")
    both = tmp_path / "both.pem"
    join(both, ours)
    tls = Tls(ca=authority.file, cert=str(both))
    assert await asked(TransportKind.HTTP, context(shown, client_ca=authority.file), tls) == ANSWER


@each_transport
async def test_the_least_version_is_kept_to(kind: TransportKind, authority: Authority, shown: Pair) -> None:
    old = context(shown, newest=ssl.TLSVersion.TLSv1_2)
    assert await asked(kind, old, Tls(ca=authority.file, minimum="1.2")) == ANSWER
    with pytest.raises(ConnectError) as caught:
        await asked(kind, old, Tls(ca=authority.file, minimum="1.3"))
    assert "minVersion" in caught.value.hint, caught.value.title


def test_nothing_below_tls_1_2_is_spoken_by_default() -> None:
    assert http.ssl_context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert http.ssl_context(Tls(minimum="1.3")).minimum_version is ssl.TLSVersion.TLSv1_3


@each_transport
async def test_a_server_without_tls_is_said_to_have_none(kind: TransportKind, authority: Authority) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def talk(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        place = f"127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        tls = Tls(ca=authority.file)
        target = WebSocketTarget(f"wss://{place}/", tls=tls)
        if kind is not TransportKind.WS:
            target = (SseTarget if kind is TransportKind.SSE else HttpTarget)(f"https://{place}/", tls=tls)
        error: McpDeckError | None = None
        with anyio.fail_after(10):
            try:
                async with open_transport(target, Hooks()) as transport:
                    await transport.send(Outgoing(REQUEST, "request", 1, "ping"))
            except ConnectError as caught:
                error = caught
        tasks.cancel_scope.cancel()
    assert error is not None
    assert "Nothing there speaks TLS" in error.hint, error.title


class Files:
    """What can be wrong with the files of an entry."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.good = authority.issue("good")
        self.other = authority.issue("stranger")
        self.locked = authority.issue("locked", pass_phrase="hunter2")
        self.missing = str(folder / "missing.pem")
        self.text = self._write(folder / "notes.txt", "not a certificate\n")
        self.broken = self._write(
            folder / "broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        )
        self.folder = str(folder)

    def _write(self, path: Path, text: str) -> str:
        path.write_text(text)
        return str(path)


@pytest.mark.parametrize(
    ("choose", "what"),
    [
        (lambda f: (Tls(ca=f.missing), f.missing), "the CA file cannot be read: No such file"),
        (lambda f: (Tls(ca=f.folder), f.folder), "the CA file cannot be read: Is a directory"),
        (lambda f: (Tls(ca=f.text), f.text), "the CA file has no CERTIFICATE in it"),
        (lambda f: (Tls(ca=f.broken), f.broken), "no certificate that can be read"),
        (lambda f: (Tls(cert=f.missing, key=f.good.key), f.missing), "the client certificate cannot be read"),
        (lambda f: (Tls(cert=f.good.cert, key=f.missing), f.missing), "the key file cannot be read"),
        (lambda f: (Tls(cert=f.good.cert, key=f.text), f.text), "the key file has no PRIVATE KEY in it"),
        (lambda f: (Tls(cert=f.good.cert), f.good.cert), "(no key is named) has no PRIVATE KEY in it"),
        (lambda f: (Tls(cert=f.good.key, key=f.good.key), f.good.key), "has no CERTIFICATE in it"),
        (lambda f: (Tls(cert=f.good.cert, key=f.other.key), f.other.key), "does not belong to"),
        (lambda f: (Tls(cert=f.locked.cert, key=f.locked.key), f.locked.key), "has a pass phrase"),
        (lambda f: (Tls(cert=f.broken, key=f.good.key), f.broken), "cannot be read"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    authority: Authority, tmp_path: Path, choose: object, what: str
) -> None:
    tls, file = choose(Files(authority, tmp_path))  # pyright: ignore[reportCallIssue]
    for target in (
        HttpTarget("https://127.0.0.1:1/", tls=tls),
        SseTarget("https://127.0.0.1:1/", tls=tls),
        WebSocketTarget("wss://127.0.0.1:1/", tls=tls),
    ):
        with anyio.fail_after(5), pytest.raises(ConfigError) as caught:
            await open_transport(target, Hooks()).__aenter__()
        assert what in caught.value.title
        assert file in caught.value.title
        assert "PEM" in caught.value.hint
        assert not caught.value.retryable


async def test_a_store_of_the_environment_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        http.ssl_context()


def test_a_context_is_made_once_and_again_when_its_file_has_changed(authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(Path(authority.file).read_text())
    first = http.ssl_context(Tls(ca=str(file)))
    assert http.ssl_context(Tls(ca=str(file))) is first
    assert http.ssl_context() is http.ssl_context()
    file.write_text(Path(Authority(tmp_path, "new").file).read_text())
    os.utime(file, (1, 1))
    assert http.ssl_context(Tls(ca=str(file))) is not first


def test_a_proxy_of_the_environment_that_cannot_be_used_is_said_to_be_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for proxy in ("socks5://me:hunter2@127.0.0.1:1", "gopher://me:hunter2@h"):
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        with pytest.raises(ConnectError, match="proxy") as caught:
            http.client("https://server.invalid/")
        assert "hunter2" not in f"{caught.value.title}{caught.value.hint}"
