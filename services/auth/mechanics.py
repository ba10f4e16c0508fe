"""The mechanics of OAuth and JOSE, over Authlib and joserfc.

Owns every call into these libraries: PKCE, random values, the encoding of client credentials, signed assertions,
DPoP keys and proofs, the payload of a JWT. Knows nothing of MCP, sends nothing, and keeps nothing. The libraries are
imported where they are used: with them comes a tenth of a second of cryptography. What they raise about a key never
leaves with its cause, which may quote the key.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

from ..models import JsonObject

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, Key

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 300
"""How long a client assertion is good for (RFC 7523, section 3: short-lived)."""
PROOF_ALGORITHM: Final = "ES256"
"""The one algorithm of our DPoP proofs; every authorization server with DPoP knows it."""
_VERIFIER_LENGTH: Final = 64
_STATE_LENGTH: Final = 43
_BY_CURVE: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K"}
_BY_RSA: Final = ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512")
_BY_OKP: Final = ("EdDSA", "Ed25519")
"""RFC 9864 prefers the second name; most servers know the first only."""


class UnusableKeyError(ValueError):
    """A key that cannot sign what it should; the text says why, and never quotes the key."""


# PKCE and the authorization request


def new_verifier() -> str:
    """A PKCE verifier (RFC 7636, section 4.1): 64 unreserved characters, about 380 bits."""
    return _random(_VERIFIER_LENGTH)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of ``verifier`` (RFC 7636, section 4.2)."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]

    return cast("str", create_s256_code_challenge(verifier))


def new_state() -> str:
    """A ``state`` that nobody guesses: 43 letters and digits, about 256 bits."""
    return _random(_STATE_LENGTH)


def authorization_url(endpoint: str, params: Mapping[str, str]) -> str:
    """``endpoint`` with ``params`` behind the query it has already (RFC 6749, section 3.1).

    A parameter of its query that is one of ours is left out: no parameter may stand there twice. So is a fragment.
    """
    from authlib.common.urls import add_params_to_uri  # pyright: ignore[reportUnknownVariableType]

    parts = urlsplit(endpoint)
    query = parse_qsl(parts.query, keep_blank_values=True)
    own = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in query if name not in params
    )  # the library reads it again
    bare = urlunsplit(parts._replace(query=own, fragment=""))
    return add_params_to_uri(bare, list(params.items()))


def _random(length: int) -> str:
    from authlib.common.security import generate_token  # pyright: ignore[reportUnknownVariableType]

    return generate_token(length)


# Client authentication


def basic(client_id: str, secret: str) -> str:
    """The ``Authorization`` of ``client_secret_basic``: both form-urlencoded first (RFC 6749, section 2.3.1)."""
    from authlib.oauth2.auth import ClientAuth

    headers: dict[str, str] = {}
    auth = ClientAuth(quote_plus(client_id), quote_plus(secret), "client_secret_basic")
    auth.prepare("POST", "", headers, "")  # pyright: ignore[reportUnknownMemberType]
    return headers["Authorization"]


def signed_assertion(
    client_id: str,
    key_pem: str,
    alg: str,
    audience: str,
    lifetime: int = ASSERTION_SECONDS,
    now: float | None = None,
) -> str:
    """A JWT that shows who the client is (RFC 7523, section 3): iss, sub, aud, iat, exp, jti; a new one each time.

    ``lifetime`` in seconds, ``now`` in wall seconds. Raises ``UnusableKeyError``.
    """
    from authlib.oauth2.rfc7523 import private_key_jwt_sign  # pyright: ignore[reportUnknownVariableType]
    from joserfc.errors import JoseError

    key = _private_key(key_pem)
    if alg not in _signs_with(key):
        raise UnusableKeyError(f"the key cannot sign with {alg}")
    issued = int(time.time() if now is None else now)
    try:
        with _without_warnings():
            signed = private_key_jwt_sign(key, client_id, audience, alg, issued_at=issued, expires_at=issued + lifetime)
    except (JoseError, ValueError, TypeError) as error:
        raise UnusableKeyError(f"the key cannot sign with {alg} ({type(error).__name__})") from None
    return cast("str", signed)


def algorithms_of(key_pem: str) -> tuple[str, ...]:
    """Which algorithms the key in ``key_pem`` can sign with, the usual one first. Raises ``UnusableKeyError``."""
    return _signs_with(_private_key(key_pem))


def _signs_with(key: Key) -> tuple[str, ...]:
    if key.key_type == "RSA":
        return _BY_RSA
    curve = str(key.as_dict(private=False).get("crv", ""))
    if key.key_type == "OKP":
        return _BY_OKP if curve == "Ed25519" else ()
    return (_BY_CURVE[curve],) if curve in _BY_CURVE else ()


@contextmanager
def _without_warnings() -> Generator[None]:
    """The library warns on stderr about old names and short keys, where a dashboard may be drawn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _private_key(pem: str) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    try:
        found = load_pem_private_key(pem.strip().encode(), None)
    except TypeError:
        raise UnusableKeyError("the key has a pass phrase, which mcpdeck cannot give") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError("there is no private key in PEM (-----BEGIN PRIVATE KEY-----)") from None
    match found:
        case ec.EllipticCurvePrivateKey():
            kind = "EC"
        case rsa.RSAPrivateKey():
            kind = "RSA"
        case ed25519.Ed25519PrivateKey() | ed448.Ed448PrivateKey():
            kind = "OKP"
        case _:
            raise UnusableKeyError("keys of this kind sign no assertions; use EC, RSA or Ed25519")
    try:
        with _without_warnings():
            return JWKRegistry.import_key(pem.strip(), kind)
    except (JoseError, ValueError) as error:
        raise UnusableKeyError(f"the key cannot be used ({type(error).__name__})") from None


