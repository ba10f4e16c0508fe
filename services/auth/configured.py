"""What the settings of an entry hold to log in with, at the moment when it is used.

Owns reading keys and tokens from the files that an entry names, and giving a configured client its secret or its key,
neither of which is kept beside the tokens. Never called before the entry may be connected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import anyio
from anyio import to_thread

from ..config.secret_file import UnusableSecret, private_key, read_secret, token
from ..errors import ConfigError
from ..models import IdentityProvider, OAuthSettings, Secret
from .client_auth import NONE, SIGNED, auth_method
from .kinds import Client, Place, ServerMetadata

SECONDS: Final = 5.0
"""How long a file may take: it may lie on a file system of the network."""


async def assertion_of(settings: OAuthSettings) -> str | None:
    """The workload's assertion as it is now. Raises ``ConfigError``, and so do the others here."""
    return None if settings.assertion is None else await _read("assertion", settings.assertion, token)


async def id_token_of(idp: IdentityProvider) -> str:
    """The person's ID token as it is now."""
    return await _read("idToken", idp.id_token, token)


async def as_configured(client: Client, server: ServerMetadata, place: Place) -> Client:
    """``client`` with the secret or the key that the settings have for it now, to authenticate with at ``server``.

    A client that is none of the settings', or not for this issuer, stays as it is.
    """
    settings = place.settings
    if settings.issuer not in (None, server.issuer):
        return client
    secret, method = client.secret, client.auth_method
    if client.origin == "configured" and client.client_id == settings.client_id:
        secret = settings.client_secret or secret
        method = auth_method(server, secret, None if method == NONE else method, settings.private_key)
    elif client.origin != "metadata document" or client.client_id != settings.client_metadata_url:
        return client
    key = None
    if method == SIGNED and settings.private_key is not None:
        key = await _read("privateKey", settings.private_key, private_key)
    return replace(
        client, auth_method=method, secret=secret, private_key=key, signing_algorithm=settings.signing_algorithm
    )


async def _read(name: str, secret: Secret, fits: Callable[[str], str]) -> str:
    if isinstance(secret, str):
        return secret.strip()
    where = f'"{name}" in the "oauth" settings'
    try:
        with anyio.fail_after(SECONDS):
            return await to_thread.run_sync(read_secret, secret, fits, abandon_on_cancel=True)
    except UnusableSecret as error:
        raise ConfigError(f"{where} {error.what}", hint=f"{error.remedy[0].upper()}{error.remedy[1:]}.") from None
    except TimeoutError:
        raise ConfigError(
            f"{where} names {secret.path}, which could not be read within {SECONDS:g} s",
            hint="Is its file system there?",
        ) from None
