"""Spans and metrics as a tracing back end receives them: over HTTP, in protobuf, from the standard exporter."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio.to_thread
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from mcpdeck.app.observing import observation
from mcpdeck.services.config.files import Folders
from mcpdeck.services.models import Caller
from mcpdeck.services.state.model import CallStatus
from mcpdeck.services.telemetry import otel
from mcpdeck.services.telemetry.otel import exporter
from mcpdeck.services.telemetry.spans import Spans
from mcpdeck.services.telemetry.trace_context import TraceContext
from tests.engine.peer import peer
from tests.telemetry.calls import call, failed, refused_by_server

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SECRET = "tok-9f3a7c"


class Receiver:
    """What an OpenTelemetry collector does with what it is sent: it decodes it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: dict[str, list[bytes]] = {}

    def spans(self) -> list[Span]:
        found: list[Span] = []
        for body in self.bodies.get("/v1/traces", []):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += scope.spans
        return found

    def services(self) -> set[str]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies.get("/v1/traces", [])]
        return {
            attribute.value.string_value
            for request in requests
            for resource in request.resource_spans
            for attribute in resource.resource.attributes
            if attribute.key == "service.name"
        }

    def metrics(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for body in self.bodies.get("/v1/metrics", []):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    found.update({metric.name: metric for metric in scope.metrics})
        return found


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """One on loopback, and the environment that names it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.headers["Content-Type"] == "application/x-protobuf"
            it.bodies.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        it = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", it.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        try:
            yield it
        finally:
            server.shutdown()
            thread.join()


def attributes(of: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


@pytest.mark.anyio
async def test_a_call_is_a_span_that_the_servers_own_spans_stand_below(receiver: Receiver) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "TRACEPARENT": PARENT}
    spans = Spans.from_environment(environ, lambda: exporter(environ))
    assert spans is not None
    async with peer({"tools/call": {"content": [{"type": "text", "text": SECRET}]}}, spans=spans) as at:
        called = await at.executor.call("peer", "echo", {"text": SECRET}, caller=Caller.COMMAND)
        (request,) = at.sent()
    await anyio.to_thread.run_sync(spans.close)
    (span,) = receiver.spans()
    assert request["params"]["_meta"]["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert (span.trace_id.hex(), span.parent_span_id.hex(), called.trace_id) == (TRACE, "00f067aa0ba902b7", TRACE)
    assert (span.name, span.kind) == ("tools/call echo", Span.SPAN_KIND_CLIENT)
    said = attributes(span)
    expected = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "echo",
        "gen_ai.operation.name": "execute_tool",
        "mcpdeck.server": "peer",
        "mcpdeck.outcome": "success",
        "mcpdeck.attempts": 1,
        "mcpdeck.caller": "command",
        "mcpdeck.call.id": called.id,
    }
    assert {name: said.get(name) for name in expected} == expected
    assert "gen_ai.tool.call.arguments" not in said
    assert not [body for bodies in receiver.bodies.values() for body in bodies if SECRET.encode() in body]
    assert receiver.services() == {"mcpdeck"}
    metrics = receiver.metrics()
    (point,) = metrics["mcp.client.operation.duration"].histogram.data_points
    assert metrics["mcp.client.operation.duration"].unit == "s"
    assert point.count == 1
    assert tuple(point.explicit_bounds) == otel.BOUNDARIES
    assert attributes(point)["gen_ai.tool.name"] == "echo"


def sent(receiver: Receiver, ended: Any, **environ: str) -> Span:
    """The span of one call that ended so."""
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_METRICS_EXPORTER": "none", **environ}
    spans = Spans(make=lambda: exporter(variables))
    span = spans.begin(ended.id, server=ended.server, name=ended.tool, method=ended.method, caller=ended.caller)
    span.end(ended, bytes_sent=1, bytes_received=2)
    span.end(ended, bytes_sent=9, bytes_received=9)
    spans.close()
    (found,) = receiver.spans()
    assert "/v1/metrics" not in receiver.bodies
    return found


@pytest.mark.parametrize(
    ("ended", "error", "code"),
    [
        (call(), None, None),
        (call(status=CallStatus.TOOL_ERROR), "tool_error", None),
        (call(status=CallStatus.TIMED_OUT), "timeout", None),
        (call(status=CallStatus.DENIED), "denied", None),
        (failed(), "connect", None),
        (refused_by_server(-32602), "-32602", "-32602"),
    ],
    ids=["success", "tool-error", "timeout", "denied", "connect", "jsonrpc"],
)
def test_outcomes_are_told_as_the_conventions_want_them(
    receiver: Receiver, ended: Any, error: str | None, code: str | None
) -> None:
    span = sent(receiver, ended)
    said = attributes(span)
    assert (said.get("error.type"), said.get("rpc.response.status_code")) == (error, code)
    assert (span.status.code == Status.STATUS_CODE_ERROR) is (error is not None)
    assert (said["mcpdeck.bytes.sent"], said["mcpdeck.bytes.received"]) == (1, 2)


def test_arguments_are_told_when_somebody_asks_for_it_and_secrets_never(receiver: Receiver) -> None:
    ended = call(arguments={"path": "/srv", "password": SECRET})
    told = attributes(sent(receiver, ended, MCPDECK_OTEL_ARGUMENTS="1"))
    assert told["gen_ai.tool.call.arguments"] == '{"path": "/srv", "password": "•••"}'


def test_the_address_of_a_resource_is_told_without_its_secrets_and_not_in_the_name(receiver: Receiver) -> None:
    span = sent(receiver, call(tool=f"https://host/a?token={SECRET}", method="resources/read"))
    assert span.name == "resources/read"
    assert attributes(span)["mcp.resource.uri"] == "https://host/a?token=•••"


def test_hostile_names_can_be_sent(receiver: Receiver) -> None:
    span = sent(receiver, call(tool="\ud800" + "x" * 100_000, server="\udfff"))
    assert len(span.name) < 5_000


def test_with_metrics_alone_requests_join_the_trace_that_was_given(receiver: Receiver) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_EXPORTER": "none", "TRACEPARENT": PARENT}
    spans = Spans.from_environment(environ, lambda: exporter(environ))
    assert spans is not None
    span = spans.begin("call", server="files", name="t", method="tools/call")
    assert span.trace_id == TRACE
    assert span.context is not None
    assert span.context.span not in ("", "00f067aa0ba902b7")
    span.end(call())
    spans.close()
    assert "/v1/traces" not in receiver.bodies
    assert "mcp.client.operation.duration" in receiver.metrics()


def test_a_trace_that_is_not_sampled_is_carried_on_and_not_sent(receiver: Receiver) -> None:
    parent = TraceContext.from_environment({"TRACEPARENT": PARENT[:-1] + "0"})
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_METRICS_EXPORTER": "none"}
    spans = Spans(parent, make=lambda: exporter(environ))
    span = spans.begin("call", server="files", name="t", method="tools/call")
    assert span.context is not None
    assert span.context.members()["traceparent"].endswith("-00")
    span.end(call())
    spans.close()
    assert receiver.bodies == {}


def test_a_back_end_that_hangs_does_not_keep_mcpdeck_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    hung, released = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hung.set()
            released.wait(30)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setattr(otel, "LAST_WORDS", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        spans = Spans(make=lambda: exporter({"OTEL_EXPORTER_OTLP_ENDPOINT": url}))
        spans.begin("call", server="files", name="t", method="tools/call").end(call())
        spans.close()
        assert hung.wait(10)
        assert not released.is_set()
        released.set()
        server.shutdown()


# -- when it is used at all


@pytest.fixture
def folders(tmp_path: Any) -> Folders:
    return Folders.of({"MCPDECK_HOME": str(tmp_path), "HOME": str(tmp_path)})


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("environ", "exports"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, True),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
    ],
    ids=["nothing", "endpoint", "traces-only", "disabled", "none", "blank"],
)
def test_calls_are_exported_where_an_endpoint_is_named(
    folders: Folders, environ: dict[str, str], exports: bool
) -> None:
    seen = observation(folders, environ)
    assert (seen.spans is not None) is exports
    assert seen.remarks == ()
    assert seen.audit is not None


def test_a_protocol_that_is_not_spoken_is_a_remark(folders: Folders) -> None:
    seen = observation(folders, {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert seen.spans is None
    assert seen.remarks == ("calls are not exported: OTLP is spoken over http/protobuf here, not grpc",)


def test_a_missing_extra_is_a_remark_that_names_it(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    seen = observation(folders, {**ENDPOINT, "TRACEPARENT": PARENT})
    assert seen.remarks == ("an OTLP endpoint is set, but calls are not exported: pip install 'mcpdeck[otel]'",)
    assert seen.spans is not None, "the trace that was given is joined all the same"


def test_a_variable_that_cannot_be_used_is_told_with_the_first_call(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    told: list[str] = []
    seen = observation(folders, ENDPOINT, told=told.append)
    assert seen.spans is not None
    assert seen.spans.begin("call", server="files", name="t", method="tools/call").trace_id == ""
    assert len(told) == 1
    assert told[0].startswith("calls are not exported: ")


def test_nothing_of_opentelemetry_is_imported_before_the_first_call_that_is_exported() -> None:
    script = """
import sys
from mcpdeck.app.observing import observation
from mcpdeck.services.config.files import Folders
folders = Folders.of({"MCPDECK_HOME": "/nonexistent", "HOME": "/nonexistent"})
observation(folders, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk.", "google.protobuf", "requests"))])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
