"""One JSON document over HTTP, within bounds of time and size.

Owns redirects within the origin and what a refusal means. Never sends what it was given to another
origin, and never shows a body as it came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

import anyio

from ..errors import (
    AuthorizationRequired,
    ConnectError,
    FrameTooLarge,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    TransportTimeout,
)
from ..models import Json, as_list, as_object, as_text
from ..state.text import one_line

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
"""How long one document may take from the first byte sent to the last received."""
LARGEST = 4 * 1024 * 1024
REDIRECTS = 3
_REDIRECTING = frozenset((301, 302, 303, 307, 308))


async def get_json(
    url: str, what: str, *, headers: Mapping[str, str] | None = None, seconds: float = SECONDS, largest: int = LARGEST
) -> Json:
    """The document at ``url``; ``what`` names who is asked, for the errors ("the registry").

    Raises ``TransportTimeout``, ``ConnectError``, ``HttpStatusError``, ``AuthorizationRequired`` (401, 403) or
    ``RemoteProtocolError`` (not JSON, or too large).
    """
    # The library costs 100 ms: who lists what is configured does without.
    import httpx

    from .. import http

    host = http.host_of(url)
    with anyio.move_on_after(seconds):
        try:
            async with http.client(url) as client:
                body = await _body(client, url, dict(headers or {}), what, largest)
        except httpx.HTTPError as error:
            raise http.mapped(error, url) from error
        except httpx.InvalidURL as error:
            raise ConnectError(f"{what} is at no URL that can be used", hint="Check it in settings.json.") from error
        return _decoded(body, what, host)
    raise TransportTimeout(
        f"{what} at {host} gave no answer within {seconds:g} s",
        hint="Try again later, or check its URL and your network.",
    )


async def _body(client: httpx.AsyncClient, url: str, headers: dict[str, str], what: str, largest: int) -> bytes:
    from .. import http
    from ..transports.http_body import ACCEPT_ENCODING, check_encoding, start_of_body, whole_body

    sent = {"Accept": "application/json", "Accept-Encoding": ACCEPT_ENCODING, **headers}
    for _ in range(REDIRECTS + 1):
        async with client.stream("GET", url, headers=sent) as response:
            if response.status_code in _REDIRECTING and "location" in response.headers:
                url = _redirected(url, response.headers["location"], what)
                continue
            if response.status_code != 200:
                raise refusal(response.status_code, await start_of_body(response), what, http.host_of(url))
            check_encoding(response)
            try:
                return await whole_body(response, largest)
            except FrameTooLarge:
                raise RemoteProtocolError(
                    f"{what} at {http.host_of(url)} sent more than {largest // 1024 // 1024} MiB",
                    hint="Ask for less, or check its URL: a list of servers is far smaller.",
                ) from None
    raise ConnectError(f"{what} redirects in a circle ({REDIRECTS} times)", hint="Check its URL in settings.json.")


def _redirected(url: str, location: str, what: str) -> str:
    """Where a redirect leads. Raises ``ConnectError`` when that is another origin."""
    import httpx

    from .. import http

    try:
        target = urljoin(url, location)
        same = http.same_origin(url, target)
        place = f"{urlsplit(target).scheme}://{http.host_of(target)}"
    except (httpx.InvalidURL, ValueError) as error:
        raise ConnectError(f"{what} redirects to no URL", hint="Check its URL in settings.json.") from error
    if not same:
        raise ConnectError(
            f"{what} redirects to another place: {one_line(place, 200)}",
            hint="It is not followed. If you trust it, write that URL into settings.json.",
        )
    return target


def refusal(status: int, body: bytes, what: str, host: str) -> McpDeckError:
    """What a status other than 200 means; the text of the answer is one short line of it."""
    said = _said(body)
    if status in (401, 403):
        return AuthorizationRequired(
            f"{what} at {host} wants a login ({status}){said}", hint="Check the token and its account.", status=status
        )
    if status == 429:
        hint = "It is asked too often; wait a while, then try again."
    elif status >= 500:
        hint = "It has trouble of its own; try again later."
    else:
        hint = "Check its URL in settings.json."
    retryable = status == 429 or status >= 500
    title = f"{what} at {host} answered {status}{said}"
    return HttpStatusError(title, status=status, body=body, hint=hint, retryable=retryable)


def _said(body: bytes) -> str:
    """``: why``, as the answer tells it: ``error``, or ``title`` and ``detail`` (RFC 9457)."""
    try:
        answer = as_object(json.loads(body))
    except (ValueError, RecursionError):
        return ""
    errors = [text for item in as_list(answer.get("errors")) if (text := as_text(as_object(item).get("message")))]
    nested = as_text(as_object(answer.get("error")).get("message"))
    texts = [as_text(answer.get("error")) or nested, as_text(answer.get("detail")) or as_text(answer.get("title"))]
    said = "; ".join(text for text in (*texts, *errors[:2]) if text)
    return f": {one_line(said, 200)}" if said else ""


def _decoded(body: bytes, what: str, host: str) -> Json:
    try:
        return cast("Json", json.loads(body))
    except (ValueError, RecursionError):
        raise RemoteProtocolError(
            f"{what} at {host} sent something that is not JSON",
            hint="Check its URL in settings.json: it may be the address of a web page.",
        ) from None
