"""However ``mcpdeck batch`` ends: in good order, with the right code, and nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.cli.command import MCPDECK, ON_TINY, SECONDS, CommandLine
from tests.entries import SERVERS
from tests.waiting import gone, until

ASKING = ("--", sys.executable, str(SERVERS / "asking_stdio.py"))
STUBBORN = ("--", sys.executable, str(SERVERS / "misbehaving.py"), "stubborn")


@contextmanager
def running(mcpdeck: CommandLine, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A batch that is connected, and its child processes."""
    process = mcpdeck.popen("batch", *words, stdin=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    try:
        us = psutil.Process(process.pid)
        assert json.loads(process.stdout.readline())["ok"]
        children = until(us.children, "server process", seconds=SECONDS)
        yield process, children
    finally:
        process.kill()
        process.wait(SECONDS)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None and not pipe.closed:
                _closed(pipe)


def _closed(pipe: object) -> None:
    try:
        pipe.close()  # type: ignore[attr-defined]
    except BrokenPipeError:
        return


@pytest.mark.parametrize("target", [ON_TINY, STUBBORN], ids=["tiny", "stubborn"])
def test_the_end_of_stdin_ends_the_session_and_the_server(mcpdeck: CommandLine, target: tuple[str, ...]) -> None:
    with running(mcpdeck, *target) as (process, children):
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out, err) == (0, "", "")
        gone(children)


def test_a_reply_comes_before_the_next_line_is_there(mcpdeck: CommandLine) -> None:
    with running(mcpdeck, *ON_TINY) as (process, _):
        assert process.stdin is not None and process.stdout is not None
        for number in range(3):
            process.stdin.write('{"op": "ping"}\n')
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["ok"], number


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_it_waits_for_a_line_ends_it_in_good_order(
    mcpdeck: CommandLine, number: signal.Signals, code: int
) -> None:
    with running(mcpdeck, *ON_TINY) as (process, children):
        process.send_signal(number)
        assert process.wait(SECONDS) == code
        gone(children)
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_signal_in_the_middle_of_an_operation_ends_it_too(mcpdeck: CommandLine) -> None:
    with running(mcpdeck, *ON_TINY) as (process, children):
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write('{"op": "ping"}\n{"op": "call_tool", "name": "slow"}\n')
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
        gone(children)


def test_a_signal_is_heard_while_nobody_reads_the_replies(mcpdeck: CommandLine) -> None:
    with running(mcpdeck, *ASKING) as (process, children):
        assert process.stdin is not None
        blob = {"op": "call_tool", "name": "blob", "arguments": {"size": 3_000_000}}
        process.stdin.write(json.dumps(blob) + "\n")
        process.stdin.flush()
        assert process.stdout is not None
        process.stdout.read(1)  # the reply has begun, and the pipe is full of it
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 143
        gone(children)


def test_a_reader_that_goes_away_ends_it_quietly(mcpdeck: CommandLine) -> None:
    with running(mcpdeck, *ON_TINY) as (process, children):
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        process.stdin.write('{"op": "ping"}\n')
        process.stdin.flush()
        assert process.wait(SECONDS) == 0
        gone(children)
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(("redirection", "code"), [(">/dev/full", 1), (">&-", 0)])
def test_a_full_disk_or_a_closed_stdout_is_said_without_a_traceback(
    mcpdeck: CommandLine, redirection: str, code: int
) -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("needs /dev/full")
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *MCPDECK, "batch", *ON_TINY],
        cwd=mcpdeck.root,
        env=mcpdeck.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code
    assert ("could not be written" in done.stderr) is (code == 1)


def test_a_server_that_dies_is_said_in_each_reply_and_at_the_end(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "call_tool", "name": "die"}, {"op": "ping"})
    assert [(line["ok"], line.get("error", {}).get("kind")) for line in done.lines] == [
        (True, None),
        (False, "http"),
        (False, "http"),
    ]
    assert done.code == 1
