"""One corpus of hostile text, a way to plant it into every text of a state, and a look at what was drawn of it.

Every widget is shown states made of it (``test_hostile_everywhere``). ``harm`` names what must never be on a screen.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from textual.app import App

CORPUS: tuple[str, ...] = (
    "\x1b[31mMARK\x1b[0m",
    "\x1b]0;MARK\x07",
    "\x1b]52;c;TUFSSw==\x07MARK",
    "\x1b]8;;https://evil.example\x1b\\MARK\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\MARK",
    "\x1b_Gf=100;AAAA\x1b\\MARK",
    "\x9b2JMARK\x9d0;x\x9c",
    "a\u202eKRAM\u202c\u2066b\u2069",
    "\u200bMA\u200dRK\ufeff\u2060",
    "\u061cMARK\u180e\u00ad",
    "[bold red]MARK[/]",
    "[@click=app.quit]MARK[/]",
    "[link=https://evil.example]MARK[/link]",
    "[/] MARK [unclosed",
    "[MARK] \\[MARK\\] [[MARK]]",
    "$primary MARK $(reboot) {x} {{x}} %s %(x)s",
    "MARK\r\nsecond\rthird\x00\x08\x7f",
    "MARK\u2028next\u2029end\x85",
    "\ud800MARK\udfff",
    "\U000e0041\U000e0042MARK",
    "日本語MARK漢字" * 6,
    "👩‍👩‍👧‍👦MARK👍🏽🏳️‍🌈",
    "MARK" + "e\u0301\u0301\u0301\u0301" * 20,
    "MARK" * 400,
    "\tMARK\t\t",
    "# MARK\n\n[MARK](javascript:alert(1)) ![MARK](file:///etc/passwd)\n\n<b>MARK</b>\n\n| MARK |\n|---|\n",
    "```\n\x1b[31mMARK\n```",
    "https://user:secret@evil.example/\x1b[31m?MARK#\u202egnp.exe",
    "",
)
FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
"""What ``visible`` escapes, without the joiner that families of emoji are made with."""
STRUCTURE = frozenset(
    {"type", "$ref", "$schema", "format", "pattern", "method", "jsonrpc", "data", "blob", "required", "mode"}
    | {"role", "action", "status", "taskId", "requestId", "const", "contentEncoding"}
)
"""Members of JSON whose value decides what a thing is: planted, it would only be another thing."""
NAMES_AT = frozenset({"properties", "$defs", "arguments", "structuredContent", "experimental", "annotations"})
"""Members whose own members are named by the server."""
OURS = frozenset(
    {"id", "server", "call", "generation", "digest", "method", "era", "version", "transport", "source", "trace_id"}
    | {"log_level", "kind", "what", "format", "requested", "task", "instance", "replica_of", "suppressed_by"}
)
"""Fields that name what mcpdeck knows, or that the state refers by."""


class Planter:
    """Puts the corpus into text after text, beginning at another one each time."""

    def __init__(self, start: int) -> None:
        self._texts: Iterator[str] = itertools.islice(itertools.cycle(CORPUS), start, None)

    def text(self, was: str) -> str:
        return next(self._texts) if was else was

    def plant(self, value: Any, name: str = "") -> Any:
        """A copy of ``value`` in which every text that a server could have sent is one of the corpus."""
        match value:
            case Enum() | None | bool() | int() | float() | bytes():
                return value
            case str():
                return value if name in OURS or name in STRUCTURE else self.text(value)
            case Mapping():
                return self._mapping(value, name)
            case tuple():
                return tuple(self.plant(one, name) for one in value)
            case list():
                return [self.plant(one, name) for one in value]
            case frozenset():
                return value
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                planted = {
                    field.name: self.plant(getattr(value, field.name), field.name)
                    for field in dataclasses.fields(value)
                    if field.init and field.name not in OURS
                }
                return dataclasses.replace(value, **planted)
            case _:
                return value

    def _mapping(self, value: Mapping[Any, Any], name: str) -> Any:
        planted: dict[Any, Any] = {}
        for key, member in value.items():
            named = f"{key}{self.text('x')}" if name in NAMES_AT and isinstance(key, str) else key
            planted[named] = self.plant(member, key if isinstance(key, str) else "")
        return MappingProxyType(planted) if isinstance(value, MappingProxyType) else planted


def harm(app: App[Any]) -> list[str]:
    """What a server's text did to the screen, each in words; empty where it is text and nothing else."""
    found: list[str] = []
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        for segment in strip:
            if FORBIDDEN.search(segment.text):
                found.append(f"line {y}: {segment.text!r} holds a control or bidi character")
            style = segment.style
            if style is None:
                continue
            if style.link and not style.link.startswith(("https://", "http://")):
                found.append(f"line {y}: a link to {style.link!r}")
            if style.link and "evil.example" in style.link and style.link not in strip.text:
                found.append(f"line {y}: a link to {style.link!r} that does not show it")
            if "app.quit" in str(style.meta):
                found.append(f"line {y}: {segment.text!r} can be clicked: {style.meta}")
    return found
