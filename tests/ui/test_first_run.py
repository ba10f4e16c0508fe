"""The first page: when it shows, what it offers, and what Enter does there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mcpdeck.app.controller import Severity
from mcpdeck.app.editing import Editing
from mcpdeck.app.elsewhere import ElsewhereController, Found, found_in
from mcpdeck.app.exits import THEN_DEMO
from mcpdeck.services.models import ErrorInfo
from tests.config.project import Project
from tests.ui import states
from tests.ui.deck_stage import Stage, decked
from tests.ui.form_stage import HOSTILE
from tests.ui.kept_servers import KeptElsewhere

DESKTOP = Found(
    "claude-desktop",
    "Claude Desktop",
    ("files", "github", "notes", "time"),
    ("~/.config/Claude/claude_desktop_config.json",),
    (),
    ("npx -y files", "npx -y github --token ***", "python -m notes", "uvx time"),
)
FOUND = (
    Found("vscode", "VS Code", (), (), ("it is not JSON (~/.config/Code/User/mcp.json:3:9)",)),
    DESKTOP,
    Found("cursor", "Cursor", ("postgres",), ("~/.cursor/mcp.json",), (), ("npx -y postgres",)),
)
NOTHING = states.app_state()


async def welcomed(stage: Stage, found: tuple[Found, ...] | None = FOUND) -> KeptElsewhere:
    """The last server went; ``found`` None: it is still looked for others."""
    elsewhere = KeptElsewhere(stage.asked, found or ())
    stage.intents.elsewhere = elsewhere
    await stage.become(NOTHING)
    if found is not None:
        elsewhere.tell()
        await stage.rest()
    return elsewhere


async def test_with_no_server_configured_the_programs_that_have_some_are_offered_with_their_counts() -> None:
    async with decked(states.app_state(states.EVERYTHING), size=(80, 24)) as stage:
        await welcomed(stage)
        assert "No server is configured yet." in stage.text
        assert "4 servers" in stage.line("◆ Claude Desktop")
        assert "1 server " in stage.line("◆ Cursor")
        assert "unreadable" in stage.line("▲ VS Code")
        text = stage.text
        assert text.index("Cursor") < text.index("VS Code") < text.index("Add a server")
        assert "From ~/.config/Claude/claude_desktop_config.json" in text


async def test_until_they_are_found_the_page_says_that_it_looks_and_its_other_lines_work() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage, None)
        assert "Looking what other programs" in stage.text
        await stage.press("n")
        assert "Add a server" in stage.text
        assert stage.app.screen is not stage.deck


async def test_with_nothing_found_anywhere_the_other_ways_to_begin_are_there() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage, ())
        assert "No other program on this machine has one" in stage.text
        assert "Browse the MCP Registry" in stage.text
        assert "See the demo" in stage.text


async def test_enter_takes_over_after_everything_that_will_run_was_shown() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage)
        await stage.press("enter")
        assert "Take over 4 servers of Claude Desktop" in stage.text
        assert "npx -y github --token ***" in stage.text
        assert ("take", "claude-desktop") not in stage.asked
        await stage.press("y")
        assert ("take", "claude-desktop") in stage.asked


async def test_escape_takes_nothing_over() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage)
        await stage.press("enter", "escape")
        assert stage.asked == [("find elsewhere",)]
        assert "No server is configured yet." in stage.text


async def test_why_nothing_could_be_taken_over_is_told() -> None:
    async with decked(states.app_state(states.EVERYTHING), toasts=True) as stage:
        elsewhere = await welcomed(stage)
        elsewhere.error = ErrorInfo("config", "cannot write mcp.json", "make the folder writable")
        await stage.press("enter", "y")
        assert "cannot write mcp.json" in stage.text


async def test_the_page_goes_as_soon_as_there_is_a_server_and_comes_back_with_the_last_one_gone() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage)
        await stage.become(states.app_state(states.EVERYTHING))
        assert "No server is configured yet." not in stage.text
        await stage.press("r")
        assert stage.asked[-1] == ("reconnect", "everything")
        await stage.become(NOTHING)
        assert "◆ Claude Desktop" in stage.text
        assert stage.asked.count(("find elsewhere",)) == 1


async def test_the_line_of_the_demo_leaves_for_it() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage, ())
        await stage.pilot.press("down", "down", "enter")
        await stage.pilot.pause()
        assert stage.app.return_code == THEN_DEMO


async def test_a_program_that_brings_its_servers_along_gets_no_first_page() -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        stage.intents.embedded = True
        await welcomed(stage, None)
        assert "No server is configured yet." not in stage.text


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_names_and_files_are_text(text: str) -> None:
    async with decked(states.app_state(states.EVERYTHING)) as stage:
        await welcomed(stage, (Found("x", text, (text, "b"), (text,), (text,), (text, "")),))
        await stage.press("enter")
        assert all(char == "\n" or char.isprintable() for char in stage.text)


# On real files.


class Desk:
    """An ``ElsewhereController`` on the files of a home, and what it told."""

    def __init__(self, base: Path) -> None:
        self.project = Project(base)
        self.toasts: list[tuple[str, str]] = []
        self.work: list[Callable[[], Awaitable[None]]] = []
        deck = self.project.deck()
        self.options = deck.options
        self.controller = ElsewhereController(
            lambda: self.options,
            lambda: Editing(deck),
            self.work.append,
            self.toast,
            reload=lambda: None,
            shown=lambda: None,
        )

    def toast(self, title: str, hint: str = "", *, severity: Severity = "information") -> None:
        self.toasts.append((title, hint))

    def write(self, path: str, content: object) -> Path:
        file = self.options.folders.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content) if not isinstance(content, str) else content, "utf-8")
        return file


CURSOR = {
    "mcpServers": {
        "a": {"command": "one", "args": ["--api-key", "sk-12345678901234567890"]},
        "b": {"url": "https://h.example/mcp"},
    }
}


async def test_what_other_programs_have_is_found_beside_the_screen(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(".cursor/mcp.json", CURSOR)
    desk.write(".codeium/windsurf/mcp_config.json", "{ not json")
    told: list[tuple[Found, ...]] = []
    desk.controller.find(told.append)
    assert told == []
    await desk.work[0]()
    by_id = {found.id: found for found in told[0]}
    assert set(by_id) == {"cursor", "windsurf"}
    assert by_id["cursor"].names == ("a", "b")
    assert "sk-1234" not in " ".join(by_id["cursor"].runs)
    assert by_id["windsurf"].names == ()
    assert "mcp_config.json" in by_id["windsurf"].problems[0]


def test_taking_over_writes_ours_and_leaves_theirs(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    theirs = desk.write(".cursor/mcp.json", CURSOR)
    before = theirs.read_bytes()
    assert desk.controller.take("cursor") is None
    assert theirs.read_bytes() == before
    assert set(json.loads(Path(desk.controller.target()).read_text("utf-8"))["mcpServers"]) == {"a", "b"}
    assert desk.toasts[0][0] == "2 servers of Cursor taken over"


def test_what_a_project_brought_along_is_taken_over_switched_off_and_that_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    file = desk.options.project / ".cursor" / "mcp.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(CURSOR), "utf-8")
    assert desk.controller.take("cursor") is None
    assert "2 from this project are off" in desk.toasts[0][1]


def test_taking_over_twice_says_that_there_is_nothing_new(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(".cursor/mcp.json", CURSOR)
    assert desk.controller.take("cursor") is None
    again = desk.controller.take("cursor")
    assert again is not None
    assert again.title == "Cursor has nothing new"


def test_a_machine_without_any_other_program_has_nothing_to_offer(tmp_path: Path) -> None:
    assert found_in(Desk(tmp_path).options) == ()
