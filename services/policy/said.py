"""What the settings files said last: it stands in for one that is there and cannot be read.

Owns that memory, of this process and (in mcpdeck's data folder, one private file each) of earlier ones. Keeps
only what forbids or narrows: denies, allow lists, rejections, as they were written; an approval is never kept. Of
a file that is gone nothing is kept.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from ..config.files import PrivateJson
from ..errors import ConfigError
from ..models import JsonObject, as_object

FOLDER = "settings"
STANDS_IN = "its rules and rejections count as they were last read, until it is mended"
NOT_KNOWN = "what it said before is not known, so that nothing in it counts until it is mended"


class Said:
    """One for each run. A place is a path, or a path and the project whose part of that file is meant."""

    def __init__(self, data: Path, keys: tuple[str, ...]) -> None:
        self._folder = data / FOLDER
        self._keys = keys
        self._last: dict[tuple[str, ...], JsonObject] = {}
        self._unwritten: set[tuple[str, ...]] = set()

    def heard(self, place: tuple[str, ...], value: JsonObject | None) -> None:
        """``value`` is what stands there now; None: there is no such file."""
        last = {key: value[key] for key in self._keys if key in value} if value is not None else {}
        if self._last.get(place) != last:
            self._last[place] = last
            self._unwritten.add(place)

    def last(self, place: tuple[str, ...]) -> JsonObject | None:
        """What stood there when it could be read; None: that is not known."""
        if place not in self._last:
            kept = self._file(place).read()
            if kept.get("place") != list(place):
                return None
            self._last[place] = as_object(kept.get("said"))
        return self._last[place]

    def write(self) -> None:
        """Keep for later runs what is new. Where that cannot be written it is known to this run alone."""
        for place in self._unwritten:
            file, last = self._file(place), self._last[place]
            with suppress(ConfigError, OSError):
                if not last:
                    file.path.unlink(missing_ok=True)
                    continue
                content: JsonObject = {"version": 1, "place": list(place), "said": last}
                if file.read() != content:
                    file.update(lambda kept, content=content: _replace(kept, content))
        self._unwritten.clear()

    def _file(self, place: tuple[str, ...]) -> PrivateJson:
        name = hashlib.sha256("\n".join(place).encode("utf-8", "surrogateescape")).hexdigest()
        return PrivateJson(self._folder / f"{name[:32]}.json")


def _replace(kept: JsonObject, content: JsonObject) -> None:
    kept.clear()
    kept.update(content)
