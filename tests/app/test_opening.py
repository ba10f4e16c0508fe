"""Opening a saved file with the person's own program: which one, and what is said where there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mcpdeck.app.opening import commands, open_file
from mcpdeck.services.errors import UsageError


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def names(environ: dict[str, str], platform: str, *, sound: bool) -> list[str]:
    return [Path(one[0]).name for one in commands(Path("/x.wav"), environ, sound=sound, platform=platform)]


def test_the_persons_player_comes_first_then_the_desktops_then_players(tmp_path: Path) -> None:
    for name in ("xdg-open", "mpv", "mine"):
        program(tmp_path, name, "")
    path = str(tmp_path)
    assert names({"PATH": path, "MCPDECK_PLAYER": "mine", "DISPLAY": ":0"}, "linux", sound=True) == ["mine"]
    assert names({"PATH": path, "DISPLAY": ":0"}, "linux", sound=True) == ["xdg-open", "mpv"]
    assert names({"PATH": path}, "linux", sound=True) == ["mpv"]
    assert names({"PATH": path}, "linux", sound=False) == []


def test_a_program_is_started_on_the_file_and_named(tmp_path: Path) -> None:
    program(tmp_path, "mine", f'echo "$1" > {tmp_path}/played')
    environ = {"PATH": f"{tmp_path}:/bin:/usr/bin", "MCPDECK_PLAYER": "mine"}
    assert open_file(tmp_path / "a b.wav", environ, sound=True) == "mine"
    assert (tmp_path / "played").read_text() == f"{tmp_path}/a b.wav\n"


@pytest.mark.parametrize(("script", "said"), [("exit 3", "ended with 3"), (None, "MCPDECK_PLAYER names one")])
def test_what_goes_wrong_is_told_with_the_path_of_the_file(tmp_path: Path, script: str | None, said: str) -> None:
    if script is not None:
        program(tmp_path, "mine", script)
    environ = {"PATH": f"{tmp_path}:/bin", "MCPDECK_PLAYER": "mine"} if script else {"PATH": str(tmp_path)}
    with pytest.raises(UsageError) as told:
        open_file(tmp_path / "a.wav", environ, sound=True)
    assert said in f"{told.value.title} {told.value.hint}"
    assert str(tmp_path / "a.wav") in told.value.hint
