"""demo-stdio as a real process, used with the official SDK's client in both eras."""

from __future__ import annotations

import tempfile

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult

from .clients import BOTH_ERAS, Human, Mode, colours, picture, talking, text

TRIP = {
    "start": "2027-05-30",
    "travellers": [{"name": "Ada", "age": 36}, {"name": "Ben", "age": 4, "vegetarian": True}],
    "stops": [{"place": "Lisbon", "nights": 2}, {"place": "Porto", "nights": 1}],
    "pace": "slow",
    "daily_budget": 100,
}


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_every_tool_answers_in_both_eras(mode: Mode) -> None:
    human = Human(ElicitResult(action="accept", content={"name": "Ada", "guests": 3, "birthday": True}))
    async with talking(None, mode, human) as client:
        assert client.instructions
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert all(tool.title and tool.description and tool.annotations for tool in tools.values())
        untried = set(tools)

        async def call(tool: str, /, **arguments: object):
            untried.discard(tool)
            return await client.call_tool(tool, arguments)

        assert text(await call("greet", name="Ada", language="Deutsch")) == "Hallo, Ada! Schön, dass du da bist."
        counted = await call("word_count", text="one two\ntwo")
        assert counted.structured_content == {
            "words": 3,
            "characters": 11,
            "lines": 2,
            "longest": "one",
            "frequent": {"two": 2, "one": 1},
        }
        told = await call("system_info")
        assert told.structured_content
        assert told.structured_content["process_id"] > 1
        lines = text(await call("long_text", lines=2_500)).splitlines()
        assert len(lines) == 2_500
        assert lines[10].split() == ["12", "=", "2", "×", "2", "×", "3"]
        planned = await call("plan_trip", **TRIP)
        assert planned.structured_content
        assert planned.structured_content["total"] == 360
        assert [day["date"] for day in planned.structured_content["days"]] == ["2027-05-30", "2027-05-31", "2027-06-01"]
        image = picture(await call("paint_landscape", time_of_day="dawn", seed=3))
        assert image.size == (640, 400)
        assert colours(image) > 300
        assert "Lift-off" in text(await call("countdown", seconds=0.2))
        booked = text(await call("book_table", evening="on Friday"))
        assert booked == "Booked on Friday for 3 guests, terrace, in the name of Ada. There will be a cake."
        assert (await call("fail")).is_error
        assert "8 levels" in text(await call("chatter"))
        assert not untried


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_the_elicitation_asks_for_a_name_a_number_a_choice_and_a_yes_or_no(mode: Mode) -> None:
    human = Human(ElicitResult(action="decline"))
    async with talking(None, mode, human) as client:
        assert text(await client.call_tool("book_table", {})) == "You declined, so nothing was booked."
        human.answer = ElicitResult(action="cancel")
        assert text(await client.call_tool("book_table", {})) == "You closed the question, so nothing was booked."
    fields = human.questions[0].requested_schema["properties"]
    assert {name: field["type"] for name, field in fields.items()} == {
        "name": "string",
        "guests": "integer",
        "seating": "string",
        "birthday": "boolean",
    }
    assert fields["seating"]["enum"] == ["inside", "terrace", "at the bar"]


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_the_countdown_reports_progress_that_only_rises(mode: Mode) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def progress(*step: object) -> None:
        seen.append(step)  # pyright: ignore[reportArgumentType]

    async with talking(None, mode) as client:
        await client.call_tool("countdown", {"seconds": 1}, progress_callback=progress)
    values = [value for value, _, _ in seen]
    assert values == sorted(set(values))
    assert len(values) >= 4
    assert {total for _, total, _ in seen} == {1}
    assert seen[0][2] == "1 s to go"


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_a_cancelled_countdown_ends_and_the_server_goes_on(mode: Mode) -> None:
    async with talking(None, mode) as client:
        with anyio.CancelScope() as scope:

            async def cancel(*_: object) -> None:
                scope.cancel()

            await client.call_tool("countdown", {"seconds": 600}, progress_callback=cancel)
        assert scope.cancelled_caught
        assert "Hello" in text(await client.call_tool("greet", {}))


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_it_fails_in_three_ways(mode: Mode) -> None:
    with tempfile.TemporaryFile("w+") as stderr:
        async with talking(None, mode, errlog=stderr) as client:
            foreseen = await client.call_tool("fail", {"how": "tool error"})
            assert foreseen.is_error
            assert "Preheat it" in text(foreseen)
            crashed = await client.call_tool("fail", {"how": "crash"})
            assert crashed.is_error
            with pytest.raises(MCPError) as refused:
                await client.call_tool("fail", {"how": "protocol error"})
            assert refused.value.error.data == {"opens": "18:00"}
        stderr.seek(0)
        assert "RuntimeError: a bug in the tool" in stderr.read()


async def test_chatter_sends_every_level_and_writes_to_stderr() -> None:
    for mode, level in (("auto", "debug"), ("legacy", None)):
        human = Human()
        with tempfile.TemporaryFile("w+") as stderr:
            async with talking(None, mode, human, log_level=level, errlog=stderr) as client:
                await client.call_tool("chatter", {"rounds": 1})
            stderr.seek(0)
            assert "chatter: round 1 of 1 done" in stderr.read()
        levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
        assert [message.level for message in human.log] == levels


async def test_chatter_sends_only_the_levels_that_were_asked_for() -> None:
    human = Human()
    async with talking(None, "legacy", human) as client:
        await client.session.set_logging_level("critical")  # pyright: ignore[reportDeprecated]
        await client.call_tool("chatter", {"rounds": 1})
    assert [message.level for message in human.log] == ["critical", "alert", "emergency"]


@pytest.mark.parametrize("mode", BOTH_ERAS)
async def test_it_offers_a_resource_a_template_and_a_prompt(mode: Mode) -> None:
    async with talking(None, mode) as client:
        assert [str(one.uri) for one in (await client.list_resources()).resources] == ["demo://welcome"]
        assert "# Welcome" in str((await client.read_resource("demo://welcome")).contents[0])
        assert "2 × 3 × 7" in str((await client.read_resource("demo://factors/42")).contents[0])
        with pytest.raises(MCPError, match="at least 2"):
            await client.read_resource("demo://factors/1")
        assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["explain_tool"]
        prompt = await client.get_prompt("explain_tool", {"tool": "greet"})
        assert "'greet'" in str(prompt.messages[0].content)
