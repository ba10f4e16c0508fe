"""Whether what came of a call is what was expected.

Owns one verdict for each expectation, with what was there in its place. Patterns and schemas are applied by the
engine's check, which is bounded in time: both come from files that other people may have written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff

from ..engine.validation import check as problems_of
from ..errors import UsageError
from ..models import Json, JsonObject, as_list, as_object, as_text
from ..state.model import CallState, CallStatus
from ..state.text import shortened
from .asserts import Assertion, Check
from .paths import found, single

LONGEST_TEXT = 256 * 1024
"""Characters that a pattern is looked for in."""
DIFF_LINES = 200
DIFFED = 100_000
"""Characters of a value of which a difference is shown."""
_NO_ERROR = Assertion(Check.IS_ERROR, wanted=False)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """``said``: what was there instead, for people; ``diff``: how a value differs from the expected one."""

    assertion: Assertion
    ok: bool
    said: str = ""
    diff: tuple[str, ...] = ()


async def judged(asserts: Sequence[Assertion], call: CallState) -> tuple[Verdict, ...]:
    """A verdict on each; where nothing is said of errors, that there is none is expected too, and stands first."""
    spoken = any(one.check in (Check.IS_ERROR, Check.ERROR) for one in asserts)
    return tuple([await _verdict(one, call) for one in (asserts if spoken else (_NO_ERROR, *asserts))])


async def _verdict(one: Assertion, call: CallState) -> Verdict:
    if one.check is Check.ERROR:
        kind = call.error.kind if call.error is not None else ""
        return Verdict(one, kind == one.wanted, _ended(call))
    if call.result is None:
        return Verdict(one, ok=False, said=_ended(call))
    match one.check:
        case Check.IS_ERROR:
            failed = call.status is CallStatus.TOOL_ERROR
            return Verdict(one, failed is one.wanted, shortened(text_of(call.result), 200) if failed else "")
        case Check.DURATION:
            took = call.duration_ms or 0.0
            return Verdict(one, took < _number(one.wanted), f"it took {took:.1f} ms")
        case Check.TEXT_CONTAINS:
            text = text_of(call.result)
            return Verdict(
                one, str(one.wanted) in text, f"it is {shortened(json.dumps(text, ensure_ascii=False), 200)}"
            )
        case Check.TEXT_MATCHES:
            return await _matches(one, text_of(call.result))
        case Check.OUTPUT_SCHEMA:
            return Verdict(one, not call.output_problems, "; ".join(call.output_problems[:3]))
        case _:
            return await _at_path(one, call.result)


def looked_in(result: JsonObject, *, in_text: bool) -> Json:
    """What a path starts at. Raises ``UsageError`` where the text is no JSON."""
    if not in_text:
        return result
    text = text_of(result)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"the text is no JSON: {shortened(text, 60)}") from None


def text_of(result: JsonObject) -> str:
    """The texts of a result of any kind, one after the other."""
    return "\n".join(_texts(result))


def _texts(result: JsonObject) -> Iterator[str]:
    for block in as_list(result.get("content")):
        text = as_text(as_object(block).get("text"))
        if text is not None:
            yield text
    for content in as_list(result.get("contents")):  # of a resource
        text = as_text(as_object(content).get("text"))
        if text is not None:
            yield text
    for message in as_list(result.get("messages")):  # of a prompt
        text = as_text(as_object(as_object(message).get("content")).get("text"))
        if text is not None:
            yield text


async def _at_path(one: Assertion, result: JsonObject) -> Verdict:
    try:
        values = found(one.path, looked_in(result, in_text=one.in_text))
    except UsageError as error:
        return Verdict(one, ok=False, said=error.title)
    if one.check is Check.EXISTS:
        said = (
            f"there {'is 1 value' if len(values) == 1 else f'are {len(values)} values'}" if values else "it is missing"
        )
        return Verdict(one, bool(values) is one.wanted, said)
    if not values and single(one.path):
        return Verdict(one, one.check is Check.NOT_EQUALS, "it is missing")
    value: Json = values[0] if single(one.path) else values
    verdict = await _of_value(one, value)
    if verdict.ok or verdict.said:
        return verdict
    return replace(verdict, said=f"it is {shortened(json.dumps(value, ensure_ascii=False), 200)}")


async def _of_value(one: Assertion, value: Json) -> Verdict:
    wanted = one.wanted
    match one.check:
        case Check.EQUALS:
            ok = equal(value, wanted)
            return Verdict(one, ok, diff=() if ok else tuple(difference(wanted, value)))
        case Check.NOT_EQUALS:
            return Verdict(one, not equal(value, wanted))
        case Check.CONTAINS:
            return Verdict(one, _contains(value, wanted))
        case Check.MATCHES:
            if not isinstance(value, str):
                return Verdict(one, ok=False, said=f"it is {_kind(value)}, not a text")
            return await _matches(one, value)
        case Check.LENGTH:
            if not isinstance(value, str | list | dict):
                return Verdict(one, ok=False, said=f"it is {_kind(value)}, which has no length")
            return Verdict(one, len(value) == wanted, f"its length is {len(value)}")
        case Check.TYPE:
            return Verdict(one, _is(value, str(wanted)), f"it is {_kind(value)}")
        case Check.ABOVE | Check.BELOW:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return Verdict(one, ok=False, said=f"it is {_kind(value)}, not a number")
            bound = _number(wanted)
            return Verdict(one, value > bound if one.check is Check.ABOVE else value < bound)
        case _:
            problems = await problems_of(value, as_object(wanted) if isinstance(wanted, dict) else _bare(wanted))
            said = "the schema takes too long to apply" if problems is None else "; ".join(problems[:3])
            return Verdict(one, problems == (), said)


async def _matches(one: Assertion, text: str) -> Verdict:
    if len(text) > LONGEST_TEXT:
        return Verdict(one, ok=False, said=f"it is too long to look through: {len(text)} characters")
    problems = await problems_of(text, {"type": "string", "pattern": one.wanted})
    if problems is None:
        return Verdict(one, ok=False, said="the pattern takes too long to look for")
    return Verdict(one, not problems, f"it is {shortened(json.dumps(text, ensure_ascii=False), 200)}")


def _bare(wanted: Json) -> JsonObject:
    return {} if wanted is True else {"not": {}}


def _contains(value: Json, wanted: Json) -> bool:
    """A text in a text, an item in an array, members in an object."""
    match value:
        case str():
            return isinstance(wanted, str) and wanted in value
        case list():
            return any(equal(item, wanted) for item in value)
        case dict():
            if isinstance(wanted, str):
                return wanted in value
            return isinstance(wanted, dict) and all(
                key in value and equal(value[key], item) for key, item in wanted.items()
            )
        case _:
            return False


def equal(left: Json, right: Json) -> bool:
    """Equal as JSON: ``1`` and ``1.0`` are, ``1`` and ``true`` are not; the order of members does not matter."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return (type(left) is type(right) and left == right) or (_numbers(left, right) and left == right)


def _numbers(left: Json, right: Json) -> bool:
    return isinstance(left, int | float) and isinstance(right, int | float)


def difference(wanted: Json, value: Json) -> Iterator[str]:
    """Lines of a unified difference from the expected to the given value; nothing where both stand on one line."""
    old, new = (json.dumps(one, indent=2, ensure_ascii=False, sort_keys=True) for one in (wanted, value))
    if ("\n" not in old and "\n" not in new) or len(old) + len(new) > DIFFED:
        return
    lines = unified_diff(old.splitlines(), new.splitlines(), "expected", "got", lineterm="", n=2)
    for number, line in enumerate(lines):
        if number >= DIFF_LINES:
            yield "…"
            return
        yield line


def _ended(call: CallState) -> str:
    return call.error.title if call.error is not None else f"it ended: {call.status.value}"


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _is(value: Json, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, float) and value.is_integer()
            return not isinstance(value, bool) and (isinstance(value, int) or whole)
        case "number":
            return not isinstance(value, bool) and isinstance(value, int | float)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _kind(value: Json) -> str:
    names = {"null": "null", "boolean": "a boolean", "number": "a number", "string": "a text", "array": "an array"}
    return next((words for kind, words in names.items() if _is(value, kind)), "an object")
