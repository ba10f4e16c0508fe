"""A session: typed MCP calls over one connection.

Owns negotiation, requests and the answers inside results. What a server offers, asks
or says by itself has rooms of its own. Dressing requests is the era's business, pairing them the
dispatcher's. Reports facts as events; never knows the store.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio

from .. import events as ev
from ..eras.base import NO_EXTENSIONS, ClientSide, Era, Greeting, Offer
from ..eras.negotiate import Wish, negotiate
from ..eras.stateless import StatelessEra
from ..eras.versions import BY_DATE, LOG_LEVELS, ROUND_METHODS, TASKS_EXTENSION
from ..errors import CapabilityMissing, ConnectionLost, McpDeckError, RemoteProtocolError, TransportError, UsageError
from ..models import EraName, Implementation, Json, JsonObject, TransportKind, as_object
from ..protocol.dispatcher import REQUEST_TIMEOUT, Dispatcher, Limit, unanswerable
from ..telemetry.trace import TracedConnection
from ..transports.base import RequestId, Transport
from .incoming import Incoming
from .items import contents_flaws, hint_flaws
from .lists import Lists
from .memory import ServerMemory
from .progress import OnProgress, ProgressTokens
from .questions import ROOTS, Answer, Ask, Question
from .record import Emit, Record
from .rounds import OnRound, Operation, carried_out
from .standing import Standing
from .subscriptions import Subscriptions
from .tasks import OnTask, Tasks, created
from .trace_context import traced


class Session:
    """One connection to one server, from negotiation to its end.

    ``lists`` holds what the server offers, ``subscriptions`` and ``tasks`` what was begun with it;
    ``dispatcher`` carries the messages. ``standing`` and ``memory`` outlive the session.
    """

    def __init__(
        self,
        server: str,
        generation: int,
        transport: Transport,
        *,
        emit: Emit,
        client: ClientSide,
        ask: Ask | None = None,
        standing: Standing | None = None,
        memory: ServerMemory | None = None,
        trace: TracedConnection | None = None,
        listens: bool = False,
        reads: frozenset[str] | None = None,
        request_timeout: float = REQUEST_TIMEOUT,
    ) -> None:
        self.server = server
        self.generation = generation
        self.emit = emit
        self.standing = standing or Standing(client.offer)
        self.memory = memory or ServerMemory()
        self.greeting: Greeting | None = None
        self.probing = False
        """Negotiation is under way: a stdio server that ends now may just not bear the probe."""
        self.suspect = anyio.Event()
        """Set when a request was lost: whether the server is still there is looked at now, not at the next beat."""
        self.request_timeout = request_timeout
        self._transport = transport
        self._client = client
        self._ask = ask
        self._era: Era | None = None
        self._calls: list[str] = []
        record = Record(server, generation, emit, trace, has_stdout=transport.kind is TransportKind.STDIO)
        self.note, self.log, self.broke = record.note, record.log, record.broke
        self.progress = ProgressTokens(self.broke)
        self.incoming = Incoming(self)
        self.lists = Lists(
            server, generation, request=self.request, emit=emit, broke=self.broke, memory=self.memory, reads=reads
        )
        self.subscriptions = Subscriptions(self, listens=listens)
        self.tasks = Tasks(self)
        self.dispatcher = Dispatcher(
            transport,
            on_request=self.incoming.on_request,
            on_notification=self.incoming.on_notification,
            at_once=self.incoming.at_once,
            on_flaw=self.broke,
            on_stray=record.stray,
            on_sent=record.sent,
            on_received=record.received,
        )
        record.asked = self.dispatcher.asked

    # What the connection is

    @property
    def era(self) -> EraName:
        return self._negotiated().name

    @property
    def is_modern(self) -> bool:
        """The stateless era was negotiated; false before."""
        return self._era is not None and self._era.name is EraName.MODERN

    @property
    def version(self) -> str:
        return self._negotiated().version

    @property
    def capabilities(self) -> JsonObject:
        return self.greeting.capabilities if self.greeting else {}

    @property
    def info(self) -> Implementation | None:
        return self.greeting.info if self.greeting else None

    @property
    def offer(self) -> Offer:
        """What we can answer (declared when the session began; roots may change since)."""
        return self.standing.offer

    @property
    def only_call(self) -> str | None:
        """The call that runs, when it is the only one."""
        return self._calls[0] if len(self._calls) == 1 else None

    def _negotiated(self) -> Era:
        if self._era is None:
            raise CapabilityMissing("the connection is not negotiated yet")
        return self._era

    async def open(self, wish: Wish) -> Greeting:
        """Negotiate. Raises what stands in the way; the caller bounds the time."""
        shared, older = not self._transport.stream_per_request, self._transport.handshake_only
        self.probing = wish.era is None and not older
        if self.probing and shared:
            self.note("Asked server/discover first; an older server may log an error about it.")
        era, greeting = await negotiate(
            self.dispatcher, self._client, wish, silence_is_legacy=shared, handshake_only=older, phase=self.lists.phase
        )
        self.probing = False
        self._era, self.greeting = era, greeting
        self.lists.announced(greeting.capabilities)
        self.lists.mirrors_headers = era.name is EraName.MODERN and self._transport.stream_per_request
        self.lists.has_hints = era.name is EraName.MODERN
        if isinstance(era, StatelessEra) and "logging" in greeting.capabilities:
            # A debugger wants to see the log; the server must not write one unasked (section 24).
            era.log_level = self.standing.log_level or LOG_LEVELS[0]
        self.dispatcher.answers = era.answers_requests
        self.dispatcher.batches = BY_DATE[era.version].batches
        self.dispatcher.answer_headers = era.standing_headers()
        await self._transport.established(era.name, era.standing_headers())
        for flaw in greeting.flaws:
            self.broke(flaw)
        return greeting

    async def keep(self) -> None:
        """Restore what stood before, read the lists, and keep both up to date until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.subscriptions.keep)
            tasks.start_soon(self.memory.keep_saved)
            if self.standing.log_level is not None and self.era is EraName.LEGACY and "logging" in self.capabilities:
                tasks.start_soon(self._restore_log_level, self.standing.log_level)
            if self.memory.tasks():
                tasks.start_soon(self.tasks.recall)
            # A list that changes while the listening begins would be missed: it is read after that, if that is quick.
            with self.lists.phase("subscriptions/listen", least=1.0), anyio.move_on_after(0.25):
                await self.subscriptions.first_answer()
            await self.lists.keep(self.capabilities)

    async def _restore_log_level(self, level: str) -> None:
        try:
            await self.request("logging/setLevel", {"level": level})
        except McpDeckError as error:
            self.note(f"The log level could not be set again: {error.title}")

    # Requests

    async def request(
        self,
        method: str,
        params: JsonObject,
        *,
        timeout: Limit = "own",
        on_progress: OnProgress | None = None,
        input_schema: JsonObject | None = None,
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS,
    ) -> JsonObject:
        """One request, dressed for the era; its result as received, which must be an object.

        ``timeout`` in seconds, ``own``: the session's.
        """
        request_id = self.dispatcher.new_id()
        if on_progress is not None:
            self.progress.add(request_id, on_progress)
        kept = False
        try:
            result = await self.send_request(
                request_id,
                method,
                params,
                timeout=self.request_timeout if timeout == "own" else timeout,
                progress_token=request_id if on_progress else None,
                input_schema=input_schema,
                extensions=extensions,
            )
            # The progress token of a call lives as long as its task (2025-11-25, section 36.1).
            kept = on_progress is not None and "task" in params and self.tasks.keeps_progress(result, request_id)
        except ConnectionLost:
            self.suspect.set()
            raise
        finally:
            if not kept:
                self.progress.remove(request_id)
        if not isinstance(result, dict):
            raise unanswerable(method)
        self._check_result_type(method, result, extensions)
        return result

    async def send_request(
        self,
        request_id: RequestId,
        method: str,
        params: JsonObject,
        *,
        timeout: float | None,
        progress_token: RequestId | None = None,
        input_schema: JsonObject | None = None,
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS,
    ) -> Json:
        """One request with an id from ``dispatcher.new_id``; its result unchecked."""
        era = self._negotiated()
        params, members = traced(params, self.standing.context)
        dressed = era.dress(
            method, params, progress_token=progress_token, input_schema=input_schema, extensions=extensions
        )
        return await self.dispatcher.request(
            method,
            dressed.params,
            request_id=request_id,
            headers={**dressed.headers, **members},
            timeout=timeout,
            cancel=lambda gone: era.cancel(gone, stream_per_request=self._transport.stream_per_request),
        )

    async def ping(self) -> float:
        """Milliseconds to a cheap answer: ``ping``, or ``server/discover`` where there is no ping (section 23)."""
        began = time.perf_counter()
        await self.request("ping" if self.era is EraName.LEGACY else "server/discover", {})
        return (time.perf_counter() - began) * 1000

    async def call_tool(
        self,
        name: str,
        arguments: JsonObject,
        *,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        call: str | None = None,
        on_round: OnRound | None = None,
        as_task: bool = False,
        on_task: OnTask | None = None,
    ) -> JsonObject:
        """``tools/call``, all its rounds and its task included; the final result exactly as received.

        ``as_task``: ask for a task, and wait for its end (section 36).
        """
        params: JsonObject = {"name": name, "arguments": arguments}
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS
        tool = self.lists.find(name)
        as_task = as_task or self.tasks.wanted_by(tool)
        if as_task:
            params.update(self.tasks.params(tool))
            extensions = self.tasks.extensions
        if call is not None:
            self._calls.append(call)
        operation = Operation("tools/call", params, name, on_progress, timeout, call, on_round, extensions)
        try:
            result = await carried_out(self, operation)
            begun = created(result, core=self.tasks.core) if as_task or self._declares_tasks else None
            if begun is None:
                if as_task and self.tasks.core:
                    self.note("The server answered at once instead of beginning a task.")
                return result
            try:
                return await self.tasks.follow(begun, name, call, on_task)
            except TransportError as error:
                # The call itself was taken, whatever became of the questions about its task: never once more.
                error.untaken = False
                raise
        finally:
            if call is not None:
                self._calls.remove(call)

    async def read_resource(
        self, uri: str, *, call: str | None = None, timeout: Limit = "own", on_round: OnRound | None = None
    ) -> JsonObject:
        """``resources/read``, all its rounds included; the result as received."""
        wanted = Operation("resources/read", {"uri": uri}, timeout=timeout, call=call, on_round=on_round)
        result = await carried_out(self, wanted)
        for flaw in contents_flaws(result) + (hint_flaws("resources/read", result) if self.is_modern else []):
            self.broke(flaw)
        return result

    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        call: str | None = None,
        timeout: Limit = "own",
        on_round: OnRound | None = None,
    ) -> JsonObject:
        """``prompts/get``, all its rounds included; the result as received."""
        params: JsonObject = {"name": name}
        if arguments is not None:
            params["arguments"] = dict(arguments)
        return await carried_out(self, Operation("prompts/get", params, timeout=timeout, call=call, on_round=on_round))

    async def complete(
        self, ref: JsonObject, argument: JsonObject, context: Mapping[str, str] | None = None
    ) -> JsonObject:
        """``completion/complete`` (section 25); ``context`` are arguments chosen already."""
        params: JsonObject = {"ref": ref, "argument": argument}
        if context and BY_DATE[self.version].completion_context:
            params["context"] = {"arguments": dict(context)}
        result = await self.request("completion/complete", params)
        values = as_object(result.get("completion")).get("values")
        if not isinstance(values, list):
            self.broke("completion/complete was answered without values (section 25)")
        elif len(values) > 100:
            self.broke(f"completion/complete was answered with {len(values)} values; 100 are allowed (section 25)")
        return result

    async def subscribe(self, uri: str) -> None:
        """Be told when a resource changes. Raises what the server or the transport raises."""
        await self.subscriptions.subscribe(uri)

    async def unsubscribe(self, uri: str) -> None:
        await self.subscriptions.unsubscribe(uri)

    async def set_log_level(self, level: str) -> None:
        """From now on messages of ``level`` and above (section 24). Raises ``UsageError`` for an unknown word."""
        if level not in LOG_LEVELS:
            raise UsageError(f"no log level is called {level!r}", hint=f"One of {', '.join(LOG_LEVELS)}.")
        era = self._negotiated()
        if isinstance(era, StatelessEra):
            era.log_level = level
        else:
            await self.request("logging/setLevel", {"level": level})
        self.standing.log_level = level
        self.emit(ev.LogLevelChanged(self.server, self.generation, level))

    async def set_roots(self, roots: tuple[JsonObject, ...]) -> None:
        """Tell other roots from now on, and in the handshake era that they changed (section 35)."""
        if self.offer.roots is None:
            raise UsageError("roots are not offered to this server", hint='Give its entry "roots" and connect again.')
        self.standing.offer = Offer(self.offer.elicitation, self.offer.sampling, roots, self.offer.extensions)
        self.note(f"From now on it is told {len(roots)} root{'' if len(roots) == 1 else 's'}.")
        if self.era is EraName.LEGACY:
            await self.dispatcher.notify(
                "notifications/roots/list_changed", None, self._negotiated().standing_headers()
            )

    # Questions

    def can_ask(self, method: str) -> bool:
        """Someone, or the offer itself, answers questions of this kind."""
        return method == ROOTS or self._ask is not None

    async def ask(self, question: Question) -> Answer:
        assert self._ask is not None
        return await self._ask(question)

    @property
    def _declares_tasks(self) -> bool:
        return TASKS_EXTENSION in self.offer.extensions and self.era is EraName.MODERN

    def _check_result_type(self, method: str, result: JsonObject, extensions: Mapping[str, JsonObject]) -> None:
        """``resultType`` rules of the stateless era (section 2.1)."""
        if self.era is not EraName.MODERN:
            return
        kind = result.get("resultType")
        if kind is None:
            self.broke(f"the result of {method} has no resultType (section 2.1)")
        elif kind == "input_required":
            if method not in ROUND_METHODS:
                raise RemoteProtocolError(f"{method} was answered with input_required (section 2.1)")
        elif kind == "task" and (TASKS_EXTENSION in extensions or self._declares_tasks):
            if method != "tools/call":
                if not method.startswith("tasks/"):
                    raise RemoteProtocolError(f"{method} was answered with a task (section 2.1)")
                self.broke(f"the result of {method} has the resultType of a new task (section 36.2)")
        elif kind != "complete":
            raise RemoteProtocolError(f"the result of {method} has an unknown resultType: {kind!r} (section 2.1)")
