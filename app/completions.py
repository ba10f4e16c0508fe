"""What a server offers for an argument while it is typed: asked for when typing rests, and only the last is told.

Owns the delay, what was asked before, and that a server which cannot do it is not asked again. Failures are counted and
told nowhere: nobody asked for anything yet.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import anyio

from ..services.errors import McpDeckError, RPCError
from ..services.models import JsonObject, as_list, as_object, as_text

if TYPE_CHECKING:
    from ..services.session import Session

RESTS = 0.12
"""Seconds without another letter until the server is asked."""
PATIENCE = 5.0
"""Seconds for an answer: a later one would be about what is not typed any more."""
MOST = 100
"""Values that are offered; more are not allowed (protocol section 25)."""
KEPT = 64
METHOD_NOT_FOUND = -32601


@dataclass(frozen=True, slots=True)
class Completions:
    """``total`` is how many there are, where the server tells; ``more``: there are others than ``values``."""

    values: tuple[str, ...]
    total: int | None = None
    more: bool = False


NONE = Completions(())
Told: TypeAlias = Callable[[Completions], None]
_Key: TypeAlias = tuple[object, ...]


class Completing:
    """Asks one server at a time for one argument; ``start`` runs something beside everything else."""

    def __init__(
        self,
        start: Callable[[Callable[[], Awaitable[None]]], None],
        session: Callable[[str], Session | None],
    ) -> None:
        self._start = start
        self._session = session
        self._latest: dict[tuple[str, str], anyio.CancelScope] = {}
        self._known: OrderedDict[_Key, Completions] = OrderedDict()
        self._unable: set[tuple[str, int]] = set()
        self.failures = 0

    def ask(
        self, server: str, ref: JsonObject, argument: str, prefix: str, context: Mapping[str, str], told: Told
    ) -> None:
        """Tell what fits ``prefix``, soon; what was asked before for the same argument is given up."""
        before = self._latest.pop((server, argument), None)
        if before is not None:
            before.cancel()
        session = self._session(server)
        if session is None or (server, session.generation) in self._unable:
            return
        others = tuple(sorted((name, value) for name, value in context.items() if name != argument))
        key = (server, session.generation, ref.get("type"), ref.get("name") or ref.get("uri"), argument, prefix, others)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            told(known)
            return
        scope = self._latest[server, argument] = anyio.CancelScope()

        async def run() -> None:
            with scope:
                await anyio.sleep(RESTS)
                found = await self._asked(session, ref, argument, prefix, dict(others))
                if found is not None:
                    self._keep(key, found)
                    told(found)
            if self._latest.get((server, argument)) is scope:
                del self._latest[server, argument]

        self._start(run)

    async def _asked(
        self, session: Session, ref: JsonObject, argument: str, prefix: str, context: dict[str, str]
    ) -> Completions | None:
        try:
            with anyio.fail_after(PATIENCE):
                result = await session.complete(ref, {"name": argument, "value": prefix}, context)
        except TimeoutError:
            self.failures += 1
        except McpDeckError as error:
            self.failures += 1
            if isinstance(error, RPCError) and error.code == METHOD_NOT_FOUND:
                self._unable.add((session.server, session.generation))
        else:
            return read(result)
        return None

    def _keep(self, key: _Key, found: Completions) -> None:
        self._known[key] = found
        if len(self._known) > KEPT:
            self._known.popitem(last=False)


def read(result: JsonObject) -> Completions:
    """The values of a ``completion/complete`` result, texts only, each once."""
    given = as_object(result.get("completion"))
    texts = [text for text in map(as_text, as_list(given.get("values"))[:MOST]) if text is not None]
    total = given.get("total")
    count = (
        int(total) if isinstance(total, (int, float)) and not isinstance(total, bool) and 0 <= total < 1e15 else None
    )
    return Completions(tuple(dict.fromkeys(texts)), count, given.get("hasMore") is True)
