"""``mcpdeck watch``: what a server says by itself, one line each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from tests.cli.command import ON_TINY, SDK2, SECONDS, CommandLine
from tests.entries import SERVERS
from tests.waiting import gone, until

FLOOD = ("--", sys.executable, str(SERVERS / "misbehaving.py"), "flood")
FIELDS = {"time", "server", "kind", "method", "params"}


@contextmanager
def watching(mcpdeck: CommandLine, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = mcpdeck.popen("watch", *words)
    try:
        yield process
    finally:
        process.kill()
        process.wait(SECONDS)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()


def line_of(process: subprocess.Popen[str], kind: str, **params: Any) -> dict[str, Any]:
    """The next line of that kind with these params; the bound is the test's own."""
    assert process.stdout is not None
    for text in process.stdout:
        line = json.loads(text)
        assert set(line) == FIELDS
        if line["kind"] == kind and (line["params"] or {}).items() >= params.items():
            return line
    raise AssertionError(f"no {kind} line with {params}")


def test_status_and_log_lines_come_as_they_happen_until_it_is_interrupted(mcpdeck: CommandLine) -> None:
    with watching(mcpdeck, *FLOOD) as process:
        children = until(psutil.Process(process.pid).children, "server process", seconds=SECONDS)
        status = line_of(process, "status", status="connected")
        assert (status["server"], status["method"]) == ("misbehaving", None)
        assert status["params"]["protocolVersion"] == "2025-11-25"
        log = line_of(process, "log", level="info")
        assert log["method"] == "notifications/message"
        assert log["params"]["logger"] == "flood"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 130
        gone(children)


def traced(mcpdeck: CommandLine) -> list[dict[str, Any]]:
    """The records of the trace so far; its last line may still be on its way."""
    file = mcpdeck.root / "t"
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_it_subscribes_to_the_resources_that_are_named(mcpdeck: CommandLine, era: str) -> None:
    asked = {"legacy": "resources/subscribe", "modern": "subscriptions/listen"}[era]

    def subscribed() -> bool:
        sent = [record["message"] for record in traced(mcpdeck) if record["direction"] == "sent"]
        return any(message.get("method") == asked and "deck://counter" in json.dumps(message) for message in sent)

    words = ("--subscribe", "deck://counter", "--era", era, "--trace", "t")
    with watching(mcpdeck, *words, "--", *SDK2) as process:
        until(subscribed, "subscription", seconds=SECONDS)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130


def test_a_subscription_that_is_refused_is_said_and_the_watch_goes_on(mcpdeck: CommandLine) -> None:
    with watching(mcpdeck, "--subscribe", "a:b", *ON_TINY) as process:
        assert process.stderr is not None
        assert "a:b is not subscribed to" in process.stderr.readline()
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130


def test_it_ends_after_the_time_that_is_given(mcpdeck: CommandLine) -> None:
    done = mcpdeck("watch", "--for", "0.2", *ON_TINY)
    assert (done.code, done.err) == (0, "")
    assert done.lines[0]["kind"] == "status"


def test_a_server_that_cannot_be_reached_ends_it_with_the_reason(mcpdeck: CommandLine) -> None:
    done = mcpdeck("watch", "--", "no-such-program-anywhere")
    assert done.code == 3
    assert done.lines[-1]["params"]["status"] == "failed"
    assert done.lines[-1]["params"]["error"]["kind"] == "connect"
    assert "no-such-program-anywhere" in done.err


def test_a_reader_that_goes_away_ends_it_quietly(mcpdeck: CommandLine) -> None:
    with watching(mcpdeck, *FLOOD) as process:
        children = until(psutil.Process(process.pid).children, "server process", seconds=SECONDS)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(SECONDS) == 0
        gone(children)
        assert "Traceback" not in process.stderr.read()
