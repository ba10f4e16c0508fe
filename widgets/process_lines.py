"""What the overview says of a server's process: how it is started, with which variables, and what runs of it now.

Owns the wording. Pure: facts and a width give lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..services.models import ProcessInfo, ProcessLoad
from ..services.state.model import ServerState
from ..services.state.spans import span
from ..services.state.text import one_line
from .fact_lines import chips, dotted, fact, heading, size
from .ink import Line, Span, fit

PID, LEAST_NAME, MOST_NAME = 8, 12, 28
COLUMNS = (6, 10, 12)
"""Cells of CPU, memory and age."""
SHOWN = 16
"""Processes that are shown; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """How a local server is started, fit to be shown: secrets are masked, values of variables are not there.

    ``given``: names of variables of its entry, ``inherited``: those it gets from us, ``missing``: named and not set.
    """

    command: str = ""
    cwd: str = ""
    given: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sandbox: str = ""


NO_PROCESS = ProcessFacts()


def process(server: ServerState, facts: ProcessFacts, width: int, now: float) -> Iterator[Line]:
    """The whole section; nothing for a server without a process of its own."""
    if not facts.command:
        return
    load = server.load
    yield from heading("Process", dotted(*_sum(load)) if load is not None else "not running" if not server.pid else "")
    yield from fact("Command", one_line(facts.command, 2_000), width)
    yield from fact("Runs in", one_line(facts.cwd, 400) or "where mcpdeck was started", width)
    if facts.sandbox:
        yield from fact("Sandbox", facts.sandbox, width)
    if facts.given:
        yield from chips("Given", _names(facts.given), width)
    if facts.missing:
        yield from chips("Missing", _names(facts.missing), width, "warn")
    if facts.inherited:
        yield from chips("Inherited", _names(facts.inherited), width, "muted")
    if load is not None and load.tree:
        yield from _tree(load, width, now)


def _sum(load: ProcessLoad) -> Iterable[str]:
    many = "1 process" if load.processes == 1 else f"{load.processes:,} processes"
    return many, f"{load.cpu:.0f}% of a core", size(load.memory)


def _names(names: Iterable[str]) -> Iterable[str]:
    return [one_line(name, 60) for name in names]


def _tree(load: ProcessLoad, width: int, now: float) -> Iterator[Line]:
    name = max(LEAST_NAME, min(MOST_NAME, width - 4 - PID - sum(COLUMNS)))
    yield _row("pid", "name", ("cpu", "memory", "age"), name, width, "muted")
    for one in load.tree[:SHOWN]:
        yield _one(one, name, width, now)
    left = load.processes - min(len(load.tree), SHOWN)
    if left > 0:
        yield (("  ", ""), (f"… and {left:,} more", "muted"))


def _one(one: ProcessInfo, name: int, width: int, now: float) -> Line:
    branch = "  " * (one.depth - 1) + "└ " if one.depth else ""
    age = span(int(max(0.0, now - one.born))) if one.born else ""
    shown = f"{branch}{one_line(one.name, 60) or '?'}"
    return _row(str(one.pid), shown, (f"{one.cpu:.0f}%", size(one.memory), age), name, width)


def _row(pid: str, name: str, told: tuple[str, str, str], cells: int, width: int, ink: str = "") -> Line:
    line: list[Span] = [(f"  {fit(pid, PID, right=True)}  {fit(name, cells)}", ink)]
    room = width - 4 - PID - cells
    for text, column in zip(told, COLUMNS, strict=True):
        if room >= column:
            line.append((fit(text, column, right=True), ink))
            room -= column
    return line
