"""``mcpdeck run``: collections from a file, judged, with the exit codes of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.cli.command import CommandLine, tiny


def saved(mcpdeck: CommandLine, calls: dict[str, Any], **more: Any) -> Path:
    mcpdeck.user({"tiny": tiny()})
    file = mcpdeck.root / "mcpdeck.calls.json"
    file.write_text(json.dumps({**more, "calls": calls}, indent=2))
    return file


def echo(text: Any, *asserts: Any, **more: Any) -> dict[str, Any]:
    return {"server": "tiny", "tool": "echo", "arguments": {"text": text}, "asserts": [*asserts], **more}


def test_values_go_from_call_to_call_and_every_assertion_is_judged(mcpdeck: CommandLine) -> None:
    calls = {
        "say": echo("{{greeting}} you", {"textContains": "hi you"}, extract={"said": "$.content[0].text"}),
        "again": echo("{{said}}!", {"path": "$.content[0].text", "equals": "hi you!"}),
        "kinds": {
            "server": "tiny",
            "tool": "kinds",
            "arguments": {"count": "{{n}}"},
            "asserts": [{"path": "$.count", "from": "text", "equals": 3}],
        },
    }
    saved(mcpdeck, calls, variables={"greeting": "hello", "n": 3}, sets={"short": {"greeting": "hi"}})
    done = mcpdeck("run", "--use-set", "short")
    assert (done.code, done.out.count("✔")) == (0, 3), done.out + done.err
    assert "3 passed" in done.err
    assert mcpdeck("run").code == 1
    assert mcpdeck("run", "--var", "greeting=hi").code == 0


def test_one_call_brings_those_whose_values_it_needs(mcpdeck: CommandLine) -> None:
    calls = {
        "say": echo("one", extract={"said": "$.content[0].text"}),
        "other": echo("two"),
        "again": echo("{{said}}", {"textContains": "one"}),
    }
    saved(mcpdeck, calls)
    document = mcpdeck("run", "--call", "again", "--json").json
    assert [(one["name"], one["outcome"]) for one in document["calls"]] == [("say", "passed"), ("again", "passed")]
    given = mcpdeck("run", "--call", "again", "--var", "said=one", "--json").json
    assert [one["name"] for one in given["calls"]] == ["again"]


def test_what_failed_is_told_with_expected_and_given_and_written_for_build_servers(mcpdeck: CommandLine) -> None:
    weather = {"server": "tiny", "tool": "weather", "arguments": {"city": "Turin"}}
    wrong = {"path": "$.structuredContent", "equals": {"celsius": 3, "city": "Turin"}}
    saved(mcpdeck, {"weather": {**weather, "asserts": [wrong]}, "lost": echo("{{nobody}}"), "fine": echo("x")})
    done = mcpdeck("run", "--junit", "out.xml")
    assert done.code == 1
    assert '-  "celsius": 3' in done.out
    assert '+  "celsius": 21.5' in done.out
    assert "{{nobody}} has no value" in done.out
    suite = ET.parse(mcpdeck.root / "out.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    stopped = mcpdeck("run", "--stop", "--json").json
    assert [one["outcome"] for one in stopped["calls"]] == ["failed", "skipped", "skipped"]


def test_a_tool_error_fails_a_call_unless_it_is_what_is_expected(mcpdeck: CommandLine) -> None:
    fail = {"server": "tiny", "tool": "fail"}
    saved(mcpdeck, {"fail": fail})
    assert mcpdeck("run").code == 1
    saved(mcpdeck, {"fail": {**fail, "asserts": [{"isError": True}]}})
    assert mcpdeck("run").code == 0


def test_exit_codes_follow_the_contract(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"gone": {"command": "/nowhere/to/be/found"}, "tiny": tiny()})
    assert mcpdeck("run").code == 2
    assert mcpdeck("run", "nothing").code == 2
    file = mcpdeck.root / "mcpdeck.calls.json"
    file.write_text(json.dumps({"calls": {"one": {"server": "gone", "tool": "x"}}}))
    assert mcpdeck("run").code == 3
    file.write_text(json.dumps({"calls": {"one": {"server": "nobody", "tool": "x"}}}))
    assert "nobody" in mcpdeck("run", "--json").error["title"]
    file.write_text(json.dumps({"calls": {"one": echo("x")}}))
    assert mcpdeck("run", "--call", "two").code == 2
    assert mcpdeck("run", "--use-set", "two").code == 2


def test_a_broken_file_is_named_with_its_line_and_a_broken_call_leaves_the_others(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"tiny": tiny()})
    file = mcpdeck.root / "mcpdeck.calls.json"
    file.write_text('{\n  "calls": {\n    "a": 1,,\n  }\n}')
    done = mcpdeck("run")
    assert done.code == 2
    assert "line 3" in done.err
    file.write_text(json.dumps({"calls": {"odd": {"server": "tiny"}, "fine": echo("x")}}, indent=1))
    done = mcpdeck("run")
    assert done.code == 1
    assert 'line 3: a call names one of "tool"' in done.out
    assert "✔ fine" in done.out


def test_resources_and_prompts_of_a_named_file(mcpdeck: CommandLine) -> None:
    from tests.cli.command import SDK2

    mcpdeck.user({"deck": {"command": SDK2[0], "args": [*SDK2[1:], "stdio"]}})
    folder = mcpdeck.root / ".mcpdeck" / "calls"
    folder.mkdir(parents=True)
    calls = {
        "count": {"server": "deck", "resource": "deck://counter", "asserts": [{"path": "$.contents", "length": 1}]},
        "greet": {
            "server": "deck",
            "prompt": "greet",
            "arguments": {"name": "Ada"},
            "asserts": [{"textContains": "Ada"}],
        },
    }
    (folder / "smoke.json").write_text(json.dumps({"calls": calls}))
    done = mcpdeck("run", "smoke", "--json")
    assert done.code == 0, done.out
    assert done.json["passed"] == 2
