"""The path of a call: resolve, policy, permission, validate, limiter, breaker, call, retry, validate, record.

Owns the order of the steps. What happens to a call is a value, never an exception. Never draws; whom to ask is given.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from uuid import uuid4

import anyio

from ..errors import (
    InvalidArguments,
    McpDeckError,
    ProtocolError,
    RequestCancelled,
    UnknownTool,
    UsageError,
)
from ..models import Act, Caller, Effect, JsonObject, Measured, Offered, ServerEntry
from ..session import Session
from ..state.bounds import weight
from ..state.model import CallState
from ..state.store import Store
from .breaker import Breakers
from .clearance import AskFirst, Clearance
from .collaborators import AskPermission, Audit, Keeper, Metrics, Permissions, Sessions, Spans
from .limiter import Limiter
from .limits import Limits
from .outcomes import Course, Records
from .permission_step import PermissionStep
from .response_cache import Asker, ResponseCache, offered_of
from .sending import Sending
from .validation import check
from .wanted import Wanted

_RUN = uuid4().hex[:6]
_numbers = count(1)
CHECKED = 4 * 1024 * 1024
"""Bytes of a result (as JSON) whose structured content is checked: checking takes a copy of it."""


class Executor:
    """Makes calls on the manager's sessions and records them in the store.

    Every helper may be missing: without ``permissions`` everything is allowed, without ``ask`` what they want asked is
    denied. ``vouches``: whether somebody stands up for what the server of an entry says of its tools.
    """

    def __init__(
        self,
        sessions: Sessions,
        store: Store,
        *,
        permissions: Permissions | None = None,
        ask: AskPermission | None = None,
        audit: Audit | None = None,
        metrics: Metrics | None = None,
        spans: Spans | None = None,
        keeper: Keeper | None = None,
        limits: Limits | None = None,
        cache: ResponseCache | None = None,
        vouches: Callable[[ServerEntry], bool] | None = None,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._keeper = keeper
        self._cache = cache
        self._records = Records(store, audit=audit, metrics=metrics, spans=spans, keeper=keeper)
        permission = PermissionStep(permissions, ask) if permissions is not None else None
        self._clearance = Clearance(sessions, self._records, permission, vouches)
        self._sending = Sending(sessions, store, self._records, limits or Limits(), self._clearance.holds)

    async def run(self) -> None:
        """Keep account of calls beside them, until cancelled; without it that is done before each is returned."""
        await self._records.run()

    @property
    def limiter(self) -> Limiter:
        """Who has a place, and who waits for one."""
        return self._sending.limiter

    @property
    def breakers(self) -> Breakers:
        return self._sending.breakers

    def reset_breaker(self, server: str) -> None:
        """Make calls to the server again, whatever failed until now."""
        self._sending.breakers.reset(server)

    def begun_anew(self, server: str) -> None:
        """A person had the server connected anew, or logged in or out: nothing that was before counts any more."""
        self.reset_breaker(server)
        if self._cache is not None:
            self._cache.forget(server)

    def deadline(self, call: str) -> float | None:
        """When a running call times out, on the loop's clock; ``inf`` while a human is asked, None where no clock runs:
        at its end, and while it waits to be sent.
        """
        return self._sending.deadline(call)

    def paused(self, server: str, call: str | None) -> AbstractContextManager[None]:
        """Hold the clocks of a call while its server waits for a human (protocol section 22), and lend its place; those
        of all its calls, when it is not known which.
        """
        return self._sending.paused(server, call)

    async def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        call_id: str | None = None,
        validate: bool = True,
        timeout: float | None = None,
        as_task: bool = False,
        caller: Caller = Caller.PROGRAM,
        fresh: bool = False,
        background: bool = False,
        progress: bool = True,
        shown: bool = True,
    ) -> CallState:
        """Call a tool and wait for its end, whatever it is; only being cancelled goes through.

        ``error`` of what is returned says why there is no result; of ``INVALID`` its ``details["problems"]``. What is
        ``NOT_FOUND`` or ``INVALID`` was never sent and is no call in the store. ``validate`` False: the arguments are
        sent as they are, and a tool need not be listed. ``timeout`` in seconds from when it is sent; the entry's own
        comes before the general one. ``as_task``: let the server run it as a task (section 36). ``fresh``: an answer
        that is kept will not do. ``background``: others go first. ``progress`` False: none is asked for.
        ``shown`` False: it is one of very many, and no call in the store.
        """
        return await self._run(
            Wanted(
                Offered.TOOL,
                server,
                tool,
                arguments,
                call_id or _new_id(),
                time.time(),
                time.perf_counter(),
                caller,
                validate,
                timeout,
                as_task,
                fresh,
                background,
                progress,
                shown=shown,
            )
        )

    async def read(
        self,
        server: str,
        uri: str,
        *,
        call_id: str | None = None,
        timeout: float | None = None,
        caller: Caller = Caller.PROGRAM,
        fresh: bool = False,
        background: bool = False,
        bound: bool = False,
        shown: bool = True,
    ) -> CallState:
        """Read a resource; as ``call``. Without ``timeout`` each request has the session's own time limit.

        ``bound``: by the instance that has the server's very name, and no other.
        """
        call, at, began = call_id or _new_id(), time.time(), time.perf_counter()
        wanted = Wanted(Offered.RESOURCE, server, uri, {}, call, at, began, caller, timeout=timeout)
        return await self._run(replace(wanted, fresh=fresh, background=background, bound=bound, shown=shown))

    async def prompt(
        self,
        server: str,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        call_id: str | None = None,
        timeout: float | None = None,
        caller: Caller = Caller.PROGRAM,
        background: bool = False,
        shown: bool = True,
    ) -> CallState:
        """Get a prompt; as ``read``. ``arguments`` None: none are sent, not even an empty object."""
        call, at, began = call_id or _new_id(), time.time(), time.perf_counter()
        texts: JsonObject = {**(arguments or {})}
        wanted = Wanted(Offered.PROMPT, server, name, texts, call, at, began, caller, timeout=timeout)
        return await self._run(replace(wanted, background=background, given=arguments is not None, shown=shown))

    async def raw(
        self,
        server: str,
        kind: Offered,
        name: str,
        method: str,
        send: Callable[[Session], Awaitable[JsonObject]],
        *,
        arguments: JsonObject | None = None,
        timeout: float | None = None,
        caller: Caller = Caller.PROGRAM,
    ) -> CallState:
        """A use in words of its own: ``send`` carries it out, once, on the session that has the server's very name.

        ``kind``, ``name`` and ``arguments`` are what rules and records know it by, as ``method`` the latter.
        """
        call, at, began = _new_id(), time.time(), time.perf_counter()
        wanted = Wanted(kind, server, name, arguments or {}, call, at, began, caller, validate=False, timeout=timeout)
        return await self._run(replace(wanted, bound=True, said=method, send=send))

    def act(self, kind: Offered, server: str, name: str, arguments: JsonObject, caller: Caller) -> Act:
        """A use as the rules see it, by what is known of the server now. Asks nobody, and reads nothing."""
        return self._clearance.act(kind, server, name, arguments, caller)

    # The steps

    async def _run(self, wanted: Wanted) -> CallState:
        """From the beginning to the outcome. Whatever is raised on the way ends the call in good order."""
        course = self._records.begin(wanted)
        result: JsonObject | None = None
        failure: McpDeckError | None = None
        try:
            result = await self._steps(course)
        except McpDeckError as error:
            failure = error
        except anyio.get_cancelled_exc_class():
            failure = RequestCancelled("cancelled")
            raise
        finally:
            if result is None and failure is None:
                failure = ProtocolError(
                    "internal error: the call ended without a result",
                    hint="This is a fault of mcpdeck; please report it.",
                )
            if not self._is_no_call(wanted, failure):
                self._records.start(course)
            call = self._records.end(course, result, failure)
        return call

    def _is_no_call(self, wanted: Wanted, failure: McpDeckError | None) -> bool:
        """There is nothing of that name, or the arguments do not fit: a slip, which is told and not shown as a call."""
        unknown = isinstance(failure, UsageError) and self._sessions.entry(wanted.server) is None
        return unknown or isinstance(failure, (UnknownTool, InvalidArguments))

    async def _steps(self, course: Course) -> JsonObject:
        one = course.wanted
        course.checked_at = self._sending.checked(one.server)
        session = await self._clearance.decide(course, await self._sessions.connected(one.server))
        self._records.start(course)
        if course.decision is not None and course.decision.effect is Effect.ASK:
            await self._clearance.asked(course, session)
        while True:
            try:
                return await self._made(course, session)
            except AskFirst as found:
                # Another session gets it, or rules changed while it waited: that is another question.
                session = found.session
                await self._clearance.asked(course, session)

    async def _made(self, course: Course, session: Session) -> JsonObject:
        """The result of what is allowed: one that is kept, or what the server says."""
        one, act, cache = course.wanted, course.act, self._cache
        asker = self._asker(one, act, session) if cache is not None else None
        if asker is None or cache is None:
            return await self._measured(course, await self._sending.sent(course, session))
        kept = cache.find(asker, one.method, one.name, one.arguments) if not one.fresh else None
        if kept is not None:
            course.cached_at, course.attempts = kept.at, 0
            return await self._measured(course, kept.result)
        epoch = cache.epoch(act.server)
        result = await self._sending.sent(course, session)
        # An answer of a tool that turned out to be another one is not what was looked for.
        if self._asker(one, course.act, session) == asker and course.rounds == 1 and course.task is None:
            cache.keep(asker, one.method, one.name, one.arguments, result, epoch)
        return await self._measured(course, result)

    def _asker(self, one: Wanted, act: Act, session: Session) -> Asker | None:
        """Whose answer it would be, where it may be kept at all."""
        if one.caller is Caller.BATCH or one.as_task or one.send is not None:
            return None
        if one.kind is Offered.PROMPT:
            return None
        if one.kind is Offered.TOOL and not (act.trusted and act.annotations.get("readOnlyHint") is True):
            return None
        entry = self._sessions.entry(one.server)
        row = self._store.server(one.server)
        if entry is None:
            return None
        offered = offered_of(session.offer.capabilities(session.version))
        return Asker(act.server, entry.digest, session.version, offered, row.auth.token if row and row.auth else None)

    async def _measured(self, course: Course, result: JsonObject) -> JsonObject:
        """What a model would get of it, and whether it is what the tool promised. In a batch it is as received."""
        one, tool = course.wanted, course.tool
        if one.caller is Caller.BATCH:
            return result
        if self._keeper is not None:
            course.measured = await self._keeper.keep(one.call, one.server, tool, result)
        if tool is not None and tool.output_schema is not None and result.get("isError") is not True:
            course.output_problems = await _flaws(result, tool.output_schema, course.measured)
        return result


def _new_id() -> str:
    """Another one each time, and most probably than in any other process: results that are kept are named by it."""
    return f"{_RUN}{next(_numbers):06x}"


async def _flaws(result: JsonObject, schema: JsonObject, measured: Measured | None) -> tuple[str, ...]:
    """Where structured content does not fit the tool's output schema (protocol section 28): shown, not refused."""
    if "structuredContent" not in result:
        return ("the tool has an output schema, and its result has no structured content",)
    if (measured.size if measured is not None else weight(result)) > CHECKED:
        return ("structured content could not be checked: it is too large",)
    wrong = await check(result["structuredContent"], schema)
    if wrong is None:
        return ("structured content could not be checked: the output schema takes too long",)
    return tuple(f"structured content: {problem}" for problem in wrong)
