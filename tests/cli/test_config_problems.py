"""What the issue calls bad input, from the command line: message, code, and the others still work."""

from __future__ import annotations

import json

import pytest

from tests.cli.command import CommandLine, Done, tiny


def _rows(done: Done) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in done.json["servers"]}


@pytest.mark.parametrize(
    ("entry", "what", "remedy"),
    [
        ({}, 'it has no "command"', "add"),
        ({"type": "htp", "url": "http://127.0.0.1:1/"}, 'unknown type "htp"', 'did you mean "http"?'),
        ({"url": "http://127.0.0.1:1/"}, 'it has a "url" but no "type"', 'add "type": "http" to the entry'),
        ({"type": "http"}, 'it has no "url"', "add"),
        ({"type": "sse"}, 'it has no "url"', "add"),
    ],
)
def test_a_bad_entry_ends_its_own_command_with_2_and_no_other(
    mcpdeck: CommandLine, entry: object, what: str, remedy: str
) -> None:
    file = mcpdeck.user({"bad": entry, "good": tiny()})
    bad = mcpdeck("tools", "bad")
    assert (bad.code, bad.out) == (2, "")
    for part in (what, remedy, 'entry "bad"', f"{file}:1:"):
        assert part in bad.err
    machine = mcpdeck("tools", "bad", "--json")
    assert machine.code == 2
    assert (machine.error["kind"], machine.error["server"]) == ("config", "bad")
    assert machine.error["details"]["file"] == str(file)
    good = mcpdeck("tools", "good", "--json")
    assert good.code == 0
    assert good.json["server"] == "good"
    listed = mcpdeck("list", "--json")
    assert listed.code == 0
    rows = _rows(listed)
    assert (rows["bad"]["status"], rows["good"]["status"]) == ("not configured", "connected")


def test_a_project_file_that_is_not_json_is_a_row_with_its_place_and_the_user_s_servers_work(
    mcpdeck: CommandLine,
) -> None:
    file = mcpdeck.root / ".mcp.json"
    file.write_text('{\n  "mcpServers": {"a": {"command": "x",}}\n}')
    mcpdeck.user({"good": tiny()})
    listed = mcpdeck("list", "--json")
    rows = _rows(listed)
    assert listed.code == 0
    assert rows[str(file)]["status"] == "not configured"
    assert rows[str(file)]["line"] == 2
    assert rows["good"]["status"] == "connected"
    good = mcpdeck("call", "good", "echo", "text=hi")
    assert (good.code, good.out) == (0, "hi\n")
    assert "warning:" in good.err
    assert f"{file}:2:" in good.err
    assert mcpdeck("call", "good", "echo", "text=hi", "-q").err == ""


@pytest.mark.parametrize("config", ["missing.json", '{"mcpServers": ', "{}"])
def test_an_mcp_config_that_cannot_be_used_is_2_and_the_other_servers_are_still_listed(
    mcpdeck: CommandLine, config: str
) -> None:
    mcpdeck.user({"good": tiny()})
    listed = mcpdeck("list", "--json", "--mcp-config", config)
    assert listed.code == 2
    assert {row["status"] for row in listed.json["servers"]} == {"not configured", "connected"}
    assert mcpdeck("tools", "good", "--mcp-config", config).code == 0


def test_an_unknown_server_is_2_and_the_nearest_one_is_named(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"files": tiny(), "other": tiny()})
    done = mcpdeck("tools", "fiels")
    assert done.code == 2
    assert 'did you mean "files"?' in done.err
    assert "there is files, other" in mcpdeck("tools", "zzz").err


def test_an_unknown_tool_is_2_and_the_nearest_one_is_named(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"good": tiny()})
    done = mcpdeck("call", "good", "ecko", "--json")
    assert done.code == 2
    assert done.error["hint"] == 'did you mean "echo"?'
    assert done.error["server"] == "good"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["kinds", "count=three"], "count: an integer is expected"),
        (["kinds", "count:=1.5"], "count"),
        (["echo"], "text"),
        (["echo", "text:=3"], "text"),
        (["echo", "--args", "{"], "line 1 column 2"),
        (["echo", "--args", "[]"], "an object of names and values"),
        (["echo", "--args", "@absent.json"], "absent.json"),
        (["echo", "text"], '"text" is no argument'),
    ],
)
def test_arguments_that_are_not_json_or_fail_the_schema_are_2_and_name_the_argument(
    mcpdeck: CommandLine, words: list[str], problem: str
) -> None:
    mcpdeck.user({"good": tiny()})
    done = mcpdeck("call", "good", *words)
    assert (done.code, done.out) == (2, "")
    assert problem in done.err
    machine = mcpdeck("call", "good", *words, "--json")
    assert machine.code == 2
    assert problem in json.dumps(machine.error, ensure_ascii=False).replace('\\"', '"')


def test_a_url_that_refuses_is_3(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "http://127.0.0.1:1/mcp", "--timeout", "10")
    assert (done.code, done.out) == (3, "")
    machine = mcpdeck("tools", "http://127.0.0.1:1/mcp", "--json", "--timeout", "10")
    assert machine.code == 3
    assert machine.error["kind"] == "connect"
    assert machine.error["server"] == "127-0-0-1-1"


def test_a_program_that_does_not_exist_is_3_and_named(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "--", "no-such-program-anywhere")
    assert done.code == 3
    assert "no-such-program-anywhere" in done.err


def test_a_program_that_ends_at_once_is_3_with_its_exit_code_and_last_words(mcpdeck: CommandLine) -> None:
    words = ("--", "sh", "-c", "echo broken on purpose >&2; exit 4")
    done = mcpdeck("tools", *words)
    assert done.code == 3
    assert "broken on purpose" in done.err
    machine = mcpdeck("tools", "--json", *words)
    assert machine.error["details"]["exitCode"] == 4
    assert machine.error["details"]["stderr"][-1] == "broken on purpose"


def test_a_program_that_never_answers_is_7_after_the_time_given(mcpdeck: CommandLine) -> None:
    assert mcpdeck("tools", "--timeout", "1", "--", "sleep", "600").code == 7
