"""Servers that plugins bring: Claude Code's, folders of mcpdeck's own, Python packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config import package_plugins
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.load import Loaded, load
from mcpdeck.services.config.package_plugins import package_entries
from mcpdeck.services.config.sources import watched
from mcpdeck.services.models import (
    InProcessTarget,
    Source,
    SourceStatus,
    Status,
    StdioTarget,
    TransportKind,
)
from tests.config.project import Project

SERVER = {"command": "${CLAUDE_PLUGIN_ROOT}/bin/serve", "args": ["${CLAUDE_PLUGIN_ROOT}"]}


class Installed:
    """Plugins as Claude Code installs them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folders = Folders.of(project.options.environ)
        self.register = self.folders.claude / "plugins" / "installed_plugins.json"

    def plugin(self, name: str, content: object | None = None, file: str = ".mcp.json") -> Path:
        """A plugin's folder in the cache; ``content`` of None: an empty one."""
        folder = self.folders.claude / "plugins" / "cache" / "market" / name / "1.0.0"
        folder.mkdir(parents=True, exist_ok=True)
        if content is not None:
            self.project.write(content, folder / file)
        return folder

    def install(self, **records: Any) -> None:
        plugins = {f"{name}@market": record for name, record in records.items()}
        self.project.write({"version": 2, "plugins": plugins}, self.register)

    def load(self) -> Loaded:
        return load(self.project.options)

    def names(self) -> list[str]:
        return [entry.name for entry in self.load().entries]


@pytest.fixture
def installed(project: Project) -> Installed:
    return Installed(project)


def _user(folder: Path) -> list[dict[str, str]]:
    return [{"scope": "user", "installPath": str(folder), "version": "1.0.0"}]


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_mcp_json_of_a_plugin_may_be_wrapped_or_flat_and_its_root_is_put_in(
    installed: Installed, wrapped: bool
) -> None:
    folder = installed.plugin("tool", {"mcpServers": {"a": SERVER}} if wrapped else {"a": SERVER})
    installed.install(tool=_user(folder))
    (row,) = installed.load().entries
    assert (row.name, row.source) == ("plugin:tool:a", Source.PLUGIN)
    assert isinstance(row.target, StdioTarget)
    assert (row.target.command, row.target.args) == (f"{folder}/bin/serve", (str(folder),))
    assert row.endpoint == "${CLAUDE_PLUGIN_ROOT}/bin/serve ${CLAUDE_PLUGIN_ROOT}"
    assert row.origin.file == str(folder / ".mcp.json")
    assert row.origin.column is not None
    assert not any("normalised" in lint or "not set" in lint for lint in row.lints)


@pytest.mark.parametrize("file", [".claude-plugin/plugin.json", "plugin.json"])
def test_the_manifest_of_a_plugin_may_hold_its_servers(installed: Installed, file: str) -> None:
    folder = installed.plugin("tool", {"name": "tool", "mcpServers": {"a": SERVER}}, file)
    installed.install(tool=_user(folder))
    assert installed.names() == ["plugin:tool:a"]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("./servers.json", ["plugin:tool:other"]),
        (["./servers.json", {"a": SERVER}], ["plugin:tool:a", "plugin:tool:other"]),
    ],
)
def test_a_manifest_may_name_the_files_of_its_servers(installed: Installed, value: object, names: list[str]) -> None:
    folder = installed.plugin("tool", {"mcpServers": value}, "plugin.json")
    installed.plugin("tool", {"other": {"command": "other"}}, "servers.json")
    installed.install(tool=_user(folder))
    assert installed.names() == names


@pytest.mark.parametrize("value", ["../../secret.json", "/etc/hosts.json", "./missing.json", "a.mcpb", "\0.json", 3])
def test_a_manifest_that_names_no_file_of_its_own_is_a_row(installed: Installed, value: object) -> None:
    folder = installed.plugin("tool", {"mcpServers": [value]}, "plugin.json")
    installed.project.write({"mcpServers": {"a": SERVER}}, folder.parent.parent / "secret.json")
    installed.install(tool=_user(folder))
    (row,) = installed.load().entries
    assert row.gate is Status.NOT_CONFIGURED
    assert row.name == str(folder / "plugin.json")


