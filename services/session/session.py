"""A session: typed MCP calls over one connection.

Owns the meaning of methods and notifications: lists, calls with their rounds and progress, the
server's questions. Dressing requests is the era's business, pairing them the dispatcher's. Reports
facts as events; never knows the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

import anyio

from .. import events as ev
from ..eras.base import ClientSide, Era, Greeting
from ..eras.negotiate import Wish, negotiate
from ..eras.stateless import StatelessEra
from ..eras.versions import BY_DATE, HEADER_MISMATCH, INVALID_PARAMS, METHOD_NOT_FOUND, ROUND_METHODS
from ..errors import CapabilityMissing, ConnectionLost, RemoteProtocolError, RPCError
from ..models import (
    EraName,
    Implementation,
    Json,
    JsonObject,
    TransportKind,
    as_object,
    as_text,
)
from ..protocol.dispatcher import REQUEST_TIMEOUT, Dispatcher, unanswerable
from ..protocol.jsonrpc import Malformed, dump
from ..state.store import Event
from ..transports.base import RequestId, Transport
from .lists import TOOLS, Lists
from .questions import Ask, Question

ROUNDS = 10
"""Rounds of one multi-round-trip request (section 15)."""
ROUND_PAUSES = (0.05, 0.1, 0.2, 0.25)
"""Seconds before a retry that carries only the request state."""
STRAY_KEPT = 2_000
"""Characters of a stray line that go to the log."""
LOG_KEPT = 16_000
"""Characters of one log message that are kept."""
RULE_KEPT = 500
"""Characters of a sentence about a broken rule, which may quote the server."""

Emit: TypeAlias = Callable[[Event], None]
OnProgress: TypeAlias = Callable[[float, "float | None", "str | None"], None]


class Session:
    """One connection to one server, from negotiation to its end.

    ``lists`` holds what the server offers; ``dispatcher`` carries the messages.
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
    ) -> None:
        self.server = server
        self.generation = generation
        self.greeting: Greeting | None = None
        self.probing = False
        """Negotiation is under way: a stdio server that ends now may just not bear the probe."""
        self.suspect = anyio.Event()
        """Set when a request was lost: whether the server is still there is looked at now, not at the next beat."""
        self._transport = transport
        self._client = client
        self._emit = emit
        self._ask = ask
        self._era: Era | None = None
        self._progress: dict[RequestId, tuple[OnProgress, list[float]]] = {}
        self._calls: list[str] = []
        self.lists = Lists(server, generation, request=self.request, emit=emit, broke=self.broke)
        self.dispatcher = Dispatcher(
            transport,
            on_request=self._on_request,
            on_notification=self._on_notification,
            on_flaw=self.broke,
            on_stray=self._on_stray,
            on_frame=self._on_frame,
        )

    # What the connection is

    @property
    def era(self) -> EraName:
        return self._negotiated().name

    @property
    def version(self) -> str:
        return self._negotiated().version

    @property
    def capabilities(self) -> JsonObject:
        return self.greeting.capabilities if self.greeting else {}

    @property
    def info(self) -> Implementation | None:
        return self.greeting.info if self.greeting else None

    def _negotiated(self) -> Era:
        if self._era is None:
            raise CapabilityMissing("the connection is not negotiated yet")
        return self._era

    async def open(self, wish: Wish) -> Greeting:
        """Negotiate. Raises what stands in the way; the caller bounds the time."""
        shared_channel = not self._transport.stream_per_request
        self.probing = wish.era is None
        if self.probing and shared_channel:
            self._log("note", "info", None, "Asked server/discover first; an older server may log an error about it.")
        era, greeting = await negotiate(self.dispatcher, self._client, wish, silence_is_legacy=shared_channel)
        self.probing = False
        self._era, self.greeting = era, greeting
        self.lists.mirrors_headers = era.name is EraName.MODERN and self._transport.kind is TransportKind.HTTP
        if isinstance(era, StatelessEra) and "logging" in greeting.capabilities:
            # A debugger wants to see the log; the server must not write one unasked (section 24).
            era.log_level = "debug"
        self.dispatcher.answers = era.answers_requests
        self.dispatcher.answer_headers = era.standing_headers()
        await self._transport.established(era.name, era.standing_headers())
        for flaw in greeting.flaws:
            self.broke(flaw)
        return greeting

    # Requests

    async def request(
        self,
        method: str,
        params: JsonObject,
        *,
        timeout: float | None = REQUEST_TIMEOUT,
        on_progress: OnProgress | None = None,
        input_schema: JsonObject | None = None,
    ) -> JsonObject:
        """One request, dressed for the era; its result as received, which must be an object."""
        era = self._negotiated()
        request_id = self.dispatcher.new_id()
        dressed = era.dress(
            method, params, progress_token=request_id if on_progress else None, input_schema=input_schema
        )
        if on_progress is not None:
            self._progress[request_id] = (on_progress, [])
        try:
            result = await self.dispatcher.request(
                method,
                dressed.params,
                request_id=request_id,
                headers=dressed.headers,
                timeout=timeout,
                cancel=lambda gone: era.cancel(gone, stream_per_request=self._transport.stream_per_request),
            )
        except ConnectionLost:
            self.suspect.set()
            raise
        finally:
            self._progress.pop(request_id, None)
        if not isinstance(result, dict):
            raise unanswerable(method)
        self._check_result_type(method, result)
        return result

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
        on_round: Callable[[int], None] | None = None,
    ) -> JsonObject:
        """``tools/call``, all its rounds included; the final result exactly as received."""
        params: JsonObject = {"name": name, "arguments": arguments}
        if call is not None:
            self._calls.append(call)
        try:
            try:
                return await self._rounds("tools/call", params, name, on_progress, timeout, call, on_round)
            except RPCError as error:
                if error.code != HEADER_MISMATCH:
                    raise
            # Our picture of the tool's schema is old: read it again and build the headers anew, once (section 11).
            await self.lists.refresh(TOOLS)
            return await self._rounds("tools/call", params, name, on_progress, timeout, call, on_round)
        finally:
            if call is not None:
                self._calls.remove(call)

    async def _rounds(
        self,
        method: str,
        params: JsonObject,
        tool: str,
        on_progress: OnProgress | None,
        timeout: float | None,
        call: str | None,
        on_round: Callable[[int], None] | None,
    ) -> JsonObject:
        """Multi round-trip requests (section 15): answer what the server asks and send the call again."""
        schema = self._schema_of(tool)
        extra: JsonObject = {}
        for number in range(1, ROUNDS + 1):
            if on_round is not None:
                on_round(number)
            result = await self.request(
                method, {**params, **extra}, timeout=timeout, on_progress=on_progress, input_schema=schema
            )
            if self.era is not EraName.MODERN or result.get("resultType") != "input_required":
                return result
            requests, state = result.get("inputRequests"), result.get("requestState")
            if not isinstance(requests, dict) and not isinstance(state, str):
                raise RemoteProtocolError("input_required names neither inputRequests nor requestState (section 15)")
            # Only the latest round's state and answers are sent, never those of earlier rounds.
            extra = {} if state is None else {"requestState": state}
            if isinstance(requests, dict) and requests:
                extra["inputResponses"] = {
                    key: await self._input_response(as_object(item), call) for key, item in requests.items()
                }
            else:
                await anyio.sleep(ROUND_PAUSES[min(number - 1, len(ROUND_PAUSES) - 1)])
        raise RemoteProtocolError(
            f"the server asked for input {ROUNDS} times without an end", hint="Cancel, or look at what it asks for."
        )

    async def _input_response(self, request: JsonObject, call: str | None) -> Json:
        method = as_text(request.get("method")) or ""
        if method != "elicitation/create" or self._ask is None:
            raise RemoteProtocolError(
                f"the server asks for {method or 'nothing'}, which mcpdeck did not offer (section 15)",
                hint="The call is abandoned; the server must not ask for undeclared capabilities.",
            )
        return (await self._ask(Question(self.server, method, as_object(request.get("params")), call))).wire()

    def _schema_of(self, tool: str) -> JsonObject | None:
        for known in self.lists.tools or ():
            if known.name == tool:
                return known.input_schema
        return None

    def _check_result_type(self, method: str, result: JsonObject) -> None:
        """``resultType`` rules of the stateless era (section 2.1)."""
        if self.era is not EraName.MODERN:
            return
        kind = result.get("resultType")
        if kind is None:
            self.broke(f"the result of {method} has no resultType (section 2.1)")
        elif kind == "input_required":
            if method not in ROUND_METHODS:
                raise RemoteProtocolError(f"{method} was answered with input_required (section 2.1)")
        elif kind != "complete":
            raise RemoteProtocolError(f"the result of {method} has an unknown resultType: {kind!r} (section 2.1)")

    # What the server sends by itself

    def _on_notification(self, method: str, params: JsonObject) -> None:
        match method:
            case "notifications/progress":
                self._on_progress(params)
            case "notifications/message":
                level = as_text(params.get("level")) or "info"
                self._log("log", level, as_text(params.get("logger")), params.get("data"))
            case "notifications/cancelled":
                request_id = params.get("requestId")
                if isinstance(request_id, (int, str)) and not isinstance(request_id, bool):
                    self.dispatcher.cancel_answer(request_id)
            case _:
                if not self.lists.note(method):
                    self._log("note", "debug", None, f"notification {method}")

    def _on_progress(self, params: JsonObject) -> None:
        token, progress = params.get("progressToken"), params.get("progress")
        if not isinstance(token, (int, str)) or isinstance(token, bool):
            return
        listener = self._progress.get(token)
        if listener is None:
            return  # finished already: normal at the end of a call (section 20)
        if isinstance(progress, bool) or not isinstance(progress, (int, float)):
            self.broke("a progress notification without a number (section 20)")
            return
        on_progress, last = listener
        if last and progress <= last[0]:
            self.broke("progress did not increase (section 20)")
        last[:] = [progress]
        total = params.get("total")
        known_total = float(total) if isinstance(total, (int, float)) and not isinstance(total, bool) else None
        on_progress(float(progress), known_total, as_text(params.get("message")))

    async def _on_request(self, method: str, params: JsonObject, request_id: RequestId) -> Json:
        match method:
            case "ping":
                return {}
            case "initialize" | "server/discover":
                self.dispatcher.give_up(
                    RemoteProtocolError(
                        "it sends back what it is sent: this is no MCP server", hint="Check command and args."
                    )
                )
                raise RPCError(METHOD_NOT_FOUND, f"{method} is for servers")
            case "elicitation/create" if self._ask is not None:
                mode = as_text(params.get("mode")) or "form"
                if self._era is None or mode not in BY_DATE[self._era.version].elicitation:
                    raise RPCError(INVALID_PARAMS, f"elicitation mode {mode!r} was not declared")
                # The legacy wire does not say which call asks; with one call running it is that one.
                call = self._calls[0] if len(self._calls) == 1 else None
                return (await self._ask(Question(self.server, method, params, call))).wire()
            case _:
                self._log("note", "warning", None, f"request {method} was refused: mcpdeck did not declare it")
                raise RPCError(METHOD_NOT_FOUND, f"{method} is not supported by this client")

    def _on_stray(self, stray: Malformed) -> None:
        text = stray.data[:STRAY_KEPT].decode("utf-8", "replace")
        self._log("stdout", "warning", None, f"{text}  ({stray.reason})")

    def _on_frame(self, sent: bool, size: int) -> None:
        self._emit(ev.FrameSeen(self.server, self.generation, sent, size))

    def _log(self, kind: str, level: str, logger: str | None, data: Json) -> None:
        self._emit(ev.LogReceived(self.server, self.generation, time.time(), kind, level[:20], logger, _bounded(data)))

    def broke(self, rule: str) -> None:
        """The server broke a rule: shown, counted, never fatal."""
        self._emit(ev.RuleBroken(self.server, self.generation, rule[:RULE_KEPT]))


def _bounded(data: Json) -> Json:
    """Log data as it is kept: thousands of records stay in memory, so one must not be a megabyte."""
    if isinstance(data, str):
        text = data
    elif isinstance(data, (dict, list)):
        text = dump(data).decode("utf-8", "replace")
    else:
        return data
    return data if len(text) <= LOG_KEPT else f"{text[:LOG_KEPT]} … ({len(text):,} characters)"
