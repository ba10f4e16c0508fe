"""The settings files: which there are, and what they say about policy, approval and permissions.

Owns the search for them, reading them without trusting them, and noticing that one changed (by its stat,
not by its content). One that cannot be read forbids what it last forbade and approves nothing. Never decides about
a server and never writes one of them.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, cast

from ..config.contents import Unreadable, plain_text
from ..config.expand import Expander
from ..config.files import Folders
from ..config.positions import JsonProblem, read_json
from ..config.read import json_kind
from ..models import Json, JsonObject, Source, SourceInfo, SourceStatus, as_object
from .permission_settings import NOTHING, PERMISSIONS, Written, narrowed, read_permissions
from .rules import ALLOWED, DENIED, MANAGED_ONLY, Lists, read_lists, unreadable
from .said import NOT_KNOWN, STANDS_IN, Said

FILE_NAME = "settings.json"
LOCAL_NAME = "settings.local.json"
MANAGED_NAME = "managed-settings.json"
MANAGED_FOLDER = "managed-settings.d"
CLAUDE = ".claude"

ENABLED = "enabledMcpjsonServers"
REJECTED = "disabledMcpjsonServers"
ENABLE_ALL = "enableAllProjectMcpServers"
KEYS = (
    *(ALLOWED, DENIED, MANAGED_ONLY, ENABLED, REJECTED, ENABLE_ALL, PERMISSIONS),
    *("connectors", "registry", "discovery"),
    *("toolModules", "builtinTools"),
    *("audit", "calls"),
)
"""All that counts in mcpdeck's own file; the last two lines are read by the rooms of discovery and registry."""

MAX_BYTES = 32 * 1024 * 1024
"""``~/.claude.json`` keeps much beside settings; a larger one is not read."""

Stat: TypeAlias = "tuple[int, int, int, int, int] | None"
"""What tells that a file changed: mtime_ns, ctime_ns, size, inode, device; None when there is no such file."""

RACY_NS = 100_000_000
"""A file written so short ago may be written again without its times changing: their clock ticks slowly."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A place of settings. ``managed``: the administrator's, in the folder of that ``rank`` (the highest is 0).

    ``committed``: it comes with the repository.
    ``maybe_committed``: it is the person's own unless git tracks it. ``projects``: its settings of one project stand
    below ``projects``, and it has no others that count. ``own``: it is mcpdeck's, so that every key in it is for us.
    """

    path: Path
    source: Source
    managed: bool = False
    rank: int = 0
    committed: bool = False
    maybe_committed: bool = False
    projects: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What a file says about the servers of the project's ``.mcp.json``."""

    enabled: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    enable_all: bool = False

    @property
    def approves(self) -> bool:
        return bool(self.enabled) or self.enable_all

    def __bool__(self) -> bool:
        return self.approves or bool(self.rejected)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one file says. ``problem``: why nothing of it could be read. ``found``: it is there.

    ``uncounted``: why the approvals in it do not count. ``stands_in``: lists and rejections are those it held when it
    could be read; its approvals count no more. ``asked``: git's answer about it is of now.
    """

    file: SettingsFile
    lists: Lists
    choices: Choices = Choices()
    permissions: Written = NOTHING
    found: bool = True
    problem: str | None = None
    lints: tuple[str, ...] = ()
    uncounted: str | None = None
    stands_in: bool = False
    asked: bool = True

    @property
    def remedy(self) -> str:
        """What a file that cannot be read means, and what to do."""
        if self.file.managed:
            return "nothing is allowed until it is repaired"
        return f"correct it, or remove it; {STANDS_IN if self.stands_in else NOT_KNOWN}"

    @property
    def info(self) -> SourceInfo:
        """The line of the sources view."""
        place, lints = str(self.file.path), (*self.lists.lints, *self.lints, *self.permissions.lints)
        if not self.found:
            return SourceInfo(self.file.source, place, SourceStatus.NOT_FOUND, note="settings")
        if self.problem is not None:
            note = f"settings: {self.problem}; {self.remedy}"
            return SourceInfo(self.file.source, place, SourceStatus.UNREADABLE, lints=lints, note=note)
        return SourceInfo(self.file.source, place, SourceStatus.READ, lints=lints, note="settings: policy and approval")


def settings_files(folders: Folders, project: Path, managed: tuple[Path, ...]) -> list[SettingsFile]:
    """Every place to look at, the administrator's first; files that are not there are among them."""
    files: list[SettingsFile] = []
    for rank, folder in enumerate(managed):
        paths = [folder / MANAGED_NAME, *_drop_ins(folder / MANAGED_FOLDER)]
        files += [SettingsFile(path, Source.MANAGED, managed=True, rank=rank) for path in paths]
    own = project / CLAUDE
    files += [
        SettingsFile(folders.settings_file, Source.USER, own=True),
        SettingsFile(folders.claude_settings, Source.USER),
        SettingsFile(folders.claude_json, Source.USER, projects=True),
        SettingsFile(own / FILE_NAME, Source.PROJECT, committed=True),
        SettingsFile(own / LOCAL_NAME, Source.LOCAL, maybe_committed=True),
    ]
    return files


