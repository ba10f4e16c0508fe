"""What becomes of a result on the command line: how much of it is printed, what is said about it, where it is saved.

Owns the cut of long results on a terminal, the remarks on stderr and ``--output``. Never prints a result by itself:
each command knows how its kind is read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..services.config.files import with_home
from ..services.errors import RemoteProtocolError, UsageError
from ..services.models import JsonObject
from ..services.models.content import Kind, parts_of
from ..services.state.model import CallState
from .options import Options
from .printing import note, note_warning, size_words, visible_pieces, write_json, write_pieces
from .saving import as_file, save_parts, save_whole, stem_of, whole


def printed(call: CallState, options: Options) -> JsonObject:
    """What is printed for people: on a terminal what a model would get of a long result, elsewhere all of it."""
    result, measured = call.result or {}, call.measured
    if measured is None or not measured.truncated or measured.given is None:
        return result
    return measured.given if sys.stdout.isatty() and not options.full else result


def note_size(call: CallState, options: Options) -> None:
    """On stderr: that a result is large for a model, and where the whole of one is that a model would get cut."""
    measured = call.measured
    if measured is None or options.quiet or not (measured.large or measured.truncated):
        return
    said = f"{call.tool}: about {measured.tokens:,} tokens"
    if not measured.truncated:
        note_warning(f"{said}, which is a lot for a model (it would be given all of it)")
        return
    where = f"; the whole is in {measured.saved_to}" if measured.saved_to else ""
    note_warning(f"{said}, of which a model would get {measured.limit:,}{where}")


def size_fields(call: CallState) -> JsonObject:
    """What ``--json`` says about the size: see ``docs/results.md``. ``forModel`` is in the order of the parts."""
    measured = call.measured
    shares = [part.share.value for part in parts_of(call.result or {})]
    return {
        "truncated": measured is not None and measured.truncated,
        "savedTo": measured.saved_to if measured is not None else None,
        "tokens": measured.tokens if measured is not None else None,
        "tokenLimit": measured.limit if measured is not None else None,
        "forModel": [*shares],
    }


def check_output(options: Options) -> None:
    """Raises ``UsageError`` where two things want stdout."""
    if options.json and options.output == "-":
        raise UsageError("--json and --output - both want stdout", hint="give one of the two")


def save(call: CallState, options: Options) -> None:
    """Save the result where ``--output`` says. Raises ``UsageError`` for a place that cannot be written."""
    assert options.output is not None
    result = call.result or {}
    if options.output == "-":
        _to_stdout(result)
        return
    path = Path(with_home(options.output))
    try:
        if path.is_dir() or options.output.endswith(("/", os.sep)):
            written = save_parts(result, path, stem_of(call))
        else:
            save_whole(result, path)
            written = [path]
    except OSError as error:
        raise UsageError(
            f"cannot write {options.output}: {error.strerror or error}", hint="check the path of --output"
        ) from None
    if not options.quiet:
        for one in written:
            note(f"saved {one}, {size_words(one.stat().st_size)}")


def save_resource(call: CallState, options: Options) -> None:
    """Save what was read: one content as it is, decoded; several into a folder. Raises ``UsageError``."""
    assert options.output is not None
    parts = list(parts_of(call.result or {}))
    folder = options.output != "-" and (options.output.endswith(("/", os.sep)) or Path(options.output).is_dir())
    if not folder and len(parts) != 1:
        raise UsageError(
            f"the resource has {len(parts)} parts, and --output FILE takes one",
            hint="a folder takes them all, and so has --json",
        )
    if not folder and as_file(parts[0]) is None:
        raise RemoteProtocolError(
            f"{call.tool} holds neither text nor valid base64 (section 31)",
            hint="--json shows it as it came",
            server=call.server,
        )
    save(call, options)


def _to_stdout(result: JsonObject) -> None:
    """As it is; on a terminal, which it could drive, only what can be shown there. Raises ``UsageError``."""
    sys.stdout.flush()
    part, data = whole(result)
    if not sys.stdout.isatty():
        sys.stdout.buffer.writelines(data)
        if part is None:
            sys.stdout.buffer.write(b"\n")
    elif part is None:
        write_json(result)
    elif part.kind in (Kind.TEXT, Kind.TEXT_RESOURCE):
        write_pieces(visible_pieces(part.text))
    else:
        raise UsageError("binary data is not written to a terminal", hint="give a file, or a pipe, with --output")
