"""Sections 39 to 41: what keeps a person safe, and what an inspector shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.models import EraMode
from tests.spec.peers import ERAS, done, handler, over_http, server, talking, tell


@pytest.mark.requirement("41.2")
@pytest.mark.parametrize("era", [EraMode.LEGACY, EraMode.MODERN])
async def test_every_message_is_kept_byte_by_byte_in_both_directions(era: EraMode) -> None:
    async with over_http(handler(server({"tools/call": done("Zürich")})), era) as it:
        await it.session.call_tool("t", {"n": 1.0})
        records = it.services.trace.of("peer")
        (call,) = [record for record in records if record.method == "tools/call" and record.direction == "sent"]
        assert call.data == it.posted("tools/call")[0].body
        (answer,) = [record for record in records if record.direction == "received" and record.id == call.id]
        assert "Zürich" in json.loads(answer.data)["result"]["content"][0]["text"]
        assert [record.seq for record in records] == sorted(record.seq for record in records)


@pytest.mark.requirement("41.3")
@pytest.mark.parametrize("era", ERAS)
async def test_every_broken_rule_names_its_section(era: Wish) -> None:
    broken: list[Any] = [
        {"jsonrpc": "1.0", "id": 77, "result": {}},
        {"jsonrpc": "2.0", "id": 78, "result": {}, "error": {"code": "x"}},
        tell("notifications/message", {"level": "loud", "data": 1}),
        tell("notifications/progress", {}),
        tell("notifications/resources/updated", {}),
    ]
    async with talking(server()) as it:
        await it.session.open(era)
        before = len(it.rules())
        for message in broken:
            it.transport.feed(message)
        told = it.rules()[before:]
        assert len(told) >= len(broken)
        assert [rule for rule in told if "section" not in rule and "not waiting" not in rule] == []
