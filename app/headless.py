"""Running a command without a screen: one event loop, ended in good order by a signal.

Owns the loop of the sub-commands. SIGINT, SIGTERM and SIGHUP cancel the command, so that sessions
are closed and child processes ended before the process leaves.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio

from ..services.config.files import Folders
from ..services.errors import CapabilityMissing, McpDeckError, RequestTimeout
from ..services.models import ServerEntry, Tool
from ..services.session import Memory, ServerMemory
from ..services.state.text import one_line
from .exits import Interrupted
from .options import Options
from .printing import note, note_warning

if TYPE_CHECKING:
    from anyio.abc import TaskStatus

    from ..services.auth.kinds import Hands
    from ..services.session import Session
    from ..services.state.model import AppState
    from .answers import Answers
    from .resolve import Guard
    from .worker import Services

TOOLS = frozenset({"tools/list"})
"""What a command reads unasked that calls tools: arguments are checked, and some mirrored into headers."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_T = TypeVar("_T")


class Remembered(Memory):
    """What is remembered of configured servers, by every command and the dashboard alike.

    Nothing outlives the process of a TARGET that stands on the command line itself: it has no place in a file,
    and the next run may well find another program behind it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._passing = Memory()

    def of(self, entry: ServerEntry) -> ServerMemory:
        return self._passing.of(entry) if entry.origin.file is None else super().of(entry)


def run_for(command: Callable[[], Awaitable[_T]]) -> _T:
    """Run ``command`` to its answer. Raises its ``McpDeckError``, or ``Interrupted`` after a signal."""
    return anyio.run(_guarded, command)


async def _guarded(command: Callable[[], Awaitable[_T]]) -> _T:
    answers: list[_T] = []
    failure: McpDeckError | OSError | None = None
    caught: list[int] = []

    async def watch(*, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(*_SIGNALS) as signals:
            task_status.started()
            async for number in signals:
                caught.append(number)
                tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        await tasks.start(watch)
        try:
            answers.append(await command())
        except McpDeckError as error:
            failure = error
        except BaseExceptionGroup as group:
            failure = _only_failure(group)
            if failure is None:
                raise
        tasks.cancel_scope.cancel()
    if caught:
        raise Interrupted(caught[0])
    if failure is not None:
        raise failure
    return answers[0]


def _only_failure(group: BaseExceptionGroup[BaseException]) -> McpDeckError | OSError | None:
    """The expected error that came out of a task group, None when something else came with it.

    An ``OSError`` gets this far only from stdin and stdout.
    """
    expected, rest = group.split((McpDeckError, OSError))
    if expected is None or rest is not None:
        return None
    first: McpDeckError | OSError | BaseExceptionGroup[McpDeckError | OSError] = expected
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def answers_of(options: Options) -> Answers:
    """What ``--answers`` says; without it nothing is answered. Raises ``ConfigError``."""
    from .answers import Answers, read_answers

    return read_answers(options.answers, quiet=options.quiet) if options.answers else Answers(quiet=options.quiet)


@asynccontextmanager
async def services(
    entries: Sequence[ServerEntry],
    options: Options,
    *,
    guard: Guard | None = None,
    listens: bool = False,
    pings: bool = False,
    reads: frozenset[str] | None = frozenset(),
    hands: Hands | None = None,
) -> AsyncGenerator[Services]:
    """Everything below the screens, running; ``--timeout`` is for connecting and for a call.

    ``--answers`` answers what servers ask, and ``--trace`` is written from the first message on. ``guard`` is
    asked before each connection and call whether a server may be used still. ``listens``:
    be told of changes; ``pings``: measure the latency; ``reads``: methods of the lists that are read unasked,
    None: all. A command does not send what it does not need. What is found out about a configured server is kept
    for the next run. Logins that are kept are used; one is begun where ``hands`` are given, or ``--answers`` says how.
    """
    from ..services.manager import Logins, Settings
    from .resolve import Rules
    from .trace_file import traced
    from .worker import BARE, running

    answers = answers_of(options)
    # A command says at once what stands in the way; whoever wants another try runs it again.
    settings = replace(
        Settings.from_environment(os.environ),
        connect_retries=0,
        listens=listens,
        pings=pings,
        reads=reads,
        replicas=options.command in ("batch", "list"),  # for one call one process is enough
    )
    if options.timeout is not None:
        settings = settings.within(options.timeout, "--timeout")
    if not options.quiet:
        for remark in settings.remarks:
            note_warning(remark)
    begin = anyio.Event()
    folders = Folders.of(os.environ)
    if answers.oauth is not None:
        from .logins import hands_of, with_answers  # nothing of a login before somebody wants one

        entries = with_answers(entries, answers)
        reads_stdin = options.command == "batch" or options.arguments == "-"
        hands = hands or hands_of(options, answers, asks=False, reads=not reads_stdin)
        if hands is not None and len(entries) > 1 and hands.opening != "http":
            from .login_hands import OneAtATime

            hands = OneAtATime(hands)  # nobody can do with a browser window for each of them
    logins = Logins(
        folders,
        os.environ,
        hands=None if hands is None else lambda: hands,
        unattended=hands is not None,
        # Who names a server, or lets log in, wants to know how it is now.
        remembers=options.command == "list" and hands is None,
        named=entries[0].name if options.command != "list" and len(entries) == 1 else "",
    )
    engine = BARE
    if isinstance(guard, Rules):
        from .permission_asking import permission_asker
        from .tool_engine import engine_of

        told = _unheard if options.quiet else note_warning
        asker = permission_asker(options, answers)
        engine = engine_of(guard.configured, folders, os.environ, settings, told, asker)
    async with running(
        entries,
        settings=settings,
        offer=answers.offer,
        ask=answers.ask,
        memory=Remembered(folders.cache / "servers"),
        start=begin,
        guard=guard,
        logins=logins,
        engine=engine,
    ) as house:
        with traced(house.trace, options.trace), _declined_questions(house, options):
            begin.set()
            yield house


def _unheard(_remark: str) -> None:
    """Of a run that is to be quiet."""


@contextmanager
def _declined_questions(house: Services, options: Options) -> Generator[None]:
    """What a server asked for and nobody answers is said on stderr as it happens; ``-v`` tells it with the rest."""
    if options.quiet or options.verbose:
        yield
        return
    seen: dict[str, int] = {}

    def say(state: AppState) -> None:
        for server in state.mcp.order:
            ring = house.store.ring(server)
            held, new = len(ring), ring.total - seen.get(server, 0)
            seen[server] = ring.total
            for record in ring.slice(held - min(new, held), held):
                if record.kind == "note" and record.level == "warning":
                    note_warning(f"{server}: {record.data} --answers FILE answers questions.")

    stop = house.store.subscribe(say)
    try:
        yield
    finally:
        stop()
        say(house.store.state)


async def asked(
    house: Services, server: str, operation: Callable[[Session], Awaitable[_T]], timeout: float | None
) -> _T:
    """What ``operation`` gets from a connected server; sent again once when its session had just expired.

    Raises ``RequestTimeout`` after ``timeout`` seconds (None: the requests' own time-outs).
    """
    await house.manager.connected(server)  # how long that may take is a setting of its own
    try:
        with anyio.fail_after(timeout):
            return await house.manager.using(server, operation)
    except TimeoutError:
        raise RequestTimeout(
            f"no answer within {timeout:g} s", hint="Raise --timeout, or look at the server's log.", server=server
        ) from None


async def tools_of(session: Session, timeout: float | None) -> tuple[Tool, ...]:
    """The tools of a connected server; asked for even where it announces none, as a debugger must.

    Raises ``RequestTimeout`` after ``timeout`` seconds (None: the request's own time-out).
    """
    try:
        with anyio.fail_after(timeout):
            try:
                return await session.lists.known_tools()
            except CapabilityMissing:
                return await session.lists.read_tools()
    except TimeoutError:
        raise RequestTimeout(
            f"the tools were not listed within {timeout:g} s", hint="Raise --timeout, or look at the server's log."
        ) from None


def note_log(services: Services, server: str, options: Options) -> None:
    """With ``-v``: how the connection came about and what the server wrote, on stderr."""
    if not options.verbose:
        return
    state = services.store.state.mcp.servers[server]
    if state.era is not None:
        took = f", {state.connect_ms:.0f} ms" if state.connect_ms is not None else ""
        note(f"{one_line(server)}: {state.era} {state.version or ''}{took} ({one_line(state.decided)})")
    for record in services.store.ring(server):
        data = record.data if isinstance(record.data, str) else json.dumps(record.data, ensure_ascii=False)
        note(f"{one_line(server)} {record.kind} {record.level}: {one_line(data)}")
