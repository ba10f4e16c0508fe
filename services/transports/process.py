"""One child process and all it started.

Owns spawning without a shell in a process group of its own, and ending the whole group within a
bounded time: close stdin, SIGTERM, SIGKILL, descendants that left the group included. Never reads
or writes protocol bytes.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.abc

from ..config.redaction import Redaction
from ..errors import SpawnError
from ..models import StdioTarget

if TYPE_CHECKING:
    import psutil

CLOSE_GRACE = 1.5
"""Seconds a child has to leave by itself once its stdin is closed."""
TERM_GRACE = 1.5
"""Seconds between SIGTERM and SIGKILL."""
KILL_GRACE = 1.0
"""Seconds to wait for the kernel to report a killed child."""

# What a server may expect to inherit (protocol section 9): enough to find programs and a home,
# nothing that may hold a secret.
INHERITED = tuple(
    (
        "APPDATA HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT PROCESSOR_ARCHITECTURE SYSTEMDRIVE SYSTEMROOT TEMP "
        "USERNAME USERPROFILE"
        if sys.platform == "win32"
        else "HOME LANG LC_ALL LC_CTYPE LOGNAME PATH SHELL TERM TMPDIR TZ USER "
        "XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR"
    ).split()
)


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The inherited set with the entry's own variables over it."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment.update(extra)
    return environment


async def spawn(target: StdioTarget) -> anyio.abc.Process:
    """Start ``target`` with three pipes. Raises ``SpawnError`` that names what could not be started.

    One that asks for a sandbox is started in it or not at all: ``ConfigError`` says why not.
    """
    if target.sandbox is not None:
        return await _spawn_sandboxed(target)
    environment = child_environment(target.env)
    try:
        return await anyio.open_process(
            [target.command, *target.args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=target.cwd,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _spawn_error(target, environment, error) from error


async def _spawn_sandboxed(target: StdioTarget) -> anyio.abc.Process:
    from .sandbox import launch  # few entries ask for one

    ready = await launch(target)
    try:
        return await anyio.open_process(
            list(ready.argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ready.cwd,
            env=ready.env,
            start_new_session=True,
            pass_fds=ready.descriptors,
        )
    except (OSError, ValueError) as error:
        raise _spawn_error(target, os.environ, error) from error
    finally:
        ready.close()


def _spawn_error(target: StdioTarget, environment: Mapping[str, str], error: OSError | ValueError) -> SpawnError:
    redaction = Redaction(target.put_in)
    command = redaction.value(target.command)
    if isinstance(error, ValueError):
        return SpawnError(f"cannot start {command!r}: {error}", hint="Remove the NUL character from command or args.")
    if target.cwd is not None and not Path(target.cwd).is_dir():
        return SpawnError(
            f"cannot start {command!r}: the working directory {redaction.value(target.cwd)!r} does not exist",
            hint="Create the directory, or change cwd in the entry.",
        )
    if error.errno == errno.ENOENT:
        # As the system looks for it: below the folder that the child was to start in.
        there = str(Path(target.cwd or ".") / target.command) if "/" in target.command else target.command
        if shutil.which(there, path=environment.get("PATH")) is not None:
            return SpawnError(
                f"cannot start {command!r}: the interpreter named in its first line does not exist",
                hint="Check the #! line of the script.",
            )
        return not_found(target, redaction, environment.get("PATH", ""))
    if error.errno in (errno.EACCES, errno.EPERM):
        return SpawnError(
            f"not allowed to run {command!r}",
            hint="Make the file executable (chmod +x), or start it through its interpreter.",
        )
    if error.errno == errno.ENOEXEC:
        return SpawnError(
            f"{command!r} is not a program the system can run",
            hint="Add a #! line, or start it through its interpreter (for example command: python, args: [file]).",
        )
    return SpawnError(f"cannot start {command!r}: {error.strerror or error}", hint="Check command, args and cwd.")


def not_found(target: StdioTarget, redaction: Redaction, path: str) -> SpawnError:
    """There is no such program, and what was probably meant. ``path``: the ``PATH`` that it is not on."""
    command, shown = target.command, redaction.value(target.command)
    if command != command.strip():
        hint = "There is white space around it, which belongs to the name: remove it."
    elif command.startswith("~"):
        hint = '"~" is not expanded: write the whole path, or ${HOME} in its place.'
    elif len(command.split()) > 1:
        hint = 'All of it is taken as one name: arguments belong in "args", the command is the first word alone.'
    elif "/" in command and not Path(command).is_absolute():
        folder = redaction.value(target.cwd or str(Path.cwd()))
        hint = f"It was looked for in {folder}: write the whole path, or set cwd."
    else:
        hint = f"Install {shown!r}, or give its full path as command."
    return SpawnError(f"command not found: {shown}", hint=hint, details={"path": path})


class Ending:
    """Ends a process and everything below it."""

    def __init__(self, process: anyio.abc.Process) -> None:
        self._process = process
        self._descendants: list[tuple[int, float]] = []

    async def end(self) -> int | None:
        """Close stdin, wait, TERM, wait, KILL. Returns the exit code; takes 4 s at the most."""
        process = self._process
        self._note_descendants()
        if process.stdin is not None:
            with anyio.move_on_after(0.2):
                try:
                    await process.stdin.aclose()
                except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                    pass  # the child closed its end first
        if not await self._exited(CLOSE_GRACE):
            self._note_descendants()
            self._signal(signal.SIGTERM)
            if not await self._exited(TERM_GRACE):
                self._note_descendants()
                self._signal(_KILL)
                await self._exited(KILL_GRACE)
        # The child may be gone and have left grandchildren behind (npx, uvx, shell wrappers).
        self._signal(_KILL)
        await self._kill_descendants()
        return process.returncode

    async def _exited(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._process.wait()
        return self._process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        try:
            if sys.platform == "win32":
                self._process.send_signal(number)
            else:
                os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # nobody of the group is left

    def _note_descendants(self) -> None:
        """Remember the tree by pid and start time: a descendant that left the group is found by it later."""
        import psutil  # 20 ms: not on the start path

        try:
            tree = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.Error:
            return
        known = set(self._descendants)
        for child in tree:
            try:
                identity = (child.pid, child.create_time())
            except psutil.Error:
                continue
            if identity not in known:
                self._descendants.append(identity)

    async def _kill_descendants(self) -> None:
        if not self._descendants:
            return
        import psutil

        left: list[psutil.Process] = []
        for pid, created in self._descendants:
            try:
                child = psutil.Process(pid)
                # A pid is reused; its start time is not.
                if child.create_time() == created:
                    child.kill()
                    left.append(child)
            except psutil.Error:
                continue
        with anyio.move_on_after(KILL_GRACE):
            # The kernel tells nobody but a parent: there is nothing to wait on but looking.
            while any(_runs(child) for child in left):  # noqa: ASYNC110
                await anyio.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


def exit_words(code: int | None) -> str:
    """``exit code 3`` or ``killed by SIGSEGV``."""
    if code is None:
        return "still running"
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
