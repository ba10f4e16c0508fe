"""What stands in the address that a login comes back with, and in which order it is believed."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from mcpdeck.services.auth.kinds import Invitation
from mcpdeck.services.auth.redirect import LONGEST, NotTheAnswer, code_of
from mcpdeck.services.errors import AuthorizationDenied
from mcpdeck.services.models import Verdict

ISSUER = "https://as.example.com"
BACK = "http://127.0.0.1:7777/callback"
STATE = "the-right-state"
INVITATION = Invitation("srv", ISSUER, "https://mcp", "me", (), (), "https://as.example.com/authorize", BACK, "")


def code(url: str, *, issuer: str = ISSUER, iss_supported: bool = False, verdicts: list[Verdict] | None = None) -> str:
    return code_of(
        url, invitation=INVITATION, state=STATE, issuer=issuer, iss_supported=iss_supported, verdicts=verdicts
    )


def back(*pairs: tuple[str, str], **params: str) -> str:
    return f"{BACK}?{urlencode([*params.items(), *pairs])}"


@pytest.mark.parametrize(
    ("url", "iss_supported"),
    [
        (back(code="c1", state=STATE), False),
        (back(code="c1", state=STATE, iss=ISSUER), False),
        (back(code="c1", state=STATE, iss=ISSUER), True),
        (back(code="c1", state=STATE, session_state="x", scope="a b"), False),
    ],
)
def test_the_code_is_taken_where_state_and_issuer_are_right(url: str, iss_supported: bool) -> None:
    assert code(url, iss_supported=iss_supported) == "c1"


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {back(code='c1', state=STATE)} \r\n",
        f"code=c1&state={STATE}",
        f"?code=c1&state={STATE}",
        f"127.0.0.1:7777/callback?code=c1&state={STATE}",
        f'"{back(code="c1", state=STATE)}"',
        f"<{back(code='c1', state=STATE)}>",
        f"{BACK}?code=c1&\n  state={STATE}",
        f"\x1b[200~{back(code='c1', state=STATE)}\x1b[201~",
        f"{back(code='c1', state=STATE)}#",
        f"https://relay.example.com/back?code=c1&state={STATE}",
    ],
)
def test_a_pasted_address_may_be_as_people_paste_it(pasted: str) -> None:
    assert code(pasted) == "c1"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no address of a finished login"),
        ("hello", "no address of a finished login"),
        (BACK, "no address of a finished login"),
        (back(error_description="x"), "no address of a finished login"),
        (back(code="c1"), "state is missing"),
        (back(code="c1", state=""), "not the one that was sent"),
        (back(code="c1", state="the-right-statf"), "not the one that was sent"),
        (back(code="c1", state="ÿ"), "not the one that was sent"),
        (back(("state", STATE), code="c1", state=STATE), "not the one that was sent"),
        (back(error="access_denied", state="other"), "not the one that was sent"),
        (back(code="c1", state=STATE) + "&x" * LONGEST, "no address of a finished login"),
        (back(*[(f"p{n}", "1") for n in range(100)], code="c1", state=STATE), "no address of a finished login"),
        (f"https://as.example.com/authorize?state={STATE}&code_challenge=abc", "the address that was opened"),
    ],
)
def test_an_address_of_another_login_is_no_answer_and_the_right_one_may_still_come(url: str, says: str) -> None:
    with pytest.raises(NotTheAnswer, match=says) as caught:
        code(url, iss_supported=True)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("iss", "issuer", "iss_supported"),
    [
        pytest.param(None, ISSUER, True, id="promised and missing"),
        pytest.param("", ISSUER, False, id="empty"),
        pytest.param("https://evil.example.com", ISSUER, False, id="of another, though never promised"),
        pytest.param("https://evil.example.com", ISSUER, True, id="of another"),
        pytest.param(f"{ISSUER}/", ISSUER, True, id="with a slash more"),
        pytest.param("https://AS.example.com", ISSUER, True, id="in capitals"),
        pytest.param("https://as.example.com:443", ISSUER, True, id="with the default port"),
        pytest.param("https://as.example.com/%61", "https://as.example.com/a", True, id="escaped twice"),
    ],
)
@pytest.mark.parametrize("outcome", ["code", "error"])
def test_an_answer_of_another_issuer_is_not_used_and_nothing_of_it_is_shown(
    iss: str | None, issuer: str, iss_supported: bool, outcome: str
) -> None:
    given = {"code": "c1"} if outcome == "code" else {"error": "EVIL-error", "error_description": "EVIL-words"}
    url = back(**given, state=STATE, **({} if iss is None else {"iss": iss}))
    verdicts: list[Verdict] = []
    with pytest.raises(AuthorizationDenied) as caught:
        code(url, issuer=issuer, iss_supported=iss_supported, verdicts=verdicts)
    error = caught.value
    assert not isinstance(error, NotTheAnswer)
    shown = f"{error.title} {error.hint} {error.details} {verdicts}"
    assert "iss" in error.title
    assert "EVIL" not in shown
    assert "c1" not in shown
    assert [(verdict.rule, verdict.passed) for verdict in verdicts] == [("authz.state", True), ("authz.iss", False)]


@pytest.mark.parametrize("name", ["code", "iss", "error"])
def test_a_parameter_that_comes_twice_ends_the_login(name: str) -> None:
    params = {"state": STATE, name: ISSUER}
    with pytest.raises(AuthorizationDenied, match=f"more than one {name}") as caught:
        code(back((name, ISSUER), **params))
    assert not isinstance(caught.value, NotTheAnswer)


def test_an_answer_with_neither_code_nor_error_says_so() -> None:
    verdicts: list[Verdict] = []
    with pytest.raises(AuthorizationDenied, match="without a code"):
        code(back(state=STATE, code=""), verdicts=verdicts)
    assert verdicts[-1].rule == "authz.code" and verdicts[-1].passed is False


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("access_denied", "allow the access"),
        ("invalid_scope", '"scopes"'),
        ("unauthorized_client", "registration"),
        ("invalid_target", "operator"),
        ("made_up", "steps of the login"),
    ],
)
def test_an_error_of_the_authorization_server_is_told_with_what_to_do(error: str, hint: str) -> None:
    with pytest.raises(AuthorizationDenied) as caught:
        code(
            back(error=error, error_description="Because\x1b[2J of\nthis", state=STATE, iss=ISSUER), iss_supported=True
        )
    assert error in caught.value.title
    assert "Because" in caught.value.title and "\x1b" not in caught.value.title and "\n" not in caught.value.title
    assert hint in caught.value.hint
    assert caught.value.details["error"] == error


def test_a_hostile_error_is_bounded() -> None:
    with pytest.raises(AuthorizationDenied) as caught:
        code(back(error="e" * 4000, error_description="d" * 9000, state=STATE))
    assert len(caught.value.title) < 600
    assert caught.value.details["error"] == "an error without a proper code"
