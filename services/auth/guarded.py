"""HTTP for logins: every address in it was named by a server, and none of them is trusted.

Owns what holds for each request of a login (protocol section 39): schemes and addresses, redirects followed by hand,
bounds of time and size, no cookies, and that everything is recorded, also what failed. Never sends a credential
that it was not given for this very request, and never follows a redirect with one.
"""

from __future__ import annotations

import json as json_text
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlencode, urljoin

import anyio
import httpx

from .. import http
from ..errors import DiscoveryError, McpDeckError, TransportTimeout
from ..models import JsonObject, LoginPhase, Verdict
from ..state.text import one_line
from .addresses import check_url, origin_of, shown_url, web_url
from .kinds import Place
from .routes import Lookup, Route, Routes, resolved
from .rules import verdict
from .steps import Got, Recorder, Sent

SECONDS = 15.0
"""How long one ``fetch`` may take, its redirects included."""
LARGEST = 256 * 1024
"""Bytes of an answer, unpacked."""
REDIRECTS = 3
_REDIRECTING = frozenset((301, 302, 303, 307, 308))
_CREDENTIALS = frozenset(("authorization", "dpop", "cookie", "proxy-authorization"))
_HEADERS = "headers as received"
_TRIED = 4
"""Addresses of one name that are tried, one after the other."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer of any status. ``url``: where it came from in the end; ``step``: its number for ``judge``."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    url: str
    step: int

    @property
    def media(self) -> str:
        """The media type in lower case, without parameters; empty where none is given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """The media type says JSON (``application/json`` or ``…+json``)."""
        return self.media == "application/json" or self.media.endswith("+json")

    @property
    def is_page(self) -> bool:
        """It is a web page, whatever it says it is."""
        return "html" in self.media or self.body.lstrip()[:1] == b"<"

    def json(self) -> JsonObject:
        """The body as a JSON object. Raises ``DiscoveryError`` that says what came instead."""
        where = shown_url(self.url)
        if not self.body.strip():
            raise self._unusable(f"{where} answered {self.status} with nothing in it")
        try:
            document: object = json_text.loads(self.body)
        except (ValueError, RecursionError):
            if self.is_page:
                raise self._unusable(f"{where} answered {self.status} with a web page, not with JSON") from None
            media = one_line(self.media, 80) or "no content type"
            raise self._unusable(f"{where} answered {self.status} with something that is not JSON ({media})") from None
        if not isinstance(document, dict):
            raise self._unusable(f"{where} answered {self.status} with JSON that is no object")
        return cast("JsonObject", document)

    def _unusable(self, title: str) -> DiscoveryError:
        return DiscoveryError(
            title,
            hint="The server must answer with a JSON object there; what it sent is in the steps of this login.",
            details={"status": self.status, "url": shown_url(self.url)},
        )


class _BrokenError(Exception):
    """A rule that was broken before there was an answer."""

    def __init__(self, rule: str, error: McpDeckError) -> None:
        super().__init__(rule)
        self.verdict = verdict(rule, False, error.title)
        self.error = error


