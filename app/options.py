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

from ..services.eras.versions import BY_DATE
from ..services.errors import UsageError
from ..services.models import EraMode, TransportKind


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``command`` None is the dashboard; ``program`` is what followed ``--``.

    ``timeout`` and ``seconds`` (``watch --for``) in seconds; ``words`` are the positional words after the
    sub-command. ``output``: where ``read`` saves what it got. ``page``: one page of a list only, the one at
    ``cursor`` (None: the first).
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
    answers: str | None = None
    trace: str | None = None
    arguments: str | None = None
    validate: bool = True
    task: bool = False
    output: str | None = None
    seconds: float | None = None
    subscribe: tuple[str, ...] = ()
    page: bool = False
    cursor: str | None = None
    show_help: bool = False
    show_version: bool = False

    @property
    def target_and_words(self) -> tuple[str | None, list[str]]:
        """The TARGET (None: the command after ``--``, or none was given) and the words that follow it."""
        words = list(self.words)
        return (words.pop(0) if self.program is None and words else None), words


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
    "resources": Command("TARGET", "the resources of a server", 1),
    "templates": Command("TARGET", "its resource templates", 1),
    "prompts": Command("TARGET", "its prompts", 1),
    "call": Command("TARGET TOOL [name=value | name:=JSON …]", "call a tool and print its result", None),
    "read": Command("TARGET URI [name=value | name:=JSON …]", "read a resource; values go into a URI template", None),
    "prompt": Command("TARGET NAME [name=value …]", "get a prompt, filled in", None),
    "complete": Command(
        "TARGET prompt/NAME|URI-TEMPLATE ARG=PREFIX [already=chosen …]",
        "what the server suggests for an argument",
        None,
    ),
    "batch": Command("TARGET", "many operations in one session: JSON Lines in, JSON Lines out", 1),
    "watch": Command("TARGET", "notifications, log and status changes as JSON Lines", 1),
    "approve": Command("NAME", "let a server of the project's .mcp.json start, now and later", 1),
}
LISTING = frozenset({"tools", "resources", "templates", "prompts"})
DASHBOARD = Command("[TARGET]", "the dashboard", 1)

_ABOUT = "A terminal dashboard and command line for MCP servers."
_TARGETS = """\
a TARGET is one of:
  -- COMMAND ARGS…           a program that speaks MCP over stdio; always last on the line
  http://… or https://…      a Streamable HTTP endpoint, or one of the older HTTP+SSE
  ws://… or wss://…          a WebSocket
  FILE.py[:object]           a server in this process, also package.module:object
  NAME                       a configured server (mcpdeck list shows them)
"""
_EXITS = """\
exit codes: 0 done, 1 the tool reported an error, 2 usage, 3 no connection, 4 authorization,
            5 not approved or blocked, 6 broken protocol, 7 time-out, 130 interrupted
"""


