"""``mcpdeck approve NAME``: let a server of a project file start, now and later.

Owns the question and its answer. Shows what would run as it stands in the file: variables are not
put in, secrets are masked. Never starts the server.
"""

from __future__ import annotations

import shlex
import sys

from ...services.config.models import RawEntry
from ...services.errors import UntrustedError, UsageError
from ...services.models import ServerEntry, Source, TransportKind, as_object, as_text
from ...services.state.text import one_line
from ..exits import Exit
from ..options import Options
from ..printing import note, write, write_json
from ..resolve import configured, load, refusal


def run(options: Options) -> int:
    """Exit code 5 when the person said no, or nobody could be asked."""
    if len(options.words) != 1 or options.program is not None:
        raise UsageError("which server? its name is missing", hint="mcpdeck approve NAME")
    deck, name = configured(options, options.words[0])
    entry = next(entry for entry in load(deck, options, name) if entry.name == name)
    if entry.problem is not None:
        stands_in_the_way = refusal(entry)
        assert stands_in_the_way is not None  # an entry with a problem is refused
        raise stands_in_the_way
    if entry.source is not Source.PROJECT:
        if not options.json:
            note(f"{one_line(entry.name)} needs no approval: it does not come from a project file")
    else:
        _ask(entry, deck.raw(entry), options)
        deck.approve(entry)
    if options.json:
        write_json({"name": entry.name, "approved": True, "source": entry.source.value, "origin": str(entry.origin)})
    elif entry.source is Source.PROJECT:
        write(f"approved: {one_line(entry.name)}")
    return Exit.DONE


def _ask(entry: ServerEntry, raw: RawEntry | None, options: Options) -> None:
    """Show the entry; ask unless ``--yes``. Raises ``UntrustedError`` when the answer is no."""
    for line in description(entry, raw):
        note(line)
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


def description(entry: ServerEntry, raw: RawEntry | None) -> list[str]:
    """What a person approves: the whole command or URL, folder, names of variables and headers, file."""
    written = as_object(raw.value) if raw is not None else {}
    lines = [f"{one_line(entry.name)} wants to start"]
    label = "command" if entry.transport is TransportKind.STDIO else "url"
    lines.append(f"  {label:<9} {one_line(entry.endpoint)}")
    cwd = as_text(written.get("cwd"))
    if cwd is not None:
        lines.append(f"  {'in':<9} {one_line(cwd)}")
    for key, names in (("variables", list(entry.env_names)), ("headers", list(as_object(written.get("headers"))))):
        if names:
            lines.append(f"  {key:<9} {one_line(', '.join(names))}")
    lines.append(f"  {'file':<9} {one_line(str(entry.origin))}")
    lines += [f"  note      {one_line(lint)}" for lint in entry.lints]
    return lines
