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
from .command_table import ABOUT, COMMANDS, DASHBOARD, EXITS, GROUPS, MEANT, MORE_HELP, TARGETS
from .option_groups import MAY_HAVE_VALUE, NO_PAGE, WITH_VALUE, add_options


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``command`` None is the dashboard; ``program`` is what followed ``--``.

    ``timeout`` and ``seconds`` (``watch --for``) in seconds; ``words`` are the positional words after the
    sub-command. ``output``: where what came is saved; ``full``: print all of it. ``page``: one page of a list only,
    the one at ``cursor`` (None: the first). ``scope`` is ``local``, ``project`` or ``user`` (None: not given);
    ``rename`` the name that a server gets here, ``values`` what is put into the variables of a registry's entry;
    ``everything``: all pages of a search, every stored login. ``browser``: one may be opened; ``again``: log in
    although there is a login, ``scopes``: to ask for beside others; ``client_secret``: ask for one. ``of_server``,
    ``last``: what of the audit log is shown. ``profile`` of permissions, for this run. ``search``: of which
    ``servers`` (none named: all), with which ``capabilities``, how many at the most (``limit``). ``run``: which
    ``calls`` of a collection (none named: all), with which ``variables`` and which set of them, whether to ``stop`` at
    the first that fails. ``plain``: the dashboard for screen readers.
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
    full: bool = False
    seconds: float | None = None
    subscribe: tuple[str, ...] = ()
    page: bool = False
    cursor: str | None = None
    scope: str | None = None
    client_id: str | None = None
    client_secret: bool = False
    callback_port: int | None = None
    dry_run: bool = False
    force: bool = False
    discover: bool = False
    rename: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    everything: bool = False
    browser: bool = True
    again: bool = False
    scopes: tuple[str, ...] = ()
    rotate_key: bool = False
    servers: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    limit: int = 50
    of_server: str | None = None
    last: int | None = None
    profile: str | None = None
    calls: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    use_set: str | None = None
    stop: bool = False
    junit: str | None = None
    plain: bool = False
    show_help: bool = False
    show_version: bool = False

    @property
    def target_and_words(self) -> tuple[str | None, list[str]]:
        """The TARGET (None: the command after ``--``, or none was given) and the words that follow it."""
        words = list(self.words)
        return (words.pop(0) if self.program is None and words else None), words


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")


def _parser(name: str | None) -> _Parser:
    """The parser of one sub-command (None: the dashboard), with every option it knows."""
    command = COMMANDS[name] if name else DASHBOARD
    program = f"mcpdeck {name}" if name else "mcpdeck"
    usage = f"{program} {command.usage} [options]".replace("  ", " ")
    parser = _Parser(
        prog=program,
        usage=f"{usage} [-- COMMAND ARGS…]" if command.on_a_target else usage,
        description=_about(name),
        epilog="\n".join(
            part for part in (MORE_HELP.get(name or ""), TARGETS if command.on_a_target else "", EXITS) if part
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    add_options(parser, name)
    return parser


def _about(name: str | None) -> str:
    command = COMMANDS[name] if name else DASHBOARD
    return command.about if name else f"{ABOUT}\n\n{_command_lines()}mcpdeck COMMAND --help says more about each."


def _command_lines() -> str:
    """Every command under the heading of its group, within 80 columns."""
    listed = {name for names in GROUPS.values() for name in names}
    groups = {"dashboard": [("[TARGET]", DASHBOARD.about)]}
    groups["dashboard"] += [(name, COMMANDS[name].about) for name in COMMANDS if name not in listed]
    for title, names in GROUPS.items():
        groups[title] = [(f"{name} {COMMANDS[name].usage}".rstrip(), COMMANDS[name].about) for name in names]
    lines: list[str] = []
    for title, rows in groups.items():
        lines.append(f"{title}:")
        for usage, about in rows:
            row = f"  mcpdeck {usage}"
            lines += [f"{row:<33}{about}"] if len(row) < 32 else [row, f"{'':<33}{about}"]
        lines.append("")
    return "\n".join(lines) + "\n"


def _split_command(words: list[str]) -> tuple[str | None, list[str]]:
    """The sub-command and the rest: it is the first word that is no option, when it is one at all."""
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "-":
        option, following = words[index], words[index + 1] if index + 1 < len(words) else ""
        may_be_value = following not in COMMANDS and not following.startswith("-")
        index += 2 if option in WITH_VALUE or (option in MAY_HAVE_VALUE and may_be_value) else 1
    if index < len(words) and words[index] in COMMANDS:
        return words[index], words[:index] + words[index + 1 :]
    return None, words


def parse(argv: Sequence[str]) -> Options:
    """Read the command line. Raises ``UsageError``."""
    words, program = list(argv), None
    if "--" in words:
        cut = words.index("--")
        words, program = words[:cut], tuple(words[cut + 1 :])
    if any(word.startswith("--client-secret=") for word in words):  # what argparse says of it would repeat it
        hint = "without a value: it is asked for, or taken from MCP_CLIENT_SECRET"
        raise UsageError("--client-secret takes no value: everybody on this machine can read a command line", hint=hint)
    name, rest = _split_command(words)
    parser = _parser(name)
    namespace, unknown = parser.parse_known_intermixed_args(rest)
    found: dict[str, Any] = vars(namespace)
    if name is None and not (found["show_help"] or found["show_version"]):
        _check_command(found["words"])
    if unknown:
        _refuse(unknown[0], parser)
    for key in (
        "mcp_config",
        "approve",
        "headers",
        "env",
        "words",
        "subscribe",
        "values",
        "servers",
        "capabilities",
        "calls",
        "variables",
    ):
        found[key] = tuple(found.get(key, ()))
    _choose_page(found, program)
    found["era"] = EraMode(found["era"]) if found.get("era") else None
    found["transport"] = TransportKind(found["transport"]) if found.get("transport") else None
    options = Options(command=name, program=program, **found)
    _check_words(options, parser.prog)
    return options


def _choose_page(found: dict[str, Any], program: tuple[str, ...] | None) -> None:
    """``--page`` alone is the first page; before the only word it took the TARGET, which is given back."""
    cursor = found.pop("cursor", NO_PAGE)
    if cursor is NO_PAGE:
        return
    found["page"] = True
    if cursor and not found["words"] and program is None:
        found["words"], cursor = (cursor,), None
    found["cursor"] = cursor


def _check_command(words: Sequence[str]) -> None:
    """The dashboard is given one word: where there are more, the first one was meant as a command."""
    if len(words) < 2 or re.search(r"[:/.]", words[0]):
        return
    from difflib import get_close_matches

    word = words[0]
    close = [MEANT[word].format(word)] if word in MEANT else get_close_matches(word, COMMANDS, 1)
    hint = f"did you mean {close[0]}?" if close else "mcpdeck --help lists the commands"
    if word in ("edit", "update", "set"):
        hint = f"mcpdeck add-json {words[1]} JSON --force replaces an entry; in the dashboard E edits it"
    raise UsageError(f'unknown command "{word}"', hint=hint)


def _refuse(word: str, parser: argparse.ArgumentParser) -> NoReturn:
    """A mistyped option gets its neighbour named."""
    from difflib import get_close_matches

    known = re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help())
    close = get_close_matches(word.partition("=")[0], known, 1)
    hint = f"did you mean {close[0]}?" if close else f"{parser.prog} --help"
    if parser.prog == "mcpdeck add" and not close:
        hint = "options of the program stand with it after --: mcpdeck add NAME -- COMMAND ARGS…"
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
