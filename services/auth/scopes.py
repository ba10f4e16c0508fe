"""Which scopes a login asks for (protocol sections 37.6 and 37.8).

Owns the choice. Never judges what was granted, and assumes no scope to contain another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..models import OAuthSettings
from .kinds import ResourceMetadata, ServerMetadata, Why

OFFLINE = "offline_access"
"""The scope that a refresh token is given for (OpenID Connect Core, section 11; SEP-2207)."""
MOST = 200
"""Scopes that are asked for; what a server lists beyond them is left out."""
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
"""``scope-token`` of RFC 6749, section 3.3; its length is bounded by us."""


def wanted(
    why: Why, resource: ResourceMetadata | None, server: ServerMetadata, settings: OAuthSettings
) -> tuple[str, ...]:
    """The scopes to ask for, in order and each once; empty: none is named, and the server decides.

    The challenge's and the configured ones together; where there are neither, those of the resource's metadata. What
    was asked for before is kept: logging in again takes nothing away. ``offline_access`` comes in where the
    authorization server offers it, a person's login is to be refreshed and something is asked for: alone it would take
    the place of the defaults.
    """
    challenge = why.bearer
    asked = [*words(settings.scopes), *words(challenge.params.get("scope") if challenge else None)]
    if not asked and resource is not None:
        asked = list(_proper(resource.scopes or ()))
    asked = [*why.scopes_before, *asked]
    if asked and OFFLINE in (server.scopes or ()) and _refreshes(server, settings):
        asked.append(OFFLINE)
    return tuple(dict.fromkeys(asked))[:MOST]


def added(why: Why, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``scopes`` that were not asked for before."""
    return tuple(scope for scope in scopes if scope not in why.scopes_before)


def words(text: str | None) -> tuple[str, ...]:
    """The scopes of a ``scope`` value, each once; what cannot be a scope (RFC 6749, section 3.3) is left out."""
    return tuple(dict.fromkeys(_proper((text or "").split(" "))))


def _proper(scopes: Iterable[str]) -> Iterable[str]:
    return (scope for scope in scopes if _TOKEN.fullmatch(scope))


def _refreshes(server: ServerMetadata, settings: OAuthSettings) -> bool:
    return settings.grant == "authorization_code" and (server.grants is None or "refresh_token" in server.grants)
