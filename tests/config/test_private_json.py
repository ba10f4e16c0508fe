"""mcpdeck's own JSON files: nothing that cannot be understood is taken for nothing, or lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcpdeck.services.config.files import PrivateJson
from mcpdeck.services.config.models import SourceFile
from mcpdeck.services.models import Source


def test_no_file_is_no_problem_and_one_that_cannot_be_understood_is(tmp_path: Path) -> None:
    file = PrivateJson(tmp_path / "a.json")
    assert (file.read(), file.problem) == ({}, None)
    for content in ("", "{", "[]", "3", "[" * 100_000):
        file.path.write_text(content)
        assert file.read() == {}
        assert file.problem is not None
    file.path.write_text('{"a": 1}')
    assert (file.read(), file.problem) == ({"a": 1}, None)


def test_what_is_no_plain_file_is_a_problem_and_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe", "folder"):
        file = PrivateJson(tmp_path / f"{name}.json")
        assert file.read() == {}
        assert file.problem is not None


def test_each_file_that_is_put_aside_keeps_a_name_of_its_own(tmp_path: Path) -> None:
    file = PrivateJson(tmp_path / "a.json")
    for content in ("{one", "{two"):
        file.path.write_text(content)
        file.update(lambda value: value.update(a=1))
        assert file.put_aside is not None
        assert file.put_aside.read_text() == content
        assert file.read() == {"a": 1}
    assert {path.name for path in tmp_path.glob("*.broken*")} == {"a.json.broken", "a.json.broken-2"}


@pytest.mark.parametrize(("source", "label"), [(Source.SDK, "given by the program"), (Source.CLI, "--mcp-config")])
def test_what_stands_in_no_file_is_called_after_who_gave_it(tmp_path: Path, source: Source, label: str) -> None:
    assert SourceFile(source, tmp_path, inline="{}").label == label
