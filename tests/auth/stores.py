"""A data folder and a keychain in memory, opened as by one process after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mcpdeck.services.auth.keychain import Keychain
from mcpdeck.services.auth.kinds import Login
from mcpdeck.services.auth.store import CredentialStore

PLACES = {"file": {}, "passphrase": {"passphrase": "p"}, "keychain": {"keychain": True}}
"""What ``House.open`` is called with, for each of the places that credentials are kept in."""


@dataclass
class FakeBackend:
    """A keychain in memory; ``priority`` as keyring's own ones have it."""

    name: str = "Fake Keychain"
    priority: float = 5
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(f"get {username}")
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked.append(f"set {username}")
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.asked.append(f"delete {username}")
        del self.items[service, username]


class Breaking(FakeBackend):
    """Works until it is told not to."""

    broken = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.broken:
            raise RuntimeError("locked")
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.broken:
            raise RuntimeError("locked")
        super().set_password(service, username, password)


@dataclass
class House:
    """A data folder and a keychain; each ``open`` is another process."""

    root: Path
    backend: Breaking = field(default_factory=Breaking)

    @property
    def folder(self) -> Path:
        return self.root / "auth"

    def open(self, *, keychain: bool = False, passphrase: str = "", old: str = "") -> CredentialStore:
        environ = {"MCPDECK_PASSPHRASE": passphrase, "MCPDECK_PASSPHRASE_OLD": old}
        backend = Keychain(lambda: self.backend) if keychain else False
        return CredentialStore(self.folder, cache=self.root / "cache", environ=environ, keychain=backend)

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if path.suffix != ".lock"}


async def found(store: CredentialStore, one: Login) -> Login | None:
    return await store.login_for(one.server_url, one.wanted)
