"""Opening a browser: which program, and how it is started."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mcpdeck.services.auth.browser import commands, open_in_browser
from tests.waiting import until

URL = "https://as.example.com/authorize?state=a&x=$(touch%20x)`;&scope=a+b"


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("mine", [["mine", URL]]),
        ("mine --new-window", [["mine", "--new-window", URL]]),
        ("mine --url=%s --once", [["mine", f"--url={URL}", "--once"]]),
        ("'my browser' %s", [["my browser", URL]]),
        ("missing:mine:other %s", [["mine", URL], ["other", URL]]),
        ("::", []),
        ("mine 'unfinished", []),
    ],
)
def test_the_chosen_browsers_come_in_their_order(bin_folder: Path, chosen: str, expected: list[list[str]]) -> None:
    for name in ("mine", "other", "my browser"):
        program(bin_folder, name)
    found = list(commands(URL, {"BROWSER": chosen, "PATH": str(bin_folder)}, "linux"))
    assert [[Path(command[0]).name, *command[1:]] for command in found] == expected


@pytest.mark.parametrize(
    ("platform", "environ", "names"),
    [
        ("linux", {}, []),
        ("linux", {"DISPLAY": ":0"}, ["xdg-open", "firefox"]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, ["xdg-open", "firefox"]),
        ("linux", {"WSL_DISTRO_NAME": "Debian"}, ["wslview"]),
        ("linux", {"DISPLAY": ":0", "BROWSER": "mine"}, ["mine", "xdg-open", "firefox"]),
        ("darwin", {}, ["open"]),
    ],
)
def test_without_a_choice_it_is_the_desktops(
    bin_folder: Path, platform: str, environ: dict[str, str], names: list[str]
) -> None:
    for name in ("mine", "xdg-open", "firefox", "wslview", "open"):
        program(bin_folder, name)
    found = list(commands(URL, {**environ, "PATH": str(bin_folder)}, platform))
    assert [Path(command[0]).name for command in found] == names
    assert all(command[-1] == URL for command in found)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "vscode://x/y",
        "http://as.example.com/authorize",
        "https://user@as.example.com/",
        "https://as.example.com/\x1b]0;x",
        "--help",
        "",
    ],
)
def test_what_is_no_ordinary_web_address_starts_nothing(bin_folder: Path, tmp_path: Path, url: str) -> None:
    witness = tmp_path / "started"
    mine = bin_folder / "mine"
    mine.write_text(f"#!/bin/sh\ntouch {witness}\n")
    mine.chmod(0o755)
    assert open_in_browser(url, {"BROWSER": str(mine), "PATH": "/bin:/usr/bin"}) is False
    assert not witness.exists()


def test_a_browser_is_detached_from_us_and_gets_the_address_untouched(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    mine = tmp_path / "browser"
    mine.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, sys\n"
        "pipes = [os.readlink(f'/proc/self/fd/{n}') if os.path.exists('/proc/self/fd') else '/dev/null'"
        " for n in (0, 1, 2)]\n"
        "print('shown to nobody')\n"
        f"place = pathlib.Path({str(seen)!r})\n"
        "made = place.with_suffix('.new')\n"
        "made.write_text(json.dumps([sys.argv[1:], os.getsid(0), os.getpid(), pipes, dict(os.environ)]))\n"
        "made.rename(place)\n"
    )
    mine.chmod(0o755)
    environ = {
        "BROWSER": f"/does/not/exist:{mine}",
        "PATH": "/bin:/usr/bin",
        "MCP_CLIENT_SECRET": "s3cret",
        "MCPDECK_PASSPHRASE": "phrase",
        "MCPDECK_PASSPHRASE_OLD": "phrase before",
        "LANG": "C",
    }
    assert open_in_browser(URL, environ) is True
    until(seen.exists, "browser that was started")
    arguments, session, pid, pipes, around = json.loads(seen.read_text())
    assert arguments == [URL]
    assert session == pid != os.getsid(0)
    assert pipes == ["/dev/null"] * 3
    assert around["LANG"] == "C"
    assert not {"MCP_CLIENT_SECRET", "MCPDECK_PASSPHRASE", "MCPDECK_PASSPHRASE_OLD"} & set(around)


def test_a_file_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    assert open_in_browser(URL, {"BROWSER": str(broken), "PATH": "/bin:/usr/bin"}) is False
