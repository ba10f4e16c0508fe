"""The operating system's keychain, through ``keyring``: asked with a time limit, and only where it is a real one.

Owns choosing the backend, trying it out once, and giving up on one that hangs. What is kept there is a key of 32
bytes and no login: Windows takes 2.5 KB an item, and a keychain cannot be listed or replaced in one step. Never
falls back by itself and never asks on the terminal.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar, cast

from ..state.text import one_line

SERVICE = "mcpdeck"
SECONDS = 15.0
"""For one question. A locked keychain may ask the person to unlock it, which takes a moment."""
_NOT_REAL = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt", "keyrings.cryptfile", "sagecipher")
"""Modules whose backends keep nothing, keep it in a file, or ask for a password on the terminal."""
_STEP = 0.05
_PROBE = "probe"
T = TypeVar("T")


class Backend(Protocol):
    """What is used of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class KeychainUnusable(Exception):
    """Why there is no keychain, as the rest of a sentence that begins with "the OS keychain"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def system_backend() -> object | None:
    """The backend that ``keyring`` chooses or was told to use; None where that is no real keychain."""
    import keyring  # 0.1 s, and not needed where MCPDECK_HOME is set or nothing is stored

    return real_backend(keyring.get_keyring())


def real_backend(found: object) -> object | None:
    """``found``, or the first real one of a chain; None: there is none."""
    chained = cast("list[object] | None", getattr(found, "backends", None))
    for backend in [found] if chained is None else chained:
        priority = cast("object", getattr(backend, "priority", 0))
        if (
            isinstance(priority, int | float)
            and priority >= 1  # what keyring itself calls recommended
            and not type(backend).__module__.startswith(_NOT_REAL)
        ):
            return backend
    return None


class Keychain:
    """One for each process. All methods block, at most ``seconds`` each, and raise ``KeychainUnusable``.

    A question without an answer in time is the last one: its thread is left behind, and nothing is asked any more.
    ``pulse`` is called while waiting, and may raise to end that.
    """

    def __init__(
        self,
        backend: Callable[[], object | None] = system_backend,
        *,
        seconds: float = SECONDS,
        pulse: Callable[[], None] | None = None,
    ) -> None:
        self.name = ""
        """What the backend calls itself; empty before it is loaded."""
        self._load = backend
        self._seconds = seconds
        self._pulse = pulse
        self._backend: Backend | None = None
        self._refused = ""
        self._tried = False

    def require(self) -> None:
        """Make sure, once, that it keeps what it is given: something is written, read back, and deleted."""
        if not self._tried:
            user, value = f"{_PROBE} {secrets.token_hex(4)}", secrets.token_hex(16)
            self.write(user, value)
            got = self.read(user)
            self.delete(user)
            if got != value:
                raise self._give_up("gave back something else than it was given")
            self._tried = True

    def read(self, user: str) -> str | None:
        backend = self._loaded()
        return self._asked("read", lambda: backend.get_password(SERVICE, user))

    def write(self, user: str, value: str) -> None:
        backend = self._loaded()
        self._asked("written", lambda: backend.set_password(SERVICE, user, value))

    def delete(self, user: str) -> None:
        backend = self._loaded()
        self._asked("changed", lambda: backend.delete_password(SERVICE, user))

    def _loaded(self) -> Backend:
        if self._refused:
            raise KeychainUnusable(self._refused)
        if self._backend is None:
            found = self._asked("opened", self._load)
            if found is None:
                raise self._give_up("is not to be had (keyring found no backend that keeps anything safely)")
            self.name = one_line(str(getattr(found, "name", "") or type(found).__name__), 60)
            self._backend = cast("Backend", found)
        return self._backend

    def _asked(self, what: str, call: Callable[[], T]) -> T:
        # a daemon, because neither a hanging keychain nor a dialogue that nobody sees may keep the process from ending
        outcome = _Outcome[T]()
        threading.Thread(target=outcome.of, args=(call,), name="keychain", daemon=True).start()
        deadline = time.monotonic() + self._seconds
        while not outcome.there.wait(_STEP):
            if time.monotonic() >= deadline:
                raise self._give_up(f"did not answer within {self._seconds:g} s")
            if self._pulse is not None:
                self._pulse()
        if outcome.error is not None:
            # its text is foreign: only what kind of error it was is told, for it may quote what it was given
            reason = f"could not be {what} ({type(outcome.error).__name__})"
            raise self._give_up(reason) if not self._tried else KeychainUnusable(reason)
        return cast("T", outcome.value)

    def _give_up(self, why: str) -> KeychainUnusable:
        self._refused = why
        return KeychainUnusable(why)


class _Outcome(Generic[T]):
    """What became of a call into a backend: foreign code, which may raise whatever it likes."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None

    def of(self, call: Callable[[], T]) -> None:
        with self:
            self.value = call()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        self.there.set()
        return True
