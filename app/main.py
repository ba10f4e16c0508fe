"""The composition root: services, controller and Textual App, and one task group around them all.

Owns the order of starting and ending. Connections live in a task group *around* ``App.run_async``:
Textual cancels its own workers at exit without waiting for them, and a child process must not be
left behind.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

import anyio
import anyio.abc

from ..services.config.files import HOME_VARIABLE, Folders
from ..services.connections.logins import by_enter
from ..services.eras.versions import VERSION
from ..services.manager import Changes, ConnectionManager, Logins, Settings
from ..services.models import ServerEntry
from ..services.policy.configured import Configured
from ..services.session import Memory
from .auto_answers import PREFERENCE
from .file_events import stamp
from .options import Options
from .preferences import FILE as PREFERENCES
from .preferences import Preferences
from .reloading import files_of, reload_on_changes
from .seen import Seen
from .server_intents import Switch, not_here
from .tool_engine import engine_of
from .worker import BARE, Engine, Services, around, running

if TYPE_CHECKING:
    from ..services.config.load import LoadOptions
    from .controller import Controller, Toast
    from .deck import Deck
    from .editing import Editing
    from .keymap import KeyMap

__all__ = ["Hands", "Services", "begin_drawing", "collecting_rarely", "run_dashboard", "running", "show"]

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
COLLECT_AFTER = (1_000, 10, 100)
"""New objects until the youngest generation is collected, and how many collections of one until that of the next."""
FIRST_FRAME_WAIT = 2.0
"""Seconds after which connecting starts even if no frame was drawn (a terminal that takes nothing)."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a person may change from the dashboard; each raises ``McpDeckError`` when it cannot be done.

    ``reload`` reads the configuration again. ``editing`` is called when the first entry is changed, None: there
    is no file to change. ``data_folder`` is where results are saved. ``options`` tell where the settings stand that
    name the registry, None: there is none to browse. ``undecide`` forgets that an entry was rejected;
    ``set_variables`` holds for this run. ``preferences``: what a person chose about the dashboard.
    ``keys`` that a person changed; ``plain``: for screen readers. ``remembers`` False: calls are forgotten with this
    run.
    """

    set_enabled: Switch
    approve: Callable[[Seen], None]
    reject: Callable[[Seen], None]
    reload: Callable[[], Changes]
    data_folder: Path
    editing: Callable[[], Editing] | None = None
    options: Callable[[], LoadOptions] | None = None
    preferences: Preferences = field(default_factory=partial(Preferences, None))
    keys: KeyMap | None = None
    plain: bool = False
    remembers: bool = True
    undecide: Callable[[Seen], None] | None = None
    set_variables: Callable[[Mapping[str, str]], None] = not_here


Beside: TypeAlias = "Callable[[Services, Toast], Awaitable[None]]"
"""Something that runs beside the dashboard, from its first frame on."""


def run_dashboard(source: AbstractAsyncContextManager[Configured], options: Options) -> int:
    """Show the dashboard until the person leaves; the exit code. ``source`` yields the configured servers."""
    begin_drawing()
    code = anyio.run(partial(_dashboard, source, options))
    gc.freeze()  # the process ends: nothing needs to be collected on the way out
    return code


def begin_drawing() -> None:
    """Ask the terminal what it can do now, so that it answers while the rest is still being imported."""
    from ..widgets import terminal_graphics

    terminal_graphics.begin()


async def _dashboard(source: AbstractAsyncContextManager[Configured], options: Options) -> int:
    settings = Settings.from_environment(os.environ)
    if options.timeout is not None:
        settings = settings.within(options.timeout, "--timeout")
    async with source as configured:
        with _logins(configured, options) as logins:
            return await _shown(configured, options, settings, logins)


async def _shown(configured: Configured, options: Options, settings: Settings, logins: Logins) -> int:
    read_at = stamp(files_of(configured))
    entries = configured.load_entries()
    manager = ConnectionManager(
        settings=settings,
        memory=_memory(configured, options),
        guard=configured.guard,
        logins=logins,
    )
    manager.configure(entries, configured.sources)
    hands = replace(
        _hands(manager, configured),
        preferences=_preferences(configured, options),
        keys=_keys(configured),
        plain=options.plain,
        remembers=options.command != "demo",
    )
    remarks: list[str] = [*settings.remarks, *(hands.keys.remarks if hands.keys is not None else ())]
    told: list[Callable[[str], None]] = [remarks.append]

    def tell(remark: str) -> None:
        told[-1](remark)

    engine = engine_of(configured, logins.folders, os.environ, settings, tell)

    async def beside(services: Services, toast: Toast) -> None:
        from .heard_logins import hear_logins  # nothing is heard or restarted before the first frame
        from .restarting import restart_on_changes
        from .tool_plugins import reload_on_broken

        told.append(lambda remark: toast(remark, severity="warning"))
        for remark in remarks:
            tell(remark)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_find, configured, options.discover, hands.reload)
            tasks.start_soon(partial(reload_on_changes, configured, manager, hands.reload, toast, since=read_at))
            tasks.start_soon(reload_on_broken, configured, hands.reload)
            tasks.start_soon(restart_on_changes, manager, services.store, toast)
            tasks.start_soon(hear_logins, logins.folders.data, manager.review_logins)

    return await show(manager, hands, beside=beside, trace=options.trace, engine=engine)


async def _find(configured: Configured, network: bool, reload: Callable[[], Changes]) -> None:
    """Look for servers that stand in no file; those that are found are rows from then on."""
    from .discovering import with_found  # what asks the network is not needed for the first frame

    found = await with_found(configured.options, network=network)
    configured.options = replace(found, environ=configured.options.environ)  # a person may have set some meanwhile
    reload()


@contextmanager
def _logins(configured: Configured, options: Options) -> Generator[Logins]:
    """How a person logs in from the dashboard; what the demo's servers were given is forgotten with them."""
    if options.command != "demo":
        yield Logins(configured.options.folders, os.environ, remembers=True, invite=by_enter)
        return
    with TemporaryDirectory(prefix="mcpdeck-demo-") as home:
        environ = {**os.environ, HOME_VARIABLE: home}
        yield Logins(Folders.of(environ), environ, invite=by_enter)


