"""demo-login: a server behind OAuth, with an authorization server of its own.

Owns a resource server that wants a bearer token and the authorization server that hands one out
after a click on a page. All of it is kept in memory and forgotten when the process ends; it knows
one user, the guest, and guards nothing. The endpoints themselves are the SDK's.
"""

from __future__ import annotations

import html
import secrets
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

SCOPE = "demo"
TOKEN_LIFETIME = 3600
"""Seconds an access token is good for."""
CODE_LIFETIME = 300
GUEST = "guest"
READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>demo-login</title>
<style>body{{font:16px system-ui;max-width:26rem;margin:18vh auto;padding:0 1rem;color:#223}}
button{{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.5rem;margin-right:.5rem;cursor:pointer}}
.yes{{background:#3a5bdc;color:#fff}}</style>
<h1>Log in to demo-login</h1><p><b>{client}</b> would like to call the tools of this demo server in your name.</p>
<p>There is no password: you are the guest.</p>
<form method="post"><input type="hidden" name="ticket" value="{ticket}">
<button class="yes" name="answer" value="yes">Continue as guest</button>
<button name="answer" value="no">Decline</button></form></html>"""


@dataclass(slots=True)
class _Request:
    client: OAuthClientInformationFull
    params: AuthorizationParams
    expires_at: float


@dataclass
class GuestBook(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """The authorization server's memory: clients, open requests, codes and tokens.

    ``base`` is the server's own URL, without a path.
    """

    base: str
    clients: dict[str, OAuthClientInformationFull] = field(default_factory=dict[str, OAuthClientInformationFull])
    requests: dict[str, _Request] = field(default_factory=dict[str, _Request])
    codes: dict[str, AuthorizationCode] = field(default_factory=dict[str, AuthorizationCode])
    access: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    refresh: dict[str, RefreshToken] = field(default_factory=dict[str, RefreshToken])

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        ticket = secrets.token_urlsafe(24)
        self.requests[ticket] = _Request(client, params, time.time() + CODE_LIFETIME)
        return f"{self.base}/login?ticket={ticket}"

    def granted(self, request: _Request) -> str:
        """The address to go back to, with a fresh code."""
        params = request.params
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=params.scopes or [SCOPE],
            expires_at=time.time() + CODE_LIFETIME,
            client_id=request.client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
            subject=GUEST,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state, iss=self.base)

    def refused(self, request: _Request) -> str:
        """The address to go back to when the guest declined."""
        params = request.params
        return construct_redirect_uri(
            str(params.redirect_uri), error="access_denied", state=params.state, iss=self.base
        )

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
        return self._issue(client, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        token = self.refresh.get(refresh_token)
        return token if token is not None and token.client_id == client.client_id else None

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        if self.refresh.pop(refresh_token.token, None) is None:
            raise TokenError("invalid_grant", "the refresh token was used before")
        return self._issue(client, scopes or refresh_token.scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> AccessToken | None:
        found = self.access.get(token)
        return found if found is not None and (found.expires_at or 0) > time.time() else None

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        # Both kinds go: the specification of revocation (RFC 7009) wants the pair to end together.
        for kept in (self.access, self.refresh):
            for name in [name for name, one in kept.items() if one.client_id == token.client_id]:
                del kept[name]

    def _issue(self, client: OAuthClientInformationFull, scopes: list[str], resource: str | None) -> OAuthToken:
        name = client.client_id
        access = AccessToken(
            token=secrets.token_urlsafe(32),
            client_id=name,
            scopes=scopes,
            expires_at=int(time.time()) + TOKEN_LIFETIME,
            resource=resource,
            subject=GUEST,
        )
        refresh = RefreshToken(
            token=secrets.token_urlsafe(32), client_id=name, scopes=scopes, resource=resource, subject=GUEST
        )
        self.access[access.token] = access
        self.refresh[refresh.token] = refresh
        return OAuthToken(
            access_token=access.token,
            expires_in=TOKEN_LIFETIME,
            refresh_token=refresh.token,
            scope=" ".join(scopes),
        )


class Visitor(BaseModel):
    """What the access token says."""

    user: str | None
    client: str | None = Field(description="The name the client registered itself with.")
    scopes: list[str]
    valid_for: int = Field(description="Seconds until the token expires.")


def server(base: str) -> MCPServer:
    """The server at ``base`` (scheme, host and port); its endpoint is ``base``/mcp."""
    book = GuestBook(base)
    mcp = MCPServer(
        "demo-login",
        title="Behind a login",
        version=version("mcpdeck"),
        description="A server that wants to know who you are. Anyone may come in as the guest.",
        instructions="whoami tells what the server knows about you.",
        auth_server_provider=book,
        auth=AuthSettings.model_validate(
            {
                # As text: an issuer is compared letter by letter, and a URL object would add a slash.
                "issuer_url": base,
                "resource_server_url": f"{base}/mcp",
                "required_scopes": [SCOPE],
                "client_registration_options": ClientRegistrationOptions(
                    enabled=True, valid_scopes=[SCOPE], default_scopes=[SCOPE]
                ),
                "revocation_options": RevocationOptions(enabled=True),
                "validate_token_resource": True,
            }
        ),
    )

    @mcp.tool(title="Who am I?", annotations=READ_ONLY)
    async def whoami() -> Visitor:
        """Tells whom the access token speaks for."""
        token = get_access_token()
        if token is None:  # the endpoint lets nobody in without one
            return Visitor(user=None, client=None, scopes=[], valid_for=0)
        client = await book.get_client(token.client_id)
        return Visitor(
            user=token.subject,
            client=client.client_name if client else None,
            scopes=token.scopes,
            valid_for=max(0, (token.expires_at or 0) - int(time.time())),
        )

    @mcp.tool(title="Fortune", annotations=READ_ONLY, structured_output=False)
    def fortune(
        number: Annotated[int, Field(description="Draw a number.", ge=1, le=4)] = 1,
    ) -> str:
        """A sentence for those who logged in."""
        return (
            "Whoever has a token has friends.",
            "What expires can be refreshed.",
            "A redirect today saves a password tomorrow.",
            "Trust, but verify the audience.",
        )[number - 1]

    @mcp.custom_route("/login", methods=["GET", "POST"])
    async def login(request: Request) -> Response:
        if request.method == "GET":
            ticket = request.query_params.get("ticket", "")
            waiting = book.requests.get(ticket)
            if waiting is None or waiting.expires_at < time.time():
                return HTMLResponse("This login has expired. Please start it again.", status_code=400)
            name = waiting.client.client_name or "A client"
            return HTMLResponse(_PAGE.format(client=html.escape(name), ticket=html.escape(ticket)))
        async with request.form(max_files=0, max_fields=4) as form:
            waiting = book.requests.pop(str(form.get("ticket", "")), None)
            answer = form.get("answer")
        if waiting is None or waiting.expires_at < time.time():
            return HTMLResponse("This login has expired. Please start it again.", status_code=400)
        target = book.granted(waiting) if answer == "yes" else book.refused(waiting)
        return RedirectResponse(target, status_code=303)

    return mcp
