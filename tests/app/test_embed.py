"""A program that opens the dashboard on servers of its own, as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mcpdeck.app.embed import run_dashboard
from mcpdeck.services.errors import UsageError
from mcpdeck.services.manager import ConnectionManager
from tests.tmux import Tmux
from tests.waiting import until

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The program that the README shows."""
    program = tmp_path / "example.py"
    program.write_text(README.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0])
    return program


@pytest.mark.tmux
def test_a_program_opens_the_dashboard_on_its_own_server_and_a_person_calls_its_tool(example: Path) -> None:
    with Tmux((sys.executable, str(example))) as terminal:
        terminal.sees("1/1 connected")
        terminal.press("Enter")
        terminal.sees("greet")
        terminal.press("Enter")
        terminal.sees("Enter Arguments")
        terminal.press("Enter")
        terminal.sees("Ctrl+R Call")
        terminal.type("Ada")
        terminal.sees("Ada")
        terminal.press("C-r")
        screen = terminal.sees("Hello, Ada!")
        assert "Traceback" not in screen
        terminal.press("q")
        until(lambda: not terminal.alive, "end of the program")


@pytest.mark.tmux
def test_a_person_switches_a_server_of_the_program_off_and_on_again(example: Path) -> None:
    with Tmux((sys.executable, str(example))) as terminal:
        terminal.sees("1/1 connected")
        terminal.press("e")
        terminal.sees("disabled")
        terminal.press("e")
        terminal.sees("1/1 connected")


def test_a_dashboard_in_a_running_loop_survives_in_its_manager(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        """
import anyio
from pathlib import Path
from mcp.server.mcpserver import MCPServer
from mcpdeck.app.embed import run_dashboard, run_dashboard_async
from mcpdeck.services.errors import UsageError
from mcpdeck.services.manager import ConnectionManager

async def main():
    manager = ConnectionManager()
    manager.set_servers({"greeter": MCPServer("greeter")})
    async with manager:
        session = await manager.connected("greeter")
        try:
            run_dashboard(manager)
        except UsageError as error:
            Path("refused").write_text(error.hint)
        code = await run_dashboard_async(manager)
        same = manager.session("greeter") is session
        Path("after").write_text(f"{code} {same}")

anyio.run(main)
"""
    )
    with Tmux(("sh", "-c", f"cd {tmp_path} && {sys.executable} {program}")) as terminal:
        terminal.sees("1/1 connected")
        terminal.press("q")
        until(lambda: not terminal.alive, "end of the program")
    assert (tmp_path / "after").read_text() == "0 True"
    assert "run_dashboard_async" in (tmp_path / "refused").read_text()


def test_without_a_terminal_the_program_is_told_so() -> None:
    code = (
        "from mcpdeck.app.embed import run_dashboard; from mcpdeck.services.manager import ConnectionManager; "
        "run_dashboard(ConnectionManager())"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "the dashboard needs a terminal" in done.stderr


def test_a_manager_whose_events_go_elsewhere_has_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    with pytest.raises(UsageError, match="keeps no state"):
        run_dashboard(ConnectionManager(emit=lambda event: None))
