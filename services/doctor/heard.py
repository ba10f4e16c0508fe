"""What comes beside the answers of an examined server, and whose token its requests carry.

Owns keeping that for as long as the examination takes. Shows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from .. import events as ev
from ..auth.seam import Authorizer, Refusal
from ..errors import McpDeckError
from ..models import JsonObject
from ..session import Session
from ..transports.base import Hooks
from .checking import Checks

KEPT = 1000
"""Lines of each kind that are kept; of the flaws as many."""


@dataclass(slots=True)
class Heard:
    """What came beside the answers. ``checks``: whose redaction learns what the transport adds to requests."""

    checks: Checks
    strays: list[str] = field(default_factory=list[str])
    stderr: list[str] = field(default_factory=list[str])
    flaws: list[str] = field(default_factory=list[str])
    exchanges: list[JsonObject] = field(default_factory=list[JsonObject])
    pid: int | None = None
    ended: bool = False
    """It ended by itself."""

    def event(self, event: object) -> None:
        match event:
            case ev.LogReceived(kind="stdout" | "malformed"):
                self.strays.append(self.checks.line(str(event.data), 200))
            case ev.RuleBroken():
                self.flaws.append(event.rule)
            case _:
                pass

    def hooks(self) -> Hooks:
        def started(pid: int) -> None:
            self.pid = pid

        hide = self.checks.redaction.hide
        return Hooks(
            stderr=lambda line: self.stderr.append(self.checks.line(line.decode("utf-8", "replace"), 200)),
            started=started,
            exchange=self.exchanges.append,
            hide=hide,
            hide_token=lambda value: hide(value, token=True),
        )


class Quiet:
    """The token of a login for requests that nobody is to log in for: a refusal stays one."""

    def __init__(self, auth: Authorizer) -> None:
        self._auth = auth

    async def headers(self, method: str, url: str, *, renew: bool = True) -> Mapping[str, str]:
        return await self._auth.headers(method, url, renew=renew)

    async def refused(self, refusal: Refusal) -> bool:
        del refusal
        return False

    def answered(self, url: str, nonce: str | None) -> None:
        self._auth.answered(url, nonce)

    async def another(self) -> None:
        await anyio.sleep_forever()


class Reading:
    """What arrives on a session is read; ``error`` says why nothing more does, once ``over`` is set."""

    def __init__(self) -> None:
        self.over = anyio.Event()
        self.error: McpDeckError | None = None

    async def run(self, session: Session) -> None:
        try:
            await session.dispatcher.run()
        except McpDeckError as error:
            self.error = error
        finally:
            session.lists.end()
            session.tasks.end()
            self.over.set()
