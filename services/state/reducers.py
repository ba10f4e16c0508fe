"""Pure folds: ``reduce(state, transition) -> state``.

Owns what each transition means for the state. Never touches a clock, a ring or a subscriber. An
event of an older generation returns the same state object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from .. import events as ev
from ..models import ErrorInfo, Freshness, ServerEntry, SourceInfo, Status
from .bounds import with_latencies, with_task, with_updates
from .call_reducers import CallTransition, reduce_call
from .model import AppState, Counters, McpState, PromptState, ServerState
from .timeline import with_phase
from .tool_changes import compared, remembered

RULES_KEPT = 50

Transition: TypeAlias = (
    ev.ServersConfigured
    | ev.ServerEvent
    | ev.AuthorizationChanged
    | ev.BreakerChanged
    | ev.StatsMeasured
    | ev.AnswersChosen
    | ev.PhaseTold
    | CallTransition
    | ev.PromptOpened
    | ev.PromptClosed
)


def reduce(state: AppState, event: Transition) -> AppState:
    """The state after ``event``; the same object when nothing changed."""
    if isinstance(event, ev.ServerEvent):
        return _server_event(state, event)
    match event:
        case ev.ServersConfigured(entries, sources):
            return _configured(state, entries, sources)
        case ev.AuthorizationChanged() | ev.BreakerChanged() | ev.StatsMeasured() | ev.AnswersChosen():
            row = state.mcp.servers.get(event.server)
            return state if row is None else with_servers(state, _beside(row, event))
        case ev.PhaseTold(server, phase):
            known = state.mcp.servers.get(server)
            if known is None:
                return state
            return with_servers(state, replace(known, timeline=with_phase(known.timeline, phase)))
        case ev.PromptOpened(prompt, server, call, method, request, at):
            opened = PromptState(prompt, server, call, method, request, at)
            return replace(state, prompts=(*state.prompts, opened), revision=state.revision + 1)
        case ev.PromptClosed(prompt):
            left = tuple(open_prompt for open_prompt in state.prompts if open_prompt.id != prompt)
            if len(left) == len(state.prompts):
                return state
            return replace(state, prompts=left, revision=state.revision + 1)
        case _:
            return reduce_call(state, event)


def resources_updated(state: AppState, name: str, generation: int, updates: Mapping[str, float]) -> AppState:
    """Fold when resources of a server changed last, by URI."""
    server = state.mcp.servers.get(name)
    if server is None or generation != server.generation:
        return state
    return with_servers(state, replace(server, updated=with_updates(server.updated, updates, server.subscriptions)))


def row_of(entry: ServerEntry, generation: int = 0) -> ServerState:
    """The row of an entry that has not been contacted."""
    return ServerState(
        id=entry.name,
        source=entry.source,
        origin=entry.origin,
        digest=entry.digest,
        transport=entry.transport,
        endpoint=entry.endpoint,
        status=entry.gate or Status.WAITING,
        generation=generation,
        env_names=entry.env_names,
        lints=entry.lints,
        suppressed_by=entry.suppressed_by,
        provenance=entry.provenance,
        watch=entry.watch,
        error=entry.problem or entry.blocked,
        replica_of=entry.replica_of,
        missing=entry.missing,
    )


def with_servers(state: AppState, *changed: ServerState) -> AppState:
    """The state with these rows in the place of those of the same name."""
    known = state.mcp.servers
    # The proxy's own copy takes 1 us for 300 servers, dict() of it 18 us: it cannot see the dict behind it.
    servers = known.copy() if isinstance(known, MappingProxyType) else dict(known)
    for server in changed:
        servers[server.id] = server
    mcp = replace(state.mcp, servers=MappingProxyType(servers))
    return replace(state, mcp=mcp, revision=state.revision + 1)


def _configured(state: AppState, entries: tuple[ServerEntry, ...], sources: tuple[SourceInfo, ...] | None) -> AppState:
    known = state.mcp.servers
    servers: dict[str, ServerState] = {}
    for entry in entries:
        old = known.get(entry.name)
        if old is not None and old.digest == entry.digest:
            servers[entry.name] = _described(old, entry)
        else:
            fresh = row_of(entry, old.generation if old else 0)
            servers[entry.name] = _kept(old, fresh)
    looked_at = state.mcp.sources if sources is None else sources
    mcp = McpState(servers=MappingProxyType(servers), order=tuple(servers), sources=looked_at)
    return replace(state, mcp=mcp, revision=state.revision + 1)


def _kept(old: ServerState | None, fresh: ServerState) -> ServerState:
    """A row of a server begun anew, with what a person chose and what went before."""
    return fresh if old is None else replace(fresh, answers=old.answers, timeline=old.timeline)


def _described(server: ServerState, entry: ServerEntry) -> ServerState:
    """The row of an entry whose text is the same: what stands around it (place, lints, provenance) may not be."""
    changed = {name: getattr(entry, name) for name in _AROUND if getattr(entry, name) != getattr(server, name)}
    return replace(server, **changed) if changed else server


_AROUND = (
    "source",
    "origin",
    "endpoint",
    "env_names",
    "lints",
    "suppressed_by",
    "provenance",
    "watch",
    "replica_of",
    "missing",
)
"""What an entry and its row have in common that may change while the text of the entry does not."""


def _beside(
    row: ServerState, event: ev.AuthorizationChanged | ev.BreakerChanged | ev.StatsMeasured | ev.AnswersChosen
) -> ServerState:
    """What is known of a server apart from its connections."""
    match event:
        case ev.AuthorizationChanged(_, view):
            return replace(row, auth=view)
        case ev.BreakerChanged(_, breaker):
            return replace(row, breaker=breaker)
        case ev.AnswersChosen(_, how):
            return replace(row, answers=how)
        case ev.StatsMeasured(_, stats, tools, latest):
            latencies = with_latencies(row.latencies, latest)
            return replace(row, stats=stats, tool_stats={**row.tool_stats, **tools}, latencies=latencies)


def _server_event(state: AppState, event: ev.ServerEvent) -> AppState:
    server = state.mcp.servers.get(event.server)
    if server is None:
        return state
    if isinstance(event, ev.ServerGated):
        if event.generation < server.generation:
            return state
        return with_servers(state, _kept(server, row_of(event.entry, event.generation)))
    starts = isinstance(event, ev.ConnectionQueued)
    if event.generation < server.generation or (event.generation > server.generation and not starts):
        return state
    changed = _FOLDS[type(event)](server, event)
    return state if changed is server else with_servers(state, changed)


def _fresh(server: ServerState, event: ev.ConnectionQueued) -> ServerState:
    """A new attempt: what was learned last time stays readable until it is replaced."""
    return replace(
        server,
        status=Status.WAITING,
        generation=event.generation,
        timers=event.timers,
        retry_at=None,
        pid=None,
        connected_at=None,
        latency_ms=None,
        latencies=(),
        load=None,
        rules_broken=(),
        listening="",
        counters=Counters(logged=server.counters.logged, dropped=server.counters.dropped),
    )


def _established(server: ServerState, event: ev.ConnectionEstablished) -> ServerState:
    return replace(
        server,
        status=Status.CONNECTED,
        era=event.era,
        version=event.version,
        info=event.info,
        capabilities=event.capabilities,
        instructions=event.instructions,
        decided=event.decided,
        connect_ms=event.connect_ms,
        connected_at=event.at,
        transport=event.transport or server.transport,
        # A connection that ended before its tools were known compares nothing: the one before it still counts.
        tools_before=server.tools_before if server.tools is None else server.tools,
        tools=None,
        resources=None,
        templates=None,
        prompts=None,
        freshness={},
        failed_lists=frozenset(),
        error=None,
        attempt=0,
        attempts=0,
        retry_at=None,
    )


def _list_failed(server: ServerState, event: ev.ListFailed) -> ServerState:
    status = Status.DEGRADED if server.usable else server.status
    return replace(server, status=status, error=event.error, failed_lists=server.failed_lists | {event.what})


def _list_read(server: ServerState, method: str) -> ServerState:
    """The list of ``method`` was read; the last one of those that had failed ends the degraded state."""
    if method not in server.failed_lists:
        return server
    left = server.failed_lists - {method}
    if left or server.status is not Status.DEGRADED:
        return replace(server, failed_lists=left)
    return replace(server, failed_lists=left, status=Status.CONNECTED, error=None)


def _down(server: ServerState, status: Status, error: ErrorInfo) -> ServerState:
    return replace(
        server, status=status, error=error, pid=None, retry_at=None, connected_at=None, latency_ms=None, load=None
    )


def _reconnecting(server: ServerState, event: ev.ReconnectScheduled) -> ServerState:
    down = _down(server, Status.RECONNECTING, event.error)
    return replace(down, attempt=event.attempt, attempts=event.attempts, retry_at=event.retry_at)


def _rule_broken(server: ServerState, event: ev.RuleBroken) -> ServerState:
    if event.rule in server.rules_broken or len(server.rules_broken) >= RULES_KEPT:
        return server
    return replace(server, rules_broken=(*server.rules_broken, event.rule))


def _read(server: ServerState, method: str, freshness: Freshness | None, **items: Any) -> ServerState:
    """A list was read, or is shown as an earlier connection knew it."""
    if freshness is not None:
        items["freshness"] = {**server.freshness, method: freshness}
    known = server if freshness is not None and freshness.cached else _list_read(server, method)
    return replace(known, **items)


def _tools_read(server: ServerState, event: ev.ToolsChanged) -> ServerState:
    """The tools are known; how they differ from those known before, of this connection or the one before it, is told.

    Those of an earlier run, which stand in until the list is read, are compared with nothing.
    """
    read = _read(server, "tools/list", event.freshness, tools=event.tools)
    if event.freshness is not None and event.freshness.cached:
        return read
    known = server.freshness.get("tools/list")
    own = None if known is not None and known.cached else server.tools
    before = own if server.tools_before is None else server.tools_before
    if before is None:
        return read
    at = event.freshness.at if event.freshness is not None else server.connected_at or 0.0
    changes = compared(before, event.tools, at)
    if changes is None and server.tools_before is None:
        return read  # listed once more, and as before
    history = server.tool_history if changes is None else remembered(server.tool_history, changes)
    return replace(read, tools_before=None, tool_changes=changes, tool_history=history)


def _task_changed(server: ServerState, event: ev.TaskChanged) -> ServerState:
    tasks = with_task(server.tasks, event.task)
    return server if tasks is server.tasks else replace(server, tasks=tasks)


_Fold: TypeAlias = Callable[[ServerState, Any], ServerState]
_FOLDS: dict[type[ev.ServerEvent], _Fold] = {
    ev.ConnectionQueued: _fresh,
    ev.ConnectionStarted: lambda server, event: replace(server, status=Status.CONNECTING),
    ev.ProcessStarted: lambda server, event: replace(server, pid=event.pid),
    ev.ConnectionEstablished: _established,
    ev.ToolsChanged: _tools_read,
    ev.ResourcesChanged: lambda server, event: _read(
        server, "resources/list", event.freshness, resources=event.resources
    ),
    ev.TemplatesChanged: lambda server, event: _read(
        server, "resources/templates/list", event.freshness, templates=event.templates
    ),
    ev.PromptsChanged: lambda server, event: _read(server, "prompts/list", event.freshness, prompts=event.prompts),
    ev.ListFailed: _list_failed,
    ev.SubscriptionsChanged: lambda server, event: replace(server, subscriptions=event.uris, listening=event.listening),
    ev.TaskChanged: _task_changed,
    ev.LogLevelChanged: lambda server, event: replace(server, log_level=event.level),
    ev.LatencyMeasured: lambda server, event: replace(
        server, latency_ms=event.latency_ms, latencies=with_latencies(server.latencies, (event.latency_ms,))
    ),
    ev.AuthorizationNeeded: lambda server, event: _down(server, Status.NEEDS_AUTH, event.error),
    ev.ConnectionFailed: lambda server, event: _down(server, Status.FAILED, event.error),
    ev.ReconnectScheduled: _reconnecting,
    ev.RuleBroken: _rule_broken,
    ev.LoadMeasured: lambda server, event: replace(server, load=event.load),
}
