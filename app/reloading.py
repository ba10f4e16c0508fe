"""The configuration read again when one of its files changes.

Owns knowing that something changed, and telling what became of it. Never takes a file apart: that is
``Configured``'s business, and what stays connected the manager's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from ..services.config.sources import watched
from ..services.errors import McpDeckError
from ..services.manager import Changes, ConnectionManager
from ..services.models import Json, ServerEntry, Status, as_text
from ..services.policy.configured import Configured
from ..services.state.text import one_line
from .file_events import Plan, Stamp, files_plan, hear, stamp

if TYPE_CHECKING:
    from .controller import Toast

NO_DETAILS: Mapping[str, Json] = {}
NAME_CHARACTERS = 30
MOST_NAMES = 5
MOST_FILES = 3
"""What one toast tells; the rest is counted. A name may be as long as a repository wants."""


def files_of(configured: Configured) -> tuple[Path, ...]:
    """Every file that the configuration was read from, or would be if it were there."""
    own = watched(configured.options) if configured.options.files else ()
    return tuple(dict.fromkeys((*own, *configured.watched())))


async def reload_on_changes(
    configured: Configured,
    manager: ConnectionManager,
    reload: Callable[[], Changes],
    toast: Toast,
    *,
    since: Stamp | None = None,
) -> None:
    """Call ``reload`` whenever a file is another than before, until cancelled; a toast tells what changed.

    ``since``: how the files stood when they were read first; None: as they stand now.
    """

    async def planned() -> Plan:
        return files_plan(files_of(configured))

    before = stamp(files_of(configured)) if since is None else since

    async def look(_: frozenset[str]) -> None:
        nonlocal before
        now = stamp(files_of(configured))
        if now == before:
            return
        before = now
        # git may take seconds to say whose the local settings are
        await anyio.to_thread.run_sync(configured.refresh, abandon_on_cancel=True)
        try:
            changes = reload()
        except McpDeckError as error:
            toast(error.title, error.hint, severity="error")
        else:
            tell(changes, manager.entries, toast)

    await hear(planned, look)


def tell(changes: Changes, entries: Mapping[str, ServerEntry], toast: Toast) -> None:
    """What a change of files came to: which servers, what a policy blocks now, what is wrong with a file."""
    rows = [entries[name] for name in (*changes.added, *changes.changed)]
    unread = [row for row in rows if _is_file(row)]
    for row in unread[:MOST_FILES]:
        if row.problem is not None:
            toast(row.problem.title, row.problem.hint, severity="warning")
    if len(unread) > MOST_FILES:
        toast(f"{len(unread) - MOST_FILES} more files cannot be read", "S shows each of them", severity="warning")
    blocked = [entries[name] for name in changes.changed if entries[name].gate is Status.BLOCKED]
    if blocked:
        toast(*_blocked(blocked), severity="warning")
    servers = {
        "+": [name for name in changes.added if not _is_file(entries[name])],
        # What was a file's row is not in the list any more; its name is a path.
        "−": [name for name in changes.removed if not Path(name).is_absolute()],
        "~": [name for name in changes.changed if not _is_file(entries[name]) and entries[name] not in blocked],
    }
    count = sum(len(names) for names in servers.values())
    if count:
        toast(f"{count} server{'s' if count > 1 else ''} changed", changed_words(servers))


def changed_words(names: Mapping[str, Sequence[str]]) -> str:
    """``+a −b ~c``, by sign: short, however many there are and however long they are called."""
    words = [sign + one_line(name, NAME_CHARACTERS) for sign, signed in names.items() for name in signed]
    more = [f"and {len(words) - MOST_NAMES:,} more"] if len(words) > MOST_NAMES else []
    return " ".join([*words[:MOST_NAMES], *more])


def _blocked(rows: Sequence[ServerEntry]) -> tuple[str, str]:
    """That a policy stands in the way of what was allowed before, and which rule of which file it is."""
    rules = {_rule(row) for row in rows}
    rule, which, file = rules.pop()
    whose = one_line(rows[0].name, NAME_CHARACTERS) if len(rows) == 1 else f"{len(rows)} servers"
    was = "was" if len(rows) == 1 else "were"
    if rules:
        title, place = f"{whose} {was} blocked by policy", ""
    else:
        title = f"{whose} {was} blocked by {rule or which or 'policy'}"
        place = f"{which} in {file}" if rule and which else file or ""
    names = changed_words({"": [row.name for row in rows]}) if len(rows) > 1 else ""
    return title, " · ".join(part for part in (names, place) if part)


def _rule(row: ServerEntry) -> tuple[str | None, ...]:
    """Rule, list and file that block it."""
    details = row.blocked.details if row.blocked is not None else NO_DETAILS
    return tuple(as_text(details.get(key)) for key in ("rule", "list", "file"))


def _is_file(entry: ServerEntry) -> bool:
    """The row stands for what is wrong with a whole file."""
    return entry.problem is not None and "entry" not in entry.problem.details
