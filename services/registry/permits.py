"""The rules of the person who runs mcpdeck, asked from the thread of a tool.

Owns the way there and back. Never decides anything: the rules live in the loop that connected the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from ..models import Act, Decision, Effect
from ..transports.server_thread import in_loop
from .typed import Permits

ANSWER_TIME = 5.0
"""Seconds after which nobody answers any more: the program is ending."""


class AskedAtHome:
    """``permissions`` gives rules that belong to ``home``; other threads ask here, and wait for the answer."""

    def __init__(self, permissions: Callable[[], Permits], home: asyncio.AbstractEventLoop) -> None:
        self._permissions = permissions
        self._home = home

    def decide(self, act: Act, /) -> Decision:
        answer: Future[Decision] = Future()

        def ask() -> None:
            if answer.set_running_or_notify_cancel():  # false: whoever asked has given up
                answer.set_result(self._permissions().decide(act))

        in_loop(self._home, ask)
        try:
            return answer.result(ANSWER_TIME)
        except TimeoutError:
            answer.cancel()
            return Decision(Effect.DENY, "no answer", "default", "the program is ending, and nobody answers")
