"""Servers that installed Python packages bring: entry points of the group ``mcpdeck.servers``.

Owns finding them, and those of our other groups (``mcpdeck.tools``). Never imports anything of a package: that is done
when somebody connects.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import (
    ErrorInfo,
    InProcessTarget,
    Origin,
    Provenance,
    ServerEntry,
    Source,
    SourceInfo,
    SourceStatus,
    Status,
    TransportKind,
)
from .entries import entry_digest

GROUP = "mcpdeck.servers"
PLACE = f"Python entry points {GROUP}"
_OBJECT = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*:[A-Za-z_][\w.]*")
_GROUPS = b"[mcpdeck."
"""How the groups that are ours begin in a file of entry points."""
_FOLDERS: dict[tuple[str, int], tuple[Path, ...]] = {}
"""Packages of a folder of ``sys.path`` that have entry points for us, by that folder and when it last changed."""


def package_entries(places: Sequence[str] | None = None) -> tuple[tuple[ServerEntry, ...], SourceInfo]:
    """One row for each entry point ``NAME = module:object``, called ``plugin:PACKAGE:NAME``.

    ``places``: folders to look through, None: ``sys.path``.
    """
    found = entry_points(GROUP, places)
    if found is None:
        return (), SourceInfo(Source.PLUGIN, PLACE, SourceStatus.NOT_FOUND)
    points, lints = found
    entries = tuple(_entry(point) for point in points)
    return entries, SourceInfo(Source.PLUGIN, PLACE, SourceStatus.READ, len(entries), lints)


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """``name = value`` as ``package`` declares it; ``folder`` is the package's metadata."""

    package: str
    name: str
    value: str
    folder: Path

    @property
    def spec(self) -> str:
        """``value`` without extras, which the packaging standard calls obsolete."""
        return self.value.partition("[")[0].strip()

    @property
    def origin(self) -> Origin:
        return Origin(str(self.folder / "entry_points.txt"))


def entry_points(
    group: str, places: Sequence[str] | None = None
) -> tuple[tuple[EntryPoint, ...], tuple[str, ...]] | None:
    """The entry points of one of our groups and what is odd about them; None where no package has any.

    ``places``: folders to look through, None: ``sys.path``.
    """
    packages = [package for place in (sys.path if places is None else places) for package in _packages(place)]
    if not packages:
        return None
    from importlib.metadata import PathDistribution  # 40 ms, and most people have no such package

    points: list[EntryPoint] = []
    lints: list[str] = []
    for package in packages:
        try:
            found = list(PathDistribution(package).entry_points.select(group=group))
        except (OSError, ValueError, TypeError, AttributeError) as error:  # what stands there may be anything
            lints.append(f"{package / 'entry_points.txt'} cannot be read: {error}")
            continue
        name = re.sub(r"[-_.]+", "-", package.stem.partition("-")[0])  # NAME-VERSION.dist-info
        points += [EntryPoint(name, point.name, point.value, package) for point in found]
    return (tuple(points), tuple(lints)) if points or lints else None


def _packages(place: str) -> tuple[Path, ...]:
    """The metadata folders below ``place`` whose entry points name a group of ours: importlib takes longer for all."""
    folder = Path(place)
    try:
        key = (place, folder.stat().st_mtime_ns)
        if key not in _FOLDERS:
            with os.scandir(folder) as found:
                names = sorted(item.name for item in found if item.name.endswith((".dist-info", ".egg-info")))
            _FOLDERS[key] = tuple(folder / name for name in names if _names_us(folder / name))
    except OSError:  # a zip file, or nothing
        return ()
    return _FOLDERS[key]


def _names_us(package: Path) -> bool:
    try:
        with (package / "entry_points.txt").open("rb") as stream:
            return _GROUPS in stream.read(1 << 20)
    except OSError:
        return False


def _entry(point: EntryPoint) -> ServerEntry:
    spec, origin = point.spec, point.origin
    usable = _OBJECT.fullmatch(spec) is not None
    problem = None
    if not usable:
        details = {"file": origin.file, "entry": point.name}
        problem = ErrorInfo(
            "config", f'"{point.value}" is no module:object ({origin})', "tell who made the package", details
        )
    return ServerEntry(
        name=f"plugin:{point.package}:{point.name}",
        source=Source.PLUGIN,
        target=InProcessTarget(spec) if usable else None,
        transport=TransportKind.IN_PROCESS,
        endpoint=spec,
        digest=entry_digest({"package": point.package, "object": point.value}, Source.PLUGIN),
        origin=origin,
        gate=None if usable else Status.NOT_CONFIGURED,
        problem=problem,
        provenance=Provenance(
            shown=(
                ("object", f"{spec} (imported into this program, with all its rights)"),
                ("package", point.package),
                ("file", str(origin)),
            )
        ),
    )
