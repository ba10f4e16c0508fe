"""One encrypted file: AES-256-GCM, replaced in one step, and never written over when it cannot be understood.

Owns its format. The file is a JSON object: how its key is named, which servers it has something for (digests, so that
no key is asked for in vain), a nonce, and the sealed text. All but the last two is authenticated with the text. Never
locks: who changes it holds the store's lock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlsplit

from ..config.contents import Unreadable, plain_text
from ..config.files import write_private
from ..errors import StorageError
from ..models import JsonObject, as_list, as_text
from ..state.text import shortened
from .key_sources import KeyGone, KeySource, tighten

VERSION = 1
KIND = "credentials"
_NONCE_BYTES = 12
"""Of 96 bits, as GCM wants it (NIST SP 800-38D, section 8.2.2); drawn anew for each write."""
_OUTSIDE = ("nonce", "sealed")
_TRIES = 3
T = TypeVar("T")


class Spoiled(Exception):
    """The file cannot be opened and never will be: damaged, or its key is gone. As the rest of a sentence."""


def hint_of(server_url: str, wanted: str) -> str:
    """What stands in the open for a login: a digest. The URL's query and user are left out, they may be secret."""
    try:
        parts = urlsplit(server_url)
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    except ValueError:  # no URL, so nobody logs in there
        bare = ""
    return hashlib.sha256(f"{bare}\n{wanted}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class _Opened:
    named: JsonObject
    """The file's object, with the members that name the key."""
    key: bytes
    content: JsonObject

    def __repr__(self) -> str:
        return "_Opened()"


class SealedFile:
    """``remark`` hears what is odd about the file and was mended."""

    def __init__(self, path: Path, keys: KeySource, remark: Callable[[str], None]) -> None:
        self.path = path
        self.keys = keys
        self._remark = remark

    @property
    def exists(self) -> bool:
        return os.path.lexists(self.path)

    def hints(self) -> frozenset[str]:
        """What it may have something for. Raises ``Spoiled`` and ``StorageError``, and needs no key."""
        return frozenset(text for text in as_list((self._outer() or {}).get("hints")) if isinstance(text, str))

    def named(self) -> JsonObject:
        """What names its key; empty where there is no file, or it cannot be understood."""
        try:
            return self._outer() or {}
        except (Spoiled, StorageError):
            return {}

    def read(self) -> JsonObject:
        """Its content; ``{}`` where there is no file. Raises ``Spoiled``, ``StorageError``, ``KeychainUnusable``."""
        opened = self._opened()
        return {} if opened is None else opened.content

    def update(self, change: Callable[[JsonObject], T], hints: Callable[[JsonObject], Iterable[str]]) -> T:
        """Read, change in place, write. What is spoiled is put aside first, and told.

        Raises ``StorageError``, ``ConfigError`` and ``KeychainUnusable``; the file is as it was then.
        """
        try:
            opened = self._opened()
        except Spoiled as error:
            self._remark(f"{self.path} {error}; it was put aside as {self.put_aside().name}, and new logins start anew")
            opened = None
        content: JsonObject = {} if opened is None else opened.content
        result = change(content)
        named, key = self._fresh() if opened is None else (opened.named, opened.key)
        self._write(named, key, content, hints(content))
        return result

    def renew(self, content: JsonObject, hints: Iterable[str]) -> str:
        """Write ``content`` with a new key, make sure that it can be read, and only then remove the old key.

        Returns what did not work about removing it. Raises as ``update`` does; everything is as it was then.
        """
        before = self.named()
        named, key = self._fresh()
        self._write(named, key, content, hints)
        if self.read() != content:
            raise StorageError(f"{self.path} does not hold what was written", hint="check the disk it is on")
        return self.keys.retire(before, named)

    def put_aside(self) -> Path:
        """Move the file out of the way, under a name of its own. Raises ``StorageError``."""
        free = (f"{self.path.name}.broken{'' if number == 1 else f'-{number}'}" for number in count(1))
        target = next(path for path in map(self.path.with_name, free) if not os.path.lexists(path))
        try:
            return self.path.replace(target)
        except OSError as error:
            raise self._unusable(f"cannot be put aside: {error.strerror or error}", "move it away") from None

    def _fresh(self) -> tuple[JsonObject, bytes]:
        with suppress(OSError):  # who writes there next says so
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.keys.fresh()

    def _opened(self) -> _Opened | None:
        for last in (False,) * (_TRIES - 1) + (True,):
            outer = self._outer()
            if outer is None:
                return None
            try:
                return self._unsealed(outer)
            except Spoiled:
                # another process may have changed the key between our reading of the file and of the key
                if last or self._outer() == outer:
                    raise
        raise AssertionError("the last try returns or raises")

    def _unsealed(self, outer: JsonObject) -> _Opened:
        from cryptography.exceptions import InvalidTag  # the start does without
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            key = self.keys.key(outer)
        except KeyGone as error:
            raise Spoiled(f"cannot be read: {error}") from None
        try:
            nonce, sealed = (base64.b64decode(as_text(outer.get(name)) or "", validate=True) for name in _OUTSIDE)
            content = json.loads(AESGCM(key).decrypt(nonce, sealed, _authenticated(outer)))
        except (InvalidTag, binascii.Error, ValueError, RecursionError):
            raise Spoiled("is damaged") from None
        if not isinstance(content, dict):
            raise Spoiled("is damaged")
        return _Opened(outer, key, cast("JsonObject", content))

    def _outer(self) -> JsonObject | None:
        """The file's object, None where there is no file. Raises ``Spoiled`` and ``StorageError``."""
        if self.path.is_symlink():
            raise self._unusable("is a symbolic link", "put the file itself there, and no link to it")
        try:
            text = plain_text(self.path)
        except Unreadable as error:
            if self._readable():
                raise Spoiled(f"is damaged ({error.what})") from None
            raise self._unusable(f"cannot be used: {error.what}", error.remedy) from None
        if text is None:
            return None
        tighten(self.path, self._remark)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Spoiled("is damaged (it holds no JSON object)")
        outer = cast("JsonObject", value)
        version = outer.get("version")
        if outer.get("mcpdeck") != KIND or isinstance(version, bool) or not isinstance(version, int):
            raise Spoiled("is damaged (it is not of mcpdeck)")
        if version != VERSION:
            raise self._unusable(
                f"is of version {shortened(str(version), 20)}, which another mcpdeck wrote",
                "use that one, or move the file away; nothing was changed",
            )
        return outer

    def _readable(self) -> bool:
        try:
            ours = os.access(self.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)
            return ours and stat.S_ISREG(self.path.stat().st_mode)
        except OSError:
            return False

    def _write(self, named: JsonObject, key: bytes, content: JsonObject, hints: Iterable[str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # the start does without

        own: JsonObject = {"mcpdeck": KIND, "version": VERSION, "source": self.keys.name}
        outer: JsonObject = {**named, **own, "hints": [*sorted(set(hints))]}
        nonce = secrets.token_bytes(_NONCE_BYTES)
        # bytes of UTF-8 would not hold a lone surrogate, which a server may send as an escape
        plain = json.dumps(content).encode("ascii")
        sealed = AESGCM(key).encrypt(nonce, plain, _authenticated(outer))
        for name, data in zip(_OUTSIDE, (nonce, sealed), strict=True):
            outer[name] = base64.b64encode(data).decode("ascii")
        write_private(self.path, json.dumps(outer, indent=1) + "\n")

    def _unusable(self, what: str, remedy: str) -> StorageError:
        return StorageError(f"{self.path} {what}", hint=remedy, details={"file": str(self.path)})


def _authenticated(outer: JsonObject) -> bytes:
    inside = {name: value for name, value in outer.items() if name not in _OUTSIDE}
    return json.dumps(inside, sort_keys=True, separators=(",", ":")).encode("ascii")
