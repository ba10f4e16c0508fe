"""Long results and results with files in them, from the command line."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from mcpdeck.app.options import Options
from mcpdeck.app.result_output import note_size, printed, save
from mcpdeck.services.engine.truncation import measure
from mcpdeck.services.errors import UsageError
from mcpdeck.services.models import JsonObject
from mcpdeck.services.state.model import CallState
from tests.cli.command import TINY, CommandLine
from tests.entries import SERVERS

ON_LARGE = ("--", sys.executable, str(SERVERS / "large_results.py"))
LINE = "a line of a log that goes on and on, one like the other, until it is large\n"


def test_a_result_that_a_model_would_get_cut_is_printed_whole_and_kept_in_a_file(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "text", "size:=7500", *ON_LARGE, env={"MAX_MCP_OUTPUT_TOKENS": "1000"})
    assert (done.code, done.out) == (0, LINE * 100 + "\n")
    (file,) = (mcpdeck.home / "cache" / "spilled").iterdir()
    assert file.read_text() == LINE * 100
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert done.err == (
        f"warning: text: about 1,875 tokens, of which a model would get 1,000; the whole is in {file}\n"
    )


def test_json_says_what_a_model_would_get_and_has_the_content_as_received(mcpdeck: CommandLine) -> None:
    document = mcpdeck("call", "text", "size:=7500", "--json", *ON_LARGE, env={"MAX_MCP_OUTPUT_TOKENS": "1000"}).json
    assert document["content"] == [{"type": "text", "text": LINE * 100}]
    assert (document["truncated"], document["tokens"], document["tokenLimit"]) == (True, 1_875, 1_000)
    assert Path(document["savedTo"]).read_text() == LINE * 100
    document = mcpdeck("call", "picture", "--json", "--", *TINY).json
    assert (document["truncated"], document["savedTo"]) == (False, None)
    assert document["forModel"] == ["whole", "nothing", "whole", "line"]


def test_a_limit_that_is_no_number_is_told_and_the_default_is_used(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "text", "size:=7500", *ON_LARGE, env={"MAX_MCP_OUTPUT_TOKENS": "many"})
    assert done.out == LINE * 100 + "\n"
    assert done.err == "warning: MAX_MCP_OUTPUT_TOKENS is not a number: the default is used\n"


def test_the_parts_of_a_result_go_into_a_folder_each_with_the_suffix_of_what_it_is(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "picture", "--output", "saved/", "--", *TINY)
    assert (done.code, done.out) == (0, "")
    files = sorted((mcpdeck.root / "saved").iterdir())
    assert sorted(file.suffix for file in files) == [".json", ".png", ".png", ".wav"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files if file.suffix == ".png")
    assert all(f"saved saved/{file.name}, " in done.err for file in files)
    mcpdeck("call", "picture", "--output", "saved", "--", *TINY)  # nothing of the first call is touched
    assert len(list((mcpdeck.root / "saved").iterdir())) == 8


def test_a_result_goes_into_a_file_as_its_one_text_or_as_json(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "text", "size:=7500", "--output", "log.txt", *ON_LARGE)
    assert (done.code, done.out, done.err) == (0, "", "saved log.txt, 7.5 kB\n")
    assert (mcpdeck.root / "log.txt").read_text() == LINE * 100
    mcpdeck("call", "picture", "--output", "all.json", "--", *TINY)
    assert len(json.loads((mcpdeck.root / "all.json").read_text())["content"]) == 4


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("--output", "no/such/file"), "cannot write no/such/file: No such file or directory"),
        (("--output", "-", "--json"), "--json and --output - both want stdout"),
    ],
)
def test_a_place_that_cannot_be_written_is_told(mcpdeck: CommandLine, words: tuple[str, ...], title: str) -> None:
    done = mcpdeck("call", "picture", *words, "--", *TINY)
    assert done.code == 2
    assert title in done.err + done.out


# In process: what depends on the terminal.


def finished(result: JsonObject, limit: int = 100) -> CallState:
    measured = measure(result, limit_tokens=limit).measured("/files/whole.txt")
    return CallState("c1", "s", "tool", {}, 0.0, result=result, measured=measured)


LONG: JsonObject = {"content": [{"type": "text", "text": "x" * 1_000}]}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "full", "characters"),
    [(Terminal(), False, 400), (Terminal(), True, 1_000), (io.StringIO(), False, 1_000)],
)
def test_a_terminal_shows_what_a_model_would_get_unless_all_of_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, full: bool, characters: int
) -> None:
    monkeypatch.setattr("sys.stdout", stream)
    shown = printed(finished(LONG), Options("call", full=full))
    assert str(shown).count("x" * 10) == characters // 10
    assert ("/files/whole.txt" in str(shown)) is (characters == 400)


@pytest.mark.parametrize(
    ("tokens", "quiet", "said"),
    [
        (10_000, False, ""),
        (
            10_001,
            False,
            "warning: tool: about 10,001 tokens, which is a lot for a model (it would be given all of it)\n",
        ),
        (30_000, False, "warning: tool: about 30,000 tokens, of which a model would get 25,000; the whole is in "),
        (30_000, True, ""),
    ],
)
def test_a_large_result_is_remarked_upon(
    capsys: pytest.CaptureFixture[str], tokens: int, quiet: bool, said: str
) -> None:
    result: JsonObject = {"content": [{"type": "text", "text": "x" * tokens * 4}]}
    note_size(finished(result, 25_000), Options("call", quiet=quiet))
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert bool(told) == bool(said)


@pytest.mark.parametrize(
    ("result", "data"),
    [
        (LONG, b"x" * 1_000),
        ({"content": [{"type": "audio", "data": "AAEC", "mimeType": "audio/wav"}]}, b"\0\1\2"),
        ({"content": []}, b'{\n  "content": []\n}\n'),
        ({"content": [{"type": "text", "text": "x"}], "structuredContent": 1}, None),
    ],
)
def test_output_to_stdout_is_the_one_part_or_json(
    capfdbinary: pytest.CaptureFixture[bytes], result: JsonObject, data: bytes | None
) -> None:
    save(finished(result), Options("call", output="-"))
    sys.stdout.flush()
    out = capfdbinary.readouterr().out
    assert out == data if data is not None else json.loads(out) == result


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ({"content": [{"type": "text", "text": "\x1b[2J\u202eback\r\n"}]}, "␛[2J\\u202eback\n"),
        ({"contents": [{"uri": "x", "text": "\x1b[2J"}]}, "␛[2J"),
        ({"content": [], "a": "\x9b\x7f"}, '{\n  "content": [],\n  "a": "\\u009b\\u007f"\n}\n'),
    ],
)
def test_output_to_a_terminal_cannot_drive_it(monkeypatch: pytest.MonkeyPatch, result: JsonObject, shown: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    save(finished(result), Options("call", output="-"))
    assert terminal.getvalue() == shown


def test_binary_data_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    sound: JsonObject = {"content": [{"type": "audio", "data": "AAEC", "mimeType": "audio/wav"}]}
    with pytest.raises(UsageError, match="binary data") as caught:
        save(finished(sound), Options("call", output="-"))
    assert caught.value.hint == "give a file, or a pipe, with --output"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        save(finished(LONG), Options("call", output=f"{tmp_path}/file/folder/"))
