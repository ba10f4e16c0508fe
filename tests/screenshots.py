"""Draws ``screenshots/``: the dashboard on example states, and on a real run of the demo servers.

Owns the pictures the README shows. Never draws by hand: every SVG is what Textual rendered.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import anyio

from mcpdeck.app.deck import Deck
from mcpdeck.app.demo.entries import demo_servers
from mcpdeck.app.themes import DARK, LIGHT
from mcpdeck.services.state.model import AppState
from tests.ui import auth_states as auth
from tests.ui import detail_states as detail
from tests.ui import questions, states
from tests.ui import tool_states as tools
from tests.ui.deck_stage import decked
from tests.ui.form_stage import settle
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
SIZES = ((80, 24), (120, 40))


@dataclass(frozen=True)
class Picture:
    """An example state, the keys that are pressed on it, and the theme it is drawn in."""

    name: str
    state: AppState
    keys: tuple[str, ...] = ()
    theme: str = DARK.name


ZOO = states.zoo()
PICTURES = (
    Picture("empty", states.app_state()),
    Picture("servers", states.app_state(*ZOO)),
    Picture("servers-light", states.app_state(*ZOO), theme=LIGHT.name),
    Picture("calls", states.app_state(*ZOO, calls=states.CALLS), ("c",)),
    Picture("outcomes", states.app_state(tools.CALLED, *ZOO[1:], calls=tools.OUTCOMES), ("c",)),
    Picture("permission", states.app_state(tools.CALLED, tools.FILES, *ZOO[2:], prompts=(tools.asked(tools.WRITE),))),
    Picture("held-back", states.app_state(tools.HELD_BACK, *ZOO[1:]), ("i",)),
    Picture("question", states.app_state(*ZOO, prompts=(questions.QUESTION,))),
    Picture("login", states.app_state(auth.wanted(auth.WAITING), prompts=(auth.asked(),))),
    Picture("login-steps", states.app_state(auth.used()), ("A", "down", "down")),
    Picture("timeline", states.app_state(detail.REMOTE), ("t",)),
    Picture("help", states.app_state(*ZOO), ("question_mark",)),
)


async def from_state(picture: Picture, size: tuple[int, int]) -> None:
    async with decked(picture.state, size=size) as stage:
        stage.app.theme = picture.theme
        await stage.press(*picture.keys)
        write(f"{picture.name}-{size[0]}x{size[1]}", stage.app)


def write(name: str, deck: Deck) -> None:
    path = FOLDER / f"{name}.svg"
    path.write_text(deck.export_screenshot(title="mcpdeck") + "\n", encoding="utf-8")
    print(path.relative_to(FOLDER.parent), flush=True)


@dataclass(frozen=True)
class Run:
    """A real run on the demo servers: keys in turn, each with the words that are to stand on the screen after them."""

    name: str
    steps: tuple[tuple[tuple[str, ...], str], ...] = ()
    theme: str = DARK.name


def tool(name: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The form of one of the tools of the first server."""
    return (
        (("enter",), "Enter Arguments"),
        (("slash", *name), "Tools 1/"),
        (("enter",), "Enter Arguments"),
        (("enter",), "Ctrl+R Call"),
    )


RUNS = (
    Run("demo"),
    Run("demo-picture", (*tool("paint"), (("ctrl+r",), "success"))),
    Run("demo-picture-light", (*tool("paint"), (("ctrl+r",), "success")), theme=LIGHT.name),
    Run("form", (*tool("word_count"),)),
    Run("nested-form", (*tool("plan_trip"),)),
    Run("elicitation", (*tool("book_table"), (("ctrl+r",), "Accept Ctrl+R"))),
    Run("raw", (*tool("system_info"), (("ctrl+r",), "success"), (("o",), "Rendered"), (("3",), "jsonrpc"))),
    Run("doctor", (((*("down",) * 6, "C"), "exit code"),)),
    Run("search", ((("ctrl+k",), "server"), ((*"count",), "countdown"))),
)


async def from_run(run: Run, size: tuple[int, int], data_folder: Path) -> None:
    async with demo_servers() as entries, dashboard(entries, data_folder, size=size) as (pilot, deck, services):

        async def seen(text: str) -> None:
            await eventually(lambda: text in on_screen(deck), f"{text!r} on the screen", seconds=20)

        deck.theme = run.theme
        await services.manager.settled()
        await eventually(lambda: services.store.state.mcp.servers["demo-stdio"].tools, "tools of the demo")
        await seen("5/7 connected")
        for keys, text in run.steps:
            await pilot.press(*keys)
            await seen(text)
        await settle(deck, pilot)
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
