"""What a person asked for, on its way to the services: calls, cancelling, saving, and errors as toasts."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import anyio
import pytest

from mcpdeck.app.controller import Controller, Severity
from mcpdeck.app.seen import Seen
from mcpdeck.app.worker import Services
from mcpdeck.services import events as ev
from mcpdeck.services.errors import McpDeckError, RPCError, UsageError
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import Caller, ErrorInfo, JsonObject, Source
from mcpdeck.services.session import Offer
from mcpdeck.services.state.model import AppState, CallState, CallStatus
from mcpdeck.services.state.reducers import row_of
from mcpdeck.services.state.store import Store
from tests.config.project import Project
from tests.ui import states
from tests.waiting import eventually


class Executor:
    """Ends a call as it is told to, or waits until it is cancelled."""

    def __init__(self) -> None:
        self.ends: CallState | None = None
        self.called: list[tuple[str, str, JsonObject, bool]] = []
        self.cancelled = 0
        self.as_task = False

    async def call(
        self,
        server: str,
        tool: str,
        arguments: JsonObject,
        *,
        call_id: str,
        validate: bool = True,
        as_task: bool = False,
        caller: Caller = Caller.PROGRAM,
    ) -> CallState:
        assert caller is Caller.DASHBOARD
        self.called.append((server, tool, arguments, validate))
        self.as_task = as_task
        return await self._end(call_id)

    async def read(self, server: str, uri: str, *, call_id: str, caller: Caller = Caller.PROGRAM) -> CallState:
        assert caller is Caller.DASHBOARD
        self.called.append((server, uri, {}, True))
        return await self._end(call_id)

    async def prompt(
        self, server: str, name: str, arguments: dict[str, str], *, call_id: str, caller: Caller = Caller.PROGRAM
    ) -> CallState:
        assert caller is Caller.DASHBOARD
        self.called.append((server, name, {**arguments}, True))
        return await self._end(call_id)

    async def _end(self, call_id: str) -> CallState:
        if self.ends is not None:
            return replace(self.ends, id=call_id)
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled += 1


def ended(status: CallStatus, error: ErrorInfo) -> CallState:
    return states.call(9, server="files", tool="x", status=status, result=None, error=error)


class Manager:
    """Knows one session, of the server ``files``; ``error`` is what everything on it fails with."""

    def __init__(self) -> None:
        self.error: McpDeckError | None = None
        self.done: list[tuple[str, ...]] = []
        self.entries = {"files": None}

    def authorization(self, name: str) -> Manager:
        assert name in self.entries
        return self

    def entry(self, name: str) -> None:
        assert name in self.entries

    def called_by_hand(self) -> None:
        self.done.append(("may ask again",))

    def session(self, name: str) -> Manager | None:
        return self if name == "files" else None

    @property
    def lists(self) -> Manager:
        return self

    tasks = lists
    version = "2025-11-25"
    offer = Offer(elicitation=True, roots=({"uri": "file:///work", "name": "work"},))

    def read_again(self) -> None:
        self.done.append(("read again",))

    async def set_log_level(self, level: str) -> None:
        self._do("level", level)

    async def cancel(self, task: str) -> None:
        self._do("cancel", task)

    def _do(self, *what: str) -> None:
        if self.error is not None:
            raise self.error
        self.done.append(what)

    def reconnect(self, name: str, *, redetect: bool = False) -> None:
        if name == "files":
            self.done.append(("redetect" if redetect else "reconnect",))
            return
        raise UsageError(f"no server is called {name!r}", hint="Known servers: none.", server=name)


class Desk:
    def __init__(
        self,
        controller: Controller,
        executor: Executor,
        manager: Manager,
        toasts: list[tuple[str, str, str]],
        store: Store,
    ) -> None:
        self.store = store
        self.controller = controller
        self.manager = manager
        self.executor = executor
        self.toasts = toasts


@asynccontextmanager
async def desk(folder: Path, state: AppState | None = None) -> AsyncIterator[Desk]:
    toasts: list[tuple[str, str, str]] = []

    def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
        toasts.append((title, hint, severity))

    def refuse(*arguments: object) -> None:
        raise ZeroDivisionError("a bug")

    executor = Executor()
    fake = Fake(Store(state), executor)
    services = cast("Services", cast("object", fake))
    async with anyio.create_task_group() as tasks:
        yield Desk(
            Controller(services, tasks, toast, set_enabled=refuse, approve=refuse, reject=refuse, data_folder=folder),
            executor,
            fake.manager,
            toasts,
            fake.store,
        )
        tasks.cancel_scope.cancel()


class Fake:
    def __init__(self, store: Store, executor: Executor) -> None:
        self.store = store
        self.executor = executor
        self.manager = Manager()


async def test_a_call_starts_at_once_and_can_be_cancelled_by_its_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        call = at.controller.call("files", "read", {"path": "x"}, validate=False)
        await eventually(lambda: at.executor.called, "started call")
        assert at.executor.called == [("files", "read", {"path": "x"}, False)]
        at.controller.cancel("another")
        assert at.executor.cancelled == 0
        at.controller.cancel(call)
        await eventually(lambda: at.executor.cancelled, "cancelled call")
        assert at.toasts == []


async def test_a_call_made_by_hand_may_ask_again_for_what_was_said_no_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.call("files", "read", {})
        at.controller.call("unknown", "read", {})  # which the executor says
        await eventually(lambda: len(at.executor.called) == 2, "started calls")
        assert at.manager.done == [("may ask again",)]


async def test_refused_arguments_go_back_to_who_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        wrong = ErrorInfo("usage", "they do not fit", details={"problems": ["a: is missing"]})
        at.executor.ends = ended(CallStatus.INVALID, wrong)
        told: list[tuple[str, ...]] = []
        at.controller.call("files", "read", {}, refused=told.append)
        await eventually(lambda: told, "refusal")
        assert told == [("a: is missing",)]
        at.controller.call("files", "read", {})
        await eventually(lambda: at.toasts, "toast")
        assert at.toasts == [("files: they do not fit", "", "error")]


UNKNOWN = ErrorInfo("usage", "files has no tool called 'x'", "Did you mean y?")


@pytest.mark.parametrize("status", [CallStatus.NOT_FOUND, CallStatus.FAILED], ids=str)
async def test_what_never_became_a_call_is_a_toast_with_what_to_do(tmp_path: Path, status: CallStatus) -> None:
    async with desk(tmp_path) as at:
        at.executor.ends = ended(status, UNKNOWN)
        at.controller.call("files", "x", {})
        await eventually(lambda: at.toasts, "toast")
        assert at.toasts == [("files: files has no tool called 'x'", "Did you mean y?", "error")]


async def test_a_call_that_failed_on_its_card_is_no_toast_as_well(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.executor.ends = ended(CallStatus.FAILED, UNKNOWN)
        # The call's task runs only later: by then the card is there.
        call = at.controller.call("files", "x", {})
        at.store.dispatch(ev.CallStarted(call, "files", "x", {}, states.NOW))
        await eventually(lambda: not at.controller._running, "end of the call")
        assert at.toasts == []


async def test_a_linked_resource_is_read_and_a_prompt_got_with_texts_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.read("files", "file:///a")
        at.controller.prompt("files", "greet", {"name": "Ada", "times": 3})
        await eventually(lambda: len(at.executor.called) == 2, "calls")
        assert at.executor.called == [("files", "file:///a", {}, True), ("files", "greet", {"name": "Ada"}, True)]


async def test_a_bug_below_a_click_is_told_and_ends_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.approve(Seen("files", "", Source.PROJECT, None))
        at.controller.reconnect("nobody")
        assert [title for title, _, _ in at.toasts] == [
            "Internal error: ZeroDivisionError",
            "nobody: no server is called 'nobody'",
        ]


async def test_a_saved_result_is_whole_and_for_the_owner_only(tmp_path: Path) -> None:
    sly = states.call(1, tool="../../etc/\u202epass wd", result={"content": [], "lone": "\ud800"})
    async with desk(tmp_path / "data", AppState(calls=(sly,))) as at:
        path = at.controller.save("call-1")
        assert path is not None
        assert path.parent == tmp_path / "data" / "results"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")) == sly.result


async def test_what_cannot_be_saved_says_why(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in the way")
    running = states.call(2, result=None)
    async with desk(tmp_path, AppState(calls=(states.call(1), running))) as at:
        assert at.controller.save("call-2") is None
        assert at.controller.save("call-1") is None
        assert at.toasts[0][0] == "This call has no result to save"
        assert at.toasts[1][0] == "The result could not be saved"


@pytest.mark.parametrize("link", ["elsewhere"])
async def test_a_result_is_never_written_through_a_link(tmp_path: Path, link: str) -> None:
    target = tmp_path / link
    async with desk(tmp_path / "data", AppState(calls=(states.call(1),))) as at:
        path = at.controller.save("call-1")
        assert path is not None
        path.unlink()
        path.symlink_to(target)
        again = at.controller.save("call-1")
        assert again is not None and again != path
        assert again.is_file() and not again.is_symlink()
        assert not target.exists()


async def test_a_call_can_be_made_as_a_task(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.call("files", "index", {}, as_task=True)
        await eventually(lambda: at.executor.called, "started call")
        assert at.executor.as_task


async def test_what_is_asked_of_a_session_is_done_and_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.set_log_level("files", "warning")
        at.controller.cancel_task("files", "t1")
        at.controller.relist("files")
        at.controller.reconnect("files", redetect=True)
        await eventually(lambda: len(at.toasts) == 3, "toasts")
        assert sorted(at.manager.done) == [("cancel", "t1"), ("level", "warning"), ("read again",), ("redetect",)]
        assert {title for title, _, _ in at.toasts} == {
            "Log level warning",
            "Asked to cancel task t1",
            "The lists are read again",
        }


async def test_what_a_session_refuses_is_a_toast_that_names_the_server(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.manager.error = RPCError(-32602, "no such level")
        at.controller.set_log_level("files", "loud")
        at.controller.set_log_level("gone", "debug")
        await eventually(lambda: len(at.toasts) == 2, "toasts")
        assert sorted(title for title, _, _ in at.toasts) == ["files: no such level", "gone: not connected"]
        assert {severity for _, _, severity in at.toasts} == {"error"}


async def test_what_a_server_was_told_about_us_is_known_while_it_is_connected(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        told = at.controller.declared("files")
        assert told.capabilities["roots"] == {"listChanged": True}
        assert told.roots == ("file:///work",)
        assert at.controller.declared("gone").capabilities == {}


async def test_an_approved_server_that_is_switched_off_as_well_is_said_to_be_so(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.servers({"it": {"command": "mine"}})
    deck = project.deck()
    deck.set_enabled(project.load()["it"], False)
    deck.reject(project.load()["it"])
    manager = ConnectionManager(deck.load_entries())
    toasts: list[str] = []

    def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
        toasts.append(title)

    def approve(seen: Seen) -> None:
        deck.approve(manager.entries[seen.name])
        manager.configure(deck.load_entries())

    fake = Fake(Store(), Executor())
    fake.manager = cast("Manager", cast("object", manager))
    services = cast("Services", cast("object", fake))
    async with anyio.create_task_group() as tasks:
        controller = Controller(
            services, tasks, toast, set_enabled=print, approve=approve, reject=print, data_folder=tmp_path
        )
        controller.approve(Seen.of(row_of(manager.entries["it"])))
    assert toasts == ["it is approved, and still disabled"]
