"""Opening an address in the person's browser.

Owns the choice of the program and how it is started: without a shell, in a session of its own, with nothing of our
terminal, and without anybody waiting for it (protocol sections 39 and 46). Never opens what is not an ordinary
web address.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping

from ..config.secret_variables import without_secrets
from .addresses import browsable

_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY")
_OPENERS = (("xdg-open",), ("gio", "open"), ("x-www-browser",), ("firefox",), ("chromium",), ("google-chrome",))


def open_in_browser(url: str, environ: Mapping[str, str]) -> bool:
    """Start a browser at ``url``; whether one was started. Blocks only until the program runs.

    ``BROWSER`` (commands with ``:`` between them, ``%s`` for the address) comes first, then the
    desktop's own. False for an address that no browser is given, and where there is no desktop to show one.
    """
    if browsable(url) is not None:
        return False
    return any(_started(command, environ) for command in commands(url, environ))


def commands(url: str, environ: Mapping[str, str], platform: str = sys.platform) -> Iterator[list[str]]:
    """The command lines to try, one after the other; each begins with a program that exists."""
    for command in (*_chosen(url, environ), *_usual(url, environ, platform)):
        program = shutil.which(command[0], path=environ.get("PATH", os.defpath))
        if program is not None:
            yield [program, *command[1:]]


def _chosen(url: str, environ: Mapping[str, str]) -> Iterator[list[str]]:
    for text in environ.get("BROWSER", "").split(os.pathsep):
        try:
            parts = shlex.split(text)
        except ValueError:  # a quotation mark without its other
            continue
        if parts:
            named = any("%s" in part for part in parts[1:])
            yield [parts[0], *(part.replace("%s", url) for part in parts[1:]), *([] if named else [url])]


def _usual(url: str, environ: Mapping[str, str], platform: str) -> Iterator[list[str]]:
    if platform == "darwin":
        yield ["open", url]
        return
    if "WSL_DISTRO_NAME" in environ:
        yield ["wslview", url]
    if any(environ.get(name) for name in _DESKTOP):
        for opener in _OPENERS:
            yield [*opener, url]


def _started(command: list[str], environ: Mapping[str, str]) -> bool:
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
    except OSError:  # not a program after all: the next one
        return False
    # Nobody waits for it; but one that ends before us would stay in the table of processes until we do.
    threading.Thread(target=process.wait, name="browser", daemon=True).start()
    return True
