"""The real dashboard on real servers, steered by Textual's pilot: for end-to-end tests and screenshots."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from textual.pilot import Pilot

from mcpdeck.app.controller import Controller
from mcpdeck.app.deck import Deck
from mcpdeck.app.worker import BARE, Engine, Services, running
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.connections.logins import Logins
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import ServerEntry


def _never(*arguments: object) -> None:
    raise AssertionError("nothing here approves, rejects or switches a server")


@asynccontextmanager
async def dashboard(
    entries: Sequence[ServerEntry],
    data_folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    logins: Logins | None = None,
    engine: Engine = BARE,
    options: Callable[[], LoadOptions] | None = None,
    ticks: Callable[[], float] = time.monotonic,
) -> AsyncIterator[tuple[Pilot[None], Deck, Services]]:
    """Composed as ``app.main`` does it: the connections live around the App. ``ticks``: see ``Deck``.

    ``options``: where calls are remembered and saved; without them nothing is kept in files.
    """
    async with (
        running(entries, settings=Settings(), can_ask=True, logins=logins, engine=engine) as services,
        anyio.create_task_group() as tasks,
    ):
        deck = Deck(
            services.store,
            lambda toast: Controller(
                services,
                tasks,
                toast,
                set_enabled=_never,
                approve=_never,
                reject=_never,
                data_folder=data_folder,
                options=options,
            ),
            ticks=ticks,
        )
        async with deck.run_test(size=size) as pilot:
            yield pilot, deck, services
        tasks.cancel_scope.cancel()


def on_screen(deck: Deck) -> str:
    """What a person reads, line by line."""
    return "\n".join(strip.text for strip in deck.screen._compositor.render_strips())
