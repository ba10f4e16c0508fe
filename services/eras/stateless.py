"""The stateless era: every request carries its own context (2026-07-28, protocol sections 4, 8, 11).

Owns the ``_meta`` envelope, the mirrored headers and reading ``server/discover``.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..models import EraName, Implementation, JsonObject, as_list, as_object, as_text
from ..transports.base import RequestId
from .base import NO_EXTENSIONS, Dressed, Era, Greeting
from .headers import encode_value, mirrored
from .versions import NAMED_BY

META = "io.modelcontextprotocol/"
NO_LOG = ""


class StatelessEra(Era):
    name = EraName.MODERN
    answers_requests = False
    log_level = NO_LOG
    """RFC 5424 word asked for with every request; empty: the server must not log (section 24)."""

    def dress(
        self,
        method: str,
        params: JsonObject,
        *,
        progress_token: RequestId | None = None,
        input_schema: JsonObject | None = None,
        extensions: Mapping[str, JsonObject] = NO_EXTENSIONS,
    ) -> Dressed:
        capabilities = self.client.offer.capabilities(self.version)
        if extensions:
            capabilities["extensions"] = {**as_object(capabilities.get("extensions")), **extensions}
        meta: JsonObject = {
            **as_object(params.get("_meta")),
            f"{META}protocolVersion": self.version,
            f"{META}clientInfo": self.client.info,
            f"{META}clientCapabilities": capabilities,
        }
        if progress_token is not None:
            meta["progressToken"] = progress_token
        if self.log_level:
            meta[f"{META}logLevel"] = self.log_level
        headers = {"MCP-Protocol-Version": self.version, "Mcp-Method": method}
        named = as_text(params.get(NAMED_BY[method])) if method in NAMED_BY else None
        if named is not None:
            headers["Mcp-Name"] = encode_value(named)
        if input_schema is not None:
            headers.update(mirrored(input_schema, as_object(params.get("arguments"))))
        return Dressed({**params, "_meta": meta}, headers)

    def standing_headers(self) -> Mapping[str, str]:
        return {"MCP-Protocol-Version": self.version}

    def cancel(
        self, request_id: RequestId, *, stream_per_request: bool
    ) -> tuple[str, JsonObject, Mapping[str, str]] | None:
        if stream_per_request:
            return None
        method = "notifications/cancelled"
        params: JsonObject = {"requestId": request_id, "reason": "cancelled by the user"}
        dressed = self.dress(method, params)
        return method, dressed.params or {}, dressed.headers


def supported_versions(result: object) -> list[str] | None:
    """``supportedVersions`` of a DiscoverResult; None when ``result`` is none (section 6)."""
    answer = as_object(result)
    versions = answer.get("supportedVersions")
    if not isinstance(versions, list) or not isinstance(answer.get("capabilities"), dict):
        return None
    return [text for item in as_list(versions) if (text := as_text(item)) is not None]


def read_discover(result: JsonObject, version: str, decided: str) -> Greeting:
    """What a DiscoverResult says of the server (section 8)."""
    meta = as_object(result.get("_meta"))
    flaws: list[str] = []
    info = Implementation.read(meta.get(f"{META}serverInfo"))
    if info is None and "serverInfo" in result:
        info = Implementation.read(result["serverInfo"])
        flaws.append("serverInfo stands at the top of the discover result instead of in _meta (section 8)")
    if as_text(result.get("resultType")) is None:
        flaws.append("the discover result has no resultType (section 2.1)")
    flaws += [
        f"the discover result has no {member} (section 18)"
        for member in ("ttlMs", "cacheScope")
        if member not in result
    ]
    return Greeting(
        version=version,
        capabilities=as_object(result.get("capabilities")),
        info=info,
        instructions=as_text(result.get("instructions")),
        decided=decided,
        flaws=tuple(flaws),
    )
