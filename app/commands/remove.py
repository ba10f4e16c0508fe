"""``mcpdeck remove NAME``: take a server out of the file that it stands in.

Owns finding the one that is meant. Never touches a file of another program.
"""

from __future__ import annotations

from ...services.errors import UsageError
from ...services.models import ServerEntry
from ...services.policy.configured import Configured
from ..editing import Editing
from ..exits import Exit
from ..options import Options
from ..resolve import configured, unknown_server
from ..written_entries import tell_removed


def run(options: Options) -> int:
    """Exit code 2 for a name that stands nowhere, in several scopes, or only in files that are just read."""
    if len(options.words) != 1 or options.program is not None:
        raise UsageError("which server? its name is missing", hint="mcpdeck remove NAME")
    name = options.words[0]
    deck, _ = configured(Options(options.command, dry_run=True), None)
    editing = Editing(deck)
    row = _row(deck, editing, name, options.scope)
    file = editing.file_of(row)
    change = editing.remove(row.name, dry_run=options.dry_run)
    assert file is not None  # a row of a file that is only read is refused
    tell_removed(name, file.scope, change, editing, options)
    return Exit.DONE


def _row(deck: Configured, editing: Editing, name: str, scope: str | None) -> ServerEntry:
    """The row to take out; one that cannot be is refused by ``Editing``. Raises ``UsageError``."""
    rows = editing.rows(name)
    if not rows:
        raise unknown_server(name, deck.load_entries(), "mcpdeck list shows what there is")
    ours = {row.name: file for row in rows if (file := editing.file_of(row)) is not None}
    scopes = list(dict.fromkeys(file.scope for file in ours.values()))
    if scope is not None:
        scopes = [one for one in scopes if one == scope]
        if not scopes and ours:
            where = ", ".join(str(file.path) for file in ours.values())
            raise UsageError(f'"{name}" does not stand in the scope {scope}', hint=f"it stands in {where}", server=name)
    if len(scopes) > 1:
        raise UsageError(
            f'"{name}" stands in {" and ".join(scopes)}',
            hint=" · ".join(f"mcpdeck remove {name} --scope {one}" for one in scopes),
            server=name,
        )
    # of several files of one scope the nearest counts, as everywhere
    return next((row for row in rows if row.name in ours and ours[row.name].scope in scopes), rows[0])
