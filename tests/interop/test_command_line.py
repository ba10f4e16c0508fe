"""The command line of the whole protocol against the reference server, which nobody here wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CommandLine, Done
from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import node

pytestmark = pytest.mark.interop

EVERYTHING = ("--", *node("server-everything", "stdio"))
TEXT = "demo://resource/dynamic/text/{resourceId}"


@pytest.fixture
def mcpdeck(tmp_path: Path) -> CommandLine:
    reason = missing("node")
    if reason:
        absent(reason)
    return CommandLine(tmp_path)


def answers(mcpdeck: CommandLine, content: object) -> tuple[str, str]:
    (mcpdeck.root / "answers.json").write_text(json.dumps(content))
    return "--answers", "answers.json"


def test_its_lists_are_shown_and_read(mcpdeck: CommandLine) -> None:
    resources = mcpdeck("resources", "--json", *EVERYTHING).json["resources"]
    assert len(resources) >= 5
    assert mcpdeck("read", resources[0]["uri"], *EVERYTHING).out.startswith("#")
    assert TEXT in mcpdeck("templates", *EVERYTHING).out
    assert "department* name*" in mcpdeck("prompts", *EVERYTHING).out


def test_its_templates_are_filled_in_and_completed(mcpdeck: CommandLine) -> None:
    assert mcpdeck("read", TEXT, "resourceId:=3", *EVERYTHING).out.startswith("Resource 3: This is a plaintext")
    blob = mcpdeck("read", TEXT.replace("text", "blob"), "resourceId=4", "--output", "-", *EVERYTHING)
    assert blob.out.startswith("Resource 4: This is a base64 blob")
    assert mcpdeck("complete", TEXT, "resourceId=1", *EVERYTHING).out == "1\n"


def test_its_prompts_take_what_was_chosen_before_into_account(mcpdeck: CommandLine) -> None:
    chosen = mcpdeck("complete", "prompt/completable-prompt", "name=", "department=Engineering", *EVERYTHING)
    assert chosen.out.split() == ["Alice", "Bob", "Charlie"]
    document = mcpdeck("prompt", "args-prompt", "city=Rome", "--json", *EVERYTHING).json
    assert document["messages"][0]["content"]["text"] == "What's weather in Rome?"
    embedded = mcpdeck("prompt", "resource-prompt", "resourceType=Text", "resourceId=1", *EVERYTHING)
    assert "[resource demo://resource/dynamic/text/1, text/plain]" in embedded.out


def test_a_task_of_it_that_asks_is_answered_and_ends_with_its_result(mcpdeck: CommandLine) -> None:
    words = ("call", "simulate-research-query", "topic=tea", "ambiguous:=true", "--task", "--json")
    done: Done = mcpdeck(*words, *answers(mcpdeck, {"elicitation": "defaults"}), *EVERYTHING)
    assert done.code == 0
    assert "Research Report: tea" in done.json["content"][0]["text"]
    assert "declined" not in done.json["content"][0]["text"]
    assert "answered" in done.err


def test_it_is_offered_and_gets_sampling_roots_and_both_kinds_of_forms(mcpdeck: CommandLine) -> None:
    content = {
        "elicitation": "defaults",
        "sampling": {"model": "m", "text": "as you wish"},
        "roots": [{"uri": "file:///a", "name": "A"}],
    }
    operations: tuple[dict[str, Any], ...] = (
        {"op": "call_tool", "name": "trigger-sampling-request", "arguments": {"prompt": "p", "maxTokens": 10}},
        {"op": "call_tool", "name": "get-roots-list"},
        {"op": "call_tool", "name": "trigger-elicitation-request"},
        {"op": "call_tool", "name": "toggle-subscriber-updates"},
        {"op": "subscribe", "uri": "demo://resource/dynamic/text/1"},
        {"op": "wait", "kind": "resources/updated", "seconds": 30},
    )
    done = mcpdeck.batch(*operations, words=(*answers(mcpdeck, content), *EVERYTHING))
    assert done.code == 0, done.out
    _, sampled, roots, form, *_, updated = (line["result"] for line in done.lines)
    assert "as you wish" in json.dumps(sampled["content"])
    assert "file:///a" in json.dumps(roots["content"])
    assert "provided the requested information" in json.dumps(form["content"])
    assert updated["notifications"][0]["params"]["uri"] == "demo://resource/dynamic/text/1"
