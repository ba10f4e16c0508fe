"""One text snapshot for each visible state and size of what the configuration shows and asks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from mcpdeck.services.state.model import AppState
from tests.ui import entry_states as entries
from tests.ui import states
from tests.ui.deck_stage import Stage, decked, paste

SIZES = ((80, 24), (120, 40))
ALL = entries.state()
FILES = states.app_state(states.zoo()[1])
VSCODE = json.dumps(
    {
        "inputs": [{"id": "token", "type": "promptString", "password": True}],
        "servers": {
            "github": {
                "type": "stdio",
                "command": "docker",
                "args": ["run", "-i", "--rm", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server"],
                "env": {"GITHUB_TOKEN": "${input:token}"},
            }
        },
    }
)
MANY = json.dumps({"mcpServers": {f"server-{n}": {"command": "uvx", "args": [f"server-{n}-mcp"]} for n in range(4)}})
WRONG = '{\n  "command": "npx",\n  "args": ["-y" "@example/weather"]\n}'
PASTE = "paste:"

STORIES: dict[str, tuple[AppState, tuple[str, ...]]] = {
    "rows": (ALL, ()),
    "row-watched": (entries.state(entries.WATCHED), ("i",)),
    "row-tools-changed": (entries.state(entries.WATCHED), ("i", "end")),
    "row-plugin": (entries.state(entries.PLUGGED), ("i",)),
    "row-blocked": (entries.state(entries.BLOCKED), ("i",)),
    "row-malformed": (entries.state(entries.MALFORMED), ("i",)),
    "row-rejected": (entries.state(entries.REJECTED), ("i",)),
    "row-same-name": (entries.state(entries.SAME_NAME), ("i",)),
    "row-same-command": (entries.state(entries.SAME_COMMAND), ("i",)),
    "row-managed-only": (entries.state(entries.MANAGED_ONLY), ("i",)),
    "row-offered": (entries.state(entries.OFFERED), ("i",)),
    "approve-plugin": (entries.state(entries.PLUGGED), ("enter",)),
    "sources": (ALL, ("S",)),
    "sources-odd": (ALL, ("S", "down", "down", "down")),
    "sources-malformed": (ALL, ("S", *["down"] * 6)),
    "add": (FILES, ("n",)),
    "add-pasted": (FILES, ("n", PASTE + VSCODE)),
    "add-wrong": (FILES, ("n", PASTE + WRONG)),
    "add-which": (FILES, ("n", PASTE + MANY)),
    "add-all": (FILES, ("n", PASTE + MANY, "end", "enter")),
    "add-url": (FILES, ("n", *"https://mcp.example.com")),
    "add-discard": (FILES, ("n", "x", "escape")),
    "edit": (FILES, ("E",)),
    "edit-not-ours": (entries.state(entries.OFFERED), ("E",)),
    "remove": (FILES, ("delete",)),
    "export": (FILES, ("X",)),
    "export-not": (FILES, ("X", "end")),
}


def prepared(stage: Stage) -> None:
    kept = stage.intents.entries
    kept.why_not["figma"] = "/home/ada/.cursor/mcp.json belongs to another program, and is only read"
    kept.texts["files"] = '{\n  "command": "npx",\n  "args": ["-y", "@modelcontextprotocol/server-filesystem", "."]\n}'
    kept.lints = ('unknown field "timeoutMs" (did you mean "timeout"?)',)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("story", STORIES)
async def test_the_screen_looks_as_it_did(
    story: str, size: tuple[int, int], matches_snapshot: Callable[[str, str], None]
) -> None:
    state, keys = STORIES[story]
    async with decked(state, size=size) as stage:
        prepared(stage)
        for key in keys:
            if key.startswith(PASTE):
                await paste(stage, key.removeprefix(PASTE))
            else:
                await stage.press(key)
        matches_snapshot(f"{story}-{size[0]}x{size[1]}", stage.text)
