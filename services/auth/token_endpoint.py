"""The one way to ask a token endpoint.

Owns the request with client authentication and DPoP, and what is said where there is no token in the answer (RFC
6749, section 5.2). Decides nothing about grants, and keeps nothing. Whatever is secret in the request never comes
back in an error, even where the server quotes it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import DiscoveryError, TokenError
from ..models import JsonObject, LoginPhase, Verdict
from ..state.text import one_line
from .claims import claims_of
from .client_auth import NONE, authenticated
from .dpop import Proof
from .guarded import Fetched, Guarded
from .kinds import Client, Place, ServerMetadata, Tokens
from .oauth_errors import ErrorBody, error_body
from .rules import verdict
from .token_answer import DPOP, TokenAnswer, UnfitAnswerError, named_twice, read_answer

AUTHORIZATION_CODE: Final = "authorization_code"
CLIENT_CREDENTIALS: Final = "client_credentials"
REFRESH_TOKEN: Final = "refresh_token"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"

_GRANTED: Final = {
    REFRESH_TOKEN: "refresh.granted",
    CLIENT_CREDENTIALS: "credentials.grant",
    JWT_BEARER: "jwt-bearer.grant",
    TOKEN_EXCHANGE: "exchange.status",
}
"""Which rule says that a grant was given; ``token.granted`` for the others."""
_SECRET: Final = (
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "assertion",
    "subject_token",
    "refresh_token",
    "token",
)
_AGAIN: Final = "Try again in a while."
_OTHERWISE: Final = "The steps of the login show what was sent and what came back."
_HINTS: Final[Mapping[str, str]] = {
    "invalid_grant": "What it was given has expired, was used before, or belongs to another client: log in again.",
    "invalid_client": 'It does not know the client, or not its secret: check "clientId" and "clientSecret" of the '
    '"oauth" settings; a client that registered itself does so again after a logout.',
    "unauthorized_client": "This client may not log in this way: whoever registered it there must allow the grant.",
    "unsupported_grant_type": 'It does not know this way of logging in: check "grant" of the "oauth" settings.',
    "invalid_scope": 'It does not give these scopes: check "scopes" of the "oauth" settings.',
    "invalid_target": "It gives no tokens for this MCP server (RFC 8707): its administrator must allow the resource.",
    "invalid_dpop_proof": 'It does not accept the DPoP proof: check the clock of this machine, or give "dpop": "off".',
    "use_dpop_nonce": 'It wants a DPoP nonce and takes none of those it gave: give "dpop": "off" to go without.',
    "slow_down": _AGAIN,
    "temporarily_unavailable": _AGAIN,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer; what was secret in its request, its ``grant_type``, and the names of its parameters and headers."""

    answer: Fetched
    secrets: tuple[str, ...] = field(repr=False)
    grant: str
    sent: frozenset[str]


async def ask(
    fetch: Guarded,
    phase: LoginPhase,
    title: str,
    server: ServerMetadata,
    client: Client,
    params: Mapping[str, str],
    *,
    place: Place,
    dpop: Proof | None = None,
    asked: tuple[str, ...],
    granted: tuple[str, ...] | None = None,
    now: Callable[[], float] = time.time,
) -> Tokens:
    """A token for ``params``: ``grant_type``, ``resource``, and whatever the grant wants.

    ``asked``: all scopes asked for so far; ``granted``: what counts as granted where the answer names no scope (those
    asked for, unless given). Raises ``TokenError`` (``details``: ``error``, ``description``, ``status``),
    ``ConfigError`` for a private key that cannot be used, and what ``fetch`` raises.
    """
    got = await post(fetch, phase, title, server, client, params, place=place, dpop=dpop)
    members = members_of(fetch, server, got)
    obtained = now()
    try:
        found = read_answer(members, proved=dpop is not None, asked=asked)
    except UnfitAnswerError as error:
        raise unusable(fetch, server, got, error.rule, error.wrong) from None
    default = asked if granted is None else granted
    fetch.recorder.judge(got.answer.step, *found.verdicts, *_remarks(found, client, params, default))
    return Tokens(
        access=found.access,
        token_type=found.kind,
        scopes=default if found.scopes is None else found.scopes,
        asked=asked,
        expires_at=None if found.lifetime is None else obtained + found.lifetime,
        refresh=found.refresh,
        dpop_key=dpop.key if dpop is not None and found.kind == DPOP else None,
        obtained_at=obtained,
    )


def _remarks(
    found: TokenAnswer, client: Client, params: Mapping[str, str], granted: tuple[str, ...]
) -> Iterator[Verdict]:
    """What is expected of the answer because of what was asked; nothing of it keeps a token from being used."""
    grant = params.get("grant_type")
    new = found.refresh is not None and found.refresh != params.get("refresh_token")
    if grant == REFRESH_TOKEN:
        more = [each for each in found.scopes or () if each not in granted]
        public = client.auth_method == NONE
        yield verdict("refresh.rotation", new or not public, "the same refresh token stays good")
        yield verdict("refresh.scope", not more, f"it gives more than before: {one_line(' '.join(more), 200)}")
    elif grant == AUTHORIZATION_CODE:
        yield verdict(
            "token.refresh", True if new else None, "there is none: when the token expires, a login is needed"
        )
    claims = claims_of(found.access)
    resource = params.get("resource")
    if claims is not None and resource is not None:
        meant = claims.get("aud")
        fits = resource == meant or (isinstance(meant, list) and resource in meant)
        said = one_line(json.dumps(meant), 200)
        # Whether it is meant for the server is for the server to say; here it is only looked at.
        yield verdict("token.audience", True if fits else None, f"aud is {said}, and the resource is {resource}")


