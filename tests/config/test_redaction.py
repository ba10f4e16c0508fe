"""Which values are looked for in a text, and what stands in their place."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from mcpdeck.services.config.redaction import HIDDEN, Redaction
from mcpdeck.services.errors import ConnectError, RPCError

SECRET = 'two "words" / ü\nand a second line'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        repr(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        quote(SECRET),
        quote(SECRET, safe=""),
    ],
)
def test_a_value_is_found_in_each_of_its_spellings(text: str) -> None:
    redaction = Redaction({SECRET: "${KEY}"})
    assert redaction.text(f"a {text} z") == "a ${KEY} z"
    assert redaction.data(f"a {text} z".encode() + b"\xff") == b"a ${KEY} z\xff"


def test_one_line_of_a_value_is_found_by_itself() -> None:
    assert Redaction({SECRET: "${KEY}"}).text("stderr: and a second line") == "stderr: ${KEY}"


@pytest.mark.parametrize("value", ["ab", "8080", "true", "LOCALHOST", "production", "POST"])
def test_short_and_plain_values_count_only_as_the_whole_of_a_value(value: str) -> None:
    redaction = Redaction({value: "${X}"})
    assert redaction.text(f"listens on {value} now") == f"listens on {value} now"
    assert redaction.value(value) == "${X}"


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_a_value_of_nothing_is_never_replaced(value: str) -> None:
    redaction = Redaction({value: "${X}"})
    assert (redaction.text("a b"), redaction.value(value)) == ("a b", value)


def test_the_longest_of_two_values_is_taken_and_nothing_twice() -> None:
    redaction = Redaction({"TOKEN_A": "${TOKEN_A}", "prefix": "${P}", "prefix-and-more": "${Q}"})
    once = redaction.text("prefix-and-more, prefix, TOKEN_A")
    assert once == "${Q}, ${P}, ${TOKEN_A}"
    assert redaction.text(once) == once


def test_an_error_is_changed_as_a_whole_and_the_answer_of_a_server_is_not() -> None:
    redaction = Redaction({"s3cret": "${KEY}"})
    error = ConnectError("cannot reach s3cret", hint="is s3cret right?", details={"stderr": ["x s3cret"], "s3cret": 1})
    redaction.error(error)
    assert (str(error), error.title, error.hint) == ("cannot reach ${KEY}", "cannot reach ${KEY}", "is ${KEY} right?")
    assert error.details == {"stderr": ["x ${KEY}"], "s3cret": 1}
    answer = RPCError(-1, "you sent s3cret")
    redaction.error(answer)
    assert answer.title == "you sent s3cret"


def test_values_that_come_later_are_hidden_and_the_oldest_are_forgotten() -> None:
    redaction = Redaction({})
    for number in range(HIDDEN + 1):
        redaction.hide(f"token-{number:03}")
    assert redaction.text("token-000 token-001 token-064") == "token-000 ••• •••"
    redaction.hide("true")
    assert redaction.text("true") == "true"


def test_of_two_values_the_one_that_was_used_last_is_remembered_longer() -> None:
    redaction = Redaction({})
    for number in range(HIDDEN):
        redaction.hide(f"value-{number:03}")
    redaction.hide("value-000")
    redaction.hide("value-new")
    assert redaction.text("value-000 value-001 value-new") == "••• value-001 •••"


def test_tokens_that_come_and_go_take_nobody_else_s_place() -> None:
    redaction = Redaction({"s3cret": "${KEY}"})
    redaction.hide("of-the-helper")
    for number in range(2 * HIDDEN):
        redaction.hide(f"token-{number:03}", token=True)
    assert redaction.text("s3cret of-the-helper token-000 token-127") == "${KEY} ••• token-000 •••"
