"""Mirrored headers: protocol section 11."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.eras.headers import encode_value, mirrored, schema_problems


def _schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize("plain", ["echo", "a b", "", "~!@#", "=?base64?", "x=?base64?YQ==?="])
def test_what_can_stand_in_a_header_stands_there_as_it_is(plain: str) -> None:
    assert encode_value(plain) == plain


@pytest.mark.parametrize("special", [" a", "a ", "é", "a\tb", "a\nb", "=?base64?YQ==?=", "\x7f"])
def test_what_cannot_stand_in_a_header_is_wrapped(special: str) -> None:
    assert encode_value(special) == f"=?base64?{base64.b64encode(special.encode()).decode()}?="


@given(st.text())
def test_every_text_becomes_one_safe_header_value(text: str) -> None:
    value = encode_value(text)
    assert all(" " <= character <= "~" for character in value)
    assert value == value.strip()


def test_annotated_arguments_are_mirrored_at_any_depth_and_absent_or_null_ones_are_not() -> None:
    schema = _schema(
        region={"type": "string", "x-mcp-header": "Region"},
        count={"type": "integer", "x-mcp-header": "Count"},
        dry={"type": "boolean", "x-mcp-header": "Dry"},
        gone={"type": "string", "x-mcp-header": "Gone"},
        null={"type": "string", "x-mcp-header": "Null"},
        deep={"type": "object", "properties": {"tenant": {"type": "string", "x-mcp-header": "Tenant"}}},
        plain={"type": "string"},
    )
    arguments = {"region": "köln", "count": 3, "dry": False, "null": None, "deep": {"tenant": "t"}, "plain": "p"}
    assert mirrored(schema, arguments) == {
        "Mcp-Param-Region": "=?base64?a8O2bG4=?=",
        "Mcp-Param-Count": "3",
        "Mcp-Param-Dry": "false",
        "Mcp-Param-Tenant": "t",
    }
    assert schema_problems(schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        _schema(a={"type": "string", "x-mcp-header": ""}),
        _schema(a={"type": "string", "x-mcp-header": "a b"}),
        _schema(a={"type": "string", "x-mcp-header": 5}),
        _schema(a={"type": "number", "x-mcp-header": "A"}),
        _schema(a={"x-mcp-header": "A"}),
        _schema(a={"type": "string", "x-mcp-header": "A"}, b={"type": "string", "x-mcp-header": "a"}),
        _schema(a={"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}),
        _schema(a={"anyOf": [{"type": "string", "x-mcp-header": "A"}]}),
        {"type": "object", "$defs": {"a": {"type": "string", "x-mcp-header": "A"}}},
    ],
)
def test_a_wrong_annotation_is_a_problem_of_the_tool(schema: dict[str, Any]) -> None:
    assert schema_problems(schema) != []
