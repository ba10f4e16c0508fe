"""``mcpdeck enable NAME`` and ``mcpdeck disable NAME``: switch a server on or off in this project.

Owns the switch and what is said of it. Switching on gets nothing past approval or policy.
"""

from __future__ import annotations

from ...services.errors import UsageError
from ...services.models import JsonObject, ServerEntry, Status
from ...services.policy.configured import KEPT, Configured
from ...services.policy.refusals import refusal
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note, write, write_json
from ..resolve import configured, load


def run(options: Options) -> int:
    """Exit code 2 for a row that cannot be switched (suppressed, a file), 5 for one that is blocked or only shown."""
    verb = options.command or "enable"
    if len(options.words) != 1 or options.program is not None:
        raise UsageError("which server? its name is missing", hint=f"mcpdeck {verb} NAME")
    enabled = verb == "enable"
    deck, name = configured(options, options.words[0])
    entry = next(entry for entry in load(deck, options, name) if entry.name == name)
    deck.check_switch(entry, enabled)
    if entry.source not in KEPT:
        raise UsageError(
            f'"{entry.name}" is of this run only: there is nothing to switch',
            hint="put it into a file first: mcpdeck add",
            server=entry.name,
        )
    changed = (entry.gate is Status.DISABLED) is enabled
    if not options.dry_run:
        deck.set_enabled(entry, enabled)
    after = entry if options.dry_run else _again(deck, entry)
    if options.json:
        write_json(_json(after, enabled, options))
        return Exit.DONE
    word = "enabled" if enabled else "disabled"
    if options.dry_run:
        would = f"would be {word}" if changed else f"is {word} already"
        write(f"{one_line(entry.name)} {would} in {one_line(str(deck.options.project))}")
        return Exit.DONE
    write(f"{word}: {one_line(entry.name)}")
    if not enabled and after.gate is Status.REJECTED:
        note("it is rejected as well: neither an approval alone nor enabling it alone lets it start")
    still = refusal(after) if enabled else None
    if still is not None:
        note(f"it does not start yet: {one_line(still.title)}")
        note(f"  → {one_line(still.hint)}")
    return Exit.DONE


def _again(deck: Configured, entry: ServerEntry) -> ServerEntry:
    """The row with its new gate."""
    return next((row for row in deck.load_entries() if row.name == entry.name), entry)


def _json(entry: ServerEntry, enabled: bool, options: Options) -> JsonObject:
    return {
        "name": entry.name,
        "enabled": enabled,
        "source": entry.source.value,
        "origin": str(entry.origin) or None,
        "status": "configured" if entry.gate is None else entry.gate.value,
        "dryRun": options.dry_run,
    }
