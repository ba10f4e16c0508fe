"""The real command in a process of its own, in a project and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        done = subprocess.run(
            [*MCPDECK, *words],
            cwd=self.root,
            env={**self.environ, **(env or {})},
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

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
