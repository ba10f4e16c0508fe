"""Did a settings file come with the repository, or did a person write it?

Owns that one question, which git answers. Never runs anything that the repository brought along, and whatever
is not certain counts as having come with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

SECONDS = 5.0
"""How long git may take."""

_KEPT = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "SYSTEMROOT", "SystemRoot", "TMPDIR", "TEMP", "TMP")
"""What git needs to find the person's own configuration; no ``GIT_*`` of ours tells it to look elsewhere."""

_SAFELY = (
    # A repository's configuration may name programs: none of them is run by what we ask.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.sshCommand=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit"),
    # ".Claude/Settings.local.json" is the same file where the file system does not tell them apart
    "--icase-pathspecs",
    "--no-pager",
)


def why_not_own(project: Path, folder: str, name: str, environ: Mapping[str, str]) -> str | None:
    """Why ``project/folder/name`` may be the repository's, as the rest of a sentence; None when it is the person's.

    ``project`` is the resolved root. May take up to ``SECONDS``.
    """
    path = project / folder / name
    if path.is_symlink() or path.parent.is_symlink():
        return "it is reached through a symbolic link"
    try:
        as_named = path.parent in project.iterdir() and path in path.parent.iterdir()
    except OSError as error:
        return f"its folder cannot be listed: {error.strerror}"
    if not as_named:
        return "its name is written in another case"
    if not os.path.lexists(project / ".git"):
        # a downloaded archive is one: whatever stands in it may have come with it
        return "without git nobody can tell who wrote it"
    return _why_tracked(project, f"{folder}/{name}", environ)


def _why_tracked(project: Path, file: str, environ: Mapping[str, str]) -> str | None:
    """Ask git; only its plain "no such file in the index" (exit code 1) lets the file count."""
    import subprocess  # not needed at the start

    path = _own_path(environ.get("PATH", os.defpath), project)
    program = shutil.which("git", path=path) if path else None
    if program is None:
        return "git tells whether it is committed, and there is no git"
    environment = {key: environ[key] for key in _KEPT if key in environ}
    environment |= {
        "PATH": path,
        "LC_ALL": "C",
        "GIT_CEILING_DIRECTORIES": str(project.parent),  # a broken .git must not make it ask the repository above
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
    }
    try:
        done = subprocess.run(
            [program, *_SAFELY, "ls-files", "--error-unmatch", "--", file],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"git did not say within {SECONDS:g} s whether it is committed"
    except OSError as error:
        return f"git could not be asked whether it is committed: {error.strerror}"
    if done.returncode == 0:
        return "git tracks it, so it comes with the repository"
    if done.returncode == 1:
        return None
    return f"git could not say whether it is committed (exit code {done.returncode})"


def _own_path(path: str, project: Path) -> str:
    """The folders of ``PATH`` that the repository cannot put a program into."""
    return os.pathsep.join(
        folder
        for folder in path.split(os.pathsep)
        if Path(folder).is_absolute() and not Path(os.path.realpath(folder)).is_relative_to(project)
    )
