"""What a person asks of saved calls, as tests pretend it: what is asked for is kept, collections are set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mcpdeck.app.copy_as import Copied
from mcpdeck.services.collections.memory import Recent
from mcpdeck.services.collections.model import Collection, SavedCall
from mcpdeck.services.collections.places import Undo
from mcpdeck.services.collections.running import Ran, Values
from mcpdeck.services.models import JsonObject, Offered
from mcpdeck.services.state.model import CallState

Asked = list[tuple[object, ...]]


class SavedDouble:
    """``Saved`` that only remembers what was asked for. ``outcomes`` by name: what a run tells."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.recent: tuple[Recent, ...] = ()
        self.off = False
        self.keeps = True
        self.there: tuple[Collection, ...] = ()
        self.last: dict[tuple[Offered, str, str], JsonObject] = {}
        self.secrets: list[str] = []
        self.outcomes: dict[str, Ran] = {}
        self.copied: tuple[Copied, ...] = ()
        self.undone: list[Undo] = []

    def begin(self, done: Callable[[], object] = lambda: None) -> None:
        done()

    def remembered(self, kind: Offered, server: str, name: str) -> JsonObject | None:
        return self.last.get((kind, server, name))

    def forget(self, done: Callable[[], object]) -> None:
        self.asked.append(("forget recent",))
        self.recent = ()
        done()

    def again(self, one: Recent) -> str:
        self.asked.append(("again", one.server, one.name, one.arguments))
        return "call-again"

    def collections(self, done: Callable[[tuple[Collection, ...]], object]) -> None:
        done(self.there)

    def named(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[JsonObject, list[str]]:
        return arguments, self.secrets

    def change(self, change: Any, done: Callable[[Undo], object]) -> None:
        self.asked.append(("change saved",))
        done(Undo(Path("mcpdeck.calls.json"), False, "a change", "", ""))

    def undo(self, undo: Undo, done: Callable[[], object]) -> None:
        self.undone.append(undo)
        done()

    def run(
        self,
        collection: Collection,
        calls: Sequence[SavedCall],
        values: Values,
        *,
        begins: Callable[[SavedCall], object],
        told: Callable[[Ran], object],
        done: Callable[[], object],
    ) -> Callable[[], object]:
        self.asked.append(("run saved", [call.name for call in calls], values.chosen))

        def give_up() -> None:
            self.asked.append(("stop saved",))
            done()

        for call in calls:
            begins(call)
            if call.name not in self.outcomes:  # it goes on for ever
                return give_up
            told(self.outcomes[call.name])
        done()
        return give_up

    def run_many(
        self, kind: Offered, server: str, name: str, arguments: JsonObject, plan: object, *, as_task: bool = False
    ) -> str:
        self.asked.append(("run many", server, name, arguments, plan))
        return "call-many"

    def run_again(self, call: CallState) -> str | None:
        self.asked.append(("run again", call.id))
        return "call-many"

    def copies(self, kind: Offered, server: str, name: str, arguments: JsonObject) -> tuple[Copied, ...]:
        self.asked.append(("copies", server, name, arguments))
        return self.copied


class KeptSaved:
    """Where a screen finds them."""

    asked: Asked

    @property
    def saved(self) -> SavedDouble:
        return self.__dict__.setdefault("_saved_calls", SavedDouble(self.asked))
