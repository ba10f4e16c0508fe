"""What a person asks of a login becomes a call of the manager; what came of it becomes a toast."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import pytest

from mcpdeck.app.controller import Controller, Severity
from mcpdeck.app.main import Services
from mcpdeck.services.errors import AuthorizationDenied, DiscoveryError, McpDeckError, TokenRefreshFailed
from mcpdeck.services.state.store import Store
from tests.waiting import eventually

pytestmark = pytest.mark.anyio
URL = "https://auth.example.com/authorize?state=s"


class Authorization:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.error: McpDeckError | None = None

    def expire_now(self) -> None:
        self.done.append("expired")

    def reveal(self, key: str) -> str | None:
        return {"kept": "s3cret"}.get(key)


class Manager:
    def __init__(self) -> None:
        self.it = Authorization()
        self.logins: list[tuple[str, bool]] = []
        self.go_on = anyio.Event()
        self.error: McpDeckError | None = None

    def authorization(self, name: str) -> Authorization | None:
        return self.it if name == "vault" else None

    async def login(self, name: str, again: bool = False) -> None:
        self.logins.append((name, again))
        await self.go_on.wait()
        if self.error is not None:
            raise self.error

    async def refresh_login(self, name: str) -> None:
        if self.it.error is not None:
            raise self.it.error
        self.it.done.append("refreshed")

    async def look_up_login(self, name: str) -> None:
        self.it.done.append("looked up")

    async def logout(self, name: str) -> tuple[str, ...]:
        return ("the refresh token was revoked", "the access token was revoked")


class Fake:
    def __init__(self) -> None:
        self.store = Store()
        self.manager = Manager()


class Desk:
    def __init__(self, controller: Controller, manager: Manager, toasts: list[tuple[str, str, str]]) -> None:
        self.controller = controller
        self.manager = manager
        self.toasts = toasts


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    toasts: list[tuple[str, str, str]] = []

    def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
        toasts.append((title, hint, severity))

    fake = Fake()
    services = cast("Services", cast("object", fake))
    async with anyio.create_task_group() as tasks:
        controller = Controller(
            services, tasks, toast, set_enabled=print, approve=print, reject=print, data_folder=folder
        )
        yield Desk(controller, fake.manager, toasts)
        tasks.cancel_scope.cancel()


async def test_a_login_runs_beside_everything_else_and_only_once_at_a_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.login("vault")
        at.controller.login("vault", again=True)
        await eventually(lambda: at.manager.logins, "login")
        assert at.manager.logins == [("vault", False)]
        assert at.toasts[0][0] == "The login is under way already"
        at.manager.go_on.set()
        await eventually(lambda: at.toasts[1:], "end of the login")
        assert at.toasts[1:] == [("Logged in", "vault", "information")]
        at.controller.login("vault", again=True)
        await eventually(lambda: at.manager.logins[1:], "second login")
        assert at.manager.logins[1:] == [("vault", True)]


async def test_a_login_that_somebody_gave_up_is_no_failure_and_one_that_failed_says_why(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.manager.go_on.set()
        at.manager.error = AuthorizationDenied("the login was cancelled", hint="Nothing was stored.")
        at.controller.login("vault")
        await eventually(lambda: at.toasts, "toast")
        assert at.toasts == [("vault: the login was cancelled", "Nothing was stored.", "warning")]
        at.manager.error = DiscoveryError("no metadata", hint="Ask its author.", server="vault")
        at.controller.login("vault")
        await eventually(lambda: at.toasts[1:], "toast")
        assert at.toasts[1:] == [("vault: no metadata", "Ask its author.", "error")]


async def test_logging_out_says_what_was_done(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.logout("vault")
        await eventually(lambda: at.toasts, "toast")
        assert at.toasts == [
            ("Logged out of vault", "the refresh token was revoked · the access token was revoked", "information")
        ]


async def test_a_token_is_refreshed_or_expired_and_a_failed_refresh_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.expire_token("vault")
        at.controller.refresh_token("vault")
        await eventually(lambda: len(at.toasts) == 2, "toasts")
        assert at.manager.it.done == ["expired", "refreshed"]
        at.manager.it.error = TokenRefreshFailed("there is no refresh token", hint="Log in again.")
        at.controller.refresh_token("vault")
        await eventually(lambda: len(at.toasts) == 3, "toast")
        assert at.toasts[2] == ("there is no refresh token", "Log in again.", "error")


async def test_a_masked_value_is_handed_over_while_it_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert at.controller.reveal("vault", "kept") == "s3cret"
        assert at.toasts == []
        assert at.controller.reveal("vault", "gone") is None
        assert at.controller.reveal("files", "kept") is None
        assert [title for title, _, _ in at.toasts] == ["The value is no longer kept", "files: there is no login here"]


@pytest.mark.parametrize("started", [True, False])
async def test_an_address_goes_to_the_browser_and_without_one_the_other_ways_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    opened: list[str] = []

    def browser(url: str, environ: object) -> bool:
        opened.append(url)
        return started

    monkeypatch.setattr("mcpdeck.services.auth.browser.open_in_browser", browser)
    async with desk(tmp_path) as at:
        at.controller.open_url("vault", URL)
        await eventually(lambda: at.toasts, "toast")
        assert opened == [URL]
        assert at.toasts[0][2] == ("information" if started else "warning")
        assert started or "Copy the address (y)" in at.toasts[0][1]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://auth.example.com/", "vault://x"])
async def test_an_address_that_is_no_web_page_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def browser(url: str, environ: object) -> bool:
        raise AssertionError("it was opened")

    monkeypatch.setattr("mcpdeck.services.auth.browser.open_in_browser", browser)
    async with desk(tmp_path) as at:
        at.controller.open_url("vault", url)
        await eventually(lambda: at.toasts, "toast")
        assert at.toasts[0][0].startswith("vault: this address is not opened")
        assert at.toasts[0][2] == "error"
