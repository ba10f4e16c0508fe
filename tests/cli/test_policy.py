"""Policy, approval and switches on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.command import ON_TINY, TINY, CommandLine, Done, tiny


class Administered:
    """The command on a machine whose administrator put files into ``folder``."""

    def __init__(self, mcpdeck: CommandLine, base: Path) -> None:
        self.command = mcpdeck
        self.folder = base / "xdg" / "mcpdeck"
        self.folder.mkdir(parents=True)
        self.settings = base / "home" / ".claude" / "settings.json"
        mcpdeck.environ["XDG_CONFIG_DIRS"] = str(self.folder.parent)
        mcpdeck.environ["CLAUDE_CONFIG_DIR"] = str(self.settings.parent)

    def __call__(self, *words: str) -> Done:
        return self.command(*words)

    def put(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def mine(self, content: object) -> Path:
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(json.dumps(content), encoding="utf-8")
        return self.settings

    def status(self, *words: str) -> Mapping[str, str]:
        rows = self.command("list", "--json", "--no-connect", *words).json["servers"]
        return {row["name"]: row["status"] for row in rows}


@pytest.fixture
def machine(mcpdeck: CommandLine, tmp_path: Path) -> Administered:
    return Administered(mcpdeck, tmp_path)


def test_a_blocked_server_is_5_with_rule_and_file_and_stays_listed(machine: Administered) -> None:
    machine.command.user({"mine": tiny()})
    file = machine.mine({"deniedMcpServers": [{"serverCommand": [*TINY]}]})
    done = machine("tools", "mine", "--json")
    assert (done.code, done.error["kind"], done.error["server"]) == (5, "policy", "mine")
    assert done.error["details"]["file"] == str(file)
    assert done.error["details"]["list"] == "deniedMcpServers"
    assert done.error["details"]["rule"].startswith("serverCommand ")
    assert str(file) in machine("tools", "mine").err
    (row,) = machine("list", "--json").json["servers"]
    assert (row["status"], row["error"]["kind"]) == ("blocked", "policy")


@pytest.mark.parametrize("word", [["--yes"], ["--approve", "it"], ["--header", "A: b"]])
def test_nothing_on_the_command_line_gets_past_policy(machine: Administered, word: list[str]) -> None:
    machine.command.project({"it": {"type": "http", "url": "https://127.0.0.1:9/mcp"}})
    machine.mine({"deniedMcpServers": [{"serverUrl": "https://127.0.0.1:*/*"}]})
    done = machine("tools", "it", "--json", *word)
    assert (done.code, done.error["kind"]) == (5, "policy")


def test_a_server_given_on_the_command_line_is_judged_too(machine: Administered) -> None:
    machine.mine({"allowedMcpServers": [{"serverCommand": [*TINY]}]})
    assert machine("tools", *ON_TINY).code == 0
    assert machine("tools", "--", *TINY, "more").code == 5
    assert machine("tools", "http://127.0.0.1:9/mcp", "--json").error["kind"] == "policy"
    config = json.dumps({"mcpServers": {"it": {"command": "touch", "args": ["x"]}}})
    assert machine("tools", "it", "--strict-mcp-config", "--mcp-config", config).code == 5


def test_a_malformed_managed_settings_file_lets_nothing_start(machine: Administered) -> None:
    machine.command.user({"mine": tiny()})
    (machine.folder / "managed-settings.json").write_text('{"allowedMcpServers": [', encoding="utf-8")
    done = machine("tools", "mine", "--json")
    assert (done.code, done.error["kind"]) == (5, "policy")
    assert "not JSON" in done.error["hint"]


def test_a_managed_file_refuses_what_the_command_line_brings(machine: Administered) -> None:
    machine.command.user({"mine": tiny()})
    file = machine.put("managed-mcp.json", {"mcpServers": {"ours": tiny()}})
    assert machine("tools", "ours").code == 0
    config = json.dumps({"mcpServers": {"it": tiny()}})
    for words in (
        ["list", "--mcp-config", config],
        ["list", "--strict-mcp-config"],
        ["tools", *ON_TINY],
        ["tools", "http://127.0.0.1:9/mcp"],
        ["tools", "mine"],
    ):
        done = machine(*(words if "--" in words else [*words, "--json"]))
        assert done.code == 5, words
        assert str(file) in done.out + done.err
    assert machine("list", "--json").code == 0


def test_a_server_that_the_managed_file_lists_is_denied_all_the_same(machine: Administered) -> None:
    machine.put("managed-mcp.json", {"mcpServers": {"ours": tiny()}})
    machine.mine({"deniedMcpServers": [{"serverName": "ours"}]})
    assert machine("tools", "ours").code == 5


def test_a_rejection_in_a_settings_file_beats_yes_and_names_the_file(machine: Administered) -> None:
    machine.command.project({"it": tiny()})
    file = machine.mine({"disabledMcpjsonServers": ["it"]})
    for words in (["tools", "it", "--yes"], ["tools", "it", "--approve", "it"], ["approve", "it", "--yes"]):
        done = machine(*words)
        assert done.code == 5
        assert str(file) in done.err
    assert machine("tools", "it").code == 5


def test_an_approval_by_name_lets_it_start_until_it_is_edited(machine: Administered, tmp_path: Path) -> None:
    machine.command.project({"it": tiny()})
    machine.mine({"enabledMcpjsonServers": ["it"]})
    assert machine("tools", "it").code == 0
    machine.command.project({"it": {"command": "touch", "args": [str(tmp_path / "it-ran")]}})
    done = machine("tools", "it")
    assert done.code == 5
    assert "mcpdeck approve it" in done.err
    assert not (tmp_path / "it-ran").exists()


# -- approve


def test_approve_dry_run_shows_everything_and_remembers_nothing(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"it": tiny(env={"API_KEY": "hunter2"})})
    done = mcpdeck("approve", "it", "--dry-run")
    assert done.code == 0
    assert "API_KEY" in done.err
    assert "hunter2" not in done.err
    assert "dry run" in done.err
    assert mcpdeck("tools", "it").code == 5
    document = mcpdeck("approve", "it", "--dry-run", "--json").json
    assert (document["approved"], document["dryRun"]) == (False, True)
    assert any(line["label"] == "command" for line in document["shown"])


def test_a_server_of_a_parent_folder_works_from_a_sub_folder(mcpdeck: CommandLine) -> None:
    file = mcpdeck.project({"it": tiny()})
    mcpdeck.root = mcpdeck.root / "a" / "b"
    mcpdeck.root.mkdir(parents=True)
    done = mcpdeck("tools", "it")
    assert done.code == 5
    assert str(file) in done.err
    assert mcpdeck("approve", "it", "--yes").code == 0
    assert mcpdeck("tools", "it").code == 0
    mcpdeck.root = mcpdeck.root.parent.parent
    assert mcpdeck("tools", "it").code == 0


def test_approving_a_server_that_is_switched_off_says_so(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"it": tiny(disabled=True)})
    done = mcpdeck("approve", "it", "--yes")
    assert done.code == 0
    assert "mcpdeck enable it" in done.err
    assert mcpdeck("enable", "it").code == 0
    assert mcpdeck("tools", "it").code == 0


# -- enable and disable


def test_disable_keeps_it_listed_and_enable_brings_it_back(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"mine": tiny()})
    done = mcpdeck("disable", "mine")
    assert (done.code, done.out) == (0, "disabled: mine\n")
    refused = mcpdeck("tools", "mine")
    assert refused.code == 5
    assert "mcpdeck enable mine" in refused.err
    assert mcpdeck("enable", "mine", "--json").json["status"] == "configured"
    assert mcpdeck("tools", "mine").code == 0


def test_a_dry_run_switches_nothing(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"mine": tiny()})
    done = mcpdeck("disable", "mine", "--dry-run")
    assert done.code == 0
    assert "would be disabled" in done.out
    assert "is enabled already" in mcpdeck("enable", "mine", "--dry-run").out
    assert mcpdeck("tools", "mine").code == 0
    assert not (mcpdeck.home / "data" / "toggles.json").exists()


def test_enabling_gets_nothing_past_approval_and_says_so(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"it": tiny(disabled=True)})
    done = mcpdeck("enable", "it")
    assert done.code == 0
    assert "is not approved" in done.err
    assert mcpdeck("enable", "it", "--json").json["status"] == "pending approval"
    assert mcpdeck("tools", "it").code == 5


def test_what_cannot_be_switched_says_why(machine: Administered) -> None:
    machine.command.user({"mine": tiny(), "it": tiny()})
    machine.command.project({"it": tiny()})
    machine.mine({"deniedMcpServers": [{"serverName": "mine"}]})
    blocked = machine("enable", "mine", "--json")
    assert (blocked.code, blocked.error["kind"]) == (5, "policy")
    suppressed = machine("enable", "it (user)", "--json")
    assert (suppressed.code, "suppressed by it" in suppressed.error["title"]) == (2, True)
    assert machine("enable", "nothing").code == 2
    assert machine("enable").code == 2
    assert machine("disable", "--", "sh").code == 2
    config = json.dumps({"mcpServers": {"passing": tiny()}})
    assert "of this run only" in machine("disable", "passing", "--mcp-config", config).err


# -- reset-project-choices


def test_reset_forgets_names_what_it_forgot_and_what_others_still_hold(machine: Administered) -> None:
    machine.command.project({"it": tiny(), "other": tiny()})
    file = machine.mine({"enabledMcpjsonServers": ["other"]})
    assert machine("approve", "it", "--yes").code == 0
    assert machine("disable", "other").code == 0
    preview = machine("reset-project-choices", "--dry-run")
    assert "would be forgotten" in preview.out
    assert machine("tools", "it").code == 0
    done = machine("reset-project-choices", "--json").json
    assert (done["approved"], done["pinned"], done["switched"]) == (["it"], ["other"], ["other"])
    assert done["remaining"] == [
        {"file": str(file), "choices": ["enabledMcpjsonServers: other"], "approvalsCount": True}
    ]
    assert machine.status() == {"it": "pending approval", "other": "configured"}
    again = machine("reset-project-choices")
    assert str(file) in again.err


def test_reset_leaves_other_projects_alone(mcpdeck: CommandLine, tmp_path: Path) -> None:
    mcpdeck.project({"it": tiny()})
    mcpdeck("approve", "it", "--yes")
    mine, other = mcpdeck.root, tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    mcpdeck.root = other
    assert "nothing to forget" in mcpdeck("reset-project-choices").out
    mcpdeck.root = mine
    assert mcpdeck("tools", "it").code == 0
