"""Where servers come from, in which order, and what is said of every place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.load import Loaded, LoadOptions, load
from mcpdeck.services.config.sources import watched
from mcpdeck.services.models import (
    ServerEntry,
    Source,
    SourceInfo,
    SourceStatus,
    StdioTarget,
    TransportKind,
)
from tests.config.project import Project


class Everywhere:
    """A project with a server in every file that may hold one."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = project.root
        environ = {**project.options.environ, "HOME": str(project.root.parent / "home")}
        self.site = project.root.parent / "site"
        self.options = LoadOptions(project.root, environ, managed=(self.site,))
        self.folders = Folders.of(environ)

    def write(self, path: Path, content: object) -> Path:
        self.project.write(content, path)
        return path

    def servers(self, path: Path, name: str) -> Path:
        return self.write(path, {"mcpServers": {name: {"command": name}}})

    def fill(self) -> None:
        folders, root = self.folders, self.root
        one = {"command": "x"}
        self.write(
            folders.claude_json,
            {
                "mcpServers": {"user-claude": one},
                "projects": {str(root): {"mcpServers": {"local-claude": one}, "history": []}},
            },
        )
        self.write(folders.local_file, {"projects": {str(root): {"mcpServers": {"local-own": one}}}})
        self.servers(root / ".claude" / "settings.local.json", "project-settings")
        self.servers(root / ".mcp.json", "project")
        self.servers(folders.user_file, "user-own")
        self.servers(folders.claude_settings, "user-settings")
        self.servers(folders.plugins / "tool" / ".mcp.json", "server")
        lock = {"pid": 1, "workspaceFolders": [str(root)], "ideName": "Editor", "transport": "ws", "authToken": "t"}
        self.write(folders.claude / "ide" / "4711.lock", lock)

    def load(self, **changes: Any) -> Loaded:
        return load(replace(self.options, **changes))


@pytest.fixture
def everywhere(project: Project) -> Everywhere:
    return Everywhere(project)


def _entry(name: str, source: Source) -> ServerEntry:
    return ServerEntry(name, source, StdioTarget(name), TransportKind.STDIO, name, name)


def _names(loaded: Loaded) -> list[str]:
    return [entry.name for entry in loaded.entries]


def test_every_source_has_its_place_in_the_order(everywhere: Everywhere) -> None:
    everywhere.fill()
    loaded = everywhere.load(
        mcp_config=('{"mcpServers": {"cli": {"command": "x"}}}',),
        extra=(_entry("demo", Source.DEMO),),
        found=(_entry("net", Source.DISCOVERED), _entry("cloud", Source.CONNECTOR)),
    )
    assert _names(loaded) == [
        "demo",
        "cli",
        "local-claude",
        "local-own",
        "project-settings",
        "project",
        "user-own",
        "user-claude",
        "user-settings",
        "plugin:tool:server",
        "cloud",
        "ide-editor-4711",
        "net",
    ]
    assert [info.source for info in loaded.sources] == sorted(
        (info.source for info in loaded.sources), key=list(Source).index
    )


