"""The command of ``headersHelper``: how it is run, and what its output may be (config contract, section 2)."""

from __future__ import annotations

import ast
import json
import shlex
import sys
from pathlib import Path

import psutil
import pytest

from mcpdeck.services.config.headers_helper import HeadersHelper
from mcpdeck.services.config.short_command import LONGEST, CommandFailed, TookTooLong, output_of
from mcpdeck.services.errors import ConnectError, TransportTimeout
from mcpdeck.services.models import HttpTarget, Source, SseTarget, WebSocketTarget
from tests.config.made import http, made
from tests.waiting import gone, until


def helper(line: str, cwd: Path | str = "/", seconds: float = 20) -> HeadersHelper:
    return HeadersHelper(line, str(cwd), "my server", "https://h/mcp?token=s3cret", seconds)


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_it_is_a_line_for_the_shell_run_in_the_project_with_the_server_s_name_and_url(tmp_path: Path) -> None:
    script = tmp_path / "helper.sh"
    script.write_text(
        '#!/bin/sh\nprintf \'{"X-Name": "%s", "X-Url": "%s", "X-Argument": "%s"}\' '
        '"$CLAUDE_CODE_MCP_SERVER_NAME" "$CLAUDE_CODE_MCP_SERVER_URL" "$1"\n'
    )
    script.chmod(0o755)
    expected = {"X-Name": "my server", "X-Url": "https://h/mcp?token=s3cret", "X-Argument": "a b"}
    assert helper("./helper.sh 'a b'", tmp_path)() == expected
    assert helper("X='a b'; ./helper.sh \"$X\" 2>&1 | cat", tmp_path)() == expected


def test_it_is_run_each_time_anew(tmp_path: Path) -> None:
    line = helper('echo x >> count; echo "{\\"X-Count\\": \\"$(wc -l < count | tr -d " ")\\"}"', tmp_path)
    assert [line()["X-Count"], line()["X-Count"]] == ["1", "2"]


def test_a_byte_order_mark_and_space_around_the_object_do_no_harm() -> None:
    assert helper(python('print(\'\\ufeff\\n {"A": "b"}\\n\')'))() == {"A": "b"}
    assert helper("echo '{}'")() == {}


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        ("", "printed nothing"),
        ("  \n", "printed nothing"),
        ("s3cret", "is not JSON"),
        ('{"A": "s3cret"', "is not JSON"),
        ('{"A": "s3cret"} {"B": "s3cret"}', "is not JSON"),
        ('["s3cret"]', "is an array, not an object"),
        ('"s3cret"', "is a string, not an object"),
        ("null", "is null, not an object"),
        ('{"A": 1}', 'header "A" of the headers helper is a number'),
        ('{"A": null}', 'header "A" of the headers helper is null'),
        ('{"A": ["s3cret"]}', 'header "A" of the headers helper is an array'),
        ('{"A": "s3cret\\nx"}', "a line break"),
        ('{"A": "s3cret "}', "white space around it"),
        ('{"A": "s3cr\\u00e9t"}', "beyond ASCII"),
        ('{"A B": "s3cret"}', "which HTTP does not allow"),
        ('{"Host": "s3cret"}', "would break the connection"),
        ('{"content-length": "s3cret"}', "would break the connection"),
    ],
)
def test_output_that_is_no_object_of_headers_is_an_error_that_shows_none_of_it(printed: str, what: str) -> None:
    with pytest.raises(ConnectError) as caught:
        helper(f"printf %s {shlex.quote(printed)}")()
    assert what in caught.value.title
    _shows_nothing(caught.value)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('echo \'{"A": "s3cret"}\'; echo s3cret >&2; exit 3', "ended with code 3"),
        ("no-such-program-anywhere s3cret", "ended with code 127"),
        ("kill -9 $$", "ended with signal 9"),
        (python("print('s3cret' * 100_000)"), f"printed more than {LONGEST:,} bytes"),
        ("head -c 10 /dev/urandom", "is not JSON"),
    ],
)
def test_a_helper_that_fails_says_how_and_never_what_it_printed(line: str, what: str) -> None:
    with pytest.raises(ConnectError) as caught:
        helper(line)()
    assert what in caught.value.title
    assert "Run it by hand" in caught.value.hint
    _shows_nothing(caught.value)


def test_a_helper_without_its_folder_says_so() -> None:
    with pytest.raises(ConnectError, match="cannot be started: No such file"):
        helper("true", "/no/such/folder")()