def _memory(configured: Configured, options: Options) -> Memory:
    """What is remembered of servers outlives the process, except of those that the demo makes up each time."""
    return Memory(None if options.command == "demo" else configured.options.folders.cache / "servers")


def _preferences(configured: Configured, options: Options) -> Preferences:
    """What was chosen in the demo is forgotten with it."""
    return Preferences(None if options.command == "demo" else configured.options.folders.data / PREFERENCES)


def _keys(configured: Configured) -> KeyMap:
    from .keymap import FILE, KeyMap  # with what is drawn, which commands without a screen do without

    return KeyMap.read(configured.options.folders.config / FILE)


def _hands(manager: ConnectionManager, configured: Configured) -> Hands:
    def again() -> Changes:
        return manager.configure(configured.load_entries(), configured.sources)

    def entry(seen: Seen) -> ServerEntry:
        return seen.still(manager.entries.get(seen.name))

    def approve(seen: Seen) -> None:
        configured.approve(entry(seen))
        again()

    def reject(seen: Seen) -> None:
        configured.reject(entry(seen))
        again()

    def undecide(seen: Seen) -> None:
        configured.undecide(entry(seen))
        again()

    def set_enabled(seen: Seen, enabled: bool, /, *more: Seen) -> None:
        try:
            for each in (seen, *more):
                configured.set_enabled(entry(each), enabled)
        finally:  # those before one that cannot be switched are
            again()

    def set_variables(values: Mapping[str, str]) -> None:
        options = configured.options
        configured.options = replace(options, environ={**options.environ, **values})
        again()

    def editing() -> Editing:
        from .editing import Editing  # what writes files is not needed for the first frame

        return Editing(configured)

    return Hands(
        set_enabled,
        approve,
        reject,
        again,
        configured.options.folders.data,
        editing,
        lambda: configured.options,
        undecide=undecide,
        set_variables=set_variables,
    )


