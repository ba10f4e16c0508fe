"""Results in files, read again page by page: all of a file, and nothing but files of results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcpdeck.services.config.files import Folders
from mcpdeck.services.registry.saved_results import Page, Paged, ReadSavedResult
from mcpdeck.services.registry.typed import Failure, Success, ToolContext

TEXT = "a line\näöü日本😀\n" * 50


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    monkeypatch.setenv("MCPDECK_HOME", str(tmp_path / "home"))
    folders = Folders.of(os.environ)
    for folder in (folders.spilled, folders.results):
        folder.mkdir(parents=True)
    return folders


def read(name: str, offset: int = 0, size: int = 50_000) -> Success[Paged] | Failure:
    return ReadSavedResult().run(Page(name=name, offset=offset, bytes=size), ToolContext())


def page(name: str, offset: int = 0, size: int = 50_000) -> Paged:
    done = read(name, offset, size)
    assert isinstance(done, Success), done
    return done.value


@pytest.mark.parametrize("size", [4, 7, 100, 50_000])
def test_the_pages_of_a_result_are_the_whole_of_it(folders: Folders, size: int) -> None:
    (folders.spilled / "server-1.txt").write_text(TEXT)
    texts: list[str] = []
    following: int | None = 0
    while following is not None:
        got = page("server-1.txt", following, size)
        assert len(got.text.encode()) <= size
        texts.append(got.text)
        following = got.next
    assert "".join(texts) == TEXT
    assert got.size == len(TEXT.encode())


def test_a_result_is_named_by_its_file_or_by_its_path_in_either_folder(folders: Folders) -> None:
    (folders.spilled / "one.1.json").write_text("spilled")
    (folders.results / "two.txt").write_text("saved")
    for name in ("one.1.json", str(folders.spilled / "one.1.json")):
        assert page(name).model_dump() == {"text": "spilled", "size": 7, "next": None}
    for name in ("two.txt", str(folders.results / "two.txt")):
        assert page(name).text == "saved"


def test_a_page_behind_the_end_or_within_a_character_is_told_as_far_as_it_goes(folders: Folders) -> None:
    (folders.spilled / "one.txt").write_text("日本")
    assert page("one.txt", 100).model_dump() == {"text": "", "size": 6, "next": None}
    assert page("one.txt", 1).text == "本"
    (folders.spilled / "two.txt").write_bytes(b"a\xed\xa0\x80b\xff")  # a lone surrogate as it came, and rubbish
    assert page("two.txt").text.strip("\ufffd").startswith("a")


def test_nothing_but_a_file_of_results_is_read(folders: Folders, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (folders.spilled / "link.txt").symlink_to(secret)
    (folders.spilled / "folder.txt").mkdir()
    os.mkfifo(folders.spilled / "pipe.txt")
    (folders.spilled / ".hidden.txt").write_text("secret")
    (folders.spilled / "inner").mkdir()
    (folders.spilled / "inner" / "x.txt").write_text("secret")
    hostile = ["link.txt", "folder.txt", "pipe.txt", ".hidden.txt", "inner/x.txt", "../secret.txt", "", ".", "..", "/"]
    for name in [*hostile, str(secret), f"{folders.spilled}/../../../secret.txt", f"{folders.spilled}/inner/x.txt"]:
        done = read(name)
        assert isinstance(done, Failure), name
        assert done.hint == "None is kept."
    folders.results.rmdir()
    folders.results.symlink_to(tmp_path)
    assert isinstance(read("secret.txt"), Failure)


def test_a_name_that_is_none_is_told_with_the_newest_that_there_are(folders: Folders) -> None:
    for number in range(12):
        file = folders.spilled / f"s-{number}.txt"
        file.write_text("x")
        os.utime(file, (number, number))
    done = read("s-99.txt")
    assert isinstance(done, Failure)
    assert done.hint == f"The newest are {', '.join(f's-{number}.txt' for number in range(11, 1, -1))}."


def test_what_is_no_text_is_told_and_not_given(folders: Folders) -> None:
    (folders.results / "picture.png").write_bytes(b"\x89PNG\0\0")
    done = read("picture.png")
    assert isinstance(done, Failure)
    assert done.message == "picture.png is no text"
