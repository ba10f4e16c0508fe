"""The authorization server of demo-login: who registered, who was let in, and for how long.

Owns clients, open requests, codes and tokens, all in memory and forgotten when the process ends. Knows one user, the
guest, who has no password: it guards nothing, it shows how guarding works. Access tokens live for a minute and a
refresh token is good for one use, so that expiry and rotation can be watched. The endpoints themselves are the SDK's.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

SCOPE = "demo"
TREASURE = "treasure"
SCOPES = {
    SCOPE: "Call the tools of demo-login in your name",
    TREASURE: "Open the treasure chest",
}
"""What can be asked for, in the words of the consent page."""
TOKEN_LIFETIME = 60
"""Seconds an access token is good for."""
REFRESH_LIFETIME = 24 * 3600
CODE_LIFETIME = 300
GUEST = "guest"


class GuestToken(AccessToken):
    """An access token that knows how many refreshes lie between the login and itself."""

    refreshes: int = 0


class GuestRefreshToken(RefreshToken):
    refreshes: int = 0


@dataclass(slots=True)
class WaitingRequest:
    """An authorization request that the guest has not answered yet. ``expires_at`` in wall seconds.

    ``granted``: the scopes this client was granted before; what goes beyond them is new.
    """

    client: OAuthClientInformationFull
    params: AuthorizationParams
    granted: frozenset[str]
    expires_at: float

    @property
    def scopes(self) -> list[str]:
        return self.params.scopes or [SCOPE]

    @property
    def expired(self) -> bool:
        return self.expires_at < time.time()


@dataclass
class GuestBook(OAuthAuthorizationServerProvider[AuthorizationCode, GuestRefreshToken, GuestToken]):
    """The authorization server's memory. ``base`` is the server's own URL, without a path."""

    base: str
    clients: dict[str, OAuthClientInformationFull] = field(default_factory=dict[str, OAuthClientInformationFull])
    requests: dict[str, WaitingRequest] = field(default_factory=dict[str, WaitingRequest])
    codes: dict[str, AuthorizationCode] = field(default_factory=dict[str, AuthorizationCode])
    access: dict[str, GuestToken] = field(default_factory=dict[str, GuestToken])
    refresh: dict[str, GuestRefreshToken] = field(default_factory=dict[str, GuestRefreshToken])
    granted: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By client: every scope that the guest has agreed to."""

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """The address of the consent page for a request, which stays open for five minutes."""
        ticket = secrets.token_urlsafe(24)
        before = self.granted.get(client.client_id, frozenset())
        self.requests[ticket] = WaitingRequest(client, params, before, time.time() + CODE_LIFETIME)
        return f"{self.base}/login?ticket={ticket}"

    def waiting(self, ticket: str) -> WaitingRequest | None:
        """The open request of a ticket; None where there is none any more."""
        self._sweep()
        return self.requests.get(ticket)

    def agreed(self, ticket: str) -> str | None:
        """The address to go back to, with a fresh code; None for a ticket that is used or expired."""
        request = self._taken(ticket)
        if request is None:
            return None
        params, name = request.params, request.client.client_id
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=request.scopes,
            expires_at=time.time() + CODE_LIFETIME,
            client_id=name,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
            subject=GUEST,
        )
        self.codes[code.code] = code
        self.granted[name] = self.granted.get(name, frozenset()) | set(request.scopes)
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state, iss=self.base)

    def declined(self, ticket: str) -> str | None:
        """The address to go back to when the guest said no; None for a ticket that is used or expired."""
        request = self._taken(ticket)
        if request is None:
            return None
        params = request.params
        return construct_redirect_uri(
            str(params.redirect_uri), error="access_denied", state=params.state, iss=self.base
        )

    def _taken(self, ticket: str) -> WaitingRequest | None:
        self._sweep()
        return self.requests.pop(ticket, None)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        code = self.codes.get(authorization_code)
        return code if code is not None and code.client_id == client.client_id else None

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        if self.codes.pop(authorization_code.code, None) is None:
            raise TokenError("invalid_grant", "the code was used before")
        return self._issue(client, authorization_code.scopes, authorization_code.resource, 0)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> GuestRefreshToken | None:
        token = self.refresh.get(refresh_token)
        return token if token is not None and token.client_id == client.client_id else None

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: GuestRefreshToken, scopes: list[str]
    ) -> OAuthToken:
        if self.refresh.pop(refresh_token.token, None) is None:
            raise TokenError("invalid_grant", "the refresh token was used before")
        wanted = scopes or refresh_token.scopes
        return self._issue(client, wanted, refresh_token.resource, refresh_token.refreshes + 1)

    async def load_access_token(self, token: str) -> GuestToken | None:
        found = self.access.get(token)
        return found if found is not None and (found.expires_at or 0) > time.time() else None

    async def revoke_token(self, token: GuestToken | GuestRefreshToken) -> None:
        """Both kinds go, and the consent with them: RFC 7009 wants the pair to end together."""
        for kept in (self.access, self.refresh):
            for name in [name for name, one in kept.items() if one.client_id == token.client_id]:
                del kept[name]
        self.granted.pop(token.client_id, None)

    def _issue(
        self, client: OAuthClientInformationFull, scopes: list[str], resource: str | None, refreshes: int
    ) -> OAuthToken:
        self._sweep()
        now = int(time.time())
        access = GuestToken(
            token=secrets.token_urlsafe(32),
            client_id=client.client_id,
            scopes=scopes,
            expires_at=now + TOKEN_LIFETIME,
            resource=resource,
            subject=GUEST,
            refreshes=refreshes,
        )
        refresh = GuestRefreshToken(
            token=secrets.token_urlsafe(32),
            client_id=client.client_id,
            scopes=scopes,
            expires_at=now + REFRESH_LIFETIME,
            resource=resource,
            subject=GUEST,
            refreshes=refreshes,
        )
        self.access[access.token] = access
        self.refresh[refresh.token] = refresh
        return OAuthToken(
            access_token=access.token,
            expires_in=TOKEN_LIFETIME,
            refresh_token=refresh.token,
            scope=" ".join(scopes),
        )

    def _sweep(self) -> None:
        """Forget what has expired: a dashboard that is left open refreshes twice a minute."""
        now = time.time()
        for kept in (self.requests, self.codes, self.access, self.refresh):
            for name in [name for name, one in kept.items() if one.expires_at is not None and one.expires_at < now]:
                del kept[name]
