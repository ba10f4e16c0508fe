"""Questions from servers to a human, and their answers by id.

Owns the open questions. The state holds only their description; the dashboard, the command line or
a test answers by id. A question that its asker gives up is closed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import anyio
import anyio.lowlevel

from .. import events as ev
from ..session import Answer, Question

GRACE = 0.25
"""Seconds for which answers that were given on leaving may still be sent."""


class Interactions:
    """``ask`` waits for ``answer``; both run on the loop's thread."""

    def __init__(self, emit: Callable[[ev.PromptOpened | ev.PromptClosed], None]) -> None:
        self._emit = emit
        self._ids = itertools.count(1)
        self._waiting: dict[str, tuple[anyio.Event, list[Answer]]] = {}
        self._left = False

    async def ask(self, question: Question) -> Answer:
        """Open a prompt and wait for its answer; cancelling closes the prompt. Nobody is there any more: cancel."""
        if self._left:
            await anyio.lowlevel.checkpoint()  # whoever asks again and again must not hold the loop
            return Answer("cancel")
        prompt = f"q{next(self._ids)}"
        done, answers = self._waiting[prompt] = (anyio.Event(), [])
        self._emit(
            ev.PromptOpened(prompt, question.server, question.call, question.method, question.params, time.time())
        )
        try:
            await done.wait()
            return answers[0]
        finally:
            del self._waiting[prompt]
            self._emit(ev.PromptClosed(prompt))

    def answer(self, prompt: str, answer: Answer) -> bool:
        """Answer an open question; False when it is no longer open."""
        waiting = self._waiting.get(prompt)
        if waiting is None or waiting[1]:
            return False
        done, answers = waiting
        answers.append(answer)
        done.set()
        return True

    async def leave(self) -> None:
        """Nobody is there any more: what waits, and what is asked from now on, is answered with cancel.

        Returns once those answers had their time to be sent; at once where nothing waited.
        """
        self._left = True
        waited = [self.answer(prompt, Answer("cancel")) for prompt in list(self._waiting)]
        if any(waited):
            await anyio.sleep(GRACE)
