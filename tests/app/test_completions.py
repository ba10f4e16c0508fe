"""What fits an argument: asked for once typing rests, once, and never told when it is out of date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import pytest

from mcpdeck.app import completions
from mcpdeck.app.completions import Completing, Completions, read
from mcpdeck.services.errors import RPCError
from mcpdeck.services.models import JsonObject

REF: JsonObject = {"type": "ref/prompt", "name": "review"}


class Answers:
    """A session that completes."""

    server, generation = "library", 1

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[tuple[object, object]] = []
        self.failure = failure
        self.answering = anyio.Event()
        self.answering.set()

    async def complete(self, ref: JsonObject, argument: JsonObject, context: Mapping[str, str]) -> JsonObject:
        self.asked.append((argument["value"], dict(context)))
        await self.answering.wait()
        if self.failure is not None:
            raise self.failure
        return {"completion": {"values": [f"{argument['value']}!"], "total": 7, "hasMore": True}}


class Stage:
    def __init__(self, answers: Answers, tasks: Any) -> None:
        self.told: list[Completions] = []

        def start(work: Callable[[], Awaitable[None]]) -> None:
            tasks.start_soon(work)

        self.completing = Completing(start, lambda server: answers if server == "library" else None)  # type: ignore[arg-type,return-value]

    def ask(self, prefix: str, context: Mapping[str, str] | None = None, server: str = "library") -> None:
        self.completing.ask(server, REF, "change", prefix, context or {}, self.told.append)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completions, "RESTS", 0.0)


async def test_only_what_was_typed_last_is_asked_for_and_told() -> None:
    answers = Answers()
    async with anyio.create_task_group() as tasks:
        stage = Stage(answers, tasks)
        for prefix in ("f", "fi", "fix"):
            stage.ask(prefix)
    assert answers.asked == [("fix", {})]
    assert stage.told == [Completions(("fix!",), 7, more=True)]


async def test_an_answer_that_is_out_of_date_is_never_told() -> None:
    answers = Answers()
    answers.answering = anyio.Event()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            stage = Stage(answers, tasks)
            stage.ask("f")
            while not answers.asked:
                await anyio.lowlevel.checkpoint()
            stage.ask("fi")
            answers.answering.set()
    assert [found.values for found in stage.told] == [("fi!",)]


async def test_what_was_answered_is_not_asked_again_but_with_another_context_it_is() -> None:
    answers = Answers()
    async with anyio.create_task_group() as tasks:
        stage = Stage(answers, tasks)
        stage.ask("f")
    async with anyio.create_task_group() as tasks:
        stage.completing._start = tasks.start_soon
        stage.ask("f")
        stage.ask("f", {"tone": "kind", "change": "f"})
    assert answers.asked == [("f", {}), ("f", {"tone": "kind"})]
    assert len(stage.told) == 3


async def test_failures_are_counted_and_told_nowhere_and_one_who_cannot_is_not_asked_again() -> None:
    answers = Answers(RPCError(-32603, "internal"))
    async with anyio.create_task_group() as tasks:
        stage = Stage(answers, tasks)
        stage.ask("a")
    async with anyio.create_task_group() as tasks:
        stage.completing._start = tasks.start_soon
        answers.failure = RPCError(-32601, "method not found")
        stage.ask("b")
    async with anyio.create_task_group() as tasks:
        stage.completing._start = tasks.start_soon
        stage.ask("c")
        stage.ask("d", server="elsewhere")
    assert [prefix for prefix, _ in answers.asked] == ["a", "b"]
    assert stage.completing.failures == 2
    assert stage.told == []


@pytest.mark.parametrize(
    ("given", "values", "total"),
    [
        ({}, (), None),
        ({"completion": {"values": ["a", 1, None, "a", "b"], "total": -1}}, ("a", "b"), None),
        ({"completion": {"values": [str(n) for n in range(300)], "total": 300.0}}, tuple(map(str, range(100))), 300),
        ({"completion": {"values": "abc", "total": True}}, (), None),
    ],
)
def test_whatever_a_server_answers_only_texts_are_taken(given: Any, values: tuple[str, ...], total: int | None) -> None:
    found = read(given)
    assert (found.values, found.total) == (values, total)
