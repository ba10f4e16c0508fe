"""Servers of the editors that run on this machine: the lock files that they leave for Claude Code.

Owns what stands in ``~/.claude/ide/PORT.lock``. Never contacts a port; whether the editor still runs is
asked of the system by the number of its process.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from ..models import JsonObject, Source, as_list
from .contents import Unreadable, text_of
from .files import Folders
from .models import FileProblem, RawEntry, Reading, SourceFile
from .positions import Document, TextProblem, read_json

_PORT = re.compile(r"[0-9]{1,5}")
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
ELSEWHERE = "it is open on another folder"


def lock_files(folders: Folders) -> list[SourceFile]:
    """Every lock file, by name; the folder itself where it cannot be listed."""
    folder = folders.claude / "ide"
    try:
        with os.scandir(folder) as found:
            names = sorted(item.name for item in found if item.name.endswith(".lock"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [SourceFile(Source.IDE, folder, folder)]
    return [SourceFile(Source.IDE, folder, folder / name) for name in names]


def read_lock(file: SourceFile, project: Path) -> Reading:
    """The one server of a lock file. One whose process is gone is a lint; one of another folder says so."""
    lints: list[str] = []
    try:
        text = text_of(file, lints)
        if text is None:
            return Reading(found=False)  # the editor was closed meanwhile
        document = read_json(text, depth=1)
    except Unreadable as error:
        problem = FileProblem(file, error.what, error.remedy)
    except TextProblem as error:
        problem = FileProblem(file, f"not JSON: {error.reason}", error.remedy, error.place)
    else:
        return _reading(file, document, project, lints)
    return Reading(problems=(problem,), unreadable=problem)


def _reading(file: SourceFile, document: Document, project: Path, lints: list[str]) -> Reading:
    content = document.value
    port = file.path.stem if file.path is not None else ""
    if not isinstance(content, dict):
        what = "it holds no object"
    elif not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        what = "its name is no port: PORT.lock"
    else:
        return _entry(file, document, content, port, project, lints)
    problem = FileProblem(file, what, "restart the editor, or remove the file")
    return Reading(problems=(problem,), unreadable=problem)


def _entry(
    file: SourceFile, document: Document, content: JsonObject, port: str, project: Path, lints: list[str]
) -> Reading:
    pid = content.get("pid")
    if isinstance(pid, int) and not isinstance(pid, bool) and _gone(pid):
        return Reading(lints=(*lints, f"left behind: process {pid} has ended"))
    ide = content.get("ideName")
    ide = ide if isinstance(ide, str) else ""
    name = _NOT_A_NAME.sub("-", ide).strip("-").lower()[:40]
    sse = content.get("transport") == "sse"
    value: JsonObject = (
        {"type": "sse-ide", "url": f"http://127.0.0.1:{port}/sse"}
        if sse
        else {"type": "ws-ide", "url": f"ws://127.0.0.1:{port}", "authToken": content.get("authToken")}
    )
    if content.get("authToken") is None:
        value.pop("authToken", None)
    said = list(lints)
    if not _is_open_on(content, project):
        value["disabled"] = True
        said.append(ELSEWHERE)
    fields = {path[0]: place for path, place in document.places.items()}
    entry = RawEntry(f"ide-{name or 'editor'}-{port}", file, value, file.origin(), fields, tuple(said))
    return Reading((entry,), lints=tuple(said))


def _is_open_on(content: JsonObject, project: Path) -> bool:
    for folder in as_list(content.get("workspaceFolders")):
        if isinstance(folder, str) and folder and "\0" not in folder:
            path = Path(folder.removeprefix("file://"))
            if path.is_absolute() and (project.is_relative_to(path) or project.is_relative_to(os.path.realpath(path))):
                return True
    return False


def _gone(pid: int) -> bool:
    """No process of this number runs. One that may not be signalled runs."""
    if pid <= 0 or pid > 2**31 - 1:
        return True
    if sys.platform == "win32":  # os.kill would end it there
        import psutil

        return not psutil.pid_exists(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
