"""Whatever a result is made of: it is read, measured, saved, printed and drawn, and nothing of it drives a terminal."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpdeck.app import result_output
from mcpdeck.app.commands import call as call_command
from mcpdeck.app.commands import prompt as prompt_command
from mcpdeck.app.commands import read as read_command
from mcpdeck.app.json_lines import json_line
from mcpdeck.app.options import Options
from mcpdeck.app.printing import write_json
from mcpdeck.app.saving import save_parts, save_result, save_whole
from mcpdeck.services.engine.spill import Keeper, written
from mcpdeck.services.engine.truncation import for_model, measure
from mcpdeck.services.models import JsonObject, Measured, as_list
from mcpdeck.services.models.content import parts_of
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.services.state.text import visible
from mcpdeck.widgets.image_data import NoPicture, Picture, decode
from mcpdeck.widgets.result_blocks import ImageBlock, JsonBlock, Remark, TextBlock, outcome_of
from mcpdeck.widgets.result_copy import result_text
from tests.engine import hostile_results as hostile

NUMBERS = itertools.count()
DEEP = hostile.all_deep(1_000)
FUZZED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def finished(result: JsonObject, measured: Measured | None = None) -> CallState:
    return CallState(
        "c1", "s", "tool", {}, 0.0, status=CallStatus.SUCCESS, duration_ms=1.0, result=result, measured=measured
    )


def printed(result: JsonObject, measured: Measured | None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything that the commands write about one result, for people and as JSON."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        done, options = finished(result, measured), Options("call")
        for shown in (result, result_output.printed(done, Options("call")), for_model(result)):
            call_command._print(shown)
            read_command._print(as_list(shown.get("contents")))
            prompt_command._print("\x1b[31mdescribed", shown)
        result_output.note_size(done, options)
        write_json(call_command._json("s", done))
        for stream in (out, err):
            stream.flush()
    return "".join(stream.buffer.getvalue().decode() for stream in (out, err))  # pyright: ignore[reportAttributeAccessIssue]


def is_safe(text: str) -> bool:
    return not hostile.FORBIDDEN.intersection(text)


def check(result: JsonObject, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in parts_of(result):
        assert part.size >= 0
    sizing = measure(result, limit_tokens=50)
    measured = anyio.run(Keeper(folder, limit_tokens=50, keep_bytes=2_000).keep, "id", "s\x1b", None, result)
    assert measured.truncated == sizing.over
    assert measured.size == sizing.size
    assert is_safe(printed(result, measured, monkeypatch))


def blocks_are_safe(result: JsonObject) -> None:
    """What is drawn passes ``visible`` at the latest: remarks are ours and safe by themselves."""
    outcome = outcome_of(finished(result))
    assert outcome.blocks
    for block in outcome.blocks:
        match block:
            case Remark():
                assert is_safe("".join(part for part, _ in block.parts))
            case TextBlock(text):
                assert is_safe(visible(text))
            case ImageBlock(data, mime):
                assert isinstance(decode(data, mime), Picture | NoPicture)
            case JsonBlock():
                pass
    result_text(finished(result))


@FUZZED
@given(hostile.result)
def test_any_result_is_read_measured_kept_and_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: JsonObject
) -> None:
    check(result, tmp_path / "spilled", monkeypatch)


@FUZZED
@given(hostile.result)
def test_any_result_has_blocks_that_are_safe_to_draw(result: JsonObject) -> None:
    blocks_are_safe(result)


@FUZZED
@given(hostile.result)
def test_any_result_is_saved_and_the_whole_can_be_read_again(tmp_path: Path, result: JsonObject) -> None:
    name = str(next(NUMBERS))
    whole, *parts = save_parts(result, tmp_path / "parts", name)
    read: Any = json.loads(whole.read_bytes().decode("utf-8", "surrogatepass"))
    assert read.keys() == result.keys()
    assert all(part.parent == tmp_path / "parts" for part in parts)
    assert save_result(finished(result), tmp_path / "saved").is_file()
    save_whole(result, tmp_path / "whole")
    assert written(tmp_path / "spilled", name, result).stat().st_size


@pytest.mark.parametrize("result", DEEP, ids=[f"{next(iter(result))}{at}" for at, result in enumerate(DEEP)])
def test_a_result_nested_a_thousand_deep_goes_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: JsonObject
) -> None:
    check(result, tmp_path / "spilled", monkeypatch)
    blocks_are_safe(result)
    assert save_parts(result, tmp_path / "parts", "stem")
    assert save_result(finished(result), tmp_path / "saved").is_file()
    assert json_line({"op": "call_tool", "ok": True, "result": result}).count(b"\n") == 1


@FUZZED
@given(st.binary(max_size=200), st.sampled_from([0, 1, 2, 3]), hostile.mime)
def test_any_bytes_behind_the_head_of_a_picture_are_a_picture_or_a_reason(rest: bytes, cut: int, mime: str) -> None:
    for head in hostile._HEADS:
        got = decode(hostile.base64.b64encode(head + rest).decode()[: -cut or None], mime)
        assert isinstance(got, Picture | NoPicture)
        if isinstance(got, NoPicture):
            assert is_safe(got.reason)
        else:
            assert all(is_safe(warning) for warning in got.warnings)
