"""Schemas as they are listed: what their dialect's meta-schema refuses is told, and little else."""

from __future__ import annotations

import socket
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpdeck.services.session.items import read_tool
from mcpdeck.services.session.schema_flaws import PATTERNS, schema_flaws
from mcpdeck.services.session.schema_rules import PATTERN, RULES

DIALECTS: dict[str, Any] = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema.Draft201909Validator,
    "http://json-schema.org/draft-07/schema#": jsonschema.Draft7Validator,
    "http://json-schema.org/draft-06/schema#": jsonschema.Draft6Validator,
    "http://json-schema.org/draft-04/schema#": jsonschema.Draft4Validator,
}
KEYWORDS = sorted({keyword for rules in RULES.values() for keyword in rules} - {"$schema"})
PATTERNS_TRIED = ["^a+$", "[", "(?P<x", "a{2,1}", "*", "(?<name>x)", "\\p{L}", "(?i)a", "\\d"]

words = st.sampled_from(
    ["string", "object", "number", "a", "", "#", "#/properties/a", "x y", "1a", "_b", *PATTERNS_TRIED]
)
leaves = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.0, 1.0, 1.5, -0.5]) | words
values = st.recursive(
    leaves,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(KEYWORDS) | words, inside, max_size=4)
        | st.lists(words, max_size=3)
    ),
    max_leaves=8,
)
schemas = st.dictionaries(st.sampled_from(KEYWORDS), values, min_size=1, max_size=4)


def is_refused(schema: dict[str, Any], dialect: str) -> bool:
    try:
        DIALECTS[dialect].check_schema({"$schema": dialect, **schema})
    except jsonschema.SchemaError:
        return True
    return False


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.removesuffix("/schema").rsplit("/", 1)[-1])
def test_whatever_the_meta_schema_refuses_has_a_flaw(dialect: str) -> None:
    @settings(max_examples=250, deadline=None)
    @given(schema=schemas)
    @example(schema={"properties": {"a": {"dependencies": {"b": [1]}}}})
    @example(schema={"enum": [1, 1.0]})
    @example(schema={"contentSchema": {"type": "text"}})
    @example(schema={"maxLength": 1.0})
    @example(schema={"exclusiveMinimum": 1})
    def check(schema: dict[str, Any]) -> None:
        if is_refused(schema, dialect):
            assert schema_flaws({"$schema": dialect, **schema})

    check()


NEWEST = "https://json-schema.org/draft/2020-12/schema"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"exclusiveMinimum": True}, '"exclusiveMinimum" of the schema must be a number'),
    ({"multipleOf": 0}, '"multipleOf" of the schema must be a number above 0'),
    ({"required": ["a", "a"]}, '"required" of the schema must be an array of strings, each once'),
    ({"type": []}, '"type" of the schema must be one of array, boolean'),
    ({"type": ["string", "string"]}, '"type" of the schema must be one of'),
    ({"items": [{"type": "string"}]}, '"items" of the schema must be a schema'),
    ({"prefixItems": []}, '"prefixItems" of the schema must be a non-empty array of schemas'),
    ({"$id": "http://a.example/#part"}, '"$id" of the schema must be a string without a fragment'),
    ({"$anchor": "1a"}, '"$anchor" of the schema must be a name'),
    ({"dependentRequired": {"a": "b"}}, '"dependentRequired" of the schema must be an object'),
    ({"$defs": {"a": {"title": 1}}}, '"title" of $defs/a must be a string'),
    ({"contentSchema": {"readOnly": 1}}, '"readOnly" of contentSchema must be true or false'),
    ({"unevaluatedItems": {"minContains": -1}}, '"minContains" of unevaluatedItems must be a whole number from 0'),
    ({"properties": {"a": {"pattern": "["}}}, "the pattern '[' is no regular expression: unterminated"),
    ({"patternProperties": {"(": {}}}, "the pattern '(' is no regular expression: missing )"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "flaw"), REFUSED, ids=[next(iter(schema)) + str(n) for n, (schema, _) in enumerate(REFUSED)]
)
def test_a_flaw_is_told_with_its_place_and_what_would_be_right(schema: dict[str, Any], flaw: str) -> None:
    assert is_refused(schema, NEWEST)
    (told,) = schema_flaws(schema)
    assert told.startswith(flaw)
    assert told.endswith("(section 28)")


