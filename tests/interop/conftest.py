"""Starts the peers of the table and asks the official SDK's client about each of them once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import ServerEntry
from tests import entries
from tests.interop.peers import PEERS, Call, Peer
from tests.servers.processes import free_port, listening

SDK_CLIENT = Path(__file__).resolve().parent / "sdk_client.py"


@dataclass(frozen=True)
class Shared:
    """Folders that all clients of a comparison see."""

    files: Path
    repo: Path


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder = tmp_path_factory.mktemp("shared").resolve()
    files, repo = folder / "files", folder / "repo"
    files.mkdir()
    (files / "poem.txt").write_text("a line\nand another, ünïcode\n", encoding="utf-8")
    author = ("-c", "user.name=Someone", "-c", "user.email=someone@example.invalid")
    subprocess.run(("git", "init", "-q", "-b", "main", str(repo)), check=True, timeout=30)
    subprocess.run(
        ("git", *author, "commit", "-q", "--allow-empty", "-m", "the first one"), cwd=repo, check=True, timeout=30
    )
    return Shared(files, repo)


class Started:
    """A peer that can be connected to: filled in for one client after the other."""

    def __init__(self, peer: Peer, shared: Shared, factory: pytest.TempPathFactory) -> None:
        self.peer = peer
        self._shared = shared
        self._factory = factory
        self.port = free_port() if peer.listens else 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def fill(self, value: Any, scratch: Path) -> Any:
        match value:
            case str():
                for name, part in (
                    ("{files}", self._shared.files),
                    ("{repo}", self._shared.repo),
                    ("{scratch}", scratch),
                    ("{port}", self.port),
                ):
                    value = value.replace(name, str(part))
                return value
            case Mapping():
                return {key: self.fill(item, scratch) for key, item in value.items()}
            case list() | tuple():
                return [self.fill(item, scratch) for item in value]
            case _:
                return value

    def command(self) -> tuple[list[str], dict[str, str]]:
        """Command line and environment, with a scratch folder that no other client has."""
        scratch = self._factory.mktemp("scratch").resolve()
        return self.fill(self.peer.command, scratch), self.fill(self.peer.env, scratch)

    @property
    def calls(self) -> list[Call]:
        return [(name, arguments) for name, arguments in self.fill(self.peer.calls, Path())]

    def entry(self) -> ServerEntry:
        if self.peer.listens:
            return entries.http(self.peer.name, self.url)
        command, env = self.command()
        return entries.stdio(self.peer.name, *command, env=env)

    def config(self) -> dict[str, Any]:
        """The same as an entry of a configuration file."""
        if self.peer.listens:
            return {"type": "http", "url": self.url}
        (command, *arguments), env = self.command()
        return {"command": command, "args": arguments, "env": env}

    @cached_property
    def reference(self) -> dict[str, Any]:
        """What the official SDK's client gets."""
        spec: dict[str, Any] = {"calls": self.calls}
        if self.peer.listens:
            spec["url"] = self.url
        else:
            (spec["command"], *spec["args"]), spec["env"] = self.command()
        done = subprocess.run(
            (sys.executable, str(SDK_CLIENT), json.dumps(spec)), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def absent(reason: str) -> None:
    """A peer that is not there: a reason to skip on somebody's machine, a failure in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module", params=PEERS, ids=lambda peer: peer.name)
def started(
    request: pytest.FixtureRequest, shared: Shared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    peer: Peer = request.param
    if peer.missing:
        absent(peer.missing)
    server = Started(peer, shared, tmp_path_factory)
    with ExitStack() as stack:
        if peer.listens:
            command, env = server.command()
            stack.enter_context(listening(command, env))
        yield server
