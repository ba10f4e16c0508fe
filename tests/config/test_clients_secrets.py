"""Literal secrets become variables, and TOML is written as it is read."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.config.clients.secrets import without_secrets
from mcpdeck.services.config.clients.toml_writer import toml_tables, toml_value
from mcpdeck.services.config.clients.variables import variable_name
from mcpdeck.services.config.importing import safe_name


@pytest.mark.parametrize(
    ("entry", "without", "variables"),
    [
        ({"env": {"API_KEY": "a", "HOST": "h"}}, {"env": {"API_KEY": "${API_KEY}", "HOST": "h"}}, ("API_KEY",)),
        ({"env": {"API_KEY": "${API_KEY}"}}, {"env": {"API_KEY": "${API_KEY}"}}, ()),
        ({"env": {"API_KEY": "${API_KEY:-a}"}}, {"env": {"API_KEY": "${API_KEY}"}}, ()),
        (
            {"headers": {"Authorization": "Bearer a", "Accept": "b"}},
            {"headers": {"Authorization": "Bearer ${MY_S_AUTHORIZATION}", "Accept": "b"}},
            ("MY_S_AUTHORIZATION",),
        ),
        (
            {"headers": {"X-Figma-Region": "us-east-1", "X-Org": "acme", "X-Code": "Bearer a", "Cookie": "b=c"}},
            {
                "headers": {
                    "X-Figma-Region": "us-east-1",
                    "X-Org": "acme",
                    "X-Code": "Bearer ${MY_S_X_CODE}",
                    "Cookie": "${MY_S_COOKIE}",
                }
            },
            ("MY_S_X_CODE", "MY_S_COOKIE"),
        ),
        (
            {"headers": {"X-Odd": "a1b2c3d4e5f6a7b8c9", "User-Agent": "some-client/1.2.3-rc4"}},
            {"headers": {"X-Odd": "${MY_S_X_ODD}", "User-Agent": "some-client/1.2.3-rc4"}},
            ("MY_S_X_ODD",),
        ),
        (
            {"args": ["--token", "a", "--api-key=b", "--port", "3"]},
            {"args": ["--token", "${MY_S_TOKEN}", "--api-key=${MY_S_API_KEY}", "--port", "3"]},
            ("MY_S_TOKEN", "MY_S_API_KEY"),
        ),
        (
            {"url": "https://u:p@h.example/mcp?key=k"},
            {"url": "https://${MY_S_TOKEN}@h.example/mcp?key=${MY_S_TOKEN}"},
            ("MY_S_TOKEN",),
        ),
        ({"oauth": {"clientId": "id"}}, {"oauth": {"clientId": "id"}}, ()),
        ({"command": "npx", "args": ["-y", "@acme/x"]}, {"command": "npx", "args": ["-y", "@acme/x"]}, ()),
    ],
)
def test_a_variable_stands_where_a_secret_stood(
    entry: dict[str, Any], without: dict[str, Any], variables: tuple[str, ...]
) -> None:
    assert without_secrets("my-s", entry) == (without, variables)


def test_two_secrets_are_two_variables() -> None:
    changed, variables = without_secrets("s", {"args": ["--token", "a", "--token", "b"]})
    assert changed == {"args": ["--token", "${S_TOKEN}", "--token", "${S_TOKEN_2}"]}
    assert variables == ("S_TOKEN", "S_TOKEN_2")


def test_a_client_secret_is_not_written_out() -> None:
    changed, _ = without_secrets("s", {"oauth": {"clientSecret": "sesame"}})
    assert "sesame" not in str(changed)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("github-token", "GITHUB_TOKEN"),
        ("apiKey", "API_KEY"),
        ("API_KEY", "API_KEY"),
        ("1password", "_1PASSWORD"),
        ("…", "_"),
    ],
)
def test_any_id_becomes_a_name_that_the_environment_can_hold(text: str, name: str) -> None:
    assert variable_name(text) == name


@pytest.mark.parametrize(
    ("name", "safe"), [("my server", "my-server"), ("a/b:c", "a-b-c"), ("…", "server"), ("x" * 99, "x" * 64)]
)
def test_any_name_becomes_one_that_can_be_added(name: str, safe: str) -> None:
    assert safe_name(name) == safe


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUE = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, st.dictionaries(TEXT, VALUE, max_size=4), max_size=3))
def test_what_is_written_as_toml_reads_back(tables: dict[str, dict[str, Any]]) -> None:
    assert tomllib.loads(toml_tables("t", tables)) == ({"t": tables} if tables else {})


def test_half_a_character_does_not_break_the_text() -> None:
    assert tomllib.loads(f"a = {toml_value(chr(0xD800))}") == {"a": "\ufffd"}
