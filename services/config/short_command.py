"""A command that prints something and ends: token commands and headers helpers.

Owns starting it, the bounds in time and size, and the end of everything it started. Never shows what it
printed, and knows nothing of what its output is for. It blocks: whoever has a loop calls it in a thread.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

from .secret_variables import without_passphrases

TIME_LIMIT = 10.0
"""Seconds such a command may take (config contract, section 2)."""
LONGEST = 65_536
"""Bytes of output that are read."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed on stdout, and the code it ended with."""

    data: bytes = field(repr=False)
    code: int


class CommandFailed(Exception):
    """Why there is no output, as the rest of a sentence that begins with what was run."""


class TookTooLong(CommandFailed):
    """It was ended because its time was up."""


class Leash:
    """Ends the command of a caller that no longer waits for it; safe to use from two threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pulled = False

    def hold(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._process = process
            if self._pulled:
                _kill(process)

    def pull(self) -> None:
        """Whatever runs, or is about to, ends now."""
        with self._lock:
            self._pulled = True
            if self._process is not None and self._process.returncode is None:
                _kill(self._process)


LEASH: ContextVar[Leash | None] = ContextVar("LEASH", default=None)
"""What the command holds on to that is run in this context; a thread has the context it was started from."""


def output_of(
    command: Sequence[str] | str, *, cwd: str, environ: Mapping[str, str] | None = None, seconds: float = TIME_LIMIT
) -> Output:
    """Run ``command`` in ``cwd`` and return what it printed; a string is a line for the system's shell.

    Its stdin is empty and its stderr goes nowhere: it cannot ask, and what it says may hold secrets.
    ``environ`` is added to this process's own, which goes without our passphrases. Raises ``CommandFailed`` when it
    cannot be started, prints more than ``LONGEST`` bytes or takes longer than ``seconds`` (``TookTooLong``). Whatever
    it left running in its own process group is killed in any case, and a ``Leash`` ends it before its time.
    """
    until = time.monotonic() + seconds
    try:
        process = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            cwd=cwd,
            env={**without_passphrases(os.environ), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CommandFailed(f"cannot be started: {reason}") from error
    leash = LEASH.get()
    if leash is not None:
        leash.hold(process)
    try:
        data = _read(process, seconds)
        code = process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TookTooLong(f"took longer than {seconds:g} s") from None
    finally:
        _kill(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    return Output(data, code)


def _read(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Everything on stdout. Raises ``TimeoutExpired``, or ``CommandFailed`` where it is too much.

    In a thread of its own: a grandchild that left the process group may hold the pipe open for ever, and
    nothing else ends a read on every system.
    """
    assert process.stdout is not None
    stream, chunks = process.stdout, list[bytes]()

    def read() -> None:
        with stream:
            chunks.append(stream.read(LONGEST + 1))

    reader = threading.Thread(target=read, name="short command", daemon=True)
    reader.start()
    reader.join(seconds)
    if reader.is_alive():
        raise subprocess.TimeoutExpired(process.args, seconds)
    if len(chunks[0]) > LONGEST:
        raise CommandFailed(f"printed more than {LONGEST:,} bytes")
    return chunks[0]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The command and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
