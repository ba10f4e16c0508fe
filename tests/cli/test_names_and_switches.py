"""What is said of a name that nothing stands for, of a switched-off machine, and of the switch of a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, tiny


@pytest.fixture
def managed(mcpdeck: CommandLine, tmp_path: Path) -> Path:
    """A managed file with no server in it."""
    file = tmp_path / "xdg" / "mcpdeck" / "managed-mcp.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"mcpServers": {}}', encoding="utf-8")
    mcpdeck.environ["XDG_CONFIG_DIRS"] = str(tmp_path / "xdg")
    return file


@pytest.mark.parametrize("words", [("list",), ("list", "--no-connect"), ("tools", "it"), ("get", "it")])
def test_a_managed_file_without_servers_is_named_as_what_switches_mcp_off(
    mcpdeck: CommandLine, managed: Path, words: tuple[str, ...]
) -> None:
    done = mcpdeck(*words)
    assert f"MCP is switched off by {managed}" in done.err
    assert ".mcp.json, give" not in done.err


def test_a_name_that_only_another_client_has_says_how_to_take_it_over(mcpdeck: CommandLine, home: Path) -> None:
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"mcpServers": {"news": {"command": "true"}}}), encoding="utf-8")
    mcpdeck.user({"new": tiny()})
    done = mcpdeck("tools", "news")
    assert done.code == 2
    assert "another client has it: mcpdeck import cursor news" in done.err


def test_names_that_cannot_be_used_are_not_offered(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"mine": tiny()})
    mcpdeck.user({"mine": tiny()})
    done = mcpdeck("tools", "filez")
    assert "there is mine\n" in done.err


def test_the_switch_is_told_apart_from_what_else_holds_a_server(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"waits": tiny(), "off": tiny(disabled=True)})
    waits = mcpdeck("get", "waits", "--json").json
    assert (waits["enabled"], waits["gate"]) == (True, "pending approval")
    assert mcpdeck("get", "off", "--json").json["enabled"] is False
    assert mcpdeck("disable", "waits").code == 0
    assert mcpdeck("get", "waits", "--json").json["enabled"] is False


@pytest.mark.parametrize("words", [("get", "it"), ("tools", "it")])
def test_a_time_limit_that_is_no_number_is_told_and_the_default_is_used(
    mcpdeck: CommandLine, words: tuple[str, ...]
) -> None:
    mcpdeck.user({"it": tiny()})
    done = mcpdeck(*words, env={"MCP_TIMEOUT": "abc"})
    assert done.code == 0, done.err
    assert "warning: MCP_TIMEOUT is not a number: the default is used" in done.err
    if words[0] == "get":
        assert "connect 30 s (default (MCP_TIMEOUT is not a number))" in done.out


@pytest.mark.parametrize(
    ("helper", "code", "title"),
    [
        ("exit 3", 3, "ended with code 3"),
        ("echo rubbish", 3, "is not JSON"),
        ("sleep 30", 7, "gave no headers within 10 s"),
    ],
)
def test_a_headers_helper_that_fails_is_a_connection_that_cannot_be_made(
    mcpdeck: CommandLine, helper: str, code: int, title: str
) -> None:
    mcpdeck.user({"it": {"type": "http", "url": "http://127.0.0.1:9/mcp", "headersHelper": helper}})
    done = mcpdeck("tools", "it")
    assert done.code == code
    assert title in done.err
