"""Places a person can go to by name: servers, what they offer, calls that are kept, and actions.

Owns what is looked through for a search, and that nothing is read twice which did not change. Never goes anywhere: a
place says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from ..services.state.matching import Finder, Hit, Texts
from ..services.state.model import McpState, ServerState
from ..widgets.item_kinds import KINDS, Item, ItemKind, items_of, key_of, texts_of
from ..widgets.item_kinds import title_of as item_title

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

SHOWN = 500
"""Places of one search that are shown; the others are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """``kind`` in a word (``server``, ``tool`` …), ``where`` the server it belongs to, ``about`` what is said of it.

    All may be a server's own text. ``keys`` are those that do the same.
    """

    kind: str
    title: str
    where: str
    about: str
    go: Callable[[], object]
    keys: str = ""


class Goes(Protocol):
    """Who goes to a place."""

    def go_to_server(self, server: str) -> None: ...
    def go_to_item(self, server: str, kind: ItemKind, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: ``words`` to look for, only of servers whose name has ``server`` in it, only of ``kind``."""

    words: str
    server: str = ""
    kind: str = ""

    @classmethod
    def read(cls, text: str) -> Asked:
        """``@name`` and ``#kind`` anywhere narrow; ``>`` at the beginning is short for ``#action``."""
        words: list[str] = []
        server = kind = ""
        text = text.lstrip()
        if text.startswith(">"):
            kind, text = "action", text[1:]
        for word in text.split():
            if word.startswith("@"):
                server = word[1:].casefold()
            elif word.startswith("#"):
                kind = word[1:].casefold()
            else:
                words.append(word)
        return cls(" ".join(words), server, kind)

    def wants(self, kind: str) -> bool:
        return not self.kind or kind.startswith(self.kind) or f"{kind}s" == self.kind


class _Part(Generic[T]):
    """Things of one kind and one place, and the way from one to its place."""

    def __init__(
        self, kind: str, where: str, things: Sequence[T], texts: Callable[[T], Texts], place: Callable[[T], Place]
    ) -> None:
        self.kind = kind
        self.where = where
        self.finder = Finder(things, texts)
        self.place_of = place

    def place(self, index: int) -> Place:
        return self.place_of(self.finder.things[index])


AnyPart: TypeAlias = "_Part[Place] | _Part[Item] | _Part[ServerState]"


class Directory:
    """Everything that can be gone to. ``know`` brings what there is; ``begin`` and ``go_on`` search it in slices."""

    def __init__(self, goes: Goes | None) -> None:
        self._goes = goes
        self._servers: tuple[ServerState, ...] = ()
        self._own: list[_Part[Place]] = []
        self._of_servers: dict[tuple[str, ItemKind], _Part[Item]] = {}
        self._names: _Part[ServerState] | None = None
        self._asked = Asked("")
        self._waiting: list[AnyPart] = []
        self._searched: list[AnyPart] = []

    def know(self, mcp: McpState) -> None:
        """The servers and what they offer; parts that did not change are kept as they are."""
        goes = self._goes
        if goes is None:
            return
        self._servers = mcp.listed()
        self._names = _Part("server", "", self._servers, _server_texts, partial(_server_place, goes))
        parts: dict[tuple[str, ItemKind], _Part[Item]] = {}
        for server in self._servers:
            for words in KINDS:
                items = items_of(server, words.kind)
                if not items:
                    continue
                part = self._of_servers.get((server.id, words.kind))
                if part is None or part.finder.things is not items:
                    place = partial(_item_place, goes, server.id, words.kind, words.one)
                    part = _Part(words.one, server.id, items, partial(_item_texts, server.id), place)
                parts[server.id, words.kind] = part
        self._of_servers = parts

    def add(self, places: Iterable[Place]) -> None:
        """Places that are no server's: actions, calls that are kept. In place of those added before."""
        by_kind: dict[str, list[Place]] = {}
        for place in places:
            by_kind.setdefault(place.kind, []).append(place)
        self._own = [_Part(kind, "", found, _place_texts, _itself) for kind, found in by_kind.items()]

    @property
    def size(self) -> int:
        return sum(len(part.finder.things) for part in self._parts())

    def _parts(self) -> Iterator[AnyPart]:
        if self._names is not None:
            yield self._names
        yield from self._of_servers.values()
        yield from self._own

    def begin(self, text: str) -> None:
        self._asked = asked = Asked.read(text)
        self._searched = [part for part in self._parts() if self._concerns(part, asked)]
        self._waiting = self._searched.copy() if asked.words else []
        for part in self._waiting:
            part.finder.begin(asked.words)

    @staticmethod
    def _concerns(part: AnyPart, asked: Asked) -> bool:
        """Parts of one server are judged as a whole; of the others each place is (``_is_of``)."""
        if not asked.wants(part.kind):
            return False
        return not part.where or asked.server in part.where.casefold()

    def go_on(self, most: int) -> bool:
        """Look at ``most`` things more, about; True once all were looked at."""
        while self._waiting and most > 0:
            finder = self._waiting[-1].finder
            most -= max(20, finder.go_on(most))  # a part of a few things costs a little too
            if finder.finished:
                self._waiting.pop()
        return not self._waiting

    def found(self) -> tuple[list[Place], int]:
        """The best places, and how many there are in all."""
        asked = self._asked
        if not asked.words:
            return self._all()
        ranked: list[tuple[Hit, int]] = []
        for number, part in enumerate(self._searched):
            ranked += [(hit, number) for hit in part.finder.hits if self._is_of(part, hit.index)]
        ranked.sort(key=lambda one: (one[0].weight, one[0].length, one[1], one[0].index))
        return [self._searched[number].place(hit.index) for hit, number in ranked[:SHOWN]], len(ranked)

    def _all(self) -> tuple[list[Place], int]:
        """Nothing is looked for by words: everything, in its own order."""
        places: list[Place] = []
        total = 0
        for part in self._searched:
            wanted = [index for index in range(len(part.finder.things)) if self._is_of(part, index)]
            total += len(wanted)
            places += [part.place(index) for index in wanted[: SHOWN - len(places)]]
        return places, total

    def _is_of(self, part: AnyPart, index: int) -> bool:
        """The place belongs to the server that was named, if one was."""
        server = self._asked.server
        if not server or part.where:
            return True
        place = part.place(index)
        return server in (place.title if place.kind == "server" else place.where).casefold()


def _server_texts(server: ServerState) -> Texts:
    info = server.info
    named = info.title or info.name if info is not None else ""
    return Texts(server.id, named, server.status.value, server.endpoint)


def _server_place(goes: Goes, server: ServerState) -> Place:
    about = f"{server.status.value} · {server.endpoint}"
    return Place("server", server.id, "", about, partial(goes.go_to_server, server.id))


def _item_texts(server: str, item: Item) -> Texts:
    texts = texts_of(item)
    return Texts(texts.name, texts.title, f"{server} {texts.where}", texts.about)


def _item_place(goes: Goes, server: str, kind: ItemKind, one: str, item: Item) -> Place:
    texts = texts_of(item)
    title = item_title(item)
    about = texts.about or (title if title != texts.name else texts.where)
    return Place(one, texts.name, server, about, partial(goes.go_to_item, server, kind, key_of(item)))


def _place_texts(place: Place) -> Texts:
    return Texts(place.title, "", place.where, place.about)


def _itself(place: Place) -> Place:
    return place
