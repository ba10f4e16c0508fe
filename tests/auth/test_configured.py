"""What the settings hold to log in with: read when it is used, and kept nowhere else."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.auth.configured import as_configured
from mcpdeck.services.auth.grants import refresh, unattended
from mcpdeck.services.auth.kinds import Client
from mcpdeck.services.auth.mechanics import payload_of
from mcpdeck.services.auth.records import client_object, wanted_of
from mcpdeck.services.auth.revocation import revoke
from mcpdeck.services.errors import ConfigError, TokenRefreshFailed
from mcpdeck.services.models import IdentityProvider, OAuthSettings, SecretFile
from tests.auth.keys import pem
from tests.auth.scripted_fetch import ISSUER, NOW, RESOURCE, Answer, Script, client, login, metadata, place, token
from tests.auth.test_grants import ID_JAG, jag

pytestmark = pytest.mark.anyio

BASIC = "client_secret_basic"


def configured(**changes: Any) -> Client:
    return client(**{"client_id": "mine", "origin": "configured", "auth_method": BASIC, **changes})


def read_from(file: Path, content: str) -> SecretFile:
    file.write_text(content)
    return SecretFile(str(file))


async def test_an_assertion_is_read_from_its_file_each_time_that_it_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "work.jwt"
    settings = {"grant": "jwt_bearer", "assertion": read_from(file, "a.b.c\n")}
    workload = client(client_id="", origin="configured")
    had = login(grant="jwt_bearer", client=workload, tokens=replace(login().tokens, refresh=None))
    script = Script(token(), token())
    await unattended(script.fetch_for, place(**settings), metadata(), RESOURCE, workload, ())
    file.write_text("d.e.f\n")
    await refresh(script.fetch_for, had, place(**settings), now=lambda: NOW)
    assert [each.form["assertion"] for each in script.requests] == ["a.b.c", "d.e.f"]


async def test_an_id_token_is_read_from_its_file_each_time_that_it_is_exchanged(tmp_path: Path) -> None:
    file = tmp_path / "id.jwt"
    exchanged = Answer({"access_token": jag(), "issued_token_type": ID_JAG, "token_type": "N_A"})
    idp = IdentityProvider("https://idp.example/token", "mine", SecretFile(str(file)))
    at = place(grant="id_jag", client_id="mine", client_secret="of-the-entry", idp=idp)
    script = Script(exchanged, token(), exchanged, token())
    for content in ("first.id.token", "second.id.token"):
        file.write_text(content)
        await unattended(script.fetch_for, at, metadata(), RESOURCE, configured(), ())
    asked = script.requests[0::2]
    assert [each.form["subject_token"] for each in asked] == ["first.id.token", "second.id.token"]
    # The identity provider's client has the same id, and is none of the entry's.
    assert not any("of-the-entry" in f"{each.form}{each.headers}" for each in asked)
    assert [each.basic for each in script.requests[1::2]] == [("mine", "of-the-entry")] * 2


async def test_a_key_is_read_from_its_file_each_time_that_it_signs(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    at = place(client_id="mine", private_key=read_from(file, pem("EC")), signing_algorithm="ES256")
    who = configured(auth_method="private_key_jwt")
    script = Script(token(refresh_token="refresh-2"))
    await refresh(script.fetch_for, login(client=who), at, now=lambda: NOW)
    assert json.loads(payload_of(script.form["client_assertion"]) or b"{}")["iss"] == "mine"
    file.write_text(pem("RSA"))
    assert (await as_configured(who, metadata(), at)).private_key == pem("RSA").strip()


async def test_a_secret_that_was_changed_is_the_one_that_refreshes_and_revokes() -> None:
    at = place(client_id="mine", client_secret="changed")
    had = login(client=configured(secret="before"), metadata=metadata(revocation_endpoint=f"{ISSUER}/revoke"))
    script = Script(token(refresh_token="refresh-2"), Answer(), Answer())
    await refresh(script.fetch_for, had, at, now=lambda: NOW)
    await revoke(script.fetch_for, had, at)
    assert [each.basic for each in script.requests] == [("mine", "changed")] * 3


@pytest.mark.parametrize(
    ("who", "settings"),
    [
        (configured(secret="typed"), {"client_id": "mine"}),
        (configured(secret="typed"), {"client_id": "another", "client_secret": "of-another"}),
        (configured(secret="typed"), {"client_id": "mine", "client_secret": "x", "issuer": "https://other.example"}),
        (configured(secret="typed", origin="asked"), {"client_id": "mine", "client_secret": "x"}),
        (configured(secret="typed", origin="registered"), {"client_id": "mine", "client_secret": "x"}),
        (configured(secret="typed", client_id="", auth_method="none"), {"client_secret": "x"}),
    ],
    ids=["of the environment", "another client", "another issuer", "typed", "registered", "no client"],
)
async def test_a_secret_is_only_for_the_client_and_the_issuer_it_was_configured_for(
    who: Client, settings: dict[str, Any]
) -> None:
    assert await as_configured(who, metadata(), place(**settings)) == who


@pytest.mark.parametrize(
    ("method", "methods", "settings", "becomes"),
    [
        ("none", None, {"client_secret": "new"}, BASIC),
        (BASIC, None, {}, "none"),
        ("client_secret_post", None, {"client_secret": "s"}, "client_secret_post"),
        ("none", ("none",), {"client_secret": "s"}, "none"),
        ("none", None, {"private_key": pem("EC")}, "private_key_jwt"),
    ],
)
async def test_a_client_authenticates_with_what_the_settings_have_now(
    method: str, methods: tuple[str, ...] | None, settings: dict[str, Any], becomes: str
) -> None:
    at = place(client_id="mine", **settings)
    who = await as_configured(configured(auth_method=method), metadata(auth_methods=methods), at)
    assert (who.auth_method, who.secret) == (becomes, settings.get("client_secret"))


async def test_a_client_with_a_document_signs_with_the_key_of_the_settings_and_never_sends_their_secret() -> None:
    document = "https://deck.example/client.json"
    who = client(client_id=document, origin="metadata document", auth_method="private_key_jwt")
    at = place(client_metadata_url=document, private_key=pem("EC"), client_secret="x")
    had = await as_configured(who, metadata(), at)
    assert (had.auth_method, had.private_key, had.secret) == ("private_key_jwt", pem("EC").strip(), None)


async def test_a_file_that_cannot_be_used_fails_before_anything_is_sent_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "work.jwt"
    os.mkfifo(file)
    script = Script()
    at = place(grant="jwt_bearer", assertion=SecretFile(str(file)))
    with pytest.raises(ConfigError) as caught:
        await unattended(script.fetch_for, at, metadata(), RESOURCE, configured(), ())
    assert caught.value.title == f'"assertion" in the "oauth" settings names {file}, which is no file'
    assert caught.value.hint == "Name a file."
    at = place(client_id="mine", private_key=read_from(tmp_path / "key.pem", "hunter2"))
    with pytest.raises(TokenRefreshFailed) as refused:
        await refresh(script.fetch_for, login(client=configured(auth_method="private_key_jwt")), at)
    assert not refused.value.lost
    assert "hunter2" not in f"{refused.value!r}{refused.value.hint}"
    assert script.requests == []


def test_a_login_is_the_same_whatever_stands_in_the_files(tmp_path: Path) -> None:
    file = SecretFile(str(tmp_path / "nowhere"))
    idp = IdentityProvider("https://i.example", "c", file)
    assert wanted_of(OAuthSettings(private_key=file, assertion=file)) == wanted_of(OAuthSettings())
    assert wanted_of(OAuthSettings(idp=idp)) == wanted_of(OAuthSettings(idp=replace(idp, id_token="a.b.c")))


def test_a_key_is_never_part_of_a_record() -> None:
    assert "the-pem" not in json.dumps(client_object(client(private_key="the-pem")))
