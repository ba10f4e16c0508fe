"""Where mcpdeck's own files stand and those of others that it reads, and how it writes its own.

Owns the folders (config, data, cache, Claude's, the administrator's) and private atomic writing. Never
opens another program's files and never knows what stands in a file.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

from ..errors import ConfigError
from ..models import JsonObject
from .contents import Unreadable, plain_text

HOME_VARIABLE = "MCPDECK_HOME"
CLAUDE_VARIABLE = "CLAUDE_CONFIG_DIR"
MANAGED_FILE = "managed-mcp.json"
RESULTS = "results"
"""Below mcpdeck's data folder."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders and files of mcpdeck, of Claude Code and of the administrator; none of them needs to exist.

    ``MCPDECK_HOME`` moves ``config``, ``data`` and ``cache``: ``$MCPDECK_HOME/config``, ``/data`` and
    ``/cache``. ``CLAUDE_CONFIG_DIR`` moves ``claude`` and ``claude_json`` (Claude Code's documentation,
    "Settings"). Nothing moves ``managed``: whoever runs mcpdeck does not choose what the administrator said.
    """

    config: Path
    data: Path
    cache: Path
    home: Path
    claude: Path
    claude_json: Path
    managed: tuple[Path, ...]
    """Folders that may hold a managed file, highest precedence first."""

    @classmethod
    def of(cls, environ: Mapping[str, str], platform: str = sys.platform) -> Folders:
        home = home_of(environ, platform)
        config, data, cache = _own(environ, home)
        moved = environ.get(CLAUDE_VARIABLE)
        claude = with_home(moved, home).absolute() if moved else home / ".claude"
        # ~/.claude.json stands beside ~/.claude, and inside a folder that the variable names
        claude_json = (claude if moved else home) / ".claude.json"
        return cls(config, data, cache, home, claude, claude_json, managed_folders(environ, platform))

    @property
    def user_file(self) -> Path:
        """The user's own list of servers."""
        return self.config / "mcp.json"

    @property
    def local_file(self) -> Path:
        """The user's servers for one project each: ``{"projects": {ROOT: {"mcpServers": {…}}}}``."""
        return self.config / "local.json"

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.json"

    @property
    def plugins(self) -> Path:
        """One folder a plugin."""
        return self.config / "plugins"

    @property
    def spilled(self) -> Path:
        """Whole results that were too large for a model, or to be kept; they go after some days."""
        return self.cache / "spilled"

    @property
    def results(self) -> Path:
        """Results that a person saved in the dashboard."""
        return self.data / RESULTS

    @property
    def tools(self) -> Path:
        """Python files with typed tools of the user's own."""
        return self.config / "tools"

    @property
    def claude_settings(self) -> Path:
        return self.claude / "settings.json"


