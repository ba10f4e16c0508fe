"""What an era decides: how requests are dressed, how they are given up, what a result means.

Owns the seam between typed calls (session) and the two protocol eras. Never talks to the peer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..models import EraName, Implementation, JsonObject
from ..transports.base import RequestId
from .versions import BY_DATE


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be answered right now, and therefore is declared (section 5).

    ``roots``: objects with ``uri`` and perhaps ``name``; None where no server may ask for them.
    ``extensions``: settings by identifier.
    """

    elicitation: bool = False
    sampling: bool = False
    roots: tuple[JsonObject, ...] | None = None
    extensions: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def capabilities(self, version: str) -> JsonObject:
        """The client's capabilities in the words of one revision."""
        revision = BY_DATE[version]
        declared: JsonObject = {}
        if self.elicitation and revision.elicitation:
            # The older form of the capability is an empty object, and means forms only.
            modes = sorted(revision.elicitation)
            declared["elicitation"] = {mode: {} for mode in modes} if len(modes) > 1 else {}
        if self.sampling:
            declared["sampling"] = {"tools": {}} if revision.sampling_tools else {}
        if self.roots is not None:
            declared["roots"] = {"listChanged": True} if revision.era is EraName.LEGACY else {}
        if self.extensions:
            declared["extensions"] = {name: dict(settings) for name, settings in self.extensions.items()}
        return declared


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What we say about ourselves: ``clientInfo`` and what we offer."""

    info: JsonObject
    offer: Offer = Offer()


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


NO_EXTENSIONS: Mapping[str, JsonObject] = {}


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
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS,
    ) -> Dressed:
        """The request's params and headers.

        ``input_schema``: of the tool being called, for mirrored headers. ``extensions``: declared with
        this request beside those that are always offered (the stateless era only).
        """

    @abstractmethod
    def standing_headers(self) -> Mapping[str, str]:
        """HTTP headers on whatever has no method of its own (GET, DELETE, answers)."""

    @abstractmethod
    def cancel(
        self, request_id: RequestId, *, stream_per_request: bool
    ) -> tuple[str, JsonObject, Mapping[str, str]] | None:
        """The notification that gives a request up; None where leaving its stream says so (section 21)."""
