"""``watch`` of an entry: files whose change restarts a server under development.

Owns the making of absolute globs, and the look whether their beginning is there. Never walks folders: the files
are looked at while the server runs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from .fields import FieldReader
from .files import with_home
from .read import json_kind

_MAGIC = re.compile(r"[*?\[]")


def watch_of(reader: FieldReader, folder: Path, within: Path | None = None) -> tuple[str, ...]:
    """Absolute globs, as the entry lists them; what cannot be one becomes a lint and is left out.

    ``folder``: where the server runs, the project's for one that runs elsewhere. ``within``: nothing outside of it
    is looked at, since somebody else wrote the entry.
    """
    value = reader.value.get("watch")
    if value is None:
        return ()
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        reader.lints.append(f'"watch" is {json_kind(value)}, neither a string nor an array: not used')
        return ()
    globs: dict[str, None] = {}
    for number, item in enumerate(items, 1):
        text = reader.expander.text(item).strip() if isinstance(item, str) else ""
        if not text or "\0" in text:
            reader.lints.append(f'"watch" number {number} is no path: not used')
            continue
        glob = folder / with_home(text)
        globs[str(glob)] = None
        why = _matches_nothing(str(item), glob, within)
        if why:
            reader.lints.append(f'"watch" number {number} matches nothing yet: {why}')
    return tuple(globs)


def _matches_nothing(written: str, glob: Path, within: Path | None) -> str:
    """Why the folder up to which ``glob`` is fixed, or the one file it names, is not there; empty when it is."""
    parts = Path(os.path.normpath(glob)).parts
    fixed = next((index for index, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    start = Path(*parts[:fixed])
    if within is not None and not start.is_relative_to(within):
        return ""
    is_folder = os.path.isdir(start)  # noqa: PTH112 - unlike Path's, it raises for nothing
    if fixed < len(parts):
        return "" if is_folder else f"there is no {_named('folder', written, len(parts) - fixed)}"
    if is_folder:
        inside = written.rstrip("/")
        return f'it is a folder: write "{inside}/**" for the files in it' if "${" not in written else "it is a folder"
    return "" if os.path.lexists(start) else f"there is no {_named('file', written, 0)}"


def _named(kind: str, written: str, cut: int) -> str:
    """The place as it is written, without its last ``cut`` parts; what variables stand for is not shown."""
    if "${" in written:
        return f"such {kind}"
    parts = Path(written.strip()).parts
    place = Path(*parts[: len(parts) - cut])
    if place == Path():
        return "folder to run in"
    where = "" if place.is_absolute() or parts[0].startswith("~") else " in the folder the server runs in"
    return f'{"folder " if kind == "folder" else ""}"{place.as_posix()}"{where}'
