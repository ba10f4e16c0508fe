from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.app.editing import Editing, name_problem
from mcpdeck.app.seen import Seen
from mcpdeck.services.errors import ConfigError, ConfigValidationError, PolicyDenied, UsageError
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.reducers import row_of
from tests.config.project import Project

ENTRY: JsonObject = {"command": "npx", "args": ["-y", "x"], "env": {"API_KEY": "${API_KEY:-abc}"}}
MORE: JsonObject = {**ENTRY, "timeout": 5000}


def editing(project: Project) -> Editing:
    return Editing(project.deck())


def written(path: Path) -> JsonObject:
    return json.loads(path.read_text(encoding="utf-8"))["mcpServers"]


def test_scopes_name_three_files_and_what_each_means(project: Project) -> None:
    scopes = editing(project).scopes()
    assert [(scope, path.name) for scope, _, path in scopes] == [
        ("local", "local.json"),
        ("project", ".mcp.json"),
        ("user", "mcp.json"),
    ]
    assert all(title for _, title, _ in scopes)


@pytest.mark.parametrize("scope", ["local", "project", "user"])
def test_what_is_added_is_a_row_of_that_scope_that_can_be_edited(project: Project, scope: str) -> None:
    change = editing(project).add("mine", ENTRY, scope)
    row = project.load()["mine"]
    assert (row.source.value, row.origin.file) == (scope, str(change.path))
    at_work = editing(project)
    assert at_work.editable("mine") is None
    assert json.loads(at_work.text("mine")) == ENTRY  # as it is written: no variable put in, nothing masked
    at_work.replace("mine", "renamed", MORE)
    assert set(project.load()) == {"renamed"}
    editing(project).duplicate("renamed", "twin")
    assert {row.source.value for row in project.load().values()} == {scope}
    editing(project).remove("twin")
    assert json.loads(editing(project).text("renamed")) == MORE


def test_a_server_of_a_nested_project_file_is_changed_where_it_stands(project: Project) -> None:
    nested = project.root / "sub" / ".mcp.json"
    project.servers({"near": ENTRY}, nested)
    project.servers({"far": ENTRY})
    deck = project.deck(cwd=nested.parent)
    Editing(deck).replace("near", "near", MORE)
    Editing(deck).remove("far")
    assert (written(nested), written(project.file)) == ({"near": MORE}, {})


def test_a_suppressed_row_is_changed_in_its_own_file(project: Project) -> None:
    project.servers({"x": ENTRY}, project.user_file)
    editing(project).add("x", MORE, "local")
    assert [row.name for row in editing(project).rows("x")] == ["x", "x (user)"]
    editing(project).replace("x (user)", "x", {"command": "other"})
    assert written(project.user_file) == {"x": {"command": "other"}}
    editing(project).remove("x", "user")
    assert written(project.user_file) == {}
    assert project.load()["x"].source.value == "local"


def test_a_change_that_another_program_made_since_the_text_was_shown_is_not_lost(project: Project) -> None:
    project.servers({"x": ENTRY}, project.user_file)
    at_work = editing(project)
    at_work.text("x")
    project.servers({"x": {"command": "theirs"}}, project.user_file)
    with pytest.raises(UsageError, match="meanwhile"):
        at_work.replace("x", "x", MORE)
    at_work.text("x")
    at_work.replace("x", "x", MORE)
    assert written(project.user_file) == {"x": MORE}


# -- other programs' files


@pytest.fixture
def claude(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Claude Code's own file, with a server whose folder is relative to it."""
    path = project.root.parent / "claude" / ".claude.json"
    project.servers({"theirs": {**ENTRY, "cwd": "work"}}, path)
    environ = {**project.options.environ, "CLAUDE_CONFIG_DIR": str(path.parent)}
    object.__setattr__(project.options, "environ", environ)
    return path


def test_a_file_of_another_program_is_only_read(project: Project, claude: Path) -> None:
    before = claude.read_bytes()
    at_work = editing(project)
    assert "belongs to another program" in (at_work.editable("theirs") or "")
    for change in (lambda: at_work.remove("theirs"), lambda: at_work.replace("theirs", "theirs", MORE)):
        with pytest.raises(UsageError, match="cannot be changed here") as caught:
            change()
        assert "mcpdeck disable theirs" in caught.value.hint
    assert claude.read_bytes() == before


def test_a_copy_of_it_goes_into_a_file_of_ours_with_its_folder_where_it_was(project: Project, claude: Path) -> None:
    at_work = editing(project)
    assert at_work.duplicate("theirs", "mine").path.name == "local.json"
    copied = json.loads(editing(project).text("mine"))
    assert Path(copied["cwd"]).is_absolute() and copied["cwd"].endswith("/work")
    at_work.duplicate("theirs", "theirs", "user")
    assert set(written(project.user_file)) == {"theirs"}


def test_a_server_of_this_run_only_stands_in_no_file(project: Project) -> None:
    deck = project.deck(mcp_config=('{"mcpServers": {"given": {"command": "x"}}}',))
    assert Editing(deck).editable("given") == "it was made for this run only"
    with pytest.raises(UsageError, match="no server named"):
        Editing(deck).editable("nobody")


def test_beside_a_managed_file_nothing_is_added(project: Project) -> None:
    managed = project.root.parent / "managed"
    project.write({"mcpServers": {}}, managed / "managed-mcp.json")
    deck = project.deck(managed=(managed,))
    with pytest.raises(PolicyDenied, match=r"managed-mcp\.json"):
        Editing(deck).add("x", ENTRY, "user")
    assert not project.user_file.exists()


# -- what may be written


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no letters"),
        ("a b", "letters, digits"),
        ("plugin:x:y", "letters, digits"),
        ("ä", "letters, digits"),
        ("x" * 65, "64"),
    ],
)
def test_a_name_that_would_not_work_is_refused(project: Project, name: str, said: str) -> None:
    assert said in (name_problem(name) or "")
    assert said in (editing(project).check(name, ENTRY)[0] or "")
    with pytest.raises(UsageError, match="no name for a server"):
        editing(project).add(name, ENTRY, "user")


