"""``mcpdeck import``: files as the other clients write them, in a home of the test's own."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import MCPDECK, CommandLine
from tests.terminal import Terminal

CURSOR = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "@acme/files"], "env": {"K": "${env:K}"}}}}
VSCODE = """{
  // servers of this project
  "inputs": [
    {"type": "promptString", "id": "acme-token", "description": "Token of Acme", "password": true},
    {"type": "pickString", "id": "region", "description": "Where", "options": ["eu", "us"], "default": "eu"},
  ],
  "servers": {
    "acme": {
      "type": "http",
      "url": "https://h.example/${input:region}",
      "headers": {"Authorization": "Bearer ${input:acme-token}"},
    },
  },
}
"""
CODEX = """
model = "m"

[mcp_servers.docs]
command = "npx"
args = ["-y", "@acme/docs"]
env_vars = ["TOKEN"]

[mcp_servers."my server"]
url = "https://h.example/mcp"
enabled = false
"""
GOOSE = """
GOOSE_PROVIDER: x
extensions:
  developer:
    type: builtin
    name: developer
    enabled: true
  docs:
    type: stdio
    name: docs
    cmd: uvx
    args: [acme-docs]
    env_keys: [TOKEN]
    enabled: true
"""
OPENCODE = '{"mcp": {"servers": {"docs": {"type": "local", "command": ["x", "y"], "disabled": true}}}}'


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but HOME says where the other clients' files are."""
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME", "APPDATA", "VSCODE_PORTABLE", "OPENCODE_CONFIG", "GOOSE_PATH_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mcpdeck(tmp_path: Path, own_home: None) -> CommandLine:
    return CommandLine(tmp_path)


def put(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def written(mcpdeck: CommandLine, scope: str = "user") -> dict[str, Any]:
    match scope:
        case "user":
            return json.loads((mcpdeck.home / "config" / "mcp.json").read_text())["mcpServers"]
        case "project":
            return json.loads((mcpdeck.root / ".mcp.json").read_text())["mcpServers"]
        case _:
            document = json.loads((mcpdeck.home / "config" / "local.json").read_text())
            return document["projects"][str(mcpdeck.root)]["mcpServers"]


def test_without_a_client_it_shows_what_there_is(mcpdeck: CommandLine, home: Path) -> None:
    file = put(home / ".cursor" / "mcp.json", CURSOR)
    put(home / ".codex" / "config.toml", "[mcp_servers")
    done = mcpdeck("import")
    rows = {line.split()[0]: line for line in done.out.splitlines()}
    assert done.code == 0
    assert rows["cursor"].split()[-2:] == ["1", str(file)]
    assert "unreadable" in rows["codex"]
    assert "not found" in rows["zed"]
    assert len(rows) == 12
    assert "config.toml:1" in done.err
    clients = {client["id"]: client for client in mcpdeck("import", "--json").json["clients"]}
    assert [file for file in clients["cursor"]["files"] if file["found"]] == [
        {
            "file": str(file),
            "at": ["mcpServers"],
            "found": True,
            "project": False,
            "servers": ["files"],
            "problems": [],
        }
    ]
    assert clients["codex"]["servers"] == 0
    assert clients["codex"]["files"][1]["problems"][0]["line"] == 1
    assert not (mcpdeck.home / "config").exists()


def test_what_is_the_persons_goes_to_the_file_for_all_projects(mcpdeck: CommandLine, home: Path) -> None:
    before = put(home / ".cursor" / "mcp.json", CURSOR).read_bytes()
    done = mcpdeck("import", "cursor")
    file = mcpdeck.home / "config" / "mcp.json"
    assert (done.code, done.out) == (0, f"added: files (user: {file})\n")
    assert written(mcpdeck) == {"files": {"command": "npx", "args": ["-y", "@acme/files"], "env": {"K": "${K}"}}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (home / ".cursor" / "mcp.json").read_bytes() == before
    (row,) = mcpdeck("list", "--no-connect", "--json").json["servers"]
    assert (row["name"], row["source"]) == ("files", "user")


def test_what_is_the_projects_goes_to_the_persons_file_for_it(mcpdeck: CommandLine) -> None:
    put(mcpdeck.root / ".vscode" / "mcp.json", VSCODE)
    done = mcpdeck("import", "vscode")
    assert done.code == 0
    assert written(mcpdeck, "local") == {
        "acme": {
            "type": "http",
            "url": "https://h.example/${REGION:-eu}",
            "headers": {"Authorization": "Bearer ${ACME_TOKEN}"},
            "disabled": True,
        }
    }
    assert "set the variable ACME_TOKEN" in done.err


def test_what_a_cloned_project_brings_stays_off_until_somebody_looked_at_it(
    mcpdeck: CommandLine, tmp_path: Path
) -> None:
    witness = tmp_path / "it-ran"
    put(mcpdeck.root / ".cursor" / "mcp.json", {"mcpServers": {"evil": {"command": "touch", "args": [str(witness)]}}})
    done = mcpdeck("import", "cursor")
    assert done.code == 0
    assert "mcpdeck enable evil" in done.err
    assert f"touch {witness}" in done.err
    assert mcpdeck("tools", "evil").code == 5
    assert not witness.exists()
    assert mcpdeck("import", "cursor").out == "already there: evil (local)\n"
    mcpdeck("enable", "evil")
    assert mcpdeck("tools", "evil").code == 3  # it may run now, and is no MCP server
    assert witness.exists()


def test_yes_takes_over_what_the_project_brings_as_it_is(mcpdeck: CommandLine) -> None:
    put(mcpdeck.root / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "x"}}})
    assert mcpdeck("import", "cursor", "--yes").code == 0
    assert written(mcpdeck, "local") == {"a": {"command": "x"}}


