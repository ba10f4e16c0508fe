"""A repository that was cloned can run nothing before a person approved it, whatever its files say.

Every attack would leave a file behind. The real program is run: headless in a process, the dashboard in a
terminal. A harmless server of the user's own shows that connecting did take place meanwhile.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.command import MCPDECK, CommandLine, tiny
from tests.terminal import Terminal
from tests.waiting import until

Entry = Mapping[str, object]


def script(path: Path, witness: Path) -> str:
    """An executable that leaves ``witness`` behind, and answers as a helper would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(witness))}\necho '{{}}'\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def plain(root: Path, witness: Path) -> Entry:
    return {"command": "touch", "args": [str(witness)]}


def through_a_shell(root: Path, witness: Path) -> Entry:
    return {"command": "sh", "args": ["-c", f"touch {shlex.quote(str(witness))}; cat"]}


def in_its_own_folder(root: Path, witness: Path) -> Entry:
    script(root / "run.sh", witness)
    return {"command": "./run.sh", "cwd": "."}


def outside_the_project(root: Path, witness: Path) -> Entry:
    script(root.parent / "outside" / "run.sh", witness)
    return {"command": "./run.sh", "cwd": "../outside"}


def behind_a_link_to_a_folder(root: Path, witness: Path) -> Entry:
    script(root.parent / "elsewhere" / "run.sh", witness)
    (root / "inside").symlink_to(root.parent / "elsewhere")
    return {"command": "./run.sh", "cwd": "inside"}


def behind_a_link_to_the_command(root: Path, witness: Path) -> Entry:
    (root / "tool").symlink_to(script(root / "hidden" / "payload", witness))
    return {"command": str(root / "tool")}


def by_a_variable(root: Path, witness: Path) -> Entry:
    return {"command": "${NO_SUCH_VARIABLE:-touch}", "args": ["${NOR_THIS_ONE:-" + str(witness) + "}"]}


def by_a_variable_of_the_person(root: Path, witness: Path) -> Entry:
    script(root / "sh", witness)
    return {"command": "${ATTACK_ROOT}/sh", "env": {"PATH": "${ATTACK_ROOT}:${PATH}"}}


def as_a_helper_of_http(root: Path, witness: Path) -> Entry:
    helper = script(root / "http-helper.sh", witness)
    return {"type": "http", "url": "http://127.0.0.1:9/mcp", "headersHelper": helper}


def as_a_helper_of_sse(root: Path, witness: Path) -> Entry:
    helper = script(root / "sse-helper.sh", witness)
    return {"type": "sse", "url": "http://127.0.0.1:9/sse", "headersHelper": helper}


def as_a_helper_of_a_web_socket(root: Path, witness: Path) -> Entry:
    helper = script(root / "ws-helper.sh", witness)
    return {"type": "ws", "url": "ws://127.0.0.1:9/", "headersHelper": helper}


def as_a_token_command(root: Path, witness: Path) -> Entry:
    words = ["touch", str(witness)]
    return {"type": "claudeai-proxy", "url": "http://127.0.0.1:9/", "tokenCommand": words}


def in_a_sandbox(root: Path, witness: Path) -> Entry:
    return {"command": "touch", "args": [str(witness)], "sandbox": {"network": True, "write": [str(root.parent)]}}


def restarted_when_its_source_changes(root: Path, witness: Path) -> Entry:
    return {"command": "touch", "args": [str(witness)], "watch": ["**/*"]}


def claiming_to_be_approved(root: Path, witness: Path) -> Entry:
    claims = {"approved": True, "trusted": True, "trust": True, "gate": None, "source": "user", "alwaysLoad": True}
    return {"command": "touch", "args": [str(witness)], "disabled": False, "autoApprove": ["*"], **claims}


ATTACKS: tuple[Callable[[Path, Path], Entry], ...] = (
    plain,
    through_a_shell,
    in_its_own_folder,
    outside_the_project,
    behind_a_link_to_a_folder,
    behind_a_link_to_the_command,
    by_a_variable,
    by_a_variable_of_the_person,
    as_a_helper_of_http,
    as_a_helper_of_sse,
    as_a_helper_of_a_web_socket,
    as_a_token_command,
    in_a_sandbox,
    restarted_when_its_source_changes,
    claiming_to_be_approved,
)
NAMES = tuple(attack.__name__ for attack in ATTACKS)


