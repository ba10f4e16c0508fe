"""What a person does to the roots that a manager's servers are told.

Owns that a change reaches every session it concerns, and that one server which cannot be told keeps nobody else from
it. Which roots those are is told by ``ToldRoots``.
"""

from __future__ import annotations

from ..errors import McpDeckError
from .approach import Surroundings
from .supervisor import Supervisor
from .told_roots import Roots, tell


class ManagedRoots:
    """Base of the connection manager, which has the supervisors."""

    _supervisors: dict[str, Supervisor]
    _around: Surroundings

    def own_roots(self, name: str) -> Roots | None:
        """The roots that were chosen in this run for a server, by configured name; None: none were."""
        return self._around.roots.own(name)

    @property
    def everyones_roots(self) -> Roots | None:
        """Told to each server that has none of its own; None: where an entry names none, none may ask."""
        return self._around.roots.everyone(self._around.offer.roots)

    def choose_roots(self, name: str | None, roots: Roots | None) -> None:
        """Those of one configured server or (None) of all without their own; None: as configured."""
        self._around.roots.choose(name, roots)

    async def tell_roots(self) -> tuple[str, ...]:
        """Tell every server whose roots are others now; the names of those that were connected and could be told.

        Raises the first reason why one could not be told, once all others were.
        """
        chosen, offered = self._around.roots, self._around.offer.roots
        told: list[str] = []
        failed: list[McpDeckError] = []
        for supervisor in list(self._supervisors.values()):
            try:
                if await tell(supervisor.standing, supervisor.session, chosen.of(supervisor.entry, offered)):
                    told.append(supervisor.entry.name)
            except McpDeckError as error:
                error.server = error.server or supervisor.entry.name
                failed.append(error)
        if failed:
            raise failed[0]
        return tuple(told)
