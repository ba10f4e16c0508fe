"""The handshake era: ``initialize`` and a session (2024-11-05 … 2025-11-25, protocol section 7).

Owns the handshake and how its requests are dressed.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import RPCError, UnsupportedVersion
from ..models import EraName, Implementation, JsonObject, as_list, as_object, as_text
from ..protocol.dispatcher import Dispatcher, unanswerable
from ..transports.base import RequestId
from .base import NO_EXTENSIONS, ClientSide, Dressed, Era, Greeting
from .versions import BY_DATE, HANDSHAKE, INVALID_PARAMS, newest_mutual


class HandshakeEra(Era):
    name = EraName.LEGACY
    answers_requests = True

    def dress(
        self,
        method: str,
        params: JsonObject,
        *,
        progress_token: RequestId | None = None,
        input_schema: JsonObject | None = None,
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS,
    ) -> Dressed:
        if progress_token is not None:
            params = {**params, "_meta": {**as_object(params.get("_meta")), "progressToken": progress_token}}
        return Dressed(params or None, self.standing_headers())

    def standing_headers(self) -> Mapping[str, str]:
        return {"MCP-Protocol-Version": self.version} if BY_DATE[self.version].version_header else {}

    def cancel(
        self, request_id: RequestId, *, stream_per_request: bool
    ) -> tuple[str, JsonObject, Mapping[str, str]] | None:
        params: JsonObject = {"requestId": request_id, "reason": "cancelled by the user"}
        return "notifications/cancelled", params, self.standing_headers()


async def initialize(
    dispatcher: Dispatcher, client: ClientSide, *, version: str = HANDSHAKE[-1], decided: str, retry: bool = True
) -> tuple[HandshakeEra, Greeting]:
    """``initialize`` and ``notifications/initialized``.

    The caller bounds the time by leaving the transport: ``initialize`` is never cancelled
    (section 7). Raises ``UnsupportedVersion`` and what the server or the transport raises.
    """
    params: JsonObject = {
        "protocolVersion": version,
        "capabilities": client.offer.capabilities(version),
        "clientInfo": client.info,
    }
    try:
        answer = await dispatcher.request("initialize", params, timeout=None)
    except RPCError as error:
        offered = [text for item in as_list(as_object(error.data).get("supported")) if (text := as_text(item))]
        mutual = newest_mutual(offered, HANDSHAKE)
        if error.code == INVALID_PARAMS and retry and mutual is not None and mutual != version:
            return await initialize(dispatcher, client, version=mutual, decided=decided, retry=False)
        raise
    if not isinstance(answer, dict):
        raise unanswerable("initialize")
    chosen = as_text(answer.get("protocolVersion"))
    if chosen not in HANDSHAKE:
        raise UnsupportedVersion(
            f"the server speaks protocol version {chosen!r}, which a handshake cannot agree on",
            hint=f"mcpdeck offered {version} and knows {', '.join(HANDSHAKE)}.",
            details={"server": chosen, "client": list(HANDSHAKE)},
        )
    era = HandshakeEra(chosen, client)
    await dispatcher.notify("notifications/initialized", None, era.standing_headers())
    flaws: list[str] = []
    info = Implementation.read(answer.get("serverInfo"))
    if info is None:
        flaws.append("initialize was answered without serverInfo (section 7)")
    if not isinstance(answer.get("capabilities"), dict):
        flaws.append("initialize was answered without capabilities (section 7)")
    greeting = Greeting(
        version=chosen,
        capabilities=as_object(answer.get("capabilities")),
        info=info,
        instructions=as_text(answer.get("instructions")),
        decided=decided,
        flaws=tuple(flaws),
    )
    return era, greeting
