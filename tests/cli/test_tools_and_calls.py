from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.cli.command import MCPDECK, SECONDS, TINY, CommandLine, tiny
from tests.entries import SERVERS
from tests.waiting import until

ON_CONTENTS = ("--", sys.executable, str(SERVERS / "contents_stdio.py"))
TOOL_FIELDS = {
    "name", "qualifiedName", "title", "description", "inputSchema", "outputSchema", "annotations", "tokens",
    "problems", "excluded", "visibility",
}  # fmt: skip
CALL_FIELDS = {
    "server", "tool", "isError", "content", "structuredContent", "durationMs", "truncated", "savedTo",
    "outputProblems", "rounds", "hasStructuredContent",
}  # fmt: skip


def test_tools_json_has_every_field_of_the_contract(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"my.tiny": tiny()})
    document = mcpdeck("tools", "my.tiny", "--json").json
    assert document["server"] == "my.tiny"
    tools = {tool["name"]: tool for tool in document["tools"]}
    assert all(set(tool) >= TOOL_FIELDS for tool in tools.values())
    weather = tools["weather"]
    assert weather["qualifiedName"] == "mcp__my_tiny__weather"
    assert weather["title"] == "The weather"
    assert weather["outputSchema"]["required"] == ["celsius"]
    assert weather["annotations"] == {"readOnlyHint": True}
    assert weather["tokens"] > 10
    assert (tools["echo"]["outputSchema"], tools["echo"]["annotations"], tools["echo"]["excluded"]) == (None,) * 3


def test_tools_for_people_is_one_line_a_tool(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "--", *TINY)
    head, *lines = done.out.splitlines()
    assert head.split() == ["TOOL", "ARGUMENTS", "DESCRIPTION"]
    assert len(lines) == 11
    assert lines[0].split("  ")[0] == "echo"
    assert "text*" in lines[0]
    assert "A second line" not in done.out


@pytest.mark.requirement("36.3.4")
def test_a_tool_that_is_for_apps_only_is_set_apart_from_those_for_a_model(mcpdeck: CommandLine) -> None:
    tools = {tool["name"]: tool["visibility"] for tool in mcpdeck("tools", "--json", *ON_CONTENTS).json["tools"]}
    assert tools == {"nothing": ["model", "app"], "odd": ["model", "app"], "screen": ["app"], "null": ["model", "app"]}
    lines = mcpdeck("tools", *ON_CONTENTS).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["nothing", "odd", "null", "screen"]
    assert [line for line in lines if "for apps only" in line] == lines[-1:]


def test_call_json_has_every_field_of_the_contract(mcpdeck: CommandLine) -> None:
    document = mcpdeck("call", "weather", "city=Graz", "--json", "--", *TINY).json
    assert set(document) >= CALL_FIELDS
    assert (document["server"], document["tool"], document["isError"]) == ("tiny_stdio", "weather", False)
    assert document["structuredContent"] == {"celsius": 21.5, "city": "Graz"}
    assert json.loads(document["content"][0]["text"]) == document["structuredContent"]
    assert document["durationMs"] > 0
    assert (document["truncated"], document["savedTo"], document["outputProblems"], document["rounds"]) == (
        False, None, [], 1,
    )  # fmt: skip


@pytest.mark.requirement("27.1")
@pytest.mark.parametrize(("tool", "there"), [("null", True), ("nothing", False)])
def test_structured_content_that_is_null_is_told_from_none(mcpdeck: CommandLine, tool: str, *, there: bool) -> None:
    document = mcpdeck("call", tool, "--json", *ON_CONTENTS).json
    assert (document["structuredContent"], document["hasStructuredContent"]) == (None, there)


