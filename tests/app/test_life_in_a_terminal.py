"""What happens to a terminal while the dashboard is in it: resized, pasted into, without pictures, left in mid-call."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import node
from tests.tmux import Tmux
from tests.waiting import gone, until

pytestmark = [pytest.mark.tmux, pytest.mark.interop]

HALF_BLOCKS = ("▀", "▄")


@contextmanager
def opened(home: Path, size: tuple[int, int] = (100, 30), **env: str) -> Iterator[Tmux]:
    """The dashboard on server-everything, connected, with the cursor among its tools."""
    if reason := missing("node"):
        absent(reason)
    command, *arguments = node("server-everything", "stdio")
    config = home / "servers.json"
    config.write_text(json.dumps({"mcpServers": {"everything": {"command": command, "args": arguments}}}))
    program = (sys.executable, "-m", "mcpdeck.app", "--strict-mcp-config", "--mcp-config", str(config))
    with Tmux(program, size=size, env={"MCPDECK_HOME": str(home / "home"), **env}) as terminal:
        terminal.sees("1/1 connected")
        terminal.press("Enter")
        terminal.sees("Enter Arguments")
        yield terminal


def choose(terminal: Tmux, tool: str) -> None:
    """The form of a tool."""
    terminal.press("/")
    terminal.sees("filter tools")
    terminal.type(tool)
    terminal.sees("Tools 1/")
    terminal.press("Enter")
    terminal.sees("Enter Arguments")
    terminal.press("Enter")
    terminal.sees("Ctrl+R Call")


def test_a_resized_terminal_is_filled_and_what_was_typed_stays(tmp_path: Path) -> None:
    with opened(tmp_path, size=(80, 24)) as terminal:
        choose(terminal, "echo")
        terminal.type("typed before")
        terminal.sees("typed before")
        for columns, rows in ((140, 45), (60, 15), (240, 70), (80, 24)):
            terminal.resize(columns, rows)
            wide = until(
                lambda: (
                    (screen := terminal.screen().splitlines())
                    and len(screen[-1].rstrip()) > columns - 20  # noqa: B023 - looked at before the next size
                    and screen
                ),
                f"a screen of {columns} columns",
            )
            assert max(map(len, wide)) <= columns
        terminal.sees("typed before")
        terminal.type(" and after")
        terminal.press("C-r")
        terminal.sees("Echo: typed before and after")


def test_a_megabyte_that_is_pasted_is_sent_whole(tmp_path: Path) -> None:
    text = "".join(f"word {number:06} " for number in range(84_000)).strip()
    with opened(tmp_path) as terminal:
        choose(terminal, "echo")
        terminal.paste(text)
        terminal.sees("1,007,999 characters held", seconds=60)
        terminal.press("C-r")
        terminal.sees("success", seconds=60)
        terminal.press("s")
        saved = until(
            lambda: [file for file in (tmp_path / "home").rglob("*") if "results" in file.parts and file.is_file()],
            "the saved result",
            seconds=60,
        )
        until(lambda: f"Echo: {text}" in saved[0].read_text(), "the whole text in the file", seconds=30)


def test_without_pictures_an_image_is_told_and_not_drawn(tmp_path: Path) -> None:
    with opened(tmp_path, MCPDECK_IMAGES="off") as terminal:
        choose(terminal, "get-tiny-image")
        terminal.press("C-r")
        screen = terminal.sees("image/png")
        assert not any(block in screen for block in HALF_BLOCKS)


def test_quitting_in_the_middle_of_a_call_ends_the_server_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        children = psutil.Process(terminal.pid).children(recursive=True)
        choose(terminal, "long-running")
        terminal.press("C-r")
        terminal.sees("x cancels")  # the focus is among the calls: in the form it would be a letter
        terminal.press("q")
        until(lambda: not terminal.alive, "end of the program")
        gone(children)