@pytest.mark.parametrize(
    ("schema", "flaws"),
    [
        ({"items": [{}]}, {"2020-12"}),
        ({"exclusiveMinimum": True, "minimum": 1}, {"2020-12", "2019-09", "draft-07", "draft-06"}),
        ({"exclusiveMinimum": 1, "minimum": 1}, {"draft-04"}),
        ({"properties": {"a": True}}, {"draft-04"}),
        ({"enum": []}, {"draft-04"}),
        ({"$recursiveAnchor": True}, {"2020-12"}),
    ],
    ids=["items", "exclusive-true", "exclusive-number", "boolean-schema", "empty-enum", "recursive-anchor"],
)
def test_each_dialect_is_judged_by_its_own_rules(schema: dict[str, Any], flaws: set[str]) -> None:
    def name(dialect: str) -> str:
        return dialect.removesuffix("#").removesuffix("/schema").rsplit("/", 1)[-1]

    found = {name(dialect) for dialect in DIALECTS if schema_flaws({"$schema": dialect, **schema})}
    refused = {name(dialect) for dialect in DIALECTS if is_refused(schema, dialect)}
    assert found == flaws
    assert refused <= found


@pytest.mark.parametrize(
    ("dialect", "known"),
    [
        ("http://json-schema.org/draft-07/schema", True),
        ("http://json-schema.org/draft-07/schema#", True),
        ("https://json-schema.org/draft/2020-12/schema#", True),
        ("http://json-schema.org/draft-03/schema#", False),
        ("https://schemas.example/mine", False),
    ],
)
def test_a_dialect_is_known_with_and_without_a_hash_at_its_end_and_another_one_is_told(
    dialect: str, *, known: bool
) -> None:
    flaws = schema_flaws({"$schema": dialect, "type": "object"})
    assert flaws == [] if known else "is not known, so nothing is checked against it" in flaws[0]


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
def test_no_reference_to_the_network_is_followed_and_each_is_told(
    keyword: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a schema was fetched")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    schema = {"type": "object", "properties": {"a": {keyword: "http://127.0.0.1:9/schema.json#/x"}}}
    tool = read_tool({"name": "t", "inputSchema": schema, "outputSchema": schema}, mirrors_headers=True)
    assert len([problem for problem in tool.problems if "leads outside the schema and is not followed" in problem]) == 2


@pytest.mark.parametrize(
    ("reference", "leads"),
    [
        ("https://a.example/whole", True),
        ("https://a.example/part#/x", True),
        ("part", True),
        ("elsewhere", False),
        ("http://[", False),
        ("https://evil.example/", False),
    ],
)
def test_a_reference_to_what_the_schema_itself_names_is_none_to_elsewhere(reference: str, *, leads: bool) -> None:
    schema: dict[str, Any] = {
        "$id": "https://a.example/whole",
        "$defs": {"p": {"$id": "part"}},
        "properties": {"a": {"$ref": reference}},
    }
    assert (schema_flaws(schema) == []) is leads


def test_regular_expressions_that_would_take_long_to_compile_are_told_and_not_tried() -> None:
    wide = "(?i)[" + "\\u0000-\\uffff" * 30 + "]"
    (folding,) = schema_flaws({"pattern": wide})
    assert "sets flags in the middle" in folding
    (long,) = schema_flaws({"pattern": "a" * (PATTERN + 1)})
    assert "is longer than 2,000 characters" in long
    (deep,) = schema_flaws({"pattern": "(" * 900 + ")" * 900})
    assert "is no regular expression that can be tried" in deep
    many = {f"p{number}": {"pattern": f"^{number}$"} for number in range(PATTERNS + 5)}
    (more,) = schema_flaws({"properties": many})
    assert more.startswith(f"only the first {PATTERNS} regular expressions were looked at")
