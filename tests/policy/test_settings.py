"""Which settings files there are, and that none of them costs more than itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import ServerEntry, Source, SourceInfo, SourceStatus, Status
from tests.policy.repository import Repository
from tests.unprivileged import no_superuser, open_folder

DENY = {"deniedMcpServers": [{"serverName": "it"}]}
ALL_FILES = ["administrators", "mine", "shared", "local"]


def _user_server(repository: Repository, **fields: object) -> None:
    repository.servers({"it": {"command": "x", **fields}, "other": {"command": "y"}}, repository.user_file)


def _lines(repository: Repository, **changes: Any) -> dict[str, SourceInfo]:
    deck = repository.deck(**changes)
    deck.load_entries()
    return {line.place: line for line in deck.sources}


@pytest.mark.parametrize("which", [*ALL_FILES, "ours", "drop-in"])
def test_a_deny_counts_in_every_settings_file_and_names_it(repository: Repository, which: str) -> None:
    path: Path = {
        "ours": repository.home / "config" / "settings.json",
        "drop-in": repository.managed / "managed-settings.d" / "10-security.json",
    }.get(which) or getattr(repository, which)
    _user_server(repository)
    repository.write(DENY, path)
    rows = repository.load()
    blocked = rows["it"].blocked
    assert (rows["it"].gate, rows["other"].gate) == (Status.BLOCKED, None)
    assert blocked is not None
    assert (blocked.kind, blocked.details["file"]) == ("policy", str(path))
    line = _lines(repository)[str(path)]
    assert line.status is SourceStatus.READ
    assert "settings" in line.note


def test_drop_ins_are_read_in_order_and_hidden_files_and_others_are_none(repository: Repository) -> None:
    _user_server(repository)
    folder = repository.managed / "managed-settings.d"
    for name in (".hidden.json", "notes.txt", "settings.json.bak"):
        repository.write(DENY, folder / name)
    assert repository.gate() is None
    repository.write({"allowedMcpServers": [{"serverName": "other"}]}, folder / "20.json")
    assert repository.gate() == "blocked"
    repository.write({"allowedMcpServers": [{"serverName": "it"}]}, folder / "30.json")
    assert repository.gate() is None


@pytest.mark.parametrize("strict", [False, True])
def test_policy_also_holds_for_what_the_command_line_brings(repository: Repository, strict: bool) -> None:
    repository.write(DENY, repository.mine)
    config = '{"mcpServers": {"it": {"command": "x"}}}'
    assert repository.gate(mcp_config=(config,), strict=strict) == "blocked"


def test_policy_also_holds_for_a_server_that_no_file_has(repository: Repository) -> None:
    _user_server(repository)
    ad_hoc = ServerEntry(**{f: getattr(repository.load()["it"], f) for f in ("name", "target", "transport")}, source=Source.CLI, endpoint="x", digest="d")  # fmt: skip  # noqa: E501
    repository.write(DENY, repository.mine)
    assert repository.gate(extra=(ad_hoc,), files=False) == "blocked"


MALFORMED = [b"", b"{", b"[]", b'{"a": 1,}', b"// {}", b"\xff\xfe{\x00}\x00", b"\x80", b"[" * 100_000, b"3"]


@pytest.mark.parametrize("content", MALFORMED)
@pytest.mark.parametrize("which", ["mine", "shared", "local"])
def test_a_malformed_file_is_a_line_with_the_reason_and_nothing_else_is_lost(
    repository: Repository, which: str, content: bytes
) -> None:
    _user_server(repository)
    path: Path = getattr(repository, which)
    repository.write(content, path)
    repository.write(DENY, repository.home / "config" / "settings.json")
    rows = repository.load()
    assert (rows["it"].gate, rows["other"].gate) == (Status.BLOCKED, None)
    problems = [row for row in rows.values() if row.origin.file == str(path)]
    assert len(problems) == 1
    assert problems[0].problem is not None
    lines = [line for line in _lines(repository).values() if line.place == str(path)]
    assert [line.status for line in lines] == [SourceStatus.UNREADABLE]


@pytest.mark.parametrize("content", MALFORMED)
def test_a_malformed_managed_file_opens_nothing_whatever_others_allow(repository: Repository, content: bytes) -> None:
    _user_server(repository)
    repository.write(content, repository.administrators)
    repository.write({"allowedMcpServers": [{"serverName": "it"}]}, repository.mine)
    row = repository.load()["it"]
    assert row.gate is Status.BLOCKED
    assert row.blocked is not None
    assert str(repository.administrators) in row.blocked.title
    line = _lines(repository)[str(repository.administrators)]
    assert line.status is SourceStatus.UNREADABLE
    assert "nothing is allowed" in line.note


@pytest.mark.parametrize("shape", ["directory", "dangling", "pipe", "drop-in directory", "drop-ins loop"])
def test_what_stands_in_the_place_of_a_managed_file_opens_nothing(repository: Repository, shape: str) -> None:
    _user_server(repository)
    repository.managed.mkdir()
    path = repository.administrators
    match shape:
        case "directory":
            path.mkdir()
        case "dangling":
            path.symlink_to(repository.base / "nothing")
        case "pipe":
            os.mkfifo(path)
        case "drop-ins loop":
            (repository.managed / "managed-settings.d").symlink_to("managed-settings.d")
        case _:
            (repository.managed / "managed-settings.d" / "10.json").mkdir(parents=True)
    assert repository.gate() == "blocked"


def test_a_managed_file_that_may_not_be_read_opens_nothing() -> None:
    with open_folder() as base:
        repository = Repository(base)
        _user_server(repository)
        repository.write({}, repository.administrators)
        for folder in (repository.home, repository.home / "data"):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        assert repository.gate() is None
        repository.administrators.chmod(0)
        with no_superuser():
            assert repository.gate() == "blocked"


def test_no_settings_at_all_are_lines_of_the_sources_view_too(repository: Repository) -> None:
    lines = _lines(repository)
    for path in (repository.administrators, repository.shared, repository.claude_json):
        assert lines[str(path)].status is SourceStatus.NOT_FOUND


def test_each_place_has_one_line(repository: Repository) -> None:
    for path in (repository.mine, repository.local, repository.shared, repository.administrators):
        repository.write({}, path)
    deck = repository.deck()
    deck.load_entries()
    for path in (repository.mine, repository.local, repository.shared, repository.administrators):
        assert [line.place for line in deck.sources].count(str(path)) == 1


def test_what_is_odd_in_a_file_is_a_lint_of_its_line(repository: Repository) -> None:
    repository.write({"allowedMcpServers": 3, "enabledMcpjsonServers": {}}, repository.shared)
    lints = _lines(repository)[str(repository.shared)].lints
    assert any("allowedMcpServers" in lint for lint in lints)
    assert any("enabledMcpjsonServers" in lint for lint in lints)


def test_a_key_that_is_given_twice_is_told(repository: Repository) -> None:
    repository.write('{"deniedMcpServers": [{"serverName": "it"}],\n"deniedMcpServers": []}', repository.mine)
    assert any("given twice" in lint for lint in _lines(repository)[str(repository.mine)].lints)


def test_a_deny_also_sees_an_entry_as_it_is_written(repository: Repository) -> None:
    entry = {"type": "http", "url": "https://${SITE:-evil.com}/mcp"}
    repository.servers({"it": entry}, repository.user_file)
    environ = {**repository.options.environ, "SITE": "fine.example"}
    assert repository.gate(environ=environ) is None
    repository.write({"deniedMcpServers": [{"serverUrl": "*evil.com*"}]}, repository.mine)
    assert repository.gate(environ=environ) == "blocked"


def test_a_managed_file_s_own_servers_are_judged_as_well(repository: Repository) -> None:
    repository.servers({"it": {"command": "x"}}, repository.managed / "managed-mcp.json")
    repository.write(DENY, repository.mine)
    assert repository.gate() == "blocked"
