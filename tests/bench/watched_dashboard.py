"""The real dashboard with a watch on its event loop: how late the loop takes up what another thread hands it.

Owns the thread that hands it something every few milliseconds and writes down, at the end, how long each took.
Everything else is ``mcpdeck`` as it is started. Usage: ``watched_dashboard.py FILE ARGUMENTS…``; FILE gets JSON:
``{"at": [seconds, monotonic], "late": [seconds]}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mcpdeck.app.__main__ import main
from mcpdeck.app.deck import Deck

EVERY = 0.005
at: list[float] = []
late: list[float] = []


def watched(ready: Callable[[Deck], None]) -> Callable[[Deck], None]:
    def on_ready(deck: Deck) -> None:
        ready(deck)
        threading.Thread(target=watch, args=(asyncio.get_running_loop(),), daemon=True).start()

    return on_ready


def watch(loop: asyncio.AbstractEventLoop) -> None:
    taken = threading.Event()
    while not loop.is_closed():
        asked = time.monotonic()
        try:
            loop.call_soon_threadsafe(taken.set)
        except RuntimeError:
            return
        taken.wait(60)
        taken.clear()
        at.append(asked)
        late.append(time.monotonic() - asked)
        time.sleep(EVERY)


if __name__ == "__main__":
    Deck.on_ready = watched(Deck.on_ready)
    target = Path(sys.argv.pop(1))
    sys.argv[0] = "mcpdeck"
    try:
        code = main()
    finally:
        target.write_text(json.dumps({"at": at, "late": late}))
    sys.exit(code)
