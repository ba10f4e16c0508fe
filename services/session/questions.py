"""What a server asks the human, and what comes back.

Owns the two values, their wire form and the rules a question must keep. Never waits for anyone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..eras.base import Offer
from ..eras.versions import BY_DATE, INVALID_PARAMS, METHOD_NOT_FOUND, USER_REJECTED
from ..errors import RPCError
from ..models import Json, JsonObject, as_list, as_object, as_text

ELICITATION = "elicitation/create"
SAMPLING = "sampling/createMessage"
ROOTS = "roots/list"


@dataclass(frozen=True, slots=True)
class Question:
    """The wire ``method`` and ``params`` of a question; ``call`` is the call it belongs to, when known."""

    server: str
    method: str
    params: JsonObject
    call: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``content``: of an accepted form (section 33), or the whole result of an accepted sampling request."""

    action: Literal["accept", "decline", "cancel"]
    content: JsonObject | None = None

    def wire(self) -> JsonObject:
        """The result object of ``elicitation/create``."""
        if self.action == "accept" and self.content is not None:
            return {"action": self.action, "content": self.content}
        return {"action": self.action}


Ask: TypeAlias = Callable[[Question], Awaitable[Answer]]
"""How a question reaches whoever answers. Cancelling it takes the question back."""


def refusal(method: str, params: JsonObject, offer: Offer, version: str) -> RPCError | None:
    """Why this question must not be put to anyone: not declared, or against the rules of its revision."""
    match method:
        case "elicitation/create" if offer.elicitation and BY_DATE[version].elicitation:
            mode = as_text(params.get("mode")) or "form"
            if mode not in BY_DATE[version].elicitation:
                return RPCError(INVALID_PARAMS, f"elicitation mode {mode!r} was not declared")
            return None
        case "sampling/createMessage" if offer.sampling:
            return _sampling_flaw(params, BY_DATE[version].sampling_tools)
        case "roots/list" if offer.roots is not None:
            return None
        case _:
            return RPCError(METHOD_NOT_FOUND, f"{method} is not supported by this client")


def answered(method: str, params: JsonObject, answer: Answer) -> JsonObject:
    """The result of a question. Raises ``RPCError`` where refusing is an error (sampling, section 34)."""
    if method != SAMPLING:
        # Consent to a web page is no form: it carries nothing (section 33).
        return {"action": answer.action} if params.get("mode") == "url" else answer.wire()
    if answer.action == "accept" and answer.content is not None:
        return answer.content
    raise RPCError(USER_REJECTED, "User rejected sampling request")


def roots_result(offer: Offer) -> JsonObject:
    """The result of ``roots/list`` (section 35)."""
    return {"roots": [dict(root) for root in offer.roots or ()]}


def _sampling_flaw(params: JsonObject, tools: bool) -> RPCError | None:
    """What section 34 wants refused: tools that were not declared, and broken tool-use pairs."""
    if not tools and ("tools" in params or "toolChoice" in params):
        return RPCError(INVALID_PARAMS, "sampling with tools was not declared")
    open_uses: set[str] = set()
    for message in as_list(params.get("messages")):
        blocks = _blocks(as_object(message).get("content"))
        results = [block for block in blocks if block.get("type") == "tool_result"]
        if results and len(results) != len(blocks):
            return RPCError(INVALID_PARAMS, "a message with tool results contains something else as well")
        used = {as_text(block.get("toolUseId")) or "" for block in results}
        if used != open_uses:
            return RPCError(INVALID_PARAMS, "tool uses and tool results do not match")
        open_uses = {as_text(block.get("id")) or "" for block in blocks if block.get("type") == "tool_use"}
    return RPCError(INVALID_PARAMS, "a tool use has no tool result") if open_uses else None


def _blocks(content: Json) -> list[JsonObject]:
    """Content as a list: one block, or an array of them (since 2025-11-25)."""
    return [as_object(block) for block in content] if isinstance(content, list) else [as_object(content)]
