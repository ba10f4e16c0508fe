"""The command line's words and options -> one value.

Owns the table of commands and options and their help. Never does what they ask for, and raises
``UsageError`` instead of leaving the process.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..services.errors import UsageError
from ..services.models import EraMode, TransportKind


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``command`` None is the dashboard; ``program`` is what followed ``--``.

    ``timeout`` in seconds; ``words`` are the positional words after the sub-command.
    """

    command: str | None
    words: tuple[str, ...] = ()
    program: tuple[str, ...] | None = None
    mcp_config: tuple[str, ...] = ()
    strict: bool = False
    transport: TransportKind | None = None
    headers: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: Path | None = None
    era: EraMode | None = None
    protocol_version: str | None = None
    timeout: float | None = None
    json: bool = False
    yes: bool = False
    approve: tuple[str, ...] = ()
    verbose: int = 0
    quiet: bool = False
    connect: bool = True
    arguments: str | None = None
    validate: bool = True
    show_help: bool = False
    show_version: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: its words as the help shows them, and how many of them may stand."""

    usage: str
    about: str
    most_words: int | None


COMMANDS = {
    "demo": Command("", "the dashboard on the servers that ship with mcpdeck", 0),
    "list": Command("[TARGET]", "every server of every source, with its status", 1),
    "tools": Command("TARGET", "the tools of a server", 1),
    "call": Command("TARGET TOOL [name=value | name:=JSON …]", "call a tool and print its result", None),
    "approve": Command("NAME", "let a server of the project's .mcp.json start, now and later", 1),
}
DASHBOARD = Command("[TARGET]", "the dashboard", 1)

_ABOUT = "A terminal dashboard and command line for MCP servers."
_TARGETS = """\
a TARGET is one of:
  -- COMMAND ARGS…           a program that speaks MCP over stdio; always last on the line
  http://… or https://…      a Streamable HTTP endpoint
  FILE.py[:object]           a server in this process, also package.module:object
  NAME                       a configured server (mcpdeck list shows them)
"""
_EXITS = """\
exit codes: 0 done, 1 the tool reported an error, 2 usage, 3 no connection, 4 authorization,
            5 not approved or blocked, 6 broken protocol, 7 time-out, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")


def _pair(text: str, separator: str, what: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise argparse.ArgumentTypeError(f"{what} expected, not a word without {separator}")
    return name, value


def _header(text: str) -> tuple[str, str]:
    name, value = _pair(text, ":", "'Name: value'")
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip()) or re.search(r"[\r\n\0]", value):
        raise argparse.ArgumentTypeError("not a header that HTTP allows")
    return name.strip(), value.strip()


def _variable(text: str) -> tuple[str, str]:
    return _pair(text, "=", "NAME=VALUE")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2025-11-25")
    return text


