"""What is remembered of calls: never a secret, for many processes, and only as much as there is room for."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

from mcpdeck.services.collections.memory import LAST, RECENT, CallMemory, Recent, switched_off
from mcpdeck.services.collections.repeats import Plan, Tally, repeat
from mcpdeck.services.collections.secrets import named, without
from mcpdeck.services.models import JsonObject, Offered
from mcpdeck.services.state.model import CallState, CallStatus

ARGUMENTS: JsonObject = {
    "city": "Turin",
    "password": "hunter2hunter2",
    "login": {"token": "abc123def456ghi7", "user": "ada"},
    "headers": ["Authorization: Bearer abcdefgh12345678"],
    "pass_phrase_hint": "",
    "note": "see sk-abcdefgh12345678 there",
    "deep": [{"apiKey": "k"}, {"x": 1}],
    "wish": "plain",
}
SCHEMA: JsonObject = {"properties": {"wish": {"type": "string", "format": "password"}, "city": {"type": "string"}}}


def recent(name: str, at: float, **arguments: str) -> Recent:
    return Recent("s", Offered.TOOL, name, {**arguments}, "success", 1.0, at)


HIDDEN: JsonObject = {"type": "string", "format": "password", "writeOnly": True}
SHAPES: dict[str, JsonObject] = {
    "a reference": {"$ref": "#/$defs/hidden"},
    "a branch": {"anyOf": [HIDDEN, {"type": "null"}]},
    "a branch behind a reference": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/hidden"}]},
    "a condition": {"if": {"type": "string"}, "then": HIDDEN},
    "a description": {"type": "string", "description": "your passphrase"},
    "a title": {"type": "string", "title": "API key"},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_left_out_however_the_schema_tells_of_it(shape: str) -> None:
    schema: JsonObject = {
        "$defs": {"hidden": HIDDEN, "box": {"type": "object", "properties": {"v": SHAPES[shape]}}},
        "properties": {
            "v": SHAPES[shape],
            "box": {"$ref": "#/$defs/box"},
            "boxes": {"type": "array", "items": {"$ref": "#/$defs/box"}},
            "pair": {"prefixItems": [{"type": "string"}, SHAPES[shape]]},
            "more": {"additionalProperties": SHAPES[shape]},
            "tree": {"$ref": "#"},
        },
    }
    arguments: JsonObject = {
        "v": "hunter2",
        "box": {"v": "hunter2", "w": "plain"},
        "boxes": [{"v": "hunter2", "w": "plain"}],
        "pair": ["plain", "hunter2"],
        "more": {"x": "hunter2"},
        "tree": {"tree": {"v": "hunter2", "w": "plain"}},
    }
    kept = without(arguments, schema)
    assert "hunter2" not in json.dumps(kept)
    assert kept["box"] == {"w": "plain"}
    written = named(arguments, schema)
    assert "hunter2" not in json.dumps(written.arguments)
    assert "hunter2" in written.variables.values()


def test_a_number_is_no_secret_for_the_words_beside_it() -> None:
    schema: JsonObject = {"properties": {"max_tokens": {"type": "integer", "description": "how many tokens"}}}
    assert without({"max_tokens": 500}, schema) == {"max_tokens": 500}


def test_secrets_are_left_out_whatever_gives_them_away() -> None:
    kept = without(ARGUMENTS, SCHEMA)
    text = json.dumps(kept)
    assert not any(secret in text for secret in ("hunter2", "abc123", "abcdefgh1234", "sk-", "plain", '"k"'))
    assert (kept["city"], kept["login"]) == ("Turin", {"user": "ada"})


def test_in_a_file_a_secret_is_the_name_of_a_variable() -> None:
    kept = named(ARGUMENTS, SCHEMA)
    assert kept.arguments["password"] == "${PASSWORD}"
    assert kept.arguments["wish"] == "${WISH}"
    assert kept.arguments["login"] == {"token": "${TOKEN}", "user": "ada"}
    assert kept.arguments["deep"] == [{"apiKey": "${API_KEY}"}, {"x": 1}]
    assert kept.variables["PASSWORD"] == "hunter2hunter2"
    again = named(kept.arguments, SCHEMA)
    assert again.arguments["password"] == "${PASSWORD}"


def test_two_processes_add_to_one_file_and_neither_loses_the_other_s(tmp_path: Path) -> None:
    file = tmp_path / "data" / "recent-calls.json"
    memories = [CallMemory(file) for _ in range(4)]

    def work(number: int) -> None:
        for index in range(5):
            memories[number].add(recent(f"tool-{number}-{index}", number + index / 10))
            memories[number].write()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    fresh = CallMemory(file)
    fresh.load()
    assert len(fresh.recent) == 20
    assert [one.at for one in fresh.recent] == sorted((one.at for one in fresh.recent), reverse=True)
    assert file.stat().st_mode & 0o777 == 0o600


def test_only_so_many_calls_and_arguments_are_kept(tmp_path: Path) -> None:
    memory = CallMemory(tmp_path / "recent.json")
    for number in range(LAST + 50):
        memory.add(recent(f"tool{number}", number, text=str(number)))
    memory.add(recent("large", LAST + 60, text="x" * 100_000))
    memory.write()
    fresh = CallMemory(tmp_path / "recent.json")
    fresh.load()
    assert len(fresh.recent) == RECENT
    assert (fresh.recent[0].name, fresh.recent[0].arguments, fresh.recent[0].partly) == ("large", {}, True)
    assert fresh.last(Offered.TOOL, "s", "tool0") is None
    assert fresh.last(Offered.TOOL, "s", f"tool{LAST + 49}") == {"text": str(LAST + 49)}
    fresh.forget()
    assert json.loads((tmp_path / "recent.json").read_text()) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"recent": 3, "last": [1]}', '{"recent": [{"kind": "x"}, null]}'])
def test_a_file_that_cannot_be_understood_is_an_empty_memory(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recent.json"
    file.write_text(text)
    memory = CallMemory(file)
    memory.load()
    assert memory.recent == ()
    memory.add(recent("a", 1.0))
    memory.write()
    assert [one["name"] for one in json.loads(file.read_text())["recent"]] == ["a"]


def test_it_can_be_switched_off_by_a_setting_and_by_the_environment(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    assert not switched_off({}, settings)
    settings.write_text('{"calls": {"remember": false}}')
    assert switched_off({}, settings)
    settings.write_text("{")
    assert not switched_off({}, settings)
    assert switched_off({"MCPDECK_REMEMBER": "off"}, None)


def ended(status: CallStatus, ms: float) -> CallState:
    return CallState("c", "s", "t", {}, 0.0, status=status, duration_ms=ms, result={"content": []})


async def test_a_run_stops_at_the_first_failure_and_keeps_no_more_than_planned_under_way() -> None:
    under_way, most, number = 0, 0, 0

    async def make() -> CallState:
        nonlocal under_way, most, number
        under_way, number = under_way + 1, number + 1
        most, mine = max(most, under_way), number
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return ended(CallStatus.TOOL_ERROR if mine == 30 else CallStatus.SUCCESS, float(mine))

    tally = Tally()
    await repeat(Plan(None, 4, stop_at_failure=False), make, lambda _tally: None, tally)
    assert (tally.failed, most) == (1, 4)
    assert 30 <= tally.done <= 34
    assert tally.stopped.startswith("Stopped at the first failure")
    tally = Tally()
    number = 100
    await repeat(Plan(100, 8), make, lambda _tally: None, tally)
    assert (tally.done, tally.failed) == (100, 0)
    times = tally.percentiles()
    assert (times["min"], times["p50"], times["p95"], times["max"]) == (101.0, 150.0, 195.0, 200.0)
    assert not math.isnan(tally.seconds)