def test_a_manifest_that_leads_out_of_the_plugin_by_a_link_is_a_row(installed: Installed) -> None:
    folder = installed.plugin("tool", {"mcpServers": "./link.json"}, "plugin.json")
    outside = installed.project.root / "outside.json"
    installed.project.write({"mcpServers": {"a": SERVER}}, outside)
    (folder / "link.json").symlink_to(outside)
    installed.install(tool=_user(folder))
    (row,) = installed.load().entries
    assert row.gate is Status.NOT_CONFIGURED


def test_the_first_version_of_the_list_and_one_without_scopes_are_read_too(installed: Installed) -> None:
    folder = installed.plugin("tool", {"a": SERVER})
    installed.project.write({"plugins": {"tool@market": {"installPath": str(folder)}}}, installed.register)
    assert installed.names() == ["plugin:tool:a"]


def test_a_plugin_that_is_switched_off_is_not_read_and_says_so(installed: Installed) -> None:
    on, off = installed.plugin("on", {"a": SERVER}), installed.plugin("off", {"a": SERVER})
    installed.install(on=_user(on), off=_user(off))
    settings = {"enabledPlugins": {"on@market": True, "off@market": False}}
    installed.project.write(settings, installed.folders.claude_settings)
    assert installed.names() == ["plugin:on:a"]
    (info,) = [info for info in installed.load().sources if info.place == str(off)]
    assert info.status is SourceStatus.OFF
    assert "switched off" in info.note


def test_the_settings_of_the_project_decide_over_those_of_the_user(installed: Installed) -> None:
    installed.install(tool=_user(installed.plugin("tool", {"a": SERVER})))
    installed.project.write({"enabledPlugins": {"tool@market": True}}, installed.folders.claude_settings)
    settings = installed.project.root / ".claude" / "settings.json"
    installed.project.write({"enabledPlugins": {"tool@market": False}}, settings)
    assert installed.names() == []


def test_a_plugin_installed_for_another_project_is_not_read_here(installed: Installed) -> None:
    here, there = installed.plugin("here", {"a": SERVER}), installed.plugin("there", {"a": SERVER})
    installed.install(
        here=[{"scope": "project", "projectPath": str(installed.project.root), "installPath": str(here)}],
        there=[{"scope": "local", "projectPath": "/elsewhere", "installPath": str(there)}],
    )
    assert installed.names() == ["plugin:here:a"]
    (info,) = [info for info in installed.load().sources if info.place == str(there)]
    assert (info.status, info.note) == (SourceStatus.OFF, "installed for /elsewhere")


def test_a_plugin_whose_folder_is_gone_is_a_place_that_was_not_found(installed: Installed) -> None:
    installed.install(tool=_user(installed.folders.claude / "gone"))
    assert installed.names() == []
    (info,) = [info for info in installed.load().sources if info.place == str(installed.folders.claude / "gone")]
    assert info.status is SourceStatus.NOT_FOUND


@pytest.mark.parametrize(
    "plugins",
    [{"a@m": 3}, {"a@m": []}, {"a@m": [{}]}, {"a@m": [{"installPath": "\0"}]}, {"a@m": [{"installPath": 1}]}, {"": {}}],
)
def test_records_that_make_no_sense_are_passed_over(installed: Installed, plugins: object) -> None:
    installed.project.write({"plugins": plugins}, installed.register)
    assert installed.names() == []


