"""What becomes of a typed tool's class, request and answer; no server is run for it."""

from __future__ import annotations

import datetime
import math
import threading
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from mcpdeck.services.errors import ConfigValidationError
from mcpdeck.services.models import Act, Effect, Offered
from mcpdeck.services.registry import builtin
from mcpdeck.services.registry.typed import Annotations, Failure, Success, ToolContext, TypedTool
from mcpdeck.services.registry.typed_server import TypedServer
from mcpdeck.services.registry.typed_tools import MOST_PROBLEMS, listed, request_of, result_of, tools_in
from tests.registry.typed_samples import Doing, Nothing, Split, Told, Words


class Tree(BaseModel):
    name: str
    children: list[Tree] = Field(default_factory=list)


class Odd(BaseModel):
    model_config = ConfigDict(strict=True)
    day: datetime.date
    items: list[Tree] = Field(default_factory=list)
    number: int = Field(default=0, alias="howMany")

    @field_validator("number")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


class Names(RootModel[list[str]]):
    pass


class Anything(TypedTool[Any, Any]):
    name = "anything"
    Request: ClassVar[type[BaseModel]] = Odd
    Response: ClassVar[type[BaseModel]] = Tree

    def run(self, request: Odd, context: ToolContext) -> Success[Tree]:
        return Success(Tree(name="root"))


# -- listing


def test_a_tool_is_listed_with_the_schemas_of_its_models_and_the_hints_that_it_gives() -> None:
    found = listed(Split())
    assert {key: found[key] for key in ("name", "title", "description", "annotations")} == {
        "name": "split",
        "title": "Split a text",
        "description": "Takes a text apart.",
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }
    schema: Any = found["inputSchema"]
    assert (schema["type"], schema["required"], schema["additionalProperties"]) == ("object", ["text"], False)
    assert schema["properties"]["times"] == {
        "default": 1, "maximum": 9, "minimum": 1, "title": "Times", "type": "integer"
    }  # fmt: skip
    for name in ("inputSchema", "outputSchema"):
        jsonschema.Draft202012Validator.check_schema(found[name])


def test_a_model_that_holds_itself_is_an_object_at_its_root() -> None:
    schema: Any = listed(Anything())["outputSchema"]
    assert schema["type"] == "object"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid({"name": "a", "children": [{"name": "b"}]})
    assert not jsonschema.Draft202012Validator(schema).is_valid({"name": "a", "children": [{}]})


def test_models_may_be_given_as_attributes_and_hints_and_title_may_be_missing() -> None:
    found = listed(Anything())
    assert set(found) == {"name", "inputSchema", "outputSchema"}
    assert "howMany" in found["inputSchema"]["properties"]


def _like(**attributes: Any) -> TypedTool[Any, Any]:
    return type("Odd", (Split,), attributes)()


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        pytest.param({"name": ""}, "has no name", id="no name"),
        pytest.param({"name": "a b"}, "no name of a tool", id="a blank in the name"),
        pytest.param({"name": "x" * 129}, "no name of a tool", id="a long name"),
        pytest.param({"name": "\u202eevil"}, "no name of a tool", id="a name that is turned around"),
        pytest.param({"annotations": {"readOnlyHint": True}}, "no Annotations", id="hints that are none"),
        pytest.param({"Request": dict}, "has no model Request", id="a request that is no model"),
        pytest.param({"Response": None}, "has no model Response", id="no response"),
        pytest.param({"Response": Names}, "Response is no object", id="a response that is a list"),
        pytest.param(
            {"Request": type("Late", (BaseModel,), {"__annotations__": {"x": "NotYetThere"}})},
            "Request has no JSON Schema",
            id="a model that is not complete",
        ),
    ],
)
def test_a_tool_that_cannot_be_offered_says_what_it_lacks(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigValidationError, match=said) as caught:
        TypedServer([_like(**attributes)])
    assert caught.value.hint


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigValidationError, match="two tools are called 'split'"):
        TypedServer([Split, Split()])


@pytest.mark.parametrize(
    ("found", "names"),
    [
        pytest.param(Split, ["split"], id="class"),
        pytest.param(Split(), ["split"], id="object"),
        pytest.param([Doing(), (Split,)], ["doing", "split"], id="lists in lists"),
        pytest.param(lambda: [Split], ["split"], id="function"),
        pytest.param(builtin, [tool.name for tool in builtin.TOOLS], id="module with a list"),
    ],
)
def test_tools_are_found_in_whatever_holds_them(found: object, names: list[str]) -> None:
    assert [tool.name for tool in tools_in(found)] == names


