"""What the overview of a server says, line by line.

Owns the wording and the order of facts. Pure: a snapshot, a width and the time give lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..services.models import NEEDS_APPROVAL, ErrorInfo, LoginStatus, Source, Status, as_list
from ..services.state.model import ServerState
from ..services.state.text import one_line, visible
from . import call_facts
from . import server_offer as offer
from .capability_lines import capabilities_in_full
from .fact_lines import bullets, clock, dotted, fact, section, size
from .ink import Line, fit, wrapped
from .process_lines import NO_PROCESS, ProcessFacts, process
from .provenance_lines import offered, provenance, told_by_rule, tool_changes
from .server_offer import NOTHING, Declared
from .status_marks import UNDER_WAY, mark_of, milliseconds, of_whole_file, plain_title, seconds_left
from .token_lines import authorization

STDERR_LINES = 12


def overview(
    server: ServerState,
    width: int,
    now: float,
    declared: Declared = NOTHING,
    profile: str = "",
    facts: ProcessFacts = NO_PROCESS,
) -> list[Line]:
    """The whole document of one server for ``width`` cells at wall time ``now``.

    ``declared``: what we told it about ourselves; ``profile``: the one its tools are used under; ``facts``: how its
    process is started.
    In groups: who it is, how it is reached, what it offers;
    then what moves or is wrong, and its own words last, for they may be long.
    """
    lines: list[Line] = [*_status(server, width, now)]
    lines += call_facts.breaker(server, width, now)
    if server.usable:
        lines += tool_changes(server, width)
    lines += _grouped(_identity(server, width), _connection(server, width))
    lines += authorization(server, width, now)
    lines += _grouped((*_session(server, declared, width, now), *call_facts.standing(server, profile, width)))
    lines += call_facts.calls(server, width)
    lines += offer.tasks(server, width)
    lines += _rules(server, width)
    if server.lints:
        lines += bullets("Configuration", f"{len(server.lints)}", server.lints, "▲", "warn", width)
    if server.instructions:
        lines += section("Instructions", "in the server's own words", server.instructions, width)
    lines += process(server, facts, width, now)
    lines += offer.timers(server, width)
    if server.usable:
        lines += capabilities_in_full(server.capabilities, declared.capabilities, width)
    return lines


def _grouped(*groups: Iterable[Line]) -> Iterable[Line]:
    """A blank line before each group that says something."""
    for group in groups:
        facts = [*group]
        yield from ((), *facts) if facts else ()


def welcome(left_out: str = "") -> list[Line]:
    """What stands there when no server is configured; ``left_out``: why this run does not read a person's files."""
    lines: list[Line] = [(("No servers configured", "title"),), ()]
    if left_out:
        lines += [((one_line(left_out), "warn"),), ()]
    adds = "adds one to a file that this run does not read" if left_out else ""
    told = [
        ("n", adds or "adds one: paste a README's snippet, a command, a URL"),
        ("b", "browses the MCP Registry"),
        ("S", "shows every place that was looked at"),
    ]
    for key, meaning in told:
        lines.append(((fit(key, 4), "accent"), (meaning, "")))
    lines.append(())
    told = [
        ("mcpdeck demo", "the servers that ship with it"),
        ("mcpdeck https://HOST/mcp", "one server by its URL"),
        ("mcpdeck -- COMMAND ARGS", "one server by its command"),
        (".mcp.json", "the servers of a project"),
    ]
    for command, meaning in told:
        lines.append(((fit(command, 26), "accent"), (meaning, "")))
    return lines


def _status(server: ServerState, width: int, now: float) -> Iterable[Line]:
    mark = mark_of(server)
    # Someone's words never follow ours without a seam: the sentence is ours alone.
    sentence, todo = _sentence(server, now)
    first = True
    for text in wrapped(sentence, width - 2):
        yield ((f"{mark.glyph} " if first else "  ", mark.ink), (text, "strong" if first else ""))
        first = False
    if server.error is not None and server.status is not Status.CONNECTED and not server.suppressed_by:
        going = server.auth is not None and server.auth.status in UNDER_WAY  # what to do about it is being done
        error = replace(server.error, hint="") if going else server.error
        yield from _words(error, "" if told_by_rule(server) else plain_title(server), width)
    for text in wrapped(todo, width - 4) if todo else ():
        yield (("  ", ""), (text, "accent"))
    if server.error is not None and server.status is not Status.CONNECTED:
        yield from _evidence(server.error, width)


