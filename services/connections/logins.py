"""How logins are done, and the authorization of each server once it is connected.

Owns the late import: a server that takes no login, and a manager without logins, cost nothing of ``services.auth``.
Never logs in itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import anyio.to_thread

from ..config.files import Folders
from ..models import HttpTarget, ServerEntry, SseTarget, WebSocketTarget
from ..session import Emit
from ..state.text import one_line

if TYPE_CHECKING:
    from ..auth.authorizations import Authorizations
    from ..auth.entry_authorization import EntryAuthorization
    from ..auth.errand import Spawn
    from ..auth.kinds import Hands, Place

_ROOM = f"{__name__.rsplit('.', 2)[0]}.auth.authorizations"


def by_enter(_server: str, issuer: str) -> str:
    """What a person does to log in, in the dashboard."""
    where = f" at {one_line(issuer, 200)}" if issuer else ""
    return f"Enter shows what is asked; o there opens your browser{where}."


@dataclass(frozen=True, slots=True)
class Logins:
    """How a program logs in; nothing is read or imported before the first server that may want it is connected.

    ``hands``: makes who takes a login to the person, None where nobody is there. ``unattended``: a login is begun
    without being asked for. ``remembers``: a server that is known to want a login is not contacted (config contract,
    section 6). ``invite``: what a person does to log in, by server and issuer; None: runs a command. ``pauses`` holds
    the clocks of a server's calls while one is on its way. ``named``: the one server that the command line names.
    """

    folders: Folders
    environ: Mapping[str, str]
    hands: Callable[[], Hands] | None = None
    unattended: bool = False
    remembers: bool = False
    invite: Callable[[str, str], str] | None = None
    pauses: Callable[[str], AbstractContextManager[None]] | None = None
    named: str = ""

    def authorizations(
        self, emit: Emit, permits: Callable[[Place], None] | None, spawn: Spawn | None
    ) -> Authorizations:
        """Those of one manager, whose events go to ``emit``. ``permits``: asked before every request of a login.

        ``spawn`` begins a refresh that goes on without the request that needed it first; None: nothing runs that could.
        """
        from ..auth.authorizations import Authorizations, by_command
        from ..auth.errand import nobody
        from ..auth.needed import NeededLogins
        from ..auth.store import CredentialStore

        return Authorizations(
            CredentialStore.of(self.folders, self.environ),
            NeededLogins.of(self.folders),
            environ=self.environ,
            emit=emit,
            hands=self.hands() if self.hands is not None else None,
            unattended=self.unattended,
            remembers=self.remembers,
            invite=self.invite or by_command,
            pauses=self.pauses,
            permits=permits,
            named=self.named,
            spawn=spawn or nobody,
        )


class Authorized:
    """The authorizations of one manager's servers, made when the first is wanted. ``logins`` None: nobody logs in."""

    def __init__(
        self,
        logins: Logins | None,
        emit: Emit,
        permits: Callable[[Place], None] | None = None,
        spawn: Spawn | None = None,
    ) -> None:
        self._logins = logins
        self._emit = emit
        self._permits = permits
        self._spawn = spawn
        self._made: Authorizations | None = None

    async def ready(self, entry: ServerEntry) -> None:
        """Import what ``of`` needs for this entry, in a thread: nothing else must wait for it."""
        if self._made is None and self._may_want(entry):
            await anyio.to_thread.run_sync(import_module, _ROOM)

    def of(self, entry: ServerEntry) -> EntryAuthorization | None:
        """The authorization of ``entry``; None where nobody logs in."""
        if self._logins is None or not self._may_want(entry):
            return None
        if self._made is None:
            self._made = self._logins.authorizations(self._emit, self._permits, self._spawn)
        return self._made.of(entry)

    def _may_want(self, entry: ServerEntry) -> bool:
        return self._logins is not None and isinstance(entry.target, HttpTarget | SseTarget | WebSocketTarget)
