"""Screen readers' plain mode and NO_COLOR: what reaches the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.segment import Segment
from textual.color import Color

from mcpdeck.app.deck import Deck
from mcpdeck.app.plain import Plain, wanted
from mcpdeck.services.state.store import Store
from tests.ui import questions, states
from tests.ui.deck_stage import Kept, Stage, Ticks
from tests.ui.form_stage import settle

DRAWN = [*range(0x2500, 0x2600), *range(0x2800, 0x2900)]
"""Boxes, blocks, shapes, braille patterns."""


@asynccontextmanager
async def shown(**changes: bool) -> AsyncIterator[Stage]:
    state = states.app_state(*states.zoo(), calls=states.CALLS, prompts=(questions.QUESTION,))
    store, ticks = Store(state), Ticks()
    app = Deck(store, Kept, version="0.1.0", clock=states.clock, ticks=ticks, **changes)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        yield Stage(app, pilot, store, ticks)


@pytest.mark.parametrize("keys", [(), ("escape", "i"), ("escape", "l"), ("escape", "c"), ("escape", "question_mark")])
async def test_no_box_no_block_and_no_spinner_reaches_the_terminal(keys: tuple[str, ...]) -> None:
    async with shown(plain=True) as stage:
        await stage.press(*keys)
        assert not [character for character in stage.text if ord(character) in DRAWN]


async def test_the_status_stands_there_in_words_and_the_chosen_line_is_marked() -> None:
    async with shown(plain=True) as stage:
        await stage.press("escape")
        stage.deck.go_to_server("files")
        await stage.rest()
        line = next(line for line in stage.text.split("\n") if "files" in line and "connected" in line)
        assert line.strip().startswith(">")
        assert "pending approval" in stage.text
        assert "failed" in stage.text


async def test_nothing_moves_in_plain_mode() -> None:
    async with shown(plain=True) as plain:
        async with shown() as usual:
            for one, other in zip(plain.text.split("\n"), usual.text.split("\n"), strict=True):
                assert one.find("connected") == other.find("connected")
        assert plain.app.animation_level == "none"


async def test_the_cursor_of_the_terminal_stands_at_the_chosen_line() -> None:
    async with shown(plain=True) as stage:
        await stage.press("escape")
        stage.deck.go_to_server("files")
        await stage.rest()
        await stage.press("down")
        servers = stage.deck._servers
        offset = stage.app.cursor_position
        row = stage.text.split("\n")[offset.y]
        assert servers.server is not None
        assert servers.server.id in row


@pytest.mark.parametrize(
    ("value", "asked"), [("1", True), ("yes", True), ("", False), ("0", False), ("false", False), (None, False)]
)
def test_the_environment_asks_for_it(value: str | None, asked: bool) -> None:
    assert wanted({} if value is None else {"MCPDECK_PLAIN": value}) is asked


def test_each_character_becomes_one() -> None:
    text = "╭─│▌●○◐▁▂█⠋→✔ 日本 é"
    [segment] = Plain().apply([Segment(text)], Color(0, 0, 0))
    assert len(segment.text) == len(text)
    assert "日本 é" in segment.text


async def test_without_colours_the_cursor_and_badges_can_still_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with shown() as stage:
        await stage.press("escape")
        styles = [
            (segment.text, segment.style)
            for strip in stage.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
        assert all(style.color is None or style.color.is_default for _, style in styles)
        assert all(style.bgcolor is None or style.bgcolor.is_default for _, style in styles)
        reversed_text = "".join(text for text, style in styles if style.reverse)
        assert "question" in reversed_text
