"""``mcpdeck get``: one entry and everything about it, contacted never."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, tiny
from tests.cli.test_list import FIELDS


def remote(witness: Path) -> dict[str, object]:
    """A server that would leave a file behind if its helper ran."""
    return {
        "type": "http",
        "url": "http://u:hunter2@127.0.0.1:1/mcp?token=hunter2",
        "headers": {"Authorization": "Bearer hunter2", "X-Ref": "${NOT_SET_ANYWHERE}"},
        "headersHelper": f"touch '{witness}' --token hunter2",
        "timeout": 5000,
        "era": "legacy",
    }


def test_everything_about_an_entry_is_one_document(mcpdeck: CommandLine, tmp_path: Path) -> None:
    file = mcpdeck.user({"it": remote(tmp_path / "ran")})
    done = mcpdeck("get", "it", "--json", env={"MCP_TIMEOUT": "7000"})
    document = done.json
    assert done.code == 0
    assert set(document) >= FIELDS | {"definition", "provenance", "shown", "timeouts", "effective", "gate", "blocked"}
    assert document["definition"] == {
        "type": "http",
        "url": "http://•••@127.0.0.1:1/mcp?token=•••",
        "headers": {"Authorization": "Bearer •••", "X-Ref": "${NOT_SET_ANYWHERE}"},
        "headersHelper": f"touch '{tmp_path / 'ran'}' --token •••",
        "timeout": 5000,
        "era": "legacy",
    }
    assert document["provenance"] == {
        "source": "user", "file": str(file), "line": 1, "column": 17,
        "overrode": [], "suppression": None, "signature": "http://•••@127.0.0.1:1/mcp?token=•••",
    }  # fmt: skip
    assert {"label": "headers", "text": "Authorization, X-Ref"} in document["shown"]
    timeouts = {timer["name"]: (timer["seconds"], timer["source"]) for timer in document["timeouts"]}
    assert timeouts["connect"] == (7.0, "MCP_TIMEOUT")
    assert timeouts["call"] == (5.0, f"{file}:1:17")
    assert timeouts["probe"][1] == "default"
    assert document["effective"]["era"] == {"value": "legacy", "source": f"{file}:1:17"}
    assert document["effective"]["protocolVersion"] == {"value": None, "source": "default"}
    assert (document["status"], document["enabled"], document["why"]) == ("configured", True, None)
    assert "hunter2" not in done.out + done.err
    assert not (tmp_path / "ran").exists()


def test_a_person_reads_the_same_without_secrets(mcpdeck: CommandLine, tmp_path: Path) -> None:
    file = mcpdeck.user({"it": remote(tmp_path / "ran")})
    done = mcpdeck("get", "it")
    assert done.code == 0
    assert done.out.splitlines()[0] == "it"
    for text in (f"{file}:1:17", "http://•••@127.0.0.1:1/mcp", "headers helper", "${NOT_SET_ANYWHERE} is not set",
                 "call 5 s", '"headersHelper"', "Authorization, X-Ref", "takes from your environment"):  # fmt: skip
        assert text in done.out
    assert "hunter2" not in done.out + done.err
    assert not (tmp_path / "ran").exists()


def test_a_suppressed_row_is_found_by_its_own_name_and_named_beside_the_winner(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"a": tiny()})
    file = mcpdeck.user({"a": {"command": "mine"}})
    winner = mcpdeck("get", "a", "--json").json
    assert (winner["source"], winner["gate"]) == ("project", "pending approval")
    assert winner["provenance"]["overrode"] == [f"user, {file}:1:17"]
    assert "also called so: a (user)" in mcpdeck("get", "a").out
    loser = mcpdeck("get", "a (user)", "--json").json
    assert (loser["name"], loser["row"], loser["definition"]) == ("a", "a (user)", {"command": "mine"})
    assert loser["provenance"]["suppression"]["by"] == "a"
    assert loser["why"].startswith("same name as a (project, ")
    assert "same name as a" in mcpdeck("get", "a (user)").out


def test_a_plugin_s_server_that_is_there_already_is_found_by_the_name_it_has(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"mine": {"command": "npx", "args": ["server"]}})
    folder = mcpdeck.home / "config" / "plugins" / "tools"
    folder.mkdir(parents=True)
    theirs = {"mcpServers": {"theirs": {"command": "npx", "args": ["server"]}}}
    (folder / ".mcp.json").write_text(json.dumps(theirs), encoding="utf-8")
    document = mcpdeck("get", "plugin:tools:theirs", "--json").json
    assert document["suppression"]["why"] == "signature"
    assert document["suppression"]["signature"] == "stdio:npx server"
    assert document["suppression"]["by"] == "mine"
    assert "same command as mine" in mcpdeck("list", "--no-connect").out


def test_a_blocked_row_and_a_broken_one_are_shown_with_their_reason(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"banned": tiny(), "broken": {"type": "http", "uri": "http://h/"}})
    settings = mcpdeck.home / "config" / "settings.json"
    settings.write_text('{"deniedMcpServers": [{"serverName": "banned"}]}', encoding="utf-8")
    banned = mcpdeck("get", "banned", "--json").json
    assert (banned["gate"], banned["blocked"]["file"]) == ("blocked", str(settings))
    assert str(settings) in mcpdeck("get", "banned").out
    broken = mcpdeck("get", "broken", "--json").json
    assert (broken["gate"], broken["error"]["kind"]) == ("not configured", "config")
    assert broken["definition"] == {"type": "http", "uri": "http://h/"}


@pytest.mark.parametrize(("words", "hint"), [(["get"], "mcpdeck get NAME"), (["get", "tinny"], 'did you mean "tiny"')])
def test_a_name_that_is_missing_or_unknown_is_2_and_says_what_there_is(
    mcpdeck: CommandLine, words: list[str], hint: str
) -> None:
    mcpdeck.user({"tiny": tiny()})
    done = mcpdeck(*words, "--json")
    assert done.code == 2
    assert hint in done.error["hint"]


def test_a_server_of_the_command_line_has_no_definition(mcpdeck: CommandLine) -> None:
    document = mcpdeck("get", "https://u:hunter2@h/mcp", "--json").json
    assert (document["definition"], document["source"], document["endpoint"]) == (None, "cli", "https://•••@h/mcp")


def test_a_hostile_entry_cannot_drive_the_terminal(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"it": {"command": "x\x1b[2Jy", "args": ["\r\n\u202e"], "odd\x1b": "\x1b[31m"}})
    done = mcpdeck("get", "it")
    assert done.code == 0
    assert not set(done.out) & {"\x1b", "\r", "\u202e"}


def test_time_limits_are_told_as_a_person_says_them(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"it": tiny(timeout=5_400_000)})
    limits = [line.split(maxsplit=2)[2] for line in mcpdeck("get", "it").out.splitlines() if " time limit" in line]
    assert any(line.startswith("call 1 h 30 min (") for line in limits)
    (defaults,) = [line for line in limits if line.endswith("(defaults)")]
    assert "connect 30 s" in defaults
    plain = mcpdeck("get", "it", env={"MCP_TIMEOUT": "5000"}).out
    assert "connect 5 s (MCP_TIMEOUT)" in plain


def test_what_a_server_is_matched_by_is_said_in_plain_words(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"it": {"command": "npx", "args": ["server"]}})
    (line,) = [line for line in mcpdeck("get", "it").out.splitlines() if "stdio:npx server" in line]
    assert line.split("  ")[1] == "matched by"
