from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import TINY, CommandLine

OWN_SECRET = "a secret stands in it literally, in a file that only you can read: better write ${VARIABLE}"


def file_of(mcpdeck: CommandLine, scope: str) -> Path:
    if scope == "project":
        return mcpdeck.root / ".mcp.json"
    return mcpdeck.home / "config" / ("local.json" if scope == "local" else "mcp.json")


def written(mcpdeck: CommandLine, scope: str = "local") -> dict[str, Any]:
    value = json.loads(file_of(mcpdeck, scope).read_text(encoding="utf-8"))
    return (value["projects"][str(mcpdeck.root)] if scope == "local" else value)["mcpServers"]


@pytest.mark.parametrize("scope", ["local", "user"])
def test_a_program_that_was_added_can_be_used_at_once(mcpdeck: CommandLine, scope: str) -> None:
    words = ["add", "mine", "--scope", scope, "--env", "GREETING=${NOT_SET:-hi}", "--", *TINY]
    done = mcpdeck(*words)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"added: mine ({scope}, {file_of(mcpdeck, scope)})\n"
    assert written(mcpdeck, scope) == {
        "mine": {"command": TINY[0], "args": [*TINY[1:]], "env": {"GREETING": "${NOT_SET:-hi}"}}
    }
    assert mcpdeck("call", "mine", "echo", "text=a").out == "a\n"


def test_every_option_of_a_program_has_its_place(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "sub").mkdir()
    options = ["--cwd", "sub", "--era", "legacy", "--protocol-version", "2025-06-18", "--timeout", "2.5"]
    assert mcpdeck("add", "x", *options, "--", "prog", "-y", "--json", "--", "a b").code == 0
    assert written(mcpdeck)["x"] == {
        "command": "prog",
        "args": ["-y", "--json", "--", "a b"],
        "cwd": str(mcpdeck.root / "sub"),
        "era": "legacy",
        "protocolVersion": "2025-06-18",
        "timeout": 2500,
    }
    assert mcpdeck("add", "x", "--scope", "project", "--cwd", "sub", "--", "prog").code == 0
    assert written(mcpdeck, "project")["x"] == {"command": "prog", "cwd": "sub"}
    assert mcpdeck("add", "y", "--cwd", "${HOME}/z", "--", "prog").code == 0
    assert written(mcpdeck)["y"]["cwd"] == "${HOME}/z"


@pytest.mark.parametrize(
    ("url", "options", "kind"),
    [
        ("https://h.example/mcp", [], "http"),
        ("https://h.example/sse", ["--transport", "sse"], "sse"),
        ("wss://h.example/ws", [], "ws"),
    ],
)
def test_a_url_is_written_with_its_type(mcpdeck: CommandLine, url: str, options: list[str], kind: str) -> None:
    done = mcpdeck("add", "r", url, "--header", "Authorization: Bearer ${TOKEN:-none}", *options)
    assert (done.code, done.err) == (0, "")
    assert written(mcpdeck)["r"] == {"type": kind, "url": url, "headers": {"Authorization": "Bearer ${TOKEN:-none}"}}


def test_oauth_options_stand_in_the_entry_and_no_secret_does(mcpdeck: CommandLine) -> None:
    words = ["add", "r", "https://h.example/mcp", "--client-id", "me", "--callback-port", "8080"]
    assert mcpdeck(*words, env={"MCP_CLIENT_SECRET": "hush"}).code == 0
    assert written(mcpdeck)["r"]["oauth"] == {"clientId": "me", "callbackPort": 8080}
    assert "hush" not in file_of(mcpdeck, "local").read_text()


def test_json_is_one_document_with_secrets_masked(mcpdeck: CommandLine) -> None:
    words = ["add", "r", "https://h.example/mcp?api_key=s3cret", "--header", "X-Api-Key: s3cret", "--json"]
    document = mcpdeck(*words, "--timeout", "0.5").json
    assert document["entry"] == {
        "type": "http",
        "url": "https://h.example/mcp?api_key=•••",
        "headers": {"X-Api-Key": "•••"},
        "timeout": 500,
    }
    assert (document["name"], document["scope"], document["changed"]) == ("r", "local", True)
    assert document["file"] == str(file_of(mcpdeck, "local"))
    assert document["lints"] == ['"timeout" is below 1000 ms: not used', OWN_SECRET]
    assert document["status"] == "configured"