class Cloned:
    """A cloned repository with one server per attack, and a user with one harmless server."""

    def __init__(self, mcpdeck: CommandLine, base: Path) -> None:
        self.mcpdeck = mcpdeck
        self.root = mcpdeck.root
        self.left = base / "left-behind"
        self.left.mkdir()
        (self.root / ".git").rmdir()
        mcpdeck.environ["ATTACK_ROOT"] = str(self.root)
        self.git("init", "--quiet")
        self.servers = {attack.__name__: attack(self.root, self.left / attack.__name__) for attack in ATTACKS}
        mcpdeck.project(self.servers)
        mcpdeck.user({"harmless": tiny()})

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(("git", *who, *words), cwd=self.root, check=True, capture_output=True, timeout=30)

    def commit(self) -> None:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "-m", "all of it")

    def write(self, path: str, content: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")

    @property
    def ran(self) -> list[str]:
        return sorted(file.name for file in self.left.iterdir())

    def statuses(self, *words: str) -> dict[str, str]:
        """Connects all that may connect."""
        done = self.mcpdeck("list", "--json", *words)
        assert done.code == 0, done.err
        return {row["name"]: row["status"] for row in done.json["servers"]}

    def all_wait(self) -> None:
        """The harmless one was connected, each attack waits for approval, and none of them ran."""
        statuses = self.statuses()
        assert statuses.pop("harmless") == "connected"
        assert {name: statuses[name] for name in NAMES} == dict.fromkeys(NAMES, "pending approval")
        assert self.ran == []


@pytest.fixture
def cloned(mcpdeck: CommandLine, tmp_path: Path) -> Cloned:
    return Cloned(mcpdeck, tmp_path)


def test_list_connects_the_users_own_server_and_none_of_the_projects(cloned: Cloned) -> None:
    cloned.all_wait()


COMMANDS = (
    ("tools",),
    ("call", "x"),
    ("read", "file:///x"),
    ("prompt", "x"),
    ("complete", "prompt/x", "a=b"),
    ("batch",),
    ("watch", "--for", "1"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_no_command_starts_one_of_them_and_each_says_how_to_approve(cloned: Cloned, words: tuple[str, ...]) -> None:
    for name in ("plain", "as_a_helper_of_http"):
        done = cloned.mcpdeck(words[0], name, *words[1:])
        assert done.code == 5, done.err
        assert f"mcpdeck approve {name}" in done.err
    assert cloned.ran == []


def test_looking_at_them_and_changing_what_is_remembered_runs_nothing(cloned: Cloned) -> None:
    for words in (
        ("get", "plain"),
        ("sources",),
        ("export", "claude-code"),
        ("enable", "plain"),
        ("disable", "through_a_shell"),
        ("enable", "through_a_shell"),
        ("approve", "plain", "--dry-run"),
        ("list", "--no-connect"),
        ("list", "--discover", "--no-connect"),
    ):
        cloned.mcpdeck(*words)
    cloned.all_wait()


@pytest.mark.parametrize("name", NAMES)
def test_approving_one_lets_that_one_run_and_no_other(cloned: Cloned, name: str) -> None:
    assert cloned.mcpdeck("approve", name, "--yes").code == 0
    statuses = cloned.statuses()
    others = {other: statuses[other] for other in NAMES if other != name}
    assert others == dict.fromkeys(others, "pending approval")
    assert cloned.ran == ([] if name == "by_a_variable_of_the_person" and not cloned.ran else [name])


EDITS: tuple[tuple[str, Callable[[dict[str, object]], object]], ...] = (
    ("another argument", lambda entry: entry.update(args=[*list_of(entry, "args"), "more"])),
    ("another command", lambda entry: entry.update(command="/bin/touch")),
    ("another environment", lambda entry: entry.update(env={"LD_PRELOAD": "/x.so"})),
    ("another folder", lambda entry: entry.update(cwd="..")),
    ("a default that was put in", lambda entry: entry.update(command="${UNSET_HERE:-touch}")),
    ("no sandbox any more", lambda entry: entry.pop("sandbox")),
    ("a comment nobody reads", lambda entry: entry.update(note="harmless")),
)


def list_of(entry: Mapping[str, object], key: str) -> list[object]:
    value = entry.get(key)
    return [*value] if isinstance(value, list) else []


@pytest.mark.parametrize(("what", "edit"), EDITS, ids=[what for what, _ in EDITS])
def test_an_entry_that_was_edited_after_its_approval_waits_again(
    cloned: Cloned, what: str, edit: Callable[[dict[str, object]], object]
) -> None:
    witness = cloned.left / "edited"
    servers = {**cloned.servers, "edited": {"command": "touch", "args": [str(witness)], "sandbox": False}}
    cloned.mcpdeck.project(servers)
    assert cloned.mcpdeck("approve", "edited", "--yes").code == 0
    assert cloned.statuses()["edited"] == "failed"  # it ran, and is no MCP server
    assert cloned.ran == ["edited"]
    witness.unlink()
    entry = dict(servers["edited"])
    edit(entry)
    cloned.mcpdeck.project({**servers, "edited": entry})
    assert cloned.statuses()["edited"] == "pending approval"
    cloned.all_wait()


def test_a_helper_that_is_put_in_after_the_approval_waits_again(cloned: Cloned) -> None:
    harmless = {"type": "http", "url": "http://127.0.0.1:9/mcp"}
    cloned.mcpdeck.project({**cloned.servers, "web": harmless})
    assert cloned.mcpdeck("approve", "web", "--yes").code == 0
    helper = script(cloned.root / "late-helper.sh", cloned.left / "web")
    cloned.mcpdeck.project({**cloned.servers, "web": {**harmless, "headersHelper": helper}})
    assert cloned.statuses()["web"] == "pending approval"
    assert cloned.ran == []


@pytest.mark.parametrize("file", [".claude/settings.json", ".claude/settings.local.json"])
@pytest.mark.parametrize(
    "approval", [{"enableAllProjectMcpServers": True}, {"enabledMcpjsonServers": list(NAMES)}], ids=["all", "by name"]
)
def test_an_approval_that_the_repository_brings_along_does_not_count(
    cloned: Cloned, file: str, approval: Mapping[str, object]
) -> None:
    cloned.write(file, approval)
    cloned.commit()
    cloned.all_wait()


def test_an_approval_in_a_committed_folder_behind_a_link_does_not_count(cloned: Cloned) -> None:
    cloned.write("innocent/settings.local.json", {"enableAllProjectMcpServers": True})
    (cloned.root / ".claude").symlink_to("innocent")
    cloned.commit()
    cloned.all_wait()


def test_files_of_mcpdecks_own_in_the_repository_are_not_taken_for_the_users(cloned: Cloned) -> None:
    for path in ("mcp.json", "config/mcp.json", "config/local.json", ".mcpdeck/config/mcp.json", ".claude.json"):
        cloned.write(
            path, {"mcpServers": cloned.servers, "projects": {str(cloned.root): {"mcpServers": cloned.servers}}}
        )
    cloned.write("plugins/evil/.mcp.json", {"mcpServers": cloned.servers})
    cloned.write(".vscode/mcp.json", {"servers": cloned.servers})
    cloned.write(".cursor/mcp.json", {"mcpServers": cloned.servers})
    cloned.commit()
    cloned.all_wait()
    assert cloned.mcpdeck("list", "--discover", "--json").code == 0
    assert cloned.ran == []


def test_a_project_file_that_is_a_link_to_the_users_own_file_is_still_the_projects(cloned: Cloned) -> None:
    (cloned.root / ".mcp.json").unlink()
    outside = cloned.root.parent / "shared.json"
    outside.write_text(json.dumps({"mcpServers": cloned.servers}), encoding="utf-8")
    (cloned.root / ".mcp.json").symlink_to(outside)
    cloned.all_wait()


def test_a_link_that_is_turned_to_another_file_after_the_approval_waits_again(cloned: Cloned) -> None:
    file, other = cloned.root / ".mcp.json", cloned.root.parent / "other.json"
    approved = {"plain": {"command": "touch", "args": ["/nowhere/at/all"]}}
    other.write_text(json.dumps({"mcpServers": approved}), encoding="utf-8")
    evil = cloned.root.parent / "evil.json"
    evil.write_text(json.dumps({"mcpServers": cloned.servers}), encoding="utf-8")
    file.unlink()
    file.symlink_to(other)
    assert cloned.mcpdeck("approve", "plain", "--yes").code == 0
    file.unlink()
    file.symlink_to(evil)
    cloned.all_wait()


def test_the_same_name_in_a_nearer_folder_is_another_entry(cloned: Cloned) -> None:
    assert cloned.mcpdeck("approve", "plain", "--yes").code == 0
    cloned.write("deep/.mcp.json", {"mcpServers": {"plain": cloned.servers["plain"]}})
    environment = {**cloned.mcpdeck.environ}
    done = subprocess.run(
        [*MCPDECK, "list", "--json"],
        cwd=cloned.root / "deep",
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    statuses = {row["name"]: row["status"] for row in json.loads(done.stdout)["servers"] if not row["suppressedBy"]}
    assert statuses["plain"] == "pending approval"
    assert cloned.ran == []


def test_a_rejection_in_any_file_stands_against_every_approval(cloned: Cloned) -> None:
    assert cloned.mcpdeck("approve", "plain", "--yes").code == 0
    cloned.write(".claude/settings.json", {"disabledMcpjsonServers": ["plain"]})
    assert cloned.statuses("--yes", "--strict-mcp-config").get("plain") is None
    assert cloned.mcpdeck("tools", "plain", "--yes").code == 5
    assert cloned.mcpdeck("tools", "plain", "--approve", "plain").code == 5
    assert cloned.ran == []


def test_the_dashboard_starts_none_of_them_however_often_it_is_asked_to_connect(cloned: Cloned) -> None:
    command = ("sh", "-c", f"cd {shlex.quote(str(cloned.root))} && exec {shlex.join(MCPDECK)}")
    with Terminal(command, env=cloned.mcpdeck.environ) as terminal:
        terminal.wait_for(b"through_a_shell")
        until(lambda: any("tiny_stdio" in " ".join(each.cmdline()) for each in terminal.family()), "harmless server")
        for key in (b"R", b"r", b"e", b"e", b"R", b"D"):
            terminal.type(key)
        # an edit of the file while it runs changes nothing about it
        late = {"command": "touch", "args": [str(cloned.left / "late")]}
        cloned.mcpdeck.project({"plain": cloned.servers["plain"], "late": late, **cloned.servers})
        terminal.type(b"R")
        terminal.wait_for(b"late")
        terminal.type(b"q")
        terminal.ended(seconds=20)
    assert cloned.ran == []
