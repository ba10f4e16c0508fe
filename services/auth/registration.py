"""Dynamic client registration (RFC 7591; protocol section 37.4).

Owns what mcpdeck registers as, the one thing it gives in when a server refuses, and the strict reading of what comes
back. Never decides whether to register, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import DiscoveryError, RegistrationError
from ..models import Json, JsonObject, LoginPhase, Verdict
from ..state.text import one_line
from .client_auth import BASIC, METHODS, NONE, POST, auth_method
from .guarded import Fetched, Guarded
from .kinds import Client, ServerMetadata
from .oauth_errors import ErrorBody, error_body
from .rules import verdict

CLIENT_NAME: Final = "mcpdeck"
_LONGEST: Final = 4096
_WITH_SECRET: Final = (BASIC, POST)
_GRANTS: Final = ("authorization_code", "refresh_token")
_REFUSED: Final = ("invalid_client_metadata", "invalid_redirect_uri")


async def register(fetch: Guarded, server: ServerMetadata, redirect_uri: str) -> Client | None:
    """A client that was registered now; None where the assumed endpoint of 2025-03-26 is not there.

    A refusal that names one of the members that we can do without is answered once, without it. Raises
    ``RegistrationError``.
    """
    wanted = _wanted(server, redirect_uri)
    refused: ErrorBody | None = None
    for _ in range(2):
        answer = await _post(fetch, server, wanted)
        if answer.status in (200, 201):
            return _registered(fetch, server, answer, wanted, redirect_uri)
        if server.assumed and answer.status in (404, 405):
            return None
        refused = error_body(answer, ())
        fetch.recorder.judge(
            answer.step,
            verdict("dcr.accepted", False, refused.words),
            verdict("dcr.error", answer.status == 400 and bool(refused.error), f"it was answered {answer.status}"),
        )
        less = _adjusted(wanted, refused)
        if less is None:
            break
        wanted = less
    raise _not_registered(server, refused)


def _wanted(server: ServerMetadata, redirect_uri: str) -> JsonObject:
    methods = server.auth_methods
    method = NONE
    if methods is not None and NONE not in methods:
        # In the server's own order: some take the first one only at some of their endpoints.
        method = next((each for each in methods if each in _WITH_SECRET), NONE)
    return {
        "client_name": CLIENT_NAME,
        "application_type": "native",
        "redirect_uris": [redirect_uri],
        "grant_types": list(_GRANTS),
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    }


_LESS: Final[tuple[tuple[str, str, Json], ...]] = (
    ("application_type", "application_type", None),
    ("application type", "application_type", None),
    ("refresh_token", "grant_types", ["authorization_code"]),
    ("grant_type", "grant_types", ["authorization_code"]),
    ("auth_method", "token_endpoint_auth_method", BASIC),
    ("auth method", "token_endpoint_auth_method", BASIC),
    ("response_type", "response_types", None),
)
"""A word of a refusal, the member it is about, and what it becomes; None: it is left out."""


def _adjusted(wanted: JsonObject, refused: ErrorBody) -> JsonObject | None:
    if refused.error not in _REFUSED:
        return None
    text = refused.description.lower()
    for word, member, instead in _LESS:
        if word in text and wanted.get(member, instead) != instead:
            return {name: value for name, value in (wanted | {member: instead}).items() if value is not None}
    return None


async def _post(fetch: Guarded, server: ServerMetadata, wanted: JsonObject) -> Fetched:
    return await fetch.fetch(
        LoginPhase.REGISTRATION,
        "Register as a client",
        "POST",
        server.registration_endpoint or "",
        headers={"Accept": "application/json"},
        json=wanted,
        redirects=False,
    )


def _registered(
    fetch: Guarded, server: ServerMetadata, answer: Fetched, wanted: JsonObject, redirect_uri: str
) -> Client:
    try:
        found = answer.json()
    except DiscoveryError as error:
        fetch.recorder.judge(answer.step, verdict("dcr.json", False, one_line(error.title, 300)))
        raise _no_client(server, one_line(error.title, 300)) from None
    client_id = _text(found, "client_id")
    if client_id is None:
        fetch.recorder.judge(answer.step, verdict("dcr.client-id", False, "there is none"))
        raise _no_client(server, "its answer has no client_id that can be used")
    secret = _text(found, "client_secret")
    registered = _text(found, "token_endpoint_auth_method")
    asked = _text(wanted, "token_endpoint_auth_method")
    if registered is None and secret is None:
        registered = asked
    fetch.recorder.judge(answer.step, *_verdicts(server, answer, found, redirect_uri))
    expires = found.get("client_secret_expires_at")
    return Client(
        client_id=client_id,
        origin="registered",
        auth_method=auth_method(server, secret, registered, None),
        secret=secret,
        redirect_uri=redirect_uri,
        secret_expires_at=float(expires)
        if isinstance(expires, int | float) and not isinstance(expires, bool) and 0 < expires < 1e12
        else None,
        management={
            name: value
            for name in ("registration_access_token", "registration_client_uri")
            if (value := _text(found, name)) is not None
        },
    )


def _verdicts(server: ServerMetadata, answer: Fetched, found: JsonObject, redirect_uri: str) -> tuple[Verdict, ...]:
    method = _text(found, "token_endpoint_auth_method")
    known = server.auth_methods
    agreed = method is None or (method in METHODS and (known is None or method in known))
    echoed = found.get("redirect_uris")
    same = not isinstance(echoed, list) or not echoed or redirect_uri in echoed
    has_secret = _text(found, "client_secret") is not None
    expiry = not has_secret or "client_secret_expires_at" in found
    grants = found.get("grant_types")
    less = isinstance(grants, list) and any(each not in grants for each in _GRANTS)
    kind = found.get("application_type")
    other = kind not in (None, "native")
    return (
        verdict("dcr.accepted", True),
        verdict("dcr.status", answer.status == 201, f"it was answered {answer.status}"),
        verdict("dcr.content-type", answer.is_json, f"it says {one_line(answer.media, 80) or 'nothing'}"),
        verdict("dcr.json", True),
        verdict("dcr.client-id", True),
        verdict("dcr.application-type", not other, f"it is registered as {one_line(str(kind), 80)}"),
        verdict("dcr.grant-types", None if less else True, f"not all of {', '.join(_GRANTS)} are registered"),
        verdict("dcr.auth-method", agreed, _disagreement(method, known)),
        verdict("dcr.redirect-uris", same, "another redirect address was registered than was asked for"),
        verdict("dcr.secret-expiry", expiry, "there is a client_secret without it"),
    )


def _disagreement(method: str | None, known: tuple[str, ...] | None) -> str:
    said = one_line(", ".join(known or ()), 200) or "nothing"
    return f"the registration says {one_line(method or 'nothing', 80)}, and the metadata lists {said}"


def _text(found: Mapping[str, Json], name: str) -> str | None:
    """A member that is printable ASCII of sensible length (RFC 6749, appendix A); else as if it were not there."""
    value = found.get(name)
    usable = isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()
    return value if isinstance(value, str) and usable else None


def _not_registered(server: ServerMetadata, refused: ErrorBody | None) -> RegistrationError:
    assert refused is not None
    return RegistrationError(
        f"the authorization server {_shown(server.issuer)} does not register mcpdeck: {refused.words}",
        hint='Register a client there by hand and give its "clientId" in the "oauth" settings, '
        'or a "clientMetadataUrl" where the server supports it.',
        retryable=refused.status >= 500,
        details={"issuer": server.issuer, **refused.details},
    )


def _no_client(server: ServerMetadata, why: str) -> RegistrationError:
    return RegistrationError(
        f"the registration at {_shown(server.issuer)} gave no client: {why}",
        hint='Register a client there by hand and give its "clientId" in the "oauth" settings.',
        details={"issuer": server.issuer},
    )


def _shown(text: str) -> str:
    return one_line(text, 200)