def test_a_project_server_that_was_added_waits_for_approval_and_says_so(mcpdeck: CommandLine) -> None:
    done = mcpdeck("add", "p", "--scope", "project", "--", *TINY)
    assert done.code == 0
    assert "mcpdeck approve p" in done.err
    assert mcpdeck("tools", "p").code == 5
    assert mcpdeck("approve", "p", "--yes").code == 0
    assert mcpdeck("call", "p", "echo", "text=a").out == "a\n"


def test_a_secret_in_a_shared_file_is_warned_about(mcpdeck: CommandLine) -> None:
    words = ["add", "r", "https://h.example/mcp", "--header", "Authorization: Bearer abc", "--scope", "project"]
    done = mcpdeck(*words)
    assert done.code == 0
    assert "write ${NAME}" in done.err
    assert (mcpdeck.root / ".mcp.json").stat().st_mode & 0o777 == 0o600
    assert "write ${NAME}" not in mcpdeck(*words[:-1], "user").err


def test_a_taken_name_is_2_and_force_replaces_it(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"x": {"command": "old"}, "y": {"command": "stays"}})
    done = mcpdeck("add", "x", "--scope", "user", "--", "new")
    assert (done.code, done.out) == (2, "")
    assert 'already is a server "x"' in done.err and "--force" in done.err
    assert mcpdeck("add", "x", "--scope", "user", "--json", "--", "new").error["kind"] == "usage"
    assert written(mcpdeck, "user")["x"] == {"command": "old"}
    assert mcpdeck("add", "x", "--scope", "user", "--force", "--", "new").code == 0
    assert written(mcpdeck, "user") == {"x": {"command": "new"}, "y": {"command": "stays"}}


def test_a_name_of_another_scope_is_not_taken_and_the_winner_is_named(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"x": {"command": "old"}})
    done = mcpdeck("add", "x", "--", "new")
    assert done.code == 0
    assert f"instead of the one of user, {file_of(mcpdeck, 'user')}" in done.err
    mcpdeck.project({"z": {"command": "old"}})
    done = mcpdeck("add", "z", "--scope", "user", "--", "new")
    assert "suppressed by z (project" in done.err


def test_a_dry_run_shows_the_change_and_makes_none(mcpdeck: CommandLine) -> None:
    done = mcpdeck("add", "x", "--dry-run", "--env", "API_KEY=abc", "--", "prog")
    assert done.code == 0
    assert '+          "command": "prog"' in done.out
    assert "abc" not in done.out
    assert not mcpdeck.home.exists()
    document = mcpdeck("add", "x", "--dry-run", "--json", "--", "prog").json
    assert (document["dryRun"], document["status"]) == (True, None)
    assert document["diff"].startswith("--- /dev/null\n")
    assert not mcpdeck.home.exists()


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        ([], "its name is missing", "mcpdeck add NAME URL"),
        (["x"], "a URL or a command is missing", "mcpdeck add NAME URL"),
        (["https://h.example/mcp"], "the name of the server is missing", "mcpdeck add NAME https://h.example/mcp"),
        (["https://h.example/mcp", "x"], "the name comes first", "mcpdeck add x https://h.example/mcp"),
        (["x", "npx"], '"npx" is no URL', "mcpdeck add x -- npx"),
        (["x", "host.example/mcp"], "is no URL", "ws:// or wss://"),
        (["x", "npx", "-y"], "unknown option -y", "after --"),
        (["--", "npx"], "the name of the server is missing", "-- COMMAND"),
        (["x", "--"], "no command after --", "COMMAND"),
        (["x", "--scope", "all", "--", "npx"], "--scope", "--help"),
        (["x", "--callback-port", "70000", "https://h.example/"], "--callback-port", "--help"),
        (["x", "--header", "A: b", "--", "npx"], "are for a URL", ""),
        (["x", "--client-id", "b", "--", "npx"], "are for a URL", ""),
        (["x", "https://h.example/", "--env", "A=b"], "are for programs", ""),
        (["x", "https://h.example/", "--transport", "stdio"], "for programs", ""),
        (["x", "--transport", "sse", "--", "npx"], "for a URL", ""),
        (["x", "https://h.example/", "--transport", "ws"], "does not begin with ws://", "wss://HOST/PATH"),
        (["x", "ftp://h.example/"], "does not begin with http", "http://HOST"),
        (["x", "https://h.example/", "--header", "Host: x"], "which would break the connection", ""),
        (["a b", "--", "npx"], "letters, digits", "another name"),
        (["x", "--answers", "f", "--", "npx"], "unknown option --answers", ""),
    ],
)
def test_what_could_not_be_used_is_2_and_writes_nothing(
    mcpdeck: CommandLine, words: list[str], what: str, hint: str
) -> None:
    done = mcpdeck("add", *words)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert hint in done.err
    assert not mcpdeck.home.exists()


