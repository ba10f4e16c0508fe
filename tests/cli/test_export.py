"""``mcpdeck export``: text for the files of other clients."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.cli.command import CommandLine

DOCS = {"command": "npx", "args": ["-y", "@acme/docs"], "env": {"TOKEN": "${TOKEN}"}}


@pytest.mark.parametrize(
    ("client", "key", "variable"),
    [
        ("claude-code", "mcpServers", "${TOKEN}"),
        ("cursor", "mcpServers", "${env:TOKEN}"),
        ("vscode", "servers", "${input:TOKEN}"),
        ("windsurf", "mcpServers", "${env:TOKEN}"),
        ("gemini", "mcpServers", "${TOKEN}"),
        ("opencode", "mcp", "{env:TOKEN}"),
        ("zed", "context_servers", "${TOKEN}"),
    ],
)
def test_the_snippet_has_the_clients_key_and_its_way_to_write_a_variable(
    mcpdeck: CommandLine, client: str, key: str, variable: str
) -> None:
    mcpdeck.user({"docs": DOCS})
    done = mcpdeck("export", client)
    entry = json.loads(done.out)[key]["docs"]
    assert done.code == 0
    assert (entry.get("env") or entry["environment"]) == {"TOKEN": variable}


def test_codex_gets_toml_and_goose_yaml(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"docs": DOCS})
    assert tomllib.loads(mcpdeck("export", "codex", "docs").out) == {
        "mcp_servers": {"docs": {"command": "npx", "args": ["-y", "@acme/docs"], "env_vars": ["TOKEN"]}}
    }
    assert yaml.safe_load(mcpdeck("export", "goose").out)["extensions"]["docs"]["env_keys"] == ["TOKEN"]


def test_the_json_document_names_the_file_and_what_is_lost(mcpdeck: CommandLine, home: Path) -> None:
    mcpdeck.user({"docs": {**DOCS, "timeout": 5000}, "socket": {"type": "ws", "url": "wss://h.example/x"}})
    document = mcpdeck("export", "cursor", "--json").json
    assert set(document) == {"client", "file", "snippet", "lints", "leftOut"}
    assert document["file"] == str(home / ".cursor" / "mcp.json")
    assert set(json.loads(document["snippet"])["mcpServers"]) == {"docs"}
    assert any('"timeout"' in lint for lint in document["lints"])
    assert document["leftOut"] == ["socket"]


def test_secrets_are_printed_only_when_they_are_asked_for(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"docs": {"command": "x", "args": ["--api-key", "sesame"], "env": {"TOKEN": "sesame"}}})
    done = mcpdeck("export", "cursor")
    assert "sesame" not in done.out + done.err
    entry = json.loads(done.out)["mcpServers"]["docs"]
    assert entry == {"command": "x", "args": ["--api-key", "${env:DOCS_API_KEY}"], "env": {"TOKEN": "${env:TOKEN}"}}
    assert "DOCS_API_KEY, TOKEN" in done.err
    assert "--show-secrets" in done.err
    for option in ("--show-secrets", "--force"):
        asked = json.loads(mcpdeck("export", "cursor", option).out)["mcpServers"]["docs"]
        assert asked["env"] == {"TOKEN": "sesame"}
    about = mcpdeck("export", "--help").out
    assert "--show-secrets" in about
    assert "--force" not in about


def test_of_a_server_that_is_left_out_nothing_else_is_said(mcpdeck: CommandLine, home: Path) -> None:
    mcpdeck.user(
        {
            "docs": DOCS,
            "socket": {
                "type": "ws",
                "url": "wss://h.example/${PLACE}",
                "headers": {"Authorization": "Bearer sesame-0123456789"},
                "timeout": 5000,
            },
        }
    )
    told = mcpdeck("export", "cursor").err
    assert [line for line in told.splitlines() if "socket" in line] == [
        "warning: socket: left out: Cursor has no servers of type ws"
    ]
    assert f"nothing was written: paste it into {home / '.cursor' / 'mcp.json'} beside what stands there" in told
    assert "paste it" not in mcpdeck("export", "cursor", "socket").err


def test_what_could_not_be_used_right_now_is_exported_only_by_name(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"theirs": {"command": "x"}})
    mcpdeck.user({"off": {"command": "y", "disabled": True}, "mine": {"command": "z"}, "broken": {"url": 3}})
    done = mcpdeck("export", "claude-code")
    assert set(json.loads(done.out)["mcpServers"]) == {"mine"}
    assert "3 left out" in done.err
    named = mcpdeck("export", "cline", "theirs", "off")
    assert json.loads(named.out)["mcpServers"] == {
        "theirs": {"command": "x"},
        "off": {"command": "y", "disabled": True},
    }


def test_a_relative_folder_becomes_absolute(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": {"command": "x", "cwd": "sub"}})
    entry = json.loads(mcpdeck("export", "cursor").out)["mcpServers"]["a"]
    assert entry["cwd"] == str(mcpdeck.home / "config" / "sub")


def test_nothing_is_written(mcpdeck: CommandLine, home: Path) -> None:
    mcpdeck.user({"docs": DOCS})
    before = sorted(path for path in home.rglob("*"))
    assert mcpdeck("export", "cursor").code == 0
    assert sorted(path for path in home.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export",), "for which client?"),
        (("export", "zedd"), 'did you mean "zed"?'),
        (("export", "zed", "dosc"), 'did you mean "docs"?'),
    ],
)
def test_what_cannot_be_asked_for_is_said(mcpdeck: CommandLine, words: tuple[str, ...], said: str) -> None:
    mcpdeck.user({"docs": DOCS})
    done = mcpdeck(*words)
    assert done.code == 2
    assert said in done.err


def test_what_is_exported_can_be_imported_again(mcpdeck: CommandLine, home: Path) -> None:
    mcpdeck.user({"docs": DOCS})
    file = home / ".codex" / "config.toml"
    file.parent.mkdir()
    file.write_text(mcpdeck("export", "codex").out, encoding="utf-8")
    assert mcpdeck("import", "codex", env={"CODEX_HOME": str(file.parent)}).out == "already there: docs (user)\n"
