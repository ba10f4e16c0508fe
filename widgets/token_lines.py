"""What is known of a server's login and its token, in words: for the panel, the overview and the list of servers.

Owns the wording of times, scopes and claims. Never sees a token: the snapshot has none. What an authorization server
named is made safe here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from ..services.models import AuthView, Json, JsonObject, LoginStatus, TokenView, as_list
from ..services.state.model import ServerState
from ..services.state.text import one_line, visible
from .fact_lines import dotted, fact, heading, moment
from .ink import Line, Span, fit, wrapped
from .json_text import dumps, pretty_text
from .status_marks import Mark

MARKS: dict[LoginStatus, Mark] = {
    LoginStatus.NONE: Mark("○", "muted"),
    LoginStatus.RUNNING: Mark("◐", "accent"),
    LoginStatus.WAITING: Mark("▲", "warn"),
    LoginStatus.DONE: Mark("●", "good"),
    LoginStatus.FAILED: Mark("✖", "bad"),
}
WORDS: dict[LoginStatus, str] = {
    LoginStatus.NONE: "not logged in",
    LoginStatus.RUNNING: "logging in",
    LoginStatus.WAITING: "waiting for you",
    LoginStatus.DONE: "logged in",
    LoginStatus.FAILED: "the login failed",
}
SOON = 300
"""Seconds before the end of a token from which it is shown that it ends."""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
LABEL = 10
KEYS = (
    ("L", "logs in; what is asked for is shown before anything is opened"),
    ("d", "finds out where and how, step by step, without logging in"),
)
"""What can be done where nothing was done yet."""
CLAIMS = ("sub", "aud", "scope", "iss", "exp")
"""What is told of the claims where there is one line for them, the weightiest first."""


def lasting(seconds: float) -> str:
    """A duration in its two largest units: ``45 s``, ``12 min 3 s``, ``3 h 20 min``, ``5 d 2 h``."""
    left = int(seconds)
    for (size, unit), (smaller, less) in pairwise(UNITS):
        if left >= size:
            more = left % size // smaller
            return f"{left // size} {unit} {more} {less}" if more else f"{left // size} {unit}"
    return f"{left} s"


def expiry(token: TokenView, now: float) -> Span:
    """When the token ends, in words and their ink."""
    if token.expires_at is None:
        return "no end named", ""
    left = token.expires_at - now
    if left <= 0:
        return f"expired {lasting(-left)} ago", "bad"
    return f"expires in {lasting(left)}", "warn" if left <= SOON else ""


def refresh_words(token: TokenView, now: float) -> str:
    """How the last refresh went; empty where there was none."""
    if not token.refreshed:
        return ""
    at = f"{moment(token.refreshed_at, now)} " if token.refreshed_at is not None else ""
    return at + one_line(token.refreshed, 200)


def counts_down(server: ServerState | None) -> bool:
    """There is a token whose end comes nearer."""
    token = server.auth.token if server is not None and server.auth is not None else None
    return token is not None and token.expires_at is not None


def panel(view: AuthView | None, now: float, *, short: bool = False) -> list[Line]:
    """One line a fact, each cut where it does not fit; what is cut is in ``token_rows``.

    ``short``: two lines, as all the rest stands there.
    """
    view = view or AuthView()
    mark = MARKS[view.status]
    status: list[Span] = [(f"{mark.glyph} ", mark.ink), (WORDS[view.status], "strong")]
    why = one_line(view.why, 400)
    if why:
        status.append((f"  {why}", "bad" if view.status is LoginStatus.FAILED else "muted"))
    token = view.token
    if token is None:
        return [status]
    end = expiry(token, now)
    refresh = refresh_words(token, now)
    kept = "has a refresh token" if token.has_refresh else "has no refresh token"
    held = _line("Token", (f"{one_line(token.token_type, 20)} · ", ""), end, (f" · {kept}", ""))
    if short:
        return [status, held]
    lines: list[Line] = [
        status,
        _line("Issuer", (one_line(token.issuer, 300), "")),
        _line("Client", (one_line(token.client_id, 300), "")),
        _line("Scopes", (scope_words(token.scopes), "")),
        held,
    ]
    if refresh:
        lines.append(_line("Refreshed", (refresh, "")))
    if token.claims is not None:
        lines.append(_line("Claims", (claim_words(token.claims), "")))
    return lines


def before_any(server: ServerState | None, width: int) -> Iterable[Line]:
    """What is known where no step of a login was taken: what was refused, the challenges as received, what to do."""
    error = server.error if server is not None else None
    if error is not None and error.kind == "auth":
        for text in wrapped(visible(error.title), width):
            yield ((text, "strong"),)
        values = [one for one in as_list(error.details.get("challenges")) if isinstance(one, str)]
        if values:
            yield from heading("WWW-Authenticate", "as the server sent it")
        for value in values:
            for index, text in enumerate(wrapped(one_line(value), width - 2)):
                yield (("│ " if index == 0 else "  ", "muted"), (text, ""))
        yield ()
    for key, does in KEYS:
        for index, text in enumerate(wrapped(does, width - 3)):
            yield ((fit("" if index else key, 3), "accent"), (text, ""))


def _line(label: str, *spans: Span) -> Line:
    return ((fit(label, LABEL), "muted"), *spans)


def scope_words(scopes: Iterable[str]) -> str:
    return " · ".join(one_line(scope, 200) for scope in scopes) or "none named"


def claim_words(claims: JsonObject) -> str:
    """The claims that tell most, in one line, and how many more there are."""
    told = [f"{name} {_claim(claims[name])}" for name in CLAIMS if name in claims]
    more = len(claims) - len(told)
    return " · ".join([*told, *([f"{more} more"] if more else [])]) or "none"


def _claim(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(_claim(one) for one in as_list(value)[:5])
    return one_line(value if isinstance(value, str) else dumps(value), 120)


def token_rows(token: TokenView, width: int, now: float) -> Iterable[Line]:
    """Everything about a token, in lines of ``width`` cells."""
    end, ink = expiry(token, now)
    at = f"{moment(token.expires_at, now)}, {end}" if token.expires_at is not None else end
    facts: tuple[tuple[str, str, str], ...] = (
        ("Issuer", one_line(token.issuer), ""),
        ("Client", one_line(token.client_id), ""),
        ("Resource", one_line(token.resource), ""),
        ("Grant", token.grant.replace("_", " "), ""),
        ("Type", one_line(token.token_type), ""),
        ("Scopes", scope_words(token.scopes), ""),
        ("Obtained", moment(token.obtained_at, now), ""),
        ("Ends", at, ink),
        ("Refresh", "has a refresh token" if token.has_refresh else "has no refresh token", ""),
        ("Refreshed", refresh_words(token, now), ""),
        ("Kept in", one_line(token.kept), ""),
    )
    for label, value, colour in facts:
        if value:
            yield from fact(label, value, width, colour)
    if token.claims is None:
        yield ()
        for text in wrapped("The token is no JWT: what it says is known to its issuer alone.", width):
            yield ((text, "muted"),)
        return
    yield from heading("Claims", "as the token says; nobody verified them here")
    for line in pretty_text(token.claims).split("\n"):
        for part in wrapped(one_line(line) if not line.startswith(" ") else _indented(line), width):
            yield ((part, ""),)


def _indented(line: str) -> str:
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + one_line(text)


def authorization(server: ServerState, width: int, now: float) -> Iterable[Line]:
    """The section of the overview; nothing where there never was anything of the kind."""
    view = server.auth
    if view is None:
        return
    yield from heading("Authorization", "A shows every step and the token")
    mark = MARKS[view.status]
    yield (
        (fit("Login", 13), "muted"),
        (f"{mark.glyph} ", mark.ink),
        (WORDS[view.status], "bad" if view.status is LoginStatus.FAILED else ""),
    )
    if view.why and (server.error is None or view.why != server.error.title):
        yield from fact("Because of", one_line(view.why, 600), width)
    token = view.token
    if token is None:
        return
    yield from fact("Issuer", one_line(token.issuer), width)
    yield from fact("Scopes", scope_words(token.scopes), width)
    end, ink = expiry(token, now)
    yield from fact("Token", dotted(end, "has a refresh token" if token.has_refresh else ""), width, ink)
    yield from fact("Refreshed", refresh_words(token, now), width) if token.refreshed else ()
