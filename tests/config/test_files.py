from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcpdeck.services.config.files import Folders, managed_folders
from mcpdeck.services.models import Source, Status
from tests.config.project import Project


@pytest.mark.parametrize(
    ("content", "what", "remedy"),
    [
        (b"", "it is empty", "mcpServers"),
        (b"{", "not JSON", "ends here"),
        (b'{"mcpServers": {"a": {"command": "x"},}}', "not JSON", "remove the comma"),
        (b"// hello\n{}", "not JSON", "comments"),
        (b'\xff\xfe{\x00"\x00', "UTF-16", "UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8 (line 1)", "UTF-8"),
        (b"[]", "an array, not an object", "mcpServers"),
        (b'"text"', "a string, not an object", "mcpServers"),
        (b"{}", 'no "mcpServers"', "mcpServers"),
        (b'{"a": {"command": "x"}}', 'no "mcpServers"', "put the entries into"),
        (b'{"mcpServers": []}', '"mcpServers" is an array', "mcpServers"),
        (b'{"servers": {"a": {"command": "x"}}}', "the key that VS Code uses", "rename"),
        (b"[" * 50_000, "nested too deeply", "flatten"),
        (b" " * (9 * 1024 * 1024), "larger than", "smaller"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_row_and_every_other_source_still_loads(
    project: Project, content: bytes, what: str, remedy: str
) -> None:
    project.write(content)
    project.servers({"mine": {"command": "x"}}, project.user_file)
    rows = project.load()
    row = rows[str(project.file)]
    assert row.gate is Status.NOT_CONFIGURED
    assert row.problem is not None
    assert what in row.problem.title
    assert str(project.file) in row.problem.title
    assert remedy in row.problem.hint
    assert rows["mine"].gate is None
    assert len(rows) == 2


def test_a_syntax_error_names_line_and_column(project: Project) -> None:
    project.write('{\n  "mcpServers": {\n    "a": [}\n')
    problem = project.load()[str(project.file)].problem
    assert problem is not None
    assert problem.title.startswith(f"{project.file}:3:11: ")
    assert (problem.details["line"], problem.details["column"]) == (3, 11)


def test_the_vscode_key_beside_the_right_one_is_reported_and_the_right_one_is_read(project: Project) -> None:
    project.write({"servers": {"b": {"command": "x"}}, "mcpServers": {"a": {"command": "x"}}})
    assert set(project.load()) == {"a", str(project.file)}


def test_a_byte_order_mark_is_read_past_and_reported(project: Project) -> None:
    project.write(b'\xef\xbb\xbf{"mcpServers": {"a": {"command": "x"}}}')
    assert any("byte order mark" in lint for lint in project.load()["a"].lints)


def _directory(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_directory, "it is a directory"),
        (_pipe, "not a regular file"),
        (_dangling, "a symbolic link to nothing"),
        (_loop, "cannot be read"),
    ],
)
def test_something_else_in_the_place_of_the_file_is_a_row_and_blocks_nothing(
    project: Project, make: object, what: str
) -> None:
    assert callable(make)
    make(project.file)
    problem = project.load()[str(project.file)].problem
    assert problem is not None
    assert what in problem.title


def test_a_file_that_is_not_there_is_no_row_unless_a_person_named_it(project: Project) -> None:
    assert project.load() == {}
    rows = project.load(mcp_config=("missing.json",))
    (row,) = rows.values()
    assert row.source is Source.CLI
    assert row.problem is not None
    assert "no such file" in row.problem.title


def test_mcpdeck_home_moves_its_three_folders_and_nothing_else() -> None:
    folders = Folders.of({"MCPDECK_HOME": "/h", "HOME": "/u"})
    assert (folders.config, folders.data, folders.cache) == (Path("/h/config"), Path("/h/data"), Path("/h/cache"))
    assert folders.user_file == Path("/h/config/mcp.json")
    assert folders.local_file == Path("/h/config/local.json")
    assert folders.settings_file == Path("/h/config/settings.json")
    assert folders.plugins == Path("/h/config/plugins")
    assert folders.claude_json == Path("/u/.claude.json")
    assert folders.managed == Folders.of({"HOME": "/u"}).managed


def test_a_tilde_is_the_home_of_the_given_environment() -> None:
    folders = Folders.of({"MCPDECK_HOME": "~/deck", "CLAUDE_CONFIG_DIR": "~", "HOME": "/u"})
    assert folders.config == Path("/u/deck/config")
    assert folders.claude_json == Path("/u/.claude.json")


def test_claude_config_dir_moves_the_files_of_claude() -> None:
    usual = Folders.of({"MCPDECK_HOME": "/h", "HOME": "/u"})
    moved = Folders.of({"MCPDECK_HOME": "/h", "HOME": "/u", "CLAUDE_CONFIG_DIR": "/c"})
    assert (usual.claude_json, usual.claude_settings) == (Path("/u/.claude.json"), Path("/u/.claude/settings.json"))
    assert (moved.claude_json, moved.claude_settings) == (Path("/c/.claude.json"), Path("/c/settings.json"))


@pytest.mark.parametrize(
    ("platform", "environ", "folders"),
    [
        ("linux", {}, ["/etc/claude-code", "/etc/xdg/mcpdeck"]),
        (
            "linux",
            {"XDG_CONFIG_DIRS": "/site:relative:/etc/xdg"},
            ["/etc/claude-code", "/etc/xdg/mcpdeck", "/site/mcpdeck"],
        ),
        ("darwin", {}, ["/Library/Application Support/ClaudeCode", "/Library/Application Support/mcpdeck"]),
    ],
)
def test_the_folders_of_the_administrator_are_those_of_the_platform(
    platform: str, environ: dict[str, str], folders: list[str]
) -> None:
    assert [str(folder) for folder in managed_folders(environ, platform)] == folders


def test_on_windows_the_administrator_writes_below_program_files_and_program_data() -> None:
    first, second = managed_folders({"PROGRAMDATA": r"D:\Data"}, "win32")
    assert str(first) == r"C:\Program Files\ClaudeCode"
    assert str(second).startswith(r"D:\Data")


def test_without_mcpdeck_home_the_folders_are_those_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/xdg")
    assert Folders.of({}).config.name == "mcpdeck"
