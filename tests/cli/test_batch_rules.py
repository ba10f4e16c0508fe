"""``mcpdeck batch`` goes the way of every call: rules are met and records are made, results stay as they came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CommandLine, tiny

ECHO = {"op": "call_tool", "name": "echo", "arguments": {"text": "a"}}
READ = {"op": "read_resource", "uri": "file:///a"}
PROMPT = {"op": "get_prompt", "name": "hello"}


@pytest.fixture
def deck(mcpdeck: CommandLine) -> CommandLine:
    mcpdeck.user({"tiny": tiny()})
    return mcpdeck


def _rules(deck: CommandLine, **permissions: Any) -> None:
    settings = deck.home / "config" / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"permissions": permissions}))


def _audit(deck: CommandLine) -> list[dict[str, Any]]:
    lines = (deck.home / "data" / "audit" / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_what_a_rule_denies_is_a_reply_of_its_kind_and_5_where_that_is_all_that_failed(deck: CommandLine) -> None:
    rules = ["mcp__tiny__echo", "resource:mcp__tiny(uri:file:///**)", "prompt:mcp__tiny__hello"]
    _rules(deck, deny=rules)
    done = deck.batch(ECHO, READ, PROMPT, {"op": "ping"}, words=("tiny",))
    assert done.code == 5
    _, *denied, ping = done.lines
    assert [reply["error"]["kind"] for reply in denied] == ["permission"] * 3
    assert [reply["error"]["data"]["rule"] for reply in denied] == rules
    assert ping["ok"]
    assert [(line["outcome"], line["caller"]) for line in _audit(deck)] == [("denied", "batch")] * 3
    assert deck.batch(ECHO, {"op": "request", "method": "nothing"}, words=("tiny",)).code == 1


def test_what_a_rule_wants_asked_is_answered_beforehand_or_denied(deck: CommandLine, tmp_path: Path) -> None:
    _rules(deck, ask=["mcp__tiny__echo"])
    assert deck.batch(ECHO, words=("tiny",)).lines[1]["error"]["data"]["by"] == "nobody"
    assert deck.batch(ECHO, words=("tiny", "--yes")).lines[1]["ok"]
    answers = tmp_path / "answers.json"
    answers.write_text('{"permission": "deny"}')
    reply = deck.batch(ECHO, words=("tiny", "--answers", str(answers))).lines[1]
    assert reply["error"]["data"]["by"] == "person"


def test_each_call_of_a_batch_is_recorded_and_what_is_no_call_is_not(deck: CommandLine) -> None:
    wrong = {**ECHO, "arguments": {"txt": 1}}
    done = deck.batch({"op": "list_tools"}, ECHO, wrong, READ, {"op": "ping"}, words=("tiny",))
    assert [reply["ok"] for reply in done.lines[2:4]] == [True, True]  # nothing is checked in a batch
    assert [(line["method"], line["tool"]) for line in _audit(deck)] == [
        ("tools/call", "echo"),
        ("tools/call", "echo"),
        ("resources/read", "file:///a"),
    ]
