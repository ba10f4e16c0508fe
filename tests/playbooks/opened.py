"""A session on a scripted transport, its reader running, its events collected."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from mcpdeck.services.connections.supervisor import CLIENT_INFO
from mcpdeck.services.eras.base import ClientSide, Offer
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.session import Answer, Ask, Question, Session
from tests.playbooks.scripted import Answer as Script
from tests.playbooks.scripted import ScriptedTransport


@dataclass
class Opened:
    session: Session
    transport: ScriptedTransport
    events: list[Any] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def rules(self) -> list[str]:
        return [event.rule for event in self.events if type(event).__name__ == "RuleBroken"]


@asynccontextmanager
async def opened(
    script: Script | None = None, *, human: Answer | None = None, offer: Offer | None = None, listens: bool = False
) -> AsyncGenerator[Opened]:
    """``human`` answers what ``offer`` allows (elicitation, unless given); without one nothing can be asked."""
    transport = ScriptedTransport(script)

    async def ask(question: Question) -> Answer:
        it.questions.append(question)
        assert human is not None
        return human

    asked: Ask | None = ask if human is not None else None
    session = Session(
        "peer",
        1,
        transport,
        emit=lambda event: it.events.append(event),
        client=ClientSide(CLIENT_INFO, offer or Offer(elicitation=human is not None)),
        ask=asked,
        listens=listens,
    )
    it = Opened(session, transport)

    async def read() -> None:
        try:
            await session.dispatcher.run()
        except McpDeckError:
            pass

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        yield it
        tasks.cancel_scope.cancel()
