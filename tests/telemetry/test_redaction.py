"""What is a secret, and that no text or JSON that leaves the process has one in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.telemetry.redaction import (
    MASK,
    masked_text,
    redacted,
    redacted_text,
    secret_header,
    secret_member,
    secret_name,
    wire_secret,
)

SECRET = "s3cret-9f3a7c"
NAMES = [
    "password",
    "apiKey",
    "api_key",
    "X-Api-Key",
    "clientSecret",
    "client_secret",
    "authToken",
    "access_token",
    "refreshToken",
    "OPENAI_API_KEY",
    "Authorization",
    "Set-Cookie",
    "Mcp-Session-Id",
    "sessionId",
    "privateKey",
    "passphrase",
    "credentials",
    "code_verifier",
    "otp",
    "otp_code",
    "pinCode",
    "mcp.session.id",
]
MAYBE = [
    "passwords",
    "tokens",
    "secrets",
    "apiKeys",
    "access_keys",
    "pass",
    "db_pass",
    "jwt",
    "secretValue",
    "PRIVATE_KEY_PEM",
    "dbPassword1",
]
PLAIN = ["path", "name", "message", "max", "monkey", "keyboard", "author", "code", "state", "query", "count", "id"]


@pytest.mark.parametrize("name", NAMES)
def test_values_of_these_names_are_never_told_wherever_they_stand(name: str) -> None:
    given = {"a": [{name: SECRET}, [name, SECRET], {"deep": {name: [SECRET, {"x": SECRET}, 12345]}}]}
    told = json.dumps(redacted(given))
    assert SECRET not in told
    assert "12345" not in told
    assert name in told


@pytest.mark.parametrize("name", PLAIN)
def test_values_of_other_names_stay(name: str) -> None:
    assert redacted({name: "plain", "more": [name, "plain"]}) == {name: "plain", "more": [name, "plain"]}


@pytest.mark.parametrize("name", MAYBE)
def test_of_names_that_are_also_those_of_counts_only_numbers_are_told(name: str) -> None:
    given = {name: SECRET, "a": [{name: [SECRET, 12345]}, {name: {"x": SECRET}}]}
    assert redacted(given) == {name: MASK, "a": [{name: MASK}, {name: {"x": MASK}}]}
    assert redacted({name: 4096, "more": {name: None}}) == {name: 4096, "more": {name: None}}
    assert redacted(f"{name}: 4096, {name}={SECRET}") == f"{name}: 4096, {name}={MASK}"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "PASSWORD", "value": SECRET}, {"name": "PASSWORD", "value": MASK}),
        ({"Key": "db_password", "Value": [SECRET]}, {"Key": MASK, "Value": MASK}),
        ({"name": "max_tokens", "value": 4096}, {"name": "max_tokens", "value": 4096}),
        ({"name": "city", "value": "Bern"}, {"name": "city", "value": "Bern"}),
        (["mysql", "--password", SECRET, "-v"], ["mysql", "--password", MASK, "-v"]),
        (["--token", "--api-key", SECRET], ["--token", MASK, MASK]),
        (["--verbose", "x", "--tokens-file"], ["--verbose", "x", "--tokens-file"]),
    ],
    ids=["form", "tags", "count", "other", "option", "options", "no-secret"],
)
def test_what_stands_beside_the_name_of_a_secret_is_masked(given: Any, told: Any) -> None:
    assert redacted(given) == told
    assert redacted(told) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"password": "§ §"}', '{"password": "•••"}'),
        ('{"a": {"authToken": ["§"], "b": 1}}', '{"a": {"authToken": "•••", "b": 1}}'),
        ('[{"pass\\u0077ord": "§"}]', '[{"password": "•••"}]'),
        ('{"a": "{\\"secrets\\": [\\"§\\"]}"}', '{"a": "{\\"secrets\\": \\"•••\\"}"}'),
        ("{'password': '§ §', 'a': 1}", "{'password': '•••', 'a': 1}"),
        ("{'authToken': '§', 'tokens': ['§', '§'], 'a': 1", "{'authToken': '•••', 'tokens': •••, 'a': 1"),
        ('failed with {\\"apiKey\\": \\"§ §\\"}', 'failed with {\\"apiKey\\": \\"•••\\"}'),
        ("secrets: {a: §, b: §} and more", "secrets: ••• and more"),
        ("note: \"password='§ §'\" x", "note: \"password='•••'\" x"),
        ("login --password § --user ada", "login --password ••• --user ada"),
        ("login --password '§ §' ada", "login --password '•••' ada"),
        ("export PASSWORD='§ §'; ls", "export PASSWORD='•••'; ls"),
        ("password=§!$x*§ ls", "password=••• ls"),
        ("password = § ls", "password = ••• ls"),
        ("password='§ §", "password='•••'"),
        ("secret => §, b", "secret => •••, b"),
        ("use sk_live_51abcdefghijklmn now", "use ••• now"),
        ("curl -H 'Cookie: a=§; b=§' http://host", "curl -H 'Cookie: •••' http://host"),
        ("token=${HOME_TOKEN} x", "token=${HOME_TOKEN} x"),
        ('{"key": true, "token": null}', '{"key": true, "token": null}'),
        ("the verdict --fast pass: 3, author: me", "the verdict --fast pass: 3, author: me"),
    ],
)  # fmt: skip
def test_secrets_are_masked_in_every_notation_and_nothing_else_is(text: str, told: str) -> None:
    text = text.replace("§", "s3cret")
    assert redacted(text) == told
    assert redacted(redacted(text)) == redacted(text)
    assert "s3cret" not in str(redacted(text)).lower()


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"curl -H 'Authorization: Basic {SECRET}' http://host",
        f"https://ada:{SECRET}@host/path",
        f"https://host/?a=1&access_token={SECRET}#x",
        f"token={SECRET}",
        f"--api-key={SECRET}",
        f"Cookie: a=1; session={SECRET}",
        f"mcp-session-id: {SECRET}",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{SECRET.replace('-', '')}.AbCdEf",
        "sk-" + SECRET,
        "AKIAIOSFODNN7S3CRET9",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET.replace('-', '')}\n-----END RSA PRIVATE KEY-----",
    ],
    ids=[
        "bearer", "basic", "user-info", "query", "pair", "option", "cookie", "session", "jwt", "prefix", "aws", "pem"
    ],
)  # fmt: skip
def test_secrets_inside_texts_are_masked(text: str) -> None:
    told = redacted_text(text)
    assert MASK in told
    for part in ("s3cret", "S3CRET", "9f3a7c"):
        assert part not in told


def test_texts_without_secrets_stay_as_they_are() -> None:
    text = "Copied 3 files from /srv/data to https://host/a?b=c in 1.2 s (token count: about 30)"
    assert redacted_text(text) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_redaction_keeps_the_shape_and_never_raises(value: Any) -> None:
    def shape(of: Any) -> Any:
        match of:
            case dict():
                return {key: shape(item) for key, item in of.items()}
            case list():
                return len(of)
            case _:
                return None

    told = redacted(value)
    if isinstance(value, dict) and not any(secret_member(name) for name in value):
        assert list(told) == list(value)  # type: ignore[arg-type]
    if not (isinstance(value, dict) and any(secret_member(name) for name in _names(value))):
        assert shape(told) == shape(value)
    assert redacted(told) == told or "nan" in repr(told)


def _names(value: Any) -> list[str]:
    match value:
        case dict():
            return [*value, *(name for item in value.values() for name in _names(item))]
        case list():
            return [name for item in value for name in _names(item)]
        case _:
            return []


def test_what_is_nested_too_deep_to_be_looked_at_is_not_shown() -> None:
    value: Any = {"password": SECRET}
    for _ in range(5_000):
        value = [value]
    assert SECRET not in repr(redacted(value))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "token=" * 30_000,
        "-----BEGIN PRIVATE KEY-----" * 5_000,
        "eyJ" * 60_000,
        "eyJaaaaaaaa." * 15_000,
        "://" * 60_000,
        "authorization" * 15_000,
        "a_" * 100_000 + "=",
        "session_id" * 20_000,
        " \t" * 100_000 + "cookie",
        "password='" * 20_001,
        "password=[\n" * 20_000,
        "a" + "1" * 200_000 + "x: ",
        '"pass" ' * 30_000 + "--",
        "[" * 60_000,
        "cookie:" * 30_000,
    ],
    ids=[
        "letters",
        "pairs",
        "pem",
        "jwt",
        "jwt-parts",
        "urls",
        "headers",
        "names",
        "sessions",
        "spaces",
        "quotes",
        "lists",
        "digits",
        "words",
        "brackets",
        "cookies",
    ],
)
def test_no_text_makes_it_hang(text: str) -> None:
    """Each of them took minutes with a pattern that looks through a word from each of its parts."""
    assert redacted(text)


def test_the_names_of_each_place_are_those_of_that_place() -> None:
    assert wire_secret("code")
    assert wire_secret("STATE")
    assert not secret_member("code")
    assert not secret_name("state")
    assert secret_header("DPoP")
    assert secret_header("x-my-token")
    assert not secret_header("accept")
    assert masked_text("sh -c 'token=x; rm -rf ~'") == f"sh -c 'token={MASK}; rm -rf ~'"
