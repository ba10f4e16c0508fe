"""The tool form as a person uses it: typed, toggled, corrected, sent."""

from __future__ import annotations

import pytest
from textual.widgets import TextArea

from mcpdeck.services.models import JsonObject
from mcpdeck.widgets.form_fields import FieldRow
from mcpdeck.widgets.tool_form import ToolForm
from tests.ui.form_stage import FORBIDDEN, HOSTILE, burst, settle, staged, text_of
from tests.ui.states import tool
from tests.ui.tool_stage import ECHO, MIXED, sent, shown


async def test_enter_in_the_last_field_calls_with_what_was_typed() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"hi", "tab", "3", "enter")
        await pilot.pause()
        (request,) = app.asked(ToolForm.CallRequested)
        assert (request.server, request.tool, request.arguments) == ("demo", "echo", {"message": "hi", "times": 3})
        assert request.validate


async def test_empty_optional_fields_are_not_sent() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"hi", "ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": "hi"}, True)]


async def test_what_was_typed_is_still_there_after_other_tools_were_looked_at() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"keep me")
        await shown(app, pilot, form, MIXED)
        await pilot.press(*"other")
        await shown(app, pilot, form, ECHO, server="second")
        assert "keep me" not in text_of(app)
        await shown(app, pilot, form, ECHO)
        assert "keep me" in text_of(app)
        await shown(app, pilot, form, MIXED)
        assert "other" in text_of(app)


async def test_a_wrong_number_is_named_at_its_field_and_nothing_is_sent() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"hi", "tab", *"three", "ctrl+r", "ctrl+r")
        await pilot.pause()
        assert sent(app) == []
        assert "✖ a whole number" in text_of(app)


async def test_a_broken_rule_is_shown_first_and_sent_anyway_on_the_second_press() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("tab", "0", "ctrl+r")
        await pilot.pause()
        assert sent(app) == []
        assert "required" in text_of(app)
        assert "at least 1" in text_of(app)
        assert "again sends anyway" in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"times": 0}, False)]


async def test_enter_never_sends_what_has_problems() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("enter", "enter", "enter")
        await pilot.pause()
        assert sent(app) == []


async def test_typing_after_a_problem_takes_the_offer_to_send_anyway_back() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("ctrl+r", "x", "backspace", "ctrl+r")
        await pilot.pause()
        assert sent(app) == []


async def test_form_and_json_carry_the_values_both_ways() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"hi", "ctrl+o")
        await pilot.pause()
        assert form.as_json
        area = form.query_one("#form-raw TextArea", TextArea)
        assert area.text == '{\n  "message": "hi"\n}'
        area.text = '{"message": "", "times": 1.0, "more": [null]}'
        await pilot.pause()
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert not form.as_json
        assert "not named in the schema" in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        (arguments, _), *_ = sent(app)
        assert arguments == {"message": "", "times": 1.0, "more": [None]}
        assert isinstance(arguments["times"], float)


async def test_a_number_that_does_not_parse_survives_a_look_at_the_json() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("tab", *"4x", "ctrl+o")
        await pilot.pause()
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "4x" in text_of(app)


async def test_json_that_does_not_parse_stays_and_says_where_it_is_wrong() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("f2")
        await pilot.pause()
        form.query_one("#form-raw TextArea", TextArea).text = '{"message": }'
        await pilot.pause()
        await pilot.press("f2")
        await pilot.pause()
        assert form.as_json
        assert "line 1, column 13" in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == []


async def test_raw_json_may_break_the_rules_when_asked_twice() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press("ctrl+o")
        await pilot.pause()
        form.query_one("#form-raw TextArea", TextArea).text = '{"message": 7}'
        await pilot.pause()
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == []
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": 7}, False)]


async def test_problems_of_the_whole_schema_are_shown_at_their_fields() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.press(*"x", "ctrl+r")
        await pilot.pause()
        form.refuse(["/message: must not be x"])
        await pilot.pause()
        assert "✖ must not be x" in text_of(app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"message": "x"}, True), ({"message": "x"}, False)]


async def test_an_optional_boolean_is_unset_true_or_false() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        await pilot.press("ctrl+r", "tab", "right", "ctrl+r", "right", "ctrl+r", "backspace", "ctrl+r")
        await pilot.pause()
        assert [arguments for arguments, _ in sent(app)] == [{}, {"flag": True}, {"flag": False}, {}]


