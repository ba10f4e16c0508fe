"""The headers that an entry gives its server, those of its ``headersHelper`` above the written ones.

Owns asking the helper: at each connect, and once more for a request that was refused. Never shows a
value and never runs the helper on the loop's thread: a command takes its time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio

from ..config.headers import set_by_mcpdeck
from ..errors import AuthorizationRefused
from ..models import Helper
from .asked_in_thread import asked_in_thread
from .base import Hooks

SECRETS = ("authorization", "x-claude-code-ide-authorization")
"""Names, in lower case, of the headers that say who we are: a refusal of them is no wanted login."""
REFUSED = (401, 403)


class OwnHeaders:
    """Headers for one connection. ``prepare`` it first; ``current`` changes when they are renewed."""

    def __init__(self, headers: Mapping[str, str], helper: Helper | None, hooks: Hooks) -> None:
        self._written = headers
        self._helper = helper
        self._hooks = hooks
        self._asking = anyio.Lock()
        self.current: Mapping[str, str] = dict(headers)

    @property
    def authorizes(self) -> bool:
        """They say who we are."""
        return any(name.lower() in SECRETS for name in self.current)

    async def prepare(self) -> None:
        """Ask the helper, where there is one. Raises ``TransportError`` when it gives no headers."""
        if self._helper is not None:
            self.current = await self._fresh(self._helper)

    async def renewed(self, refused: Mapping[str, str]) -> bool:
        """Whether there is a helper to ask again; then ``current`` is no longer ``refused``.

        Requests that were refused together share one answer. Raises ``TransportError`` like ``prepare``.
        """
        if self._helper is None:
            return False
        async with self._asking:
            if self.current is refused:
                self._hooks.note("The server refused the headers: the headers helper is asked for new ones.")
                self.current = await self._fresh(self._helper)
        return True

    def refusal(self, status: int) -> AuthorizationRefused:
        """The error for a server that knows who we say we are and wants somebody else."""
        if self._helper is not None:
            return AuthorizationRefused(
                f"the server refused the configured Authorization header ({status}), also after the headers helper "
                "was asked again",
                hint="Run the entry's headersHelper by hand: it may give a token that is wrong or expired.",
            )
        return AuthorizationRefused(
            f"the server refused the configured Authorization header ({status})",
            hint="Check the token in the entry's headers: it may be wrong or expired.",
        )

    async def _fresh(self, helper: Helper) -> Mapping[str, str]:
        began = time.perf_counter()
        given = await asked_in_thread(helper)
        self._hooks.step("headers helper", began)
        taken: dict[str, str] = {}
        for name, value in given.items():
            if set_by_mcpdeck(name):
                self._hooks.note(f'The headers helper gives "{name}", which mcpdeck sets for each message: not sent.')
            else:
                taken[name] = value
                self._hooks.hide(value)
                self._hooks.hide(value.partition(" ")[2])  # what follows "Bearer"
        lower = {name.lower() for name in taken}
        return {**{name: value for name, value in self._written.items() if name.lower() not in lower}, **taken}
