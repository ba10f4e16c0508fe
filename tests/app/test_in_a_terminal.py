"""The whole application in a real terminal, on a server nobody here wrote: typed into, and read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psutil
import pytest

from tests.interop.conftest import absent
from tests.interop.install import missing
from tests.interop.peers import node
from tests.tmux import Tmux
from tests.waiting import gone, until

pytestmark = [pytest.mark.tmux, pytest.mark.interop]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    if reason := missing("node"):
        absent(reason)
    command, *arguments = node("server-everything", "stdio")
    path = tmp_path / "servers.json"
    path.write_text(json.dumps({"mcpServers": {"everything": {"command": command, "args": arguments}}}))
    return path


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_somebody_calls_a_tool_by_keyboard_and_reads_the_result(size: tuple[int, int], config: Path) -> None:
    command = (sys.executable, "-m", "mcpdeck.app", "--strict-mcp-config", "--mcp-config", str(config))
    with Tmux(command, size=size) as terminal:
        terminal.sees("everything")
        children = until(lambda: psutil.Process(terminal.pid).children(recursive=True), "server process")
        terminal.sees("1/1 connected")

        # Each key waits for what the one before it brought: the footer says where the focus is.
        terminal.press("Enter")
        terminal.sees("Enter Arguments")
        terminal.press("/")
        terminal.sees("filter tools")
        terminal.type("echo")
        terminal.sees("Tools 1/")
        terminal.press("Enter")
        terminal.sees("Enter Arguments")
        terminal.press("Enter")
        terminal.sees("Ctrl+R Call")
        terminal.type("hello from the keyboard")
        terminal.sees("hello from the keyboard")
        terminal.press("C-r")
        screen = terminal.sees("Echo: hello from the keyboard")
        assert "Traceback" not in screen

        terminal.press("q")
        until(lambda: not terminal.alive, "end of the program")
        gone(children)
