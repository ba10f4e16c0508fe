"""Servers in a sandbox: what they can do there, and that none is started without it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest

from mcpdeck.app.worker import running
from mcpdeck.services.errors import ConfigError, McpDeckError, SpawnError
from mcpdeck.services.models import EraMode, Json, Sandbox, ServerEntry, Source, StdioTarget, TransportKind
from mcpdeck.services.transports import sandbox
from mcpdeck.services.transports.process import Ending, spawn
from mcpdeck.services.transports.sandbox import launch, seatbelt_profile
from tests.entries import PYTHON, SERVERS
from tests.waiting import gone

pytestmark = pytest.mark.anyio


def _works() -> bool:
    found = shutil.which("bwrap")
    command = (found or "", "--ro-bind", "/", "/", "--unshare-all", "true")
    return found is not None and subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


needs_bubblewrap = pytest.mark.skipif(
    os.environ.get("CI") != "true" and not _works(), reason="bubblewrap does not work here"
)

LOOK = """
import json, os, socket, sys
from pathlib import Path
def tried(work):
    try:
        work()
        return "done"
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
asked = json.loads(sys.argv[1])
said = {"environment": dict(os.environ), "cwd": os.getcwd(), "pid": os.getpid(), "run": os.listdir("/run")}
for path in asked["write"]:
    said["write " + path] = tried(lambda: Path(path).write_text("written"))
for path in asked["read"]:
    said["read " + path] = tried(lambda: Path(path).read_text())
for address in asked["connect"]:
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(kind) as one:
        one.settimeout(3)
        place = address if kind == socket.AF_UNIX else tuple(address)
        said["connect " + str(address)] = tried(lambda: one.connect(place))
