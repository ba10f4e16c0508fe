"""What is told of a login and its token: words for times, scopes, claims, exchanges and verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.services.models import (
    AuthView,
    ExchangeSide,
    JsonObject,
    LoginPhase,
    LoginStatus,
    LoginStep,
    ShownField,
    Status,
    TokenView,
    Verdict,
)
from mcpdeck.widgets.auth_detail import DetailRow, step_rows
from mcpdeck.widgets.auth_steps import Repeated, folded, mark_of, step_of
from mcpdeck.widgets.ink import Line, line_width
from mcpdeck.widgets.server_facts import overview
from mcpdeck.widgets.status_marks import status_words
from mcpdeck.widgets.token_lines import authorization, before_any, expiry, lasting, panel, token_rows
from tests.ui import auth_states as auth
from tests.ui.form_stage import FORBIDDEN, HOSTILE
from tests.ui.states import NOW


def words_of(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def shown(step: LoginStep, width: int = 60, revealed: dict[str, str] | None = None) -> str:
    return words_of([row.line for row in step_rows(step, width, revealed or {})])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (723, "12 min 3 s"),
        (3_600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400 * 5 + 7_300, "5 d 2 h"),
        (86_400 * 400, "400 d"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("at", "words", "ink"),
    [
        (None, "no end named", ""),
        (NOW + 723, "expires in 12 min 3 s", ""),
        (NOW + 300, "expires in 5 min", "warn"),
        (NOW, "expired 0 s ago", "bad"),
        (NOW - 61, "expired 1 min 1 s ago", "bad"),
    ],
)
def test_the_end_of_a_token_stands_out_once_it_is_near(at: float | None, words: str, ink: str) -> None:
    assert expiry(replace(auth.TOKEN, expires_at=at), NOW) == (words, ink)


def test_the_panel_tells_issuer_client_scopes_end_refresh_and_claims() -> None:
    told = words_of(panel(auth.DONE, NOW))
    for words in (
        "● logged in",
        f"Issuer    {auth.ISSUER}",
        "Client    mcpdeck-5f1c0a77d2e0",
        "vault:read · vault:write · offline_access",
        "Bearer · expires in 12 min 3 s · has a refresh token",
        "10:17:03 a new token",
        "sub ada · aud https://vault.example.com/mcp",
        "2 more",
    ):
        assert words in told
    assert len(panel(auth.DONE, NOW, short=True)) == 2


def test_a_login_that_failed_says_why_in_the_panel() -> None:
    (line,) = panel(auth.FAILED, NOW)
    assert ("✖ ", "bad") in line
    assert "invalid_grant" in words_of([line])


def test_everything_about_a_token_is_told_with_its_claims_whole() -> None:
    told = words_of([*token_rows(auth.TOKEN, 70, NOW)])
    for words in ("authorization code", "10:32:03, expires in 12 min 3 s", "weaker than a keychain",
                  "nobody verified them", '"sub": "ada"', '    "sub": "mcpdeck-5f1c0a77d2e0"'):  # fmt: skip
        assert words in told
    assert "no JWT" in words_of([*token_rows(replace(auth.TOKEN, claims=None), 70, NOW)])


def test_the_overview_has_a_section_on_the_login_and_none_where_there_never_was_one() -> None:
    told = words_of([*authorization(auth.used(), 70, NOW)])
    assert "Authorization  A shows every step and the token" in told
    assert "expires in 12 min 3 s · has a refresh token" in told
    assert [*authorization(auth.wanted(), 70, NOW)] == []
    assert told in words_of(overview(auth.used(), 70, NOW))


@pytest.mark.parametrize(
    ("view", "said", "row"),
    [
        (None, "Enter shows what is asked; o there opens your browser at", "needs-auth · HTTP 401"),
        (auth.RUNNING, "Not connected: logging in", "logging in"),
        (auth.WAITING, "w goes to it", "login waits for you"),
        (auth.FAILED, "✖ the login failed", "needs-auth · HTTP 401"),
    ],
)
def test_a_server_that_wants_a_login_says_why_and_what_happens_on_enter(
    view: AuthView | None, said: str, row: str
) -> None:
    server = auth.wanted(view)
    told = words_of(overview(server, 100, NOW))
    assert "The server answered 401 Unauthorized" in told
    assert said in told
    assert status_words(server, NOW) == row


def test_what_enter_does_is_said_where_the_error_says_nothing_of_it() -> None:
    error = auth.WANTED.error
    assert error is not None
    told = words_of(overview(replace(auth.WANTED, error=replace(error, hint="")), 100, NOW))
    assert "Enter logs in" in told
    going = replace(auth.wanted(auth.WAITING), status=Status.CONNECTING)
    assert status_words(going, NOW) == "login waits for you"


def test_a_step_is_marked_by_its_worst_verdict() -> None:
    remark = Verdict("r", "e", "s", None)
    broken = Verdict("r", "e", "s", passed=False)
    fine = Verdict("r", "e", "s", passed=True)
    step = LoginStep(1, LoginPhase.TOKEN, "t", NOW, request=ExchangeSide("GET /"), answer=ExchangeSide("200 OK"))
    assert mark_of(step).glyph == "●"
    assert mark_of(replace(step, verdicts=(fine,))).glyph == "✔"
    assert mark_of(replace(step, verdicts=(fine, remark))).glyph == "▲"
    assert mark_of(replace(step, verdicts=(remark, broken, fine))).glyph == "✖"
    assert mark_of(replace(step, error="gone", verdicts=(fine,))).glyph == "✖"
    assert mark_of(LoginStep(1, LoginPhase.TOKEN, "t", NOW)).glyph == "·"


def test_what_is_wrong_comes_first_with_how_it_is_mended_then_what_is_right_then_the_exchange() -> None:
    told = shown(auth.REFUSED)
    wrong, request, checked = (told.index(words) for words in ("✖ an error is answered", "Request\nPOST", "Checked\n✔"))
    assert wrong < checked < request
    assert "the error invalid_grant came with 200 OK" in told
    assert "→ Answer errors of the token endpoint with 400" in told
    assert "RFC 6749, 5.2" in told


def test_of_a_message_the_body_comes_before_the_headers_and_of_these_the_telling_ones_first() -> None:
    headers = tuple(ShownField(name, "h") for name in ("connection", "User-Agent", "Content-Type", "date"))
    side = ExchangeSide("POST /token", headers, (ShownField("grant_type", "authorization_code"),))
    told = shown(LoginStep(1, LoginPhase.TOKEN, "Token request", NOW, request=side))
    places = [told.index(name) for name in ("grant_type", "Content-Type", "connection", "User-Agent", "date")]
    assert places == sorted(places)


def test_refreshes_in_a_row_are_one_row_and_one_that_went_another_way_stands_alone() -> None:
    good = ExchangeSide("200 OK")
    steps = [
        LoginStep(at, LoginPhase.REFRESH, "Refresh the token", NOW + at, 9.0, good, good if at != 5 else None,
                  error="gone" if at == 5 else "")
        for at in range(1, 9)
    ]  # fmt: skip
    rows = folded([*auth.STEPS[:2], *steps])
    assert [len(row.steps) if isinstance(row, Repeated) else row.number for row in rows] == [1, 2, 4, 5, 3]
    assert step_of(rows[-1]) is steps[-1]
    assert folded([auth.FOUND, auth.FOUND]) == [auth.FOUND, auth.FOUND]


def test_before_any_step_the_challenges_are_told_as_they_came_and_what_can_be_pressed() -> None:
    challenge = 'Bearer resource_metadata="https://vault.example.com/.well-known/x", scope="vault:read"'
    error = replace(auth.WANTED.error, details={"status": 401, "challenges": [challenge, "\x1b[2J", 3]})
    told = words_of([*before_any(replace(auth.WANTED, error=error), 200)])
    for words in ("The server answered 401 Unauthorized", challenge, "L  logs in", "d  finds out"):
        assert words in told
    assert not FORBIDDEN & set(told)
    assert "WWW-Authenticate" not in words_of([*before_any(auth.WANTED, 80)])


def test_why_there_was_no_answer_is_told() -> None:
    told = shown(auth.UNANSWERED)
    assert "did not answer within 10 s" in told
    assert "Answer" not in told


def test_a_masked_value_is_shown_only_where_it_is_revealed() -> None:
    assert "SplxlOBeZQQYbYS6WxSbIA" not in shown(auth.TOKENS)
    told = shown(auth.TOKENS, revealed={"key-code": "SplxlOBeZQQYbYS6WxSbIA"})
    assert "code           SplxlOBeZQQYbYS6WxSbIA" in told
    assert "code_verifier  ***" in told


def test_a_name_that_is_too_long_for_its_column_stands_on_a_line_of_its_own() -> None:
    told = shown(auth.METADATA, 70)
    assert f'\ncode_challenge_methods_supported\n{" " * 28}["S256"]\n' in told
    assert f"\nissuer{' ' * 22}{auth.ISSUER}" in told


def test_rows_of_a_long_value_are_copied_whole() -> None:
    rows = [row for row in step_rows(auth.CHALLENGED, 50, {}) if "Bearer resource_metadata" in row.copies]
    assert len(rows) > 2
    assert {row.copies for row in rows} == {auth.CHALLENGED.answer.headers[0].shown}  # type: ignore[union-attr]


@pytest.mark.parametrize("width", [24, 50, 76])
@pytest.mark.parametrize("step", [*auth.STEPS, auth.REFUSED, auth.UNANSWERED], ids=lambda step: step.title)
def test_no_row_is_wider_than_its_room(step: LoginStep, width: int) -> None:
    rows: list[DetailRow] = step_rows(step, width, {"key-access_token": "x" * 900})
    assert max(line_width(row.line) for row in rows) <= width


@pytest.mark.parametrize("words", HOSTILE)
def test_what_an_authorization_server_says_is_shown_and_never_sent_raw(words: str) -> None:
    field = ShownField(words, words, "key")
    side = ExchangeSide(words, (field,), (field,), words)
    verdict = Verdict(words, words, words, passed=False, wrong=words, fix=words)
    step = LoginStep(1, LoginPhase.TOKEN, words, NOW, 1.0, side, side, (verdict, replace(verdict, passed=True)), words)
    claims: JsonObject = {words: words, "sub": words, "aud": [words]}
    token = TokenView(words, words, words, "id_jag", words, (words,), NOW, None, True, words, NOW, claims, words)
    view = AuthView(LoginStatus.FAILED, words, (step,), token)
    lines = [
        *(row.line for row in step_rows(step, 60, {"key": words})),
        *panel(view, NOW),
        *token_rows(token, 60, NOW),
        *authorization(auth.used(view), 60, NOW),
    ]
    told = words_of(lines)
    assert not FORBIDDEN & set(told)
    assert all("\n" not in text for line in lines for text, _ in line)
