"""The answers file: what it lets be declared, what it answers, and what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.app.answers import Answers, read_answers
from mcpdeck.app.made_values import form_content, made
from mcpdeck.services.engine.validation import problems
from mcpdeck.services.errors import ConfigError
from mcpdeck.services.models import IdentityProvider, OAuthSettings, SecretFile
from mcpdeck.services.session.questions import ELICITATION, SAMPLING, Answer, Question

FORM: dict[str, Any] = {
    "message": "Who are you?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "nick": {"type": "string"},
            "age": {"type": "integer", "default": 30, "minimum": 18},
        },
        "required": ["name"],
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.json"


def given(file: Path, content: object, **environ: str) -> Answers:
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_answers(str(file), environ)


async def elicit(answers: Answers, **params: Any) -> Answer:
    return await answers.ask(Question("s", ELICITATION, {**FORM, **params}))


async def sample(answers: Answers, **params: Any) -> Answer:
    message = {"role": "user", "content": {"type": "text", "text": "hi"}}
    return await answers.ask(Question("s", SAMPLING, {"messages": [message], "maxTokens": 100, **params}))


# What is offered


def test_nothing_is_offered_without_a_file() -> None:
    offer = Answers().offer
    assert (offer.elicitation, offer.sampling, offer.roots) == (False, False, None)


async def test_a_question_without_a_file_is_declined_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert await elicit(Answers()) == Answer("decline")
    assert 's asks "Who are you?": declined (no --answers file answers it)' in capsys.readouterr().err
    assert await sample(Answers(quiet=True)) == Answer("decline")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "offered"),
    [
        ({}, (False, False, None)),
        ({"elicitation": "off", "sampling": "off"}, (False, False, None)),
        ({"elicitation": "defaults"}, (True, False, None)),
        ({"elicitation": "decline"}, (True, False, None)),
        ({"elicitation": []}, (True, False, None)),
        ({"sampling": "decline"}, (False, True, None)),
        ({"sampling": {"model": "m", "text": "t"}}, (False, True, None)),
        ({"roots": []}, (False, False, ())),
        ({"roots": ["file:///a", {"uri": "file:///b", "name": "B"}]}, (False, False, (
            {"uri": "file:///a"}, {"uri": "file:///b", "name": "B"},
        ))),
    ],
)  # fmt: skip
def test_only_what_the_file_offers_is_declared(file: Path, content: object, offered: tuple[object, ...]) -> None:
    offer = given(file, content).offer
    assert (offer.elicitation, offer.sampling, offer.roots) == offered


# Elicitation


async def test_defaults_fill_every_property_with_a_default_and_every_required_one(file: Path) -> None:
    answer = await elicit(given(file, {"elicitation": "defaults"}))
    assert answer == Answer("accept", {"name": "text", "age": 30})


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_decline_and_cancel_are_what_they_say(file: Path, action: str) -> None:
    assert (await elicit(given(file, {"elicitation": action}))).wire() == {"action": action}


async def test_the_first_match_of_the_message_answers_and_what_matches_none_is_declined(file: Path) -> None:
    answers = given(
        file,
        {
            "elicitation": [
                {"match": "Who*", "action": "accept", "content": {"name": "Ada"}},
                {"match": "*pay*", "action": "cancel"},
                {"match": "*form*"},
            ]
        },
    )
    assert await elicit(answers) == Answer("accept", {"name": "Ada"})
    assert await elicit(answers, message="Will you pay?") == Answer("cancel")
    assert await elicit(answers, message="a form") == Answer("accept", {"name": "text", "age": 30})
    assert await elicit(answers, message="something else") == Answer("decline")


async def test_accepting_a_url_is_consent_without_content(file: Path) -> None:
    for elicitation in ("defaults", [{"match": "*", "action": "accept", "content": {"name": "x"}}]):
        answer = await elicit(given(file, {"elicitation": elicitation}), mode="url", url="https://example.com/")
        assert answer.wire() == {"action": "accept"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "minLength": 12},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "email"},
        {"type": "string", "format": "email", "minLength": 40},
        {"type": "string", "format": "email", "maxLength": 6},
        {"type": "string", "format": "uri", "minLength": 40},
        {"type": "string", "format": "uri", "maxLength": 10},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "enum": ["b", "a"]},
        {"type": "string", "enum": ["b"], "enumNames": ["Bee"]},
        {"type": "string", "oneOf": [{"const": "x", "title": "X"}]},
        {"type": "string", "default": "d"},
        {"type": "boolean"},
        {"type": "boolean", "default": False},
        {"type": "integer"},
        {"type": "integer", "minimum": 3},
        {"type": "integer", "maximum": -3},
        {"type": "integer", "minimum": 2.5, "maximum": 3.5},
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "integer", "minimum": 5, "multipleOf": 4},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
        {"type": "number", "minimum": 0.25, "maximum": 0.5},
        {"type": "number", "exclusiveMaximum": -7},
        {"type": ["integer", "null"], "minimum": 4},
        {"type": "array", "items": {"type": "string", "enum": ["a", "b", "c"]}, "minItems": 2},
        {"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}},
        {"type": "array", "items": {"oneOf": [{"const": "a", "title": "A"}]}},
        {"type": "array", "items": {"type": "string", "enum": ["a"]}, "maxItems": 0},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"type": "array", "items": {"enum": ["a", "b"]}, "default": ["b"]},
        {"type": "object", "properties": {"in": {"type": "integer"}}, "required": ["in"]},
        {"type": "null"},
        {},
    ],
)
def test_a_made_value_fits_its_schema(schema: dict[str, Any]) -> None:
    assert problems(made(schema), schema) == ()
    content = form_content({"properties": {"x": schema}, "required": ["x"]})
    assert list(content) == ["x"]


def test_the_values_of_choices_are_sent_and_never_their_titles() -> None:
    assert made({"type": "string", "oneOf": [{"const": "r", "title": "Red"}]}) == "r"
    assert made({"type": "array", "items": {"anyOf": [{"const": "r", "title": "Red"}]}}) == ["r"]
    assert made({"type": "string", "enum": ["r"], "enumNames": ["Red"]}) == "r"


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": []},
        {"properties": {"a": True}, "required": ["a"]},
        {"properties": {"a": {"type": "integer", "minimum": 5, "maximum": 4}}, "required": ["a"]},
        {"properties": {"a": {"type": "string", "minLength": 10**12}}, "required": ["a"]},
        {"properties": {"a": {"type": "array", "minItems": 10**12, "items": {}}}, "required": ["a"]},
        {"properties": {"a": {"type": "integer", "minimum": 10**400}}, "required": ["a"]},
        {"required": 3},
        {},
    ],
)
def test_a_schema_that_nothing_fits_does_no_harm(schema: dict[str, Any]) -> None:
    assert len(json.dumps(form_content(schema))) < 200_000


async def test_an_answer_that_does_not_fit_the_form_is_sent_and_said_without_its_value(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = given(file, {"elicitation": [{"content": {"name": 12345, "age": 3}}]})
    assert await elicit(answers) == Answer("accept", {"name": 12345, "age": 3})
    said = capsys.readouterr().err
    assert "does not fit the form at name" in said
    assert "does not fit the form at age" in said
    assert "12345" not in said


# Sampling


async def test_sampling_is_answered_with_the_reply_as_a_whole_result(file: Path) -> None:
    answers = given(file, {"sampling": {"model": "m-1", "text": "hello"}})
    result = {
        "role": "assistant",
        "content": {"type": "text", "text": "hello"},
        "model": "m-1",
        "stopReason": "endTurn",
    }
    assert await sample(answers) == Answer("accept", result)
    tools = [{"name": "t", "inputSchema": {"type": "object"}}]
    several = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    assert await sample(answers, tools=tools, messages=several) == Answer("accept", result)


async def test_sampling_respects_max_tokens_and_says_so(file: Path) -> None:
    answers = given(file, {"sampling": {"model": "m", "text": "x" * 100}})
    content = (await sample(answers, maxTokens=10)).content
    assert content is not None
    assert content["stopReason"] == "maxTokens"
    assert content["content"] == {"type": "text", "text": "x" * 40}


async def test_sampling_can_be_declined(file: Path) -> None:
    assert await sample(given(file, {"sampling": "decline"})) == Answer("decline")


# The file


def test_variables_are_expanded_in_every_text(file: Path) -> None:
    answers = given(
        file,
        {"sampling": {"model": "${M}", "text": "${T:-fallback}"}, "oauth": {"clientSecret": "${S}"}},
        M="m",
        S="hush",
    )
    assert answers.oauth is not None
    assert answers.oauth.settings.client_secret == "hush"
    assert "hush" not in repr(answers) + repr(answers.oauth)
    assert answers.sampling is not None


def test_permission_and_oauth_are_taken_and_kept(file: Path) -> None:
    oauth = {
        "grant": "id_jag", "open": "http", "dpop": "auto", "clientId": "c", "issuer": "https://a.example",
        "idp": {"tokenEndpoint": "https://i.example", "clientId": "c", "idToken": "t"},
    }  # fmt: skip
    answers = given(file, {"permission": "allow", "oauth": oauth})
    assert answers.permission == "allow"
    assert answers.oauth is not None
    assert answers.oauth.settings == OAuthSettings(
        client_id="c", issuer="https://a.example", grant="id_jag", opening="http", dpop="auto",
        idp=IdentityProvider("https://i.example", "c", "t"),
    )  # fmt: skip


def test_an_answers_file_changes_of_an_entry_s_login_only_what_it_names(file: Path) -> None:
    answers = given(file, {"oauth": {"open": "http", "dpop": "auto"}})
    assert answers.oauth is not None
    entry = OAuthSettings(client_id="id", client_secret="hush", grant="client_credentials", dpop="off")
    assert answers.oauth.over(entry) == replace(entry, opening="http", dpop="auto")
    assert answers.oauth.over(None) == OAuthSettings(opening="http")
    assert not answers.oauth.holds_credentials


def test_a_file_named_in_the_answers_is_read_beside_them_and_a_variable_names_none(file: Path) -> None:
    (file.parent / "token.jwt").write_text("a.b.c\n")
    answers = given(file, {"oauth": {"grant": "jwt_bearer", "assertion": "@token.jwt"}})
    assert answers.oauth is not None
    assert answers.oauth.settings.assertion == SecretFile(str(file.parent / "token.jwt"))
    answers = given(file, {"oauth": {"assertion": "${TOKEN}"}}, TOKEN="@token.jwt")
    assert answers.oauth is not None and answers.oauth.settings.assertion == "@token.jwt"


@pytest.mark.parametrize(
    ("content", "pointer", "words"),
    [
        ([], "", "holds no object"),
        ({"elicitaton": "off"}, "/elicitaton", 'did you mean "elicitation"?'),
        ({"elicitation": "yes"}, "/elicitation", '"defaults"'),
        ({"elicitation": True}, "/elicitation", "or a list"),
        ({"elicitation": [{"match": 3}]}, "/elicitation/0/match", "no text"),
        ({"elicitation": [{}, {"action": "ok"}]}, "/elicitation/1/action", '"accept"'),
        ({"elicitation": [{"content": []}]}, "/elicitation/0/content", "no object"),
        ({"elicitation": ["defaults"]}, "/elicitation/0", "no object"),
        ({"elicitation": [{"a/b~c": 1}]}, "/elicitation/0/a~1b~0c", "not known"),
        ({"sampling": {"text": "t"}}, "/sampling", 'no "model"'),
        ({"sampling": {"model": 1, "text": "t"}}, "/sampling/model", "no text"),
        ({"sampling": "on"}, "/sampling", '"off"'),
        ({"roots": "file:///a"}, "/roots", "no list"),
        ({"roots": ["/a"]}, "/roots/0", "no file:// URI"),
        ({"roots": [{"uri": "http://a"}]}, "/roots/0/uri", "no file:// URI"),
        ({"permission": "ask"}, "/permission", '"deny"'),
        ({"oauth": {"grant": "password"}}, "/oauth/grant", "client_credentials"),
        ({"oauth": {"clientid": ""}}, "/oauth/clientid", 'did you mean "clientId"?'),
        ({"oauth": {"idp": {"idToken": 1}}}, "/oauth/idp", 'no "tokenEndpoint"'),
        ({"oauth": {"idp": {"tokenEndpoint": "https://i", "clientId": "c", "idToken": 1}}}, "idp/idToken", "quotes"),
        ({"oauth": {"open": "window"}}, "/oauth/open", '"browser", "http", "print"'),
        ({"oauth": {"assertion": "@nowhere.jwt"}}, "/oauth/assertion", "nowhere.jwt"),
        ({"oauth": {"clientSecret": "${NOT_SET}"}}, "/oauth/clientSecret", "NOT_SET"),
        ("{", ":1:2", "not JSON"),
        ("", ":1:1", "not JSON"),
        ("[" * 100_000, "", "not JSON"),
    ],
)
def test_what_is_wrong_names_the_file_and_the_place(file: Path, content: object, pointer: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given(file, content)
    said = f"{caught.value.title} {caught.value.hint}"
    assert str(file) in caught.value.title
    assert pointer in caught.value.title
    assert words in said
    assert "mcpServers" not in said


def test_a_complaint_never_repeats_a_secret(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        given(file, {"oauth": {"grant": "s3cret", "clientSecret": "s3cret"}})
    assert "s3cret" not in f"{caught.value.title} {caught.value.hint} {caught.value.details}"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=str(file)):
        read_answers(str(file), {})
