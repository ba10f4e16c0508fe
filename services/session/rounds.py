"""One logical operation over as many requests as it takes (protocol sections 3, 11 and 15).

Owns the rounds of multi round-trip requests and the answers that ask for one more try: mirrored headers
that were out of date, web pages to visit first. Never decides what a question means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import anyio

from ..eras.base import NO_EXTENSIONS
from ..eras.versions import HEADER_MISMATCH, URL_ELICITATION_REQUIRED
from ..errors import RemoteProtocolError, RPCError, TransportError
from ..models import EraName, Json, JsonObject, as_list, as_object, as_text
from ..protocol.dispatcher import Limit
from .inputs import input_response
from .lists import TOOLS
from .progress import OnProgress
from .questions import ELICITATION

if TYPE_CHECKING:
    from .session import Session

ROUNDS = 10
"""Rounds of one multi-round-trip request (section 15)."""
PAUSES = (0.05, 0.1, 0.2, 0.25)
"""Seconds before a retry that carries only the request state."""
VISIT_WAIT = 60.0
"""Seconds for which the end of a visit to a web page is waited for; then the request is sent again anyhow."""

OnRound: TypeAlias = Callable[[int], None]
"""Takes the number of a round that begins, from 1."""


@dataclass(slots=True)
class Operation:
    """What is asked for: the wire method and params, and who wants to know what happens on the way.

    ``tool`` names the tool of a call. ``timeout`` in seconds bounds each request, None: the caller does.
    """

    method: str
    params: JsonObject
    tool: str | None = None
    on_progress: OnProgress | None = None
    timeout: Limit = None
    call: str | None = None
    on_round: OnRound | None = None
    extensions: Mapping[str, JsonObject] = field(default_factory=lambda: NO_EXTENSIONS)


async def carried_out(session: Session, operation: Operation) -> JsonObject:
    """The final result exactly as received. Raises what the server, the transport or an abandoned question raises."""
    try:
        return await _rounds(session, operation)
    except RPCError as error:
        if error.code == HEADER_MISMATCH and operation.tool is not None:
            # Our picture of the tool's schema is old: read it again and build the headers anew, once.
            await session.lists.refresh(TOOLS)
        elif not (error.code == URL_ELICITATION_REQUIRED and await _visited(session, error, operation.call)):
            raise
    return await _rounds(session, operation)


async def _rounds(session: Session, operation: Operation) -> JsonObject:
    extra: JsonObject = {}
    for number in range(1, ROUNDS + 1):
        if operation.on_round is not None:
            operation.on_round(number)
        try:
            result = await session.request(
                operation.method,
                {**operation.params, **extra},
                timeout=operation.timeout,
                on_progress=operation.on_progress,
                input_schema=_schema(session, operation.tool),
                extensions=operation.extensions,
            )
        except TransportError as error:
            if number > 1:
                error.untaken = False  # the rounds before this one were taken
            raise
        if session.era is not EraName.MODERN or result.get("resultType") != "input_required":
            return result
        requests, state = result.get("inputRequests"), result.get("requestState")
        if (not isinstance(requests, dict) or not requests) and not isinstance(state, str):
            raise RemoteProtocolError("input_required names neither inputRequests nor requestState (section 15)")
        # Only the latest round's state and answers are sent, never those of earlier rounds.
        extra = {} if state is None else {"requestState": state}
        if isinstance(requests, dict) and requests:
            answers: JsonObject = {}
            for key, item in requests.items():
                answers[key] = await input_response(session, as_object(item), operation.call)
            extra["inputResponses"] = answers
        else:
            await anyio.sleep(PAUSES[min(number - 1, len(PAUSES) - 1)])
    raise RemoteProtocolError(
        f"the server asked for input {ROUNDS} times without an end", hint="Cancel, or look at what it asks for."
    )


def _schema(session: Session, tool: str | None) -> JsonObject | None:
    """The input schema from the list read last."""
    known = session.lists.find(tool) if tool is not None else None
    return known.input_schema if known is not None else None


async def _visited(session: Session, error: RPCError, call: str | None) -> bool:
    """Put each web page of a -32042 to the human (section 33); True when all were consented to."""
    pages: list[Json] = as_list(as_object(error.data).get("elicitations"))
    if session.era is not EraName.LEGACY or not pages or not session.can_ask(ELICITATION):
        return False
    waits: list[anyio.Event] = []
    for page in pages:
        params = as_object(page)
        named = as_text(params.get("elicitationId"))
        if named is not None:
            waits.append(session.incoming.visit(named))
        answer = as_object(await input_response(session, {"method": ELICITATION, "params": params}, call))
        if answer.get("action") != "accept":
            return False
    with anyio.move_on_after(VISIT_WAIT):
        for done in waits:
            await done.wait()
    return True
