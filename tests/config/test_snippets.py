"""Pasted texts of every form become entries."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.config.clients import BY_ID, CLIENTS
from mcpdeck.services.config.snippets import read_snippet
from tests.config.snippet_corpus import CORPUS


@pytest.mark.parametrize(("text", "servers", "client"), [case[1:] for case in CORPUS], ids=[case[0] for case in CORPUS])
def test_a_pasted_text_becomes_its_servers(text: str, servers: dict[str | None, dict[str, Any]], client: str) -> None:
    found = read_snippet(text)
    assert {item.name: item.value for item in found} == servers
    assert {item.client for item in found} == {client}


@pytest.mark.parametrize(("text", "servers"), [case[1:3] for case in CORPUS], ids=[case[0] for case in CORPUS])
def test_line_ends_of_windows_change_nothing(text: str, servers: dict[str | None, dict[str, Any]]) -> None:
    assert {item.name: item.value for item in read_snippet(text.replace("\n", "\r\n"))} == servers


@pytest.mark.parametrize("client", [client.id for client in CLIENTS])
def test_what_is_exported_for_a_client_can_be_pasted_here(client: str) -> None:
    entry: dict[str, Any] = {"command": "npx", "args": ["-y", "@acme/pg"], "env": {"TOKEN": "${TOKEN}"}}
    (found,) = read_snippet(BY_ID[client].snippet({"pg": entry}))
    assert (found.name, found.value) == ("pg", entry)


def said(text: str) -> str:
    return " · ".join(lint for item in read_snippet(text) for lint in item.lints)


def test_what_was_guessed_or_lost_is_said() -> None:
    assert "taken for http" in said('{"a": {"url": "https://h.example/mcp"}}')
    assert "taken apart" in said('{"a": {"command": "npx -y x"}}')
    assert "ACME_KEY" in said('{"servers": {"a": {"command": "x", "env": {"K": "${input:acme-key}"}}}}')
    assert "autoApprove" in said('{"mcpServers": {"a": {"command": "x", "autoApprove": ["t"]}}}')
    assert "further ones" in said('```\n{"a": {"command": "x"}}\n```\nor\n```\n{"b": {"command": "y"}}\n```')


@pytest.mark.parametrize("text", ["YOUR_API_KEY", "<your key>", "your-api-key-here", "xxxx-xxxx"])
def test_a_placeholder_is_pointed_out(text: str) -> None:
    assert '"K" looks like a placeholder' in said(f'{{"a": {{"command": "x", "env": {{"K": "{text}"}}}}}}')
    assert "path/to" in said('{"a": {"command": "x", "args": ["/path/to/dir"]}}')


def test_an_input_that_is_told_nowhere_is_named() -> None:
    text = '{"inputs": [{"id": "a"}], "servers": {"s": {"command": "x", "args": ["${input:b}"]}}}'
    assert "no input is called “b”" in said(text)


def test_a_part_of_goose_is_told_from_a_server() -> None:
    (found,) = read_snippet("extensions:\n  developer:\n    type: builtin\n    name: developer\n")
    assert "built into Goose" in found.lints[0]
