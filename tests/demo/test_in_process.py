"""demo-in-process: the server object, used with the official SDK's client."""

from __future__ import annotations

import pytest

from mcpdeck.app.demo.in_process import server

from .clients import BOTH_ERAS, Mode, colours, picture, talking, text


@pytest.mark.parametrize("mode", BOTH_ERAS)
@pytest.mark.parametrize(
    ("expression", "value"), [("(2 + 3) * 4", 20), ("-2 ** 2", -4), ("sqrt(2) ** 2 - pi + pi", 2), ("7 // 2 % 2", 1)]
)
async def test_it_calculates(mode: Mode, expression: str, value: float) -> None:
    async with talking(server(), mode) as client:
        result = await client.call_tool("calculate", {"expression": expression})
        assert result.structured_content
        assert result.structured_content["value"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("2 +", "I cannot read"),
        ("1 / 0", "divides by zero"),
        ("sqrt(-1)", "no value"),
        ("9 ** 9 ** 9 ** 9", "no value"),
        ("__import__('os').getcwd()", "I do not understand"),
        ("(lambda: 1)()", "I do not understand"),
        ("-" * 199 + "1", ""),
    ],
)
async def test_what_it_cannot_calculate_it_says(expression: str, said: str) -> None:
    async with talking(server(), "auto") as client:
        result = await client.call_tool("calculate", {"expression": expression})
        assert said in text(result)
        assert result.is_error == bool(said)


async def test_it_draws_palettes_and_the_mandelbrot_set() -> None:
    async with talking(server(), "auto") as client:
        for scheme in ("analogous", "complementary", "triadic", "shades"):
            result = await client.call_tool("colour_palette", {"base": "#3a86ff", "scheme": scheme, "count": 6})
            names = text(result).removeprefix(f"{scheme}: ").split()
            assert len(names) == 6
            assert names[0] == "#3a86ff"
            assert colours(picture(result)) >= 6
        for view in ("whole", "seahorse valley", "elephant valley", "spiral"):
            image = picture(await client.call_tool("mandelbrot", {"view": view}))
            assert image.size == (600, 400)
            assert colours(image) > 100


async def test_the_tool_for_deleting_notes_comes_and_goes_with_the_notes() -> None:
    async with talking(server(), "auto") as client:

        async def names() -> set[str]:
            return {tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools}

        assert "delete_note" not in await names()
        async with client.listen(tools_list_changed=True, resource_subscriptions=["notes://all"]) as changes:
            added = await client.call_tool("add_note", {"text": "buy tea"})
            assert added.structured_content == {"number": 1, "text": "buy tea"}
            kinds = {type(await anext(changes)).__name__ for _ in range(2)}
            assert kinds == {"ToolsListChanged", "ResourceUpdated"}
            assert "delete_note" in await names()
            assert "1: buy tea" in str((await client.read_resource("notes://all")).contents[0])
            listed = await client.call_tool("list_notes", {})
            assert listed.structured_content == {"result": [{"number": 1, "text": "buy tea"}]}
            assert (await client.call_tool("delete_note", {"number": 9})).is_error
            assert text(await client.call_tool("delete_note", {"number": 1})) == "Deleted note 1."
            assert type(await anext(changes)).__name__ == "ToolsListChanged"
        assert "delete_note" not in await names()


async def test_every_server_object_has_notes_of_its_own() -> None:
    async with talking(server(), "auto") as first, talking(server(), "auto") as second:
        await first.call_tool("add_note", {"text": "mine"})
        assert (await second.call_tool("list_notes", {})).structured_content == {"result": []}
