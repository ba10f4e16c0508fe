"""What is wrong with a pasted text is said quickly, with its place."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.config.snippets import LONGEST, read_snippet
from mcpdeck.services.errors import ConfigError, ConfigSyntaxError
from tests.config.snippet_corpus import CORPUS


def wrong(text: str) -> ConfigSyntaxError:
    with pytest.raises(ConfigSyntaxError) as raised:
        read_snippet(text)
    assert raised.value.hint
    return raised.value


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ('{"mcpServers": {"a": {"command": "x" "args": []}}}', 1, 38, "delimiter"),
        ('Text\n```json\n{\n  "mcpServers": {\n    "a": {"command": x}\n  }\n}\n```', 5, 22, "expecting value"),
        ('{\n  "a": {\n    "command": "x"', 3, 19, "delimiter"),
        ('// note\n"a": {"command": }', 2, 18, "expecting value"),
        ('{"a": 1, "b": [2]}', 1, 1, "no server in it"),
        ('{"mcpServers": {}}', 1, 1, "no server in it"),
        ("{" * 100, 1, 51, "nested too deeply"),
        ("[mcp_servers.a]\ncommand = npx\n", 2, 11, "not TOML"),
        ("text\n\n[mcp_servers.a]\ncommand = [\n", 5, 1, "not TOML"),
        ("extensions:\n  a:\n    cmd: [x\n  b: y\n", 4, 4, "not YAML"),
        ("claude mcp add a", 1, 1, "neither a command nor a URL"),
        ("claude mcp add", 1, 1, "a name is missing"),
        ("text\nclaude mcp add-json a '{\"command\": }'", 2, 1, "JSON on the command line"),
        ("npx -y 'x", 1, 8, "a quote is not closed"),
        ("npx x | tee log", 1, 1, "for a shell"),
        ("npm install -g acme-mcp", 1, 1, "starts no server"),
        ("cursor://anysphere.cursor-deeplink/mcp/install?name=a&config=%%%", 1, 1, "no base64"),
        ("vscode:mcp/install?%7Bx", 1, 1, "no JSON"),
        ("https://h.example:port/mcp", 1, 1, "port"),
    ],
)
def test_an_error_has_its_place(text: str, line: int, column: int, what: str) -> None:
    error = wrong(text)
    assert what in error.title
    assert (error.details["line"], error.details["column"]) == (line, column)
    assert f"line {line}, column {column}: " in error.title


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff"])
def test_nothing_is_said_to_be_nothing(text: str) -> None:
    assert wrong(text).title == "nothing was pasted"


@pytest.mark.parametrize("text", ["hello there", "Please add the server", "???", "https://a.example https://b.example"])
def test_what_is_no_server_says_what_could_be_pasted(text: str) -> None:
    error = wrong(text)
    assert error.details == {"line": None, "column": None}


def test_the_first_block_that_is_about_something_is_the_one_that_is_told() -> None:
    assert "line 2" in wrong('```\n{"mcpServers": x}\n```\n```\nls\n```').title


MILLION = 1_000_000
RUBBISH = {
    "braces": "{" * MILLION,
    "nested objects": '{"a":' * (MILLION // 5),
    "nested arrays": '{"a":' + "[" * MILLION,
    "members": '"a": {' * (MILLION // 6),
    "quotes": '"' * MILLION,
    "letters": "a" * MILLION,
    "spaces": " " * MILLION + "x",
    "lines": "\n" * MILLION + "x",
    "fences": "```\n" * (MILLION // 4),
    "comments": "{" + "/*" * (MILLION // 2),
    "backslashes": '{"' + "\\" * MILLION,
    "commas": '{"a": {"b": 1}' + ", " * (MILLION // 2),
    "tables": "[mcp_servers.a]\n" * (MILLION // 16),
    "dots": "[mcp_servers" + ".a" * (MILLION // 2) + "]",
    "yaml": "extensions:\n" * (MILLION // 12),
    "small yaml": "extensions:\n  a:\n" + "   - [" * 20_000,
    "aliases": "extensions:\n  a: &a [x, x]\n" + "".join(f"  b{n}: &b{n} [*a, *a]\n" for n in range(2_000)),
    "commands": "claude mcp add '\n" * (MILLION // 17),
    "continued": "npx \\\n" * (MILLION // 6),
    "one command": "npx " + "a " * (MILLION // 2),
    "links": "cursor://mcp/install?config=" + "a" * MILLION,
    "urls": "https://h.example/ " * (MILLION // 19),
    "capitals": "[mcp_servers.x]\n" + "A " * (MILLION // 2) + "=",
    "noise": "".join(random.Random(7).choices(string.printable, k=MILLION)),
    "punctuation": "".join(random.Random(7).choices('{}[]",:\\/*\n ab', k=MILLION)),
}


@pytest.mark.parametrize("text", RUBBISH.values(), ids=RUBBISH)
@pytest.mark.timeout(30)
def test_a_megabyte_of_rubbish_is_answered(text: str) -> None:
    error = wrong(text)
    assert len(error.title) < 500


def test_more_than_anybody_pastes_is_refused_at_once() -> None:
    assert "longer than 2 MB" in wrong("x" * (LONGEST + 1)).title


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        found = read_snippet(text)
    except ConfigError:
        return
    assert all(isinstance(item.value, dict) for item in found)


@given(st.sampled_from([case[1] for case in CORPUS]), st.integers(0, 400), st.text("{}[]\",:\\\n`'=$- ", max_size=4))
@settings(max_examples=300)
def test_a_damaged_text_is_read_or_refused(text: str, at: int, damage: str) -> None:
    try:
        read_snippet(text[:at] + damage + text[at + 1 :])
    except ConfigError:
        return
