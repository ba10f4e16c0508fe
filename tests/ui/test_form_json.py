"""The form of a tool: nested arguments, JSON, and what is pasted."""

from __future__ import annotations

from textual import events
from textual.widgets import Input, TextArea

from mcpdeck.widgets.tool_form import ToolForm
from mcpdeck.widgets.value_editor import HeldText
from tests.ui.form_stage import FORBIDDEN, settle, staged, text_of
from tests.ui.states import tool
from tests.ui.tool_stage import ECHO, sent, shown

BOOK = tool(
    "book",
    "Books a trip.",
    {
        "travellers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
            },
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
    },
    ("travellers",),
)


NESTED = [f"travellers[{index}].name: '' should be non-empty" for index in range(6)]


async def test_a_nested_problem_stands_with_its_path_below_its_field() -> None:
    form = ToolForm()
    async with staged(form, size=(58, 30)) as (app, pilot):
        await shown(app, pilot, form, BOOK)
        form.refuse([*NESTED, "note: too short", "something is missing"])
        await settle(app, pilot)
        screen = text_of(app)
        for words in ("✖ travellers[0].name: '' should be", "✖ travellers[3].name", "… and 2 more", "✖ too short"):
            assert words in screen
        assert screen.index("✖ travellers[0]") < screen.index("tags")
        assert "✖ something is missing" in screen
        assert "8 problems · Ctrl+R again sends anyway" in screen


async def test_problems_in_json_mode_have_lines_of_their_own() -> None:
    form = ToolForm()
    async with staged(form, size=(58, 30)) as (app, pilot):
        await shown(app, pilot, form, BOOK)
        await pilot.press("ctrl+o")
        await settle(app, pilot)
        form.refuse(NESTED)
        await settle(app, pilot)
        screen = text_of(app)
        for index in range(4):
            assert f"✖ travellers[{index}].name: '' should be non-empty" in screen
        assert "… and 2 more" in screen
        assert "6 problems · Ctrl+R again sends anyway" in screen
        await pilot.press("x")
        await settle(app, pilot)
        assert "travellers[3]" not in text_of(app)


async def test_json_that_does_not_parse_is_explained_in_full_in_a_narrow_form() -> None:
    form = ToolForm()
    async with staged(form, size=(58, 30)) as (app, pilot):
        await shown(app, pilot, form, BOOK)
        await pilot.press("ctrl+o")
        await settle(app, pilot)
        form.query_one("#form-raw TextArea", TextArea).text = '{"note": "a" "b"}'
        await pilot.pause()
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert "✖ expecting ',' delimiter (line 1, column 14)" in text_of(app)


async def test_a_nested_argument_says_its_shape_and_shows_an_example() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, BOOK)
        screen = text_of(app)
        assert "list of {name: text, age?: integer}" in screen
        assert "list of text" in screen


async def test_json_mode_begins_with_the_required_members_and_changes_nothing_when_left() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, BOOK)
        await pilot.press("ctrl+o")
        await settle(app, pilot)
        area = form.query_one("#form-raw TextArea", TextArea)
        assert "".join(area.text.split()) == '{"travellers":[{"name":""}]}'
        await pilot.press("ctrl+o")
        await settle(app, pilot)
        assert not form.as_json
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert sent(app) == []
        assert "✖ required" in text_of(app)


async def test_a_field_can_be_given_as_json_for_what_cannot_be_typed() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("ctrl+l", *'""', "ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": ""}, True)]


async def test_several_pasted_lines_turn_the_field_into_an_area_and_stay_whole() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"a:")
        assert isinstance(app.focused, Input)
        app.focused.post_message(events.Paste("one\r\ntwo\n"))
        await pilot.pause()
        await pilot.pause()
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": "a:one\ntwo\n"}, True)]


async def test_pasted_control_characters_are_shown_as_json_and_sent_as_they_were() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        assert app.focused is not None
        app.focused.post_message(events.Paste("\x1b[31mred\u202e"))
        await pilot.pause()
        await pilot.pause()
        assert not FORBIDDEN & set(text_of(app))
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": "\x1b[31mred\u202e"}, True)]


async def test_a_megabyte_in_one_line_is_held_out_of_the_layout_and_sent_whole() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        assert app.focused is not None
        app.focused.post_message(events.Paste("x" * 1_000_000))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.focused, HeldText)
        await pilot.press("ctrl+r")
        await pilot.pause()
        ((arguments, _),) = sent(app)
        assert arguments == {"message": "x" * 1_000_000}
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "characters held" in text_of(app)
        await pilot.press("ctrl+o")
        await pilot.pause()
        form.focus_first()
        await pilot.pause()
        await pilot.press("backspace", "y", "ctrl+r")
        await pilot.pause()
        assert sent(app)[-1][0] == {"message": "y"}