@pytest.mark.parametrize(
    "found",
    [3, "split", [], [Split, 3], dict, TypedTool, lambda: lambda: Split, lambda: None, math],
    ids=[
        "number",
        "text",
        "nothing",
        "a number among them",
        "class",
        "the base",
        "a function too many",
        "None",
        "module",
    ],
)
def test_what_holds_no_tool_is_refused_in_words(found: object) -> None:
    with pytest.raises(ConfigValidationError) as caught:
        tools_in(found)
    assert caught.value.hint


# -- requests


def test_a_request_is_read_as_json_so_that_strict_models_take_dates() -> None:
    request = request_of(Anything(), {"day": "2026-07-28", "items": [{"name": "a"}], "howMany": 2})
    assert isinstance(request, Odd)
    assert (request.day, request.number) == (datetime.date(2026, 7, 28), 2)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({}, ["- day: Field required"]),
        (
            {"day": "2026-07-28", "items": [{"name": "a"}, {"children": [{}]}]},
            ["- items[1].name:", "- items[1].children[0].name:"],
        ),
        ({"day": "2026-07-28", "howMany": 3}, ["- howMany: Value error, must be even"]),
        ({"day": "2026-07-28", "howMany": "2"}, ["- howMany: Input should be a valid integer"]),
        ({"day": "\ud800"}, ["- arguments: Invalid JSON"]),
    ],
    ids=["missing", "nested", "a rule of its own", "strict", "no unicode"],
)  # fmt: skip
def test_what_does_not_fit_is_told_by_its_path(arguments: Any, lines: list[str]) -> None:
    failure = request_of(Anything(), arguments)
    assert isinstance(failure, Failure)
    said = failure.message.splitlines()
    assert len(said) == len(lines) + 1
    for line, begin in zip(said[1:], lines, strict=True):
        assert line.startswith(begin)


def test_values_that_were_sent_are_not_repeated_and_many_flaws_are_counted() -> None:
    secret = "hunter2-hunter2"
    failure = request_of(Anything(), {"day": secret, "items": [secret] * 50})
    assert isinstance(failure, Failure)
    assert secret not in failure.message
    assert failure.message.splitlines()[-1] == f"- and {51 - MOST_PROBLEMS} more"


# -- answers


def test_an_answer_is_structured_and_text() -> None:
    assert result_of(Split(), Success(Words(words=["é"]))) == {
        "content": [{"type": "text", "text": '{"words":["é"]}'}],
        "structuredContent": {"words": ["é"]},
        "isError": False,
    }
    image = {"type": "image", "data": "AA==", "mimeType": "image/png"}
    result: Any = result_of(Split(), Success(Words(words=[]), text="none", content=(image,)))
    assert result["content"] == [{"type": "text", "text": "none"}, image]


def test_a_failure_is_an_error_result_with_its_hint_and_details() -> None:
    result: Any = result_of(Split(), Failure("It is gone.", "Look elsewhere.", {"at": Path("/x")}))
    assert result["isError"] is True
    assert result["content"][0]["text"] == "It is gone.\nLook elsewhere."
    assert result["_meta"] == {"mcpdeck/details": {"at": "/x"}}
    assert "structuredContent" not in result


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "gave NoneType instead of"),
        ({"words": []}, "gave dict instead of"),
        (Success({"words": []}), "answered with dict instead of Words"),
        (Nothing(), "answered with Nothing instead of Words"),
    ],
    ids=["nothing", "a dict", "a dict as value", "another model"],
)
def test_what_is_no_answer_of_the_tool_is_an_error_result_that_says_so(outcome: object, said: str) -> None:
    result: Any = result_of(Split(), outcome)
    assert result["isError"] is True
    assert said in result["content"][0]["text"]


def test_an_answer_that_json_has_no_form_for_is_an_error_result() -> None:
    result: Any = result_of(Doing(), Success(Told(told=threading.Lock())))
    assert result["isError"] is True
    assert "cannot be written as JSON" in result["content"][0]["text"]


def test_numbers_that_are_none_become_null() -> None:
    result: Any = result_of(Doing(), Success(Told(told=[math.nan, math.inf])))
    assert result["structuredContent"] == {"told": [None, None]}


def test_a_bare_model_is_a_success() -> None:
    result: Any = result_of(Split(), Words(words=["a"]))
    assert result["structuredContent"] == {"words": ["a"]}


# -- context and annotations


def test_a_context_without_anything_does_for_a_test_of_a_tool() -> None:
    context = ToolContext()
    context.progress(1, 2, "half")
    context.log("info", "nobody hears it")
    assert not context.cancelled
    assert not context.wait(0)
    decision = context.permissions.decide(Act(Offered.TOOL, "s", "t"))
    assert (decision.effect, decision.source) == (Effect.ALLOW, "default")
    assert context.project == Path.cwd()


def test_hints_that_are_not_given_are_not_said() -> None:
    assert Annotations().as_json() == {}
    assert Annotations(destructive=False, idempotent=True).as_json() == {
        "destructiveHint": False,
        "idempotentHint": True,
    }
