from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from mcpdeck.services.errors import ConfigError, UsageError
from mcpdeck.services.models import ServerEntry, Source, Status, StdioTarget, TransportKind
from tests.config.project import Project


def _project(project: Project, command: str = "x", **fields: object) -> ServerEntry:
    project.servers({"it": {"command": command, **fields}})
    return project.load()["it"]


def test_an_entry_of_a_project_waits_for_approval_and_an_approval_is_remembered(project: Project) -> None:
    entry = _project(project)
    assert entry.gate is Status.PENDING_APPROVAL
    project.deck().approve(entry)
    assert project.load()["it"].gate is None


@pytest.mark.parametrize(
    "change",
    [{"command": "y"}, {"args": ["--more"]}, {"env": {"A": "1"}}, {"cwd": ".."}, {"headersHelper": "/bin/evil"}],
)
def test_an_edited_entry_asks_again_and_the_approved_text_stays_approved(
    project: Project, change: dict[str, object]
) -> None:
    project.deck().approve(_project(project))
    project.servers({"it": {"command": "x", **change}})
    assert project.load()["it"].gate is Status.PENDING_APPROVAL
    assert _project(project).gate is None


def test_a_variable_that_changes_asks_nothing_because_what_was_shown_was_the_reference(project: Project) -> None:
    project.servers({"it": {"command": "${RUN:-x}"}})
    project.deck().approve(project.load()["it"])
    assert project.load(environ={**project.options.environ, "RUN": "y"})["it"].gate is None


def test_the_same_text_under_another_name_or_in_another_file_is_not_approved(project: Project) -> None:
    project.deck().approve(_project(project))
    project.servers({"other": {"command": "x"}})
    assert project.load()["other"].gate is Status.PENDING_APPROVAL
    project.file.unlink()
    project.servers({"it": {"command": "x"}}, project.root / "sub" / ".mcp.json")
    assert project.load(cwd=project.root / "sub")["it"].gate is Status.PENDING_APPROVAL


def test_an_approval_of_one_project_is_none_for_another(project: Project, tmp_path: Path) -> None:
    project.deck().approve(_project(project))
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    project.servers({"it": {"command": "x"}}, other / ".mcp.json")
    assert project.load(cwd=other)["it"].gate is Status.PENDING_APPROVAL


def test_a_project_reached_through_a_symbolic_link_is_the_same_project(project: Project, tmp_path: Path) -> None:
    project.deck().approve(_project(project))
    (tmp_path / "link").symlink_to(project.root)
    assert project.load(cwd=tmp_path / "link")["it"].gate is None


def test_an_approval_that_a_repository_brings_along_does_not_count(project: Project) -> None:
    entry = _project(project)
    project.deck().approve(entry)
    ours = (project.home / "data" / "approvals.json").read_bytes()
    for folder in (project.root, project.root / "data", project.root / ".mcpdeck", project.root / ".claude"):
        project.write(ours, folder / "approvals.json")
    (project.home / "data" / "approvals.json").unlink()
    assert project.load()["it"].gate is Status.PENDING_APPROVAL


def test_a_rejection_wins_over_approving_everything_for_this_run(project: Project) -> None:
    project.deck().reject(_project(project))
    for changes in ({}, {"approve_all": True}, {"approved": ("it",)}):
        assert project.load(**changes)["it"].gate is Status.REJECTED
    project.deck().approve(project.load()["it"])  # a person may take it back
    assert project.load()["it"].gate is None


def test_approving_for_this_run_is_not_remembered(project: Project) -> None:
    project.servers({"it": {"command": "x"}, "other": {"command": "x"}})
    assert project.load(approve_all=True)["it"].gate is None
    rows = project.load(approved=("it",))
    assert (rows["it"].gate, rows["other"].gate) == (None, Status.PENDING_APPROVAL)
    assert project.load()["it"].gate is Status.PENDING_APPROVAL


def test_entries_of_other_sources_need_no_approval(project: Project) -> None:
    project.servers({"it": {"command": "x"}}, project.user_file)
    entry = project.load()["it"]
    assert entry.gate is None
    with pytest.raises(UsageError, match="needs no approval"):
        project.deck().approve(entry)


def test_the_file_is_private_and_names_no_expanded_value(project: Project) -> None:
    project.servers({"it": {"command": "x", "env": {"K": "${SECRET}"}}})
    environ = {**project.options.environ, "SECRET": "hunter2"}
    project.deck(environ=environ).approve(project.load(environ=environ)["it"])
    file = project.home / "data" / "approvals.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "hunter2" not in file.read_text()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"projects": 3}', '{"projects": {"PROJECT": [1, {"decision": "approved"}]}}']
)
def test_a_damaged_file_approves_nothing_and_the_next_decision_works(project: Project, content: str) -> None:
    project.write(content.replace("PROJECT", str(project.root)), project.home / "data" / "approvals.json")
    assert _project(project).gate is Status.PENDING_APPROVAL
    project.deck().approve(project.load()["it"])
    assert project.load()["it"].gate is None


def test_a_folder_that_cannot_be_written_is_said_with_a_remedy(project: Project) -> None:
    entry = _project(project)
    project.home.mkdir()
    (project.home / "data").write_text("a file where the folder should be")
    with pytest.raises(ConfigError) as caught:
        project.deck().approve(entry)
    assert "MCPDECK_HOME" in caught.value.hint


def test_a_write_that_fails_leaves_the_old_decisions_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _project(project)
    project.deck().approve(entry)
    before = (project.home / "data" / "approvals.json").read_bytes()

    def full(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space left"):
        project.deck().reject(entry)
    data = project.home / "data"
    assert (data / "approvals.json").read_bytes() == before
    assert {path.name for path in data.iterdir()} == {"approvals.json", "approvals.json.lock"}


def test_a_server_switched_off_stays_listed_and_a_disabled_one_can_be_switched_on(project: Project) -> None:
    project.servers({"on": {"command": "x"}, "off": {"command": "x", "disabled": True}}, project.user_file)
    deck = project.deck()
    rows = project.load()
    deck.set_enabled(rows["on"], False)
    deck.set_enabled(rows["off"], True)
    rows = project.load()
    assert (rows["on"].gate, rows["off"].gate) == (Status.DISABLED, None)
    toggles = json.loads((project.home / "data" / "toggles.json").read_text())
    assert toggles["projects"][str(project.root)] == {"on": False, "off": True}


def test_switching_a_project_entry_on_does_not_approve_it(project: Project) -> None:
    entry = _project(project, disabled=True)
    assert entry.gate is Status.DISABLED
    project.deck().set_enabled(entry, True)
    assert project.load()["it"].gate is Status.PENDING_APPROVAL


def test_a_suppressed_row_cannot_be_switched_on(project: Project) -> None:
    _project(project)
    project.servers({"it": {"command": "y"}}, project.user_file)
    with pytest.raises(UsageError, match="suppressed by it"):
        project.deck().set_enabled(project.load()["it (user)"], True)


def test_a_server_of_this_run_is_switched_off_for_this_run_only(project: Project) -> None:
    demo = ServerEntry("d", Source.DEMO, StdioTarget("x"), TransportKind.STDIO, "x", "digest")
    deck = project.deck(extra=(demo,), files=False)
    deck.set_enabled(demo, False)
    assert deck.load_entries()[0].gate is Status.DISABLED
    assert project.deck(extra=(demo,), files=False).load_entries()[0].gate is None
