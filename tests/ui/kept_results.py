"""What a person asks about results, as tests pretend it: what is asked for is kept, raw messages are set."""

from __future__ import annotations

from mcpdeck.services.state.model import CallState
from mcpdeck.widgets.raw_words import RawMessages


class KeptResults:
    """``ResultIntents``; ``raws`` by id of a call."""

    asked: list[tuple[object, ...]]

    @property
    def raws(self) -> dict[str, RawMessages]:
        return self.__dict__.setdefault("_raws", {})

    def raw(self, call: CallState) -> RawMessages:
        return self.raws.get(call.id, RawMessages(why="the messages of this call are no longer kept"))

    def save_part(self, call: CallState, part: int) -> None:
        self.asked.append(("save part", call.id, part))

    def play(self, call: CallState, part: int) -> None:
        self.asked.append(("play", call.id, part))
