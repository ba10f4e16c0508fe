"""Giving tokens back at logout (RFC 7009).

Owns the two requests and what is said about them. Never raises because a server fails: a logout goes on without it,
and the person is told what stays good.
"""

from __future__ import annotations

from typing import Final

from ..errors import McpDeckError, TransportError
from ..models import LoginPhase
from ..state.text import one_line
from .configured import as_configured
from .guarded import Guarded
from .kinds import Login, Place
from .oauth_errors import error_body
from .rules import verdict
from .token_endpoint import post

_BOTH: Final = "refresh_token", "access_token"
_CALLED: Final = {"refresh_token": "refresh token", "access_token": "access token"}


async def revoke(fetch: Guarded, login: Login, place: Place) -> tuple[str, ...]:
    """Revokes the refresh token, then the access token; what came of each, in words for a person.

    After a failure to reach the server at all nothing more is sent there.
    """
    server = login.metadata
    shown = one_line(login.issuer, 200)
    if server.revocation_endpoint is None:
        fetch.recorder.event(
            LoginPhase.REVOCATION,
            "The tokens cannot be revoked",
            verdict("revocation.endpoint", False, "the metadata names none"),
        )
        return (f"{shown} has no revocation endpoint: its tokens stay good until they expire.",)
    told: list[str] = []
    for kind, token in zip(_BOTH, (login.tokens.refresh, login.tokens.access), strict=True):
        if not token:
            continue
        try:
            told.append(await _revoked(fetch, login, place, server.revocation_endpoint, kind, token))
        except TransportError as error:
            told.append(f"The {_CALLED[kind]} was not revoked: {error.title}")
            break
        except McpDeckError as error:
            told.append(f"The {_CALLED[kind]} was not revoked: {error.title}")
    return tuple(told)


async def _revoked(fetch: Guarded, login: Login, place: Place, url: str, kind: str, token: str) -> str:
    called = _CALLED[kind]
    params = {"token": token, "token_type_hint": kind}
    title = f"Revoke the {called}"
    client = await as_configured(login.client, login.metadata, place)
    got = await post(fetch, LoginPhase.REVOCATION, title, login.metadata, client, params, place=place, url=url)
    answer = got.answer
    done = 200 <= answer.status < 300
    fetch.recorder.judge(
        answer.step, verdict("revocation.status", answer.status == 200, f"it was answered {answer.status}")
    )
    if done:
        return f"The {called} was revoked at {one_line(login.issuer, 200)}."
    said = error_body(answer, (*got.secrets, token))
    if said.error == "unsupported_token_type":
        return f"{one_line(login.issuer, 200)} revokes no {called}s: it stays good until it expires."
    return f"The {called} was not revoked: {one_line(login.issuer, 200)} says {said.words}"
