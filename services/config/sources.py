"""Which places are looked at, highest precedence first (config contract, section 1).

Owns the search for ``.mcp.json`` and the order cli > project > user. Never opens a file: whether it
exists and what stands in it is the reader's business.
"""

from __future__ import annotations

from pathlib import Path

from ..models import Source
from .files import Folders, with_home
from .models import SourceFile

PROJECT_FILE = ".mcp.json"


def git_root(cwd: Path) -> Path | None:
    """The nearest folder from ``cwd`` upward that holds a ``.git`` (a folder, or a worktree's file)."""
    for folder in (cwd, *cwd.parents):
        if (folder / ".git").exists():
            return folder
    return None


def project_root(cwd: Path) -> Path:
    """The git root, else ``cwd``; symbolic links resolved, so that one project has one name."""
    real = cwd.resolve()
    return git_root(real) or real


def project_files(cwd: Path) -> list[SourceFile]:
    """Every ``.mcp.json`` that may count, nearest first: ``cwd`` and its parents up to the git root."""
    real = cwd.resolve()
    root = project_root(real)
    folders = [real, *(folder for folder in real.parents if folder.is_relative_to(root))]
    return [SourceFile(Source.PROJECT, folder, folder / PROJECT_FILE) for folder in folders]


def command_line_files(values: tuple[str, ...], cwd: Path) -> list[SourceFile]:
    """``--mcp-config`` values: JSON when it starts with a brace, else a file. A later one wins over an earlier."""
    files: list[SourceFile] = []
    for value in reversed(values):
        if value.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            files.append(SourceFile(Source.CLI, cwd, inline=value, explicit=True))
        else:
            path = (cwd / with_home(value)).absolute()
            files.append(SourceFile(Source.CLI, path.parent, path, explicit=True))
    return files


def all_files(*, cwd: Path, folders: Folders, mcp_config: tuple[str, ...], strict: bool) -> list[SourceFile]:
    """Everything to look at, highest precedence first; ``strict`` leaves only the command line."""
    files = command_line_files(mcp_config, cwd)
    if not strict:
        files += project_files(cwd)
        files.append(SourceFile(Source.USER, folders.user_file.parent, folders.user_file))
    return files
