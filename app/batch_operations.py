"""The operations of ``mcpdeck batch``: one JSON object in, one result out.

Owns which operations there are and what each needs. What is asked for is sent, whether the server announces
it or not: a debugger must be able to; but not what a rule denies, in whatever words it is asked for. Never reads stdin
and never writes a reply.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import anyio

from ..services.errors import RequestTimeout, UnknownTool, UsageError
from ..services.models import Caller, ErrorInfo, Json, JsonObject, Offered, Status, Tool, as_object, as_text
from ..services.session import Session
from ..services.session.items import read_tool
from ..services.session.lists import PROMPTS, RESOURCES, TEMPLATES, TOOLS, ListKind
from ..services.state.model import CallState, CallStatus
from . import batch_replies
from .batch_request import BatchRequest
from .heard import ANY, Heard, shown

if TYPE_CHECKING:
    from ..services.session.skills import Read
    from .worker import Services

Operation: TypeAlias = Callable[["BatchRequest", Session], Awaitable[Json]]

WAIT = 10.0
"""Seconds that ``wait`` waits when it does not say."""
LISTED = 10.0
"""Seconds for which the first listing of the tools holds back a call."""
_SUBSCRIBE = "resources/subscribe"
_RULED = {
    "tools/call": (Offered.TOOL, "name"),
    "resources/read": (Offered.RESOURCE, "uri"),
    _SUBSCRIBE: (Offered.RESOURCE, "uri"),
    "prompts/get": (Offered.PROMPT, "name"),
}
"""Methods that rules speak of: of what, and which parameter has its name."""


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
        request = BatchRequest(members)
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
        ruled = self._ruled(op, request)
        if ruled is not None:
            return _reply(op, await ruled(limit), limit)
        try:
            with anyio.fail_after(limit):
                result = await self._services.manager.using(
                    self._server, partial(self._operation, op, request, limit), bound=True
                )
        except TimeoutError:
            raise _late(op, limit or 0) from None
        except _Refused as refused:
            return refused.error
        return _reply(op, await self._called(op, request, limit), limit) if op in _CALLS else result

    async def _operation(self, op: str, request: BatchRequest, limit: float | None, session: Session) -> Json:
        if op not in _SKILLS:
            return await _OPERATIONS[op](request, session)

        async def read(uri: str) -> JsonObject:
            # On this very session: what was verified there is its own.
            call = await self._services.executor.read(self._server, uri, timeout=limit, caller=Caller.BATCH, bound=True)
            if call.error is not None or call.result is None:
                raise _Refused(call.error or ErrorInfo("protocol", f"{uri} was not answered"))
            return call.result

        return await _SKILLS[op](request, session, read)

    def _ruled(self, op: str, request: BatchRequest) -> Callable[[float | None], Awaitable[CallState]] | None:
        """How to send, through the engine, what rules speak of and is sent as it is; None for everything else."""
        params: JsonObject = {}
        match op:
            case "subscribe":
                method = _SUBSCRIBE
                params["uri"] = request.text("uri")
            case "request":
                method, params = request.text("method"), request.object("params", default={})
            case _:
                return None
        if method not in _RULED:
            return None
        kind, key = _RULED[method]

        async def send(session: Session) -> JsonObject:
            return as_object(await _OPERATIONS[op](request, session))

        return partial(self._raw, kind, as_text(params.get(key)) or "", method, send, params)

    async def _raw(
        self,
        kind: Offered,
        name: str,
        method: str,
        send: Callable[[Session], Awaitable[JsonObject]],
        params: JsonObject,
        limit: float | None,
    ) -> CallState:
        arguments = as_object(params.get("arguments"))
        return await self._services.executor.raw(
            self._server, kind, name, method, send, arguments=arguments, timeout=limit, caller=Caller.BATCH
        )

    async def _called(self, op: str, request: BatchRequest, limit: float | None) -> CallState:
        """Through the engine, as received: nothing is checked, kept back or tried again."""
        executor = self._services.executor
        match op:
            case "call_tool":
                return await executor.call(
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
                return await executor.read(self._server, request.text("uri"), timeout=limit, caller=Caller.BATCH)
            case _:
                arguments = request.texts("arguments") if request.has("arguments") else None
                name = request.text("name")
                return await executor.prompt(self._server, name, arguments, timeout=limit, caller=Caller.BATCH)

    async def _wait(self, request: BatchRequest) -> Json:
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


class _Refused(Exception):
    """A skill's file could not be read."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.title)
        self.error = error


