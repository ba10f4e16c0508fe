"""``oauth`` of an entry: what may stand there, what is refused, and that no secret of it is ever shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.clients import CLIENTS
from mcpdeck.services.config.clients.secrets import without_secrets
from mcpdeck.services.config.masked_entry import masked_definition
from mcpdeck.services.config.redaction import Redaction
from mcpdeck.services.config.secret_file import UnusableSecret, private_key, read_secret, token
from mcpdeck.services.config.store_entries import holds_secret
from mcpdeck.services.models import IdentityProvider, OAuthSettings, SecretFile, ServerEntry, Source
from tests.config.made import http, made

KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWtleQ==\n-----END PRIVATE KEY-----"
IDP = {"tokenEndpoint": "https://idp.example/token", "clientId": "deck", "idToken": "id.tok.en"}
SECRETS = {
    "clientSecret": "hunter2-client",
    "privateKey": KEY,
    "assertion": "hunter2.work.load",
    "idp": {**IDP, "idToken": "hunter2.id.token", "clientSecret": "hunter2-idp"},
}


def entry(folder: Path | None = None, **oauth: Any) -> ServerEntry:
    value = http("https://h.example/mcp", oauth=oauth)
    return made(Source.USER, "it", value) if folder is None else made(Source.USER, "it", value, folder=folder)


def test_every_field_reaches_the_settings() -> None:
    found = entry(
        clientId="id", callbackPort=8080, authServerMetadataUrl="https://as.example/x", scopes="a b",
        clientSecret="s", issuer="https://as.example", clientMetadataUrl="https://me.example/client.json",
        grant="id_jag", privateKey=KEY, signingAlgorithm="ES256", assertion="a.b.c", idp=IDP,
        audience="https://as.example/token", dpop="off", allowInsecure=True,
    )  # fmt: skip
    assert found.problem is None and found.lints == ()
    assert found.oauth == OAuthSettings(
        client_id="id", callback_port=8080, metadata_url="https://as.example/x", scopes="a b", client_secret="s",
        issuer="https://as.example", client_metadata_url="https://me.example/client.json", grant="id_jag",
        private_key=KEY, signing_algorithm="ES256", assertion="a.b.c",
        idp=IdentityProvider("https://idp.example/token", "deck", "id.tok.en"),
        audience="https://as.example/token", dpop="off", allow_insecure=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("oauth", "what", "remedy"),
    [
        ({"issuer": "http://as.example"}, '"issuer" in "oauth" is no https:// address', "metadata has it"),
        ({"issuer": "https://u:pass@as.example"}, '"issuer" in "oauth" is no https:// address', "metadata"),
        ({"clientMetadataUrl": "https://me.example/"}, "no https:// address with a path", "publish"),
        ({"clientMetadataUrl": "http://127.0.0.1/c.json"}, "no https:// address with a path", "publish"),
        ({"clientMetadataUrl": "https://me.example/a/../c"}, "no https:// address with a path", "publish"),
        ({"clientMetadataUrl": "https://me.example/c#d"}, "no https:// address with a path", "publish"),
        ({"grant": "password"}, '"grant" in "oauth" is none of', "one of them"),
        ({"grant": "client_credentials"}, 'no "clientId"', "clientSecret"),
        ({"grant": "jwt_bearer"}, 'no "assertion"', "@FILE"),
        ({"grant": "id_jag", "clientId": "id"}, 'no "idp"', "tokenEndpoint"),
        ({"dpop": True}, '"dpop" in "oauth" is a boolean', "quotes"),
        ({"dpop": "on"}, '"auto", "off"', "one of them"),
        ({"signingAlgorithm": "none"}, '"signingAlgorithm" in "oauth" is none of', "one of them"),
        ({"signingAlgorithm": "HS256"}, '"signingAlgorithm" in "oauth" is none of', "one of them"),
        ({"allowInsecure": "yes"}, "not true or false", "true or false"),
        ({"privateKey": "hunter2"}, '"privateKey" in "oauth" is no private key in PEM form', "@FILE"),
        ({"privateKey": KEY.replace("PRIVATE", "PUBLIC")}, "is no private key in PEM form", "@FILE"),
        ({"privateKey": KEY.replace("PRIVATE", "ENCRYPTED PRIVATE")}, "is encrypted", "openssl"),
        ({"privateKey": "@ "}, "names no file", "after @"),
        ({"assertion": "hunter2 hunter2"}, '"assertion" in "oauth" has white space', "alone"),
        ({"idp": "https://idp.example"}, '"idp" in "oauth" is a string, not an object', "idToken"),
        ({"idp": {"idToken": "hunter2"}}, '"idp" in "oauth" has no "tokenEndpoint"', "clientId"),
        ({"idp": {**IDP, "secret": "hunter2"}}, '"secret" in "idp" in "oauth" is not known', "clientSecret"),
        ({"idp": {**IDP, "tokenEndpoint": "http://idp.example/"}}, "is no https:// address", "https://HOST"),
    ],
)
def test_what_cannot_be_used_makes_the_entry_unusable_and_shows_no_secret(
    oauth: dict[str, Any], what: str, remedy: str, tmp_path: Path
) -> None:
    found = entry(tmp_path, **oauth)
    assert found.target is None and found.problem is not None
    assert what in found.problem.title
    assert remedy in found.problem.hint
    assert found.problem.details["field"] == "oauth"
    assert "hunter2" not in f"{found.problem.title}{found.problem.hint}{found.problem.details}"


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:1/x", "http://as.localhost"])
def test_on_this_machine_an_issuer_need_not_be_encrypted(url: str) -> None:
    assert entry(issuer=url).oauth == OAuthSettings(issuer=url)


def test_elsewhere_it_need_not_where_the_entry_says_so() -> None:
    found = entry(issuer="http://as.example", idp={**IDP, "tokenEndpoint": "http://i/"}, allowInsecure=True)
    assert found.oauth is not None and found.oauth.issuer == "http://as.example"
    assert found.oauth.idp is not None and found.oauth.idp.token_endpoint == "http://i/"


def test_an_issuer_stays_as_it_is_written() -> None:
    for issuer in ("https://as.example", "https://as.example/", "https://AS.example:443/t%41"):
        found = entry(issuer=issuer)
        assert found.oauth is not None and found.oauth.issuer == issuer


def test_variables_are_put_in_and_taken_out_of_what_is_shown() -> None:
    found = entry(clientId="${HOST}", clientSecret="${SECRET}", idp={**IDP, "idToken": "${SECRET}"})
    assert found.oauth is not None and found.oauth.idp is not None and found.target is not None
    assert (found.oauth.client_id, found.oauth.client_secret, found.oauth.idp.id_token) == ("h", "hunter2", "hunter2")
    assert Redaction(found.target.put_in).text("refused: hunter2") == "refused: ${SECRET}"
    assert "hunter2" not in repr(found)


def test_a_variable_that_is_not_set_is_told() -> None:
    assert "${NOT_SET} is not set and has no default: the text stays as it is" in entry(scopes="${NOT_SET}").lints


def test_a_secret_that_stands_in_the_file_is_taken_out_of_what_is_shown_too() -> None:
    found = entry(clientId="id", **SECRETS)
    assert found.target is not None
    redaction = Redaction(found.target.put_in)
    for secret in ("hunter2-client", "hunter2.work.load", "hunter2.id.token", "hunter2-idp", KEY):
        assert secret not in redaction.text(f"the server said: {secret}")
    assert redaction.text("c2VjcmV0LWtleQ==") == "•••"
    assert "hunter2" not in repr(found) and "c2VjcmV0" not in repr(found)


def test_a_file_is_named_beside_the_entry_s_file_and_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "work.jwt").write_text("a.b.c\n")
    found = entry(tmp_path, privateKey="@no.pem", assertion="@./work.jwt", idp={**IDP, "idToken": "@pipe"})
    assert found.problem is None and found.oauth is not None and found.oauth.idp is not None
    assert found.oauth.private_key == SecretFile(str(tmp_path / "no.pem"))
    assert found.oauth.assertion == SecretFile(str(tmp_path / "work.jwt"))
    assert found.oauth.idp.id_token == SecretFile(str(tmp_path / "pipe"))
    assert "a.b.c" not in repr(found)
    assert found.target is not None and Redaction(found.target.put_in).text("a.b.c") == "a.b.c"


def test_a_key_may_stand_on_one_line_with_line_ends_written_out() -> None:
    found = entry(privateKey=KEY.replace("\n", "\\n")).oauth
    assert found is not None and found.private_key == KEY


@pytest.mark.parametrize(
    ("content", "fits", "what"),
    [
        (b"", token, "is empty"),
        (b"\xff", token, "is no text"),
        (b"x" * 70_000, token, "too large"),
        (b"hunter2 hunter2", token, "white space"),
        (b"hunter2", private_key, "no private key"),
    ],
    ids=["empty", "binary", "large", "words", "no key"],
)
def test_a_file_that_is_no_key_and_no_token_is_refused_and_not_shown(
    tmp_path: Path, content: bytes, fits: Callable[[str], str], what: str
) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(UnusableSecret, match=what) as caught:
        read_secret(SecretFile(str(tmp_path / "t")), fits)
    assert "hunter2" not in f"{caught.value.what}{caught.value.remedy}"


def test_a_file_is_read_each_time_and_its_line_end_left_out(tmp_path: Path) -> None:
    file = tmp_path / "t.jwt"
    for content in ("a.b.c", "d.e.f"):
        file.write_text(f"{content}\n")
        assert read_secret(SecretFile(str(file)), token) == content


def test_a_pipe_is_not_waited_for_and_what_is_not_there_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusableSecret, match="which is no file"):
        read_secret(SecretFile(str(tmp_path / "pipe")), token)
    with pytest.raises(UnusableSecret, match=r"nowhere\.jwt, which cannot be read: No such file"):
        read_secret(SecretFile(str(tmp_path / "nowhere.jwt")), token)


def test_no_secret_is_in_the_definition_that_is_shown() -> None:
    masked = masked_definition({"oauth": {"clientId": "id", "issuer": "https://as.example", **SECRETS}})  # type: ignore[dict-item]
    assert masked == {
        "oauth": {
            "clientId": "id",
            "issuer": "https://as.example",
            "clientSecret": "•••",
            "privateKey": "•••",
            "assertion": "•••",
            "idp": {**IDP, "idToken": "•••", "clientSecret": "•••"},
        }
    }


def test_a_path_and_a_variable_in_the_place_of_a_secret_are_shown() -> None:
    oauth: Any = {"privateKey": "@key.pem", "assertion": "${JWT}", "idp": {**IDP, "idToken": "@~/id.jwt"}}
    assert masked_definition({"oauth": oauth}) == {"oauth": oauth}
    assert not holds_secret({"oauth": oauth})
    assert holds_secret({"oauth": {"assertion": "a.b.c"}})


def test_who_approves_sees_what_is_contacted_and_read_and_no_secret() -> None:
    found = made(Source.PROJECT, "it", http("https://h/", oauth={"clientId": "id", **SECRETS, "privateKey": "@k.pem"}))
    login = dict(found.provenance.shown)["login"]
    assert login == (
        "clientId id, clientSecret, privateKey @k.pem, assertion, idp.tokenEndpoint https://idp.example/token, "
        "idp.clientId deck, idp.idToken, idp.clientSecret"
    )


def test_an_export_has_variables_in_the_place_of_these_secrets() -> None:
    written: Any = {"oauth": {"clientId": "id", **SECRETS}}
    changed, variables = without_secrets("my-s", written)
    assert "hunter2" not in json.dumps(changed) and "c2VjcmV0" not in json.dumps(changed)
    assert "MY_S_CLIENT_SECRET" in variables


def test_claude_code_gets_the_fields_that_it_has() -> None:
    code = next(each for each in CLIENTS if each.id == "claude-code")
    oauth = {"clientId": "id", "scopes": "a", "grant": "client_credentials"}
    exported = code.export({"it": {"type": "http", "url": "https://h/", "oauth": oauth}})
    assert json.loads(exported.text)["mcpServers"]["it"]["oauth"] == {"clientId": "id", "scopes": "a"}
    assert any("oauth.grant" in lint for lint in exported.lints)


def test_an_entry_stays_the_same_when_the_content_of_its_file_changes(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(KEY)
    first = entry(tmp_path, clientId="id", privateKey="@key.pem")
    (tmp_path / "key.pem").write_text(KEY.replace("c2Vj", "b3Ro"))
    second = entry(tmp_path, clientId="id", privateKey="@key.pem")
    assert (first.digest, first.oauth) == (second.digest, second.oauth)
    other = entry(tmp_path, clientId="id", privateKey="@other.pem")
    assert first.digest != other.digest and first.oauth != other.oauth
