"""``mcpdeck run``: the calls of a collection, one after the other, with a verdict on each.

Owns the JSON shape ``{"collection", "file", "passed", "failed", "broken", "skipped", "durationMs", "calls": […]}``, the
JUnit file and the lines for people. What is run and judged is decided in the services.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ...services.collections.model import Collection, SavedCall
from ...services.collections.places import Places
from ...services.collections.reading import PROJECT_FILE
from ...services.collections.running import Outcome, Ran, Values, with_givers
from ...services.collections.running import run as run_calls
from ...services.errors import UsageError
from ...services.models import Caller, ErrorInfo, Json, JsonObject, Offered, ServerEntry
from ...services.policy.refusals import refusal
from ...services.state.model import CallState
from ...services.state.text import one_line, visible
from .. import headless
from ..exits import Exit, exit_code
from ..options import Options
from ..printing import DIM, GREEN, RED, YELLOW, coloured, note, write, write_json
from ..resolve import Rules, configured, load, unknown_server, warn_about

MARKS = {
    Outcome.PASSED: ("✔", GREEN),
    Outcome.FAILED: ("✖", RED),
    Outcome.BROKEN: ("✖", RED),
    Outcome.SKIPPED: ("○", YELLOW),
}


def run(options: Options) -> int:
    """0 all passed, 1 one did not; the code of its error where every one that failed could not be made for that."""
    deck, _ = configured(options, None)
    places = Places(deck.options.project, deck.options.folders.data)
    collection = _collection(places, options, deck.options.cwd)
    if collection.problem:
        raise UsageError(f"{collection.path} cannot be used: {collection.problem}", hint="correct it, or name another")
    values = Values(_given(options), {}, _chosen(collection, options))
    calls = _calls(collection, options, values)
    entries = {entry.configured_as: entry for entry in load(deck, options, None)}
    used = _used(entries, calls)
    if not options.quiet:
        for entry in used:
            warn_about((), entry)
    began = time.monotonic()
    done = headless.run_for(lambda: _run(collection, calls, used, Rules(deck), values, options))
    took = (time.monotonic() - began) * 1000
    if options.junit is not None:
        from ..junit import write_junit

        write_junit(options.junit, collection.name, done)
    if options.json:
        write_json(document(collection, done, took))
    else:
        _print_sum(collection, done, took, options)
    return _code(done)


def _collection(places: Places, options: Options, cwd: Path) -> Collection:
    if options.words:
        return places.find(options.words[0], cwd)
    found = list(places.load())
    if not found:
        hint = f"{PROJECT_FILE} would be one; in the dashboard Ctrl+S saves a call"
        raise UsageError("there is no collection of saved calls", hint=hint)
    if len(found) > 1 and found[0].path.name != PROJECT_FILE:
        raise UsageError("which collection?", hint=f"there is {', '.join(one.name for one in found)}")
    return found[0]


def _given(options: Options) -> JsonObject:
    """``--var name=value`` is a text, ``--var name:=JSON`` what it says."""
    given: JsonObject = {}
    for name, value in options.variables:
        if not name.endswith(":"):
            given[name] = value
            continue
        try:
            given[name.removesuffix(":")] = json.loads(value)
        except (ValueError, RecursionError):
            raise UsageError(
                f"--var {name}= wants JSON", hint=f"a text goes without the colon: {name[:-1]}=…"
            ) from None
    return given


def _chosen(collection: Collection, options: Options) -> str:
    if options.use_set is not None and options.use_set not in collection.sets:
        known = ", ".join(collection.sets) or "none"
        raise UsageError(f'no set "{options.use_set}" in {collection.path.name}', hint=f"there is {known}")
    return options.use_set or ""


def _calls(collection: Collection, options: Options, values: Values) -> tuple[SavedCall, ...]:
    """Those that were asked for, each with the calls whose values it needs; all without a name."""
    if not options.calls:
        if not collection.calls:
            raise UsageError(f"{collection.path} holds no calls", hint="in the dashboard Ctrl+S saves one")
        return collection.calls
    wanted: set[str] = set()
    for name in options.calls:
        call = collection.call(name)
        if call is None:
            hint = f"there is {', '.join(one.name for one in collection.calls[:12])}"
            raise UsageError(f'no call "{name}" in {collection.path.name}', hint=hint)
        wanted |= {one.name for one in with_givers(collection, call, values)}
    return tuple(call for call in collection.calls if call.name in wanted)


def _used(entries: dict[str, ServerEntry], calls: Sequence[SavedCall]) -> tuple[ServerEntry, ...]:
    """The servers of the calls. Raises for one that is unknown, or must not be contacted."""
    found: dict[str, ServerEntry] = {}
    for call in calls:
        if call.problem or call.server in found:
            continue
        entry = entries.get(call.server)
        if entry is None:
            raise unknown_server(call.server, entries.values(), "mcpdeck list shows the servers that are configured")
        stands_in_the_way = refusal(entry)
        if stands_in_the_way is not None:
            raise stands_in_the_way
        found[call.server] = entry
    return tuple(found.values())


async def _run(
    collection: Collection,
    calls: Sequence[SavedCall],
    entries: Sequence[ServerEntry],
    guard: Rules,
    values: Values,
    options: Options,
) -> tuple[Ran, ...]:
    async with headless.services(entries, options, guard=guard, reads=headless.TOOLS) as services:

        async def make(call: SavedCall, target: str, arguments: JsonObject) -> CallState:
            executor, timeout = services.executor, call.timeout or options.timeout
            await services.manager.connected(call.server)
            if call.kind is Offered.RESOURCE:
                return await executor.read(call.server, target, timeout=timeout, caller=Caller.COMMAND)
            if call.kind is Offered.PROMPT:
                texts = {name: value for name, value in arguments.items() if isinstance(value, str)}
                return await executor.prompt(call.server, target, texts or None, timeout=timeout, caller=Caller.COMMAND)
            return await executor.call(
                call.server,
                target,
                arguments,
                validate=call.validate,
                timeout=timeout,
                as_task=call.as_task,
                caller=Caller.COMMAND,
            )

        told = _unsaid if options.json or options.quiet else _print
        done = await run_calls(
            collection,
            calls,
            make,
            values=values,
            environ=os.environ,
            told=told,
            stop_at_failure=options.stop,
        )
        for entry in entries:
            headless.note_log(services, entry.name, options)
        return done


def _unsaid(_ran: Ran) -> None:
    """The document has it all."""


def _print(ran: Ran) -> None:
    mark, style = MARKS[ran.outcome]
    took = "" if ran.state is None or ran.state.duration_ms is None else f"  {ran.state.duration_ms:.0f} ms"
    where = f"{one_line(ran.call.server, 40)} {one_line(ran.call.target, 60)}" if ran.call.server else ""
    head = f"{coloured(mark, style, sys.stdout)} {one_line(ran.call.name, 80)}"
    write(f"{head}  {coloured(where + took, DIM, sys.stdout)}".rstrip())
    if ran.why:
        write(f"    {one_line(ran.why, 400)}")
    for verdict in ran.failures:
        write(f"    expected: {one_line(verdict.assertion.words, 200)}")
        if verdict.said:
            write(f"    {one_line(verdict.said, 300)}")
        for line in verdict.diff:
            style = GREEN if line.startswith("-") else RED if line.startswith("+") else ""
            write(f"      {coloured(visible(line), style, sys.stdout)}")
    sys.stdout.flush()


def _print_sum(collection: Collection, done: Sequence[Ran], took: float, options: Options) -> None:
    if options.quiet and _code(done) is Exit.DONE:
        return
    if options.quiet:
        for ran in done:
            if ran.outcome is not Outcome.PASSED:
                _print(ran)
    counts = [(outcome, sum(ran.outcome is outcome for ran in done)) for outcome in Outcome]
    said = ", ".join(f"{count} {outcome.value}" for outcome, count in counts if count)
    note(f"{one_line(collection.name, 60)}: {said} in {took / 1000:.1f} s")
    if options.verbose:
        note(f"  of {collection.path}")


def document(collection: Collection, done: Sequence[Ran], took: float) -> JsonObject:
    """The one document of ``--json``."""
    counts: JsonObject = {outcome.value: sum(ran.outcome is outcome for ran in done) for outcome in Outcome}
    calls: list[Json] = [_call(ran) for ran in done]
    return {
        "collection": collection.name,
        "file": str(collection.path),
        **counts,
        "durationMs": round(took, 3),
        "calls": calls,
    }


def _call(ran: Ran) -> JsonObject:
    state = ran.state
    error = state.error if state is not None else None
    asserts: list[Json] = [
        {"assertion": one.assertion.words, "ok": one.ok, "said": "" if one.ok else one.said, "diff": [*one.diff]}
        for one in ran.verdicts
    ]
    return {
        "name": ran.call.name,
        "server": ran.call.server,
        ran.call.kind.value: ran.call.target,
        "outcome": ran.outcome.value,
        "why": ran.why,
        "durationMs": None if state is None or state.duration_ms is None else round(state.duration_ms, 3),
        "status": None if state is None else state.status.value,
        "error": None if error is None else _error(error),
        "asserts": asserts,
        "extracted": [*ran.extracted],
    }


def _error(error: ErrorInfo) -> JsonObject:
    return {"kind": error.kind, "title": error.title, "hint": error.hint}


def _code(done: Sequence[Ran]) -> Exit:
    bad = [ran for ran in done if ran.outcome in (Outcome.FAILED, Outcome.BROKEN)]
    if not bad:
        return Exit.TOOL_ERROR if any(ran.outcome is Outcome.SKIPPED for ran in done) else Exit.DONE
    kinds = {ran.kind or (ran.state.error.kind if ran.state is not None and ran.state.error else "") for ran in bad}
    kind = kinds.pop()
    return exit_code(kind) if not kinds and kind else Exit.TOOL_ERROR