def _reply(op: str, call: CallState, limit: float | None) -> Json | ErrorInfo:
    if call.error is None:
        return call.result
    if call.status is CallStatus.TIMED_OUT and limit is not None:
        return ErrorInfo.of(_late(op, limit))
    return call.error


async def _list_tools(request: BatchRequest, session: Session) -> Json:
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


async def _list(kind: ListKind, request: BatchRequest, session: Session) -> Json:
    if request.has("cursor"):
        page = await session.lists.page(kind, request.cursor())
        return {kind.member: page.items, "nextCursor": page.next_cursor}
    return {kind.member: await session.lists.pages(kind)}


async def _before_call(request: BatchRequest, session: Session) -> None:
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


async def _before_read(request: BatchRequest, _: Session) -> None:
    request.text("uri")


async def _before_prompt(request: BatchRequest, _: Session) -> None:
    request.text("name")


def _late(op: str, limit: float) -> RequestTimeout:
    return RequestTimeout(f"{op} had no answer within {limit:g} s", hint='raise its "timeout", or --timeout')


async def _complete(request: BatchRequest, session: Session) -> Json:
    context = BatchRequest({"op": "complete", **request.object("context", default={})}).texts("arguments")
    return await session.complete(request.object("ref"), request.object("argument"), context or None)


async def _subscribe(request: BatchRequest, session: Session) -> Json:
    await session.subscribe(request.text("uri"))
    return {}


async def _unsubscribe(request: BatchRequest, session: Session) -> Json:
    await session.unsubscribe(request.text("uri"))
    return {}


async def _set_log_level(request: BatchRequest, session: Session) -> Json:
    await session.set_log_level(request.text("level"))
    return {}


async def _set_roots(request: BatchRequest, session: Session) -> Json:
    await session.set_roots(request.roots())
    return {}


async def _ping(_: BatchRequest, session: Session) -> Json:
    return {"ms": round(await session.ping(), 3)}


async def _send(request: BatchRequest, session: Session) -> Json:
    """Any request at all: dressed for the era, its result as received."""
    return await session.request(request.text("method"), request.object("params", default={}), timeout=request.limit)


async def _info(_: BatchRequest, session: Session) -> Json:
    return {"server": session.server, "generation": session.generation, **batch_replies.connection(session)}


async def _list_skills(_: BatchRequest, session: Session) -> Json:
    from ..services.session import skills

    return await skills.list_skills(session)


async def _load_skill(request: BatchRequest, session: Session, read: Read) -> Json:
    from ..services.session import skills

    return await skills.load_skill(session, request.text("uri"), read)


async def _read_skill_file(request: BatchRequest, session: Session, read: Read) -> Json:
    from ..services.session import skills

    return await skills.read_skill_file(session, request.text("skill"), request.text("uri"), read)


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
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "set_log_level": _set_log_level,
    "set_roots": _set_roots,
    "ping": _ping,
    "request": _send,
    "info": _info,
}
_SKILLS: dict[str, Callable[[BatchRequest, Session, Read], Awaitable[Json]]] = {
    "load_skill": _load_skill,
    "read_skill_file": _read_skill_file,
}
"""What reads files as well, which goes through the tool engine."""

_CALLS = frozenset({"call_tool", "read_resource", "get_prompt"})
"""What then goes through the tool engine, with its rules and records."""


def names() -> tuple[str, ...]:
    """Every operation, as the help has them."""
    return (*_OPERATIONS, *_SKILLS, "wait")
