"""``mcpdeck sources``: every place where servers may stand, and what was found there.

Owns the table. Contacts no server; with ``--discover`` it also looks at other clients' files and the network.
"""

from __future__ import annotations

from ...services.models import SourceInfo, SourceStatus
from ..exits import Exit
from ..options import Options
from ..printing import DIM, GREEN, RED, YELLOW, Cell, note, table, write, write_json
from ..resolve import configured, load
from ..server_rows import source_json

_STYLE = {
    SourceStatus.READ: GREEN,
    SourceStatus.UNREADABLE: RED,
    SourceStatus.IGNORED: YELLOW,
    SourceStatus.NOT_FOUND: DIM,
    SourceStatus.OFF: DIM,
}


def run(options: Options) -> int:
    """Exit code 0 whatever was found: that is the result."""
    deck, _ = configured(options, None)
    load(deck, options, None)
    sources = deck.sources
    if options.json:
        write_json({"sources": [source_json(info) for info in sources]})
        return Exit.DONE
    lines = table(("SOURCE", "STATUS", "SERVERS", "PLACE", "NOTE"), [_cells(info) for info in sources])
    for line in lines:
        write(line)
    if not options.discover and not options.quiet:
        note("servers of other clients and of the network are looked for with --discover")
    return Exit.DONE


def _cells(info: SourceInfo) -> tuple[Cell, ...]:
    return (
        Cell(info.source.value),
        Cell(info.status.value, _STYLE.get(info.status, "")),
        Cell(str(info.servers) if info.status is SourceStatus.READ else ""),
        Cell(info.place),
        Cell(" · ".join(part for part in (info.note, *info.lints) if part), YELLOW if info.lints else DIM),
    )
