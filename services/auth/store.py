"""Where logins and client identities are kept, and who gets them: by issuer and client, for one resource.

Owns the choice of the place (an encrypted file whose key the OS keychain holds; else one whose key stands beside it
or comes from a passphrase), and that there is one copy of each login. Never contacts anybody, and never gives a login
of one authorization server to another. Several processes share it; who refreshes holds ``issuer_lock`` meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from anyio import from_thread, to_thread

from ..config.files import HOME_VARIABLE, Folders
from ..config.secret_variables import OLD_PASSPHRASE, PASSPHRASE
from ..errors import ConfigError, StorageError
from ..models import JsonObject
from . import kept
from .issuer_lock import held
from .key_sources import FileKeys, KeychainKeys, PassphraseKeys, tighten
from .keychain import Keychain, KeychainUnusable
from .kinds import Client, Login
from .needed import FILE_NAME as NEEDED_FILE
from .needed import NeededLogins
from .records import wanted_of
from .sealed import SealedFile, Spoiled, hint_of

__all__ = ["CredentialStore", "wanted_of"]

FOLDER = "auth"
_WAIT = 20.0
"""Seconds for other processes to finish writing; one of them may be waiting for its keychain."""
_MOST_PROBLEMS = 20
P = ParamSpec("P")
R = TypeVar("R")


class CredentialStore:
    """One for each process. Its methods raise ``StorageError`` where the place that counts cannot be read or written;
    what stands in the way of the others is told in ``problems``.
    """

    def __init__(self, folder: Path, *, cache: Path, environ: Mapping[str, str], keychain: bool | Keychain) -> None:
        self.folder = folder
        self.locks = folder / "locks"
        """For ``issuer_lock``."""
        self.needed = NeededLogins(cache / NEEDED_FILE)
        self._problems: dict[str, None] = {}
        self._busy = threading.RLock()
        if keychain is True:
            keychain = Keychain(pulse=from_thread.check_cancelled)
        self._keychain = keychain or None
        passphrase = PassphraseKeys(environ.get(PASSPHRASE), environ.get(OLD_PASSPHRASE))
        with_keychain = [self._file("keychain", KeychainKeys(self._keychain))] if self._keychain else []
        with_passphrase = self._file("passphrase", passphrase)
        with_file = self._file("file", FileKeys(folder / "key", self._remark))
        # the strongest first; one that has no passphrase now comes last, for nothing new is kept there
        beside = [with_passphrase, with_file] if passphrase.given else [with_file, with_passphrase]
        self._files = [*with_keychain, *beside]
        self._place: SealedFile | None = None
        """Where new logins go, once that was found out."""
        self._used: SealedFile | None = None
        """Where the last login was found."""

    @classmethod
    def of(cls, folders: Folders, environ: Mapping[str, str]) -> CredentialStore:
        """The one of the person who runs this; the keychain is left alone where ``MCPDECK_HOME`` is set."""
        data, cache = folders.data / FOLDER, folders.cache
        return cls(data, cache=cache, environ=environ, keychain=not environ.get(HOME_VARIABLE))

    @property
    def where(self) -> str:
        """Where logins are kept, in words; before anything was read or written, where they probably will be."""
        place = self._place_shown
        if isinstance(place.keys, KeychainKeys):
            name = place.keys.keychain.name
            return f"OS keychain{f' ({name})' if name else ''}: it holds the key of the encrypted file {place.path}"
        if isinstance(place.keys, FileKeys):
            return f"encrypted file {place.path}, key beside it in {place.keys.folder}: weaker than a keychain"
        return f"encrypted file {place.path}, key derived from {PASSPHRASE}: weaker than a keychain"

    @property
    def weaker(self) -> bool:
        """Whether that is not the OS keychain."""
        return not isinstance(self._place_shown.keys, KeychainKeys)

    @property
    def _place_shown(self) -> SealedFile:
        return self._place or self._used or self._files[0]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is the matter with what is stored, and what was mended, in whole sentences without a full stop."""
        return tuple(self._problems)

    async def login_for(self, server_url: str, wanted: str) -> Login | None:
        """The login that was made for this URL with these settings (``wanted_of``)."""
        return await self._in_thread(self._login_for, server_url, wanted)

    async def save(self, login: Login, *, replacing: str | None = None) -> bool:
        """Keep ``login`` in the place of the one before it; on the disk when this returns. Whether it was kept.

        ``replacing``: the access token of the record that ``login`` was made from. With it nothing else is replaced:
        not a login that was made meanwhile, and one that was forgotten stays so. Where the record may be in a place
        that cannot be read now, ``login`` is kept: a refresh token that was rotated would be lost for good.
        """
        if login.metadata.issuer != login.issuer:
            raise StorageError(
                "the login was not kept: its metadata are of another authorization server than it",
                hint="log in again",
                details={"issuer": login.issuer, "metadata": login.metadata.issuer},
            )
        return await self._in_thread(self._save, login, replacing)

    async def forget(self, login: Login) -> None:
        """Remove every copy of it."""
        await self._in_thread(self._everywhere, partial(kept.drop_login, login=login))

    async def client_of(self, issuer: str, server_url: str) -> Client | None:
        """The client identity kept for this authorization server: for this MCP server, else for any."""
        return await self._in_thread(self._client_of, issuer, server_url)

    async def keep_client(self, issuer: str, client: Client, server_url: str = "") -> None:
        """Keep a registration with ``issuer`` alone; with ``server_url`` it is for that MCP server only."""
        change = partial(kept.put_client, issuer=issuer, client=client, server_url=server_url)
        await self._in_thread(self._keep, change)

    async def forget_client(self, issuer: str, client_id: str) -> None:
        """Remove this client identity, wherever it is kept for this authorization server."""
        await self._in_thread(self._everywhere, partial(kept.drop_client, issuer=issuer, client_id=client_id))

    async def all(self, server_url: str | None = None) -> tuple[Login, ...]:
        """Every login that can be read, each once; ``problems`` says what cannot.

        ``server_url``: those alone that are used for it, whatever settings they were made with.
        """
        return await self._in_thread(self._all, server_url)

    async def rotate(self) -> str:
        """Encrypt everything anew with a new key, in the best place there is, and remove the old keys.

        Returns what was done, in words.
        """
        return await self._in_thread(self._rotate)

    # What follows blocks, and runs in a worker thread.

    async def _in_thread(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        def one_at_a_time() -> R:
            with self._busy:
                return work(*args, **kwargs)

        try:
            return await to_thread.run_sync(one_at_a_time)
        except StorageError as error:
            # its frames know keys and tokens, and whoever shows a traceback may show what is in them
            raise error.with_traceback(None) from None
        except ConfigError as error:
            raise StorageError(error.title, hint=error.hint, details=error.details) from None
        except KeychainUnusable as error:
            raise StorageError(f"the OS keychain {error.what}", hint="unlock it, and try again") from None

    def _login_for(self, server_url: str, wanted: str) -> Login | None:
        hint = hint_of(server_url, wanted)
        # most servers have no login: for them no keychain is asked and no key derived
        hinted = [file for file in self._files if hint in self._asked(file, file.hints, frozenset[str]())]
        best: Login | None = None
        for file in hinted:
            login = kept.find_login(self._read(file), server_url, wanted, self._remark)
            if login is not None and (best is None or login.tokens.obtained_at > best.tokens.obtained_at):
                best, self._used = login, file
        return best

    def _save(self, login: Login, replacing: str | None) -> bool:
        with self._locked():
            there = [file for file in self._files if file.exists]
            contents = {file: self._asked(file, file.read, None, counts=False) for file in there}
            copies = {
                file: record
                for file, content in contents.items()
                if content is not None and (record := kept.record_of(content, login))
            }
            if replacing is not None:
                now = max(copies.values(), key=kept.obtained, default=None)
                unseen = [file for file, content in contents.items() if content is None]
                if not (kept.is_of(now, login.server_url, replacing) if now else self._hinted(unseen, login)):
                    return False
            known = next(iter(copies.values()), None)
            place = self._put(partial(kept.put_login, login=login, known=known))
            for file in copies:
                # a second copy would keep a refresh token that was used up, and lose the whole grant by using it
                if file is not place:
                    file.update(partial(kept.drop_login, login=login), kept.hints)
        return True

    def _hinted(self, files: Sequence[SealedFile], login: Login) -> bool:
        """Whether one of the files, which cannot be opened now, may have something for what ``login`` is for."""
        hint = hint_of(login.server_url, login.wanted)
        return any(hint in self._asked(file, file.hints, frozenset((hint,)), counts=False) for file in files)

    def _keep(self, change: Callable[[JsonObject], object]) -> None:
        with self._locked():
            self._put(change)

    def _put(self, change: Callable[[JsonObject], object]) -> SealedFile:
        """Change the best place there is; returns it."""
        place = self._best()
        try:
            place.update(change, kept.hints)
        except KeychainUnusable as error:
            # locked meanwhile, say. A token that was just rotated would be lost for good
            place = self._place = self._without_keychain(error)
            place.update(change, kept.hints)
        return place

    def _everywhere(self, change: Callable[[JsonObject], bool]) -> None:
        """Apply ``change`` to every file in which it changes something."""
        with self._locked():
            for file in self._files:
                if file.exists and change(self._read(file)):
                    file.update(change, kept.hints)

    def _client_of(self, issuer: str, server_url: str) -> Client | None:
        for file in self._files:
            if file.exists:
                found = kept.find_client(self._read(file), issuer, server_url, self._remark)
                if found is not None:
                    return found
        return None

    def _all(self, server_url: str | None) -> tuple[Login, ...]:
        self._best()
        together: JsonObject = {}
        for file in self._files:
            if file.exists:
                kept.merge(together, self._read(file))
        return tuple(kept.logins(together, server_url, self._remark))

    def _rotate(self) -> str:
        with self._locked():
            place = self._best()
            gathered: JsonObject = {}
            merged = [file for file in self._files if file.exists and self._take(file, place, gathered)]
            if not merged:
                return "nothing is stored, so there is no key to change"
            left = [place.renew(gathered, kept.hints(gathered))]
            for file in merged:
                if file is not place:
                    left += self._removed(file)
            done = f"{kept.counted(gathered)} encrypted anew with a new key; kept in: {self.where}"
            return "; ".join([done, *filter(None, left)]) if any(left) else f"{done}; the old key was removed"

    def _take(self, file: SealedFile, place: SealedFile, gathered: JsonObject) -> bool:
        """Whether all of ``file`` is in ``gathered`` now. What is spoiled is put aside."""
        try:
            kept.merge(gathered, file.read())
        except Spoiled as error:
            self._remark(f"{file.path} {error}; it was put aside as {file.put_aside().name}")
            return False
        except (StorageError, KeychainUnusable) as error:
            if file is place:
                raise
            self._remark(f"{file.path} was left as it is: {error}")
            return False
        return True

    def _removed(self, file: SealedFile) -> list[str]:
        named = file.named()
        try:
            file.path.unlink()
        except OSError as error:
            return [f"{file.path} cannot be removed: {error.strerror or error}"]
        return [file.keys.retire(named, None)]

    def _read(self, file: SealedFile, *, counts: bool = True) -> JsonObject:
        return self._asked(file, file.read, {}, counts=counts)

    def _asked(self, file: SealedFile, question: Callable[[], R], nothing: R, *, counts: bool = True) -> R:
        """The answer of ``file``; ``nothing`` with a problem told where it cannot be read.

        ``counts``: raise ``StorageError`` in place of that, where new logins go to it.
        """
        try:
            return question()
        except Spoiled as error:
            self._remark(f"{file.path} {error}: what it holds is not seen, and the next login puts it aside")
        except KeychainUnusable as error:
            self._without_keychain(error)
        except StorageError as error:
            if counts and file is self._best():
                raise
            self._remark(f"{error.title}: what {file.path} holds is not seen ({error.hint})")
        return nothing

    def _best(self) -> SealedFile:
        """The strongest place that works; found out once."""
        if self._place is None:
            self._place = self._files[0]
            if self._keychain is not None:
                try:
                    self._keychain.require()
                except KeychainUnusable as error:
                    self._place = self._without_keychain(error)
        return self._place

    def _without_keychain(self, error: KeychainUnusable) -> SealedFile:
        """The strongest place that is no keychain; tells why it is needed."""
        place = next(file for file in self._files if not isinstance(file.keys, KeychainKeys))
        unseen = [f"what {file.path} holds is not seen, and " for file in self._files[:1] if file.exists]
        self._remark(f"the OS keychain {error.what}: {''.join(unseen)}new logins go to the weaker file {place.path}")
        return place

    def _locked(self) -> AbstractContextManager[None]:
        tighten(self.folder, self._remark)
        return held(self.folder / "credentials.lock", seconds=_WAIT, pulse=from_thread.check_cancelled)

    def _file(self, name: str, keys: KeychainKeys | FileKeys | PassphraseKeys) -> SealedFile:
        return SealedFile(self.folder / f"{name}.sealed", keys, self._remark)

    def _remark(self, text: str) -> None:
        self._problems.pop(text, None)
        self._problems[text] = None
        while len(self._problems) > _MOST_PROBLEMS:
            self._problems.pop(next(iter(self._problems)))