def test_a_file_that_is_no_json_is_named_with_its_place_and_left_alone(mcpdeck: CommandLine) -> None:
    file = mcpdeck.root / ".mcp.json"
    file.write_text('{\n  "mcpServers": {},\n}\n')
    done = mcpdeck("add", "x", "--scope", "project", "--json", "--", "npx")
    assert done.code == 2
    assert f"{file}:2:" in done.error["title"] or f"{file}:3:" in done.error["title"]
    assert file.read_text() == '{\n  "mcpServers": {},\n}\n'


def test_a_secret_in_a_file_of_ones_own_is_warned_about_and_other_headers_are_none(mcpdeck: CommandLine) -> None:
    url = "https://h.example/mcp"
    for words in (
        ("add", "a", url, "--header", "X-Api-Key: sesame"),
        ("add", "b", url, "--header", "Authorization: Bearer sesame", "--scope", "user"),
        ("add-json", "c", '{"command": "x", "env": {"API_KEY": "sesame"}}'),
    ):
        done = mcpdeck(*words)
        assert f"warning: {words[1]}: {OWN_SECRET}" in done.err
        assert "sesame" not in done.out + done.err
    plain = ("--header", "X-Figma-Region: us-east-1", "--header", "X-Org: acme", "--header", "X-Key: ${KEY:-}")
    assert mcpdeck("add", "d", url, *plain).err == ""
    assert mcpdeck("add", "e", url, *plain, "--scope", "project", "--json").json["lints"] == []


# -- add-json


def test_a_json_entry_is_written_as_it_is(mcpdeck: CommandLine) -> None:
    entry = {"type": "http", "url": "https://h.example/mcp", "headers": {"A": "${A:-1}"}, "odd": [1, None]}
    done = mcpdeck("add-json", "x", json.dumps(entry))
    assert done.code == 0
    assert 'unknown field "odd"' in done.err
    assert written(mcpdeck) == {"x": entry}


def test_a_snippet_of_a_readme_comes_from_stdin_or_a_file(mcpdeck: CommandLine) -> None:
    snippet = 'Put this into your settings:\n```json\n{"servers": {"theirs": {"command": "npx"}}}\n```\n'
    assert mcpdeck("add-json", "x", "-", stdin=snippet).code == 0
    (mcpdeck.root / "readme.md").write_text(snippet)
    assert mcpdeck("add-json", "y", "@readme.md", "--scope", "user").code == 0
    assert written(mcpdeck)["x"]["command"] == written(mcpdeck, "user")["y"]["command"] == "npx"


def test_a_snippet_that_carries_its_name_needs_no_other(mcpdeck: CommandLine) -> None:
    snippet = json.dumps({"mcpServers": {"theirs": {"command": "npx"}}})
    assert mcpdeck("add-json", snippet).out.startswith("added: theirs (local, ")
    (mcpdeck.root / "it.json").write_text(snippet.replace("theirs", "filed"))
    assert mcpdeck("add-json", "@it.json").code == 0
    assert mcpdeck("add-json", "-", "--json", stdin=snippet.replace("theirs", "piped")).json["name"] == "piped"
    assert list(written(mcpdeck)) == ["theirs", "filed", "piped"]


def test_of_several_servers_the_one_of_that_name_is_taken(mcpdeck: CommandLine) -> None:
    several = json.dumps({"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}})
    assert mcpdeck("add-json", "b", several, "--json").json["entry"] == {"command": "y"}
    done = mcpdeck("add-json", "c", several)
    assert done.code == 2
    assert "NAME is one of: a, b" in done.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "NAME and JSON are missing"),
        (["x"], 'the JSON of "x" is missing'),
        (['{"command": "x"}'], "NAME is missing: the JSON carries none"),
        (['{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}}'], "NAME is missing: it holds 2 servers"),
        (['{"mcpServers": {"my server": {"command": "x"}}}'], '"my server" is no name for a server'),
        (["@absent.json"], "cannot read absent.json"),
        (["x", "nothing"], "no server"),
        (["x", "@absent.json"], "cannot read absent.json"),
        (["x", '{"type": "http"}'], ""),
        (["x", '{"type": "bogus", "command": "y"}'], "unknown type"),
    ],
)
def test_json_that_holds_no_usable_server_is_2(mcpdeck: CommandLine, words: list[str], what: str) -> None:
    done = mcpdeck("add-json", *words)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert not mcpdeck.home.exists()
