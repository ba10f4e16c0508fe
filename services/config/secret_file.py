"""Keys and tokens for logging in: what one looks like, and reading one from the file that an entry names.

Owns the bounds of such a file. Never keeps what it read, and no complaint shows it. Reading blocks.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

from ..models import Secret

LARGEST_FILE = 64 * 1024
"""Bytes of a key or a token that is read from a file."""


class UnusableSecret(Exception):
    """``what``: the rest of a sentence about the field that it is in, and a remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def read_secret(secret: Secret, fits: Callable[[str], str]) -> str:
    """The secret, as ``fits`` (``private_key`` or ``token``) returns it. Raises ``UnusableSecret``."""
    if isinstance(secret, str):
        return fits(secret)
    path = Path(secret.path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
            raise UnusableSecret(f"names {path}, which is no file", "name a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise UnusableSecret(f"names {path}, which is too large", "name the file with the key or token itself")
        found = content.decode().strip()
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UnusableSecret(f"names {path}, which is no text", "name a PEM file or a token") from None
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UnusableSecret(f"names {path}, which cannot be read: {reason}", "correct the path after @") from None
    if not found:
        raise UnusableSecret(f"names {path}, which is empty", "write the key or token into it")
    return fits(found)


def private_key(text: str) -> str:
    """PEM of a private key, with line ends."""
    # A variable, and a JSON text that was pasted, may have \n in the place of line ends.
    text = text.replace("\\n", "\n") if "\n" not in text else text
    head = re.search(r"-----BEGIN ([A-Z0-9 ]+)-----", text)
    if head is None or not head[1].endswith("PRIVATE KEY"):
        raise UnusableSecret("is no private key in PEM form", 'write "@FILE" with a path to key.pem')
    if "ENCRYPTED" in text:
        raise UnusableSecret("is encrypted", "decrypt it (openssl pkcs8 -in key.pem), and protect the file")
    return text


def token(text: str) -> str:
    """A JWT, or whatever else stands for one."""
    if re.search(r"[^\x21-\x7e]", text):
        raise UnusableSecret("has white space or characters in it that no token has", "write the JWT alone")
    return text