def test_inputs_are_asked_for_on_a_terminal_and_secrets_are_not_shown(
    mcpdeck: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(mcpdeck.root / ".vscode" / "mcp.json", VSCODE)
    monkeypatch.chdir(mcpdeck.root)
    with Terminal((*MCPDECK, "import", "vscode"), env={"MCPDECK_HOME": str(mcpdeck.home)}) as terminal:
        terminal.wait_for(b"REGION: ")
        terminal.type(b"2\n")
        terminal.wait_for(b"ACME_TOKEN: ")
        terminal.type(b"abc123\n")
        assert terminal.ended(seconds=20) == 0
    assert b"Token of Acme" in terminal.output
    assert b"abc123" not in terminal.output
    assert written(mcpdeck, "local")["acme"] == {
        "type": "http",
        "url": "https://h.example/us",
        "headers": {"Authorization": "Bearer abc123"},
        "disabled": True,
    }


def test_toml_and_yaml_are_read_and_names_are_made_usable(mcpdeck: CommandLine, home: Path) -> None:
    put(home / ".codex" / "config.toml", CODEX)
    done = mcpdeck("import", "codex", "--json")
    assert done.code == 0
    assert [(one["name"], one["theirName"], one["status"]) for one in done.json["servers"]] == [
        ("docs", "docs", "added"),
        ("my-server", "my server", "added"),
    ]
    assert done.json["servers"][0]["from"] == f"{home / '.codex' / 'config.toml'}:4:1"
    assert written(mcpdeck)["docs"]["env"] == {"TOKEN": "${TOKEN}"}
    assert written(mcpdeck)["my-server"]["disabled"] is True
    assert "is called" in str(done.json["servers"][1]["lints"])
    put(home / ".config" / "goose" / "config.yaml", GOOSE)
    done = mcpdeck("import", "goose", "--force")
    assert done.code == 0
    assert "developer" in done.err
    assert "built into Goose" in done.err
    assert written(mcpdeck)["docs"] == {"command": "uvx", "args": ["acme-docs"], "env": {"TOKEN": "${TOKEN}"}}


def test_what_is_no_server_is_an_error_when_it_is_named(mcpdeck: CommandLine, home: Path) -> None:
    put(home / ".config" / "goose" / "config.yaml", GOOSE)
    done = mcpdeck("import", "goose", "developer", "--json")
    assert done.code == 2
    assert "built into Goose" in done.json["servers"][0]["error"]["title"]


def test_the_newer_shape_of_opencode_is_read(mcpdeck: CommandLine) -> None:
    put(mcpdeck.root / "opencode.json", OPENCODE)
    assert mcpdeck("import", "opencode", "--scope", "user").code == 0
    assert written(mcpdeck) == {"docs": {"command": "x", "args": ["y"], "disabled": True}}


def test_an_entry_that_is_there_already_is_left_and_another_one_of_that_name_refused(
    mcpdeck: CommandLine, home: Path
) -> None:
    put(home / ".cursor" / "mcp.json", CURSOR)
    assert mcpdeck("import", "cursor").code == 0
    again = mcpdeck("import", "cursor")
    assert (again.code, again.out) == (0, "already there: files (user)\n")
    mcpdeck.user({"files": {"command": "mine"}})
    refused = mcpdeck("import", "cursor")
    assert refused.code == 2
    assert "--force" in refused.err
    assert written(mcpdeck) == {"files": {"command": "mine"}}
    assert mcpdeck("import", "cursor", "files", "--as", "theirs").code == 0
    assert set(written(mcpdeck)) == {"files", "theirs"}
    assert mcpdeck("import", "cursor", "--force").out.startswith("replaced: files")
    assert written(mcpdeck)["files"]["command"] == "npx"


def test_one_that_is_refused_does_not_keep_the_others_out(mcpdeck: CommandLine, home: Path) -> None:
    servers = {"bad": {"url": 3}, "good": {"command": "x"}}
    put(home / ".cursor" / "mcp.json", {"mcpServers": servers})
    done = mcpdeck("import", "cursor", "--json")
    assert done.code == 2
    assert {one["name"]: one["status"] for one in done.json["servers"]} == {
        "bad": "refused",
        "good": "added",
    }
    assert set(written(mcpdeck)) == {"good"}


def test_a_dry_run_shows_the_difference_and_writes_nothing(mcpdeck: CommandLine, home: Path) -> None:
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "x", "env": {"API_KEY": "sesame"}}}})
    done = mcpdeck("import", "cursor", "--dry-run")
    assert done.code == 0
    assert '+      "command": "x"' in done.out
    assert "sesame" not in done.out + done.err
    assert mcpdeck("import", "cursor", "--dry-run", "--json").json["servers"][0]["diff"].startswith("--- ")
    assert not (mcpdeck.home / "config").exists()


