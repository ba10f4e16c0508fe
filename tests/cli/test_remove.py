from __future__ import annotations

import json

import pytest

from tests.cli.command import CommandLine

X = {"command": "x"}


def test_a_server_is_taken_out_of_the_file_that_it_stands_in(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({"x": X, "y": X})
    done = mcpdeck("remove", "x")
    assert (done.code, done.out, done.err) == (0, f"removed: x (user, {file})\n", "")
    assert json.loads(file.read_text()) == {"mcpServers": {"y": X}}
    assert mcpdeck("remove", "x").code == 2


def test_what_was_added_and_is_removed_leaves_the_file_as_it_was(mcpdeck: CommandLine) -> None:
    file = mcpdeck.root / ".mcp.json"
    text = '{\n\t"mcpServers" : {\n\t\t"y": { "command":"y" }\n\t},\n\t"other": [ ]\n}'
    file.write_text(text)
    assert mcpdeck("add", "x", "--scope", "project", "--", "x").code == 0
    assert file.read_text() != text
    assert mcpdeck("remove", "x", "--json").json == {
        "name": "x",
        "scope": "project",
        "file": str(file),
        "changed": True,
        "dryRun": False,
    }
    assert file.read_text() == text


def test_a_name_in_several_scopes_asks_which_one_is_meant(mcpdeck: CommandLine) -> None:
    user = mcpdeck.user({"x": X})
    project = mcpdeck.project({"x": X})
    before = user.read_bytes(), project.read_bytes()
    done = mcpdeck("remove", "x")
    assert done.code == 2
    assert "stands in project and user" in done.err
    assert "mcpdeck remove x --scope user" in done.err
    assert (user.read_bytes(), project.read_bytes()) == before
    done = mcpdeck("remove", "x", "--scope", "user")
    assert done.code == 0
    assert json.loads(user.read_text()) == {"mcpServers": {}}
    assert project.read_bytes() == before[1]
    assert f"x is now the one of project, {project}" in done.err


def test_a_dry_run_shows_the_change_and_makes_none(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({"x": X})
    before = file.read_bytes()
    done = mcpdeck("remove", "x", "--dry-run")
    assert done.code == 0
    assert '-{"mcpServers": {"x": {"command": "x"}}}\n+{"mcpServers": {}}' in done.out
    assert file.read_bytes() == before
    assert not (mcpdeck.home / "data").exists()


def test_a_server_of_a_file_that_is_only_read_is_refused_by_name(mcpdeck: CommandLine) -> None:
    claude = mcpdeck.home.parent / "claude"
    claude.mkdir()
    file = claude / ".claude.json"
    file.write_text(json.dumps({"mcpServers": {"x": X}}))
    done = mcpdeck("remove", "x", env={"CLAUDE_CONFIG_DIR": str(claude)})
    assert (done.code, done.out) == (2, "")
    assert f"{file} belongs to another program" in done.err
    assert "mcpdeck disable x" in done.err
    assert json.loads(file.read_text()) == {"mcpServers": {"x": X}}
    done = mcpdeck("remove", "x", "--scope", "local", env={"CLAUDE_CONFIG_DIR": str(claude)})
    assert done.code == 2


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        ([], "its name is missing", "mcpdeck remove NAME"),
        (["nobody"], 'no server named "nobody"', ""),
        (["fils"], 'no server named "fils"', 'did you mean "files"?'),
        (["files", "--scope", "local"], "does not stand in the scope local", "mcp.json"),
        (["files", "--header", "A: b"], "unknown option --header", ""),
    ],
)
def test_what_cannot_be_removed_is_2_and_says_why(mcpdeck: CommandLine, words: list[str], what: str, hint: str) -> None:
    file = mcpdeck.user({"files": X})
    done = mcpdeck("remove", *words)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert hint in done.err
    assert json.loads(file.read_text()) == {"mcpServers": {"files": X}}


@pytest.mark.parametrize("command", ["remove", "get", "enable"])
def test_a_file_that_cannot_be_read_is_blamed_for_a_name_that_is_not_found(mcpdeck: CommandLine, command: str) -> None:
    file = mcpdeck.user({})
    file.write_text('{"mcpServers": {"ok": {"command": "x"},}}')
    done = mcpdeck(command, "ok", "--json")
    assert done.code == 2
    assert done.error["title"] == 'no server named "ok"'
    assert f"{file}:1:39: not JSON" in done.error["hint"]
