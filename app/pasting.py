"""Lines from a terminal, as long as they come.

Owns the terminal's mode while a line is typed. A terminal that collects lines by itself cuts them (at 1,024 bytes on
macOS, 4,096 on Linux), and the address that a login ends at is often longer; so the keys are read one by one, with the
little editing that an answer needs. Signals stay with the terminal: Ctrl-C ends the command as ever.
"""

from __future__ import annotations

import sys
import termios
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from .json_lines import read_pieces

LONGEST = 65_536
"""Bytes of one line that are taken; what is typed beyond them is left out."""
_ENDS = b"\r\n"
_END_OF_INPUT = 0x04
_RUB_OUT = (0x08, 0x7F)
_RUB_OUT_LINE = 0x15


@asynccontextmanager
async def typed_lines(descriptor: int, *, echo: bool = True) -> AsyncGenerator[AsyncIterator[str]]:
    """The lines that are typed at the terminal until Ctrl-D; its mode is as before in the end.

    ``echo`` False: nothing of what is typed is shown.
    """
    before = termios.tcgetattr(descriptor)
    mode = termios.tcgetattr(descriptor)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
    try:
        async with aclosing(read_pieces(descriptor)) as pieces, aclosing(_lines(pieces, echo)) as lines:
            yield lines
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _lines(pieces: AsyncIterator[bytes], echo: bool) -> AsyncGenerator[str]:
    line = bytearray()
    async for piece in pieces:
        for byte in piece:
            if byte in _ENDS:
                _show("\n", True)
                yield line.decode("utf-8", "replace")
                line.clear()
            elif byte == _END_OF_INPUT:
                return
            elif byte in _RUB_OUT or byte == _RUB_OUT_LINE:
                count = len(line) if byte == _RUB_OUT_LINE else min(1, len(line))
                del line[len(line) - count :]
                _show("\b \b" * count, echo)
            elif len(line) < LONGEST:
                line.append(byte)
                # An address is ASCII; anything else could drive the terminal.
                _show(chr(byte) if 0x20 <= byte < 0x7F else "", echo)


def _show(text: str, echo: bool) -> None:
    if echo and text:
        sys.stderr.write(text)
        sys.stderr.flush()
