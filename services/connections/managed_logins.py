"""What a person asks of the logins of a manager's servers: log in, log out, refresh, look again.

Owns that nothing is contacted for a login of a server that may not be contacted, whatever the login began with. Never
logs in itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ..errors import ConnectionLost, McpDeckError, StorageError, UsageError
from ..models import ServerEntry, TokenView
from .replicas import Group
from .supervisor import Supervisor

if TYPE_CHECKING:
    from ..auth.entry_authorization import EntryAuthorization
    from ..auth.kinds import Place

T = TypeVar("T")


class ManagedLogins:
    """Base of the connection manager, which has the supervisors."""

    _supervisors: dict[str, Supervisor]
    _groups: dict[str, Group]
    _begun_anew: Callable[[str], None] | None = None

    def tells_of_fresh_starts(self, begun_anew: Callable[[str], None]) -> None:
        """``begun_anew`` hears, by the name of its entry, that a person connects a server anew, logs in or out, or
        switches it on or off, before that is done: what was known of it then need not be so any more.
        """
        self._begun_anew = begun_anew

    def _anew(self, entry: ServerEntry) -> None:
        if self._begun_anew is not None:
            self._begun_anew(entry.configured_as)

    def authorization(self, name: str) -> EntryAuthorization | None:
        """Who logs in to a server; None where nobody does. Raises ``UsageError`` for an unknown name."""
        return self._find(name).authorization

    async def login(self, name: str, again: bool = False, scopes: tuple[str, ...] = ()) -> TokenView:
        """Log in and connect; ``again``: although there is a login that holds. ``scopes``: to ask for beside others.

        Of several instances each is logged in to, for each may have an authorization server of its own.

        Raises ``AuthError``, what keeps the authorization server from being reached, ``UsageError`` for a server that
        takes no login, and why nothing may be contacted for it (``PolicyDenied``, ``UntrustedError`` …).
        """
        tokens = [await self._logged_in(each.entry.name, again, scopes) for each in self._each(name)]
        return tokens[0]

    async def _logged_in(self, name: str, again: bool, scopes: tuple[str, ...]) -> TokenView:
        auth = self._authorization(name)
        before = auth.login
        # Whoever takes the server away meanwhile ends the login, and the question to the person with it.
        await self._contacting(name, lambda: auth.log_in(again=again, scopes=scopes))
        supervisor = self._find(name)
        self._anew(supervisor.entry)
        if auth.login is not before or supervisor.wants_login:
            supervisor.reconnect()
        token = auth.view.token
        assert token is not None  # else it was raised
        return token

    async def logout(self, name: str) -> tuple[str, ...]:
        """Have the tokens revoked, forget them, and connect anew; what became of it, in words.

        They are forgotten also where nothing may be contacted. Raises ``StorageError``, and ``UsageError`` for a server
        that takes no login.
        """
        said: list[str] = []
        self._anew(self._find(name).entry)
        for each in [each.entry.name for each in self._each(name)]:
            said += await self._authorization(each).log_out()
            supervisor = self._supervisors.get(each)
            if supervisor is not None and supervisor.barred() is None:
                supervisor.reconnect()
        return tuple(dict.fromkeys(said))

    async def refresh_login(self, name: str) -> None:
        """Have another token now, although this one may hold.

        Raises ``AuthError``, what keeps the authorization server from being reached, ``UsageError`` for a server that
        takes no login, and why nothing may be contacted for it.
        """
        for each in self._each(name):
            await self._contacting(each.entry.name, self._authorization(each.entry.name).refresh_now)

    async def look_up_login(self, name: str) -> None:
        """Go every step that needs no person, and no token, up to the authorization server's metadata.

        Raises what ``login`` raises.
        """
        for each in self._each(name):
            await self._contacting(each.entry.name, self._authorization(each.entry.name).look_up)

    async def review_logins(self) -> None:
        """Another process may have logged in or out, or refreshed: use what is kept now.

        Servers that want a login, and for which there is one now, try again.
        """
        for supervisor in list(self._supervisors.values()):
            auth = supervisor.authorization
            if auth is None or not (supervisor.wants_login or auth.login is not None):
                continue
            try:
                if await auth.review() and supervisor.wants_login:
                    self._anew(supervisor.entry)
                    supervisor.reconnect()
            except StorageError:
                continue  # who logs in is told

    def _authorization(self, name: str) -> EntryAuthorization:
        supervisor = self._find(name)
        auth = supervisor.authorization
        if auth is None:
            raise UsageError(
                f"{name} takes no login",
                hint="mcpdeck logs in to servers over HTTP, HTTP+SSE and WebSocket whose entry has no Authorization "
                "header of its own.",
                server=name,
            )
        return auth

    async def _contacting(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        supervisor = self._find(name)
        barred = supervisor.barred()
        if barred is not None:
            raise barred
        return await supervisor.doing(work)

    def _permit(self, place: Place) -> None:
        """Raises why nothing may be contacted for a login: at any moment of it the entry may be gone or held back."""
        supervisor = self._supervisors.get(place.server)
        auth = supervisor.authorization if supervisor is not None else None
        if supervisor is None or auth is None or auth.place != place:
            raise ConnectionLost(
                f"{place.server} is not configured any more as it was",
                hint="Nothing more was contacted for its login.",
                server=place.server,
            )
        barred = supervisor.barred()
        if barred is not None:
            raise barred

    def barred(self, name: str) -> McpDeckError | None:
        """Why nothing may be contacted now for a server, asked afresh; None when it may. Raises ``UsageError``."""
        return self._find(name).barred()

    def _each(self, name: str) -> list[Supervisor]:
        """All instances of an entry, or the one server of that name. Raises ``UsageError``."""
        group = self._groups.get(name)
        return [self._find(name)] if group is None else group.supervisors()

    def _find(self, name: str) -> Supervisor:
        supervisor = self._supervisors.get(name)
        if supervisor is None:
            known = ", ".join(self._supervisors) or "none"
            raise UsageError(f"no server is called {name!r}", hint=f"Known servers: {known}.", server=name)
        return supervisor
