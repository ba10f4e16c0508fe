"""A remote server of the registry -> its address and headers.

Owns how variables get into a URL: percent-encoded, and in a host name only what a host name may hold.
Never contacts anything.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from ..config.expand import REFERENCE
from ..config.headers import header_value_problem
from ..config.urls import is_loopback, url_problem
from ..models import Json, JsonObject, TransportKind
from ..state.text import one_line
from ..telemetry.redaction import masked_url
from .install_values import Filling, Unfit, asks_of, fit_text, key_of, united
from .server_json import Transport
from .ways import Way, fit_whole, shown_entry

_BRACES = re.compile(r"\{([^{}\s]+)\}")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?")
_REMOTE_KINDS = {"streamable-http": TransportKind.HTTP, "http": TransportKind.HTTP, "sse": TransportKind.SSE}


def remote_way(remote: Transport, short: str) -> Way:
    kind = _REMOTE_KINDS.get(remote.kind)
    label = one_line(f"{kind or remote.kind} {masked_url(remote.url)}", 160)

    def refused(problem: str) -> Way:
        return Way(kind or TransportKind.HTTP, label, one_line(masked_url(remote.url)), problem=one_line(problem, 400))

    if kind is None:
        return refused(f'the transport "{one_line(remote.kind, 40)}" is not known')
    try:
        _fit_url(remote)
        for item in (*remote.variables.values(), *remote.headers):
            fit_whole(item)
    except Unfit as error:
        return refused(str(error))
    variables = [remote.variables[name] for name in dict.fromkeys(_BRACES.findall(remote.url))]
    asks = united(
        [ask for item in variables for ask in asks_of(item, short, required=True)]
        + [ask for item in remote.headers for ask in asks_of(item, short)]
    )

    def make(filling: Filling) -> JsonObject:
        return _address(remote, kind, filling)

    shown = shown_entry(make(Filling({}, short, preview=True)))
    lints: list[str] = []
    if remote.url.lower().startswith("http://") and not is_loopback(urlsplit(remote.url).hostname):
        lints.append("the connection is not encrypted: whoever is on the way can read and change it")
    if is_loopback(_host_of(remote.url)):
        lints.append("the address is this machine itself: something must be running there already")
    return Way(kind, label, shown, asks, None, tuple(lints), make, short)


def _fit_url(remote: Transport) -> None:
    """Raises ``Unfit`` for a URL that must not be written, or whose variables nobody describes."""
    fit_text(remote.url, "its url")
    unknown = [name for name in _BRACES.findall(remote.url) if name not in remote.variables]
    if unknown:
        raise Unfit(f'its url needs "{one_line(unknown[0], 40)}", and nothing says what that is')
    problem = None if _BRACES.search(remote.url) else url_problem(remote.url)
    if problem is not None:
        raise Unfit(f"its url {problem}")


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _address(remote: Transport, kind: TransportKind, filling: Filling) -> JsonObject:
    url = _filled_url(remote, filling)
    entry: JsonObject = {"type": kind.value, "url": url}
    headers: dict[str, Json] = {}
    for item in remote.headers:
        for text in filling.texts(item)[-1:]:
            if header_value_problem(text) is not None:
                raise Unfit(f'the value of "{key_of(item)}" has {header_value_problem(text)}')
            headers[item.name] = text
    if headers:
        entry["headers"] = headers
    return entry


def _filled_url(remote: Transport, filling: Filling) -> str:
    """The URL with its variables put in, percent-encoded; one that begins with a variable takes that as it is."""
    url = remote.url
    authority = re.match(r"[a-z]+://[^/?#]*", url, re.IGNORECASE)
    parts: list[str] = []
    position = 0
    for match in _BRACES.finditer(url):
        parts.append(url[position : match.start()])
        value = filling.variable(remote.variables[match[1]], required=True) or ""
        if match.start() == 0 or not value or REFERENCE.fullmatch(value) or match[1] in filling.missing:
            parts.append(value)
        elif authority is not None and match.start() < authority.end():
            if not _HOST.fullmatch(value):
                raise Unfit(f'"{one_line(value, 60)}" cannot be part of a host name')
            parts.append(value)
        else:
            parts.append(quote(value, safe=""))
        position = match.end()
    filled = "".join([*parts, url[position:]])
    problem = None if filling.missing or "${" in filled else url_problem(filled, kind=TransportKind.HTTP)
    if problem is not None:
        raise Unfit(f"its url {problem}")
    return filled
