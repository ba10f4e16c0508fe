"""What could not be carried over, collected while an entry goes from one shape to another.

Owns the list of remarks and the fields that nobody asked for. Never changes an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...models import Json, JsonObject


class Notes:
    """Remarks for a person, in order, each once. ``client`` is the client's name as it stands in a sentence."""

    def __init__(self, client: str) -> None:
        self.client = client
        self._said: dict[str, None] = {}

    def add(self, text: str) -> None:
        self._said[text] = None

    @property
    def said(self) -> tuple[str, ...]:
        return tuple(self._said)


class Foreign:
    """One entry of another client. What is taken out of it counts as understood; ``finish`` names the rest."""

    def __init__(self, raw: Mapping[str, Json], notes: Notes) -> None:
        self.raw = raw
        self.notes = notes
        self._taken: set[str] = set()

    def take(self, *names: str) -> Json:
        """The first of ``names`` that has a value; all of them count as understood."""
        self._taken.update(names)
        return next((self.raw[name] for name in names if self.raw.get(name) is not None), None)

    def copy(self, entry: JsonObject, *names: str) -> None:
        """Fields that mean the same in both shapes, whatever their value is: it is judged later."""
        for name in names:
            value = self.take(name)
            if value is not None:
                entry[name] = value

    def drop(self, reasons: Mapping[str, str]) -> None:
        """Fields with a known meaning that has no place here; said only where they would change something."""
        for name, reason in reasons.items():
            if not is_empty(self.take(name)):
                self.notes.add(f'"{name}" is not carried over: {reason}')

    def ignore(self, *names: str) -> None:
        """Fields that change nothing for a server: they are left out in silence."""
        self._taken.update(names)

    def finish(self) -> None:
        unknown = [name for name, value in self.raw.items() if name not in self._taken and not is_empty(value)]
        if unknown:
            self.notes.add(f"not carried over, unknown here: {in_quotes(unknown)}")


def is_empty(value: Json) -> bool:
    """Whether leaving ``value`` out changes nothing: null, false, or something with nothing in it."""
    return value is None or value is False or value in ("", [], {})


def in_quotes(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
