"""What stands in the address that an authorization server sends the browser back to.

Owns reading it and the order of its checks (protocol section 37.7; RFC 6749, 4.1.2; RFC 9207): the state first,
then the issuer, and only then whether it is a code or an error. Nothing of an answer that fails a check is used or
shown. Never fetches anything.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ..errors import AuthorizationDenied
from ..models import Json, Verdict
from ..state.text import one_line, quoted
from .kinds import Invitation
from .rules import verdict

LONGEST = 16_384
"""Characters of an address that is looked at."""
_MOST_PARAMETERS = 64
_SINGLE = ("state", "iss", "code", "error")
"""Parameters that may stand there once (RFC 6749, section 3.1)."""
_PASTED = re.compile(r"\x1b\[20[01]~|[\s\x00-\x1f\x7f]")
"""What a terminal puts around a pasted text, and what a line break leaves inside an address."""
_CODE_OF_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,80}")
_HINTS: Mapping[str, str] = {
    "access_denied": "Log in again and allow the access; if you did, whoever runs {issuer} can say why it is refused.",
    "invalid_scope": 'Ask for other scopes: "scopes" in the entry\'s "oauth".',
    "unauthorized_client": "The authorization server does not let this client log people in: check its registration.",
    "invalid_target": "The authorization server does not issue tokens for this MCP server: its operator must allow it.",
    "server_error": "The authorization server failed: try again later, its log says more.",
    "temporarily_unavailable": "The authorization server is overloaded: try again later.",
}


class NotTheAnswer(AuthorizationDenied):
    """An address that cannot be the answer to this login; the right one may still come."""


def code_of(
    url: str,
    *,
    invitation: Invitation,
    state: str,
    issuer: str,
    iss_supported: bool,
    verdicts: list[Verdict] | None = None,
) -> str:
    """The authorization code in ``url``: an address, or what stands behind its question mark, as it was pasted.

    Every check is added to ``verdicts``. Raises ``NotTheAnswer`` for an address that does not belong to this login
    (``state``), ``AuthorizationDenied`` for one that does and brings no code that may be used.
    """
    checked: list[Verdict] = [] if verdicts is None else verdicts
    pairs = answer(url, state=state, verdicts=checked)
    twice = [name for name in _SINGLE if sum(1 for key, _ in pairs if key == name) > 1]
    if twice:
        checked.append(verdict("authz.once", passed=False, wrong=f"{', '.join(twice)} stands there more than once"))
        raise AuthorizationDenied(
            f"the answer of {one_line(issuer, 200)} has more than one {' and '.join(twice)}",
            hint="It was not used. The author of the authorization server must send each parameter once.",
        )
    params = dict(pairs)
    _check_issuer(params.get("iss"), issuer, iss_supported, checked)
    if "error" in params:
        raise _refused(params, invitation, checked)
    code = params.get("code", "")
    if not code:
        checked.append(verdict("authz.code", passed=False, wrong="it has neither a code nor an error"))
        raise AuthorizationDenied(
            f"{one_line(issuer, 200)} answered without a code",
            hint="Its author must send a code or an error (RFC 6749, section 4.1.2).",
        )
    checked += [verdict("authz.granted", passed=True), verdict("authz.code", passed=True)]
    return code


def answer(url: str, *, state: str, verdicts: list[Verdict] | None = None) -> list[tuple[str, str]]:
    """The parameters of an address with the right ``state``, in order. Raises ``NotTheAnswer`` for any other."""
    checked: list[Verdict] = [] if verdicts is None else verdicts
    pairs = _parameters(url)
    names = {name for name, _ in pairs}
    if not names & {"code", "error", "state"}:
        raise NotTheAnswer(
            "that is no address of a finished login: there is no code in it",
            hint="Copy the whole address from the browser after the login, up to its end.",
        )
    if "code_challenge" in names:
        raise NotTheAnswer(
            "that is the address that was opened, not the one that the browser came to at the end",
            hint="Log in there first; then copy the address that the browser shows.",
        )
    states = [value for name, value in pairs if name == "state"]
    if len(states) != 1 or not secrets.compare_digest(states[0].encode(), state.encode()):
        wrong = "it has no state" if not states else "the state is not the one that was sent"
        checked.append(verdict("authz.state", passed=False, wrong=wrong))
        raise NotTheAnswer(
            "that address does not belong to this login: its state is "
            + ("missing" if not states else "not the one that was sent"),
            hint="It may be of an earlier login. Open the address of this one and copy where it ends.",
        )
    checked.append(verdict("authz.state", passed=True))
    return pairs


def query_of(url: str) -> str:
    """The query of an address that was pasted, or of what stands behind its question mark; empty if it is too long."""
    text = _PASTED.sub("", url[: LONGEST + 1]).strip("<>\"'`")
    address = text.partition("#")[0] if len(text) <= LONGEST else ""
    _, mark, query = address.partition("?")
    return query if mark else address


def _parameters(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query_of(url), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:  # more parameters than any answer has
        return []


def _check_issuer(iss: str | None, issuer: str, iss_supported: bool, verdicts: list[Verdict]) -> None:
    """RFC 9207, section 2.4: compared as it is, without any normalisation."""
    if iss is None and iss_supported:
        wrong = "the metadata promises iss, and the answer has none"
    elif iss is not None and iss != issuer:
        wrong = f"iss is {quoted(one_line(iss))}, not {quoted(one_line(issuer))}"
    else:
        verdicts.append(verdict("authz.iss", passed=True if iss is not None else None))
        return
    verdicts.append(verdict("authz.iss", passed=False, wrong=wrong))
    raise AuthorizationDenied(
        f"the answer to the login cannot be shown to come from {one_line(issuer, 200)}: {wrong}",
        hint="Nothing of it was used. If this is no attack, the author of the authorization server must send iss "
        "exactly as the issuer stands in its metadata (RFC 9207).",
    )


def _refused(params: Mapping[str, str], invitation: Invitation, verdicts: list[Verdict]) -> AuthorizationDenied:
    """The error that the authorization server sent, as hostile text."""
    given = params["error"]
    error = given if _CODE_OF_ERROR.fullmatch(given) else "an error without a proper code"
    description = one_line(params.get("error_description", ""), 300)
    said = f"{error} ({description})" if description else error
    verdicts.append(verdict("authz.granted", passed=False, wrong=f"it says {said}"))
    issuer = one_line(invitation.issuer, 200)
    hint = _HINTS.get(error, "What it says stands in the steps of the login; whoever runs {issuer} can say more.")
    details: dict[str, Json] = {"error": error}
    if description:
        details["description"] = description
    return AuthorizationDenied(
        f"{issuer} did not grant the access: {said}", hint=hint.format(issuer=issuer), details=details
    )
