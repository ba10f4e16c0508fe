"""Whether a connected server is still there, and how far away it is.

Owns the beat of the pings. Never ends a connection: a request that fails does.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio

from .. import events as ev
from ..errors import ConnectionLost, McpDeckError
from ..models import untold
from ..session import Session
from .witness import Witness

HEALTH_INTERVAL = 30.0
"""Seconds between two measurements of latency."""
HEALTH_TIMEOUT = 10.0
LOOK_AGAIN = 1.0
"""Seconds between two looks at a server that lost an answer."""


async def watch(session: Session, witness: Witness, answers: Callable[[bool], None]) -> None:
    """Latency now and then, and whether the server is still there as soon as an answer was lost.

    ``answers`` is told of each ping whether there was an answer to it.
    """
    await session.lists.tools_settled()
    phase = witness.phase
    while True:
        try:
            first, phase = phase, untold  # of the pings the first one is a part of connecting
            with first("ping"), anyio.fail_after(HEALTH_TIMEOUT):
                latency = await session.ping()
        except TimeoutError:
            witness.note(f"no answer to a ping within {HEALTH_TIMEOUT:g} s")
            answers(False)
        except ConnectionLost as error:
            # Is it gone, or was it only this answer? A refused connection tells, and ends this one.
            witness.note(f"ping failed: {error.title}")
            answers(False)
            await anyio.sleep(LOOK_AGAIN)
            continue
        except McpDeckError as error:
            witness.note(f"ping failed: {error.title}")
            return
        else:
            answers(True)
            session.emit(ev.LatencyMeasured(session.server, session.generation, latency))
        with anyio.move_on_after(HEALTH_INTERVAL):
            await session.suspect.wait()
        session.suspect = anyio.Event()
