"""Whom the doctor looks at: one entry, and what stands around it.

Owns the values an examination is given. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import McpDeckError
from ..models import ServerEntry
from ..transports.base import MAX_FRAME

if TYPE_CHECKING:
    from ..auth.entry_authorization import EntryAuthorization
    from ..session import Session


def _nobody() -> McpDeckError | None:
    return None


@dataclass(frozen=True, slots=True)
class Patient:
    """``entry`` is examined. ``refusal``: why nothing may be contacted for it now, asked before anything is.

    ``authorization``: who logs in to it; its token is used and nobody is logged in. ``live``: the session that stands.
    Seconds: ``connect`` for the whole conversation's beginning, ``probe`` and ``request`` as everywhere.
    """

    entry: ServerEntry
    refusal: Callable[[], McpDeckError | None] = _nobody
    authorization: EntryAuthorization | None = None
    live: Session | None = None
    connect: float = 30.0
    probe: float = 8.0
    request: float = 30.0
    max_frame: int = MAX_FRAME
