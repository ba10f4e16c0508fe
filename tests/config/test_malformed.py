"""Every way a file can be broken, in every place that is looked at: one row with the reason, and nothing else lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from mcpdeck.services.config import contents
from mcpdeck.services.config.files import Folders
from mcpdeck.services.config.load import LoadOptions, load
from mcpdeck.services.config.models import Format, SourceFile
from mcpdeck.services.config.read import read_file
from mcpdeck.services.models import ServerEntry, Source, SourceStatus, Status
from tests.config.project import Project
from tests.unprivileged import no_superuser, open_folder

GOOD = b'{"mcpServers": {"a": {"command": "x"}}}'


def _write(content: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(content))


def void(_: object) -> None: ...


def _make_directory(path: Path) -> None:
    path.mkdir()


def _make_pipe(path: Path) -> None:
    os.mkfifo(path)


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


BROKEN: Sequence[tuple[str, Callable[[Path], None], str, str]] = [
    ("empty", _write(b""), "it is empty", "remove it"),
    ("white space", _write(b" \n\n"), "it is empty", "remove it"),
    ("only a BOM", _write(b"\xef\xbb\xbf"), "it is empty", "remove it"),
    ("UTF-16 with BOM", _write('{"a": 1}'.encode("utf-16")), "it is UTF-16", "UTF-8"),
    ("UTF-16, little end first", _write('{"a": 1}'.encode("utf-16-le")), "it is UTF-16 without", "UTF-8"),
    ("UTF-16, big end first", _write('{"a": 1}'.encode("utf-16-be")), "it is UTF-16 without", "UTF-8"),
    ("NUL", _write(b'{"a":\n"\0"}'), "it holds NUL bytes (line 2)", "remove them"),
    ("not UTF-8", _write(b'{"a":\n"\xff"}'), "it is not UTF-8 (line 2)", "UTF-8"),
    ("a comment", _write(b"{\n // why\n}"), ":2:2: not JSON: it has a comment", "no comments"),
    ("a trailing comma", _write(b'{"mcpServers": {"a": {"command": "x"},}}'), "not JSON", "remove the comma"),
    ("cut off", _write(b'{"mcpServers": {'), ":1:17: ", "ends here"),
    ("10 MB", _write(b" " * 10_000_000), "it is larger than 8 MiB", "smaller"),
    ("deep nesting", _write(b"[" * 100_000), "nested too deeply", "flatten"),
    ("deep objects", _write(b'{"mcpServers":' * 100_000), "nested too deeply", "flatten"),
    ("an array", _write(b"[]"), "the file holds an array, not an object", "mcpServers"),
    ("a number", _write(b"7"), "the file holds a number, not an object", "mcpServers"),
    ("null", _write(b"null"), "the file holds null, not an object", "mcpServers"),
    ("a directory", _make_directory, "it is a directory", "remove it"),
    ("a pipe", _make_pipe, "it is not a regular file", "remove it"),
    ("a link to nothing", _link_to_nothing, "it is a symbolic link to nothing", "remove it"),
    ("a link to itself", _link_to_itself, "it cannot be read", "check the path"),
]
PLACES: Sequence[tuple[str, Callable[[Project, Folders], Path]]] = [
    ("local, Claude Code", lambda _, folders: folders.claude_json),
    ("local", lambda _, folders: folders.local_file),
    ("project", lambda project, _: project.file),
    ("project, settings", lambda project, _: project.root / ".claude" / "settings.local.json"),
    ("user", lambda _, folders: folders.user_file),
    ("user, settings", lambda _, folders: folders.claude_settings),
    ("managed", lambda project, _: project.root.parent / "site" / "managed-mcp.json"),
    ("plugin", lambda _, folders: folders.plugins / "tool" / ".mcp.json"),
    ("plugin, manifest", lambda _, folders: folders.plugins / "tool" / "plugin.json"),
    ("plugin, Claude Code", lambda _, folders: folders.claude / "plugins" / "installed_plugins.json"),
    ("ide", lambda _, folders: folders.claude / "ide" / "4711.lock"),
]


@pytest.mark.parametrize(("place", "find"), PLACES, ids=[place for place, _ in PLACES])
@pytest.mark.parametrize(("how", "make", "what", "remedy"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_is_one_row_with_its_reason_wherever_it_stands_and_nothing_else_is_lost(
    project: Project,
    how: str,
    make: Callable[[Path], None],
    what: str,
    remedy: str,
    place: str,
    find: Callable[[Project, Folders], Path],
) -> None:
    folders = Folders.of(project.options.environ)
    path = find(project, folders)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    given = '{"mcpServers": {"mine": {"command": "x"}}}'
    loaded = load(LoadOptions(project.root, project.options.environ, (given,), managed=(project.root.parent / "site",)))
    broken = [row for row in loaded.entries if row.name.startswith(str(path)) or row.origin.file == str(path)]
    assert len(broken) == 1, [row.name for row in loaded.entries]
    (row,) = broken
    assert row.gate is Status.NOT_CONFIGURED or row.provenance.suppression is not None
    assert row.problem is not None
    if how not in ("an array", "a number", "null") or not place.startswith(("ide", "plugin, Claude")):
        assert what in row.problem.title
        assert remedy in row.problem.hint
    assert str(path) in row.problem.title
    (mine,) = [row for row in loaded.entries if row.name.startswith("mine")]
    assert mine.gate is (Status.DISABLED if place == "managed" else None)
    infos = {info.status for info in loaded.sources if info.place == str(path)}
    assert SourceStatus.UNREADABLE in infos or (place == "managed" and loaded.exclusive == path)


@pytest.mark.parametrize(
    ("written", "text", "what"),
    [
        (Format.JSONC, "[" * 100_000, "not JSON: it is nested too deeply"),
        (Format.TOML, "a = " + "[" * 100_000, "not TOML: it is nested too deeply"),
        (Format.TOML, "a." * 100_000 + "b = 1", "not TOML: a key has too many parts"),
        (Format.YAML, "[" * 100_000, "not YAML: it is nested too deeply"),
        (Format.YAML, "- " * 100_000, "not YAML: it is nested too deeply"),
        (Format.JSONC, "{ /* ", "not JSON: a comment is not closed"),
        (Format.TOML, "[a\n", "not TOML: "),
        (Format.YAML, "a: [1,\n", "not YAML: "),
        (Format.JSONC, "", "not JSON: it is empty"),
        (Format.YAML, "", "not YAML: it is empty"),
        (Format.YAML, "- a", "the file holds an array, not an object"),
        (Format.TOML, " " * 2_000_000, "it is larger than 1 MiB"),
        (Format.YAML, " " * 2_000_000, "it is larger than 1 MiB"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_file_of_another_format_says_which_one(tmp_path: Path, written: Format, text: str, what: str) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    reading = read_file(SourceFile(Source.IMPORTED, tmp_path, path, format=written))
    (problem,) = reading.problems
    assert what in problem.what
    assert reading.unreadable is problem


@pytest.mark.parametrize(
    ("content", "what", "names"),
    [
        ({"mcpServers": []}, '"mcpServers" is an array, not an object', set[str]()),
        ({"mcpServers": "x"}, '"mcpServers" is a string, not an object', set[str]()),
        ({"mcpServers": None}, 'it has no "mcpServers"', set[str]()),
        ({"mcpServers": {"a": 1, "b": {"command": "x"}}}, "the entry is a number, not an object", {"a", "b"}),
        ({"mcpServers": {"a": None, "b": {"command": "x"}}}, "the entry is null, not an object", {"a", "b"}),
    ],
)
def test_servers_and_entries_of_the_wrong_kind_cost_only_themselves(
    project: Project, content: object, what: str, names: set[str]
) -> None:
    project.write(content, project.user_file)
    rows = project.load()
    assert any(row.problem is not None and what in row.problem.title for row in rows.values())
    assert names <= set(rows)
    if "b" in names:
        assert rows["b"].gate is None


def test_a_level_on_the_way_to_the_servers_may_be_of_the_wrong_kind_too(project: Project) -> None:
    folders = Folders.of(project.options.environ)
    project.write({"projects": [], "mcpServers": {"mine": {"command": "x"}}}, folders.claude_json)
    rows = project.load()
    problem = rows[str(folders.claude_json)].problem
    assert problem is not None
    assert '"projects" is an array, not an object' in problem.title
    assert rows["mine"].gate is None


def test_an_entry_that_is_nested_too_deeply_costs_only_itself(project: Project) -> None:
    deep = '{"command": "x", "env": ' + '{"a":' * 100 + "1" + "}" * 100 + "}"
    project.write('{"mcpServers": {"deep": ' + deep + ', "fine": {"command": "x"}}}', project.user_file)
    rows = project.load()
    problem = rows[str(project.user_file)].problem
    assert problem is not None
    assert 'the entry "deep" is nested too deeply' in problem.title
    assert f"{project.user_file}:1:17" in problem.title
    assert rows["fine"].gate is None


def test_a_key_on_the_way_to_the_servers_that_is_given_twice_is_a_row(project: Project) -> None:
    folders = Folders.of(project.options.environ)
    project.write('{"mcpServers": {"a": {}},\n "mcpServers": {"b": {"command": "x"}}}', folders.claude_json)
    rows = project.load()
    problem = rows[str(folders.claude_json)].problem
    assert problem is not None
    assert '"mcpServers" is given twice' in problem.title
    assert rows["b"].gate is None


@pytest.fixture
def entered() -> Generator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_file_that_may_not_be_read_is_a_row_and_the_others_are_read(entered: Path, closed: str) -> None:
    project = Project(entered)
    inner = project.root / "inner"
    project.servers({"near": {"command": "x"}}, inner / ".mcp.json")
    project.servers({"mine": {"command": "x"}}, project.user_file)
    options = LoadOptions(project.root, {**project.options.environ, "HOME": str(entered)}, (str(inner / ".mcp.json"),))
    load(options)  # everything that is imported late is there now
    (inner / ".mcp.json" if closed == "file" else inner).chmod(0)
    try:
        with no_superuser():
            rows = {row.name: row for row in load(options).entries}
    finally:
        inner.chmod(0o755)
    problem = rows[str(inner / ".mcp.json")].problem
    assert problem is not None
    assert "it cannot be read: permission denied" in problem.title
    assert "the right to read it" in problem.hint
    assert rows["mine"].gate is None


def _while_it_is_read(monkeypatch: pytest.MonkeyPatch, then: Callable[[int], None]) -> list[int]:
    """Call ``then`` with the number of the read after each part of a file; the times it happened."""
    times: list[int] = []
    real = os.read

    def read(handle: int, size: int) -> bytes:
        data = real(handle, size)
        if data:
            times.append(len(times))
            then(len(times))
        return data

    monkeypatch.setattr(contents.os, "read", read)
    return times


def test_a_file_that_is_removed_while_it_is_read_is_a_row(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.servers({"mine": {"command": "x"}}, project.user_file)
    project.write(GOOD)
    _while_it_is_read(monkeypatch, lambda _: project.file.unlink(missing_ok=True))
    rows = project.load()
    problem = rows[str(project.file)].problem
    assert problem is not None
    assert "it was removed while it was read" in problem.title
    assert rows["mine"].gate is None


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(GOOD)
    other = project.root / "other"

    def replace(time: int) -> None:
        if time == 1:
            other.write_bytes(GOOD.replace(b'"a"', b'"b"'))
            other.replace(project.file)

    _while_it_is_read(monkeypatch, replace)
    assert set(project.load()) == {"b"}


def test_a_file_that_never_rests_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(GOOD)

    def grow(_: int) -> None:
        with path.open("ab") as stream:
            stream.write(b" ")

    times = _while_it_is_read(monkeypatch, grow)
    reading = read_file(SourceFile(Source.USER, tmp_path, path))
    assert "it changes while it is read" in reading.problems[0].what
    assert len(times) < 10


def test_a_pipe_that_a_person_named_is_read_once_and_remembered(project: Project) -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, GOOD)
        os.close(writer)
        options = LoadOptions(project.root, project.options.environ, (f"/dev/fd/{reader}",))
        first = [row.name for row in load(options).entries]
        again = [row.name for row in load(options).entries]
    finally:
        os.close(reader)
    assert first == again == ["a"]


def test_a_file_that_two_sources_look_into_is_one_row_when_it_is_broken(project: Project) -> None:
    folders = Folders.of(project.options.environ)
    project.write("{", folders.claude_json)
    rows: list[ServerEntry] = list(project.load().values())
    assert len(rows) == 1
    loaded = load(project.options)
    said = [info for info in loaded.sources if info.place == str(folders.claude_json)]
    assert [info.source for info in said] == [Source.LOCAL, Source.USER]
    assert all(info.status is SourceStatus.UNREADABLE and "not JSON" in info.note for info in said)