def _shows_nothing(error: BaseException | None) -> None:
    """Neither an error nor what it came from holds what was printed."""
    while error is not None:
        assert "s3cret" not in f"{error!r}{error}{getattr(error, 'hint', '')}{getattr(error, 'details', '')}"
        error = error.__cause__


def test_a_helper_that_hangs_is_ended_in_time_with_everything_it_started(tmp_path: Path) -> None:
    child = "import os, pathlib, threading; pathlib.Path('pid').write_text(str(os.getpid())); threading.Event().wait()"
    for line in (f"{python(child)} & wait", python(child), f"{python(child)} & while ! test -s pid; do :; done"):
        (tmp_path / "pid").unlink(missing_ok=True)
        with pytest.raises(TransportTimeout, match="gave no headers within 2 s"):
            helper(line, tmp_path, seconds=2)()
        gone(_processes(tmp_path / "pid"))


def test_what_a_helper_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    child = "import os, pathlib, threading; pathlib.Path('pid').write_text(str(os.getpid())); threading.Event().wait()"
    line = f"{python(child)} >/dev/null 2>&1 & while ! test -s pid; do :; done; echo '{{}}'"
    assert helper(line, tmp_path)() == {}
    gone(_processes(tmp_path / "pid"))


def _processes(file: Path) -> list[psutil.Process]:
    text = file.read_text() if file.exists() else ""
    return [psutil.Process(int(text))] if text and psutil.pid_exists(int(text)) else []


def test_a_grandchild_that_left_the_group_cannot_make_anyone_wait(tmp_path: Path) -> None:
    escaped = (
        "import os, pathlib, time; os.setsid() if os.fork() == 0 else os._exit(0); "
        "pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(30)"
    )
    with pytest.raises(TookTooLong):
        output_of([sys.executable, "-c", escaped], cwd=str(tmp_path), seconds=2)
    for process in until(lambda: _processes(tmp_path / "pid"), "the grandchild"):
        process.kill()


def test_a_list_of_words_is_run_without_a_shell_and_its_stdin_is_empty() -> None:
    code = "import sys; print(sys.argv[1:], repr(sys.stdin.read()))"
    output = output_of([sys.executable, "-c", code, "$HOME;x"], cwd="/")
    assert (output.data, output.code) == (b"['$HOME;x'] ''\n", 0)
    with pytest.raises(CommandFailed, match="cannot be started"):
        output_of(["/no/such/program"], cwd="/")


@pytest.mark.parametrize("more", [None, {"MORE": "x"}])
def test_a_command_gets_the_environment_but_not_what_opens_the_stored_logins(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str] | None
) -> None:
    for name in ("MCPDECK_PASSPHRASE", "MCPDECK_PASSPHRASE_OLD", "MCP_CLIENT_SECRET"):
        monkeypatch.setenv(name, "s3cret")
    code = "import os; print(sorted(name for name in os.environ if name.startswith('MCP') or name == 'MORE'))"
    named = ast.literal_eval(output_of([sys.executable, "-c", code], cwd="/", environ=more).data.decode())
    assert "MCP_CLIENT_SECRET" in named
    assert ("MORE" in named) is (more is not None)
    assert not {"MCPDECK_PASSPHRASE", "MCPDECK_PASSPHRASE_OLD"} & set(named)


def test_an_entry_has_its_helper_as_it_is_written(tmp_path: Path) -> None:
    line = "./get ${SECRET} $SECRET"
    expected = HeadersHelper(line, str(tmp_path), "it", "https://h/mcp")
    for kind, target in (("http", HttpTarget), ("sse", SseTarget)):
        entry = made(Source.USER, "it", {**http("https://h/mcp", headersHelper=line), "type": kind}, folder=tmp_path)
        assert isinstance(entry.target, target)
        assert entry.target.helper == expected
        assert entry.lints == ()
    entry = made(Source.USER, "it", {"type": "ws", "url": "wss://h/", "headersHelper": line})
    assert isinstance(entry.target, WebSocketTarget)
    assert entry.target.helper is not None
    assert "SECRET" not in repr(expected)
    assert json.dumps(entry.provenance.shown).count("hunter2") == 0


def test_an_entry_without_one_has_none() -> None:
    entry = made(Source.USER, "it", http("https://h/mcp"))
    assert isinstance(entry.target, HttpTarget)
    assert entry.target.helper is None
