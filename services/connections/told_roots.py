"""Which roots a server is told (protocol section 35): its own of this run, those of its entry, or everyone's.

Owns the choice between them, and telling a session of another one. Never looks whether a folder exists: roots inform,
they do not give access.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from ..models import JsonObject, ServerEntry
from ..session import Offer, Session, Standing

Roots: TypeAlias = "tuple[JsonObject, ...]"
"""Objects with ``uri`` and perhaps ``name``."""


class ToldRoots:
    """What was chosen in this run; ``offered`` below are those of everyone that nobody chose others for."""

    def __init__(self) -> None:
        self._everyone: Roots | None = None
        self._own: dict[str, Roots] = {}

    def everyone(self, offered: Roots | None) -> Roots | None:
        """Told to each server that has none of its own; None: where an entry names none, none may ask."""
        return offered if self._everyone is None else self._everyone

    def own(self, name: str) -> Roots | None:
        """Those that were chosen for the server of that configured name; None: none were."""
        return self._own.get(name)

    def choose(self, name: str | None, roots: Roots | None) -> None:
        """For one server, by configured name, or (None) for all without their own; ``roots`` None: as configured."""
        if name is None:
            self._everyone = roots
        elif roots is None:
            self._own.pop(name, None)
        else:
            self._own[name] = roots

    def of(self, entry: ServerEntry, offered: Roots | None) -> Roots | None:
        """What a server is told; None: it may not ask."""
        own = self._own.get(entry.configured_as)
        if own is not None:
            return own
        return self.everyone(offered) if entry.roots is None else configured(entry)

    def offer(self, offer: Offer, entry: ServerEntry) -> Offer:
        """``offer`` with the roots of this server."""
        return replace(offer, roots=self.of(entry, offer.roots))


def configured(entry: ServerEntry) -> Roots:
    """Those that its entry names."""
    return tuple({"uri": uri} for uri in entry.roots or ())


async def tell(standing: Standing, session: Session | None, roots: Roots | None) -> bool:
    """Other roots from now on, also in later connections; whether there was a change, and a session to be told.

    Raises what keeps the session from being told.
    """
    if standing.offer.roots == roots:
        return False
    if session is None or session.offer.roots is None or roots is None:
        # What was not declared cannot be told, and what was cannot be taken back: the next connection begins so.
        standing.offer = replace(standing.offer, roots=roots)
        return False
    await session.set_roots(roots)
    return True
