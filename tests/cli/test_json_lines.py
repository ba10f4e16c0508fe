"""JSON Lines on descriptors: whatever they lead to, whole lines in and whole lines out."""

from __future__ import annotations

import json
import os
import threading
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from mcpdeck.app import json_lines
from mcpdeck.app.json_lines import JsonLines, json_line, read_lines
from mcpdeck.services.models import JsonObject

SECONDS = 20


async def lines_of(descriptor: int) -> list[bytes | None]:
    with anyio.fail_after(SECONDS):
        async with aclosing(read_lines(descriptor)) as lines:
            return [line async for line in lines]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"\n", [b""]),
        (b"x" * 1_000_000 + b"\n" + b"y" * 70_000, [b"x" * 1_000_000, b"y" * 70_000]),
    ],
)
async def test_a_pipe_and_a_file_give_the_same_lines(data: bytes, lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(data)
    with file.open("rb") as opened:
        assert await lines_of(opened.fileno()) == lines
    reading, writing = os.pipe()
    sender = threading.Thread(target=_sent, args=(writing, data), daemon=True)
    sender.start()
    try:
        assert await lines_of(reading) == lines
    finally:
        os.close(reading)
        sender.join(SECONDS)


def _sent(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)


async def test_a_line_that_comes_in_pieces_is_given_as_soon_as_it_is_whole() -> None:
    reading, writing = os.pipe()
    try:
        with anyio.fail_after(SECONDS):
            async with aclosing(read_lines(reading)) as lines:
                os.write(writing, b"ab")
                os.write(writing, b"c\nd")
                assert await anext(lines) == b"abc"
                os.close(writing)
                assert await anext(lines) == b"d"
    finally:
        os.close(reading)


async def test_a_line_beyond_the_limit_is_none_and_the_next_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100_000)
    file = tmp_path / "in"
    file.write_bytes(b"x" * 300_000 + b"\nok\n" + b"x" * 300_000)
    with file.open("rb") as opened:
        assert await lines_of(opened.fileno()) == [None, b"ok", None]


async def test_waiting_for_a_line_can_be_cancelled() -> None:
    reading, writing = os.pipe()
    try:
        with anyio.move_on_after(0.05) as scope:
            await lines_of(reading)
        assert scope.cancelled_caught
    finally:
        os.close(reading)
        os.close(writing)


async def test_a_document_larger_than_a_pipe_is_written_whole_and_the_loop_goes_on() -> None:
    reading, writing = os.pipe()
    received = bytearray()

    def read() -> None:
        while piece := os.read(reading, 65_536):
            received.extend(piece)

    document: JsonObject = {"text": "x" * 1_000_000}
    reader = threading.Thread(target=read, daemon=True)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(JsonLines(writing, "utf-8").write, document)
            await anyio.wait_all_tasks_blocked()  # nobody reads yet, and nothing is held up
            reader.start()
    os.close(writing)
    reader.join(SECONDS)
    os.close(reading)
    assert json.loads(received) == document


async def test_a_reader_that_went_away_is_an_error_of_the_system() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        await JsonLines(writing, "utf-8").write({"a": 1})
    os.close(writing)


async def test_a_file_takes_documents_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "out"
    with file.open("wb") as opened:
        out = JsonLines(opened.fileno(), "utf-8")
        await out.write({"a": 1})
        await out.write({"b": "grün"})
    assert file.read_text(encoding="utf-8").splitlines() == ['{"a":1}', '{"b":"grün"}']


@pytest.mark.parametrize(
    ("value", "encoding", "line"),
    [
        ("grün", "utf-8", '"grün"'),
        ("grün", "ascii", '"gr\\u00fcn"'),
        ("a\u2028b", "utf-8", '"a\\u2028b"'),
        ("\u202eback", "utf-8", '"\\u202eback"'),
        ("\ud800", "utf-8", '"\\ud800"'),
        ("a\nb", "utf-8", '"a\\nb"'),
        (float("nan"), "utf-8", "null"),
    ],
)
def test_a_document_is_one_line_and_safe_to_show(value: str | float, encoding: str, line: str) -> None:
    data = json_line({"v": value}, encoding)
    assert data.decode(encoding) == f'{{"v":{line}}}\n'
    assert len(data.decode(encoding).splitlines()) == 1
