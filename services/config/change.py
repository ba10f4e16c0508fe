"""One text file changed in one step: read, edited, written, with nobody else in between.

Owns the lock against a second writer, the atomic replacement, modes and links. Never knows what stands in the
file: the edit is a function from text to text.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import stat
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from ..errors import ConfigError
from .contents import MAX_BYTES
from .files import HOME_VARIABLE
from .masked_json import masked_json

LOCK_SECONDS = 5.0
"""How long another writer is waited for: a write takes milliseconds."""
ATTEMPTS = 5
"""How often the edit is made anew because another program, which knows no lock, wrote in between."""
_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit made of a file. ``before`` None: there was no file. Both texts may hold secrets."""

    path: Path
    before: str | None
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def diff(self, secrets: Sequence[str] = ()) -> str:
        """A unified diff to look at, with secrets masked as everywhere; a changed secret shows as a changed line.

        ``secrets``: values that are known to be some, whatever the name of their place says.
        """
        old, new = _lines(self.before or ""), _lines(self.after)
        shown_old = _lines(masked_json(self.before or "", secrets))
        shown_new = _lines(masked_json(self.after, secrets))
        lines: list[str] = []
        for group in _groups(old, new):
            first, last = group[0], group[-1]
            lines.append(f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@")
            for tag, old_start, old_end, new_start, new_end in group:
                if tag == "equal":
                    lines += [f" {line}" for line in shown_old[old_start:old_end]]
                else:
                    lines += [f"-{line}" for line in shown_old[old_start:old_end]]
                    lines += [f"+{line}" for line in shown_new[new_start:new_end]]
        if not lines:
            return ""
        source = str(self.path) if self.before is not None else os.devnull
        return "\n".join([f"--- {source}", f"+++ {self.path}", *lines]) + "\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A file to change. ``private``: mode 0600 and folders 0700; else it keeps its mode.

    A symbolic link stays one: what it points at is written. ``within``: the folder that it must not lead out of.
    """

    path: Path
    private: bool
    within: Path | None = None

    def change(self, edit: Callable[[str], str], locks: Path, *, secret: bool = False, dry_run: bool = False) -> Change:
        """Replace the text with what ``edit`` makes of it ("" where there is no file yet).

        ``locks`` is mcpdeck's folder for lock files. ``secret``: a file that is made now is for its owner only.
        With ``dry_run`` nothing is written, no folder and no lock. Raises ``ConfigError``, and what ``edit`` raises;
        the file is as it was then.
        """
        try:
            target = self._target()
            if dry_run:
                before = _read(target)
                return self._changed(before, edit)
            with _locked(locks, target):
                for _ in range(ATTEMPTS):
                    before = _read(target)
                    change = self._changed(before, edit)
                    if not change.changed or self._replace(target, before, change.after, secret=secret):
                        return change
        except OSError as error:
            raise self._failure(error) from error
        raise ConfigError(
            f"{self.path} is changed by another program all the time",
            hint="close the program that writes it, and try again; nothing was changed",
            details={"file": str(self.path)},
        )

    def _target(self) -> Path:
        if not self.path.is_symlink():
            return self.path
        target = self.path.resolve()
        if self.within is not None and not target.is_relative_to(self.within.resolve()):
            raise ConfigError(
                f"{self.path} is a symbolic link that leads out of the project, to {target}",
                hint="edit that file by hand, or put the server elsewhere: --scope local",
                details={"file": str(self.path), "target": str(target)},
            )
        return target

    def _changed(self, before: bytes | None, edit: Callable[[str], str]) -> Change:
        if before is None:
            return Change(self.path, None, edit(""))
        try:
            text = before.decode("utf-8")
        except UnicodeDecodeError:
            raise ConfigError(
                f"{self.path} is not UTF-8",
                hint="save it as UTF-8; nothing was changed",
                details={"file": str(self.path)},
            ) from None
        return Change(self.path, text, edit(text))

    def _replace(self, target: Path, before: bytes | None, text: str, *, secret: bool) -> bool:
        """Write ``text`` in one step, unless the file is not what it was any more: False."""
        if before is None:
            target.parent.mkdir(mode=0o700 if self.private else 0o777, parents=True, exist_ok=True)
        kept = None if before is None else target.stat()
        # the same folder, because a rename must not cross devices
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if self.private or secret else 0o644)
        try:
            with os.fdopen(handle, "wb") as stream:
                if kept is not None:
                    self._keep(stream.fileno(), kept)
                stream.write(text.encode("utf-8"))
                stream.flush()
                os.fsync(stream.fileno())
            if _read(target) != before:
                return False
            temporary.replace(target)
        finally:
            # After the rename there is nothing left by this name.
            with suppress(OSError):
                temporary.unlink()
        return True

    def _keep(self, handle: int, kept: os.stat_result) -> None:
        """Owner and mode of the file that is replaced; where the owner cannot be kept, it is ours."""
        if sys.platform == "win32":
            return
        if (kept.st_uid, kept.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(OSError):
                os.fchown(handle, kept.st_uid, kept.st_gid)
        os.fchmod(handle, 0o600 if self.private else stat.S_IMODE(kept.st_mode))

    def _failure(self, error: OSError) -> ConfigError:
        reason = error.strerror or str(error)
        match error:
            case IsADirectoryError():
                hint = "put a file with that name in its place, or remove it"
            case PermissionError() | FileExistsError() | NotADirectoryError():
                hint = "make the folder writable"
                hint += f", or set {HOME_VARIABLE} to one that is" if self.private else ", or use --scope local"
            case _:
                hint = "the file is as it was before"
        title = f"cannot write {self.path}: {reason[:1].lower()}{reason[1:]}"
        return ConfigError(title, hint=hint, details={"file": str(self.path)})


def _read(target: Path) -> bytes | None:
    """What stands in the file now, None when there is none. Raises ``OSError`` and ``ConfigError``."""
    try:
        status = target.stat()
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(None, "it is a directory")
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
            raise ConfigError(f"{target} is not a regular file", hint="put a plain file in its place")
        if status.st_size > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise ConfigError(f"{target} is larger than {limit} MiB", hint="a list of servers is far smaller")
        return target.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def _locked(locks: Path, target: Path) -> Generator[None]:
    """Hold off other mcpdeck processes. The lock stands in mcpdeck's own folder: a project gets no such file.

    Raises ``ConfigError`` when another one does not finish, ``OSError`` when the folder cannot be written.
    """
    for folder in (locks.parent, locks):  # the mode of parents that are made on the way is not ours to choose
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(os.fsencode(os.path.normcase(target))).hexdigest()[:24]
    handle = os.open(locks / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _lock(handle):
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"another mcpdeck has been writing {target} for {LOCK_SECONDS:g} s",
                    hint="end it and try again; nothing was changed",
                    details={"file": str(target)},
                )
            # uneven steps, so that two that wait do not keep missing the moment
            time.sleep(random.uniform(0.001, 0.01))
        yield
    finally:
        os.close(handle)  # which gives the lock back


def _lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _lines(text: str) -> list[str]:
    """Lines as an editor counts them: the separators that JSON strings may hold are none."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _groups(old: list[str], new: list[str]) -> list[list[tuple[str, int, int, int, int]]]:
    """What differs, with some lines around it: groups of ``SequenceMatcher``'s operations.

    Only what lies between the first and the last difference is compared: a file of many entries that look alike
    would take the matcher minutes.
    """
    shorter = min(len(old), len(new))
    head = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    tail = next((index for index in range(shorter - head) if old[-1 - index] != new[-1 - index]), shorter - head)
    begin, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    matcher = SequenceMatcher(None, old[begin : len(old) - end], new[begin : len(new) - end], autojunk=False)
    return [
        [(tag, begin + a, begin + b, begin + c, begin + d) for tag, a, b, c, d in group]
        for group in matcher.get_grouped_opcodes(_CONTEXT)
    ]


def _span(start: int, end: int) -> str:
    """A range of a unified diff: first line and count, the count left away when it is 1."""
    count = end - start
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"
