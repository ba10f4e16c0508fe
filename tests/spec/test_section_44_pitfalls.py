"""Section 44: what clients get wrong typically, where no other section's test shows it whole."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.errors import RPCError
from mcpdeck.services.http import client
from mcpdeck.services.models import EraMode
from tests.playbooks.scripted import error
from tests.spec.peers import META, Message, done, handler, over_http, server, tools

ENVELOPE = f"{META}protocolVersion"


@pytest.mark.requirement("44.3", "44.4", "10.3")
async def test_header_and_envelope_name_one_version_in_every_message_whatever_was_refused_before() -> None:
    """The probe is refused once with -32022, a call once with -32020, and a read for good."""
    refused: set[str] = set()

    def once(code: int, then: Any, data: Any = None) -> Any:
        def answer(message: Message) -> Any:
            method = message["method"]
            if method in refused:
                return then
            refused.add(method)
            return error(message, code, data=data)

        return answer

    found = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "private"}
    answers = {
        "server/discover": once(-32022, found, {"supported": ["2026-07-28"], "requested": "2026-07-28"}),
        "tools/list": tools("t"),
        "tools/call": once(-32020, done()),
        "resources/read": lambda m: error(m, -32602),
    }
    async with over_http(handler(server(answers)), era=EraMode.AUTO) as it:
        await it.session.call_tool("t", {})
        with pytest.raises(RPCError):
            await it.session.read_resource("x://1")
        seen = it.server.seen
        assert [each.message["method"] for each in seen[:2]] == ["server/discover"] * 2
        assert [len(it.posted(method)) for method in ("tools/call", "resources/read")] == [2, 1]
        for each in seen:
            meta = each.message["params"]["_meta"]
            assert each.headers["mcp-protocol-version"] == meta[ENVELOPE] == "2026-07-28"
            assert f"{META}clientCapabilities" in meta


@pytest.mark.requirement("44.13", "16.9")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/mcp", "https://example.invalid/mcp"])
async def test_no_silence_of_a_stream_is_taken_for_its_end(url: str) -> None:
    async with client(url) as made:
        assert made.timeout.read is None
        assert made.timeout.connect is not None
