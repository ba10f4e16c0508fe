"""What is kept of calls beside the screens: the audit log, and spans for a tracing back end.

Owns the wiring of both from settings and environment. Neither keeps a command from running: what cannot be done is a
remark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..services.config.audit_settings import read_audit
from ..services.config.files import Folders
from ..services.state.text import one_line
from ..services.telemetry.audit import Audit
from ..services.telemetry.otel_settings import installed, protocol, wanted
from ..services.telemetry.redaction import redacted_text
from ..services.telemetry.spans import Spans

if TYPE_CHECKING:
    from ..services.telemetry.spans import Exporter

FOLDER = "audit"


@dataclass(frozen=True, slots=True)
class Observation:
    """``audit`` None: switched off; ``spans`` None: no call belongs to a trace. ``remarks`` are for the person."""

    audit: Audit | None = None
    spans: Spans | None = None
    remarks: tuple[str, ...] = ()


def audit_folder(folders: Folders) -> Path:
    """Where the audit log of this installation stands."""
    return folders.data / FOLDER


def observation(
    folders: Folders, environ: Mapping[str, str], *, told: Callable[[str], object] | None = None
) -> Observation:
    """What is asked for. Nothing is opened or imported yet: that is done with the first call.

    ``told`` hears, later, that the log cannot be written.
    """
    read = read_audit(folders.settings_file)
    settings = read.settings
    audit = (
        Audit(audit_folder(folders), arguments=settings.arguments, kept=settings.kept, told=told)
        if settings.enabled
        else None
    )
    make, remarks = _exporting(environ, told)
    return Observation(audit, Spans.from_environment(environ, make), (*read.lints, *remarks))


def _exporting(
    environ: Mapping[str, str], told: Callable[[str], object] | None
) -> tuple[Callable[[], Exporter | None] | None, tuple[str, ...]]:
    """How to have an exporter, None where there is to be none; nothing of OpenTelemetry is imported before that."""
    if not wanted(environ):
        return None, ()
    if not installed():
        return None, ("an OTLP endpoint is set, but calls are not exported: pip install 'mcpdeck[otel]'",)
    for signal in ("TRACES", "METRICS"):
        spoken = protocol(environ, signal)
        if spoken != "http/protobuf":
            return None, (f"calls are not exported: OTLP is spoken over http/protobuf here, not {one_line(spoken)}",)

    def made() -> Exporter | None:
        from ..services.telemetry.otel import exporter

        try:
            return exporter(environ)
        except (ValueError, ImportError, OSError) as error:  # a variable that says nothing usable, a certificate's file
            if told is not None:
                told(f"calls are not exported: {redacted_text(one_line(str(error), 300))}")
            return None

    return made, ()
