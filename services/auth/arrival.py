"""The answer to one authorization request, whichever way it comes.

Owns which address counts: the first one that belongs to this login, from the listener, from a person who pasted it,
or from following. Never takes a second one.
"""

from __future__ import annotations

import anyio

from ..errors import AuthorizationDenied
from ..models import LoginPhase, Verdict
from .callback_pages import Page
from .kinds import Invitation, ServerMetadata
from .redirect import NotTheAnswer, code_of, query_of
from .rules import verdict
from .steps import Recorder, Sent

_STRAYS_TOLD = 5
"""Addresses of other logins that are put down; whoever sends thousands does not push the steps out."""


class Arrival:
    """Waits for the code of ``invitation``. ``state``: the one that was sent."""

    def __init__(self, invitation: Invitation, state: str, server: ServerMetadata, recorder: Recorder) -> None:
        self._invitation = invitation
        self._state = state
        self._server = server
        self._recorder = recorder
        self._over = anyio.Event()
        self._code = ""
        self._answered = False
        self._failure: AuthorizationDenied | None = None
        self._strays = 0

    @property
    def answered(self) -> bool:
        """The authorization server sent the browser back: it knows the client and its redirect address."""
        return self._answered

    def page(self, url: str) -> Page:
        """What the browser is shown that came back with ``url``; of an address that does not count a step tells."""
        try:
            self._read(url)
        except NotTheAnswer as error:
            self._stray(error)
            return Page.STRAY
        except AuthorizationDenied:
            return Page.BAD
        return Page.GOOD

    def take(self, url: str) -> None:
        """The login's answer. Raises ``NotTheAnswer`` for an address that does not belong to it: it goes on waiting."""
        if self._answered:
            return
        verdicts: list[Verdict] = []
        try:
            self._code = self._read(url, verdicts)
        except NotTheAnswer as error:
            self._stray(error)
            raise
        except AuthorizationDenied as error:
            self._failure = error
        self._put_down(url, verdicts)
        self._answered = True
        self._over.set()

    def stop(self) -> None:
        """Nobody will bring an answer any more."""
        self._over.set()

    async def wait(self) -> None:
        """Until there is an answer, or nobody to bring one."""
        await self._over.wait()

    def code(self) -> str:
        """The authorization code. Raises ``AuthorizationDenied``."""
        if self._failure is not None:
            raise self._failure
        if not self._answered:
            raise AuthorizationDenied(
                "nobody can bring the address back that the login ends at",
                hint="Free the port of the callback, or log in where an address can be pasted: mcpdeck login.",
            )
        return self._code

    def _put_down(self, url: str, verdicts: list[Verdict]) -> None:
        title = "The authorization server sent the browser back"
        if any(each.passed is False and each.rule in ("authz.iss", "authz.once") for each in verdicts):
            # Of an answer that may be anybody's, nothing is shown (RFC 9207, section 2.4).
            self._recorder.event(LoginPhase.AUTHORIZATION, title, *verdicts)
            return
        if url.strip().startswith(f"{self._invitation.redirect_uri}?"):
            verdicts.append(verdict("authz.redirect-uri", passed=True))
        address = f"{self._invitation.redirect_uri}?{query_of(url)}"
        self._recorder.exchange(LoginPhase.AUTHORIZATION, title, Sent("GET", address), None, None, "", *verdicts)

    def _read(self, url: str, verdicts: list[Verdict] | None = None) -> str:
        return code_of(
            url,
            invitation=self._invitation,
            state=self._state,
            issuer=self._server.issuer,
            iss_supported=self._server.iss_in_response,
            verdicts=verdicts,
        )

    def _stray(self, error: NotTheAnswer) -> None:
        self._strays += 1
        if self._strays <= _STRAYS_TOLD:
            self._recorder.event(LoginPhase.AUTHORIZATION, f"Not taken: {error.title}")
