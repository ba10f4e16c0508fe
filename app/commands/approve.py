"""``mcpdeck approve NAME``: let a server that others configured start, now and later.

Owns the question and its answer. Shows what would run as it stands in the file: variables are not
put in, secrets are masked. Never starts the server.
"""

from __future__ import annotations

import shlex
import sys

from ...services.errors import UntrustedError, UsageError
from ...services.models import Json, ServerEntry, Status, TransportKind
from ...services.policy.configured import Configured
from ...services.policy.refusals import refusal
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note, write, write_json
from ..resolve import configured, load


def run(options: Options) -> int:
    """Exit code 5 when the person said no, nobody could be asked, or a rule or a rejection stands above it."""
    if len(options.words) != 1 or options.program is not None:
        raise UsageError("which server? its name is missing", hint="mcpdeck approve NAME")
    deck, name = configured(options, options.words[0])
    entry = next(entry for entry in load(deck, options, name) if entry.name == name)
    approved = _approve(deck, entry, options)
    after = _again(deck, entry) if approved else entry
    if options.json:
        shown: list[Json] = [{"label": label, "text": text} for label, text in description(entry)]
        write_json(
            {
                "name": entry.name,
                "approved": approved or not entry.needs_approval,
                "source": entry.source.value,
                "origin": str(entry.origin),
                "shown": shown,
                "status": "configured" if after.gate is None else after.gate.value,
                "dryRun": options.dry_run,
            }
        )
    elif approved:
        write(f"approved: {one_line(entry.name)}")
        if after.gate is Status.DISABLED:
            note(f"it is disabled all the same; switch it on: mcpdeck enable {one_line(shlex.quote(entry.name))}")
    return Exit.DONE


def _approve(deck: Configured, entry: ServerEntry, options: Options) -> bool:
    """Ask and remember; False when there is nothing to remember. Raises what stands in the way."""
    # --yes lets it through as long as this run lasts: what is asked here is how it stands without that
    if entry.problem is not None or entry.gate is Status.BLOCKED:
        stands_in_the_way = refusal(entry)
        assert stands_in_the_way is not None  # such a row is refused
        raise stands_in_the_way
    if not entry.needs_approval:
        if not options.json:
            note(f"{one_line(entry.name)} needs no approval: nobody else put it there ({entry.source})")
        return False
    if entry.gate is Status.REJECTED and entry.blocked is not None:  # by a settings file, which stands above us
        raise UntrustedError(entry.blocked.title, hint=entry.blocked.hint, server=entry.name)
    _show(entry)
    if options.dry_run:
        if not options.json:
            note("nothing was changed: this is a dry run")
        return False
    _ask(entry, options)
    deck.approve(entry)
    return True


def _again(deck: Configured, entry: ServerEntry) -> ServerEntry:
    """The row as it stands now: behind a rejection that is gone another gate may show."""
    return next((row for row in deck.load_entries() if row.name == entry.name), entry)


def _show(entry: ServerEntry) -> None:
    """Everything that is approved, as it is written."""
    note(f"{one_line(entry.name)} wants to start")
    lines = description(entry)
    width = max((len(label) for label, _ in lines), default=0)
    for label, text in lines:
        note(f"  {one_line(label):<{width}}  {one_line(text)}")
    for lint in entry.lints:
        note(f"  note: {one_line(lint)}")


def _ask(entry: ServerEntry, options: Options) -> None:
    """Ask unless ``--yes``. Raises ``UntrustedError`` when the answer is no."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UntrustedError(
            f'"{entry.name}" is not approved: there is no terminal to ask on',
            hint=f"mcpdeck approve {shlex.quote(entry.name)} --yes",
            server=entry.name,
        )
    sys.stderr.write("Let it start? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UntrustedError(f'"{entry.name}" was not approved', hint="nothing was changed", server=entry.name)


def description(entry: ServerEntry) -> list[tuple[str, str]]:
    """Label and text of what a person approves: the whole command or URL, names of variables and headers, file."""
    lines = list(entry.provenance.shown)
    if not lines:
        lines.append(("command" if entry.transport is TransportKind.STDIO else "url", entry.endpoint))
        if entry.env_names:
            lines.append(("variables", ", ".join(entry.env_names)))
    origin = str(entry.origin)
    if origin and not any(origin in text or text in origin for label, text in lines if label == "file"):
        lines.append(("file", origin))
    return lines
