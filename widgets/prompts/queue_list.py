"""Everything that waits for a person, a line each: what kind it is, who asks, what, and since when.

Owns the lines. Never answers, and never shows more of a question than its first line.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ...services.models import JsonObject, as_list, as_object, as_text
from ...services.state.model import PromptState
from ...services.state.spans import span
from ...services.state.text import one_line
from ..ink import Line, fit
from ..virtual_list import VirtualList
from .approval import APPROVAL
from .login_words import CONSENT, FORM, LOGIN
from .permission_words import PERMISSION, title
from .sampling_words import blocks

KIND, SINCE = 12, 10
"""Cells of the columns that do not grow."""
_KINDS: dict[str, tuple[str, str]] = {
    "elicitation/create": ("? form", "warn"),
    "sampling/createMessage": ("✎ completion", "warn"),
    PERMISSION: ("! permission", "bad"),
    LOGIN: ("▲ login", "warn"),
    CONSENT: ("▲ scopes", "warn"),
    FORM: ("▲ login", "warn"),
    APPROVAL: ("▲ approval", "muted"),
}


class QueueList(VirtualList[PromptState]):
    """``show`` takes what waits; ``clock`` in wall seconds."""

    def __init__(self, *, clock: Callable[[], float], id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._clock = clock
        self._waits: tuple[PromptState, ...] = ()

    def show(self, waits: tuple[PromptState, ...]) -> bool:
        """The cursor stays with its question; False when that is gone, and the cursor stands on another one."""
        before = self.current
        self._waits = waits
        ids = [prompt.id for prompt in waits]
        stays = before is None or before.id in ids
        if before is not None and before.id in ids:
            self._cursor = ids.index(before.id)
        self.resized_items()
        self.reveal(self._cursor)
        return stays

    def length(self) -> int:
        return len(self._waits)

    def item_at(self, index: int) -> PromptState:
        return self._waits[index]

    def empty(self) -> Line:
        return (("Nothing waits for you.", "muted"),)

    def stamp(self, item: PromptState) -> Hashable:
        return self._since(item)

    def _since(self, prompt: PromptState) -> str:
        if not prompt.opened_at:
            return ""
        seconds = max(0, int(self._clock() - prompt.opened_at))
        return span(seconds if seconds < 60 else seconds // 60 * 60)

    def paint(self, item: PromptState, width: int, *, current: bool) -> Line:
        word, ink = kind_of(item)
        who = min(20, max(8, width // 5))
        since = SINCE if width >= 60 else 0
        room = max(8, width - KIND - who - since - 6)
        return (
            (fit(word, KIND), ink),
            ("  ", ""),
            (fit(one_line(item.server, 60), who), "strong" if current else ""),
            ("  ", ""),
            (fit(gist(item), room), ""),
            *((("  ", ""), (fit(self._since(item), since, right=True), "muted")) if since else ()),
        )


def kind_of(prompt: PromptState) -> tuple[str, str]:
    """Glyph with a word, and the ink for both."""
    if prompt.request.get("mode") == "url" and prompt.method == "elicitation/create":
        return "↗ address", "warn"
    return _KINDS.get(prompt.method, ("? question", "warn"))


def gist(prompt: PromptState) -> str:
    """What it is about, safe and on one line."""
    request = prompt.request
    match prompt.method:
        case "sampling/createMessage":
            return one_line(_last_said(request), 300) or "a completion"
        case method if method == PERMISSION:
            return title(request)
        case method if method == APPROVAL:
            facts = as_list(request.get("facts"))
            first = as_list(facts[0]) if facts else []
            return one_line(as_text(first[1]) or "" if len(first) > 1 else "", 300)
        case method if method in (LOGIN, CONSENT):
            return one_line(as_text(request.get("issuer")) or as_text(request.get("url")) or "", 300)
        case _:
            said = as_text(request.get("message")) or as_text(request.get("url")) or ""
            return one_line(said, 300) or "(it says nothing)"


def _last_said(request: JsonObject) -> str:
    for message in reversed(as_list(request.get("messages"))):
        for block in blocks(as_object(message).get("content")):
            if text := as_text(block.get("text")):
                return text[:600]
    return ""
