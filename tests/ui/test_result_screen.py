"""One result on the whole screen: its views, searching in them, and what is asked for there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.services.models import Json
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.json_tree import JsonTree
from mcpdeck.widgets.picture_screen import PictureScreen
from mcpdeck.widgets.result_screen import ResultScreen
from mcpdeck.widgets.value_screen import ValueScreen
from tests.ui import result_states as calls
from tests.ui import states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import FORBIDDEN, HOSTILE
from tests.waiting import eventually


def screen(stage: Stage) -> ResultScreen:
    shown = stage.app.screen
    assert isinstance(shown, ResultScreen)
    return shown


def known(*those: CallState) -> states.AppState:
    return states.app_state(*states.zoo(), calls=those)


async def test_the_views_are_chosen_by_numbers_and_by_tab_and_the_last_one_is_kept() -> None:
    async with decked(known(calls.NOW, calls.BEFORE)) as stage:
        stage.intents.raws["call-1"] = calls.RAW
        await stage.press("c", "o", "2")
        assert "structured content" in stage.text
        assert "weird key: 1" in stage.text
        await stage.press("tab")
        assert '{"jsonrpc":"2.0","id":5,"method":"tools/call"' in stage.text
        assert "\\u001b[31m[bold]7[/]" in stage.text
        await stage.press("tab")
        assert "4 differences" in stage.text
        await stage.press("2", "escape", "down", "o")
        assert screen(stage).query(JsonTree)  # the view that was used last
        assert stage.app.preferences.value("view") == "json"


async def test_v_shows_a_card_in_another_way_and_space_its_arguments() -> None:
    async with decked(known(calls.NOW)) as stage:
        stage.intents.raws["call-1"] = calls.RAW
        await stage.press("c")
        assert "id 7" in stage.text
        await stage.press("v")
        assert '"weird key": 1' in stage.text
        await stage.press("v")
        assert "→ sent" in stage.text
        await stage.press("v", "space")
        assert '"id": 7' in stage.text


async def test_d_compares_with_the_call_before_and_brackets_choose_another() -> None:
    async with decked(known(calls.NOW, calls.BEFORE, calls.OTHER)) as stage:
        await stage.press("c", "d")
        assert "$.items[0].price" in stage.text
        assert "compared with call 1 of 2" in stage.text
        await stage.press("right_square_bracket")
        await eventually(lambda: "The arguments differ" in stage.text, "the other call")
        assert "compared with call 2 of 2" in stage.text


async def test_a_call_without_another_says_what_to_do() -> None:
    async with decked(known(calls.NOW)) as stage:
        await stage.press("c", "d")
        assert "no other finished call" in stage.text


async def test_words_are_searched_counted_and_stepped_through_and_escape_ends_the_search_first() -> None:
    lines = "\n".join(f"line {number}" for number in range(500))
    async with decked(known(calls.call("log", calls.text(lines)))) as stage:
        await stage.press("c", "o", "slash", *"line 49", "enter")
        await eventually(lambda: "1 of 11" in stage.text, "what was found")
        assert "line 49" in stage.text
        await stage.press("n")
        assert "2 of 11" in stage.text
        assert "line 490" in stage.text
        await stage.press("N", "N")
        assert "11 of 11" in stage.text
        assert "line 499" in stage.text
        await stage.press("escape")
        assert "of 11" not in stage.text
        assert screen(stage)
        await stage.press("escape")
        assert stage.app.screen is stage.deck


async def test_a_search_goes_on_in_another_view() -> None:
    async with decked(known(calls.NOW)) as stage:
        await stage.press("c", "o", "slash", *"editor", "enter", "2")
        await eventually(lambda: "1 of 1" in stage.text, "the same words in the tree")
        assert "$.user.roles[0]" in screen(stage).page.told()  # type: ignore[union-attr]


async def test_value_and_path_are_copied_from_the_tree() -> None:
    async with decked(known(calls.NOW)) as stage:
        await stage.press("c", "o", "2", "down", "down", "y")
        assert stage.app.clipboard == "ada"
        await stage.press("Y")
        assert stage.app.clipboard == "$.user.name"


async def test_t_shows_markdown_as_the_text_it_is_and_the_tree_of_all() -> None:
    async with decked(known(calls.NOTES, replace(calls.NOW, id="call-2"))) as stage:
        await stage.press("c", "o")
        assert "▍Release notes" in stage.text
        await stage.press("t")
        assert "# Release notes" in stage.text
        await stage.press("escape", "down", "o", "2", "t")
        assert "structuredContent" in stage.text


async def test_a_table_sorts_by_keys() -> None:
    async with decked(known(calls.PEOPLE)) as stage:
        await stage.press("c", "o", "greater_than_sign", "equals_sign")
        assert stage.text.index("Grace") < stage.text.index("Ada")


async def test_a_long_text_of_a_tree_is_read_on_a_screen_of_its_own() -> None:
    async with decked(known(calls.NOW)) as stage:
        await stage.press("c", "o", "2", "slash", *"rather", "enter", "enter")
        assert isinstance(stage.app.screen, ValueScreen)
        assert "and is cut there" in stage.text
        await stage.press("escape")
        assert screen(stage)


async def test_a_sound_is_told_of_and_played_only_when_asked_for() -> None:
    async with decked(known(calls.SOUND)) as stage:
        await stage.press("c", "o")
        assert "0.5 s · 8 kHz · mono" in stage.text
        assert ("play", "call-1", 0) not in stage.asked
        await stage.press("p")
        assert ("play", "call-1", 0) in stage.asked


async def test_pictures_are_enlarged_turned_zoomed_and_saved() -> None:
    async with decked(known(calls.PICTURES)) as stage:
        await stage.press("c", "o", "plus")
        assert isinstance(stage.app.screen, PictureScreen)
        await eventually(lambda: "1×1" in stage.text, "decoded")
        await stage.press("n")
        await eventually(lambda: "2 of 2" in stage.text, "the next picture")
        await stage.press("plus", "left", "s")
        assert "1.5×" in stage.text
        assert ("save part", "call-1", 1) in stage.asked
        await stage.press("escape", "escape")
        assert stage.app.screen is stage.deck


async def test_leaving_the_screen_of_a_running_call_does_not_cancel_it_and_x_does() -> None:
    running = replace(calls.NOW, status=CallStatus.RUNNING, result=None, duration_ms=None)
    async with decked(known(running)) as stage:
        await stage.press("c", "o", "escape")
        assert ("cancel", "call-1") not in stage.asked
        await stage.press("o", "x")
        assert ("cancel", "call-1") in stage.asked


async def test_the_screen_of_a_running_call_shows_its_result_when_it_ends() -> None:
    running = replace(calls.NOW, status=CallStatus.RUNNING, result=None, duration_ms=None)
    async with decked(known(running)) as stage:
        await stage.press("c", "o", "2")
        await stage.become(known(calls.NOW))
        await eventually(lambda: "weird key" in stage.text, "the result")


@pytest.mark.parametrize("view", ["1", "2", "3", "4"])
async def test_hostile_results_are_text_in_every_view(view: str) -> None:
    content: list[Json] = [{"type": "text", "text": text} for text in HOSTILE]
    hostile = {text: text for text in HOSTILE}
    before = calls.call("order", {"content": content}, number=2)
    after = calls.call("order", {"content": content, "structuredContent": hostile})
    async with decked(known(after, before)) as stage:
        stage.intents.raws["call-1"] = calls.RAW
        await stage.press("c", "o", view)
        assert not FORBIDDEN & set(stage.text)
        if view != "3":
            assert "[bold red]markup[/]" in stage.text


async def test_ten_megabytes_are_shown_without_the_loop_waiting_for_them() -> None:
    rows: list[Json] = [{"id": number, "deep": {"name": f"n{number}", "x": [number, None]}} for number in range(60_000)]
    call = calls.call("rows", {"content": [], "structuredContent": {"rows": rows, "more": 1}})
    async with decked(known(call)) as stage:
        turns = 0

        def turn() -> None:
            nonlocal turns
            turns += 1

        await stage.press("c", "o")
        timer = stage.app.set_interval(0.005, turn)
        await stage.press("2")
        tree = screen(stage).query_one(JsonTree)
        assert "rows: [ ] 60,000 items" in stage.text
        await eventually(lambda: tree.complete, "all of it")
        timer.stop()
        assert turns > 3  # the loop went on while it was numbered
        assert tree.count == 3 + 60_000 * 7
