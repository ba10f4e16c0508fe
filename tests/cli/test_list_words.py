"""What ``mcpdeck list`` says of its rows: in whose name, in how many lines, in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, tiny

OFF = '{"discovery": {"mdns": false}}'


def settings(mcpdeck: CommandLine, text: str) -> Path:
    file = mcpdeck.home / "config" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def cells(out: str) -> dict[str, str]:
    """The lines of the table by the name that they begin with."""
    return {line.split()[0]: line for line in out.splitlines()[1:]}


@pytest.mark.parametrize("name", ["cod", "server", "exit"])
def test_an_error_is_told_in_the_name_of_its_server_whatever_the_error_says(mcpdeck: CommandLine, name: str) -> None:
    mcpdeck.user({name: {"command": "sh", "args": ["-c", "exit 3"]}})
    assert f"error: {name}: the server ended before it answered (exit code 3)" in mcpdeck("list").err


def test_an_entry_that_cannot_be_used_is_named_once(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({"it": {"comand": "x"}})
    done = mcpdeck("list", "--no-connect")
    assert f'error: it: it has no "command" ({file}:1:17)' in done.err
    assert "remark" not in done.err, "what is wrong says it already"
    assert 'it has no "command"' in cells(done.out)["it"]
    assert str(file) not in cells(done.out)["it"]


def test_what_is_odd_about_an_entry_that_starts_all_the_same_is_one_warning(mcpdeck: CommandLine) -> None:
    mcpdeck.user(
        {
            "one": tiny(colour=1),
            "two": tiny(colour=1, protocolVersion="2025-13-01"),
            "open": tiny(env={"KEY": "${FOO", "OTHER": "${NOT_SET_ANYWHERE}"}),
        }
    )
    told = mcpdeck("list", "--no-connect").err
    assert 'warning: one: unknown field "colour"' in told
    assert 'warning: two: 2 remarks on its entry: unknown field "colour"' in told
    assert "(mcpdeck get two)" in told
    assert "warning: open: 2 remarks on its entry: ${NOT_SET_ANYWHERE} is not set" in told
    assert len([line for line in told.splitlines() if line.startswith("warning:")]) == 3
    assert mcpdeck("list", "--no-connect", "--quiet").err == ""


def test_servers_of_other_clients_are_offered_and_say_whose_they_are(mcpdeck: CommandLine, home: Path) -> None:
    settings(mcpdeck, OFF)
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"mcpServers": {"theirs": {"command": "x", "odd": 1}}}), encoding="utf-8")
    done = mcpdeck("list", "--no-connect", "--discover")
    row = cells(done.out)["theirs"]
    assert row.split()[1] == "offered"
    assert "imported (cursor)" in row
    assert done.err == ""
    (server,) = mcpdeck("list", "--no-connect", "--discover", "--json").json["servers"]
    assert (server["status"], server["source"], server["client"]) == ("disabled", "imported", "cursor")
    told = " ".join(mcpdeck("get", "theirs", "--discover").out.split())
    assert "status offered" in told
    assert "take it over: mcpdeck import cursor theirs" in told


def test_what_is_built_into_another_client_is_no_error(mcpdeck: CommandLine, home: Path) -> None:
    settings(mcpdeck, OFF)
    goose = home / ".config" / "goose" / "config.yaml"
    zed = home / ".config" / "zed" / "settings.json"
    for file in (goose, zed):
        file.parent.mkdir(parents=True)
    goose.write_text("extensions:\n  developer:\n    type: builtin\n    enabled: true\n", encoding="utf-8")
    zed.write_text('{"context_servers": {"docs": {"settings": {"a": 1}}}}', encoding="utf-8")
    env = {"XDG_CONFIG_HOME": str(home / ".config")}
    done = mcpdeck("list", "--no-connect", "--discover", env=env)
    assert done.err == ""
    assert "built into Goose" in cells(done.out)["developer"]
    assert "an extension of Zed brings it" in cells(done.out)["docs"]
    assert all(row.split()[1] == "offered" for row in cells(done.out).values())
    rows = mcpdeck("list", "--no-connect", "--discover", "--json", env=env).json["servers"]
    assert {(row["name"], row["status"], row["error"]) for row in rows} == {
        ("developer", "disabled", None),
        ("docs", "disabled", None),
    }
    assert mcpdeck("get", "developer", "--discover", env=env).out.count("built into Goose") == 1


def test_a_file_that_cannot_be_read_is_unreadable_and_named_first(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({})
    file.write_bytes('{"mcpServers": {}}'.encode("utf-16"))
    done = mcpdeck("list", "--no-connect")
    assert cells(done.out)["mcp.json"].split()[1] == "unreadable"
    assert f"error: {file}: it is UTF-16" in done.err
    assert mcpdeck("list", "--no-connect", "--json").json["servers"][0]["status"] == "not configured"


def test_a_rule_is_told_once_with_all_whom_it_keeps_out(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": tiny(), "b": tiny(), "other": {"command": "x"}, "fine": {"command": "y"}})
    command = json.dumps([tiny()["command"], *tiny()["args"]])  # type: ignore[misc]
    rules = f'{{"serverCommand": {command}}}, {{"serverName": "other"}}'
    file = settings(mcpdeck, f'{{"deniedMcpServers": [{rules}]}}')
    done = mcpdeck("list", "--no-connect")
    assert 'denied by serverName "other"' in cells(done.out)["other"]
    assert str(file) not in done.out
    lines = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert len(lines) == 2
    assert lines[0].startswith("error: a, b: denied by serverCommand ")
    assert lines[0].endswith(f"({file}, deniedMcpServers[0])")
    assert lines[1] == f'error: other: denied by serverName "other" ({file}, deniedMcpServers[1])'


def test_servers_that_no_list_allows_are_told_in_one_line(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": {"command": "x"}, "b": {"command": "y"}})
    file = settings(mcpdeck, '{"allowedMcpServers": []}')
    done = mcpdeck("list", "--no-connect")
    assert "the allow list is empty" in cells(done.out)["a"]
    assert str(file) not in done.out
    assert [line for line in done.err.splitlines() if line.startswith("error:")] == [
        f"error: a, b: the allow list is empty ({file})"
    ]


def test_rules_that_are_left_out_are_told_in_one_line_a_file(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": {"command": "x"}})
    file = settings(mcpdeck, '{"deniedMcpServers": [{"serverNam": "a"}, 3]}')
    told = mcpdeck("list", "--no-connect").err
    assert f"warning: {file}: 2 remarks: deniedMcpServers[0] has none of" in told
    assert "(mcpdeck sources)" in told
    settings(mcpdeck, '{"deniedMcpServerz": []}')
    told = mcpdeck("list", "--no-connect").err
    assert f'warning: {file}: unknown key "deniedMcpServerz" (not used): did you mean "deniedMcpServers"?' in told
    assert str(file) not in mcpdeck("list", "--no-connect", "--quiet").err
