"""Streamable HTTP behind an account's connector proxy: every request carries the account's token.

Owns asking for the token and asking again after a 401. Never shows a token: not in a log, not in an
error, not in a repr.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio

from ..errors import AuthorizationRefused, AuthorizationRequired
from ..models import ConnectorTarget, HttpTarget, TransportKind
from .asked_in_thread import asked_in_thread
from .base import MAX_FRAME, Hooks
from .http_exchange import HttpExchanges
from .streamable_http import StreamableHttpTransport

if TYPE_CHECKING:
    import httpx


class ConnectorTransport(StreamableHttpTransport):
    """Streamable HTTP with ``Authorization: Bearer`` and a token that may be renewed on the way."""

    kind = TransportKind.CONNECTOR

    def __init__(self, target: ConnectorTarget, hooks: Hooks, *, max_frame: int = MAX_FRAME) -> None:
        super().__init__(HttpTarget(target.url, target.headers, target.tls), hooks, max_frame=max_frame)
        self._http = TokenExchanges(target, hooks)


class TokenExchanges(HttpExchanges):
    """Requests with the account's token; one that is refused with 401 is repeated once with a fresh one."""

    def __init__(self, target: ConnectorTarget, hooks: Hooks) -> None:
        # A configured header of that name would stand beside the token, or in its place.
        headers = {name: value for name, value in target.headers.items() if name.lower() != "authorization"}
        super().__init__(replace(target, headers=headers), hooks)
        self._ask = target.token
        self._token: str | None = None
        self._asking = anyio.Lock()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        carried: bool = False,
        operation: Callable[[], str] = str,
    ) -> AsyncGenerator[httpx.Response]:
        token = await self._fresh(None)
        async with AsyncExitStack() as stack:
            try:
                response = await stack.enter_async_context(
                    super().request(method, _with(headers, token), body, carried=carried, operation=operation)
                )
            except AuthorizationRequired as error:
                if error.status != 401:
                    raise
                token = await self._fresh(token)
                try:
                    response = await stack.enter_async_context(
                        super().request(method, _with(headers, token), body, carried=carried, operation=operation)
                    )
                except AuthorizationRequired as again:
                    raise AuthorizationRefused(
                        f"the connector proxy refused the account's token, and a fresh one too ({again.status})",
                        hint="Sign in to the account again, or check where the entry takes its token from.",
                    ) from error
            yield response

    async def _fresh(self, refused: str | None) -> str:
        """The token in use; where that is the ``refused`` one, another. Requests that wait share the answer."""
        async with self._asking:
            if self._token is None or self._token == refused:
                # A file or a command takes its time; a caller that gives up must not wait for it.
                self._token = await asked_in_thread(partial(self._ask, refused is not None))
                self._hooks.hide(self._token)
            return self._token


def _with(headers: dict[str, str], token: str) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {token}"}
