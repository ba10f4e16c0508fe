"""One text snapshot for each visible state of a form, and each size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.widgets import Static

from mcpdeck.app.actions import Zone
from mcpdeck.app.screens.date_screen import DateScreen
from mcpdeck.app.screens.file_screen import FileScreen
from mcpdeck.widgets.forms.picking import PickKind
from tests.ui import states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_corpus import CORPUS

SIZES = ((80, 24), (120, 40))
SHAPES = ("pod", "event", "payment-method", "mail-send")


async def opened(stage: Stage, *keys: str) -> None:
    from mcpdeck.widgets.form_subject import Subject

    name, *pressed = keys
    tool = states.tool(name, "Shaped as servers in use do it.", {})
    tool.input_schema.clear()
    tool.input_schema.update(CORPUS[name])
    stage.deck.open_subject(Subject.of_tool("files", tool))
    stage.deck.focus_zone(Zone.FORM)
    await stage.rest()
    await stage.press(*pressed)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SHAPES)
async def test_a_form_looks_as_it_should(
    name: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with decked(states.app_state(*states.zoo()[1:]), size=size) as stage:
        await opened(stage, name, "tab", "ctrl+r")
        matches_snapshot(f"form-{name}-{size[0]}x{size[1]}", stage.text)


@pytest.mark.parametrize("size", SIZES)
async def test_the_pickers_look_as_they_should(
    size: tuple[int, int], matches_snapshot: Callable[[str, str], None], tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "cat.png").write_bytes(b"1234")
    now = datetime(2026, 7, 28, 9, 30, tzinfo=UTC)
    async with decked(states.app_state(*states.zoo()[1:]), size=size) as stage:
        stage.app.push_screen(DateScreen(PickKind.DATE_TIME, "due", "2026-02-01T10:00:00+02:00", now))
        await stage.rest()
        matches_snapshot(f"form-date-{size[0]}x{size[1]}", stage.text)
        stage.app.pop_screen()
        stage.app.push_screen(FileScreen(tmp_path, "File for photo"))
        await stage.rest()
        stage.app.screen.query_one("#file-folder", Static).update("/home/ann/photos")
        await stage.rest()
        matches_snapshot(f"form-file-{size[0]}x{size[1]}", stage.text)
