"""Typed tools of our own and of installed packages, as one more server: ``tools``.

Owns where they are found (modules named in mcpdeck's settings, files in its config folder, entry points of the group
``mcpdeck.tools``, built in), loading them when the server is connected, and a row for each that cannot be loaded.
Finding imports nothing. Never looks into a repository: what is run is what the person, or a package that the person
installed, put there. Whether the server may start is decided elsewhere: as a plugin it needs approval, and what is
approved is the list of the plugins.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.contents import Unreadable, plain_text
from ..config.entries import entry_digest
from ..config.load import LoadOptions
from ..config.package_plugins import EntryPoint, entry_points
from ..errors import McpDeckError
from ..models import (
    ErrorInfo,
    InProcessTarget,
    JsonObject,
    Origin,
    Provenance,
    ServerEntry,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    TransportKind,
    as_object,
    as_text,
)

if TYPE_CHECKING:
    from .typed import Permits
    from .typed_tools import AnyTool

NAME = "tools"
"""The server's name; a server that somebody called so in a file stands above it, and its row says that."""
GROUP = "mcpdeck.tools"
PLACE = f"Python entry points {GROUP}"
MODULES = "toolModules"
BUILT_IN = "builtinTools"
"""Keys of mcpdeck's own settings: a list of ``module`` or ``module:object``, and whether the tools in ``builtin`` are
offered."""
MOST_BYTES = 32 * 1024 * 1024

