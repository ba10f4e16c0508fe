"""The interop matrix: runs every row against its server and writes README.md. ``python -m tests.interop.matrix``.

``--only TEXT`` runs the rows whose name contains the text and prints them instead. ``--row NAME`` is how a row
is run under the interpreter that a server object needs: reads the reference on stdin, prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import cache
from typing import Any, TypeAlias

if __name__ == "__main__":
    # Under a foreign interpreter the package is not installed: its three floors are at the top of the repository.
    import importlib.util

    if importlib.util.find_spec("mcpdeck") is None:
        from types import ModuleType

        package = ModuleType("mcpdeck")
        package.__path__ = [os.getcwd()]  # noqa: PTH109 - a string is what an import path holds
        sys.modules["mcpdeck"] = package

import anyio
import anyio.to_thread

from mcpdeck.app.worker import running
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.manager import Settings
from mcpdeck.services.models import (
    EraMode,
    HttpTarget,
    InProcessTarget,
    ServerEntry,
    Source,
    SseTarget,
    StdioTarget,
    TransportKind,
    WebSocketTarget,
)
from tests.interop.checks import OFFER, SECONDS, Checks, Person, Unseen, Wire
from tests.interop.install import HERE
from tests.interop.recipes import FEATURES, HANDSHAKE, Row
from tests.interop.report import PASS, Cells, readme
from tests.interop.rows import BY_ID, ROWS

NAME = "peer"
KINDS = {
    "stdio": TransportKind.STDIO,
    "http": TransportKind.HTTP,
    "sse": TransportKind.SSE,
    "ws": TransportKind.WS,
    "in-process": TransportKind.IN_PROCESS,
}
# What changes the server's lists or leaves something running comes last.
ORDER = ("list", "call", "progress", "complete", "elicit", "sample", "subscribe", "tasks", "cancel")
Fill: TypeAlias = Callable[[str], str]


def entry(row: Row, fill: Fill) -> ServerEntry:
    way = row.way
    url = fill(way.url)
    match way.transport:
        case "stdio":
            target: Any = StdioTarget(way.command[0], way.command[1:], dict(way.env), None)
        case "http":
            target = HttpTarget(url)
        case "sse":
            target = SseTarget(url)
        case "ws":
            target = WebSocketTarget(url)
        case "in-process":
            target = InProcessTarget(url)
    return ServerEntry(
        name=NAME,
        source=Source.CLI,
        target=target,
        transport=KINDS[way.transport],
        endpoint=row.id,
        digest=row.id,
        era=EraMode.LEGACY if row.revision == HANDSHAKE else EraMode.MODERN,
    )


@contextmanager
def served(row: Row) -> Iterator[Fill]:
    """The server listens inside the block, where it has to; what to put for ``{port}``."""
    if "{port}" not in row.way.url:
        yield lambda text: text
        return
    from tests.servers.processes import free_port, listening

    port = str(free_port())

    def fill(text: str) -> str:
        return text.replace("{port}", port)

    env = {name: fill(value) for name, value in row.way.env.items()}
    with listening([fill(word) for word in row.way.command], env):
        yield fill


def reference(row: Row, fill: Fill) -> dict[str, Any]:
    """What the official client gets: over stdio where the server has it, else over the row's own transport."""
    spec: dict[str, Any] = {"mode": "legacy" if row.revision == HANDSHAKE else "auto"}
    way = next((other for other in row.peer.ways if other.transport == "stdio"), row.way)
    if way.transport == "stdio":
        spec |= {"command": way.command[0], "args": way.command[1:], "env": dict(way.env)}
    else:
        spec |= {"url": fill(way.url), "sse": way.transport == "sse"}
    return official(json.dumps(spec))