def _sentence(server: ServerState, now: float) -> tuple[str, str]:
    """What is the matter, and what a person can do about it (empty when nothing needs doing)."""
    match server.status:
        case Status.CONNECTED:
            since = f" since {clock(server.connected_at)}" if server.connected_at else ""
            return f"Connected{since}", ""
        case Status.DEGRADED:
            return "Connected, but a list could not be read; the last good one is kept", "r reconnects"
        case Status.CONNECTING:
            return "Connecting", ""
        case Status.WAITING:
            return "Waiting for a free place to connect", ""
        case Status.PENDING_APPROVAL:
            return f"Not started: {_asker(server.source)} asks for it, not approved yet", (
                "Enter shows all of it before you approve it"
            )
        case Status.REJECTED:
            return "Not started: it was rejected", "a shows all of it again"
        case Status.DISABLED:
            return _disabled(server)
        case Status.BLOCKED:
            return "Blocked by policy, never contacted", ""
        case Status.NOT_CONFIGURED:
            if of_whole_file(server):
                return "This file cannot be read; the servers of other files are there", ""
            return "Cannot be used as configured", "E edits it"
        case Status.NEEDS_AUTH:
            return _login(server)
        case Status.RECONNECTING:
            left = seconds_left(server, now)
            when = f"in {left} s" if left else "now"
            tries = f", attempt {server.attempt} of {server.attempts}" if server.attempts else ""
            return f"Not connected; trying again {when}{tries}", "r tries at once"
        case Status.FAILED:
            return "Not connected", "r tries again · C finds out why"


def _login(server: ServerState) -> tuple[str, str]:
    """Whether a login is wanted, goes on, or waits for its person; a failed one says why in its own section."""
    view = server.auth
    if view is not None and view.status is LoginStatus.WAITING:
        return "Not connected: its login waits for you", "w goes to it"
    if view is not None and view.status is LoginStatus.RUNNING:
        return "Not connected: logging in", "A shows every step"
    told = server.error is not None and "Enter" in server.error.hint  # with where that leads
    return "Not connected: a login is needed", "" if told else "Enter logs in, and shows what is asked first"


def _asker(source: Source) -> str:
    words = {Source.PLUGIN: "a plugin", Source.CONNECTOR: "the connector directory", Source.IDE: "a code editor"}
    return words.get(source, "a project's file" if source in NEEDS_APPROVAL else "a file of others")


def _disabled(server: ServerState) -> tuple[str, str]:
    """Why it is not used: somebody switched it off, it is only offered, or another one is used in its place."""
    if not server.suppressed_by:
        if offered(server):
            return "Offered: never used from where it stands", "d takes it over into a file of yours"
        return ("Disabled", "e enables it") if server.error is None else ("Not started", "")
    by = server.provenance.suppression
    match by.why if by is not None else "name":
        case "managed":
            return "Not used: a managed file leaves no other server standing", ""
        case "signature":
            return "Not used: the same server is there already", ""
        case _:
            return "Not used: a higher source has a server of that name", "rename one of the two to use both"


def _words(error: ErrorInfo, title: str, width: int) -> Iterable[Line]:
    for text in wrapped(visible(title), width - 2) if title else ():
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


def _identity(server: ServerState, width: int) -> Iterable[Line]:
    info = server.info
    if info is None:
        return
    yield from fact("Server", _joined(one_line(info.name), one_line(info.version)), width)
    if info.title and info.title != info.name:
        yield from fact("Title", one_line(info.title), width)
    if info.description:
        yield from fact("About", one_line(info.description), width)
    if info.website:
        yield from fact("Website", one_line(info.website), width)


def _connection(server: ServerState, width: int) -> Iterable[Line]:
    if server.version:
        era = f"{server.era.value} era" if server.era else ""
        yield from fact("Protocol", dotted(one_line(server.version), era), width)
        if server.decided:
            yield from fact("", visible(server.decided), width, "muted")
    pid = f"pid {server.pid}" if server.pid is not None else ""
    if not of_whole_file(server):
        yield from fact("Transport", dotted(server.transport.value, pid), width)
        yield from fact("Endpoint", one_line(server.endpoint), width)
    if server.env_names:
        yield from fact("Environment", ", ".join(one_line(name) for name in server.env_names), width)
    yield from provenance(server, width)
    took = f"connected in {milliseconds(server.connect_ms)}" if server.connect_ms is not None else ""
    ping = f"ping {milliseconds(server.latency_ms)}" if server.latency_ms is not None else ""
    if took or ping:
        yield from fact("Timing", dotted(took, ping), width)
    counted = server.counters
    if counted.sent or counted.received:
        traffic = f"{counted.sent:,} sent, {size(counted.bytes_sent)} · {counted.received:,} received, "
        yield from fact("Messages", traffic + size(counted.bytes_received), width)
    yield from call_facts.load(server, width)


def _session(server: ServerState, declared: Declared, width: int, now: float) -> Iterable[Line]:
    if server.usable:
        yield from offer.lists(server, width, now)
        yield from call_facts.cost(server, width)
        yield from offer.standing(server, width, now)
    yield from offer.capabilities(server, declared, width)


def _rules(server: ServerState, width: int) -> Iterable[Line]:
    if not server.rules_broken:
        return
    kinds, times = len(server.rules_broken), server.counters.broken
    said = f"{kinds:,} · {times:,} times in all" if times > kinds else f"{kinds:,}"
    yield from bullets("Rules broken", said, server.rules_broken, "▲", "warn", width)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
