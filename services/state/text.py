"""How hostile text is made visible.

Owns the one function every renderer (dashboard, command line, log) passes server text through:
control, bidirectional and zero-width characters become visible escapes, so that nothing a server
sends can move the cursor, colour the screen, or reorder what is read. Beside it, how a name of any
length is quoted in a sentence.
"""

from __future__ import annotations

import re

# C0 except \t and \n, DEL, C1; line and paragraph separators; zero-width and bidi controls; BOM;
# tag characters; lone surrogates. \t and \n are the caller's to lay out.
_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # U+2400 block: pictures of the control characters
    if code == 0x7F:
        return "\u2421"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str) -> str:
    r"""``text`` with every control, bidi and invisible character shown; newlines and tabs are kept.

    ``\r\n`` counts as a newline. The result is safe to hand to a terminal renderer as plain text.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HOSTILE.sub(_escape, text.replace("\r\n", "\n"))


def shortened(text: str, limit: int = 80) -> str:
    """``text``, its middle left out when it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    end = limit // 4
    return f"{text[: limit - end - 1]}…{text[-end:]}"


def quoted(text: str) -> str:
    """``text`` in quotation marks and shortened, for a sentence."""
    return repr(shortened(text))


def one_line(text: str, limit: int | None = None) -> str:
    """``visible`` on one line: newlines and tabs become spaces, runs of blanks are folded, cut to ``limit``."""
    line = " ".join(visible(text).split())
    if limit is not None and len(line) > limit:
        return line[: max(0, limit - 1)] + "…"
    return line
