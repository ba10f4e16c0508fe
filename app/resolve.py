"""The command line's TARGET and sources -> configured entries.

Owns the order in which a TARGET is understood, and that a server which is unusable, blocked, switched off or
not approved is never handed on to be started.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from ..services.config.files import with_home
from ..services.config.load import LoadOptions
from ..services.config.merge import configured_name
from ..services.config.targets import Overrides, command_entry, overridden, word_entry
from ..services.errors import McpDeckError, UsageError
from ..services.models import OFFERED, ServerEntry, Source
from ..services.policy.configured import Configured
from ..services.policy.refusals import exclusive, refusal
from ..services.registry.plugins import ToolPlugins
from .options import COMMANDS, Options
from .printing import note_warning
from .server_rows import is_whole_file

Guard: TypeAlias = "Callable[[ServerEntry], McpDeckError | None]"
"""Asked before each connection and call: why the server must not be used now, None when it may."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A ``Guard`` that can be asked for the other rules of the same settings, too: those for single uses."""

    configured: Configured

    def __call__(self, entry: ServerEntry) -> McpDeckError | None:
        return self.configured.guard(entry)


def configured(options: Options, word: str | None) -> tuple[Configured, str | None]:
    """What the command works on, and the name of its TARGET when one was given.

    An ad-hoc TARGET stands alone: no file is read for it. Raises ``UsageError``.
    """
    overrides = _overrides(options)
    cwd = _current_folder()
    if word is None and options.program is None:
        if overrides.need_a_target:
            raise UsageError("--transport, --header, --env and --cwd need a TARGET", hint=_usage(options))
        return _configured(options, LoadOptions(cwd, os.environ), overrides, None), None
    if options.program is not None:
        entry = command_entry(options.program, options.cwd or cwd)
    else:
        assert word is not None  # one of the two was given
        entry = word_entry(word, cwd)
    if entry is None:
        return _configured(options, LoadOptions(cwd, os.environ), overrides, word), word
    load = LoadOptions(cwd, os.environ, extra=(entry,), files=False)
    return _configured(options, load, overrides, entry.name), entry.name


def load(deck: Configured, options: Options, name: str | None) -> tuple[ServerEntry, ...]:
    """All rows; ``name`` and every ``--approve`` must be among them.

    Raises ``UsageError``, and ``PolicyDenied`` where a managed file leaves no room for what the command line brings.
    ``--profile`` counts from here on.
    """
    entries = deck.load_entries()
    refuse_beside_managed(deck, options)
    if options.profile is not None:
        deck.permissions().set_profile(options.profile)
    # A name that stands in a file wins over whatever a directory lists: nothing is fetched for it. The dashboard
    # looks by itself, once its first frame is drawn.
    if options.command is not None and (name is None or all(entry.name != name for entry in entries)):
        from .discovering import with_found_now

        deck.options = with_found_now(deck.options, network=options.discover)
        entries = deck.load_entries()
    if name is not None:
        _row(entries, name, options, deck)
    for approved in options.approve:
        _row(entries, approved, options, deck)
    return entries


def refuse_beside_managed(deck: Configured, options: Options) -> None:
    """A managed file stands alone: servers of the command line and the demo are refused. Raises ``PolicyDenied``."""
    if deck.exclusive is None:
        return
    if options.mcp_config:
        raise exclusive(str(deck.exclusive), "--mcp-config")
    if options.strict:
        raise exclusive(str(deck.exclusive), "--strict-mcp-config")
    if options.command == "demo":
        raise exclusive(str(deck.exclusive), "the demo")
    if deck.options.extra:
        raise exclusive(str(deck.exclusive), "a server given on the command line")


def usable(options: Options, word: str | None) -> tuple[ServerEntry, Guard]:
    """The one entry of a command that contacts its TARGET, and what is asked before each connection and call.

    Raises ``UsageError`` (no such server), ``ConfigError`` (unusable entry), ``UntrustedError`` or ``PolicyDenied``.
    """
    deck, name = configured(options, word)
    if name is None:
        raise UsageError("which server? a TARGET is missing", hint=_usage(options))
    entries = load(deck, options, name)
    entry = _row(entries, name, options, deck)
    if not options.quiet:
        warn_about(entries, entry)
    stands_in_the_way = refusal(entry)
    if stands_in_the_way is not None:
        raise stands_in_the_way
    return entry, Rules(deck)


def warn_about(entries: Iterable[ServerEntry], chosen: ServerEntry | None) -> None:
    """Files that could not be read, and what is odd about the entry that was chosen."""
    for entry in entries:
        if entry.problem is not None and is_whole_file(entry):
            note_warning(f"{entry.problem.title}: {entry.problem.hint}")
    if chosen is not None:
        for lint in chosen.lints:
            note_warning(f"{chosen.name}: {lint}")