_SPEC = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*(?::[A-Za-z_][\w.]*)?")
_BUILT_IN_MODULE = f"{__package__}.builtin"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Plugin:
    """One place that tools come from. ``what`` is its short name, ``spec`` a module (``module[:object]``) or a file.

    ``package``: the installed package that declares it; empty for what the person put there. ``flaw``: why it cannot
    even be tried.
    """

    what: str
    spec: str
    origin: Origin
    package: str = ""
    flaw: str = ""

    @property
    def shown(self) -> str:
        """What is run, for the person who approves it."""
        rights = "imported into this program, with all its rights"
        return f"{self.spec} ({f'of the package {self.package}, ' if self.package else ''}{rights})"


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin, or a tool of one, that is not offered, and why."""

    what: str
    title: str
    hint: str
    origin: Origin

    def row(self) -> ServerEntry:
        """It in the list of servers: a row that says what is wrong and is never contacted."""
        details: JsonObject = {"file": self.origin.file, "line": self.origin.line, "entry": self.what}
        return ServerEntry(
            name=f"{NAME}:{self.what}",
            source=Source.PLUGIN,
            target=None,
            transport=TransportKind.IN_PROCESS,
            endpoint="",
            digest=entry_digest([self.what, self.title, self.hint], Source.PLUGIN),
            origin=self.origin,
            gate=Status.NOT_CONFIGURED,
            problem=ErrorInfo("config", self.title, self.hint, details),
        )


class ToolPlugins:
    """The plugins of one run; given to ``LoadOptions`` as ``brings``.

    ``permissions`` gives the rules that are handed to the tools, None: none. ``changed`` is called in the server's
    thread when other plugins than before turned out to be broken: what is loaded next has their rows.
    """

    def __init__(self, permissions: Callable[[], Permits] | None = None) -> None:
        self.permissions = permissions
        self.changed: Callable[[], None] | None = None
        self._broken: tuple[Broken, ...] = ()
        self._lock = threading.Lock()

    @property
    def broken(self) -> tuple[Broken, ...]:
        """What the last loading could not offer. From any thread."""
        with self._lock:
            return self._broken

    def __call__(self, options: LoadOptions) -> tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]:
        """The rows, and the places that were looked at. Imports nothing and never raises for what stands there."""
        plugins, infos = found(options)
        if not plugins:
            return (), infos
        flawed = [
            Broken(plugin.what, plugin.flaw, "Correct it, or remove it.", plugin.origin)
            for plugin in plugins
            if plugin.flaw
        ]
        usable = [plugin for plugin in plugins if not plugin.flaw]
        names = {plugin.what for plugin in usable}
        later = [broken for broken in self.broken if broken.what.partition("/")[0] in names]
        rows = [broken.row() for broken in (*flawed, *later)]
        if usable:
            rows.insert(0, self._row(usable, options))
        return tuple(rows), infos

    def _row(self, plugins: Sequence[Plugin], options: LoadOptions) -> ServerEntry:
        project, folder = options.project, options.folders.tools
        value: JsonObject = {GROUP: [[plugin.spec, plugin.package] for plugin in plugins]}
        names = [Path(plugin.spec).name if plugin.spec.endswith(".py") else plugin.spec for plugin in plugins]
        origins = {plugin.origin for plugin in plugins}
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return ServerEntry(
            name=NAME,
            source=Source.PLUGIN,
            target=InProcessTarget(f"{__name__}:{NAME}", factory=lambda: self.serve(plugins, project)),
            transport=TransportKind.IN_PROCESS,
            endpoint=", ".join(names[:_SHOWN]) + more,
            digest=entry_digest(value, Source.PLUGIN),
            origin=origins.pop() if len(origins) == 1 else Origin(str(options.folders.config)),
            provenance=Provenance(shown=tuple(("tools", plugin.shown) for plugin in plugins)),
            watch=(str(folder / "*.py"),) if any(plugin.spec.endswith(".py") for plugin in plugins) else (),
        )

    # In the server's thread

    def serve(self, plugins: Iterable[Plugin], project: Path) -> object:
        """Load ``plugins`` and make the server of what they have; what cannot be offered is told, never raised."""
        from .typed_server import TypedServer  # pydantic, and the tools: only once somebody connects

        tools, broken = loaded(plugins)
        log = logging.getLogger(NAME)
        for each in broken:
            log.warning("%s: %s (%s)", each.what, each.title, each.hint)
        with self._lock:
            other, self._broken = self._broken != broken, broken
        if other and self.changed is not None:
            self.changed()
        return TypedServer(tools, name=NAME, title="Tools of mcpdeck", project=project, permissions=self._permits())

    def _permits(self) -> Permits | None:
        from ..transports.server_output import speaking
        from .permits import AskedAtHome

        connection = speaking.get()
        if self.permissions is None or connection is None:
            return None
        return AskedAtHome(self.permissions, connection.home)  # rules are not made for two threads


# -- finding


def found(options: LoadOptions) -> tuple[list[Plugin], tuple[SourceInfo, ...]]:
    """Every plugin, one's own first, and the places. Of two tools with one name the one found first is offered."""
    folders = options.folders
    modules, built_in, lints = _settings(folders.settings_file)
    plugins = [_module(spec, Origin(str(folders.settings_file))) for spec in modules]
    infos: list[SourceInfo] = []
    if lints:  # the file has a line of its own among the settings, which takes them
        infos.append(SourceInfo(Source.USER, str(folders.settings_file), SourceStatus.READ, lints=lints))
    files = _files(folders.tools)
    if files is None:
        infos.append(SourceInfo(Source.PLUGIN, str(folders.tools), SourceStatus.NOT_FOUND))
    else:
        plugins += [Plugin(file.stem, str(file), Origin(str(file))) for file in files]
        note = f"{len(files)} {'file' if len(files) == 1 else 'files'} with typed tools"
        infos.append(SourceInfo(Source.PLUGIN, str(folders.tools), SourceStatus.READ, note=note))
    points = entry_points(GROUP)
    if points is not None:
        plugins += [_of_package(point) for point in points[0]]
        note = f"typed tools of {len(points[0])} entry points"
        infos.append(SourceInfo(Source.PLUGIN, PLACE, SourceStatus.READ, lints=points[1], note=note))
    if built_in:
        plugins.append(Plugin("builtin", _BUILT_IN_MODULE, Origin(str(folders.settings_file))))
    return _named_apart(plugins), tuple(infos)


