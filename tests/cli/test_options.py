from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.app.command_table import COMMANDS, TOOK_EVERYTHING
from mcpdeck.app.option_groups import MAY_HAVE_VALUE, WITH_VALUE
from mcpdeck.app.options import Options, _parser, help_text, parse
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
    words = [
        "add",
        "x",
        "--scope",
        "user",
        "--client-id",
        "me",
        "--callback-port",
        "80",
        "--force",
        "--dry-run",
        "--",
        "p",
    ]
    assert parse(words) == Options(
        "add", ("x",), ("p",), scope="user", client_id="me", callback_port=80, force=True, dry_run=True
    )
    assert parse(["import", "zed", "a", "--as", "b"]) == Options("import", ("zed", "a"), rename="b")


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_option_that_takes_a_value_is_known_before_the_command_is(command: str | None) -> None:
    # else its value would be taken for the command: mcpdeck --trace list tools x
    takes_a_value = {
        name
        for action in _parser(command)._actions
        for name in action.option_strings
        if action.nargs != 0 and name.startswith("--")
    }
    assert takes_a_value <= WITH_VALUE | MAY_HAVE_VALUE


def test_adding_takes_the_short_options_that_others_have(mcpdeck: CommandLine) -> None:
    short = parse(["add", "-t", "sse", "-s", "user", "-H", "A: b", "-H", "C: d", "x", "https://h.example/"])
    long = ["add", "--transport", "sse", "--scope", "user", "--header", "A: b", "--header", "C: d"]
    assert short == parse([*long, "x", "https://h.example/"])
    program = parse(["-e", "A=b", "-s", "project", "add", "x", "-eC=d", "--", "prog", "-e", "not=ours"])
    assert (program.command, program.scope, program.env) == ("add", "project", (("A", "b"), ("C", "d")))
    assert program.program == ("prog", "-e", "not=ours")
    assert parse(["add-json", "x", "{}", "-s", "user"]).scope == parse(["remove", "x", "-s", "user"]).scope == "user"
    assert "-s, --scope" in " ".join(mcpdeck("add", "--help").out.replace(" {local,project,user}", "").split())


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
        (["prompts", "a", "b"], "unexpected: b", "--help"),
        (["prompts", "a", "--", "prog"], "two targets", "one of the two"),
        (["demo", "x"], "unexpected: x", "--help"),
        (["https://h.example/mcp", "b"], "unexpected: b", "--help"),
        (["./server.py", "b"], "unexpected: b", "--help"),
        (["a", "b"], 'unknown command "a"', "mcpdeck --help"),
        (["rm", "x"], 'unknown command "rm"', "did you mean remove?"),
        (["rm", "x", "--scope", "user"], 'unknown command "rm"', "did you mean remove?"),
        (["aprove", "x", "--quiet"], 'unknown command "aprove"', "did you mean approve?"),
        (["edit", "x"], 'unknown command "edit"', "mcpdeck add-json x JSON --force"),
        (["install", "x/y"], 'unknown command "install"', "did you mean registry install?"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error_with_a_hint(words: list[str], what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert what in caught.value.title
    assert hint in caught.value.hint


COMMON = [
    "--mcp-config",
    "a",
    "--strict-mcp-config",
    "--transport",
    "http",
    "--header",
    "A: b",
    "--env",
    "K=v",
    "--cwd",
    "d",
]
COMMON += ["--era", "legacy", "--protocol-version", "2025-11-25", "--timeout", "2", "--trace", "t", "--answers", "f"]
COMMON += ["--yes", "--approve", "x", "--json", "-v", "-q"]


@pytest.mark.parametrize("command", [None, *sorted(TOOK_EVERYTHING)])
def test_the_common_options_are_taken_by_every_command_that_took_them_always(command: str | None) -> None:
    options = parse([command, *COMMON] if command else COMMON)
    assert (options.command, options.trace, options.answers, options.timeout) == (command, "t", "f", 2.0)
    assert (options.mcp_config, options.approve, options.strict, options.yes) == (("a",), ("x",), True, True)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_fits_80_columns(command: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    usage, *lines = help_text(Options(command)).splitlines()
    assert usage.startswith("usage: mcpdeck")
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(
    ("command", "shown", "hidden"),
    [
        ("add", ["--scope", "--header", "--client-id", "--dry-run"], ["--answers", "--trace", "--mcp-config", "--yes"]),
        ("add-json", ["--scope", "--force"], ["--header", "--timeout"]),
        ("get", ["--mcp-config", "--discover"], ["--header", "--timeout", "--scope", "a TARGET is"]),
        ("remove", ["--scope", "--dry-run"], ["--force", "--header"]),
        ("approve", ["--yes", "--dry-run"], ["--trace", "--header"]),
        ("call", ["--args", "--answers", "--header", "a TARGET is"], ["--scope", "--dry-run"]),
        ("demo", ["--trace"], ["--mcp-config", "--header"]),
    ],
)
def test_help_shows_what_matters_to_the_command(command: str, shown: list[str], hidden: list[str]) -> None:
    text = help_text(Options(command))
    assert [word for word in shown if word not in text] == []
    assert [word for word in hidden if word in text] == []


def test_help_lists_every_command_once() -> None:
    lines = help_text(Options(None)).splitlines()
    for command in COMMANDS:
        assert len([line for line in lines if f"{line} ".startswith(f"  mcpdeck {command} ")]) == 1


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