def _parser(name: str | None) -> _Parser:
    """The parser of one sub-command (None: the dashboard), with every option it knows."""
    command = COMMANDS[name] if name else DASHBOARD
    program = f"mcpdeck {name}" if name else "mcpdeck"
    usage = f"{program} {command.usage} [options] [-- COMMAND ARGS…]".replace("  ", " ")
    parser = _Parser(
        prog=program,
        usage=usage,
        description=command.about if name else f"{_ABOUT}\n\ncommands:\n{_command_lines()}",
        epilog=f"{_TARGETS}\n{_EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    add = parser.add_argument_group("options").add_argument
    if name == "list":
        add("--no-connect", dest="connect", action="store_false", help="show what is configured, contact nothing")
    if name == "call":
        add(
            "--args", dest="arguments", metavar="JSON|@FILE|-", help="arguments as a JSON object; name=value adds to it"
        )
        add("--no-validate", dest="validate", action="store_false", help="send arguments that fail the tool's schema")
    _add_common(parser)
    return parser


def _command_lines() -> str:
    rows = [(f"mcpdeck {name} {command.usage}".rstrip(), command.about) for name, command in COMMANDS.items()]
    rows.insert(0, ("mcpdeck [TARGET]", DASHBOARD.about))
    return "".join(
        f"  {usage:<29}{about}\n" if len(usage) < 29 else f"  {usage}\n{'':<31}{about}\n" for usage, about in rows
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    source = parser.add_argument_group("where servers come from").add_argument
    source("--mcp-config", action="append", default=[], metavar="FILE|JSON", help="more servers; repeatable")
    source("--strict-mcp-config", dest="strict", action="store_true", help="only those of --mcp-config")
    source("--yes", action="store_true", help="approve pending project servers for this run")
    source(
        "--approve", action="append", default=[], metavar="NAME", help="approve one of them for this run; repeatable"
    )
    target = parser.add_argument_group("how the TARGET is reached").add_argument
    target("--transport", choices=["stdio", "http"], help="insist on a transport")
    target("--header", dest="headers", action="append", default=[], type=_header, metavar="'Name: value'")
    target("--env", action="append", default=[], type=_variable, metavar="NAME=VALUE")
    target("--cwd", type=Path, metavar="DIR", help="where a stdio server runs")
    target("--era", choices=[mode.value for mode in EraMode], help="protocol era; auto finds out")
    target("--protocol-version", type=_date, metavar="DATE", help="insist on one revision")
    target("--timeout", type=_seconds, metavar="SECONDS", help="for connecting and for a call")
    output = parser.add_argument_group("output").add_argument
    output("--json", action="store_true", help="one JSON document on stdout")
    output("-v", "--verbose", action="count", default=0, help="say on stderr what happens")
    output("-q", "--quiet", action="store_true", help="no warnings")
    output("-V", "--version", dest="show_version", action="store_true")
    output("-h", "--help", dest="show_help", action="store_true")


_WITH_VALUE = frozenset(
    f"--{name}"
    for name in (
        "mcp-config",
        "approve",
        "transport",
        "header",
        "env",
        "cwd",
        "era",
        "protocol-version",
        "timeout",
        "args",
    )
)


def _split_command(words: list[str]) -> tuple[str | None, list[str]]:
    """The sub-command and the rest: it is the first word that is no option, when it is one at all."""
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "-":
        index += 2 if words[index] in _WITH_VALUE else 1
    if index < len(words) and words[index] in COMMANDS:
        return words[index], words[:index] + words[index + 1 :]
    return None, words


def parse(argv: Sequence[str]) -> Options:
    """Read the command line. Raises ``UsageError``."""
    words, program = list(argv), None
    if "--" in words:
        cut = words.index("--")
        words, program = words[:cut], tuple(words[cut + 1 :])
    name, rest = _split_command(words)
    parser = _parser(name)
    namespace, unknown = parser.parse_known_intermixed_args(rest)
    if unknown:
        _refuse(unknown[0], parser)
    found: dict[str, Any] = vars(namespace)
    for key in ("mcp_config", "approve", "headers", "env", "words"):
        found[key] = tuple(found[key])
    found["era"] = EraMode(found["era"]) if found["era"] else None
    found["transport"] = TransportKind(found["transport"]) if found["transport"] else None
    options = Options(command=name, program=program, **found)
    _check_words(options, parser.prog)
    return options


def _refuse(word: str, parser: argparse.ArgumentParser) -> NoReturn:
    """A mistyped option gets its neighbour named."""
    from difflib import get_close_matches

    known = re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help())
    close = get_close_matches(word.partition("=")[0], known, 1)
    hint = f"did you mean {close[0]}?" if close else f"{parser.prog} --help"
    raise UsageError(f"unknown option {word.partition('=')[0]}", hint=hint)


def _check_words(options: Options, program: str) -> None:
    if options.show_help or options.show_version:
        return
    command = COMMANDS[options.command] if options.command else DASHBOARD
    given = len(options.words) + (1 if options.program is not None and options.command != "call" else 0)
    if command.most_words is not None and given > command.most_words:
        if command.most_words == 0 or options.program is None:
            raise UsageError(f"unexpected: {options.words[command.most_words :][0]}", hint=f"{program} --help")
        raise UsageError("two targets: a word and a command after --", hint="give one of the two")


def help_text(options: Options) -> str:
    """The help of the sub-command, or of mcpdeck as a whole."""
    return _parser(options.command).format_help()
