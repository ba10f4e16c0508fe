"""What a row of the interop matrix is made of: a server, a way to reach it, and how each feature is exercised.

Types only; ``rows.py`` has the data, ``checks.py`` the judgement. ``{port}`` stands for a free port.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tests.interop.install import HERE, missing

FEATURES = ("list", "call", "progress", "cancel", "elicit", "sample", "subscribe", "complete", "tasks")
TRANSPORTS = ("stdio", "http", "sse", "ws", "in-process")
HANDSHAKE, STATELESS = "2025-11-25", "2026-07-28"

Arguments: TypeAlias = Mapping[str, Any]
Said: TypeAlias = tuple[str, Arguments, str]
"""A tool, its arguments, and what its answer must contain."""


@dataclass(frozen=True)
class Told:
    """Cancel ``tool`` after its first progress; ``counter`` answers with how many calls were cancelled."""

    tool: str = "hang"
    counter: str = "cancellations"


@dataclass(frozen=True)
class Withheld:
    """The tool goes on to its ``last`` progress, but an SDK that took the cancellation does not send its answer."""

    tool: str
    arguments: Arguments
    last: int


@dataclass(frozen=True)
class Stops:
    """The tool reports progress no more; the same tool with the arguments ``after`` shows that time went by."""

    tool: str
    arguments: Arguments
    after: Arguments


@dataclass(frozen=True)
class Recipe:
    """How each feature is exercised. None: not offered."""

    call: Said
    progress: tuple[str, Arguments] | None = None
    cancel: Told | Withheld | Stops | None = None
    elicit: Said | None = None
    sample: Said | None = None
    subscribe: tuple[str, str] | None = None
    """The URI, and the tool that changes it."""
    complete: tuple[Arguments, str, str, tuple[str, ...]] | None = None
    """The reference, the argument's name, what was typed, and the values."""
    tasks: Said | None = None
    form: Arguments = field(default_factory=lambda: {"name": "Zoe", "age": 5})
    """What is answered to every form."""


@dataclass(frozen=True)
class Way:
    """A way to reach a server: a child's command line, a listening process and its URL, or an object."""

    transport: Literal["stdio", "http", "sse", "ws", "in-process"]
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[str, ...] = (HANDSHAKE,)


@dataclass(frozen=True)
class Peer:
    """A server of the matrix.

    ``absent``: why a feature is not offered, by ``feature``, ``feature@transport`` or ``feature@revision``.
    """

    name: str
    package: str
    group: str | None
    ways: tuple[Way, ...]
    recipe: Recipe
    absent: Mapping[str, str]
    notes: tuple[str, ...] = ()
    conditional: frozenset[str] = frozenset()
    """Tools that are there only for clients that declare tasks; the official client that is compared does not."""

    @property
    def version(self) -> str:
        return pinned(self.package, self.group)

    @property
    def missing(self) -> str | None:
        """Why it cannot be started on this machine."""
        return None if self.group is None else missing(self.group)


@dataclass(frozen=True)
class Row:
    """One line of the matrix."""

    peer: Peer
    way: Way
    revision: str

    @property
    def id(self) -> str:
        return f"{self.peer.name}, {self.way.transport}, {self.revision}"

    def absent(self, feature: str) -> str | None:
        """Why this feature is not offered here."""
        for key in (feature, f"{feature}@{self.way.transport}", f"{feature}@{self.revision}"):
            if key in self.peer.absent:
                return self.peer.absent[key]
        return None


def pinned(package: str, group: str | None) -> str:
    """The version the lock files name."""
    if group == "node":
        packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
        return packages[f"node_modules/{package}"]["version"]
    file = HERE / f"requirements-{group}.txt" if group else HERE.parent.parent / "requirements-dev.txt"
    found = re.search(rf"^{re.escape(package)}==(\S+)", file.read_text(), re.MULTILINE)
    assert found is not None, package
    return found[1]
