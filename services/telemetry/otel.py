"""Calls as spans and metrics of OpenTelemetry, sent over OTLP (HTTP, protobuf); behind the extra ``otel``.

Owns the names under which a tracing back end finds them: the semantic conventions for MCP
(https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp), and ``mcpdeck.…`` for what those have no word for. Imported
only when an endpoint is configured. Has providers of its own: a program that mcpdeck is embedded in keeps its.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from ..models import Caller, JsonObject
from ..state.model import CallState, CallStatus
from .otel_settings import ARGUMENTS, metrics, says_yes, traces
from .outcomes import outcome_of
from .redaction import masked_url, redacted, redacted_text
from .trace_context import TraceContext

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Counter, Histogram
    from opentelemetry.metrics import MeterProvider as AnyMeterProvider
    from opentelemetry.trace import Span
    from opentelemetry.trace import TracerProvider as AnyTracerProvider

SCOPE: Final = "mcpdeck"
DURATION: Final = "mcp.client.operation.duration"
BOUNDARIES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
"""Seconds, as the conventions have them for this metric."""
LAST_WORDS = 3.0
"""Seconds that ``close`` waits for what was not sent yet."""
LONGEST = 4_096
"""Characters of one attribute."""


class OtelExporter:
    """Begins spans and counts calls. ``arguments``: spans hold those too, with secrets masked."""

    def __init__(
        self, tracing: AnyTracerProvider | None, metering: AnyMeterProvider | None, *, arguments: bool = False
    ) -> None:
        self._providers = (tracing, metering)
        self.traces = tracing is not None
        self._tracer = (tracing or trace.NoOpTracerProvider()).get_tracer(SCOPE)
        self._arguments = arguments
        self._duration: Histogram | None = None
        self._bytes: Counter | None = None
        if metering is not None:
            meter = metering.get_meter(SCOPE)
            self._duration = meter.create_histogram(
                DURATION,
                unit="s",
                description="How long calls took, as the client sees it.",
                explicit_bucket_boundaries_advisory=BOUNDARIES,
            )
            self._bytes = meter.create_counter(
                "mcpdeck.client.io", unit="By", description="Bytes of arguments and results as JSON."
            )

    def begin(
        self, call: str, *, server: str, name: str, method: str, caller: Caller, parent: TraceContext | None
    ) -> OtelSpan:
        """A span of kind client, below the one of ``parent``."""
        common = _common(server, name, method)
        # The address of a resource is in no span's name: there are too many of them.
        target = "" if method == "resources/read" else f" {_cut(name)}"
        span = self._tracer.start_span(
            f"{method}{target}",
            context=_context_of(parent),
            kind=SpanKind.CLIENT,
            attributes={**common, **_of_uri(name, method), "mcpdeck.call.id": call, "mcpdeck.caller": caller.value},
            record_exception=False,
        )
        return OtelSpan(self, span, common, parent)

    def count(self, common: Mapping[str, str], call: CallState, sent: int, received: int) -> None:
        """Add a call that ended to the metrics."""
        if self._duration is None or self._bytes is None:
            return
        error = _error_type(call)
        attributes = {**common, "error.type": error} if error else common
        if call.duration_ms is not None:
            self._duration.record(call.duration_ms / 1000, attributes)
        for direction, size in (("transmit", sent), ("receive", received)):
            if size:
                self._bytes.add(size, {**common, "network.io.direction": direction})

    def told_arguments(self, call: CallState) -> str | None:
        """The arguments as an attribute, where a person asked for that."""
        if not self._arguments:
            return None
        try:
            return _cut(json.dumps(redacted(call.arguments), ensure_ascii=False, default=str))
        except (ValueError, RecursionError):
            return None

    def close(self) -> None:
        """Send what was not sent yet, for ``LAST_WORDS`` seconds at most; what then is left is lost."""
        # A back end that does not answer is tried again and again, longer than anybody wants to wait.
        ending = [threading.Thread(target=_shut_down, args=(each,), daemon=True) for each in self._providers if each]
        until = time.monotonic() + LAST_WORDS
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))


class OtelSpan:
    """One call's span. ``context`` is what its requests carry."""

    def __init__(
        self, exporter: OtelExporter, span: Span, common: Mapping[str, str], parent: TraceContext | None
    ) -> None:
        self._exporter = exporter
        self._span = span
        self._common = common
        own = span.get_span_context()
        baggage = parent.baggage if parent is not None else ""
        # Without tracing (metrics only) there is no span of ours, and requests join the trace that was given.
        self.context = (
            TraceContext(
                f"{own.trace_id:032x}",
                f"{own.trace_flags & TraceFlags.SAMPLED:02x}",
                own.trace_state.to_header(),
                baggage,
                f"{own.span_id:016x}",
            )
            if exporter.traces and own.is_valid
            else None
        )

    def end(self, call: CallState, *, bytes_sent: int, bytes_received: int) -> None:
        self._exporter.count(self._common, call, bytes_sent, bytes_received)
        span = self._span
        if span.is_recording():
            span.set_attributes(_of_end(call, bytes_sent, bytes_received))
            arguments = self._exporter.told_arguments(call)
            if arguments is not None:
                span.set_attribute("gen_ai.tool.call.arguments", arguments)
            error = _error_type(call)
            if error:
                span.set_attribute("error.type", error)
                # What a tool says of its error is part of its result, and stays with the person.
                words = redacted_text(call.error.title) if call.error is not None else outcome_of(call)
                span.set_status(Status(StatusCode.ERROR, _cut(words)))
        span.end()


