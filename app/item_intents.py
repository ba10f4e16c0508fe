"""What a person asks about resources, templates and tasks beside calling tools: read, be told, look, complete.

Owns the way to the session and the words for how it went. Never draws, and decides nothing about a server.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from ..services import events as ev
from ..services.errors import McpDeckError, UsageError
from ..services.models import Caller, ErrorInfo, Json, JsonObject, as_list, as_object
from .completions import Completing, Told

if TYPE_CHECKING:
    from ..services.session import Session
    from .controller import Toast
    from .main import Services

RESULT = "tasks/result"


class ItemIntents(Protocol):
    """Each returns at once."""

    def subscribe(self, server: str, uri: str, wanted: bool) -> None: ...
    def read_template(self, server: str, template: str, values: JsonObject) -> str | None: ...
    def look_at_task(self, server: str, task: str) -> None: ...
    def task_result(self, server: str, task: str, tool: str) -> str: ...
    def complete(
        self, server: str, ref: JsonObject, argument: str, prefix: str, context: Mapping[str, str], told: Told
    ) -> None: ...


class ItemController:
    """``ItemIntents`` on the real services."""

    _services: Services
    _toast: Toast

    def __init__(self) -> None:
        self._completing = Completing(self._beside, self._session)

    def _session(self, server: str) -> Session | None:
        return self._services.manager.session(server)

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller runs what takes a while")

    def _on(self, server: str, work: Callable[[Session], Awaitable[object]], done: str) -> None:
        raise TypeError("the controller knows the sessions")

    def _tell(self, error: McpDeckError) -> None:
        raise TypeError("the controller tells what goes wrong")

    def read(self, server: str, uri: str) -> str:
        raise TypeError("the controller starts calls")

    def subscribe(self, server: str, uri: str, wanted: bool) -> None:
        """Be told when a resource changes, or not any more."""
        if wanted:
            self._on(server, lambda session: session.subscribe(uri), f"Changes of {uri} are told")
        else:
            self._on(server, lambda session: session.unsubscribe(uri), f"Changes of {uri} are not told any more")

    def read_template(self, server: str, template: str, values: JsonObject) -> str | None:
        """Read what a template gives with ``values``; None (and a toast) where it gives no address."""
        from ..services.session.uri_templates import expand  # not before somebody fills one in

        try:
            uri = expand(template, {name: _value(value) for name, value in values.items() if value is not None})
        except McpDeckError as error:
            error.server = error.server or server
            self._tell(error)
            return None
        return self.read(server, uri)

    def look_at_task(self, server: str, task: str) -> None:
        """Ask how a task stands; the answer arrives as its description."""
        self._on(server, lambda session: session.tasks.get(task), "Looked at the task")

    def task_result(self, server: str, task: str, tool: str) -> str:
        """Get the result of a task that is over, as a call of its own; returns the id of that."""
        call, store = uuid4().hex[:12], self._services.store

        async def run() -> None:
            began = time.perf_counter()
            arguments: JsonObject = {"task": task}
            store.dispatch(ev.CallStarted(call, server, tool or task, arguments, time.time(), RESULT, Caller.DASHBOARD))
            result: JsonObject | None = None
            failure: McpDeckError | None = UsageError("given up", hint="It can be got again.", server=server)
            try:
                result, failure = await self._fetched(server, task), None
            except McpDeckError as error:
                error.server = error.server or server
                failure = error
            finally:
                took = (time.perf_counter() - began) * 1000
                told = None if failure is None else ErrorInfo.of(failure)
                store.dispatch(ev.CallFinished(call, time.time(), took, result, told))

        self._beside(run)
        return call

    async def _fetched(self, server: str, task: str) -> JsonObject:
        session = self._services.manager.session(server)
        if session is None:
            raise UsageError("not connected", hint="Press r to connect it.", server=server)
        if session.tasks.core:
            return await session.tasks.result(task)
        described = await session.tasks.get(task)  # the extension puts it into the description (section 36)
        if isinstance(described.get("result"), dict):
            return as_object(described.get("result"))
        raise UsageError(f"the task has no result: it is {described.get('status')}", server=server)

    def complete(
        self, server: str, ref: JsonObject, argument: str, prefix: str, context: Mapping[str, str], told: Told
    ) -> None:
        """Tell what the server offers for an argument, once typing rests; see ``Completing``."""
        self._completing.ask(server, ref, argument, prefix, context, told)


def _value(value: Json) -> str | list[str]:
    return [str(one) for one in as_list(value)] if isinstance(value, list) else str(value)