def _settings(path: Path) -> tuple[list[str], bool, tuple[str, ...]]:
    """What mcpdeck's own settings say of tools. A file that cannot be read says nothing: its own row tells why."""
    try:
        value = as_object(json.loads(plain_text(path, MOST_BYTES) or "{}"))
    except (Unreadable, ValueError, RecursionError):
        return [], False, ()
    lints: list[str] = []
    modules, built_in = value.get(MODULES, []), value.get(BUILT_IN, False)
    if not isinstance(modules, list) or not all(isinstance(spec, str) for spec in modules):
        lints.append(f'"{MODULES}" is no list of names of modules: what is none is not used')
    if not isinstance(built_in, bool):
        lints.append(f'"{BUILT_IN}" is not true or false: it is not used')
    given = modules if isinstance(modules, list) else []
    return [spec for spec in given if isinstance(spec, str)], built_in is True, tuple(lints)


def _files(folder: Path) -> list[Path] | None:
    try:
        with os.scandir(folder) as items:
            names = sorted(
                item.name
                for item in items
                if item.name.endswith(".py") and not item.name.startswith((".", "_")) and item.is_file()
            )
    except OSError:
        return None
    return [folder / name for name in names]


def _module(spec: str, origin: Origin, what: str = "", package: str = "") -> Plugin:
    flaw = "" if _SPEC.fullmatch(spec) else f'"{spec}" is no module and no module:object ({origin})'
    return Plugin(what or spec.partition(":")[0] or "module", spec, origin, package, flaw)


def _of_package(point: EntryPoint) -> Plugin:
    return _module(point.spec, point.origin, point.name, point.package)


def _named_apart(plugins: Sequence[Plugin]) -> list[Plugin]:
    """Each with a short name of its own; a ``/`` would look like a tool of it."""
    taken: set[str] = set()
    apart: list[Plugin] = []
    for plugin in plugins:
        base = what = plugin.what.replace("/", "-")
        number = 1
        while what in taken:
            number += 1
            what = f"{base}-{number}"
        taken.add(what)
        apart.append(Plugin(what, plugin.spec, plugin.origin, plugin.package, plugin.flaw))
    return apart


# -- loading, in the server's thread


def loaded(plugins: Iterable[Plugin]) -> tuple[list[AnyTool], tuple[Broken, ...]]:
    """The tools of all, in their order, and what is not offered. Blocks while modules are imported."""
    from ..transports.server_object import attribute, blamed, from_file, from_name
    from .typed_tools import listed, tools_in

    tools: dict[str, tuple[Plugin, AnyTool]] = {}
    broken: list[Broken] = []
    for plugin in plugins:
        try:
            with blamed(plugin.spec):
                place, _, path = plugin.spec.partition(":")
                if plugin.spec.endswith(".py"):
                    given: object = from_file(plugin.spec)
                else:
                    module = from_name(place)
                    given = attribute(module, path) if path else module
                own = tools_in(given)
                for tool in own:
                    listed(tool)
        except McpDeckError as error:
            broken.append(Broken(plugin.what, error.title, error.hint, _place(plugin, error)))
            continue
        for tool in own:
            if tool.name not in tools:
                tools[tool.name] = (plugin, tool)
                continue
            title = f'the tool "{tool.name}" of {plugin.spec} is not offered: {tools[tool.name][0].spec} has one, too'
            broken.append(Broken(f"{plugin.what}/{tool.name}", title, "Rename one of the two.", plugin.origin))
    return [tool for _, tool in tools.values()], tuple(broken)


def _place(plugin: Plugin, error: McpDeckError) -> Origin:
    """Where it went wrong, as far as that is known; else where the plugin stands."""
    file, line = as_text(error.details.get("file")), error.details.get("line")
    return Origin(file, line if isinstance(line, int) else None) if file is not None else plugin.origin
