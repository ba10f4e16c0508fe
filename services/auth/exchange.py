"""The exchange of a person's ID token for an ID-JAG at their identity provider (enterprise-managed authorization).

Owns that one request and the checks of its answer (RFC 8693; draft-ietf-oauth-identity-assertion-authz-grant;
protocol section 38). Trusts the identity provider for nothing but this assertion, and keeps nothing.
"""

from __future__ import annotations

from typing import Final

from ..models import IdentityProvider, LoginPhase
from ..state.text import one_line
from .client_auth import BASIC, NONE
from .configured import id_token_of
from .guarded import Guarded
from .kinds import Client, Place, ServerMetadata
from .mechanics import header_of
from .rules import verdict
from .token_endpoint import TOKEN_EXCHANGE, members_of, post, unusable

ID_JAG: Final = "urn:ietf:params:oauth:token-type:id-jag"
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"
JAG_TYPE: Final = "oauth-id-jag+jwt"
_LONGEST: Final = 64 * 1024


async def id_jag(
    fetch: Guarded,
    place: Place,
    idp: IdentityProvider,
    server: ServerMetadata,
    resource: str,
    scopes: tuple[str, ...],
) -> str:
    """An assertion for ``server`` and ``resource``, in exchange for the ID token of the settings. Secret.

    Raises ``TokenError``, ``ConfigError`` for a file that cannot be used, and what ``fetch`` raises.
    """
    params = {
        "grant_type": TOKEN_EXCHANGE,
        "requested_token_type": ID_JAG,
        "audience": server.issuer,
        "resource": resource,
        "subject_token": await id_token_of(idp),
        "subject_token_type": ID_TOKEN,
    }
    if scopes:
        params["scope"] = " ".join(scopes)
    provider = ServerMetadata(
        issuer=one_line(idp.token_endpoint), authorization_endpoint=None, token_endpoint=idp.token_endpoint
    )
    client = Client(
        client_id=idp.client_id,
        origin="configured",
        auth_method=BASIC if idp.client_secret else NONE,
        secret=idp.client_secret,
    )
    title = "Exchange the ID token for an ID-JAG"
    got = await post(fetch, LoginPhase.EXCHANGE, title, provider, client, params, place=place)
    members = members_of(fetch, provider, got)
    assertion = members.get("access_token")
    if not isinstance(assertion, str) or not 0 < len(assertion) <= _LONGEST or not assertion.isascii():
        raise unusable(fetch, provider, got, "exchange.token", "there is no access_token with the assertion in it")
    if not assertion.isprintable() or " " in assertion:
        raise unusable(fetch, provider, got, "exchange.token", "the assertion is no JWT")
    issued = members.get("issued_token_type")
    if issued != ID_JAG:
        shown = one_line(issued, 120) if isinstance(issued, str) else "nothing"
        raise unusable(
            fetch, provider, got, "exchange.issued-token-type", f"issued_token_type says {shown}, not id-jag"
        )
    kind = members.get("token_type")
    written = header_of(assertion).get("typ")
    fetch.recorder.judge(
        got.answer.step,
        verdict("exchange.token", written == JAG_TYPE, f"the assertion's typ is not {JAG_TYPE}"),
        verdict("exchange.issued-token-type", True),
        verdict("exchange.token-type", isinstance(kind, str) and kind.lower() == "n_a", "token_type is not N_A"),
    )
    return assertion
