"""Questions that stand inside a result (protocol section 15).

Owns their answers. Never sends anything: whoever got the result asks again with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RemoteProtocolError, RequestCancelled
from ..models import JsonObject, as_object, as_text
from .questions import ROOTS, SAMPLING, Question, answered, refusal, roots_result

if TYPE_CHECKING:
    from .session import Session


async def input_response(session: Session, request: JsonObject, call: str | None) -> JsonObject:
    """The answer to one input request. Raises for what was not offered or is refused."""
    method, params = as_text(request.get("method")) or "", as_object(request.get("params"))
    if refusal(method, params, session.offer, session.version) is not None or not session.can_ask(method):
        raise RemoteProtocolError(
            f"the server asks for {method or 'nothing'}, which mcpdeck did not offer (section 15)",
            hint="The call is abandoned; the server must not ask for undeclared capabilities.",
        )
    if method == ROOTS:
        session.note("The server asked for the roots and was told them.")
        return roots_result(session.offer)
    answer = await session.ask(Question(session.server, method, params, call))
    if method == SAMPLING and answer.action != "accept":
        # There is no shape for refusing it: not going on is how it is done (section 15).
        raise RequestCancelled("the sampling request was refused, and the operation abandoned")
    return answered(method, params, answer)
