"""The globs of an entry's ``watch``: which files they mean, and in which folders those can be.

Owns matching and walking. Never looks into folders of packages, version control or caches, unless a glob names
one: those are huge, and what changes in them is no work of a person.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

IGNORED = frozenset(
    (
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", "__pypackages__"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".cache", ".idea", ".eggs"),
    )
)
FOLDERS = 2_000
"""Folders that are watched for one glob; those nearest to its beginning."""
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Glob:
    """An absolute glob. ``root`` is the real path of the folder up to which it is fixed, ``rest`` what follows.

    In ``rest``, ``*``, ``?`` and ``[…]`` stay within one name, and ``**`` is any number of folders.
    """

    root: str
    rest: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Glob:
        parts = Path(os.path.normpath(text)).parts
        fixed = next((index for index, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
        return cls(os.path.realpath(Path(*parts[:fixed])), parts[fixed:])

    def matches(self, path: str) -> bool:
        """``path`` (real and absolute) is one of the files that are meant."""
        below = self._below(path)
        return (
            bool(below) and self._looks_into(below[:-1]) and _pattern(self.rest).fullmatch("/".join(below)) is not None
        )

    def leads_to(self, folder: str) -> bool:
        """``folder`` is one in which files may match, or one on the way to those."""
        below = self._below(folder)
        return Path(self.root).is_relative_to(folder) if below is None else self._looks_into(below)

    def folders(self) -> list[str]:
        """The folders to watch, nearest first. Looks at the disk; a root that is missing is waited for above it."""
        root = Path(self.root)
        while not root.is_dir() and root.parent != root:
            root = root.parent
        found, waiting = [str(root)], deque([str(root)])
        while str(root) == self.root and waiting and len(found) < FOLDERS:
            for folder in _folders_in(waiting.popleft()):
                if self._looks_into(self._below(folder) or ()):
                    found.append(folder)
                    waiting.append(folder)
        return found[:FOLDERS]

    def _below(self, path: str) -> tuple[str, ...] | None:
        """The way from the root to ``path``, None when it does not lie below."""
        root = self.root.rstrip(os.sep) + os.sep
        if path == self.root:
            return ()
        return tuple(path[len(root) :].split("/")) if path.startswith(root) else None

    def _looks_into(self, below: tuple[str, ...]) -> bool:
        depth = None if "**" in self.rest else len(self.rest) - 1
        if depth is not None and len(below) > depth:
            return False
        return not any(part in IGNORED and part not in self.rest for part in below)


@lru_cache(maxsize=256)
def _pattern(parts: tuple[str, ...]) -> re.Pattern[str]:
    out: list[str] = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            out.append(".*" if last else "(?:[^/]+/)*")
        else:
            out.append(_name_pattern(part) + ("" if last else "/"))
    return re.compile("".join(out), re.DOTALL)


def _name_pattern(part: str) -> str:
    out: list[str] = []
    index = 0
    while index < len(part):
        letter = part[index]
        index += 1
        end = part.find("]", index + 1) if letter == "[" else -1
        if letter == "*":
            out.append("[^/]*")
        elif letter == "?":
            out.append("[^/]")
        elif end > 0:
            inside = re.sub(r"([\\\[&~|^])", r"\\\1", part[index + (part[index] == "!") : end])
            out.append(f"[{'^' if part[index] == '!' else ''}{inside}]")
            index = end + 1
        else:
            out.append(re.escape(letter))
    return "".join(out)


def files_in(folders: Iterable[str]) -> list[tuple[str, float]]:
    """The files directly in ``folders``, and when each was written (wall seconds); none where we may not look."""
    found: list[tuple[str, float]] = []
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                found += [(entry.path, entry.stat().st_mtime) for entry in entries if entry.is_file()]
        except OSError:
            continue
    return found


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
