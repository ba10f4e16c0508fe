"""The configuration files change while the dashboard runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.file_events import files_plan, stamp
from mcpdeck.app.reloading import files_of, reload_on_changes, tell
from mcpdeck.services.config.last_good import LastGood
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.manager import Changes, ConnectionManager
from mcpdeck.services.models import ErrorInfo, Json, ServerEntry, Source, Status
from mcpdeck.services.policy.configured import Configured
from tests.entries import SERVERS, stdio
from tests.tmux import Tmux
from tests.waiting import eventually, until

pytestmark = pytest.mark.anyio


def tiny(**more: object) -> dict[str, object]:
    return {"command": sys.executable, "args": [str(SERVERS / "tiny_stdio.py")], "era": "legacy", **more}


def file_of(**servers: object) -> str:
    return json.dumps({"mcpServers": servers})


@dataclass
class Stage:
    """A project, its user's file, and a manager that follows them."""

    project: Path
    user_file: Path
    configured: Configured
    manager: ConnectionManager
    toasts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> Mapping[str, ServerEntry]:
        return self.manager.entries

    def reload(self) -> Changes:
        return self.manager.configure(self.configured.load_entries(), self.configured.sources)

    def toast(self, title: str, hint: str = "", *, severity: str = "information") -> None:
        self.toasts.append((title, hint))


@asynccontextmanager
async def stage(tmp_path: Path, user: str | None = None) -> AsyncGenerator[Stage]:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    options = LoadOptions(project, os.environ, read=LastGood(), managed=(tmp_path / "managed",))
    user_file = options.folders.user_file
    if user is not None:
        user_file.parent.mkdir(parents=True)
        user_file.write_text(user)
    configured = Configured(options)
    manager = ConnectionManager(guard=configured.guard)
    here = Stage(project, user_file, configured, manager)
    with anyio.fail_after(60):
        read_at = stamp(files_of(configured))
        here.reload()
        async with manager, anyio.create_task_group() as tasks:

            async def follow() -> None:
                await reload_on_changes(configured, manager, here.reload, here.toast, since=read_at)

            tasks.start_soon(follow)
            yield here
            tasks.cancel_scope.cancel()


async def test_an_edited_file_starts_stops_and_restarts_what_changed_and_touches_nothing_else(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(same=tiny(), gone=tiny(), other=tiny())) as here:
        await here.manager.settled()
        session = here.manager.session("same")
        here.user_file.write_text(file_of(new=tiny(), other=tiny(timeout=5000), same=tiny()))
        await eventually(lambda: "new" in here.rows, "new server")
        await here.manager.connected("new")
        assert list(here.rows) == ["new", "other", "same"]
        assert here.manager.session("same") is session
        assert here.toasts == [("3 servers changed", "+new −gone ~other")]


async def test_a_file_that_an_editor_saves_by_renaming_is_read_again(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny())) as here:
        for name in ("two", "three"):
            beside = here.user_file.with_suffix(".tmp")
            beside.write_text(file_of(**{name: tiny()}))
            beside.replace(here.user_file)
            await eventually(lambda name=name: list(here.rows) == [name], name)


async def test_a_file_that_is_deleted_takes_its_servers_along_and_brings_them_back(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny())) as here:
        here.user_file.unlink()
        await eventually(lambda: not here.rows, "no server")
        here.user_file.parent.rmdir()
        here.user_file.parent.mkdir()
        here.user_file.write_text(file_of(one=tiny()))
        await eventually(lambda: "one" in here.rows, "server again")


async def test_a_project_file_that_appears_shows_its_servers_and_starts_none(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        (here.project / ".mcp.json").write_text(file_of(found=tiny()))
        await eventually(lambda: "found" in here.rows, "row")
        assert (here.rows["found"].gate, here.rows["found"].source) == (Status.PENDING_APPROVAL, Source.PROJECT)


async def test_a_file_in_folders_that_did_not_exist_is_noticed(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        here.user_file.parent.mkdir(parents=True)
        here.user_file.write_text(file_of(one=tiny()))
        await eventually(lambda: "one" in here.rows, "server", seconds=15)


async def test_a_file_behind_a_symbolic_link_is_followed_and_so_is_the_link(tmp_path: Path) -> None:
    first, second = tmp_path / "dotfiles" / "first.json", tmp_path / "other" / "second.json"
    for file, name in ((first, "first"), (second, "second")):
        file.parent.mkdir()
        file.write_text(file_of(**{name: tiny()}))
    async with stage(tmp_path, file_of()) as here:
        here.user_file.unlink()
        here.user_file.symlink_to(first)
        await eventually(lambda: "first" in here.rows, "linked file")
        first.write_text(file_of(edited=tiny()))
        await eventually(lambda: "edited" in here.rows, "edit of the linked file")
        beside = here.user_file.with_suffix(".new")
        beside.symlink_to(second)
        beside.replace(here.user_file)
        await eventually(lambda: "second" in here.rows, "other link")


async def test_a_broken_save_leaves_its_servers_running_and_says_so_until_it_is_mended(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny())) as here:
        session = await here.manager.connected("one")
        here.user_file.write_text('{"mcpServers": {"one": ')
        await eventually(lambda: here.toasts, "toast")
        assert here.manager.session("one") is session
        assert any("until the file is mended" in lint for lint in here.rows["one"].lints)
        [title, hint] = here.toasts[0]
        assert str(here.user_file) in title
        assert "its servers go on as they were before" in hint
        assert str(here.user_file) in here.rows
        here.user_file.write_text(file_of(one=tiny(), two=tiny()))
        await eventually(lambda: "two" in here.rows, "mended file")
        assert here.manager.session("one") is session
        assert not here.rows["one"].lints
        assert here.toasts[1:] == [("1 server changed", "+two")]


async def test_a_deny_rule_that_is_written_meanwhile_ends_the_server(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny(), two=tiny())) as here:
        await here.manager.settled()
        here.user_file.with_name("settings.json").write_text(json.dumps({"deniedMcpServers": [{"serverName": "one"}]}))
        await eventually(lambda: here.rows["one"].gate is Status.BLOCKED, "blocked server")
        assert here.manager.session("one") is None
        assert here.manager.session("two") is not None
        await eventually(lambda: here.toasts, "toast")
        [(title, hint)] = here.toasts
        assert title == "one was blocked by serverName one"
        assert hint == f"deniedMcpServers in {here.user_file.with_name('settings.json')}"


