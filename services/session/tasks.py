"""Tasks: calls whose result is fetched later (protocol section 36).

Owns both forms, which share nothing on the wire: the experimental core of 2025-11-25 and the extension
``io.modelcontextprotocol/tasks`` of 2026-07-28. Ids outlive the connection in the server's memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import anyio

from .. import events as ev
from ..eras.base import NO_EXTENSIONS
from ..eras.versions import BY_DATE, INTERNAL_ERROR, INVALID_PARAMS, TASKS_EXTENSION
from ..errors import McpDeckError, RemoteProtocolError, RequestCancelled, RequestTimeout, RPCError, UsageError
from ..models import EraName, Json, JsonObject, TaskInfo, Tool, as_list, as_object, as_text
from ..protocol.dispatcher import Limit
from ..transports.base import RequestId
from .inputs import input_response

if TYPE_CHECKING:
    from .session import Session

RELATED = "io.modelcontextprotocol/related-task"
POLL_DEFAULT = 1.0
POLL_FLOOR, POLL_CEILING = 0.25, 60.0
"""Seconds between two looks at a task, whatever the server wishes."""
FAREWELL = 2.0
"""Seconds that cancelling a task may take when a caller is leaving."""
PAGES = 50
TTL_MS = 3_600_000
"""How long the server is asked to keep a task of ours (2025-11-25), milliseconds."""
QUESTIONS = 1_000
"""Questions of one task before we believe in a loop."""
TOOLS_KEPT = 500
LOOKS_FAILED = 3
"""Looks at a task that may fail in a row before its call fails."""

OnTask = Callable[[TaskInfo], None]


class Tasks:
    """The tasks of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._calls: dict[str, str | None] = {}
        self._tools: dict[str, str] = {}
        self._tokens: dict[str, RequestId] = {}
        self._news: dict[str, anyio.Event] = {}

    # Which form there is

    @property
    def core(self) -> bool:
        """The revision has tasks in its core (2025-11-25)."""
        return BY_DATE[self._session.version].tasks

    def offered(self, *path: str) -> bool:
        """The server announces tasks; in the core's form ``path`` names the part (``cancel``, ``list``, …)."""
        capabilities = self._session.capabilities
        if not self.core:
            return TASKS_EXTENSION in as_object(capabilities.get("extensions"))
        found: Json = capabilities.get("tasks")
        for member in path:
            found = as_object(found).get(member)
        return isinstance(found, dict)

    @property
    def extensions(self) -> Mapping[str, JsonObject]:
        """What is declared with every request about tasks (the extension)."""
        return NO_EXTENSIONS if self._session.era is EraName.LEGACY else {TASKS_EXTENSION: {}}

    def wanted_by(self, tool: Tool | None) -> bool:
        """The tool can only be called as a task (2025-11-25)."""
        required = tool is not None and self._support(tool) == "required"
        return self.core and required and self.offered("requests", "tools", "call")

    def params(self, tool: Tool | None) -> JsonObject:
        """What makes a ``tools/call`` of 2025-11-25 a task. Raises ``UsageError`` where it cannot be one."""
        if not self.offered("requests", "tools", "call"):
            raise UsageError(
                "the server does not run tool calls as tasks",
                hint="Its capabilities do not name them; call the tool without asking for a task.",
            )
        if not self.core:
            return {}
        if tool is not None and self._support(tool) not in ("optional", "required"):
            raise UsageError(
                f"{tool.name} does not run as a task",
                hint="Its execution.taskSupport does not allow it; call it without asking for a task.",
            )
        return {"task": {"ttl": TTL_MS}}

    @staticmethod
    def _support(tool: Tool) -> Json:
        return as_object(tool.raw.get("execution")).get("taskSupport")

    def keeps_progress(self, result: Json, token: RequestId) -> bool:
        """A call was answered with a task, so its progress token stays alive until the task is over."""
        begun = created(as_object(result), core=True) if self.core else None
        task = as_text(begun.get("taskId")) if begun is not None else None
        if task is None:
            return False
        self._tokens[task] = token
        return True

    def call_of(self, params: JsonObject) -> str | None:
        """The call that a message about a task belongs to."""
        task = as_text(as_object(as_object(params.get("_meta")).get(RELATED)).get("taskId"))
        return self._calls.get(task) if task is not None else None

    # Single operations

    async def get(self, task: str) -> JsonObject:
        """The task as the server describes it now."""
        result = await self._request("tasks/get", {"taskId": task})
        self._seen(_described(result))
        return result

    async def cancel(self, task: str) -> JsonObject:
        """Ask the server to stop the task; it may still end otherwise."""
        result = await self._request("tasks/cancel", {"taskId": task})
        if self.core:
            self._seen(_described(result))
        return result

    async def result(self, task: str) -> JsonObject:
        """The result of a task of 2025-11-25; waits until there is one."""
        return await self._request("tasks/result", {"taskId": task}, timeout=None)

    async def list(self) -> list[Json]:
        """The tasks as the server lists them (2025-11-25), else those we know of, as last described."""
        if not self.core:
            return [self.known_raw(task) for task in self._session.memory.tasks()]
        items: list[Json] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self._request("tasks/list", {} if cursor is None else {"cursor": cursor})
            items += as_list(page.get("tasks"))
            following = as_text(page.get("nextCursor"))
            if following is None or following == cursor:
                break
            cursor = following
        for item in items:
            self._seen(as_object(item))
        return items

    def known_raw(self, task: str) -> JsonObject:
        """What is remembered of a task."""
        return {"taskId": task, **self._session.memory.tasks().get(task, {})}

    async def recall(self) -> None:
        """Look at the tasks that were running when the last connection ended."""
        for task, about in [*self._session.memory.tasks().items()]:
            if about.get("era") != self._session.version:
                continue
            try:
                await self.get(task)
            except RPCError as error:
                if error.code == INVALID_PARAMS:  # unknown or expired (section 36)
                    self._session.note(f"Task {task} is gone: {error.title}")
                    self._session.memory.keep_task(task, None)
            except McpDeckError:
                return

    # A call as a task

    async def follow(self, created: JsonObject, tool: str, call: str | None, on_task: OnTask | None) -> JsonObject:
        """Wait for the end of a task that a ``tools/call`` was answered with; its result as received.

        Raises ``RPCError`` for a task that failed with one, ``RequestCancelled`` for a cancelled one.
        Leaving cancels the task.
        """
        task = self._seen(created, tool)
        if on_task is not None:
            on_task(task)
        if task.id in self._news:
            raise RemoteProtocolError(f"two calls were answered with the same task {task.id} (section 36)")
        self._calls[task.id] = call
        self._news[task.id] = anyio.Event()
        try:
            return await (self._follow_core(task) if self.core else self._follow_extension(task, call))
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(FAREWELL):
                try:
                    await self.cancel(task.id)
                except McpDeckError:
                    pass  # it ended by itself, or the server is gone
            raise
        finally:
            del self._calls[task.id]
            del self._news[task.id]
            if task.id in self._tokens:
                self._session.progress.remove(self._tokens.pop(task.id))

    async def _follow_core(self, task: TaskInfo) -> JsonObject:
        while not task.over and task.status != "input_required":
            await self._pause(task)
            task = await self._look(task)
        if task.status == "cancelled":
            raise RequestCancelled(f"the server cancelled the task{_because(task)}")
        # With input required, asking for the result is what lets the server put its question (section 36.1).
        result = await self.result(task.id)
        if as_object(as_object(result.get("_meta")).get(RELATED)).get("taskId") != task.id:
            self._session.broke("the result of tasks/result names no related task (section 36.1)")
        await self._last_look(task)
        return result

    async def _last_look(self, task: TaskInfo) -> None:
        """The result came: what state the task ended in is worth showing, and no reason to fail."""
        if not task.over:
            try:
                await self.get(task.id)
            except McpDeckError:
                self._session.memory.keep_task(task.id, None)

    async def _follow_extension(self, task: TaskInfo, call: str | None) -> JsonObject:
        answered: set[str] = set()
        while True:
            if task.status == "input_required":
                await self._answer(task, call, answered)
            elif task.over:
                return _outcome(task)
            await self._pause(task)
            task = await self._look(task)

    async def _look(self, task: TaskInfo) -> TaskInfo:
        """The task as it is now; a server that fails now and then is asked again."""
        for attempt in range(LOOKS_FAILED):
            try:
                return self._seen(_described(await self._request("tasks/get", {"taskId": task.id})), task.tool)
            except (RPCError, RequestTimeout) as error:
                passing = isinstance(error, RequestTimeout) or error.code == INTERNAL_ERROR
                if not passing or attempt == LOOKS_FAILED - 1:
                    raise
                self._session.note(f"Task {task.id} could not be looked at: {error.title}")
            await self._pause(task)
        raise AssertionError("the last failure was raised")

    async def _answer(self, task: TaskInfo, call: str | None, answered: set[str]) -> None:
        """Answer the questions of a task that were not answered yet; keys are unique for its life."""
        asked = as_object(task.raw.get("inputRequests"))
        fresh = {key: as_object(value) for key, value in asked.items() if key not in answered}
        if not fresh:
            return
        if len(answered) + len(fresh) > QUESTIONS:
            raise RemoteProtocolError(f"the task asked more than {QUESTIONS:,} questions", hint="Cancel it.")
        answers: JsonObject = {key: await input_response(self._session, item, call) for key, item in fresh.items()}
        answered.update(fresh)
        await self._request("tasks/update", {"taskId": task.id, "inputResponses": answers})

    async def _pause(self, task: TaskInfo) -> None:
        """Wait as long as the server wishes between two looks, or until it says that something changed."""
        wished = POLL_DEFAULT if task.poll_ms is None else task.poll_ms / 1000
        await anyio.sleep(POLL_FLOOR)  # however often the server says that something changed
        wished = max(wished - POLL_FLOOR, 0.0)
        with anyio.move_on_after(min(wished, POLL_CEILING) * random.uniform(1.0, 1.1)):
            news = self._news.get(task.id)
            await (news.wait() if news is not None else anyio.sleep_forever())
        if task.id in self._news:
            self._news[task.id] = anyio.Event()

    def end(self) -> None:
        """The connection is over: whoever waits before the next look at a task looks now, and finds that out."""
        for news in self._news.values():
            news.set()

    # What arrives by itself

    def received(self, method: str, params: JsonObject) -> bool:
        """Take ``notifications/tasks/status`` or ``notifications/tasks``; False when it is about something else."""
        if method not in ("notifications/tasks/status", "notifications/tasks"):
            return False
        described = _described(params)
        if as_text(described.get("taskId")) is None:
            self._session.broke(f"{method} names no task (section 36)")
            return True
        task = self._seen(described)
        news = self._news.get(task.id)
        if news is not None:
            news.set()
        return True

    async def _request(self, method: str, params: JsonObject, *, timeout: Limit = "own") -> JsonObject:
        return await self._session.request(method, params, timeout=timeout, extensions=self.extensions)

    def _seen(self, raw: JsonObject, tool: str = "") -> TaskInfo:
        """Note what a task looks like now. Raises ``RemoteProtocolError`` when it has no id."""
        session = self._session
        named = as_text(raw.get("taskId")) or ""
        tool = tool or self._tools.get(named) or as_text(session.memory.tasks().get(named, {}).get("tool")) or ""
        task = _read(raw, tool)
        if tool:
            self._tools[task.id] = tool
            while len(self._tools) > TOOLS_KEPT:
                del self._tools[next(iter(self._tools))]
        about: JsonObject = {"tool": task.tool, "era": session.version, "status": task.status}
        session.memory.keep_task(task.id, None if task.over else about)
        session.emit(ev.TaskChanged(session.server, session.generation, task))
        return task


