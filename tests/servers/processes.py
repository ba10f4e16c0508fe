"""Starts a server that listens, waits until it says so, and ends it."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

READY = re.compile(r"listening on port|running on port|Uvicorn running on")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def listening(command: Sequence[str], env: Mapping[str, str] | None = None, *, seconds: float = 30) -> Iterator[None]:
    """The process runs and accepts connections inside the block; it is gone after it."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in process.stdout:
            lines.put(line.decode(errors="replace"))
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    seen: list[str] = []
    try:
        while not (seen and READY.search(seen[-1])):
            line = lines.get(timeout=seconds)
            if line is None:
                raise AssertionError(f"{command} ended with {process.wait(5)}: {''.join(seen)}")
            seen.append(line)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        reader.join(5)
        process.stdout.close()
