"""Checks of a local server before it is started: its folder, its program, the runtime behind it, its sandbox.

Owns these checks. Runs nothing but well-known runtimes, and those only to ask for their version.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from ..config.redaction import Redaction
from ..errors import SpawnError
from ..models import StdioTarget
from ..state.text import one_line
from ..transports.process import child_environment, not_found
from .checking import Checks, Finding

VERSION_TIME = 5.0
"""Seconds a runtime has to say its version."""
RUNTIMES = frozenset(
    (
        *("bun", "bunx", "cargo", "deno", "docker", "dotnet", "go", "java", "node", "npm", "npx", "php", "pipx"),
        *("podman", "python", "python3", "ruby", "uv", "uvx"),
    )
)
"""Programs that are not the server itself and only say their version when asked for it."""
NEEDED = {"npx": "node", "npm": "node"}
"""What else must be there for a program to run."""


async def startable(checks: Checks, target: StdioTarget, redaction: Redaction) -> None:
    """Whether ``target`` can be started. Raises ``Stopped``."""
    with checks.check("cwd", "Its working directory exists") as found:
        if target.cwd is None:
            found.skip("where mcpdeck was started")
        elif not await anyio.Path(target.cwd).is_dir():
            found.fail(redaction.value(target.cwd), "Create the directory, or change cwd in the entry.")
        else:
            found.well(redaction.value(target.cwd))
    environment = child_environment(target.env)
    program = ""
    with checks.check("program", "Its program is there") as found:
        program = await anyio.to_thread.run_sync(_program, target, environment, redaction)
        _readable(found, program, redaction)
    if target.sandbox is not None:
        with checks.check("sandbox", "Its sandbox can be made") as found:
            from ..transports.sandbox import launch

            ready = await launch(target)
            ready.close()
            found.well(f"{Path(ready.argv[0]).name}; network {'open' if target.sandbox.network else 'closed'}")
        return  # never run bare, not even to ask for a version
    await _runtime(checks, target, program, environment)


def _program(target: StdioTarget, environment: Mapping[str, str], redaction: Redaction) -> str:
    """Its whole path, as the system finds it. Raises ``SpawnError`` with what was probably meant."""
    path = environment.get("PATH", os.defpath)
    there = str(Path(target.cwd or ".") / target.command) if "/" in target.command else target.command
    found = shutil.which(there, path=path)
    if found is not None:
        return str(Path(found).absolute())
    if "/" in target.command and Path(there).is_file():
        raise SpawnError(
            f"not allowed to run {redaction.value(target.command)!r}",
            hint="Make the file executable (chmod +x), or start it through its interpreter.",
        )
    raise not_found(target, redaction, path)


def _readable(found: Finding, program: str, redaction: Redaction) -> None:
    """The interpreter that its first line names is there, too."""
    shown = redaction.value(program)
    real = os.path.realpath(program)
    found.well(shown if real == program else f"{shown}, which is {redaction.text(real)}")
    try:
        with Path(program).open("rb") as file:
            first = file.read(256).split(b"\n", 1)[0]
    except OSError:
        return
    if not first.startswith(b"#!"):
        return
    words = first[2:].decode("utf-8", "replace").split()
    interpreter = words[0] if words else ""
    if not Path(interpreter).exists():
        found.fail(
            f"{shown} begins with #!{one_line(interpreter, 100)}, which does not exist",
            "Install that interpreter, or mend the first line of the script.",
        )


async def _runtime(checks: Checks, target: StdioTarget, program: str, environment: Mapping[str, str]) -> None:
    name = Path(target.command).name.lower().removesuffix(".exe")
    known = name if name in RUNTIMES else name.rstrip("0123456789.")
    if known not in RUNTIMES:
        return
    with checks.check("runtime", f"{known} runs", vital=False) as found:
        needed = NEEDED.get(known)
        if needed is not None and shutil.which(needed, path=environment.get("PATH", os.defpath)) is None:
            found.fail(f"{known} needs {needed}, which is not on PATH", f"Install {needed}, or add its folder to PATH.")
            return
        said, code = await _version(program, target.cwd, environment)
        if code == 0:
            found.well(said or "it says no version")
        elif code is None:
            found.warn(f"{known} --version did not answer within {VERSION_TIME:g} s", "Run it by hand: it may hang.")
        else:
            found.warn(f"{known} --version ended with {code}: {said}", f"Run {known} --version by hand; reinstall it.")


async def _version(program: str, cwd: str | None, environment: Mapping[str, str]) -> tuple[str, int | None]:
    """The first line of ``--version`` and the exit code, None where it did not end."""
    command = [program, "--version"]
    try:
        with anyio.move_on_after(VERSION_TIME):
            done = await anyio.run_process(
                command,
                check=False,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            lines = (done.stdout or done.stderr).decode("utf-8", "replace").strip().splitlines()
            return one_line(lines[0], 120) if lines else "", done.returncode
    except OSError as error:
        return error.strerror or str(error), -1
    return "", None
