"""Where collections stand: files of the project, which can be committed, and private ones in the data folder.

Owns finding, reading and changing these files. Blocks: call it from a thread. What a file says is ``reading``'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..config.change import Written
from ..config.contents import Unreadable, plain_text
from ..config.edit import remove_member, rename_member, set_member
from ..errors import ConfigError, UsageError
from ..models import Json, JsonObject
from .model import Collection
from .reading import PROJECT_FILE, collection_of, title_of

PROJECT_FOLDER = Path(".mcpdeck", "calls")
PRIVATE_FOLDER = "calls"
PRIVATE_FILE = "mine.json"
MAX_BYTES = 8 * 1024 * 1024
MOST_FILES = 200
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take one change back: ``before`` is the whole file as it was (None: there was none), ``after`` as it was
    left.
    """

    path: Path
    private: bool
    what: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Places:
    """``project`` None: there is no project to keep anything in. ``data`` None: nothing private is kept."""

    project: Path | None
    data: Path | None

    def files(self) -> list[tuple[Path, bool]]:
        """Every file there is, and whether it is private: those of the project first."""
        found: list[tuple[Path, bool]] = []
        if self.project is not None:
            one = self.project / PROJECT_FILE
            found += [(one, False)] if one.is_file() else []
            found += [(path, False) for path in _json_files(self.project / PROJECT_FOLDER)]
        if self.data is not None:
            found += [(path, True) for path in _json_files(self.data / PRIVATE_FOLDER)]
        return found[:MOST_FILES]

    def load(self) -> tuple[Collection, ...]:
        """Every collection. Never raises for what stands in a file."""
        return tuple(load(path, private=private) for path, private in self.files())

    def new(self, name: str, *, private: bool) -> Path:
        """The file of a collection that is made now. Raises ``UsageError``."""
        base = self.data if private else self.project
        if base is None:
            raise UsageError("there is no place to keep it", hint="start mcpdeck in a project")
        if not name:
            return base / PRIVATE_FOLDER / PRIVATE_FILE if private else base / PROJECT_FILE
        stem = _NO_NAME.sub("-", name).strip("-.") or "calls"
        return base / (PRIVATE_FOLDER if private else PROJECT_FOLDER) / f"{stem[:60]}.json"

    def find(self, word: str, cwd: Path) -> Collection:
        """The collection that a command names: a path, or the name of one. Raises ``UsageError``."""
        path = cwd / word
        if path.is_file():
            return load(path, private=self.data is not None and path.is_relative_to(self.data))
        named = [one for one in self.load() if word in (one.name, one.path.name)]
        if named:
            return named[0]
        names = ", ".join(one.name for one in self.load())
        raise UsageError(
            f'no collection named "{word}"',
            hint=f"there is {names}" if names else f"{PROJECT_FILE} or a file in {PROJECT_FOLDER} would be one",
        )

    # Changing.

    def put(self, path: Path, name: str, raw: JsonObject, *, private: bool) -> Undo:
        """Write a call, in the place of one of its name or behind all others. Raises ``ConfigError``."""
        return self._change(path, private, f"saved {name}", lambda text: set_member(text, ("calls", name), raw))

    def put_member(self, path: Path, member: str, value: Json, *, private: bool) -> Undo:
        """Write ``variables`` or ``sets`` of the collection. Raises ``ConfigError``."""
        return self._change(path, private, f"changed {member}", lambda text: set_member(text, (member,), value))

    def rename(self, path: Path, old: str, new: str, *, private: bool) -> Undo:
        what = f"renamed {old}"
        return self._change(path, private, what, lambda text: rename_member(text, ("calls", old), new))

    def remove(self, path: Path, name: str, *, private: bool) -> Undo:
        return self._change(path, private, f"removed {name}", lambda text: remove_member(text, ("calls", name)))

    def move(self, path: Path, name: str, step: int, *, private: bool) -> Undo:
        """Put a call so many places further down (up where negative). Raises ``ConfigError``."""
        return self._change(path, private, f"moved {name}", lambda text: _moved(text, name, step))

    def undo(self, done: Undo) -> None:
        """Take a change back, byte for byte. Raises ``ConfigError`` where the file was changed since."""

        def edit(text: str) -> str:
            if text != done.after:
                raise ConfigError(
                    f"{done.path.name} was changed since", hint="what was undone last stands, nothing was changed now"
                )
            return done.before or "{}\n"

        self._change(done.path, done.private, "", edit)
        if done.before is None:
            done.path.unlink(missing_ok=True)

    def _change(self, path: Path, private: bool, what: str, edit: Callable[[str], str]) -> Undo:
        broken = load(path, private=private).problem if path.is_file() else ""
        if broken and what:
            raise ConfigError(f"{path.name} cannot be changed: {broken}", hint="put that right first")
        locks = (self.data or path.parent) / "locks"
        if not private:
            path.parent.mkdir(parents=True, exist_ok=True)
        within = None if private else self.project
        change = Written(path, private, within).change(edit, locks)
        return Undo(path, private, what, change.before, change.after)


def load(path: Path, *, private: bool) -> Collection:
    """One file; what keeps it from being read is its ``problem``."""
    try:
        text = plain_text(path, MAX_BYTES)
    except Unreadable as error:
        return Collection(title_of(path), path, private, problem=error.what)
    if text is None:
        return Collection(title_of(path), path, private, problem="it is not there any more")
    return collection_of(text, path, private=private)


def _json_files(folder: Path) -> Iterator[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except OSError:  # no such folder, or one that may not be read: there are none
        return
    yield from (path for path in found if path.is_file())


def _moved(text: str, name: str, step: int) -> str:
    """The whole file written anew: its members stay, only their order is another."""
    whole = json.loads(text)
    calls: dict[str, Json] = whole["calls"]
    names = list(calls)
    if name not in calls:
        raise ConfigError(f'there is no call "{name}" any more')
    at = names.index(name)
    names.insert(max(0, min(len(names) - 1, at + step)), names.pop(at))
    whole["calls"] = {one: calls[one] for one in names}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
