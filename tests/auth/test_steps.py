from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from mcpdeck.services.auth.masking import LONGEST_SECRET, SHOWN
from mcpdeck.services.auth.rules import RULES, verdict
from mcpdeck.services.auth.steps import KEPT, MOST_HIDDEN, Got, Recorder, Sent
from mcpdeck.services.models import LoginPhase, LoginStep, ShownField
from mcpdeck.services.telemetry.redaction import MASK

SECRET = "s3cr3t-of-this-test"
FORM = (("content-type", "application/x-www-form-urlencoded"),)
JSON = (("content-type", "application/json; charset=utf-8"),)


def recorded(sent: Sent, got: Got | None = None, error: str = "") -> tuple[Recorder, LoginStep]:
    recorder = Recorder()
    recorder.exchange(LoginPhase.TOKEN, "Token", sent, got, 12.5, error)
    return recorder, recorder.steps[-1]


def fields(step: LoginStep) -> list[ShownField]:
    return [field for side in (step.request, step.answer) if side is not None for field in (*side.headers, *side.body)]


def everything(recorder: Recorder, *traces: Any) -> str:
    """All that may be seen; the ``repr`` of a step shows its fields in full."""
    return repr((recorder.steps, traces))


NAMES = (
    "code", "code_verifier", "client_secret", "client_assertion", "assertion", "subject_token", "actor_token",
    "refresh_token", "access_token", "id_token", "token", "registration_access_token", "state",
)  # fmt: skip
FIELDS = ("form", "json", "nested json", "query", "location")
"""Where a secret has a field of its own; elsewhere it stands in a text and cannot be revealed."""


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *((name, way) for name in NAMES for way in (*FIELDS, "fragment", "text", "json as text")),
        *(("api_key", way) for way in FIELDS),
    ],
)
def test_a_secret_is_masked_wherever_it_stands_and_can_be_revealed(name: str, way: str) -> None:
    url = "https://h/token"
    sent, got = Sent("POST", url), Got(200, "OK")
    match way:
        case "form":
            sent = Sent("POST", url, FORM, f"grant_type=x&{name}={SECRET}".encode())
        case "json":
            got = Got(200, "OK", JSON, json.dumps({name: SECRET, "expires_in": 60}).encode())
        case "nested json":
            got = Got(200, "OK", JSON, json.dumps({"data": [{name: SECRET, "kept": "shown"}]}).encode())
        case "query":
            sent = Sent("GET", f"{url}?x=1&{name}={SECRET}#y")
        case "fragment":
            sent = Sent("GET", f"{url}#{name}={SECRET}&x=1")
        case "location":
            got = Got(302, "Found", (("Location", f"http://127.0.0.1/callback?{name}={SECRET}&iss=https://h"),))
        case "text":
            got = Got(500, "Oops", (("content-type", "text/html"),), f"<p>{name}={SECRET}</p>".encode())
        case _:
            got = Got(200, "OK", JSON, f'{{"{name}": "{SECRET}", unfinished'.encode())
    recorder, step = recorded(sent, got)
    assert SECRET not in everything(recorder)
    assert MASK in repr((step.request, step.answer))
    if way in FIELDS:
        revealed = [recorder.reveal(field.secret) for field in fields(step) if field.secret]
        assert any(SECRET in (value or "") for value in revealed)


def test_what_is_no_secret_is_shown_as_it_is() -> None:
    body = {
        "token_endpoint": "https://h/token", "code_challenge_methods_supported": ["S256"], "token_type": "Bearer",
        "expires_in": 60, "scope": "a b", "authorization_endpoint": "https://h/authorize",
    }  # fmt: skip
    _, step = recorded(
        Sent("GET", "https://h/authorize?client_id=me&code_challenge=abc&redirect_uri=http%3A%2F%2F127.0.0.1%2Fc"),
        Got(200, "OK", JSON, json.dumps(body).encode()),
    )
    assert step.request is not None and step.answer is not None
    assert {field.name: field.shown for field in step.request.body} == {
        "client_id": "me",
        "code_challenge": "abc",
        "redirect_uri": "http://127.0.0.1/c",
    }
    shown = {field.name: field.shown for field in step.answer.body}
    assert shown["code_challenge_methods_supported"] == '["S256"]'
    assert shown["expires_in"] == "60"
    assert shown["token_endpoint"] == "https://h/token"
    assert not [field.secret for field in fields(step) if field.secret]


