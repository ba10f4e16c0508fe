"""Who mcpdeck is at one authorization server.

Owns the choice between a configured client, a metadata document, a registration and asking (protocol section 37.4).
Never keeps what it finds, and never gives an identity of one issuer to another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from ..config.secret_variables import CLIENT_SECRET
from ..errors import ConfigError, RegistrationError
from ..models import LoginPhase, OAuthSettings
from ..state.text import one_line
from .client_auth import NONE, SIGNED, auth_method
from .guarded import Guarded
from .kinds import Client, Hands, Place, ServerMetadata
from .registration import register
from .rules import verdict

__all__ = ["auth_method", "identify"]

_SOON: Final = 60.0
"""A client secret that expires within so many seconds is no good for a login any more."""
DOUBTFUL: Final = 2
"""Logins that nobody was sent back from, in a row, after which a kept client is not relied upon any more."""


async def identify(
    fetch: Guarded,
    place: Place,
    server: ServerMetadata,
    redirect_uri: str,
    hands: Hands,
    kept: Client | None,
    secret_from_env: str | None,
    *,
    now: Callable[[], float] = time.time,
) -> Client:
    """The client to be at ``server``: configured, metadata document, registered (``kept`` or now), or asked for.

    ``kept``: what is kept for ``server.identity``. ``secret_from_env``: the secret of a configured client that has none
    in the settings, for where it may be sent (``Place.trusted``). Raises ``RegistrationError``, ``ConfigError`` for
    settings that cannot be used, and what ``fetch`` and ``hands`` raise.
    """
    settings = place.settings
    if settings.client_id is not None:
        return _configured(fetch, place, settings.client_id, server, secret_from_env)
    if settings.grant != "authorization_code":
        return _without_a_person(settings, server)
    if server.metadata_documents and settings.client_metadata_url is not None:
        return _documented(fetch, settings.client_metadata_url, settings, server)
    usable = kept if kept is not None and _fits(kept, redirect_uri, now()) else None
    if usable is not None and _relied_upon(usable, hands):
        fetch.recorder.event(
            LoginPhase.REGISTRATION, "The client that is kept for this issuer is used", verdict("client.issuer", True)
        )
        return usable
    if server.registration_endpoint is not None:
        registered = await register(fetch, server, redirect_uri)
        if registered is not None:
            return registered
    return await _asked(place, server, hands, usable)


def _configured(
    fetch: Guarded, place: Place, client_id: str, server: ServerMetadata, secret_from_env: str | None
) -> Client:
    settings = place.settings
    bound = settings.issuer in (None, server.issuer)
    elsewhere = f"the client is for {_shown(settings.issuer or '')}"
    secret, title = settings.client_secret, "The configured client is used"
    if not secret and secret_from_env:
        secret, title = _of_the_environment(place, server, secret_from_env)
    fetch.recorder.event(LoginPhase.REGISTRATION, title, verdict("client.issuer", bound, elsewhere))
    if settings.issuer is not None and not bound:
        raise RegistrationError(
            f"the configured client is for {_shown(settings.issuer)}, and the MCP server sends us to "
            f"{_shown(server.issuer)}",
            hint='Nothing was sent there. If the server has moved, get a client there and change "clientId" and '
            '"issuer" of the "oauth" settings.',
            details={"configured": settings.issuer, "issuer": server.issuer},
        )
    return Client(
        client_id=client_id,
        origin="configured",
        auth_method=auth_method(server, secret or None, None, settings.private_key),
        # What the settings hold is put in when it is used, and never kept: see ``configured``.
        secret=None if settings.client_secret else secret or None,
    )


def _of_the_environment(place: Place, server: ServerMetadata, secret: str) -> tuple[str | None, str]:
    """The secret of the environment where it may be used, and the step that says so.

    It is exported for one authorization server, and does not say for which: the entry must, or the person who named
    this one server. The server that an entry leads to would have it otherwise.
    """
    if place.trusted or place.settings.issuer == server.identity:
        return secret, f"The configured client is used, with the secret of {CLIENT_SECRET}"
    return None, (
        f"The configured client is used, without {CLIENT_SECRET}: the entry has no issuer that it would be for, "
        "and nobody named this server alone"
    )


def _without_a_person(settings: OAuthSettings, server: ServerMetadata) -> Client:
    """Grants without a person know no registration; an assertion alone may do (RFC 7523, section 2.1)."""
    if settings.grant == "jwt_bearer":
        return Client(client_id="", origin="configured", auth_method=NONE)
    raise RegistrationError(
        f"there is no client for {_shown(server.issuer)}: this way of logging in wants one that was registered before",
        hint='Give "clientId", and "clientSecret" or "privateKey", in the "oauth" settings.',
        details={"issuer": server.issuer, "grant": settings.grant},
    )


# Client ID metadata documents


def _documented(fetch: Guarded, url: str, settings: OAuthSettings, server: ServerMetadata) -> Client:
    """The URL is the client id (protocol section 37.4); it is the authorization server that reads the document."""
    wrong = _no_document(url)
    fetch.recorder.event(
        LoginPhase.REGISTRATION,
        "A client metadata document is used",
        verdict("cimd.supported", True),
        verdict("cimd.url", not wrong, wrong),
    )
    if wrong:
        raise ConfigError(
            f"the client metadata URL cannot be used: {wrong} ({_shown(url)})",
            hint='"clientMetadataUrl" is https://HOST/PATH, where a document names this very URL as its client_id.',
        )
    signs = settings.private_key is not None and SIGNED in (server.auth_methods or ())
    return Client(
        client_id=url,
        origin="metadata document",
        auth_method=SIGNED if signs else NONE,
    )


def _no_document(url: str) -> str:
    """Why ``url`` names no client (draft-ietf-oauth-client-id-metadata-document, section 3); empty if it does."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it is no URL"
    if parts.scheme != "https" or not parts.hostname:
        return "it does not begin with https://"
    if parts.path in ("", "/"):
        return "it has no path"
    if "@" in parts.netloc:
        return "it has a user in it"
    if "#" in url:
        return "it has a fragment"
    if any(part in (".", "..") for part in parts.path.split("/")):
        return "its path has . or .. in it"
    return ""


