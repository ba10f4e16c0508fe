"""A collection of saved calls, as values.

Owns their shape. Never reads, writes or runs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ..models import Json, JsonObject, Offered
from .asserts import Assertion


class Within(StrEnum):
    """Where a JSONPath looks: in the whole result as received, or in the JSON that its text is."""

    RESULT = "result"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Extract:
    """A value that later calls get by a name: the first that ``path`` finds."""

    path: str
    within: Within = Within.RESULT


@dataclass(frozen=True, slots=True, eq=False)
class SavedCall:
    """One call of ``server``: of a tool, a resource (``target`` is its URI) or a prompt.

    ``problem`` says why it cannot be run, with its line in the file. ``timeout`` in seconds. ``raw`` is it as written,
    with members that nobody here knows.
    """

    name: str
    server: str = ""
    kind: Offered = Offered.TOOL
    target: str = ""
    arguments: JsonObject = field(default_factory=dict[str, Json])
    variables: JsonObject = field(default_factory=dict[str, Json])
    asserts: tuple[Assertion, ...] = ()
    extract: Mapping[str, Extract] = field(default_factory=dict[str, Extract])
    as_task: bool = False
    validate: bool = True
    timeout: float | None = None
    line: int | None = None
    problem: str = ""
    raw: JsonObject = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """The calls of one file, in its order. ``private``: it stands in the data folder and is nobody else's.

    ``problem``: why nothing in it can be used; then there are no calls. ``sets`` are variables by the name of their
    set (``staging``, ``production``).
    """

    name: str
    path: Path
    private: bool
    calls: tuple[SavedCall, ...] = ()
    variables: JsonObject = field(default_factory=dict[str, Json])
    sets: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    problem: str = ""
    text: str = ""
    """The file as it was read."""

    def call(self, name: str) -> SavedCall | None:
        return next((call for call in self.calls if call.name == name), None)
