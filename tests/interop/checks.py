"""What shows that a feature of the matrix works: one check each, strict about what was really observed.

A check raises ``Unseen`` (or whatever our services raised) when the feature was not seen to work. Runs
under any interpreter that can import the services: nothing here needs the SDKs or pytest.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel

from mcpdeck.app.worker import Services
from mcpdeck.services.session import Answer, Offer, Question, Session
from mcpdeck.services.session.lists import PROMPTS, RESOURCES, TEMPLATES, TOOLS
from mcpdeck.services.telemetry.trace import TraceRecord
from tests.interop.recipes import Recipe, Row, Said, Stops, Told, Withheld

OFFER = Offer(elicitation=True, sampling=True, roots=({"uri": "file:///srv/deck", "name": "deck"},))
SAYS = "forty-two"
SECONDS = 30.0
"""How long one check may take."""


class Unseen(Exception):
    """What should have been observed was not."""


class Person:
    """Answers every question of one row and keeps what was asked."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self.asked: list[Question] = []

    async def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        if question.method == "sampling/createMessage":
            reply = {"type": "text", "text": SAYS}
            return Answer("accept", {"role": "assistant", "content": reply, "model": "deck-1", "stopReason": "endTurn"})
        if question.params.get("mode") == "url":
            return Answer("accept")
        return Answer("accept", dict(self._recipe.form))

    def count(self, method: str) -> int:
        return sum(question.method == method for question in self.asked)


class Wire:
    """The trace of one row, to be waited on."""

    def __init__(self, services: Services, server: str) -> None:
        self._services = services
        self._server = server
        self._news = anyio.Event()
        services.trace.tap(self._heard)

    def _heard(self, _record: TraceRecord) -> None:
        news, self._news = self._news, anyio.Event()
        news.set()

    def received(self, method: str) -> list[dict[str, Any]]:
        """The params of every notification of that method, oldest first."""
        return [json.loads(record.data)["params"] for record in self._records("received", method)]

    def sent(self, method: str) -> list[dict[str, Any]]:
        """Every message of that method that was sent, oldest first."""
        return [json.loads(record.data) for record in self._records("sent", method)]

    def last_sent(self, method: str) -> dict[str, Any]:
        return self.sent(method)[-1]

    def answered(self, request_id: Any) -> bool:
        return any(
            record.direction == "received" and record.kind in {"response", "error"} and record.id == request_id
            for record in self._services.trace.of(self._server)
        )

    async def until(self, found: Callable[[], Any], what: str, seconds: float = 20) -> Any:
        """The first truthy value of ``found()``, looked for at every record."""
        with anyio.move_on_after(seconds):
            while not (value := found()):
                await self._news.wait()
            return value
        raise Unseen(f"within {seconds:g} s there was no {what}")

    def _records(self, direction: str, method: str) -> list[TraceRecord]:
        return [
            record
            for record in self._services.trace.of(self._server)
            if record.direction == direction and record.method == method
        ]


def text_of(result: dict[str, Any]) -> str:
    blocks = [block.get("text", "") for block in result.get("content", ()) if isinstance(block, dict)]
    return "\n".join(blocks) or json.dumps(result)


def must(condition: object, what: str) -> None:
    if not condition:
        raise Unseen(what)


