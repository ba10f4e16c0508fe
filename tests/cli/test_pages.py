"""One page of a list at a time: ``--page`` and the ``cursor`` of ``batch``, against a server with odd cursors."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from mcpdeck.app.options import parse
from tests.cli.command import ON_TINY, SDK2, SECONDS, CommandLine, Done
from tests.entries import SERVERS

ODD = (sys.executable, str(SERVERS / "contents_stdio.py"))
ON_ODD = ("--", *ODD)
HOSTILE = "it's \x1b[31m\u202e7"


def requests(mcpdeck: CommandLine, *words: str) -> tuple[Done, list[Any]]:
    """What a command did, and the params of the requests for lists that it sent."""
    done = mcpdeck(*words, "--trace", "t.jsonl", *ON_ODD)
    records = [json.loads(line) for line in (mcpdeck.root / "t.jsonl").read_text().splitlines()]
    sent = [each["message"] for each in records if each["direction"] == "sent"]
    return done, [each.get("params", {}).get("cursor") for each in sent if each.get("method", "").endswith("/list")]


@pytest.mark.requirement("19.8")
def test_each_page_is_one_request_and_says_where_the_next_begins(mcpdeck: CommandLine) -> None:
    first, asked = requests(mcpdeck, "resources", "--page")
    assert (first.out.splitlines()[1].split()[0], first.err.splitlines(), asked) == ("test://big", ["next: 2"], [None])
    second, asked = requests(mcpdeck, "resources", "--page", "2")
    assert (second.out.splitlines()[1].split()[0], second.err.splitlines(), asked) == (
        "test://several", ["next: ''"], ["2"],
    )  # fmt: skip
    last, asked = requests(mcpdeck, "resources", "--page", "")
    assert (last.out.splitlines()[1].split()[0], last.err, asked) == ("test://empty", "", [""])


@pytest.mark.parametrize(
    ("cursor", "uri", "following"), [(None, "big", "2"), ("2", "several", ""), ("", "empty", None)]
)
def test_the_document_of_a_page_has_the_next_cursor(
    mcpdeck: CommandLine, cursor: str | None, uri: str, following: str | None
) -> None:
    done = mcpdeck("resources", "--json", "--page", *(() if cursor is None else (cursor,)), *ON_ODD)
    assert (done.json["resources"][0]["name"], done.json["nextCursor"]) == (uri, following)
    assert "nextCursor" not in mcpdeck("resources", "--json", *ON_ODD).json


@pytest.mark.requirement("39.9")
def test_a_hostile_cursor_is_a_word_that_a_shell_gives_back_and_no_terminal_obeys(mcpdeck: CommandLine) -> None:
    first, asked = requests(mcpdeck, "tools", "--page")
    assert ([line.split()[0] for line in first.out.splitlines()], asked) == (["TOOL", "nothing", "odd"], [None])
    word = next(line for line in first.err.splitlines() if line.startswith("next: ")).removeprefix("next: ")
    assert word.isascii()
    assert word.isprintable()
    given = subprocess.run(
        ["bash", "-c", f"printf %s {word}"],
        capture_output=True, encoding="utf-8", timeout=SECONDS, check=True, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert given.stdout == HOSTILE
    last = mcpdeck("tools", "--json", "--page", HOSTILE, *ON_ODD).json
    assert ([tool["name"] for tool in last["tools"]], last["nextCursor"]) == (["screen", "null"], None)


def test_a_page_of_tools_tells_their_problems_too(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "--page", *ON_ODD)
    assert "odd: " in done.err


@pytest.mark.parametrize("command", ["tools", "resources", "templates", "prompts"])
def test_every_list_has_pages(mcpdeck: CommandLine, command: str) -> None:
    document = mcpdeck(command, "--page", "--json", "--", *SDK2).json
    assert (len(document[command]) > 0, document["nextCursor"]) == (True, None)


def test_an_empty_page_and_a_refused_cursor_are_said(mcpdeck: CommandLine) -> None:
    assert "has no prompts on this page" in mcpdeck("prompts", "--page", *ON_ODD).err
    refused = mcpdeck("tools", "--page", "nowhere", "--json", *ON_ODD)
    assert (refused.code, refused.error["kind"]) == (1, "jsonrpc")


def test_a_page_that_does_not_come_is_7_after_the_time_given(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "--page", "--timeout", "3", "--json", *ON_ODD, "mute")
    assert (done.code, done.error["kind"]) == (7, "timeout")


@pytest.mark.parametrize(
    ("words", "target", "page", "cursor"),
    [
        (("srv",), "srv", False, None),
        (("srv", "--page"), "srv", True, None),
        (("--page", "srv"), "srv", True, None),
        (("--page", "c", "srv"), "srv", True, "c"),
        (("srv", "--page", "c"), "srv", True, "c"),
        (("srv", "--page="), "srv", True, ""),
        (("srv", "--page=-c"), "srv", True, "-c"),
        (("--page", "c", "--", "x"), None, True, "c"),
        (("--page", "--", "x"), None, True, None),
    ],
)
def test_the_target_and_the_cursor_are_told_apart(
    words: tuple[str, ...], target: str | None, *, page: bool, cursor: str | None
) -> None:
    options = parse(["tools", *words])
    assert (options.target_and_words[0], options.page, options.cursor) == (target, page, cursor)


@pytest.mark.parametrize(
    ("words", "cursor"),
    [
        (("--page", "tools", "srv"), None),
        (("--page", "c", "tools", "srv"), "c"),
        (("--page", "-q", "tools", "srv"), None),
    ],
)
def test_a_page_may_be_asked_for_before_the_command(words: tuple[str, ...], cursor: str | None) -> None:
    options = parse(words)
    assert (options.command, options.words, options.page, options.cursor) == ("tools", ("srv",), True, cursor)


@pytest.mark.requirement("19.8")
def test_batch_gives_a_page_where_a_cursor_stands_and_all_pages_elsewhere(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch(
        {"op": "list_resources", "cursor": None},
        {"op": "list_resources", "cursor": "2"},
        {"op": "list_resources", "cursor": ""},
        {"op": "list_resources"},
        {"op": "list_tools", "cursor": None},
        {"op": "list_tools", "cursor": HOSTILE},
        {"op": "list_prompts", "cursor": None},
        {"op": "list_templates", "cursor": None},
        words=ON_ODD,
    )
    _, *results = [line["result"] for line in done.lines]
    assert done.code == 0
    names = [[item["name"] for item in result.get("resources", [])] for result in results[:4]]
    assert names == [["big"], ["several"], ["empty"], ["big", "several", "empty"]]
    assert [result.get("nextCursor", "absent") for result in results[:4]] == ["2", "", None, "absent"]
    assert [[tool["name"] for tool in result["tools"]] for result in results[4:6]] == [
        ["nothing", "odd"],
        ["screen", "null"],
    ]
    assert [result["nextCursor"] for result in results[4:]] == [HOSTILE, None, None, None]
    assert results[4]["rejected"] == []


def test_a_cursor_that_is_no_text_is_refused_before_anything_is_sent(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "list_tools", "cursor": 2}, words=ON_TINY)
    assert (done.code, done.lines[1]["error"]["kind"]) == (1, "usage")
    assert '"cursor" must be a text' in done.lines[1]["error"]["message"]
