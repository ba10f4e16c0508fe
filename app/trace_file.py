"""``--trace FILE``: every message of a run as JSON Lines, written as it comes.

Owns the file (mode 0600), its lines and what must not stand in them: tokens in headers and URLs, and session
ids. JSON-RPC messages are written as they were on the wire.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

from ..services.config.files import with_home
from ..services.errors import UsageError
from ..services.models import Json
from ..services.telemetry.redaction import redacted, redacted_text
from ..services.telemetry.trace import Trace, TraceRecord, line
from .json_lines import json_line
from .printing import note_warning

_NOT_MESSAGES = ("http", "lifecycle", "stderr", "malformed")


@contextmanager
def traced(trace: Trace, path: str | None) -> Generator[None]:
    """Write what ``trace`` takes to ``path`` for as long as the block runs; None: to nowhere.

    Raises ``UsageError`` when the file cannot be written.
    """
    if path is None:
        yield
        return
    descriptor = _opened(path)
    broken: list[OSError] = []

    def put(record: TraceRecord) -> None:
        if broken:
            return
        data = json_line(line(record, shown(record)))
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError as error:  # the disk is full: the session goes on, and it is said once
            broken.append(error)
            note_warning(f"{path}: the trace is not written any further: {error.strerror or error}")

    stop = trace.tap(put)
    try:
        yield
    finally:
        stop()
        os.close(descriptor)


def check(path: str | None) -> None:
    """Raises ``UsageError`` when the file cannot be written: said before a screen opens."""
    if path is not None:
        os.close(_opened(path))


def _opened(path: str) -> int:
    try:
        descriptor = os.open(with_home(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # it may have been there before, open to others
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", hint="check the path of --trace") from None
    return descriptor


def shown(record: TraceRecord) -> Json:
    """``record.data`` as JSON where it is JSON, else as text; without secrets where it is no message."""
    try:
        value = cast("Json", json.loads(record.data))
    except (ValueError, RecursionError):
        text = record.data.decode("utf-8", "replace")
        return redacted_text(text) if record.kind in _NOT_MESSAGES else text
    return redacted(value) if record.kind in _NOT_MESSAGES else value