@pytest.mark.parametrize(
    ("words", "stdin", "sent"),
    [
        (["count=3", "label=3", "ratio=0.5", "flag=true"], "", {"count": 3, "label": "3", "ratio": 0.5, "flag": True}),
        (['items=["a"]', "level=3", 'where={"x": 1}'], "", {"items": ["a"], "level": 3, "where": {"x": 1}}),
        (["free:=[1, null]", "free2=1"], "", {"free": [1, None], "free2": "1"}),
        (["--args", '{"count": 1}', "label=x"], "", {"count": 1, "label": "x"}),
        (["--args", "-"], '{"count": 2}', {"count": 2}),
        (["--args", "@given.json"], "", {"count": 4}),
    ],
)
def test_arguments_arrive_as_the_schema_has_them(
    mcpdeck: CommandLine, words: list[str], stdin: str, sent: dict[str, object]
) -> None:
    (mcpdeck.root / "given.json").write_text('{"count": 4}')
    done = mcpdeck("call", "kinds", *words, "--", *TINY, stdin=stdin)
    assert json.loads(done.out) == sent


def test_no_validate_sends_what_the_schema_forbids(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "kinds", "count=three", "--no-validate", "--", *TINY)
    assert json.loads(done.out) == {"count": "three"}


def test_a_tool_error_is_1_and_its_content_is_still_printed(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "fail", "--", *TINY)
    assert (done.code, done.out) == (1, "it did not work\n")
    machine = mcpdeck("call", "fail", "--json", "--", *TINY)
    assert (machine.code, machine.json["isError"]) == (1, True)


def test_an_error_object_instead_of_a_result_is_1_with_its_code(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "refuse", "--json", "--", *TINY)
    assert done.code == 1
    assert (done.error["kind"], done.error["title"]) == ("jsonrpc", "this will not do")
    assert (done.error["details"]["code"], done.error["details"]["data"]) == (-32602, {"why": 1})


def test_content_that_is_no_text_is_described_on_one_line(mcpdeck: CommandLine) -> None:
    assert mcpdeck("call", "picture", "--", *TINY).out.splitlines() == [
        "[image image/png, 1×1, 70 bytes]",
        "[audio audio/wav, 3 bytes, not for a model]",
        "[resource file:///dot.bin, application/octet-stream, 1×1, 70 bytes]",
        "[link a.txt: file:///a.txt]",
    ]


def test_structured_content_that_repeats_the_text_is_printed_once(mcpdeck: CommandLine) -> None:
    assert mcpdeck("call", "weather", "city=Graz", "--", *TINY).out == '{"celsius": 21.5, "city": "Graz"}\n'


def test_structured_content_that_breaks_its_schema_is_shown_with_what_is_wrong(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "liar", "--", *TINY)
    assert (done.code, done.out) == (0, 'see below\n{\n  "lie": 1\n}\n')
    assert "truth: is missing" in done.err
    document = mcpdeck("call", "liar", "--json", "--", *TINY).json
    assert document["outputProblems"] == ["structured content: truth: is missing"]


def test_a_tool_that_is_not_listed_is_sent_with_no_validate(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "unlisted", "a=1", "--no-validate", "--json", "--", *TINY)
    assert (done.code, done.error["kind"]) == (1, "jsonrpc")


def test_text_of_a_server_cannot_drive_the_terminal(mcpdeck: CommandLine) -> None:
    assert mcpdeck("call", "hostile", "--", *TINY).out == "red ␛[31mhere␇ \\u202eback\n"
    machine = mcpdeck("call", "hostile", "--json", "--", *TINY)
    assert "\u202e" not in machine.out
    assert machine.json["content"][0]["text"] == "red \x1b[31mhere\x07 \u202eback"


def test_a_stream_that_cannot_hold_everything_still_gets_an_answer(mcpdeck: CommandLine) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = mcpdeck("call", "echo", "text=grün", "--json", "--", *TINY, env=ascii_only)
    assert done.json["content"][0]["text"] == "grün"
    assert mcpdeck("call", "echo", "text=grün", "--", *TINY, env=ascii_only).out == "gr\\xfcn\n"


def test_a_server_that_dies_during_the_call_is_3_with_its_exit_code(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "die", "--json", "--", *TINY)
    assert done.code == 3
    assert done.error["server"] == "tiny_stdio"


def test_a_call_that_takes_too_long_is_7(mcpdeck: CommandLine) -> None:
    assert mcpdeck("call", "slow", "--timeout", "3", "--json", "--", *TINY).code == 7


