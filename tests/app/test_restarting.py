"""A server under development: restarted when a file changes that its entry watches."""

# ruff: noqa: ASYNC240 - a test edits files while everything else waits
from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.restarting import RESTARTS, restart_on_changes
from mcpdeck.app.watch_globs import Glob
from mcpdeck.app.worker import Services, running
from mcpdeck.services.models import EraMode, ServerEntry
from mcpdeck.services.state.model import ToolChanges
from tests import entries
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

TINY = (entries.SERVERS / "tiny_stdio.py").read_text()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    path = tmp_path / "src" / "server.py"
    path.write_text(TINY)
    return path


def watching(program: Path, *globs: str) -> ServerEntry:
    entry = entries.stdio("dev", entries.PYTHON, "-B", str(program), era=EraMode.LEGACY)
    return replace(entry, watch=tuple(str(program.parent / glob) for glob in globs))


@asynccontextmanager
async def developing(entry: ServerEntry, toasts: list[str] | None = None) -> AsyncGenerator[Services]:
    def keep(title: str, hint: str = "", *, severity: str = "information") -> None:
        (toasts if toasts is not None else []).append(f"{title} | {hint}")

    with anyio.fail_after(60):
        async with running([entry]) as services, anyio.create_task_group() as tasks:
            await (await services.manager.connected(entry.name)).lists.tools_settled()
            await eventually(lambda: services.store.state.mcp.servers["dev"].tools, "tools")
            tasks.start_soon(restart_on_changes, services.manager, services.store, keep)
            yield services
            tasks.cancel_scope.cancel()


def notes(services: Services) -> list[str]:
    return [str(record.data) for record in services.store.ring("dev") if record.kind == "note"]


async def test_an_edited_server_is_restarted_and_its_log_tells_which_tools_are_others(program: Path) -> None:
    toasts: list[str] = []
    async with developing(watching(program, "**/*.py"), toasts) as services:
        edited = TINY.replace('_tool("fail", "Reports an error.")', '_tool("new", "Fresh.")').replace(
            "A second line.", "Another second line."
        )
        program.write_text(edited)
        await eventually(lambda: any("restarted" in note for note in notes(services)), "note")
        assert notes(services)[-2:] == [
            "server.py changed: restarting",
            "restarted: server.py changed; tools +new −fail ~echo",
        ]
        row = services.store.state.mcp.servers["dev"]
        assert row.tool_changes is not None
        assert replace(row.tool_changes, at=0.0, details=()) == ToolChanges(("new",), ("fail",), ("echo",))
        assert row.generation == 2
        assert toasts == ["dev restarted: +new −fail ~echo | server.py changed; i shows what changed"]
        generations = {record.generation for record in services.trace.of("dev")}
        assert generations == {1, 2}


async def test_a_server_that_does_not_start_any_more_is_started_again_when_it_is_mended(program: Path) -> None:
    toasts: list[str] = []
    async with developing(watching(program, "*.py"), toasts) as services:
        program.write_text("this is no Python")
        await eventually(lambda: services.store.state.mcp.servers["dev"].error, "failure", seconds=20)
        program.write_text(TINY)
        await eventually(lambda: services.store.state.mcp.servers["dev"].usable, "connection", seconds=20)
        await eventually(lambda: notes(services)[-1].endswith("the same tools"), "note")
        assert toasts == []


async def test_files_that_match_nothing_or_stand_in_ignored_folders_restart_nothing(program: Path) -> None:
    (program.parent / "node_modules").mkdir()
    async with developing(watching(program, "**/*.py")) as services:
        (program.parent / "readme.md").write_text("x")
        (program.parent / "node_modules" / "x.py").write_text("x")
        (program.parent / "deep" / "y.py").write_text("x")
        await eventually(lambda: services.store.state.mcp.servers["dev"].generation == 2, "restart")
        await eventually(lambda: any("restarted" in note for note in notes(services)), "note")
        assert notes(services)[-1] == "restarted: y.py changed; the same tools"


async def test_a_file_in_a_folder_that_was_just_made_counts(program: Path) -> None:
    async with developing(watching(program, "**/*.py")) as services:
        fresh = program.parent / "fresh" / "inside"
        fresh.mkdir(parents=True)
        (fresh / "module.py").write_text("x = 1")
        await eventually(lambda: any("module.py changed" in note for note in notes(services)), "restart")


async def test_other_globs_are_watched_as_soon_as_the_entry_has_them(program: Path) -> None:
    entry = watching(program, "*.py")
    async with developing(entry) as services:
        services.manager.configure([replace(entry, watch=(str(program.parent / "*.toml"),))])
        await eventually(lambda: services.store.state.mcp.servers["dev"].watch[0].endswith(".toml"), "other globs")
        (program.parent / "settings.toml").write_text("x = 1")
        await eventually(lambda: any("settings.toml changed" in note for note in notes(services)), "restart")


async def test_a_server_that_writes_what_it_watches_is_not_restarted_without_end(program: Path) -> None:
    writing = f"open({str(program.parent / 'log.txt')!r}, 'a').write('x')\n"
    program.write_text(TINY.replace("import base64", f"{writing}import base64", 1))
    async with developing(watching(program, "*.txt")) as services:
        (program.parent / "log.txt").write_text("x")
        await eventually(lambda: any("writes itself" in note for note in notes(services)), "end of it", seconds=40)
        assert services.store.state.mcp.servers["dev"].generation <= RESTARTS + 2


@pytest.mark.parametrize(
    ("glob", "path", "meant"),
    [
        ("/p/*.py", "/p/a.py", True),
        ("/p/*.py", "/p/q/a.py", False),
        ("/p/**/*.py", "/p/a.py", True),
        ("/p/**/*.py", "/p/q/r/a.py", True),
        ("/p/**/*.py", "/p/.venv/lib/a.py", False),
        ("/p/.venv/**/*.py", "/p/.venv/lib/a.py", True),
        ("/p/**/.venv/*.py", "/p/.venv/a.py", True),
        ("/p/**", "/p/q/anything", True),
        ("/p/src/[ab]?.[!t]s", "/p/src/a1.js", True),
        ("/p/src/[ab]?.[!t]s", "/p/src/a1.ts", False),
        ("/p/a.py", "/p/a.py", True),
        ("/p/a.py", "/p/axpy", False),
        ("/p/../q/*.py", "/q/a.py", True),
        ("/p/*.py", "/other/a.py", False),
    ],
)
def test_a_glob_means_what_a_shell_means(glob: str, path: str, *, meant: bool) -> None:
    assert Glob.of(glob).matches(path) is meant


def test_folders_of_packages_and_version_control_are_not_walked(tmp_path: Path) -> None:
    for folder in ("src/deep", "node_modules/x/y", ".git/objects", ".venv/lib"):
        (tmp_path / folder).mkdir(parents=True)
    root = os.path.realpath(tmp_path)
    assert Glob.of(f"{tmp_path}/**/*.py").folders() == [root, f"{root}/src", f"{root}/src/deep"]
    assert Glob.of(f"{tmp_path}/*.py").folders() == [root]
    assert Glob.of(f"{tmp_path}/not/yet/*.py").folders() == [root]
