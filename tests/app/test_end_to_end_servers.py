"""The server list with real servers and real files, keys pressed as a person would."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot

from mcpdeck.app.deck import Deck
from mcpdeck.app.main import _deck, _hands
from mcpdeck.app.screens import confirm_screen
from mcpdeck.app.worker import Services, around
from mcpdeck.services.manager import ConnectionManager, Settings
from mcpdeck.services.models import Status
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.state.model import CallStatus, ServerState
from mcpdeck.widgets.sparkline import BARS
from tests.config.project import Project
from tests.ui.real_runs import on_screen
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def answers_count_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person reads a question for a while before it is answered; tests know what it says."""
    monkeypatch.setattr(confirm_screen, "READING", 0.0)


TINY = [str(Path(__file__).parent.parent / "servers" / "tiny_stdio.py")]


def tiny(*more: str) -> dict[str, object]:
    return {"command": sys.executable, "args": [*TINY, *more]}


@dataclass
class Run:
    """A dashboard on the files of a project, composed as the program does it."""

    pilot: Pilot[None]
    deck: Deck
    services: Services
    project: Project

    @property
    def rows(self) -> dict[str, ServerState]:
        return dict(self.services.store.state.mcp.servers)

    async def sees(self, words: str) -> None:
        await eventually(lambda: words in on_screen(self.deck), f'"{words}" on the screen')

    async def statuses(self, **wanted: Status) -> None:
        def there() -> bool:
            rows = self.rows
            return all(name in rows and rows[name].status is status for name, status in wanted.items())

        await eventually(there, f"the servers to be {wanted}")
        await self.pilot.pause()

    def line(self, words: str) -> str:
        return next((line for line in on_screen(self.deck).split("\n") if words in line), "")

    @property
    def written(self) -> dict[str, object]:
        return json.loads(self.project.user_file.read_text("utf-8"))["mcpServers"]


@asynccontextmanager
async def running(project: Project, *, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Run]:
    configured: Configured = project.deck()
    manager = ConnectionManager(settings=Settings(), guard=configured.guard)
    manager.configure(configured.load_entries(), configured.sources)
    hands = _hands(manager, configured)
    with anyio.fail_after(60):
        async with around(manager, can_ask=True) as services, anyio.create_task_group() as tasks:
            deck = _deck(services, hands, tasks, anyio.Event())
            async with deck.run_test(size=size) as pilot:
                yield Run(pilot, deck, services, project)
            tasks.cancel_scope.cancel()


async def test_echo_is_called_by_three_keys_and_the_text(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.servers({"it": tiny()}, project.user_file)
    async with running(project, size=(80, 24)) as run:
        await run.statuses(it=Status.CONNECTED)
        await eventually(lambda: run.rows["it"].tools is not None, "the tools")
        keys = ["enter", "enter", "ctrl+r"]
        await run.pilot.press("enter")
        await run.pilot.pause()
        await run.pilot.press("enter")
        await run.sees("Ctrl+R Call")
        await run.pilot.press(*"hello", "ctrl+r")
        await eventually(lambda: bool(run.services.store.state.calls), "a call")
        await eventually(lambda: run.services.store.state.calls[0].status is CallStatus.SUCCESS, "its result")
        (call,) = run.services.store.state.calls
        assert (call.tool, call.arguments) == ("echo", {"text": "hello"})
        assert len(keys) <= 5


async def test_marked_servers_are_disabled_and_enabled_together_and_the_files_remember(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.servers({"a": tiny(), "b": tiny(), "c": tiny()}, project.user_file)
    async with running(project) as run:
        up, off = Status.CONNECTED, Status.DISABLED
        await run.statuses(a=up, b=up, c=up)
        await run.pilot.press("space", "space", "e")
        await run.statuses(a=off, b=off, c=up)
        assert [name for name, row in project.load().items() if row.gate is Status.DISABLED] == ["a", "b"]
        await run.pilot.press("e")
        await run.statuses(a=up, b=up, c=up)


async def test_a_removed_server_comes_back_by_u_with_its_file_as_it_was(tmp_path: Path) -> None:
    project = Project(tmp_path)
    text = json.dumps({"mcpServers": {"a": tiny(), "b": tiny()}}, indent=3).replace(": {", ":   {")
    project.write(text, project.user_file)
    async with running(project) as run:
        await run.statuses(a=Status.CONNECTED, b=Status.CONNECTED)
        await run.pilot.press("delete")
        await run.sees("U puts it back")
        await run.pilot.press("y")
        await eventually(lambda: "a" not in run.rows, "the row to go")
        assert list(run.written) == ["b"]
        await run.pilot.press("U")
        await run.statuses(a=Status.CONNECTED, b=Status.CONNECTED)
        assert project.user_file.read_text("utf-8") == text
        assert list(run.services.store.state.mcp.order) == ["a", "b"]


async def test_a_server_that_lacks_a_variable_is_given_one_on_enter_and_connects(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.servers({"hub": {"command": "${HUB_PYTHON}", "args": TINY}}, project.user_file)
    before = project.user_file.read_bytes()
    async with running(project, size=(80, 24)) as run:
        await eventually(lambda: "set HUB_PYTHON" in on_screen(run.deck), "what it needs")
        await run.pilot.press("enter")
        await run.sees("hub needs HUB_PYTHON")
        await run.pilot.press(*sys.executable, "enter")
        await run.statuses(hub=Status.CONNECTED)
        assert run.rows["hub"].missing == ()
        assert sys.executable not in on_screen(run.deck)
        assert project.user_file.read_bytes() == before


async def test_somebody_without_servers_takes_over_those_of_another_program_and_they_connect(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.options = replace(project.options, environ={**project.options.environ, "HOME": str(tmp_path / "home")})
    home = project.options.folders.home
    theirs = home / ".cursor" / "mcp.json"
    theirs.parent.mkdir(parents=True, exist_ok=True)
    theirs.write_text(json.dumps({"mcpServers": {"one": tiny(), "two": tiny()}}), "utf-8")
    async with running(project, size=(80, 24)) as run:
        await run.sees("◆ Cursor")
        await run.pilot.press("enter")
        await run.sees("Take over 2 servers of Cursor")
        await run.pilot.press("y")
        await run.statuses(one=Status.CONNECTED, two=Status.CONNECTED)
        await run.sees("● 2/2")
        assert set(run.written) == {"one", "two"}


async def test_latencies_of_calls_make_the_sparkline(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.servers({"it": tiny()}, project.user_file)
    async with running(project) as run:
        await run.statuses(it=Status.CONNECTED)
        await eventually(lambda: run.rows["it"].tools is not None, "the tools")
        for _ in range(3):
            await run.services.executor.call("it", "echo", {"text": "x"})
        await eventually(lambda: len(run.rows["it"].latencies) >= 3, "three latencies")
        await run.pilot.press("z")
        await eventually(lambda: bool(set(BARS) & set(run.line("● it"))), "bars in the row")
