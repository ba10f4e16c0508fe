"""The login that one server's requests carry: read once, refreshed before its token expires, kept again.

Owns the headers of a request and the single flight of a refresh, in this process and across all others. Never logs
in and never decides what a refusal means.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import anyio

from ..errors import AuthError, McpDeckError, StorageError, TokenRefreshFailed
from ..models import TokenView
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
"""Seconds after which a refresh that failed early, while the token still held, is tried again."""

Renewal: TypeAlias = Callable[[Login], Awaitable[Login]]
"""Another login in the place of one whose token is used up: refreshed, or had anew without a person."""


class LoginInUse:
    """One server's login. Every method runs on the loop's thread."""

    def __init__(
        self,
        place: Place,
        store: CredentialStore,
        renewal: Renewal,
        changed: Callable[[], None],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.login: Login | None = None
        self.wanted = wanted_of(place.settings)
        self._place = place
        self._store = store
        self._renewal = renewal
        self._told = changed
        self._now = now
        self._loaded = False
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
        kept = await self._store.login_for(self._place.url, self.wanted)
        self._loaded = True
        if kept is not None:
            self.take(kept)
        elif self.login is not None:
            self.drop()

    def take(self, login: Login) -> None:
        """Use this one from now on; what is kept is not touched."""
        self._loaded = True
        if self.login is None or self.login.tokens.access != login.tokens.access:
            self._later = 0.0
            self._expired = None
        self.login = login
        self._tell()

    def drop(self) -> None:
        """Use none from now on; what is kept is not touched."""
        self.login, self._proof, self._expired = None, None, None
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

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """What goes with a request to ``url``; nothing where that is not the server's own origin."""
        try:
            await self.load()
        except StorageError:
            return {}  # who is refused for that reads again, and says what is the matter
        if self.login is None or origin(url) != origin(self._place.url):
            return {}
        # Nobody waits for a new token to say goodbye.
        if method != "DELETE" and self._due(self.login) and self.renewable and self._now() >= self._later:
            try:
                await self.renewed(self.login.tokens.access)
            except McpDeckError:
                # The token may hold for a while yet, and the server says when it does not.
                self._later = self._now() + AGAIN_AFTER
        if not self.usable:  # it may have gone meanwhile
            return {}
        tokens = self.login.tokens
        if tokens.dpop_key is None:
            return {"Authorization": f"Bearer {tokens.access}"}
        proof = self._proof_for(tokens).header(method, http_url(url), access=tokens.access)
        return {"Authorization": f"DPoP {tokens.access}", "DPoP": proof}

    def nonce(self, url: str, nonce: str) -> None:
        """The nonce that the next proof for ``url``'s origin is to carry (RFC 9449, section 8.2)."""
        if self.login is not None and self.login.tokens.dpop_key is not None:
            self._proof_for(self.login.tokens).remember(http_url(url), nonce)

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
        tokens, now = login.tokens, self._now()
        if tokens.expires_at is None:
            return False
        if now + SKEW < tokens.obtained_at:
            return True  # the clock was set back: nobody knows when it ends
        return tokens.expires_within(min(EARLY, max(tokens.expires_at - tokens.obtained_at, 0) / 2), now)

    async def renewed(self, stale: str) -> bool:
        """Whether there is another token than ``stale`` now; one refresh, however many ask, in all processes.

        False where none can be had without a person. Raises ``TokenRefreshFailed``, ``StorageError`` and what keeps
        the authorization server from being reached.
        """
        async with self._turn:
            login = self.login
            if login is None or login.tokens.access != stale:
                return login is not None
            if login.grant != "authorization_code":
                await self._renew(login)  # no token of it stands for another: each process may have its own
                return True
            async with issuer_lock(self._store.locks, login.issuer):
                kept = await self._store.login_for(self._place.url, self.wanted)
                if kept is None:
                    self.drop()  # somebody logged out
                    return False
                if kept.tokens.access != stale:
                    self.take(kept)
                    login = kept
                    if not self._due(kept):
                        return True
                if not self.renewable:
                    return False
                # A refresh token that was taken and answered with another must not be lost on the way.
                with anyio.CancelScope(shield=True):
                    await self._renew(login)
        return True

    async def _renew(self, login: Login) -> None:
        try:
            renewed = await self._renewal(login)
        except TokenRefreshFailed as error:
            failed = replace(login, refreshed=f"failed: {error.title}", refreshed_at=self._now())
            if error.lost:
                failed = replace(failed, tokens=replace(login.tokens, refresh=None))
                await self._keep(failed)
                if error.details.get("error") in ("invalid_client", "unauthorized_client"):
                    await self._store.forget_client(login.issuer)
            self._failed(failed)
            raise
        except McpDeckError as error:
            self._failed(replace(login, refreshed=f"failed: {error.title}", refreshed_at=self._now()))
            raise
        renewed = replace(renewed, refreshed="refreshed", refreshed_at=self._now())
        self.take(await self._keep(renewed))

    def _failed(self, login: Login) -> None:
        self.login = login
        self._told()

    async def _keep(self, login: Login) -> Login:
        """Kept before it is used; where that fails it is used all the same, and says so."""
        try:
            await self._store.save(login)
        except AuthError as error:
            return replace(login, refreshed=f"{login.refreshed}, but not kept: {error.title}")
        return login

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


def http_url(url: str) -> str:
    """``url`` of a WebSocket as that of its upgrade request; every other as it is."""
    scheme, colon, rest = url.partition(":")
    return {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme) + colon + rest


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port (RFC 6454), a WebSocket's as HTTP's; None for what is no URL."""
    try:
        parts = urlsplit(http_url(url))
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), port or {"http": 80, "https": 443}.get(scheme)


def token_of(headers: Mapping[str, str]) -> str:
    """The access token that ``headers`` carry, empty where they carry none."""
    return headers.get("Authorization", "").partition(" ")[2]
