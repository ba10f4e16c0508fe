"""Whole results in files: when there is one, what stands in it, who may read it, and when it goes."""

from __future__ import annotations

import json
import os
import re
import stat
import tracemalloc
from pathlib import Path

import anyio
import pytest

from mcpdeck.services.engine import spill
from mcpdeck.services.engine.spill import Keeper, pruned, written
from mcpdeck.services.models import Json, JsonObject, Measured, as_list, as_object

NOW = 20_000 * 86_400


def text(words: str) -> JsonObject:
    return {"content": [{"type": "text", "text": words}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "spilled"


def kept(folder: Path, result: JsonObject, *, limit: int = 100, keep: int = 10_000) -> tuple[Keeper, Measured]:
    keeper = Keeper(folder, limit_tokens=limit, keep_bytes=keep)
    return keeper, anyio.run(keeper.keep, "abc123", "a server", None, result)


def test_a_result_that_is_given_whole_has_no_file(folder: Path) -> None:
    keeper, measured = kept(folder, text("x" * 400))
    assert (measured.saved_to, measured.truncated) == (None, False)
    assert not folder.exists()
    assert keeper.held(text("x"), measured) == text("x")


def test_one_text_that_is_cut_is_a_text_file_of_its_owner(folder: Path) -> None:
    words = "ä\x1b[31m\ud800 line\n" * 100
    keeper, measured = kept(folder, text(words))
    assert measured.saved_to is not None
    path = Path(measured.saved_to)
    assert path.parent == folder
    assert path.name == "a-server-abc123.txt"
    assert path.read_bytes() == words.encode("utf-8", "surrogatepass")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert str(path) in str(as_list(as_object(measured.given)["content"])[-1])
    result = text(words)
    assert keeper.held(result, measured) is result  # small enough for the state


def test_anything_else_is_json_as_it_was_received(folder: Path) -> None:
    result: JsonObject = {**text("x" * 1_000), "structuredContent": {"b": [1, 2.0, None], "a": "\ud83d"}, "_meta": {}}
    _, measured = kept(folder, result)
    assert measured.saved_to is not None
    path = Path(measured.saved_to)
    assert path.suffix == ".json"
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read == result
    assert list(read["structuredContent"]) == ["b", "a"]


def test_a_result_too_large_to_be_kept_leaves_the_state_what_a_model_gets(folder: Path) -> None:
    sound: Json = {"type": "audio", "data": "A" * 20_000, "mimeType": "audio/wav"}
    result: JsonObject = {"content": [{"type": "text", "text": "a sound"}, sound]}
    keeper, measured = kept(folder, result)
    assert (measured.truncated, measured.tokens) == (False, 2)
    assert measured.saved_to is not None
    assert json.loads(Path(measured.saved_to).read_text()) == result
    held = keeper.held(result, measured)
    assert held is measured.given
    first, sentence = as_list(held["content"])
    assert first == {"type": "text", "text": "a sound"}
    assert re.search(r"This stands for 20,\d+ bytes. The whole result is in ", str(sentence))


def test_a_disk_that_takes_nothing_costs_the_file_and_not_the_result(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    result = text("x" * 20_000)
    keeper, measured = kept(blocked / "spilled", result)
    assert measured.saved_to is None
    assert measured.truncated
    assert "could not be saved: " in str(measured.given)
    assert keeper.held(result, measured) is result


def test_a_folder_of_somebody_who_can_follow_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "spilled"
    link.symlink_to(tmp_path / "elsewhere")
    _, measured = kept(link, text("x" * 1_000))
    assert measured.saved_to is None
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "spilled"
    folder.mkdir(mode=0o755)
    written(folder, "a", text("x"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "etc-passwd.txt"),
        ("a b\x00\n/c", "a-b-c.txt"),
        ("...", "result.txt"),
        ("日本", "result.txt"),
        ("x" * 500 + "-id", "x" * 77 + "-id.txt"),
    ],
)
def test_names_hold_nothing_that_means_something_to_a_file_system(tmp_path: Path, name: str, file: str) -> None:
    path = written(tmp_path / "spilled", name, text("x"))
    assert path == tmp_path / "spilled" / file
    assert spill._OURS.fullmatch(path.name)


def test_no_file_that_is_there_is_overwritten_and_no_link_followed(tmp_path: Path) -> None:
    folder = tmp_path / "spilled"
    first = written(folder, "a", text("one"))
    (folder / "a.1.txt").symlink_to(tmp_path / "target")
    third = written(folder, "a", text("two"))
    assert (first.name, third.name) == ("a.txt", "a.2.txt")
    assert first.read_text() == "one"
    assert not (tmp_path / "target").exists()


def test_half_a_result_does_not_stay(tmp_path: Path) -> None:
    result: JsonObject = {"content": [], "structuredContent": [object()]}  # pyright: ignore[reportAssignmentType]
    with pytest.raises(TypeError):
        written(tmp_path / "spilled", "a", result)
    assert list((tmp_path / "spilled").iterdir()) == []


def aged(path: Path, days: float, size: int = 1) -> Path:
    path.write_bytes(b"")
    os.truncate(path, size)
    os.utime(path, (NOW - days * 86_400,) * 2)
    return path


def test_old_files_go_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    old, young = aged(tmp_path / "s-1.txt", 7.1), aged(tmp_path / "s-2.json", 6.9)
    others = [aged(tmp_path / name, 100) for name in ("notes.md", ".hidden.txt", "a b.txt")]
    (tmp_path / "link.txt").symlink_to(others[0])
    (tmp_path / "d.json").mkdir()
    assert pruned(tmp_path, now=NOW) == 1
    assert not old.exists()
    assert young.exists()
    assert all(other.exists() for other in others)
    assert (tmp_path / "link.txt").is_symlink()


def test_the_oldest_go_when_there_are_too_many_bytes_and_the_newest_stays_whatever_its_size(tmp_path: Path) -> None:
    half = spill.FILES_BYTES // 2
    files = [aged(tmp_path / f"s-{number}.txt", number, half) for number in range(4)]
    assert pruned(tmp_path, newest=files[0], now=NOW) == 2
    assert [file.exists() for file in files] == [True, True, False, False]
    os.truncate(files[0], spill.FILES_BYTES * 2)
    assert pruned(tmp_path, newest=files[0], now=NOW) == 1
    assert files[0].exists()


def test_writing_a_large_result_takes_no_second_copy_of_it(folder: Path) -> None:
    size = 40_000_000
    result: JsonObject = {"content": [{"type": "text", "text": 'a "line"\n' * (size // 9)}], "structuredContent": {}}
    keeper = Keeper(folder, limit_tokens=25_000)
    tracemalloc.start()
    try:
        measured = anyio.run(keeper.keep, "id", "s", None, result)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert measured.saved_to is not None
    assert Path(measured.saved_to).stat().st_size > size
    assert peak < size // 8
