"""A command line that runs a child inside a sandbox: bubblewrap on Linux, Seatbelt on macOS.

Owns what a sandboxed child may see and do, and finding out whether this system can give it that. Never starts
the server itself, and never gives back a command line without a sandbox: what cannot be held is refused.

The child may read the whole file system, write where its entry says, and reach the network only if its entry
says so. Sockets are neither files to read nor a network: those that exist are taken out of its reach, for behind
one (a container engine, a terminal multiplexer, an agent) may stand a program that does what the child may not.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from ..config.redaction import Redaction
from ..errors import ConfigError, SpawnError
from ..models import StdioTarget

PROBE_TIME = 10.0
"""Seconds in which an empty sandbox must have been made."""
SEATBELT = "/usr/bin/sandbox-exec"
RUN = Path("/run")

# fmt: off
_WHOLE = frozenset((
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/media", "/mnt", "/opt",
    "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin",
    "/var", "/var/lib", "/var/run", "/private", "/private/etc", "/private/var",
    "/Applications", "/Library", "/System", "/Users", "/Volumes",
))
# fmt: on
"""Folders that hold the system, or everybody's files: writing there is no sandbox."""
_NEVER_BELOW = ("/dev", "/proc", "/sys")
_works: set[str] = set()


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the child: the command line, the environment of its first process, and open descriptors.

    ``descriptors`` are handed down; whoever starts the child closes them (``close``) afterwards.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    descriptors: tuple[int, ...] = ()
    _held: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        self._held.close()


async def launch(target: StdioTarget, *, platform: str = sys.platform) -> Launch:
    """How to start ``target`` in the sandbox it asks for.

    Raises ``ConfigError`` where no such sandbox can be made, ``SpawnError`` for a command or folder that is not there.
    """
    assert target.sandbox is not None
    cwd, command, writable = _places(target)
    if platform == "linux":
        program = await _bubblewrap()
        return _in_bubblewrap(program, (command, *target.args), target, writable, cwd)
    if platform == "darwin":
        if not os.access(SEATBELT, os.X_OK):
            raise _refused(f"{SEATBELT} is missing", "It belongs to macOS.")
        profile = seatbelt_profile(writable, network=target.sandbox.network)
        return Launch((SEATBELT, "-p", profile, command, *target.args), dict(target.env), cwd)
    raise _refused(f"there is none for {platform}", "It needs Linux with bubblewrap, or macOS.")


def _places(target: StdioTarget) -> tuple[str, str, list[str]]:
    """Working directory, program and writable paths, whole and real. Raises like ``launch``."""
    assert target.sandbox is not None
    shown = Redaction(target.put_in)
    cwd = os.path.realpath(target.cwd or Path.cwd())
    if not Path(cwd).is_dir():
        raise SpawnError(
            f"cannot start {shown.value(target.command)!r}: the working directory {shown.value(cwd)!r} does not exist",
            hint="Create the directory, or change cwd in the entry.",
        )
    return cwd, _found(target, cwd, shown), [_writable(path, cwd) for path in target.sandbox.write]


def _refused(why: str, remedy: str) -> ConfigError:
    return ConfigError(
        f"the sandbox that the entry asks for cannot be made: {why}",
        hint=f'{remedy} The server is not started without one; remove "sandbox" from the entry if you trust it.',
    )


def _found(target: StdioTarget, cwd: str, redaction: Redaction) -> str:
    """The program by its whole path: looked up on our PATH, where the entry's own variables change nothing."""
    command = target.command
    if "/" in command:
        path = Path(cwd) / command
        if path.is_file():
            return str(path)
    elif (found := shutil.which(command)) is not None:
        return _absolute(found)
    from .process import not_found  # which imports this module where it is needed

    raise not_found(target, redaction, os.environ.get("PATH", ""))


def _absolute(found: str) -> str:
    # Not resolved: what a program does may depend on the name it is called by (a virtual environment's python).
    return str(Path(found).absolute())


def _writable(path: str, cwd: str) -> str:
    """The real path that may be written below. Raises ``ConfigError`` for one that cannot or must not be."""
    real = os.path.realpath(path)
    what = f"the sandbox may not write to {path}"
    if not Path(path).is_absolute():
        raise ConfigError(f"{what}: it is not absolute", hint="Give the whole path.")
    try:
        mode = Path(real).stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"{what}: {error.strerror}",
            hint=f"Create it, or take it out of the entry. Relative paths begin at {cwd}, where the server runs.",
        ) from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise ConfigError(f"{what}: it is neither a folder nor a file", hint="Name a folder or a file.")
    home = os.path.realpath(Path.home())
    if real in _WHOLE or f"{home}/".startswith(f"{real}/"):
        where = "your whole home" if real == home else "a folder of the whole system"
        raise ConfigError(f"{what}: it is {where}", hint="Name the folder below it that the server needs.")
    if any(_below(real, root) for root in _NEVER_BELOW):
        raise ConfigError(f"{what}: it belongs to the system", hint="Name a folder of your own.")
    link = _link_below(path, cwd)
    if link is not None:
        raise ConfigError(
            f"{what}: {link} is a symbolic link to {os.path.realpath(link)}",
            hint="What a link in the project points to can change: name the real path.",
        )
    return real


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def _link_below(path: str, cwd: str) -> str | None:
    """The first symbolic link on the way to ``path`` that stands in the server's own folder."""
    steps = Path(os.path.normpath(path))
    for step in [*reversed(steps.parents), steps]:
        if step.is_symlink() and _below(os.path.realpath(step.parent), cwd):
            return str(step)
    return None


