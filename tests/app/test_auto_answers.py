"""Questions that are answered without a person: which, by which choice, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from mcpdeck.app.auto_answers import ASKING, AutoAnswers, AutoProfile
from mcpdeck.services import events as ev
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.session import Answer, Question
from mcpdeck.services.state.store import Store
from tests.ui import states

pytestmark = pytest.mark.anyio

ROW = states.connected("demo")
FORM: JsonObject = {
    "message": "Which colour?",
    "requestedSchema": {
        "type": "object",
        "properties": {"colour": {"type": "string", "default": "blue"}, "size": {"type": "integer", "minimum": 3}},
        "required": ["size"],
    },
}
URL: JsonObject = {"mode": "url", "message": "Connect.", "url": "https://example.com"}
SAMPLE: JsonObject = {"messages": [], "maxTokens": 2}


class Person:
    """Answers with decline, and knows what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, question: Question) -> Answer:
        self.asked.append(question.method)
        return Answer("decline", {"by": "person"})


def deck() -> tuple[AutoAnswers, Person, Store]:
    store, person = Store(states.app_state(ROW, calls=states.CALLS)), Person()
    return AutoAnswers(person, store), person, store


async def ask(auto: AutoAnswers, params: JsonObject, method: str = "elicitation/create") -> Answer:
    return await auto.ask(Question("demo", method, params, "call-1"))


async def test_a_person_is_asked_until_something_else_is_chosen_and_again_afterwards() -> None:
    auto, person, _ = deck()
    await ask(auto, FORM)
    auto.choose("demo", AutoProfile(forms="cancel"), keep=False)
    assert await ask(auto, FORM) == Answer("cancel")
    auto.choose("demo", ASKING, keep=False)
    await ask(auto, FORM)
    assert len(person.asked) == 2


async def test_defaults_accept_with_defaults_and_made_values() -> None:
    auto, _, _ = deck()
    auto.choose("demo", AutoProfile(forms="defaults"), keep=False)
    assert await ask(auto, FORM) == Answer("accept", {"colour": "blue", "size": 3})


async def test_an_address_is_never_consented_to_by_defaults() -> None:
    auto, person, _ = deck()
    auto.choose("demo", AutoProfile(forms="defaults"), keep=False)
    await ask(auto, URL)
    assert person.asked == ["elicitation/create"]


@pytest.mark.parametrize("method", ["mcpdeck/permission", "mcpdeck/login", "mcpdeck/consent", "mcpdeck/form"])
async def test_questions_of_mcpdeck_itself_always_reach_a_person(method: str) -> None:
    auto, person, _ = deck()
    auto.choose("demo", AutoProfile(forms="defaults", completions="reply"), keep=False)
    await ask(auto, FORM, method)
    assert person.asked == [method]


async def test_a_canned_reply_is_cut_to_the_length_that_is_asked_for() -> None:
    auto, person, _ = deck()
    auto.choose("demo", AutoProfile(completions="reply", model="mock", text="twelve chars"), keep=False)
    answer = await ask(auto, SAMPLE, "sampling/createMessage")
    assert answer.content is not None
    assert (answer.content["model"], answer.content["stopReason"]) == ("mock", "maxTokens")
    assert answer.content["content"] == {"type": "text", "text": "twelve c"}
    await ask(auto, FORM)
    assert person.asked == ["elicitation/create"]  # forms were not chosen


async def test_rules_of_a_file_decide_and_what_none_fits_is_put_to_the_person(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    rules = [{"match": "Which *", "action": "accept", "content": {"colour": "red"}}]
    file.write_text(json.dumps({"elicitation": rules}))
    auto, person, _ = deck()
    auto.choose("demo", AutoProfile(forms="file", completions="file", file=str(file)), keep=False)
    assert await ask(auto, FORM) == Answer("accept", {"colour": "red"})
    await ask(auto, {"message": "Else?"})
    await ask(auto, SAMPLE, "sampling/createMessage")
    assert person.asked == ["elicitation/create", "sampling/createMessage"]


async def test_a_file_that_cannot_be_read_asks_the_person_and_says_why(tmp_path: Path) -> None:
    auto, person, store = deck()
    auto.choose("demo", AutoProfile(forms="file", file=str(tmp_path / "gone.json")), keep=False)
    await ask(auto, FORM)
    assert person.asked == ["elicitation/create"]
    (line,) = store.ring("demo")
    assert "The answers file cannot be used, you are asked" in str(line.data)


async def test_every_answer_is_told_in_the_log_and_beside_its_call_without_what_was_answered() -> None:
    auto, _, store = deck()
    auto.choose("demo", AutoProfile(forms="defaults"), keep=False)
    await ask(auto, FORM)
    (line,) = store.ring("demo")
    assert line.data == "A question (Which colour?) was accepted automatically: defaults."
    call = next(call for call in store.state.calls if call.id == "call-1")
    assert call.answered == ("accepted automatically: defaults",)
    assert "blue" not in str(line.data)


async def test_the_row_says_how_it_is_answered_and_keeps_saying_so_when_it_is_read_again() -> None:
    auto, _, store = deck()
    auto.choose("demo", AutoProfile(forms="defaults", completions="reply"), keep=False)
    row = store.state.mcp.servers["demo"]
    assert row.answers == "forms defaults · completions reply of canned"
    auto.choose("demo", AutoProfile(forms="decline", completions="decline"), keep=False)
    assert store.state.mcp.servers["demo"].answers == "decline"
    auto.choose("demo", ASKING, keep=False)
    assert store.state.mcp.servers["demo"].answers == ""


async def test_another_entry_that_takes_the_name_asks_the_person() -> None:
    auto, person, store = deck()
    auto.choose("demo", AutoProfile(forms="cancel"), keep=False)
    store._state = states.app_state(replace(ROW, digest="another"))
    await ask(auto, FORM)
    assert person.asked == ["elicitation/create"]


async def test_what_is_kept_is_handed_over_and_taken_back_in_the_next_run() -> None:
    auto, _, _ = deck()
    kept: list[Json] = []
    auto.keep_in(None, kept.append)
    auto.choose("demo", AutoProfile(forms="decline"), keep=True)
    again, person, store = deck()
    again.keep_in(cast("Json", json.loads(json.dumps(kept[-1]))), kept.append)
    assert await ask(again, FORM) == Answer("decline")
    assert person.asked == []
    assert store.state.mcp.servers["demo"].answers == "forms decline"
    again.choose("demo", ASKING, keep=True)
    assert kept[-1] is None


@pytest.mark.parametrize("value", [5, [], {"demo": 7}, {"demo": {"forms": "rm", "digest": 4}}, {"demo": {"forms": []}}])
async def test_what_was_kept_and_is_not_understood_asks_the_person(value: Json) -> None:
    auto, person, _ = deck()
    auto.keep_in(value, print)
    await ask(auto, FORM)
    assert person.asked == ["elicitation/create"]


async def test_a_server_that_appears_later_says_how_it_is_answered() -> None:
    store = Store()
    auto = AutoAnswers(Person(), store)
    auto.keep_in({"demo": {"forms": "decline", "digest": "d1"}}, print)
    store._state = states.app_state(replace(ROW, digest="d1"))
    store.flush()
    assert store.state.mcp.servers["demo"].answers == "forms decline"
    auto.close()


def test_a_gated_server_still_says_how_it_is_answered() -> None:
    store = Store(states.app_state(replace(ROW, answers="decline")))
    store.dispatch(ev.AnswersChosen("demo", "cancel"))
    assert store.state.mcp.servers["demo"].answers == "cancel"
