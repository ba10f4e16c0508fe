"""The login that one server's requests carry: read once, refreshed before its token expires, kept again.

Owns the headers of a request, the single flight of a refresh, in this process and across all others, and that a token
that could not be kept is kept later. Never logs in and never decides what a refusal means.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import anyio

from ..errors import AuthError, McpDeckError, StorageError, TokenRefreshFailed
from ..models import TokenView
from .addresses import origin_of, unencrypted, web_url
from .errand import LAST, Errand, Spawn, nobody, unhurried
from .issuer_lock import issuer_lock
from .kinds import Login, Place, Tokens
from .records import wanted_of

if TYPE_CHECKING:
    from .dpop import Proof
    from .store import CredentialStore

EARLY = 300.0
"""Seconds before its end from which on a token is refreshed; never more than half of its lifetime."""
SKEW = 60.0
"""Seconds by which the clock may have been set back since a token was had, and its end still be believed."""
AGAIN_AFTER = 30.0
"""Seconds after which a refresh that failed early, while the token still held, is tried again; and keeping one."""
PATIENCE = 2.0
"""Seconds that requests wait for a refresh in all while the token still holds; it goes on beside them."""

Renewal: TypeAlias = Callable[[Login], Awaitable[Login]]
"""Another login in the place of one whose token is used up: refreshed, or had anew without a person."""


@dataclass(frozen=True, slots=True)
class _Unkept:
    """What is in use and could not be kept. ``replacing``: the access token of the record that is kept."""

    login: Login
    replacing: str = field(repr=False)


class LoginInUse:
    """One server's login. Every method runs on the loop's thread. ``spawn`` begins what goes on without its caller."""

    def __init__(
        self,
        place: Place,
        store: CredentialStore,
        renewal: Renewal,
        changed: Callable[[], None],
        *,
        spawn: Spawn = nobody,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.login: Login | None = None
        self.wanted = wanted_of(place.settings, place.tls)
        self._place = place
        self._store = store
        self._renewal = renewal
        self._told = changed
        self._spawn = spawn
        self._now = now
        self._loaded = False
        self._errand: Errand | None = None
        self._unkept: _Unkept | None = None
        self._keeping = False
        self._turn = anyio.Lock()
        self._proof: Proof | None = None
        self._expired: str | None = None
        self._later = 0.0
        self._changed = anyio.Event()

    # What is had

    async def load(self) -> bool:
        """Read what is kept, once; whether there is a login. Raises ``StorageError``."""
        if not self._loaded:
            async with self._turn:
                if not self._loaded:
                    await self._read()
        return self.login is not None

    async def look_again(self) -> bool:
        """Whether another login is kept than the one in use: another process may have logged in, or refreshed.

        Raises ``StorageError``.
        """
        async with self._turn:
            before = self.login
            await self._read()
            now = self.login
            return now is not None and (before is None or before.tokens.access != now.tokens.access)

    async def _read(self) -> None:
        """Use what is kept, unless that is what ours came from and could not be put in the place of."""
        while True:
            before = self.login
            kept = await self._store.login_for(self._place.url, self.wanted)
            if self.login is before:
                break  # else it was renewed meanwhile, and what was read is older
        self._loaded = True
        if kept is None:
            if self.login is not None:
                self.drop()
        elif self._unkept is not None and kept.tokens.access == self._unkept.replacing:
            await self._keep_again(self._unkept)
        else:
            self._unkept = None
            self.take(kept)

    def take(self, login: Login) -> None:
        """Use this one from now on; what is kept is not touched."""
        self._loaded = True
        if self._unkept is not None and self._unkept.login.tokens.access != login.tokens.access:
            self._unkept = None
        if self.login is None or self.login.tokens.access != login.tokens.access:
            self._later = 0.0
            self._expired = None
        self.login = login
        self._tell()

    def drop(self) -> None:
        """Use none from now on; what is kept is not touched."""
        self.login, self._proof, self._expired, self._unkept = None, None, None, None
        self._tell()

    def expire(self) -> None:
        """Treat the token as one that has expired, to see what becomes of it. Nothing is told to anybody."""
        if self.login is not None:
            self._expired = self.login.tokens.access
            self._later = 0.0
            self.login = replace(self.login, tokens=replace(self.login.tokens, expires_at=self._now()))

    async def another(self) -> None:
        """Wait until there is another token than there is now."""
        before = self.login.tokens.access if self.login is not None else ""
        while self.login is None or self.login.tokens.access == before:
            await self._changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        self._told()

    # Headers

    @property
    def usable(self) -> bool:
        """There is a token that requests carry."""
        return self.login is not None and self.login.tokens.access != self._expired

    async def headers(self, method: str, url: str, *, renew: bool = True) -> Mapping[str, str]:
        """What goes with a request to ``url``; nothing where that is not the server's own origin.

        ``renew``: the request is worth another token in the place of one that is about to expire.
        """
        try:
            await self.load()
        except StorageError:
            return {}  # who is refused for that reads again, and says what is the matter
        if (
            self.login is None
            or origin_of(web_url(url)) != origin_of(web_url(self._place.url))
            or unencrypted(self._place)
        ):
            return {}
        # Nobody waits for a new token to say goodbye.
        if renew and method != "DELETE" and self._due(self.login) and self.renewable and self._now() >= self._later:
            try:
                await self._renewed_in_time(self.login)
            except McpDeckError:
                pass  # the token may hold for a while yet, and the server says when it does not
        if not self.usable:  # it may have gone meanwhile
            return {}
        tokens = self.login.tokens
        if tokens.dpop_key is None:
            return {"Authorization": f"Bearer {tokens.access}"}
        proof = self._proof_for(tokens).header(method, web_url(url), access=tokens.access)
        return {"Authorization": f"DPoP {tokens.access}", "DPoP": proof}

    def nonce(self, url: str, nonce: str) -> None:
        """The nonce that the next proof for ``url``'s origin is to carry (RFC 9449, section 8.2)."""
        if self.login is not None and self.login.tokens.dpop_key is not None:
            self._proof_for(self.login.tokens).remember(web_url(url), nonce)

    def _proof_for(self, tokens: Tokens) -> Proof:
        from .dpop import Proof  # what signs is needed for bound tokens only

        assert tokens.dpop_key is not None
        if self._proof is None or self._proof.key != tokens.dpop_key:
            self._proof = Proof(tokens.dpop_key)
        return self._proof

    # Refreshing

    @property
    def renewable(self) -> bool:
        """Another token can be had without a person."""
        login = self.login
        return login is not None and (login.tokens.refresh is not None or login.grant != "authorization_code")

    def _due(self, login: Login) -> bool:
        """It is time to have another token."""
        tokens, now = login.tokens, self._now()
        if tokens.expires_at is None:
            return False
        if now + SKEW < tokens.obtained_at:
            return True  # the clock was set back: nobody knows when it ends
        return tokens.expires_within(min(EARLY, max(tokens.expires_at - tokens.obtained_at, 0) / 2), now)

    async def _renewed_in_time(self, login: Login) -> None:
        """Raises what ``renewed`` does."""
        access, ends = login.tokens.access, login.tokens.expires_at
        if not self.usable or ends is None or ends <= self._now():
            await self.renewed(access)
            return
        began = self._errand.began if self._errand is not None else anyio.current_time()
        with anyio.move_on_after(began + PATIENCE - anyio.current_time()):
            await self.renewed(access)

    async def renewed(self, stale: str) -> bool:
        """Whether there is another token than ``stale`` now; one refresh, however many ask, in all processes.

        False where none can be had without a person. Whoever is cancelled leaves, and the refresh goes on. Raises
        ``TokenRefreshFailed``, ``StorageError`` and what keeps the authorization server from being reached.
        """
        while self.login is not None and self.login.tokens.access == stale:
            errand, ours = self._errand, self._errand is None
            if errand is None:
                errand = self._errand = Errand(stale)
                if not self._spawn(lambda errand=errand: self._run(errand), errand.failed):
                    await self._run(errand)
            await errand.over.wait()
            ended = errand.error is not None or errand.result is not None
            if errand.stale == stale and (ended or ours):
                return errand.outcome()
        return self.login is not None

    async def _run(self, errand: Errand) -> None:
        try:
            await errand.run(lambda: self._another_than(errand.stale))
        finally:
            self._errand = None
            if not errand.result:
                self._later = self._now() + AGAIN_AFTER

    async def _another_than(self, stale: str) -> bool:
        login = self.login
        if login is None or login.tokens.access != stale:
            return login is not None
        if login.grant != "authorization_code":
            await self._renew(login, stale)  # no token of it stands for another: each process may have its own
            return self.login is not None
        async with issuer_lock(self._store.locks, login.issuer):
            kept = await self._store.login_for(self._place.url, self.wanted)
            if kept is None:
                self.drop()  # somebody logged out
                return False
            ahead = self._unkept is not None and kept.tokens.access == self._unkept.replacing
            if kept.tokens.access != stale and not ahead:
                self.take(kept)
                login = kept
                if not self._due(kept):
                    return True
            if not self.renewable:
                return False
            await self._renew(login, kept.tokens.access)
        return self.login is not None

    async def _renew(self, login: Login, replacing: str) -> None:
        """``replacing``: the access token of the record that is kept, which ``login`` is or came from."""

        async def exchange() -> None:
            try:
                renewed = await self._renewal(login)
            except TokenRefreshFailed as error:
                failed = self._failed(login, error)
                if not error.lost:
                    raise
                failed = replace(failed, tokens=replace(login.tokens, refresh=None))
                if await self._keep(failed, replacing):
                    unknown = error.details.get("error") in ("invalid_client", "unauthorized_client")
                    if unknown and login.client.origin == "registered":
                        await self._store.forget_client(login.metadata.identity, login.client.client_id)
                    raise
                if self.login is None or self.login.tokens.access == login.tokens.access:
                    raise  # else somebody logged in meanwhile
            except McpDeckError as error:
                self._failed(login, error)
                raise
            else:
                await self._keep(replace(renewed, refreshed="a new token", refreshed_at=self._now()), replacing)

        # A refresh token that was taken and answered with another must not be lost on the way.
        await unhurried(exchange)

    def _failed(self, login: Login, error: McpDeckError) -> Login:
        failed = replace(login, refreshed=f"failed: {error.title}", refreshed_at=self._now())
        if self.login is not None and self.login.tokens.access == login.tokens.access:
            self.login = failed
            self._told()
        return failed

    # Keeping

    async def _keep(self, login: Login, replacing: str) -> bool:
        """Keep it, then use it; where keeping fails it is used all the same, and says so, and is kept later.

        False where something else is kept by now, or nothing: that counts then.
        """
        try:
            kept = await self._store.save(login, replacing=replacing)
        except AuthError as error:
            self.take(replace(login, refreshed=f"{login.refreshed}, but not kept: {error.title}"))
            self._unkept = _Unkept(login, replacing)
            if not self._keeping:
                self._keeping = self._spawn(self._keep_later, lambda _: None)
            return True
        self._unkept = None
        if kept:
            self.take(login)
        elif login.grant == "authorization_code":
            await self._read()
        elif await self._store.login_for(self._place.url, self.wanted) is None:
            self.drop()
        else:
            self.take(login)  # beside the one of another process
        return kept

    async def _keep_again(self, unkept: _Unkept) -> None:
        try:
            kept = await self._store.save(unkept.login, replacing=unkept.replacing)
        except AuthError:
            return
        if self._unkept is unkept:
            self._unkept = None
            if kept and self.login is not None:
                self.take(replace(self.login, refreshed=unkept.login.refreshed))
            else:
                await self._read()

    async def _keep_later(self) -> None:
        """Until it is kept; once more when the program ends."""
        try:
            while (unkept := self._unkept) is not None:
                await anyio.sleep(AGAIN_AFTER)
                if self._unkept is unkept:
                    await self._keep_again(unkept)
        finally:
            self._keeping = False
            unkept = self._unkept
            if unkept is not None:
                with anyio.move_on_after(LAST, shield=True):
                    await self._keep_again(unkept)

    # What is shown

    def shown(self) -> TokenView | None:
        """What may be told of the token; None where there is none."""
        login = self.login
        if login is None:
            return None
        from .claims import claims_of

        tokens = login.tokens
        return TokenView(
            issuer=login.issuer,
            client_id=login.client.client_id,
            resource=login.resource,
            grant=login.grant,
            token_type=tokens.token_type,
            scopes=tokens.scopes,
            obtained_at=tokens.obtained_at,
            expires_at=tokens.expires_at,
            has_refresh=tokens.refresh is not None,
            refreshed=login.refreshed,
            refreshed_at=login.refreshed_at,
            claims=claims_of(tokens.access),
            kept=self._store.where,
        )


def token_of(headers: Mapping[str, str]) -> str:
    """The access token that ``headers`` carry, empty where they carry none."""
    return headers.get("Authorization", "").partition(" ")[2]
