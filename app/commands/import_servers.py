"""``mcpdeck import [CLIENT [NAME …]]``: take over servers that another client has configured.

Owns the table of what there is, the questions for VS Code's inputs, and what is said. Without ``--scope``
what is the person's goes into the file for all projects (``user``), what is the project's into the person's file
for this project (``local``), switched off until somebody looked at it. Never writes a file of another program.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator, Sequence

from ...services.config.clients import BY_ID, CLIENTS, Client
from ...services.config.clients.client import Machine
from ...services.config.clients.vscode import Input
from ...services.config.importing import ForeignFile, ForeignServer, foreign_files
from ...services.errors import UsageError
from ...services.models import Json, JsonObject
from ...services.policy.configured import Configured
from ...services.state.text import one_line
from ..editing import Editing
from ..exits import Exit
from ..options import Options
from ..printing import DIM, RED, Cell, note, note_warning, table, write, write_json
from ..resolve import configured, named
from ..taking_over import Outcome, Taker, Terms, shown

_USAGE = "mcpdeck import CLIENT [NAME …]"


def run(options: Options) -> int:
    """Exit code 0; 2 when one of the servers could not be taken over."""
    if options.program is not None:
        raise UsageError("no command can follow -- here", hint=_USAGE)
    deck, _ = configured(options, None)
    machine = Machine(deck.options.folders.home, os.environ, sys.platform, deck.options.project)
    if not options.words:
        if options.rename or options.scope:
            raise UsageError("of which client?", hint=_USAGE)
        return _overview(machine, options)
    client_id, *names = options.words
    client = BY_ID.get(client_id)
    if client is None:
        raise named(client_id, BY_ID, "client")
    return _import(client, names, machine, deck, options)


# -- what there is


def _overview(machine: Machine, options: Options) -> int:
    everything = [(client, foreign_files(client, machine)) for client in CLIENTS]
    if options.json:
        clients: list[Json] = [_client_document(client, files) for client, files in everything]
        write_json({"clients": clients})
        return Exit.DONE
    rows = [row for client, files in everything for row in _client_rows(client, files, machine)]
    for line in table(("CLIENT", "NAME", "SERVERS", "FILE"), rows):
        write(line)
    if not options.quiet:
        for _, files in everything:
            _warn_about(files)
        note("take them over: mcpdeck import CLIENT [NAME …]")
    return Exit.DONE


def _client_rows(client: Client, files: Sequence[ForeignFile], machine: Machine) -> Iterator[tuple[Cell, ...]]:
    found = [file for file in files if file.servers or file.problems]
    present = next((file for file in files if file.found), None)
    if not found:
        where = present.file.label if present is not None else str(client.own_file(machine))
        what = Cell("none" if present else "not found", DIM)
        yield Cell(client.id), Cell(client.title), what, Cell(where, DIM)
        return
    for index, file in enumerate(found):
        count = str(len(file.servers)) if file.servers else "unreadable"
        style = "" if file.servers else RED
        first = (Cell(client.id), Cell(client.title)) if index == 0 else (Cell(""), Cell(""))
        yield *first, Cell(count, style), Cell(file.file.label)


def _client_document(client: Client, files: Sequence[ForeignFile]) -> JsonObject:
    return {
        "id": client.id,
        "title": client.title,
        "documentation": client.docs,
        "servers": len({server.name for file in files for server in file.servers}),
        "files": [
            {
                "file": file.file.label,
                "at": [*file.file.at],
                "found": file.found,
                "project": file.shared,
                "servers": [server.name for server in file.servers],
                "problems": [
                    {
                        "title": problem.what,
                        "hint": problem.remedy,
                        "line": problem.place.line if problem.place else None,
                        "column": problem.place.column if problem.place else None,
                    }
                    for problem in file.problems
                ],
            }
            for file in files
        ],
    }


def _warn_about(files: Sequence[ForeignFile]) -> None:
    for file in files:
        for problem in file.problems:
            note_warning(f"{problem.what} ({file.file.origin(problem.place)}): {problem.remedy}")


# -- taking over


def _import(client: Client, names: list[str], machine: Machine, deck: Configured, options: Options) -> int:
    files = foreign_files(client, machine)
    if not options.quiet:
        _warn_about(files)
    chosen = _chosen(client, files, names, options)
    asked = _ask if _may_ask(options) else None
    terms = Terms(options.scope, options.rename, options.yes, options.force, options.dry_run, asked)
    taker = Taker(Editing(deck), terms)
    outcomes = [taker.take(server, shared, asked_for=bool(names)) for server, shared in chosen]
    if options.json:
        servers: list[Json] = [_document(outcome, options) for outcome in outcomes]
        document: JsonObject = {"client": client.id, "dryRun": options.dry_run, "servers": servers}
        if options.dry_run:
            document["files"] = [{"file": str(change.path), "diff": change.diff()} for change in taker.would_be]
        write_json(document)
    else:
        for outcome in outcomes:
            _tell(outcome, options)
        _tell_refused(outcomes)
        for change in taker.would_be:
            for line in change.diff().splitlines():
                write(one_line(line) if not line.startswith((" ", "+", "-")) else line[:1] + _kept(line[1:]))
        if options.dry_run and outcomes:
            note("nothing was written: this is a dry run")
        if not outcomes:
            looked = ", ".join(dict.fromkeys(file.file.label for file in files if not file.shared))
            note(f"{client.title} has no servers here; looked at {looked}")
    return Exit.USAGE if any(outcome.error for outcome in outcomes) else Exit.DONE


def _chosen(
    client: Client, files: Sequence[ForeignFile], names: Sequence[str], options: Options
) -> list[tuple[ForeignServer, bool]]:
    """The servers that were asked for, or all; of one name the first counts. Raises ``UsageError``."""
    there: dict[str, tuple[ForeignServer, bool]] = {}
    for file in files:
        for server in file.servers:
            if server.name not in there:
                there[server.name] = (server, file.shared)
            elif not options.quiet:
                note(f"{one_line(server.name)} also stands in {one_line(file.file.label)}, which is not used")
    for name in names:
        if name not in there:
            otherwise = f"{client.title} has no servers: mcpdeck import shows what there is"
            raise named(name, there, f"server of {client.title}", otherwise)
    chosen = [there[name] for name in dict.fromkeys(names)] if names else list(there.values())
    if options.rename is not None and len(chosen) != 1:
        raise UsageError("--as names one server", hint=f"mcpdeck import {client.id} NAME --as {options.rename}")
    return chosen


def _may_ask(options: Options) -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and not options.json and not options.dry_run and not options.yes


def _ask(inputs: Sequence[Input]) -> dict[str, str]:
    """Values by variable; what nobody answered stays a variable."""
    answers = {each.variable: _answer(each) for each in {one.variable: one for one in inputs}.values()}
    return {variable: answer for variable, answer in answers.items() if answer}


def _answer(asked: Input) -> str:
    """What a person typed; empty: the variable stays."""
    note(f"{one_line(asked.text)} (leave it empty to use the variable {asked.variable})")
    if asked.options:
        for index, option in enumerate(asked.options, 1):
            note(f"  {index}  {one_line(option)}")
    prompt = f"{asked.variable}: "
    try:
        if asked.password:
            typed = getpass.getpass(prompt)
        else:
            sys.stderr.write(prompt)
            sys.stderr.flush()
            typed = sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        return ""
    if asked.options and typed.isdecimal() and 0 < int(typed[:6]) <= len(asked.options):
        return asked.options[int(typed[:6]) - 1]
    return typed or (asked.default or "" if not asked.password else "")


# -- what is said


def _document(outcome: Outcome, options: Options) -> JsonObject:
    change, error = outcome.change, outcome.error
    fields: JsonObject = {
        "name": outcome.name,
        "theirName": outcome.server.name,
        "from": str(outcome.server.origin) or outcome.server.file.label,
        "status": outcome.status,
        "endpoint": shown(outcome.server.value),
        "scope": outcome.scope,
        "file": str(change.path) if change is not None else None,
        "lints": [*outcome.notes],
        "error": None if error is None else {"kind": error.kind, "title": error.title, "hint": error.hint},
    }
    if options.dry_run:
        fields["diff"] = change.diff() if change is not None else ""
    return fields


def _tell_refused(outcomes: Sequence[Outcome]) -> None:
    """Why servers were not taken over, each reason once: a file that cannot be used refuses them all."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.error is not None:
            reasons.setdefault((outcome.error.title, outcome.error.hint), []).append(one_line(outcome.server.name))
    for (title, hint), names in reasons.items():
        note_warning(f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not taken over: {title}")
        if hint:
            note(f"  → {one_line(hint)}")


def _tell(outcome: Outcome, options: Options) -> None:
    name = one_line(outcome.name)
    if outcome.error is not None:
        return  # told for all of them together
    if outcome.status == "not a server":
        if not options.quiet:
            note(f"left out: {one_line(outcome.server.name)}: {one_line(outcome.notes[0])}")
        return
    if outcome.change is None:
        write(f"already there: {name} ({outcome.scope})")
    elif options.dry_run:
        note(f"would be {outcome.status}: {name} ({outcome.scope})")
    else:
        write(f"{outcome.status}: {name} ({outcome.scope}: {one_line(str(outcome.change.path))})")
    if not options.quiet:
        note(f"  {shown(outcome.server.value)}")  # what will run or be reached from now on
        for text in outcome.notes:
            note_warning(f"{name}: {text}")


def _kept(line: str) -> str:
    """A line of a file with its indentation, safe to show."""
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)] + one_line(body)
