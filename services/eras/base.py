"""What an era decides: how requests are dressed, how they are given up, what a result means.

Owns the seam between typed calls (session) and the two protocol eras. Never talks to the peer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..models import EraName, Implementation, JsonObject
from ..transports.base import RequestId


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What we say about ourselves: ``clientInfo`` and the capabilities that can be kept right now."""

    info: JsonObject
    capabilities: JsonObject


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the server said of itself when the connection was made. ``decided``: how its era was found."""

    version: str
    capabilities: JsonObject
    info: Implementation | None
    instructions: str | None
    decided: str
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dressed:
    """A request as its revision wants it: params, and the HTTP headers beside them."""

    params: JsonObject | None
    headers: Mapping[str, str]


class Era(ABC):
    """One era at one revision, on one kind of transport."""

    name: ClassVar[EraName]
    answers_requests: ClassVar[bool]
    """The peer may send requests, and each gets an answer."""

    def __init__(self, version: str, client: ClientSide) -> None:
        self.version = version
        self.client = client

    @abstractmethod
    def dress(
        self,
        method: str,
        params: JsonObject,
        *,
        progress_token: RequestId | None = None,
        input_schema: JsonObject | None = None,
    ) -> Dressed:
        """The request's params and headers. ``input_schema``: of the tool being called, for mirrored headers."""

    @abstractmethod
    def standing_headers(self) -> Mapping[str, str]:
        """HTTP headers on whatever has no method of its own (GET, DELETE, answers)."""

    @abstractmethod
    def cancel(
        self, request_id: RequestId, *, stream_per_request: bool
    ) -> tuple[str, JsonObject, Mapping[str, str]] | None:
        """The notification that gives a request up; None where leaving its stream says so (section 21)."""
