"""What the overview of a server says, line by line.

Owns the wording and the order of facts. Pure: a snapshot, a width and the time give lines.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.cells import cell_len

from ..services.models import ErrorInfo, Json, Source, Status, as_list, as_object
from ..services.state.model import ServerState
from ..services.state.text import one_line, visible
from .ink import Line, Span, fit, wrapped
from .status_marks import MARKS, milliseconds, seconds_left

LABEL = 13
STDERR_LINES = 12

SOURCE_WORDS: dict[Source, str] = {
    Source.SDK: "given by the program",
    Source.CLI: "command line",
    Source.PROJECT: "project file",
    Source.USER: "user file",
    Source.DEMO: "demo",
}


def overview(server: ServerState, width: int, now: float) -> list[Line]:
    """The whole document of one server for ``width`` cells at wall time ``now``."""
    lines: list[Line] = [*_status(server, width, now)]
    lines.append(())
    lines += _facts(server, width)
    if server.instructions:
        lines += _section("Instructions", "in the server's own words", server.instructions, width)
    lines += _bullets("Rules broken", server.rules_broken, "▲", "warn", width)
    lines += _bullets("Configuration", server.lints, "▲", "warn", width)
    return lines


def welcome() -> list[Line]:
    """What stands there when no server is configured."""
    lines: list[Line] = [(("No servers configured", "title"),), ()]
    told = [
        ("mcpdeck demo", "try the servers that ship with it"),
        ("mcpdeck https://HOST/mcp", "one server by its URL"),
        ("mcpdeck -- COMMAND ARGS", "one server by its command"),
        (".mcp.json", "the servers of a project"),
    ]
    for command, meaning in told:
        lines.append(((fit(command, 26), "accent"), (meaning, "")))
    return lines


def _status(server: ServerState, width: int, now: float) -> Iterable[Line]:
    mark = MARKS[server.status]
    # Someone's words never follow ours without a seam: the sentence is ours alone.
    sentence, todo = _sentence(server, now)
    first = True
    for text in wrapped(sentence, width - 2):
        yield ((f"{mark.glyph} " if first else "  ", mark.ink), (text, "strong" if first else ""))
        first = False
    if server.error is not None and server.status is not Status.CONNECTED:
        yield from _words(server.error, width)
    for text in wrapped(todo, width - 4) if todo else ():
        yield (("  ", ""), (text, "accent"))
    if server.error is not None and server.status is not Status.CONNECTED:
        yield from _evidence(server.error, width)


def _sentence(server: ServerState, now: float) -> tuple[str, str]:
    """What is the matter, and what a person can do about it (empty when nothing needs doing)."""
    match server.status:
        case Status.CONNECTED:
            since = f" since {_clock(server.connected_at)}" if server.connected_at else ""
            return f"Connected{since}", ""
        case Status.DEGRADED:
            return "Connected, but a list could not be read; the last good one is kept", "r reconnects"
        case Status.CONNECTING:
            return "Connecting", ""
        case Status.WAITING:
            return "Waiting for a free place to connect", ""
        case Status.PENDING_APPROVAL:
            return (
                "Not started: a project's file asks for it, not approved yet",
                "Enter shows the full command before you approve it",
            )
        case Status.REJECTED:
            return "Not started: it was rejected", "a shows the full command again"
        case Status.DISABLED if server.suppressed_by:
            return f"Not used: {one_line(server.suppressed_by)} has the same name and wins", ""
        case Status.DISABLED:
            return "Disabled", "e enables it"
        case Status.BLOCKED:
            return "Blocked by policy, never contacted", ""
        case Status.NOT_CONFIGURED:
            return "Cannot be used as configured", ""
        case Status.NEEDS_AUTH:
            return "Not connected: a login is needed", "r tries again"
        case Status.RECONNECTING:
            left = seconds_left(server, now)
            when = f"in {left} s" if left else "now"
            tries = f", attempt {server.attempt} of {server.attempts}" if server.attempts else ""
            return f"Not connected; trying again {when}{tries}", "r tries at once"
        case Status.FAILED:
            return "Not connected", "r tries again"


def _words(error: ErrorInfo, width: int) -> Iterable[Line]:
    for text in wrapped(visible(error.title), width - 2):
        yield (("  ", ""), (text, "bad"))
    for text in wrapped(visible(error.hint), width - 4) if error.hint else ():
        yield (("  ", ""), (text, ""))
    problems = [item for item in as_list(error.details.get("problems")) if isinstance(item, str)]
    for problem in problems:
        for text in wrapped(visible(problem), width - 4):
            yield (("  · ", "bad"), (text, ""))


def _evidence(error: ErrorInfo, width: int) -> Iterable[Line]:
    """What the process or the peer left behind: exit code, last stderr lines, start of the body."""
    code = error.details.get("exitCode")
    tail = [item for item in as_list(error.details.get("stderr")) if isinstance(item, str)]
    if code is not None or tail:
        said = "" if code is None else f"exit code {code}"
        heading = " · ".join(part for part in (said, "last lines of stderr" if tail else "") if part)
        yield ()
        yield (("  " + heading, "muted"),)
    for raw in tail[-STDERR_LINES:]:
        for text in wrapped(visible(raw), width - 4):
            yield (("  │ ", "bad"), (text, ""))
    body = error.details.get("body")
    if isinstance(body, str) and body.strip():
        for text in wrapped(visible(body.strip())[:600], width - 4):
            yield (("  │ ", "muted"), (text, ""))


def _facts(server: ServerState, width: int) -> Iterable[Line]:
    info = server.info
    if info is not None:
        yield from _fact("Server", _joined(one_line(info.name), one_line(info.version)), width)
        if info.title and info.title != info.name:
            yield from _fact("Title", one_line(info.title), width)
        if info.description:
            yield from _fact("About", one_line(info.description), width)
        if info.website:
            yield from _fact("Website", one_line(info.website), width)
    if server.version:
        era = f"{server.era.value} era" if server.era else ""
        yield from _fact("Protocol", _dotted(one_line(server.version), era), width)
        if server.decided:
            yield from _fact("", visible(server.decided), width, "muted")
    pid = f"pid {server.pid}" if server.pid is not None else ""
    yield from _fact("Transport", _dotted(server.transport.value, pid), width)
    yield from _fact("Endpoint", one_line(server.endpoint), width)
    if server.env_names:
        yield from _fact("Environment", ", ".join(one_line(name) for name in server.env_names), width)
    yield from _fact("Source", _dotted(SOURCE_WORDS[server.source], one_line(str(server.origin))), width)
    took = f"connected in {milliseconds(server.connect_ms)}" if server.connect_ms is not None else ""
    ping = f"ping {milliseconds(server.latency_ms)}" if server.latency_ms is not None else ""
    if took or ping:
        yield from _fact("Timing", _dotted(took, ping), width)
    counted = server.counters
    if counted.sent or counted.received:
        traffic = f"{counted.sent:,} sent, {_size(counted.bytes_sent)} · {counted.received:,} received, "
        yield from _fact("Messages", traffic + _size(counted.bytes_received), width)
    if server.usable:
        yield from _chips("Offers", _offers(server), width)
    if server.capabilities:
        yield from _chips("Capabilities", _capabilities(server.capabilities), width)


def _offers(server: ServerState) -> Iterable[str]:
    counts = (
        ("tool", server.tools),
        ("resource", server.resources),
        ("template", server.templates),
        ("prompt", server.prompts),
    )
    told = [f"{len(items):,} {word}{'' if len(items) == 1 else 's'}" for word, items in counts if items is not None]
    return told or ("listing…",)


def _capabilities(capabilities: dict[str, Json]) -> Iterable[str]:
    """Names as declared, unknown ones too; what is switched on inside stands in brackets."""
    for name, value in capabilities.items():
        inner = as_object(value)
        if name in ("experimental", "extensions") and inner:
            yield from (f"{one_line(key, 60)} ({name})" for key in inner)
            continue
        on = [one_line(key, 40) for key, state in inner.items() if state is not False and state is not None]
        yield one_line(name, 60) + (f" ({', '.join(on)})" if on else "")


def _fact(label: str, value: str, width: int, ink: str = "") -> Iterable[Line]:
    for index, text in enumerate(wrapped(value, width - LABEL)):
        yield ((fit("" if index else label, LABEL), "muted"), (text, ink))


def _chips(label: str, chips: Iterable[str], width: int) -> Iterable[Line]:
    """Short words in a row; a line breaks between two of them, never inside one that fits."""
    rows = [""]
    for chip in chips:
        joined = f"{rows[-1]} · {chip}" if rows[-1] else chip
        if cell_len(joined) <= width - LABEL or not rows[-1]:
            rows[-1] = joined
        else:
            rows.append(chip)
    return _fact(label, "\n".join(rows), width)


def _section(title: str, by: str, text: str, width: int) -> Iterable[Line]:
    yield ()
    heading: list[Span] = [(title, "title"), (f"  {by}", "muted")]
    yield heading
    for line in wrapped(visible(text.strip()), width - 2):
        yield (("│ ", "muted"), (line, ""))


def _bullets(title: str, items: tuple[str, ...], glyph: str, ink: str, width: int) -> Iterable[Line]:
    if not items:
        return
    yield ()
    yield ((title, "title"), (f"  {len(items)}", "muted"))
    for item in items:
        for index, text in enumerate(wrapped(visible(item), width - 2)):
            yield ((f"{glyph} " if index == 0 else "  ", ink), (text, ""))


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _dotted(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _size(count: int) -> str:
    if count < 1_000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1_000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"
