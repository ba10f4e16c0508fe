"""A login in the dashboard: which questions it asks, and what the answers mean."""

from __future__ import annotations

import pytest

from mcpdeck.services.auth.kinds import Invitation
from mcpdeck.services.engine.login_questions import CONSENT, FORM, LOGIN, AskingHands
from mcpdeck.services.errors import AuthorizationDenied, RegistrationError
from mcpdeck.services.models import as_object
from mcpdeck.services.session import Answer, Question

pytestmark = pytest.mark.anyio

INVITATION = Invitation(
    server="peer",
    issuer="https://as.example",
    resource="https://mcp.example/mcp",
    client_id="the-client",
    scopes=("read", "write"),
    added=("write",),
    url="https://as.example/authorize?state=s",
    redirect_uri="http://127.0.0.1:1/callback",
    why="a call wants more",
)


class Person:
    """Answers one after the other."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Question] = []

    async def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.answers.pop(0)


def accept(**content: str) -> Answer:
    return Answer("accept", dict(content))


async def test_the_question_tells_who_asks_for_what_and_where() -> None:
    person = Person(accept(redirect="http://127.0.0.1:1/callback?code=c&state=s"))
    arrived: list[str] = []
    hands = AskingHands(person)
    assert hands.opening == "browser"
    await hands.authorize(INVITATION, arrived.append)
    assert arrived == ["http://127.0.0.1:1/callback?code=c&state=s"]
    (question,) = person.asked
    assert (question.server, question.method, question.call) == ("peer", LOGIN, None)
    assert question.params == {
        "server": "peer",
        "issuer": "https://as.example",
        "resource": "https://mcp.example/mcp",
        "clientId": "the-client",
        "scopes": ["read", "write"],
        "added": ["write"],
        "url": "https://as.example/authorize?state=s",
        "redirectUri": "http://127.0.0.1:1/callback",
        "why": "a call wants more",
        "manual": False,
        "error": "",
    }


async def test_an_address_that_is_not_the_answer_is_asked_for_again_with_what_was_wrong() -> None:
    person = Person(accept(redirect="wrong"), accept(), accept(redirect="right"))

    def arrived(address: str) -> None:
        if address != "right":
            raise AuthorizationDenied(f"{address or 'nothing'} is not it")

    await AskingHands(person).authorize(INVITATION, arrived)
    assert [question.params["error"] for question in person.asked] == ["", "wrong is not it", "nothing is not it"]


@pytest.mark.parametrize("action", ["cancel", "decline"])
async def test_a_person_who_cancels_ends_the_login(action: str) -> None:
    answer = Answer(action)  # type: ignore[arg-type]
    with pytest.raises(AuthorizationDenied, match="cancelled"):
        await AskingHands(Person(answer)).authorize(INVITATION, lambda _: None)
    with pytest.raises(AuthorizationDenied, match="cancelled"):
        await AskingHands(Person(answer)).identify("peer", "https://as.example")
    person = Person(answer)
    assert not await AskingHands(person).consent(INVITATION)
    assert (person.asked[0].method, person.asked[0].params["added"]) == (CONSENT, ["write"])


async def test_consent_is_an_accepted_question() -> None:
    assert await AskingHands(Person(Answer("accept"))).consent(INVITATION)


@pytest.mark.parametrize(("said", "chosen"), [({"issuer": "b"}, "b"), ({"issuer": "z"}, None), ({}, None)])
async def test_an_authorization_server_is_chosen_among_those_that_were_named(
    said: dict[str, str], chosen: str | None
) -> None:
    person = Person(accept(**said))
    if chosen is None:
        with pytest.raises(AuthorizationDenied, match="no authorization server was chosen"):
            await AskingHands(person).choose("peer", ("a", "b"))
    else:
        assert await AskingHands(person).choose("peer", ("a", "b")) == chosen
    schema = as_object(person.asked[0].params["requestedSchema"])
    assert person.asked[0].method == FORM
    assert as_object(as_object(schema["properties"])["issuer"])["enum"] == ["a", "b"]


async def test_a_client_identity_is_an_id_and_where_there_is_one_a_secret_that_is_not_shown() -> None:
    person = Person(accept(client_id=" id ", client_secret="hush"), accept(client_id="id"), accept(client_id=" "))
    hands = AskingHands(person)
    assert await hands.identify("peer", "https://as.example") == ("id", "hush")
    assert await hands.identify("peer", "https://as.example") == ("id", None)
    with pytest.raises(RegistrationError, match="no client id"):
        await hands.identify("peer", "https://as.example")
    properties = as_object(as_object(person.asked[0].params["requestedSchema"])["properties"])
    assert as_object(properties["client_secret"])["format"] == "password"
