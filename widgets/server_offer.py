"""What the overview says of a session: lists and how fresh they are, capabilities of both sides, tasks.

Owns the wording of these facts; what is not there takes no line. Pure: a snapshot, a width and the time
give lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..services.models import EraName, Freshness, Json, JsonObject, TaskInfo, as_object
from ..services.state.model import ServerState
from ..services.state.spans import span
from ..services.state.text import one_line
from .fact_lines import chips, dotted, fact, heading, moment
from .ink import Line, Span, fit, line_width
from .json_text import dumps

SUBSCRIBED, TASKS, ROOTS = 6, 8, 4
"""Rows of each kind at most; how many more there are is said."""
SETTINGS = 80
ID_FROM = 52
"""Cells from which on there is room for the id of a task."""
AT_ONCE = 10.0
"""Seconds between two readings that a person takes for one."""
TASK_MARKS: dict[str, tuple[str, str]] = {
    "working": ("◐", "accent"),
    "input_required": ("?", "warn"),
    "completed": ("✓", "good"),
    "failed": ("✖", "bad"),
    "cancelled": ("○", "muted"),
}
LIMIT_NAME, LIMIT, LIMIT_WORDS = 13, 14, 30
WIDE_LIMITS = 80
"""Cells from which on it is also said what a time limit bounds."""
LIMITS = {
    "connect": "one attempt to connect",
    "request": "an answer to one request",
    "call": "one call, all its rounds",
    "idle": "a call without progress",
    "probe": "server/discover",
}
LISTENING = {
    "connecting": "asking to be told of changes",
    "listening": "told of changes",
    "partly": "told of some; no more was granted",
    "lost": "the stream of changes was lost; asking again",
    "closed": "the server ended the stream of changes",
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What we told a server about ourselves: capabilities in the words of its revision, and the roots' URIs."""

    capabilities: JsonObject = field(default_factory=dict)
    roots: tuple[str, ...] = ()


NOTHING = Declared()


def lists(server: ServerState, width: int, now: float) -> Iterator[Line]:
    """How many of what the server offers, and how long that holds."""
    counts = (
        ("tool", server.tools, "tools/list"),
        ("resource", server.resources, "resources/list"),
        ("template", server.templates, "resources/templates/list"),
        ("prompt", server.prompts, "prompts/list"),
    )
    told = [f"{len(items):,} {word}{'' if len(items) == 1 else 's'}" for word, items, _ in counts if items is not None]
    yield from chips("Offers", told or ("listing…",), width)
    ages: list[tuple[Freshness, list[str]]] = []
    for word, items, method in counts:
        fresh = server.freshness.get(method)
        if items is None or fresh is None:
            continue
        known = next((words for one, words in ages if _alike(one, fresh)), None)
        if known is None:
            ages.append((fresh, [f"{word}s"]))
        else:
            known.append(f"{word}s")
    for fresh, words in ages:
        age = _age(fresh, now)
        # Mostly all lists were read at once: then whose age it is goes without saying.
        whose = f"{', '.join(words)}: " if len(ages) > 1 else ""
        yield from chips("", (whose + age[0], *age[1:]), width, "muted")


def _alike(one: Freshness, other: Freshness) -> bool:
    """Read at about the same time, with the same hints."""
    return replace(one, at=other.at) == other and abs(one.at - other.at) < AT_ONCE


def _age(fresh: Freshness, now: float) -> tuple[str, ...]:
    read = moment(fresh.at, now)
    if fresh.cached:
        return (f"from cache, read {read}",)
    if fresh.ttl_ms is None:
        ttl = ""
    elif fresh.ttl_ms <= 0:
        ttl = "ttl 0"
    else:
        stale = ", over" if now > fresh.at + fresh.ttl_ms / 1000 else ""
        ttl = f"ttl {span(fresh.ttl_ms / 1000)}{stale}"
    return tuple(part for part in (f"read {read}", ttl, one_line(fresh.scope or "", 20)) if part)


def is_cached(server: ServerState) -> bool:
    """The tools are those of an earlier connection, and are being read again."""
    fresh = server.freshness.get("tools/list")
    return fresh is not None and fresh.cached


