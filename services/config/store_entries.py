"""Entries put into, changed in and taken out of the files that mcpdeck may write.

Owns which files those are (mcpdeck's own user and local file, and a project's ``.mcp.json``) and what of them
is changed. Never writes another program's file, and never decides whether an entry is any good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..models import Json, JsonObject
from .change import Change, Written
from .edit import remove_member, rename_member, set_member
from .files import Folders
from .masked_entry import masked_secrets
from .positions import JsonProblem, KeyPath, read_json
from .read import SERVERS_KEY
from .sources import PROJECT_FILE

SCOPES = ("local", "project", "user")
"""Where a person's own entries go, highest precedence first."""
MOST_NAMES = 5
"""Names told in one sentence; the rest is counted."""


@dataclass(frozen=True, slots=True)
class EntryFile:
    """A file that may be written: where its servers stand in it, and whether it is mcpdeck's own (mode 0600)."""

    scope: str
    path: Path
    at: KeyPath = (SERVERS_KEY,)
    private: bool = True


class EntryStore:
    """The files of one project and its user.

    Every change reads the file afresh and keeps everything else in it as it is. With ``dry_run`` nothing at all is
    written. All methods raise ``ConfigError`` for a file that cannot be read, understood or written, and
    ``UsageError`` for what stands in the way of the change itself.
    """

    def __init__(self, folders: Folders, project: Path) -> None:
        self._locks = folders.data / "locks"
        self._project = project
        self.files = {
            "local": EntryFile("local", folders.local_file, ("projects", str(project), SERVERS_KEY)),
            "project": EntryFile("project", project / PROJECT_FILE, private=False),
            "user": EntryFile("user", folders.user_file),
        }

    def file_of(self, path: Path | None, at: KeyPath) -> EntryFile | None:
        """The file that holds servers under ``at``, when it may be written; a project may have several."""
        if path is None:
            return None
        for file in self.files.values():
            if (file.path, file.at) == (path, at):
                return file
        if path.name == PROJECT_FILE and at == (SERVERS_KEY,) and path.is_relative_to(self._project):
            return EntryFile("project", path, private=False)
        return None

    def add(
        self,
        file: EntryFile,
        name: str,
        value: JsonObject,
        *,
        force: bool = False,
        dry_run: bool = False,
        onto: Change | None = None,
    ) -> Change:
        """Put an entry in; ``force`` replaces one of that name, else ``UsageError``.

        ``onto``: what a dry run made of this file before; the change is of both then, and nothing is written.
        """

        def edit(text: str) -> str:
            if not force and name in _servers(text, file):
                raise _taken(name, file)
            return set_member(text, (*file.at, name), value, file=str(file.path))

        if onto is not None:
            return Change(onto.path, onto.before, edit(onto.after))
        return self._change(file, edit, value, dry_run=dry_run)

    def add_many(
        self, file: EntryFile, servers: Mapping[str, JsonObject], *, force: bool = False, dry_run: bool = False
    ) -> Change:
        """Put all of ``servers`` in, or none: one change of the file. Raises like ``add``."""

        def edit(text: str) -> str:
            taken = [name for name in servers if name in _servers(text, file)]
            if taken and not force:
                raise _taken(taken[0], file, *taken[1:])
            path = str(file.path)
            for name, value in list(servers.items())[:1]:  # refuses what is no place for entries
                text = set_member(text, (*file.at, name), value, file=path)
            return set_member(text, file.at, {**_servers(text, file), **servers}, file=path) if servers else text

        return self._change(file, edit, {**servers}, dry_run=dry_run)

    def replace(
        self,
        file: EntryFile,
        name: str,
        new_name: str,
        value: JsonObject,
        *,
        expected: Json = None,
        dry_run: bool = False,
    ) -> Change:
        """Change an entry and its name; ``expected`` is what it said when the person saw it.

        ``UsageError`` when it is not there, says something else by now, or ``new_name`` is taken.
        """

        def edit(text: str) -> str:
            servers = _servers(text, file)
            if name not in servers:
                raise _gone(name, file)
            if expected is not None and servers[name] != expected:
                raise _changed(name, file)
            path = str(file.path)
            if new_name != name:
                if new_name in servers:
                    raise _taken(new_name, file)
                text = rename_member(text, (*file.at, name), new_name, file=path)
            return set_member(text, (*file.at, new_name), value, file=path)

        return self._change(file, edit, value, dry_run=dry_run)

    def remove(self, file: EntryFile, name: str, *, expected: Json = None, dry_run: bool = False) -> Change:
        """Take an entry out; ``UsageError`` when there is none of that name, or it does not say ``expected`` by now."""

        def edit(text: str) -> str:
            servers = _servers(text, file)
            if name not in servers:
                raise _gone(name, file)
            if expected is not None and servers[name] != expected:
                raise _changed(name, file)
            return remove_member(text, (*file.at, name), file=str(file.path))

        return self._change(file, edit, {}, dry_run=dry_run)

    def put_back(self, file: EntryFile, name: str, value: JsonObject, removed: Change) -> bool:
        """Undo ``removed``, which took ``name`` out: byte for byte, as long as the file is what that made of it.

        False: it is not; then ``value`` is put at the end of its servers. ``UsageError`` where the name is taken.
        """
        exact = False

        def edit(text: str) -> str:
            nonlocal exact
            exact = text == removed.after
            if exact:
                return removed.before or ""
            if name in _servers(text, file):
                raise _taken(name, file)
            return set_member(text, (*file.at, name), value, file=str(file.path))

        self._change(file, edit, value, dry_run=False)
        return exact

    def _change(self, file: EntryFile, edit: Callable[[str], str], value: JsonObject, *, dry_run: bool) -> Change:
        written = Written(file.path, private=file.private, within=None if file.private else self._project)
        return written.change(edit, self._locks, secret=holds_secret(value), dry_run=dry_run)


def holds_secret(value: JsonObject) -> bool:
    """A secret stands in the entry itself, not only the name of the variable that holds it."""
    return masked_secrets(value) != value


def _servers(text: str, file: EntryFile) -> JsonObject:
    """The entries of a text, empty where it has none; what is wrong with it is said by the edit that follows."""
    try:
        value: Json = read_json(text.removeprefix("\ufeff"), depth=0).value
    except JsonProblem:
        return {}
    for key in file.at:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _changed(name: str, file: EntryFile) -> UsageError:
    hint = "look at what stands there now; nothing was written"
    return UsageError(f'"{name}" was changed in {file.path} meanwhile', hint=hint, server=name)


def _taken(name: str, file: EntryFile, *others: str) -> UsageError:
    hint = "take another name, or replace it: --force"
    if others:
        names = ", ".join(f'"{each}"' for each in (name, *others[: MOST_NAMES - 1]))
        more = f" and {len(others) + 1 - MOST_NAMES} more" if len(others) >= MOST_NAMES else ""
        hint = "take other names, or replace them: --force"
        return UsageError(f"there already are servers {names}{more} in {file.path}", hint=hint, server=name)
    return UsageError(f'there already is a server "{name}" in {file.path}', hint=hint, server=name)


def _gone(name: str, file: EntryFile) -> UsageError:
    return UsageError(f'there is no server "{name}" in {file.path}', hint="mcpdeck list shows where it is", server=name)