def home_of(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The home folder that ``environ`` names, else that of this process."""
    named = environ.get("USERPROFILE" if platform == "win32" else "HOME")
    if named:
        return Path(named)
    try:
        return Path.home()
    except RuntimeError:  # a user without a home: nothing of them is found below the root either
        return Path(os.sep)


def managed_folders(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Path, ...]:
    """Where an administrator puts managed files: Claude Code's folder, then mcpdeck's (config contract, section 1).

    ``XDG_CONFIG_DIRS`` adds folders and never takes one away.
    """
    if platform == "win32":
        return Path(r"C:\Program Files\ClaudeCode"), Path(environ.get("PROGRAMDATA") or r"C:\ProgramData", "mcpdeck")
    if platform == "darwin":
        fixed = [Path("/Library/Application Support/ClaudeCode"), Path("/Library/Application Support/mcpdeck")]
    else:
        fixed = [Path("/etc/claude-code"), Path("/etc/xdg/mcpdeck")]
    # the XDG Base Directory Specification: relative paths are to be ignored
    named = [Path(text, "mcpdeck") for text in environ.get("XDG_CONFIG_DIRS", "").split(":") if text.startswith("/")]
    return tuple(dict.fromkeys([*fixed, *named]))


def _own(environ: Mapping[str, str], home: Path) -> tuple[Path, Path, Path]:
    moved = environ.get(HOME_VARIABLE)
    if moved:
        base = with_home(moved, home).absolute()
        return base / "config", base / "data", base / "cache"
    import platformdirs  # 10 ms, and not needed where MCPDECK_HOME is set

    return (
        platformdirs.user_config_path("mcpdeck", appauthor=False),
        platformdirs.user_data_path("mcpdeck", appauthor=False),
        platformdirs.user_cache_path("mcpdeck", appauthor=False),
    )


def with_home(path: str | Path, home: Path | None = None) -> Path:
    """``path`` with its ``~`` put in; the home of a user that does not exist stays as it is written.

    ``home`` is what ``~`` alone means; without it, the home of this process.
    """
    text = str(path)
    if home is not None and (text == "~" or text.startswith("~/")):
        return home / text[2:]
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` with ``text`` (UTF-8) in one step, mode 0600; missing folders are made 0700.

    Raises ``ConfigError`` naming the file when it cannot be written; the old content stays then.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp creates the file with mode 0600; the same folder, because a rename must not cross devices
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        finally:
            # After the rename there is nothing left by this name.
            with suppress(OSError):
                Path(name).unlink()
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror or error}",
            hint=f"make the folder writable, or set {HOME_VARIABLE} to one that is",
            details={"file": str(path)},
        ) from error


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold off other mcpdeck processes while ``path`` is read, changed and written (``path``.lock).

    Raises ``ConfigError`` when the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror or error}",
            hint=f"make the folder writable, or set {HOME_VARIABLE} to one that is",
            details={"file": str(path)},
        ) from error
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)  # released by the close below
        yield
    finally:
        os.close(handle)


class PrivateJson:
    """One JSON object in mcpdeck's data folder, mode 0600.

    A file that cannot be understood reads as empty, with ``problem`` saying so: what that means is the reader's to
    weigh. The next update puts it aside as ``NAME.broken``, and nothing of it is lost.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        """Why the last ``read`` found nothing, as the rest of a sentence; None when it did, or there is no file."""
        self.put_aside: Path | None = None
        """Where the last ``update`` put what could not be understood."""

    def read(self) -> JsonObject:
        """The object; ``{}`` when there is no file, or (see ``problem``) when it cannot be understood."""
        found = self._read()
        self.problem = found if isinstance(found, str) else None
        return {} if isinstance(found, str) else found

    def update(self, change: Callable[[JsonObject], None]) -> None:
        """Read, change in place, write; other processes wait meanwhile. Raises ``ConfigError``."""
        with locked(self.path):
            content = self.read()
            self.put_aside = self._aside() if self.problem is not None else None
            change(content)
            write_private(self.path, json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
            self.problem = None

    def _aside(self) -> Path:
        """Raises ``ConfigError``: what cannot be put aside is not written over."""
        free = (f"{self.path.name}.broken{'' if number == 1 else f'-{number}'}" for number in count(1))
        target = next(path for path in map(self.path.with_name, free) if not os.path.lexists(path))
        try:
            return self.path.replace(target)
        except OSError as error:
            raise ConfigError(
                f"cannot put {self.path} aside: {error.strerror or error}",
                hint=f"{self.problem}: correct it, or move it away",
                details={"file": str(self.path)},
            ) from error

    def _read(self) -> JsonObject | str:
        """The object, ``{}`` when there is no file, or why it cannot be understood."""
        try:
            text = plain_text(self.path)
            if text is None:
                return {}
            value = json.loads(text)
        except Unreadable as error:
            return error.what
        except (ValueError, RecursionError):
            return "it is not JSON"
        return cast("JsonObject", value) if isinstance(value, dict) else "it holds no object"
