from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, tiny


@pytest.fixture
def witness(mcpdeck: CommandLine, tmp_path: Path) -> Path:
    """A project server that would leave this file behind if anything started it."""
    file = tmp_path / "it-ran"
    mcpdeck.project({"evil": {"command": "touch", "args": [str(file)], "env": {"KEY": "${HOME}"}}, "tiny": tiny()})
    return file


@pytest.mark.parametrize("words", [["tools", "evil"], ["call", "evil", "x"], ["tools", "evil", "--approve", "tiny"]])
def test_an_unapproved_project_server_is_5_and_how_to_approve_and_never_runs(
    mcpdeck: CommandLine, witness: Path, words: list[str]
) -> None:
    done = mcpdeck(*words)
    assert (done.code, done.out) == (5, "")
    assert "mcpdeck approve evil" in done.err
    assert "--approve evil" in done.err
    machine = mcpdeck(*words, "--json")
    assert (machine.code, machine.error["kind"], machine.error["server"]) == (5, "permission", "evil")
    assert not witness.exists()


def test_list_shows_it_as_pending_and_does_not_start_it(mcpdeck: CommandLine, witness: Path) -> None:
    done = mcpdeck("list", "--json", "--approve", "tiny")
    assert done.code == 0
    assert {row["name"]: row["status"] for row in done.json["servers"]} == {
        "evil": "pending approval",
        "tiny": "connected",
    }
    assert not witness.exists()


def test_yes_and_approve_let_it_through_for_this_run_only(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"tiny": tiny()})
    assert mcpdeck("call", "tiny", "echo", "text=a", "--yes").out == "a\n"
    assert mcpdeck("call", "tiny", "echo", "text=a", "--approve", "tiny").out == "a\n"
    assert mcpdeck("call", "tiny", "echo", "text=a").code == 5


def test_approve_shows_all_of_it_remembers_it_and_asks_again_once_edited(mcpdeck: CommandLine, witness: Path) -> None:
    done = mcpdeck("approve", "evil", "--yes")
    assert done.code == 0
    assert done.out == "approved: evil\n"
    for shown in (f"touch {witness}", "KEY", f"{mcpdeck.root / '.mcp.json'}:1:"):
        assert shown in done.err
    assert mcpdeck("tools", "evil").code == 3  # it may run now, and is no MCP server
    assert witness.exists()
    witness.unlink()
    mcpdeck.project({"evil": {"command": "touch", "args": [str(witness), "more"]}})
    assert mcpdeck("tools", "evil").code == 5
    assert not witness.exists()


def test_approve_without_a_terminal_asks_nobody_and_is_5(mcpdeck: CommandLine, witness: Path) -> None:
    done = mcpdeck("approve", "evil", "--json")
    assert done.code == 5
    assert done.error["hint"] == "mcpdeck approve evil --yes"
    assert mcpdeck("tools", "evil").code == 5


def test_approve_json_is_one_document(mcpdeck: CommandLine, witness: Path) -> None:
    document = mcpdeck("approve", "evil", "--yes", "--json").json
    assert (document["name"], document["approved"], document["source"]) == ("evil", True, "project")


def test_a_server_of_the_user_needs_no_approval(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"mine": tiny()})
    done = mcpdeck("approve", "mine")
    assert (done.code, done.out) == (0, "")
    assert "needs no approval" in done.err


def test_a_command_line_for_approval_cannot_drive_the_terminal_or_hide_its_end(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"odd": {"command": "sh", "args": ["-c", "true\x1b[2K\r\n" + "x" * 500 + "; token=1; evil"]}})
    done = mcpdeck("approve", "odd", "--yes")
    assert "\x1b" not in done.err
    assert "\r" not in done.err
    assert "; evil" in done.err


def test_a_disabled_server_is_5_and_stays_listed(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"off": tiny(disabled=True)})
    assert mcpdeck("tools", "off").code == 5
    (row,) = mcpdeck("list", "--json").json["servers"]
    assert row["status"] == "disabled"


def test_what_is_remembered_stands_in_mcpdeck_s_own_folder(mcpdeck: CommandLine, witness: Path) -> None:
    mcpdeck("approve", "evil", "--yes")
    stored = json.loads((mcpdeck.home / "data" / "approvals.json").read_text())
    (record,) = stored["projects"][str(mcpdeck.root)]
    assert (record["name"], record["decision"], record["file"]) == ("evil", "approved", ".mcp.json")
    assert {path.name for path in mcpdeck.root.iterdir()} == {".git", ".mcp.json"}


def test_reject_keeps_a_server_from_starting_until_it_is_approved(mcpdeck: CommandLine, witness: Path) -> None:
    assert mcpdeck("reject", "evil", "--dry-run").out == f"evil would be rejected in {mcpdeck.root}\n"
    assert not (mcpdeck.home / "data").exists()
    done = mcpdeck("reject", "evil")
    assert (done.code, done.out) == (0, "rejected: evil\n")
    assert "mcpdeck approve evil takes the rejection back" in done.err
    again = mcpdeck("reject", "evil", "--json").json
    assert (again["name"], again["rejected"], again["changed"], again["dryRun"]) == ("evil", True, False, False)
    refused = mcpdeck("tools", "evil", "--yes", "--json")
    assert (refused.code, refused.error["details"]["gate"]) == (5, "rejected")
    assert not witness.exists()
    assert mcpdeck("approve", "evil", "--yes").out == "approved: evil\n"
    assert mcpdeck("tools", "evil").code == 3
    assert witness.exists()


def test_what_cannot_be_rejected_is_2_and_says_what_to_do(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"broken": {"command": 3}})
    mcpdeck.user({"mine": tiny()})
    mine = mcpdeck("reject", "mine")
    assert (mine.code, mine.out) == (2, "")
    assert "mcpdeck disable mine" in mine.err
    assert mcpdeck("reject", "broken").code == 2
    assert mcpdeck("reject").code == mcpdeck("reject", "nobody").code == 2
    assert not (mcpdeck.home / "data" / "approvals.json").exists()


def test_a_server_that_is_rejected_and_switched_off_says_both(mcpdeck: CommandLine, witness: Path) -> None:
    mcpdeck("reject", "evil")
    off = mcpdeck("disable", "evil")
    assert (off.code, off.out) == (0, "disabled: evil\n")
    assert "it is rejected as well" in off.err
    done = mcpdeck("approve", "evil", "--yes")
    assert (done.code, done.out) == (0, "approved: evil\n")
    assert "it is disabled all the same; switch it on: mcpdeck enable evil" in done.err
    assert mcpdeck("approve", "evil", "--yes", "--json").json["status"] == "disabled"
    mcpdeck("enable", "evil")
    assert mcpdeck("approve", "evil", "--yes", "--json").json["status"] == "configured"
    assert not witness.exists()
