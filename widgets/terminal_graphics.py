"""What pictures the terminal can draw: Kitty graphics, Sixel, or coloured half cells.

Owns the question to the terminal and its answer. It is asked once, before the screen library reads the
keyboard: ``begin`` writes the question (the terminal answers while the program is still importing), ``finish``
reads the answer. Never asked when it would not help (no terminal, tmux, screen, an answer from the environment).
"""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Any

VARIABLE = "MCPDECK_GRAPHICS"
SWITCH = "MCPDECK_IMAGES"
"""``off``: pictures are named and not drawn."""
ANSWER_WAIT = 0.5
"""Seconds to wait for an answer at most; every terminal in use answers at once."""

# Variables and TERM words of terminals that can draw pictures and always answer. Another terminal is not asked: one
# that stays silent would hold up the first frame, and half cells work everywhere.
_TELLTALE = (
    *("KITTY_WINDOW_ID", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR", "KONSOLE_VERSION", "ITERM_SESSION_ID"),
    *("XTERM_VERSION", "WT_SESSION", "CONTOUR_PROFILE", "MLTERM", "VSCODE_INJECTION"),
)
_TERMS = ("kitty", "ghostty", "foot", "wezterm", "contour", "mlterm", "yaft", "rio")

# Kitty: is a graphics query understood? xterm: cell size in pixels. Last, what everybody answers: device attributes.
_QUESTION = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c"
_KITTY = re.compile(rb"\x1b_G[^\x1b]*;OK\x1b\\")
_CELL = re.compile(rb"\x1b\[6;([0-9]{1,4});([0-9]{1,4})t")
_ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]*)c")
_ANY_ANSWER = re.compile(rb"\x1b_G[^\x1b]*\x1b\\|\x1b\[6;[0-9;]*t|\x1b\[\?[0-9;]*c")


class Graphics(StrEnum):
    KITTY = "kitty"
    SIXEL = "sixel"
    HALF_CELL = "half-cell"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class TerminalGraphics:
    """How to draw, and a cell's size in pixels."""

    graphics: Graphics = Graphics.HALF_CELL
    cell_width: int = 10
    cell_height: int = 20


_found = TerminalGraphics()
_wanted = True
_saved: list[tuple[int, list[Any]]] = []


def current() -> TerminalGraphics:
    """What was found; half cells until something was. Nothing is drawn where a person wants no pictures."""
    return _found if _wanted else TerminalGraphics(Graphics.OFF, _found.cell_width, _found.cell_height)


def show_pictures(wanted: bool) -> None:
    """Whether pictures are drawn from now on; those on the screen change when they are drawn again."""
    global _wanted  # noqa: PLW0603 - one process, one person
    _wanted = wanted


def use(found: TerminalGraphics) -> None:
    """Draw like this from now on."""
    global _found  # noqa: PLW0603 - one process, one terminal
    _found = found


def from_environment(environ: Mapping[str, str]) -> Graphics | None:
    """What the environment says; None when the terminal has to be asked."""
    if environ.get(SWITCH, "").strip().lower() in ("off", "0", "no", "false"):
        return Graphics.OFF
    wanted = environ.get(VARIABLE, "").strip().lower()
    if wanted in tuple(Graphics):
        return Graphics(wanted)
    if environ.get("TMUX") or environ.get("STY") or environ.get("TERM", "").startswith(("tmux", "screen")):
        return Graphics.HALF_CELL  # a multiplexer answers for itself, not for the terminal behind it
    likely = any(environ.get(name) for name in _TELLTALE) or any(word in environ.get("TERM", "") for word in _TERMS)
    return None if likely else Graphics.HALF_CELL


def read_answer(answer: bytes) -> TerminalGraphics:
    """What the answers mean. Sixel goes first: some terminals claim Kitty's protocol without its placeholders."""
    attributes = _ATTRIBUTES.search(answer)
    cell = _CELL.search(answer)
    if attributes is not None and b"4" in attributes.group(1).split(b";"):
        graphics = Graphics.SIXEL
    elif _KITTY.search(answer):
        graphics = Graphics.KITTY
    else:
        graphics = Graphics.HALF_CELL
    height, width = (int(cell.group(1)), int(cell.group(2))) if cell else (0, 0)
    return TerminalGraphics(graphics, width or 10, height or 20)


def begin(environ: Mapping[str, str] = os.environ) -> bool:
    """Ask, unless there is no need to; True when ``finish`` has an answer to read."""
    told = from_environment(environ)
    if told is not None:
        use(TerminalGraphics(told))
        return False
    if sys.platform == "win32" or sys.__stdin__ is None or sys.__stderr__ is None:
        return False
    if not (sys.__stdin__.isatty() and sys.__stderr__.isatty()):
        return False
    import termios
    import tty

    stdin = sys.__stdin__.fileno()
    try:
        _saved.append((stdin, termios.tcgetattr(stdin)))
        tty.setcbreak(stdin, termios.TCSANOW)
        os.write(sys.__stderr__.fileno(), _QUESTION)
    except (OSError, termios.error):
        _restore()
        return False
    atexit.register(_restore)
    return True


def finish(wait: float = ANSWER_WAIT) -> str:
    """Read the answer, for ``wait`` seconds at most; returns the keys that were typed meanwhile."""
    from select import select

    if not _saved:
        return ""
    stdin = _saved[0][0]
    answer = b""
    deadline = monotonic() + wait
    try:
        while not _ATTRIBUTES.search(answer) and (left := deadline - monotonic()) > 0:
            if not select([stdin], [], [], left)[0]:
                break
            got = os.read(stdin, 4096)
            if not got:
                break
            answer += got
    except OSError:
        pass
    finally:
        _restore()
    use(read_answer(answer))
    return _ANY_ANSWER.sub(b"", answer).decode(errors="replace")


def _restore() -> None:
    """Give the terminal back as it was."""
    if not _saved:
        return
    import termios

    stdin, attributes = _saved.pop()
    with suppress(OSError, termios.error):
        termios.tcsetattr(stdin, termios.TCSANOW, attributes)
