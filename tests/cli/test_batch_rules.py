"""``mcpdeck batch`` goes the way of every call: rules are met and records are made, results stay as they came."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CommandLine, tiny
from tests.entries import SERVERS

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


@pytest.mark.parametrize(
    ("rule", "method", "params"),
    [
        ("mcp__tiny__echo", "tools/call", {"name": "echo", "arguments": {"text": "a"}}),
        ("mcp__tiny(text:secret)", "tools/call", {"name": "echo", "arguments": {"text": "secret"}}),
        ("resource:mcp__tiny(uri:file:///**)", "resources/read", {"uri": "file:///a"}),
        ("resource:mcp__tiny(uri:file:///**)", "resources/subscribe", {"uri": "file:///a"}),
        ("prompt:mcp__tiny__hello", "prompts/get", {"name": "hello"}),
    ],
)
def test_other_words_for_what_a_rule_denies_are_denied_and_recorded_too(
    deck: CommandLine, rule: str, method: str, params: dict[str, Any]
) -> None:
    _rules(deck, deny=[rule])
    request = {"op": "request", "method": method, "params": params}
    words = [request, {"op": "subscribe", "uri": "file:///a"}] if "subscribe" in method else [request]
    done = deck.batch(*words, words=("tiny",))
    assert [reply["error"]["data"]["rule"] for reply in done.lines[1:]] == [rule] * len(words)
    assert done.code == 5
    assert [(line["method"], line["outcome"]) for line in _audit(deck)] == [(method, "denied")] * len(words)


def test_a_request_that_no_rule_denies_is_sent_as_it_is_and_recorded(deck: CommandLine) -> None:
    params = {"name": "echo", "arguments": {"text": "hi"}}
    done = deck.batch({"op": "request", "method": "tools/call", "params": params}, words=("tiny",))
    assert done.lines[1]["result"]["content"] == [{"type": "text", "text": "hi"}]
    assert [(line["method"], line["tool"], line["outcome"]) for line in _audit(deck)] == [
        ("tools/call", "echo", "success")
    ]


@pytest.mark.parametrize("denied", [False, True])
def test_the_files_of_skills_are_resources_that_rules_speak_of(mcpdeck: CommandLine, denied: bool) -> None:
    mcpdeck.user({"skilled": {"command": sys.executable, "args": ["-S", "-E", str(SERVERS / "skilled_stdio.py")]}})
    _rules(mcpdeck, deny=["resource:mcp__skilled(uri:skill://**)"] if denied else [])
    uri = "skill://a/SKILL.md"
    words = [{"op": "load_skill", "uri": uri}, {"op": "read_skill_file", "skill": uri, "uri": uri}]
    done = mcpdeck.batch(*words, words=("skilled",))
    assert [reply["ok"] for reply in done.lines[1:]] == [not denied] * 2
    if denied:
        assert {reply["error"]["kind"] for reply in done.lines[1:]} == {"permission"}
    assert [(line["method"], line["tool"], line["outcome"]) for line in _audit(mcpdeck)] == [
        ("resources/read", uri, "denied" if denied else "success")
    ] * 2
