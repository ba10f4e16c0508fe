"""What is read of a token: the payload of a JWT, and nothing of anything else, however odd it is."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.auth.claims import claims_of


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt_of(payload: Any, header: Any = None) -> str:
    first = json.dumps(header if header is not None else {"alg": "ES256", "typ": "at+jwt"}).encode()
    second = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return f"{b64(first)}.{b64(second)}.{b64(b'signature')}"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_the_claims_of_a_jwt_are_read_whoever_signed_it() -> None:
    claims = {"iss": "https://as.example", "aud": ["a"], "exp": 1, "scope": "read", "cnf": {"jkt": "x"}}
    assert claims_of(jwt_of(claims)) == claims


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("opaque-token", id="opaque"),
        pytest.param("", id="empty"),
        pytest.param("..", id="dots"),
        pytest.param("a.b.c", id="no base64 of JSON"),
        pytest.param("a.b.c.d.e", id="encrypted"),
        pytest.param("ä.ö.ü", id="not ASCII"),
        pytest.param(jwt_of([1, 2]), id="a list"),
        pytest.param(jwt_of("text"), id="a text"),
        pytest.param(jwt_of(b"\xff\xfe"), id="no text"),
        pytest.param(jwt_of(b"{"), id="broken JSON"),
        pytest.param(jwt_of({"a": 1}, header=[]), id="a header that is a list"),
        pytest.param(jwt_of(b"[" * 40_000), id="bottomless"),
        pytest.param(jwt_of(nested(40)), id="deep"),
        pytest.param(jwt_of({str(number): number for number in range(2000)}), id="wide"),
        pytest.param(jwt_of({"a": "x" * 70_000}), id="long"),
        pytest.param(jwt_of(b'{"a": ' + b"9" * 10_000 + b"}"), id="a number of 10000 digits"),
    ],
)
def test_whatever_is_no_sensible_jwt_has_no_claims(token: str) -> None:
    assert claims_of(token) is None


def test_depth_and_number_of_values_are_bounded_but_ordinary_claims_pass() -> None:
    assert claims_of(jwt_of(nested(10))) == nested(10)
    roles = {"roles": [f"role-{number}" for number in range(400)]}
    assert claims_of(jwt_of(roles)) == roles


@given(
    st.text(max_size=200)
    | st.tuples(st.binary(max_size=60), st.binary(max_size=60)).map(lambda two: f"{b64(two[0])}.{b64(two[1])}.x")
)
def test_nothing_that_a_server_sends_as_a_token_makes_it_fail(token: str) -> None:
    claims_of(token)
