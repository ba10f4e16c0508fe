"""Proof of possession for tokens (RFC 9449).

Owns the key that a token is bound to, and the nonces that servers want in a proof. Sends nothing itself, and never
gives the key to anyone but whoever keeps it with the token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ..errors import StorageError
from ..models import JsonObject
from .kinds import Place, ServerMetadata
from .mechanics import PROOF_ALGORITHM, ProofKey, UnusableKeyError, new_proof_key

_NONCE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,1024}")
"""RFC 9449, section 8.1: characters that need no quoting; the length is our bound."""
_MOST_ORIGINS: Final = 16


class Proof:
    """One DPoP key, and the newest nonce of each origin that gave one.

    ``key``: a private JWK that was kept; without one a new key is made. Raises ``StorageError`` for a kept key that
    cannot sign.
    """

    __slots__ = ("_jwk", "_key", "_nonces", "_now")

    def __init__(self, key: JsonObject | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._jwk = dict(key) if key is not None else new_proof_key()
        self._nonces: dict[str, str] = {}
        self._now = now
        try:
            self._key = ProofKey(self._jwk)
        except UnusableKeyError as error:
            raise StorageError(
                f"a kept login cannot be used: {error}", hint="Log out of the server and log in again."
            ) from None

    @property
    def key(self) -> JsonObject:
        """The private JWK, to be kept with the token that is bound to it. Secret."""
        return dict(self._jwk)

    @property
    def thumbprint(self) -> str:
        """What a bound token names as ``cnf.jkt`` (RFC 9449, section 6.1)."""
        return self._key.thumbprint

    def header(self, method: str, url: str, *, access: str | None) -> str:
        """The value of the ``DPoP`` header for one request; a fresh one each time (section 4.2).

        ``access``: the token that goes with it, None at a token endpoint.
        """
        claims: JsonObject = {
            "jti": secrets.token_urlsafe(24),
            "htm": method.upper(),
            "htu": target_of(url),
            "iat": int(self._now()),
        }
        if access is not None:
            claims["ath"] = _hash(access)
        nonce = self.nonce_for(url)
        if nonce is not None:
            claims["nonce"] = nonce
        return self._key.sign(claims)

    def nonce_for(self, url: str) -> str | None:
        """The newest nonce of ``url``'s origin."""
        return self._nonces.get(_origin(url))

    def remember(self, url: str, nonce: str | None) -> None:
        """The ``DPoP-Nonce`` of an answer from ``url`` is used for its origin from now on (section 8.2).

        None, and a value that is no nonce, change nothing.
        """
        if nonce is None or _NONCE.fullmatch(nonce) is None:
            return
        origin = _origin(url)
        self._nonces.pop(origin, None)
        while len(self._nonces) >= _MOST_ORIGINS:
            del self._nonces[next(iter(self._nonces))]
        self._nonces[origin] = nonce


def proof_for(place: Place, server: ServerMetadata, *, now: Callable[[], float] = time.time) -> Proof | None:
    """A new proof where ``server`` advertises DPoP with an algorithm of ours and nobody switched it off."""
    wanted = place.settings.dpop == "auto" and PROOF_ALGORITHM in server.dpop_algorithms
    return Proof(now=now) if wanted else None


def target_of(url: str) -> str:
    """``htu``: ``url`` as it is requested, without query, fragment and user info."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", "", ""))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _hash(access: str) -> str:
    """``ath`` (section 4.2): base64url of the SHA-256 of the token's ASCII."""
    return urlsafe_b64encode(hashlib.sha256(access.encode("ascii")).digest()).rstrip(b"=").decode()
