"""Tools that an embedding program gives to a model: the recipe in docs/catalogue.md, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio

from mcpdeck.app.worker import Engine, around
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.registry.catalogue import Catalogue
from mcpdeck.services.state.model import CallStatus
from tests.policy.permitting import permitting
from tests.registry.typed_samples import Doing, Split
from tests.waiting import eventually

DOCS = Path(__file__).parents[2] / "docs" / "catalogue.md"


async def test_a_program_hands_on_what_the_rules_leave_under_names_without_prefix() -> None:
    recipe: dict[str, Any] = {}
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    exec(compile(code, str(DOCS), "exec"), recipe)
    manager = ConnectionManager()
    assert manager.set_servers({"words": [Split, Doing], "more": [Doing]}).errors == {}
    permissions = permitting(configured=("words", "more"), deny=["mcp__more__doing"], allow=["mcp__words__split"])
    with anyio.fail_after(20):
        async with around(manager, engine=Engine(permissions=permissions)) as services:
            rows = ("words", "more")
            await eventually(lambda: all(services.store.state.mcp.servers[row].tools for row in rows), "the tools")
            catalogue = Catalogue(bare=True)
            told = recipe["handed_on"](services, catalogue)
            assert told.keys() == {"split", "mcp__words__doing"}
            assert told["split"] == "Takes a text apart."
            call = await recipe["called"](services, catalogue, "split", {"text": "a b"})
            assert (call.status, call.tool) == (CallStatus.SUCCESS, "split")
            denied = await recipe["called"](services, catalogue, "mcp__more__doing", {})
            assert denied.status is CallStatus.DENIED
