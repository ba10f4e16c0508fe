"""How a client shows who it is: the method that is chosen, and what each one puts into a request."""

from __future__ import annotations

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import JWKRegistry

from mcpdeck.services.auth.client_auth import assertion_algorithm, auth_method, authenticated
from mcpdeck.services.auth.mechanics import (
    ASSERTION_TYPE,
    authorization_url,
    challenge_of,
    new_state,
    new_verifier,
    payload_of,
)
from mcpdeck.services.errors import ConfigError, RegistrationError
from tests.auth.keys import pem, public_pem
from tests.auth.scripted_fetch import ISSUER, NOW, client, metadata

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # of the reading side, about names

PARAMS = {"grant_type": "client_credentials"}
BASIC, POST, SIGNED = "client_secret_basic", "client_secret_post", "private_key_jwt"


@pytest.mark.parametrize(
    ("methods", "secret", "registered", "key", "chosen"),
    [
        pytest.param(None, None, None, None, "none", id="nothing said, no secret"),
        pytest.param(None, "s", None, None, BASIC, id="nothing said, a secret"),
        pytest.param(None, "s", POST, None, POST, id="only the registration says"),
        pytest.param(None, "s", "none", None, "none", id="registered as public in spite of a secret"),
        pytest.param(None, None, BASIC, None, "none", id="registered for a secret that never came"),
        pytest.param(("none",), "s", None, None, "none", id="metadata of none wins over a secret"),
        pytest.param(("none",), "s", BASIC, None, "none", id="and over the registration"),
        pytest.param(("none", BASIC), "s", None, None, BASIC, id="a secret is used"),
        pytest.param(("none", BASIC), None, None, None, "none", id="without one: none"),
        pytest.param((POST,), "s", None, None, POST, id="only post"),
        pytest.param((POST, BASIC), "s", None, None, BASIC, id="basic first"),
        pytest.param((POST, BASIC), "s", POST, None, POST, id="as registered"),
        pytest.param((POST,), "s", BASIC, None, POST, id="they disagree"),
        pytest.param((BASIC,), None, None, None, "none", id="a list that leaves public clients out"),
        pytest.param((SIGNED,), None, None, "k", SIGNED, id="a key"),
        pytest.param((SIGNED, BASIC), "s", None, "k", SIGNED, id="a key before a secret"),
        pytest.param((BASIC,), "s", None, "k", BASIC, id="a key that nobody takes"),
        pytest.param(None, None, None, "k", SIGNED, id="nothing said, a key"),
        pytest.param(("none", "tls_client_auth"), None, "tls_client_auth", None, "none", id="registered for another"),
    ],
)  # fmt: skip
def test_the_method_is_what_metadata_and_registration_agree_on(
    methods: tuple[str, ...] | None, secret: str | None, registered: str | None, key: str | None, chosen: str
) -> None:
    assert auth_method(metadata(auth_methods=methods), secret, registered, key) == chosen


@pytest.mark.parametrize(("secret", "key"), [("hush-hush", None), (None, "key-text"), ("hush-hush", "key-text")])
def test_credentials_that_no_method_of_the_server_takes_are_an_error_that_names_its_methods(
    secret: str | None, key: str | None
) -> None:
    with pytest.raises(RegistrationError) as caught:
        auth_method(metadata(auth_methods=("tls_client_auth\x1b",)), secret, None, key)
    assert "tls_client_auth" in caught.value.hint
    assert "\x1b" not in caught.value.hint
    assert "hush-hush" not in f"{caught.value.title}{caught.value.hint}"


def test_basic_form_encodes_both_before_they_are_joined() -> None:
    headers, form = authenticated(
        client(client_id="https://a:b c", secret="p:ä+ %", auth_method="client_secret_basic"),
        metadata(),
        ISSUER,
        PARAMS,
    )
    assert form == PARAMS | {"client_id": "https://a:b c"}
    decoded = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert decoded == "https%3A%2F%2Fa%3Ab+c:p%3A%C3%A4%2B+%25"


def test_post_puts_both_into_the_form_and_nothing_into_the_headers() -> None:
    headers, form = authenticated(client(secret="p:w", auth_method="client_secret_post"), metadata(), ISSUER, PARAMS)
    assert headers == {}
    assert form == PARAMS | {"client_id": "deck-1", "client_secret": "p:w"}


def test_a_public_client_gives_its_id_and_never_a_secret_that_it_happens_to_have() -> None:
    headers, form = authenticated(client(secret="p:w"), metadata(), ISSUER, PARAMS)
    assert (headers, form) == ({}, PARAMS | {"client_id": "deck-1"})


def test_an_assertion_without_a_client_goes_without_a_client_id() -> None:
    assert authenticated(client(client_id=""), metadata(), ISSUER, PARAMS) == ({}, PARAMS)


