"""Which of several instances of one server takes the next operation.

Owns the choice: connected, its last ping answered, the least to do. Never connects, and never sends anything again:
who uses the chosen one does.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping

import anyio

from ..errors import ConnectionLost
from ..models import ServerEntry
from .supervisor import Supervisor


class Group:
    """The instances of one entry, the one that has its name first. Every method runs on the loop's thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._members: tuple[str, ...] = (name,)
        self._known: Mapping[str, Supervisor] = {}
        self._changed = anyio.Event()
        self._turns = itertools.count(1)
        self._last: dict[str, int] = {}

    def consist_of(self, members: Iterable[str], supervisors: Mapping[str, Supervisor]) -> None:
        """These from now on; whoever waits for one looks again."""
        self._members = tuple(members)
        self._known = supervisors
        for supervisor in self.supervisors():
            supervisor.told = self._tell
        self._tell()

    def supervisors(self) -> list[Supervisor]:
        return [self._known[name] for name in self._members if name in self._known]

    async def chosen(self) -> Supervisor:
        """The connected one with the least to do; of several such, the one that was not used for longest.

        Where none is connected yet, the first that will be. Raises why the first is not connected when none will be
        before somebody does something about it.
        """
        found = await self._chosen(())
        if found is not None:
            return found
        known = self.supervisors()
        if not known:
            raise ConnectionLost(f"{self.name} was removed from the configuration", server=self.name)
        error = known[0].error
        assert error is not None  # settled, and not connected
        raise error

    async def other(self, failed: Collection[str]) -> Supervisor | None:
        """The same among those that did not fail just now; None when there is no such."""
        return await self._chosen(failed)

    def take(self, supervisor: Supervisor) -> None:
        """It is used next: the others come first after that."""
        self._last[supervisor.entry.name] = next(self._turns)

    async def _chosen(self, but: Collection[str]) -> Supervisor | None:
        while True:
            known = [each for each in self.supervisors() if each.entry.name not in but]
            connected = [each for each in known if each.session is not None]
            if connected:
                well = [each for each in connected if each.healthy] or connected
                return min(well, key=lambda each: (each.outstanding, self._last.get(each.entry.name, 0)))
            if all(each.settled for each in known):
                return None
            await self._changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


def members_of(entries: Iterable[ServerEntry]) -> dict[str, list[str]]:
    """The names of all instances of each entry that has several, by its own name, which is the first of them."""
    members: dict[str, list[str]] = {}
    for entry in entries:
        if entry.replica_of is not None:
            members.setdefault(entry.replica_of, [entry.replica_of]).append(entry.name)
    return members
