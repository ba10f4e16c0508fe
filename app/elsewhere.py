"""The servers that a person has configured in other programs: found when nothing is configured here, and taken over.

Owns the looking, in a thread, and the words for what came of taking over. Never draws, and writes no file of another
program: what is taken over goes the way of ``mcpdeck import``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from ..services.errors import McpDeckError
from ..services.models import ErrorInfo
from ..services.state.text import one_line

if TYPE_CHECKING:
    from ..services.config.clients.client import Machine
    from ..services.config.importing import ForeignFile
    from ..services.config.load import LoadOptions
    from .controller import Toast
    from .editing import Editing
    from .registry_intents import Start
    from .taking_over import Outcome


@dataclass(frozen=True, slots=True)
class Found:
    """Another program with servers. ``names`` as it calls them; ``files`` they stand in; ``problems``: files of it that
    cannot be read, in words. ``runs``: the masked command or URL of each name.
    """

    id: str
    title: str
    names: tuple[str, ...]
    files: tuple[str, ...]
    problems: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


class Elsewhere(Protocol):
    """Everything a screen may ask. Each returns at once; ``done`` is told once, in the app's own loop."""

    def find(self, done: Callable[[tuple[Found, ...]], None]) -> None: ...
    def take(self, program: str) -> ErrorInfo | None: ...
    def target(self) -> str: ...


def found_in(options: LoadOptions) -> tuple[Found, ...]:
    """Every program that has servers, or a file that cannot be read. Opens a few dozen files: not for the loop."""
    from ..services.config.clients import CLIENTS  # eleven programs: needed for this alone
    from ..services.config.importing import foreign_files

    machine = _machine(options)
    found = (_found(client.id, client.title, foreign_files(client, machine)) for client in CLIENTS)
    return tuple(each for each in found if each.names or each.problems)


def _machine(options: LoadOptions) -> Machine:
    from ..services.config.clients.client import Machine

    return Machine(options.folders.home, options.environ, sys.platform, options.project)


def _found(program: str, title: str, files: Iterable[ForeignFile]) -> Found:
    from .taking_over import shown

    names: dict[str, str] = {}
    places: dict[str, None] = {}
    problems: list[str] = []
    for file in files:
        usable = {server.name: server for server in file.servers if server.refusal is None}
        if usable:
            places[file.file.label] = None
        for name, server in usable.items():
            names.setdefault(name, shown(server.value))
        problems += [f"{problem.what} ({file.file.origin(problem.place)})" for problem in file.problems]
    return Found(program, title, tuple(names), tuple(places), tuple(problems), tuple(names.values()))


class ElsewhereController:
    """``Elsewhere`` on the files of this machine; after taking over ``reload`` reads the configuration again."""

    def __init__(
        self,
        options: Callable[[], LoadOptions],
        editing: Callable[[], Editing],
        start: Start,
        toast: Toast,
        *,
        reload: Callable[[], object],
        shown: Callable[[], None],
    ) -> None:
        self._options = options
        self._editing = editing
        self._start = start
        self._toast = toast
        self._reload = reload
        self._shown = shown

    def find(self, done: Callable[[tuple[Found, ...]], None]) -> None:
        async def work() -> None:
            done(await anyio.to_thread.run_sync(found_in, self._options(), abandon_on_cancel=True))

        self._start(work)

    def target(self) -> str:
        """The file that a person's servers go into."""
        return str(self._options().folders.user_file)

    def take(self, program: str) -> ErrorInfo | None:
        """Take over every server of ``program`` that can be; what cannot is told. An error: none could."""
        from ..services.config.clients import BY_ID
        from ..services.config.importing import foreign_files
        from .taking_over import Taker, Terms

        client = BY_ID[program]
        try:
            taker = Taker(self._editing(), Terms())
            files = foreign_files(client, _machine(self._options()))
            chosen = {server.name: (server, file.shared) for file in reversed(files) for server in file.servers}
            outcomes = [taker.take(server, shared, asked_for=False) for server, shared in chosen.values()]
            self._reload()
        except McpDeckError as error:
            return ErrorInfo.of(error)
        except OSError as error:
            return ErrorInfo("config", f"{error.strerror}: {error.filename}")
        finally:
            self._shown()
        return self._told(client.title, outcomes)

    def _told(self, title: str, outcomes: list[Outcome]) -> ErrorInfo | None:
        taken = [one for one in outcomes if one.change is not None]
        refused = [one for one in outcomes if one.error is not None]
        if not taken:
            error = next((one.error for one in refused), None)
            return ErrorInfo("config", f"{title} has nothing new") if error is None else ErrorInfo.of(error)
        count = f"{len(taken)} server{'' if len(taken) == 1 else 's'}"
        off = sum(1 for one in taken if any("is off" in note for note in one.notes))
        words = [f"{off} from this project {'is' if off == 1 else 'are'} off: e enables"] if off else []
        if refused:
            names = ", ".join(one_line(one.name, 30) for one in refused[:3])
            words.append(f"not taken over: {names}")
        self._toast(f"{count} of {title} taken over", " · ".join(words) or "Its own file is as it was.")
        return None
