"""Approvals and rejections in settings files; what a repository brings along approves nothing."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from mcpdeck.services.errors import UntrustedError, UsageError
from mcpdeck.services.models import HttpTarget, ServerEntry, Source, Status, TransportKind
from mcpdeck.services.policy.trust import TrustStore
from tests.policy.repository import Repository

PENDING, REJECTED = "pending approval", "rejected"
BY_NAME = {"enabledMcpjsonServers": ["it"]}
ALL = {"enableAllProjectMcpServers": True}
REJECTS = {"disabledMcpjsonServers": ["it"]}


def _lints(repository: Repository, path: Path) -> str:
    deck = repository.deck()
    deck.load_entries()
    return " ".join(lint for line in deck.sources if line.place == str(path) for lint in line.lints)


@pytest.mark.parametrize("choice", [BY_NAME, ALL])
@pytest.mark.parametrize("which", ["mine", "administrators", "local"])
def test_an_approval_in_a_file_of_the_person_or_the_administrator_counts(
    repository: Repository, which: str, choice: object
) -> None:
    repository.entry()
    repository.write(choice, getattr(repository, which))
    assert repository.gate() is None


@pytest.mark.parametrize("choice", [BY_NAME, ALL])
def test_an_approval_in_claude_s_own_file_counts_for_that_project_only(repository: Repository, choice: object) -> None:
    repository.entry()
    repository.write({"projects": {str(repository.root.parent): choice}}, repository.claude_json)
    assert repository.gate() == PENDING
    repository.write({"projects": {str(repository.root): choice}}, repository.claude_json)
    assert repository.gate() is None


@pytest.mark.parametrize("choice", [BY_NAME, ALL])
def test_the_shared_settings_of_a_project_approve_nothing_committed_or_not(
    repository: Repository, choice: object
) -> None:
    repository.entry()
    repository.write(choice, repository.shared)
    assert repository.gate() == PENDING
    repository.commit()
    assert repository.gate() == PENDING
    assert "comes with the repository" in _lints(repository, repository.shared)
    assert "does not count" in " ".join(repository.load()["it"].lints)


@pytest.mark.parametrize("choice", [BY_NAME, ALL])
def test_local_settings_that_git_tracks_approve_nothing(repository: Repository, choice: object) -> None:
    repository.entry()
    repository.write(choice, repository.local)
    repository.commit()
    assert repository.gate() == PENDING
    assert "git tracks it" in _lints(repository, repository.local)


def test_they_approve_nothing_either_when_they_are_only_added_or_were_edited_since(repository: Repository) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    repository.git("add", "--force", ".")
    assert repository.gate() == PENDING
    repository.commit()
    repository.write(ALL, repository.local)
    assert repository.gate() == PENDING


def test_they_approve_nothing_in_a_clone(repository: Repository, tmp_path: Path) -> None:
    repository.entry()
    repository.write(ALL, repository.local)
    repository.commit()
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", str(repository.root), str(clone), cwd=tmp_path)
    assert repository.gate(cwd=clone) == PENDING


def test_a_file_that_git_ignores_counts(repository: Repository) -> None:
    repository.entry()
    repository.write(".claude/settings.local.json\n", repository.root / ".gitignore")
    repository.commit()
    repository.write(BY_NAME, repository.local)
    assert repository.gate() is None


def test_without_a_repository_nobody_can_tell_whose_it_is_and_it_approves_nothing(repository: Repository) -> None:
    """An archive of a project that was downloaded has no repository, and may bring the file along."""
    repository.entry()
    shutil.rmtree(repository.root / ".git")
    repository.write(BY_NAME, repository.local)
    assert repository.gate() == PENDING
    assert "without git nobody can tell who wrote it" in _lints(repository, repository.local)
    repository.write(REJECTS, repository.local)
    assert repository.gate() == REJECTED
    repository.write(BY_NAME, repository.local)
    repository.git("init", "--quiet")
    assert repository.gate() is None


@pytest.mark.parametrize("how", ["empty folder", "file to nowhere", "broken index", "dangling link"])
def test_a_repository_that_git_cannot_read_approves_nothing(repository: Repository, how: str) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    git = repository.root / ".git"
    match how:
        case "empty folder":
            shutil.rmtree(git)
            git.mkdir()
        case "file to nowhere":
            shutil.rmtree(git)
            git.write_text("gitdir: /nowhere\n")
        case "broken index":
            (git / "index").write_bytes(b"DIRC nonsense")
        case _:
            shutil.rmtree(git)
            git.symlink_to("nowhere")
    assert repository.gate() == PENDING
    assert "could not say" in _lints(repository, repository.local)


def test_a_broken_repository_inside_another_does_not_ask_the_outer_one(repository: Repository) -> None:
    """The outer repository knows nothing of the file, which would sound like "it is the person's own"."""
    inner = repository.root / "inner"
    (inner / ".git").mkdir(parents=True)
    repository.servers({"it": {"command": "x"}}, inner / ".mcp.json")
    repository.write(BY_NAME, inner / ".claude" / "settings.local.json")
    assert repository.gate(cwd=inner) == PENDING


def test_a_nested_repository_is_a_project_of_its_own(repository: Repository) -> None:
    repository.write(BY_NAME, repository.local)
    inner = repository.root / "inner"
    inner.mkdir()
    repository.git("init", "--quiet", cwd=inner)
    repository.servers({"it": {"command": "x"}}, inner / ".mcp.json")
    assert repository.gate(cwd=inner) == PENDING
    repository.entry()
    assert repository.gate() is None


def test_without_git_the_file_does_not_count(repository: Repository) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    assert repository.gate(environ={**repository.options.environ, "PATH": str(repository.base)}) == PENDING


def test_a_git_that_the_repository_brings_along_is_not_run(repository: Repository) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    repository.commit()
    program, witness = repository.root / "bin" / "git", repository.base / "it-ran"
    repository.write(f"#!/bin/sh\ntouch {witness}\nexit 1\n", program)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (repository.base / "link").symlink_to(program.parent)
    for folder in (str(program.parent), "bin", ".", str(repository.base / "link")):
        path = f"{folder}{os.pathsep}{repository.options.environ['PATH']}"
        assert repository.gate(environ={**repository.options.environ, "PATH": path}) == PENDING
    assert not witness.exists()


def test_nothing_that_a_repository_s_configuration_names_is_run(repository: Repository) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    witness = repository.base / "it-ran"
    program = repository.base / "program"
    repository.write(f"#!/bin/sh\ntouch {witness}\n", program)
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "diff.external", "alias.ls-files"):
        repository.git("config", key, str(program))
    hooks = repository.root / ".git" / "hooks"
    for hook in ("post-index-change", "fsmonitor-watchman"):
        shutil.copy(program, hooks / hook)
    assert repository.gate() is None
    assert not witness.exists()


def test_variables_that_lead_git_elsewhere_do_not_count(repository: Repository, tmp_path: Path) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    repository.commit()
    other = tmp_path / "other"
    other.mkdir()
    repository.git("init", "--quiet", cwd=other)
    environ = {**repository.options.environ, "GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / "none")}
    assert repository.gate(environ=environ) == PENDING


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("inside", [True, False])
def test_local_settings_behind_a_symbolic_link_approve_nothing(
    repository: Repository, what: str, inside: bool, tracked: bool
) -> None:
    repository.entry()
    real = (repository.root if inside else repository.base) / "elsewhere"
    repository.write(BY_NAME, real / "settings.local.json")
    if what == "folder":
        repository.local.parent.symlink_to(real)
    else:
        repository.local.parent.mkdir()
        repository.local.symlink_to(real / "settings.local.json")
    if tracked:
        repository.commit()
    assert repository.gate() == PENDING
    assert "symbolic link" in _lints(repository, repository.local)


def test_a_file_whose_name_git_knows_in_another_case_counts_as_tracked(repository: Repository) -> None:
    """On a file system that does not tell the two apart they are one file."""
    repository.entry()
    repository.write(BY_NAME, repository.root / ".Claude" / "Settings.Local.json")
    repository.commit()
    repository.write(BY_NAME, repository.local)
    assert repository.gate() == PENDING


def test_in_a_worktree_the_file_is_asked_about_there(repository: Repository, tmp_path: Path) -> None:
    repository.entry()
    repository.write(BY_NAME, repository.local)
    repository.commit()
    tree = tmp_path / "tree"
    repository.git("worktree", "add", "--quiet", str(tree))
    assert repository.gate(cwd=tree) == PENDING
    repository.git("rm", "--quiet", "--cached", ".claude/settings.local.json", cwd=tree)
    assert repository.gate(cwd=tree) is None


def test_a_project_file_that_is_a_symbolic_link_is_approved_by_what_it_holds(repository: Repository) -> None:
    target = repository.base / "shared.json"
    repository.servers({"it": {"command": "x"}}, target)
    repository.file.symlink_to(target)
    repository.deck().approve(repository.load()["it"])
    assert repository.gate() is None
    repository.servers({"it": {"command": "evil"}}, target)
    assert repository.gate() == PENDING


# -- rejections


@pytest.mark.parametrize("which", ["administrators", "mine", "shared", "local"])
@pytest.mark.parametrize("changes", [{}, {"approve_all": True}, {"approved": ("it",)}])
def test_a_rejection_in_any_file_wins_over_every_approval(
    repository: Repository, which: str, changes: dict[str, object]
) -> None:
    entry = repository.entry()
    repository.deck().approve(entry)
    for file in (repository.administrators, repository.mine, repository.local):
        repository.write(ALL | BY_NAME, file)
    repository.write(REJECTS | ALL, getattr(repository, which))
    assert repository.gate(**changes) == REJECTED
    blocked = repository.load()["it"].blocked
    assert blocked is not None
    assert str(getattr(repository, which)) in blocked.title


def test_a_rejection_that_a_repository_brings_along_counts(repository: Repository) -> None:
    repository.deck().approve(repository.entry())
    repository.write(REJECTS, repository.local)
    repository.commit()
    assert repository.gate() == REJECTED


def test_a_rejection_in_claude_s_own_file_counts(repository: Repository) -> None:
    repository.deck().approve(repository.entry())
    repository.write({"projects": {str(repository.root): REJECTS}}, repository.claude_json)
    assert repository.gate() == REJECTED


def test_a_rejection_in_a_settings_file_cannot_be_taken_back_by_approving(repository: Repository) -> None:
    repository.entry()
    repository.write(REJECTS, repository.mine)
    with pytest.raises(UntrustedError, match="disabledMcpjsonServers") as caught:
        repository.deck().approve(repository.load()["it"])
    assert str(repository.mine) in caught.value.title
    assert repository.gate() == REJECTED


def test_a_rejection_names_servers_of_project_files_and_not_the_person_s_own(repository: Repository) -> None:
    repository.servers({"it": {"command": "x"}}, repository.user_file)
    repository.write(REJECTS, repository.shared)
    assert repository.gate() is None


# -- an approval by name is about one text


@pytest.mark.parametrize("choice", [BY_NAME, ALL])
@pytest.mark.parametrize(
    "change", [{"command": "evil"}, {"args": ["--evil"]}, {"env": {"LD_PRELOAD": "/x"}}, {"headersHelper": "/bin/evil"}]
)
def test_an_edited_entry_asks_again_although_its_name_is_approved(
    repository: Repository, choice: object, change: dict[str, object]
) -> None:
    repository.write(choice, repository.mine)
    assert repository.entry().gate is None
    (pin,) = repository.pins()
    assert (pin["name"], pin["file"]) == ("it", ".mcp.json")
    assert str(repository.mine) in pin["by"]
    edited = repository.entry(**{"command": "x", **change})  # type: ignore[arg-type]
    assert edited.gate is Status.PENDING_APPROVAL
    assert "edited" in " ".join(edited.lints)
    assert repository.entry().gate is None
    repository.deck().approve(repository.entry("evil"))
    assert repository.entry("evil").gate is None


def test_a_pin_does_not_move_when_the_approval_is_written_somewhere_else(repository: Repository) -> None:
    repository.write(BY_NAME, repository.mine)
    repository.entry()
    repository.mine.unlink()
    assert repository.gate() == PENDING  # the pin alone approves nothing
    repository.write(ALL, repository.administrators)
    assert repository.gate() is None
    assert repository.entry("evil").gate is Status.PENDING_APPROVAL


def test_a_second_pin_of_a_name_counts_for_nothing(repository: Repository) -> None:
    repository.write(BY_NAME, repository.mine)
    entry = repository.entry()
    evil = repository.entry("evil")
    store = TrustStore(repository.home / "data", repository.root)
    store.pin([(evil, "a race")])
    assert [pin["digest"] for pin in repository.pins()] == [entry.digest]
    file = repository.home / "data" / "approvals.json"
    content = json.loads(file.read_text())
    (first,) = content["pins"][str(repository.root)]
    content["pins"][str(repository.root)].append({**first, "digest": evil.digest})
    repository.write(content, file)
    assert repository.gate() == PENDING


def test_the_same_name_in_another_file_is_pinned_by_itself(repository: Repository) -> None:
    repository.write(BY_NAME, repository.mine)
    repository.entry()
    repository.servers({"it": {"command": "y"}}, repository.root / "sub" / ".mcp.json")
    assert repository.gate(cwd=repository.root / "sub") is None
    assert {pin["file"] for pin in repository.pins()} == {".mcp.json", "sub/.mcp.json"}


def test_an_approval_by_name_that_cannot_be_pinned_does_not_count(repository: Repository) -> None:
    repository.write(BY_NAME, repository.mine)
    repository.home.mkdir()
    (repository.home / "data").write_text("a file where the folder should be")
    entry = repository.entry()
    assert entry.gate is Status.PENDING_APPROVAL
    assert "do not count" in " ".join(entry.lints)


def test_loading_without_remembering_pins_nothing(repository: Repository) -> None:
    repository.servers({"it": {"command": "x"}})
    repository.write(BY_NAME, repository.mine)
    assert repository.gate(remember=False) is None
    assert repository.pins() == []


def test_where_the_home_is_a_project_too_the_person_s_own_settings_count(repository: Repository) -> None:
    repository.git("init", "--quiet", cwd=repository.user)
    repository.servers({"it": {"command": "x"}}, repository.user / ".mcp.json")
    repository.write(BY_NAME, repository.mine)
    assert repository.gate(cwd=repository.user) is None


# -- other sources that somebody else fills


def _plugin(repository: Repository, command: str = "x") -> None:
    folder = repository.home / "config" / "plugins" / "tools"
    repository.write({"name": "tools"}, folder / "plugin.json")
    repository.servers({"it": {"command": command}}, folder / ".mcp.json")


def test_a_server_of_a_plugin_waits_for_approval_and_an_edited_one_asks_again(repository: Repository) -> None:
    _plugin(repository)
    name = "plugin:tools:it"
    row = repository.load()[name]
    assert row.gate is Status.PENDING_APPROVAL
    repository.deck().approve(row)
    assert repository.gate(name) is None
    repository.deck().reject(row)
    assert repository.gate(name, approve_all=True) == REJECTED
    _plugin(repository, "evil")
    assert repository.gate(name) == PENDING


def test_approvals_by_name_are_about_project_files_only_and_rejections_about_all(repository: Repository) -> None:
    _plugin(repository)
    name = "plugin:tools:it"
    repository.write(ALL | {"enabledMcpjsonServers": [name, "it"]}, repository.mine)
    assert repository.gate(name) == PENDING
    repository.deck().approve(repository.load()[name])
    repository.write({"disabledMcpjsonServers": [name]}, repository.mine)
    assert repository.gate(name) == REJECTED


def _found(source: Source, digest: str = "d") -> ServerEntry:
    url = "https://mcp.example.com/mcp"
    return ServerEntry("found", source, HttpTarget(url), TransportKind.HTTP, url, digest)


@pytest.mark.parametrize("source", [Source.CONNECTOR, Source.IDE])
def test_what_stands_in_no_file_waits_for_approval_as_well(repository: Repository, source: Source) -> None:
    assert repository.gate("found", found=(_found(source),)) == PENDING
    repository.deck().approve(_found(source))
    assert repository.gate("found", found=(_found(source),)) is None
    assert repository.gate("found", found=(_found(source, "other"),)) == PENDING


@pytest.mark.parametrize("source", [Source.DISCOVERED, Source.IMPORTED])
def test_what_is_only_offered_is_never_let_through_by_anything(repository: Repository, source: Source) -> None:
    deck = repository.deck(found=(_found(source),), approve_all=True, approved=("found",))
    (row,) = [row for row in deck.load_entries() if row.name == "found"]
    assert row.gate is Status.DISABLED
    with pytest.raises(UntrustedError, match="only shown") as caught:
        deck.set_enabled(row, True)
    assert "mcpdeck" in caught.value.hint
    with pytest.raises(UsageError):
        deck.approve(row)
    assert deck.guard(row) is not None
    assert deck.guard(_found(source)) is not None


@pytest.mark.parametrize("source", [Source.CONNECTOR, Source.IDE, Source.MANAGED])
def test_switching_off_is_remembered_for_whatever_has_a_place(repository: Repository, source: Source) -> None:
    deck = repository.deck(found=(_found(source),), approve_all=True)
    deck.set_enabled(_found(source), False)
    assert repository.gate("found", found=(_found(source),), approve_all=True) == "disabled"


# -- what needs no approval, and what can be switched


def test_a_server_of_a_sub_folder_and_of_its_parents_is_approved_with_its_own_file(repository: Repository) -> None:
    repository.servers({"it": {"command": "x"}})
    sub = repository.root / "a" / "b"
    repository.servers({"near": {"command": "y"}}, sub / ".mcp.json")
    rows = repository.load(cwd=sub)
    assert {rows["it"].gate, rows["near"].gate} == {Status.PENDING_APPROVAL}
    repository.deck(cwd=sub).approve(rows["it"])
    assert repository.gate(cwd=sub) is None
    assert repository.gate() is None  # the same file, seen from its own folder
    assert repository.gate("near", cwd=sub) == PENDING


def test_a_blocked_server_can_neither_be_approved_nor_switched_on(repository: Repository) -> None:
    repository.entry(disabled=True)
    repository.write({"deniedMcpServers": [{"serverName": "it"}]}, repository.mine)
    row = repository.load()["it"]
    deck = repository.deck()
    for attempt in (lambda: deck.approve(row), lambda: deck.set_enabled(row, True)):
        with pytest.raises(Exception, match="blocked by policy") as caught:
            attempt()
        assert getattr(caught.value, "kind", None) == "policy"
    deck.set_enabled(row, False)


def test_approving_a_server_that_is_switched_off_leaves_it_off(repository: Repository) -> None:
    entry = repository.entry()
    deck = repository.deck()
    deck.set_enabled(entry, False)
    deck.approve(entry)
    assert repository.gate() == "disabled"


def test_the_order_of_the_gates(repository: Repository) -> None:
    entry = repository.entry()
    deck = repository.deck()
    assert repository.gate() == PENDING
    deck.set_enabled(entry, False)
    assert repository.gate() == "disabled"
    deck.reject(entry)
    assert repository.gate() == REJECTED
    repository.write({"allowedMcpServers": []}, repository.mine)
    assert repository.gate() == "blocked"
    repository.servers({"it": {"command": 3}})
    assert repository.gate() == "not configured"


def test_a_row_that_stands_for_a_file_cannot_be_switched(repository: Repository) -> None:
    repository.write("{")
    row = repository.load()[str(repository.file)]
    with pytest.raises(UsageError, match="is a file"):
        repository.deck().set_enabled(row, True)


def test_reset_forgets_what_mcpdeck_keeps_and_names_what_others_hold(repository: Repository) -> None:
    repository.servers({"a": {"command": "a"}, "b": {"command": "b"}, "it": {"command": "x"}})
    repository.write(BY_NAME, repository.mine)
    repository.write(REJECTS | ALL, repository.shared)
    rows = repository.load()
    deck = repository.deck()
    deck.approve(rows["a"])
    deck.reject(rows["b"])
    deck.set_enabled(rows["a"], False)
    seen = deck.reset_choices(dry_run=True)
    assert (seen.approved, seen.rejected, seen.switched) == (("a",), ("b",), ("a",))
    assert repository.gate("b") == REJECTED
    done = deck.reset_choices()
    assert done.approved == ("a",)
    assert [(left.file, left.counts) for left in done.remaining] == [
        (repository.mine, True),
        (repository.shared, False),
    ]
    rows = repository.load()
    assert {rows["a"].gate, rows["b"].gate} == {Status.PENDING_APPROVAL}
    assert deck.reset_choices().nothing
