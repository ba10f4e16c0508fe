"""One login at a time for one server, and everything else that speaks to its authorization server.

Owns the record of the exchanges, the pause of the clocks while somebody is asked, and that whoever wants a login while
one is on its way shares its outcome. Never decides whether to log in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio

from ..errors import AuthorizationRequired, LoginGivenUp, McpDeckError
from ..events import AuthorizationChanged
from ..models import JsonObject, LoginStatus, LoginStep
from .errand import Spawn, nobody
from .kinds import Hands, Login, Place, Why

if TYPE_CHECKING:
    from .needed import NeededLogins
    from .steps import Recorder
    from .store import CredentialStore


def _unpaused(_server: str) -> AbstractContextManager[None]:
    return nullcontext()


def _untraced(_exchange: JsonObject) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Around:
    """What the authorizations of all servers share. ``spawn`` begins what goes on without whoever needed it first.

    ``hands``: who takes a login to the person, None where nobody is there. ``unattended``: a login is begun without
    being asked for. ``remembers``: a server that is known to want a login is not contacted. ``invite``: what a person
    does to log in, by server and issuer ("" where that is not known). ``pauses`` holds the clocks of a server's calls.
    """

    store: CredentialStore
    needed: NeededLogins
    environ: Mapping[str, str]
    emit: Callable[[AuthorizationChanged], None]
    invite: Callable[[str, str], str]
    hands: Hands | None = None
    unattended: bool = False
    remembers: bool = False
    pauses: Callable[[str], AbstractContextManager[None]] = _unpaused
    spawn: Spawn = nobody


@dataclass(slots=True)
class _Flight:
    """A login on its way."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)
    waits: bool = False
    done: bool = False
    error: McpDeckError | None = None


class Flights:
    """The logins of one server, one after the other. ``told`` is called when something changed."""

    def __init__(self, place: Place, around: Around, told: Callable[[], None]) -> None:
        self._place = place
        self._around = around
        self._told = told
        self._recorder: Recorder | None = None
        self._now: _Flight | None = None
        self.failure = ""
        """Why the last login failed, in words."""
        self.widening = False
        """That login was to allow more than the one before it."""
        self.traced: Callable[[JsonObject], None] = _untraced
        self.pause: Callable[[], AbstractContextManager[None]] = nullcontext
        """Holds the clocks of the requests in flight."""

    @property
    def unattended(self) -> bool:
        """A login needs nobody who asks for it."""
        return self._around.unattended or self._place.settings.grant != "authorization_code"

    @property
    def asks(self) -> bool:
        """Somebody is there who can be asked."""
        return self._around.hands is not None or self.unattended

    def status(self, *, logged_in: bool) -> LoginStatus:
        """How the last login stands; one that failed takes nothing away from the one before it."""
        if self._now is not None:
            return LoginStatus.WAITING if self._now.waits else LoginStatus.RUNNING
        if logged_in:
            return LoginStatus.DONE
        return LoginStatus.FAILED if self.failure else LoginStatus.NONE

    @property
    def steps(self) -> tuple[LoginStep, ...]:
        """What was exchanged, oldest first."""
        return self._recorder.steps if self._recorder is not None else ()

    def reveal(self, key: str) -> str | None:
        """The secret that a ``ShownField`` names; None when it is not kept any more."""
        return self._recorder.reveal(key) if self._recorder is not None else None

    def _recording(self) -> Recorder:
        if self._recorder is None:
            from .steps import Recorder

            def traced(exchange: JsonObject) -> None:
                self.traced(exchange)  # of the connection that is being made now

            self._recorder = Recorder(self._told, traced)
        return self._recorder

    async def log_in(self, why: Why, take: Callable[[Login], None], invitation: str) -> None:
        """A login, handed to ``take``; the one that is on its way where there is one.

        ``invitation``: what a person does where nobody is there to be asked. Raises ``AuthError``, and what else keeps
        the login from being done, to everyone who waits for it.
        """
        with self.pause(), self._around.pauses(self._place.server):
            while (running := self._now) is not None:
                await running.over.wait()
                if running.error is not None:
                    raise running.error
                if running.done:
                    return
            flight = self._now = _Flight()
            self.failure, self.widening = "", why.steps_up
            try:
                with flight.scope:
                    take(await self._new(why, flight, invitation))
                flight.done = True
            except McpDeckError as error:
                flight.error = error
                # Who gives a first login up knows that; nothing went wrong.
                given_up = isinstance(error, LoginGivenUp) and not self.widening
                self.failure = "" if given_up else error.title
                raise
            finally:
                self._now = None
                flight.over.set()
                self._told()
        self._around.needed.clear()

    def overtaken(self) -> None:
        """There is a login by now, from elsewhere: whoever is asked for one need not answer any more."""
        if self._now is not None and not self.widening:
            self._now.scope.cancel()

    async def _new(self, why: Why, flight: _Flight, invitation: str) -> Login:
        from .login import log_in

        def waiting(waits: bool) -> None:
            flight.waits = waits
            self._told()

        return await log_in(
            self._place,
            why,
            hands=self._hands(invitation),
            store=self._around.store,
            recorder=self._recording(),
            environ=self._around.environ,
            waiting=waiting,
        )

    def _hands(self, invitation: str) -> Hands:
        if self._around.hands is not None:
            return self._around.hands
        if not self.unattended:
            raise AuthorizationRequired("the login needs a person", hint=invitation)
        from .hands_http import HttpHands

        return HttpHands()

    async def look_up(self) -> None:
        """The steps of a login up to the authorization server's metadata; nothing while a login is on its way.

        Raises ``DiscoveryError``, and what keeps a server from being reached.
        """
        if self._now is not None:
            return
        from .hands_http import HttpHands
        from .looked_up import look_up

        recorder = self._recording()
        recorder.begin()
        await look_up(self._place, recorder, HttpHands())

    async def refreshed(self, login: Login) -> Login:
        """The same login with newer tokens. Raises ``TokenRefreshFailed``, ``TransportError`` and ``ConfigError``."""
        from .grants import refresh
        from .guarded import Guarded

        async with Guarded(self._place, self._recording()) as fetch:
            return replace(login, tokens=await refresh(fetch, login, self._place))

    async def revoked(self, login: Login) -> tuple[str, ...]:
        """What became of giving the tokens back, in words; nothing of it is an error."""
        from .guarded import Guarded
        from .revocation import revoke

        try:
            async with Guarded(self._place, self._recording()) as fetch:
                return await revoke(fetch, login, self._place)
        except McpDeckError as error:
            return (f"The tokens were not revoked: {error.title}.",)