def standing(server: ServerState, width: int, now: float) -> Iterator[Line]:
    """What holds until somebody changes it: subscriptions, the listening, the log level."""
    if server.listening:
        ink = "warn" if server.listening in ("partly", "lost", "closed") else ""
        yield from fact("Changes", LISTENING.get(server.listening, one_line(server.listening)), width, ink)
    for index, uri in enumerate(server.subscriptions[:SUBSCRIBED]):
        at = server.updated.get(uri)
        changed = f"changed {moment(at, now)}" if at is not None else ""
        yield from fact("" if index else "Subscribed", dotted(one_line(uri), changed), width)
    yield from _more(len(server.subscriptions) - SUBSCRIBED, width)
    if "logging" in server.capabilities:
        unset = "debug, asked for with each request" if server.era is EraName.MODERN else "as the server likes"
        yield from fact("Log level", one_line(server.log_level or "", 20) or unset, width)


def capabilities(server: ServerState, declared: Declared, width: int) -> Iterator[Line]:
    """Both sides' as they were declared, unknown ones too; extensions and experiments with their settings."""
    theirs, ours = server.capabilities, declared.capabilities
    if theirs:
        yield from chips("Capabilities", _names(theirs), width)
    if ours:
        yield from chips("We declare", _names(ours), width)
    for index, uri in enumerate(declared.roots[:ROOTS]):
        yield from fact("" if index else "Roots", one_line(uri), width)
    yield from _more(len(declared.roots) - ROOTS, width)
    for member, label in (("extensions", "Extensions"), ("experimental", "Experiments")):
        told, own = as_object(theirs.get(member)), as_object(ours.get(member))
        for index, name in enumerate({**told, **own}):
            side = "" if member == "experimental" and name in told else _side(name in told, name in own)
            value = f"{one_line(name, 80)}{_settings(told.get(name, own.get(name)))}"
            yield from chips("" if index else label, (value, side) if side else (value,), width)


def _side(theirs: bool, ours: bool) -> str:
    """An extension is in effect only where both declare it (section 36)."""
    if theirs and ours:
        return "both sides"
    return "server only" if theirs else "mcpdeck only"


def _settings(value: Json) -> str:
    return "" if value in ({}, None) else f" {one_line(dumps(value), SETTINGS)}"


def _names(declared: JsonObject) -> Iterator[str]:
    """Names as declared; what is switched on inside stands in brackets."""
    for name, value in declared.items():
        inner = as_object(value)
        if name in ("experimental", "extensions") and inner:
            continue  # these have lines of their own
        on = [one_line(key, 40) for key, state in inner.items() if state is not False and state is not None]
        yield one_line(name, 60) + (f" ({', '.join(on)})" if on else "")


def timers(server: ServerState, width: int) -> Iterator[Line]:
    """The time limits, what each bounds, and where it comes from (a variable, a file, the default)."""
    if not server.timers:
        return
    yield from heading("Time limits", "how long, for what, and who said so")
    for timer in server.timers:
        source = "by default" if timer.source == "default" else one_line(timer.source, 200)
        left = fit(f"  {timer.name}", LIMIT_NAME) + fit(span(timer.seconds), LIMIT)
        told = source if width < WIDE_LIMITS else fit(LIMITS.get(timer.name, ""), LIMIT_WORDS) + source
        yield ((left, ""), (fit(told, max(0, width - LIMIT_NAME - LIMIT)), "muted"))


def tasks(server: ServerState, width: int) -> Iterator[Line]:
    """Newest first: mark, tool, status, id; below it what the server said last."""
    if not server.tasks:
        return
    going = sum(1 for task in server.tasks if not task.over)
    yield from heading("Tasks", dotted(f"{len(server.tasks)}", f"{going} not over · x cancels" if going else ""))
    for task in server.tasks[:TASKS]:
        yield _task(task, width)
        if task.message and task.status != "completed":
            yield (("  ", ""), (fit(one_line(task.message, 300), width - 2), "muted"))
    yield from _more(len(server.tasks) - TASKS, width, 2)


def _task(task: TaskInfo, width: int) -> Line:
    glyph, ink = TASK_MARKS.get(task.status, ("·", "muted"))
    status = one_line(task.status, 20) or "no status"
    told = "input required" if task.status == "input_required" else status
    right: list[Span] = [("  ", ""), (fit(told, 14), ink)]
    if width >= ID_FROM:
        right += [("  ", ""), (fit(one_line(task.id), 12), "muted")]
    room = max(8, width - 2 - line_width(right))
    return ((f"{glyph} ", ink), (fit(one_line(task.tool) or "(not ours)", min(room, 32)), ""), *right)


def _more(count: int, width: int, indent: int = 0) -> Iterable[Line]:
    if count > 0:
        words = f"… and {count:,} more"
        yield from fact("", words, width, "muted") if not indent else [((" " * indent, ""), (words, "muted"))]
