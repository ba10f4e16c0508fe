"""Opening a file with the program that the person's desktop has for it.

Owns the choice of that program and how it is started: without a shell, in a session of its own, with nothing of our
terminal and none of our secrets. Never opens anything but a file that was just saved, and only when asked to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..services.config.secret_variables import without_secrets
from ..services.errors import UsageError

PLAYER = "MCPDECK_PLAYER"
"""A program that plays sounds, in place of the desktop's."""
FAILS_WITHIN = 1.5
"""Seconds in which an opener that cannot do it says so."""
_OPENERS = (("xdg-open",), ("gio", "open"))
_PLAYERS = (("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"), ("mpv", "--no-video"), ("paplay",), ("aplay",))
_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY")


def open_file(path: Path, environ: Mapping[str, str], *, sound: bool = False) -> str:
    """Start a program on ``path``; its name. Blocks for ``FAILS_WITHIN`` seconds at most. Raises ``UsageError``."""
    failed: list[str] = []
    for command in commands(path, environ, sound=sound):
        name = Path(command[0]).name
        code = _started(command, environ)
        if code is None or code == 0:
            return name
        failed.append(f"{name} ended with {code}" if code > 0 else f"{name} could not be started")
    if failed:
        raise UsageError("The file could not be opened", hint=f"{'; '.join(failed)}. It is saved: {path}")
    what = f"No player was found; {PLAYER} names one." if sound else "No program was found that opens it."
    raise UsageError(what, hint=f"It is saved: {path}")


def commands(
    path: Path, environ: Mapping[str, str], *, sound: bool, platform: str = sys.platform
) -> Iterator[list[str]]:
    """The command lines to try, one after the other; each begins with a program that exists."""
    for command in _wanted(environ, platform, sound=sound):
        program = shutil.which(command[0], path=environ.get("PATH", os.defpath))
        if program is not None:
            yield [program, *command[1:], str(path)]


def _wanted(environ: Mapping[str, str], platform: str, *, sound: bool) -> Iterator[tuple[str, ...]]:
    if sound and environ.get(PLAYER):
        yield (environ[PLAYER],)
        return
    if platform == "darwin":
        yield ("afplay",) if sound else ("open",)
    if "WSL_DISTRO_NAME" in environ:
        yield ("wslview",)
    if platform != "darwin" and any(environ.get(name) for name in _DESKTOP):
        yield from _OPENERS
    if sound:
        yield from _PLAYERS


def _started(command: list[str], environ: Mapping[str, str]) -> int | None:
    """What a program ended with, None while it runs; negative: it could not be started."""
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
            env=without_secrets(environ),
            close_fds=True,
        )
    except OSError:
        return -1
    try:
        return abs(process.wait(FAILS_WITHIN))
    except subprocess.TimeoutExpired:
        # Nobody waits for it; but one that ends before us would stay in the table of processes until we do.
        threading.Thread(target=process.wait, name="opener", daemon=True).start()
        return None