async def show(
    manager: ConnectionManager,
    hands: Hands,
    *,
    beside: Beside | None = None,
    trace: str | None = None,
    title: str | None = None,
    engine: Engine = BARE,
) -> int:
    """The dashboard on ``manager`` until the person leaves; the exit code.

    The manager is run from the first frame on, unless it runs already; then it goes on afterwards. ``engine``: what
    calls meet on their way.
    """
    caught: list[int] = []
    deck: Deck | None = None
    first_frame = anyio.Event()
    with collecting_rarely() as keep:
        async with (
            around(manager, can_ask=True, start=first_frame, engine=engine) as services,
            anyio.create_task_group() as tasks,
        ):
            deck = _deck(services, hands, tasks, first_frame)
            if title is not None:
                deck.title = title
            tasks.start_soon(_end_on_signal, deck, caught)
            tasks.start_soon(_keep, hands.preferences, first_frame, deck.toast)
            tasks.start_soon(_from_first_frame, first_frame, keep, beside, services, deck.toast)
            from ..widgets import terminal_graphics

            terminal_graphics.finish()
            from .trace_file import traced

            with traced(services.trace, trace):
                await deck.run_async()
                await services.interactions.leave()
            tasks.cancel_scope.cancel()
    if caught:
        return 128 + caught[0]
    return (deck.return_code if deck is not None else None) or 0


def _deck(services: Services, hands: Hands, tasks: anyio.abc.TaskGroup, first_frame: anyio.Event) -> Deck:
    # Textual and everything drawn: not imported by the commands without a screen.
    from .controller import Controller
    from .deck import Deck
    from .plain import wanted as wants_plain

    def reload() -> None:
        hands.reload()

    def controller(toast: Toast) -> Controller:
        return Controller(
            services,
            tasks,
            toast,
            set_enabled=hands.set_enabled,
            approve=hands.approve,
            reject=hands.reject,
            data_folder=hands.data_folder,
            reload=reload,
            editing=hands.editing,
            options=hands.options,
            remembers=hands.remembers,
            undecide=hands.undecide,
            set_variables=hands.set_variables,
        )

    if services.auto is not None:
        services.auto.keep_in(hands.preferences.value(PREFERENCE), partial(hands.preferences.keep, PREFERENCE))
    return Deck(
        services.store,
        controller,
        version=VERSION,
        preferences=hands.preferences,
        keys=hands.keys,
        plain=hands.plain or wants_plain(),
        on_first_frame=first_frame.set,
    )


async def _keep(preferences: Preferences, first_frame: anyio.Event, toast: Toast) -> None:
    with anyio.move_on_after(FIRST_FRAME_WAIT):  # before it there is nothing to choose, and nowhere to say anything
        await first_frame.wait()
    await preferences.keeping(lambda remark: toast("Preferences", remark, severity="warning"))


async def _end_on_signal(deck: Deck, caught: list[int]) -> None:
    """SIGTERM, a closed terminal and an interrupt from outside end the dashboard in good order."""
    with anyio.open_signal_receiver(*ENDING_SIGNALS) as signals:
        async for number in signals:
            caught.append(number)
            deck.exit()


async def _from_first_frame(
    first_frame: anyio.Event, keep: Callable[[], None], beside: Beside | None, services: Services, toast: Toast
) -> None:
    """Connecting begins with the first frame, or soon after where none is drawn; so does what runs beside."""
    with anyio.move_on_after(FIRST_FRAME_WAIT):
        await first_frame.wait()
    keep()
    first_frame.set()
    if beside is not None:
        await beside(services, toast)


@contextmanager
def collecting_rarely() -> Generator[Callable[[], None]]:
    """Keep the garbage collector from holding the loop up; yields what is called once everything is drawn.

    A full collection walks through everything there is: 50 to 90 ms in one go with 300 servers, five times while
    they connect. So what is imported and drawn by then is left out (``gc.freeze``), and the others come a tenth as
    often. The younger generations, which find nearly all there is to find, stay as small as they were. Everything
    is as before afterwards: the program may be one that embeds the dashboard.
    """
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield gc.freeze
    finally:
        if not frozen:
            gc.unfreeze()
        gc.set_threshold(*before)
