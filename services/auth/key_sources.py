"""Where the key of an encrypted file comes from: the OS keychain, a private file, or a passphrase.

Owns making a key, finding it again by what the file says about it, and removing one that is no longer used. Every
key names itself (by a digest), so that a wrong one is told from a damaged file. Never encrypts anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..config.contents import Unreadable, plain_text
from ..config.files import write_private
from ..config.secret_variables import OLD_PASSPHRASE, PASSPHRASE
from ..errors import StorageError
from ..models import JsonObject, as_text
from .keychain import Keychain, KeychainUnusable

KEY_BYTES = 32
COST = 1 << 16
"""scrypt's N; with r = 8 it takes 64 MiB and about 0.2 s (RFC 7914)."""
_MOST_COST = 1 << 20
"""A file may not make us take more than a gigabyte."""


class KeyGone(Exception):
    """The key that a file names is not to be found; says where it was looked for."""


class KeySource(Protocol):
    """``name`` stands in the file. All methods block; they raise ``StorageError``, ``ConfigError`` for what cannot
    be written, and ``KeychainUnusable`` where that is the source.
    """

    name: str

    def fresh(self) -> tuple[JsonObject, bytes]:
        """A new key that is kept from now on, and the members by which a file names it."""
        ...

    def key(self, named: JsonObject) -> bytes:
        """The key that those members name. Raises ``KeyGone``."""
        ...

    def retire(self, old: JsonObject, new: JsonObject | None) -> str:
        """Remove the old key, the new one is in use (None: none is); returns why that failed, in words."""
        ...


class KeychainKeys:
    """Each key is an item of its own, so that the one in use is there until nothing needs it."""

    name = "keychain"

    def __init__(self, keychain: Keychain) -> None:
        self.keychain = keychain
        self._known: dict[str, bytes] = {}

    def fresh(self) -> tuple[JsonObject, bytes]:
        self.keychain.require()
        key = secrets.token_bytes(KEY_BYTES)
        name, text = _id_of(key), base64.b64encode(key).decode()
        self.keychain.write(_item(name), text)
        if self.keychain.read(_item(name)) != text:  # before anything depends on it
            raise KeychainUnusable("did not keep what it was given")
        self._known[name] = key
        return {"key": name}, key

    def key(self, named: JsonObject) -> bytes:
        name = as_text(named.get("key")) or ""
        if name not in self._known:
            key = _decoded(self.keychain.read(_item(name)) or "")
            if _id_of(key) != name:
                raise KeyGone(f"the OS keychain ({self.keychain.name}) has no key {name!r} of mcpdeck")
            self._known[name] = key
        return self._known[name]

    def retire(self, old: JsonObject, new: JsonObject | None) -> str:
        name = as_text(old.get("key")) or ""
        if self._known.pop(name, None) is None and not name:
            return ""
        try:
            self.keychain.delete(_item(name))
        except KeychainUnusable as error:
            return f"the old key {name!r} is still in it: the OS keychain {error.what}"
        return ""


class FileKeys:
    """Each key is a file of its own, mode 0600, in a folder beside the encrypted one."""

    name = "file"

    def __init__(self, folder: Path, remark: Callable[[str], None]) -> None:
        self.folder = folder
        self._remark = remark

    def fresh(self) -> tuple[JsonObject, bytes]:
        key = secrets.token_bytes(KEY_BYTES)
        write_private(self._path(_id_of(key)), base64.b64encode(key).decode() + "\n")
        return {"key": _id_of(key)}, key

    def key(self, named: JsonObject) -> bytes:
        name = as_text(named.get("key")) or ""
        path = self._path(name)
        if path.is_symlink():
            raise StorageError(f"{path} is a symbolic link", hint="put the key itself there, and no link to it")
        tighten(path, self._remark)
        try:
            text = plain_text(path, 4096)
        except Unreadable as error:
            raise StorageError(
                f"the key {path} cannot be used: {error.what}", hint=error.remedy, details={"file": str(path)}
            ) from None
        key = _decoded((text or "").strip())
        if _id_of(key) != name:
            raise KeyGone(f"the key {path} is {'gone' if text is None else 'damaged'}")
        return key

    def retire(self, old: JsonObject, new: JsonObject | None) -> str:
        kept = None if new is None else self._path(as_text(new.get("key")) or "")
        left: list[str] = []
        # also what a process that was killed while it wrote one left behind
        for path in list(self.folder.iterdir()) if self.folder.is_dir() else []:
            if path != kept:
                try:
                    path.unlink()
                except OSError as error:
                    left.append(f"{path} cannot be removed: {error.strerror or error}")
        return "; ".join(left)

    def _path(self, name: str) -> Path:
        # the name comes from a file: it stays one name in this folder, and one that a file can have
        return self.folder / f"{name if name.isalnum() and name.isascii() and len(name) <= 64 else '-'}.key"


