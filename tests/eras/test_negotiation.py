"""Which era: protocol section 6, from the messages of scripted servers."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import (
    AuthorizationRequired,
    HttpStatusError,
    McpDeckError,
    RPCError,
    UnsupportedVersion,
)
from mcpdeck.services.models import EraMode, EraName
from tests.playbooks.opened import opened
from tests.playbooks.scripted import ScriptedTransport, error, result

pytestmark = pytest.mark.anyio

DISCOVER = {
    "resultType": "complete",
    "supportedVersions": ["2026-07-28"],
    "capabilities": {},
    "ttlMs": 0,
    "cacheScope": "private",
}
META = "io.modelcontextprotocol/"


def server(probe: Any, *, version: str = "2025-11-25") -> Any:
    """Answers ``server/discover`` with ``probe(request)`` and any handshake at ``version``."""

    def answer(message: dict[str, Any]) -> Any:
        match message.get("method"):
            case "server/discover":
                return probe(message)
            case "initialize":
                info = {"name": "s", "version": "1"}
                return result(message, {"protocolVersion": version, "capabilities": {}, "serverInfo": info})
            case _:
                return None

    return answer


def methods(transport: ScriptedTransport) -> list[str]:
    return [message["method"] for message in transport.sent]


async def test_a_discover_result_makes_it_modern_and_nothing_else_is_sent() -> None:
    async with opened(server(lambda m: result(m, DISCOVER))) as it:
        greeting = await it.session.open(Wish())
        assert (it.session.era, greeting.version) == (EraName.MODERN, "2026-07-28")
        assert methods(it.transport) == ["server/discover"]


@pytest.mark.parametrize(
    "probe",
    [
        lambda m: error(m, -32601),
        lambda m: error(m, -32602),
        lambda m: error(m, -32000),
        lambda m: error(m, -32001),
        lambda m: result(m, {}),
        lambda m: result(m, {"supportedVersions": "2026-07-28", "capabilities": {}}),
        lambda m: result(m, {"supportedVersions": ["2025-11-25"], "capabilities": {}}),
        lambda m: error(m, -32022, data={"supported": ["2025-11-25"]}),
        lambda m: HttpStatusError("no", status=400),
        lambda m: HttpStatusError("no", status=404, body=b"Not Found"),
        lambda m: HttpStatusError("no", status=405),
    ],
)
async def test_whatever_is_no_evidence_of_the_modern_era_leads_to_the_handshake(probe: Any) -> None:
    async with opened(server(probe)) as it:
        await it.session.open(Wish())
        assert it.session.era is EraName.LEGACY
        assert methods(it.transport) == ["server/discover", "initialize", "notifications/initialized"]


async def test_silence_on_a_shared_channel_leads_to_the_handshake() -> None:
    async with opened(server(lambda m: None)) as it:
        await it.session.open(Wish(probe_timeout=0.01))
        assert it.session.era is EraName.LEGACY


@pytest.mark.parametrize(
    "failure",
    [
        HttpStatusError("bad gateway", status=502, retryable=True),
        HttpStatusError("slow down", status=429, retryable=True),
        AuthorizationRequired("login first"),
    ],
)
async def test_an_outage_or_a_login_is_never_taken_for_an_era(failure: McpDeckError) -> None:
    async with opened(server(lambda m: failure)) as it:
        with pytest.raises(type(failure)):
            await it.session.open(Wish())
        assert methods(it.transport) == ["server/discover"]


async def test_a_refused_version_is_asked_again_once_with_the_one_that_was_named() -> None:
    seen: list[str] = []

    def probe(message: dict[str, Any]) -> Any:
        seen.append(message["params"]["_meta"][f"{META}protocolVersion"])
        if len(seen) == 1:
            return error(message, -32022, data={"supported": ["2026-07-28"], "requested": seen[0]})
        return result(message, DISCOVER)

    async with opened(server(probe)) as it:
        await it.session.open(Wish())
        assert it.session.era is EraName.MODERN
        assert seen == ["2026-07-28", "2026-07-28"]


async def test_no_version_in_common_names_both_lists() -> None:
    async with opened(server(lambda m: error(m, -32022, data={"supported": ["2031-01-01"]}))) as it:
        with pytest.raises(UnsupportedVersion) as caught:
            await it.session.open(Wish())
        assert caught.value.details["server"] == ["2031-01-01"]
        assert "initialize" not in methods(it.transport)


@pytest.mark.parametrize("code", [-32020, -32021])
async def test_other_modern_errors_never_lead_to_the_handshake(code: int) -> None:
    async with opened(server(lambda m: error(m, code))) as it:
        with pytest.raises(RPCError):
            await it.session.open(Wish())
        assert methods(it.transport) == ["server/discover"]


async def test_pinned_to_the_handshake_there_is_no_probe() -> None:
    async with opened(server(lambda m: result(m, DISCOVER))) as it:
        await it.session.open(Wish(EraMode.LEGACY))
        assert methods(it.transport) == ["initialize", "notifications/initialized"]


async def test_pinned_to_the_modern_era_there_is_no_handshake() -> None:
    async with opened(server(lambda m: error(m, -32601))) as it:
        with pytest.raises(UnsupportedVersion, match="2026-07-28"):
            await it.session.open(Wish(EraMode.MODERN))
        assert methods(it.transport) == ["server/discover"]


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_pinned_handshake_revision_is_the_one_that_is_offered(version: str) -> None:
    async with opened(server(lambda m: None, version=version)) as it:
        greeting = await it.session.open(Wish(version=version))
        assert it.transport.sent[0]["params"]["protocolVersion"] == version
        assert greeting.version == version


async def test_a_handshake_answered_with_an_unknown_version_is_refused() -> None:
    async with opened(server(lambda m: error(m, -32601), version="1999-01-01")) as it:
        with pytest.raises(UnsupportedVersion, match="1999-01-01"):
            await it.session.open(Wish())


async def test_an_unknown_pin_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UnsupportedVersion, match="2025-13-01"):
        Wish(version="2025-13-01")


async def test_a_slow_modern_server_found_out_by_the_handshake_is_asked_again() -> None:
    count = 0

    def answer(message: dict[str, Any]) -> Any:
        nonlocal count
        if message["method"] == "initialize":
            return error(message, -32022, data={"supported": ["2026-07-28"]})
        count += 1
        return None if count == 1 else result(message, DISCOVER)

    async with opened(answer) as it:
        await it.session.open(Wish(probe_timeout=0.01))
        assert it.session.era is EraName.MODERN
        assert methods(it.transport) == ["server/discover", "initialize", "server/discover"]


async def test_every_modern_request_carries_the_envelope_and_its_headers() -> None:
    def answer(message: dict[str, Any]) -> Any:
        value = DISCOVER if message["method"] == "server/discover" else {"resultType": "complete", "content": []}
        return result(message, value)

    async with opened(answer) as it:
        await it.session.open(Wish())
        await it.session.call_tool("grüße", {})
        for message, sent in zip(it.transport.sent, it.transport.messages, strict=True):
            meta = message["params"]["_meta"]
            assert meta[f"{META}protocolVersion"] == "2026-07-28"
            assert meta[f"{META}clientInfo"]["name"] == "mcpdeck"
            assert isinstance(meta[f"{META}clientCapabilities"], dict)
            assert sent.headers["MCP-Protocol-Version"] == "2026-07-28"
            assert sent.headers["Mcp-Method"] == message["method"]
        assert it.transport.messages[1].headers["Mcp-Name"] == "=?base64?Z3LDvMOfZQ==?="


async def test_handshake_requests_carry_no_envelope() -> None:
    async with opened(server(lambda m: error(m, -32601))) as it:
        await it.session.open(Wish())
        initialize = it.transport.sent[1]
        assert "_meta" not in initialize["params"]
        assert it.transport.messages[1].headers == {}
        assert it.transport.messages[2].headers == {"MCP-Protocol-Version": "2025-11-25"}
