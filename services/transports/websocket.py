"""WebSocket: one JSON message a text frame, subprotocol ``mcp`` (protocol section 14).

Owns the upgrade, the reading of frames and the pings that keep the connection alive. The library answers
pings and stops reading from the socket while frames wait, so a reader that falls behind slows its server
down. Its own keep-alive is off: it would take that for a server that does not answer.
Never follows a redirect to another origin: headers with secrets stay where they belong.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import anyio
import websockets.exceptions
from websockets.typing import Subprotocol

from .. import http
from ..auth.seam import Authorizer
from ..config.urls import is_loopback
from ..errors import (
    AuthorizationRequired,
    ConnectError,
    ConnectionLost,
    FrameTooLarge,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    TransportTimeout,
)
from ..models import TransportKind, WebSocketTarget
from ..telemetry.library_logs import nobody
from .admission import Admission, Try
from .base import LIMIT_HINT, MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .http_exchange import STATUS_HINTS
from .own_headers import OwnHeaders
from .upgrade import Connect, Upgrade

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SUBPROTOCOL = "mcp"
OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
PING_INTERVAL = 20.0
"""Seconds between pings: what stands between us and a server forgets a connection on which nothing passes."""
PING_TIMEOUT = 120.0
"""Seconds without an answer to a ping: a server that computes on its loop for a minute is busy, not gone."""
WAITING_FRAMES = 16
"""Frames that may wait before the socket is no longer read."""
TOO_BIG = 1009
"""Close code: a message larger than we accept (RFC 6455, section 7.4.1)."""
_BROKEN_RULES = (1002, 1007)
"""Close codes that we send when the peer breaks the WebSocket protocol."""


class WebSocketTransport(Transport):
    """One WebSocket to one server. The protocol is the one of a shared channel, as on stdio."""

    kind = TransportKind.WS

    def __init__(
        self,
        target: WebSocketTarget,
        hooks: Hooks,
        *,
        max_frame: int = MAX_FRAME,
        open_timeout: float = OPEN_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
        ping_timeout: float = PING_TIMEOUT,
        auth: Authorizer | None = None,
    ) -> None:
        self._target = target
        self._own = OwnHeaders(target.headers, target.helper, hooks)
        self._admission = Admission(self._own, auth, hooks)
        self._host = http.host_of(target.url)
        self._hooks = hooks
        self._max_frame = max_frame
        self._open_timeout = open_timeout
        self._ping_interval = ping_interval
        self._ping_timeout = ping_timeout
        self._socket: ClientConnection | None = None
        self._turn = anyio.Lock(fast_acquire=True)
        self._binary = False
        self._pauses = 0
        self._paused = False
        self._silent = False

    async def __aenter__(self) -> Self:
        await self._own.prepare()
        self._socket = await self._upgraded()
        if self._socket.subprotocol is None:
            self._hooks.note(f'The server did not choose the subprotocol "{SUBPROTOCOL}".')
        return self

    async def _upgraded(self) -> ClientConnection:
        """The open socket. An upgrade that is refused is asked for again where a helper or a login gives other headers.

        Raises what the login says stands in the way.
        """
        reply = await self._admission.let_in("GET", self._target.url, Try(), self._upgrade)
        if isinstance(reply.came, websockets.exceptions.InvalidStatus):
            raise self._status(reply.came) from reply.came
        return reply.came

    async def _upgrade(self, headers: Mapping[str, str]) -> Upgrade:
        try:
            return Upgrade(await self._connected(headers), self._hooks)
        except websockets.exceptions.InvalidStatus as error:
            return Upgrade(error, self._hooks)

    async def _connected(self, headers: Mapping[str, str]) -> ClientConnection:
        """Raises ``InvalidStatus`` where the server answers with another status, else what went wrong as ours."""
        url = self._target.url
        options: dict[str, Any] = {}
        if urlsplit(url).scheme.lower() == "wss":
            options["ssl"] = http.ssl_context(self._target.tls)
        try:
            return await Connect(
                url,
                additional_headers=dict(headers),
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                user_agent_header=http.USER_AGENT,
                logger=nobody(),
                proxy=None if is_loopback(urlsplit(url).hostname) else True,
                open_timeout=self._open_timeout,
                close_timeout=CLOSE_TIMEOUT,
                ping_interval=None,
                max_size=self._max_frame,
                max_queue=WAITING_FRAMES,
                **options,
            )
        except (McpDeckError, websockets.exceptions.InvalidStatus):
            raise
        except (OSError, ValueError, ImportError, EOFError, websockets.exceptions.WebSocketException) as error:
            raise self._refused(error) from error

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._socket is not None
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CLOSE_TIMEOUT + 1):
                await self._socket.close()
            self._socket.transport.abort()  # nothing happens where it is closed already

    async def run(self, deliver: Deliver) -> None:
        assert self._socket is not None
        reason: McpDeckError = ConnectionLost("the connection was closed")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_alive, self._socket)
            reason = await self._read(self._socket, deliver)
            tasks.cancel_scope.cancel()
        raise reason

    async def _read(self, socket: ClientConnection, deliver: Deliver) -> McpDeckError:
        """Returns why there is nothing more to read."""
        pacer = Pacer()
        try:
            while True:
                message = await socket.recv()
                if isinstance(message, str):
                    message = message.encode()
                elif not self._binary:
                    self._binary = True
                    self._hooks.note(
                        "The server sends binary frames; MCP over WebSocket is text. They are read as text."
                    )
                until = deliver(Frame(message, time.time()))
                if until is not None:
                    self._paused = True
                    self._pauses += 1
                await pacer.tick(until)
                self._paused = False
        except websockets.exceptions.ConnectionClosed as closed:
            return self._ended(closed)

    async def _keep_alive(self, socket: ClientConnection) -> None:
        """Ping, and cut the connection when no answer comes while the socket is read all the time."""
        try:
            while True:
                await anyio.sleep(self._ping_interval)
                paused, pauses = self._paused, self._pauses
                with anyio.move_on_after(self._ping_timeout) as waiting:
                    await (await socket.ping())
                # An answer may lie in the socket that was not read for a while: then the next ping tells.
                if waiting.cancelled_caught and not paused and pauses == self._pauses:
                    self._silent = True
                    socket.transport.abort()
                    return
        except (websockets.exceptions.ConnectionClosed, OSError):
            return  # whoever reads says how it ended

    async def send(self, message: Outgoing) -> None:
        assert self._socket is not None
        try:
            async with self._turn:
                # First what was written before: callers that give up on a server that does not read thus leave
                # nothing behind, where else the buffer would grow by one message for each.
                await self._socket.drain()
                await self._socket.send(message.data, text=True)
        except OSError as error:  # of a connection that broke while the buffer was full
            raise ConnectionLost(f"the WebSocket broke: {error}", retryable=True) from error
        except websockets.exceptions.ConnectionClosed as closed:
            raise self._ended(closed) from closed

    # What went wrong

    def _ended(self, closed: websockets.exceptions.ConnectionClosed) -> McpDeckError:
        if self._silent:
            return ConnectionLost(
                f"the server did not answer a ping within {self._ping_timeout:g} s",
                hint="It may hang, or the network between is gone.",
                retryable=True,
            )
        sent, received = closed.sent, closed.rcvd
        if sent is not None and not closed.rcvd_then_sent:
            if sent.code == TOO_BIG:
                return FrameTooLarge(
                    f"a message of more than {self._max_frame:,} bytes arrived ({sent.reason or 'too large'})",
                    hint=LIMIT_HINT,
                )
            if sent.code in _BROKEN_RULES:
                return RemoteProtocolError(
                    f"the server broke the WebSocket protocol ({sent.code}: {sent.reason or 'no reason'})",
                    hint="See the server's own log.",
                )
        frame = received or sent
        how = f"code {frame.code}" + (f": {frame.reason}" if frame.reason else "") if frame else "no closing handshake"
        return ConnectionLost(
            f"the server closed the WebSocket ({how})", hint="See the server's own log.", retryable=True
        )

    def _refused(self, error: Exception) -> McpDeckError:
        match error:
            case TimeoutError():
                return TransportTimeout(
                    f"no WebSocket to {self._host} within {self._open_timeout:g} s",
                    hint="Check the host and your network; is it a WebSocket endpoint?",
                )
            case websockets.exceptions.InvalidProxy() | ImportError():
                return http.unusable_proxy(error)
            case websockets.exceptions.ProxyError():
                return ConnectError(f"the proxy refused: {error}", hint="Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.")
            case websockets.exceptions.InvalidURI():
                return ConnectError(
                    f"not a URL that can be used at {self._host}", hint="It must start with ws:// or wss://."
                )
            case websockets.exceptions.InvalidHeader() if error.name in {*self._own.current, "Authorization", "DPoP"}:
                return self._no_upgrade()
            case websockets.exceptions.InvalidHandshake() | websockets.exceptions.WebSocketException() | EOFError():
                secure = f" {http.MAYBE_TLS}" if self._target.url.lower().startswith("wss:") else ""
                return ConnectError(
                    f"{self._host} did not open a WebSocket: {error}", hint=f"Is it a WebSocket endpoint?{secure}"
                )
            case OSError():
                return http.connect_error(error, self._host)
            case _:
                return self._no_upgrade()

    def _no_upgrade(self) -> ConnectError:
        """The library's message holds the header's value, which may be a secret."""
        return ConnectError(
            f"the upgrade request to {self._host} cannot be made",
            hint="Check the URL and the headers of the entry: a character beyond ASCII, or a line break.",
        )

    def _status(self, error: websockets.exceptions.InvalidStatus) -> McpDeckError:
        response = error.response
        status = response.status_code
        reply = Upgrade(error, self._hooks)
        reply.put_down()
        challenges = reply.challenges
        if status in (401, 403):
            if self._own.authorizes:
                return self._own.refusal(status)
            if status == 401 or challenges:
                return AuthorizationRequired(
                    f"the server wants a login ({status})",
                    hint="With a token at hand: put it into the entry's headers as Authorization: Bearer … "
                    "(for a URL on the command line: --header).",
                    status=status,
                    challenges=challenges,
                )
        known = STATUS_HINTS.get(status) if status in (403, 429) or status >= 500 else None
        return HttpStatusError(
            f"the upgrade was answered with status {status}",
            status=status,
            body=reply.body,
            hint=known or "Is this URL a WebSocket endpoint?",
            retryable=status == 429 or status >= 500,
        )


class IdeWebSocketTransport(WebSocketTransport):
    """The same, offered by an IDE's lock file; its token is among the headers."""

    kind = TransportKind.WS_IDE
