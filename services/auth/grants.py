"""How a token is had: for a code, for a refresh token, and without a person.

Owns what each grant sends and what its failure means (RFC 6749, RFC 7523, RFC 8693; protocol sections 37.7 and 38).
Never goes over from one grant to another, and never sends a grant twice: a code and a rotating refresh token are good
for one request. Keeps nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..errors import ConfigError, McpDeckError, RegistrationError, TokenError, TokenRefreshFailed
from ..models import LoginPhase
from ..state.text import one_line
from .client_auth import NONE
from .configured import as_configured, assertion_of
from .dpop import Proof, proof_for
from .exchange import id_jag
from .guarded import Guarded
from .kinds import Client, Login, Place, ServerMetadata, Tokens
from .token_endpoint import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, JWT_BEARER, REFRESH_TOKEN, ask

LOST: Final = ("invalid_grant", "invalid_client", "unauthorized_client")
"""After these there is nothing to refresh with any more (RFC 6749, section 5.2)."""


async def redeem(
    fetch: Guarded,
    place: Place,
    server: ServerMetadata,
    client: Client,
    *,
    code: str,
    verifier: str,
    redirect_uri: str,
    resource: str,
    scopes: tuple[str, ...],
    dpop: Proof | None = None,
    now: Callable[[], float] = time.time,
) -> Tokens:
    """Tokens for an authorization code (RFC 6749, section 4.1.3; RFC 7636, section 4.5; RFC 8707, section 2.2).

    ``scopes``, ``redirect_uri`` and ``resource`` as in the authorization request. ``dpop``: the proof that the tokens
    are to be bound to; unless given, a new one where ``server`` advertises it. Raises ``TokenError``, and what
    ``fetch`` raises.
    """
    params = {
        "grant_type": AUTHORIZATION_CODE,
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
        "resource": resource,
    }
    return await ask(
        fetch,
        LoginPhase.TOKEN,
        "Redeem the code for a token",
        server,
        await as_configured(client, server, place),
        params,
        place=place,
        dpop=dpop or proof_for(place, server),
        asked=scopes,
        now=now,
    )


async def refresh(fetch: Guarded, login: Login, place: Place, *, now: Callable[[], float] = time.time) -> Tokens:
    """Newer tokens of ``login``, with the old refresh token where no new one came (RFC 6749, section 6).

    A login without a person is simply made again (protocol section 38). Raises ``TokenRefreshFailed``; ``lost`` where
    only a new login helps. Whoever calls sees to it that it happens once (a refresh token may be good for one request).
    """
    try:
        if place.settings.issuer not in (None, login.issuer) or login.metadata.issuer != login.issuer:
            raise _lost(f"the login at {_shown(login.issuer)} is not for the issuer that is configured now")
        if login.tokens.refresh is not None:
            return await _refreshed(fetch, login, login.tokens.refresh, place, now)
        if login.grant == "authorization_code":
            raise _lost(f"{_shown(login.issuer)} gave no refresh token")
        return await unattended(
            fetch, place, login.metadata, login.resource, login.client, login.tokens.asked, again=True, now=now
        )
    except TokenRefreshFailed:
        raise
    except McpDeckError as error:
        raise _failed(error) from None


async def _refreshed(fetch: Guarded, login: Login, token: str, place: Place, now: Callable[[], float]) -> Tokens:
    before = login.tokens
    dpop = Proof(before.dpop_key) if before.dpop_key is not None else None
    params = {"grant_type": REFRESH_TOKEN, "refresh_token": token, "resource": login.resource}
    tokens = await ask(
        fetch,
        LoginPhase.REFRESH,
        "Refresh the token",
        login.metadata,
        await as_configured(login.client, login.metadata, place),
        params,
        place=place,
        dpop=dpop,
        asked=before.asked,
        granted=before.scopes,
        now=now,
    )
    return tokens if tokens.refresh is not None else replace(tokens, refresh=token)


def _failed(error: McpDeckError) -> TokenRefreshFailed:
    failed = TokenRefreshFailed(
        f"the login could not be refreshed: {error.title}",
        hint=error.hint,
        retryable=error.retryable,
        details=error.details if isinstance(error, TokenError) else None,
    )
    failed.lost = isinstance(error, TokenError) and error.details.get("error") in LOST
    return failed


def _lost(why: str) -> TokenRefreshFailed:
    failed = TokenRefreshFailed(f"the login could not be refreshed: {why}", hint="Log in again.")
    failed.lost = True
    return failed


# Without a person


async def unattended(
    fetch: Guarded,
    place: Place,
    server: ServerMetadata,
    resource: str,
    client: Client,
    scopes: tuple[str, ...],
    *,
    again: bool = False,
    now: Callable[[], float] = time.time,
) -> Tokens:
    """A token by the grant of the settings: client credentials, a workload's assertion, or an ID-JAG.

    One attempt: a refusal is final, and no other grant is tried (protocol section 38). ``again``: in place of a
    refresh. Raises ``TokenError``, ``RegistrationError`` for a client that cannot show who it is, ``ConfigError`` for
    settings that lack what the grant needs, and what ``fetch`` raises.
    """
    client = await as_configured(client, server, place)
    title, params = await _unattended_request(fetch, place, server, resource, client, scopes)
    if scopes:
        params["scope"] = " ".join(scopes)
    return await ask(
        fetch,
        LoginPhase.REFRESH if again else LoginPhase.TOKEN,
        title,
        server,
        client,
        params | {"resource": resource},
        place=place,
        dpop=proof_for(place, server),
        asked=scopes,
        now=now,
    )


async def _unattended_request(
    fetch: Guarded, place: Place, server: ServerMetadata, resource: str, client: Client, scopes: tuple[str, ...]
) -> tuple[str, dict[str, str]]:
    settings = place.settings
    match settings.grant:
        case "client_credentials":
            _confidential(client, server)
            return "Ask for a token with the client's credentials", {"grant_type": CLIENT_CREDENTIALS}
        case "jwt_bearer":
            assertion = await assertion_of(settings)
            if not assertion:
                raise _lacking("assertion", "the workload's JWT, or @FILE with it")
            return "Ask for a token with the workload's assertion", {"grant_type": JWT_BEARER, "assertion": assertion}
        case "id_jag":
            if settings.idp is None:
                raise _lacking("idp", "tokenEndpoint, clientId and idToken of the identity provider")
            assertion = await id_jag(fetch, place, settings.idp, server, resource, scopes)
            return "Ask for a token with the ID-JAG", {"grant_type": JWT_BEARER, "assertion": assertion}
        case "authorization_code":
            raise AssertionError("a code is redeemed, after a person agreed")


def _confidential(client: Client, server: ServerMetadata) -> None:
    """Only a client that can authenticate may use its credentials as a grant (RFC 6749, section 4.4)."""
    if client.auth_method == NONE:
        raise RegistrationError(
            f"the client has nothing to show to {_shown(server.issuer)} who it is",
            hint='Client credentials want "clientSecret" or "privateKey" in the "oauth" settings.',
            details={"issuer": server.issuer},
        )


def _lacking(name: str, what: str) -> ConfigError:
    return ConfigError(
        f'the "oauth" settings lack "{name}", which this way of logging in needs', hint=f'Give "{name}": {what}.'
    )


def _shown(text: str) -> str:
    return one_line(text, 200)
