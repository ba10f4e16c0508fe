"""Which servers want a login is remembered for a quarter of an hour, by all processes, and lost without harm."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcpdeck.services.auth.needed import NeededLogins
from mcpdeck.services.config.files import Folders


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_mark_holds_for_fifteen_minutes(tmp_path: Path) -> None:
    clock = Clock()
    needed = NeededLogins(tmp_path / "n.json", now=clock)
    assert needed.since("d") is None
    needed.mark("d", "401 without a token")
    clock.now += 899
    assert needed.since("d") == (1_000_000.0, "401 without a token")
    clock.now += 1
    assert needed.since("d") is None


def test_what_one_process_marks_and_clears_the_others_see(tmp_path: Path) -> None:
    one, two = NeededLogins(tmp_path / "n.json"), NeededLogins(tmp_path / "n.json")
    assert two.since("d") is None
    one.mark("d", "why")
    one.mark("e", "why")
    assert two.since("d") is not None
    two.clear("d")
    assert (one.since("d"), one.since("e") is not None) == (None, True)
    one.clear()
    assert (two.since("d"), two.since("e")) == (None, None)


def test_two_that_mark_in_turn_lose_nothing(tmp_path: Path) -> None:
    one, two = NeededLogins(tmp_path / "n.json"), NeededLogins(tmp_path / "n.json")
    for number in range(5):
        one.mark(f"one-{number}", "")
        two.mark(f"two-{number}", "")
    assert all(one.since(f"{who}-{number}") for who in ("one", "two") for number in range(5))


def test_a_clock_that_was_set_back_makes_no_mark_hold_for_years(tmp_path: Path) -> None:
    clock = Clock()
    needed = NeededLogins(tmp_path / "n.json", now=clock)
    needed.mark("d", "")
    clock.now -= 10_000
    assert needed.since("d") is None


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "{",
        "[]",
        "3",
        "[" * 100_000,
        '{"servers": []}',
        '{"servers": {"d": 1, "e": [], "f": ["x", "y"], "g": [true, "y"], "h": [NaN, "y"], "i": [1, 2], "j": null}}',
        "\x00\x00",
    ],
)
def test_rubbish_is_nothing_and_is_written_over(tmp_path: Path, rubbish: str) -> None:
    path = tmp_path / "n.json"
    path.write_text(rubbish)
    needed = NeededLogins(path)
    assert [needed.since(digest) for digest in "defghij"] == [None] * 7
    needed.clear()
    needed.mark("d", "why")
    assert NeededLogins(path).since("d") is not None
    assert [each.name for each in tmp_path.iterdir() if "broken" in each.name] == []


def test_a_place_that_cannot_be_written_is_no_error_and_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "n.json", tmp_path / "folder"):
        needed = NeededLogins(path)
        needed.mark("d", "why")
        needed.clear("d")
        assert needed.since("d") is None


def test_what_a_server_says_is_kept_as_one_bounded_line(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    needed = NeededLogins(path)
    needed.mark("d", "\x1b[31mred\nand " + "x" * 10_000)
    found = needed.since("d")
    assert found is not None
    assert len(found[1]) <= 300
    assert not set("\x1b\n") & set(found[1])
    value = json.loads(path.read_text())
    value["servers"]["d"][1] = "\x1b[2J"
    path.write_text(json.dumps(value))
    again = NeededLogins(path).since("d")
    assert again is not None
    assert "\x1b" not in again[1]


def test_the_file_is_private_small_and_without_what_is_over(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "cache" / "n.json"
    needed = NeededLogins(path, now=clock)
    needed.mark("old", "")
    clock.now += 900
    needed.mark("", "a TARGET of the command line")
    for number in range(520):
        clock.now += 0.001
        needed.mark(f"d{number}", "") if number in (0, 1) else needed._known.update({f"d{number}": (clock.now, "")})
    needed._change(lambda known: known.update({f"d{number}": (clock.now, "") for number in range(2, 520)}))
    kept = json.loads(path.read_text())["servers"]
    assert len(kept) == 500
    assert not {"old", "", "d0"} & kept.keys()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_digest_that_is_not_known_is_cleared_without_writing(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    needed = NeededLogins(path)
    needed.clear("d")
    needed.clear()
    assert not path.exists()
    needed.mark("d", "")
    before = path.stat().st_mtime_ns, path.stat().st_ino
    needed.clear("e")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_it_stands_in_the_cache_folder(tmp_path: Path) -> None:
    folders = Folders.of({"MCPDECK_HOME": str(tmp_path)})
    NeededLogins.of(folders).mark("d", "")
    assert (tmp_path / "cache" / "needs-auth.json").is_file()
