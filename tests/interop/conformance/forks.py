"""Starts ``mcpdeck batch`` for the adapter from processes that have it imported already, one for each worker.

The adapter is started by the framework, for each run anew, and so it asks over a socket whose name is in
``CONFORMANCE_FORKS``. What it gets is a process of its own with the adapter's own streams.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cli.zygote import Zygote
from tests.interop.conformance.adapter import LONGEST, exactly


class Forks:
    """As many processes to fork from as there may be runs at a time; started with the first run."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._free: queue.SimpleQueue[Zygote] = queue.SimpleQueue()
        for _ in range(workers):
            self._free.put(Zygote())
        self._ending = ExitStack()
        self._socket = socket.socket(socket.AF_UNIX)
        self.path = ""

    def __enter__(self) -> Self:
        self.path = str(Path(self._ending.enter_context(tempfile.TemporaryDirectory(prefix="forks")), "socket"))
        self._socket.bind(self.path)
        self._socket.listen(self._workers)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._ending.close()

    def _accept(self) -> None:
        while True:
            try:
                channel, _ = self._socket.accept()
            except OSError:  # it was closed
                return
            threading.Thread(target=self._serve, args=(channel,), daemon=True).start()

    def _serve(self, channel: socket.socket) -> None:
        with channel:
            head, descriptors, _, _ = socket.recv_fds(channel, 4, 3)
            try:
                asked = json.loads(exactly(channel, int.from_bytes(head, "big")))
                zygote = self._free.get()
                try:
                    where = {"cwd": Path(asked["cwd"]), "env": asked["env"]}
                    code = zygote.run(asked["words"], stdio=descriptors, timeout=LONGEST, **where)
                except AssertionError:  # it did not end, and was ended
                    code = -9
                finally:
                    self._free.put(zygote)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            channel.sendall(code.to_bytes(4, "big", signed=True))
