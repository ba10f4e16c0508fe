"""``LogIntents`` that only remember what was asked for."""

from __future__ import annotations

from collections.abc import Iterable


class KeptLogs:
    asked: list[tuple[object, ...]]

    def save_log(self, name: str, lines: Iterable[str]) -> None:
        self.asked.append(("save log", name, tuple(lines)))
