"""Changes to the configuration that a person asks for: add, edit, copy, take out, paste, export.

Owns which rows may be changed here and in which file a change goes. Used by the commands and the dashboard alike;
quick and synchronous. Never loads the result: whoever changed something loads the rows again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..services.config.change import Change
from ..services.config.entries import Surroundings, server_entry
from ..services.config.expand import REFERENCE
from ..services.config.files import Folders
from ..services.config.masked_entry import masked_definition
from ..services.config.merge import configured_name
from ..services.config.models import RawEntry, SourceFile
from ..services.config.rebase import rebased
from ..services.config.store_entries import SCOPES, EntryFile, EntryStore
from ..services.errors import ConfigValidationError, UsageError
from ..services.models import NO_ORIGIN, ErrorInfo, Json, JsonObject, ServerEntry, Source, as_object
from ..services.policy.configured import Configured
from ..services.policy.refusals import exclusive
from .seen import Seen

if TYPE_CHECKING:
    from ..services.config.clients import Exported
    from ..services.config.snippets import Snippet

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TITLES = {
    "local": "this project, for you alone",
    "project": "everybody who works on this project",
    "user": "all your projects",
}
_SOURCES = frozenset((Source.LOCAL, Source.PROJECT, Source.USER))

_STAND_IN_NAME = "server"
_STAND_INS = ("x", "https://host.example", "wss://host.example", "/x")
"""What variables may well be set to where the entry is used."""


@dataclass(frozen=True, slots=True)
class Removed:
    """An entry that was taken out of its file. May hold secrets: it is kept in memory only."""

    file: EntryFile
    name: str
    value: JsonObject
    change: Change


class Editing:
    """The files of ``configured`` that may be written, and what is done to the entries in them.

    ``server`` is always the name of a row. Methods raise ``UsageError`` for what cannot be asked for, and
    ``ConfigError`` for a file or an entry that cannot be used; nothing is written then.
    """

    def __init__(self, configured: Configured) -> None:
        self._configured = configured
        options = configured.options
        self._project = options.project
        self._environ = options.environ
        self._store = EntryStore(Folders.of(options.environ), options.project)
        self._seen: dict[str, Json] = {}
        self._given: set[str] = set()  # names that stand in files already, whatever they look like

    # -- what is there

    def scopes(self) -> tuple[tuple[str, str, Path], ...]:
        """Id, meaning and file of every place an entry can be put into, highest precedence first."""
        return tuple((scope, _TITLES[scope], self._store.files[scope].path) for scope in SCOPES)

    @property
    def project(self) -> Path:
        return self._project

    def written(self) -> tuple[RawEntry, ...]:
        """Every entry as it stands in its file, whoever's file it is."""
        return tuple(raw for row in self._entries() if (raw := self._raw(row)) is not None)

    def not_read(self) -> str:
        """Why this run does not read the files that can be written here; empty when it does."""
        if self._configured.options.strict:
            return "--strict-mcp-config"
        return "" if self._configured.options.files else "the servers of the command line are all there are"

    def rows(self, name: str) -> tuple[ServerEntry, ...]:
        """Every row that is written under ``name``, the one that counts first."""
        return tuple(row for row in self.all_rows() if configured_name(row) == name)

    def all_rows(self) -> tuple[ServerEntry, ...]:
        """Every row that stands in a file as an entry."""
        return tuple(row for row in self._entries() if self._raw(row) is not None)

    def text(self, server: str) -> str:
        """The entry as it is written, as indented JSON; variables are not put in, secrets are not masked."""
        raw = self._written(server)
        self._seen[server] = raw.value
        self._given.add(raw.name)
        return json.dumps(raw.value, ensure_ascii=False, indent=2)

    def copy_text(self, server: str) -> str:
        """The entry as a copy of it in another file has to be, as indented JSON: relative paths made absolute."""
        raw = self._written(server)
        return json.dumps(rebased(as_object(raw.value), raw.file.folder), ensure_ascii=False, indent=2)

    def editable(self, server: str) -> str | None:
        """Why the entry cannot be changed here, None when it can."""
        return self._why_not(self._row(server))

    def check(self, name: str, value: JsonObject) -> tuple[str | None, tuple[str, ...]]:
        """What keeps an entry from being used, and what is odd about it; callable from any thread.

        The name of an entry whose ``text`` was given is fine as it is.
        """
        problem = None if name in self._given else name_problem(name)
        # What is odd about a name that is refused is not told as well.
        unusable, lints = self._judged(name if problem is None else _STAND_IN_NAME, value)
        if problem is None and unusable is not None:
            problem = f"{_what(unusable)}: {unusable.hint}"
        return problem, lints

    # -- changes

    def add(
        self,
        name: str,
        value: JsonObject,
        scope: str,
        *,
        force: bool = False,
        dry_run: bool = False,
        onto: Change | None = None,
    ) -> Change:
        """Put a new entry into the file of ``scope`` (``local``, ``project``, ``user``); ``force`` replaces one.

        ``onto``: the change that an earlier dry run would make of that file; this one is put on top of it.
        """
        self._refuse_unusable(name, value)
        self._refuse_beside_managed()
        return self._store.add(self._file(scope), name, value, force=force, dry_run=dry_run, onto=onto)

    def add_many(
        self, servers: Mapping[str, JsonObject], scope: str, *, force: bool = False, dry_run: bool = False
    ) -> Change:
        """Put all of ``servers`` into the file of ``scope`` by one change, or none of them."""
        for name, value in servers.items():
            self._refuse_unusable(name, value)
        self._refuse_beside_managed()
        return self._store.add_many(self._file(scope), servers, force=force, dry_run=dry_run)

    def replace(self, server: str, name: str, value: JsonObject, *, dry_run: bool = False) -> Change:
        """Change a row's entry where it stands, and call it ``name``.

        ``UsageError`` when it says something else by now than what ``text`` last gave.
        """
        row = self._row(server)
        file = self._own_file(row)
        old = configured_name(row)
        self._refuse_unusable(name, value, renamed=name != old)
        expected = self._seen.get(server, self._written(server).value)
        change = self._store.replace(file, old, name, value, expected=expected, dry_run=dry_run)
        if not dry_run:
            self._seen.pop(server, None)
        return change

    def duplicate(self, server: str, name: str, scope: str | None = None, *, dry_run: bool = False) -> Change:
        """The same entry once more as ``name``: in ``scope``, else beside the row, else (not ours) in ``local``."""
        row, raw = self._row(server), self._written(server)
        beside = self.file_of(row)
        file = self._file(scope) if scope is not None else beside or self._file("local")
        value = as_object(raw.value)
        if file is not beside:
            value = rebased(value, raw.file.folder)
        self._refuse_unusable(name, value)
        self._refuse_beside_managed()
        return self._store.add(file, name, value, dry_run=dry_run)

    def remove(
        self, server: str, scope: str | None = None, *, seen: Seen | None = None, dry_run: bool = False
    ) -> Change:
        """Take a row's entry out of its file; with ``scope``, the entry of that name there.

        ``seen``: the row that a person agreed to lose; another one by now raises ``UsageError``.
        """
        if scope is None:
            row = self._row(server) if seen is None else self._seen_row(seen)
            expected = None if seen is None else self._written(row.name).value
            file = self._own_file(row)
            return self._store.remove(file, configured_name(row), expected=expected, dry_run=dry_run)
        # a project may have several files: the nearest counts, as everywhere
        files = (self.file_of(row) for row in self.rows(server))
        file = next((file for file in files if file is not None and file.scope == scope), self._file(scope))
        return self._store.remove(file, server, dry_run=dry_run)

    def take_out(self, seen: Seen) -> Removed:
        """``remove`` the row that was seen; what is returned puts it back."""
        row = self._seen_row(seen)
        raw, file = self._written(row.name), self._own_file(row)
        change = self._store.remove(file, configured_name(row), expected=raw.value)
        return Removed(file, configured_name(row), as_object(raw.value), change)

    def put_back(self, removed: Removed) -> bool:
        """Undo ``take_out``. False: the file is another one by now, and the entry stands at the end of its servers.

        ``UsageError`` where its name is taken by now.
        """
        return self._store.put_back(removed.file, removed.name, removed.value, removed.change)

    # -- other shapes

    def paste(self, text: str) -> tuple[Snippet, ...]:
        """The servers in a snippet of a README or of another client's file. Raises ``ConfigError``."""
        from ..services.config.snippets import read_snippet  # every client's shapes: not needed before a paste

        return read_snippet(text)

    def export(self, servers: Sequence[str], client_id: str, *, masked: bool = False) -> Exported:
        """Entries as the file of another client has them, variables not put in. ``masked``: without secrets.

        A server that cannot be exported is a lint; ``UsageError`` when none of them can.
        """
        from ..services.config.clients import CLIENTS  # as above

        client = next((client for client in CLIENTS if client.id == client_id), None)
        if client is None:
            raise UsageError(
                f'no client "{client_id}" is known', hint=f"there is {', '.join(client.id for client in CLIENTS)}"
            )
        found, lints = self._exported(servers)
        if masked:
            found = {name: as_object(masked_definition(value)) for name, value in found.items()}
        if not found:
            raise UsageError("nothing here can be exported", hint="; ".join(lints) or "choose others")
        exported = client.export(found)
        if set(exported.left_out) >= set(found):
            names = ", ".join(found)
            raise UsageError(f"{client.title} cannot have {names}", hint="; ".join(exported.lints) or "choose others")
        return replace(exported, lints=(*lints, *exported.lints))

    def _exported(self, servers: Sequence[str]) -> tuple[dict[str, JsonObject], tuple[str, ...]]:
        """The entries of these rows as written; and which rows have none, in words."""
        rows = {row.name: row for row in self._entries()}
        found: dict[str, JsonObject] = {}
        lints: list[str] = []
        for name in servers:
            raw = self._raw(rows[name]) if name in rows else None
            if raw is None:
                lints.append(f"{name}: left out, it stands in no file" if name in rows else f"{name}: it is gone")
            elif not isinstance(raw.value, dict):
                lints.append(f"{name}: left out, it is no entry")
            else:
                found[configured_name(rows[name])] = raw.value
        return found, tuple(lints)

    # -- finding things

    def _entries(self) -> tuple[ServerEntry, ...]:
        return self._configured.load_entries()

    def _raw(self, row: ServerEntry) -> RawEntry | None:
        return self._configured.raw(row)

    def _row(self, server: str) -> ServerEntry:
        for entry in self._entries():
            if entry.name == server:
                return entry
        raise UsageError(f'no server named "{server}"', hint="mcpdeck list shows what there is")

    def _seen_row(self, seen: Seen) -> ServerEntry:
        return seen.still(next((entry for entry in self._entries() if entry.name == seen.name), None))

    def _written(self, server: str) -> RawEntry:
        raw = self._raw(self._row(server))
        if raw is None:
            raise UsageError(f'"{server}" stands in no file', hint="it was made for this run only", server=server)
        return raw

    def _file(self, scope: str) -> EntryFile:
        try:
            return self._store.files[scope]
        except KeyError:
            raise UsageError(f'no scope "{scope}"', hint=f"there is {', '.join(SCOPES)}") from None

    def file_of(self, row: ServerEntry) -> EntryFile | None:
        """The file that a row stands in, when it may be written here."""
        raw = self._raw(row)
        if raw is None or row.source not in _SOURCES:
            return None
        return self._store.file_of(raw.file.path, raw.file.at)

    def _own_file(self, row: ServerEntry) -> EntryFile:
        file = self.file_of(row)
        if file is None:
            hint = f"mcpdeck disable {configured_name(row)} switches it off here; a copy of it can be changed"
            raise UsageError(f'"{row.name}" cannot be changed here: {self._why_not(row)}', hint=hint, server=row.name)
        return file

    def _why_not(self, row: ServerEntry) -> str | None:
        if self.file_of(row) is not None:
            return None
        file = row.origin.file
        match row.source:
            case Source.MANAGED:
                return f"{file} belongs to the administrator"
            case Source.CLI | Source.SDK | Source.DEMO if file is None:
                return "it was made for this run only"
            case Source.CLI:
                return f"{file} was named for this run, and is only read"
            case Source.PLUGIN:
                return "it belongs to a plugin"
            case Source.CONNECTOR | Source.IDE | Source.DISCOVERED | Source.REGISTRY:
                return "it stands in no file of yours: it was found"
            case _:
                return f"{file} belongs to another program, and is only read"

    # -- what may be written

    def _judged(self, name: str, value: JsonObject) -> tuple[ErrorInfo | None, tuple[str, ...]]:
        """What keeps an entry from being used whatever its variables are set to, and what is odd about it."""
        entry = self._entry(name, value, self._environ)
        names = {found[0] for found in REFERENCE.findall(json.dumps(value))}
        if entry.problem is None or not names:
            return entry.problem, entry.lints
        for stand_in in _STAND_INS:
            trial = self._entry(name, value, {**self._environ, **dict.fromkeys(names, stand_in)})
            if trial.problem is None:
                lint = f"with what is set now it cannot be used: {_what(entry.problem)}: {entry.problem.hint}"
                return None, (*trial.lints, lint)
        return entry.problem, entry.lints

    def _entry(self, name: str, value: JsonObject, environ: Mapping[str, str]) -> ServerEntry:
        file = SourceFile(Source.LOCAL, self._project)
        return server_entry(RawEntry(name, file, value, NO_ORIGIN), Surroundings(environ, self._project))

    def _refuse_unusable(self, name: str, value: JsonObject, *, renamed: bool = True) -> None:
        problem = name_problem(name) if renamed else None
        if problem is not None:
            raise UsageError(f'"{name}" is no name for a server: {problem}', hint="take another name")
        unusable, _ = self._judged(name, value)
        if unusable is not None:
            details = {**unusable.details, "file": None}
            raise ConfigValidationError(_what(unusable), hint=unusable.hint, server=name, details=details)

    def _refuse_beside_managed(self) -> None:
        self._entries()
        file = self._configured.exclusive
        if file is not None:
            raise exclusive(str(file), "what is added")


def name_problem(name: str) -> str | None:
    """Why a new server cannot be called so; None when it can. Files of others may have any name."""
    if not name:
        return "it has no letters"
    if not _NAME.fullmatch(name):
        return "names are made of letters, digits, - and _"
    if len(name) > 64:
        return "it is longer than 64 characters"
    return None


def _what(problem: ErrorInfo) -> str:
    """What is wrong, without entry and place: it stands nowhere yet."""
    name = problem.details.get("entry")
    return problem.title.removeprefix(f'entry "{name}": ').rpartition(" (")[0] or problem.title