def unknown_server(name: str, rows: Iterable[ServerEntry], otherwise: str) -> UsageError:
    """The error for a name that no server has: it may stand in a file that cannot be read."""
    every = list(rows)
    error = named(name, [configured_name(row) for row in every if _may_be_meant(row)], "server", otherwise)
    broken = [row.problem.title for row in every if row.problem is not None and is_whole_file(row)]
    if not broken:
        return error
    near = f"{error.hint} Or " if error.hint.startswith("did you mean") else ""
    more = f" (and {len(broken) - 1} more cannot be read)" if len(broken) > 1 else ""
    return UsageError(error.title, hint=f"{near}it may stand in a file that cannot be read: {broken[0]}{more}")


def named(word: str, names: Iterable[str], kind: str, otherwise: str = "") -> UsageError:
    """The error for an unknown name: the nearest one, or which ones there are."""
    known = list(names)
    close = get_close_matches(word, known, 1, 0.6)
    if close:
        hint = f'did you mean "{close[0]}"?'
    elif known:
        hint = f"there is {', '.join(known[:12])}{' …' if len(known) > 12 else ''}"
    else:
        hint = otherwise
    return UsageError(f'no {kind} named "{word}"', hint=hint)


def _row(entries: Iterable[ServerEntry], name: str, options: Options, deck: Configured) -> ServerEntry:
    """The row called ``name``; one that lost its name to nothing but a managed file is found by the name it had."""
    rows = {entry.name: entry for entry in entries}
    if name in rows:
        return rows[name]
    for row in rows.values():
        suppression = row.provenance.suppression
        if suppression is not None and suppression.why == "managed" and configured_name(row) == name:
            return row
    servers = [row.name for row in rows.values() if _may_be_meant(row)]
    if re.match(r"[A-Za-z0-9.-]+:[0-9]+(/|$)", name):
        raise UsageError(f'no server named "{name}"', hint=f"a URL starts with its scheme: http://{name}")
    if options.command is None:
        if not options.quiet:
            warn_about(rows.values(), None)
        raise named(name, [*COMMANDS, *servers], "command or server")
    if deck.exclusive is not None and not servers and not any(is_whole_file(row) for row in rows.values()):
        raise UsageError(f'no server named "{name}"', hint=switched_off_by(deck.exclusive))
    client = _client_with(deck, name)
    if client is not None:
        hint = f"another client has it: mcpdeck import {client} {shlex.quote(name)}"
        raise UsageError(f'no server named "{name}"', hint=hint)
    otherwise = "no server is configured (mcpdeck sources shows where they may stand): give a URL or -- COMMAND ARGS…"
    raise unknown_server(name, rows.values(), otherwise)


def switched_off_by(file: Path) -> str:
    """What to say where a managed file leaves no server at all."""
    return f"MCP is switched off by {file}"


def _may_be_meant(row: ServerEntry) -> bool:
    """A name to offer: not a whole file, nothing that another row keeps down, nothing that is only shown."""
    return not is_whole_file(row) and row.suppressed_by is None and row.source not in OFFERED


def _client_with(deck: Configured, name: str) -> str | None:
    """The id of another client whose file has a server of this name. Reads those files: nothing else is left to try."""
    if deck.exclusive is not None or not deck.options.files or deck.options.strict:
        return None
    others = Configured(replace(deck.options, discover=True), remember=False)
    for row in others.load_entries():
        if row.source is Source.IMPORTED and row.client is not None and configured_name(row) == name:
            return row.client
    return None


def _configured(options: Options, load: LoadOptions, overrides: Overrides, name: str | None) -> Configured:
    def adjust(entry: ServerEntry) -> ServerEntry:
        return overridden(entry, overrides) if name is None or entry.name == name else entry

    tools = ToolPlugins()
    load = replace(load, mcp_config=options.mcp_config, strict=options.strict, discover=options.discover, brings=tools)
    deck = Configured(
        load, approve_all=options.yes, approved=options.approve, adjust=adjust, remember=not options.dry_run
    )
    tools.permissions = deck.permissions
    return deck


def _overrides(options: Options) -> Overrides:
    return Overrides(
        transport=options.transport,
        headers=options.headers,
        env=options.env,
        cwd=(_current_folder() / with_home(options.cwd)).absolute() if options.cwd else None,
        era=options.era,
        protocol_version=options.protocol_version,
        timeout=options.timeout,
        environ=os.environ,
    )


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the current folder is gone", hint="change to one that exists") from None


def _usage(options: Options) -> str:
    command = f"mcpdeck {options.command}" if options.command else "mcpdeck"
    return f"{command} NAME, {command} URL, or {command} -- COMMAND ARGS…"
