"""What a server says of its login to somebody who has no token.

Owns the request that is refused, and the way from there to the authorization server's metadata. Never logs in.
"""

from __future__ import annotations

from ..models import LoginPhase
from .challenges import parse_challenges
from .discovery import Discovered, discover
from .guarded import Guarded
from .kinds import Hands, Place, Why
from .steps import Recorder

_ASK = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


async def refusal_of(fetch: Guarded, place: Place) -> Why:
    """How the server answers who has no token: what a login begins with. Raises what keeps it from being asked."""
    headers = {"Accept": "application/json, text/event-stream"}
    fetched = await fetch.fetch(
        LoginPhase.CHALLENGE, "A request without a token", "POST", place.url, headers=headers, json={**_ASK}
    )
    if fetched.status not in (401, 403):
        return Why()
    return Why(fetched.status, parse_challenges(fetched.headers.get_list("www-authenticate")), "a request")


async def look_up(place: Place, recorder: Recorder, hands: Hands, *, known: str | None = None) -> Discovered:
    """How a login would go, without one. ``known``: the issuer of a login that is kept.

    Raises ``DiscoveryError``, what keeps a server from being reached, and what ``Place.check`` raises.
    """
    async with Guarded(place, recorder) as fetch:
        return await discover(fetch, place, await refusal_of(fetch, place), hands, known=known)
