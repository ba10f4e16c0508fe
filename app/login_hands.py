"""Taking a login to the person at the terminal.

Owns what is printed for a login (stderr: stdout is the result's) and the lines that are read for it: an address that
was pasted, a choice, a client id, a yes. Never decides whether to log in, and never prints a secret: the address to
open holds none that is of use without this process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

import anyio

from ..services.auth.browser import open_in_browser
from ..services.auth.kinds import Hands, Invitation
from ..services.errors import AuthorizationDenied
from ..services.models import Opening
from ..services.state.text import one_line, visible
from .json_lines import read_lines
from .pasting import typed_lines
from .printing import DIM, coloured, note

_TRIES = 20
"""Lines that are looked at for an address, a choice or an id."""


def hands_for(opening: Opening, environ: Mapping[str, str], *, unattended: bool, reads: bool = True) -> Hands:
    """The hands of a command. ``unattended``: an answers file stands in the place of a person, who is asked nothing.

    ``reads``: stdin is ours to read; a command whose stdin carries something else leaves it alone.
    """
    if opening == "http":
        from ..services.auth.hands_http import HttpHands

        return HttpHands()
    return TerminalHands(opening, environ, unattended=unattended, reads=reads)


class TerminalHands:
    """Prints the address of a login, opens a browser where it should, and takes a pasted answer from stdin."""

    def __init__(self, opening: Opening, environ: Mapping[str, str], *, unattended: bool, reads: bool) -> None:
        self._opening: Opening = opening
        self._environ = environ
        self._unattended = unattended
        self._reads = reads and _readable()

    @property
    def opening(self) -> Opening:
        return self._opening

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Returns when an address was pasted that counts, or when there is nothing to read one from."""
        _introduce(invitation)
        opened = self._opening == "browser" and open_in_browser(invitation.url, self._environ)
        note("Your browser is being opened at:" if opened else "Open this address in a browser:")
        note("")
        note(f"  {visible(invitation.url)}")
        note("")
        if not invitation.manual:
            note("Waiting for the browser to come back (10 minutes; Ctrl-C ends it).")
            note(
                f"It shows an error? Mostly the client, or {visible(invitation.redirect_uri)}, is not registered there."
            )
        if not self._reads:
            return
        note(
            "Then paste here the address that it comes to at the end, even if no page opens there:"
            if invitation.manual
            else "Is the browser on another machine? Then paste here the address that it comes to at the end:"
        )
        async with typed_or_read_lines() as lines:
            await _paste(lines, arrived)
        if invitation.manual:
            raise AuthorizationDenied(
                "the login ended without an address: nothing more came from stdin",
                hint="Run it in a terminal, or hand the address over on stdin.",
            )

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        """Raises ``DiscoveryError`` where nobody can be asked, ``AuthorizationDenied`` where nobody chose."""
        from ..services.auth.hands_http import choice_needed

        if not self._asks:
            raise choice_needed(server, issuers)
        note(f"{one_line(server)} takes logins of several authorization servers:")
        for index, issuer in enumerate(issuers, 1):
            note(f"  {index}  {one_line(issuer, 200)}")
        async with typed_or_read_lines() as lines:
            for _ in range(_TRIES):
                note(f"Which one (1-{len(issuers)})?")
                line = await anext(lines, None)
                if line is None:
                    break
                if line.strip().isdecimal() and 1 <= int(line.strip()[:9]) <= len(issuers):
                    return issuers[int(line.strip()) - 1]
        raise AuthorizationDenied(
            "no authorization server was chosen", hint='Name one: "issuer" in the "oauth" settings.'
        )

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        """Raises ``RegistrationError`` where nobody can be asked, ``AuthorizationDenied`` where nothing was typed."""
        from ..services.auth.hands_http import identity_needed

        if not self._asks:
            raise identity_needed(issuer)
        note(f"{one_line(issuer, 200)} registers no clients by itself. Which client is mcpdeck there?")
        async with typed_or_read_lines() as lines:
            note("Client id:")
            client_id = (await anext(lines, None) or "").strip()
        if not client_id:
            raise AuthorizationDenied("no client id was given", hint=identity_needed(issuer).hint)
        async with typed_or_read_lines(echo=False) as lines:
            note("Client secret (nothing is shown; empty if there is none):")
            secret = (await anext(lines, None) or "").strip()
        return client_id, secret or None

    async def consent(self, invitation: Invitation) -> bool:
        """Yes without asking where an answers file stands in the place of a person; no where nobody can be asked."""
        if self._unattended:
            return True
        _introduce(invitation)
        if not self._asks:
            note("Nobody can be asked here whether to allow that: run the command in a terminal.")
            return False
        async with typed_or_read_lines() as lines:
            note("Ask for that (y/N)?")
            return (await anext(lines, None) or "").strip().lower() in ("y", "yes")

    @property
    def _asks(self) -> bool:
        return self._reads and not self._unattended and sys.stdin.isatty() and sys.stderr.isatty()


