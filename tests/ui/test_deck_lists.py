"""Lists, lines and colours below the screen: fitting, wrapping, filtering, contrast."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.color import Color

from mcpdeck.app.themes import THEMES
from mcpdeck.services.models import Status, Tool
from mcpdeck.services.state.matching import Finder
from mcpdeck.widgets.ink import cropped, fit, line_width, wrapped
from mcpdeck.widgets.item_kinds import texts_of
from mcpdeck.widgets.item_rows import first_line, marked
from mcpdeck.widgets.server_columns import columns_for
from mcpdeck.widgets.server_facts import overview
from mcpdeck.widgets.status_marks import MARKS, milliseconds, short_reason, status_words
from tests.ui import states
from tests.ui.deck_stage import decked
from tests.ui.form_stage import HOSTILE

MANY = tuple(states.tool(f"tool_{n:04}", f"Number {n} of the list\nsecond line") for n in range(5_000))


@pytest.mark.parametrize("width", range(12))
@pytest.mark.parametrize("text", ["", "abc", "日本語テキスト", "a日b本", "é" * 9, "👍👍👍👍"])
def test_a_fitted_text_takes_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width


@pytest.mark.parametrize("width", [4, 7, 20])
@pytest.mark.parametrize(
    "text", ["one two three four", "日本語テキストの長い文", "x" * 50, "  indented words go on here", ""]
)
def test_wrapped_lines_fit_and_lose_no_character(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_cropped_line_says_that_something_is_missing() -> None:
    line = cropped((("abc", ""), ("defgh", "bad"), ("ij", "")), 6)
    assert line_width(line) == 6
    assert "".join(text for text, _ in line).endswith("…")
    assert cropped((("abc", ""),), 3) == [("abc", "")]


def test_columns_leave_in_the_order_latency_era_transport() -> None:
    left = [columns_for(width, 14, 7) for width in (60, 54, 46, 38)]
    assert [tuple(c.width(name) > 0 for name in ("latency", "era", "via")) for c in left] == [
        (True, True, True),
        (False, True, True),
        (False, False, True),
        (False, False, False),
    ]


def test_every_status_has_a_mark_and_what_differs_in_meaning_differs_in_shape() -> None:
    assert set(MARKS) == set(Status)
    shapes = {mark.glyph for mark in MARKS.values()}
    assert len(shapes) == len(MARKS) - 1  # two statuses wait for a person, and look alike


def test_a_reason_is_the_exit_code_or_the_status_before_any_words() -> None:
    notes = next(row for row in states.zoo() if row.id == "notes")
    assert short_reason(notes.error) == "exit code 3"
    assert status_words(notes, states.NOW) == "failed · exit code 3"


@pytest.mark.parametrize(
    ("value", "words"), [(0.42, "0.4 ms"), (12.4, "12 ms"), (999.7, "1.0 s"), (59_990, "1 min"), (180_000, "3 min")]
)
def test_durations_take_at_most_six_cells(value: float, words: str) -> None:
    assert milliseconds(value) == words
    assert len(words) <= 6


def _found(tools: tuple[Tool, ...], query: str) -> list[str]:
    finder = Finder(tools, texts_of)
    finder.begin(query)
    while not finder.finished:
        finder.go_on()
    return [tool.name for tool in finder.found()]


def test_a_filter_finds_all_words_anywhere_and_names_come_first() -> None:
    tools = (states.tool("alpha", "makes a beta"), states.tool("beta_maker", "works"), states.tool("gamma", "no"))
    assert _found(tools, "BETA") == ["beta_maker", "alpha"]
    assert _found(MANY, "tool_49 number 4999") == ["tool_4999"]
    assert len(_found(MANY, "  ")) == 5_000


def test_matches_are_marked_where_they_stand() -> None:
    assert marked("get-sum", "sum") == [("get-", ""), ("sum", "match")]
    assert marked("get-sum", "gs") == [("g", "match"), ("et-", ""), ("s", "match"), ("um", "")]
    assert marked("İstanbul", "s") == [("İstanbul", "")]


def test_a_description_gives_its_first_line_that_says_something() -> None:
    assert first_line("\n  \n  Does\tit. \nMore") == "Does it."
    assert first_line("") == ""


async def test_five_thousand_tools_can_be_filtered_and_walked() -> None:
    server = states.connected("big", tools=MANY)
    async with decked(states.app_state(server)) as stage:
        await stage.press("enter", "slash", *"4321", "enter")
        assert "Tools 1/5,000" in stage.text
        await stage.press("escape", "end")
        assert "tool_4999" in stage.text
        assert "tool_0000" not in stage.text


@pytest.mark.parametrize("width", [40, 62, 100])
def test_no_line_of_an_overview_is_wider_than_its_room(width: int) -> None:
    for server in states.zoo():
        for line in overview(server, width, states.NOW):
            assert line_width(line) <= width, line


def test_an_overview_keeps_capabilities_that_nobody_here_knows() -> None:
    told = "\n".join("".join(text for text, _ in line) for line in overview(states.EVERYTHING, 200, states.NOW))
    assert "tasks (list, cancel)" in told
    assert "Experiments  example/trace" in told


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_reaches_an_overview_raw(text: str) -> None:
    server = states.connected("x", instructions=text, rules_broken=(text,), lints=(text,), endpoint=text, decided=text)
    for line in overview(server, 60, states.NOW):
        assert all(char.isprintable() for part, _ in line for char in part)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_contrasts_with_every_background_it_stands_on(theme: object) -> None:
    assert theme in THEMES
    chosen = next(one for one in THEMES if one is theme)
    variables = chosen.variables
    backgrounds = [
        chosen.background,
        chosen.surface,
        variables["block-cursor-background"],
        variables["block-cursor-blurred-background"],
    ]
    inks = [
        chosen.foreground,
        variables["text-muted"],
        chosen.primary,
        chosen.success,
        chosen.warning,
        chosen.error,
        chosen.accent,
    ]
    for ink in inks:
        for background in backgrounds:
            assert ink is not None
            assert background is not None
            assert contrast(ink, background) >= 4.5, (ink, background)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""

    def light(colour: str) -> float:
        parts = [channel / 255 for channel in Color.parse(colour).rgb]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


async def test_keys_for_tools_are_offered_once_the_tools_are_listed() -> None:
    connected = replace(states.EVERYTHING, tools=None)
    async with decked(states.app_state(connected)) as stage:
        await stage.press("enter")
        assert "Enter Arguments" not in stage.text
        await stage.become(states.app_state(states.EVERYTHING))
        assert "Enter Arguments" in stage.text
