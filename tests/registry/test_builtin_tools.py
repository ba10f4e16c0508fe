"""The built-in tools, called as their author would."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpdeck.services.registry import json_check
from mcpdeck.services.registry.builtin import Checked, CheckJson, Count, CountDown, MeasureText, Text
from mcpdeck.services.registry.json_check import check
from mcpdeck.services.registry.typed import Failure, Success, ToolContext


async def test_a_text_is_measured() -> None:
    done = await MeasureText().run(Text(text="zwölf Boxkämpfer\njagen"), ToolContext())
    assert done.value.model_dump() == {"characters": 22, "bytes": 24, "words": 3, "lines": 2, "tokens": 6}


@pytest.mark.parametrize(
    ("value", "schema", "paths"),
    [
        ('{"a": 1}', {"type": "object"}, []),
        ('{"a": 1}', {"properties": {"a": {"type": "string"}}}, ["$.a"]),
        ('{"a": [1, "b"]}', {"properties": {"a": {"items": {"type": "integer"}}}}, ["$.a[1]"]),
        ("3", {"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}, ["$"]),
    ],
)
def test_json_is_checked(value: str, schema: dict[str, Any], paths: list[str]) -> None:
    done = check(value, json.dumps(schema))
    assert not done.failure
    assert [path for path, _ in done.flaws] == paths


def test_flaws_of_json_are_bounded() -> None:
    schema = json.dumps({"items": {"type": "string"}})
    assert len(check(json.dumps([1] * 1_000), schema).flaws) == json_check.MOST_FLAWS


async def test_a_check_that_takes_for_ever_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tool, pattern = CheckJson(), {"pattern": "^(a+)+$"}
    done = await tool.run(Checked(value='{"a": 1}', json_schema={"type": "string"}), ToolContext())
    assert isinstance(done, Success)
    assert (done.value.fits, [flaw.path for flaw in done.value.flaws]) == (False, ["$"])
    monkeypatch.setattr(json_check, "TIME", 0.2)
    with anyio.fail_after(20):  # a thread would hold the interpreter, and this line with it
        failed = await tool.run(Checked(value=json.dumps("a" * 50 + "!"), json_schema=pattern), ToolContext())
    assert isinstance(failed, Failure)
    assert failed.message == "The schema could not be applied within 0.2 s."
    assert failed.hint


async def test_what_cannot_be_checked_is_a_failure_of_the_tool() -> None:
    done = await CheckJson().run(Checked(value="{", json_schema={}), ToolContext())
    assert isinstance(done, Failure)
    assert "not JSON" in done.message


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        ("{", {}, "not JSON"),
        ("1", {"type": "nothing"}, "The schema is none: $.type"),
        ("1", {"$ref": "http://127.0.0.1:9/never"}, "The schema cannot be used"),
        ("1", {"$ref": "#/nowhere"}, "The schema cannot be used"),
    ],
)
def test_what_cannot_be_checked_is_said(value: str, schema: dict[str, Any], said: str) -> None:
    assert said in check(value, json.dumps(schema)).failure


async def test_counting_down_tells_its_progress_and_can_be_cancelled() -> None:
    told: list[tuple[float, float | None]] = []
    with anyio.move_on_after(0.05) as scope:
        context = ToolContext(progress=lambda progress, total, message: told.append((progress, total)))
        await CountDown().run(Count(seconds=600), context)
    assert scope.cancelled_caught
    assert told == [(0, 600)]
