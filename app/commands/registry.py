"""``mcpdeck registry search | show | install``: browse the MCP Registry and put a server of it into a file.

Owns the tables, the questions and the JSON shapes. Nothing is run or contacted beside the registry itself:
what will be run is shown, and written down when it is installed.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace

from ...services.config.expand import REFERENCE
from ...services.discovery.install_plan import chosen, short_name, ways_of
from ...services.discovery.install_values import Ask
from ...services.discovery.registry import Page, RegistryClient
from ...services.discovery.server_json import RegistryServer
from ...services.discovery.ways import Made, Way, shown_environment
from ...services.errors import UsageError
from ...services.models import Json, as_object
from ...services.state.text import one_line
from .. import headless
from ..discovering import settings_of
from ..editing import Editing, name_problem
from ..exits import Exit
from ..options import Options
from ..printing import DIM, YELLOW, Cell, note, note_warning, table, write, write_json
from ..registry_lines import ask_words, odd_json, server_json, short_json, way_lines
from ..resolve import configured
from ..written_entries import OWN_SECRET, secret_lints

USAGE = "mcpdeck registry search WORDS | show NAME | install NAME"
_ATTEMPTS = 3


def run(options: Options) -> int:
    """Exit code 0; 2 for a server that does not exist, cannot be installed, or needs what was not given."""
    if options.program is not None or not options.words:
        raise UsageError("what shall the registry be asked?", hint=USAGE)
    action, *words = options.words
    # --transport chooses among the ways of a server here; it changes no entry
    deck, _ = configured(replace(options, transport=None), None)
    settings = settings_of(deck.options)
    for lint in settings.lints:
        if '"registry"' in lint or "not JSON" in lint:
            note_warning(lint)
    client = RegistryClient(settings.registry, seconds=options.timeout or 10.0)
    match action:
        case "search":
            return _search(client, " ".join(words), options)
        case "show":
            return _show(client, _one(words, action), options)
        case "install":
            return _install(client, _one(words, action), Editing(deck), options)
        case _:
            raise UsageError(f'the registry cannot be asked to "{one_line(action, 40)}"', hint=USAGE)


def _one(words: Sequence[str], action: str) -> str:
    if len(words) != 1:
        raise UsageError(
            "one name is needed" if not words else f"one name, not {len(words)}",
            hint=f"mcpdeck registry {action} NAME (or NAME@VERSION), as mcpdeck registry search shows it",
        )
    return words[0]


def _details(client: RegistryClient, word: str) -> RegistryServer:
    name, _, version = word.partition("@")
    return headless.run_for(lambda: client.details(name, version or "latest"))


# search


def _search(client: RegistryClient, query: str, options: Options) -> int:
    page = headless.run_for(lambda: client.search_all(query) if options.everything else client.search(query))
    if options.json:
        servers: list[Json] = [short_json(server) for server in page.servers]
        write_json(
            {"registry": client.url, "servers": servers, "more": page.cursor is not None, **odd_json(page.problems)}
        )
        return Exit.DONE
    if page.servers:
        rows = [
            (
                Cell(server.name),
                Cell(server.version),
                Cell(", ".join(server.ways)),
                Cell("" if server.status == "active" else server.status, YELLOW),
                Cell(f"{server.title}: {server.description}" if server.title else server.description, DIM),
            )
            for server in page.servers
        ]
        for line in table(("NAME", "VERSION", "WAYS", "STATUS", "DESCRIPTION"), rows):
            write(line)
    _tell(page, query, client, options)
    return Exit.DONE


def _tell(page: Page, query: str, client: RegistryClient, options: Options) -> None:
    if not page.servers:
        note(f"the registry at {client.url} has no server whose name holds {one_line(query, 80)!r}")
    if page.cursor is not None:
        words = " ".join(shlex.quote(one_line(word, 80)) for word in query.split())
        more = "narrow it down with more words"
        if not options.everything:
            more = f"mcpdeck registry search{f' {words}' if words else ''} --all, or {more}"
        note(f"there are more: {more}")
    if not options.quiet:
        for problem in page.problems:
            note_warning(problem)


# show


def _show(client: RegistryClient, word: str, options: Options) -> int:
    server = _details(client, word)
    versions = headless.run_for(lambda: client.versions(server.name))
    ways = ways_of(server)
    if options.json:
        write_json(server_json(server, versions, ways))
        return Exit.DONE
    facts = [
        ("name", server.name),
        ("title", server.title),
        ("version", server.version),
        ("versions", ", ".join(each.version for each in versions[:20]) + (" …" if len(versions) > 20 else "")),
        ("about", server.description),
        ("status", _status(server)),
        ("website", server.website),
        ("source", server.repository),
        ("published", server.published),
        ("updated", server.updated),
    ]
    for label, text in facts:
        if text.strip():
            write(f"{label:<10} {one_line(text)}")
    for way in ways:
        write()
        for line in way_lines(way):
            write(line)
    if not ways:
        note("it has neither packages nor remotes: its website or repository may say how it is used")
    for problem in server.problems:
        note_warning(problem)
    return Exit.DONE


def _status(server: RegistryServer) -> str:
    return f"{server.status}: {server.status_message}" if server.status_message.strip() else server.status


# install


def _install(client: RegistryClient, word: str, editing: Editing, options: Options) -> int:
    server = _details(client, word)
    way = chosen(server, options.transport)
    given: dict[str, list[str]] = {}
    asked = {ask.name for ask in way.asks}
    for key, value in options.values:
        given.setdefault(key if key in asked else key.lstrip("-"), []).append(value)
    announced = way.preview(given)
    if not options.json:
        _announce(server, way, announced, options)
    if sys.stdin.isatty() and sys.stderr.isatty() and not options.json:
        _ask_for(way, given)
    made = way.entry(given)
    shown = way.preview(given)
    if not options.json and shown != announced:
        _note_shown(way, shown)
    written = [name for name, _ in shown_environment(made.entry)]
    if written and not options.json:
        note(f"  sets      {', '.join(written)}")
    name = options.rename or _name(server)
    scope = options.scope or "local"
    change = editing.add(name, made.entry, scope, force=options.force, dry_run=options.dry_run)
    open_secrets = [one_line(ask.name, 60) for ask in way.asks if ask.secret and _literal(given.get(ask.name))]
    secrets = _secret_lints(scope, made, open_secrets)
    if options.json:
        write_json(
            {
                "name": name,
                "server": server.name,
                "version": server.version,
                "scope": scope,
                "file": str(change.path),
                "installed": not options.dry_run,
                "changed": change.changed,
                "transport": way.kind.value,
                "shown": shown,
                "variables": [*made.references],
                "environment": [*as_object(made.entry.get("env"))],
                "lints": [*way.lints, *secrets],
                "diff": change.diff(made.secrets),
            }
        )
        return Exit.DONE
    if options.dry_run:
        write(change.diff(made.secrets).rstrip())
        note(f"nothing was changed: without --dry-run this goes into {change.path}")
    else:
        write(f"installed: {name} in {change.path} ({scope})")
    if not options.quiet:
        _tell_variables(made, way, shown, name)
    for text in secrets if scope == "project" or not options.quiet else ():
        note_warning(f"{name}: {text}")
    return Exit.DONE


def _secret_lints(scope: str, made: Made, given: Sequence[str]) -> tuple[str, ...]:
    """What is said of secrets that stand in the entry as they are: ``given`` are the names of those typed in."""
    if scope == "project" and given:
        return (f"{', '.join(given)} stands in a file that others read",)
    return (OWN_SECRET,) if given else secret_lints(scope, made.entry)


def _literal(texts: Sequence[str] | None) -> bool:
    """Something was given that is more than a reference to a variable."""
    return any(REFERENCE.sub("", text) for text in texts or ())


def _note_shown(way: Way, shown: str) -> None:
    note(f"  {'runs' if way.kind == 'stdio' else 'reaches':<9} {shown}")


def _announce(server: RegistryServer, way: Way, shown: str, options: Options) -> None:
    note(f"{server.name} {one_line(server.version, 60)}: {one_line(server.description, 200)}")
    _note_shown(way, shown)
    if server.status != "active":
        note_warning(f"it is {one_line(_status(server), 300)}")
    if not options.quiet:
        for text in (*way.lints, *server.problems):
            note_warning(text)


def _name(server: RegistryServer) -> str:
    """The server's own short name; where that cannot be one here, with an ending."""
    name = short_name(server.name)
    return name if name_problem(name) is None else f"{name[:50]}-server"


