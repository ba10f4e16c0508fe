"""What the server sends by itself: notifications and requests.

Owns their meaning. A notification is taken synchronously and in order; a request always gets an answer,
and one that nobody can answer gets it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from ..eras.versions import HANDSHAKE, LOG_LEVELS, METHOD_NOT_FOUND
from ..errors import RemoteProtocolError, RPCError
from ..models import Json, JsonObject, as_object, as_text
from ..transports.base import RequestId
from .questions import ELICITATION, ROOTS, SAMPLING, Question, answered, refusal, roots_result
from .subscriptions import SUBSCRIPTION_ID
from .tasks import related

if TYPE_CHECKING:
    from .session import Session

VISITS_KEPT = 100


class Incoming:
    """One session's ear."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._visits: dict[str, anyio.Event] = {}

    # Notifications

    def on_notification(self, method: str, params: JsonObject) -> None:
        session = self._session
        if session.subscriptions.received(method, params) or session.tasks.received(method, params):
            return
        match method:
            case "notifications/progress":
                if not session.progress.received(params):
                    session.note("Progress of a request that is over came late.", level="debug")
            case "notifications/message":
                self._on_log(params)
            case "notifications/cancelled":
                self._on_cancelled(params)
            case "notifications/elicitation/complete":
                done = self._visits.pop(as_text(params.get("elicitationId")) or "", None)
                if done is not None:
                    done.set()
                    session.note("The server says that the visit to its web page is over.")
            case _:
                if not self._on_list_changed(method, params):
                    session.note(f"notification {method}", level="debug")

    def _on_list_changed(self, method: str, params: JsonObject) -> bool:
        known = self._session.lists.note(method)
        if known and self._session.is_modern and SUBSCRIPTION_ID not in as_object(params.get("_meta")):
            self._session.broke(f"{method} names no subscription (section 16)")
        return known

    def _on_log(self, params: JsonObject) -> None:
        level = as_text(params.get("level"))
        if level not in LOG_LEVELS:
            self._session.broke(f"notifications/message with the level {level!r} (section 24)")
        if "logging" not in self._session.capabilities and self._session.greeting is not None:
            self._session.broke("notifications/message came, and the server did not declare logging (section 24)")
        self._session.log("log", level or "info", as_text(params.get("logger")), params.get("data"))

    def _on_cancelled(self, params: JsonObject) -> None:
        request_id = params.get("requestId")
        if isinstance(request_id, bool) or not isinstance(request_id, (int, str)):
            return
        if self._session.subscriptions.cancelled(request_id):
            return
        if self._session.is_modern:
            self._session.broke("notifications/cancelled for something else than a subscription (section 21)")
        self._session.dispatcher.cancel_answer(request_id)

    def visit(self, elicitation: str) -> anyio.Event:
        """Set when the server says that the visit to a web page is over (section 33)."""
        while len(self._visits) >= VISITS_KEPT:
            del self._visits[next(iter(self._visits))]
        return self._visits.setdefault(elicitation, anyio.Event())

    # Requests (handshake era)

    def at_once(self, method: str) -> bool:
        """Nobody need be asked before a request of this method is answered."""
        return method not in (ELICITATION, SAMPLING)

    async def on_request(self, method: str, params: JsonObject, request_id: RequestId) -> Json:
        session = self._session
        match method:
            case "ping":
                return {}
            case "initialize" | "server/discover":
                session.dispatcher.give_up(
                    RemoteProtocolError(
                        "it sends back what it is sent: this is no MCP server", hint="Check command and args."
                    )
                )
                raise RPCError(METHOD_NOT_FOUND, f"{method} is for servers")
            case _:
                return await self._question(method, params)

    async def _question(self, method: str, params: JsonObject) -> Json:
        session = self._session
        version = session.version if session.greeting is not None else HANDSHAKE[-1]
        wrong = refusal(method, params, session.offer, version)
        if wrong is not None or not session.can_ask(method):
            wrong = wrong or RPCError(METHOD_NOT_FOUND, f"{method} is not supported by this client")
            session.note(f"The request {method} was declined: {wrong.message}.", level="warning")
            raise wrong
        if method == ROOTS:
            session.note("The server asked for the roots and was told them.")
            return related(params, roots_result(session.offer))
        # The older wire does not say which call asks; with one call running it is that one.
        call = session.tasks.call_of(params) or session.only_call
        with session.dispatcher.waiting_for_a_human():
            answer = await session.ask(Question(session.server, method, params, call))
        named = as_text(params.get("elicitationId"))
        if named is not None and answer.action == "accept":
            self.visit(named)  # its end is told, if the server tells
        return related(params, answered(method, params, answer))
