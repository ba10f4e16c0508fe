"""Where mcpdeck keeps its own files, and how it writes them.

Owns the folders (config, data, cache) and private atomic writing. Never reads another program's
files and never knows what stands in a file.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import ConfigError
from ..models import JsonObject

HOME_VARIABLE = "MCPDECK_HOME"


@dataclass(frozen=True, slots=True)
class Folders:
    """mcpdeck's own folders; none of them needs to exist.

    ``MCPDECK_HOME`` moves all three: ``$MCPDECK_HOME/config``, ``/data`` and ``/cache``.
    """

    config: Path
    data: Path
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Folders:
        home = environ.get(HOME_VARIABLE)
        if home:
            base = with_home(home).absolute()
            return cls(base / "config", base / "data", base / "cache")
        import platformdirs  # 10 ms, and not needed where MCPDECK_HOME is set

        return cls(
            platformdirs.user_config_path("mcpdeck", appauthor=False),
            platformdirs.user_data_path("mcpdeck", appauthor=False),
            platformdirs.user_cache_path("mcpdeck", appauthor=False),
        )

    @property
    def user_file(self) -> Path:
        """The user's own list of servers."""
        return self.config / "mcp.json"


def with_home(path: str | Path) -> Path:
    """``path`` with its ``~`` put in; the home of a user that does not exist stays as it is written."""
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

    A file that cannot be understood reads as empty (nothing is approved by accident) and is put
    aside as ``NAME.broken`` by the next update.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> JsonObject:
        return self._read() or {}

    def update(self, change: Callable[[JsonObject], None]) -> None:
        """Read, change in place, write; other processes wait meanwhile. Raises ``ConfigError``."""
        with locked(self.path):
            content = self._read()
            if content is None:
                with suppress(OSError):
                    self.path.replace(self.path.with_name(self.path.name + ".broken"))
                content = {}
            change(content)
            write_private(self.path, json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n")

    def _read(self) -> JsonObject | None:
        """The object, ``{}`` when there is no file, None when it cannot be understood."""
        try:
            value = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            return None
        return cast("JsonObject", value) if isinstance(value, dict) else None
