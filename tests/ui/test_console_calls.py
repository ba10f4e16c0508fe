"""The call console: what runs on top, results below, a screenful each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.services.models import ErrorInfo, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.call_console import CARDS, CallCard, CallConsole
from mcpdeck.widgets.call_words import duration_words, elapsed_words, progress_line
from mcpdeck.widgets.result_screen import ResultScreen
from tests.ui.form_stage import FORBIDDEN, HOSTILE, row_of, staged, text_of

NOW = 1000.0


def made(call_id: str, status: CallStatus = CallStatus.SUCCESS, **changes: object) -> CallState:
    result: JsonObject = {"content": [{"type": "text", "text": f"result of {call_id}"}]}
    base = CallState(
        id=call_id,
        server="demo",
        tool=f"tool-{call_id}",
        arguments={"n": 1},
        started_at=NOW - 3.44,
        status=status,
        duration_ms=None if status is CallStatus.RUNNING else 120.0,
        result=None if status is CallStatus.RUNNING else result,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def running(call_id: str, **changes: object) -> CallState:
    return made(call_id, CallStatus.RUNNING, **changes)


def console() -> CallConsole:
    return CallConsole(clock=lambda: NOW)


async def test_an_empty_console_says_how_to_make_a_call() -> None:
    async with staged(console()) as (app, _):
        assert "No calls yet" in text_of(app)


async def test_running_calls_stand_above_newer_finished_ones() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("c"), running("b"), made("a"))
        await pilot.pause()
        assert row_of(app, "tool-b") < row_of(app, "tool-c") < row_of(app, "tool-a")


async def test_the_cursor_goes_to_the_call_that_was_just_made_and_stays_with_it() -> None:
    widget = console()
    async with staged(widget) as (_, pilot):
        widget.calls = (running("long"),)
        await pilot.pause()
        widget.expect("mine")
        widget.calls = (running("mine"), running("long"))
        await pilot.pause()
        assert widget.selected == "mine"
        widget.calls = (made("mine"), running("long"))
        await pilot.pause()
        assert widget.selected == "mine"


async def test_a_call_that_is_over_at_once_has_the_cursor_below_one_that_runs() -> None:
    widget = console()
    async with staged(widget) as (_, pilot):
        widget.calls = (running("long"),)
        await pilot.pause()
        widget.expect("mine")
        widget.calls = (made("mine"), running("long"))
        await pilot.pause()
        assert widget.selected == "mine"


async def test_a_running_call_shows_elapsed_time_progress_message_and_how_to_cancel() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (running("a", progress=4, total=10, message="step four"),)
        await pilot.pause()
        screen = text_of(app)
        assert "3.4 s" in screen
        assert "4/10" in screen
        assert "step four" in screen
        assert "x cancels" in screen


async def test_a_card_stays_when_its_result_is_let_go_and_says_so() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("a"),)
        await pilot.pause()
        assert "result of a" in text_of(app)
        widget.calls = (replace(widget.calls[0], result=None, result_dropped=True),)
        await pilot.pause()
        screen = text_of(app)
        assert "tool-a" in screen
        assert "no longer kept" in screen
        assert "result of a" not in screen


async def test_progress_arrives_on_the_same_card_and_the_result_takes_its_place() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        call = running("a")
        widget.calls = (call,)
        await pilot.pause()
        card = widget.query_one(CallCard)
        widget.calls = (replace(call, progress=1.0, total=None, message=None),)
        await pilot.pause()
        assert "1 so far" in text_of(app)
        widget.calls = (made("a"),)
        await pilot.pause()
        await pilot.pause()
        assert widget.query_one(CallCard) is card
        assert "result of a" in text_of(app)
        assert "so far" not in text_of(app)


async def test_the_timer_runs_only_while_a_call_runs() -> None:
    widget = console()
    async with staged(widget) as (_, pilot):
        assert widget._timer is not None
        widget.calls = (running("a"),)
        await pilot.pause()
        assert widget._timer._active.is_set()
        widget.calls = (made("a"),)
        await pilot.pause()
        assert not widget._timer._active.is_set()


async def test_x_cancels_the_selected_running_call_and_nothing_else() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (running("a"), made("b"))
        widget.focus()
        await pilot.press("x", "down", "x")
        await pilot.pause()
        assert [message.call_id for message in app.asked(CallConsole.CancelRequested)] == ["a"]


async def test_a_click_on_the_cancel_words_cancels() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (running("a"), running("b"))
        await pilot.pause()
        row = row_of(app, "tool-b")
        column = text_of(app).split("\n")[row].index("x cancels")
        await pilot.click(offset=(column, row))
        await pilot.pause()
        assert [message.call_id for message in app.asked(CallConsole.CancelRequested)] == ["b"]


async def test_s_saves_and_r_repeats_the_selected_call() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("b"), made("a"))
        widget.focus()
        await pilot.press("j", "s", "k", "r")
        await pilot.pause()
        assert [message.call_id for message in app.asked(CallConsole.SaveRequested)] == ["a"]
        assert [message.call_id for message in app.asked(CallConsole.RepeatRequested)] == ["b"]


async def test_the_newest_call_is_selected_unless_the_person_went_elsewhere() -> None:
    widget = console()
    async with staged(widget) as (_, pilot):
        widget.calls = (made("a"),)
        widget.focus()
        await pilot.pause()
        widget.calls = (made("b"), *widget.calls)
        await pilot.pause()
        assert widget.selected == "b"
        await pilot.press("down")
        widget.calls = (made("c"), *widget.calls)
        await pilot.pause()
        assert widget.selected == "a"


async def test_two_hundred_calls_mount_a_few_cards_and_every_call_can_be_reached() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = tuple(made(f"{number:03}") for number in range(200, 0, -1))
        widget.focus()
        await pilot.pause()
        assert len(widget.query(CallCard)) == CARDS
        await pilot.press("end")
        await pilot.pause()
        assert widget.selected == "001"
        assert "▌✓ tool-001" in text_of(app)
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(app.screen, ResultScreen)
        assert "result of 001" in text_of(app)


async def test_only_the_calls_of_one_server_are_shown_when_it_is_named() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("b", server="other"), made("a"))
        await pilot.pause()
        assert "tool-b" in text_of(app)
        widget.server = "demo"
        await pilot.pause()
        assert "tool-b" not in text_of(app)


async def test_calls_that_are_gone_from_the_state_are_gone_from_the_screen() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("b"), made("a"))
        await pilot.pause()
        widget.calls = ()
        await pilot.pause()
        assert "No calls yet" in text_of(app)
        assert not widget.query(CallCard)


async def test_show_all_opens_the_whole_result_and_escape_leads_back() -> None:
    text = "\n".join(f"row {number}" for number in range(500))
    widget = console()
    async with staged(widget, size=(76, 24)) as (app, pilot):
        widget.calls = (made("a", result={"content": [{"type": "text", "text": text}]}),)
        widget.focus()
        await pilot.pause()
        assert "row 12" in text_of(app)
        assert "487 more lines · o shows all" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert "row 499" in text_of(app)
        await pilot.press("s", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, ResultScreen)
        assert [message.call_id for message in app.asked(CallConsole.SaveRequested)] == ["a"]


async def test_columns_stand_below_each_other_whatever_the_names() -> None:
    widget = console()
    async with staged(widget) as (app, pilot):
        widget.calls = (made("b", tool="x" * 200), made("a", tool="短い名前", server="s" * 90), made("c"))
        await pilot.pause()
        heads = [line for line in text_of(app).split("\n") if "success" in line]
        assert len({len(head.encode("utf-16-le")) for head in heads if head.isascii()}) <= 1
        assert len(heads) == 3


@pytest.mark.parametrize("width", [24, 34, 44, 60, 120])
async def test_every_width_shows_mark_tool_and_status(width: int) -> None:
    widget = console()
    async with staged(widget, size=(width, 20)) as (app, pilot):
        widget.calls = (running("r", progress=1, total=2, message="m" * 300), made("a"))
        await pilot.pause()
        assert ("success" in text_of(app)) is (width > 32)
        assert "✓ tool-a" in text_of(app)


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_in_calls_show_as_text(words: str) -> None:
    content = [
        {"type": "text", "text": words},
        {"type": words, "x": words},
        {"type": "resource", "resource": {"uri": words, "mimeType": words, "text": words}},
        {"type": "resource_link", "uri": words, "name": words, "description": words},
        {"type": "image", "data": words, "mimeType": words},
        {"type": "audio", "data": words, "mimeType": words},
    ]
    widget = console()
    async with staged(widget, size=(100, 60)) as (app, pilot):
        widget.calls = (
            running("a", tool=words, server=words, message=words, progress=1.0, total=3.0),
            made("b", tool=words, result={"content": content, "structuredContent": {words: words}}),
            made(
                "c",
                CallStatus.FAILED,
                result=None,
                error=ErrorInfo(words, words, words, {"stderr": [words], words: words}),
            ),
        )
        widget.focus()
        for _ in range(3):
            await pilot.pause()
        assert not FORBIDDEN & set(text_of(app))
        await pilot.press("down", "o")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, ResultScreen)
        assert not FORBIDDEN & set(text_of(app))


def test_times_are_said_in_few_characters() -> None:
    assert [duration_words(value) for value in (None, 0.42, 87.4, 3400, 125_000, 3_725_000)] == [
        "", "0.4 ms", "87 ms", "3.4 s", "2:05", "1:02:05",
    ]  # fmt: skip
    assert elapsed_words(-5) == "0.0 s"


@pytest.mark.parametrize("progress", [-5, 0, 5, 50, 1e300, float("nan")])
def test_a_progress_that_makes_no_sense_still_draws(progress: float) -> None:
    assert progress_line(running("a", progress=progress, total=10.0), 60) is not None
