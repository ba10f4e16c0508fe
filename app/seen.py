"""Which entry a person looked at when they decided something about it.

Owns telling that entry from another one that took its name meanwhile. Never decides anything itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..services.errors import UsageError
from ..services.models import ServerEntry, Source

if TYPE_CHECKING:
    from ..services.state.model import ServerState


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as it was shown. Its line in the file is no part of it: what stands above may grow."""

    name: str
    digest: str
    source: Source
    file: str | None

    @classmethod
    def of(cls, row: ServerState) -> Seen:
        return cls(row.replica_of or row.id, row.digest, row.source, row.origin.file)

    def still(self, entry: ServerEntry | None) -> ServerEntry:
        """``entry``, which has the name now, if it is the one that was seen; else raises ``UsageError``."""
        if entry is None:
            raise UsageError(f'there is no server named "{self.name}" any more', hint="Nothing was done.")
        if self != Seen(self.name, entry.digest, entry.source, entry.origin.file):
            raise UsageError(f'"{self.name}" is another entry by now', hint="Look at it again; nothing was done.")
        return entry
