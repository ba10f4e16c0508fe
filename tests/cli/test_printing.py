"""What goes to stdout is what the contract says, whatever the server sent and wherever stdout leads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from mcpdeck.app.content import block_pieces
from mcpdeck.app.printing import Cell, cell_width, table, visible_pieces, write_json, write_pieces
from mcpdeck.services.models import JsonObject
from mcpdeck.services.models.json_pieces import SLICE
from mcpdeck.services.state.text import visible
from tests.cli.command import MCPDECK, SECONDS, TINY, CommandLine


def _no_constant(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def test_numbers_that_json_does_not_know_are_null_in_the_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": float("nan"), "b": [float("inf"), {"c": 1.5}]})
    printed = json.loads(capsys.readouterr().out, parse_constant=_no_constant)
    assert printed == {"a": None, "b": [None, {"c": 1.5}]}


def test_what_could_drive_a_terminal_is_escaped_in_the_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": "\x1b\x7f\x9b\u202e😀"})
    assert capsys.readouterr().out == '{\n  "a": "\\u001b\\u007f\\u009b\\u202e\\ud83d\\ude00"\n}\n'


@pytest.mark.parametrize("at", [SLICE - 2, SLICE - 1, SLICE])
def test_a_long_text_is_shown_as_a_short_one_is(at: int) -> None:
    text = f"{'x' * at}\r\n{'é' * SLICE}\r\x1b\n"
    assert "".join(visible_pieces(text)) == visible(text)


def test_large_results_are_printed_without_a_copy_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a line\r\n" * 1_000_000
    document: JsonObject = {"content": [{"type": "text", "text": text}], "more": [1] * 100_000}
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        monkeypatch.setattr("sys.stdout", nowhere)
        tracemalloc.start()
        try:
            write_json(document)
            write_pieces(block_pieces({"type": "text", "text": text}))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < len(text) // 2


@pytest.mark.parametrize("letter", ["d", "é", "日"])
def test_a_description_of_a_megabyte_is_cut_for_a_terminal_at_once(
    letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    began = time.monotonic()
    lines = table(("TOOL", "DESCRIPTION"), [[Cell("t"), Cell(letter * 1_000_000)]])
    assert time.monotonic() - began < 10  # it took hours
    assert lines[1].endswith("…")
    assert all(cell_width(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("tools", "--mcp-config", "~nobody-of-that-name/x.json", "y"), 2),
        (("tools", "--cwd", "~nobody-of-that-name", "--", *TINY), 3),
        (("call", "echo", "--args", "@~nobody-of-that-name/x", "--", *TINY), 2),
    ],
)
def test_the_home_of_somebody_unknown_is_a_wrong_path(mcpdeck: CommandLine, words: tuple[str, ...], code: int) -> None:
    assert mcpdeck(*words).code == code  # and no traceback: the fixture looks for one


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("redirection", "code"), [(">/dev/full", 1), (">&-", 0)])
def test_a_full_disk_or_a_closed_stdout_is_said_without_a_traceback(
    mcpdeck: CommandLine, redirection: str, code: int
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *MCPDECK, "tools", "--json", "--", *TINY],
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
