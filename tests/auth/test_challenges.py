from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.auth.challenges import LONGEST, MOST, parse_challenges
from mcpdeck.services.auth.kinds import Why

READ: list[tuple[str, list[str], list[tuple[str, dict[str, str]]]]] = [
    ("no header", [], []),
    ("an empty header", [""], []),
    ("a bare scheme", ["Bearer"], [("bearer", {})]),
    ("a quoted parameter", ['Bearer realm="a b"'], [("bearer", {"realm": "a b"})]),
    ("an unquoted parameter", ["Bearer error=invalid_token"], [("bearer", {"error": "invalid_token"})]),
    ("letters of any case", ['BEARER Realm="A", ERROR=x'], [("bearer", {"realm": "A", "error": "x"})]),
    ("escapes in a string", [r'Bearer realm="a \"b\" \\ c"'], [("bearer", {"realm": r'a "b" \ c'})]),
    ("a comma in a string", ['Bearer realm="a, Basic b=c"'], [("bearer", {"realm": "a, Basic b=c"})]),
    (
        "several in one header",
        ['Basic realm="x", Bearer resource_metadata="https://h/p", scope="a b"'],
        [("basic", {"realm": "x"}), ("bearer", {"resource_metadata": "https://h/p", "scope": "a b"})],
    ),
    (
        "several headers",
        ['Basic realm="x"', "DPoP algs=ES256"],
        [("basic", {"realm": "x"}), ("dpop", {"algs": "ES256"})],
    ),
    ("schemes without parameters", ["Negotiate, Bearer"], [("negotiate", {}), ("bearer", {})]),
    ("a token68", ["Negotiate YWJj+/=="], [("negotiate", {"token68": "YWJj+/=="})]),
    (
        "a token68 before another challenge",
        ["NTLM YWJj==, Bearer realm=x"],
        [("ntlm", {"token68": "YWJj=="}), ("bearer", {"realm": "x"})],
    ),
    (
        "white space around the equals sign",
        ['Bearer realm = "x" ,  error= y'],
        [("bearer", {"realm": "x", "error": "y"})],
    ),
    ("empty list elements", [", ,Bearer realm=x,, error=y,"], [("bearer", {"realm": "x", "error": "y"})]),
    ("the first of two equal names", ["Bearer a=1, A=2"], [("bearer", {"a": "1"})]),
    ("a parameter of nobody", ["realm=x, Bearer a=1"], [("bearer", {"a": "1"})]),
    ("a string without its end", ['Bearer realm="a b'], [("bearer", {"realm": "a b"})]),
    ("rubbish up to the next comma", ["@@[ x, Bearer a=1"], [("bearer", {"a": "1"})]),
    ("a line break from a folded header", ["Bearer a=1,\r\n b=2"], [("bearer", {"a": "1", "b": "2"})]),
]


@pytest.mark.parametrize(("values", "expected"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_reads(values: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(each.scheme, dict(each.params)) for each in parse_challenges(values)] == expected


@given(st.lists(st.text(alphabet=st.sampled_from('aB=, "\\;/\t\r\n@é\x00-'), max_size=60), max_size=4))
def test_never_raises_and_gives_lower_case_names(values: list[str]) -> None:
    for challenge in parse_challenges(values):
        assert challenge.scheme
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.params)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=20), min_size=1, max_size=5))
def test_every_value_that_is_quoted_comes_out_as_it_went_in(params: dict[str, str]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = "Bearer " + ", ".join(f"{name}={quoted(value)}" for name, value in params.items())
    (challenge,) = parse_challenges([header])
    assert dict(challenge.params) == params


@pytest.mark.parametrize("piece", ['"', "\\", "a ", "a=", 'a="', ",", " ", "a\t", '="\\', "=" * 7])
def test_a_long_hostile_header_is_read_in_one_go_and_bounded(piece: str) -> None:
    # Anything worse than linear would run into the time limit of the test.
    found = parse_challenges([piece * (LONGEST // len(piece)), "Bearer " + piece * LONGEST, "x" * LONGEST * 20])
    assert len(found) <= MOST
    assert all(len(each.params) <= MOST for each in found)


def test_the_challenge_that_counts_is_the_first_bearer_or_dpop_one() -> None:
    challenges = parse_challenges(['Basic realm="x", DPoP error=a, Bearer error=b'])
    counted: Any = Why(401, challenges).bearer
    assert (counted.scheme, counted.params["error"]) == ("dpop", "a")
