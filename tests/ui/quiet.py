"""Waiting for the screen by what it still has to do, not by the clock.

Textual's pilot waits after each key until the processor idles: twenty milliseconds and more a time, and
on a busy machine it is wrong. Here it waits until no widget has a message left and nothing is to be drawn.
"""

from __future__ import annotations

import anyio.lowlevel
from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump

STEPS = 6
"""Turns of the loop between two looks: handlers that wait for one another get on."""
LOOKS = 2_000


async def quiet(_min_sleep: float = 0, _max_sleep: float = 1) -> None:
    """In place of ``textual._wait.wait_for_idle``."""
    app = active_app.get()
    calm = 0
    for _ in range(LOOKS):
        for _ in range(STEPS):
            await anyio.lowlevel.checkpoint()
        if _busy(app):
            calm = 0
        else:
            calm += 1
            if calm == 2:
                return


def _busy(app: App[object]) -> bool:
    if not app.is_running or not app.screen_stack:
        return False
    if app._resize_timer is not None:
        app._check_resize()  # the same: a size is taken over a little later
        return True
    screen = app.screen
    pumps: list[MessagePump] = [app, *screen.walk_children(with_self=True)]
    if any(pump.message_queue_size for pump in pumps):
        return True
    if screen.is_current and not app._batch_count and screen._update_timer._active.is_set():
        screen._on_timer_update()  # what the timer does in its next sixtieth of a second
        return True
    return False
