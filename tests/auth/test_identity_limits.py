"""Where the secret of the environment goes, and what becomes of a client that is never answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.auth.authorizations import Authorizations
from mcpdeck.services.auth.store import CredentialStore
from mcpdeck.services.models import Origin, Source
from tests import entries
from tests.auth.identity_desk import Person, found
from tests.auth.scripted_fetch import ISSUER, client

pytestmark = pytest.mark.anyio

BOUND = {"issuer": ISSUER}


@pytest.mark.parametrize(
    ("trusted", "settings", "server", "sent"),
    [
        (True, {}, {}, True),
        (False, {}, {}, False),
        (False, BOUND, {}, True),
        (False, BOUND, {"url": f"{ISSUER}/.well-known/openid-configuration"}, True),
        # The document only claims to be of that issuer.
        (False, {**BOUND, "metadata_url": f"{ISSUER}/doc"}, {"url": f"{ISSUER}/doc"}, False),
        (False, {**BOUND, "grant": "client_credentials"}, {}, True),
        (False, {"grant": "client_credentials"}, {}, False),
    ],
)
async def test_a_secret_in_the_environment_is_for_the_issuer_of_the_entry_or_the_server_that_was_named(
    trusted: bool, settings: dict[str, Any], server: dict[str, Any], sent: bool
) -> None:
    who, script = await found(client_id="mine", env="hush-hush", trusted=trusted, server=server, **settings)
    assert who.secret == ("hush-hush" if sent else None)
    assert who.auth_method == ("client_secret_basic" if sent else "none")
    (step,) = script.recorder.steps
    assert f"{'with the secret of' if sent else 'without'} MCP_CLIENT_SECRET" in step.title
    assert "hush-hush" not in f"{step!r}"


@pytest.mark.parametrize(("secret", "env"), [("own", "hush-hush"), (None, ""), (None, None)])
async def test_nothing_is_said_of_the_environment_where_it_does_not_count(secret: str | None, env: str | None) -> None:
    _, script = await found(client_id="mine", client_secret=secret, env=env, trusted=False)
    assert [step.title for step in script.recorder.steps] == ["The configured client is used"]


async def test_a_person_is_asked_again_for_a_client_that_is_never_answered_and_may_leave_it_as_it_is() -> None:
    typed = client(origin="asked", secret="typed", doubts=2)
    for answer, expected in ((("other", "s"), "other"), (("", None), typed.client_id)):
        person = Person(answer)
        who, _ = await found(server={"registration_endpoint": None}, kept=typed, person=person)
        assert who.client_id == expected
        assert len(person.asked) == 1
    assert who is typed
    nobody = Person()
    nobody.opening = "http"
    who, _ = await found(server={"registration_endpoint": None}, kept=typed, person=nobody)
    assert who is typed and nobody.asked == []


@pytest.mark.parametrize(
    ("changes", "named", "trusted"),
    [
        ({}, "peer", True),
        ({}, "", False),
        ({}, "other", False),
        ({"source": Source.PROJECT}, "peer", False),
        ({"source": Source.PLUGIN}, "peer", False),
        ({"shipped": True}, "peer", False),
        ({"source": Source.CLI, "origin": Origin()}, "", True),  # a URL that was the TARGET
        ({"source": Source.CLI, "origin": Origin("servers.json")}, "", False),
    ],
)
def test_the_environment_s_secret_is_for_a_server_of_one_s_own_that_was_named(
    tmp_path: Path, changes: dict[str, Any], named: str, trusted: bool
) -> None:
    store = CredentialStore(tmp_path, cache=tmp_path, environ={}, keychain=False)
    made = Authorizations(store, store.needed, environ={}, emit=lambda _: None, named=named)
    entry = replace(entries.http("peer", "https://mcp.example/mcp"), **{"origin": Origin("servers.json"), **changes})
    found = made.of(entry)
    assert found is not None
    assert found.place.trusted is trusted
