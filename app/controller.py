"""What a person asked for, carried to the services.

Owns starting calls and ending them, and turning every error into a toast with title and hint. Never
draws; screens call it, it returns at once, and what came of it arrives through the store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias
from uuid import uuid4

import anyio

from ..services.config.files import RESULTS
from ..services.errors import McpDeckError, UsageError
from ..services.models import Caller, ErrorInfo, JsonObject, Status, as_list, as_text
from ..services.state.model import CallState, CallStatus
from ..widgets.server_offer import NOTHING, Declared
from .detail_intents import DetailController, DetailIntents
from .elsewhere import Elsewhere, ElsewhereController
from .entry_intents import Entries, EntryController
from .item_intents import ItemController, ItemIntents
from .log_intents import LogController, LogIntents
from .login_intents import LoginController, LoginIntents
from .question_intents import QuestionController, QuestionIntents
from .registry_intents import Registry, RegistryController
from .result_intents import ResultController, ResultIntents
from .saved_intents import SavedCalls, SavedIntents
from .saving import save_result
from .seen import Seen
from .server_intents import ServerController, ServerIntents, Switch, not_here
from .tool_intents import ToolController, ToolIntents

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from ..services.config.load import LoadOptions
    from ..services.session import Session
    from .editing import Editing
    from .main import Services

Refused: TypeAlias = Callable[[tuple[str, ...]], None]
"""Told the problems (``path: what is wrong``) of arguments that were not sent."""

Severity: TypeAlias = Literal["information", "warning", "error"]
AnswerAction: TypeAlias = Literal["accept", "decline", "cancel"]


class Toast(Protocol):
    """Shows a passing message; callable from any task of the loop."""

    def __call__(self, title: str, hint: str = "", *, severity: Severity = "information") -> None: ...


class Intents(
    LoginIntents,
    ToolIntents,
    ItemIntents,
    ServerIntents,
    QuestionIntents,
    ResultIntents,
    LogIntents,
    SavedIntents,
    DetailIntents,
    Protocol,
):
    """Everything a screen may ask for. Each returns at once.

    ``entries`` is what changes the configuration, ``registry`` the MCP Registry, None where there is none to ask;
    ``elsewhere`` what other programs have, None where nothing can be taken over.
    ``embedded``: the servers are those of a program, and there is no configuration.
    """

    @property
    def embedded(self) -> bool: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def registry(self) -> Registry | None: ...
    @property
    def elsewhere(self) -> Elsewhere | None: ...
    def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        validate: bool = True,
        refused: Refused | None = None,
        as_task: bool = False,
    ) -> str: ...
    def read(self, server: str, uri: str) -> str: ...
    def prompt(self, server: str, name: str, arguments: JsonObject) -> str: ...
    def cancel(self, call_id: str) -> None: ...
    def reconnect(self, server: str, *, redetect: bool = False) -> None: ...
    def relist(self, server: str) -> None: ...
    def set_log_level(self, server: str, level: str) -> None: ...
    def cancel_task(self, server: str, task: str) -> None: ...
    def declared(self, server: str) -> Declared: ...
    def reconnect_all(self) -> None: ...
    def set_enabled(self, seen: Seen, enabled: bool) -> None: ...
    def approve(self, seen: Seen) -> None: ...
    def reject(self, seen: Seen) -> None: ...
    def answer(self, prompt_id: str, action: AnswerAction, content: JsonObject | None) -> None: ...
    def save(self, call_id: str) -> Path | None: ...


class Controller(
    LoginController,
    ToolController,
    ItemController,
    ServerController,
    QuestionController,
    ResultController,
    LogController,
    DetailController,
):
    """``Intents`` on the real services; calls run in ``task_group``.

    ``set_enabled``, ``approve`` and ``reject`` rewrite what mcpdeck remembers and configure the manager
    again; the composition root injects them, they may raise ``McpDeckError``. ``data_folder`` is where
    ``save`` writes. ``editing`` is called when the first entry is changed; None: nothing here can be changed.
    ``options`` say where the settings with the registry's address are; None: no registry is asked. ``remembers``
    False: what is called is forgotten with this run.
    """

    def __init__(
        self,
        services: Services,
        task_group: TaskGroup,
        toast: Toast,
        *,
        set_enabled: Switch,
        approve: Callable[[Seen], None],
        reject: Callable[[Seen], None],
        data_folder: Path,
        reload: Callable[[], object] = lambda: None,
        editing: Callable[[], Editing] | None = None,
        options: Callable[[], LoadOptions] | None = None,
        remembers: bool = True,
        undecide: Callable[[Seen], None] | None = None,
        set_variables: Callable[[Mapping[str, str]], None] = not_here,
    ) -> None:
        LoginController.__init__(self, services, toast)
        ToolController.__init__(self)
        ItemController.__init__(self)
        DetailController.__init__(self)
        ServerController.__init__(self, undecide, set_variables)
        self._tasks = task_group
        self._set_enabled = set_enabled
        self._approve = approve
        self._reject = reject
        self._data_folder = data_folder
        self._reload = reload
        self._running: dict[str, anyio.CancelScope] = {}
        self.embedded = editing is None
        self.entries: Entries = EntryController(editing, toast, self.undoing, reload=reload, shown=services.store.flush)
        self.saved = SavedCalls(
            services, toast, start=self._start, beside=self._beside, options=options, remembers=remembers
        )
        self.registry: Registry | None = None if options is None else RegistryController(options, self._beside)
        self.elsewhere: Elsewhere | None = None
        if options is not None and editing is not None:
            self.elsewhere = ElsewhereController(
                options, editing, self._beside, toast, reload=reload, shown=services.store.flush
            )

    def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        validate: bool = True,
        refused: Refused | None = None,
        as_task: bool = False,
    ) -> str:
        """Start a call; returns its id. Arguments that fail the schema go to ``refused``, or become a toast."""
        executor = self._services.executor

        def made(call_id: str) -> Awaitable[CallState]:
            return executor.call(
                server, tool, arguments, call_id=call_id, validate=validate, as_task=as_task, caller=Caller.DASHBOARD
            )

        return self._start(server, made, refused)

    def read(self, server: str, uri: str) -> str:
        """Start reading a resource; returns the id of the call."""
        executor = self._services.executor
        return self._start(
            server, lambda call_id: executor.read(server, uri, call_id=call_id, caller=Caller.DASHBOARD), None
        )

    def prompt(self, server: str, name: str, arguments: JsonObject) -> str:
        """Start getting a prompt; returns the id of the call."""
        executor = self._services.executor
        texts = {key: value for key, value in arguments.items() if isinstance(value, str)}  # prompts take no others
        return self._start(
            server,
            lambda call_id: executor.prompt(server, name, texts, call_id=call_id, caller=Caller.DASHBOARD),
            None,
        )

    def _start(self, server: str, make: Callable[[str], Awaitable[CallState]], refused: Refused | None) -> str:
        call_id = uuid4().hex[:12]
        scope = self._running[call_id] = anyio.CancelScope()

        async def run() -> None:
            with scope:
                self._called_by_hand(server)
                try:
                    self._ended(await make(call_id), refused)
                finally:  # also of one that was given up
                    self.saved.ended(call_id)

        self._tasks.start_soon(self._call, call_id, run)
        return call_id

    def _ended(self, call: CallState, refused: Refused | None) -> None:
        """What came of a call is a value; one that has no card is told, and an answer that could not be kept."""
        if call.decision is not None and call.decision.unkept:
            self._toast("Your answer holds for this session only", call.decision.unkept, severity="warning")
        if call.error is None:
            return
        if call.status is CallStatus.INVALID and refused is not None:
            refused(tuple(line for line in as_list(call.error.details.get("problems")) if isinstance(line, str)))
        elif all(call.id != known.id for known in self._services.store.state.calls):
            self._tell_of(call.error, call.server)

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.start_soon(self._call, "", work)

    async def _call(self, call_id: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except McpDeckError as error:
            self._tell(error)
        except Exception as error:  # the last net below a person's click: the dashboard goes on
            self._toast(f"Internal error: {type(error).__name__}", str(error), severity="error")
        finally:
            self._running.pop(call_id, None)
            self._services.store.flush()

    def cancel(self, call_id: str) -> None:
        """Give a running call up; nothing happens when it has ended."""
        scope = self._running.get(call_id)
        if scope is not None:
            scope.cancel()

    def reconnect(self, server: str, *, redetect: bool = False) -> None:
        """Connect anew; ``redetect``: forget which era and transport were found."""
        self._attempt(lambda: self._services.manager.reconnect(server, redetect=redetect))

    def relist(self, server: str) -> None:
        async def read_again(session: Session) -> None:
            session.lists.read_again()

        self._on(server, read_again, "The lists are read again")

    def set_log_level(self, server: str, level: str) -> None:
        self._on(server, lambda session: session.set_log_level(level), f"Log level {level}")

    def cancel_task(self, server: str, task: str) -> None:
        """Ask the server to stop a task; how it ends is told by the task itself."""
        self._on(server, lambda session: session.tasks.cancel(task), f"Asked to cancel task {task}")

    def declared(self, server: str) -> Declared:
        """What a connected server was told about us; nothing for any other."""
        session = self._services.manager.session(server)
        if session is None:
            return NOTHING
        roots = tuple(as_text(root.get("uri")) or "" for root in session.offer.roots or ())
        return Declared(session.offer.capabilities(session.version), roots)

    def _on(self, server: str, work: Callable[[Session], Awaitable[object]], done: str) -> None:
        """Do something on a server's session beside everything else, and say how it went."""

        async def run() -> None:
            session = self._services.manager.session(server)
            if session is None:
                raise UsageError("not connected", hint="Press r to connect it.", server=server)
            try:
                await work(session)
            except McpDeckError as error:
                error.server = error.server or server
                raise
            self._toast(done, server)

        self._beside(run)

    def reconnect_all(self) -> None:
        """Read the configuration again and connect every server that may connect; gated ones stay as they are."""

        def work() -> None:
            self._reload()
            for name, entry in self._services.manager.entries.items():
                if entry.gate is None and entry.target is not None:
                    self._services.manager.reconnect(name)

        self._attempt(work)

    def set_enabled(self, seen: Seen, enabled: bool) -> None:
        self._attempt(lambda: self._set_enabled(seen, enabled))

    def approve(self, seen: Seen) -> None:
        """Approve the entry that was seen; one that is switched off as well does not start yet, and that is told."""

        def work() -> None:
            self._approve(seen)
            entry = self._services.manager.entries.get(seen.name)
            if entry is not None and entry.gate is Status.DISABLED:
                self._toast(f"{seen.name} is approved, and still disabled", "Press e to enable it.")

        self._attempt(work)

    def reject(self, seen: Seen) -> None:
        def work() -> None:
            self._reject(seen)
            self.rejected(seen)
            self._toast(f"{seen.name} is rejected · U undoes")

        self._attempt(work)

    def answer(self, prompt_id: str, action: AnswerAction, content: JsonObject | None) -> None:
        """Answer a server's question; one that is closed already changes nothing."""
        from ..services.engine.interactions import Answer

        def work() -> None:
            self._services.interactions.answer(prompt_id, Answer(action, content))

        self._attempt(work)

    def save(self, call_id: str) -> Path | None:
        """Write the whole result below the data folder, for the owner only; None (and a toast) when that fails."""
        try:
            path = self._write_result(call_id)
        except McpDeckError as error:
            self._tell(error)
            return None
        except OSError as error:
            self._toast("The result could not be saved", f"{error.strerror}: {error.filename}", severity="error")
            return None
        self._toast("Result saved", str(path))
        return path

    def _write_result(self, call_id: str) -> Path:
        call = next((call for call in self._services.store.state.calls if call.id == call_id), None)
        if call is not None and call.result_dropped:
            raise UsageError("The result of this call is no longer kept", hint="Newer calls needed the room.")
        if call is None or call.result is None:
            running = call is not None and call.status is CallStatus.RUNNING
            hint = "Wait until it has finished." if running else "It ended without one."
            raise UsageError("This call has no result to save", hint=hint)
        return save_result(call, self._data_folder / RESULTS)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except McpDeckError as error:
            self._tell(error)
        except Exception as error:  # the last net below a person's click: the dashboard goes on
            self._toast(f"Internal error: {type(error).__name__}", str(error), severity="error")
        # What a person did is shown at once, not at the next beat of the throttle.
        self._services.store.flush()

    def _tell(self, error: McpDeckError) -> None:
        self._tell_of(ErrorInfo.of(error), error.server or "")

    def _tell_of(self, error: ErrorInfo, server: str) -> None:
        where = f"{server}: " if server else ""
        self._toast(where + error.title, error.hint, severity="error")
