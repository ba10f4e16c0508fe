"""One text snapshot for each visible state and size of the server list and of the first page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mcpdeck.services.models import ErrorInfo, Source, Status
from mcpdeck.services.models.calls import CallStats
from mcpdeck.services.state.model import AppState, ServerState
from tests.ui import states
from tests.ui.deck_stage import decked
from tests.ui.kept_servers import KeptElsewhere
from tests.ui.test_first_run import FOUND

SIZES = ((80, 24), (120, 40))
WIDE = (240, 70)


def zoo() -> AppState:
    """The zoo with figures: latencies, errors, sources, and one that lacks a variable."""
    rows: list[ServerState] = []
    for number, row in enumerate(states.zoo()):
        changes: dict[str, object] = {"source": (Source.USER, Source.PROJECT, Source.LOCAL)[number % 3]}
        if row.usable:
            changes["latencies"] = tuple(2.0 + (number + step) % 4 + 9 * (step == 20 + number) for step in range(32))
            changes["stats"] = CallStats(calls=120, errors=number * 3)
        rows.append(replace(row, **changes))  # type: ignore[arg-type]
    lacking = states.server("github", status=Status.FAILED, missing=("GITHUB_TOKEN",), error=ErrorInfo("spawn", "exit"))
    return states.app_state(*rows, lacking)


ZOO = zoo()
LATENCY = ("o", "down", "down", "down", "enter")
BY_STATUS = ("O", "down", "down", "enter")

STORIES: dict[str, tuple[str, ...]] = {
    "servers-wide": ("z",),
    "servers-marked": ("space", "space"),
    "servers-filter": ("slash", *"te"),
    "servers-nothing-found": ("slash", *"zzz"),
    "servers-groups": ("z", *BY_STATUS, "end", "left"),
    "servers-sorted": LATENCY,
    "servers-sort-choice": ("o",),
    "servers-variable": ("end", "enter"),
    "servers-remove-many": ("asterisk", "delete"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("story", STORIES)
async def test_the_list_looks_as_it_was_drawn(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with decked(ZOO, size=size) as stage:
        await stage.press(*STORIES[story])
        matches_snapshot(f"{story}-{size[0]}x{size[1]}", stage.text)


async def test_a_very_wide_list_has_every_column(matches_snapshot: Callable[[str, str], None]) -> None:
    async with decked(ZOO, size=WIDE) as stage:
        await stage.press("z")
        matches_snapshot(f"servers-wide-{WIDE[0]}x{WIDE[1]}", stage.text)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("story", "keys"), [("first-run", ()), ("first-run-problem", ("down", "down")), ("first-run-take", ("enter",))]
)
async def test_the_first_page_looks_as_it_was_drawn(
    story: str, keys: tuple[str, ...], size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    async with decked(states.app_state(states.EVERYTHING), size=size) as stage:
        elsewhere = KeptElsewhere(stage.asked, FOUND)
        stage.intents.elsewhere = elsewhere
        await stage.become(states.app_state())
        elsewhere.tell()
        await stage.rest()
        await stage.press(*keys)
        matches_snapshot(f"{story}-{size[0]}x{size[1]}", stage.text)