def test_of_one_name_the_first_source_in_the_order_is_used(everywhere: Everywhere) -> None:
    folders, root = everywhere.folders, everywhere.root
    everywhere.write(
        folders.claude_json,
        {"mcpServers": {"it": {"command": "5"}}, "projects": {str(root): {"mcpServers": {"it": {"command": "1"}}}}},
    )
    everywhere.write(folders.local_file, {"projects": {str(root): {"mcpServers": {"it": {"command": "2"}}}}})
    everywhere.write(root / ".mcp.json", {"mcpServers": {"it": {"command": "3"}}})
    everywhere.write(folders.user_file, {"mcpServers": {"it": {"command": "4"}}})
    everywhere.write(folders.claude_settings, {"mcpServers": {"it": {"command": "6"}}})
    rows = everywhere.load().entries
    assert [row.endpoint for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [row.suppressed_by is None for row in rows] == [True, False, False, False, False, False]


@pytest.mark.parametrize("given", ["resolved", "as given", "below"])
def test_a_project_is_found_in_claude_json_under_each_of_its_names(everywhere: Everywhere, given: str) -> None:
    link = everywhere.root.parent / "link"
    link.symlink_to(everywhere.root)
    below = link / "sub"
    below.mkdir()
    name = {"resolved": everywhere.root, "as given": link, "below": everywhere.root / "sub"}[given]
    everywhere.write(
        everywhere.folders.claude_json, {"projects": {str(name): {"mcpServers": {"it": {"command": "x"}}}}}
    )
    loaded = everywhere.load(cwd=below)
    assert _names(loaded) == ["it"]
    assert loaded.entries[0].source is Source.LOCAL
    said = [info for info in loaded.sources if info.source is Source.LOCAL]
    assert [(info.place, info.status, info.servers) for info in said] == [
        (str(everywhere.folders.claude_json), SourceStatus.READ, 1),
        (str(everywhere.folders.local_file), SourceStatus.NOT_FOUND, 0),
        (str(everywhere.root / ".claude" / "settings.local.json"), SourceStatus.NOT_FOUND, 0),
    ]


def test_the_servers_of_another_project_are_not_read(everywhere: Everywhere) -> None:
    projects = {"/elsewhere": {"mcpServers": {"it": {"command": "x"}}}}
    everywhere.write(everywhere.folders.claude_json, {"projects": projects})
    everywhere.write(everywhere.folders.local_file, {"projects": projects})
    assert _names(everywhere.load()) == []


@pytest.mark.parametrize("where", ["project", "user"])
def test_servers_in_a_settings_file_are_read_with_the_warning_that_others_ignore_them(
    everywhere: Everywhere, where: str
) -> None:
    local = everywhere.root / ".claude" / "settings.local.json"
    path = local if where == "project" else everywhere.folders.claude_settings
    everywhere.servers(path, "it")
    loaded = everywhere.load()
    (row,) = loaded.entries
    assert any("other clients ignore" in lint for lint in row.lints)
    (info,) = [info for info in loaded.sources if info.place == str(path)]
    assert info.servers == 1
    assert any("other clients ignore" in lint for lint in info.lints)


def test_a_settings_file_that_a_repository_may_have_brought_needs_approval_like_its_mcp_json(
    everywhere: Everywhere,
) -> None:
    everywhere.servers(everywhere.root / ".claude" / "settings.local.json", "it")
    (row,) = everywhere.load().entries
    assert (row.source, row.needs_approval) == (Source.LOCAL, True)


@pytest.mark.parametrize("content", ['{"mcpServers": {"own": {"command": "x"}}}', '{"mcpServers": {}}', "{", "", "[]"])
def test_a_managed_file_in_whatever_state_leaves_nothing_beside_it(everywhere: Everywhere, content: str) -> None:
    everywhere.fill()
    path = everywhere.write(everywhere.site / "managed-mcp.json", content)
    loaded = everywhere.load(mcp_config=('{"mcpServers": {"cli": {"command": "x"}}}',))
    assert loaded.exclusive == path
    for row in loaded.entries:
        if row.source is not Source.MANAGED:
            assert row.provenance.suppression is not None
            assert row.provenance.suppression.why == "managed"
    assert any(row.name.startswith("cli") for row in loaded.entries)  # ignored, and still told
    others = [info for info in loaded.sources if info.source is not Source.MANAGED]
    assert others
    assert all(info.status is SourceStatus.IGNORED and str(path) in info.note for info in others)
    assert ("own" in _names(loaded)) is ("own" in content)


def test_of_two_managed_files_both_are_read_and_the_first_wins(everywhere: Everywhere) -> None:
    second = everywhere.root.parent / "second"
    everywhere.write(everywhere.site / "managed-mcp.json", {"mcpServers": {"it": {"command": "1"}}})
    everywhere.write(second / "managed-mcp.json", {"mcpServers": {"it": {"command": "2"}, "b": {"command": "3"}}})
    loaded = everywhere.load(managed=(everywhere.site, second))
    assert [row.endpoint for row in loaded.entries] == ["1", "2", "3"]
    assert loaded.exclusive == everywhere.site / "managed-mcp.json"


def test_a_managed_file_counts_also_where_no_other_file_is_asked_for(everywhere: Everywhere) -> None:
    everywhere.write(everywhere.site / "managed-mcp.json", {"mcpServers": {}})
    loaded = everywhere.load(files=False, extra=(_entry("demo", Source.DEMO),))
    assert loaded.exclusive is not None
    assert loaded.entries[0].suppressed_by is not None


def test_strict_leaves_only_the_command_line_and_says_what_it_left_out(everywhere: Everywhere) -> None:
    everywhere.fill()
    loaded = everywhere.load(mcp_config=('{"mcpServers": {"cli": {"command": "x"}}}',), strict=True)
    assert _names(loaded) == ["cli"]
    ignored = {info.place for info in loaded.sources if info.status is SourceStatus.IGNORED}
    assert {str(everywhere.root / ".mcp.json"), str(everywhere.folders.user_file)} <= ignored


def test_what_is_not_asked_for_or_not_configured_is_off(everywhere: Everywhere) -> None:
    off = {info.source for info in everywhere.load().sources if info.status is SourceStatus.OFF}
    assert off == {Source.IMPORTED, Source.CONNECTOR, Source.REGISTRY, Source.DISCOVERED}


def test_a_source_that_was_asked_elsewhere_says_itself_what_came_of_it(everywhere: Everywhere) -> None:
    info = SourceInfo(Source.CONNECTOR, "https://directory.example", SourceStatus.READ, 3)
    said = [one for one in everywhere.load(found_sources=(info,)).sources if one.source is Source.CONNECTOR]
    assert said == [info]


def test_other_clients_are_read_only_on_request_and_their_entries_are_in_our_shape(everywhere: Everywhere) -> None:
    path = everywhere.root.parent / "home" / ".cursor" / "mcp.json"
    everywhere.write(path, {"mcpServers": {"theirs": {"command": "npx", "args": ["-y"]}}})
    assert _names(everywhere.load()) == []
    loaded = everywhere.load(discover=True)
    (row,) = loaded.entries
    assert (row.name, row.source, row.endpoint) == ("theirs", Source.IMPORTED, "npx -y")
    assert loaded.raw["theirs"].origin.file == str(path)
    (info,) = [info for info in loaded.sources if info.place == str(path)]
    assert (info.status, info.servers) == (SourceStatus.READ, 1)


def test_every_place_is_told_found_or_not_with_how_many_rows_it_gave(everywhere: Everywhere) -> None:
    everywhere.servers(everywhere.folders.user_file, "it")
    said = {info.place: info for info in everywhere.load().sources}
    assert said[str(everywhere.folders.user_file)].servers == 1
    assert said[str(everywhere.root / ".mcp.json")].status is SourceStatus.NOT_FOUND
    assert said[str(everywhere.site / "managed-mcp.json")].status is SourceStatus.NOT_FOUND


def test_a_byte_order_mark_is_a_lint_of_the_place_too(everywhere: Everywhere) -> None:
    path = everywhere.folders.user_file
    everywhere.write(path, b'\xef\xbb\xbf{"mcpServers": {}}')
    (info,) = [info for info in everywhere.load().sources if info.place == str(path)]
    assert any("byte order mark" in lint for lint in info.lints)


def test_the_rows_as_written_are_kept_by_the_name_of_the_row(everywhere: Everywhere) -> None:
    everywhere.servers(everywhere.root / ".mcp.json", "it")
    everywhere.servers(everywhere.folders.user_file, "it")
    loaded = everywhere.load()
    assert {name: raw.file.source for name, raw in loaded.raw.items()} == {
        "it": Source.PROJECT,
        "it (user)": Source.USER,
    }


def test_every_file_that_may_bring_other_entries_is_watched_there_or_not(everywhere: Everywhere) -> None:
    everywhere.fill()
    folders, root = everywhere.folders, everywhere.root
    below = root / "sub"
    below.mkdir()
    given = root / "given.json"
    paths = set(watched(replace(everywhere.options, cwd=below, mcp_config=(str(given), "{}"), discover=True)))
    assert {
        everywhere.site / "managed-mcp.json",
        given,
        folders.claude_json,
        folders.local_file,
        root / ".mcp.json",
        below / ".mcp.json",
        folders.user_file,
        folders.plugins,
        folders.plugins / "tool" / ".mcp.json",
        folders.claude / "plugins" / "installed_plugins.json",
        folders.claude / "ide",
        root.parent / "home" / ".cursor" / "mcp.json",
    } <= paths
    strict = set(watched(replace(everywhere.options, mcp_config=(str(given),), strict=True)))
    assert strict == {everywhere.site / "managed-mcp.json", given}


def test_a_large_file_of_another_program_is_no_burden(everywhere: Everywhere) -> None:
    history = [{"display": "x" * 50, "n": number} for number in range(5_000)]
    projects: dict[str, object] = {f"/p{number}": {"history": history[:20]} for number in range(100)}
    projects[str(everywhere.root)] = {"mcpServers": {"it": {"command": "x"}}}
    text = json.dumps({"projects": projects, "history": history}, indent=1)
    everywhere.write(everywhere.folders.claude_json, text)
    (row,) = everywhere.load().entries
    line = text[: text.index('"it"')].count("\n") + 1
    assert row.origin.line == line


def test_a_file_that_was_named_and_is_the_project_s_too_is_each_source_s_own(everywhere: Everywhere) -> None:
    missing = everywhere.load(mcp_config=(".mcp.json",))
    (row,) = missing.entries
    assert row.source is Source.CLI
    assert row.problem is not None
    assert "no such file" in row.problem.title
    (info,) = [info for info in missing.sources if info.place.endswith(".mcp.json") and info.source is Source.PROJECT]
    assert info.status is SourceStatus.NOT_FOUND
    everywhere.servers(everywhere.root / ".mcp.json", "it")
    assert [entry.source for entry in everywhere.load(mcp_config=(".mcp.json",)).entries] == [
        Source.CLI,
        Source.PROJECT,
    ]