async def test_a_managed_file_that_appears_leaves_only_its_own_servers(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny())) as here:
        await here.manager.connected("one")
        (tmp_path / "managed").mkdir()
        (tmp_path / "managed" / "managed-mcp.json").write_text(file_of(theirs=tiny()))
        await eventually(lambda: "theirs" in here.rows, "managed server", seconds=15)
        await here.manager.connected("theirs")
        assert here.manager.session("one") is None


async def test_what_is_written_without_a_change_restarts_nothing_and_says_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, file_of(one=tiny())) as here:
        session = await here.manager.connected("one")
        here.user_file.write_text(json.dumps(json.loads(here.user_file.read_text()), indent=4))
        await eventually(lambda: here.rows["one"].origin.line != 1, "new place of the entry")
        assert here.manager.session("one") is session
        assert here.toasts == []


def told(changes: Changes, *rows: ServerEntry) -> list[tuple[str, str]]:
    toasts: list[tuple[str, str]] = []

    def toast(title: str, hint: str = "", *, severity: str = "information") -> None:
        toasts.append((title, hint))

    tell(changes, {row.name: row for row in rows}, toast)
    return toasts


def test_a_toast_is_short_however_many_servers_came_and_however_they_are_called() -> None:
    names = [f"{number}-{'x' * 400}\x1b[31m" for number in range(90)]
    [(title, hint)] = told(Changes(added=tuple(names)), *(stdio(name, "x") for name in names))
    assert title == "90 servers changed"
    assert len(hint) < 180
    assert hint.startswith(f"+0-{'x' * 27}… +1-")
    assert hint.endswith("… and 85 more")


def test_servers_that_one_rule_blocks_are_told_together() -> None:
    details: dict[str, Json] = {"rule": 'serverName "x"', "list": "deniedMcpServers", "file": "/etc/s.json"}
    rows = [
        replace(stdio(name, "x"), gate=Status.BLOCKED, blocked=ErrorInfo("policy", "t", "h", details))
        for name in ("a", "b")
    ]
    changes = Changes(changed=("a", "b", "c"))
    assert told(changes, *rows, stdio("c", "x")) == [
        ('2 servers were blocked by serverName "x"', "a b · deniedMcpServers in /etc/s.json"),
        ("1 server changed", "~c"),
    ]
    unlisted = ErrorInfo("policy", "t", "h", {"rule": None, "list": "allowedMcpServers", "file": "/etc/s.json"})
    mixed = [rows[0], replace(rows[1], blocked=unlisted)]
    assert told(Changes(changed=("a", "b")), *mixed) == [("2 servers were blocked by policy", "a b")]
    assert told(Changes(changed=("b",)), mixed[1]) == [("b was blocked by allowedMcpServers", "/etc/s.json")]


def test_files_that_cannot_be_read_are_told_and_counted_when_they_are_many() -> None:
    rows = [
        replace(stdio(f"/p/{number}", "x"), problem=ErrorInfo("config", f"not JSON ({number})", "mend it"))
        for number in range(9)
    ]
    toasts = told(Changes(added=tuple(row.name for row in rows)), *rows)
    assert toasts[0] == ("not JSON (0)", "mend it")
    assert toasts[3:] == [("6 more files cannot be read", "S shows each of them")]


def test_a_file_that_is_not_there_is_waited_for_in_the_nearest_folder_that_is(tmp_path: Path) -> None:
    plan = files_plan([tmp_path / "a" / "b" / "c.json"])
    assert plan.folders == {os.path.realpath(tmp_path)}
    assert plan.wanted(os.path.realpath(tmp_path / "a"))
    assert not plan.wanted(os.path.realpath(tmp_path / "z"))


@pytest.mark.tmux
def test_a_person_sees_a_server_come_while_the_dashboard_is_open(tmp_path: Path, home: Path) -> None:
    config = tmp_path / "servers.json"
    config.write_text(file_of(first=tiny()))
    with Tmux((sys.executable, "-m", "mcpdeck.app", "--strict-mcp-config", "--mcp-config", str(config))) as terminal:
        terminal.sees("1/1 connected")
        config.write_text(file_of(first=tiny(), second=tiny()))
        terminal.sees("2/2 connected")
        assert "1 server changed" in terminal.sees("+second")
        terminal.press("q")
        until(lambda: not terminal.alive, "end of the program")