_BATCH = """\
one JSON object a line on stdin, one reply a line on stdout, in the same order:
  {"op": "list_tools" | "list_resources" | "list_templates" | "list_prompts" | "list_skills"}
  {"op": "info" | "ping"}                 the four lists: "cursor": null | … gives one page and its "nextCursor"
  {"op": "call_tool", "name": …, "arguments": {…}, "task": true}       {"op": "get_prompt", "name": …, "arguments": {…}}
  {"op": "read_resource" | "subscribe" | "unsubscribe" | "load_skill", "uri": …}
  {"op": "read_skill_file", "skill": …, "uri": …}                      {"op": "set_log_level", "level": …}
  {"op": "complete", "ref": {…}, "argument": {"name", "value"}, "context": {…}}
  {"op": "wait", "kind": "log" | "any" | a notification, "seconds": …} {"op": "request", "method": …, "params": {…}}
each may have a "timeout" in seconds; a wait without "kind" lasts all its seconds and gives what came. The first
line of the output says how the connection was made. The end of stdin ends the session.
"""
_MORE_HELP = {"batch": _BATCH}
_NO_PAGE = object()


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
    if text not in BY_DATE:
        raise argparse.ArgumentTypeError(f"{text} is no revision that is known: {', '.join(BY_DATE)}")
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
        epilog="\n".join(part for part in (_MORE_HELP.get(name or ""), _TARGETS, _EXITS) if part),
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
        add("--task", action="store_true", help="run the call as a task where the server can, and wait for its result")
    if name in LISTING:
        about = "one page only, the first or the one at CURSOR, and where the next begins; all without it"
        add("--page", dest="cursor", nargs="?", default=_NO_PAGE, const=None, metavar="CURSOR", help=about)
    if name == "prompt":
        add("--no-validate", dest="validate", action="store_false", help="ask although required arguments are missing")
    if name == "read":
        add("--output", metavar="FILE", help="save the content as it is, decoded; - for stdout")
    if name == "watch":
        add("--for", dest="seconds", type=_seconds, metavar="SECONDS", help="end after so long; without it, at Ctrl+C")
        add("--subscribe", action="append", default=[], metavar="URI", help="to a resource's changes; repeatable")
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
    target("--transport", choices=["stdio", "http", "sse", "ws"], help="insist on a transport")
    target("--header", dest="headers", action="append", default=[], type=_header, metavar="'Name: value'")
    target("--env", action="append", default=[], type=_variable, metavar="NAME=VALUE")
    target("--cwd", type=Path, metavar="DIR", help="where a stdio server runs")
    target("--era", choices=[mode.value for mode in EraMode], help="protocol era; auto finds out")
    target("--protocol-version", type=_date, metavar="DATE", help="insist on one revision")
    target("--timeout", type=_seconds, metavar="SECONDS", help="for connecting and for a call")
    target("--answers", metavar="FILE", help="JSON that answers what servers ask; only what it offers is declared")
    output = parser.add_argument_group("output").add_argument
    output("--trace", metavar="FILE", help="write every message as JSON Lines, without tokens and session ids")
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
        "answers",
        "trace",
        "output",
        "for",
        "subscribe",
    )
)

_MAY_HAVE_VALUE = frozenset({"--page"})


def _split_command(words: list[str]) -> tuple[str | None, list[str]]:
    """The sub-command and the rest: it is the first word that is no option, when it is one at all."""
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "-":
        option, following = words[index], words[index + 1] if index + 1 < len(words) else ""
        may_be_value = following not in COMMANDS and not following.startswith("-")
        index += 2 if option in _WITH_VALUE or (option in _MAY_HAVE_VALUE and may_be_value) else 1
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
    for key in ("mcp_config", "approve", "headers", "env", "words", "subscribe"):
        found[key] = tuple(found.get(key, ()))
    _choose_page(found, program)
    found["era"] = EraMode(found["era"]) if found["era"] else None
    found["transport"] = TransportKind(found["transport"]) if found["transport"] else None
    options = Options(command=name, program=program, **found)
    _check_words(options, parser.prog)
    return options


def _choose_page(found: dict[str, Any], program: tuple[str, ...] | None) -> None:
    """``--page`` alone is the first page; before the only word it took the TARGET, which is given back."""
    cursor = found.pop("cursor", _NO_PAGE)
    if cursor is _NO_PAGE:
        return
    found["page"] = True
    if cursor and not found["words"] and program is None:
        found["words"], cursor = (cursor,), None
    found["cursor"] = cursor


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
    given = len(options.words) + (1 if options.program is not None else 0)
    if command.most_words is not None and given > command.most_words:
        if command.most_words == 0 or options.program is None:
            raise UsageError(f"unexpected: {options.words[command.most_words :][0]}", hint=f"{program} --help")
        raise UsageError("two targets: a word and a command after --", hint="give one of the two")


def help_text(options: Options) -> str:
    """The help of the sub-command, or of mcpdeck as a whole."""
    return _parser(options.command).format_help()