async def test_a_choice_is_made_with_its_first_letter() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        await pilot.press("tab", "tab", "i", "ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"unit": "imperial"}, True)]


async def test_enter_on_a_choice_takes_it_and_goes_on_without_calling() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        await pilot.press("tab", "t", "enter", "i", "enter", *"long")
        await pilot.pause()
        assert sent(app) == []
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"flag": True, "unit": "imperial", "body": "long"}, True)]


async def test_enter_on_a_choice_that_is_the_last_field_does_not_call() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, tool("book", "", {"sure": {"type": "boolean"}}))
        await pilot.press("t", "enter", "enter")
        await pilot.pause()
        assert sent(app) == []


@pytest.mark.parametrize("steps", [0, 3], ids=["line", "area"])
async def test_a_call_sees_what_was_typed_right_before_it(steps: int) -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        await pilot.press(*["tab"] * steps, "a")
        await burst(app, pilot, *" more", "ctrl+r")
        assert [list(arguments.values()) for arguments, _ in sent(app)] == [["a more"]]


async def test_a_call_in_json_mode_sees_what_was_typed_right_before_it() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        await pilot.press("ctrl+o")
        await settle(app, pilot)
        form.query_one("#form-raw TextArea", TextArea).text = ""
        await pilot.pause()
        await burst(app, pilot, *'{"name": "x"}', "ctrl+r")
        assert sent(app) == [({"name": "x"}, True)]


async def test_json_mode_shows_what_was_typed_right_before_it() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await burst(app, pilot, *"quick", "ctrl+o")
        assert form.query_one("#form-raw TextArea", TextArea).text == '{\n  "message": "quick"\n}'


async def test_typing_between_two_quick_calls_takes_the_offer_to_send_anyway_back() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await burst(app, pilot, "ctrl+r")
        await burst(app, pilot, "x", "backspace", "ctrl+r")
        assert sent(app) == []
        assert "Ctrl+R again sends anyway" in text_of(app)


async def test_a_tool_without_arguments_is_called_with_enter() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, tool("ping", "Nothing to say."))
        assert "No arguments." in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert sent(app) == [({}, True)]


async def test_a_server_that_is_away_keeps_the_form_but_calls_nothing() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        form.enabled = False
        await pilot.press(*"hi", "ctrl+r")
        await pilot.pause()
        assert sent(app) == []
        assert "not connected" in text_of(app)
        assert "hi" in text_of(app)


async def test_the_header_names_the_tool_its_server_and_what_the_server_claims() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        claims: JsonObject = {"title": "Echo it", "readOnlyHint": True, "openWorldHint": False}
        await shown(app, pilot, form, tool("echo", "Says it back.", annotations=claims))
        first, second, third, *_ = text_of(app).split("\n")
        assert first.split() == ["Echo", "it", "echo", "demo"]
        assert second.strip() == "claims read-only · closed world"
        assert third.strip() == "Says it back."


async def test_the_form_is_as_tall_as_its_rows_and_keeps_every_field_reachable() -> None:
    form = ToolForm()
    properties: JsonObject = {f"field_{number}": {"type": "string"} for number in range(40)}
    async with staged(form, size=(60, 20)) as (app, pilot):
        await shown(app, pilot, form, ECHO)
        await pilot.pause()
        assert form.size.height == 7
        await shown(app, pilot, form, tool("wide", "", properties))
        await pilot.press(*["tab"] * 39, *"last", "ctrl+r")
        await pilot.pause()
        assert sent(app) == [({"field_39": "last"}, True)]
        assert "last" in text_of(app)


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_anywhere_in_a_tool_show_as_text(words: str) -> None:
    form = ToolForm()
    schema: JsonObject = {
        words: {"type": "string", "description": words, "title": words, "default": words, "pattern": words},
        "pick": {"enum": [words, "b"], "default": words},
        "menu": {"enum": [f"{words}{number}" for number in range(30)]},
        "many": {"type": "array", "items": {"anyOf": [{"const": words, "title": words}]}},
    }
    hostile = tool(words, words, schema, (words,), title=words, problems=(words,))
    async with staged(form, size=(100, 50)) as (app, pilot):
        await shown(app, pilot, form, hostile, server=words)
        assert not FORBIDDEN & set(text_of(app))
        if words.startswith("[bold"):
            assert text_of(app).count("[bold red]markup[/]") >= 6
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert not FORBIDDEN & set(text_of(app))


async def test_every_field_of_a_form_is_one_row_of_the_list() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, MIXED)
        assert [row.field.name for row in form.query(FieldRow)] == ["name", "flag", "unit", "body", "data"]
