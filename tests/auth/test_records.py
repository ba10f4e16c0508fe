"""A login as a record and back: nothing is lost on the way, and nothing that does not fit is taken for one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mcpdeck.services.auth.records import (
    Unfit,
    client_from,
    client_object,
    key_of,
    login_from,
    login_key,
    login_record,
    wanted_of,
)
from mcpdeck.services.models import IdentityProvider, JsonObject, OAuthSettings, Tls, as_object
from tests.auth.logins import SECRETS, URL, client, login, tokens


def test_a_login_comes_back_as_it_was_kept() -> None:
    record = json.loads(json.dumps(login_record(login())))
    assert login_from(record) == login()
    assert client_from(json.loads(json.dumps(client_object(client())))) == client()


def test_a_login_with_nothing_but_what_it_needs_comes_back_too() -> None:
    small = replace(login(), tokens=replace(tokens(), refresh=None, dpop_key=None, expires_at=None), refreshed_at=None)
    assert login_from(json.loads(json.dumps(login_record(small)))) == small


def test_the_metadata_document_itself_is_not_kept() -> None:
    with_document = replace(login(), metadata=replace(login().metadata, raw={"x": "y" * 1000}))
    assert "yyy" not in json.dumps(login_record(with_document))


def test_what_another_version_put_beside_it_survives_but_not_what_it_put_into_the_token() -> None:
    record = login_record(login())
    record["of_tomorrow"] = [1]
    as_object(record["client"])["of_tomorrow"] = 2
    as_object(record["metadata"])["of_tomorrow"] = 3
    as_object(record["tokens"])["id_token"] = "of the old token"
    after = login_record(replace(login_from(record), tokens=tokens("new")), record)
    assert (after["of_tomorrow"], as_object(after["client"])["of_tomorrow"]) == ([1], 2)
    assert as_object(after["metadata"])["of_tomorrow"] == 3
    assert "id_token" not in as_object(after["tokens"])
    assert login_from(after).tokens.access == "new"


def test_a_login_is_kept_for_every_url_it_was_made_for_and_the_newest_comes_last() -> None:
    record = login_record(login(url=URL))
    record = login_record(login(url="https://mcp.example/b"), record)
    record = login_record(login(url=URL), record)
    assert record["servers"] == ["https://mcp.example/b", URL]
    assert login_from(record).server_url == URL
    assert login_from(record, "https://mcp.example/b").server_url == "https://mcp.example/b"


def _set(path: str, value: object) -> Callable[[JsonObject], None]:
    def change(record: JsonObject) -> None:
        *above, name = path.split(".")
        for part in above:
            record = as_object(record[part])
        record[name] = value  # type: ignore[assignment]

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("version", None),
        ("issuer", ""),
        ("issuer", 3),
        ("resource", None),
        ("wanted", 1),
        ("servers", []),
        ("servers", "https://mcp.example/mcp"),
        ("grant", "password"),
        ("refreshed_at", "yesterday"),
        ("refreshed_at", float("nan")),
        ("client", []),
        ("client.client_id", ""),
        ("client.origin", "stolen"),
        ("client.auth_method", None),
        ("client.secret", {"a": 1}),
        ("client.secret_expires_at", True),
        ("client.management", "x"),
        ("tokens", None),
        ("tokens.access", ""),
        ("tokens.access", None),
        ("tokens.token_type", 1),
        ("tokens.scopes", "read write"),
        ("tokens.scopes", ["read", 1]),
        ("tokens.expires_at", float("inf")),
        ("tokens.dpop_key", "x"),
        ("metadata.token_endpoint", None),
        ("metadata.iss_in_response", "yes"),
        ("metadata.auth_methods", {}),
        ("metadata.issuer", "https://other.example"),
    ],
)
def test_a_member_of_another_kind_makes_the_record_unfit_and_its_value_is_not_told(path: str, value: object) -> None:
    record = copy.deepcopy(login_record(login()))
    _set(path, value)(record)
    with pytest.raises(Unfit) as caught:
        login_from(record)
    assert str(caught.value) in (path, f"{path}.client_id", f"{path}.access")
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_the_key_of_a_record_is_that_of_its_login_and_of_no_other() -> None:
    assert key_of(login_record(login())) == login_key(login())
    others = (login(issuer="https://other"), login(client_id="c2"), login(wanted="v"), replace(login(), resource="r"))
    assert len({login_key(each) for each in (login(), *others)}) == 5
    assert key_of({"client": "no object"}) == ("", "", "", "")


@pytest.mark.parametrize(
    "other",
    [
        OAuthSettings(client_id="a"),
        OAuthSettings(issuer="a"),
        OAuthSettings(metadata_url="a"),
        OAuthSettings(client_metadata_url="a"),
        OAuthSettings(grant="client_credentials"),
        OAuthSettings(scopes="a"),
        OAuthSettings(idp=IdentityProvider("a", "b", "c")),
        OAuthSettings(allow_insecure=True),
    ],
)
def test_settings_that_mean_another_login_have_another_digest(other: OAuthSettings) -> None:
    assert wanted_of(other) != wanted_of(OAuthSettings())
    assert wanted_of(other) == wanted_of(replace(other))


def test_a_login_is_not_used_where_another_authority_is_trusted() -> None:
    own = wanted_of(OAuthSettings(), Tls(ca="/project/ca.pem"))
    assert own != wanted_of(OAuthSettings())
    assert own != wanted_of(OAuthSettings(), Tls(ca="/other/ca.pem"))
    assert own == wanted_of(OAuthSettings(), Tls(ca="/project/ca.pem", minimum="1.3"))
    assert wanted_of(OAuthSettings(), Tls(cert="/me.pem")) == wanted_of(OAuthSettings(), None)


@pytest.mark.parametrize(
    "other",
    [
        OAuthSettings(client_secret="s"),
        OAuthSettings(private_key="s"),
        OAuthSettings(assertion="s"),
        OAuthSettings(callback_port=8080),
        OAuthSettings(opening="print"),
        OAuthSettings(dpop="off"),
    ],
)
def test_secrets_and_the_way_there_do_not_change_the_digest(other: OAuthSettings) -> None:
    assert wanted_of(other) == wanted_of(OAuthSettings())


def test_the_digest_knows_no_order_of_scopes_and_no_secret_of_an_identity_provider() -> None:
    assert wanted_of(OAuthSettings(scopes="a b")) == wanted_of(OAuthSettings(scopes="b a"))
    one, two = IdentityProvider("e", "c", "token", "secret"), IdentityProvider("e", "c", "another", None)
    assert wanted_of(OAuthSettings(idp=one)) == wanted_of(OAuthSettings(idp=two))
