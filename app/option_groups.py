"""The options of each sub-command, and how the help tells them.

Owns what an option is called and what its value may look like. Never decides what a command does with it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from ..services.eras.versions import BY_DATE
from ..services.models import EraMode
from .command_table import COMMANDS, DASHBOARD, LISTING, TOOK_EVERYTHING, Takes

NO_PAGE = object()
"""``--page`` was not given, which its having no value is not."""

WITH_VALUE = frozenset(("-t", "-s", "-e", "-H")) | frozenset(
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
        "scope",
        "scopes",
        "client-id",
        "callback-port",
        "as",
        "set",
        "server",
        "profile",
        "limit",
        "last",
        "call",
        "var",
        "use-set",
        "junit",
    )
)
MAY_HAVE_VALUE = frozenset({"--page"})


# -- values


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


def _scopes(text: str) -> tuple[str, ...]:
    from ..services.auth.scopes import words

    scopes = words(text)
    if not scopes or len(scopes) != len(set(text.split())):
        raise argparse.ArgumentTypeError(f"{text!r} are no scopes: words with a space between them")
    return scopes


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:6]) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:9]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000000")
    return int(text)


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2025-11-25")
    if text not in BY_DATE:
        raise argparse.ArgumentTypeError(f"{text} is no revision that is known: {', '.join(BY_DATE)}")
    return text


_OF_A_KIND = {"tasks": "only tools that can run as a task", "ui": "only tools with a screen of their own (MCP Apps)"}

# -- groups


class _Group:
    """Options of one heading. Those that are accepted and do not matter here stay out of the help."""

    def __init__(self, parser: argparse.ArgumentParser, title: str, shown: Takes, accepted: Takes) -> None:
        self._add: Callable[..., object] = parser.add_argument_group(title).add_argument
        self._shown = shown
        self._accepted = accepted

    def __call__(self, needs: Takes, *names: str, help: str | None = None, **how: object) -> None:  # noqa: A002
        if needs in self._shown:
            self._add(*names, help=help, **how)
        elif needs in self._accepted:
            self._add(*names, help=argparse.SUPPRESS, **how)


def add_options(parser: argparse.ArgumentParser, name: str | None) -> None:
    """Every option of one sub-command (None: the dashboard)."""
    shown = COMMANDS[name].takes if name else DASHBOARD.takes
    accepted = shown | Takes.TARGET if name is None or name in TOOK_EVERYTHING else shown
    own = parser.add_argument_group("options").add_argument
    _own(own, name)
    _of_logins(own, name)
    _of_results(own, name)
    _writing(_Group(parser, "what is written", shown, accepted), name)
    _sources(_Group(parser, "where servers come from", shown, accepted), name)
    if name == "add":
        _new_entry(parser.add_argument_group("the new entry").add_argument)
    else:
        _target(_Group(parser, "how the TARGET is reached" if Takes.ENTRY in shown else "time", shown, accepted))
    _output(parser, _Group(parser, "output", shown, accepted), name)


def _own(add: Callable[..., object], name: str | None) -> None:
    """What only one command, or few, can be told."""
    if name == "list":
        add("--no-connect", dest="connect", action="store_false", help="show what is configured, contact nothing")
    if name == "call":
        about = "arguments as a JSON object; name=value adds to it"
        add("--args", dest="arguments", metavar="JSON|@FILE|-", help=about)
        add("--no-validate", dest="validate", action="store_false", help="send arguments that fail the tool's schema")
        add("--task", action="store_true", help="run the call as a task where the server can, and wait for its result")
    if name in LISTING:
        about = "one page only, the first or the one at CURSOR, and where the next begins; all without it"
        add("--page", dest="cursor", nargs="?", default=NO_PAGE, const=None, metavar="CURSOR", help=about)
    if name == "search":
        add(
            "--server", dest="servers", action="append", default=[], metavar="NAME", help="only of this one; repeatable"
        )
        for word in ("read-only", "destructive", "idempotent", "open-world", "tasks", "ui"):
            about = _OF_A_KIND.get(word, f"only tools that are {word}")
            add(f"--{word}", dest="capabilities", action="append_const", const=word, default=[], help=about)
        add("--limit", type=_count, default=50, metavar="N", help="that many at the most (50)")
    if name == "prompt":
        add("--no-validate", dest="validate", action="store_false", help="ask although required arguments are missing")
    if name == "watch":
        add("--for", dest="seconds", type=_seconds, metavar="SECONDS", help="end after so long; without it, at Ctrl+C")
        add("--subscribe", action="append", default=[], metavar="URI", help="to a resource's changes; repeatable")
    if name == "export":
        about = "write secrets as they stand, not a variable in the place of each"
        add("--show-secrets", dest="force", action="store_true", help=about)
        add("--force", action="store_true", help=argparse.SUPPRESS)  # what it was called before
    if name == "import":
        add("--yes", action="store_true", help="switch on at once what files of this project bring")
    if name == "permissions":
        about = "where a rule is written: for everything you do (user, the default), or for this project"
        add("-s", "--scope", choices=["user", "project"], help=about)
        add("--args", dest="arguments", metavar="JSON|@FILE", help="explain: arguments as a JSON object")
    if name in ("import", "registry"):
        add("--as", dest="rename", metavar="NAME", help="the name that one server gets here")
    if name == "registry":
        about = "a value for a variable or argument it asks for; repeatable"
        add("--all", dest="everything", action="store_true", help="search: every page, not only the first")
        add("--set", dest="values", action="append", default=[], type=_variable, metavar="NAME=VALUE", help=about)
        about = "which of its ways to install: a package that is run (stdio), or a remote one"
        add("--transport", choices=["stdio", "http", "sse"], help=about)
    if name == "reset-project-choices":
        add("--yes", action="store_true", help="do not ask")


def _of_results(add: Callable[..., object], name: str | None) -> None:
    if name == "run":
        about = "only this call, and those whose values it needs; repeatable"
        add("--call", dest="calls", action="append", default=[], metavar="NAME", help=about)
        about = "a variable of this run, name:=JSON for what is no text; repeatable"
        add("--var", dest="variables", action="append", default=[], type=_variable, metavar="NAME=VALUE", help=about)
        add("--use-set", metavar="NAME", help="a set of variables of the collection")
        add("--stop", action="store_true", help="skip the rest after the first that did not pass")
        add("--junit", metavar="FILE", help="write a JUnit file as well")
    if name == "call":
        about = "save the result: all of it in FILE; in a FOLDER (one that is there, or a name with / at its end) its "
        about += "parts as well; - for stdout"
        add("--output", metavar="FILE|FOLDER", help=about)
    if name == "read":
        about = "save the content as it is, decoded; several in a FOLDER; - for stdout"
        add("--output", metavar="FILE|FOLDER", help=about)
    if name in ("call", "read", "prompt"):
        add("--full", action="store_true", help="on a terminal too, print all of a long result")


def _of_logins(add: Callable[..., object], name: str | None) -> None:
    """The same for the commands about logins and about the audit log."""
    match name:
        case "login":
            about = "print the address to open, and take the one that the browser ends at, pasted"
            add("--no-browser", dest="browser", action="store_false", help=about)
            add("--again", action="store_true", help="log in anew although there is a login")
            about = "log in anew and ask for these as well"
            add("--scopes", type=_scopes, default=(), metavar="'A B'", help=about)
        case "logout":
            add("--all", dest="everything", action="store_true", help="every login that is stored")
        case "audit":
            add("--server", dest="of_server", metavar="NAME", help="show: calls of this server only")
            add("--last", type=_count, metavar="N", help="show: so many, the newest; 20 without it")
        case "auth":
            add("--rotate-key", action="store_true", help="encrypt what is stored anew, with a new key")
        case _:
            pass


def _writing(add: _Group, name: str | None) -> None:
    where = "take it out of" if name == "remove" else "put it into"
    about = f"{where} the file for you in this project (local, the default), for all who work on it (project: "
    about += ".mcp.json), or for you everywhere (user)"
    if name == "remove":
        about = about.replace(", the default", "")
    if name == "import":
        about = about.replace("local, the default", "local, the default for a client's project file")
        about = about.replace("(user)", "(user, the default for its other files)")
    add(Takes.SCOPE, "-s", "--scope", choices=["local", "project", "user"], help=about)
    add(Takes.FORCE, "--force", action="store_true", help="replace an entry of the same name")
    add(Takes.DRY_RUN, "--dry-run", action="store_true", help="show what would change, change nothing")


def _sources(add: _Group, name: str | None) -> None:
    about = "more servers; repeatable"
    add(Takes.SOURCES, "--mcp-config", action="append", default=[], metavar="FILE|JSON", help=about)
    about = "only those of --mcp-config"
    add(Takes.SOURCES, "--strict-mcp-config", dest="strict", action="store_true", help=about)
    about = "also show servers of other clients and of the network"
    add(Takes.DISCOVER, "--discover", action="store_true", help=about)
    if name == "approve":
        add(Takes.SOURCES, "--yes", action="store_true", help="do not ask")
    else:
        add(Takes.APPROVAL, "--yes", action="store_true", help="approve what is pending, say yes to what is asked")
    about = "approve one of them for this run; repeatable"
    add(Takes.APPROVAL, "--approve", action="append", default=[], metavar="NAME", help=about)
    about = "permissions of this run: viewer (only what reads), tester, admin, or one of yours"
    add(Takes.APPROVAL, "--profile", metavar="NAME", help=about)


def _target(add: _Group) -> None:
    add(Takes.ENTRY, "--transport", choices=["stdio", "http", "sse", "ws"], help="insist on a transport")
    about = "of an HTTP request; repeatable"
    add(
        Takes.ENTRY,
        "--header",
        dest="headers",
        action="append",
        default=[],
        type=_header,
        metavar="'Name: value'",
        help=about,
    )
    about = "of a stdio server; repeatable"
    add(Takes.ENTRY, "--env", action="append", default=[], type=_variable, metavar="NAME=VALUE", help=about)
    add(Takes.ENTRY, "--cwd", type=Path, metavar="DIR", help="where a stdio server runs")
    add(Takes.ENTRY, "--era", choices=[mode.value for mode in EraMode], help="protocol era; auto finds out")
    add(Takes.ENTRY, "--protocol-version", type=_date, metavar="DATE", help="insist on one revision")
    add(Takes.TIMEOUT, "--timeout", type=_seconds, metavar="SECONDS", help="for connecting and for a call")
    about = "JSON that answers what servers ask; only what it offers is declared"
    add(Takes.ANSWERS, "--answers", metavar="FILE", help=about)


def _new_entry(add: Callable[..., object]) -> None:
    """The same options where they are written into a file."""
    about = "of a URL: http (the default), sse or ws"
    add("-t", "--transport", choices=["stdio", "http", "sse", "ws"], help=about)
    about = "sent with each request; repeatable"
    add(
        "-H", "--header", dest="headers", action="append", default=[], type=_header, metavar="'Name: value'", help=about
    )
    about = "given to the program; repeatable"
    add("-e", "--env", action="append", default=[], type=_variable, metavar="NAME=VALUE", help=about)
    add("--cwd", type=Path, metavar="DIR", help="where the program runs; without it, in the project")
    add("--client-id", metavar="ID", help="OAuth client id; its secret comes from MCP_CLIENT_SECRET")
    about = "ask for that secret (without a terminal: MCP_CLIENT_SECRET) and keep it in the entry"
    add("--client-secret", action="store_true", help=about)
    add("--callback-port", type=_port, metavar="PORT", help="fixed port for the OAuth redirect")
    add("--era", choices=[mode.value for mode in EraMode], help="protocol era; auto finds out")
    add("--protocol-version", type=_date, metavar="DATE", help="insist on one revision")
    add("--timeout", type=_seconds, metavar="SECONDS", help="for each call")


def _output(parser: argparse.ArgumentParser, add: _Group, name: str | None) -> None:
    about = "write every message as JSON Lines, without tokens and session ids"
    add(Takes.SESSION, "--trace", metavar="FILE", help=about)
    always = Takes.NOTHING
    if name is not None:
        add(always, "--json", action="store_true", help="one JSON document on stdout")
    else:
        parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    if name in (None, "demo"):
        add(always, "--plain", action="store_true", help="for screen readers: no boxes, no animation (MCPDECK_PLAIN=1)")
    add(always, "-v", "--verbose", action="count", default=0, help="say on stderr what happens")
    add(always, "-q", "--quiet", action="store_true", help="no warnings")
    add(always, "-V", "--version", dest="show_version", action="store_true", help="print the version")
    add(always, "-h", "--help", dest="show_help", action="store_true", help="print this")
