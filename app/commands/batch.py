"""``mcpdeck batch``: many operations in one session, JSON Lines in, JSON Lines out.

Owns the way from the command line to the loop. What cannot even begin is said on the first line, as a
connection that failed. The dashboard is not imported.
"""

from __future__ import annotations

import sys
from contextlib import aclosing

from ...services.errors import McpDeckError
from ...services.models import ErrorInfo, ServerEntry
from .. import headless
from ..batch import run_batch
from ..batch_replies import code_of, failed
from ..heard import Heard
from ..json_lines import JsonLines, json_line, read_lines
from ..options import Options
from ..printing import note_error
from ..resolve import Guard, usable


def run(options: Options) -> int:
    """0 all ok, 1 some operation failed (4: each for want of authorization); else what keeps it from connecting."""
    began: list[bool] = []
    try:
        entry, guard = usable(options, options.words[0] if options.words else None)
        return headless.run_for(lambda: _session(entry, guard, options, began))
    except McpDeckError as error:
        if began:
            raise
        sys.stdout.buffer.write(json_line(failed("connect", error), sys.stdout.encoding))
        note_error(ErrorInfo.of(error), error.server)
        return code_of(error)


async def _session(entry: ServerEntry, guard: Guard, options: Options, began: list[bool]) -> int:
    heard = Heard(entry.name)
    async with (
        headless.services((entry,), options, guard=guard, listens=True, reads=headless.TOOLS) as services,
        aclosing(read_lines(sys.stdin.fileno())) as lines,
    ):
        heard.listen(services.trace)
        began.append(True)
        try:
            return await run_batch(services, entry.name, heard, lines, JsonLines.stdout(), options.timeout)
        finally:
            headless.note_log(services, entry.name, options)