# A client that is kept


def _fits(kept: Client, redirect_uri: str, now: float) -> bool:
    """Whether a kept client can be used again: for this redirect address, with a secret that lasts.

    The port counts: not every authorization server leaves it open for loopback addresses (RFC 8252, section 7.3).
    """
    if kept.origin not in ("registered", "asked"):
        return False
    expires = kept.secret_expires_at
    lasting = not expires or expires > now + _SOON
    return lasting and kept.redirect_uri in (None, redirect_uri)


# Asking


def _relied_upon(kept: Client, hands: Hands) -> bool:
    """What a person typed is asked for once more, where one is there: a wrong id is never answered either."""
    return kept.doubts < DOUBTFUL or (kept.origin == "asked" and hands.opening == "http")


async def _asked(place: Place, server: ServerMetadata, hands: Hands, kept: Client | None) -> Client:
    """What a person types; nothing leaves it at ``kept``."""
    client_id, secret = await hands.identify(place.server, server.issuer)
    client_id = client_id.strip()
    if not client_id and kept is not None:
        return kept
    if not client_id:
        raise RegistrationError(
            f"there is no client for the authorization server {_shown(server.issuer)}",
            hint='It registers none by itself. Get a client id there and give it as "clientId" in the "oauth" '
            "settings.",
            details={"issuer": server.issuer},
        )
    secret = secret or None
    return Client(
        client_id=client_id, origin="asked", auth_method=auth_method(server, secret, None, None), secret=secret
    )


def _shown(text: str) -> str:
    return one_line(text, 200)
