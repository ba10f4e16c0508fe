"""What a transport knows of authorization: headers for a request, and what to do about a refusal.

Owns the contract between transports and logins. Imports nothing that costs time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Trial:
    """What was done so far about the refusals of one request. The transport makes one for each request."""

    nonces: int = 0
    renewals: int = 0
    logins: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered 401 or 403. ``challenges``: the ``WWW-Authenticate`` values, verbatim.

    ``sent``: the headers that ``Authorizer.headers`` gave for it. ``nonce``: the answer's ``DPoP-Nonce``.
    ``operation``: the request in words (``tools/call paint``), empty where it carried no message.
    """

    status: int
    challenges: tuple[str, ...]
    method: str
    url: str
    sent: Mapping[str, str] = field(repr=False)
    nonce: str | None = None
    operation: str = ""
    trial: Trial = field(default_factory=Trial)


class Authorizer(Protocol):
    """The authorization of one server. ``headers`` is asked for each request and each retry."""

    async def headers(self, method: str, url: str, *, renew: bool = True) -> Mapping[str, str]:
        """``Authorization``, and ``DPoP`` for a bound token; empty where there is no token.

        A token that has expired is refreshed first, and one that is about to beside the request; ``renew`` False (a
        notification): neither, for nobody waits for that. A failed refresh is no error here: the server will say.
        """
        ...

    async def refused(self, refusal: Refusal) -> bool:
        """Whether to send the request again, with ``headers`` asked anew; bounded by the implementation.

        Raises ``AuthError`` where that makes clear what stands in the way; False: raise the refusal itself.
        """
        ...

    def answered(self, url: str, nonce: str | None) -> None:
        """A request was answered; ``nonce``: the ``DPoP-Nonce`` to use from now on (RFC 9449, section 8.2)."""
        ...

    async def another(self) -> None:
        """Wait until there is another token than there is now."""
        ...