@pytest.mark.parametrize(
    ("kind", "form", "algorithm"),
    [
        ("EC", "PKCS8", "ES256"),
        ("EC", "TraditionalOpenSSL", "ES256"),
        ("P-384", "PKCS8", "ES384"),
        ("RSA", "PKCS8", "RS256"),
        ("RSA", "TraditionalOpenSSL", "RS256"),
        ("OKP", "PKCS8", "EdDSA"),
    ],
)
def test_a_signed_assertion_names_client_audience_and_a_short_life_and_is_new_each_time(
    kind: str, form: str, algorithm: str
) -> None:
    key = pem(kind, form=form)
    who = client(private_key=key, auth_method="private_key_jwt")
    seen: set[str] = set()
    for _ in range(2):
        headers, sent = authenticated(who, metadata(), ISSUER, PARAMS, now=NOW)
        assert headers == {}
        assert sent["client_assertion_type"] == ASSERTION_TYPE
        assert sent["client_id"] == "deck-1"
        kty = "EC" if kind == "P-384" else kind
        decoded = jwt.decode(sent["client_assertion"], JWKRegistry.import_key(public_pem(kind), kty), [algorithm])
        assert decoded.header["alg"] == algorithm
        claims = decoded.claims
        assert (claims["iss"], claims["sub"], claims["aud"]) == ("deck-1", "deck-1", ISSUER)
        assert claims["iat"] == NOW
        assert 0 < claims["exp"] - claims["iat"] <= 300
        seen.add(claims["jti"])
    assert len(seen) == 2


def test_without_a_given_time_an_assertion_is_of_now() -> None:
    who = client(private_key=pem("EC"), auth_method="private_key_jwt")
    before = int(time.time())
    _, sent = authenticated(who, metadata(), ISSUER, PARAMS)
    claims = json.loads(payload_of(sent["client_assertion"]) or b"{}")
    assert before <= claims["iat"] <= time.time()


@pytest.mark.parametrize(
    ("kind", "known", "configured", "chosen"),
    [
        ("RSA", ("PS256", "ES256"), None, "PS256"),
        ("RSA", ("ES256", "RS256", "PS256"), None, "RS256"),
        ("OKP", ("Ed25519",), None, "Ed25519"),
        ("EC", ("RS256",), "ES256", "ES256"),
    ],
)
def test_the_algorithm_is_what_key_and_server_have_in_common_unless_it_is_configured(
    kind: str, known: tuple[str, ...], configured: str | None, chosen: str
) -> None:
    who = client(private_key=pem(kind), auth_method="private_key_jwt", signing_algorithm=configured)
    server = metadata(auth_algorithms=known)
    assert assertion_algorithm(who, server) == chosen
    _, sent = authenticated(who, server, ISSUER, PARAMS)
    assert sent["client_assertion"].count(".") == 2


@pytest.mark.parametrize(
    ("key", "algorithm", "known", "words"),
    [
        ("EC", None, ("RS256",), "takes RS256"),
        ("RSA", "ES256", None, "cannot sign with ES256"),
        ("EC", "HS256", None, "cannot sign with HS256"),
        ("EC", "none", None, "cannot sign with none"),
        ("X25519", None, None, "sign no assertions"),
        ("Ed448", None, None, "nothing that is known"),
    ],
)
def test_a_key_that_does_not_fit_is_a_matter_of_the_settings(
    key: str, algorithm: str | None, known: tuple[str, ...] | None, words: str
) -> None:
    who = client(private_key=pem(key), auth_method="private_key_jwt", signing_algorithm=algorithm)
    with pytest.raises(ConfigError, match=words):
        authenticated(who, metadata(auth_algorithms=known), ISSUER, PARAMS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(pem("EC", b"pass"), "pass phrase", id="encrypted"),
        ("AKIA-no-pem-at-all-AKIA", "no private key in PEM"),
        ("", "no private key in PEM"),
        pytest.param(pem("EC").replace("MIG", "AAA"), "no private key in PEM", id="damaged"),
    ],
)
def test_a_key_that_cannot_be_read_is_refused_without_being_quoted(text: str, words: str) -> None:
    who = client(private_key=text, auth_method="private_key_jwt")
    with pytest.raises(ConfigError, match=words) as caught:
        authenticated(who, metadata(), ISSUER, PARAMS)
    said = f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
    assert all(line not in said for line in text.splitlines() if len(line) > 10 and "KEY" not in line)


# PKCE and the authorization request


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_and_states_are_long_unreserved_and_never_the_same() -> None:
    made = [make() for make in (new_verifier, new_state) for _ in range(50)]
    assert len(set(made)) == 100
    assert all(43 <= len(each) <= 128 and each.isalnum() and each.isascii() for each in made)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://as.example/authorize", "https://as.example/authorize?scope=a+b&resource=https%3A%2F%2Fm%2Fx"),
        ("https://as.example/a?tenant=7&x=", "https://as.example/a?tenant=7&x=&scope=a+b&resource=https%3A%2F%2Fm%2Fx"),
        ("https://as.example/a?scope=all&q=%26", "https://as.example/a?q=%26&scope=a+b&resource=https%3A%2F%2Fm%2Fx"),
        ("https://as.example/a#scope=all", "https://as.example/a?scope=a+b&resource=https%3A%2F%2Fm%2Fx"),
    ],
)
def test_an_authorization_url_keeps_the_query_it_had_except_for_parameters_of_ours(endpoint: str, url: str) -> None:
    assert authorization_url(endpoint, {"scope": "a b", "resource": "https://m/x"}) == url
