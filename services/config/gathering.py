"""Rows and places of one load, source by source.

Owns going through the sources in their order and what is said of each place. Never decides which of two
rows counts (see ``merge``), nor what may start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..models import ServerEntry, Source, SourceInfo, SourceStatus
from .entries import Surroundings, built_in_entry, problem_entry, server_entry
from .ide import lock_files, read_lock
from .models import RawEntry, Reading, SourceFile
from .plugins import ROOT_VARIABLE, Plugin, claude_plugins, own_plugins, plugin_files
from .sources import (
    command_line_files,
    imported_files,
    local_files,
    managed_files,
    plugin_settings,
    project_files,
    user_files,
)

if TYPE_CHECKING:
    from .load import LoadOptions

STRICT = "--strict-mcp-config leaves only the command line"
OTHERS = "other clients' files"
_RANK = {source: rank for rank, source in enumerate(Source)}
_QUIET = {
    Source.CONNECTOR: ("a connector directory", "none is configured"),
    Source.REGISTRY: ("the MCP Registry", "browsed by hand: mcpdeck registry"),
    Source.DISCOVERED: ("the network", "looked at only when it is asked for: --discover"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An entry, and how it is written where it comes from a file."""

    entry: ServerEntry
    raw: RawEntry | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """``rows`` and ``infos``, highest precedence first. ``exclusive``: the managed file beside which nothing counts."""

    rows: tuple[Row, ...]
    infos: tuple[SourceInfo, ...]
    exclusive: Path | None


def gathered(options: LoadOptions) -> Gathered:
    """Go through every source that ``options`` name. Never raises for what stands in a file."""
    managed = _Gathering(options)
    files = managed_files(options)
    readings = managed.read(files)
    # in whatever state it is: a file that nobody can read must not set anybody free
    exclusive = next((file.path for file, reading in zip(files, readings, strict=True) if reading.found), None)
    others = _Gathering(options)
    if options.files:
        others.read_all()
    rows = sorted((*others.rows, *(Row(entry) for entry in options.found)), key=lambda row: _RANK[row.entry.source])
    infos = sorted((*others.infos(), *options.found_sources), key=lambda info: _RANK[info.source])
    if options.files:
        infos = sorted((*infos, *_quiet({info.source for info in infos})), key=lambda info: _RANK[info.source])
    if exclusive is not None:
        note = f"{exclusive} leaves no other source standing"
        infos = [replace(info, status=SourceStatus.IGNORED, note=note) for info in infos]
    extra = (Row(entry) for entry in options.extra)
    return Gathered((*managed.rows, *extra, *rows), (*managed.infos(), *infos), exclusive)


def _quiet(heard: set[Source]) -> Iterable[SourceInfo]:
    for source, (place, note) in _QUIET.items():
        if source not in heard:
            yield SourceInfo(source, place, SourceStatus.OFF, note=note)


