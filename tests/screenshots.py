"""Draws ``screenshots/``: the dashboard on example states, and on a real run of the demo servers.

Owns the pictures the README shows. Never draws by hand: every SVG is what Textual rendered.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from textual.pilot import Pilot

from mcpdeck.app.deck import Deck
from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import AppState, CallState
from mcpdeck.services.state.store import Store
from mcpdeck.widgets.server_offer import NOTHING, Declared
from tests.ui import questions, states
from tests.ui import tool_states as tools
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = ((80, 24), (120, 40))


class Nobody:
    """Takes what a person asks for and does nothing: a picture needs no servers."""

    elsewhere = None

    def call(self, server: str, tool: str, arguments: JsonObject) -> str:
        return "call-0"

    def save(self, call_id: str) -> None:
        return None

    def declared(self, server: str) -> Declared:
        return NOTHING

    def profile_of(self, server: str) -> str:
        return "tester"

    def qualified(self, server: str, tool: str) -> str:
        return f"mcp__{server}__{tool}"

    def for_model(self, call: CallState) -> JsonObject | None:
        return call.result

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


Steps = Callable[[Pilot[None]], Awaitable[None]]


async def nothing(pilot: Pilot[None]) -> None:
    return


def keys(*pressed: str) -> Steps:
    async def press(pilot: Pilot[None]) -> None:
        for key in pressed:
            await pilot.press(key)
            await pilot.pause()

    return press


@dataclass(frozen=True)
class Picture:
    name: str
    state: AppState
    steps: Steps = nothing


PICTURES = (
    Picture("empty", states.app_state()),
    Picture("servers", states.app_state(*states.zoo())),
    Picture("calls", states.app_state(*states.zoo(), calls=states.CALLS), keys("c")),
    Picture("outcomes", states.app_state(tools.CALLED, *states.zoo()[1:], calls=tools.OUTCOMES), keys("c")),
    Picture(
        "permission",
        states.app_state(tools.CALLED, tools.FILES, *states.zoo()[2:], prompts=(tools.asked(tools.WRITE),)),
    ),
    Picture("held-back", states.app_state(tools.HELD_BACK, *states.zoo()[1:]), keys("i")),
    Picture("question", states.app_state(*states.zoo(), prompts=(questions.QUESTION,))),
    Picture("help", states.app_state(*states.zoo()), keys("question_mark")),
)


async def from_state(picture: Picture, size: tuple[int, int]) -> None:
    deck = Deck(Store(picture.state), lambda toast: Nobody(), version="0.1.0", clock=states.clock)
    async with deck.run_test(size=size) as pilot:
        await pilot.pause()
        await picture.steps(pilot)
        await pilot.pause()
        write(f"{picture.name}-{size[0]}x{size[1]}", deck)


def write(name: str, deck: Any) -> None:
    path = FOLDER / f"{name}.svg"
    path.write_text(deck.export_screenshot(title="mcpdeck") + "\n", encoding="utf-8")
    print(path.relative_to(FOLDER.parent), flush=True)


@dataclass(frozen=True)
class Run:
    """A real run on the demo servers: the words that find a tool, the keys that fill its form, what to wait for."""

    name: str
    tool: str = ""
    fill: tuple[str, ...] = ()
    result: str = ""


RUNS = (
    Run("demo"),
    Run("demo-picture", "paint", result="success"),
)


async def from_run(run: Run, size: tuple[int, int], data_folder: Path) -> None:
    async with demo_servers() as entries, dashboard(entries, data_folder, size=size) as (pilot, deck, services):

        async def seen(text: str) -> None:
            await eventually(lambda: text in on_screen(deck), f"{text!r} on the screen", seconds=20)

        await services.manager.settled()
        await eventually(lambda: services.store.state.mcp.servers["demo-stdio"].tools, "tools of the demo")
        await pilot.pause()
        if run.tool:
            await pilot.press("enter", "slash", *run.tool)
            await seen("Tools 1/")
            await pilot.press("enter")
            await pilot.press("enter")
            await seen("Ctrl+R Call")
            await pilot.press(*run.fill, "ctrl+r")
            await seen(run.result)
        await pilot.pause()
        write(f"{run.name}-{size[0]}x{size[1]}", deck)


async def draw(only: list[str], data_folder: Path) -> None:
    FOLDER.mkdir(exist_ok=True)
    for run in RUNS:
        if not only or run.name in only:
            for size in SIZES:
                await from_run(run, size, data_folder)
    for picture in PICTURES:
        if not only or picture.name in only:
            for size in SIZES:
                await from_state(picture, size)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of pictures; all without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["MCPDECK_HOME"] = home
        anyio.run(draw, options.only, Path(home))


if __name__ == "__main__":
    main()
