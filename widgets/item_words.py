"""What a resource or a task is, line by line: the page of one.

Owns the wording. What a server claims of a thing is said to be a claim; what is not known takes no line. Pure: a
snapshot, a width and the time give lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ..services.models import Json, JsonObject, Listed, TaskInfo, as_list, as_object, as_text
from ..services.state.model import ServerState
from ..services.state.spans import span
from ..services.state.text import one_line, visible
from .fact_lines import dotted, fact, heading, moment, size
from .ink import Line, wrapped
from .item_kinds import can_subscribe
from .json_text import pretty
from .server_offer import TASK_MARKS
from .status_marks import milliseconds

DESCRIPTION = 8_000
RAW_LINES = 200
RAW_CLIP = 2_000


def resource_lines(server: ServerState, item: Listed, width: int, now: float) -> list[Line]:
    """The page of one resource."""
    return [*_head(item, server), *_described(item, width), *_resource_facts(server, item, width, now), *_raw(item.raw)]


def _head(item: Listed, server: ServerState) -> Iterator[Line]:
    title = one_line(item.title or item.name or item.key, 120) or "(no name)"
    name = one_line(item.name, 80) if item.title and item.name != item.title else ""
    yield ((title, "title"), (f"  {name}" if name else "", ""), (f"  {one_line(server.id, 40)}", "muted"))


def _described(item: Listed, width: int) -> Iterator[Line]:
    for problem in resource_problems(item):
        for index, text in enumerate(wrapped(problem, width - 2)):
            yield (("! " if not index else "  ", "warn"), (text, "warn"))
    text = visible(item.description.strip()[:DESCRIPTION])
    for line in wrapped(text, width) if text else ():
        yield ((line, ""),)
    yield ()


def _resource_facts(server: ServerState, item: Listed, width: int, now: float) -> Iterator[Line]:
    raw = item.raw
    yield from fact("URI", one_line(item.key, 2_000), width)
    mime = one_line(as_text(raw.get("mimeType")) or "", 120)
    yield from _claimed(fact("Type", mime, width)) if mime else ()
    held = raw.get("size")
    if isinstance(held, (int, float)) and not isinstance(held, bool) and 0 <= held < 1e15:
        yield from fact("Size", size(int(held)), width)
    annotations = as_object(raw.get("annotations"))
    audience = [one_line(word, 40) for word in map(as_text, as_list(annotations.get("audience"))) if word]
    if audience:
        yield from fact("For", ", ".join(audience[:6]), width)
    priority = annotations.get("priority")
    if isinstance(priority, (int, float)) and not isinstance(priority, bool):
        yield from fact("Priority", f"{priority:g} of 1", width)
    modified = one_line(as_text(annotations.get("lastModified")) or "", 60)
    if modified:
        yield from fact("Modified", modified, width)
    if audience or modified or priority is not None or mime:
        yield (("             ", ""), ("as the server claims", "muted"))
    yield from _subscription(server, item, width, now)
    stats = server.tool_stats.get(item.key)
    if stats is not None and stats.p50 is not None:
        times = f"p50 {milliseconds(stats.p50)} of {stats.calls:,} {'read' if stats.calls == 1 else 'reads'}"
        yield from fact("Reading", times, width)


def _claimed(lines: Iterable[Line]) -> Iterable[Line]:
    return lines


def _subscription(server: ServerState, item: Listed, width: int, now: float) -> Iterator[Line]:
    if item.key in server.subscriptions:
        state = {"lost": "the stream is lost, asked for again", "closed": "the server closed the stream"}
        told = state.get(server.listening, "told")
        yield from fact("Changes", f"◇ {told} · f ends it", width, "good" if told == "told" else "warn")
        at = server.updated.get(item.key)
        yield from fact("Changed", f"◆ {moment(at, now)}" if at is not None else "not since then", width)
    elif can_subscribe(server):
        yield from fact("Changes", "not told · f asks for it", width)
    else:
        yield from fact("Changes", "this server does not tell of them", width, "muted")


def resource_problems(item: Listed) -> list[str]:
    """What is wrong with a listing (protocol section 31)."""
    found: list[str] = []
    scheme, colon, _ = item.key.partition(":")
    if not item.key:
        found.append("It has no URI: it cannot be read.")
    elif not colon or not scheme[:1].isalpha() or not all(char.isalnum() or char in "+.-" for char in scheme):
        found.append("Its URI names no scheme.")
    if not item.name:
        found.append("It has no name.")
    held = item.raw.get("size")
    if held is not None and (isinstance(held, bool) or not isinstance(held, (int, float)) or held < 0):
        found.append("Its size is no number of bytes.")
    return found


def task_lines(server: ServerState, task: TaskInfo, width: int) -> list[Line]:
    """The page of one task."""
    return [*_task_facts(server, task, width), *_outcome(task, width)]


def _task_facts(server: ServerState, task: TaskInfo, width: int) -> Iterator[Line]:
    glyph, ink = TASK_MARKS.get(task.status, ("·", "muted"))
    title = one_line(task.tool, 80) or "A task that was not started here"
    yield ((title, "title"), (f"  task of {one_line(server.id, 40)}", "muted"))
    status = "input required" if task.status == "input_required" else one_line(task.status, 40) or "no status"
    yield ((f"{glyph} {status}", ink),)
    for line in wrapped(visible(task.message[:DESCRIPTION]), width) if task.message else ():
        yield ((line, ""),)
    yield ()
    yield from fact("Id", one_line(task.id, 400), width)
    for label, text in (("Created", task.created_at), ("Updated", task.updated_at)):
        if text:
            yield from fact(label, one_line(text, 60), width)
    if task.poll_ms is not None:
        yield from fact("Looked at", f"every {span(max(1, round(task.poll_ms / 1000)))}, as the server wishes", width)
    kept = "for as long as the server likes" if task.ttl_ms is None else f"for {span(round(task.ttl_ms / 1000))}"
    yield from fact("Kept", f"{kept}{', counted from its creation' if task.ttl_ms is not None else ''}", width)
    yield from fact("Keys", task_keys(task), width, "accent")


def task_keys(task: TaskInfo) -> str:
    """What can be done about it now."""
    if task.status == "completed":
        return "Enter gets its result among the calls"
    if task.over:
        return "Enter asks what became of it"
    return dotted("Enter looks at it now", "x cancels it")


def _outcome(task: TaskInfo, width: int) -> Iterator[Line]:
    """What the server said of its end, where it did."""
    for title, member in (("Error", "error"), ("Result", "result")):
        value = task.raw.get(member)
        if value is not None:
            yield from heading(title, "as received" if task.whole else "as received, too large to be kept whole")
            yield from _json(value)
    if not task.whole and "result" not in task.raw and task.status == "completed":
        for text in wrapped("Its result is too large to be kept here: Enter gets it.", width):
            yield ((text, "muted"),)


def _raw(raw: JsonObject) -> Iterator[Line]:
    if raw:
        yield from heading("As listed", "")
        yield from _json(raw)


def _json(value: Json) -> Iterator[Line]:
    lines = [*islice(pretty(value, clip=RAW_CLIP), RAW_LINES + 1)]
    for text in lines[:RAW_LINES]:
        yield ((text, "muted"),)
    if len(lines) > RAW_LINES:
        yield (("…", "muted"),)
