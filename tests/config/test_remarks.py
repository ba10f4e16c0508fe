"""What is said of an entry or a file that says something else than was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.models import OFFERED, Source, Status
from tests.config.made import http, made, run
from tests.config.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize(
    "entry",
    [
        run("x", "--key=${FOO"),
        run("x", env={"KEY": "${FOO:-hunter2"}),
        http("https://h/mcp", headers={"Authorization": "Bearer ${FOO"}),
        run("x", "${HOST} and ${FOO"),
    ],
)
def test_a_variable_that_is_not_closed_is_told_by_its_name_alone(entry: dict[str, object]) -> None:
    found = made(Source.USER, "it", entry)
    assert found.target is not None
    assert [lint for lint in found.lints if "FOO" in lint] == ['"${FOO" has no closing }: the text stays as it is']
    assert "hunter2" not in "".join(found.lints)


@pytest.mark.parametrize("arg", ["${HOST}", "$FOO", "a{b", "${HOST:-x}", "$ {"])
def test_other_texts_with_braces_are_nothing_odd(arg: str) -> None:
    assert made(Source.USER, "it", run("x", arg)).lints == ()


@pytest.mark.parametrize("date", ["2025-13-01", "2025-02-30", "0000-01-01"])
def test_a_protocol_version_that_is_no_day_is_not_used(date: str) -> None:
    found = made(Source.USER, "it", run("x", protocolVersion=date))
    assert found.protocol_version is None
    assert found.lints == ('"protocolVersion" is not a date like 2025-11-25: not used',)


@pytest.mark.parametrize("key", ["mcpservers", "McpServers", "mcp_servers", "mcp-servers", "mcpServer", "mcpSevers"])
def test_a_misspelt_key_of_the_servers_is_told_with_the_right_one(project: Project, key: str) -> None:
    project.write({key: {"a": {"command": "x"}}})
    (row,) = project.load().values()
    assert row.problem is not None
    assert row.problem.title == f'{project.file}: it has no "mcpServers"'
    assert row.problem.hint == f'did you mean "mcpServers"? rename "{key}"'


def test_other_keys_of_a_file_are_not_taken_for_a_misspelt_one(project: Project) -> None:
    project.write({"mcp": {}, "name": "x"})
    (row,) = project.load().values()
    assert row.problem is not None
    assert "rename" not in row.problem.hint


def test_what_is_wrong_begins_with_the_file_or_the_entry_that_it_is_about(project: Project) -> None:
    project.write('{"mcpServers": {"a": {"command": 3}}}')
    project.write("{", project.user_file)
    entry, file = project.load().values()
    assert entry.problem is not None
    assert entry.problem.title == f'entry "a": "command" is a number, not a string ({project.file}:1:23)'
    assert file.problem is not None
    assert file.problem.title.startswith(f"{project.user_file}:1:2: not JSON: ")


def test_the_folder_is_shown_also_where_the_entry_names_none() -> None:
    shown = dict(made(Source.PROJECT, "it", run("x")).provenance.shown)
    assert shown["in"] == "the project's folder /somewhere"
    assert "in" not in dict(made(Source.PROJECT, "it", http("https://h/mcp")).provenance.shown)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (".config/goose/config.yaml", "extensions:\n  it:\n    type: builtin\n", "it is built into Goose"),
        (".config/zed/settings.json", '{"context_servers": {"it": {"settings": {}}}}', "an extension of Zed brings it"),
    ],
)
def test_what_another_client_has_built_in_is_a_row_that_is_only_shown(
    project: Project, home: Path, path: str, text: str, words: str
) -> None:
    project.write(text, home / path)
    (row,) = project.load(discover=True, environ={**project.options.environ, "HOME": str(home)}).values()
    assert row.source in OFFERED
    assert (row.gate, row.problem, row.target) == (Status.DISABLED, None, None)
    assert row.client == Path(path).parts[1]
    assert len(row.lints) == 1
    assert row.lints[0].startswith(words)


def test_what_is_built_in_stays_offered_where_nothing_is_allowed(project: Project, home: Path) -> None:
    project.write("extensions:\n  it:\n    type: builtin\n", home / ".config" / "goose" / "config.yaml")
    project.write('{"allowedMcpServers": []}', project.home / "config" / "settings.json")
    (row,) = project.load(discover=True, environ={**project.options.environ, "HOME": str(home)}).values()
    assert row.gate is Status.DISABLED


def test_unknown_keys_of_our_settings_are_told_and_those_of_others_are_not(project: Project) -> None:
    claude = project.root / ".claude" / "settings.json"
    project.write({"theme": "dark", "whatever": 1}, claude)
    own = project.home / "config" / "settings.json"
    project.write({"deniedMcpServerz": [], "theme": "dark", "connectors": None, "registry": {}, "$schema": "x"}, own)
    deck = project.deck()
    deck.load_entries()
    lints = {info.place: info.lints for info in deck.sources}
    assert lints[str(own)] == (
        'unknown key "deniedMcpServerz" (not used): did you mean "deniedMcpServers"?',
        'unknown key "theme" (not used)',
    )
    assert lints[str(claude)] == ()


def test_settings_stand_beside_the_other_places_of_their_source(project: Project) -> None:
    project.write({}, project.home / "config" / "settings.json")
    project.write({}, project.root / ".claude" / "settings.local.json")
    deck = project.deck()
    deck.load_entries()
    ranks = [list(Source).index(info.source) for info in deck.sources]
    assert ranks == sorted(ranks)