def _ask_for(way: Way, given: dict[str, list[str]]) -> None:
    """Ask for what is required and was not given; a secret is typed unseen, and may be left to a variable."""
    known = {key.lstrip("-") for key in given} | set(given)
    for ask in way.asks:
        if not ask.required or ask.default is not None or ask.name in known:
            continue
        note(f"  {ask_words(ask)}")
        text = _answer(ask)
        if text:
            given[ask.name] = [text]


def _answer(ask: Ask) -> str:
    """What a person typed; a value that is not allowed is asked for again. Raises ``UsageError`` after some tries."""
    prompt = f"{one_line(ask.name, 60)}{f' (empty: {ask.reference})' if ask.reference else ''}: "
    for attempt in range(_ATTEMPTS):
        if ask.secret:
            import getpass

            text = getpass.getpass(prompt, sys.stderr)
        else:
            sys.stderr.write(prompt)
            sys.stderr.flush()
            text = sys.stdin.readline().rstrip("\r\n")
        if not text:
            return ""
        try:
            return ask.checked(text)
        except UsageError as error:
            if attempt == _ATTEMPTS - 1:
                raise
            note(f"  {error.title}: {error.hint}")
    return ""


def _tell_variables(made: Made, way: Way, shown: str, name: str) -> None:
    """Which variables hold the secrets that were not given; one that is set already would be sent away."""
    for reference in made.references:
        if reference not in os.environ:
            note(f"set {reference} before you use {name}: the entry takes it from your environment")
        elif way.kind != "stdio":
            note_warning(f"{reference} is set in your environment and would be sent to {shown}")
