"""Where typed tools come from, their one server, and the rows of those that cannot be loaded."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.config import package_plugins
from mcpdeck.services.config.load import load
from mcpdeck.services.config.sources import watched
from mcpdeck.services.models import (
    Act,
    Decision,
    Effect,
    InProcessTarget,
    Offered,
    Origin,
    ServerEntry,
    Source,
    SourceStatus,
    Status,
    TransportKind,
)
from mcpdeck.services.policy.configured import Configured
from mcpdeck.services.registry import builtin, permits
from mcpdeck.services.registry.plugins import Plugin, ToolPlugins, found, loaded
from mcpdeck.services.registry.typed import Success, ToolContext
from tests.config.project import Project
from tests.registry.typed_samples import Doing, DoingInThread, Told
from tests.transports.in_process import MODERN, connected

TOOL = """
from pydantic import BaseModel
from mcpdeck.services.registry.typed import Success, TypedTool

class Nothing(BaseModel):
    pass

class Said(BaseModel):
    said: str

class Say(TypedTool[Nothing, Said]):
    name = "{name}"
    def run(self, request, context):
        return Success(Said(said="{said}"))
"""


class Home:
    """A project and a home, with typed tools in their places."""

    def __init__(self, project: Project, site: Path) -> None:
        self.project = project
        self.site = site
        self.tools = ToolPlugins()
        self.options = replace(project.options, brings=self.tools, managed=())
        self.folder = self.options.folders.tools

    def file(self, name: str, code: str | None = None, *, said: str = "", tool: str = "") -> Path:
        text = TOOL.format(name=tool or name, said=said or name) if code is None else code
        self.project.write(text, self.folder / f"{name}.py")
        return self.folder / f"{name}.py"

    def module(self, name: str, code: str | None = None) -> None:
        self.project.write(TOOL.format(name=name, said=name) if code is None else code, self.site / f"{name}.py")

    def settings(self, **settings: object) -> None:
        self.project.write(settings, self.options.folders.settings_file)

    def package(self, name: str, points: str) -> None:
        self.project.write(f"[mcpdeck.tools]\n{points}\n", self.site / f"{name}-1.0.dist-info" / "entry_points.txt")

    def rows(self) -> dict[str, ServerEntry]:
        return {entry.name: entry for entry in load(self.options).entries}

    def names(self) -> list[str]:
        return [*self.rows()]

    def target(self) -> InProcessTarget:
        target = self.rows()["tools"].target
        assert isinstance(target, InProcessTarget)
        return target

    async def offered(self) -> list[str]:
        async with connected(self.target()) as line:
            listed = await line.ask(1, "tools/list", {"_meta": MODERN})
            return [tool["name"] for tool in listed["result"]["tools"]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(package_plugins.sys, "path", [*sys.path, str(site)])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))  # what is imported here is imported anew elsewhere
    return Home(Project(tmp_path), site)


# -- finding


def test_there_is_no_row_where_there_are_no_tools(home: Home) -> None:
    assert home.names() == []
    (info,) = [info for info in load(home.options).sources if info.place == str(home.folder)]
    assert (info.source, info.status) == (Source.PLUGIN, SourceStatus.NOT_FOUND)


def test_tools_of_every_place_are_one_server_and_nothing_of_them_is_imported(home: Home) -> None:
    for name in ("mine_a", "mine_b"):
        home.file(name, "raise SystemExit('imported')")
    home.module("in_settings", "raise SystemExit('imported')")
    home.module("in_package", "raise SystemExit('imported')")
    home.settings(toolModules=["in_settings:TOOLS"], builtinTools=True)
    home.package("acme_tools", "acme = in_package:Tool")
    (row,) = home.rows().values()
    assert (row.name, row.source, row.transport, row.gate) == ("tools", Source.PLUGIN, TransportKind.IN_PROCESS, None)
    assert row.endpoint == "in_settings:TOOLS, mine_a.py, mine_b.py and 2 more"
    shown = [text for label, text in row.provenance.shown if label == "tools"]
    assert shown == [
        "in_settings:TOOLS (imported into this program, with all its rights)",
        f"{home.folder}/mine_a.py (imported into this program, with all its rights)",
        f"{home.folder}/mine_b.py (imported into this program, with all its rights)",
        "in_package:Tool (of the package acme-tools, imported into this program, with all its rights)",
        "mcpdeck.services.registry.builtin (imported into this program, with all its rights)",
    ]
    assert row.watch == (f"{home.folder}/*.py",)
    assert not {"in_settings", "in_package"} & sys.modules.keys()


def test_only_python_files_of_the_folder_that_are_not_hidden_count(home: Home) -> None:
    home.file("one")
    for name in ("_helper", ".hidden"):
        home.file(name)
    (home.folder / "notes.txt").write_text("")
    (home.folder / "folder.py").mkdir()
    (home.folder / "gone.py").symlink_to(home.folder / "nowhere.py")
    plugins, _ = found(home.options)
    assert [plugin.what for plugin in plugins] == ["one"]


def test_a_folder_of_tools_in_a_repository_is_not_looked_into(home: Home) -> None:
    for place in ("tools", "config/tools", ".mcpdeck/tools", ".claude/tools"):
        home.project.write(TOOL.format(name="evil", said=""), home.project.root / place / "evil.py")
    assert home.names() == []


@pytest.mark.parametrize(
    ("settings", "lint"),
    [
        ({"toolModules": "acme"}, '"toolModules" is no list'),
        ({"toolModules": [1]}, '"toolModules" is no list'),
        ({"builtinTools": "yes"}, '"builtinTools" is not true or false'),
    ],
)
def test_settings_that_make_no_sense_are_a_lint_and_no_row(home: Home, settings: dict[str, object], lint: str) -> None:
    home.settings(**settings)
    assert home.names() == []
    lints = [lint for info in load(home.options).sources for lint in info.lints]
    assert any(lint in each for each in lints)


def test_mcpdecks_settings_know_the_keys(home: Home) -> None:
    home.settings(toolModules=["x"], builtinTools=False)
    deck = Configured(home.options)
    deck.load_entries()
    assert deck.settings_lints == {}


@pytest.mark.parametrize("content", ["{", "[]", "3", b"\xff\xfe"])
def test_settings_that_cannot_be_read_take_no_tools_of_other_places_away(home: Home, content: object) -> None:
    home.project.write(content, home.options.folders.settings_file)
    home.file("one")
    assert home.names() == ["tools"]


@pytest.mark.parametrize("spec", ["os.system()", "a b", "", "../x", "x:", ":y"])
def test_a_module_that_cannot_be_one_is_a_row_at_once_and_the_others_are_served(home: Home, spec: str) -> None:
    home.settings(toolModules=[spec])
    home.file("one")
    rows = home.rows()
    assert next(iter(rows)) == "tools"
    (broken,) = [row for name, row in rows.items() if name != "tools"]
    assert (broken.gate, broken.target) == (Status.NOT_CONFIGURED, None)
    assert broken.problem is not None
    assert "is no module" in broken.problem.title


def test_a_new_or_edited_tool_is_seen(home: Home) -> None:
    assert home.folder in watched(home.options)


def test_strict_configuration_leaves_them_out(home: Home) -> None:
    home.file("one")
    assert load(replace(home.options, strict=True)).entries == ()


def test_a_server_that_somebody_called_so_stands_above_it(home: Home) -> None:
    home.file("one")
    home.project.servers({"tools": {"command": "x"}}, home.project.user_file)
    rows = home.rows()
    assert [*rows] == ["tools", "tools (plugin)"]
    assert rows["tools"].source is Source.USER
    assert rows["tools (plugin)"].suppressed_by is not None


# -- approval


def test_tools_wait_for_approval_and_another_list_asks_again(home: Home) -> None:
    home.file("one")
    deck = Configured(home.options)
    (row,) = deck.load_entries()
    assert row.gate is Status.PENDING_APPROVAL
    deck.approve(row)
    (row,) = deck.load_entries()
    assert row.gate is None
    home.file("one", TOOL.format(name="one", said="other"))
    assert [row.gate for row in deck.load_entries()] == [None]
    home.package("acme", "acme = acme_tools")
    assert [row.gate for row in deck.load_entries()] == [Status.PENDING_APPROVAL]


# -- loading


async def test_tools_of_every_place_are_offered_ones_own_first(home: Home) -> None:
    home.file("mine")
    home.module("in_settings")
    home.module("in_package", TOOL.format(name="in_package", said="") + "\ndef several():\n    return [Say]\n")
    home.settings(toolModules=["in_settings"], builtinTools=True)
    home.package("acme", "acme = in_package:several [extra]")
    ours = [tool.name for tool in builtin.TOOLS]
    assert await home.offered() == ["in_settings", "mine", "in_package", *ours]
    assert home.tools.broken == ()


BROKEN: dict[str, tuple[str, str, int | None]] = {
    "raises": ("\n\n1 / 0\n", "ZeroDivisionError: division by zero", 3),
    "misspelt": ("def x(:\n", "SyntaxError: invalid syntax", 1),
    "exits": ("import sys\nsys.exit(3)\n", "SystemExit: 3", 2),
    "lacks": ("import no_such_module_anywhere\n", "ModuleNotFoundError: No module named 'no_such_module_anywhere'", 1),
    "empty": ("", "has no typed tool", None),
    "nameless": (TOOL.format(name="", said=""), "Say has no name", None),
    "unmade": (TOOL.format(name="x", said="") + "\nSay.__init__ = lambda self: [][1]\n", "IndexError: list index", 16),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_plugin_is_a_row_with_its_last_line_and_its_place_and_the_others_load(
    home: Home, kind: str
) -> None:
    code, last, line = BROKEN[kind]
    file = home.file("broken", code)
    home.file("fine")
    assert home.names() == ["tools"]
    assert await home.offered() == ["fine"]
    rows = home.rows()
    assert [*rows] == ["tools", "tools:broken"]
    row = rows["tools:broken"]
    assert (row.gate, row.target, row.source) == (Status.NOT_CONFIGURED, None, Source.PLUGIN)
    assert row.problem is not None
    assert last in row.problem.title
    assert row.problem.hint
    assert (row.origin.file, row.origin.line) == (str(file), line)
    (gated, kept) = Configured(home.options).load_entries()
    assert (gated.gate, kept.gate) == (Status.PENDING_APPROVAL, Status.NOT_CONFIGURED)


async def test_a_module_and_an_entry_point_that_are_not_there_are_rows(home: Home) -> None:
    home.settings(toolModules=["nowhere_to_be_found", "json:Tool"])
    home.package("acme", "acme = also.nowhere:Tool")
    assert await home.offered() == []
    problems = {name: row.problem.title for name, row in home.rows().items() if row.problem is not None}
    assert problems == {
        "tools:nowhere_to_be_found": "no module named 'nowhere_to_be_found'",
        "tools:json": f"{sys.modules['json'].__file__} has no 'Tool'",
        "tools:acme": "no module named 'also'",
    }


async def test_a_plugin_that_is_mended_loses_its_row_at_the_next_connection_and_it_is_told_once(home: Home) -> None:
    told: list[int] = []
    home.tools.changed = lambda: told.append(len(home.tools.broken))
    home.file("late", "1 / 0")
    for _ in range(2):
        assert await home.offered() == []
        assert home.names() == ["tools", "tools:late"]
    home.file("late", TOOL.format(name="late", said="late at last"))
    assert await home.offered() == ["late"]
    assert home.names() == ["tools"]
    assert told == [1, 0]


async def test_a_broken_plugin_that_is_taken_away_loses_its_row_at_once(home: Home) -> None:
    home.file("fine")
    file = home.file("bad", "1 / 0")
    await home.offered()
    assert home.names() == ["tools", "tools:bad"]
    file.unlink()
    assert home.names() == ["tools"]


async def test_of_two_tools_with_one_name_the_first_is_offered_and_the_other_is_a_row(home: Home) -> None:
    home.file("a", said="first", tool="same")
    home.file("b", TOOL.format(name="same", said="second") + "\nclass Other(Say):\n    name = 'other'\n")
    assert await home.offered() == ["same", "other"]
    async with connected(home.target()) as line:
        answer = await line.ask(1, "tools/call", {"name": "same", "_meta": MODERN})
        assert answer["result"]["structuredContent"] == {"said": "first"}
    row = home.rows()["tools:b/same"]
    assert row.problem is not None
    assert row.problem.title.startswith(f'the tool "same" of {home.folder}/b.py is not offered')
    assert f"{home.folder}/a.py" in row.problem.title


def test_plugins_of_one_short_name_keep_rows_of_their_own(home: Home) -> None:
    home.module("twin", "1 / 0")
    home.settings(toolModules=["twin", "twin:x"])
    home.file("twin", "1 / 0")
    home.package("acme", "twin = nowhere.at.all")
    plugins, _ = found(home.options)
    assert [plugin.what for plugin in plugins] == ["twin", "twin-2", "twin-3", "twin-4"]
    assert [each.what for each in loaded(plugins)[1]] == ["twin", "twin-2", "twin-3", "twin-4"]


def test_a_module_in_the_current_folder_does_not_count_as_installed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.project.write(TOOL.format(name="evil", said=""), home.project.root / "shared_tools.py")
    monkeypatch.chdir(home.project.root)
    tools, broken = loaded([Plugin("shared_tools", "shared_tools", Origin("settings.json"))])
    assert tools == []
    assert [each.title for each in broken] == ["no module named 'shared_tools'"]


# -- permissions


async def _decided(
    kind: type[Doing], rules: Any, more: Callable[[ToolContext], Any] = lambda context: None
) -> Decision:
    decided: list[Decision] = []

    def do(context: ToolContext) -> Success[Told]:
        more(context)
        decided.append(context.permissions.decide(Act(Offered.TOOL, "files", "write", {"path": "/x"})))
        return Success(Told())

    tools = ToolPlugins(lambda: rules)
    tool = kind(do)

    def serve() -> object:
        server: Any = tools.serve((), Path("/p"))
        server.tools[tool.name] = tool
        return server

    async with connected(InProcessTarget("tests:factory", factory=serve)) as line:
        await line.ask(1, "tools/call", {"name": tool.name, "_meta": MODERN})
    return decided[0]


class Rules:
    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def decide(self, act: Act) -> Decision:
        self.asked.append((act.name, threading.get_ident()))
        return Decision(Effect.DENY, "mcp__files__write", "settings")


@pytest.mark.parametrize("kind", [Doing, DoingInThread])
async def test_a_tool_asks_the_persons_rules_which_answer_in_their_own_thread(kind: type[Doing]) -> None:
    rules = Rules()
    decision = await _decided(kind, rules)
    assert (decision.effect, decision.rule) == (Effect.DENY, "mcp__files__write")
    assert rules.asked == [("write", threading.get_ident())]


async def test_where_nobody_answers_any_more_it_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permits, "ANSWER_TIME", 0.05)
    home = await anyio.to_thread.run_sync(_ended_loop)
    asked = permits.AskedAtHome(Rules, home)
    decision = await anyio.to_thread.run_sync(asked.decide, Act(Offered.TOOL, "files", "write"))
    assert (decision.effect, decision.rule) == (Effect.DENY, "no answer")


def _ended_loop() -> Any:
    import asyncio

    loop = asyncio.new_event_loop()
    loop.close()
    return loop
