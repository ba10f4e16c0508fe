"""Forms of real servers, filled in by keys: nested arguments, an editor, a date and a file that are picked."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.screens import deck_fill
from mcpdeck.services.state.model import CallStatus
from tests import entries
from tests.ui.form_stage import settle
from tests.ui.real_runs import dashboard, on_screen
from tests.waiting import eventually

SERVER = """
import json, sys
SCHEMA = {"type": "object", "required": ["who"], "properties": {
    "who": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "day": {"type": "string", "format": "date"},
    "photo": {"type": "string", "contentEncoding": "base64"},
    "mimeType": {"type": "string"},
    "tags": {"type": "array", "items": {"type": "string"}}}}
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    match message["method"]:
        case "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "f"}}
        case "tools/list":
            result = {"tools": [{"name": "book", "inputSchema": SCHEMA}]}
        case "tools/call":
            result = {"content": [{"type": "text", "text": json.dumps(message["params"]["arguments"])}]}
        case _:
            result = {}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


async def test_a_nested_form_is_filled_in_by_keys_pickers_and_an_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.png").write_bytes(b"\x89PNG")
    monkeypatch.chdir(folder)
    seen: list[str] = []

    def edits(command: list[str]) -> int:
        path = Path(command[-1])
        seen.append(path.read_text())
        path.write_text(path.read_text().replace("Ann", "Ann Lee"))
        return 0

    monkeypatch.setattr(deck_fill, "run_editor", edits)
    with anyio.fail_after(60):
        async with dashboard([entries.stdio("forms", sys.executable, str(script))], tmp_path, size=(120, 40)) as (
            pilot,
            deck,
            services,
        ):
            await eventually(lambda: "1/1 connected" in on_screen(deck), "connected server")
            await pilot.press("enter", "enter")
            await eventually(lambda: "Ctrl+R Call" in on_screen(deck), "form with the focus in it")
            await pilot.press(*"Ann", "tab", "f7")
            await eventually(lambda: "Enter takes · Esc closes" in on_screen(deck), "month")
            await pilot.press("enter", "tab", "f7")
            await eventually(lambda: "cat.png" in on_screen(deck), "files")
            await pilot.press(*"cat", "enter")
            await eventually(lambda: "image/png" in on_screen(deck), "media type of the file")
            monkeypatch.setattr(deck, "suspend", nullcontext)  # there is no terminal to hand over
            await pilot.press("ctrl+e")
            await eventually(lambda: "Ann Lee" in on_screen(deck), "what the editor wrote")
            await settle(deck, pilot)
            await pilot.press("ctrl+r")
            await eventually(lambda: bool(services.store.state.calls), "call")
            await eventually(lambda: services.store.state.calls[0].status is CallStatus.SUCCESS, "result")
            arguments = services.store.state.calls[0].arguments
    assert '"name": "Ann"' in seen[0]
    assert arguments["who"] == {"name": "Ann Lee"}
    assert arguments["photo"] == "iVBORw=="
    assert arguments["mimeType"] == "image/png"
    day = arguments["day"]
    assert isinstance(day, str)
    assert len(day) == 10
