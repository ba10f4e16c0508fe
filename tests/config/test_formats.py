"""JSON with comments, TOML and YAML: values, places, and what a hostile text may cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpdeck.services.config.jsonc import as_json, read_jsonc
from mcpdeck.services.config.models import Format, SourceFile
from mcpdeck.services.config.positions import JsonProblem, Place, TextProblem, read_json
from mcpdeck.services.config.read import read_file, read_files
from mcpdeck.services.config.toml_text import read_toml
from mcpdeck.services.config.yaml_text import read_yaml
from mcpdeck.services.models import Source


def test_comments_and_trailing_commas_are_read_past_and_every_place_stays_what_it_is() -> None:
    text = '{ // one, "two"\n  /* three\n four */ "a": {"b": [1, 2,], },\n  "url": "http://x/*y*/,}", // "c": 1\n}\n'
    document = read_jsonc(text)
    assert document.value == {"a": {"b": [1, 2]}, "url": "http://x/*y*/,}"}
    assert document.places == {("a",): Place(3, 10), ("a", "b"): Place(3, 16), ("url",): Place(4, 3)}
    assert len(as_json(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [("{ /* x", Place(1, 3)), ("{\n/*/ }", Place(2, 1)), ('{"a": 1, , }', None), ('{"a": "b\n"}', None)],
)
def test_what_is_no_json_with_comments_either_is_a_problem(text: str, place: Place | None) -> None:
    with pytest.raises(JsonProblem) as caught:
        read_jsonc(text)
    assert place is None or caught.value.place == place


def test_only_the_keys_on_the_wanted_paths_and_below_get_places() -> None:
    text = '{"projects": {"/p": {"mcpServers": {"a": {"command": "x"}}, "other": {}}, "/q": {}}, "history": [{"x": 1}]}'
    document = read_json(text, depth=2, paths=[("projects", "/p", "mcpServers")])
    assert document.value["projects"]["/q"] == {}  # type: ignore[index, call-overload]
    at = ("projects", "/p", "mcpServers")
    assert set(document.places) == {at[:1], at[:2], at, (*at, "a"), (*at, "a", "command")}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1} x',
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        '{"a": 1,}',
        '{"a": {"b": 1,}}',
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": tru}',
    ],
)
def test_reading_with_places_refuses_what_the_standard_reader_refuses(text: str) -> None:
    with pytest.raises(JsonProblem):
        read_json(text)


def test_a_toml_file_has_the_places_of_its_tables_and_keys() -> None:
    text = (
        'model = "x"\n\n[mcp_servers.files]\ncommand = "npx"\nargs = [\n  "-y",\n]\n'
        '  [mcp_servers."b c".env]\nKEY = """\n[mcp_servers.not_one]\n"""\n[other]\n'
        "when = 2020-01-01T00:00:00Z\nmost = inf\n"
    )
    document = read_toml(text)
    servers = document.value["mcp_servers"]  # type: ignore[index, call-overload]
    assert servers == {
        "files": {"command": "npx", "args": ["-y"]},
        "b c": {"env": {"KEY": "[mcp_servers.not_one]\n"}},
    }
    assert document.value["other"] == {"when": "2020-01-01 00:00:00+00:00", "most": "inf"}  # type: ignore[index, call-overload]
    assert document.places["mcp_servers", "files"] == Place(3, 1)
    assert document.places["mcp_servers", "files", "args"] == Place(5, 1)
    assert document.places["mcp_servers", "b c"] == Place(8, 3)
    assert ("mcp_servers", "not_one") not in document.places


def test_dotted_and_quoted_toml_keys_have_places_under_their_real_names() -> None:
    document = read_toml('mcp_servers.\'q r\'.command = "x"\n"\\u0061" = 1\n')
    assert document.places["mcp_servers", "q r"] == Place(1, 1)
    assert document.places["a",] == Place(2, 1)


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        ("a = \n", "invalid value", Place(1, 5)),
        ("a = 1\na = 2", "cannot overwrite a value", Place(2, 6)),
        ("a = [", "", Place(1, 6)),
    ],
)
def test_what_is_no_toml_is_a_problem_with_its_line(text: str, reason: str, place: Place) -> None:
    with pytest.raises(TextProblem) as caught:
        read_toml(text)
    assert reason in caught.value.reason
    assert caught.value.place is not None
    assert caught.value.place.line == place.line


def test_a_yaml_file_has_the_places_of_its_keys() -> None:
    document = read_yaml("extensions:\n  a:\n    cmd: npx\n    args: [-y, '1', 2]\n  b: {cmd: x}\n")
    assert document.value == {"extensions": {"a": {"cmd": "npx", "args": ["-y", "1", 2]}, "b": {"cmd": "x"}}}
    assert document.places["extensions", "a", "cmd"] == Place(3, 5)
    assert document.places["extensions", "b"] == Place(5, 3)
    assert document.places["extensions", "b", "cmd"] == Place(5, 7)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("no", "no"), ("12:30", "12:30"), ("2020-01-01", "2020-01-01"), ("0x1f", 31), ("1.5", 1.5), ("~", None),
        ("", None), ("1" * 5000, "1" * 5000),
        ("true", True), ('"true"', "true"), ("!!str 3", "3"), (".inf", ".inf"), ("!!int '3'", 3),
    ],
)  # fmt: skip
def test_yaml_scalars_follow_the_core_schema_of_yaml_1_2(scalar: str, value: object) -> None:
    assert read_yaml(f"a: {scalar}\n").value == {"a": value}


def test_aliases_and_merge_keys_are_put_in() -> None:
    document = read_yaml("a: &x {cmd: y, t: 1}\nb: *x\nc:\n  <<: *x\n  t: 2\n")
    assert document.value == {"a": {"cmd": "y", "t": 1}, "b": {"cmd": "y", "t": 1}, "c": {"cmd": "y", "t": 2}}


def test_of_two_equal_yaml_keys_the_last_counts_and_the_first_is_reported() -> None:
    document = read_yaml("a: 1\na: 2\n")
    assert document.value == {"a": 2}
    assert document.duplicates == ((("a",), Place(1, 1)),)


def _laughs() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_laughs(), "stand for too many values"),
        ("&a [*a]", "stands inside what it names"),
        ("a: &a {b: *a}", "stands inside what it names"),
        ("a: *nothing", 'the alias "*nothing" has no anchor'),
        ("a: !!python/object/apply:os.system [x]", "is not read"),
        ("a: !!python/name:os.system", "is not read"),
        ("a: !secret x", 'the tag "!secret" is not read'),
        ("---\na: 1\n---\nb: 2", "more than one document"),
        ("? [a]\n: b", "a key is no text"),
        ("a: \x01", "control characters"),
        ("<<: 3", "<< names no mapping"),
    ],
    ids=lambda value: value[-20:],
)
def test_what_a_yaml_file_must_not_do_is_a_problem(text: str, reason: str) -> None:
    with pytest.raises(TextProblem) as caught:
        read_yaml(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("written", "at", "text", "line"),
    [
        (Format.JSONC, ("mcp", "servers"), '{// x\n"mcp": {"servers": {\n"it": {"command": "x",},},}}', 3),
        (Format.TOML, ("mcp_servers",), '[mcp_servers]\n\n[mcp_servers.it]\ncommand = "x"\n', 3),
        (Format.YAML, ("extensions",), "# x\nextensions:\n  it:\n    command: x\n", 3),
    ],
)
def test_servers_are_read_from_every_format_at_any_path_with_their_line(
    tmp_path: Path, written: Format, at: tuple[str, ...], text: str, line: int
) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    reading = read_file(SourceFile(Source.IMPORTED, tmp_path, path, format=written, at=at, optional=True))
    (entry,) = reading.entries
    assert (entry.name, entry.value, entry.origin.line) == ("it", {"command": "x"}, line)
    assert "command" in entry.places
    assert reading.problems == ()


@pytest.mark.parametrize("optional", [True, False])
def test_a_file_without_servers_is_odd_only_when_it_is_there_for_them(tmp_path: Path, optional: bool) -> None:
    path = tmp_path / "config"
    path.write_text('{"theme": "dark"}', encoding="utf-8")
    reading = read_file(SourceFile(Source.USER, tmp_path, path, optional=optional))
    assert reading.entries == ()
    assert bool(reading.problems) is not optional


def test_a_file_that_is_looked_at_in_several_ways_is_opened_once_and_gives_each_its_own(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text('{"a": {"x": {"command": "1"}}, "b": {"y": {"command": "2"}}}', encoding="utf-8")
    files = [SourceFile(Source.LOCAL, tmp_path, path, at=(key,), optional=True) for key in ("a", "b", "c")]
    readings = read_files(files)
    assert [[entry.name for entry in reading.entries] for reading in readings] == [["x"], ["y"], []]
    assert [reading.entries[0].origin.column for reading in readings[:2]] == [8, 38]
