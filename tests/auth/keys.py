"""Private keys of every kind, as PEM; each is made once."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519


@cache
def key(kind: str) -> Any:
    match kind:
        case "EC":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "RSA":
            return rsa.generate_private_key(65537, 2048)
        case "OKP":
            return ed25519.Ed25519PrivateKey.generate()
        case "Ed448":
            return ed448.Ed448PrivateKey.generate()
        case _:
            return x25519.X25519PrivateKey.generate()


def pem(kind: str, password: bytes | None = None, form: str = "PKCS8") -> str:
    shut = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    found: bytes = key(kind).private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), shut)
    return found.decode()


def public_pem(kind: str) -> bytes:
    found: bytes = (
        key(kind).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return found
