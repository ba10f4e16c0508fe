"""What the command line says of logins: stored ones, and the steps of one that is going on.

Owns the words and the JSON shapes. Nothing secret reaches it: steps come masked, and of a stored login no token is
read here. Everything that a server said passes through ``one_line``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

from ..services.auth.kinds import Login
from ..services.models import ExchangeSide, Json, JsonObject, LoginStep, ShownField, Verdict
from ..services.state.spans import span
from ..services.state.text import one_line
from .printing import DIM, GREEN, RED, YELLOW, coloured, note, pretty

_MARKS = {True: ("✓", GREEN), False: ("✗", RED), None: ("·", YELLOW)}


def moment(at: float | None) -> str | None:
    """Wall seconds as ISO 8601 in UTC."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):  # a server may promise a token for the rest of time
        return None


def expiry_words(expires_at: float | None, now: float | None = None) -> str:
    """``in 58 min``, ``3 min ago``; where nothing is known, that."""
    if expires_at is None:
        return "not said"
    left = expires_at - (time.time() if now is None else now)
    words = span(float(round(abs(left))))
    return f"in {words}" if left > 0 else f"{words} ago"


# -- JSON


def login_json(login: Login | None) -> JsonObject:
    """What is kept of a login; every value null where there is none."""
    tokens, client = (login.tokens, login.client) if login is not None else (None, None)
    scopes: list[Json] | None = [*tokens.scopes] if tokens is not None else None
    return {
        "issuer": login.issuer if login is not None else None,
        "clientId": client.client_id if client is not None else None,
        "clientFrom": client.origin if client is not None else None,
        "resource": login.resource if login is not None else None,
        "grant": login.grant if login is not None else None,
        "scopes": scopes,
        "obtainedAt": moment(tokens.obtained_at) if tokens is not None else None,
        "expiresAt": moment(tokens.expires_at) if tokens is not None else None,
        "hasRefresh": tokens.refresh is not None if tokens is not None else None,
        "tokenType": tokens.token_type if tokens is not None else None,
        "refreshed": (login.refreshed or None) if login is not None else None,
    }


def steps_json(steps: tuple[LoginStep, ...]) -> list[Json]:
    return [_step_json(step) for step in steps]


def _step_json(step: LoginStep) -> JsonObject:
    verdicts: list[Json] = [_verdict_json(verdict) for verdict in step.verdicts]
    return {
        "number": step.number,
        "phase": step.phase.value,
        "title": step.title,
        "time": moment(step.at),
        "ms": None if step.ms is None else round(step.ms, 1),
        "request": _side_json(step.request),
        "answer": _side_json(step.answer),
        "verdicts": verdicts,
        "error": step.error or None,
    }


def _side_json(side: ExchangeSide | None) -> Json:
    if side is None:
        return None
    headers: list[Json] = [_field_json(field) for field in side.headers]
    body: list[Json] = [_field_json(field) for field in side.body]
    return {"line": side.line, "headers": headers, "body": body, "text": side.text or None}


def _field_json(field: ShownField) -> JsonObject:
    return {"name": field.name, "value": field.shown, "masked": bool(field.secret)}


def _verdict_json(verdict: Verdict) -> JsonObject:
    return {
        "rule": verdict.rule,
        "expects": verdict.expects,
        "section": verdict.section,
        "passed": verdict.passed,
        "wrong": verdict.wrong or None,
        "fix": verdict.fix or None,
    }


# -- for people


def login_lines(login: Login, storage: str, *, claims: bool = False) -> Iterator[str]:
    """``label  value`` of a login; ``claims``: what an access token that is a JWT says of itself, too."""
    tokens = login.tokens
    facts = [
        ("issuer", login.issuer),
        ("client", f"{login.client.client_id} ({login.client.origin})"),
        ("resource", login.resource),
        ("scopes", " ".join(tokens.scopes) or "(none named)"),
        ("expires", _expires(login)),
        ("refresh", _refresh(login)),
        ("token", tokens.token_type),
        ("kept in", storage),
    ]
    width = max(len(label) for label, _ in facts)
    for label, text in facts:
        yield f"  {label:<{width}}  {one_line(text)}"
    if claims:
        from ..services.auth.claims import claims_of

        found = claims_of(tokens.access)
        yield "  claims" + (" (not verified):" if found is not None else ": the token is none that can be read")
        if found is not None:
            yield from (f"    {line}" for line in pretty(found).splitlines())


def _expires(login: Login) -> str:
    at = moment(login.tokens.expires_at)
    return f"{expiry_words(login.tokens.expires_at)}{f' ({at})' if at else ''}"


def _refresh(login: Login) -> str:
    if login.tokens.refresh is None:
        return "no" if login.grant == "authorization_code" else "by asking again, without a person"
    return f"yes; last: {login.refreshed}" if login.refreshed else "yes"


def step_lines(step: LoginStep, stream: TextIO, *, whole: bool) -> Iterator[str]:
    """A line for the step, and one for each verdict that did not pass; ``whole``: all verdicts, and the messages.

    ``stream``: where they go, which decides whether they are coloured.
    """
    mark, style = _MARKS[False if step.failed else True if step.verdicts else None]
    status = f"  {one_line(step.answer.line, 60)}" if step.answer is not None else ""
    took = f"  {step.ms:.0f} ms" if step.ms is not None else ""
    yield f"{coloured(mark, style, stream)} {step.phase.value}: {one_line(step.title)}{status}{took}"
    if step.error:
        yield f"    {one_line(step.error)}"
    if step.request is not None:
        yield f"    {coloured('→', DIM, stream)} {one_line(step.request.line, 4000 if whole else 200)}"
    if whole:
        yield from _side_lines(step.request, "→", stream)
        yield from _side_lines(step.answer, "←", stream)
    for verdict in step.verdicts:
        if whole or verdict.passed is not True:
            yield from _verdict_lines(verdict, stream)


def _side_lines(side: ExchangeSide | None, arrow: str, stream: TextIO) -> Iterator[str]:
    if side is None:
        return
    for field in (*side.headers, *side.body):
        yield f"    {coloured(arrow, DIM, stream)} {one_line(field.name)}: {one_line(field.shown, 1000)}"
    if side.text:
        yield f"    {coloured(arrow, DIM, stream)} {one_line(side.text, 1000)}"


def _verdict_lines(verdict: Verdict, stream: TextIO) -> Iterator[str]:
    mark, style = _MARKS[verdict.passed]
    yield f"    {coloured(mark, style, stream)} {one_line(verdict.expects)} ({one_line(verdict.section)})"
    if verdict.wrong:
        yield f"      {one_line(verdict.wrong)}"
    if verdict.fix and verdict.passed is not True:
        yield f"      → {one_line(verdict.fix)}"


class StepNotes:
    """Says on stderr each step of a login as it happens. ``verbose``: 0 nothing, 1 what is wrong, 2 all there is.

    A step is judged after it was made, so it is said when the next one begins, or at the end.
    """

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose
        self._said = 0
        self._steps: tuple[LoginStep, ...] = ()

    def see(self, steps: tuple[LoginStep, ...]) -> None:
        """These are the steps now; those of a login before are gone from them."""
        if steps and self._steps and steps[0].number > self._steps[-1].number:
            self.finish()
        self._steps = steps
        self._say(steps[:-1])

    def finish(self) -> None:
        self._say(self._steps)

    def _say(self, steps: tuple[LoginStep, ...]) -> None:
        for step in steps:
            if step.number > self._said:
                self._said = step.number
                for line in step_lines(step, sys.stderr, whole=self._verbose > 1) if self._verbose else ():
                    note(line)
