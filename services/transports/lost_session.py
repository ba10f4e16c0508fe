"""Whether a refused POST means that the server does not know the session any more (protocol section 12).

Owns that judgement and the error for it. The specification has 404 for it. Servers in use answer 400 as well:
the reference server "everything" says "No valid session ID provided", one SDK says "Server not initialized"
once it was restarted. Section 12 calls 400 a misuse, so it counts only in a session that worked before, and:

* words that say that the session's id is unknown, invalid or missing: the session is gone, and the message
  was refused before anything was done with it, so it may be sent again in the new session;
* other words about a session: it is gone, but nobody knows what became of the message;
* no such words: gone after two in a row, both to methods that were accepted before. Same as above.

The last two do not hold for an error that carries the request's own id: that is the answer to this request,
given by a server that knows its session well enough.
"""

from __future__ import annotations

import re

from ..errors import SessionExpired
from .base import Outgoing, RequestId

IN_A_ROW = 2
"""Refusals without a reason after which a session is given up."""

_SAYS_SO = re.compile(
    rb"(?:no|not a) valid[^\"\n]{0,20}session|(?:invalid|unknown|missing|expired|unrecogni[sz]ed|no such)"
    rb"[^\"\n]{0,20}session[ _-]?(?:id|not|header|$|[\"'.:,])|session[ _-]?(?:id)?[^\"\n]{0,30}"
    rb"(?:not found|not valid|unknown|invalid|missing|expired|required|does not exist|not exist|terminated)",
    re.IGNORECASE,
)
_NAMES_IT = re.compile(rb"session", re.IGNORECASE)


class LostSession:
    """One session's record. Tell it what was ``accepted``, ask ``judge`` about what was refused."""

    def __init__(self) -> None:
        self._worked = False
        self._fine: set[str | None] = set()
        self._refused = 0

    def accepted(self, message: Outgoing) -> None:
        """A POST that carried the session's id was answered with success."""
        self._worked = True
        self._refused = 0
        if message.kind == "request":
            self._fine.add(message.method)

    def judge(self, message: Outgoing, status: int, body: bytes) -> bool | None:
        """None: the session stands. Else it is gone; true: ``message`` was certainly not taken."""
        if status == 404:
            return True
        if status != 400 or not self._worked:
            return None
        if _SAYS_SO.search(body):
            return True
        if message.id is not None and _answers(message.id).search(body):
            return None
        if _NAMES_IT.search(body):
            return False
        if message.method in self._fine:
            self._refused += 1
        return False if self._refused >= IN_A_ROW else None


def expired(status: int | None = None, *, untaken: bool) -> SessionExpired:
    """The error, with the status by which it was found out; ``untaken``: see ``SessionExpired``."""
    error = SessionExpired(
        f"the session is gone: the server does not know its id any more{f' ({status})' if status else ''}",
        hint="A new session is being started; what was in flight is lost.",
        retryable=True,
    )
    error.untaken = untaken
    return error


def _answers(request_id: RequestId) -> re.Pattern[bytes]:
    """The request's own id as it stands in a JSON-RPC error."""
    written = str(request_id) if isinstance(request_id, int) else f'"{request_id}"'
    return re.compile(rb'"id"\s*:\s*' + re.escape(written.encode()) + rb"\s*[,}]")
