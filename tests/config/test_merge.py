from __future__ import annotations

from mcpdeck.services.config.merge import configured_name
from mcpdeck.services.models import ServerEntry, Source, Status
from tests.config.project import Project


def test_the_higher_source_wins_whole_and_the_loser_stays_visible_and_names_the_winner(project: Project) -> None:
    project.servers({"files": {"command": "project", "env": {"A": "1"}}})
    project.servers({"files": {"command": "user", "env": {"B": "2"}}}, project.user_file)
    rows = project.load(mcp_config=('{"mcpServers": {"files": {"command": "cli"}}}',))
    assert [(row.name, row.endpoint) for row in rows.values()] == [
        ("files", "cli"),
        ("files (project)", "project"),
        ("files (user)", "user"),
    ]
    winner, *losers = rows.values()
    assert winner.env_names == ()
    for loser in losers:
        assert loser.gate is Status.DISABLED
        assert loser.suppressed_by == "files (command line)"
        assert configured_name(loser) == "files"


def test_the_winner_of_a_suppressed_row_is_named_with_its_place(project: Project) -> None:
    project.servers({"a": {"command": "x"}})
    project.servers({"a": {"command": "y"}}, project.user_file)
    assert project.load()["a (user)"].suppressed_by == f"a (project, {project.file}:1:17)"


def test_the_nearest_project_file_wins_and_the_search_ends_at_the_git_root(project: Project) -> None:
    below = project.root / "a" / "b"
    project.servers({"x": {"command": "near"}}, below / ".mcp.json")
    project.servers({"x": {"command": "root"}, "y": {"command": "root"}})
    project.servers({"z": {"command": "outside"}}, project.root.parent / ".mcp.json")
    rows = project.load(cwd=below)
    assert {name: row.endpoint for name, row in rows.items()} == {"x": "near", "x (project)": "root", "y": "root"}


def test_without_a_git_root_only_the_current_folder_counts(project: Project) -> None:
    (project.root / ".git").rmdir()
    project.servers({"x": {"command": "x"}})
    (project.root / "sub").mkdir()
    assert project.load(cwd=project.root / "sub") == {}
    assert "x" in project.load()


def test_a_later_mcp_config_wins_over_an_earlier_one(project: Project) -> None:
    rows = project.load(
        mcp_config=('{"mcpServers": {"a": {"command": "1"}}}', '{"mcpServers": {"a": {"command": "2"}}}')
    )
    assert [row.endpoint for row in rows.values()] == ["2", "1"]


def test_strict_leaves_only_the_command_line(project: Project) -> None:
    project.servers({"a": {"command": "x"}})
    project.servers({"b": {"command": "x"}}, project.user_file)
    rows = project.load(mcp_config=('{"mcpServers": {"c": {"command": "x"}}}',), strict=True)
    assert list(rows) == ["c"]


def test_a_broken_entry_of_a_higher_source_still_wins_and_says_so(project: Project) -> None:
    project.servers({"a": {}})
    project.servers({"a": {"command": "x"}}, project.user_file)
    rows = project.load()
    assert rows["a"].gate is Status.NOT_CONFIGURED
    assert rows["a (user)"].suppressed_by is not None


def test_every_problem_of_one_file_is_a_row_of_its_own(project: Project) -> None:
    project.write('{"servers": {}, "mcpServers": {}, "mcpServers": 3}')
    rows: list[ServerEntry] = list(project.load().values())
    assert len(rows) == len({row.name for row in rows}) == 3
    assert all(row.source is Source.PROJECT and row.gate is Status.NOT_CONFIGURED for row in rows)
