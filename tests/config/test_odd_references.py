"""What looks like a reference to a variable and is none is told, without the text that stands in it."""

from __future__ import annotations

import pytest

from mcpdeck.services.config.clients import CLIENTS
from mcpdeck.services.models import Source
from tests.config.made import made, run

NO_REFERENCE = "is no reference to a variable, which is ${NAME} or ${NAME:-default}"


@pytest.mark.parametrize(
    ("arg", "told"),
    [
        ("${}", "${}"),
        ("${1}", "${1}"),
        ("${HOST-s3cret}", "${HOST…}"),
        ("${env:HOST}", "${env…}"),
        ("a ${ b", "${…"),
        ("${1abc", "${1abc"),
        ("${HOST:-${PORT}}", "${HOST:-${…}"),
        ("${HOST} ${!x}", "${…}"),
    ],
)
def test_a_text_in_braces_that_is_no_reference_is_told(arg: str, told: str) -> None:
    found = made(Source.USER, "it", run("x", arg))
    assert f'"{told}" {NO_REFERENCE}' in found.lints
    assert "s3cret" not in "".join(found.lints)


@pytest.mark.parametrize("value", ["yes", 1, [], {}])
def test_a_switch_of_other_clients_with_a_wrong_kind_of_value_is_told(value: object) -> None:
    (lint,) = made(Source.USER, "it", run("x", alwaysLoad=value)).lints
    assert lint.startswith('"alwaysLoad" is ') and lint.endswith("not true or false: not used")
    assert made(Source.USER, "it", run("x", alwaysLoad=True)).lints == ()


@pytest.mark.parametrize(("client", "written"), [("opencode", "{env:DECK_ID}"), ("gemini", "$DECK_ID")])
def test_a_variable_in_a_client_id_is_translated(client: str, written: str) -> None:
    other = next(each for each in CLIENTS if each.id == client)
    url = {"type": "remote", "url": "https://h/mcp"} if client == "opencode" else {"httpUrl": "https://h/mcp"}
    entry, _ = other.to_entry({**url, "oauth": {"enabled": True, "clientId": written}})
    assert entry["oauth"] == {"clientId": "${DECK_ID}"}
