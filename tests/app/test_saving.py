"""Saved results: each part in the form a person can open."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.app.saving import save_result, save_whole
from mcpdeck.services.engine.spill import Keeper
from mcpdeck.services.state.model import CallState

PNG = b"\x89PNG\r\n\x1a\n rest"


def call(*content: dict[str, Any], **more: Any) -> CallState:
    return CallState("0123456789", "s", "draw/../it", {}, 0.0, result={"content": list(content), **more})


@pytest.mark.parametrize(
    ("content", "suffix", "data"),
    [
        ([{"type": "text", "text": "one\ntwo\ud800"}], ".txt", b"one\ntwo\xed\xa0\x80"),
        (
            [
                {"type": "text", "text": "see"},
                {"type": "image", "mimeType": "image/png", "data": "iVBORw0KGgogcmVzdA=="},
            ],
            ".png",
            PNG,
        ),
        (
            [{"type": "resource", "resource": {"uri": "x", "mimeType": "application/zip", "blob": "UEs="}}],
            ".zip",
            b"PK",
        ),
        ([{"type": "audio", "mimeType": "no/such", "data": "AAA="}], ".bin", b"\0\0"),
        ([{"type": "audio", "mimeType": "audio/mpeg", "data": "SUQzBA=="}], ".mp3", b"ID3\x04"),
        # The bytes decide: a viewer that goes by the suffix could not open it.
        ([{"type": "image", "mimeType": "image/jpeg", "data": "iVBORw0KGgogcmVzdA=="}], ".png", PNG),
        ([{"type": "resource", "resource": {"uri": "x", "blob": "JVBERi0xLjc="}}], ".pdf", b"%PDF-1.7"),
    ],
)
def test_the_part_a_person_means_gets_a_file_of_its_own(
    tmp_path: Path, content: list[dict[str, Any]], suffix: str, data: bytes
) -> None:
    path = save_result(call(*content), tmp_path / "results")
    assert (path.suffix, path.read_bytes()) == (suffix, data)
    assert path.parent == tmp_path / "results"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    whole = path.with_suffix(".json").read_bytes().decode("utf-8", "surrogatepass")
    assert json.loads(whole)["content"] == content


@pytest.mark.parametrize(
    "content",
    [
        [],
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        [{"type": "image", "data": "not base64!"}],
        [{"type": "image", "data": base64.b64encode(PNG).decode()}] * 2,
        ["rubbish", 7],
    ],
)
def test_anything_else_is_saved_whole(tmp_path: Path, content: list[Any]) -> None:
    path = save_result(call(*content, structuredContent={"a": 1}), tmp_path)
    assert path.suffix == ".json"
    assert json.loads(path.read_text())["structuredContent"] == {"a": 1}


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    path = save_result(call(), tmp_path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert save_result(call(), tmp_path).name == f"{path.stem}.1.json"
    assert path.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("ids", [("5f0c1e000001", "5f0c1e000002"), ("one", "one")])
def test_calls_of_one_tool_in_one_second_have_files_of_their_own(tmp_path: Path, ids: tuple[str, str]) -> None:
    texts = ("first", "second")
    calls = [replace(call({"type": "text", "text": text}), id=one) for one, text in zip(ids, texts, strict=True)]
    paths = [save_result(one, tmp_path) for one in calls]
    assert [path.read_text() for path in paths] == [*texts]
    assert [json.loads(path.with_suffix(".json").read_text())["content"][0]["text"] for path in paths] == [*texts]


def test_an_empty_resource_is_an_empty_file(tmp_path: Path) -> None:
    save_whole({"contents": [{"uri": "x", "blob": ""}]}, tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


@pytest.mark.parametrize(
    ("block", "suffix", "data"),
    [
        ({"type": "audio", "mimeType": "audio/mpeg", "data": "SUQz" + "AAAA" * 5_000}, ".mp3", b"ID3" + bytes(15_000)),
        ({"type": "text", "text": "words " * 5_000}, ".txt", b"words " * 5_000),
    ],
)
def test_a_result_that_was_too_large_to_be_kept_is_saved_from_its_file(
    tmp_path: Path, block: dict[str, Any], suffix: str, data: bytes
) -> None:
    result = {"content": [block]}
    keeper = Keeper(tmp_path / "spilled", limit_tokens=10, keep_bytes=1_000)
    measured = anyio.run(keeper.keep, "id", "s", None, result)
    known = replace(call(), result=keeper.held(result, measured), measured=measured)
    assert known.result != result
    path = save_result(known, tmp_path / "results")
    assert (path.suffix, path.read_bytes()) == (suffix, data)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for file in (tmp_path / "spilled").iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError):
        save_result(known, tmp_path / "results")
