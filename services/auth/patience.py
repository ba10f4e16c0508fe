"""How long a login may take: a minute for the machines, ten for each thing a person is asked.

Owns the clock of one login, which stands still for the machines while a person thinks, and the hands that tell it so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio

from ..errors import AuthorizationDenied, McpDeckError, TransportTimeout
from ..models import Opening
from .kinds import Hands, Invitation

MACHINE_SECONDS = 60.0
PERSON_SECONDS = 600.0


class Patience:
    """The limits of one login. ``waiting`` is told when a person's turn begins (True) and ends (False)."""

    def __init__(self, waiting: Callable[[bool], None]) -> None:
        self._waiting = waiting
        self._machine = MACHINE_SECONDS
        self._person = PERSON_SECONDS
        self._scope = anyio.CancelScope()
        self._ran_out: McpDeckError | None = None

    @contextmanager
    def limited(self) -> Generator[None]:
        """Inside of it everything counts. Raises ``TransportTimeout``, in a person's turn ``AuthorizationDenied``."""
        self._scope.deadline = anyio.current_time() + self._machine
        with self._scope:
            yield
        if self._scope.cancelled_caught:
            raise self._ran_out or TransportTimeout(
                f"the login took longer than {self._machine:g} s, not counting the time it waited for you",
                hint="The steps of the login show which server was slow (mcpdeck auth); try again later.",
                retryable=True,
            )

    @contextmanager
    def of_a_person(self) -> Generator[None]:
        """A person's turn: the machines' time stands still."""
        scope = self._scope
        left = scope.deadline - anyio.current_time()
        scope.deadline = anyio.current_time() + self._person
        self._waiting(True)
        try:
            yield
        finally:
            if scope.cancel_called and self._ran_out is None:
                self._ran_out = AuthorizationDenied(
                    f"the login was not finished within {self._person / 60:g} minutes, and was given up",
                    hint="Log in again.",
                )
            scope.deadline = anyio.current_time() + left
            self._waiting(False)


class PatientHands:
    """Hands whose questions to a person take the person's time; following by plain GETs is the machines'."""

    def __init__(self, hands: Hands, patience: Patience) -> None:
        self._hands = hands
        self._patience = patience

    @property
    def opening(self) -> Opening:
        return self._hands.opening

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Its time is taken by whoever also waits for the browser (``login``)."""
        await self._hands.authorize(invitation, arrived)

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        with self._patience.of_a_person():
            return await self._hands.choose(server, issuers)

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        with self._patience.of_a_person():
            return await self._hands.identify(server, issuer)

    async def consent(self, invitation: Invitation) -> bool:
        with self._patience.of_a_person():
            return await self._hands.consent(invitation)