@cache
def official(spec: str) -> dict[str, Any]:
    """Run the official client; a server that is started for it is asked only once."""
    given = json.dumps({**json.loads(spec), "calls": [], "offer": True})
    command = (sys.executable, str(HERE / "sdk_client.py"), given)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Unseen(f"the official client failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


def said(error: BaseException) -> str:
    """One line about what went wrong."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    title = error.title if isinstance(error, McpDeckError) else str(error) or "out of time"
    return f"{type(error).__name__}: {' '.join(title.split())[:300]}"


async def exercise(row: Row, fill: Fill, expected: dict[str, Any]) -> Cells:
    """Connect once and run every offered check."""
    cells: Cells = {feature: "" for feature in FEATURES if row.absent(feature) is None}
    person = Person(row.peer.recipe)
    try:
        async with running([entry(row, fill)], settings=Settings(), offer=OFFER, ask=person) as services:
            wire = Wire(services, NAME)
            with anyio.fail_after(30):
                session = await services.manager.connected(NAME)
            if session.version != row.revision:
                raise Unseen(f"{session.version} was negotiated")  # noqa: TRY301 - fails the whole row
            checks = Checks(row, session, wire, person, expected)
            for feature in ORDER:
                if feature in cells:
                    cells[feature] = await judged(checks, feature)
    except Exception as error:  # noqa: BLE001 - whatever it was belongs into the row
        cells = {feature: cell or said(error) for feature, cell in cells.items()}
    return cells


async def judged(checks: Checks, feature: str) -> str:
    try:
        with anyio.fail_after(SECONDS):
            await checks.of(feature)()
    except Exception as error:  # noqa: BLE001 - a cell that fails must not end its row
        return said(error)
    return PASS


@asynccontextmanager
async def in_thread(row: Row) -> AsyncGenerator[Fill]:
    """``served`` without holding the loop."""
    with ExitStack() as stack:
        yield await anyio.to_thread.run_sync(stack.enter_context, served(row))


async def run_row(row: Row) -> Cells:
    """The cells of one row: feature -> ``pass`` or what went wrong; what is not offered is left out."""
    if row.way.transport == "in-process" and row.peer.group is not None:
        return await anyio.to_thread.run_sync(elsewhere, row)
    async with in_thread(row) as fill:
        expected = await anyio.to_thread.run_sync(reference, row, fill)
        return await exercise(row, fill, expected)


def elsewhere(row: Row) -> Cells:
    """An in-process row under the interpreter that has the server's packages."""
    expected = json.dumps(reference(row, str))
    python = next(way for way in row.peer.ways if way.transport == "stdio").command[0]
    command = (python, "-m", "tests.interop.matrix", "--row", row.id)
    done = subprocess.run(
        command, input=expected, cwd=HERE.parent.parent, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        failed = f"the run ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
        return {feature: failed for feature in FEATURES if row.absent(feature) is None}
    return json.loads(done.stdout.splitlines()[-1])


async def run_all(rows: tuple[Row, ...], done: Callable[[Row, Cells], None]) -> Mapping[str, Cells]:
    """Run the rows, two at a time."""
    results: dict[str, Cells] = {}
    limit = anyio.CapacityLimiter(2)

    async def one(row: Row) -> None:
        async with limit:
            results[row.id] = await run_row(row)
        done(row, results[row.id])

    async with anyio.create_task_group() as tasks:
        for row in rows:
            tasks.start_soon(one, row)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.interop.matrix")
    parser.add_argument("--only", default="")
    parser.add_argument("--row")
    options = parser.parse_args()
    if options.row:
        print(json.dumps(anyio.run(exercise, BY_ID[options.row], str, json.loads(sys.stdin.read()))))
        return 0
    rows = tuple(row for row in ROWS if options.only in row.id)
    absent = {row.peer.name: row.peer.missing for row in rows if row.peer.missing}
    if absent:
        print(f"cannot run: {absent}", file=sys.stderr)
        return 2

    def show(row: Row, cells: Cells) -> None:
        failed = {feature: cell for feature, cell in cells.items() if cell != PASS}
        print(f"{row.id}: {len(cells) - len(failed)} of {len(cells)} pass", file=sys.stderr)
        for feature, cell in failed.items():
            print(f"    {feature}: {cell}", file=sys.stderr)

    results = anyio.run(run_all, rows, show)
    if not options.only:
        (HERE / "README.md").write_text(readme(results), encoding="utf-8")
    return int(any(cell != PASS for cells in results.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
