"""Proofs of possession, looked at the way a server that checks them does (RFC 9449, section 4.3)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from mcpdeck.services.auth.dpop import Proof, proof_for
from mcpdeck.services.auth.mechanics import new_proof_key
from mcpdeck.services.errors import StorageError
from tests.auth.scripted_fetch import NOW, metadata, place

URL = "https://mcp.example/mcp"


def checked(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a proof whose signature is right under its own key."""
    from mcpdeck.services.auth.mechanics import header_of

    header = dict(header_of(proof))
    jwk: Any = header["jwk"]
    return header, dict(jwt.decode(proof, ECKey.import_key(jwk), ["ES256"]).claims)


def test_a_proof_says_for_which_request_it_is_and_is_signed_by_the_public_key_in_its_header() -> None:
    made = Proof(now=lambda: NOW)
    header, claims = checked(made.header("post", URL, access=None))
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    assert (claims["htm"], claims["htu"], claims["iat"]) == ("POST", URL, NOW)
    assert set(claims) == {"jti", "htm", "htu", "iat"}


def test_a_proof_with_a_token_names_its_hash() -> None:
    _, claims = checked(Proof().header("GET", URL, access="token-1"))
    digest = hashlib.sha256(b"token-1").digest()
    assert claims["ath"] == urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_no_two_proofs_have_the_same_id() -> None:
    made = Proof()
    ids = {checked(made.header("POST", URL, access="t"))[1]["jti"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(each) >= 16 for each in ids)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://mcp.example/mcp?session=1#top", "https://mcp.example/mcp"),
        ("https://mcp.example/mcp#a?b", "https://mcp.example/mcp"),
        ("https://mcp.example", "https://mcp.example/"),
        ("https://mcp.example:8443/a/", "https://mcp.example:8443/a/"),
        ("http://[::1]:9/mcp", "http://[::1]:9/mcp"),
        ("https://user:pass@mcp.example/mcp", "https://mcp.example/mcp"),
    ],
)
def test_the_target_has_neither_query_nor_fragment_nor_user(url: str, target: str) -> None:
    assert checked(Proof().header("POST", url, access=None))[1]["htu"] == target


def test_a_nonce_is_used_for_its_origin_until_a_newer_one_comes() -> None:
    made = Proof()
    made.remember("https://mcp.example/anything?x=1", "nonce-1")
    made.remember("https://as.example/token", "nonce-as")
    assert checked(made.header("POST", URL, access=None))[1]["nonce"] == "nonce-1"
    made.remember("https://MCP.example/other", "nonce-2")
    assert checked(made.header("POST", URL, access=None))[1]["nonce"] == "nonce-2"
    assert checked(made.header("POST", "https://as.example/token", access=None))[1]["nonce"] == "nonce-as"
    assert "nonce" not in checked(made.header("POST", "https://mcp.example:8443/mcp", access=None))[1]


@pytest.mark.parametrize("nonce", [None, "", "two words", 'quo"te', "back\\slash", "n\r\nX: 1", "ö", "x" * 2000])
def test_what_is_no_nonce_changes_nothing(nonce: str | None) -> None:
    made = Proof()
    made.remember(URL, "good-1")
    made.remember(URL, nonce)
    assert made.nonce_for(URL) == "good-1"


def test_only_the_newest_origins_are_remembered() -> None:
    made = Proof()
    for number in range(100):
        made.remember(f"https://host-{number}.example/", f"nonce-{number}")
    known = [number for number in range(100) if made.nonce_for(f"https://host-{number}.example/")]
    assert known == list(range(84, 100))


def test_a_kept_key_makes_proofs_of_the_same_thumbprint() -> None:
    first = Proof()
    again = Proof(json.loads(json.dumps(first.key)))
    assert again.thumbprint == first.thumbprint == ECKey.import_key(dict(first.key)).thumbprint()
    assert Proof().thumbprint != first.thumbprint


@pytest.mark.parametrize(
    "damage",
    [
        {"d": None},
        {"d": "AAAA"},
        {"d": 7},
        {"crv": "P-384"},
        {"kty": "oct", "k": "AAAA"},
        {"x": "!!!"},
        {"y": ""},
    ],
)
def test_a_kept_key_that_cannot_sign_is_refused_without_being_quoted(damage: dict[str, Any]) -> None:
    key = {name: value for name, value in (new_proof_key() | damage).items() if value is not None}
    with pytest.raises(StorageError) as caught:
        Proof(key)
    assert str(key.get("x")) not in caught.value.title
    assert caught.value.__suppress_context__


def test_the_key_is_in_no_representation() -> None:
    made = Proof()
    assert str(made.key["d"]) not in f"{made!r} {made}"


@pytest.mark.parametrize(
    ("algorithms", "setting", "proves"),
    [
        (("ES256", "RS256"), "auto", True),
        (("ES256",), "off", False),
        (("RS256",), "auto", False),
        ((), "auto", False),
    ],
)
def test_proofs_are_made_where_the_server_advertises_an_algorithm_of_ours(
    algorithms: tuple[str, ...], setting: str, proves: bool
) -> None:
    found = proof_for(place(dpop=setting), metadata(dpop_algorithms=algorithms))
    assert (found is not None) is proves