def test_a_dry_run_of_several_servers_is_one_difference_a_file(mcpdeck: CommandLine, home: Path) -> None:
    servers = {"a": {"command": "x"}, "b": {"url": "https://h.example/mcp"}, "a b": {"command": "y"}}
    put(home / ".cursor" / "mcp.json", {"mcpServers": {**servers, "a-b": {"command": "z"}}})
    put(
        mcpdeck.home / "config" / "mcp.json",
        '{\n  "mcpServers": {\n    "kept": {\n      "command": "k"\n    }\n  }\n}\n',
    )
    before = (mcpdeck.home / "config" / "mcp.json").read_text()
    done = mcpdeck("import", "cursor", "--dry-run")
    document = mcpdeck("import", "cursor", "--dry-run", "--json").json
    assert done.code == 2  # two of them would have the same name
    assert sum(line.startswith("--- ") for line in done.out.splitlines()) == 1
    assert all(f'"command": "{program}"' in done.out for program in "xy")
    assert "would be added: b (user)" in done.err and done.err.endswith("nothing was written: this is a dry run\n")
    assert 'already is a server "a-b"' in done.err
    [file] = document["files"]
    assert file["diff"].rstrip() == done.out.rstrip()
    own = {server["theirName"]: server["diff"] for server in document["servers"]}
    assert own["a b"].count('\n+      "command"') == 1
    assert (mcpdeck.home / "config" / "mcp.json").read_text() == before


def test_what_a_dry_run_shows_is_what_is_written(mcpdeck: CommandLine, home: Path) -> None:
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}})
    shown = mcpdeck("import", "cursor", "--dry-run").out
    mcpdeck("import", "cursor")
    text = (mcpdeck.home / "config" / "mcp.json").read_text()
    assert [line[1:] for line in shown.splitlines()[3:]] == text.splitlines()


def test_a_folder_that_is_relative_for_every_project_there_is_fixed_with_a_note(
    mcpdeck: CommandLine, home: Path
) -> None:
    put(home / ".gemini" / "settings.json", {"mcpServers": {"s": {"command": "x", "cwd": "sub"}}})
    done = mcpdeck("import", "gemini")
    assert written(mcpdeck)["s"]["cwd"] == str(mcpdeck.root / "sub")
    fixed = f'"cwd" is "sub" there, in whatever folder is open; here it is fixed to {mcpdeck.root / "sub"}'
    assert f"{fixed} (--scope local" in done.err
    assert "in whatever folder" not in mcpdeck("import", "gemini", "--scope", "local").err
    put(mcpdeck.root / ".gemini" / "settings.json", {"mcpServers": {"p": {"command": "x", "cwd": "sub"}}})
    assert "in whatever folder" not in mcpdeck("import", "gemini", "p").err


def test_secrets_go_into_private_files_only(mcpdeck: CommandLine, home: Path) -> None:
    entry = {"url": "https://h.example/mcp", "headers": {"Authorization": "Bearer sesame"}}
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"acme": entry}})
    shared = mcpdeck("import", "cursor", "--scope", "project")
    assert shared.code == 0
    assert written(mcpdeck, "project")["acme"]["headers"] == {"Authorization": "Bearer ${ACME_AUTHORIZATION}"}
    assert "ACME_AUTHORIZATION" in shared.err
    private = mcpdeck("import", "cursor", "--scope", "local")
    assert written(mcpdeck, "local")["acme"]["headers"] == entry["headers"]
    assert "${VARIABLE}" in private.err
    assert "sesame" not in shared.out + shared.err + private.out + private.err


