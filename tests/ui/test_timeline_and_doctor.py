"""The tabs about one server: what their lines say, what keys do there, and how an examination arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.app.actions import Zone
from mcpdeck.services.models import Check, CheckState, Phase, PhaseState
from mcpdeck.services.state.timeline import PHASES
from mcpdeck.widgets.capability_lines import capabilities_in_full
from mcpdeck.widgets.doctor_lines import Examined, examination
from mcpdeck.widgets.ink import Line, line_width
from mcpdeck.widgets.process_lines import NO_PROCESS, process
from mcpdeck.widgets.server_facts import overview
from mcpdeck.widgets.timeline_lines import timeline
from tests.ui import detail_states as told
from tests.ui import states
from tests.ui.deck_stage import decked

WIDTHS = (24, 40, 56, 76, 118, 200)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(span for span, _ in line) for line in lines)


def line(lines: list[Line], words: str) -> str:
    return next(one for one in text(lines).split("\n") if words in one)


def start(one: str) -> int:
    return next(index for index, letter in enumerate(one) if letter in "▏▎▍▌▋▊▉█")


def test_bars_begin_where_their_phases_do_and_have_one_scale() -> None:
    lines = timeline(told.REMOTE, 118, states.NOW)
    assert start(line(lines, "  TCP")) < start(line(lines, "  TLS")) < start(line(lines, "  first byte"))
    assert line(lines, "  TLS").count("█") > 1.5 * line(lines, "  TCP").count("█")
    first, second = (one.count("█") for one in text(lines).split("\n") if "server/discover" in one)
    assert first * 2 < second  # the later attempt stands first, and was faster


def test_what_lasts_or_comes_later_has_no_bar_and_hides_no_other() -> None:
    lines = timeline(told.REMOTE, 118, states.NOW)
    assert "the bars span 235 ms" in text(lines)
    again = line(lines, "tools/list, again")
    assert "at 10:18:20" not in again or "█" not in again
    assert "█" not in again
    assert "lost after" in text(lines)


def test_a_phase_that_goes_on_counts_the_time_so_far() -> None:
    going = Phase(1, 1, "start the process", states.NOW - 4, 100.0)
    lines = timeline(states.server("slow", timeline=(going,)), 76, states.NOW)
    assert "4.00 s" in line(lines, "start the process")
    assert "under way" in text(lines)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_its_room(width: int) -> None:
    many = tuple(
        Phase(n, n // 8, f"phase {n} 漢字", 0.0, float(n), 3.0, PhaseState.FAILED, told.HOSTILE) for n in range(PHASES)
    )
    documents = (
        timeline(told.REMOTE, width, states.NOW),
        timeline(replace(told.FAILING, timeline=many), width, states.NOW),
        examination(Examined("desk", (*told.CHECKS, told.STOPPED)), told.FAILING, width),
        examination(None, told.FAILING, width),
        [*process(told.LOOKED_AT, told.PROCESS, width, states.NOW)],
    )
    for lines in documents:
        assert max(line_width(one) for one in lines) <= max(width, 48)


def test_hostile_text_is_shown_as_text_in_every_tab() -> None:
    hostile = told.HOSTILE
    phase = Phase(1, 1, hostile, 0.0, 0.0, 1.0, PhaseState.FAILED, hostile)
    checks = (Check("a", "It speaks MCP", CheckState.FAIL, hostile, hostile, source="RFC 1"),)
    facts = replace(told.PROCESS, command=hostile, cwd=hostile, given=(hostile,), missing=(hostile,))
    shown = (
        text(timeline(states.server("x", timeline=(phase,)), 76, states.NOW)),
        text(examination(Examined("x", checks), None, 76)),
        text([*process(told.LOOKED_AT, facts, 76, states.NOW)]),
        text([*capabilities_in_full({hostile: {hostile: hostile}}, {}, 76)]),
    )
    for one in shown:
        assert "[bold]" in one
        assert not {"\x1b", "\u202e", "\r"} & set(one)


def test_the_process_section_says_what_came_from_where() -> None:
    lines = [*process(told.LOOKED_AT, told.PROCESS, 76, states.NOW)]
    assert "DEBUG_LEVEL · KEY" in line(lines, "Given")
    assert "KEY" in line(lines, "Missing")
    assert "└ node" in line(lines, "4713")
    assert "110.0 MB" in line(lines, "4713")
    assert [*process(told.LOOKED_AT, NO_PROCESS, 76, states.NOW)] == []


def test_the_overview_names_each_time_limit_with_its_source() -> None:
    lines = overview(told.LOOKED_AT, 110, states.NOW)
    assert "MCPDECK_IDLE_TIMEOUT" in line(lines, "  idle")
    assert "mcp.json:9" in line(lines, "  call ")
    assert "by default" in line(lines, "  probe")


def test_a_capabilities_object_is_shown_as_deep_as_it_is_and_cut_where_it_is_endless() -> None:
    theirs = {"tools": {"listChanged": True}, "x": {"y": {"z": {}}}, "n": 3}
    shown = text([*capabilities_in_full(theirs, {"roots": {}}, 76)])
    assert "      z" in shown
    assert "as sent to it" in shown
    endless = {f"member-{n}": {} for n in range(5000)}
    assert "and 4,800 more" in text([*capabilities_in_full(endless, {}, 76)])


async def test_the_doctor_asks_for_an_examination_and_shows_each_check_as_it_comes() -> None:
    async with decked(states.app_state(told.FAILING)) as stage:
        assert "Find out why" in stage.text
        await stage.press("C")
        assert stage.asked[-1] == ("examine", "failing")
        assert stage.deck._zone() is Zone.DOCTOR
        assert "Examining" in stage.text
        tell, over = stage.intents.told, stage.intents.over
        assert tell is not None
        assert over is not None
        tell(replace(told.STOPPED, state=CheckState.RUNNING, detail="", remedy=""))
        await stage.rest()
        assert "◐ It speaks MCP" in stage.text
        tell(told.STOPPED)
        over(False)
        await stage.rest()
        assert "Failed: It speaks MCP" in stage.text
        assert "→ Its last stderr lines say why." in stage.text
        await stage.press("y")
        assert "FAIL  It speaks MCP" in stage.app.clipboard
        assert "\x1b" not in stage.app.clipboard


async def test_escape_stops_an_examination_first_and_then_goes_back() -> None:
    async with decked(states.app_state(told.FAILING, told.REMOTE)) as stage:
        await stage.press("C", "C")
        assert stage.asked == [("examine", "failing")]  # one at a time
        await stage.press("escape")
        assert stage.asked[-1] == ("stop examining", "failing")
        assert stage.deck._zone() is Zone.DOCTOR
        assert "Stopped" in stage.text
        await stage.press("escape")
        assert stage.deck._zone() is Zone.SERVERS


async def test_each_server_keeps_its_own_examination() -> None:
    async with decked(states.app_state(told.FAILING, told.REMOTE)) as stage:
        await stage.press("C")
        tell = stage.intents.told
        assert tell is not None
        tell(told.STOPPED)
        await stage.press("escape", "escape", "down", "C")
        assert stage.asked[-1] == ("examine", "remote")
        tell(replace(told.STOPPED, title="Too late"))  # of the one that was stopped
        await stage.rest()
        assert "Too late" not in stage.text
        await stage.press("escape", "escape", "up")
        stage.deck.action_show_tab("doctor")
        await stage.rest()
        assert "Failed: It speaks MCP" in stage.text


async def test_the_timeline_follows_the_server_under_the_cursor() -> None:
    async with decked(states.app_state(told.REMOTE, told.FAILING, told.FRESH)) as stage:
        await stage.press("t")
        assert stage.deck._zone() is Zone.TIMELINE
        assert "first byte" in stage.text
        await stage.press("escape", "down", "t")
        assert "gave up" in stage.text
        await stage.press("escape", "down", "t")
        assert "Nothing happened yet" in stage.text


async def test_a_process_is_measured_only_while_its_section_is_shown() -> None:
    async with decked(states.app_state(told.LOOKED_AT)) as stage:
        assert stage.intents.looks
        await stage.press("t")
        assert not stage.intents.looks
        await stage.press("i")
        assert stage.intents.looks
