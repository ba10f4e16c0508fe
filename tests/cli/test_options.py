from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.app.options import _MAY_HAVE_VALUE, _WITH_VALUE, COMMANDS, Options, _parser, parse
from mcpdeck.services.errors import UsageError
from mcpdeck.services.models import EraMode, TransportKind
from tests.cli.command import CommandLine


@pytest.mark.parametrize(
    "words",
    [
        ["call", "t", "echo", "a=1", "--json", "--era", "legacy"],
        ["--json", "--era", "legacy", "call", "t", "echo", "a=1"],
        ["call", "--era=legacy", "t", "--json", "echo", "a=1"],
        ["call", "t", "--era", "legacy", "echo", "--json", "a=1"],
    ],
)
def test_options_may_stand_before_or_after_every_word(words: list[str]) -> None:
    assert parse(words) == Options("call", ("t", "echo", "a=1"), json=True, era=EraMode.LEGACY)


def test_what_follows_two_dashes_is_the_program_and_is_left_alone() -> None:
    options = parse(["call", "--json", "echo", "a=1", "--", "prog", "--json", "--", "list"])
    assert options == Options("call", ("echo", "a=1"), ("prog", "--json", "--", "list"), json=True)


def test_a_word_that_is_no_command_is_the_target_of_the_dashboard() -> None:
    assert parse(["files"]) == Options(None, ("files",))
    assert parse([]) == Options(None)
    assert parse(["--", "prog"]) == Options(None, (), ("prog",))


def test_the_value_of_an_option_is_no_command() -> None:
    assert parse(["--approve", "list", "tools", "x"]) == Options("tools", ("x",), approve=("list",))


def test_every_option_arrives() -> None:
    words = ["tools", "x", "--mcp-config", "a", "--mcp-config", "b", "--strict-mcp-config", "--transport", "http"]
    words += ["--header", "A: b: c", "--env", "K=v=w", "--cwd", "d", "--protocol-version", "2025-11-25"]
    words += ["--timeout", "1.5", "--yes", "--approve", "x", "-vv", "-q"]
    assert parse(words) == Options(
        "tools",
        ("x",),
        mcp_config=("a", "b"),
        strict=True,
        transport=TransportKind.HTTP,
        headers=(("A", "b: c"),),
        env=(("K", "v=w"),),
        cwd=Path("d"),
        protocol_version="2025-11-25",
        timeout=1.5,
        yes=True,
        approve=("x",),
        verbose=2,
        quiet=True,
    )


def test_every_option_of_a_command_arrives() -> None:
    assert parse(["watch", "x", "--for", "3", "--subscribe", "a", "--subscribe", "b"]) == Options(
        "watch", ("x",), seconds=3.0, subscribe=("a", "b")
    )
    assert parse(["read", "x", "a:b", "--output", "-", "--trace", "t", "--answers", "list"]) == Options(
        "read", ("x", "a:b"), output="-", trace="t", answers="list"
    )
    assert parse(["call", "x", "t", "--task"]) == Options("call", ("x", "t"), task=True)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_option_that_takes_a_value_is_known_before_the_command_is(command: str | None) -> None:
    # else its value would be taken for the command: mcpdeck --trace list tools x
    takes_a_value = {
        name
        for action in _parser(command)._actions
        for name in action.option_strings
        if action.nargs != 0 and name.startswith("--")
    }
    assert takes_a_value <= _WITH_VALUE | _MAY_HAVE_VALUE


