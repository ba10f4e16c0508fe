"""The command line's TARGET and sources -> configured entries.

Owns the order in which a TARGET is understood and the refusals of the headless commands: a server
that is unusable, switched off or not approved is never handed on to be started.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from ..services.config.files import with_home
from ..services.config.load import LoadOptions
from ..services.config.targets import Overrides, command_entry, overridden, word_entry
from ..services.errors import ConfigValidationError, McpDeckError, UntrustedError, UsageError
from ..services.models import ServerEntry, Status
from ..services.policy.configured import Configured
from .options import COMMANDS, Options
from .printing import note_warning


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
    """All rows; ``name`` and every ``--approve`` must be among them. Raises ``UsageError``."""
    entries = deck.load_entries()
    if name is not None:
        _row(entries, name, options)
    for approved in options.approve:
        _row(entries, approved, options)
    return entries


def usable_entry(options: Options, word: str | None) -> ServerEntry:
    """The one entry of a command that contacts its TARGET.

    Raises ``UsageError`` (no such server), ``ConfigError`` (unusable entry) or ``UntrustedError``.
    """
    deck, name = configured(options, word)
    if name is None:
        raise UsageError("which server? a TARGET is missing", hint=_usage(options))
    entries = load(deck, options, name)
    entry = _row(entries, name, options)
    if not options.quiet:
        warn_about(entries, entry)
    stands_in_the_way = refusal(entry)
    if stands_in_the_way is not None:
        raise stands_in_the_way
    return entry


def warn_about(entries: Iterable[ServerEntry], chosen: ServerEntry | None) -> None:
    """Files that could not be read, and what is odd about the entry that was chosen."""
    for entry in entries:
        if entry.problem is not None and "entry" not in entry.problem.details:
            note_warning(f"{entry.problem.title}: {entry.problem.hint}")
    if chosen is not None:
        for lint in chosen.lints:
            note_warning(f"{chosen.name}: {lint}")


def refusal(entry: ServerEntry) -> McpDeckError | None:
    """Why a headless command must not start this entry, None when it may."""
    name = entry.name
    if entry.problem is not None:
        problem = entry.problem
        return ConfigValidationError(problem.title, hint=problem.hint, server=name, details=dict(problem.details))
    match entry.gate:
        case Status.PENDING_APPROVAL:
            hint = f"look at it and remember: mcpdeck approve {name} · or for this run: --approve {name} (or --yes)"
            title = f'"{name}" comes from a project file ({entry.origin}) and is not approved'
            return UntrustedError(title, hint=hint, server=name, details={"command": entry.endpoint})
        case Status.REJECTED:
            hint = f"mcpdeck approve {name} takes the rejection back"
            return UntrustedError(f'"{name}" was rejected', hint=hint, server=name)
        case Status.DISABLED:
            hint = f'remove "disabled" at {entry.origin}, or switch it on in the dashboard'
            return UntrustedError(f'"{name}" is disabled', hint=hint, server=name)
        case None:
            return None
        case _:
            return UntrustedError(f'"{name}" is {entry.gate}', server=name)


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


def _row(entries: Iterable[ServerEntry], name: str, options: Options) -> ServerEntry:
    rows = {entry.name: entry for entry in entries}
    if name in rows:
        return rows[name]
    servers = [row.name for row in rows.values() if row.problem is None or "entry" in row.problem.details]
    if not options.quiet:
        warn_about(rows.values(), None)
    if re.match(r"[A-Za-z0-9.-]+:[0-9]+(/|$)", name):
        raise UsageError(f'no server named "{name}"', hint=f"a URL starts with its scheme: http://{name}")
    if options.command is None:
        raise named(name, [*COMMANDS, *servers], "command or server")
    raise named(
        name,
        servers,
        "server",
        "no server is configured (.mcp.json, mcpdeck's mcp.json): give a URL or -- COMMAND ARGS…",
    )


def _configured(options: Options, load: LoadOptions, overrides: Overrides, name: str | None) -> Configured:
    def adjust(entry: ServerEntry) -> ServerEntry:
        return overridden(entry, overrides) if name is None or entry.name == name else entry

    load = replace(load, mcp_config=options.mcp_config, strict=options.strict)
    return Configured(load, approve_all=options.yes, approved=options.approve, adjust=adjust)


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