class PassphraseKeys:
    """Derived by scrypt (RFC 7914) from a passphrase of the environment; ``None``: it is not set."""

    name = "passphrase"

    def __init__(self, passphrase: str | None, before: str | None = None) -> None:
        self._passphrases = [text for text in (passphrase, before) if text]
        self.given = bool(passphrase)
        self._known: dict[tuple[str, int], tuple[bytes, str]] = {}

    def fresh(self) -> tuple[JsonObject, bytes]:
        assert self.given  # otherwise nothing new is kept here
        salt = base64.b64encode(secrets.token_bytes(16)).decode()
        named: JsonObject = {"kdf": "scrypt", "salt": salt, "n": COST, "r": 8, "p": 1}
        key, check = self._derived(0, named)
        return {**named, "check": check}, key

    def key(self, named: JsonObject) -> bytes:
        if not self._passphrases:
            raise StorageError(
                f"the stored logins are encrypted with a passphrase, and {PASSPHRASE} is not set",
                hint=f"set {PASSPHRASE}; without it those logins stay unread, and nothing of them is changed",
            )
        check = as_text(named.get("check")) or ""
        for index in range(len(self._passphrases)):
            key, right = self._derived(index, named)
            if hmac.compare_digest(right.encode(), check.encode()):
                return key
        raise StorageError(
            f"{PASSPHRASE} is not the passphrase that the stored logins were encrypted with",
            hint=f"set the right one. To change it, set {OLD_PASSPHRASE} to the one before and run "
            "mcpdeck auth --rotate-key. Nothing was changed",
        )

    def retire(self, old: JsonObject, new: JsonObject | None) -> str:
        self._known.clear()
        return ""  # what is derived is kept nowhere

    def _derived(self, index: int, named: JsonObject) -> tuple[bytes, str]:
        """The key, and what a file remembers to tell a wrong passphrase. Raises ``KeyGone`` for impossible numbers."""
        n, r, p, salt = (named.get(name) for name in ("n", "r", "p", "salt"))
        if not (
            isinstance(salt, str)
            and isinstance(n, int)
            and isinstance(r, int)
            and isinstance(p, int)
            and 1 < n <= _MOST_COST
            and not n & (n - 1)
            and 1 <= r <= 16
            and 1 <= p <= 4
        ):
            raise KeyGone("it does not say how its key is derived")
        if (salt, index) not in self._known:
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # the start does without

            secret = self._passphrases[index].encode("utf-8", "surrogateescape")
            both = Scrypt(salt=_decoded(salt), length=2 * KEY_BYTES, n=n, r=r, p=p).derive(secret)
            check = hashlib.sha256(both[KEY_BYTES:]).hexdigest()
            self._known[salt, index] = (both[:KEY_BYTES], check)
        return self._known[salt, index]


def tighten(path: Path, remark: Callable[[str], None]) -> None:
    """Take from everybody else what only we may read; says so, because somebody may have read it before."""
    if os.name == "posix":
        with suppress(OSError):
            mode = path.stat(follow_symlinks=False).st_mode & 0o777
            if mode & 0o077:
                path.chmod(mode & 0o700)
                remark(f"{path} could be read by others (mode {mode:o}); it is private again")


def _item(name: str) -> str:
    return f"credentials key {name}"


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"mcpdeck key\0" + key).hexdigest()[:16]


def _decoded(text: str) -> bytes:
    """Empty where that is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
