"""The built-in tools, called as their author would."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpdeck.services.registry import builtin
from mcpdeck.services.registry.builtin import Checked, CheckJson, Count, CountDown, MeasureText, Text
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
    done = CheckJson().run(Checked(value=value, json_schema=schema), ToolContext())
    assert isinstance(done, Success)
    assert (done.value.fits, [flaw.path for flaw in done.value.flaws]) == (not paths, paths)


def test_flaws_of_json_are_bounded() -> None:
    schema = {"items": {"type": "string"}}
    done = CheckJson().run(Checked(value=json.dumps([1] * 1_000), json_schema=schema), ToolContext())
    assert isinstance(done, Success)
    assert len(done.value.flaws) == builtin.MOST_FLAWS


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        ("{", {}, "not JSON"),
        ("1", {"type": "nothing"}, "The schema is none: $.type"),
        ("1", {"$ref": "http://127.0.0.1:9/never"}, "The schema cannot be used"),
        ("1", {"$ref": "#/nowhere"}, "The schema cannot be used"),
    ],
)
def test_what_cannot_be_checked_is_a_failure(value: str, schema: dict[str, Any], said: str) -> None:
    done = CheckJson().run(Checked(value=value, json_schema=schema), ToolContext())
    assert isinstance(done, Failure)
    assert said in done.message


async def test_counting_down_tells_its_progress_and_can_be_cancelled() -> None:
    told: list[tuple[float, float | None]] = []
    with anyio.move_on_after(0.05) as scope:
        context = ToolContext(progress=lambda progress, total, message: told.append((progress, total)))
        await CountDown().run(Count(seconds=600), context)
    assert scope.cancelled_caught
    assert told == [(0, 600)]
