"""The stand-alone GET stream of the legacy shape (protocol section 12): what a server says unasked comes on it.

Owns opening it, opening it again, and giving up. Its loss never drops the connection, and it never logs in: where it
is refused it waits until somebody did.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import anyio

from ..auth.seam import Authorizer
from ..errors import AuthError, FrameTooLarge, HttpStatusError, McpDeckError
from .base import Hooks
from .event_stream import EventStream
from .http_body import media_type, start_of_body

if TYPE_CHECKING:
    import httpx

EVENTS = "text/event-stream"
ATTEMPTS = 5
"""How often in a row opening it may fail."""
STEADY = 5.0
"""Seconds after which a stream that ends is opened again without a growing pause."""


class StandingStream:
    """One connection's stream. ``get`` opens it, ``read`` delivers its messages until it ends.

    ``known`` is set once it is up, or is known to be refused.
    """

    def __init__(
        self,
        get: Callable[[EventStream], AbstractAsyncContextManager[httpx.Response]],
        read: Callable[[httpx.Response, EventStream], Awaitable[str]],
        put_down: Callable[[httpx.Response, bytes], None],
        hooks: Hooks,
        max_frame: int,
    ) -> None:
        self._get = get
        self._read = read
        self._put_down = put_down
        self._hooks = hooks
        self._max_frame = max_frame
        self.known = anyio.Event()

    async def keep(self, ended: Callable[[], bool], auth: Callable[[], Authorizer | None]) -> None:
        """Have it open until the connection has ``ended``, or it cannot be had. ``auth``: who may let it in later."""
        stream = EventStream(self._hooks, self._max_frame)
        attempt = failures = 0
        while not ended() and failures < ATTEMPTS:
            began = time.monotonic()
            try:
                async with self._get(stream) as response:
                    if media_type(response) != EVENTS:
                        self._hooks.note(f"GET was answered without an event stream ({response.status_code}).")
                        self._put_down(response, await start_of_body(response))
                        return
                    self.known.set()
                    failures = 0
                    await self._read(response, stream)
            except HttpStatusError as error:
                if error.status != 405:
                    self._hooks.note(f"No stand-alone stream: GET was answered with {error.status}.")
                if error.status < 500:
                    return
                failures += 1
            except AuthError as error:
                self._hooks.note(f"No stand-alone stream: {error.title}")
                # Nothing may come between the refusal and this: a token that was had then would be missed.
                later = auth()
                if later is None:
                    return
                self.known.set()
                await later.another()
                attempt = failures = 0
                continue
            except FrameTooLarge as error:
                # Going on after its last event would bring the same again.
                self._hooks.note(f"The stand-alone stream is left and opened anew: {error.title}")
                stream = EventStream(self._hooks, self._max_frame)
                failures += 1
            except McpDeckError as error:
                self._hooks.note(f"The stand-alone stream broke: {error.title}")
                failures += 1
            finally:
                self.known.set()
            steady = stream.messages or time.monotonic() - began > STEADY
            attempt = 0 if steady else attempt + 1
            await anyio.sleep(stream.delay(attempt))
