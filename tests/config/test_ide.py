"""Servers of the editors that run: their lock files, current, stale, of other folders and broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.load import load
from mcpdeck.services.models import ServerEntry, Source, SourceInfo, SseTarget, Status, TransportKind, WebSocketTarget
from tests.config.project import Project


class Locks:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = Folders.of(project.options.environ).claude / "ide"

    def write(self, port: object = 4711, **fields: Any) -> Path:
        content = {
            "pid": os.getpid(),
            "workspaceFolders": [str(self.project.root)],
            "ideName": "Visual Studio Code",
            "transport": "ws",
            "authToken": "s3cret-token",
            **fields,
        }
        path = self.folder / f"{port}.lock"
        self.project.write({key: value for key, value in content.items() if value is not None}, path)
        return path

    def load(self) -> tuple[list[ServerEntry], list[SourceInfo]]:
        loaded = load(self.project.options)
        return list(loaded.entries), [info for info in loaded.sources if info.source is Source.IDE]


@pytest.fixture
def locks(project: Project) -> Locks:
    return Locks(project)


def test_an_editor_is_reached_over_a_web_socket_with_its_token(locks: Locks) -> None:
    path = locks.write()
    (row,), (info,) = locks.load()
    assert (row.name, row.source, row.transport) == ("ide-visual-studio-code-4711", Source.IDE, TransportKind.WS_IDE)
    assert isinstance(row.target, WebSocketTarget)
    assert row.target.url == "ws://127.0.0.1:4711"
    assert row.target.headers == {"X-Claude-Code-Ide-Authorization": "s3cret-token"}
    assert row.origin.file == str(path)
    assert row.gate is None
    shown = [row.endpoint, row.digest, str(row.lints), str(row.provenance), str(row.problem), str(info)]
    assert not any("s3cret-token" in text for text in shown)


def test_an_editor_with_events_is_reached_without_a_token(locks: Locks) -> None:
    locks.write(transport="sse")
    (row,), _ = locks.load()
    assert row.transport is TransportKind.SSE_IDE
    assert isinstance(row.target, SseTarget)
    assert (row.target.url, row.target.headers) == ("http://127.0.0.1:4711/sse", {})


@pytest.mark.parametrize("fields", [{"pid": None}, {"transport": None}, {"ideName": None}, {"ideName": 3}])
def test_what_a_lock_file_leaves_out_is_no_hindrance(locks: Locks, fields: dict[str, Any]) -> None:
    locks.write(**fields)
    (row,), _ = locks.load()
    assert row.gate is None


def test_a_lock_file_whose_process_has_ended_is_a_lint(locks: Locks) -> None:
    done = subprocess.Popen((sys.executable, "-c", ""))
    done.wait(timeout=30)
    path = locks.write(pid=done.pid)
    rows, (info,) = locks.load()
    assert rows == []
    assert info.place == str(path)
    assert info.lints == (f"left behind: process {done.pid} has ended",)


@pytest.mark.parametrize("pid", [0, -1, 2**40])
def test_a_number_that_no_process_has_is_a_lint(locks: Locks, pid: int) -> None:
    locks.write(pid=pid)
    rows, (info,) = locks.load()
    assert rows == []
    assert info.lints


@pytest.mark.parametrize("folders", [["/elsewhere"], [], "/", ["relative"], None, [3], ["\0"]])
def test_an_editor_with_another_folder_is_shown_and_stays_off(locks: Locks, folders: object) -> None:
    locks.write(workspaceFolders=folders)
    (row,), _ = locks.load()
    assert row.gate is Status.DISABLED
    assert "it is open on another folder" in row.lints


@pytest.mark.parametrize("how", ["parent", "link", "uri"])
def test_an_editor_is_open_on_the_project_when_a_folder_of_it_holds_the_project(locks: Locks, how: str) -> None:
    root = locks.project.root
    link = root.parent / "link"
    link.symlink_to(root)
    folder = {"parent": str(root.parent), "link": str(link), "uri": f"file://{root}"}[how]
    locks.write(workspaceFolders=["/elsewhere", folder])
    (row,), _ = locks.load()
    assert row.gate is None


@pytest.mark.parametrize("port", ["editor", "0", "99999", "-1", "1e3"])
def test_a_lock_file_whose_name_is_no_port_is_a_row(locks: Locks, port: str) -> None:
    path = locks.write(port)
    (row,), _ = locks.load()
    assert row.name == str(path)
    assert row.problem is not None
    assert "its name is no port" in row.problem.title


def test_a_token_of_the_wrong_kind_makes_a_row_that_says_so(locks: Locks) -> None:
    locks.write(authToken=[1])
    (row,), _ = locks.load()
    assert row.gate is Status.NOT_CONFIGURED
    assert row.problem is not None
    assert "authToken" in row.problem.title


def test_several_editors_are_several_rows(locks: Locks) -> None:
    locks.write(1001)
    locks.write(1002, ideName="Another / Editor!")
    rows, _ = locks.load()
    assert [row.name for row in rows] == ["ide-visual-studio-code-1001", "ide-another-editor-1002"]