class _Gathering:
    def __init__(self, options: LoadOptions) -> None:
        self.rows: list[Row] = []
        self._infos: dict[tuple[Source, str], SourceInfo] = {}
        self._options = options
        self._around = Surroundings(options.environ, options.project)
        self._plugins: dict[Path, Surroundings] = {}

    def infos(self) -> Iterable[SourceInfo]:
        return self._infos.values()

    def read_all(self) -> None:
        options, folders = self._options, self._options.folders
        files = command_line_files(options.mcp_config, options.cwd, folders.home)
        others = [*local_files(folders, options.cwd), *project_files(options.cwd), *user_files(folders)]
        if options.strict:
            self.read(files)
            for file in others:
                self._say(SourceInfo(file.source, file.label, SourceStatus.IGNORED, note=STRICT))
            for source, place in ((Source.PLUGIN, folders.plugins), (Source.IDE, folders.claude / "ide")):
                self._say(SourceInfo(source, str(place), SourceStatus.IGNORED, note=STRICT))
            return
        self.read([*files, *others])
        self._read_plugins()
        self._read_clients()
        self._read_editors()

    def read(self, files: Sequence[SourceFile]) -> list[Reading]:
        readings = self._options.read(files)
        for file, reading in zip(files, readings, strict=True):
            self._add(file, reading)
        return readings

    # -- sources that are not a list of files

    def _read_plugins(self) -> None:
        options, folders = self._options, self._options.folders
        register = claude_plugins(folders, options.project, plugin_settings(options))
        self.rows += [Row(problem_entry(problem)) for problem in register.problems]
        self._say(register.info)
        own = own_plugins(folders)
        status = SourceStatus.READ if folders.plugins.is_dir() else SourceStatus.NOT_FOUND
        self._say(SourceInfo(Source.PLUGIN, str(folders.plugins), status, note=f"{len(own)} plugins" if own else ""))
        for plugin in (*register.plugins, *own):
            self._read_plugin(plugin)
        from .package_plugins import package_entries

        entries, info = package_entries()
        self.rows += [Row(entry) for entry in entries]
        self._say(info)
        if options.brings is not None:
            entries, infos = options.brings(options)
            self.rows += [Row(entry) for entry in entries]
            for info in infos:
                self._say(info)

    def _read_plugin(self, plugin: Plugin) -> None:
        place = str(plugin.folder)
        if plugin.off:
            self._say(SourceInfo(Source.PLUGIN, place, SourceStatus.OFF, note=plugin.off))
            return
        if not plugin.folder.is_dir():
            note = f'"{plugin.name}" is installed, and its folder is not there'
            self._say(SourceInfo(Source.PLUGIN, place, SourceStatus.NOT_FOUND, note=note))
            return
        files = plugin_files(plugin)
        readings = self._options.read(files)
        for file, reading in zip(files, readings, strict=True):
            if reading.found:
                self._add(file, reading)
                if reading.named:
                    self.read(reading.named)
        if not any(reading.found for reading in readings):
            self._say(SourceInfo(Source.PLUGIN, place, SourceStatus.NOT_FOUND, note="it says nothing of servers"))

    def _read_clients(self) -> None:
        if not self._options.discover:
            note = "shown with --discover, taken over with mcpdeck import"
            self._say(SourceInfo(Source.IMPORTED, OTHERS, SourceStatus.OFF, note=note))
            return
        self.read(imported_files(self._options))

    def _read_editors(self) -> None:
        folders = self._options.folders
        files = lock_files(folders)
        if not files:
            self._say(SourceInfo(Source.IDE, str(folders.claude / "ide"), SourceStatus.NOT_FOUND))
        for file in files:
            self._add(file, read_lock(file, self._options.project))

    # -- one reading

    def _add(self, file: SourceFile, reading: Reading) -> None:
        before = len(self.rows)
        around = self._around if file.plugin is None else self._around_plugin(file.folder)
        for raw in reading.entries:
            if file.client is None:
                self.rows.append(Row(server_entry(raw, around), raw))
            else:
                self._add_foreign(file.client, raw)
        servers = len(self.rows) - before
        self.rows += [Row(problem_entry(problem)) for problem in reading.problems]
        self._say(_info(file, reading, servers))

    def _add_foreign(self, client: str, raw: RawEntry) -> None:
        """An entry of another client, in our shape; one that holds entries is read by a file of its own."""
        from .clients import holds_servers, not_a_server, translated

        if holds_servers(client, raw.name, raw.value):
            return
        reason = not_a_server(client, raw.value)
        if reason is not None:
            self.rows.append(Row(built_in_entry(raw, reason), raw))
            return
        value, lints = translated(client, raw.value)
        ours = replace(raw, value=value, lints=(*raw.lints, *lints))
        self.rows.append(Row(server_entry(ours, self._around), ours))

    def _around_plugin(self, folder: Path) -> Surroundings:
        around = self._plugins.get(folder)
        if around is None:
            environ: Mapping[str, str] = {**self._options.environ, ROOT_VARIABLE: str(folder)}
            around = self._plugins[folder] = Surroundings(environ, self._around.project)
        return around

    def _say(self, info: SourceInfo) -> None:
        """One line for each place of a source, also where it is read for several reasons."""
        key = info.source, info.place
        known = self._infos.get(key)
        if known is not None:
            lints = tuple(dict.fromkeys((*known.lints, *info.lints)))
            info = replace(known, servers=known.servers + info.servers, lints=lints)
        self._infos[key] = info


def _info(file: SourceFile, reading: Reading, servers: int) -> SourceInfo:
    if not reading.found:
        return SourceInfo(file.source, file.label, SourceStatus.NOT_FOUND)
    problem = reading.unreadable
    # with a file that cannot be read now, entries of before may stand here
    status = SourceStatus.READ if problem is None else SourceStatus.UNREADABLE
    note = "" if problem is None else problem.what
    if problem is not None and problem.place is not None:
        note += f" (line {problem.place.line}, column {problem.place.column})"
    said = [f"{one.what}; {one.remedy}" for one in reading.problems if one is not problem]
    lints = (*((file.lint,) if file.lint and servers else ()), *reading.lints, *said)
    return SourceInfo(file.source, file.label, status, servers, lints, note)
