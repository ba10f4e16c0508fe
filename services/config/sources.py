"""Which places are looked at, highest precedence first (config contract, section 1).

Owns the order of the files and where each of them stands. Never opens one: whether it exists and what
stands in it is the reader's business.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..models import Source
from .files import MANAGED_FILE, Folders, with_home
from .models import SourceFile

if TYPE_CHECKING:
    from .load import LoadOptions

PROJECT_FILE = ".mcp.json"
CLAUDE_FOLDER = ".claude"
NOT_USUAL = 'other clients ignore "mcpServers" in this file'


def git_root(cwd: Path) -> Path | None:
    """The nearest folder from ``cwd`` upward that holds a ``.git`` (a folder, or a worktree's file)."""
    for folder in (cwd, *cwd.parents):
        if os.path.lexists(folder / ".git"):  # never raises, whatever may be looked at
            return folder
    return None


def project_root(cwd: Path) -> Path:
    """The git root, else ``cwd``; symbolic links resolved, so that one project has one name."""
    real = cwd.resolve()
    return git_root(real) or real


def managed_files(options: LoadOptions) -> list[SourceFile]:
    folders = options.folders.managed if options.managed is None else options.managed
    return [SourceFile(Source.MANAGED, folder, folder / MANAGED_FILE) for folder in folders]


def command_line_files(values: tuple[str, ...], cwd: Path, home: Path | None = None) -> list[SourceFile]:
    """``--mcp-config`` values: JSON when it starts with a brace, else a file. A later one wins over an earlier."""
    files: list[SourceFile] = []
    for value in reversed(values):
        if value.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            files.append(SourceFile(Source.CLI, cwd, inline=value, explicit=True))
        else:
            path = (cwd / with_home(value, home)).absolute()
            files.append(SourceFile(Source.CLI, path.parent, path, explicit=True))
    return files


def local_files(folders: Folders, cwd: Path) -> list[SourceFile]:
    """The user's servers for this project: Claude Code's, under each name the project may have there, then ours."""
    claude, own = folders.claude_json, folders.local_file
    return [
        *(
            SourceFile(Source.LOCAL, claude.parent, claude, at=("projects", name, "mcpServers"), optional=True)
            for name in project_names(cwd)
        ),
        SourceFile(Source.LOCAL, own.parent, own, at=("projects", str(project_root(cwd)), "mcpServers"), optional=True),
    ]


def project_names(cwd: Path) -> list[str]:
    """What the project may be called where projects are told apart by their path, the usual name first."""
    real, given = cwd.resolve(), cwd.absolute()
    names = [str(folder) for folder in (git_root(real) or real, real, git_root(given) or given, given)]
    # Claude Code writes slashes on Windows, too
    return list(dict.fromkeys([*names, *(name.replace(os.sep, "/") for name in names)]))


def project_files(cwd: Path) -> list[SourceFile]:
    """Every file of the project that may count, nearest first: ``.mcp.json`` of ``cwd`` and up to the git root.

    Before them the root's ``.claude/settings.local.json``. It is private by custom only: a repository may
    bring one along, so that its servers need approval like all others of the project.
    """
    real = cwd.resolve()
    root = project_root(real)
    folders = [real, *(folder for folder in real.parents if folder.is_relative_to(root))]
    settings = root / CLAUDE_FOLDER / "settings.local.json"
    return [
        SourceFile(Source.LOCAL, settings.parent, settings, optional=True, lint=NOT_USUAL, shipped=True),
        *(SourceFile(Source.PROJECT, folder, folder / PROJECT_FILE) for folder in folders),
    ]


def user_files(folders: Folders) -> list[SourceFile]:
    own, claude, settings = folders.user_file, folders.claude_json, folders.claude_settings
    return [
        SourceFile(Source.USER, own.parent, own),
        SourceFile(Source.USER, claude.parent, claude, optional=True),
        SourceFile(Source.USER, settings.parent, settings, optional=True, lint=NOT_USUAL),
    ]


def all_files(options: LoadOptions) -> list[SourceFile]:
    """The files whose place is known beforehand, highest precedence first: all but plugins, clients and editors."""
    folders = options.folders
    return [
        *managed_files(options),
        *command_line_files(options.mcp_config, options.cwd, folders.home),
        *local_files(folders, options.cwd),
        *project_files(options.cwd),
        *user_files(folders),
    ]


def plugin_settings(options: LoadOptions) -> list[Path]:
    """Claude Code's settings that may switch plugins on and off, highest precedence first."""
    folders, own = options.folders, options.project / CLAUDE_FOLDER
    managed = folders.managed if options.managed is None else options.managed
    return [
        *(folder / "managed-settings.json" for folder in managed),
        own / "settings.local.json",
        own / "settings.json",
        folders.claude_settings,
    ]


def imported_files(options: LoadOptions) -> list[SourceFile]:
    """The files of other clients."""
    from .clients import source_files  # only for who asks to see them

    return source_files(options.folders.home, options.environ, sys.platform, options.project)


def watched(options: LoadOptions) -> tuple[Path, ...]:
    """Every path whose change may mean other entries, there or not; a folder stands for what is in it.

    Settings files are not among them, except where they may hold servers.
    """
    from .plugins import REGISTER, claude_plugins, own_plugins, plugin_files
    from .read import read_files

    files = managed_files(options)
    paths: list[Path] = []
    if options.strict:
        files += command_line_files(options.mcp_config, options.cwd, options.folders.home)
    else:
        folders = options.folders
        register = claude_plugins(folders, options.project, plugin_settings(options))
        files = all_files(options)
        for plugin in (*register.plugins, *own_plugins(folders)):
            theirs = plugin_files(plugin)
            files += theirs
            for reading in read_files(theirs):
                files += reading.named
        if options.discover:
            files += imported_files(options)
        paths += [folders.claude / "plugins" / REGISTER, folders.plugins, folders.tools, folders.claude / "ide"]
    # a device or a pipe has nothing new to say
    paths += [file.path for file in files if file.path is not None and not str(file.path).startswith("/dev/")]
    return tuple(dict.fromkeys(paths))
