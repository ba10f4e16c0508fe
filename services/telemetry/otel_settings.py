"""Whether calls are exported, by the variables that every OpenTelemetry program reads.

Owns when OpenTelemetry is imported at all. Never imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
ARGUMENTS = "MCPDECK_OTEL_ARGUMENTS"
"""Set to ``1``: spans hold the arguments of calls, with secrets masked."""


def wanted(environ: Mapping[str, str]) -> bool:
    """An endpoint is named, and nothing switches the export off."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return traces(environ) or metrics(environ)


def traces(environ: Mapping[str, str]) -> bool:
    return _on(environ, "TRACES")


def metrics(environ: Mapping[str, str]) -> bool:
    return _on(environ, "METRICS")


def _on(environ: Mapping[str, str], signal: str) -> bool:
    named = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    return bool(named and named.strip()) and environ.get(f"OTEL_{signal}_EXPORTER", "otlp").strip() != "none"


def protocol(environ: Mapping[str, str], signal: str) -> str:
    """Of ``TRACES`` or ``METRICS``: ``http/protobuf`` unless another one is named."""
    own = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    return (own or "").strip() or "http/protobuf"


def says_yes(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")


def installed() -> bool:
    """The extra ``otel`` is there; finding that out imports nothing of it that takes time."""
    try:
        return all(find_spec(name) is not None for name in _NEEDED)
    except ModuleNotFoundError:
        return False
