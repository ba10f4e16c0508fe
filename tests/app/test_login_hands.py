"""Taking a login to the person at the terminal: what is printed, what is read, and that it is read whole."""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import anyio
import pytest

from mcpdeck.app.login_hands import OneAtATime, TerminalHands, hands_for
from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.auth.kinds import Invitation
from mcpdeck.services.errors import AuthorizationDenied, DiscoveryError, RegistrationError
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

URL = "https://as.example.com/authorize?state=a&code_challenge=b"
BACK = "http://127.0.0.1:7777/callback"
INVITATION = Invitation(
    server="notes",
    issuer="https://as.example.com",
    resource="https://notes.example.com/mcp",
    client_id="me",
    scopes=("read", "write"),
    added=("write",),
    url=URL,
    redirect_uri=BACK,
    why="tools/call paint wants more than the login allows so far",
)


class Given:
    """What stdin is during a test; ``write`` is what comes in."""

    def __init__(self, read: int, write: int) -> None:
        self.read, self._write = read, write

    def write(self, data: bytes) -> None:
        os.write(self._write, data)

    def close(self) -> None:
        os.close(self._write)
        self._write = -1


@contextmanager
def stdin(monkeypatch: pytest.MonkeyPatch, *descriptors: int) -> Generator[Given]:
    read, write = descriptors
    stream: IO[Any] = os.fdopen(os.dup(read), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    given = Given(read, write)
    try:
        yield given
    finally:
        stream.close()
        for descriptor in {read, given._write} - {-1}:
            os.close(descriptor)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Generator[Given]:
    with stdin(monkeypatch, *os.pipe()) as given:
        yield given


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Generator[Given]:
    """A terminal whose far side is the test; stderr counts as one too."""
    outer, inner = os.openpty()
    mode = termios.tcgetattr(inner)
    mode[tty.OFLAG] = 0
    termios.tcsetattr(inner, termios.TCSANOW, mode)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda stream: True)
    monkeypatch.setenv("NO_COLOR", "1")
    with stdin(monkeypatch, inner, outer) as given:
        yield given


def hands(opening: Any = "print", **knobs: Any) -> TerminalHands:
    found = hands_for(opening, knobs.pop("environ", {}), unattended=knobs.pop("unattended", False), **knobs)
    assert isinstance(found, TerminalHands)
    return found


def taking(answers: list[str], right: str = BACK) -> Callable[[str], None]:
    def arrived(text: str) -> None:
        answers.append(text.strip())
        if not text.strip().startswith(right):
            raise AuthorizationDenied("that is no address of a finished login", hint="Copy the whole address.")

    return arrived


async def types(terminal: Given, *texts: bytes) -> None:
    """Each text once the terminal waits for keys, as a person would."""
    for text in texts:
        await eventually(lambda: not termios.tcgetattr(terminal.read)[tty.LFLAG] & termios.ICANON, "key by key")
        terminal.write(text)


async def test_the_whole_invitation_is_on_stderr_and_nothing_on_stdout(
    pipe: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe.close()
    await hands().authorize(replace(INVITATION, scopes=("read", "w\x1b[2Jrite")), taking([]))
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in ("notes", "tools/call paint", "https://as.example.com", "https://notes.example.com/mcp", "me", "read"):
        assert part in shown.err
    assert f"\n  {URL}\n" in shown.err
    assert "\x1b" not in shown.err


async def test_a_pasted_address_is_taken_from_a_pipe_after_wrong_ones(
    pipe: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[str] = []
    pipe.write(f"\nrubbish\n{BACK}?code=1&state=a\nnever read\n".encode())
    with anyio.fail_after(10):
        await hands().authorize(INVITATION, taking(answers))
    assert answers == ["rubbish", f"{BACK}?code=1&state=a"]
    assert "Not taken: that is no address of a finished login. Copy the whole address." in capsys.readouterr().err


async def test_the_end_of_stdin_ends_a_login_that_nobody_listens_for_and_no_other(pipe: Given) -> None:
    pipe.close()
    with anyio.fail_after(10):
        await hands().authorize(INVITATION, taking([]))
        with pytest.raises(AuthorizationDenied, match="nothing more came from stdin"):
            await hands().authorize(replace(INVITATION, manual=True), taking([]))


async def test_stdin_is_left_alone_where_it_carries_something_else(pipe: Given) -> None:
    pipe.write(b"an operation\n")
    with anyio.fail_after(10):
        await hands(reads=False).authorize(INVITATION, taking([]))
    assert os.read(pipe.read, 100) == b"an operation\n"


async def test_rubbish_without_end_ends_the_login(pipe: Given) -> None:
    pipe.write(b"rubbish\n" * 30)
    with anyio.fail_after(10), pytest.raises(AuthorizationDenied):
        await hands().authorize(INVITATION, taking([]))


async def test_an_address_longer_than_a_terminals_line_is_pasted_whole(terminal: Given) -> None:
    before = termios.tcgetattr(terminal.read)
    answers: list[str] = []
    address = f"{BACK}?code={'x' * 9000}&state=a"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hands().authorize, INVITATION, taking(answers))
        await eventually(lambda: not termios.tcgetattr(terminal.read)[tty.LFLAG] & termios.ICANON, "key by key")
        for start in range(0, len(address), 1000):
            await anyio.to_thread.run_sync(terminal.write, address[start : start + 1000].encode())
        terminal.write(b"\r")
        await eventually(lambda: answers, "pasted address")
    assert answers == [address]
    assert termios.tcgetattr(terminal.read) == before


async def test_the_terminal_is_as_before_when_the_login_is_cancelled(terminal: Given) -> None:
    before = termios.tcgetattr(terminal.read)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hands().authorize, INVITATION, taking([]))
        await eventually(lambda: termios.tcgetattr(terminal.read) != before, "key by key")
        tasks.cancel_scope.cancel()
    assert termios.tcgetattr(terminal.read) == before


