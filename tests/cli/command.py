"""The real command in a process of its own, in a project and a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.zygote import Zygote
from tests.entries import SERVERS

MCPDECK = (sys.executable, "-m", "mcpdeck.app")
TINY = (sys.executable, str(SERVERS / "tiny_stdio.py"))
ON_TINY = ("--", *TINY)
SDK2 = (sys.executable, str(SERVERS / "sdk2_server.py"))
SECONDS = 60
"""How long a command may take on a busy machine before a test fails."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; anything beside it fails."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The documents of JSON Lines; each must stand on one line of its own."""
        return [json.loads(line) for line in self.out.splitlines()]


ZYGOTE = Zygote()


def _write_all(descriptor: int, data: bytes) -> None:
    # A command that ends without reading closes its end, which is its right.
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _read_all(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read().decode()


class CommandLine:
    """Runs ``mcpdeck`` in ``root``, a git project; nothing outside ``tmp_path`` is read or written."""

    def __init__(self, base: Path) -> None:
        self.root = base / "project"
        (self.root / ".git").mkdir(parents=True)
        self.home = base / "deck"
        self.environ = {**os.environ, "MCPDECK_HOME": str(self.home), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}

    def project(self, servers: Mapping[str, object]) -> Path:
        return self._write(self.root / ".mcp.json", {"mcpServers": servers})

    def user(self, servers: Mapping[str, object]) -> Path:
        return self._write(self.home / "config" / "mcp.json", {"mcpServers": servers})

    def _write(self, path: Path, content: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def __call__(self, *words: str, stdin: str | None = None, env: Mapping[str, str] | None = None) -> Done:
        environment = {**self.environ, **(env or {})}
        if any(name.startswith("PYTHON") for name in env or {}):
            done = self._from_the_start(words, environment, stdin)
        else:
            done = self._forked(words, environment, stdin)
        assert "Traceback" not in done.err, done.err
        return done

    def _from_the_start(self, words: Sequence[str], environment: Mapping[str, str], stdin: str | None) -> Done:
        """A new interpreter: what concerns its own start is only told by one."""
        done = subprocess.run(
            [*MCPDECK, *words],
            cwd=self.root,
            env=environment,
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _forked(self, words: Sequence[str], environment: Mapping[str, str], stdin: str | None) -> Done:
        pipes = [os.pipe() for _ in range(3)]
        (given, giver), (out, out_end), (err, err_end) = pipes
        with ThreadPoolExecutor(3) as threads:
            writing = threads.submit(_write_all, giver, (stdin or "").encode())
            reading = [threads.submit(_read_all, descriptor) for descriptor in (out, err)]
            try:
                code = ZYGOTE.run(
                    words, cwd=self.root, env=environment, stdio=(given, out_end, err_end), timeout=SECONDS
                )
            finally:
                for descriptor in (given, out_end, err_end):
                    os.close(descriptor)
            writing.result(SECONDS)
            output, errors = (each.result(SECONDS) for each in reading)
        return Done(code, output, errors)

    def batch(self, *operations: Mapping[str, object] | str, words: Sequence[str] = (*ON_TINY,)) -> Done:
        """``mcpdeck batch`` with ``operations`` (or lines as they are) on stdin; ``words`` hold the target."""
        lines = [line if isinstance(line, str) else json.dumps(line) for line in operations]
        return self("batch", *words, stdin="".join(f"{line}\n" for line in lines))

    def popen(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*MCPDECK, *words],
            cwd=self.root,
            env=self.environ,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


def tiny(**fields: object) -> dict[str, object]:
    """An entry for the tiny server."""
    return {"command": TINY[0], "args": [*TINY[1:]], **fields}