def test_folders_in_the_configuration_are_plugins_and_broken_ones_cost_only_themselves(installed: Installed) -> None:
    own = installed.folders.plugins
    installed.project.write({"a": SERVER}, own / "one" / ".mcp.json")
    installed.project.write("{", own / "two" / ".mcp.json")
    (own / ".hidden").mkdir()
    (own / "a file").write_text("")
    assert installed.names() == ["plugin:one:a", str(own / "two" / ".mcp.json")]


# -- Python packages


def _package(folder: Path, name: str, points: str) -> None:
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(points, encoding="utf-8")


def test_an_entry_point_of_a_package_is_a_server_in_this_process_and_nothing_of_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "weather_mod.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    _package(tmp_path, "weather_pkg", "[console_scripts]\nx = y:z\n[mcpdeck.servers]\nit = weather_mod:server.app\n")
    (entry,), info = package_entries([str(tmp_path)])
    assert (entry.name, entry.source, entry.transport) == (
        "plugin:weather-pkg:it",
        Source.PLUGIN,
        TransportKind.IN_PROCESS,
    )
    assert entry.target == InProcessTarget("weather_mod:server.app")
    assert ("package", "weather-pkg") in entry.provenance.shown
    assert (info.status, info.servers) == (SourceStatus.READ, 1)
    assert "weather_mod" not in sys.modules


@pytest.mark.parametrize("value", ["module", "a b:c", "", "os:system()"])
def test_an_entry_point_that_names_no_object_is_a_row_that_says_so(tmp_path: Path, value: str) -> None:
    _package(tmp_path, "odd", f"[mcpdeck.servers]\nit = {value}\n")
    (entry,), _ = package_entries([str(tmp_path)])
    assert entry.target is None
    assert entry.gate is Status.NOT_CONFIGURED


@pytest.mark.parametrize("points", ["[mcpdeck.servers]\nno equals sign\n", "[mcpdeck.servers\n"])
def test_entry_points_that_cannot_be_read_are_a_lint_or_nothing(tmp_path: Path, points: str) -> None:
    _package(tmp_path, "odd", points)
    _package(tmp_path, "fine", "[mcpdeck.servers]\nit = a:b\n")
    entries, _ = package_entries([str(tmp_path)])
    assert "plugin:fine:it" in [entry.name for entry in entries]


def test_packages_that_are_installed_later_are_found(tmp_path: Path) -> None:
    assert package_entries([str(tmp_path), str(tmp_path / "missing")])[0] == ()
    _package(tmp_path, "late", "[mcpdeck.servers]\nit = a:b\n")
    assert len(package_entries([str(tmp_path)])[0]) == 1


def test_an_entry_point_is_a_row_of_a_load(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _package(tmp_path / "site", "weather", "[mcpdeck.servers]\nit = a:b\n")
    monkeypatch.setattr(package_plugins.sys, "path", [*sys.path, str(tmp_path / "site")])
    assert [entry.name for entry in load(project.options).entries] == ["plugin:weather:it"]


def test_looking_for_packages_imports_nothing_heavy_where_there_are_none() -> None:
    code = (
        "import sys, os; from pathlib import Path; from mcpdeck.services.config.load import LoadOptions, load; "
        "load(LoadOptions(Path.cwd(), os.environ)); "
        "print(*(set(('importlib.metadata', 'yaml', 'tomllib', 'platformdirs')) & sys.modules.keys()))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_a_plugin_without_servers_is_a_place_that_says_nothing_of_them(installed: Installed) -> None:
    folder = installed.plugin("tool")
    installed.install(tool=_user(folder))
    (info,) = [info for info in installed.load().sources if info.place == str(folder)]
    assert info.status is SourceStatus.NOT_FOUND
    assert "says nothing of servers" in info.note


def test_the_files_that_a_manifest_names_are_watched(installed: Installed) -> None:
    folder = installed.plugin("tool", {"mcpServers": "./servers.json"}, "plugin.json")
    installed.plugin("tool", {"other": SERVER}, "servers.json")
    installed.install(tool=_user(folder))
    assert (folder / "servers.json").resolve() in watched(installed.project.options)
