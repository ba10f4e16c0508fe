"""What is typed before the form of a tool stands: it is for the form, and waits for it."""

from __future__ import annotations

from dataclasses import replace

from tests.ui import states
from tests.ui.deck_stage import decked

ROWS = states.zoo()[1:]
ECHO = replace(ROWS[0], tools=(states.tool("echo", "", {"message": {"type": "string"}}),))
STATE = states.app_state(ECHO, *ROWS[1:])


async def test_what_is_typed_right_after_enter_on_a_tool_stands_in_its_form_in_order() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter")
        await stage.burst("enter", *"hi there")
        (value,) = stage.deck._form.values.values()
        assert value == "hi there"
        assert stage.asked == []


async def test_a_call_right_after_what_was_typed_sends_it() -> None:
    async with decked(STATE) as stage:
        await stage.press("enter")
        await stage.burst("enter", *"hi")
        await stage.press("ctrl+r")
        assert [asked[0] for asked in stage.asked] == ["call"]