def test_headers_that_say_who_we_are_keep_only_their_scheme() -> None:
    basic = base64.b64encode(f"client:{SECRET}".encode()).decode()
    headers = (
        ("Authorization", f"Basic {basic}"),
        ("DPoP", "a.proof.of-a-key"),
        ("Cookie", "session=abcdefgh"),
        ("X-Api-Key", "key-of-somebody"),
        ("Accept", "application/json"),
    )
    answer = Got(400, "Bad Request", (("Set-Cookie", "s=12345678"),), f"your secret {SECRET} is wrong".encode())
    recorder, step = recorded(Sent("POST", "https://h/token", headers), answer)
    assert step.request is not None and step.answer is not None
    assert [field.shown for field in step.request.headers] == [f"Basic {MASK}", MASK, MASK, MASK, "application/json"]
    assert step.answer.headers[0].shown == MASK
    assert step.answer.text == f"your secret {MASK} is wrong"
    assert recorder.reveal(step.request.headers[0].secret) == f"Basic {basic}"
    for hidden in (SECRET, basic, "a.proof.of-a-key", "abcdefgh", "key-of-somebody", "12345678"):
        assert hidden not in everything(recorder)


def test_a_secret_that_an_answer_sends_back_is_masked_there_and_in_what_is_said_about_it() -> None:
    recorder = Recorder()
    sent = Sent("POST", "https://h/token", FORM, f"code={SECRET}".encode())
    answer = Got(400, "Bad Request", JSON, json.dumps({"error_description": f"code {SECRET} is used"}).encode())
    number = recorder.exchange(LoginPhase.TOKEN, "Token", sent, answer, 1, f"refused: {SECRET}")
    recorder.judge(number, verdict("token.granted", False, f"it says: code {SECRET} is used"))
    recorder.event(LoginPhase.TOKEN, f"Failed with {SECRET}", error=f"because of {SECRET}")
    assert SECRET not in everything(recorder)
    assert recorder.masked(f"<{SECRET}>") == f"<{MASK}>"
    assert recorder.steps[0].error == f"refused: {MASK}"
    assert recorder.steps[0].verdicts[0].wrong == f"it says: code {MASK} is used"


def test_what_an_answer_shows_to_be_a_secret_is_masked_in_its_request_too() -> None:
    sent = Sent("POST", "https://h/register", JSON, json.dumps({"software_id": SECRET}).encode())
    recorder, _ = recorded(sent, Got(201, "Created", JSON, json.dumps({"client_secret": SECRET}).encode()))
    assert SECRET not in everything(recorder)


def test_a_word_that_stands_under_the_name_of_a_secret_is_not_masked_elsewhere() -> None:
    body = json.dumps({"code": "not_found", "nested": {"code": "not_found"}, "message": "not_found"}).encode()
    recorder, step = recorded(Sent("GET", "https://h/x"), Got(404, "Not Found", JSON, body))
    assert step.answer is not None
    assert [field.shown for field in step.answer.body] == [MASK, f'{{"code":"{MASK}"}}', "not_found"]
    assert recorder.masked("not_found") == "not_found"


def test_a_member_that_comes_twice_is_seen_twice_and_masked_twice() -> None:
    body = b'{"access_token": "first-token-1", "access_token": "second-token-2"}'
    recorder, step = recorded(Sent("POST", "https://h/token"), Got(200, "OK", JSON, body))
    assert step.answer is not None
    assert [field.name for field in step.answer.body] == ["access_token", "access_token (again)"]
    assert "-token-" not in everything(recorder)


def test_the_trace_has_the_shape_of_every_other_exchange_and_no_secret() -> None:
    traced: list[Any] = []
    recorder = Recorder(traced=traced.append)
    sent = Sent("GET", f"https://u:{SECRET}@h/x?code={SECRET}", (("Authorization", f"Bearer {SECRET}"),))
    recorder.exchange(LoginPhase.SERVER, "x", sent, Got(200, "OK", JSON, b"{}"), 1.23456)
    recorder.exchange(LoginPhase.SERVER, "x", sent, None, None, "no")
    assert traced == [
        {
            "request": {
                "method": "GET",
                "url": f"https://{MASK}@h/x?code={MASK}",
                "headers": [["Authorization", f"Bearer {MASK}"]],
            },
            "status": 200,
            "reason": "OK",
            "headers": [["content-type", "application/json; charset=utf-8"]],
            "ms": 1.235,
        },
        {**traced[0], "status": None, "reason": "", "headers": [], "ms": None},
    ]
    assert SECRET not in everything(recorder, traced)


