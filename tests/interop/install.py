"""Installs the servers that the interop tests talk to, each group in an environment of its own.

Owns ``tests/interop/.env`` (ignored by git): ``node`` and ``conformance`` from their package-lock.json, the
others from their compiled requirements. What is there and unchanged is left alone. Without Node or without a
network a group is left out and its tests are skipped with the reason; with CI=true that is a failure.
Needs nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENV = HERE / ".env"
GROUPS = ("node", "servers", "sdk1", "fastmcp3", "fastmcp4", "conformance")
NODE_GROUPS = {
    "node": (HERE / "package.json", HERE / "package-lock.json", HERE / ".npmrc"),
    "conformance": (HERE / "conformance/package.json", HERE / "conformance/package-lock.json", HERE / ".npmrc"),
    "inspectors": (HERE / "inspectors/package.json", HERE / "inspectors/package-lock.json", HERE / ".npmrc"),
}
"""``inspectors`` are other programs like this one: only ``make bench-ui`` asks for them."""
OLDEST_NODE = {"node": 20, "conformance": 22, "inspectors": 22}
"""What the packages of a group ask for; npm itself is content with an older one."""


class Unavailable(Exception):
    """A group cannot be installed on this machine; the message says why."""


def fingerprint(*parts: str | Path) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()


def run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Unavailable(f"{command[0]} ended with code {done.returncode}:\n{last}")


def nodes() -> Iterator[str]:
    """Every Node.js there is: the one that comes with ``conformance`` first, then the machine's."""
    yield from map(str, sorted((ENV / "conformance" / "node_modules").glob("node-*/bin/node")))
    found = shutil.which("node")
    if found is not None:
        yield found


@cache
def node_version(node: str) -> tuple[int, ...] | None:
    """``(24, 21, 0)``; None for one that does not run on this machine."""
    try:
        said = subprocess.run((node, "--version"), capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.match(r"v(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, number.groups())) if number else None


def node() -> str:
    """The Node.js that runs servers and the framework; plain ``node`` where there is none."""
    return next((each for each in nodes() if node_version(each) is not None), "node")


def node_problem(group: str) -> str | None:
    """Why that Node.js cannot run what the group installed."""
    version = node_version(node()) if next(nodes(), None) else None
    if version is None:
        return "Node.js is not installed"
    if version[0] < OLDEST_NODE[group]:
        return f"Node.js {'.'.join(map(str, version))} is too old, {OLDEST_NODE[group]} or newer is needed"
    return None


def install_node(folder: Path, files: tuple[Path, ...]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder / file.name)
    run(npm, "ci", cwd=folder)


def install_python(folder: Path, requirements: Path) -> None:
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise Unavailable(f"no virtual environment could be made: {error}") from error
    python = folder / "bin" / "python"
    # The compiled list is complete; resolving it again is slow, and pip trips over pins that another asks with extras.
    pinned = ("--require-hashes", "--no-deps", "-r", requirements)
    run(python, "-m", "pip", "install", "--disable-pip-version-check", *pinned)


def wanted(group: str) -> str:
    """What the group's folder must have been made from."""
    if group in NODE_GROUPS:
        return fingerprint(*NODE_GROUPS[group])
    return fingerprint(sys.version, HERE / f"requirements-{group}.txt")


def stale(group: str) -> str | None:
    """Why the group has to be installed; None when it is there as pinned."""
    stamp = ENV / group / "installed"
    if not stamp.exists():
        return "not installed: run `make interop`"
    if stamp.read_text() != wanted(group):
        return "installed from older pins: run `make interop`"
    return None


def missing(group: str) -> str | None:
    """Why the group cannot be used now; None when it is installed as pinned and there is something to run it."""
    return stale(group) or (node_problem(group) if group in NODE_GROUPS else None)


def install(group: str) -> None:
    folder = ENV / group
    shutil.rmtree(folder, ignore_errors=True)
    if group in NODE_GROUPS:
        install_node(folder, NODE_GROUPS[group])
    else:
        install_python(folder, HERE / f"requirements-{group}.txt")
    (folder / "installed").write_text(wanted(group))


def main(groups: Sequence[str]) -> int:
    left_out: dict[str, str] = {}
    for group in groups:
        if stale(group) is None:
            continue
        print(f"interop: installing {group} ...", flush=True)
        try:
            install(group)
        except Unavailable as error:
            left_out[group] = str(error)
    # Looked at last: one of the groups brings a newer Node.js for both.
    run_by_node = [group for group in NODE_GROUPS if group in groups and group not in left_out]
    left_out |= {group: why for group in run_by_node if (why := node_problem(group))}
    for group, why in left_out.items():
        print(f"interop: {group} is left out, {why}", file=sys.stderr)
    return 1 if left_out and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or GROUPS))
