"""Servers that installed plugins bring: Claude Code's plugins, folders of mcpdeck's own, Python packages.

Owns where plugins stand and where each says what its servers are (Claude Code's documentation, "Plugins
reference"). Never imports, runs or installs anything of a plugin.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import Json, JsonObject, Source, SourceInfo, SourceStatus, as_list, as_object
from .contents import Unreadable, text_of
from .files import Folders
from .models import FileProblem, RawEntry, SourceFile
from .positions import Place, TextProblem, read_json

REGISTER = "installed_plugins.json"
ROOT_VARIABLE = "CLAUDE_PLUGIN_ROOT"
_SCOPES = ("managed", "local", "project", "user")
"""Scopes of an installation, the nearest first; one plugin counts once."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin: its name, its folder, and why it is not looked into (empty: it is)."""

    name: str
    folder: Path
    off: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """What Claude Code has installed, and what came of reading its list."""

    plugins: tuple[Plugin, ...]
    info: SourceInfo
    problems: tuple[FileProblem, ...] = ()


def plugin_files(plugin: Plugin) -> list[SourceFile]:
    """Every file that may say what the plugin's servers are; a manifest wins over ``.mcp.json``."""
    manifests = (Path(".claude-plugin", "plugin.json"), Path("plugin.json"))
    return [
        *(
            SourceFile(Source.PLUGIN, plugin.folder, plugin.folder / name, plugin=plugin.name, optional=True)
            for name in manifests
        ),
        SourceFile(Source.PLUGIN, plugin.folder, plugin.folder / ".mcp.json", plugin=plugin.name),
    ]


def own_plugins(folders: Folders) -> list[Plugin]:
    """The folders below mcpdeck's ``config/plugins``, by name."""
    try:
        with os.scandir(folders.plugins) as found:
            names = sorted(item.name for item in found if item.is_dir() and not item.name.startswith("."))
    except OSError:
        return []
    return [Plugin(name, folders.plugins / name) for name in names]


def claude_plugins(folders: Folders, project: Path, settings: Sequence[Path]) -> Register:
    """What ``installed_plugins.json`` lists for this user and ``project``, of either of its versions.

    ``settings``: Claude Code's settings files, highest precedence first; the first that has a word on a
    plugin in ``enabledPlugins`` decides.
    """
    path = folders.claude / "plugins" / REGISTER
    file = SourceFile(Source.PLUGIN, path.parent, path, optional=True)
    try:
        lints: list[str] = []
        text = text_of(file, lints)
        if text is None:
            return Register((), SourceInfo(Source.PLUGIN, str(path), SourceStatus.NOT_FOUND))
        installed = as_object(read_json(text, paths=()).value).get("plugins")
    except (Unreadable, TextProblem) as error:
        return _without(file, _problem(file, error))
    if not isinstance(installed, dict):
        return _without(file, FileProblem(file, 'it has no object "plugins"', "let Claude Code write it anew"))
    enabled = _enabled(settings) if installed else {}
    plugins = tuple(_installed(installed, enabled, folders, project))
    note = f"{len(plugins)} plugins"
    return Register(plugins, SourceInfo(Source.PLUGIN, str(path), SourceStatus.READ, lints=tuple(lints), note=note))


def _without(file: SourceFile, problem: FileProblem) -> Register:
    info = SourceInfo(Source.PLUGIN, file.label, SourceStatus.UNREADABLE, note=problem.what)
    return Register((), info, (problem,))


def _problem(file: SourceFile, error: Unreadable | TextProblem) -> FileProblem:
    if isinstance(error, Unreadable):
        return FileProblem(file, error.what, error.remedy)
    return FileProblem(file, f"not JSON: {error.reason}", error.remedy, error.place)


def _installed(installed: JsonObject, enabled: dict[str, bool], folders: Folders, project: Path) -> Iterator[Plugin]:
    for key, value in installed.items():
        name = key.partition("@")[0]
        # version 1 has one record a plugin, version 2 a list of them, one for each scope
        records = [as_object(record) for record in (value if isinstance(value, list) else [value])]
        records.sort(key=lambda record: _SCOPES.index(_scope(record)))
        here = [record for record in records if _is_for(record, project)]
        for record in here[:1] or records[:1]:
            place = record.get("installPath")
            if not isinstance(place, str) or not place or "\0" in place:
                continue
            folder = folders.claude / "plugins" / place  # an absolute one stays itself
            if not here:
                yield Plugin(name, folder, f"installed for {record.get('projectPath')}")
            elif enabled.get(key) is False:
                yield Plugin(name, folder, "switched off in Claude Code's settings")
            else:
                yield Plugin(name, folder)


def _scope(record: JsonObject) -> str:
    scope = record.get("scope")
    return scope if isinstance(scope, str) and scope in _SCOPES else "user"


def _is_for(record: JsonObject, project: Path) -> bool:
    where = record.get("projectPath")
    if not isinstance(where, str) or _scope(record) in ("user", "managed"):
        return True
    return Path(where) == project or os.path.realpath(where) == str(project)


def _enabled(settings: Sequence[Path]) -> dict[str, bool]:
    """What the settings say of plugins. A file that cannot be understood says nothing; its own source tells why."""
    found: dict[str, bool] = {}
    for path in settings:
        try:
            text = text_of(SourceFile(Source.PLUGIN, path.parent, path, optional=True), [])
            content = json.loads(text) if text else None
        except (Unreadable, ValueError, RecursionError):
            continue
        for key, value in as_object(as_object(content).get("enabledPlugins")).items():
            found.setdefault(key, value is not False)
    return found


def named_servers(
    file: SourceFile, value: Json, place: Place | None, problems: list[FileProblem]
) -> tuple[list[RawEntry], list[SourceFile]]:
    """What a manifest's ``mcpServers`` means when it is no object: a path, or a list of paths and objects."""
    entries: list[RawEntry] = []
    named: list[SourceFile] = []
    for item in as_list(value) if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for name, entry in item.items():
                entries.append(RawEntry(f"plugin:{file.plugin}:{name}", file, entry, file.origin(place)))
        elif isinstance(item, str) and item.endswith(".json"):
            found = _inside(file, item)
            if found is None:
                what = f'"{item}" is no file of the plugin'
                problems.append(FileProblem(file, what, "write a path below the plugin's folder", place))
            else:
                named.append(SourceFile(Source.PLUGIN, file.folder, found, plugin=file.plugin))
        else:
            what = f"{json.dumps(item)[:80]} is not read" if isinstance(item, str) else "a part of it is not read"
            problems.append(FileProblem(file, f'"mcpServers": {what}', "only objects and .json files are", place))
    return entries, named


def _inside(file: SourceFile, path: str) -> Path | None:
    """``path`` in the plugin's folder; None for what lies outside of it or is not there."""
    try:
        found = (file.folder / path).resolve()
        return found if found.is_relative_to(file.folder.resolve()) and found.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a link loop, a NUL in the name
        return None
