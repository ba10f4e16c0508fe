"""One request of ``mcpdeck batch``: its members, read as what they have to be.

Owns the words for one that is missing or of another type. Knows no operation.
"""

from __future__ import annotations

from typing import cast

from ..services.errors import UsageError
from ..services.models import JsonObject, as_list
from ..services.protocol.dispatcher import Limit

_MISSING = object()


class BatchRequest:
    """The members of one request. Raises ``UsageError`` for one that is missing or of another type."""

    def __init__(self, members: JsonObject) -> None:
        self._members = members
        self.bounded = False
        """Its time is already limited as a whole."""

    @property
    def limit(self) -> Limit:
        """For what the session does, where nothing else limits it."""
        return None if self.bounded else "own"

    def has(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def object(self, name: str, *, default: JsonObject | None = None) -> JsonObject:
        value = self._get(name, _MISSING if default is None else default)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return cast("JsonObject", value)

    def texts(self, name: str) -> dict[str, str]:
        value = self.object(name, default={})
        texts = {key: item for key, item in value.items() if isinstance(item, str)}
        if len(texts) != len(value):
            raise self._wrong(name, "an object of texts")  # section 32
        return texts

    def flag(self, name: str) -> bool:
        value = self._get(name, default=False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def seconds(self, name: str) -> float | None:
        value = self._get(name, default=None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
            raise self._wrong(name, "a number of seconds")
        return value

    def cursor(self) -> str | None:
        """Where the page begins that is asked for; None: the first."""
        return None if self._get("cursor") is None else self.text("cursor")

    def kind(self) -> str | None:
        return None if self._get("kind", default=None) is None else self.text("kind")

    def roots(self) -> tuple[JsonObject, ...]:
        roots: list[JsonObject] = []
        for item in as_list(self._get("roots")):
            if not isinstance(item, (str, dict)):
                raise self._wrong("roots", "a list of file:// URIs")
            roots.append({"uri": item} if isinstance(item, str) else item)
        return tuple(roots)

    def _get(self, name: str, default: object = _MISSING) -> object:
        value = self._members.get(name, default)
        if value is _MISSING:
            raise UsageError(f'{self._members["op"]} needs "{name}"', hint="mcpdeck batch --help shows the operations")
        return value

    def _wrong(self, name: str, what: str) -> UsageError:
        return UsageError(f'"{name}" must be {what}', hint="mcpdeck batch --help shows the operations")
