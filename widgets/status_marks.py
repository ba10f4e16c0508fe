"""How each status looks and reads: one glyph, one word, one ink.

Owns the table that the server list, the detail and the header share. Glyphs differ in shape, so that
nothing depends on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from ..services.models import OFFERED, BreakerState, ErrorInfo, LoginStatus, Status, TransportKind, as_text
from ..services.state.model import ServerState
from ..services.state.text import one_line


@dataclass(frozen=True, slots=True)
class Mark:
    glyph: str
    ink: str


MARKS: dict[Status, Mark] = {
    Status.CONNECTED: Mark("●", "good"),
    Status.DEGRADED: Mark("◇", "warn"),
    Status.CONNECTING: Mark("◐", "accent"),
    Status.WAITING: Mark("◌", "muted"),
    Status.RECONNECTING: Mark("↻", "warn"),
    Status.NEEDS_AUTH: Mark("▲", "warn"),
    Status.PENDING_APPROVAL: Mark("▲", "warn"),
    Status.FAILED: Mark("✖", "bad"),
    Status.BLOCKED: Mark("■", "bad"),
    Status.NOT_CONFIGURED: Mark("▽", "bad"),
    Status.REJECTED: Mark("□", "muted"),
    Status.DISABLED: Mark("○", "muted"),
}

SUPPRESSED = Mark("–", "muted")
OFFER = Mark("+", "muted")
MORE_MARKS: tuple[tuple[Mark, str], ...] = (
    (SUPPRESSED, "suppressed: another one is used"),
    (OFFER, "offered: can be taken over"),
)
"""Kinds of ``disabled`` that look like themselves."""

UNDER_WAY: dict[LoginStatus, str] = {LoginStatus.RUNNING: "logging in", LoginStatus.WAITING: "login waits for you"}
"""What is said of a server while somebody logs in to it."""

TRANSPORT_WORDS: dict[TransportKind, str] = {TransportKind.IN_PROCESS: "in-proc", TransportKind.CONNECTOR: "proxy"}


def transport_word(kind: TransportKind) -> str:
    """The transport in at most seven cells."""
    return TRANSPORT_WORDS.get(kind, kind.value)


def mark_of(server: ServerState) -> Mark:
    if server.status is Status.DISABLED:
        if server.suppressed_by:
            return SUPPRESSED
        if server.source in OFFERED:
            return OFFER
    return MARKS[server.status]


def of_whole_file(server: ServerState) -> bool:
    """The row stands for a file that could not be read, not for one of its entries."""
    error, file = server.error, server.origin.file
    unread = server.status is Status.NOT_CONFIGURED and error is not None and "entry" not in error.details
    return unread and file is not None and server.id.startswith(file)


def shown_name(server: ServerState) -> str:
    """The name in a list; of a whole file its last part and the place of what is wrong in it."""
    if not of_whole_file(server) or server.origin.file is None:
        return one_line(server.id)
    name = PurePath(server.origin.file).name
    return one_line(name + str(server.origin).removeprefix(server.origin.file))


def plain_title(server: ServerState) -> str:
    """What is wrong, without the entry or file and its place where they are told anyhow. Raw: may be text of others."""
    error = server.error
    if error is None:
        return ""
    name = as_text(error.details.get("entry")) or ""
    title = error.title.removeprefix(f"{server.origin}: ").removeprefix(f'entry "{name}": ')
    return title.removesuffix(f" ({server.origin})")


def needs_human(server: ServerState) -> bool:
    """Nothing goes on with this server until somebody decides something."""
    return server.status in (Status.PENDING_APPROVAL, Status.NEEDS_AUTH)


def wants_variables(server: ServerState) -> bool:
    """It does not work, and variables that its entry names are not set."""
    return bool(server.missing) and server.status in (Status.FAILED, Status.NOT_CONFIGURED)


def seconds_left(server: ServerState, now: float) -> int:
    """Whole seconds until the next attempt, rounded up; 0 when it is due or none is planned."""
    if server.retry_at is None:
        return 0
    return max(0, int(server.retry_at - now + 0.999))


def short_reason(error: ErrorInfo | None) -> str:
    """An error in a few words: the exit code or HTTP status where there is one, else its title."""
    if error is None:
        return ""
    code = error.details.get("exitCode")
    if isinstance(code, int) and not isinstance(code, bool):
        return f"exit code {code}" if code >= 0 else f"signal {-code}"
    status = error.details.get("status")
    if isinstance(status, int):
        return f"HTTP {status}"
    return one_line(error.title)


def status_words(server: ServerState, now: float) -> str:
    """The status in words, with what makes it concrete: attempt and countdown, exit code, reason."""
    word = server.status.value
    match server.status:
        case Status.RECONNECTING:
            tries = f" ({server.attempt}/{server.attempts})" if server.attempts else ""
            left = seconds_left(server, now)
            return f"{word}{tries} in {left} s" if left else f"{word}{tries} now"
        case Status.NEEDS_AUTH | Status.CONNECTING if server.auth is not None and server.auth.status in UNDER_WAY:
            return UNDER_WAY[server.auth.status]
        case Status.NEEDS_AUTH:
            reason = short_reason(server.error)
            return f"{word} · {reason}" if reason else word
        case Status.NOT_CONFIGURED if of_whole_file(server):
            return f"unreadable · {one_line(plain_title(server))}"
        case Status.BLOCKED if server.error is not None and server.error.kind == "policy":
            return f"{word} · {one_line(as_text(server.error.details.get('rule')) or 'not allowed')}"
        case Status.FAILED | Status.NOT_CONFIGURED if wants_variables(server):
            more = f" and {len(server.missing) - 1} more" if len(server.missing) > 1 else ""
            return f"{word} · set {one_line(next(iter(server.missing)), 40)}{more}"
        case Status.FAILED | Status.NOT_CONFIGURED | Status.BLOCKED:
            reason = short_reason(server.error)
            return f"{word} · {reason}" if reason else word
        case Status.DISABLED if server.suppressed_by:
            return f"suppressed · {_winner(server)}"
        case Status.DISABLED if server.source in OFFERED:
            return "offered"
        case Status.DISABLED if server.error is not None:
            return f"{word} · {short_reason(server.error)}"
        case _:
            return word


def held_back(server: ServerState) -> bool:
    """Its calls are not made for a while."""
    return server.breaker is not None and server.breaker.state is not BreakerState.CLOSED


def _winner(server: ServerState) -> str:
    """What is used in its place, in a few words."""
    by = server.provenance.suppression
    match by.why if by is not None else "":
        case "managed":
            return "only managed ones count"
        case "signature":
            return f"same as {one_line(by.by)}" if by is not None else ""
        case "name":
            return f"{one_line(by.place).partition(',')[0]} wins" if by is not None else ""
        case _:
            return f"{one_line(server.suppressed_by or '')} wins"


def milliseconds(value: float) -> str:
    """A duration in at most six cells: ``0.4 ms``, ``12 ms``, ``1.2 s``, ``3 min``."""
    if value < 1:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    if value < 59_950:
        return f"{value / 1000:.1f} s"
    return f"{value / 60_000:.0f} min"