def test_the_words_after_the_command_begin_with_the_target_unless_a_program_is_given() -> None:
    assert parse(["read", "t", "u", "a=1"]).target_and_words == ("t", ["u", "a=1"])
    assert parse(["read", "u", "a=1", "--", "prog"]).target_and_words == (None, ["u", "a=1"])
    assert parse(["read"]).target_and_words == (None, [])


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (["watch", "x", "--for", "0"], "--for", "--help"),
        (["tools", "x", "--answers"], "--answers", "--help"),
        (["tools", "x", "--task"], "--task", ""),
        (["batch", "a", "b"], "unexpected: b", "--help"),
        (["list", "--jsno"], "--jsno", "did you mean --json"),
        (["list", "--no-validate"], "--no-validate", ""),
        (["tools", "x", "--era", "old"], "--era", "--help"),
        (["tools", "x", "--timeout", "0"], "--timeout", "--help"),
        (["tools", "x", "--timeout", "nan"], "--timeout", "--help"),
        (["tools", "x", "--timeout"], "--timeout", "--help"),
        (["tools", "x", "--protocol-version", "latest"], "--protocol-version", "--help"),
        (["tools", "x", "--protocol-version", "2020-01-01"], "2026-07-28", "--help"),
        (["tools", "x", "--header", "nocolon"], "--header", "--help"),
        (["tools", "x", "--header", "A B: c"], "--header", "--help"),
        (["tools", "x", "--env", "novalue"], "--env", "--help"),
        (["tools", "x", "--transport", "quic"], "--transport", "--help"),
        (["tools", "a", "b"], "unexpected: b", "--help"),
        (["tools", "a", "--", "prog"], "two targets", "one of the two"),
        (["demo", "x"], "unexpected: x", "--help"),
        (["a", "b"], "unexpected: b", "--help"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error_with_a_hint(words: list[str], what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert what in caught.value.title
    assert hint in caught.value.hint


def test_help_and_version_go_to_stdout(mcpdeck: CommandLine) -> None:
    whole = mcpdeck("--help")
    assert whole.code == 0
    assert all(word in whole.out for word in ("mcpdeck call TARGET TOOL", "--mcp-config", "exit codes"))
    assert "--no-validate" in mcpdeck("call", "--help").out
    assert mcpdeck("--version").out.startswith("mcpdeck ")


@pytest.mark.parametrize(
    ("words", "title", "hint"),
    [
        (["lst"], 'no command or server named "lst"', 'did you mean "list"?'),
        (["tools"], "a TARGET is missing", "mcpdeck tools NAME"),
        (["call"], "which server and which tool?", "mcpdeck call TARGET TOOL"),
        (["call", "x"], "which tool?", "mcpdeck tools x"),
        (["approve"], "its name is missing", "mcpdeck approve NAME"),
        (["tools", "--"], "no command after --", "COMMAND"),
        (["tools", "nobody"], 'no server named "nobody"', "no server is configured"),
        (["tools", "ws://elsewhere.invalid/x"], "is not encrypted", "wss://"),
        (["tools", "ws://127.0.0.1:1/x", "--transport", "http"], "does not fit", "http://HOST"),
        (["tools", "http://127.0.0.1:1/x", "--transport", "ws"], "does not fit", "ws://HOST"),
        (["tools", "ws://127.0.0.1:1/x", "--header", "Host: h"], "would break the connection", "leave it away"),
        (["tools", "http://127.0.0.1:1/x", "--header", "Mcp-Session-Id: h"], "mcpdeck sets it", "leave it away"),
        (["tools", "ftp://127.0.0.1/x"], "does not begin with http", "http://HOST"),
        (["tools", "http://"], "has no host", "http://HOST"),
        (["tools", "absent.py"], "no such file", "check the path"),
        (["tools", "http://127.0.0.1:1/mcp", "--transport", "stdio"], "does not fit", "--transport"),
        (["tools", "http://127.0.0.1:1/mcp", "--env", "A=b"], "for stdio servers", ""),
        (["tools", "--header", "A: b", "--", "prog"], "for HTTP servers", ""),
        (["tools", "http://127.0.0.1:1/mcp", "--header", "A: ${NOT_SET_HERE}"], "not set: NOT_SET_HERE", "default"),
        (["list", "--header", "A: b"], "need a TARGET", "mcpdeck list"),
        (["list", "--approve", "nobody"], 'no server named "nobody"', ""),
        ([], "the dashboard needs a terminal", "mcpdeck list"),
        (["demo"], "the dashboard needs a terminal", "mcpdeck list"),
    ],
)
def test_a_mistake_ends_with_2_and_the_same_words_on_stderr_and_in_json(
    mcpdeck: CommandLine, words: list[str], title: str, hint: str
) -> None:
    plain = mcpdeck(*words)
    assert (plain.code, plain.out) == (2, "")
    assert title in plain.err
    assert hint in plain.err
    if words:
        machine = mcpdeck("--json", *words)
        assert machine.code == 2
        assert title in machine.error["title"]
        assert set(machine.error) == {"kind", "title", "hint", "server", "details"}
