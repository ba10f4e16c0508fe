"""One request until it is let in: sent with the entry's headers and a token, and again after a refusal.

Owns how often the very same is sent and what is tried in between: the headers helper once, then whatever a login says.
Knows nothing of how a request is sent and what an answer is made of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from ..auth.seam import Authorizer, Refusal, Trial
from ..errors import McpDeckError
from .base import Hooks
from .own_headers import REFUSED, OwnHeaders

NOTICES: Final = "notifications/"
"""Nobody waits for these: no token is renewed for one before it is sent."""
TRIALS: Final = 8
"""How often one request is sent at the most, whatever a login says: each refusal is to lead somewhere."""


class Reply(Protocol):
    """The head of an answer. ``challenges``: its ``WWW-Authenticate`` values; ``nonce``: its ``DPoP-Nonce``."""

    @property
    def status(self) -> int: ...

    @property
    def challenges(self) -> tuple[str, ...]: ...

    @property
    def nonce(self) -> str | None: ...

    async def set_aside(self) -> None:
        """Read off what there is and let the connection go: what follows may take as long as a person does."""
        ...

    def put_down(self) -> None:
        """Nobody else looks at this answer, which was set aside: its body goes into the trace."""
        ...


AnyReply = TypeVar("AnyReply", bound=Reply)


@dataclass(slots=True)
class Try:
    """What was done for one request. ``operation``: what it does, in words. ``carried``: it has an answer to wait for,
    and may be so large that its words are not asked for in vain.
    """

    operation: Callable[[], str] = str
    carried: bool = False
    trial: Trial = field(default_factory=Trial)
    sent: int = 0
    helped: bool = False


class Admission:
    """Who we are at one server: the entry's own headers, and a login where those do not say it."""

    def __init__(self, own: OwnHeaders, auth: Authorizer | None, hooks: Hooks) -> None:
        self.own = own
        self._auth = auth
        self._hooks = hooks

    @property
    def auth(self) -> Authorizer | None:
        """Who logs in to this server; nobody where headers of the entry say who we are."""
        return None if self.own.authorizes else self._auth

    async def let_in(
        self, method: str, url: str, once: Try, send: Callable[[Mapping[str, str]], Awaitable[AnyReply]]
    ) -> AnyReply:
        """The answer to what ``send`` sends with these headers, the last one where it stays a refusal.

        A request that was answered 401 or 403 was certainly not taken. Raises what ``send`` and the helper raise, and
        what the login says stands in the way.
        """
        while True:
            once.sent += 1
            own, auth = self.own.current, self.auth
            token: Mapping[str, str] = {}
            if auth is not None:
                token = await auth.headers(method, url, renew=once.carried or not once.operation().startswith(NOTICES))
            # Not the proof beside it: that is good for this one request, and there is one for each.
            self._hooks.hide_token(token.get("Authorization", "").rpartition(" ")[2])
            reply = await send({**own, **token})
            if reply.status not in REFUSED:
                if auth is not None:
                    auth.answered(url, reply.nonce)
                return reply
            try:
                again = await self._helped(reply, own, once)
                if not again and auth is not None and once.sent < TRIALS:
                    await reply.set_aside()
                    again = await auth.refused(_refusal(reply, method, url, token, once))
            except McpDeckError:
                await reply.set_aside()
                reply.put_down()
                raise
            except BaseException:
                await reply.set_aside()
                raise
            if not again:
                return reply
            reply.put_down()

    async def _helped(self, reply: Reply, refused: Mapping[str, str], once: Try) -> bool:
        """Whether the headers helper gave other headers, once for a request; ``reply`` is set aside then."""
        if once.helped:
            return False
        once.helped = True
        if not await self.own.renewed(refused):
            return False
        await reply.set_aside()
        return True


def _refusal(reply: Reply, method: str, url: str, sent: Mapping[str, str], once: Try) -> Refusal:
    return Refusal(reply.status, reply.challenges, method, url, sent, reply.nonce, once.operation(), once.trial)
