"""One HTTP request to an MCP server and what its answer means.

Owns redirects within the origin, refusals by status, and reading bodies within bounds. Knows neither
sessions nor streams.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import anyio
import httpx

from .. import http
from ..errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    FrameTooLarge,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
)
from ..models import HttpTarget

ERROR_BODY = 65_536
"""Bytes of an unsuccessful answer that are kept."""
REDIRECTS = 3
CLOSE_TIMEOUT = 2.0


class HttpExchanges:
    """Requests to one URL with the entry's own headers. ``open`` it, ``aclose`` it."""

    def __init__(self, target: HttpTarget) -> None:
        self.url = target.url
        self._own_headers = dict(target.headers)
        self._has_authorization = any(name.lower() == "authorization" for name in self._own_headers)
        self._client: httpx.AsyncClient | None = None

    def open(self) -> None:
        self._client = http.client(self.url)

    async def aclose(self) -> None:
        """Let the sockets go, within ``CLOSE_TIMEOUT`` seconds."""
        if self._client is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT):
                await self._client.aclose()

    @asynccontextmanager
    async def request(
        self, method: str, headers: dict[str, str], body: bytes | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """One request and its successful answer; every other status is raised as what it means."""
        assert self._client is not None
        headers.update(self._own_headers)
        url = self.url
        for _ in range(REDIRECTS + 1):
            try:
                request = self._client.build_request(method, url, headers=headers, content=body)
                response = await self._client.send(request, stream=True)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                raise http.mapped(error, url) from error
            if response.status_code not in (307, 308):
                break
            location = _redirected(url, response)
            await response.aclose()
            if not http.same_origin(url, location):
                raise ConnectError(
                    f"the server redirects to another place: {location}",
                    hint="If you trust it, use that URL in the entry; credentials are never sent along.",
                )
            url = location
        else:
            raise ConnectError(f"the server redirects in a circle ({REDIRECTS} times)", hint="Check the URL.")
        try:
            if "," in response.headers.get("content-encoding", ""):
                # Packed once, 64 KiB become 64 MiB at the most; packed twice, they could fill the memory.
                raise RemoteProtocolError(
                    "the answer is compressed more than once", hint="The server must use one content encoding."
                )
            if response.status_code >= 300:
                raise await self._refusal(response)
            yield response
        except httpx.HTTPError as error:
            raise http.mapped(error, url) from error
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
                await response.aclose()

    async def _refusal(self, response: httpx.Response) -> McpDeckError:
        status = response.status_code
        body = await start_of_body(response)
        challenges = tuple(response.headers.get_list("www-authenticate"))
        if status in (401, 403):
            if self._has_authorization:
                return AuthorizationRefused(
                    f"the server refused the configured Authorization header ({status})",
                    hint="Check the token in the entry's headers: it may be wrong or expired.",
                )
            if status == 401 or challenges:
                return AuthorizationRequired(
                    f"the server wants a login ({status})",
                    hint="mcpdeck does not log in by itself. With a token at hand: put it into the entry's headers "
                    "as Authorization: Bearer … and start mcpdeck again (for a URL on the command line: --header).",
                    status=status,
                    challenges=challenges,
                )
        reason = f"{status} {response.reason_phrase}".strip()
        return HttpStatusError(
            f"the server answered {reason}",
            status=status,
            body=body,
            hint=STATUS_HINTS.get(status, "See the server's own log."),
            retryable=status == 429 or status >= 500,
        )


def no_answer(response: httpx.Response, media: str, body: bytes) -> McpDeckError:
    """The error for an answer that carries no message: what it carries instead."""
    if response.status_code != 200:
        title = f"a request was answered with status {response.status_code} and no message"
    else:
        title = f"a request was answered with {media or 'no content type'} instead of JSON or an event stream"
    shown = body[:200].decode("utf-8", "replace")
    return RemoteProtocolError(
        title, hint="Is this URL the MCP endpoint?", details={"status": response.status_code, "body": shown}
    )


async def start_of_body(response: httpx.Response) -> bytes:
    """The first ``ERROR_BODY`` bytes of an answer that is none, or what comes within 5 s."""
    body = bytearray()
    with anyio.move_on_after(5):
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) >= ERROR_BODY:
                break
    return bytes(body[:ERROR_BODY])


async def whole_body(response: httpx.Response, limit: int) -> bytes:
    """All of an answer. Raises ``FrameTooLarge`` beyond ``limit`` bytes."""
    parts: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            raise FrameTooLarge(
                f"an answer of more than {limit:,} bytes arrived",
                hint="Ask the server for less at a time.",
            )
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _redirected(url: str, response: httpx.Response) -> str:
    """Where a redirect leads. Raises ``ConnectError`` when that is nowhere."""
    try:
        return str(httpx.URL(urljoin(url, response.headers["location"])))
    except (KeyError, ValueError, httpx.InvalidURL):
        raise ConnectError(
            f"the server redirects ({response.status_code}) to no usable address", hint="Check the URL."
        ) from None


def media_type(response: httpx.Response) -> str:
    """The media type in lower case, without its parameters."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


STATUS_HINTS = {
    400: "The server did not accept the request; its answer is below.",
    403: "The server forbids this; check its access rules and allowed origins.",
    404: "Check the path of the URL: many servers serve /mcp.",
    405: "This URL does not take POST: it may be an endpoint of the older HTTP+SSE transport, or not an MCP endpoint.",
    406: "The server wants another Accept header.",
    413: "The request is too large for the server.",
    415: "The server wants another content type.",
    429: "Too many requests: wait a little and try again.",
    431: "The request headers are too large, mirrored arguments included.",
    500: "The server failed; see its log.",
    502: "A gateway in front of the server got no good answer from it.",
    503: "The server is not ready; try again in a moment.",
    504: "A gateway in front of the server waited too long for it.",
}