class Checks:
    """The checks of one row; ``reference`` is what the official client sees."""

    def __init__(self, row: Row, session: Session, wire: Wire, person: Person, reference: dict[str, Any]) -> None:
        self._row = row
        self._recipe = row.peer.recipe
        self._session = session
        self._wire = wire
        self._person = person
        self._reference = reference

    def of(self, feature: str) -> Callable[[], Awaitable[None]]:
        return {
            "list": self.lists,
            "call": self.call,
            "progress": self.progress,
            "cancel": self.cancel,
            "elicit": self.elicit,
            "sample": self.sample,
            "subscribe": self.subscribe,
            "complete": self.complete,
            "tasks": self.tasks,
        }[feature]

    async def lists(self) -> None:
        """Every list with all its pages is what the official client gets."""
        for kind, name in ((TOOLS, "tools"), (RESOURCES, "resources"), (TEMPLATES, "templates"), (PROMPTS, "prompts")):
            capability = "resources" if kind is TEMPLATES else name
            expected = {item["name"]: item for item in self._reference[name]}
            if capability not in self._session.capabilities:
                must(not expected, f"the {name} of a server that does not announce them")
                continue
            items = await self._session.lists.pages(kind)
            got = {item["name"]: item for item in items if isinstance(item, dict)}
            must(len(got) == len(items), f"{name}: an item twice")
            extra = got.keys() - expected.keys() - self._row.peer.conditional
            must(not extra, f"{name} that the official client does not see: {sorted(extra)}")
            must(not expected.keys() - got.keys(), f"{name} are missing: {sorted(expected.keys() - got.keys())}")
            other = [key for key, item in expected.items() if got[key] != item]
            must(not other, f"{name} that are not what the official client sees: {other}")

    async def _said(self, said: Said, **more: Any) -> str:
        tool, arguments, expected = said
        result = await self._session.call_tool(tool, dict(arguments), **more)
        text = text_of(result)
        must(not result.get("isError"), f"{tool} failed: {text[:200]}")
        must(expected in text, f"{tool} answered {text[:200]!r}")
        return text

    async def call(self) -> None:
        await self._said(self._recipe.call)

    async def progress(self) -> None:
        tool, arguments = self._recipe.progress or ("", {})
        seen: list[float] = []
        await self._session.call_tool(tool, dict(arguments), on_progress=lambda progress, *_: seen.append(progress))
        must(len(seen) >= 2 and seen == sorted(set(seen)), f"progress was {seen}")

    async def cancel(self) -> None:
        match self._recipe.cancel:
            case Told(tool, counter):
                before = await self._number(counter)
                await self._cancelled(tool, {})
                with anyio.move_on_after(20):
                    while await self._number(counter) == before:
                        await anyio.lowlevel.checkpoint()  # asking again is wait enough
                    return
                raise Unseen("the tool was not told of the cancellation")
            case Withheld(tool, arguments, last):
                request = await self._cancelled(tool, dict(arguments))
                token = request["params"]["_meta"]["progressToken"]
                await self._wire.until(lambda: last in self._progress(token), "end of the cancelled work")
                await self._said(self._recipe.call)
                must(not self._wire.answered(request["id"]), "the cancelled call was answered")
            case Stops(tool, arguments, after):
                request = await self._cancelled(tool, dict(arguments))
                token = request["params"]["_meta"]["progressToken"]
                await self._session.call_tool(tool, dict(after))
                count = len(self._progress(token))
                await self._session.call_tool(tool, dict(after))
                must(len(self._progress(token)) == count, "the cancelled call went on")
                must(not self._wire.answered(request["id"]), "the cancelled call was answered")
            case None:
                raise Unseen("no recipe")

    def _progress(self, token: Any) -> list[float]:
        heard = self._wire.received("notifications/progress")
        return [params["progress"] for params in heard if params["progressToken"] == token]

    async def _number(self, counter: str) -> int:
        return int(text_of(await self._session.call_tool(counter, {})))

    async def _cancelled(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call, and cancel at the first progress; the request as it was sent."""
        with anyio.CancelScope() as scope:
            await self._session.call_tool(tool, arguments, on_progress=lambda *_: scope.cancel())
        must(scope.cancelled_caught, f"{tool} ended before it could be cancelled")
        return self._wire.last_sent("tools/call")

    async def elicit(self) -> None:
        await self._asked(self._recipe.elicit, "elicitation/create")

    async def sample(self) -> None:
        await self._asked(self._recipe.sample, "sampling/createMessage")

    async def _asked(self, said: Said | None, method: str) -> None:
        assert said is not None
        before = self._person.count(method)
        await self._said(said)
        must(self._person.count(method) == before + 1, f"asked {self._person.count(method) - before} times")

    async def subscribe(self) -> None:
        uri, tool = self._recipe.subscribe or ("", "")
        await self._session.subscribe(uri)
        must(not self._updates(uri), "an update came before anything changed")
        await self._session.call_tool(tool, {})
        await self._wire.until(lambda: self._updates(uri), "update")
        await self._session.unsubscribe(uri)

    def _updates(self, uri: str) -> int:
        return sum(params["uri"] == uri for params in self._wire.received("notifications/resources/updated"))

    async def complete(self) -> None:
        ref, name, typed, values = self._recipe.complete or ({}, "", "", ())
        result = await self._session.complete(dict(ref), {"name": name, "value": typed})
        got = result.get("completion", result)
        must(isinstance(got, dict) and got.get("values") == list(values), f"completion was {got}")

    async def tasks(self) -> None:
        assert self._recipe.tasks is not None
        seen: list[Any] = []
        await self._said(self._recipe.tasks, as_task=True, on_task=seen.append)
        must(len(seen) == 1, f"{len(seen)} tasks were created")
