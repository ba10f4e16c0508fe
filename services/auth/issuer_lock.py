"""One at a time per authorization server: in this process, and across processes.

Owns the locks, files in mcpdeck's data folder that hold nothing. A lock ends with its process, whatever happens to
that. Never reads or writes credentials.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

import anyio
from anyio.lowlevel import RunVar

from ..config.files import HOME_VARIABLE
from ..errors import StorageError

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_STEP = (0.01, 0.05)
"""Seconds between two tries: uneven, so that two that wait do not keep missing the moment."""
_local: RunVar[WeakValueDictionary[Path, anyio.Lock]] = RunVar("issuer locks of this event loop")


@asynccontextmanager
async def issuer_lock(folder: Path, issuer: str, *, seconds: float = 30) -> AsyncGenerator[None]:
    """Hold off everybody else who logs in or refreshes at ``issuer``; who held it before may have changed the store.

    Those who wait in this process are served in their order. Not for use inside itself. Raises ``StorageError``
    when the lock is not to be had within ``seconds``, or its file in ``folder`` cannot be made.
    """
    path = folder / f"{hashlib.sha256(issuer.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.lock"
    deadline = anyio.current_time() + seconds
    lock, ours = _lock_of(path), False
    with anyio.move_on_after(seconds):
        await lock.acquire()
        ours = True
    if not ours:
        raise _taken(f"another login or refresh at {issuer}", seconds)
    try:
        while (handle := _taken_handle(path)) is None:
            if anyio.current_time() >= deadline:
                raise _taken(f"another mcpdeck's login or refresh at {issuer}", seconds)
            await anyio.sleep(random.uniform(*_STEP))
        try:
            yield
        finally:
            os.close(handle)  # which gives the lock back
    finally:
        lock.release()


@contextmanager
def held(path: Path, *, seconds: float, pulse: Callable[[], None] | None = None) -> Generator[None]:
    """The same for a thread and the file ``path``; ``pulse`` is called while it waits, and may raise to end that.

    Raises ``StorageError``.
    """
    deadline = time.monotonic() + seconds
    while (handle := _taken_handle(path)) is None:
        if time.monotonic() >= deadline:
            raise _taken("another mcpdeck that is writing the stored logins", seconds)
        if pulse is not None:
            pulse()
        time.sleep(random.uniform(*_STEP))
    try:
        yield
    finally:
        os.close(handle)


def _lock_of(path: Path) -> anyio.Lock:
    """The lock of this event loop: one that lasts longer than its loop would have waiters that never wake."""
    locks = _local.get(None)
    if locks is None:
        _local.set(locks := WeakValueDictionary())
    lock = locks.get(path)
    if lock is None:
        lock = locks[path] = anyio.Lock()
    return lock


def _taken_handle(path: Path) -> int | None:
    """The open, locked file; None while somebody else has it. Raises ``StorageError``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, _FLAGS, 0o600)
    except OSError as error:
        raise StorageError(
            f"cannot make the lock {path}: {error.strerror or error}",
            hint=f"make the folder writable, or set {HOME_VARIABLE} to one that is",
            details={"file": str(path)},
        ) from error
    # a file that was removed meanwhile is a lock that nobody else sees: then the next try takes the new one
    if _lock(handle) and _is_at(handle, path):
        return handle
    os.close(handle)
    return None


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False))
    except OSError:
        return False


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


def _taken(who: str, seconds: float) -> StorageError:
    error = StorageError(
        f"waited {seconds:g} s for {who}",
        hint="let it finish, or end it; then try again. Nothing was changed",
    )
    error.retryable = True
    return error