def test_hostile_text_is_made_visible_and_bounded() -> None:
    evil = "\x1b[31m\u202e" + "x" * 3 * SHOWN
    answer = Got(200, f"OK{evil}", (("X-Note", evil), (evil, "y")), evil.encode())
    _, step = recorded(Sent("GET", f"https://h/{evil}"), answer, evil)
    assert step.request is not None and step.answer is not None
    texts = [step.error, step.request.line, step.answer.line, step.answer.text]
    texts += [text for field in fields(step) for text in (field.name, field.shown)]
    assert not [text for text in texts if "\x1b" in text or "\u202e" in text]
    assert all(len(text) <= SHOWN + 200 for text in texts)


def test_a_secret_beyond_all_measure_is_masked_and_not_kept() -> None:
    recorder, step = recorded(Sent("POST", "https://h/t", FORM, b"code=" + b"x" * (LONGEST_SECRET + 1)))
    assert step.request is not None
    assert step.request.body[0] == ShownField("code", MASK, "")
    assert recorder._hidden == {}


def test_a_new_login_forgets_the_steps_and_the_secrets_of_the_one_before() -> None:
    recorder, step = recorded(Sent("POST", "https://h/t", FORM, f"code={SECRET}".encode()))
    assert step.request is not None
    key = step.request.body[0].secret
    assert recorder.reveal(key) == SECRET
    recorder.begin()
    assert recorder.steps == ()
    assert recorder.reveal(key) is None
    assert recorder.masked(SECRET) == SECRET
    number = recorder.event(LoginPhase.CHALLENGE, "again")
    assert number > step.number
    recorder.judge(step.number, verdict("token.status", False, "late"))
    assert recorder.steps[0].verdicts == ()


def test_the_newest_steps_are_kept_and_only_their_secrets() -> None:
    recorder = Recorder()
    for index in range(KEPT + 20):
        body = "&".join(f"{name}=value-{index}-{name}" for name in ("code", "state", "token"))
        recorder.exchange(LoginPhase.TOKEN, "t", Sent("POST", "https://h/t", FORM, body.encode()), None, 1, "no")
    assert len(recorder.steps) == KEPT
    assert len(recorder._hidden) == MOST_HIDDEN
    last = recorder.steps[-1].request
    assert last is not None
    assert recorder.reveal(last.body[0].secret) == f"value-{KEPT + 19}-code"
    assert len(recorder._values) <= 2 * MOST_HIDDEN


def test_every_change_is_told() -> None:
    told: list[int] = []
    recorder = Recorder(changed=lambda: told.append(len(recorder.steps)))
    number = recorder.event(LoginPhase.CHALLENGE, "The server answered 401", verdict("challenge.present", True))
    recorder.judge(number, verdict("challenge.bearer", False, "it is Basic"))
    recorder.judge(number)
    recorder.begin()
    assert told == [1, 1, 0]


def test_a_step_says_whether_it_failed_and_what_to_do() -> None:
    recorder = Recorder(now=lambda: 1000.0)
    recorder.exchange(LoginPhase.TOKEN, "t", Sent("GET", "https://h/"), Got(200, "OK"), 500.0)
    (step,) = recorder.steps
    assert not step.failed
    assert (step.at, step.ms) == (999.5, 500.0)
    recorder.judge(step.number, verdict("token.status", None, "a remark"), verdict("token.type", False, "it is mac"))
    (step,) = recorder.steps
    assert step.failed
    remark, wrong = step.verdicts
    assert (remark.passed, remark.wrong) == (None, "a remark")
    assert (wrong.wrong, wrong.fix, wrong.section) == (
        "it is mac",
        "Return token_type: Bearer.",
        "RFC 6749, section 7.1",
    )
    assert verdict("token.type", True, "unused").wrong == ""


def test_a_rule_that_nobody_wrote_down_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        verdict("no.such-rule", True)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_names_what_is_expected_where_that_stands_and_what_to_do(rule: str) -> None:
    made = RULES[rule]
    assert made.id == rule
    assert made.expects and made.expects[0].islower() and not made.expects.endswith(".")
    assert made.fix.endswith(".")
    assert made.section.startswith(("RFC ", "MCP", "OpenID", "OAuth 2.1", "draft-"))