# bubblewrap


async def _bubblewrap() -> str:
    """The whole path of bubblewrap, once it was seen to work."""
    found = shutil.which("bwrap")
    if found is None:
        raise _refused("bubblewrap (bwrap) is not installed", "Install the package bubblewrap.")
    program = _absolute(found)
    if program in _works:
        return program
    command = [program, *_walls(network=False), "--", shutil.which("true") or "/bin/true"]
    said, code = b"", None
    try:
        with anyio.move_on_after(PROBE_TIME):
            done = await anyio.run_process(command, check=False, env={}, stdin=subprocess.DEVNULL)
            said, code = done.stderr, done.returncode
    except OSError as error:
        said = str(error).encode()
    if code != 0:
        why = said.decode("utf-8", "replace").strip().splitlines()
        raise _refused(
            why[-1] if why else "bubblewrap does not work here",
            "Does this system allow user namespaces (kernel.unprivileged_userns_clone, AppArmor, containers)?",
        )
    _works.add(program)
    return program


def _walls(*, network: bool) -> list[str]:
    """Options that make the sandbox; what is named later stands above what is named before."""
    walls = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if network:
        walls.append("--share-net")
    walls += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", str(RUN)]
    # Where /var/run is no link to it, the same sockets stand there.
    variable = Path("/var/run")
    if variable.is_dir() and not variable.is_symlink():
        walls += ["--tmpfs", str(variable)]
    # Some systems keep links to their programs there (NixOS).
    system = RUN / "current-system"
    if system.is_symlink():
        walls += ["--symlink", str(system.readlink()), str(system)]
    if network:
        # Where names are looked up: often a link into /run.
        resolver = os.path.realpath("/etc/resolv.conf")
        if _below(resolver, str(RUN)):
            walls += ["--ro-bind-try", resolver, resolver]
    return walls


def _in_bubblewrap(
    program: str, command: tuple[str, ...], target: StdioTarget, writable: Iterable[str], cwd: str
) -> Launch:
    assert target.sandbox is not None
    walls = _walls(network=target.sandbox.network)
    for needed in (cwd, command[0]):
        if _below(needed, str(RUN)) and needed != str(RUN):
            walls += ["--ro-bind", needed, needed]
    for path in writable:
        walls += ["--bind", path, path]
    for socket in _sockets():
        walls += ["--ro-bind", os.devnull, socket]
    walls += ["--chdir", cwd]
    # Neither on the command line, which everybody can read, nor in bubblewrap's own environment, where a
    # variable (LD_PRELOAD) could take hold before there is a sandbox.
    for name, value in target.env.items():
        walls += ["--setenv", name, value]
    held = ExitStack()
    options = os.memfd_create("mcpdeck-sandbox", 0)
    held.callback(os.close, options)
    with os.fdopen(os.dup(options), "wb") as file:
        file.write(b"".join(os.fsencode(wall) + b"\0" for wall in walls))
    os.lseek(options, 0, os.SEEK_SET)
    return Launch((program, "--args", str(options), "--", *command), {}, cwd, (options,), held)


def _sockets() -> list[str]:
    """Sockets outside of /run that somebody listens on and this user may connect to."""
    try:
        lines = Path("/proc/net/unix").read_bytes().splitlines()[1:]
    except OSError:
        return []
    paths = {os.fsdecode(columns[7]) for line in lines if len(columns := line.split(None, 7)) == 8}
    return sorted(path for path in paths if path.startswith("/") and _is_open_socket(path))


def _is_open_socket(path: str) -> bool:
    if _below(os.path.realpath(path), str(RUN)):
        return False
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode) and os.access(path, os.W_OK)
    except (OSError, ValueError):
        return False


def server_pid(outer: int) -> int | None:
    """The server's own process id, below bubblewrap's two processes; None while it is not there."""
    import psutil  # 20 ms: not on the start path

    try:
        [inner] = psutil.Process(outer).children()
        return inner.children()[0].pid
    except (psutil.Error, ValueError, IndexError):
        return None


# Seatbelt


def seatbelt_profile(writable: Iterable[str], *, network: bool) -> str:
    """The profile for sandbox-exec: reading is free, writing and the network are not.

    Raises ``ConfigError`` for a path that cannot be written down in one.
    """
    lines = [
        "(version 1)",
        "(allow default)",
        "(deny file-write*)",
        '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))',
        *(f"(allow file-write* (subpath {_quoted(path)}))" for path in writable),
        "(deny network*)",
        # Who asks another program to start one is not held by this profile.
        "(deny appleevent-send)",
        '(deny mach-lookup (global-name "com.apple.coreservices.launchservicesd"))',
        "(deny signal)",
        "(allow signal (target same-sandbox))",
    ]
    if network:
        lines += [
            "(allow network-inbound (local ip))",
            "(allow network-bind (local ip))",
            "(allow network-outbound (remote ip))",
            '(allow network-outbound (literal "/private/var/run/mDNSResponder"))',
        ]
    return "\n".join(lines)


def _quoted(path: str) -> str:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise ConfigError(f"the sandbox may not write to {path!r}: its name has control characters", hint="Rename it.")
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
