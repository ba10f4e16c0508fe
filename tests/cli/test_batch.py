"""``mcpdeck batch`` against real servers: one line in, one line out, and the right ending."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import MCPDECK, ON_TINY, SDK2, SECONDS, CommandLine, tiny
from tests.entries import SERVERS

ASKING = ("--", sys.executable, str(SERVERS / "asking_stdio.py"))
ON_SDK2 = ("--", *SDK2)


BAD_LINES = (
    ("rubbish", "not JSON"),
    ("[1]", "no JSON object"),
    ("{}", 'no "op"'),
    ('{"op": 3}', 'no "op"'),
    ('{"op": "lst_tools"}', "lst_tools"),
    ('{"op": "call_tool"}', '"name"'),
    ('{"op": "call_tool", "name": 3}', '"name" must be a text'),
    ('{"op": "call_tool", "name": "echo", "arguments": []}', '"arguments" must be an object'),
    ('{"op": "call_tool", "name": "echo", "task": "yes"}', "true or false"),
    ('{"op": "get_prompt", "name": "p", "arguments": {"a": 1}}', "an object of texts"),
    ('{"op": "complete", "ref": {}, "argument": {}, "context": {"arguments": {"a": 1}}}', "an object of texts"),
    ('{"op": "wait", "kind": "log", "seconds": -1}', "a number of seconds"),
    ('{"op": "wait", "kind": 1}', '"kind" must be a text'),
    ('{"op": "ping", "timeout": "1"}', "a number of seconds"),
    ('{"op": "request"}', '"method"'),
    ('{"op": "set_roots", "roots": [1]}', "file://"),
    ('{"op": "set_log_level", "level": "loud"}', "loud"),
    ('{"op": NaN}', "NaN"),
    ("x" * 1_000_000, "not JSON"),
    ("[" * 500_000, "nested too deeply"),
    ('{"op": "request", "method": "m", "params": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", ""),
)


def echo(text: str) -> dict[str, object]:
    return {"op": "call_tool", "name": "echo", "arguments": {"text": text}}


def test_the_first_line_is_the_connection_and_each_line_has_its_reply_in_order(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "list_tools"}, echo("a"), "", {"op": "ping"}, echo("b"), {"op": "info"})
    connect, tools, first, ping, second, info = done.lines
    assert done.code == 0
    assert (connect["op"], connect["ok"]) == ("connect", True)
    assert connect["result"]["protocolVersion"] == "2025-11-25"
    assert connect["result"]["era"] == "legacy"
    assert connect["result"]["serverInfo"] == {"name": "tiny", "version": "1.0"}
    assert connect["result"]["capabilities"] == {"tools": {}}
    assert [tool["name"] for tool in tools["result"]["tools"]][:2] == ["echo", "kinds"]
    assert tools["result"]["rejected"] == []
    assert first == {"op": "call_tool", "ok": True, "result": {"content": [{"type": "text", "text": "a"}]}}
    assert second["result"]["content"][0]["text"] == "b"
    assert ping["result"]["ms"] > 0
    assert info["result"].items() >= connect["result"].items()


def test_a_result_with_is_error_is_ok_and_leaves_the_exit_code_alone(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "call_tool", "name": "fail"})
    assert (done.code, done.lines[1]["ok"], done.lines[1]["result"]["isError"]) == (0, True, True)


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_every_operation_reaches_the_server_in_both_eras(mcpdeck: CommandLine, era: str) -> None:
    answers = mcpdeck.root / "answers.json"
    answers.write_text(
        json.dumps(
            {
                "elicitation": [{"match": "Who*", "content": {"name": "Ada", "age": 36}}, {"match": "Please*"}],
                "sampling": {"model": "m-1", "text": "hello"},
                "roots": ["file:///a"],
            }
        )
    )
    counter = "deck://counter"
    ref = {"type": "ref/prompt", "name": "greet"}
    done = mcpdeck.batch(
        {"op": "list_resources"},
        {"op": "list_templates"},
        {"op": "list_prompts"},
        {"op": "subscribe", "uri": counter},
        {"op": "call_tool", "name": "touch"},
        {"op": "wait", "kind": "notifications/resources/updated", "seconds": 20},
        {"op": "read_resource", "uri": counter},
        {"op": "call_tool", "name": "log", "arguments": {"text": "yo"}},
        {"op": "wait", "kind": "log", "seconds": 20},
        {"op": "call_tool", "name": "ask"},
        {"op": "call_tool", "name": "sample", "arguments": {"prompt": "p"}},
        {"op": "call_tool", "name": "roots"},
        {"op": "call_tool", "name": "visit"},
        {
            "op": "complete",
            "ref": ref,
            "argument": {"name": "name", "value": "Ad"},
            "context": {"arguments": {"a": "b"}},
        },
        {"op": "get_prompt", "name": "greet", "arguments": {"name": "Bo"}},
        {"op": "call_tool", "name": "count", "arguments": {"upto": 2}, "progress": True},
        {"op": "wait", "kind": "progress", "seconds": 20},
        {"op": "request", "method": "resources/read", "params": {"uri": "deck://greetings/x"}},
        {"op": "set_log_level", "level": "error"},
        {"op": "set_roots", "roots": ["file:///b"]},
        {"op": "call_tool", "name": "roots"},
        words=("--era", era, "--answers", "answers.json", *ON_SDK2),
    )
    assert [line for line in done.lines if not line["ok"]] == []
    assert done.code == 0
    results = [line["result"] for line in done.lines]
    assert results[0]["era"] == era
    assert results[1]["resources"][0]["uri"] == counter
    assert results[2]["resourceTemplates"][0]["uriTemplate"] == "deck://greetings/{name}"
    assert results[3]["prompts"][0]["name"] == "greet"
    assert results[6]["notifications"][0]["params"]["uri"] == counter
    assert results[7]["contents"][0]["text"] == "1"
    assert results[9]["notifications"][0]["params"]["data"] == "yo"
    texts = [result["content"][0]["text"] for result in results if "content" in result]
    assert texts[2:6] == ["accept: Ada is 36", "m-1 says: hello", "- file:///a", "accept"]
    assert results[14]["completion"]["values"] == ["Ada", "Adele"]
    assert results[15]["messages"][0]["content"]["text"] == "Greet Bo warmly."
    assert len(results[17]["notifications"]) == 2
    assert results[18]["contents"][0]["text"] == "Hello, x!"
    assert texts[-1] == "- file:///b"
    assert 'asks "Who are you?": answered' in done.err
    assert "hello" not in done.err


def test_bad_lines_are_answered_one_by_one_and_the_next_ones_are_done(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch(*(part for line, _ in BAD_LINES for part in (line, echo("next"))))
    bad, good = done.lines[1::2], done.lines[2::2]
    assert all(reply["ok"] for reply in good)
    assert len(good) == len(BAD_LINES)
    for reply, (line, words) in zip(bad, BAD_LINES, strict=True):
        assert reply["ok"] is False, line[:80]
        assert reply["error"]["kind"] == "usage" or not words
        assert words in reply["error"]["message"]
    assert done.code == 1


def test_an_operation_that_is_mistyped_gets_its_neighbour_named(mcpdeck: CommandLine) -> None:
    error = mcpdeck.batch({"op": "lst_tools"}).lines[1]["error"]
    assert 'did you mean "list_tools"?' in error["hint"]


def test_what_the_server_does_not_announce_is_sent_all_the_same(mcpdeck: CommandLine) -> None:
    operations = (
        {"op": "list_resources"},
        {"op": "list_prompts"},
        {"op": "read_resource", "uri": "a"},
        {"op": "get_prompt", "name": "p"},
        {"op": "complete", "ref": {}, "argument": {}},
        {"op": "subscribe", "uri": "a"},
        {"op": "set_log_level", "level": "info"},
        {"op": "list_skills"},
    )
    _, *replies = mcpdeck.batch(*operations).lines
    assert [(reply["error"]["kind"], reply["error"]["code"]) for reply in replies] == [("jsonrpc", -32601)] * 8


def test_errors_say_their_kind_code_and_data(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch(
        {"op": "call_tool", "name": "refuse"},
        {"op": "call_tool", "name": "slow", "timeout": 0.5},
        {"op": "wait", "kind": "log", "seconds": 0},
        {"op": "call_tool", "name": "die"},
    )
    _, refuse, slow, wait, die = (line.get("error") for line in done.lines)
    assert (refuse["kind"], refuse["code"], refuse["data"]) == ("jsonrpc", -32602, {"why": 1})
    assert refuse["message"] == "this will not do"
    assert (slow["kind"], slow["code"]) == ("timeout", None)
    assert wait["kind"] == "timeout"
    assert (die["kind"], die["data"]["exitCode"]) == ("http", 7)
    assert done.code == 1


def test_a_call_beyond_the_time_out_of_the_command_line_fails_and_the_session_goes_on(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "call_tool", "name": "slow"}, echo("a"), words=("--timeout", "5", *ON_TINY))
    assert [line["ok"] for line in done.lines] == [True, False, True]


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        (("http://127.0.0.1:1/mcp",), "http", 3),
        (("--", "no-such-program-anywhere"), "http", 3),
        (("--timeout", "1", "--", "sleep", "600"), "timeout", 7),
        (("nobody",), "usage", 2),
        (("pending",), "permission", 5),
        ((), "usage", 2),
        (("--answers", "absent.json", *ON_TINY), "usage", 2),
        (("--trace", "absent/trace", *ON_TINY), "usage", 2),
    ],
)
def test_without_a_connection_the_first_line_says_why_and_it_ends(
    mcpdeck: CommandLine, words: tuple[str, ...], kind: str, code: int
) -> None:
    mcpdeck.project({"pending": tiny()})
    done = mcpdeck.batch({"op": "info"}, words=words)
    (line,) = done.lines
    assert (line["op"], line["ok"], line["error"]["kind"], done.code) == ("connect", False, kind, code)


def test_a_line_of_a_megabyte_goes_both_ways(mcpdeck: CommandLine) -> None:
    text = "ü" * 1_000_000
    assert mcpdeck.batch(echo(text)).lines[1]["result"]["content"][0]["text"] == text


def test_replies_are_one_line_each_and_show_nothing_that_drives_a_terminal(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "call_tool", "name": "hostile"}, echo("a\u2028b\nc\ud800"))
    _, hostile, separators = done.lines
    assert hostile["result"]["content"][0]["text"] == "red \x1b[31mhere\x07 \u202eback"
    assert "\u202e" not in done.out
    assert separators["result"]["content"][0]["text"].startswith("a\u2028b\nc")
    assert "\u2028" not in done.out


def test_a_stream_that_holds_ascii_only_gets_ascii(mcpdeck: CommandLine) -> None:
    done = mcpdeck("batch", *ON_TINY, stdin=json.dumps(echo("grün")), env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.out.isascii()
    assert done.lines[1]["result"]["content"][0]["text"] == "grün"


def test_wait_gives_what_came_since_the_last_one_by_kind(mcpdeck: CommandLine) -> None:
    def tell(method: str, number: int) -> dict[str, object]:
        return {"op": "call_tool", "name": "tell", "arguments": {"method": method, "params": {"n": number}}}

    done = mcpdeck.batch(
        tell("notifications/one", 1),
        tell("notifications/two", 2),
        tell("notifications/one", 3),
        {"op": "wait", "kind": "one", "seconds": 20},
        {"op": "wait", "kind": "notifications/one", "seconds": 0},
        {"op": "wait", "seconds": 0},
        {"op": "wait", "seconds": 0},
        words=ASKING,
    )
    said = [
        [one["params"] for one in line["result"]["notifications"]] if line["ok"] else None for line in done.lines[4:]
    ]
    assert said == [[{"n": 1}, {"n": 3}], None, [{"n": 2}], []]


def test_a_question_that_nobody_answers_is_declined_at_once_and_said(mcpdeck: CommandLine) -> None:
    def ask(method: str) -> dict[str, object]:
        return {"op": "call_tool", "name": "ask", "arguments": {"method": method}}

    methods = ("elicitation/create", "sampling/createMessage", "roots/list")
    done = mcpdeck.batch(*map(ask, methods), words=ASKING)
    assert done.code == 0
    for method, line in zip(methods, done.lines[1:], strict=True):
        assert json.loads(line["result"]["content"][0]["text"])["code"] == -32601
        assert f"The request {method} was declined" in done.err
    assert "declined" not in mcpdeck.batch(ask("roots/list"), words=("-q", *ASKING)).err


def test_declined_sampling_is_the_error_of_a_person_who_said_no(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "answers.json").write_text('{"sampling": "decline"}')
    params = {"messages": [], "maxTokens": 5}
    ask = {"op": "call_tool", "name": "ask", "arguments": {"method": "sampling/createMessage", "params": params}}
    done = mcpdeck.batch(ask, words=("--answers", "answers.json", *ASKING))
    assert json.loads(done.lines[1]["result"]["content"][0]["text"])["code"] == -1


def test_an_in_process_server_is_a_target_too(mcpdeck: CommandLine) -> None:
    done = mcpdeck.batch({"op": "call_tool", "name": "noisy"}, words=(f"{SERVERS / 'noisy_in_process.py'}:server",))
    assert [line["ok"] for line in done.lines] == [True, True]


def test_batch_imports_neither_the_dashboard_nor_what_it_does_not_need(mcpdeck: CommandLine) -> None:
    code = (
        "import sys; from mcpdeck.app.cli import run; code = run(sys.argv[1:]);"
        "heavy = {'textual', 'rich', 'httpx', 'jsonschema', 'pydantic', 'mcp', 'mcp_types', 'PIL', 'websockets',"
        " 'authlib', 'mcpdeck.app.deck', 'mcpdeck.app.main', 'mcpdeck.widgets'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "batch", *ON_TINY],
        cwd=mcpdeck.root,
        env=mcpdeck.environ,
        input=json.dumps(echo("a")) + '\n{"op": "list_tools"}\n',
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"


def test_stdin_may_be_a_file_or_nothing_at_all(mcpdeck: CommandLine, tmp_path: Path) -> None:
    def run(redirection: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f'"$@" {redirection}', "sh", *MCPDECK, "batch", *ON_TINY],
            cwd=mcpdeck.root,
            env=mcpdeck.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )

    file = tmp_path / "operations"
    file.write_text("\n".join(json.dumps(echo(str(number))) for number in range(5)))  # the last line ends the file
    done = run(f"<{file}")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6)
    for nothing in ("</dev/null", "<&-"):
        done = run(nothing)
        assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 1, "")
