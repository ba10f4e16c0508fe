"""The request that becomes a WebSocket: redirects of it, and what came instead of an open socket.

Never follows a redirect to another origin: headers with secrets stay where they belong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import websockets.asyncio.client
import websockets.exceptions

from .. import http
from ..errors import ConnectError
from .base import BODY_KEPT, Hooks

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.http11 import Response

SWITCHED = 101
"""The status of an upgrade that was granted (RFC 9110, section 15.2.2)."""


class Upgrade:
    """What came of one upgrade: the open socket, or the answer instead, which is read off already."""

    def __init__(self, came: ClientConnection | websockets.exceptions.InvalidStatus, hooks: Hooks) -> None:
        self.came = came
        self._hooks = hooks

    @property
    def _response(self) -> Response | None:
        return self.came.response

    @property
    def status(self) -> int:
        return self._response.status_code if self._response is not None else SWITCHED

    @property
    def challenges(self) -> tuple[str, ...]:
        return tuple(self._response.headers.get_all("WWW-Authenticate")) if self._response is not None else ()

    @property
    def nonce(self) -> str | None:
        return self._response.headers.get("DPoP-Nonce") if self._response is not None else None

    @property
    def body(self) -> bytes:
        return bytes(self._response.body or b"")[:BODY_KEPT] if self._response is not None else b""

    async def set_aside(self) -> None:
        return

    def put_down(self) -> None:
        if self.body:
            self._hooks.body(f"body of {self.status} to the upgrade", self.body)


class Connect(websockets.asyncio.client.connect):
    """The library's connect, which would take our headers to any place the server names."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        before = self.uri
        headers = self.additional_headers
        location = super().process_redirect(exc)
        self.additional_headers = headers
        if not isinstance(location, str):
            return location
        try:
            same = http.same_origin(before, location)
        except (ValueError, httpx.InvalidURL):
            same = False
        if same:
            return location
        parts = urlsplit(location)
        return ConnectError(
            f"the server redirects to another place: {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
            hint="If you trust it, use that URL in the entry; credentials are never sent along.",
        )
