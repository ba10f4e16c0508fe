"""What a person asks of saved calls: what was called last, collections, running them, the same call many times.

Owns the questions and that files are read and written in threads; each asks at once and is told later. Never draws.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import anyio
import anyio.to_thread

from ..services.errors import UsageError
from ..services.models import Caller, JsonObject, Offered
from ..services.state.model import CallState
from .call_memory import RememberedCalls
from .many_calls import RUN, many

if TYPE_CHECKING:
    from ..services.collections.memory import Recent
    from ..services.collections.model import Collection, SavedCall
    from ..services.collections.places import Places, Undo
    from ..services.collections.repeats import Plan
    from ..services.collections.running import Ran, Values
    from ..services.config.load import LoadOptions
    from .controller import Refused, Toast
    from .copy_as import Copied
    from .main import Services

Started: TypeAlias = "Callable[[str, Callable[[str], Awaitable[CallState]], Refused | None], str]"
"""Starts a call with a card of its own; its id."""
Beside: TypeAlias = "Callable[[Callable[[], Awaitable[None]]], None]"
Change: TypeAlias = "Callable[[Places], Undo]"


class Saved(Protocol):
    """Everything a screen may ask. Each returns at once; what is told is told in the app's own loop."""

    @property
    def recent(self) -> tuple[Recent, ...]: ...
    @property
    def off(self) -> bool: ...
    @property
    def keeps(self) -> bool: ...
    def begin(self, done: Callable[[], object] = ...) -> None: ...
    def remembered(self, kind: Offered, server: str, name: str) -> JsonObject | None: ...
    def forget(self, done: Callable[[], object]) -> None: ...
    def again(self, one: Recent) -> str: ...
    def collections(self, done: Callable[[tuple[Collection, ...]], object]) -> None: ...
    def named(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[JsonObject, list[str]]: ...
    def change(self, change: Change, done: Callable[[Undo], object]) -> None: ...
    def undo(self, undo: Undo, done: Callable[[], object]) -> None: ...
    def run(
        self,
        collection: Collection,
        calls: Sequence[SavedCall],
        values: Values,
        *,
        begins: Callable[[SavedCall], object],
        told: Callable[[Ran], object],
        done: Callable[[], object],
    ) -> Callable[[], object]: ...
    def run_many(
        self, kind: Offered, server: str, name: str, arguments: JsonObject, plan: Plan, *, as_task: bool = False
    ) -> str: ...
    def run_again(self, call: CallState) -> str | None: ...
    def copies(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[Copied, ...]: ...


class SavedIntents(Protocol):
    """Where a screen finds them."""

    @property
    def saved(self) -> Saved: ...


class SavedCalls:
    """``Saved`` on the real services.

    ``options`` tell project and folders, None: nothing is kept in files; ``remembers`` False: nothing outlives this
    process. ``start`` starts a call with a card, ``beside`` any other work, whose errors are told.
    """

    def __init__(
        self,
        services: Services,
        toast: Toast,
        *,
        start: Started,
        beside: Beside,
        options: Callable[[], LoadOptions] | None,
        remembers: bool,
    ) -> None:
        self._services = services
        self._toast = toast
        self._started = start
        self._beside = beside
        self._options = options
        self._remembers = remembers
        self._plans: dict[str, tuple[Offered, Plan, bool]] = {}
        self._memory = RememberedCalls(self._data, self._settings, beside, self._schema, self._not_kept)

    def _data(self) -> Path | None:
        return self._options().folders.data if self._options is not None and self._remembers else None

    def _settings(self) -> Path | None:
        return self._options().folders.settings_file if self._options is not None else None

    def _not_kept(self, why: str) -> None:
        self._toast("Calls are not remembered", why, severity="warning")

    def _environ(self) -> Mapping[str, str]:
        """With what a person gave a value for this run."""
        return self._options().environ if self._options is not None else os.environ

    # What was called last.

    @property
    def recent(self) -> tuple[Recent, ...]:
        return self._memory.recent

    @property
    def off(self) -> bool:
        return self._memory.off

    @property
    def keeps(self) -> bool:
        """There are files that calls can be saved in; a program that brings its own servers has none."""
        return self._options is not None

    def begin(self, done: Callable[[], object] = lambda: None) -> None:
        self._memory.begin(done)

    def remembered(self, kind: Offered, server: str, name: str) -> JsonObject | None:
        """The arguments it was called with last, by this or an earlier dashboard; secrets are never among them."""
        return self._memory.last(kind, self._configured(server), name)

    def ended(self, call_id: str) -> None:
        """A call that was started by hand is over."""
        call = self._services.store.call(call_id)
        if call is not None:
            self._memory.ended(call, self._configured(call.server))

    def forget(self, done: Callable[[], object]) -> None:
        self._memory.forget(done)

    def again(self, one: Recent) -> str:
        """Make a remembered call once more, with what is kept of its arguments."""
        return self._start(one.kind, one.server, one.name, one.arguments, as_task=one.as_task)

    def _start(self, kind: Offered, server: str, name: str, arguments: JsonObject, *, as_task: bool) -> str:
        def made(call_id: str) -> Awaitable[CallState]:
            return self._call(kind, server, name, arguments, call_id=call_id, as_task=as_task)

        return self._started(server, made, None)

    def _call(
        self,
        kind: Offered,
        server: str,
        name: str,
        arguments: JsonObject,
        *,
        call_id: str | None = None,
        as_task: bool = False,
        validate: bool = False,
        timeout: float | None = None,
        shown: bool = True,
    ) -> Awaitable[CallState]:
        executor, caller = self._services.executor, Caller.DASHBOARD
        if kind is Offered.RESOURCE:
            return executor.read(server, name, call_id=call_id, caller=caller, timeout=timeout, shown=shown)
        if kind is Offered.PROMPT:
            texts = {key: value for key, value in arguments.items() if isinstance(value, str)}
            return executor.prompt(server, name, texts, call_id=call_id, caller=caller, timeout=timeout, shown=shown)
        return executor.call(
            server,
            name,
            arguments,
            call_id=call_id,
            validate=validate,
            timeout=timeout,
            as_task=as_task,
            caller=caller,
            shown=shown,
        )

    # Collections.

    @property
    def _places(self) -> Places:
        from ..services.collections.places import Places  # not before somebody keeps a call

        if self._options is None:
            return Places(None, None)
        options = self._options()
        return Places(options.project, options.folders.data)

    def collections(self, done: Callable[[tuple[Collection, ...]], object]) -> None:
        """Every collection, read anew."""

        async def work() -> None:
            done(await anyio.to_thread.run_sync(self._places.load))

        self._beside(work)

    def named(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[JsonObject, list[str]]:
        """``arguments`` as they may stand in a file: secrets are variables of the environment, which are named."""
        from ..services.collections.secrets import named

        kept = named(arguments, self._schema(kind, server, name))
        return kept.arguments, list(kept.variables)

    def change(self, change: Change, done: Callable[[Undo], object]) -> None:
        """Change a file; what went wrong is a toast."""

        async def work() -> None:
            places = self._places
            done(await anyio.to_thread.run_sync(lambda: change(places)))

        self._beside(work)

    def undo(self, undo: Undo, done: Callable[[], object]) -> None:
        async def work() -> None:
            places = self._places
            await anyio.to_thread.run_sync(lambda: places.undo(undo))
            done()

        self._beside(work)

    def run(
        self,
        collection: Collection,
        calls: Sequence[SavedCall],
        values: Values,
        *,
        begins: Callable[[SavedCall], object],
        told: Callable[[Ran], object],
        done: Callable[[], object],
    ) -> Callable[[], object]:
        """Run saved calls one after the other; what is returned gives the run up."""
        from ..services.collections.running import run

        scope = anyio.CancelScope()

        async def make(call: SavedCall, target: str, arguments: JsonObject) -> CallState:
            return await self._call(
                call.kind,
                call.server,
                target,
                arguments,
                as_task=call.as_task,
                validate=call.validate,
                timeout=call.timeout,
            )

        async def work() -> None:
            try:
                with scope:
                    await run(collection, calls, make, values=values, environ=self._environ(), told=told, begins=begins)
            finally:
                done()

        self._beside(work)
        return scope.cancel

    # Many times.

    def run_many(
        self, kind: Offered, server: str, name: str, arguments: JsonObject, plan: Plan, *, as_task: bool = False
    ) -> str:
        """The same call as often as planned: one card, with the figures of all of them."""

        def make() -> Awaitable[CallState]:
            return self._call(kind, server, name, arguments, as_task=as_task, shown=False)

        def made(call_id: str) -> Awaitable[CallState]:
            return many(self._services.store, call_id, server, name, arguments, plan, make, time.time)

        call_id = self._started(server, made, None)
        self._plans[call_id] = (kind, plan, as_task)
        return call_id

    def run_again(self, call: CallState) -> str | None:
        """A run like the one of this card; None for any other card."""
        known = self._plans.get(call.id) if call.method == RUN else None
        if known is None:
            return None
        kind, plan, as_task = known
        return self.run_many(kind, call.server, call.tool, call.arguments, plan, as_task=as_task)

    # Copies.

    def copies(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[Copied, ...]:
        """The call as commands and programs that make it. Raises ``UsageError`` for a server that is gone."""
        from .copy_as import Wanted, copies

        manager, row = self._services.manager, self._services.store.server(server)
        entry = manager.entry(server)
        if entry is None:
            raise UsageError(f'there is no server "{server}" any more')
        kept, secrets = self.named(kind, server, name, arguments)
        tool = next((one for one in (row.tools if row else None) or () if one.name == name), None)
        session = manager.session(server)
        return copies(
            Wanted(
                entry,
                kind,
                name,
                kept,
                tuple(secrets),
                version=(session.version if session is not None else None) or (row.version if row else None),
                capabilities=session.offer.capabilities(session.version) if session is not None else {},
                schema=tool.input_schema if tool is not None and kind is Offered.TOOL else {},
                logged_in=row is not None and row.auth is not None,
            )
        )

    # What is known.

    def _schema(self, kind: Offered, server: str, name: str) -> JsonObject:
        row = self._services.store.server(server)
        if kind is not Offered.TOOL or row is None:
            return {}
        tool = next((one for one in row.tools or () if one.name == name), None)
        return tool.input_schema if tool is not None else {}

    def _configured(self, server: str) -> str:
        entry = self._services.manager.entry(server)
        return entry.configured_as if entry is not None else server
