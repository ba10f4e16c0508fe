"""Keys that arrive faster than the screen is drawn, and held ones: they act on what a person saw, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.screens.confirm_screen import READING, ConfirmScreen
from mcpdeck.app.screens.deck_screen import DeckScreen
from tests.ui import states
from tests.ui.deck_stage import approving, decked

ZOO = states.app_state(*states.zoo())
DATABASE = next(row for row in states.zoo() if row.id == "database")


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("e", ("set_enabled", "files", False)),
        ("r", ("reconnect", "files")),
        ("D", ("redetect", "files")),
        ("u", ("relist", "files")),
    ],
)
async def test_a_key_right_after_an_arrow_acts_on_the_server_that_the_cursor_is_on(
    key: str, asked: tuple[object, ...]
) -> None:
    async with decked(ZOO) as stage:
        await stage.burst("down", key)
        assert stage.asked == [asked]


async def test_what_is_asked_right_after_an_arrow_is_about_the_server_that_the_cursor_is_on() -> None:
    async with decked(ZOO) as stage:
        await stage.burst("down", "delete")
        assert "Remove files" in stage.text
        await stage.press("escape")
        await stage.burst("down", "down", "up", "up", "X")
        assert "Export files" in stage.text


async def test_the_key_that_opens_the_question_never_answers_it_however_long_it_is_held() -> None:
    async with decked(states.app_state(DATABASE)) as stage:
        await stage.burst(*"a" * 60)
        await stage.press(*"a" * 5)
        assert approving(stage)
        assert stage.asked == []


@pytest.mark.parametrize("answer", ["y", "x"])
async def test_an_answer_that_arrives_before_anybody_can_have_read_the_question_is_none(answer: str) -> None:
    async with decked(states.app_state(DATABASE)) as stage:
        await stage.burst("a", answer)
        assert approving(stage)
        await stage.burst(answer)
        assert stage.asked == []
        assert "read it first" in stage.text
        stage.later(READING - 0.1)
        await stage.burst(answer)  # held: each time the key comes, it begins anew
        stage.later(READING - 0.1)
        await stage.burst(answer)
        assert stage.asked == []
        stage.later(READING)
        await stage.burst(answer)
        assert stage.asked == [("approve" if answer == "y" else "reject", "database")]


async def test_a_button_that_is_pressed_at_once_answers_nothing_and_escape_always_does() -> None:
    async with decked(states.app_state(DATABASE)) as stage:
        await stage.burst("a")
        await stage.pilot.click("#approval #question-accept")
        await stage.rest()
        assert approving(stage)
        assert stage.asked == []
        await stage.burst("escape")
        assert not approving(stage)
        assert stage.asked == []


async def test_an_entry_is_not_removed_by_keys_that_were_typed_ahead() -> None:
    async with decked(ZOO) as stage:
        await stage.burst("delete", "y")
        assert isinstance(stage.app.screen, ConfirmScreen)
        assert stage.asked == []


async def test_the_question_to_remove_an_entry_closes_when_another_entry_takes_its_place() -> None:
    files = states.zoo()[1]
    async with decked(states.app_state(files)) as stage:
        await stage.press("delete")
        await stage.become(states.app_state(replace(files, lints=("odd",))))
        assert isinstance(stage.app.screen, ConfirmScreen)  # it is still the same entry
        assert files.origin.file is not None
        elsewhere = replace(files.origin, file="/home/ada/shop/.mcp.json")
        await stage.become(states.app_state(replace(files, origin=elsewhere)))
        assert isinstance(stage.app.screen, DeckScreen)
        assert stage.asked == []


async def test_the_question_about_a_server_closes_when_the_last_server_went() -> None:
    async with decked(states.app_state(DATABASE)) as stage:
        await stage.press("a")
        assert approving(stage)
        await stage.become(states.app_state())
        assert not approving(stage)
        assert stage.asked == []
