"""How much of a result a model would receive, and where it is cut.

Owns the estimate of tokens, the limits and the cut with its sentence. Never writes a file and never changes what
was received.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..models import JsonObject, Measured, Tool, as_object, tokens_of
from ..models.calls import CHARACTERS_A_TOKEN
from ..models.json_pieces import pieces
from .content import SAID, Given, block_of, characters, for_model, given_of, shaped, text_block

__all__ = ["Sizing", "characters", "for_model", "is_shortened", "light_size", "measure"]

WARN_TOKENS = 10_000
"""Estimated tokens above which a result is large (config contract, section 5)."""
RAISED_MOST = 500_000
"""Characters that ``anthropic/maxResultSizeChars`` may ask for at the most."""
RAISED_BY = "anthropic/maxResultSizeChars"
PICTURES_GIVEN = 8 * 1024 * 1024
"""Characters of base64 that all pictures together may have in what is given of a result that is cut."""
_LOOK_BACK = 2_000
"""Characters at the end of what fits in which the end of a line is looked for."""
_AT_ONCE = 20_000
"""Values that are looked at on the loop's thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Sizing:
    """How large a result is. ``size`` in bytes as JSON (about), ``tokens`` estimated, ``room`` in characters.

    ``structured_cost``: see ``given_of``.
    """

    size: int
    tokens: int
    room: int
    warn: int
    structured_cost: int
    result: JsonObject = field(repr=False)

    @property
    def over(self) -> bool:
        """A model gets less than all of it."""
        return self.tokens > tokens_of(self.room)

    def measured(self, saved_to: str | None = None, trouble: str = "", *, stands_in: bool = False) -> Measured:
        """As a value for the state; ``saved_to`` names the file with the whole, ``trouble`` why there is none.

        ``stands_in``: the result is too large to be kept, so that what is given takes its place, cut or not.
        """
        return Measured(
            self.size,
            self.tokens,
            tokens_of(self.room),
            large=self.tokens > self.warn,
            truncated=self.over,
            saved_to=saved_to,
            given=_cut(self, saved_to, trouble) if self.over or stands_in else None,
        )


def measure(
    result: JsonObject,
    tool: Tool | None = None,
    *,
    limit_tokens: int,
    warn_tokens: int = WARN_TOKENS,
    size: int | None = None,
) -> Sizing:
    """How large ``result`` is for a model, against ``limit_tokens`` or what ``tool`` asks for itself.

    Text counts by its length, a picture by its pixels, a link by its line; a sound and what is unknown not at all.
    ``size``: what ``light_size`` said.
    """
    total, structured_cost = 0, SAID
    for given in given_of(result):
        total += given.cost
        if given.structured is not None:
            structured_cost = given.cost
    return Sizing(
        characters(result)[0] if size is None else size,
        tokens_of(total),
        max(limit_tokens * CHARACTERS_A_TOKEN, _raised(tool)),
        warn_tokens,
        structured_cost,
        result,
    )


def light_size(result: JsonObject) -> int | None:
    """Its size where measuring it takes a moment only; None: that is done in a thread."""
    size, counted = characters(result, _AT_ONCE)
    return size if counted and size <= RAISED_MOST else None


def _raised(tool: Tool | None) -> int:
    """Characters that the tool itself allows its results; nothing where it says nothing usable."""
    if tool is None:
        return 0
    asked = as_object(tool.raw.get("_meta")).get(RAISED_BY)
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not asked > 0:
        return 0
    return int(min(asked, RAISED_MOST))


def _cut(sizing: Sizing, saved_to: str | None, trouble: str) -> JsonObject:
    room, bytes_left = sizing.room, PICTURES_GIVEN
    kept: list[tuple[Given, JsonObject]] = []
    missing, pictures = 0, 0
    for given in given_of(sizing.result, sizing.structured_cost):
        if given.picture is not None:
            size = len(given.part.data) if given.part is not None else 0
            if given.cost > room or size > bytes_left:
                pictures += 1
                continue
            bytes_left -= size
        elif given.cost > room:
            text = _start(given, room)
            missing += given.cost - len(text)
            room = 0
            if text:
                kept.append((given, text_block(text)))
            continue
        kept.append((given, block_of(given)))
        room -= given.cost
    sentence = _sentence(sizing, missing, pictures)
    where = f"The whole result is in {saved_to}" if saved_to else f"The whole result could not be saved{trouble}"
    return shaped(sizing.result, [*kept, (Given(0), text_block(f"[{sentence}{where}]"))])


def _sentence(sizing: Sizing, missing: int, pictures: int) -> str:
    lost: list[str] = []
    if missing:
        lost.append(f"{missing:,} character{'s' if missing > 1 else ''}")
    if pictures:
        lost.append(f"{pictures} picture{'s' if pictures > 1 else ''}")
    if not lost:
        return f"This stands for {sizing.size:,} bytes. "
    given = f"Cut: about {sizing.tokens:,} tokens, of which {tokens_of(sizing.room):,} fit"
    return f"{given}; {' and '.join(lost)} {'is' if missing + pictures == 1 else 'are'} missing here. "


def _start(given: Given, room: int) -> str:
    """The beginning of a text that does not fit: whole lines where one ends near the cut."""
    if room <= 0:
        return ""
    if given.structured is None:
        text = (given.text or "")[: room + 1]
    else:
        text = ""
        for piece in pieces(given.structured[0]):
            text += piece
            if len(text) > room:
                break
    end = text.rfind("\n", max(0, room - _LOOK_BACK), room)
    if end > 0:
        return text[: end + 1]
    if "\ud800" <= text[room - 1 : room] <= "\udbff" and "\udc00" <= text[room : room + 1] <= "\udfff":
        room -= 1  # the halves of one character stay together
    return text[:room]


def is_shortened(result: JsonObject, measured: Measured | None) -> bool:
    """``result`` is what stands for one that was too large to be kept."""
    return measured is not None and measured.given is not None and result is measured.given
