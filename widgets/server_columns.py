"""The columns of the server list: what each says of a server, how wide it is, and which ones fit.

Owns the table of columns and the choice for a width. The choice depends on the width and on the longest names alone,
never on the numbers: nothing jumps while they change. Draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import TypeAlias

from ..services.models.calls import tokens_of
from ..services.models.costs import capped
from ..services.state.model import ServerState
from ..services.state.text import one_line
from .ink import Span
from .sparkline import sparkline
from .status_marks import milliseconds, of_whole_file, transport_word

STATUS_WIDTH = 10
NAME_LEAST, NAME_EASY, NAME_MOST = 8, 14, 32
"""A name is cut below ``NAME_EASY`` before the last of the other columns goes."""
ERA = 6
ERA_AND_VERSION = 17
"""``legacy 2025-11-25``, where there is room."""
SPARK, SPARK_WIDE = 8, 24
MARGINS = 2 + 1 + STATUS_WIDTH + 1
"""Glyph and blank, blank before the status, the status, right margin."""
FIRST = 4
"""So many of ``RANKS`` are worth cutting names for."""
SPARE = 4
"""Cells that a name gets beyond the longest one; what is left stays at the end of the row."""
SOON = 600.0
"""Seconds before the end of a token from which on it is told in another ink."""


class Facts:
    """What cells need beside the server: the time, and what takes a while to add up and is kept."""

    __slots__ = ("_costs", "now")

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._costs: dict[str, tuple[object, object, int]] = {}

    def tokens(self, server: ServerState) -> int | None:
        """What its definitions cost a model, estimated; None: not known yet."""
        tools, said = server.tools, server.instructions
        if tools is None:
            return None
        known = self._costs.get(server.id)
        if known is None or known[0] is not tools or known[1] is not said:
            total = sum(tool.tokens for tool in tools) + tokens_of(len(capped(said or "")))
            known = self._costs[server.id] = (tools, said, total)
        return known[2]

    def keep(self, servers: Iterable[str]) -> None:
        """Forget what is known of all others."""
        self._costs = {name: self._costs[name] for name in servers if name in self._costs}


Cell: TypeAlias = Callable[[ServerState, Facts, int], Span]
"""Text (cut or padded by whoever draws) and ink, for a width."""


@dataclass(frozen=True, slots=True)
class Column:
    """``width`` 0: as wide as the longest text there. ``ticks``: what it says changes with the time alone."""

    id: str
    title: str
    width: int
    cell: Cell
    right: bool = False
    ticks: bool = False


def latency_of(server: ServerState) -> float | None:
    """The median of the last pings and calls, in milliseconds."""
    return median(server.latencies) if server.latencies else server.latency_ms


def expires_in(server: ServerState, now: float) -> float | None:
    """Seconds until its token ends; None: it has none, or one without an end."""
    token = server.auth.token if server.auth is not None else None
    return None if token is None or token.expires_at is None else token.expires_at - now


def brief(seconds: float) -> str:
    """A length of time in at most six cells: ``<1 min``, ``12 min``, ``3 h 05``, ``4 d``."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "<1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02}" if hours < 10 else f"{hours} h"
    return f"{hours // 24} d"


def thousands(count: int) -> str:
    """A count in at most five cells: ``940``, ``12.4k``, ``1.3M``."""
    if count < 1_000:
        return str(count)
    if count < 999_500:
        return f"{count / 1_000:.1f}k" if count < 99_950 else f"{count / 1_000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


def _via(server: ServerState, facts: Facts, width: int) -> Span:
    return "" if of_whole_file(server) else transport_word(server.transport), "muted"


def _source(server: ServerState, facts: Facts, width: int) -> Span:
    return server.source.value, "muted"


def _era(server: ServerState, facts: Facts, width: int) -> Span:
    era = server.era.value if server.era else ""
    return f"{era} {one_line(server.version or '')}" if width > ERA else era, "muted"


def _tools(server: ServerState, facts: Facts, width: int) -> Span:
    return "…" if server.tools is None else thousands(len(server.tools)), ""


def _resources(server: ServerState, facts: Facts, width: int) -> Span:
    if server.resources is None and server.templates is None:
        return "", "muted"
    return thousands(len(server.resources or ()) + len(server.templates or ())), ""


def _prompts(server: ServerState, facts: Facts, width: int) -> Span:
    return "" if server.prompts is None else thousands(len(server.prompts)), ""


