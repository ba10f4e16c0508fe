"""One HTTP request to an MCP server and what its answer means.

Owns redirects within the origin and refusals by status; what is sent again after one, ``admission`` says. Knows
neither sessions nor streams; bodies are read by ``http_body``.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urljoin, urlsplit

import anyio
import httpx

from .. import http
from ..auth.seam import Authorizer
from ..errors import (
    AuthorizationRequired,
    ConnectError,
    ConnectionLost,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
)
from ..models import ConnectorTarget, HttpTarget, SseTarget
from .admission import Admission, Try
from .base import BODY_KEPT, Hooks
from .http_body import ACCEPT_ENCODING, check_encoding, start_of_body
from .http_note import exchange
from .http_steps import traced
from .own_headers import OwnHeaders

REDIRECTS = 3
CLOSE_TIMEOUT = 2.0


class _Answer:
    """The head of an answer and the URL it came from; ``start``: of its body, once that was set aside."""

    def __init__(self, response: httpx.Response, url: str, hooks: Hooks) -> None:
        self.response = response
        self.url = url
        self.start: bytes | None = None
        self._hooks = hooks

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def challenges(self) -> tuple[str, ...]:
        return tuple(self.response.headers.get_list("www-authenticate"))

    @property
    def nonce(self) -> str | None:
        return self.response.headers.get("dpop-nonce")

    async def set_aside(self) -> None:
        if self.start is not None:
            return
        try:
            self.start = await start_of_body(self.response)
        finally:
            await _closed(self.response)

    def put_down(self) -> None:
        put_down(self.response, self.start or b"", self._hooks)


class HttpExchanges:
    """Requests to one URL with the entry's own headers. ``open`` it, ``aclose`` it."""

    def __init__(
        self, target: HttpTarget | SseTarget | ConnectorTarget, hooks: Hooks, auth: Authorizer | None = None
    ) -> None:
        self._hooks = hooks
        self.url = target.url
        self._target = target
        helper = None if isinstance(target, ConnectorTarget) else target.helper
        self._admission = Admission(OwnHeaders(target.headers, helper, hooks), auth, hooks)
        self._client: httpx.AsyncClient | None = None

    @property
    def auth(self) -> Authorizer | None:
        """Who logs in to this server; nobody where headers of the entry say who we are."""
        return self._admission.auth

    def open(self) -> None:
        """Make the client. Raises ``ConfigError`` for certificates and ``ConnectError`` for proxies of no use."""
        self._client = http.client(self.url, self._target.tls)

    async def prepare(self) -> None:
        """Have the headers of the entry's helper. Raises ``TransportError`` when it gives none; closed again then."""
        try:
            await self._admission.own.prepare()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.aclose()
            raise

    def at(self, url: str) -> HttpExchanges:
        """The same headers and connections for another URL of the same origin; closed with this one."""
        other = HttpExchanges(replace(self._target, url=url), self._hooks)
        other._client, other._admission = self._client, self._admission
        return other

    async def aclose(self) -> None:
        """Let the sockets go, within ``CLOSE_TIMEOUT`` seconds."""
        if self._client is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT):
                await self._client.aclose()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        carried: bool = False,
        operation: Callable[[], str] = str,
    ) -> AsyncGenerator[httpx.Response]:
        """One request and its successful answer; every other status is raised as what it means.

        ``carried``: the body of an ``HttpStatusError`` is looked at by whoever waits for the answer. ``operation``:
        what the request does, in words; asked for when it is refused.
        """
        answer = await self._followed(method, headers, body, Try(operation, carried))
        response = answer.response
        try:
            if response.status_code >= 300:
                raise await self._refusal(answer, carried=carried)
            check_encoding(response)
            yield response
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError, ConnectionError) as error:
            raise _broken(error, answer.url) from error
        finally:
            await _closed(response)

    async def _followed(self, method: str, headers: dict[str, str], body: bytes | None, once: Try) -> _Answer:
        """The answer's head, after redirects within the origin. Raises ``ConnectError``."""
        headers = {"Accept-Encoding": ACCEPT_ENCODING, **headers}
        url = self.url
        for _ in range(REDIRECTS + 1):
            answer = await self._admission.let_in(method, url, once, partial(self._answer, method, url, headers, body))
            if answer.response.status_code not in (307, 308):
                return answer
            location = _redirected(url, answer.response)
            await answer.response.aclose()
            if not http.same_origin(url, location):
                # Without its query: a login's redirect carries tokens there.
                raise ConnectError(
                    f"the server redirects to another place: {_place(location)}",
                    hint="If you trust it, use that URL in the entry; credentials are never sent along.",
                )
            url = location
        raise ConnectError(f"the server redirects in a circle ({REDIRECTS} times)", hint="Check the URL.")

    async def _answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, more: Mapping[str, str]
    ) -> _Answer:
        return _Answer(await self._sent(method, url, {**headers, **more}, body), url, self._hooks)

    async def _sent(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> httpx.Response:
        """The answer's head. Raises what went wrong on the way there."""
        assert self._client is not None
        began = time.perf_counter()
        request: httpx.Request | None = None
        try:
            more = traced(self._hooks)
            request = self._client.build_request(method, url, headers=headers, content=body, extensions=more)
            response = await self._client.send(request, stream=True)
        except Exception as error:  # whatever the libraries below raise is a failure of this request
            if request is not None:
                self._hooks.exchange(exchange(request, None, began))
            raise _broken(error, url) from error
        self._hooks.exchange(exchange(request, response, began))
        return response

    def put_down(self, response: httpx.Response, body: bytes) -> None:
        """See the function of this name."""
        put_down(response, body, self._hooks)

    async def _refusal(self, answer: _Answer, *, carried: bool) -> McpDeckError:
        """What an unsuccessful answer means. ``carried``: who asked puts the body down, see ``HttpStatusError``."""
        response = answer.response
        status = response.status_code
        body = await start_of_body(response) if answer.start is None else answer.start
        own, challenges = self._admission.own, answer.challenges
        refused = status == 401 or (status == 403 and (own.authorizes or bool(challenges)))
        if refused or not carried:
            self.put_down(response, body)
        if refused:
            if own.authorizes:
                return own.refusal(status)
            if self.auth is not None and status == 403:
                return AuthorizationRequired(
                    f"the server forbids this ({status})",
                    hint="Its challenge asks for no more scopes: whoever is logged in may not do this. Ask whoever "
                    "runs the server, or log in as somebody else.",
                    status=status,
                    challenges=challenges,
                )
            return AuthorizationRequired(
                f"the server wants a login ({status})",
                hint="mcpdeck does not log in by itself. With a token at hand: put it into the entry's headers "
                "as Authorization: Bearer … and start mcpdeck again (for a URL on the command line: --header).",
                status=status,
                challenges=challenges,
            )
        reason = f"{status} {response.reason_phrase}".strip()
        error = HttpStatusError(
            f"the server answered {reason}",
            status=status,
            body=body,
            hint=STATUS_HINTS.get(status, "See the server's own log."),
            retryable=status == 429 or status >= 500,
        )
        error.retry_after = _retry_after(response)
        return error


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that ``Retry-After`` asks to wait (RFC 9110, section 10.2.3), which may be a date; None: it does not."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    from email.utils import parsedate_to_datetime  # only where a server names a date

    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def put_down(response: httpx.Response, body: bytes, hooks: Hooks) -> None:
    """A body that is delivered as no message is put down all the same."""
    if body:
        hooks.body(f"body of {response.status_code} to {response.request.method}", body[:BODY_KEPT])


async def _closed(response: httpx.Response) -> None:
    with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
        await response.aclose()


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


def lost_request(reason: str, hint: str) -> ConnectionLost:
    """The error for a request whose answer broke off and cannot be had any more."""
    return ConnectionLost(f"the request is lost: {reason}", hint=hint, retryable=True)


def _redirected(url: str, response: httpx.Response) -> str:
    """Where a redirect leads. Raises ``ConnectError`` when that is nowhere."""
    try:
        return str(httpx.URL(urljoin(url, response.headers["location"])))
    except (KeyError, ValueError, httpx.InvalidURL):
        raise _nowhere(f" ({response.status_code})") from None


def _nowhere(status: str = "") -> ConnectError:
    return ConnectError(f"the server redirects{status} to no usable address", hint="Check the URL.")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _broken(error: Exception, url: str) -> McpDeckError:
    """What a failed exchange means: a peer that breaks HTTP is told from one that went away."""
    if isinstance(error, httpx.RemoteProtocolError) and not _WENT_AWAY.search(str(error)):
        if "location header" in str(error):  # httpx looks at it before we can
            return _nowhere()
        too_long = "too long" in str(error)
        what = "endless headers" if too_long else "what is no HTTP"
        return RemoteProtocolError(
            f"{http.host_of(url)} answered with {what}: {str(error).rstrip('.')}",
            hint="Is this URL an MCP endpoint?",
        )
    return http.mapped(error, url)


_WENT_AWAY = re.compile("disconnected|closed connection|without sending")


STATUS_HINTS = {
    400: "The server did not accept the request: what it answered, if anything, says why.",
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
