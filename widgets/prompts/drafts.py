"""What was typed for questions that are not shown just now.

Owns how many of them are kept. Never looks into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ..form_values import Entry

KEPT = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """``entries`` of the form by field; ``more`` is what else a kind of question has, text by name."""

    entries: Mapping[str, Entry]
    more: Mapping[str, str] = field(default_factory=dict[str, str])


class Drafts:
    """By id of the question."""

    def __init__(self) -> None:
        self._drafts: dict[str, Draft] = {}

    def put(self, prompt: str | None, draft: Draft) -> None:
        if prompt is not None:
            self._drafts[prompt] = draft
            while len(self._drafts) > KEPT:
                del self._drafts[next(iter(self._drafts))]

    def take(self, prompt: str) -> Draft | None:
        return self._drafts.pop(prompt, None)

    def keep_only(self, prompts: AbstractSet[str]) -> None:
        for gone in self._drafts.keys() - prompts:
            del self._drafts[gone]
