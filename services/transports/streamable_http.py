"""Streamable HTTP, both shapes: 2025-03-26 … 2025-11-25 with sessions, 2026-07-28 POST only.

Owns POST exchanges, response streams, the stand-alone GET stream, resumption and the session id
(protocol sections 10 and 12). Which headers a revision asks for comes from the era; a body is
decoded by the dispatcher, never here.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import anyio
import anyio.abc
import httpx

from .. import http
from ..errors import (
    ConnectError,
    ConnectionLost,
    FrameTooLarge,
    HttpStatusError,
    LocalProtocolError,
    McpDeckError,
    SessionExpired,
)
from ..models import EraName, HttpTarget, TransportKind
from .base import MAX_FRAME, Deliver, Frame, Hooks, Outgoing, Pacer, Transport
from .http_exchange import ERROR_BODY, HttpExchanges, media_type, no_answer, start_of_body, whole_body
from .sse_parser import SseParser

ACCEPT_BOTH = "application/json, text/event-stream"
SESSION_ID = re.compile(r"[\x21-\x7e]+")
RESUME_ATTEMPTS = 5
RESUME_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to resume a stream when the server named no ``retry``."""
GET_WAIT = 1.0
"""Seconds a tool call waits for the stand-alone stream: some servers ask their questions only there."""
DELETE_TIMEOUT = 2.0