def test_env_cwd_and_revision_of_the_options_reach_the_server(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "below").mkdir()
    words = ["--env", "GIVEN=1", "--cwd", "below", "--protocol-version", "2025-03-26"]
    done = mcpdeck("call", "surroundings", 'names:=["GIVEN", "HIDDEN"]', *words, "--", *TINY, env={"HIDDEN": "x"})
    assert json.loads(done.out) == {
        "cwd": str(mcpdeck.root / "below"),
        "variables": {"GIVEN": "1", "HIDDEN": None},
    }
    (row,) = mcpdeck("list", "--json", *words, "--", *TINY).json["servers"]
    assert row["protocolVersion"] == "2025-03-26"


def test_a_configured_server_runs_in_the_project_from_any_folder_below(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"tiny": tiny(env={"A": "${B:-fallback}"})})
    done = mcpdeck("call", "tiny", "surroundings", 'names:=["A"]')
    assert json.loads(done.out) == {"cwd": str(mcpdeck.root), "variables": {"A": "fallback"}}


def test_verbose_says_on_stderr_how_it_was_connected_and_what_the_server_wrote(mcpdeck: CommandLine) -> None:
    done = mcpdeck("tools", "-v", "--json", "--", *TINY)
    assert "2025-11-25" in done.err
    assert "tiny: ready" in done.err
    assert done.json["server"] == "tiny_stdio"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_call_and_the_server_and_nothing_is_left(
    mcpdeck: CommandLine, number: signal.Signals, code: int
) -> None:
    process = mcpdeck.popen("call", "slow", "--json", "-v", "--", *TINY)
    try:
        us = psutil.Process(process.pid)
        child = until(us.children, "server process", seconds=SECONDS)[0]
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == code
    assert "Traceback" not in err
    assert out == ""
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "end of the server")


def test_a_reader_that_goes_away_is_taken_quietly(mcpdeck: CommandLine) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*MCPDECK, "tools", "--json", "--", *TINY],
        cwd=mcpdeck.root,
        env=mcpdeck.environ,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_tools_over_stdio_imports_nothing_that_it_does_not_need(mcpdeck: CommandLine) -> None:
    code = (
        "import sys; from mcpdeck.app.cli import run; code = run(sys.argv[1:]);"
        "heavy = {'textual', 'rich', 'httpx', 'jsonschema', 'pydantic', 'mcp', 'mcp_types', 'PIL', 'textual_image',"
        " 'websockets', 'authlib', 'platformdirs', 'importlib.metadata'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "tools", "--json", "--", *TINY],
        cwd=mcpdeck.root,
        env=mcpdeck.environ,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"


NOISY = f"{SERVERS / 'noisy_in_process.py'}:server"


def test_an_in_process_server_that_prints_leaves_the_json_one_document(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", NOISY, "noisy", "--json")
    assert done.code == 0
    assert done.json["content"] == [{"type": "text", "text": "printed"}]
    assert "noisy:" not in done.err
    assert "stderr info: noisy: to stdout" in mcpdeck("call", NOISY, "noisy", "--json", "-v").err


def test_an_in_process_tool_that_exits_is_3_and_one_error(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", NOISY, "leave", "--json")
    assert done.code == 3
    assert done.error["title"] == "the server crashed: SystemExit: 3"


@pytest.mark.parametrize("tool", ["block", "block_a_thread"])
def test_an_in_process_tool_that_never_comes_back_does_not_keep_the_command(mcpdeck: CommandLine, tool: str) -> None:
    done = mcpdeck("call", NOISY, tool, "--json", "--timeout", "5")
    assert done.code == 7
    assert done.error["kind"] == "timeout"


def test_a_call_of_a_tool_that_there_is_not_is_told_and_stands_in_the_audit_log(mcpdeck: CommandLine) -> None:
    done = mcpdeck("call", "ech", "text=a", "--", *TINY)
    assert (done.code, done.out) == (2, "")
    assert done.err == 'error: tiny_stdio: no tool of "tiny_stdio" named "ech"\n  → did you mean "echo"?\n'
    (call,) = mcpdeck("audit", "show", "--json").json["calls"]
    assert (call["tool"], call["outcome"]) == ("ech", "not found")
