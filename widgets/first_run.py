"""The first page of somebody who has no server yet: what other programs have, and the other ways to begin.

Owns the lines of the page. Posts ``FirstRun.Chosen`` with what was chosen; finds and takes over nothing itself.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ..services.state.text import one_line
from .ink import Line, fit
from .virtual_list import VirtualList

TITLE, COUNT = 24, 12


@dataclass(frozen=True, slots=True)
class Offer:
    """A line of the page. ``program``: id of another program, else empty; ``action``: id of an action.

    ``about`` is told below the list while the cursor stands on it. All texts may come from files of others.
    """

    title: str
    note: str = ""
    count: int = 0
    program: str = ""
    action: str = ""
    key: str = ""
    about: tuple[str, ...] = ()
    wrong: bool = False


class OfferRows(VirtualList[Offer]):
    """One line an offer."""

    def __init__(self) -> None:
        super().__init__(id="offers")
        self._offers: tuple[Offer, ...] = ()

    def present(self, offers: tuple[Offer, ...]) -> None:
        keep = self.current
        self._offers = offers
        self.resized_items()
        index = next((i for i, one in enumerate(offers) if keep is not None and _same(one, keep)), 0)
        # Nobody moved yet: the cursor stands on the first there is.
        self.move_cursor(index if self.cursor else 0, quiet=True)

    def length(self) -> int:
        return len(self._offers)

    def item_at(self, index: int) -> Offer:
        return self._offers[index]

    def stamp(self, item: Offer) -> Hashable:
        return None

    def paint(self, item: Offer, width: int, *, current: bool) -> Line:
        ink = "strong" if current else ""
        lead = ("◆ ", "accent") if item.program and not item.wrong else ("▲ ", "warn") if item.wrong else ("  ", "")
        line = [lead, (fit(one_line(item.title), TITLE), ink)]
        if item.program:
            count = f"{item.count} server{'' if item.count == 1 else 's'}" if item.count else "unreadable"
            line.append((fit(count, COUNT), "good" if item.count else "warn"))
        else:
            line.append((fit(item.key, COUNT), "accent"))
        line.append((fit(one_line(item.note), max(0, width - TITLE - COUNT - 3)), "muted"))
        return line


def _same(one: Offer, other: Offer) -> bool:
    return (one.program, one.action) == (other.program, other.action)


class FirstRun(Vertical):
    """``present`` says what was found; until then the page says that it looks."""

    DEFAULT_CSS = """
    FirstRun {
        height: 1fr; padding: 1 3 0 3; background: $background;
        border: round $border; border-title-color: $primary; border-title-style: bold;
    }
    FirstRun .lead { text-style: bold; margin-bottom: 0; }
    FirstRun .said { color: $text-muted; margin-bottom: 1; }
    FirstRun OfferRows { height: auto; max-height: 60%; }
    FirstRun .about { color: $text-muted; margin-top: 1; height: 1fr; }
    """

    class Chosen(Message):
        """A line of the page was chosen."""

        def __init__(self, offer: Offer) -> None:
            super().__init__()
            self.offer = offer

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows = OfferRows()
        self._said = Static(classes="said")
        self._about = Static(classes="about")

    def compose(self) -> ComposeResult:
        self.border_title = "Welcome"
        yield Static("No server is configured yet.", classes="lead")
        yield self._said
        yield self.rows
        yield self._about

    def present(self, said: str, offers: tuple[Offer, ...]) -> None:
        self._said.update(Content(one_line(said, 400)))
        self.rows.present(offers)
        self._tell()

    @on(VirtualList.Highlighted)
    def _highlighted(self, event: VirtualList.Highlighted) -> None:
        event.stop()
        self._tell()

    def _tell(self) -> None:
        current = self.rows.current
        self._about.update(Content("\n".join(one_line(line, 600) for line in current.about) if current else ""))

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        if self.rows.current is not None:
            self.post_message(self.Chosen(self.rows.current))
