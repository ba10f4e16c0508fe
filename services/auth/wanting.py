"""What stands in the way when a server refuses a request, in words.

Owns the texts of refusals, and which challenges a login answers. Never decides what is done about one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TypeVar

from ..errors import AuthError, AuthorizationRequired, InsufficientScope, McpDeckError
from ..models import Json
from ..state.text import one_line
from .kinds import Challenge, Why

E = TypeVar("E", bound=AuthError)
_OTHERS = frozenset({"basic", "digest", "hoba", "mutual", "negotiate", "ntlm", "scram-sha-1", "scram-sha-256", "vapid"})
"""Schemes of HTTP that no OAuth token answers (IANA's registry of authentication schemes)."""
_HEADER = "put it into the entry's headers as Authorization: … (for a URL on the command line: --header)"


def takes_tokens(challenges: Sequence[Challenge]) -> bool:
    """A login may help: a challenge is of OAuth, of a scheme that nobody knows, or there is none at all."""
    return not challenges or any(challenge.scheme not in _OTHERS for challenge in challenges)


def login_wanted(why: Why, values: tuple[str, ...], *, had: bool, hint: str) -> AuthorizationRequired:
    """Nobody is logged in, or (``had``) the token is refused and cannot be renewed. ``values``: the challenges."""
    if not takes_tokens(why.challenges):
        schemes = one_line(", ".join(dict.fromkeys(challenge.scheme for challenge in why.challenges)), 80)
        return _told(
            AuthorizationRequired(
                f"the server wants credentials of another kind ({why.status}): {schemes}",
                hint=f"mcpdeck's login is OAuth. With credentials at hand: {_HEADER}.",
                status=why.status,
                challenges=values,
            ),
            why,
        )
    if had:
        said = why.bearer.params.get("error_description", "") if why.bearer else ""
        reason = f": {one_line(said, 200)}" if said else ""
        title = f"the server does not accept the login any more ({why.status}){reason}"
    else:
        title = f"the server wants a login ({why.status})"
    return _told(AuthorizationRequired(title, hint=hint, status=why.status, challenges=values), why)


def scopes_wanted(why: Why, values: tuple[str, ...], reason: str, hint: str) -> InsufficientScope:
    """403 ``insufficient_scope``, and ``reason`` why it stays so."""
    title = f"{one_line(why.operation, 120) or 'the request'} needs more than the login allows: {reason}"
    return _told(InsufficientScope(title, hint=hint, status=why.status, challenges=values), why)


def has_them_all(missing: Iterable[str]) -> tuple[str, str]:
    """Reason and hint where the token has every scope that the server asks for."""
    return (
        f"the token has the scopes that the server asks for ({named(missing)}), and it refuses all the same",
        "This is for the server's author: its 403 must name the scopes that are missing, and accept a token with them.",
    )


def none_named() -> tuple[str, str]:
    """Reason and hint where the challenge names no scope."""
    return (
        "the server does not say which scopes",
        'This is for the server\'s author: the 403 must carry scope="…".',
    )


def nobody_to_ask(missing: Sequence[str], server: str) -> tuple[str, str]:
    """Reason and hint where nobody can be asked for consent."""
    return (
        f"it wants {named(missing)}",
        (
            f"Ask for more: mcpdeck login {shlex.quote(one_line(server, 400))} "
            f"--scopes {shlex.quote(one_line(' '.join(missing), 400))}."
        ),
    )


def still_refused(missing: Iterable[str], logins: int) -> tuple[str, str]:
    """Reason and hint where logging in again did not help."""
    times = "a login" if logins == 1 else f"{logins} logins"
    return (
        f"{named(missing)} is wanted, also after {times}",
        "The authorization server grants less than it is asked for, or the server asks for something else each time.",
    )


def not_granted(missing: Iterable[str], issuer: str) -> tuple[str, str]:
    """Reason and hint where the scopes were asked for before, and not granted."""
    return (
        f"{named(missing)} was asked for and not granted by {one_line(issuer, 200)}",
        "Whoever manages your account there can allow it; log in again afterwards.",
    )


def not_widened(error: AuthError) -> tuple[str, str]:
    """Reason and hint where the wider login was refused or failed."""
    return error.title, error.hint


def remark(failure: str, *, widening: bool) -> str:
    """What is said of a login that failed where the one before it still holds."""
    return f"more was not granted: {failure}" if widening else f"logging in again failed: {failure}"


def not_logged_in(error: McpDeckError) -> AuthError:
    """A login that failed for a reason that is none of authorization: nobody there, settings of no use."""
    return AuthError(
        f"the login failed: {error.title}", hint=error.hint, retryable=error.retryable, details=dict(error.details)
    )


def named(scopes: Iterable[str]) -> str:
    """Scopes as a person reads them; they are the server's words."""
    return one_line(", ".join(scopes), 300)


def _told(error: E, why: Why) -> E:
    if why.operation:
        more: dict[str, Json] = {"operation": why.operation}
        error.details = {**error.details, **more}
    return error