async def post(
    fetch: Guarded,
    phase: LoginPhase,
    title: str,
    server: ServerMetadata,
    client: Client,
    params: Mapping[str, str],
    *,
    place: Place,
    dpop: Proof | None = None,
    url: str | None = None,
) -> Asked:
    """The answer to ``params`` at ``url`` (unless given: the token endpoint), sent with the client's authentication.

    ``use_dpop_nonce`` is no refusal: the request goes once more, with a new proof that holds the nonce (RFC 9449,
    section 8). Nothing else is ever sent twice.
    """
    endpoint = server.token_endpoint if url is None else url
    audience = place.settings.audience or server.issuer
    for last in (False, True):
        headers, form = authenticated(client, server, audience, params)
        headers["Accept"] = "application/json"
        had = None
        if dpop is not None:
            had = dpop.nonce_for(endpoint)
            headers["DPoP"] = dpop.header("POST", endpoint, access=None)
        answer = await fetch.fetch(phase, title, "POST", endpoint, headers=headers, form=form, redirects=False)
        secrets = (*(form[name] for name in _SECRET if name in form), *filter(None, (client.secret,)))
        got = Asked(answer, secrets, params.get("grant_type", ""), frozenset((*form, *headers)))
        if dpop is None:
            return got
        dpop.remember(endpoint, answer.headers.get("dpop-nonce"))
        refused = answer.status in (400, 401) and error_body(answer, ()).error == "use_dpop_nonce"
        fresh = dpop.nonce_for(endpoint) != had
        if refused:
            fetch.recorder.judge(
                answer.step, verdict("dpop.nonce", None if fresh and not last else False, "a nonce is wanted")
            )
        if last or not (refused and fresh):
            return got
        title = f"{title}, with the nonce"
    raise AssertionError  # the second round always returns


def members_of(fetch: Guarded, server: ServerMetadata, got: Asked) -> JsonObject:
    """The members of an answer that grants; ``TokenError`` for an error, whatever its status, and for no JSON."""
    answer = got.answer
    granted = _GRANTED.get(got.grant, "token.granted")
    if not 200 <= answer.status < 300:
        said = error_body(answer, got.secrets)
        fetch.recorder.judge(
            answer.step,
            verdict(granted, False, said.words),
            verdict("token.error-status", answer.status in (400, 401), f"it was answered {answer.status}"),
            verdict("token.error", bool(said.error), said.description),
            *_of_the_request(got, said),
        )
        raise no_token(server, said)
    try:
        members = answer.json()
    except DiscoveryError as error:
        raise unusable(fetch, server, got, "token.json", one_line(error.title, 300)) from None
    if members.get("error") or ("error" in members and "access_token" not in members):
        said = error_body(answer, got.secrets)
        fetch.recorder.judge(
            answer.step,
            verdict(granted, False, said.words),
            verdict("token.error-status", False, f"an error was answered {answer.status}"),
            *_of_the_request(got, said),
        )
        raise no_token(server, said)
    twice = named_twice(answer.body)
    if twice:
        raise unusable(fetch, server, got, "token.once", f"{one_line(twice, 80)} comes twice in the answer")
    control = answer.headers.get("cache-control", "")
    fetch.recorder.judge(
        answer.step,
        verdict(granted, True),
        verdict("token.status", answer.status == 200, f"it was answered {answer.status}"),
        verdict("token.content-type", answer.is_json, f"it says {one_line(answer.media, 80) or 'nothing'}"),
        verdict("token.json", True),
        verdict("token.once", True),
        verdict("token.cache-control", "no-store" in control.lower(), f"it says {one_line(control, 80) or 'nothing'}"),
        *_of_the_request(got, None),
    )
    return members


_BLAMED: Final = (
    ("resource", "token.resource", "invalid_target"),
    ("DPoP", "dpop.proof", "invalid_dpop_proof"),
    ("client_assertion", "credentials.assertion", "invalid_client"),
    ("grant_type", "client.auth-method", "invalid_client"),
)
"""What was sent, the rule that it is accepted, and the error that says that it was not."""


def _of_the_request(got: Asked, said: ErrorBody | None) -> Iterator[Verdict]:
    """Which parts of the request were accepted; of an error only what it says is known."""
    for name, rule, error in _BLAMED:
        if name in got.sent and (said is None or said.error == error):
            yield verdict(rule, said is None, "" if said is None else said.words)


def no_token(server: ServerMetadata, said: ErrorBody) -> TokenError:
    """There is no token, and what the server said about it."""
    busy = said.status >= 500 or said.status == 429 or said.error in ("temporarily_unavailable", "slow_down")
    return TokenError(
        f"the authorization server {one_line(server.issuer, 200)} gave no token: {said.words}",
        hint=_HINTS.get(said.error) or (_AGAIN if busy else _OTHERWISE),
        retryable=busy,
        details=said.details,
    )


def unusable(fetch: Guarded, server: ServerMetadata, got: Asked, rule: str, wrong: str) -> TokenError:
    """There was an answer that grants, and it is of no use because of ``rule``."""
    fetch.recorder.judge(got.answer.step, verdict(rule, False, wrong))
    return TokenError(
        f"the answer of {one_line(server.issuer, 200)} to the token request cannot be used: {wrong}",
        hint="This is for the author of the authorization server; the steps of the login show the answer.",
        details={"error": "", "description": wrong, "status": got.answer.status},
    )
