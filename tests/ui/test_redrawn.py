"""What is drawn again when one server of many changes: its row and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from mcpdeck.services.models import Status
from mcpdeck.services.state.model import Counters, ServerState
from mcpdeck.widgets.header_bar import HeaderBar
from mcpdeck.widgets.server_list import ServerList
from tests.ui import states

pytestmark = pytest.mark.anyio

ROWS = tuple(states.connected(f"server-{number:02}") for number in range(20))


class Lists(ServerList):
    drawn: list[Region]

    def refresh(self, *regions: Region, **options: bool) -> Lists:
        self.__dict__.setdefault("drawn", []).extend(regions or (self.size.region,))
        super().refresh(*regions, **options)
        return self


class Header(HeaderBar):
    drawn: int = 0

    def refresh(self, *regions: Region, **options: bool) -> Header:
        self.drawn += 1
        super().refresh(*regions, **options)
        return self


class Two(App[None]):
    def compose(self) -> ComposeResult:
        yield Header("1", id="header")
        yield Lists(id="servers", clock=states.clock)


def _with(number: int, **changes: object) -> tuple[ServerState, ...]:
    row = replace(ROWS[number], **changes)  # type: ignore[arg-type]
    return (*ROWS[:number], row, *ROWS[number + 1 :])


async def test_a_change_of_one_server_draws_its_row_and_no_other() -> None:
    app = Two()
    async with app.run_test(size=(100, 30)) as pilot:
        servers = app.query_one(Lists)
        servers.mcp = states.mcp(*ROWS)
        await pilot.pause()
        servers.drawn.clear()
        servers.mcp = states.mcp(*_with(7, counters=Counters(received=5)))
        assert servers.drawn == [Region(0, 8, servers.size.width, 1)]  # below the heading


async def test_a_name_that_needs_more_room_draws_all_rows() -> None:
    app = Two()
    async with app.run_test(size=(100, 30)) as pilot:
        servers = app.query_one(Lists)
        servers.mcp = states.mcp(*ROWS)
        await pilot.pause()
        servers.drawn.clear()
        longer = replace(ROWS[3], id="a-name-that-is-longer-than-the-others")
        servers.mcp = states.mcp(*ROWS[:3], longer, *ROWS[4:])
        assert servers.size.region in servers.drawn


async def test_the_header_is_drawn_again_only_when_a_count_changes() -> None:
    app = Two()
    async with app.run_test(size=(100, 30)) as pilot:
        header = app.query_one(Header)
        header.mcp = states.mcp(*ROWS)
        await pilot.pause()
        header.drawn = 0
        header.mcp = states.mcp(*_with(7, counters=Counters(received=5)))
        assert header.drawn == 0
        header.mcp = states.mcp(*_with(7, status=Status.FAILED))
        assert header.drawn == 1