class StreamableHttpTransport(Transport):
    """One MCP endpoint. Each ``send`` is one POST, run in the caller's task: leaving that task ends it."""

    kind = TransportKind.HTTP
    stream_per_request = True

    def __init__(self, target: HttpTarget, hooks: Hooks, *, max_frame: int = MAX_FRAME) -> None:
        self._http = HttpExchanges(target)
        self._hooks = hooks
        self._max_frame = max_frame
        self._tasks: anyio.abc.TaskGroup | None = None
        self._deliver: Deliver = _nobody
        self._session_id: str | None = None
        self._standing_headers: Mapping[str, str] = {}
        self._resumable = False
        self._broken: McpDeckError | None = None
        self._broke = anyio.Event()
        self._listening = anyio.Event()

    async def __aenter__(self) -> Self:
        self._http.open()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._tasks is not None
        self._tasks.cancel_scope.cancel()
        try:
            # Scopes nest: the group was entered before the shield below, so it is left before it.
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self._close()

    async def _close(self) -> None:
        """Give the session back and let the sockets go, bounded and shielded."""
        with anyio.CancelScope(shield=True):
            if self._session_id is not None and not isinstance(self._broken, SessionExpired):
                await self._delete()
            await self._http.aclose()

    async def run(self, deliver: Deliver) -> None:
        self._deliver = deliver
        await self._broke.wait()
        assert self._broken is not None
        raise self._broken

    async def established(self, era: EraName, headers: Mapping[str, str]) -> None:
        self._standing_headers = headers
        if era is EraName.LEGACY:
            self._resumable = True
            assert self._tasks is not None
            self._tasks.start_soon(self._listen)
        else:
            self._listening.set()

    async def send(self, message: Outgoing) -> None:
        if self._broken is not None:
            raise self._broken
        if message.method == "tools/call" and not self._listening.is_set():
            with anyio.move_on_after(GET_WAIT):
                await self._listening.wait()
            self._listening.set()  # one call waits, not every one: a server may hold the stream's headers back
        headers = {"Accept": ACCEPT_BOTH, "Content-Type": "application/json", **message.headers}
        async with self._exchange("POST", headers, message.data) as response:
            if message.method == "initialize":
                self._take_session_id(response)
            media = media_type(response)
            if message.kind != "request":
                return
            if response.status_code != 200 or media not in ("application/json", "text/event-stream"):
                # Read what it is: a person must see why this is no answer.
                body = await start_of_body(response)
                if media != "application/json" or not body:
                    raise no_answer(response, media, body)
                self._deliver(Frame(body, time.time()))
                return
            if media == "application/json":
                body = await whole_body(response, self._max_frame)
                self._deliver(Frame(body, time.time()))
                if not message.settled:
                    # It may still be this request's error, sent without its id (section 2).
                    raise HttpStatusError(
                        "the answer does not belong to the request", status=200, body=body[:ERROR_BODY]
                    )
                return
            parser = SseParser(self._max_frame)
            reason = await self._read_stream(response, parser, message)
        if not message.settled:
            await self._resume(parser, message, reason)

    @asynccontextmanager
    async def _exchange(
        self, method: str, headers: dict[str, str], body: bytes | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """One request in this session; what ends the session or the connection is noted on the way."""
        if self._session_id is not None:
            headers["Mcp-Session-Id"] = self._session_id
        try:
            async with self._http.request(method, headers, body) as response:
                yield response
        except HttpStatusError as error:
            # Only to POST: a server without a stand-alone stream may answer GET with 404 (section 46).
            if error.status != 404 or self._session_id is None or method != "POST":
                raise
            expired = SessionExpired(
                "the session is gone: the server does not know its id any more (404)",
                hint="A new session is being started; what was in flight is lost.",
                retryable=True,
            )
            self._break(expired)
            raise expired from error
        except ConnectError as error:
            if self._standing_headers:
                # It was there and is gone: the connection as a whole is lost.
                self._break(ConnectionLost(error.title, hint=error.hint, retryable=True))
            raise

    def _take_session_id(self, response: httpx.Response) -> None:
        value = response.headers.get("mcp-session-id")
        if value is None:
            return
        if SESSION_ID.fullmatch(value):
            self._session_id = value
        else:
            self._hooks.note("The server sent a session id with characters outside visible ASCII; it is not used.")

    async def _read_stream(self, response: httpx.Response, parser: SseParser, message: Outgoing | None) -> str:
        """Deliver a stream's events until it ends or ``message`` is answered; returns how it ended."""
        pacer = Pacer()
        try:
            async for chunk in response.aiter_bytes():
                for event in parser.feed(chunk):
                    # Priming and keep-alive events have no data (2025-11-25 transports, SSE polling).
                    if event.data and event.event == "message":
                        self._deliver(Frame(event.data, time.time()))
                    elif event.data:
                        self._hooks.note(f"An event of unknown type {event.event!r} was ignored.")
                    if message is not None and message.settled:
                        return "answered"
                    await pacer.tick()
        except (httpx.HTTPError, OSError) as error:
            return str(http.mapped(error, self._http.url))
        return "the stream ended before the answer"

    async def _resume(self, parser: SseParser, message: Outgoing, reason: str) -> None:
        """Get the rest of a broken response stream by GET with Last-Event-ID (section 12, Resumption)."""
        if not self._resumable or parser.last_id is None:
            raise ConnectionLost(
                f"the request is lost: {reason}",
                hint="The stream carried no event id, so it cannot be resumed. Call again.",
                retryable=True,
            )
        for attempt in range(RESUME_ATTEMPTS):
            await anyio.sleep(_delay(parser.retry, attempt))
            if message.settled:
                return
            headers = {"Accept": "text/event-stream", "Last-Event-ID": parser.last_id, **self._standing_headers}
            seen = parser.last_id
            try:
                async with self._exchange("GET", headers) as response:
                    self._hooks.note(f"Resumed a response stream after event {seen!r}.")
                    reason = await self._read_stream(response, parser, message)
            except (HttpStatusError, ConnectionLost) as error:
                if isinstance(error, HttpStatusError) and error.status < 500:
                    raise ConnectionLost(
                        f"the request is lost: {reason}",
                        hint=f"The server refused to resume the stream ({error.status}). Call again.",
                        retryable=True,
                    ) from error
                reason = error.title
            if message.settled:
                return
        raise ConnectionLost(f"the request is lost: {reason}", hint="Resuming failed several times.", retryable=True)

    async def _listen(self) -> None:
        """The stand-alone GET stream of the legacy shape; its loss never drops the connection."""
        parser = SseParser(self._max_frame)
        attempt = 0
        while True:
            headers = {"Accept": "text/event-stream", **self._standing_headers}
            if parser.last_id is not None:
                headers["Last-Event-ID"] = parser.last_id
            try:
                async with self._exchange("GET", headers) as response:
                    if media_type(response) != "text/event-stream":
                        self._hooks.note(f"GET was answered without an event stream ({response.status_code}).")
                        return
                    self._listening.set()
                    began = time.monotonic()
                    await self._read_stream(response, parser, None)
                    attempt = 0 if time.monotonic() - began > 5 else attempt + 1
            except HttpStatusError as error:
                if error.status != 405:
                    self._hooks.note(f"No stand-alone stream: GET was answered with {error.status}.")
                return
            except (McpDeckError, FrameTooLarge) as error:
                self._hooks.note(f"The stand-alone stream broke: {error.title}")
                attempt += 1
            finally:
                self._listening.set()
            if self._broken is not None or attempt > RESUME_ATTEMPTS:
                return
            await anyio.sleep(_delay(parser.retry, attempt))

    async def _delete(self) -> None:
        """Say goodbye to the session; a server may refuse (405), and nothing waits for it."""
        with anyio.move_on_after(DELETE_TIMEOUT):
            try:
                async with self._exchange("DELETE", dict(self._standing_headers)):
                    pass
            except McpDeckError:
                pass

    def _break(self, error: McpDeckError) -> None:
        if self._broken is None:
            self._broken = error
            self._broke.set()


def _nobody(frame: Frame) -> None:
    raise LocalProtocolError(f"{len(frame.data)} bytes came before anyone listened")


def _delay(retry: int | None, attempt: int) -> float:
    """Seconds to wait: what the server asked for, else our own with jitter."""
    if retry is not None:
        return retry / 1000
    return RESUME_DELAYS[min(attempt, len(RESUME_DELAYS) - 1)] * random.uniform(0.8, 1.2)
