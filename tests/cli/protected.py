"""A protected server with its authorization server, beside the command that logs in to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.cli.command import CommandLine, Done
from tests.servers.authorization_server import Peer, authorization_server

Start: TypeAlias = Callable[..., Peer]


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as running:
        yield running


@pytest.fixture
def start(portal: BlockingPortal) -> Iterator[Start]:
    """Starts such a pair, with the knobs of ``Behaviour``."""
    with ExitStack() as stack:

        def started(**knobs: Any) -> Peer:
            return stack.enter_context(portal.wrap_async_context_manager(authorization_server(**knobs)))

        yield started


def answers(mcpdeck: CommandLine, **oauth: Any) -> tuple[str, str]:
    """The option with an answers file that follows the pages of a login, with ``oauth`` beside that."""
    path = mcpdeck.root / "answers.json"
    path.write_text(json.dumps({"oauth": {"open": "http", **oauth}}), encoding="utf-8")
    return "--answers", str(path)


def keeps_its_secrets(peer: Peer, *done: Done, folders: tuple[Path, ...] = ()) -> None:
    """Nothing that was issued or sent in confidence is in what was printed, or in clear below ``folders``."""
    assert peer.secrets
    said = "".join(each.out + each.err for each in done).encode()
    stored = b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())
    for secret in peer.secrets:
        assert secret.encode() not in said
        assert secret.encode() not in stored
