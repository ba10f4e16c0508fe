"""Git may take seconds: whoever looks before a call never waits for it, and gets no approval out of that."""

from __future__ import annotations

import os
import shlex
import shutil

import anyio
import anyio.to_thread
import pytest

from mcpdeck.services.models import Status
from mcpdeck.services.policy.configured import Configured
from tests.policy.repository import Repository
from tests.waiting import until

BY_NAME = {"enabledMcpjsonServers": ["it"]}


class HeldGit:
    """A ``git`` that answers only after it was let go, for the programs that have ``path`` as their ``PATH``."""

    def __init__(self, repository: Repository) -> None:
        folder = repository.base / "held"
        folder.mkdir()
        self._gate, self.asked = folder / "gate", folder / "asked"
        real = shutil.which("git")
        assert real is not None
        hold = f"[ -e {shlex.quote(str(self._gate))} ] && read line < {shlex.quote(str(self._gate))}"
        program = folder / "git"
        program.write_text(f'#!/bin/sh\necho x >> {shlex.quote(str(self.asked))}\n{hold}\nexec {real} "$@"\n')
        program.chmod(0o755)
        self.path = f"{folder}{os.pathsep}{os.environ['PATH']}"

    def hold(self) -> None:
        os.mkfifo(self._gate)

    def let_go(self) -> None:
        handle = until(self._reader, "git that is held")
        self._gate.unlink()
        os.write(handle, b"go\n")
        os.close(handle)

    def _reader(self) -> int | None:
        try:
            return os.open(self._gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            return None

    def times(self) -> int:
        return len(self.asked.read_text().splitlines()) if self.asked.exists() else 0


@pytest.fixture
def git(repository: Repository) -> HeldGit:
    return HeldGit(repository)


def _deck(repository: Repository, git: HeldGit) -> Configured:
    return repository.deck(environ={**repository.options.environ, "PATH": git.path})


def _answered(deck: Configured, before: int) -> None:
    until(lambda: deck.git_answers > before, "git's answer")


async def test_a_loop_goes_on_turning_while_git_is_asked_before_a_call(repository: Repository, git: HeldGit) -> None:
    repository.write(BY_NAME, repository.local)
    entry = repository.entry()
    deck = _deck(repository, git)
    deck.load_entries()
    git.hold()
    repository.commit()
    with anyio.fail_after(20):
        for _ in range(50):  # each would wait for the git that is held, had it asked itself
            assert deck.guard(entry) is None
            await anyio.lowlevel.checkpoint()
        before = deck.git_answers
        await anyio.to_thread.run_sync(git.let_go)
        await anyio.to_thread.run_sync(_answered, deck, before)
    refused = deck.guard(entry)
    assert refused is not None
    assert refused.details["gate"] == "pending approval"


def test_git_is_asked_once_however_often_somebody_looks(repository: Repository, git: HeldGit) -> None:
    repository.write(BY_NAME, repository.local)
    entry = repository.entry()
    deck = _deck(repository, git)
    deck.load_entries()
    assert git.times() == 1
    git.hold()
    repository.git("add", ".mcp.json")
    for _ in range(20):
        deck.guard(entry)
    before = deck.git_answers
    git.let_go()
    _answered(deck, before)
    assert deck.guard(entry) is None
    assert git.times() == 2


@pytest.mark.parametrize("choice", [{"enabledMcpjsonServers": ["it", "new"]}, {"enableAllProjectMcpServers": True}])
def test_nothing_new_is_approved_before_git_answered(repository: Repository, git: HeldGit, choice: object) -> None:
    repository.write(BY_NAME, repository.local)
    repository.servers({"it": {"command": "x"}, "new": {"command": "y"}})
    deck = _deck(repository, git)
    deck.load_entries()
    git.hold()
    repository.write(choice, repository.local)
    rows = {row.name: row for row in deck.load_entries()}
    assert rows["new"].gate is Status.PENDING_APPROVAL
    assert [pin["name"] for pin in repository.pins()] == ["it"]
    before = deck.git_answers
    git.let_go()
    _answered(deck, before)
    rows = {row.name: row for row in deck.load_entries()}
    assert (rows["it"].gate, rows["new"].gate) == (None, None)


def test_an_edited_text_is_not_approved_before_git_answered(repository: Repository, git: HeldGit) -> None:
    repository.write(BY_NAME, repository.local)
    repository.servers({"other": {"command": "x"}})
    deck = _deck(repository, git)
    deck.load_entries()
    git.hold()
    repository.entry()  # first seen now, under a name that was approved before
    repository.commit(".claude/settings.local.json")
    shutil.rmtree(repository.home / "data", ignore_errors=True)
    (row,) = deck.load_entries()
    assert row.gate is Status.PENDING_APPROVAL
    assert "git is asked" in " ".join(row.lints)
    before = deck.git_answers
    git.let_go()
    _answered(deck, before)


def test_local_settings_that_appear_while_it_runs_approve_nothing_before_git_answered(
    repository: Repository, git: HeldGit
) -> None:
    repository.entry()
    deck = _deck(repository, git)
    deck.load_entries()
    git.hold()
    repository.write(BY_NAME, repository.local)
    assert [row.gate for row in deck.load_entries()] == [Status.PENDING_APPROVAL]
    before = deck.git_answers
    git.let_go()
    _answered(deck, before)
    assert {row.name: row.gate for row in deck.load_entries()} == {"it": None}