class OneAtATime:
    """``hands`` for several servers at once: the next is begun when the browser is back from the one before."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._turn = anyio.Lock()

    @property
    def opening(self) -> Opening:
        return self._hands.opening

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Ends only by being cancelled while a browser may still come back by itself."""
        brought: list[str] = []

        def taken(address: str) -> None:
            arrived(address)
            brought.append(address)

        async with self._turn:
            await self._hands.authorize(invitation, taken)
            if not brought and not invitation.manual:
                await anyio.sleep_forever()

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        """As the hands do."""
        async with self._turn:
            return await self._hands.choose(server, issuers)

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        """As the hands do."""
        async with self._turn:
            return await self._hands.identify(server, issuer)

    async def consent(self, invitation: Invitation) -> bool:
        """As the hands do."""
        async with self._turn:
            return await self._hands.consent(invitation)


def _readable() -> bool:
    """Whether stdin can be read: a command in the background would be stopped by the terminal for trying."""
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # no stdin at all, or none of the system's
        return False
    try:
        return not os.isatty(descriptor) or os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # a terminal that is not ours: it stops nobody
        return True


def _introduce(invitation: Invitation) -> None:
    note(f"{one_line(invitation.server)} wants a login. {one_line(invitation.why, 300)}.")
    note(f"  {coloured('at', DIM, sys.stderr)}     {one_line(invitation.issuer, 200)}")
    note(f"  {coloured('for', DIM, sys.stderr)}    {one_line(invitation.resource, 200)}")
    note(f"  {coloured('as', DIM, sys.stderr)}     {one_line(invitation.client_id, 200)}")
    scopes = one_line(" ".join(invitation.scopes), 600)
    note(f"  {coloured('scopes', DIM, sys.stderr)} {scopes or '(none named: the authorization server decides)'}")
    if invitation.added:
        note(f"  {coloured('new', DIM, sys.stderr)}    {one_line(' '.join(invitation.added), 600)}")


async def _paste(lines: AsyncIterator[str], arrived: Callable[[str], None]) -> None:
    """Hand over lines until one is the answer, or there are no more."""
    tries = 0
    async for line in lines:
        if not line.strip():
            continue
        try:
            arrived(line)
        except AuthorizationDenied as error:
            tries += 1
            if tries == _TRIES:
                raise
            note(f"Not taken: {one_line(error.title)}. {one_line(error.hint)}")
            continue
        return


@asynccontextmanager
async def typed_or_read_lines(*, echo: bool = True) -> AsyncGenerator[AsyncIterator[str]]:
    """Lines that are typed or pasted, of any length; from a pipe as they come."""
    descriptor = sys.stdin.fileno()
    if sys.stdin.isatty():
        async with typed_lines(descriptor, echo=echo) as typed:
            yield typed
        return
    async with aclosing(read_lines(descriptor)) as read, aclosing(_texts(read)) as texts:
        yield texts


async def _texts(lines: AsyncIterator[bytes | None]) -> AsyncGenerator[str]:
    async for line in lines:
        yield "" if line is None else line.decode("utf-8", "replace")
