"""Files of our own that remember choices and cannot be read: that is told, and nothing starts because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.errors import ConfigError, UntrustedError
from mcpdeck.services.models import SourceStatus, Status
from tests.policy.repository import Repository

BROKEN = ["", "{", "[]", "\udcff", None]
"""Contents; None is a directory in the place of the file."""


def put(path: Path, content: str | None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    return path


def toggles(repository: Repository, content: str | None) -> Path:
    return put(repository.home / "data" / "toggles.json", content)


def approvals(repository: Repository, content: str | None) -> Path:
    return put(repository.home / "data" / "approvals.json", content)


@pytest.mark.parametrize(
    "content", [*BROKEN, '{"projects": 3}', '{"projects": {"ROOT": [1]}}', '{"projects": {"ROOT": {"mine": "off"}}}']
)
def test_what_may_have_been_switched_off_does_not_start_and_its_row_says_why(
    repository: Repository, content: str | None
) -> None:
    repository.servers({"mine": {"command": "x"}, "off": {"command": "y"}}, repository.user_file)
    deck = repository.deck()
    deck.set_enabled(repository.load()["off"], enabled=False)
    loaded = deck.load_entries()[0]
    file = toggles(repository, content and content.replace("ROOT", str(repository.root)))

    refused = deck.guard(loaded)
    assert isinstance(refused, UntrustedError)
    rows = {row.name: row for row in deck.load_entries()}
    for name in ("mine", "off"):
        blocked = rows[name].blocked
        assert rows[name].gate is Status.DISABLED
        assert blocked is not None
        assert str(file) in blocked.title
        assert "reset-project-choices" in blocked.hint
    assert rows[str(file)].gate is Status.NOT_CONFIGURED
    [line] = [info for info in deck.sources if info.place == str(file)]
    assert line.status is SourceStatus.UNREADABLE
    assert "what was switched on and off is not known" in line.note


def test_switching_one_on_does_not_forget_what_else_was_switched_off(repository: Repository) -> None:
    repository.servers({"mine": {"command": "x"}}, repository.user_file)
    file = toggles(repository, "{")
    deck = repository.deck()
    with pytest.raises(ConfigError, match="cannot be changed") as caught:
        deck.set_enabled(repository.load()["mine"], enabled=True)
    assert "reset-project-choices" in caught.value.hint
    assert file.read_text() == "{"


@pytest.mark.parametrize("content", BROKEN)
def test_forgetting_every_choice_puts_the_files_aside(repository: Repository, content: str | None) -> None:
    repository.servers({"mine": {"command": "x"}}, repository.user_file)
    files = toggles(repository, content), approvals(repository, content)
    deck = repository.deck()
    assert set(deck.reset_choices(dry_run=True).broken) == {*files}
    assert not deck.reset_choices(dry_run=True).nothing
    deck.reset_choices()
    rows = {row.name: row.gate for row in deck.load_entries()}
    assert rows == {"mine": None}
    assert {path.name for path in files[0].parent.iterdir()} >= {"toggles.json.broken", "approvals.json.broken"}


@pytest.mark.parametrize("content", BROKEN)
def test_unreadable_approvals_are_told_and_approve_nothing(repository: Repository, content: str | None) -> None:
    repository.deck().approve(repository.entry())
    file = approvals(repository, content)
    deck = repository.deck()
    rows = {row.name: row for row in deck.load_entries()}
    assert rows["it"].gate is Status.PENDING_APPROVAL
    assert rows[str(file)].problem is not None
    [line] = [info for info in deck.sources if info.place == str(file)]
    assert "what was approved and rejected is not known" in line.note


def test_an_approval_by_name_does_not_count_while_nobody_can_tell_which_text_it_was_about(
    repository: Repository,
) -> None:
    repository.write({"enabledMcpjsonServers": ["it"]}, repository.mine)
    repository.entry("first")
    assert repository.gate() is None
    file = approvals(repository, "{")
    repository.entry("second")
    row = repository.load()["it"]
    assert row.gate is Status.PENDING_APPROVAL
    assert any(str(file) in lint and "does not count" in lint for lint in row.lints)
    assert file.read_text() == "{"


def test_servers_of_this_run_do_not_wait_for_what_is_remembered(repository: Repository) -> None:
    toggles(repository, "{")
    config = repository.base / "given.json"
    repository.servers({"once": {"command": "x"}}, config)
    assert repository.load(mcp_config=(str(config),))["once"].gate is None
