"""A login in use, with a scripted renewal, a clock that stands still, and a disk that may be full."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel

from mcpdeck.services.auth.errand import Work, nobody
from mcpdeck.services.auth.in_use import LoginInUse, token_of
from mcpdeck.services.auth.kinds import Login, Place
from mcpdeck.services.auth.store import CredentialStore, wanted_of
from mcpdeck.services.errors import StorageError
from mcpdeck.services.models import OAuthSettings
from tests.auth.logins import URL, login

PLACE = Place("server", URL, OAuthSettings())
BORN = 1_000_000.0


@dataclass
class Stage:
    store: CredentialStore
    at: float = BORN
    renewals: list[str | None] = field(default_factory=list)
    failure: Exception | None = None
    told: int = 0
    waits: anyio.Event | None = None
    meanwhile: Callable[[], Awaitable[object]] | None = None
    """What another process does while the authorization server is asked."""

    async def renewal(self, before: Login) -> Login:
        self.renewals.append(before.tokens.refresh)
        if self.waits is not None:
            await self.waits.wait()
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.failure is not None:
            raise self.failure
        return made(f"access-{len(self.renewals)}", at=self.at)

    def tell(self) -> None:
        self.told += 1

    def opened(self, tasks: anyio.abc.TaskGroup | None = None) -> LoginInUse:
        """Another process's, or the first one's; ``tasks``: what goes on without its caller does so there."""

        def spawn(work: Work, failed: Callable[[Exception], None]) -> bool:
            assert tasks is not None
            tasks.start_soon(work)
            return True

        begin = nobody if tasks is None else spawn
        return LoginInUse(PLACE, self.store, self.renewal, self.tell, spawn=begin, now=lambda: self.at)

    async def kept(self) -> str:
        """The access token that another process finds."""
        found = await self.store.login_for(URL, wanted_of(PLACE.settings))
        return found.tokens.access if found is not None else ""

    async def token(self, use: LoginInUse, url: str = URL, method: str = "POST") -> str:
        return token_of(await use.headers(method, url))


def made(access: str = "access-0", *, at: float = BORN, lifetime: float | None = 3600.0, **changes: object) -> Login:
    one = login(access=access, wanted=wanted_of(PLACE.settings))
    tokens = replace(
        one.tokens,
        token_type="Bearer",
        dpop_key=None,
        obtained_at=at,
        expires_at=None if lifetime is None else at + lifetime,
        refresh=f"refresh-of-{access}",
    )
    return replace(one, tokens=replace(tokens, **changes), refreshed="", refreshed_at=None)  # type: ignore[arg-type]


@asynccontextmanager
async def stage(folder: Path, kept: Login | None) -> AsyncGenerator[Stage]:
    store = CredentialStore(folder / "auth", cache=folder / "cache", environ={}, keychain=False)
    if kept is not None:
        await store.save(kept)
    with anyio.fail_after(15):
        yield Stage(store)


@dataclass
class Disk:
    """A store's disk; ``full``: nothing can be kept."""

    save: Callable[..., Awaitable[bool]]
    full: bool = True

    async def __call__(self, one: Login, *, replacing: str | None = None) -> bool:
        if self.full:
            raise StorageError("the disk is full", hint="make room")
        return await self.save(one, replacing=replacing)
