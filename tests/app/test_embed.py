"""A program that opens the dashboard on servers of its own, as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from pydantic import BaseModel

from mcpdeck.app import embed
from mcpdeck.app.embed import engine_for, run_dashboard
from mcpdeck.app.worker import Engine, around
from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.errors import UsageError
from mcpdeck.services.manager import ConnectionManager, Settings
from mcpdeck.services.policy.permissions import Permissions
from mcpdeck.services.registry.typed import Annotations, Success, ToolContext, TypedTool
from mcpdeck.services.state.model import CallStatus
from mcpdeck.services.telemetry.audit import Audit
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


class Nothing(BaseModel):
    pass


class Text(BaseModel):
    text: str


class Long(TypedTool[Nothing, Text]):
    name = "long"
    Request: ClassVar[type[BaseModel]] = Nothing
    Response: ClassVar[type[BaseModel]] = Text
    annotations = Annotations(read_only=True)

    def run(self, request: Nothing, context: ToolContext) -> Success[Text]:
        return Success(Text(text="word " * 2_000))


def _program() -> ConnectionManager:
    manager = ConnectionManager(settings=Settings(output_tokens=100))
    assert not manager.set_servers({"own": Long}).errors
    return manager


@pytest.mark.anyio
async def test_calls_of_a_program_go_the_way_of_all_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPDECK_HOME", str(tmp_path))
    manager = _program()
    with anyio.fail_after(30):
        async with around(manager, engine=engine_for(manager)) as services:
            call = await services.executor.call("own", "long", {})
    assert call.status is CallStatus.SUCCESS
    assert call.measured is not None
    assert call.measured.truncated
    assert call.measured.saved_to is not None
    assert "word word" in await anyio.Path(call.measured.saved_to).read_text()
    assert not (tmp_path / "data" / "audit").exists()
    row = services.store.state.mcp.servers["own"]
    assert row.stats is not None
    assert row.stats.calls == 1


@pytest.mark.anyio
async def test_a_program_says_what_is_allowed_and_what_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPDECK_HOME", str(tmp_path))
    permissions = Permissions.of(())
    manager = _program()
    engine = engine_for(
        manager, permissions=permissions, audit=Audit(tmp_path / "own"), vouches=lambda entry: False, limits=Limits()
    )
    with anyio.fail_after(30):
        async with around(manager, engine=engine) as services:
            call = await services.executor.call("own", "long", {})
    assert call.status is CallStatus.DENIED  # nobody vouches for its saying that it only reads, and nobody is asked
    assert "denied" in (tmp_path / "own" / "audit.jsonl").read_text()


@pytest.mark.parametrize("given", [False, True], ids=["as everywhere", "as the program says"])
def test_the_dashboard_of_a_program_has_the_engine_of_all(monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    engines: list[Engine] = []

    async def shown(manager: ConnectionManager, hands: Any, *, title: str | None, engine: Engine) -> int:
        engines.append(engine)
        return 0

    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    monkeypatch.setattr(embed, "show", shown)
    monkeypatch.setattr(embed, "begin_drawing", lambda: None)
    manager = ConnectionManager()
    own = engine_for(manager)
    assert run_dashboard(manager, engine=own if given else None) == 0
    (engine,) = engines
    assert (engine is own) is given
    assert engine.keeper is not None
    assert engine.permissions is not None
    assert engine.permissions.profile_of("own") == "admin"
    assert engine.audit is None