class Guarded:
    """The HTTP of one login for ``place``; to be entered, and left in the same task.

    ``lookup`` resolves names (tests give their own).
    """

    def __init__(self, place: Place, recorder: Recorder, *, lookup: Lookup = resolved) -> None:
        self.place = place
        self.recorder = recorder
        self._routes = Routes(place, lookup)
        self._clients: dict[tuple[str, str | None], httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(5):
            while self._clients:
                _, client = self._clients.popitem()
                await client.aclose()

    async def fetch(
        self,
        phase: LoginPhase,
        title: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NOTHING,
        form: Mapping[str, str] | None = None,
        json: JsonObject | None = None,
        redirects: bool = True,
    ) -> Fetched:
        """The answer to one request, whatever its status; recorded as a step named ``title``.

        ``redirects`` False: a redirect of a GET is an answer like any other. A redirect of another method is an
        error. Raises ``DiscoveryError`` for what must not be contacted or followed and for an answer that is too
        large, ``TransportTimeout`` after ``SECONDS``, other ``TransportError``, and what ``Place.check`` raises.
        """
        body, media = _body(form, json)
        sent = httpx.Headers({"Accept": "application/json", "Accept-Encoding": "identity", **media})
        sent.update(headers)
        deadline = anyio.current_time() + SECONDS
        for followed in count():
            fetched = await self._once(phase, title, Sent(method, url, tuple(sent.items()), body), deadline)
            location = fetched.headers.get("location")
            if fetched.status not in _REDIRECTING or location is None or (method == "GET" and not redirects):
                return fetched
            try:
                url = self._redirected(method, url, location, followed)
            except DiscoveryError as error:
                self.recorder.judge(fetched.step, verdict("net.redirect", False, error.title))
                raise
            self.recorder.judge(fetched.step, verdict("net.redirect", True))
            sent = httpx.Headers([pair for pair in sent.items() if pair[0].lower() not in _CREDENTIALS])
            title = f"{title.removesuffix(' (redirected)')} (redirected)"
        raise AssertionError  # counting has no end

    def _redirected(self, method: str, url: str, location: str, followed: int) -> str:
        """Where ``location`` leads, after ``followed`` others. Raises ``DiscoveryError`` when it is not followed."""
        try:
            target = urljoin(url, location)
        except ValueError:
            target = location
        if method != "GET":
            raise DiscoveryError(
                f"{shown_url(url)} redirects a {method} to {shown_url(target)}, which is never followed",
                hint="What was sent there is for that address only; the server must answer at it.",
            )
        if followed == REDIRECTS:
            raise DiscoveryError(
                f"{shown_url(url)} redirects on and on: more than {REDIRECTS} times",
                hint="The server must answer at the address that it publishes.",
            )
        check_url(target, self.place, f"the redirect of {shown_url(url)}")
        if url.lower().startswith("https:") and not target.lower().startswith("https:"):
            raise DiscoveryError(
                f"{shown_url(url)} redirects to an address that is not encrypted: {shown_url(target)}",
                hint="The server must redirect to https only.",
            )
        return target

    # one request

    async def _once(self, phase: LoginPhase, title: str, sent: Sent, deadline: float) -> Fetched:
        self.place.check()  # here, so that no way leads around it; it may have changed while a person was asked
        began = time.perf_counter()

        def record(got: Got | None, error: str, *verdicts: Verdict) -> int:
            ms = (time.perf_counter() - began) * 1000
            return self.recorder.exchange(phase, title, sent, got, ms, error, *verdicts)

        try:
            scheme = self._scheme(sent.url)
            sent, response, got, unseen = await self._in_time(sent, deadline)
            verdicts = (scheme, verdict("net.address", None if unseen else True, unseen))
            return Fetched(got.status, response, got.body, sent.url, record(got, "", *verdicts))
        except _BrokenError as broken:
            record(None, broken.error.title, broken.verdict)
            raise broken.error from None
        except anyio.get_cancelled_exc_class():
            record(None, "given up before the answer was there")
            raise

    def _scheme(self, url: str) -> Verdict:
        try:
            check_url(url, self.place)
        except DiscoveryError as error:
            raise _BrokenError("net.https", error) from None
        if self.place.settings.allow_insecure and not url.lower().startswith("https:"):
            return verdict("net.https", None, "it is plain http, which the entry allows")
        return verdict("net.https", True)

    async def _in_time(self, sent: Sent, deadline: float) -> tuple[Sent, httpx.Headers, Got, str]:
        """The answer, the request as it really left, and why its address was not judged. Raises ``_BrokenError``."""
        with anyio.move_on_after(max(0.0, deadline - anyio.current_time())):
            route = await self._route(sent.url)
            unseen = "the entry allows any address" if self.place.settings.allow_insecure else route.unseen
            return *await self._answered(sent, route), unseen
        raise _BrokenError("net.time", _too_slow(sent.url))

    async def _route(self, url: str) -> Route:
        try:
            return await self._routes.to(url)
        except DiscoveryError as error:
            raise _BrokenError("net.address", error) from None
        except McpDeckError as error:
            raise _BrokenError("net.reached", error) from None

    async def _answered(self, sent: Sent, route: Route) -> tuple[Sent, httpx.Headers, Got]:
        try:
            client = self._client(sent.url, route)
            if route.proxy is not None:
                return await _exchanged(client, sent, None, http.CONNECT_TIMEOUT)
            tried = route.addresses[:_TRIED]
            for address in tried[:-1]:
                try:
                    return await _exchanged(client, sent, address, http.CONNECT_TIMEOUT / len(tried))
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    pass  # nothing was sent yet: the next one
            return await _exchanged(client, sent, tried[-1], http.CONNECT_TIMEOUT / len(tried))
        except McpDeckError as error:  # a proxy setting, or a certificate file
            raise _BrokenError("net.reached", error) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
            mapped = http.mapped(error, sent.url)
            raise _BrokenError("net.time" if isinstance(mapped, TransportTimeout) else "net.reached", mapped) from None

    def _client(self, url: str, route: Route) -> httpx.AsyncClient:
        """The client of ``url``'s origin. Our certificate is shown to the MCP server's own origin only."""
        key = (origin_of(url), route.proxy)
        if key not in self._clients:
            tls = self.place.tls
            if tls is not None and key[0] != origin_of(web_url(self.place.url)):
                tls = replace(tls, cert=None, key=None)
            client = http.client(url, tls, routed=True, proxy=route.proxy)
            client.event_hooks = {"response": [_keep_headers]}
            self._clients[key] = client
        return self._clients[key]


async def _exchanged(
    client: httpx.AsyncClient, sent: Sent, address: str | None, connect: float
) -> tuple[Sent, httpx.Headers, Got]:
    """One request to ``address`` (None: wherever the proxy goes) in the name of the URL's host."""
    named = httpx.URL(sent.url)
    target, extensions = named, dict[str, str]()
    if address is not None:
        target = named.copy_with(host=address)
        if address != named.host:
            extensions["sni_hostname"] = named.raw_host.decode("ascii").rstrip(".")
    headers = {**dict(sent.headers), "host": named.netloc.decode("ascii")}
    client.cookies.clear()  # an answer's cookies are for nobody
    timeout = httpx.Timeout(None, connect=connect)
    async with client.stream(
        sent.method, target, headers=headers, content=sent.body or None, timeout=timeout, extensions=extensions
    ) as response:
        sent = replace(sent, headers=tuple(response.request.headers.multi_items()))
        body = await _whole(response, sent.url)
        received: httpx.Headers = response.extensions[_HEADERS]
        got = Got(response.status_code, response.reason_phrase, tuple(received.multi_items()), body)
        return sent, received, got


async def _keep_headers(response: httpx.Response) -> None:
    """Hides ``Location`` from the library: it would build the next request, and fail where that is no URL."""
    response.extensions[_HEADERS] = response.headers.copy()
    response.headers.pop("location", None)


async def _whole(response: httpx.Response, url: str) -> bytes:
    """The body, unpacked. Raises ``_BrokenError`` beyond ``LARGEST`` bytes, packed or not."""
    packed = bytearray()
    async for chunk in response.aiter_raw():
        packed += chunk
        if len(packed) > LARGEST:
            raise _too_large(url)
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return bytes(packed)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _BrokenError("net.size", _packed_wrong(url))
    try:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is
        body = unpack.decompress(bytes(packed), LARGEST + 1)
    except zlib.error:
        raise _BrokenError("net.size", _packed_wrong(url)) from None
    if len(body) > LARGEST:
        raise _too_large(url)
    return body


def _too_large(url: str) -> _BrokenError:
    return _BrokenError(
        "net.size",
        DiscoveryError(
            f"{shown_url(url)} sent more than {LARGEST // 1024} KiB",
            hint="That is no answer to a login; check the address, or ask the server's author.",
        ),
    )


def _packed_wrong(url: str) -> DiscoveryError:
    return DiscoveryError(
        f"{shown_url(url)} sent an answer that is packed in a way that cannot be read",
        hint="The server must answer without a content encoding, as it was asked to.",
    )


def _too_slow(url: str) -> TransportTimeout:
    return TransportTimeout(
        f"{shown_url(url)} gave no whole answer within {SECONDS:g} s",
        hint="Try again later; if it stays so, the server's author has to look at it.",
        retryable=True,
    )


def _body(form: Mapping[str, str] | None, json: JsonObject | None) -> tuple[bytes, dict[str, str]]:
    if form is not None:
        return urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if json is not None:
        return json_text.dumps(json).encode(), {"Content-Type": "application/json"}
    return b"", {}
