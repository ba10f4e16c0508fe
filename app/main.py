"""The composition root: services, controller and Textual App, and one task group around them all.

Owns the order of starting and ending. Connections live in a task group *around* ``App.run_async``:
Textual cancels its own workers at exit without waiting for them, and a child process must not be
left behind.
"""

from __future__ import annotations

import os
import signal
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.abc

from ..services.eras.versions import VERSION
from ..services.manager import Settings
from ..services.policy.configured import Configured
from ..services.session import Memory
from .options import Options
from .worker import Services, running

if TYPE_CHECKING:
    from .controller import Controller, Toast
    from .deck import Deck

__all__ = ["Services", "run_dashboard", "running"]

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
FIRST_FRAME_WAIT = 2.0
"""Seconds after which connecting starts even if no frame was drawn (a terminal that takes nothing)."""


def run_dashboard(source: AbstractAsyncContextManager[Configured], options: Options) -> int:
    """Show the dashboard until the person leaves; the exit code. ``source`` yields the configured servers."""
    from ..widgets import terminal_graphics

    # Asked now, so that the terminal answers while the rest is still being imported.
    terminal_graphics.begin()
    return anyio.run(partial(_dashboard, source, options))


async def _dashboard(source: AbstractAsyncContextManager[Configured], options: Options) -> int:
    settings = Settings.from_environment(os.environ)
    if options.timeout is not None:
        settings = settings.within(options.timeout, "--timeout")
    caught: list[int] = []
    deck: Deck | None = None
    async with source as configured:
        first_frame = anyio.Event()
        entries = configured.load_entries()
        async with (
            running(
                entries, settings=settings, can_ask=True, memory=_memory(configured, options), start=first_frame
            ) as services,
            anyio.create_task_group() as tasks,
        ):
            deck = _deck(services, configured, tasks, first_frame)
            tasks.start_soon(_end_on_signal, deck, caught)
            tasks.start_soon(_first_frame_at_last, first_frame)
            from ..widgets import terminal_graphics

            terminal_graphics.finish()
            from .trace_file import traced

            with traced(services.trace, options.trace):
                await deck.run_async()
            tasks.cancel_scope.cancel()
    if caught:
        return 128 + caught[0]
    return (deck.return_code if deck is not None else None) or 0


def _memory(configured: Configured, options: Options) -> Memory:
    """What is remembered of servers outlives the process, except of those that the demo makes up each time."""
    return Memory(None if options.command == "demo" else configured.options.folders.cache / "servers")


def _deck(services: Services, configured: Configured, tasks: anyio.abc.TaskGroup, first_frame: anyio.Event) -> Deck:
    # Textual and everything drawn: not imported by the commands without a screen.
    from .controller import Controller
    from .deck import Deck

    def again() -> None:
        services.manager.configure(configured.load_entries())

    def approve(server: str) -> None:
        configured.approve(services.manager.entries[server])
        again()

    def reject(server: str) -> None:
        configured.reject(services.manager.entries[server])
        again()

    def set_enabled(server: str, enabled: bool) -> None:
        configured.set_enabled(services.manager.entries[server], enabled)
        again()

    def controller(toast: Toast) -> Controller:
        return Controller(
            services,
            tasks,
            toast,
            set_enabled=set_enabled,
            approve=approve,
            reject=reject,
            data_folder=configured.options.folders.data,
            reload=again,
        )

    return Deck(services.store, controller, version=VERSION, on_first_frame=first_frame.set)


async def _end_on_signal(deck: Deck, caught: list[int]) -> None:
    """SIGTERM, a closed terminal and an interrupt from outside end the dashboard in good order."""
    with anyio.open_signal_receiver(*ENDING_SIGNALS) as signals:
        async for number in signals:
            caught.append(number)
            deck.exit()


async def _first_frame_at_last(first_frame: anyio.Event) -> None:
    with anyio.move_on_after(FIRST_FRAME_WAIT):
        await first_frame.wait()
    first_frame.set()