def exporter(environ: Mapping[str, str]) -> OtelExporter:
    """What the ``OTEL_*`` variables of the process ask for; ``environ`` says which signals are wanted.

    Raises ``ValueError`` for variables that cannot be used.
    """
    # Where nobody configured logging, Python prints warnings on stderr: across the dashboard.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": "mcpdeck"})
    tracing: TracerProvider | None = None
    metering: MeterProvider | None = None
    if traces(environ):
        tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    if metrics(environ):
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        metering = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    return OtelExporter(tracing, metering, arguments=says_yes(environ, ARGUMENTS))


def _shut_down(provider: AnyTracerProvider | AnyMeterProvider) -> None:
    if isinstance(provider, TracerProvider | MeterProvider):
        provider.shutdown()


def _context_of(parent: TraceContext | None) -> Context | None:
    if parent is None or not parent.parent:
        return None
    given = SpanContext(
        int(parent.trace_id, 16),
        int(parent.parent, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(parent.flags, 16)),
        trace_state=TraceState.from_header([parent.state]) if parent.state else None,
    )
    return trace.set_span_in_context(NonRecordingSpan(given))


def _common(server: str, name: str, method: str) -> dict[str, str]:
    """What spans and metrics have in common: few values each."""
    found = {"mcp.method.name": method, "mcpdeck.server": _cut(server)}
    match method:
        case "tools/call":
            found |= {"gen_ai.tool.name": _cut(name), "gen_ai.operation.name": "execute_tool"}
        case "prompts/get":
            found["gen_ai.prompt.name"] = _cut(name)
        case _:
            pass
    return found


def _of_uri(name: str, method: str) -> dict[str, str]:
    return {"mcp.resource.uri": _cut(masked_url(name))} if method == "resources/read" else {}


def _of_end(call: CallState, sent: int, received: int) -> dict[str, str | int | bool]:
    found: dict[str, str | int | bool] = {
        "mcpdeck.outcome": outcome_of(call),
        "mcpdeck.attempts": call.attempts,
        "mcpdeck.rounds": call.rounds,
        "mcpdeck.bytes.sent": sent,
        "mcpdeck.bytes.received": received,
    }
    if call.decision is not None:
        found["mcpdeck.decision"] = call.decision.effect.value
    if call.cached_at is not None:
        found["mcpdeck.cached"] = True
    if call.instance:
        found["mcpdeck.instance"] = _cut(call.instance)
    code = _code(call)
    if code is not None:
        found["rpc.response.status_code"] = str(code)
    return found


def _error_type(call: CallState) -> str:
    """``tool_error`` for what the tool calls one, the code of a JSON-RPC error, else the kind of the failure."""
    if call.status is CallStatus.SUCCESS:
        return ""
    code = _code(call)
    return str(code) if code is not None else outcome_of(call).replace(" ", "_")


def _code(call: CallState) -> int | None:
    details: JsonObject = dict(call.error.details) if call.error is not None and call.error.kind == "jsonrpc" else {}
    code = details.get("code")
    return code if isinstance(code, int) else None


def _cut(text: str) -> str:
    # A lone surrogate cannot be sent.
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")