async def test_what_is_typed_can_be_mended(terminal: Given, capsys: pytest.CaptureFixture[str]) -> None:
    answers: list[str] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hands().authorize, INVITATION, taking(answers))
        await types(terminal, b"rubbish\x15" + BACK.encode() + b"?code=12\x7f\x7f3&state=\x1b[Ca\r")
        await eventually(lambda: answers, "pasted address")
    assert answers[0].startswith(f"{BACK}?code=3")
    shown = capsys.readouterr().err
    assert "?code=12\b \b\b \b3" in shown
    assert "\x1b" not in shown


async def test_a_browser_is_started_and_the_address_is_printed_all_the_same(
    pipe: Given, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe.close()
    witness, browser = tmp_path / "url", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {witness}.new && mv {witness}.new {witness}\n')
    browser.chmod(0o755)
    environ = {"BROWSER": str(browser), "PATH": os.environ["PATH"]}
    await hands("browser", environ=environ).authorize(INVITATION, taking([]))
    await eventually(witness.exists, "browser")
    assert witness.read_text().strip() == URL
    assert f"Your browser is being opened at:\n\n  {URL}\n" in capsys.readouterr().err
    await hands("browser").authorize(INVITATION, taking([]))
    assert f"Open this address in a browser:\n\n  {URL}\n" in capsys.readouterr().err


async def test_a_choice_is_made_by_number(terminal: Given, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.write(b"0\rx\r3\r2\r")
    with anyio.fail_after(10):
        assert await hands().choose("notes", ("https://one", "https://two")) == "https://two"
    assert "  2  https://two\n" in capsys.readouterr().err


async def test_a_client_is_asked_for_and_its_secret_never_shown(
    terminal: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[tuple[str, str | None]] = []

    async def asked() -> None:
        found.append(await hands().identify("notes", "https://as.example.com"))

    shown = ""

    def secret_wanted() -> bool:
        nonlocal shown
        shown += capsys.readouterr().err
        return "Client secret" in shown

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(asked)
        await types(terminal, b"my-client\r")
        await eventually(secret_wanted, "question for the secret")
        await types(terminal, b"s3cret-text\r")
        await eventually(lambda: found, "client")
    assert found == [("my-client", "s3cret-text")]
    assert "my-client" in shown
    assert "s3cret" not in shown + capsys.readouterr().err


@pytest.mark.parametrize(("typed", "agreed"), [(b"y\r", True), (b"YES\r", True), (b"\r", False), (b"no\r", False)])
async def test_more_scopes_want_a_clear_yes(
    terminal: Given, capsys: pytest.CaptureFixture[str], typed: bytes, agreed: bool
) -> None:
    terminal.write(typed)
    with anyio.fail_after(10):
        assert await hands().consent(INVITATION) is agreed
    assert "new    write" in capsys.readouterr().err


async def test_nobody_is_asked_where_nobody_is(pipe: Given) -> None:
    nobody = hands()
    assert await nobody.consent(INVITATION) is False
    assert await hands(unattended=True).consent(INVITATION) is True
    with pytest.raises(DiscoveryError, match="several authorization servers: https://one, https://two"):
        await nobody.choose("notes", ("https://one", "https://two"))
    with pytest.raises(RegistrationError, match="no client id is configured"):
        await nobody.identify("notes", "https://as.example.com")


async def test_the_hands_are_those_that_the_settings_want() -> None:
    assert isinstance(hands_for("http", {}, unattended=True), HttpHands)
    assert hands_for("http", {}, unattended=True).opening == "http"
    assert hands_for("browser", {}, unattended=True).opening == "browser"
    assert hands_for("print", {}, unattended=False).opening == "print"


class Browser:
    """Hands that have opened a browser, and have nothing more to show."""

    opening: Any = "browser"

    def __init__(self) -> None:
        self.opened: list[str] = []

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        self.opened.append(invitation.server)

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        return issuers[0]

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        return server, None

    async def consent(self, invitation: Invitation) -> bool:
        return True


async def test_of_several_servers_only_one_has_a_browser_open_until_it_is_back() -> None:
    browser = Browser()
    one = OneAtATime(browser)
    first = anyio.CancelScope()

    async def log_in(server: str, scope: anyio.CancelScope) -> None:
        with scope:
            await one.authorize(replace(INVITATION, server=server), taking([]))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(log_in, "first", first)
            tasks.start_soon(log_in, "second", anyio.CancelScope())
            await anyio.wait_all_tasks_blocked()
            assert browser.opened == ["first"]
            first.cancel()  # the browser came back
            await eventually(lambda: browser.opened[1:], "second browser")
            tasks.cancel_scope.cancel()
        assert browser.opened == ["first", "second"]
