"""``mcpdeck export CLIENT [NAME …]``: servers as the file of another client has them, to be pasted there.

Owns which servers those are, and what is said beside the text. ``${VAR}`` is translated into the client's own way
to write a variable; a secret that stands literally in a file becomes such a variable too, unless ``--show-secrets``
asks for it as it is. Never writes the client's file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ...services.config.clients import BY_ID
from ...services.config.clients.client import Machine
from ...services.config.clients.secrets import without_secrets
from ...services.config.importing import safe_name
from ...services.config.merge import configured_name
from ...services.config.rebase import rebased
from ...services.errors import UsageError
from ...services.models import Json, JsonObject, ServerEntry, as_object
from ...services.policy.configured import Configured
from ...services.state.text import one_line, visible
from ..exits import Exit
from ..options import Options
from ..printing import note, note_warning, write, write_json
from ..resolve import configured, named

_USAGE = "mcpdeck export CLIENT [NAME …]"


def run(options: Options) -> int:
    """Exit code 0; 2 for an unknown client or server, or a server that stands in no file."""
    if not options.words or options.program is not None:
        raise UsageError(f"for which client? there is {', '.join(BY_ID)}", hint=_USAGE)
    client_id, *names = options.words
    client = BY_ID.get(client_id)
    if client is None:
        raise named(client_id, BY_ID, "client")
    deck, _ = configured(options, None)
    rows = deck.load_entries()
    chosen = _chosen(deck, rows, names, options)
    remarks: list[tuple[str, str]] = []
    exported = client.export(_values(deck, chosen, remarks, as_they_are=options.force))
    # of a server that is left out nothing has to be set or renamed
    lints = [f"{of}: {text}" for of, text in remarks if of not in exported.left_out]
    lints += exported.lints
    file = client.own_file(Machine(deck.options.folders.home, os.environ, sys.platform, deck.options.project))
    if options.json:
        fields: JsonObject = {"client": client.id, "file": str(file), "snippet": exported.text}
        left_out: list[Json] = [*exported.left_out]
        write_json({**fields, "lints": [*lints], "leftOut": left_out})
        return Exit.DONE
    nothing = bool(chosen) and len(exported.left_out) == len(chosen)
    if not nothing:
        write(visible(exported.text))
    if not options.quiet:
        for text in lints:
            note_warning(text)
        paste = f": paste it into {one_line(str(file))} beside what stands there"
        note(f"nothing was written{'' if nothing else paste}")
    return Exit.DONE


def _chosen(deck: Configured, rows: Sequence[ServerEntry], names: Sequence[str], options: Options) -> list[ServerEntry]:
    """The rows that were named; without names, all that could be used right now. Raises ``UsageError``."""
    if names:
        by_name = {row.name: row for row in rows}
        for name in names:
            if name not in by_name:
                raise named(name, by_name, "server", "mcpdeck list shows what there is")
            if deck.raw(by_name[name]) is None:
                hint = "only what stands in a file can be written for another client"
                raise UsageError(f'"{name}" stands in no file', hint=hint, server=name)
        return [by_name[name] for name in dict.fromkeys(names)]
    usable = [row for row in rows if _usable(row) and deck.raw(row) is not None]
    skipped = len([row for row in rows if deck.raw(row) is not None]) - len(usable)
    if skipped and not options.quiet:
        note(f"{skipped} left out: disabled, not approved, suppressed or not usable (name one to have it all the same)")
    return usable


def _usable(row: ServerEntry) -> bool:
    return row.gate is None and row.problem is None and row.blocked is None and row.target is not None


def _values(
    deck: Configured, rows: Sequence[ServerEntry], remarks: list[tuple[str, str]], *, as_they_are: bool
) -> dict[str, JsonObject]:
    """The entries by the names that they get there; ``remarks`` get name and text of what is to be told of one."""
    values: dict[str, JsonObject] = {}
    for row in rows:
        raw = deck.raw(row)
        assert raw is not None  # only such rows are chosen
        written = configured_name(row)
        name = safe_name(written)
        while name in values:
            name += "-2"
        if name != written:
            remarks.append((name, f'it is called "{written}" here'))
        value = rebased(as_object(raw.value), raw.file.folder)
        if not as_they_are:
            value, variables = without_secrets(name, value)
            if variables:
                told = f"its secrets are not printed: set {', '.join(variables)} there (--show-secrets prints them)"
                remarks.append((name, told))
        values[name] = value
    return values
