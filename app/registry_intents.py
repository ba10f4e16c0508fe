"""What a person asks of the MCP Registry: search it, and everything about one of its servers.

Owns the requests and that one failure becomes an ``ErrorInfo`` where it was asked for. Never draws, never
installs: what is installed goes the way of every other entry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..services.errors import McpDeckError
from ..services.models import ErrorInfo

if TYPE_CHECKING:
    from ..services.config.load import LoadOptions
    from ..services.discovery.registry import Page, RegistryClient
    from ..services.discovery.server_json import RegistryServer

Start: TypeAlias = Callable[[Callable[[], Awaitable[None]]], None]
"""Runs a piece of work beside everything else; whatever it raises is the starter's to tell."""


@dataclass(frozen=True, slots=True)
class Details:
    """The newest version of a server, and the versions there are, newest first."""

    server: RegistryServer
    versions: tuple[str, ...] = ()


class Registry(Protocol):
    """Everything a screen may ask. Each returns at once; ``done`` is told once, in the app's own loop."""

    @property
    def url(self) -> str: ...
    def search(self, query: str, cursor: str | None, done: Callable[[Page | ErrorInfo], None]) -> None: ...
    def details(self, name: str, done: Callable[[Details | ErrorInfo], None]) -> None: ...


class RegistryController:
    """``Registry`` on the client of the configured one; the settings are read when the first thing is asked.

    ``options`` tell where the settings file is.
    """

    def __init__(self, options: Callable[[], LoadOptions], start: Start) -> None:
        self._options = options
        self._start = start
        self._made: RegistryClient | None = None

    @property
    def url(self) -> str:
        return self._client.url

    @property
    def _client(self) -> RegistryClient:
        if self._made is None:
            # Not needed before somebody opens the registry.
            from ..services.discovery.registry import RegistryClient
            from .discovering import settings_of

            self._made = RegistryClient(settings_of(self._options()).registry)
        return self._made

    def search(self, query: str, cursor: str | None, done: Callable[[Page | ErrorInfo], None]) -> None:
        async def work() -> None:
            try:
                page = await self._client.search(query, cursor)
            except McpDeckError as error:
                done(ErrorInfo.of(error))
            else:
                done(page)

        self._start(work)

    def details(self, name: str, done: Callable[[Details | ErrorInfo], None]) -> None:
        async def work() -> None:
            try:
                server = await self._client.details(name)
                versions = await self._client.versions(name)
            except McpDeckError as error:
                done(ErrorInfo.of(error))
            else:
                done(Details(server, tuple(each.version for each in versions)))

        self._start(work)