def _latency(server: ServerState, facts: Facts, width: int) -> Span:
    latency = latency_of(server)
    return "" if latency is None else milliseconds(latency), "muted"


def _spark(server: ServerState, facts: Facts, width: int) -> Span:
    return sparkline(server.latencies, width), "muted"


def _errors(server: ServerState, facts: Facts, width: int) -> Span:
    count = server.stats.errors if server.stats is not None else 0
    return thousands(count), "bad" if count else "muted"


def _tokens(server: ServerState, facts: Facts, width: int) -> Span:
    tokens = facts.tokens(server)
    return "" if tokens is None else thousands(tokens), "muted"


def _login(server: ServerState, facts: Facts, width: int) -> Span:
    left = expires_in(server, facts.now)
    if left is None:
        return "", "muted"
    return ("over", "warn") if left <= 0 else (brief(left), "warn" if left < SOON else "muted")


def _uptime(server: ServerState, facts: Facts, width: int) -> Span:
    since = server.connected_at
    return "" if since is None else brief(max(0.0, facts.now - since)), "muted"


BEFORE_STATUS: tuple[Column, ...] = (Column("via", "via", 0, _via), Column("source", "source", 10, _source))
AFTER_STATUS: tuple[Column, ...] = (
    Column("era", "era", ERA, _era),
    Column("tools", "tools", 5, _tools, right=True),
    Column("resources", "res", 5, _resources, right=True),
    Column("prompts", "prompts", 7, _prompts, right=True),
    Column("latency", "p50", 6, _latency, right=True),
    Column("spark", "latency", SPARK, _spark),
    Column("errors", "errors", 6, _errors, right=True),
    Column("tokens", "tokens", 6, _tokens, right=True),
    Column("uptime", "up", 6, _uptime, right=True, ticks=True),
    Column("login", "login", 6, _login, right=True, ticks=True),
)
"""As they stand from left to right, around the status."""

RANKS: tuple[tuple[str, int], ...] = (
    ("tools", 0),
    ("via", 0),
    ("era", 0),
    ("latency", 0),
    ("spark", 0),
    ("errors", 0),
    ("resources", 0),
    ("uptime", 0),
    ("source", 0),
    ("tokens", 0),
    ("era", ERA_AND_VERSION),
    ("prompts", 0),
    ("login", 0),
    ("spark", SPARK_WIDE),
)
"""The most wanted first, with the width it grows to."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands in a row of ``row`` cells: the cells of the name, and each column with its cells."""

    row: int
    name: int
    before: tuple[tuple[Column, int], ...]
    after: tuple[tuple[Column, int], ...]

    @property
    def wide(self) -> int:
        """Cells from the status column to the end of the row: where a sentence may stand."""
        return self.row - MARGINS - self.name - sum(width + 1 for _, width in self.before) + STATUS_WIDTH

    @property
    def ticking(self) -> tuple[tuple[Column, int], ...]:
        return tuple((column, width) for column, width in self.after if column.ticks)

    def width(self, name: str) -> int:
        """Cells of a column; 0 where it is left out."""
        return next((width for column, width in (*self.before, *self.after) if column.id == name), 0)


@lru_cache(maxsize=64)
def columns_for(width: int, names: int, transport: int) -> Columns:
    """Columns of a row of ``width`` cells; ``names`` and ``transport`` are the longest texts there.

    The first columns may cut names down to ``NAME_EASY`` cells; the others come once names are whole.
    """
    whole = max(NAME_LEAST, min(names, NAME_MOST))
    usual = {column.id: column.width or transport for column in (*BEFORE_STATUS, *AFTER_STATUS)}
    chosen: dict[str, int] = {}
    room = width - MARGINS
    for index, (name, grown) in enumerate(RANKS):
        wanted = grown or usual[name]
        takes = wanted - chosen[name] if name in chosen else wanted + 1
        least = min(whole, NAME_EASY) if index < FIRST else whole
        if not wanted:
            continue
        if room - takes < least:
            break  # what is less wanted must not stand where there was no room for what is more
        chosen[name] = wanted
        room -= takes
    return Columns(
        width, max(4, min(room, whole + SPARE)), _placed(chosen, BEFORE_STATUS), _placed(chosen, AFTER_STATUS)
    )


def _placed(chosen: dict[str, int], columns: tuple[Column, ...]) -> tuple[tuple[Column, int], ...]:
    return tuple((column, chosen[column.id]) for column in columns if column.id in chosen)
