"""What a person asks of a server's login: begin it, end it, refresh or expire its token, look at a masked value.

Owns the requests and what is told of how they went. Never draws, and never holds a token: a value that is revealed is
handed to whoever asked, and not kept.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from ..services.errors import AuthorizationDenied, UsageError

if TYPE_CHECKING:
    from ..services.auth.entry_authorization import EntryAuthorization
    from .controller import Toast
    from .main import Services


class LoginIntents(Protocol):
    """Everything a screen may ask for. Each returns at once; what came of it arrives through the store."""

    def login(self, server: str, again: bool = False) -> None: ...
    def look_up(self, server: str) -> None: ...
    def logout(self, server: str) -> None: ...
    def refresh_token(self, server: str) -> None: ...
    def expire_token(self, server: str) -> None: ...
    def reveal(self, server: str, key: str) -> str | None: ...
    def open_url(self, server: str, url: str) -> None: ...


class LoginController:
    """``LoginIntents`` on the manager's authorizations; base of the controller, which runs ``beside`` what takes time.

    ``attempt`` runs at once; both turn errors into toasts.
    """

    def __init__(self, services: Services, toast: Toast) -> None:
        self._services = services
        self._toast = toast
        self._logging_in: set[str] = set()

    def _beside(self, work: Callable[[], Awaitable[None]]) -> None:
        raise TypeError("the controller has the task group")

    def _attempt(self, work: Callable[[], None]) -> None:
        raise TypeError("the controller tells what goes wrong")

    def login(self, server: str, again: bool = False) -> None:
        """Take the person through a login; ``again``: also where one is stored. One at a time for each server."""
        if server in self._logging_in:
            self._toast("The login is under way already", f"{server}: answer its question, or give it up there.")
            return
        self._logging_in.add(server)

        async def work() -> None:
            try:
                await self._services.manager.login(server, again)
            except AuthorizationDenied as error:  # somebody said no: nothing is broken
                self._toast(f"{server}: {error.title}", error.hint, severity="warning")
            else:
                self._toast("Logged in", server)
            finally:
                self._logging_in.discard(server)

        self._beside(work)

    def look_up(self, server: str) -> None:
        """Find out how a login is done, up to the authorization server's metadata; the steps are shown as they come."""

        async def work() -> None:
            await self._services.manager.look_up_login(server)

        self._beside(work)

    def _called_by_hand(self, server: str) -> None:
        """What a person calls once more may ask again for what they said no to."""
        manager = self._services.manager
        authorization = manager.authorization(server) if server in manager.entries else None
        if authorization is not None:
            authorization.called_by_hand()

    def logout(self, server: str) -> None:
        """Revoke what can be revoked, and forget the login; what was done is told."""

        async def work() -> None:
            done = await self._services.manager.logout(server)
            self._toast(f"Logged out of {server}", " · ".join(done))

        self._beside(work)

    def refresh_token(self, server: str) -> None:
        async def work() -> None:
            await self._services.manager.refresh_login(server)
            self._toast("The token was refreshed", server)

        self._beside(work)

    def expire_token(self, server: str) -> None:
        """From now on the token counts as expired, to see what becomes of that."""

        def work() -> None:
            self._authorization(server).expire_now()
            self._toast("The token counts as expired", f"{server}: the next request refreshes it, or asks for a login.")

        self._attempt(work)

    def reveal(self, server: str, key: str) -> str | None:
        """A value that was masked in a step; None once it is no longer kept."""
        found: list[str | None] = []
        self._attempt(lambda: found.append(self._authorization(server).reveal(key)))
        value = found[0] if found else None
        if found and value is None:
            self._toast("The value is no longer kept", "Those of earlier logins are forgotten.")
        return value

    def open_url(self, server: str, url: str) -> None:
        """Open an authorization URL in the person's browser, if it is one that may be opened."""
        # Logins are not needed before the first frame.
        from ..services.auth.addresses import browsable
        from ..services.auth.browser import open_in_browser

        async def work() -> None:
            reason = browsable(url)
            if reason is not None:
                raise UsageError(f"this address is not opened: {reason}", hint="Nothing was sent to it.", server=server)
            if await anyio.to_thread.run_sync(open_in_browser, url, os.environ):
                self._toast("The browser was asked to open it", "Log in there; this goes on by itself.")
            else:
                self._toast(
                    "No browser could be started here",
                    "Copy the address (y) or scan it (c), then paste where the browser ended (p).",
                    severity="warning",
                )

        self._beside(work)

    def _authorization(self, server: str) -> EntryAuthorization:
        authorization = self._services.manager.authorization(server)
        if authorization is None:
            raise UsageError("there is no login here", hint="Only servers reached over HTTP have one.", server=server)
        return authorization