processes = [name for name in os.listdir("/proc") if name.isdigit()]
said["processes"] = len(processes)
print(json.dumps(said))
"""


async def look(
    box: Sandbox,
    cwd: Path,
    *,
    write: tuple[Path, ...] = (),
    read: tuple[Path, ...] = (),
    connect: tuple[object, ...] = (),
    env: dict[str, str] | None = None,
) -> dict[str, Json]:
    """What a program in ``box`` says of its attempts."""
    asked = {"write": [str(path) for path in write], "read": [str(path) for path in read], "connect": connect}
    target = StdioTarget(PYTHON, ("-c", LOOK, json.dumps(asked)), env or {}, str(cwd), box)
    with anyio.fail_after(30):
        process = await spawn(target)
        assert process.stdout is not None
        assert process.stderr is not None
        out = b"".join([chunk async for chunk in process.stdout])
        errors = b"".join([chunk async for chunk in process.stderr])
        await Ending(process).end()
        await process.aclose()
    assert out, errors.decode()
    return json.loads(out)


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@needs_bubblewrap
async def test_it_writes_where_its_entry_says_and_nowhere_else(tmp_path: Path, home: Path) -> None:
    (tmp_path / "data").mkdir()
    (home / "secret").write_text("readable")
    inside, outside, at_home = tmp_path / "data" / "a", tmp_path / "b", home / "c"
    said = await look(
        Sandbox(write=(str(tmp_path / "data"),)),
        tmp_path,
        write=(inside, outside, at_home, Path("/etc/x")),
        read=(home / "secret",),
    )
    assert said[f"write {inside}"] == "done"
    assert inside.read_text() == "written"
    for path in (outside, at_home, Path("/etc/x")):
        assert "Read-only file system" in str(said[f"write {path}"])
        assert not path.exists()
    assert said[f"read {home / 'secret'}"] == "done"
    assert said["cwd"] == str(tmp_path)


@needs_bubblewrap
async def test_it_reaches_the_network_only_where_its_entry_says_so(tmp_path: Path, listener: tuple[str, int]) -> None:
    address = list(listener)
    without = await look(Sandbox(), tmp_path, connect=(address,))
    assert without[f"connect {address}"] != "done"
    with_network = await look(Sandbox(network=True), tmp_path, connect=(address,))
    assert with_network[f"connect {address}"] == "done"


@needs_bubblewrap
@pytest.mark.parametrize("network", [False, True])
async def test_sockets_of_other_programs_are_out_of_reach(tmp_path: Path, *, network: bool) -> None:
    path = str(tmp_path / "agent.sock")
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(path)
        agent.listen()
        said = await look(Sandbox(network=network, write=(str(tmp_path),)), tmp_path, connect=(path,))
    assert said[f"connect {path}"] != "done"
    inside = said["run"]
    assert isinstance(inside, list)
    # Nothing but what names are looked up with.
    assert set(map(str, inside)) <= {"systemd", "resolvconf", "NetworkManager", "current-system"}


@needs_bubblewrap
async def test_it_has_no_other_variables_than_its_entry_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "hidden")
    said = await look(Sandbox(), tmp_path, env={"NAMED": "value with spaces\n=and more"})
    variables = said["environment"]
    assert isinstance(variables, dict)
    assert variables.pop("NAMED") == "value with spaces\n=and more"
    # bubblewrap sets the one, Python the other.
    assert set(variables) <= {"PWD", "LC_CTYPE"}


@needs_bubblewrap
async def test_its_variables_are_on_no_command_line_and_take_no_hold_of_the_sandbox(tmp_path: Path) -> None:
    target = StdioTarget(PYTHON, (), {"TOKEN": "s3cret", "LD_PRELOAD": "/evil.so"}, str(tmp_path), Sandbox())
    ready = await launch(target)
    try:
        assert "s3cret" not in " ".join(ready.argv)
        assert dict(ready.env) == {}
    finally:
        ready.close()


@needs_bubblewrap
async def test_it_sees_no_processes_of_others(tmp_path: Path) -> None:
    said = await look(Sandbox(), tmp_path)
    assert said["processes"] == 2  # itself, and the one that looks after it


def entry(*command: str, cwd: Path, box: Sandbox, env: dict[str, str] | None = None) -> ServerEntry:
    return ServerEntry(
        "boxed",
        Source.USER,
        StdioTarget(command[0], command[1:], env or {}, str(cwd), box),
        TransportKind.STDIO,
        " ".join(command),
        "boxed",
        era=EraMode.LEGACY,
    )


@needs_bubblewrap
async def test_a_server_in_a_sandbox_is_used_like_any_other_and_its_own_process_is_shown(tmp_path: Path) -> None:
    with anyio.fail_after(30):
        async with running([entry(PYTHON, str(SERVERS / "tiny_stdio.py"), cwd=tmp_path, box=Sandbox())]) as services:
            await services.manager.connected("boxed")
            call = await services.executor.call("boxed", "echo", {"text": "from inside"})
            assert "from inside" in json.dumps(call.result)
            row = services.store.state.mcp.servers["boxed"]
            assert row.pid is not None
            process = psutil.Process(row.pid)
            assert "tiny_stdio.py" in " ".join(process.cmdline())
            assert "bwrap" not in process.name()
            family = psutil.Process().children(recursive=True)
        gone(family)


@needs_bubblewrap
async def test_a_server_that_does_not_want_to_end_ends_with_all_it_started(tmp_path: Path) -> None:
    stubborn = entry(PYTHON, str(SERVERS / "misbehaving.py"), "stubborn", cwd=tmp_path, box=Sandbox())
    with anyio.fail_after(40):
        async with running([stubborn]) as services:
            await services.manager.connected("boxed")
            family = psutil.Process().children(recursive=True)
            assert len(family) >= 3
        gone(family)


@needs_bubblewrap
async def test_a_program_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    for command in ("no-such-program", "./missing"):
        with pytest.raises(SpawnError, match="command not found"):
            await launch(StdioTarget(command, (), {}, str(tmp_path), Sandbox()))
    with pytest.raises(SpawnError, match="working directory"):
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path / "gone"), Sandbox()))


@needs_bubblewrap
async def test_the_entrys_own_path_chooses_neither_the_sandbox_nor_the_program(tmp_path: Path) -> None:
    real = shutil.which("bwrap")
    fake = tmp_path / "bin"
    fake.mkdir()
    for name in ("bwrap", "env"):
        (fake / name).write_text("#!/bin/sh\necho bare >&2\nexit 9\n")
        (fake / name).chmod(0o755)
    ready = await launch(StdioTarget("env", (), {"PATH": str(fake)}, str(tmp_path), Sandbox()))
    try:
        assert ready.argv[0] == real
        assert str(fake) not in " ".join(ready.argv)
    finally:
        ready.close()


async def test_without_bubblewrap_the_server_is_refused_and_not_started_bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = tmp_path / "ran"
    code = f"open({str(witness)!r}, 'w').write('bare')"
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    boxed = entry(PYTHON, "-c", code, cwd=tmp_path, box=Sandbox())
    with anyio.fail_after(20):
        async with running([boxed]) as services:
            with pytest.raises(ConfigError, match=r"\(bwrap\) is not installed") as caught:
                await services.manager.connected("boxed")
            assert "not started without one" in caught.value.hint
    assert not witness.exists()


async def test_a_bubblewrap_that_does_not_work_here_is_found_out_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ConfigError, match="No permissions to create new namespace") as caught:
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox()))
    assert "user namespaces" in caught.value.hint


@pytest.mark.parametrize("path", ["/", "/etc", "/usr", "/home", "/proc/self", "/dev/shm", "relative", "/no/such/place"])
async def test_places_that_would_be_no_sandbox_are_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the sandbox may not write to"):
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox(write=(path,))))


async def test_a_missing_folder_is_told_with_where_relative_paths_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file") as caught:
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox(write=(f"{tmp_path}/data",))))
    assert f"Relative paths begin at {tmp_path}, where the server runs." in caught.value.hint


async def test_the_whole_home_and_links_in_the_project_are_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "out").symlink_to(home / "mcpdeck")
    (home / "mcpdeck").mkdir(exist_ok=True)
    for path, why in (
        (home, "your whole home"),
        (home.parent, "whole system"),
        (tmp_path / "out", "is a symbolic link to"),
    ):
        with pytest.raises(ConfigError, match=why):
            await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox(write=(str(path),))))


async def test_elsewhere_than_on_linux_and_macos_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is none for win32"):
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox()), platform="win32")


@pytest.mark.skipif(Path(sandbox.SEATBELT).exists(), reason="macOS has it")
async def test_on_macos_without_its_tool_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        await launch(StdioTarget(PYTHON, (), {}, str(tmp_path), Sandbox()), platform="darwin")


def test_the_profile_for_macos_writes_and_talks_only_where_it_is_told() -> None:
    closed = seatbelt_profile(["/tmp/data"], network=False).splitlines()
    assert closed[:3] == ["(version 1)", "(allow default)", "(deny file-write*)"]
    assert '(allow file-write* (subpath "/tmp/data"))' in closed
    assert "(deny network*)" in closed
    assert not [line for line in closed if line.startswith("(allow network")]
    assert "(allow network-outbound (remote ip))" in seatbelt_profile([], network=True).splitlines()


def test_a_path_cannot_end_its_quotes_in_the_profile() -> None:
    [line] = [
        line for line in seatbelt_profile(['/a") (allow file-write*) ("\\'], network=False).splitlines() if "/a" in line
    ]
    assert line == '(allow file-write* (subpath "/a\\") (allow file-write*) (\\"\\\\"))'
    with pytest.raises(McpDeckError, match="control characters"):
        seatbelt_profile(["/a\n(allow default)"], network=False)


@needs_bubblewrap
def test_the_command_line_uses_a_sandboxed_server_of_a_file(tmp_path: Path) -> None:
    config = tmp_path / "servers.json"
    (tmp_path / "data").mkdir()
    server = {
        "command": sys.executable,
        "args": [str(SERVERS / "tiny_stdio.py")],
        "era": "legacy",
        "env": {"NAMED": "yes"},
        "sandbox": {"write": ["./data"]},
    }
    config.write_text(json.dumps({"mcpServers": {"boxed": server}}))
    command = ("call", "boxed", "surroundings", 'names:=["HOME","PATH","NAMED"]', "--json")
    done = subprocess.run(
        (sys.executable, "-m", "mcpdeck.app", *command, "--strict-mcp-config", "--mcp-config", str(config)),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(json.loads(done.stdout)["content"][0]["text"])
    assert said["variables"] == {"HOME": None, "PATH": None, "NAMED": "yes"}
