"""Example states of the tabs about one server: timelines, examinations, processes."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.models import (
    CONNECTED,
    WAITS,
    Check,
    CheckState,
    Phase,
    PhaseState,
    ProcessInfo,
    ProcessLoad,
    Timer,
)
from mcpdeck.widgets.process_lines import ProcessFacts
from tests.ui import states

HOSTILE = "\x1b[2J[bold]red[/]\u202eover\r\nnext"


def phases(
    generation: int, *told: tuple[str, float, float | None, PhaseState, str, int], at: float
) -> tuple[Phase, ...]:
    """Of one attempt that began at ``at``: name, beginning (ms), duration, end, words, depth."""
    return tuple(
        Phase(index + 1, generation, name, at + began / 1000, at - 500 + began / 1000, ms, state, said, depth)
        for index, (name, began, ms, state, said, depth) in enumerate(told)
    )


DONE, GOING, FAILED, LEFT = PhaseState.DONE, PhaseState.GOING, PhaseState.FAILED, PhaseState.LEFT
STORY = (
    *phases(
        1,
        ("queue", 0.0, 0.4, DONE, "", 0),
        ("make the client", 0.5, 3.0, DONE, "", 0),
        ("headers helper", 1.0, 2.4, DONE, "", 1),
        ("server/discover", 4.0, 148.0, DONE, "", 0),
        ("TCP", 4.2, 31.0, DONE, "192.0.2.7", 1),
        ("TLS", 35.2, 66.0, DONE, "TLSv1.3", 1),
        ("first byte", 101.4, 50.0, DONE, "", 1),
        (CONNECTED, 152.0, 61_000.0, FAILED, "the connection to mcp.example.test broke: reset by peer", 0),
        ("tools/list", 152.4, 58.0, DONE, "", 0),
        ("ping", 211.0, 24.0, DONE, "", 0),
        ("tools/list", 40_000.0, 31.0, DONE, "", 0),
        (WAITS, 61_152.0, 1_040.0, DONE, "attempt 1 of 5 in 1.0 s", 0),
        at=states.NOW - 140,
    ),
    *phases(
        2,
        ("queue", 0.0, 0.2, DONE, "", 0),
        ("make the client", 0.3, 1.1, DONE, "", 0),
        ("server/discover", 1.5, 41.0, DONE, "", 0),
        (CONNECTED, 43.0, None, GOING, "2026-07-28, modern", 0),
        ("tools/list", 43.4, 55.0, DONE, "", 0),
        ("ping", 99.0, 23.0, DONE, "", 0),
        at=states.NOW - 75,
    ),
)
REMOTE = states.connected("remote", timeline=STORY)
FAILING = states.server(
    "failing",
    status=states.Status.FAILED,
    error=states.BROKEN_ERROR,
    timeline=phases(
        1,
        ("queue", 0.0, 0.4, DONE, "", 0),
        ("start the process", 1.0, 12.0, DONE, "", 0),
        ("server/discover", 14.0, 90.0, FAILED, f"the server ended before it answered {HOSTILE}", 0),
        ("gave up", 105.0, None, FAILED, f"the server ended before it answered {HOSTILE}", 0),
        at=states.NOW - 20,
    ),
)
FRESH = states.server("fresh")
OK, WARN, FAIL, SKIP, RUNS = CheckState.OK, CheckState.WARN, CheckState.FAIL, CheckState.SKIP, CheckState.RUNNING
CHECKS = (
    Check("config", "The entry is valid", OK, "~/.config/mcpdeck/mcp.json:4", ms=0.2),
    Check("variables", "Its variables are set", WARN, "not set and without a default: TOKEN", "Set it.", 0.1),
    Check("policy", "Policy allows it", OK),
    Check("approval", "It is approved and switched on", OK),
    Check("cwd", "Its working directory exists", SKIP, "where mcpdeck was started"),
    Check("program", "Its program is there", OK, "/usr/bin/npx", ms=1.4),
    Check("runtime", "npx runs", OK, "10.9.0", ms=212.0),
    Check("open", "The process starts", OK, "process 4711", ms=8.0),
)
STOPPED = Check(
    "speaks",
    "It speaks MCP",
    FAIL,
    f"the server ended before it answered (exit code 3)\nModuleNotFoundError: No module named 'notes' {HOSTILE}",
    "Its last stderr lines say why.",
    640.0,
    "MCP specification, lifecycle: initialization",
)
PROCESS = ProcessFacts(
    "npx -y @modelcontextprotocol/server-everything stdio --key ${KEY}",
    "/home/ada/notes",
    ("DEBUG_LEVEL", "KEY"),
    ("HOME", "LANG", "PATH", "SHELL", "TERM"),
    ("KEY",),
    "network closed · may write /home/ada/notes",
)
LOAD = ProcessLoad(
    3,
    12.4,
    163_000_000,
    states.NOW,
    (
        ProcessInfo(4711, "npx", 0.4, 51_000_000, states.NOW - 75),
        ProcessInfo(4712, "sh", 0.0, 2_000_000, states.NOW - 74, 1),
        ProcessInfo(4713, "node", 12.0, 110_000_000, states.NOW - 74, 2),
    ),
)
TIMERS = (
    Timer("connect", 30.0, "default"),
    Timer("request", 60.0, "default"),
    Timer("call", 60.0, "~/.config/mcpdeck/mcp.json:9"),
    Timer("idle", 1800.0, "MCPDECK_IDLE_TIMEOUT"),
    Timer("probe", 8.0, "default"),
)
LOOKED_AT = replace(states.EVERYTHING, load=LOAD, timers=TIMERS)
