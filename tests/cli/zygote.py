"""Starts the real command from a process that has its modules imported already, one fork a command.

Hundreds of tests run the command; most of each run would be the importing. A command started so is a process of
its own with its own arguments, environment, folder and streams; only what is imported is shared.
"""

from __future__ import annotations

import array
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_PRELOADED = (
    "anyio._backends._asyncio",
    "httpcore",
    "httpx",
    "jsonschema",
    "tomllib",
    "yaml",
    "mcpdeck.app.answers",
    "mcpdeck.app.cli",
    "mcpdeck.app.trace_file",
    "mcpdeck.app.worker",
    "mcpdeck.services.auth.dpop",
    "mcpdeck.services.auth.grants",
    "mcpdeck.services.auth.login",
    "mcpdeck.services.config.clients",
    "mcpdeck.services.config.snippets",
    "mcpdeck.services.discovery.found",
    "mcpdeck.services.engine.validation",
    "mcpdeck.services.manager",
    "mcpdeck.services.transports.stdio",
    "mcpdeck.services.transports.streamable_http",
)


class Zygote:
    """One for each test process; commands run one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def run(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdio: Sequence[int], timeout: float
    ) -> int:
        """The exit code of ``mcpdeck WORDS``; ``stdio``: descriptors of its stdin, stdout and stderr."""
        with self._lock:
            channel = self._channel()
            request = json.dumps({"words": [*words], "cwd": str(cwd), "env": dict(env)}).encode()
            socket.send_fds(channel, [len(request).to_bytes(4, "big")], [*stdio])
            channel.sendall(request)
            channel.settimeout(timeout)
            child = int.from_bytes(_exactly(channel, 4), "big")
            try:
                return int.from_bytes(_exactly(channel, 4), "big", signed=True)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                channel.settimeout(10)
                _exactly(channel, 4)
                raise AssertionError(f"mcpdeck {' '.join(words)} did not end within {timeout:g} s") from None

    def _channel(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair()
            # It goes on as nobody's child, so that tests that look at their own children do not meet it; the end of
            # the channel is its end.
            command = (sys.executable, __file__, str(theirs.fileno()))
            subprocess.run(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, check=True, timeout=60)
            theirs.close()
            self._socket = ours
        self._socket.settimeout(60)
        return self._socket


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = channel.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def _serve(channel: socket.socket) -> None:
    import importlib

    from mcpdeck.app.command_table import COMMANDS

    for name in (*_PRELOADED, *(f"mcpdeck.app.commands.{command.module}" for command in COMMANDS.values())):
        importlib.import_module(name)
    while True:
        data, ancillary, _, _ = channel.recvmsg(4, socket.CMSG_SPACE(3 * 4))
        if not data:
            return
        while len(data) < 4:
            data += channel.recv(4 - len(data))
        stdio = array.array("i")
        for _, _, content in ancillary:
            stdio.frombytes(content)
        request = json.loads(_exactly(channel, int.from_bytes(data, "big")))
        child = os.fork()
        if child == 0:
            channel.close()
            _become(request, stdio)
            return
        for descriptor in stdio:
            os.close(descriptor)
        channel.sendall(child.to_bytes(4, "big"))
        _, status = os.waitpid(child, 0)
        channel.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def _become(request: dict[str, object], stdio: Sequence[int]) -> None:
    words, env = request["words"], request["env"]
    assert isinstance(words, list)
    assert isinstance(env, dict)
    for target, descriptor in enumerate(stdio):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["mcpdeck", *words]
    sys.path[0] = str(request["cwd"])  # as `python -m` has it
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", write_through=True
    )
    from mcpdeck.app.__main__ import main

    sys.exit(main())


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    _serve(socket.socket(fileno=int(sys.argv[1])))
