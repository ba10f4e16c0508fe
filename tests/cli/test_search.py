"""``mcpdeck search``, and one tool of ``mcpdeck tools``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import ON_TINY, TINY, CommandLine, tiny

GONE = {"command": "/nowhere/to/be/found"}
ONE_TOOL = """
from pydantic import BaseModel
from mcpdeck.services.registry.typed import Success, ToolContext, TypedTool

class Nothing(BaseModel):
    pass

class Wait(TypedTool[Nothing, Nothing]):
    name = "wait"

    async def run(self, request: Nothing, context: ToolContext) -> Success[Nothing]:
        return Success(Nothing())
"""


def test_tools_of_every_connected_server_are_searched_and_the_others_are_named(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"one": tiny(), "two": tiny(), "gone": GONE})
    mcpdeck.project({"theirs": tiny()})
    done = mcpdeck("search", "wether")  # a slip of the pen
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["TOOL", "SERVER"],
        ["weather", "one"],
        ["weather", "two"],
    ]
    assert "not searched: theirs (pending approval), gone (failed)" in done.err
    document = mcpdeck("search", "weather", "--json").json
    assert [(tool["server"], tool["qualifiedName"]) for tool in document["tools"]] == [
        ("one", "mcp__one__weather"),
        ("two", "mcp__two__weather"),
    ]
    first = document["tools"][0]
    assert (first["stage"], first["fields"]) == ("available", ["name", "title"])
    assert first["capabilities"]["readOnly"] == {"value": True, "given": True}
    assert first["capabilities"]["openWorld"] == {"value": True, "given": False}
    assert (document["words"], document["more"]) == ("weather", False)
    assert {row["server"] for row in document["notSearched"]} == {"gone", "theirs"}


def test_what_is_searched_can_be_narrowed_to_servers_and_by_what_tools_can_do(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"one": tiny(), "two": tiny(), "gone": GONE})
    only = mcpdeck("search", "--server", "two", "--read-only", "--json").json
    assert [(tool["server"], tool["name"]) for tool in only["tools"]] == [("two", "weather")]
    assert only["notSearched"] == []
    changing = mcpdeck("search", "structured", "--destructive", "--server", "one", "--json").json
    assert [tool["name"] for tool in changing["tools"]] == ["liar"]
    assert mcpdeck("search", "weather", "--ui", "--server", "one").err == "no tool of a connected server fits\n"


def test_more_than_were_asked_for_are_told(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"one": tiny()})
    done = mcpdeck("search", "the", "--limit", "1")
    assert len(done.out.splitlines()) == 2
    assert "there are more: --limit 2 shows them" in done.err


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["search"], "which words?"),
        (["search", "a", "--server", "on"], 'no server named "on"'),
        (["search", "a", "--limit", "0"], "0"),
    ],
)
def test_a_search_that_cannot_be_made_is_2(mcpdeck: CommandLine, words: list[str], title: str) -> None:
    mcpdeck.user({"one": tiny()})
    done = mcpdeck(*words, "--json")
    assert (done.code, done.error["kind"]) == (2, "usage")
    assert title in done.error["title"]


@pytest.mark.parametrize("name", ["weather", "WEATHER", "mcp__tiny_stdio__weather"])
def test_one_tool_is_told_whole(mcpdeck: CommandLine, name: str) -> None:
    done = mcpdeck("tools", name, *ON_TINY)
    lines = done.out.splitlines()
    assert lines[:2] == ["weather", "title        The weather"]
    assert "for a model  mcp__tiny_stdio__weather" in lines
    assert "claims       read-only, open world (not said, so assumed)" in lines
    assert "  city:string*" in lines
    assert any(line.startswith("costs        ~") and line.endswith("304 bytes") for line in lines)
    assert '  "readOnlyHint": true' in lines
    assert "input schema" in lines
    document = mcpdeck("tools", name, "--json", *ON_TINY).json
    assert [tool["name"] for tool in document["tools"]] == ["weather"]
    assert document["tools"][0]["bytes"] == 304
    assert document["totals"]["tools"] == 11
    assert document["totals"]["tokens"] > document["tools"][0]["tokens"]


def test_the_cost_of_all_tools_is_told_as_an_estimate(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", *ON_TINY)
    assert done.err.startswith("about ")
    assert done.err.endswith(" tokens in all (estimate), 11 tools\n")
    assert mcpdeck("tools", "-q", *ON_TINY).err == ""


def test_a_tool_that_is_not_there_is_2_and_its_neighbour_is_named(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "wether", "--", *TINY)
    assert (done.code, done.out) == (2, "")
    assert 'no tool of "tiny_stdio" named "wether"' in done.err
    assert 'did you mean "weather"?' in done.err


def test_one_tool_is_told_as_one(mcpdeck: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(ONE_TOOL)
    assert mcpdeck("tools", str(file)).err.endswith(" tokens in all (estimate), 1 tool\n")