# DPoP (RFC 9449)


def new_proof_key() -> JsonObject:
    """A fresh private key for DPoP proofs, as a JWK (EC, P-256)."""
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256", private=True, auto_kid=False)
    return cast("JsonObject", dict(key.as_dict(private=True)))


class ProofKey:
    """A private key that signs DPoP proofs. ``jwk`` as ``new_proof_key`` gave it; raises ``UnusableKeyError``."""

    __slots__ = ("_key", "_public")

    def __init__(self, jwk: JsonObject) -> None:
        self._key = _proof_key(jwk)
        whole = self._key.as_dict(private=False)
        self._public = {name: whole[name] for name in ("kty", "crv", "x", "y")}

    def sign(self, claims: JsonObject) -> str:
        """A proof with ``claims`` (RFC 9449, section 4.2), its public key in the header."""
        from joserfc import jwt

        header = {"typ": "dpop+jwt", "alg": PROOF_ALGORITHM, "jwk": self._public}
        return jwt.encode(header, dict(claims), self._key, algorithms=[PROOF_ALGORITHM])

    @property
    def thumbprint(self) -> str:
        """The JWK thumbprint (RFC 7638) that a bound token carries as ``cnf.jkt``."""
        return self._key.thumbprint()


def _proof_key(jwk: JsonObject) -> ECKey:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    parts: dict[str, str | list[str]] = {
        name: value for name in ("kty", "crv", "x", "y", "d") if isinstance(value := jwk.get(name), str)
    }
    if len(parts) < 5 or parts["kty"] != "EC" or parts["crv"] != "P-256":
        raise UnusableKeyError("the kept DPoP key is no private P-256 key")
    try:
        key = ECKey.import_key(parts)
        key.get_op_key("sign")
    except (JoseError, ValueError) as error:
        raise UnusableKeyError(f"the kept DPoP key cannot be used ({type(error).__name__})") from None
    return key


# Tokens


def payload_of(token: str) -> bytes | None:
    """The payload of a signed JWT in its compact form, not verified; None for anything else. Never raises."""
    parts = _parts_of(token)
    return parts[1] if parts else None


def header_of(token: str) -> JsonObject:
    """The header of a signed JWT in its compact form, not verified; empty for anything else. Never raises."""
    parts = _parts_of(token)
    return parts[0] if parts else {}


def _parts_of(token: str) -> tuple[JsonObject, bytes] | None:
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        parts = jws.extract_compact(token.encode())
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    return cast("JsonObject", dict(parts.headers())), parts.payload
