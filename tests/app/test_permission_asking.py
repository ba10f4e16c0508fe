"""The question at the terminal of a command: what is shown, what is a yes, and who is asked at all."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mcpdeck.app import login_hands
from mcpdeck.app.answers import Answers
from mcpdeck.app.options import Options
from mcpdeck.app.permission_asking import ask_on_terminal, permission_asker
from mcpdeck.services.models import Decision, Effect, Reach
from tests.policy.permitting import DESTROYS, resource, tool

ASK = Decision(Effect.ASK, "mcp__files__write", "settings.json", "a rule says so")
EVERY = tuple(Reach)
DESTRUCTIVE = (Reach.ONCE, Reach.SESSION)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that the person will type."""
    waiting: list[str] = []

    @asynccontextmanager
    async def lines(*, echo: bool = True) -> AsyncGenerator[AsyncIterator[str]]:
        async def each() -> AsyncIterator[str]:
            while waiting:
                yield waiting.pop(0)

        yield each()

    monkeypatch.setattr(login_hands, "typed_or_read_lines", lines)
    return waiting


@pytest.mark.parametrize(
    ("lines", "reaches", "answer"),
    [
        (["y"], EVERY, Reach.ONCE),
        ([" YES "], EVERY, Reach.ONCE),
        (["s"], EVERY, Reach.SESSION),
        (["a"], EVERY, Reach.ARGUMENTS),
        (["w"], EVERY, Reach.ALWAYS),
        (["always"], EVERY, Reach.ALWAYS),
        ([""], EVERY, None),
        (["n"], EVERY, None),
        ([], EVERY, None),
        (["what", "s"], EVERY, Reach.SESSION),
        (["w", "a", "x", "y"], DESTRUCTIVE, None),  # what is not offered is no answer, and three are enough
        (["s"], (Reach.ONCE,), None),
    ],
)
async def test_only_an_answer_that_is_offered_is_a_yes(
    typed: list[str], lines: list[str], reaches: tuple[Reach, ...], answer: Reach | None
) -> None:
    typed[:] = lines
    assert await ask_on_terminal(tool(), ASK, reaches) is answer


async def test_tool_arguments_claims_and_rule_are_shown_and_drive_no_terminal(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {"path": "/a\x1b[31m\u202ered", "many": list(range(100)), "long": "x" * 9_000}
    act = tool("write\x1b]0;x\x07", arguments=arguments, annotations=DESTROYS, trusted=False)
    typed[:] = ["n"]
    await ask_on_terminal(act, ASK, DESTRUCTIVE)
    shown = capsys.readouterr().err
    for words in ("files", '"path"', "may destroy something", "nobody vouches", "mcp__files__write", "settings.json"):
        assert words in shown
    assert "more lines" in shown
    assert not set(shown) & set("\x1b\x07\u202e")
    assert max(map(len, shown.splitlines())) < 700
    assert "[y]es once, [s]ession, [N]o" in shown


async def test_a_resource_is_shown_by_its_address(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed[:] = ["y"]
    assert await ask_on_terminal(resource("file:///srv/a"), ASK, (Reach.ONCE,)) is Reach.ONCE
    shown = capsys.readouterr().err
    assert 'The resource "file:///srv/a" of files' in shown
    assert "arguments" not in shown


async def test_arguments_that_nest_too_deeply_are_no_reason_to_fail(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    typed[:] = ["y"]
    assert await ask_on_terminal(tool(arguments={"a": deep}), ASK, EVERY) is Reach.ONCE
    assert "too deeply" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("permission", "yes", "answer"),
    [("allow", False, Reach.ONCE), ("deny", False, None), ("deny", True, None), (None, True, Reach.ONCE)],
)
async def test_the_answers_file_says_it_first_then_yes(permission: Any, yes: bool, answer: Reach | None) -> None:
    asker = permission_asker(Options("call", yes=yes), Answers(permission=permission))
    assert asker is not None
    assert await asker(tool(), ASK, EVERY) is answer


@pytest.mark.parametrize(
    ("stdin", "stderr", "options", "somebody"),
    [
        (True, True, Options("call"), True),
        (False, True, Options("call"), False),
        (True, False, Options("call"), False),
        (True, True, Options("batch"), False),
        (True, True, Options("call", arguments="-"), False),
    ],
    ids=["terminal", "no stdin", "no stderr", "batch", "arguments on stdin"],
)
def test_somebody_is_asked_only_at_a_terminal_that_is_free_for_the_answer(
    monkeypatch: pytest.MonkeyPatch, stdin: bool, stderr: bool, options: Options, somebody: bool
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: stdin, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: stderr, raising=False)
    assert (permission_asker(options, Answers()) is not None) is somebody