def _drop_ins(folder: Path) -> list[Path]:
    """``managed-settings.d/*.json`` in the order of their names; hidden files are none of them."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [folder]  # nobody knows what stands in it: read as a file it is one that cannot be understood


def stat_of(path: Path) -> Stat:
    """Cheap to ask, and different after every way to change a file (also by renaming another one over it)."""
    try:
        status = os.lstat(path)  # a third of what asking the path takes
    except (OSError, ValueError):
        return None
    if stat.S_ISLNK(status.st_mode):
        with suppress(OSError, ValueError):  # a link that leads nowhere is something too
            status = path.stat()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def tells(stats: Iterable[Stat]) -> bool:
    """Whether another change would be seen in these stats."""
    now = time.time_ns()
    return all(status is None or now - status[0] > RACY_NS for status in stats)


class SettingsReader:
    """Reads the settings of one project; each file again only when its stat changed."""

    def __init__(self, folders: Folders, project: Path, managed: tuple[Path, ...], environ: Mapping[str, str]) -> None:
        self._said = Said(folders.data, (ALLOWED, DENIED, REJECTED, PERMISSIONS))
        self._folders = folders
        self._project = project
        self._managed = managed
        self._drop_in_folders = tuple(folder / MANAGED_FOLDER for folder in managed)
        self._expander = Expander(environ)
        # by place and not by path: where a home is a project too, one file is two places
        self._kept: dict[SettingsFile, tuple[Stat, Settings]] = {}
        self._files: list[SettingsFile] = []
        self._folder_stats: tuple[Stat, ...] | None = None

    def files(self) -> list[SettingsFile]:
        """The places as they are now; the folders of drop-ins are listed again only when one changed."""
        stats = tuple(stat_of(folder) for folder in self._drop_in_folders)
        if stats != self._folder_stats:
            self._files = settings_files(self._folders, self._project, self._managed)
            self._folder_stats = stats
        return self._files

    def stamp(self) -> tuple[tuple[Path, Stat], ...]:
        """Equal for as long as no settings file changed, appeared or went away. Only asks for stats."""
        return tuple((file.path, stat_of(file.path)) for file in self.files())

    def read(self) -> list[Settings]:
        """What every file says now, in their order. Never raises for what stands in one."""
        found: list[Settings] = []
        for file in self.files():
            stat_now = stat_of(file.path)
            kept = self._kept.get(file)
            # a file that cannot be asked about is looked at each time: it may be there and unreadable
            if kept is None or kept[0] != stat_now or not tells((stat_now,)) or stat_now is None:
                kept = self._kept[file] = (stat_now, self._read(file))
            found.append(kept[1])
        return found

    def keep(self) -> None:
        """Remember for later runs what the files said; written only where that changed. Never raises."""
        self._said.write()

    def _read(self, file: SettingsFile) -> Settings:
        try:
            text = plain_text(file.path, MAX_BYTES)
            value, repeated = ({}, []) if text is None else _json(text, whole=not file.projects)
        except Unreadable as error:
            return self._unreadable(file, error.what)
        except JsonProblem as error:
            place = f" at {error.place.line}:{error.place.column}" if error.place else ""
            return self._unreadable(file, f"not JSON{place}: {error.reason}")
        if not isinstance(value, dict):
            return self._unreadable(file, f"it holds {json_kind(value)}, not an object")
        if file.projects:
            value = as_object(as_object(value.get("projects")).get(str(self._project)))
        if not file.managed:
            self._said.heard(self._place(file), None if text is None else _lasting(value))
        if text is None:
            return Settings(file, Lists(str(file.path), file.managed), found=False)
        settings = self._understood(file, value)
        return replace(settings, lints=(*repeated, *settings.lints))

    def _understood(self, file: SettingsFile, value: JsonObject) -> Settings:
        choices, lints = _choices(value)
        if file.projects:
            return Settings(file, Lists(str(file.path)), choices, lints=tuple(lints))
        lists = read_lists(value, str(file.path), expander=self._expander, managed=file.managed, rank=file.rank)
        unknown = _unknown(value) if file.own else ()
        permissions = read_permissions(
            value, str(file.path), own=file.own, managed=file.managed, project=str(self._project)
        )
        return Settings(file, lists, choices, permissions, lints=(*lints, *unknown))

    def _unreadable(self, file: SettingsFile, reason: str) -> Settings:
        said = None if file.managed else self._said.last(self._place(file))
        if said is None:
            return Settings(file, unreadable(str(file.path), reason, managed=file.managed), problem=reason)
        return replace(self._understood(file, said), problem=reason, stands_in=True)

    def _place(self, file: SettingsFile) -> tuple[str, ...]:
        return (str(file.path), str(self._project)) if file.projects else (str(file.path),)


def _json(text: str, *, whole: bool) -> tuple[Json, list[str]]:
    """The value, and lints about keys that are given twice. Raises ``JsonProblem``.

    ``whole`` False: a large file of which little is looked at, read without a second pass over it.
    """
    if not whole:
        with suppress(ValueError, RecursionError):
            return cast("Json", json.loads(text)), []
    document = read_json(text, depth=1)
    lints = [
        f'"{path[0]}" is given twice: the one at line {place.line} is ignored' for path, place in document.duplicates
    ]
    return document.value, lints


def _lasting(value: JsonObject) -> JsonObject:
    """``value`` without what its permissions allow: that is never remembered."""
    permissions = narrowed(value)
    rest = {key: item for key, item in value.items() if key != PERMISSIONS}
    return {**rest, PERMISSIONS: permissions} if permissions else rest


def _choices(value: JsonObject) -> tuple[Choices, list[str]]:
    lints: list[str] = []
    enable_all = value.get(ENABLE_ALL, False)
    if not isinstance(enable_all, bool):
        lints.append(f'"{ENABLE_ALL}" is {json_kind(enable_all)}, not true or false: it is ignored')
    names = {key: _names(value, key, lints) for key in (ENABLED, REJECTED)}
    return Choices(names[ENABLED], names[REJECTED], enable_all is True), lints


def _unknown(value: JsonObject) -> Iterator[str]:
    for key in value:
        if key not in KEYS and not key.startswith("$"):
            from difflib import get_close_matches  # 2 ms, and only for what is unknown

            close = get_close_matches(key, KEYS, 1, 0.75) if len(key) <= 60 else []
            meant = f': did you mean "{close[0]}"?' if close else ""
            yield f'unknown key "{key}" (not used){meant}'


def _names(value: JsonObject, key: str, lints: list[str]) -> frozenset[str]:
    given = value.get(key)
    if given is None:
        return frozenset()
    if isinstance(given, str) and key == REJECTED:
        lints.append(f'"{key}" is a string, not an array: taken as the one name in it')
        return frozenset((given,))
    if not isinstance(given, list):
        lints.append(f'"{key}" is {json_kind(given)}, not an array of names: it is ignored')
        return frozenset()
    if not all(isinstance(name, str) for name in given):
        lints.append(f'"{key}" holds something that is no name: that is ignored')
    return frozenset(name for name in given if isinstance(name, str))


def told_once(infos: tuple[SourceInfo, ...], settings: list[Settings]) -> tuple[SourceInfo, ...]:
    """``infos`` of the sources with a line for each settings file among those of its source.

    A file that is both has one line.
    """
    known = {info.place: index for index, info in reversed(list(enumerate(infos)))}
    lines = list(infos)
    for one in settings:
        index = known.get(one.info.place)
        if index is None:
            lines.append(one.info)
            continue
        line, info = lines[index], one.info
        if one.found and one.problem is None:
            lints = tuple(dict.fromkeys((*line.lints, *info.lints)))
            lines[index] = replace(line, lints=lints, note="; ".join(filter(None, (line.note, info.note))))
        elif one.problem is not None:
            told = f"{line.note}; {one.remedy}" if line.status is SourceStatus.UNREADABLE else info.note
            lines[index] = replace(line, status=info.status, note=told)
    ranks = {source: rank for rank, source in enumerate(Source)}
    return tuple(sorted(lines, key=lambda line: ranks[line.source]))