def test_a_name_that_stands_in_a_file_already_can_stay(project: Project) -> None:
    project.servers({"my server": ENTRY}, project.user_file)
    at_work = editing(project)
    at_work.text("my server")
    assert at_work.check("my server", ENTRY)[0] is None
    at_work.replace("my server", "my server", MORE)
    with pytest.raises(UsageError, match="no name for a server"):
        at_work.replace("my server", "your server", MORE)
    assert written(project.user_file) == {"my server": MORE}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, 'no "command"'),
        ({"type": "http"}, 'no "url"'),
        ({"type": "http", "url": "ftp://x"}, "does not begin with http"),
        ({"type": "http", "url": "https://x/", "headers": {"A B": "c"}}, "A B"),
        ({"command": "x", "args": "y"}, "args"),
    ],
)
def test_an_entry_that_could_not_be_used_is_refused_with_the_reason(
    project: Project, value: JsonObject, said: str
) -> None:
    problem, _ = editing(project).check("x", value)
    assert said in (problem or "")
    assert "(entry" not in (problem or "")
    with pytest.raises(ConfigValidationError, match=said):
        editing(project).add("x", value, "user")
    assert not project.user_file.exists()


def test_what_is_odd_is_said_and_does_not_stand_in_the_way(project: Project) -> None:
    problem, lints = editing(project).check("x", {"command": "x ", "odd": 1, "timeout": 5})
    assert problem is None
    assert len(lints) == 3


@pytest.mark.parametrize(
    "value",
    [
        {"type": "http", "url": "${BASE_URL}/mcp"},
        {"type": "ws", "url": "${BASE_URL}"},
        {"type": "http", "url": "https://${HOST}:8080/", "headers": {"Authorization": "Bearer ${TOKEN:-}"}},
        {"command": "${PROGRAM:-}"},
    ],
)
def test_an_entry_that_lacks_only_its_variables_is_written_with_a_warning(project: Project, value: JsonObject) -> None:
    problem, lints = editing(project).check("x", value)
    assert problem is None
    assert "with what is set now" in " ".join(lints)
    editing(project).add("x", value, "user")
    assert written(project.user_file) == {"x": value}


def test_an_unknown_scope_or_client_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match="no scope"):
        editing(project).add("x", ENTRY, "everywhere")
    project.servers({"x": ENTRY}, project.user_file)
    with pytest.raises(UsageError, match="no client"):
        editing(project).export(["x"], "nobody")


# -- snippets


def test_a_snippet_is_read_and_an_entry_is_written_for_another_client(project: Project) -> None:
    (found,) = editing(project).paste('```json\n{"mcpServers": {"docs": {"command": "npx", "args": ["docs"]}}}\n```')
    assert (found.name, found.value) == ("docs", {"command": "npx", "args": ["docs"]})
    with pytest.raises(ConfigError):
        editing(project).paste("nothing of the kind")
    editing(project).add("docs", found.value, "user")
    shown = json.loads(editing(project).export(["docs"], "vscode").text)
    assert shown["servers"]["docs"]["command"] == "npx"


def test_what_has_no_entry_is_left_out_of_an_export_and_told(project: Project) -> None:
    project.write('{"mcpServers": {', project.file)  # a row of its own, which is a file
    project.servers({"docs": ENTRY, "odd": 7}, project.user_file)
    rows = list(project.load())
    exported = editing(project).export([*rows, "gone"], "vscode")
    assert list(json.loads(exported.text)["servers"]) == ["docs"]
    assert len([lint for lint in exported.lints if "left out" in lint]) == len(rows) - 1
    assert "gone: it is gone" in exported.lints
    with pytest.raises(UsageError, match="nothing here can be exported"):
        editing(project).export(["gone"], "vscode")


# -- what a person saw


def test_only_the_entry_that_was_shown_is_removed(project: Project) -> None:
    project.servers({"x": ENTRY}, project.user_file)
    seen = Seen.of(row_of(project.load()["x"]))
    project.servers({"x": MORE}, project.root / ".mcp.json")  # a higher file: the same name is another entry
    with pytest.raises(UsageError, match="another entry by now"):
        editing(project).remove("x", seen=seen)
    project.file.unlink()
    project.servers({"x": {"command": "theirs"}}, project.user_file)
    with pytest.raises(UsageError, match="another entry by now"):
        editing(project).remove("x", seen=seen)
    project.servers({"above": MORE, "x": ENTRY}, project.user_file)  # only its line is another
    editing(project).remove("x", seen=seen)
    assert written(project.user_file) == {"above": MORE}
    with pytest.raises(UsageError, match="any more"):
        editing(project).remove("x", seen=seen)


def test_of_a_name_that_is_refused_nothing_else_is_said(project: Project) -> None:
    problem, lints = editing(project).check("a name", ENTRY)
    assert problem == "names are made of letters, digits, - and _"
    assert not [lint for lint in lints if "name" in lint]