def related(params: JsonObject, result: JsonObject) -> JsonObject:
    """``result`` of a question, with the task that its question named (section 36.1)."""
    about = as_object(params.get("_meta")).get(RELATED)
    if not isinstance(about, dict):
        return result
    return {**result, "_meta": {**as_object(result.get("_meta")), RELATED: about}}


def created(result: JsonObject, *, core: bool) -> JsonObject | None:
    """The task that a ``tools/call`` was answered with, None when the answer is a result."""
    if core:
        task = result.get("task")
        return task if isinstance(task, dict) and "content" not in result else None
    return result if result.get("resultType") == "task" else None


def _described(result: JsonObject) -> JsonObject:
    """The task of a reply; some servers nest it."""
    nested = result.get("task")
    return nested if isinstance(nested, dict) and "taskId" not in result else result


def _read(raw: JsonObject, tool: str) -> TaskInfo:
    task = as_text(raw.get("taskId"))
    if not task:
        raise RemoteProtocolError("a task without a taskId (section 36)", hint="See the raw answer.")
    return TaskInfo(
        id=task,
        status=as_text(raw.get("status")) or "",
        tool=tool,
        message=as_text(raw.get("statusMessage")) or "",
        created_at=as_text(raw.get("createdAt")) or "",
        updated_at=as_text(raw.get("lastUpdatedAt")) or "",
        ttl_ms=_number(raw.get("ttlMs", raw.get("ttl"))),
        poll_ms=_number(raw.get("pollIntervalMs", raw.get("pollInterval"))),
        raw=raw,
    )


def _number(value: Json) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def _outcome(task: TaskInfo) -> JsonObject:
    """The result of a finished task of the extension. Raises what it failed with."""
    if task.status == "completed":
        result = task.raw.get("result")
        if not isinstance(result, dict):
            raise RemoteProtocolError("a completed task without a result (section 36.2)", hint="See the raw answer.")
        return result
    if task.status == "cancelled":
        raise RequestCancelled(f"the server cancelled the task{_because(task)}")
    error = as_object(task.raw.get("error"))
    code = error.get("code")
    raise RPCError(
        code if isinstance(code, int) else INVALID_PARAMS,
        as_text(error.get("message")) or task.message or "the task failed",
        error.get("data"),
    )


def _because(task: TaskInfo) -> str:
    return f": {task.message}" if task.message else ""