def test_a_relative_folder_stays_what_it_was(mcpdeck: CommandLine) -> None:
    entry = {"command": "x", "cwd": "${workspaceFolder}/sub"}
    put(mcpdeck.root / ".vscode" / "mcp.json", {"servers": {"a": entry}})
    assert mcpdeck("import", "vscode").code == 0
    assert Path(written(mcpdeck, "local")["a"]["cwd"]) == mcpdeck.root / "sub"


def test_the_clients_own_first_file_wins_and_the_other_is_told(mcpdeck: CommandLine, home: Path) -> None:
    put(mcpdeck.root / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "near"}}})
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "far"}}})
    done = mcpdeck("import", "cursor")
    assert written(mcpdeck, "local") == {"a": {"command": "near", "disabled": True}}
    assert "which is not used" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "curser"), 'did you mean "cursor"?'),
        (("import", "cursor", "fils"), 'did you mean "files"?'),
        (("import", "cursor", "--as", "x"), "--as names one server"),
        (("import", "--as", "x"), "of which client?"),
        (("import", "cursor", "--", "x"), "no command"),
    ],
)
def test_what_cannot_be_asked_for_is_said(mcpdeck: CommandLine, home: Path, words: tuple[str, ...], said: str) -> None:
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"files": {"command": "x"}, "other": {"command": "y"}}})
    done = mcpdeck(*words)
    assert done.code == 2
    assert said in done.err


def test_a_client_without_servers_is_no_error(mcpdeck: CommandLine) -> None:
    done = mcpdeck("import", "zed")
    assert (done.code, done.out) == (0, "")
    assert ".config/zed/settings.json" in done.err
    assert mcpdeck("import", "zed", "--json").json == {"client": "zed", "dryRun": False, "servers": []}


def test_hostile_names_cannot_drive_the_terminal(mcpdeck: CommandLine, home: Path) -> None:
    servers = {"\x1b[2Jx": {"command": "a"}, "\u202e": {"command": 3}}
    put(home / ".cursor" / "mcp.json", {"mcpServers": servers})
    done = mcpdeck("import", "cursor")
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
    assert "\x1b" not in mcpdeck("import").out


def test_what_will_run_is_shown_with_its_secrets_masked(mcpdeck: CommandLine, home: Path) -> None:
    put(home / ".cursor" / "mcp.json", {"mcpServers": {"a": {"command": "x", "args": ["--token", "sesame"]}}})
    done = mcpdeck("import", "cursor")
    assert "x --token" in done.err
    assert "sesame" not in done.out + done.err


def test_beside_a_managed_file_nothing_is_taken_over(mcpdeck: CommandLine, home: Path, tmp_path: Path) -> None:
    put(home / ".cursor" / "mcp.json", CURSOR)
    put(tmp_path / "site" / "mcpdeck" / "managed-mcp.json", {"mcpServers": {}})
    done = mcpdeck("import", "cursor", env={"XDG_CONFIG_DIRS": str(tmp_path / "site")})
    assert done.code == 5
    assert "managed-mcp.json" in done.err
    assert not (mcpdeck.home / "config").exists()


def test_servers_of_claude_code_can_be_taken_over_too(mcpdeck: CommandLine, home: Path) -> None:
    projects = {str(mcpdeck.root): {"mcpServers": {"near": {"command": "x"}}}}
    put(home / "claude" / ".claude.json", {"mcpServers": {"far": {"command": "y"}}, "projects": projects})
    assert mcpdeck("import", "claude-code").code == 0
    assert (written(mcpdeck, "local"), written(mcpdeck)) == ({"near": {"command": "x"}}, {"far": {"command": "y"}})


def test_an_empty_answer_leaves_the_variable(mcpdeck: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(mcpdeck.root / ".vscode" / "mcp.json", VSCODE)
    monkeypatch.chdir(mcpdeck.root)
    with Terminal((*MCPDECK, "import", "vscode"), env={"MCPDECK_HOME": str(mcpdeck.home)}) as terminal:
        terminal.wait_for(b"REGION: ")
        terminal.type(b"\n")
        terminal.wait_for(b"ACME_TOKEN: ")
        terminal.type(b"\n")
        assert terminal.ended(seconds=20) == 0
    entry = written(mcpdeck, "local")["acme"]
    assert (entry["url"], entry["headers"]) == ("https://h.example/eu", {"Authorization": "Bearer ${ACME_TOKEN}"})
