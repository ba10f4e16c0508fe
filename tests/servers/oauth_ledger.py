"""What the authorization server of the tests remembers: clients, codes, tokens, and what was presented of them.

Owns no socket. Times are wall seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from joserfc import jwk, jwt
from joserfc.errors import JoseError

Kind = Literal["code", "access", "refresh", "assertion"]


@dataclass(frozen=True)
class Seen:
    """One request as it came. ``form``: of an urlencoded body; ``json``: of a JSON one, else None."""

    server: Literal["issuer", "mcp"]
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        if "x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return {}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def basic(self) -> tuple[str, str] | None:
        """Client id and secret of HTTP Basic, decoded as RFC 6749, section 2.3.1, says."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        name, _, password = base64.b64decode(value).decode().partition(":")
        return unquote_plus(name), unquote_plus(password)

    @property
    def token(self) -> str | None:
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() in ("bearer", "dpop") else None


@dataclass
class Issued:
    """A code or token. ``used``: each request it came with, in words. ``family``: those that descend from one login."""

    kind: Kind
    value: str
    client_id: str
    scopes: tuple[str, ...]
    resource: str
    expires_at: float
    family: str
    challenge: str = ""
    redirect_uri: str = ""
    thumbprint: str | None = None
    revoked: bool = False
    used: list[str] = field(default_factory=list)


@dataclass
class Registered:
    client_id: str
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    auth_method: str = "none"
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """An OAuth error: its code, a description and the status it is told with."""

    def __init__(self, code: str, description: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.status = status


def same_redirect(registered: str, asked: str) -> bool:
    """Loopback addresses may differ in the port (RFC 8252, section 7.3), anything else in nothing."""
    if registered == asked:
        return True
    one, other = urlsplit(registered), urlsplit(asked)
    return one.hostname in ("127.0.0.1", "::1") and (one.scheme, one.hostname, one.path) == (
        other.scheme,
        other.hostname,
        other.path,
    )


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Ledger:
    """Everything handed out. ``skew``: how far this server's clock is ahead of ours, in seconds."""

    skew: float = 0.0
    issued: list[Issued] = field(default_factory=list)
    clients: dict[str, Registered] = field(default_factory=dict)
    nonces: list[str] = field(default_factory=list)
    proofs: list[dict[str, Any]] = field(default_factory=list)
    """The payloads of the DPoP proofs that were accepted."""

    @property
    def now(self) -> float:
        return time.time() + self.skew

    def issue(self, kind: Kind, lifetime: float, **fields: Any) -> Issued:
        fields.setdefault("family", secrets.token_hex(4))
        one = Issued(kind, f"{kind}-{secrets.token_urlsafe(24)}", expires_at=self.now + lifetime, **fields)
        self.issued.append(one)
        return one

    def of(self, kind: Kind) -> list[Issued]:
        return [one for one in self.issued if one.kind == kind]

    def find(self, kind: Kind, value: str | None) -> Issued | None:
        return next((one for one in self.of(kind) if one.value == value), None)

    def end_family(self, family: str) -> None:
        for one in self.issued:
            if one.family == family:
                one.revoked = True

    def check_proof(self, seen: Seen, url: str, *, nonce: str | None, access: str | None = None) -> str | None:
        """The thumbprint of the key that a DPoP proof was made with, None where none came; RFC 9449, section 4.3."""
        proof = seen.headers.get("dpop")
        if proof is None:
            return None
        try:
            padded = proof.split(".")[0] + "=="
            header = json.loads(base64.urlsafe_b64decode(padded))
            key = jwk.import_key(header["jwk"])
            payload: dict[str, Any] = dict(jwt.decode(proof, key, algorithms=["ES256"]).claims)
        except (JoseError, ValueError, KeyError) as error:
            raise Refused("invalid_dpop_proof", str(error)) from error
        wrong = [
            name
            for name, fits in {
                "typ": header.get("typ") == "dpop+jwt",
                "jwk": "d" not in header["jwk"],
                "htm": payload.get("htm") == seen.method,
                "htu": payload.get("htu") == url,
                "iat": abs(self.now - payload.get("iat", 0)) < 300,
                "jti": payload.get("jti") and payload["jti"] not in [one["jti"] for one in self.proofs],
                "ath": access is None or payload.get("ath") == digest(access),
            }.items()
            if not fits
        ]
        if wrong:
            raise Refused("invalid_dpop_proof", " ".join(wrong))
        if nonce is not None and payload.get("nonce") != nonce:
            raise Refused("use_dpop_nonce", "a proof with the nonce is wanted")
        self.proofs.append(payload)
        return key.thumbprint()
