"""``DetailIntents`` that only remember what was asked for; a test tells the checks itself."""

from __future__ import annotations

from collections.abc import Iterable

from mcpdeck.app.detail_intents import Over, Told
from mcpdeck.services.doctor import report
from mcpdeck.services.models import Check
from mcpdeck.widgets.process_lines import NO_PROCESS, ProcessFacts


class KeptDetail:
    asked: list[tuple[object, ...]]
    told: Told | None = None
    over: Over | None = None
    process: ProcessFacts = NO_PROCESS

    def examine(self, server: str, told: Told, over: Over) -> None:
        self.asked.append(("examine", server))
        self.told, self.over = told, over

    def stop_examining(self, server: str) -> None:
        self.asked.append(("stop examining", server))
        if self.over is not None:
            self.over(True)

    def report(self, server: str, checks: Iterable[Check]) -> str:
        return report(server, checks)

    def process_of(self, server: str) -> ProcessFacts:
        return self.process
