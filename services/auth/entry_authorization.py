"""The authorization of one server: what a refusal leads to, who logs in, and what is shown of it.

Owns the decisions of protocol sections 37.1 and 37.8: renew, log in, ask for more, or say what stands in the way.
Never speaks to an authorization server itself and never opens a connection to the MCP server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import anyio

from ..errors import AuthError, AuthorizationRequired, McpDeckError, TokenRefreshFailed
from ..events import AuthorizationChanged
from ..models import AuthView, JsonObject, as_text
from ..state.text import one_line
from .challenges import parse_challenges
from .flight import Around, Flights
from .in_use import LoginInUse, token_of
from .issuer_lock import issuer_lock
from .kinds import Login, Place, Why
from .scopes import words
from .seam import Refusal
from .wanting import (
    has_them_all,
    login_wanted,
    nobody_to_ask,
    none_named,
    not_granted,
    not_logged_in,
    not_widened,
    remark,
    scopes_wanted,
    still_refused,
    takes_tokens,
)

MOST = 3
"""Logins for one operation, or for one connection that is being made (protocol section 37.8)."""
CANCELLED = "notifications/cancelled"
"""What is said while somebody is leaving: no reason to have another token, and none to lose the connection."""
DENIED = 100
"""Operations that are remembered to have no more scopes to be had."""


class EntryAuthorization:
    """One server's ``Authorizer``. Every method runs on the loop's thread."""

    def __init__(self, place: Place, around: Around) -> None:
        self.place = place
        self._around = around
        self._flights = Flights(place, around, self._told)
        self._use = LoginInUse(place, around.store, self._flights.refreshed, self._told, spawn=around.spawn)
        self._established = False
        self._obtained: list[int] = []
        self._why: Why | None = None
        self._refused_token = ""
        self._denied: dict[tuple[str, frozenset[str]], tuple[str, str]] = {}

    # What is shown

    @property
    def login(self) -> Login | None:
        """The login that requests carry; None before the first request, too."""
        return self._use.login

    @property
    def view(self) -> AuthView:
        """What is shown of it now."""
        login, failure = self._use.login, self._flights.failure
        holds = login is not None and login.tokens.access != self._refused_token
        if failure and holds:
            failure = remark(failure, widening=self._flights.widening)
        status = self._flights.status(logged_in=holds or (login is not None and not failure))
        return AuthView(status, failure or self._wanted_why(), self._flights.steps, self._use.shown())

    def reveal(self, key: str) -> str | None:
        """The secret that a ``ShownField`` names; None when it is not kept any more."""
        return self._flights.reveal(key)

    def _wanted_why(self) -> str:
        if self._why is None or self._why.status == 0:
            return ""
        return f"{one_line(self._why.operation, 120) or 'a request'} was refused ({self._why.status})"

    def _told(self) -> None:
        self._around.emit(AuthorizationChanged(self.place.server, self.view))

    # For the transport

    async def headers(self, method: str, url: str, *, renew: bool = True) -> Mapping[str, str]:
        """See ``Authorizer``."""
        return await self._use.headers(method, url, renew=renew)

    def answered(self, url: str, nonce: str | None) -> None:
        """See ``Authorizer``."""
        if nonce is not None:
            self._use.nonce(url, nonce)

    async def another(self) -> None:
        """See ``Authorizer``."""
        await self._use.another()

    async def refused(self, refusal: Refusal) -> bool:
        """See ``Authorizer``.

        While a connection is being made only what needs no login is tried: the rest is ``obtain``'s, which nothing
        waits for with a clock. The same for a request without a message (a stand-alone stream, a DELETE).
        """
        challenges = parse_challenges(refusal.challenges)
        if refusal.nonce is not None:
            self._use.nonce(refusal.url, refusal.nonce)
            asked = any(challenge.params.get("error") == "use_dpop_nonce" for challenge in challenges)
            if asked and "DPoP" in refusal.sent and refusal.trial.nonces < 2:
                refusal.trial.nonces += 1
                return True
        if refusal.method == "DELETE":
            return False
        login = self._use.login
        if refusal.operation == CANCELLED:
            if login is not None and refusal.trial.renewals == 0 and token_of(refusal.sent) != login.tokens.access:
                refusal.trial.renewals += 1
                return True
            raise TokenRefreshFailed("no token is renewed to take a request back", retryable=True)
        why = _wider(Why(refusal.status, challenges, refusal.operation), login)
        if why.steps_up and login is not None:
            return await self._widened(refusal, why, login)
        if why.status == 403 and (login is not None or not challenges):
            return False  # forbidden, whoever asks
        return await self._mended(refusal, why)

    async def _mended(self, refusal: Refusal, why: Why) -> bool:
        """A token in the place of a missing or refused one. Raises ``AuthorizationRequired`` where there is none."""
        self._why, self._refused_token = why, token_of(refusal.sent)
        if refusal.trial.renewals == 0:
            refusal.trial.renewals += 1
            if await self._renewed(self._refused_token):
                self._why = None
                self._told()
                return True
        if self._logs_in(refusal) and takes_tokens(why.challenges) and refusal.trial.logins == 0:
            refusal.trial.logins += 1
            await self._log_in(why)
            return True
        raise login_wanted(why, refusal.challenges, had=bool(self._refused_token), hint=self._invitation())

    async def _renewed(self, refused: str) -> bool:
        """Whether there is another token than ``refused``, without a login."""
        login = self._use.login
        if login is None:
            return await self._use.look_again()
        if not refused and self._use.usable:
            return True  # it came while the request was on its way
        try:
            return await self._use.renewed(refused or login.tokens.access)
        except TokenRefreshFailed as error:
            if not error.lost:
                raise
            return False

    async def _widened(self, refusal: Refusal, why: Why, login: Login) -> bool:
        """A token with the scopes that are missing. Raises ``InsufficientScope`` where none is to be had."""
        if token_of(refusal.sent) != login.tokens.access and refusal.trial.renewals == 0:
            refusal.trial.renewals += 1  # another request had it widened, or renewed, meanwhile
            return True
        self._why = why
        no = self._not_to_be_widened(why, login, refusal.trial.logins)
        if no is None and self._established and refusal.operation:
            refusal.trial.logins += 1
            no = await self._widen(why)
            if no is None:
                return True
        missing = _missing(why, login)
        raise scopes_wanted(why, refusal.challenges, *(no or nobody_to_ask(missing, self.place.called)))

    def _not_to_be_widened(self, why: Why, login: Login, logins: int) -> tuple[str, str] | None:
        """Why asking for more is of no use, and a hint; None when it may be."""
        wanted, no = _scopes(why), self._denied.get(_operation(why))
        if no is not None:
            return no
        if not wanted:
            no = none_named()
        elif not _missing(why, login):
            no = has_them_all(wanted)
        elif logins >= MOST:
            no = still_refused(wanted, logins)
        elif set(wanted) <= set(login.tokens.asked):
            no = not_granted(_missing(why, login), login.issuer)
        elif not self._flights.asks:
            return nobody_to_ask(_missing(why, login), self.place.called)
        if no is not None:
            self._deny(why, no)
        return no

    async def _widen(self, why: Why) -> tuple[str, str] | None:
        """Ask for more; the reason and a hint where there is no more."""
        try:
            await self._log_in(why)
        except AuthError as error:
            # Not again for the same: a person who said no is not to be asked at each call.
            if not error.retryable:
                self._deny(why, not_widened(error))
            return not_widened(error)
        return None

    def _deny(self, why: Why, no: tuple[str, str]) -> None:
        """Remember the reason for this operation; the oldest make room, as a server may ask for anything."""
        self._denied[_operation(why)] = no
        while len(self._denied) > DENIED:
            del self._denied[next(iter(self._denied))]

    # For the supervisor

    def begin(self, traced: Callable[[JsonObject], None]) -> None:
        """Another connection is being made; ``traced`` puts the exchanges of logins down beside its own."""
        self._established = False
        self._flights.traced, self._flights.pause = traced, nullcontext
        if self._use.login is not None or self._flights.steps:
            self._told()  # its row may be a new one

    def connected(self, pause: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """It stands; ``pause`` holds the clocks of its requests while somebody is asked."""
        self._established = True
        self._flights.pause = pause
        self._obtained.clear()
        self._around.needed.clear(self.place.digest)
        if self._flights.failure or self._why is not None:
            self._flights.failure, self._why = "", None
            self._told()

    async def obtain(self, error: AuthError) -> bool:
        """Whether the connection that failed with ``error`` may be tried again at once, with another token.

        Takes as long as the login does. Raises ``AuthError`` and what else keeps a login from being done.
        """
        if not isinstance(error, AuthorizationRequired):
            return False
        login = self._use.login
        challenges, operation = parse_challenges(error.challenges), as_text(error.details.get("operation")) or ""
        why = _wider(Why(error.status, challenges, operation), login)
        if len(self._obtained) >= MOST:
            return False
        if why.steps_up and login is not None:
            if self._not_to_be_widened(why, login, 0) is not None:
                return False
            self._obtained.append(error.status)
            no = await self._widen(why)
            if no is not None:
                raise scopes_wanted(why, error.challenges, *no)
            return True
        if why.status == 403 and login is not None:
            return False  # forbidden, whoever asks
        if not self._flights.unattended or not takes_tokens(why.challenges) or self._obtained.count(401) >= 2:
            return False
        self._obtained.append(error.status)
        await self._log_in(why)
        return True

    def needed(self, error: McpDeckError) -> None:
        """The connection ended with it: nobody contacts the server for a while who remembers that."""
        if isinstance(error, AuthorizationRequired) and error.status == 401:
            self._around.needed.mark(self.place.digest, error.title)

    def held(self) -> AuthorizationRequired | None:
        """Why the server is not to be contacted now: it is known to want a login."""
        if not self._around.remembers or not self.place.digest:
            return None
        known = self._around.needed.since(self.place.digest)
        return AuthorizationRequired(known[1], hint=self._invitation()) if known is not None else None

    def forget_need(self) -> None:
        """Somebody wants it contacted."""
        self._around.needed.clear(self.place.digest)
        self._obtained.clear()
        self._denied.clear()

    async def review(self) -> bool:
        """Whether another process logged in, so that a refused connection is worth another try."""
        had = self._use.usable
        other = await self._use.look_again()
        if other:
            self._flights.failure, self._why = "", None
            if not had:  # else it may be no more than a refresh
                self._flights.overtaken()
        return other

    # For people

    def called_by_hand(self) -> None:
        """A person makes a call: what was said no to before may be asked again."""
        self._denied.clear()

    async def log_in(self, *, again: bool = False, scopes: tuple[str, ...] = ()) -> None:
        """Log in, or (``again``) once more although there is a login that holds. ``scopes``: to ask for as well.

        Raises ``AuthError``, and what else keeps the authorization server from being reached.
        """
        await self._use.load()
        login = self._use.login
        if login is not None and not again and self._refused_token != login.tokens.access and self._why is None:
            return
        self._denied.clear()
        why = self._why or Why()
        before = login.tokens.asked if login is not None else ()  # a person who wants less logs out first
        await self._log_in(replace(why, scopes_before=(*before, *scopes)) if before or scopes else why)

    async def look_up(self) -> None:
        """Find out how a login is done, without one: its steps are shown. Raises ``AuthError``, ``TransportError`` …"""
        await self._flights.look_up()

    async def log_out(self, other: Login | None = None) -> tuple[str, ...]:
        """Have the tokens revoked, and forget them; what became of it, in words. Raises ``StorageError``.

        ``other``: not the login that is used, but this one, made for the same address with other settings.
        """
        await self._use.load()
        login = other or self._use.login
        if login is None:
            return ("Nobody was logged in.",)
        # Held, so that a refresh elsewhere does not bring back what is forgotten here.
        async with issuer_lock(self._around.store.locks, login.issuer):
            login = other or self._use.login or login
            logins = [login]
            try:
                kept = await self._around.store.login_for(login.server_url, login.wanted)
                if kept is not None and kept.tokens.access != login.tokens.access:
                    logins = [kept, login]  # both may be good: another process refreshed it, or logged in
                said = [words for each in logins for words in await self._flights.revoked(each)]
                return tuple(dict.fromkeys(said))
            finally:
                with anyio.CancelScope(shield=True):
                    for each in logins:
                        await self._around.store.forget(each)
                    self._around.needed.clear()
                    if other is None:
                        self._flights.failure, self._why, self._refused_token = "", None, ""
                        self._use.drop()

    async def refresh_now(self) -> None:
        """Have another token, although this one may hold. Raises ``TokenRefreshFailed``, ``StorageError`` …"""
        await self._use.load()
        login = self._use.login
        if login is None or not self._use.renewable:
            raise TokenRefreshFailed(
                "there is no refresh token" if login is not None else "nobody is logged in",
                hint="Log in again to have another token.",
            )
        await self._use.renewed(login.tokens.access)

    def expire_now(self) -> None:
        """Treat the token as expired from now on, to see what becomes of it."""
        self._use.expire()
        self._told()

    def _logs_in(self, refusal: Refusal) -> bool:
        return self._established and bool(refusal.operation) and self._flights.unattended

    def _invitation(self) -> str:
        login = self._use.login
        issuer = login.issuer if login is not None else self.place.settings.issuer or ""
        return self._around.invite(self.place.called, issuer)

    def _take(self, login: Login) -> None:
        self._why, self._refused_token = None, ""  # before anybody is told
        self._use.take(login)

    async def _log_in(self, why: Why) -> None:
        """Raises ``AuthError``: an authorization server that is down must not look like an MCP server that is."""
        try:
            await self._flights.log_in(why, self._take, self._invitation())
        except AuthError:
            raise
        except McpDeckError as error:
            raise not_logged_in(error) from error
        self._why, self._refused_token = None, ""


def _wider(why: Why, login: Login | None) -> Why:
    """With what was asked for before, where more is wanted beside that; whoever was refused begins anew."""
    return replace(why, scopes_before=login.tokens.asked) if why.steps_up and login is not None else why


def _scopes(why: Why) -> tuple[str, ...]:
    return words(why.bearer.params.get("scope") if why.bearer is not None else None)


def _operation(why: Why) -> tuple[str, frozenset[str]]:
    return why.operation, frozenset(_scopes(why))


def _missing(why: Why, login: Login) -> tuple[str, ...]:
    return tuple(scope for scope in _scopes(why) if scope not in login.tokens.scopes)
