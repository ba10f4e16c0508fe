"""``mcpdeck reject NAME``: never let a server start that others configured, as it stands in its file now.

Owns what is said of it. Nobody is asked: a rejection starts nothing, and ``mcpdeck approve`` takes it back.
"""

from __future__ import annotations

import shlex

from ...services.errors import UsageError
from ...services.models import ServerEntry, Status
from ...services.policy.refusals import refusal
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note, write, write_json
from ..resolve import configured, load


def run(options: Options) -> int:
    """Exit code 2 for a row that cannot be used anyhow, and for one that needs no approval: that is switched off."""
    if len(options.words) != 1 or options.program is not None:
        raise UsageError("which server? its name is missing", hint="mcpdeck reject NAME")
    deck, name = configured(options, options.words[0])
    entry = next(entry for entry in load(deck, options, name) if entry.name == name)
    _check(entry)
    already = entry.gate is Status.REJECTED
    if not options.dry_run and not already:
        deck.reject(entry)
    if options.json:
        write_json(
            {
                "name": entry.name,
                "rejected": already or not options.dry_run,
                "source": entry.source.value,
                "origin": str(entry.origin),
                "changed": not already,
                "dryRun": options.dry_run,
            }
        )
        return Exit.DONE
    shown = one_line(entry.name)
    if already:
        by = f": {one_line(entry.blocked.title)}" if entry.blocked is not None else ""
        write(f"{shown} is rejected already{by}")
    elif options.dry_run:
        write(f"{shown} would be rejected in {one_line(str(deck.options.project))}")
    else:
        write(f"rejected: {shown}")
        note(f"  → {one_line(f'mcpdeck approve {shlex.quote(entry.name)} takes the rejection back')}")
    return Exit.DONE


def _check(entry: ServerEntry) -> None:
    """Raises what keeps a decision about it from meaning anything."""
    if entry.problem is not None:
        stands_in_the_way = refusal(entry)
        assert stands_in_the_way is not None  # such a row is refused
        raise stands_in_the_way
    if not entry.needs_approval:
        raise UsageError(
            f'"{entry.name}" needs no approval, so there is none to refuse: nobody else put it there ({entry.source})',
            hint=f"switch it off in this project: mcpdeck disable {shlex.quote(entry.name)}",
            server=entry.name,
        )
