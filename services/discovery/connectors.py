"""The connectors of a signed-in account: a list over HTTP -> entries of the source ``connector``.

Owns the request for the list and what an item becomes. The token goes to the origin that the settings
name and nowhere else: what the list says about addresses is only believed within it. Never contacts a
listed server.

The list is ``{"data": [{"id", "display_name" | "name", "url"}]}`` or ``{"servers": […]}``, or such an array.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlsplit

import anyio.to_thread

from ..config.entries import Surroundings, server_entry
from ..config.models import RawEntry, SourceFile
from ..config.urls import url_problem
from ..errors import AuthorizationRequired, McpDeckError
from ..models import (
    ConnectorTarget,
    ErrorInfo,
    Json,
    JsonObject,
    ServerEntry,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    as_list,
    as_object,
    as_text,
)
from ..state.text import one_line
from ..telemetry.redaction import masked_url
from .fetch import get_json
from .settings import ConnectorSettings, DiscoverySettings

WHAT = "the connector directory"
SECONDS = 10.0
MOST = 1_000
LONGEST_NAME = 80
LONGEST_URL = 2_000

Found = tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]


async def connector_entries(settings: DiscoverySettings, around: Surroundings, *, seconds: float = SECONDS) -> Found:
    """The rows of the account's connectors, and what came of looking. Raises nothing: a failure is told."""
    connectors = settings.connectors
    if connectors is None:
        if settings.problem is None:
            return (), ()
        return (), (SourceInfo(Source.CONNECTOR, str(settings.file), SourceStatus.UNREADABLE, note=settings.problem),)
    place = masked_url(connectors.list_url)
    try:
        answer = await _list(settings, connectors, around, seconds)
    except McpDeckError as error:
        note = one_line(f"{error.title} ({error.hint})" if error.hint else error.title, 400)
        return (), (SourceInfo(Source.CONNECTOR, place, SourceStatus.UNREADABLE, note=note),)
    items = _items(answer)
    if items is None:
        note = "its answer has no list of servers: neither data nor servers is an array"
        return (), (SourceInfo(Source.CONNECTOR, place, SourceStatus.UNREADABLE, note=note),)
    lints: list[str] = []
    if as_object(answer).get("has_more") is True or len(items) > MOST:
        lints.append(f"there are more connectors than the {min(len(items), MOST)} that were listed")
    entries = tuple(_entries(items[:MOST], settings, connectors, around))
    return entries, (SourceInfo(Source.CONNECTOR, place, SourceStatus.READ, len(entries), tuple(lints)),)


async def _list(
    settings: DiscoverySettings, connectors: ConnectorSettings, around: Surroundings, seconds: float
) -> Json:
    """The directory's answer; a token that it refuses is asked for once more. Raises ``McpDeckError``."""
    # The same checks and the same expansion as for an entry that a person writes.
    asked: JsonObject = {"type": "claudeai-proxy", "url": connectors.list_url, **connectors.token}
    if connectors.headers:
        asked["headers"] = connectors.headers
    entry = server_entry(_raw("connectors", asked, settings), around)
    target = entry.target
    if not isinstance(target, ConnectorTarget):
        problem = entry.problem or ErrorInfo("config", "the connectors cannot be used")
        raise McpDeckError(problem.title, hint=problem.hint)
    with anyio.move_on_after(seconds):
        for refresh in (False, True):
            # A file or a command takes its time; a caller that gives up must not wait for it.
            token = await anyio.to_thread.run_sync(target.token, refresh, abandon_on_cancel=True)
            headers = {**target.headers, "Authorization": f"Bearer {token}"}
            try:
                return await get_json(target.url, WHAT, headers=headers, seconds=seconds)
            except AuthorizationRequired as error:
                if refresh or error.status != 401:
                    raise
    raise McpDeckError(f"no token and no list within {seconds:g} s", hint="Check where the token comes from.")


def _items(answer: Json) -> list[Json] | None:
    if isinstance(answer, list):
        return answer
    for key in ("data", "servers"):
        value = as_object(answer).get(key)
        if isinstance(value, list):
            return as_list(value)
    return None


def _entries(
    items: list[Json], settings: DiscoverySettings, connectors: ConnectorSettings, around: Surroundings
) -> Iterator[ServerEntry]:
    taken: set[str] = set()
    for number, item in enumerate(items, 1):
        listed = as_object(item)
        name = _free(_name(listed) or f"connector {number}", taken)
        if not isinstance(item, dict):
            yield server_entry(_raw(name, item, settings), around)
            continue
        url, problem = _address(listed, connectors)
        value: JsonObject = {"type": "claudeai-proxy", "url": url, **connectors.token}
        entry = server_entry(_raw(name, value, settings), around)
        if problem is None and not _name(listed):
            problem = "it has no name"
        yield _behind(entry, listed) if problem is None else _unusable(entry, problem, settings, connectors)


def _name(listed: JsonObject) -> str:
    name = next((text for key in ("display_name", "name", "title") if (text := as_text(listed.get(key)))), "")
    return one_line(name, LONGEST_NAME)


def _free(name: str, taken: set[str]) -> str:
    """Two connectors may well be called the same: both are used."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(free)
    return free


def _address(listed: JsonObject, connectors: ConnectorSettings) -> tuple[str, str | None]:
    """Where a listed server is reached with the token, and why it is not to be reached at all."""
    url, identity = as_text(listed.get("url")), as_text(listed.get("id")) or as_text(listed.get("uuid"))
    if url and "${" not in url and any(_same_origin(url, own) for own in (connectors.url, connectors.proxy)):
        return url, None
    if identity:
        # What the server is called behind the proxy does not matter: it never sees the token.
        return connectors.proxy.replace("{id}", quote(identity[:200], safe="")), None
    if url and "${" in url:
        return masked_url(connectors.url), "its address has ${…} in it, which would be filled from your environment"
    if url:
        place = one_line(masked_url(url), 200)
        return masked_url(
            connectors.url
        ), f"it has no id, and its address is another origin, which must not get the token: {place}"
    return masked_url(connectors.url), "it has neither an id nor a url"


def _behind(entry: ServerEntry, listed: JsonObject) -> ServerEntry:
    """``entry`` known by the server behind the proxy, so that one that a person configured is recognised."""
    url = as_text(listed.get("url"))
    if not url or len(url) > LONGEST_URL or url_problem(url) is not None:
        return entry
    return replace(entry, provenance=replace(entry.provenance, signature=one_line(masked_url(url))))


def _same_origin(url: str, own: str) -> bool:
    try:
        one, other = urlsplit(url), urlsplit(own)
        same = (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
    except ValueError:
        return False
    return same and "@" not in one.netloc


def _raw(name: str, value: Json, settings: DiscoverySettings) -> RawEntry:
    file = SourceFile(Source.CONNECTOR, settings.file.parent, settings.file)
    return RawEntry(name, file, value, file.origin())


def _unusable(
    entry: ServerEntry, problem: str, settings: DiscoverySettings, connectors: ConnectorSettings
) -> ServerEntry:
    title = f'{problem} (connector "{entry.name}", listed at {masked_url(connectors.list_url)})'
    details: JsonObject = {"file": str(settings.file), "line": None, "column": None, "entry": entry.name}
    info = ErrorInfo("config", title, "tell whoever runs the directory; the other connectors are not affected", details)
    return replace(entry, target=None, gate=Status.NOT_CONFIGURED, problem=info)
