"""The operations of ``mcpdeck batch``: one JSON object in, one result out.

Owns which operations there are and what each needs. What is asked for is sent, whether the server announces
it or not: a debugger must be able to. Never reads stdin and never writes a reply.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import anyio

from ..services.errors import RequestTimeout, UnknownTool, UsageError
from ..services.models import Caller, ErrorInfo, Json, JsonObject, Status, Tool, as_list
from ..services.protocol.dispatcher import Limit
from ..services.session import Session
from ..services.session.items import read_tool
from ..services.session.lists import PROMPTS, RESOURCES, TEMPLATES, TOOLS, ListKind
from ..services.state.model import CallStatus
from . import batch_replies
from .heard import ANY, Heard, shown

if TYPE_CHECKING:
    from .worker import Services

Operation: TypeAlias = Callable[["_Request", Session], Awaitable[Json]]

WAIT = 10.0
"""Seconds that ``wait`` waits when it does not say."""
LISTED = 10.0
"""Seconds for which the first listing of the tools holds back a call."""
_MISSING = object()


def read_request(line: bytes | None) -> JsonObject:
    """One line of stdin as an object with a known ``op``. Raises ``UsageError``."""
    if line is None:
        raise UsageError("the line is too long", hint="one line may have 64 MiB")
    try:
        value = cast("Json", json.loads(line, parse_constant=_refuse))
    except RecursionError:
        raise UsageError("the line is nested too deeply", hint="flatten it") from None
    except ValueError as error:  # not JSON, and not UTF-8
        raise UsageError(f"the line is not JSON: {error}", hint='write one object a line: {"op": "info"}') from None
    if not isinstance(value, dict):
        raise UsageError("the line is no JSON object", hint='write one object a line: {"op": "info"}')
    op = value.get("op")
    if not isinstance(op, str):
        raise UsageError('the line has no "op"', hint=f"there is {', '.join(names())}")
    if op not in names():
        from .resolve import named

        raise named(op, names(), "operation")
    return value


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is not a JSON value")


class _Request:
    """The members of one request. Raises ``UsageError`` for one that is missing or of another type."""

    def __init__(self, members: JsonObject) -> None:
        self._members = members
        self.bounded = False
        """Its time is already limited as a whole."""

    @property
    def limit(self) -> Limit:
        """For what the session does, where nothing else limits it."""
        return None if self.bounded else "own"

    def has(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def object(self, name: str, *, default: JsonObject | None = None) -> JsonObject:
        value = self._get(name, _MISSING if default is None else default)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return cast("JsonObject", value)

    def texts(self, name: str) -> dict[str, str]:
        value = self.object(name, default={})
        texts = {key: item for key, item in value.items() if isinstance(item, str)}
        if len(texts) != len(value):
            raise self._wrong(name, "an object of texts")  # section 32
        return texts

    def flag(self, name: str) -> bool:
        value = self._get(name, default=False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def seconds(self, name: str) -> float | None:
        value = self._get(name, default=None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
            raise self._wrong(name, "a number of seconds")
        return value

    def cursor(self) -> str | None:
        """Where the page begins that is asked for; None: the first."""
        return None if self._get("cursor") is None else self.text("cursor")

    def kind(self) -> str | None:
        return None if self._get("kind", default=None) is None else self.text("kind")

    def roots(self) -> tuple[JsonObject, ...]:
        roots: list[JsonObject] = []
        for item in as_list(self._get("roots")):
            if not isinstance(item, (str, dict)):
                raise self._wrong("roots", "a list of file:// URIs")
            roots.append({"uri": item} if isinstance(item, str) else item)
        return tuple(roots)

    def _get(self, name: str, default: object = _MISSING) -> object:
        value = self._members.get(name, default)
        if value is _MISSING:
            raise UsageError(f'{self._members["op"]} needs "{name}"', hint="mcpdeck batch --help shows the operations")
        return value

    def _wrong(self, name: str, what: str) -> UsageError:
        return UsageError(f'"{name}" must be {what}', hint="mcpdeck batch --help shows the operations")


class Operations:
    """Runs operations on one server of running services; ``timeout`` in seconds is that of the command line."""

    def __init__(self, services: Services, server: str, heard: Heard, timeout: float | None) -> None:
        self._services = services
        self._server = server
        self._heard = heard
        self._timeout = timeout

    async def run(self, members: JsonObject) -> Json | ErrorInfo:
        """The result of one request that ``read_request`` took, or how the call ended that it asked for.

        Raises ``McpDeckError``.
        """
        request = _Request(members)
        op = request.text("op")
        if op == "wait":
            return await self._wait(request)
        limit = request.seconds("timeout") or self._timeout
        if limit is None and op == "call_tool":
            limit = self._services.manager.call_timeout(self._server)
        request.bounded = limit is not None
        if self._services.store.state.mcp.servers[self._server].status is Status.RECONNECTING:
            # Whoever asks now does not want to wait for the next try.
            self._services.manager.reconnect(self._server)
        try:
            with anyio.fail_after(limit):
                operation = partial(_OPERATIONS[op], request)
                result = await self._services.manager.using(self._server, operation, bound=True)
        except TimeoutError:
            raise _late(op, limit or 0) from None
        return await self._called(op, request, limit) if op in _CALLS else result

    async def _called(self, op: str, request: _Request, limit: float | None) -> Json | ErrorInfo:
        """Through the engine, as received: nothing is checked, kept back or tried again."""
        executor = self._services.executor
        match op:
            case "call_tool":
                call = await executor.call(
                    self._server,
                    request.text("name"),
                    request.object("arguments", default={}),
                    validate=False,
                    timeout=limit,
                    as_task=request.flag("task"),
                    progress=request.flag("progress"),
                    caller=Caller.BATCH,
                )
            case "read_resource":
                call = await executor.read(self._server, request.text("uri"), timeout=limit, caller=Caller.BATCH)
            case _:
                arguments = request.texts("arguments") if request.has("arguments") else None
                name = request.text("name")
                call = await executor.prompt(self._server, name, arguments, timeout=limit, caller=Caller.BATCH)
        if call.error is None:
            return call.result
        if call.status is CallStatus.TIMED_OUT and limit is not None:
            return ErrorInfo.of(_late(op, limit))
        return call.error

    async def _wait(self, request: _Request) -> Json:
        kind, given = request.kind(), request.seconds("seconds")
        seconds = WAIT if given is None else given
        if kind is None:
            await anyio.sleep(seconds)
            records = self._heard.take(ANY)
        else:
            try:
                with anyio.fail_after(seconds):
                    records = await self._heard.next(kind)
            except TimeoutError:
                raise RequestTimeout(
                    f"no notification of kind {kind} within {seconds:g} s", hint='raise "seconds"'
                ) from None
        return {"notifications": [shown(record) for record in records], "dropped": self._heard.dropped}


async def _list_tools(request: _Request, session: Session) -> Json:
    if request.has("cursor"):
        page = await session.lists.page(TOOLS, request.cursor())
        tools = [read_tool(item, mirrors_headers=session.lists.mirrors_headers) for item in page.items]
        return {**_sorted_out(tools), "nextCursor": page.next_cursor}
    return _sorted_out(await session.lists.read_tools())


def _sorted_out(tools: Sequence[Tool]) -> JsonObject:
    """As received, and by name those that a client must refuse."""
    return {
        "tools": [tool.raw for tool in tools if tool.excluded is None],
        "rejected": [{"name": tool.name, "reason": tool.excluded} for tool in tools if tool.excluded is not None],
    }


async def _list(kind: ListKind, request: _Request, session: Session) -> Json:
    if request.has("cursor"):
        page = await session.lists.page(kind, request.cursor())
        return {kind.member: page.items, "nextCursor": page.next_cursor}
    return {kind.member: await session.lists.pages(kind)}


async def _before_call(request: _Request, session: Session) -> None:
    """What has to be known of a tool before it is called. Raises ``UnknownTool`` for one that must not be."""
    name = request.text("name")
    # Its schema says which arguments are mirrored into headers (section 11), its execution whether it must be a
    # task (section 36): the first listing is waited for, but a server that hangs there is called all the same.
    with anyio.move_on_after(LISTED):
        await session.lists.tools_settled()
    if session.lists.mirrors_headers:
        tool = session.lists.find(name)
        if tool is not None and tool.excluded is not None:
            raise UnknownTool(
                f"tool {name!r} must not be called: {tool.excluded}",
                hint="Its definition breaks a rule that protects clients (x-mcp-header).",
            )


async def _before_read(request: _Request, _: Session) -> None:
    request.text("uri")


async def _before_prompt(request: _Request, _: Session) -> None:
    request.text("name")


def _late(op: str, limit: float) -> RequestTimeout:
    return RequestTimeout(f"{op} had no answer within {limit:g} s", hint='raise its "timeout", or --timeout')


async def _complete(request: _Request, session: Session) -> Json:
    context = _Request({"op": "complete", **request.object("context", default={})}).texts("arguments")
    return await session.complete(request.object("ref"), request.object("argument"), context or None)


async def _subscribe(request: _Request, session: Session) -> Json:
    await session.subscribe(request.text("uri"))
    return {}


async def _unsubscribe(request: _Request, session: Session) -> Json:
    await session.unsubscribe(request.text("uri"))
    return {}


async def _set_log_level(request: _Request, session: Session) -> Json:
    await session.set_log_level(request.text("level"))
    return {}


async def _set_roots(request: _Request, session: Session) -> Json:
    await session.set_roots(request.roots())
    return {}


async def _ping(_: _Request, session: Session) -> Json:
    return {"ms": round(await session.ping(), 3)}


async def _send(request: _Request, session: Session) -> Json:
    """Any request at all: dressed for the era, its result as received."""
    return await session.request(request.text("method"), request.object("params", default={}), timeout=request.limit)


async def _info(_: _Request, session: Session) -> Json:
    return {"server": session.server, "generation": session.generation, **batch_replies.connection(session)}


async def _list_skills(_: _Request, session: Session) -> Json:
    from ..services.session import skills

    return await skills.list_skills(session)


async def _load_skill(request: _Request, session: Session) -> Json:
    from ..services.session import skills

    return await skills.load_skill(session, request.text("uri"))


async def _read_skill_file(request: _Request, session: Session) -> Json:
    from ..services.session import skills

    return await skills.read_skill_file(session, request.text("skill"), request.text("uri"))


_OPERATIONS: dict[str, Operation] = {
    "list_tools": _list_tools,
    "list_resources": partial(_list, RESOURCES),
    "list_templates": partial(_list, TEMPLATES),
    "list_prompts": partial(_list, PROMPTS),
    "list_skills": _list_skills,
    "call_tool": _before_call,
    "read_resource": _before_read,
    "get_prompt": _before_prompt,
    "complete": _complete,
    "load_skill": _load_skill,
    "read_skill_file": _read_skill_file,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "set_log_level": _set_log_level,
    "set_roots": _set_roots,
    "ping": _ping,
    "request": _send,
    "info": _info,
}


_CALLS = frozenset({"call_tool", "read_resource", "get_prompt"})
"""What then goes through the tool engine, with its rules and records."""


def names() -> tuple[str, ...]:
    """Every operation, as the help has them."""
    return (*_OPERATIONS, "wait")
