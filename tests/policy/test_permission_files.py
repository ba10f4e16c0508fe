"""Where rules of permission stand, which of them count, and what becomes of a file that changes or breaks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import Caller, Effect, Reach, ServerEntry, Source, SourceStatus
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.policy.permissions import Permissions
from tests.policy.permitting import DESTROYS, READS, tool
from tests.policy.repository import Repository
from tests.waiting import until

RULE = "mcp__it__write"
WRITE = tool("write", "it")


def _put(path: Path, **permissions: Any) -> None:
    """Write a file whose times are long past, so that one look at it is enough."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"permissions": permissions}))
    _long_ago(path)


def _long_ago(path: Path) -> None:
    seconds = path.stat().st_mtime - 60
    os.utime(path, (seconds, seconds))


def _settings(repository: Repository) -> Path:
    return repository.home / "config" / "settings.json"


@pytest.fixture
def mine(repository: Repository) -> Repository:
    repository.servers({"it": {"command": "x"}}, repository.user_file)
    return repository


def _deck(repository: Repository, **changes: Any) -> Configured:
    deck = repository.deck(**changes)
    deck.load_entries()
    return deck


def _said(permissions: Permissions) -> tuple[str, str]:
    decision = permissions.judge(WRITE)
    return decision.effect.value, decision.rule


def _effect(repository: Repository) -> str:
    return _deck(repository).permissions().judge(WRITE).effect.value


def _path(repository: Repository, which: str) -> Path:
    return {
        "ours": _settings(repository),
        "drop-in": repository.managed / "managed-settings.d" / "10.json",
    }.get(which) or getattr(repository, which)


EVERYWHERE = ["administrators", "drop-in", "ours", "mine", "shared", "local"]


@pytest.mark.parametrize("does", ["deny", "ask"])
@pytest.mark.parametrize("which", EVERYWHERE)
def test_a_deny_and_an_ask_count_in_every_settings_file_and_the_decision_names_it(
    mine: Repository, which: str, does: str
) -> None:
    _put(_path(mine, which), **{does: [RULE]})
    decision = _deck(mine).permissions().judge(WRITE)
    assert (decision.effect, decision.rule, decision.source) == (does, RULE, str(_path(mine, which)))


@pytest.mark.parametrize(
    ("which", "counts"),
    [("administrators", True), ("drop-in", True), ("ours", True), ("mine", True), ("shared", False), ("local", True)],
)
def test_an_allow_counts_everywhere_but_in_a_file_that_comes_with_the_repository(
    mine: Repository, which: str, counts: bool
) -> None:
    path = _path(mine, which)
    _put(path, allow=[RULE])
    deck = _deck(mine)
    assert deck.permissions().judge(WRITE).effect is (Effect.ALLOW if counts else Effect.ASK)
    lints = deck.settings_lints.get(str(path), ())
    assert any("comes with the repository" in lint for lint in lints) is not counts


def test_an_allow_in_a_local_file_that_git_tracks_does_not_count_and_its_deny_does(mine: Repository) -> None:
    _put(mine.local, allow=[RULE], deny=["mcp__it__drop"])
    mine.commit()
    deck = _deck(mine)
    permissions = deck.permissions()
    assert permissions.judge(WRITE).effect is Effect.ASK
    assert permissions.judge(tool("drop", "it")).effect is Effect.DENY
    assert any("git tracks it" in lint for lint in deck.settings_lints[str(mine.local)])


@pytest.mark.parametrize("which", ["shared", "local", "mine"])
def test_profiles_budgets_and_grants_of_other_clients_and_repositories_count_for_nothing(
    mine: Repository, which: str
) -> None:
    _put(
        _path(mine, which),
        profile="admin",
        servers={"it": {"profile": "admin"}},
        profiles={"x": {"default": "allow"}},
        budget={"mcp__it": 0},
        projects={str(mine.root): {"allow": [RULE]}},
    )
    permissions = _deck(mine).permissions()
    assert permissions.judge(WRITE).rule == "tools ask the first time"
    assert permissions.profiles() == ("viewer", "tester", "admin")


