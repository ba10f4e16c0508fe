"""The listener on this machine that a browser comes back to after a login (RFC 8252, section 7.3).

Owns the sockets, which requests count, and what a browser is shown. Never listens on anything but the loopback
addresses, never puts anything of a request into an answer, and never looks at more of an answer than the one who
waits for it says (``expect``): a request with a wrong ``state`` is told so, and waiting goes on.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream, TaskGroup

from ..errors import AuthError, ConfigError
from ..models import OAuthSettings
from ..state.text import one_line
from .callback_pages import Page
from .kinds import Client
from .redirect import LONGEST

if TYPE_CHECKING:
    from anyio.streams.stapled import MultiListener

PATH = "/callback"
PORT_VARIABLE = "MCP_OAUTH_CALLBACK_PORT"
_HEAD_LIMIT = LONGEST + 16_384
"""Bytes of a request before its empty line: the address, and what a browser says about itself."""
_SECONDS = 10.0
"""For one request from its first to its last byte, and for each answer."""
_AT_ONCE = 32
"""Connections; a browser opens two or three."""
_REQUEST = re.compile(r"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.[01]")
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}

Judge = Callable[[str], Page]


class Callback:
    """An async context manager: listening inside of it, every socket closed at its end.

    ``port``: the one that was registered, then the address is ``http://localhost:PORT/callback`` (on 127.0.0.1, and
    on ::1 where there is IPv6); None: a free one, ``http://127.0.0.1:PORT/callback``. ``preferred``: the free port
    of an earlier registration, taken again if it can be had.
    """

    def __init__(self, port: int | None = None, *, preferred: int | None = None) -> None:
        self._port = port
        self._preferred = preferred
        self._stack = AsyncExitStack()
        self._tasks: TaskGroup | None = None
        self._judge: Judge | None = None
        self._came = anyio.Event()
        self._url = ""
        self._uri = ""
        self._names: frozenset[str] = frozenset()
        self._room = anyio.CapacityLimiter(_AT_ONCE)

    @property
    def redirect_uri(self) -> str:
        """Where the authorization server is to send the browser."""
        return self._uri

    def expect(self, judge: Judge) -> None:
        """From now on a visit of the callback counts: ``judge`` says of its whole address what the browser is shown.

        ``GOOD`` and ``BAD`` are the answer to the login, whatever it says; with ``STRAY`` waiting goes on.
        """
        self._judge = judge

    async def arrived(self) -> str:
        """The whole address that the browser came back with, once it was shown a page."""
        await self._came.wait()
        return self._url

    async def __aenter__(self) -> Self:
        """Raises ``AuthError`` where the port cannot be had."""
        listeners = await self._listeners()
        port = listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 (no Django here)
        host = "127.0.0.1" if self._port is None else "localhost"
        self._uri = f"http://{host}{'' if port == 80 else f':{port}'}{PATH}"
        self._names = frozenset(
            f"{name}{suffix}"
            for name in ("localhost", "127.0.0.1", "[::1]")
            for suffix in (f":{port}", *([""] if port == 80 else []))
        )
        for listener in listeners:
            await self._stack.enter_async_context(listener)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        for listener in listeners:
            self._tasks.start_soon(listener.serve, self._connection)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, None
        try:
            if tasks is not None:
                tasks.cancel_scope.cancel()
                # What went wrong inside is not the tasks': it goes on by itself, not in a group of errors.
                await tasks.__aexit__(None, None, None)
        finally:
            with anyio.CancelScope(shield=True):
                await self._stack.aclose()

    # listening

    async def _listeners(self) -> list[MultiListener[SocketStream]]:
        if self._port is None:
            for port in (self._preferred, 0):
                if port is None:
                    continue
                try:
                    return [await _listen("127.0.0.1", port)]
                except OSError as error:
                    if port == 0:
                        raise AuthError(
                            f"no port of this machine can be listened on for the end of the login: {error.strerror}",
                            hint="Log in without a listener: mcpdeck login --no-browser.",
                        ) from error
        return await self._fixed(self._port or 0)

    async def _fixed(self, port: int) -> list[MultiListener[SocketStream]]:
        """Both loopback addresses: whoever had the other one would be sent the browsers that try it first."""
        found: list[MultiListener[SocketStream]] = []
        try:
            found.append(await _listen("127.0.0.1", port))
            if socket.has_ipv6:
                found.append(await _listen("::1", port))
        except OSError as error:
            if len(found) == 1 and error.errno in _NO_IPV6:
                return found
            for listener in found:
                await listener.aclose()
            raise _taken(port, error) from error
        return found

    # one visit

    async def _connection(self, stream: SocketStream) -> None:
        try:
            self._room.acquire_on_behalf_of_nowait(stream)
        except anyio.WouldBlock:
            await stream.aclose()
            return
        try:
            async with stream:
                with anyio.move_on_after(_SECONDS):
                    await self._visit(stream)
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # a browser that went away
        finally:
            self._room.release_on_behalf_of(stream)

    async def _visit(self, stream: SocketStream) -> None:
        head = await _head(stream)
        if head is None:
            return
        page, url = self._answer(head)
        await stream.send(page.value)
        if url is not None:
            self._url = url
            self._came.set()
        await stream.send_eof()
        # A connection that is closed over bytes nobody read is reset, and the page may be lost with it.
        try:
            while await stream.receive():
                pass
        except anyio.EndOfStream:
            pass

    def _answer(self, head: bytes) -> tuple[Page, str | None]:
        """The page for a request, and the address it came to where that is the answer to the login."""
        first, *lines = head.decode("latin-1").split("\r\n")
        request = _REQUEST.fullmatch(first)
        hosts = [value.strip().lower() for name, _, value in map(_split, lines) if name.strip().lower() == "host"]
        # Another name for this address is another site's: DNS rebinding (protocol section 39).
        if request is None or len(hosts) != 1 or hosts[0] not in self._names:
            return Page.UNREADABLE, None
        method, target = request.groups()
        path, _, query = target.partition("?")
        if path != PATH or self._judge is None or self._came.is_set():
            return Page.NOT_FOUND, None
        if method != "GET":
            return Page.METHOD, None
        url = f"{self._uri}?{query}"
        page = self._judge(url)
        if page is Page.STRAY:
            return page, None
        self._judge = None  # the first answer is the only one
        return page, url


def configured_port(settings: OAuthSettings, environ: Mapping[str, str]) -> int | None:
    """The fixed port of the callback: configured, or from the environment; None: a free one.

    Raises ``ConfigError`` for what is no port.
    """
    if settings.callback_port is not None:
        return settings.callback_port or None
    text = environ.get(PORT_VARIABLE, "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535:
        return int(text) or None
    raise ConfigError(
        f"{PORT_VARIABLE} is no port: {one_line(text, 40)}", hint="Set it to a number from 1 to 65535, or not at all."
    )


def free_port_of(kept: Client | None) -> int | None:
    """The port of an earlier registration with a free port."""
    parts = urlsplit(kept.redirect_uri or "") if kept is not None else None
    return parts.port if parts is not None and parts.hostname == "127.0.0.1" else None


def _split(line: str) -> tuple[str, str, str]:
    return line.partition(":")


async def _listen(host: str, port: int) -> MultiListener[SocketStream]:
    return await anyio.create_tcp_listener(local_host=host, local_port=port)


async def _head(stream: SocketStream) -> bytes | None:
    """A request up to its empty line; None where none came, or one that is too long."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            data += await stream.receive(4_096)
        except anyio.EndOfStream:
            return None
        if len(data) > _HEAD_LIMIT:
            return None
    return data.partition(b"\r\n\r\n")[0]


def _taken(port: int, error: OSError) -> AuthError:
    why = {
        errno.EADDRINUSE: "another program listens there",
        errno.EACCES: "ports below 1024 are for the system",
    }.get(error.errno or 0, error.strerror or "it cannot be listened on")
    return AuthError(
        f"port {port}, where the browser is to come back after the login, cannot be had: {why}",
        hint='End what uses it (another login?), or take another port: "callbackPort" in the entry\'s "oauth" or '
        "MCP_OAUTH_CALLBACK_PORT; the authorization server must know the new redirect address.",
        details={"port": port},
    )
