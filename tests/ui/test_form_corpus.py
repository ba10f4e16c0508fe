"""Schemas as servers in use write them: every one becomes a form, and values go in and come out the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpdeck.services.models import Json, JsonObject
from mcpdeck.widgets.forms.filling import carry, clear, put
from mcpdeck.widgets.forms.gathering import gathered
from mcpdeck.widgets.forms.nodes import Node, NodeKind, tree_of
from mcpdeck.widgets.forms.places import places
from mcpdeck.widgets.json_text import dumps, same
from mcpdeck.widgets.schema_shape import example
from tests.ui.form_corpus import CORPUS, FITTING

NAMES = sorted(CORPUS)


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(CORPUS) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_of_the_corpus_becomes_a_form(name: str) -> None:
    tree = tree_of(CORPUS[name])
    rows = places(tree)
    assert rows or not CORPUS[name].get("properties")
    assert not gathered(tree).blocked


@pytest.mark.parametrize("name", NAMES)
def test_an_example_of_every_schema_goes_in_and_comes_out_the_same(name: str) -> None:
    values = example(CORPUS[name], CORPUS[name])
    values = values if isinstance(values, dict) else {"name": [1.0, None]}
    tree = tree_of(CORPUS[name])
    put(tree, values)
    assert dumps(gathered(tree).values) == dumps(values)


@pytest.mark.parametrize(("name", "values"), FITTING)
def test_values_that_fit_stand_in_fields_without_a_problem(name: str, values: JsonObject) -> None:
    tree = tree_of(CORPUS[name])
    put(tree, values)
    found = gathered(tree)
    assert dumps(found.values) == dumps(values)
    assert {one.path: problem.message for one, problem in found.problems.items()} == {}
    assert not _as_text(tree)


def _as_text(node: Node) -> list[Node]:
    """Containers that had to be written as JSON."""
    inner = [found for one in (*node.members, *node.alternatives.values()) for found in _as_text(one)]
    return [*([node] if node.as_json and node.entry.text != "null" and node.kind is not NodeKind.VALUE else []), *inner]


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values_of_any_kind: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(
    name=st.sampled_from(NAMES),
    extra=st.dictionaries(st.text(max_size=8), values_of_any_kind, max_size=4),
    data=st.data(),
)
def test_any_values_at_all_go_into_any_form_and_come_out_the_same(
    name: str, extra: dict[str, Json], data: st.DataObject
) -> None:
    members = CORPUS[name].get("properties")
    known = list(members) if isinstance(members, dict) else []
    named = data.draw(st.dictionaries(st.sampled_from(known), values_of_any_kind)) if known else {}
    values: JsonObject = {**extra, **named}
    tree = tree_of(CORPUS[name])
    put(tree, values)
    assert same(gathered(tree).values, values)
    assert list(gathered(tree).values) == list(values)
    fresh = tree_of(CORPUS[name])
    carry(tree, fresh)
    assert same(gathered(fresh).values, values)
    clear(tree)
    put(tree, values)
    assert same(gathered(tree).values, values)


schemas: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"enum": ["a", None, 1]},
            {"const": 4},
            {"$ref": "#"},
            {},
            True,
            False,
            7,
            {"type": ["string", "null"]},
            {"$ref": "#/nowhere"},
            {"type": 5},
            {"enum": {}},
            {"$ref": "#/properties/a"},
        ]
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", ["object", "null"], ["array", "string"]]),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abd"), max_size=2),
            "items": inner,
            "prefixItems": st.lists(inner, max_size=2),
            "anyOf": st.lists(inner, max_size=3),
            "oneOf": st.lists(inner, max_size=3),
            "allOf": st.lists(inner, max_size=3),
            "if": inner,
            "then": inner,
            "else": inner,
            "not": inner,
            "additionalProperties": inner,
            "minItems": st.integers(0, 3),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "(", "b+"]), inner, max_size=2),
            "dependentRequired": st.just({"a": ["b"]}),
            "default": scalars,
        },
    ),
    max_leaves=8,
)


@SLOW
@given(schema=schemas, values=st.dictionaries(st.sampled_from("abcx"), values_of_any_kind, max_size=4))
def test_whatever_a_schema_says_values_go_in_and_come_out_the_same(schema: Json, values: dict[str, Json]) -> None:
    whole: JsonObject = schema if isinstance(schema, dict) else {"properties": {"a": schema}}
    tree = tree_of(whole)
    places(tree)
    gathered(tree)
    put(tree, values)
    places(tree)
    assert same(gathered(tree).values, values)