def test_rules_for_one_project_stand_in_our_file_and_count_there_alone(mine: Repository) -> None:
    _put(_settings(mine), projects={str(mine.root): {"allow": [RULE]}, "/elsewhere": {"deny": [RULE]}})
    decision = _deck(mine).permissions().judge(WRITE)
    assert (decision.effect, decision.source) == (Effect.ALLOW, f"{_settings(mine)}, for this project")


def test_rules_of_other_tools_are_ignored_silently_in_other_clients_files_and_with_a_remark_in_ours(
    mine: Repository,
) -> None:
    foreign = {"allow": ["Bash(git *)", "WebFetch"], "defaultMode": "plan", "additionalDirectories": ["/x"]}
    _put(mine.mine, **foreign)
    _put(_settings(mine), allow=["Bash(git *)"])
    lints = _deck(mine).settings_lints
    assert str(mine.mine) not in lints
    assert lints[str(_settings(mine))] == ('"Bash(git *)" in "permissions.allow" is no rule about MCP: it is ignored',)


# -- files that change


def test_a_rule_that_is_written_counts_from_the_next_look_on_and_one_that_is_gone_no_more(mine: Repository) -> None:
    permissions = _deck(mine).permissions()
    assert permissions.judge(WRITE).effect is Effect.ASK
    for does in ("deny", "allow", "ask"):
        _put(mine.mine, **{does: [RULE]})
        until(lambda does=does: _said(permissions) == (does, RULE), f"rule to {does}")
    mine.mine.unlink()
    until(lambda: _said(permissions) == ("ask", "tools ask the first time"), "default")


def test_a_choice_of_this_session_outlives_a_change_of_the_files(mine: Repository) -> None:
    permissions = _deck(mine).permissions()
    permissions.set_profile("viewer")
    _put(mine.mine, ask=["mcp__it__other"])
    other = tool("other", "it", annotations=READS)
    until(lambda: permissions.judge(other).rule == "mcp__it__other", "rule of the file")
    assert permissions.judge(WRITE).source == "profile viewer"


@pytest.mark.parametrize("again", [False, True], ids=["the same run", "the next run"])
@pytest.mark.parametrize("which", ["ours", "mine", "shared", "local"])
def test_of_a_file_that_breaks_denies_and_asks_stand_and_allows_do_not(
    mine: Repository, which: str, again: bool
) -> None:
    path = _path(mine, which)
    _put(path, allow=[RULE], deny=["mcp__it__drop"], ask=["mcp__it__look"])
    deck = _deck(mine)
    path.write_text("{")
    _long_ago(path)
    if again:
        deck = _deck(mine)
    permissions = deck.permissions()
    effects = [permissions.judge(tool(name, "it", annotations=READS)).effect for name in ("drop", "look")]
    assert effects == [Effect.DENY, Effect.ASK]
    assert permissions.judge(WRITE).rule == "tools ask the first time"
    deck.load_entries()
    [line] = [line for line in deck.sources if line.place == str(path)]
    assert line.status is SourceStatus.UNREADABLE


def test_what_an_allow_says_is_never_kept_for_later_runs(mine: Repository) -> None:
    _put(
        _settings(mine),
        allow=["mcp__it__one"],
        deny=["mcp__it__two"],
        profile="admin",
        servers={"it": {"profile": "admin"}, "other": {"profile": "viewer"}},
        profiles={"x": {"allow": ["mcp__it__three"], "deny": ["mcp__it__four"], "default": "allow"}},
        projects={"/p": {"allow": ["mcp__it__five"], "ask": ["mcp__it__six"]}},
    )
    _deck(mine)
    [said] = [file.read_text() for file in (mine.home / "data" / "settings").glob("*.json")]
    kept = json.loads(said)["said"]["permissions"]
    assert kept == {
        "deny": ["mcp__it__two"],
        "servers": {"other": {"profile": "viewer"}},
        "profiles": {"x": {"deny": ["mcp__it__four"], "default": "ask"}},
        "projects": {"/p": {"ask": ["mcp__it__six"]}},
    }


