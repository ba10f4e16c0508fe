"""What holds at load holds at each connection and call too, and looking costs no reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.errors import PolicyDenied, UntrustedError
from mcpdeck.services.models import InProcessTarget, ServerEntry, Source, TransportKind
from tests.policy.repository import Repository


def _approved(repository: Repository) -> ServerEntry:
    repository.deck().approve(repository.entry())
    return repository.load()["it"]


def test_nothing_stands_in_the_way_of_what_was_let_through(repository: Repository) -> None:
    deck = repository.deck()
    _approved(repository)
    for entry in deck.load_entries():
        assert deck.guard(entry) is None


@pytest.mark.parametrize("which", ["administrators", "mine", "shared", "local"])
def test_a_rule_that_is_written_meanwhile_blocks(repository: Repository, which: str) -> None:
    entry = _approved(repository)
    deck = repository.deck()
    deck.load_entries()
    path: Path = getattr(repository, which)
    repository.write({"deniedMcpServers": [{"serverCommand": ["x"]}]}, path)
    denial = deck.guard(entry)
    assert isinstance(denial, PolicyDenied)
    assert (denial.details["file"], denial.details["gate"]) == (str(path), "blocked")
    repository.write({"deniedMcpServers": []}, path)
    assert deck.guard(entry) is None


def test_a_drop_in_and_a_malformed_managed_file_that_appear_meanwhile_block(repository: Repository) -> None:
    entry = _approved(repository)
    deck = repository.deck()
    deck.load_entries()
    drop_in = repository.managed / "managed-settings.d" / "10.json"
    repository.write({"allowedMcpServers": []}, drop_in)
    assert isinstance(deck.guard(entry), PolicyDenied)
    drop_in.unlink()
    assert deck.guard(entry) is None
    repository.write("{", repository.administrators)
    assert isinstance(deck.guard(entry), PolicyDenied)
    repository.administrators.unlink()
    assert deck.guard(entry) is None
    repository.administrators.symlink_to("nowhere")
    assert isinstance(deck.guard(entry), PolicyDenied)


def test_an_approval_that_is_taken_back_meanwhile_counts_no_more(repository: Repository) -> None:
    entry = _approved(repository)
    deck = repository.deck()
    deck.load_entries()
    repository.deck().reset_choices()
    pending = deck.guard(entry)
    assert isinstance(pending, UntrustedError)
    assert pending.details["gate"] == "pending approval"
    repository.deck().reject(entry)
    rejected = deck.guard(entry)
    assert rejected is not None
    assert rejected.details["gate"] == "rejected"


def test_an_approval_by_name_that_is_taken_back_meanwhile_counts_no_more(repository: Repository) -> None:
    repository.write({"enabledMcpjsonServers": ["it"]}, repository.mine)
    entry = repository.entry()
    deck = repository.deck()
    deck.load_entries()
    assert deck.guard(entry) is None
    repository.write({"disabledMcpjsonServers": ["it"]}, repository.mine)
    rejected = deck.guard(entry)
    assert rejected is not None
    assert str(repository.mine) in rejected.title


def test_local_settings_that_git_tracks_meanwhile_count_no_more(repository: Repository) -> None:
    repository.write({"enabledMcpjsonServers": ["it"]}, repository.local)
    entry = repository.entry()
    deck = repository.deck()
    deck.load_entries()
    assert deck.guard(entry) is None
    repository.commit()
    deck.refresh()
    assert deck.guard(entry) is not None
    repository.git("rm", "--quiet", "--cached", ".claude/settings.local.json")
    deck.refresh()
    assert deck.guard(entry) is None


def test_a_server_that_is_switched_off_meanwhile_is_not_used(repository: Repository) -> None:
    entry = _approved(repository)
    deck = repository.deck()
    deck.load_entries()
    repository.deck().set_enabled(entry, False)
    off = deck.guard(entry)
    assert off is not None
    assert off.details["gate"] == "disabled"
    assert "mcpdeck enable it" in off.hint


def test_what_is_approved_for_this_run_passes_for_as_long_as_nobody_rejects_it(repository: Repository) -> None:
    repository.entry()
    deck = repository.deck(approve_all=True)
    (entry,) = deck.load_entries()
    assert deck.guard(entry) is None
    repository.write({"disabledMcpjsonServers": ["it"]}, repository.shared)
    assert deck.guard(entry) is not None


def test_an_edited_text_is_another_one_until_it_is_loaded_and_approved(repository: Repository) -> None:
    old = _approved(repository)
    new = repository.entry("evil")
    deck = repository.deck()
    deck.load_entries()
    assert deck.guard(old) is None
    assert deck.guard(new) is not None


def test_a_managed_file_that_appears_meanwhile_leaves_only_its_own_servers(repository: Repository) -> None:
    entry = _approved(repository)
    deck = repository.deck()
    deck.load_entries()
    repository.write({"mcpServers": {}}, repository.managed / "managed-mcp.json")
    denial = deck.guard(entry)
    assert isinstance(denial, PolicyDenied)
    assert "managed-mcp.json" in denial.title


def test_servers_that_a_program_hands_over_are_judged_by_name(repository: Repository) -> None:
    entry = ServerEntry("mine", Source.SDK, InProcessTarget("m:o"), TransportKind.IN_PROCESS, "m:o", "d")
    deck = repository.deck()
    assert deck.guard(entry) is None
    repository.write({"deniedMcpServers": [{"serverName": "mine"}]}, repository.mine)
    assert isinstance(deck.guard(entry), PolicyDenied)


def test_as_long_as_no_file_changes_none_is_opened_and_git_is_not_asked(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write({"enabledMcpjsonServers": ["it"]}, repository.local)
    repository.write({"deniedMcpServers": [{"serverName": "other"}]}, repository.mine)
    entry = repository.entry()
    deck = repository.deck()
    deck.load_entries()
    monkeypatch.setattr("mcpdeck.services.policy.settings.RACY_NS", -(10**18))  # these files are old enough

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("it was read again")

    assert deck.guard(entry) is None
    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(Path, "read_bytes", opened)
    monkeypatch.setattr("subprocess.run", opened)
    for _ in range(3):
        assert deck.guard(entry) is None


def test_the_files_to_watch_are_those_that_decide_also_where_they_are_not_there_yet(repository: Repository) -> None:
    watched = repository.deck().watched()
    for path in (
        repository.administrators,
        repository.mine,
        repository.shared,
        repository.local,
        repository.claude_json,
    ):
        assert path in watched