def test_a_profile_that_narrows_stands_when_its_file_breaks(mine: Repository) -> None:
    _put(_settings(mine), profile="viewer")
    _deck(mine)
    _settings(mine).write_text("{")
    assert _deck(mine).permissions().judge(WRITE).source == "profile viewer"


# -- whose annotations count


def test_what_a_server_says_of_itself_counts_once_a_person_approved_it_for_good(repository: Repository) -> None:
    entry = repository.entry()
    assert not _deck(repository).vouches_for(entry)
    assert not _deck(repository, approve_all=True).vouches_for(entry)
    assert not _deck(repository, approved=["it"]).vouches_for(entry)
    _deck(repository).approve(entry)
    assert _deck(repository).vouches_for(entry)
    edited = repository.entry("y")
    assert not _deck(repository).vouches_for(edited)


def test_a_server_that_the_person_put_there_is_vouched_for_and_a_rejected_one_is_not(repository: Repository) -> None:
    repository.servers({"mine": {"command": "x"}}, repository.user_file)
    repository.servers({"it": {"command": "x"}})
    rows = repository.load()
    _deck(repository).reject(rows["it"])
    deck = _deck(repository)
    assert [deck.vouches_for(rows[name]) for name in ("mine", "it")] == [True, False]


def test_an_approval_in_a_settings_file_vouches_for_a_server(repository: Repository) -> None:
    entry = repository.entry()
    repository.write({"enabledMcpjsonServers": ["it"]}, repository.mine)
    assert _deck(repository).vouches_for(entry)


# -- answers of a run


def _kept(repository: Repository, act_source: Source, path: Path | None) -> bool:
    repository.servers({"it": {"command": "x"}}, path)
    entry = repository.load()["it"]
    assert entry.source is act_source
    deck = _deck(repository)
    if entry.needs_approval:
        deck.approve(entry)
    deck.permissions().answered(WRITE, Reach.ALWAYS)
    return _deck(repository).permissions().judge(WRITE).effect is Effect.ALLOW


def test_an_answer_about_a_user_s_server_counts_in_every_project(repository: Repository, tmp_path: Path) -> None:
    assert _kept(repository, Source.USER, repository.user_file)
    other = Repository(tmp_path / "other")
    (other.home / "config").mkdir(parents=True)
    other.home.joinpath("data").symlink_to(repository.home / "data")
    other.servers({"it": {"command": "y"}}, other.user_file)
    assert _effect(other) == "allow"


def test_an_answer_about_a_project_s_server_ends_when_its_entry_is_edited(repository: Repository) -> None:
    assert _kept(repository, Source.PROJECT, None)
    edited: ServerEntry = repository.entry("y")
    deck = _deck(repository)
    deck.approve(edited)
    assert deck.permissions().judge(WRITE).effect is Effect.ASK


def test_what_was_said_in_this_session_ends_when_the_entry_is_edited_whosever_it_is(mine: Repository) -> None:
    deck = _deck(mine)
    deck.permissions().answered(WRITE, Reach.SESSION)
    deck.permissions().allow_for(WRITE, 60)
    assert deck.permissions().judge(WRITE).effect is Effect.ALLOW
    mine.servers({"it": {"command": "another"}}, mine.user_file)
    deck.load_entries()
    assert deck.permissions().judge(WRITE).effect is Effect.ASK


def test_a_rule_is_about_a_server_by_the_name_that_is_configured(repository: Repository) -> None:
    repository.servers({"a.b": {"command": "x"}, "a:b": {"command": "y"}}, repository.user_file)
    _put(repository.mine, allow=["mcp__a_b__write"])
    permissions = _deck(repository).permissions()
    assert [permissions.judge(tool("write", name)).effect for name in ("a.b", "a:b")] == [Effect.ASK, Effect.ASK]
    assert len(permissions.lints) == 1


def test_a_command_is_not_asked_for_what_it_names_unless_a_rule_says_so(mine: Repository) -> None:
    act = tool("write", "it", caller=Caller.COMMAND, annotations=DESTROYS)
    assert _deck(mine).permissions().judge(act).source == "the command itself"
    _put(mine.shared, ask=[RULE])
    assert _deck(mine).permissions().judge(act).effect is Effect.ASK
