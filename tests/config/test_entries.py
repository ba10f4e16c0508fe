from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import EraMode, HttpTarget, OAuthSettings, Sandbox, ServerEntry, Status, StdioTarget
from tests.config.project import Project


def _one(project: Project, value: object, **changes: Any) -> ServerEntry:
    project.servers({"it": value}, project.user_file)
    return project.load(**changes)["it"]


@pytest.mark.parametrize(
    ("value", "what", "remedy"),
    [
        ({}, 'no "command"', '"command"'),
        ({"command": ""}, '"command" is empty', '"command"'),
        ({"command": 3}, "a number, not a string", '"command"'),
        ({"command": ["npx"]}, "an array, not a string", '"command"'),
        ({"url": "https://h/mcp"}, 'no "type"', 'add "type": "http"'),
        ({"type": "http"}, 'no "url"', '"url"'),
        ({"urls": ["https://h/mcp"]}, 'has "urls" but no "type"', 'add "type": "http"'),
        ({"type": "http", "urls": "http://h/"}, '"urls" is a string, not an array', '"urls": ["https://'),
        ({"type": "http", "urls": []}, '"urls" is empty', "at least one"),
        ({"type": "http", "urls": ["http://h/", 1]}, "a number at place 2", "write a URL"),
        ({"type": "http", "urls": ["http://h/", "http://h/"]}, "the same URL at places 1 and 2", "keep one"),
        ({"type": "http", "urls": [f"http://h{n}/" for n in range(17)]}, "names 17 URLs", "at most 16"),
        ({"type": "http", "url": "http://h/", "urls": ["http://i/"]}, '"url" and "urls"', "move"),
        ({"type": "http", "urls": ["http://h/", "i/mcp"]}, "does not begin with http", "http://"),
        ({"type": "http", "urls": ["http://h/", "${NOT_SET}/"]}, "NOT_SET, which is not set", "set NOT_SET"),
        ({"type": "ws", "urls": ["ws://h/"]}, 'no "url"', '"url"'),
        ({"type": "http", "url": "h/mcp"}, "does not begin with http", "http://"),
        ({"type": "http", "url": "http://"}, "no host", "http://"),
        ({"type": "http", "url": "http://h:99999/"}, "no address", "http://"),
        ({"type": "http", "url": "http://h/a b"}, "white space", "http://"),
        ({"type": "http", "url": "${NOT_SET}/mcp"}, "NOT_SET, which is not set", "set NOT_SET"),
        ({"type": "htp", "url": "http://h/"}, 'unknown type "htp"', 'did you mean "http"'),
        ({"type": "quic", "url": "http://h/"}, 'unknown type "quic"', '"http", "sse" or "ws"'),
        ({"type": 1, "command": "x"}, '"type" is a number', "stdio"),
        ({"command": "x", "args": "-y"}, '"args" is a string, not an array', "args"),
        ({"command": "x", "args": ["--port", 80]}, "a number at place 2", '"80" in quotes'),
        ({"command": "x", "env": {"A": 1}}, '"A" in "env" is a number', "quotes"),
        ({"command": "x", "env": {"A=B": "1"}}, "no variable can have", "name"),
        ({"command": "x", "cwd": 1}, '"cwd" is a number', "path"),
        ({"command": "x\0y"}, "a character that no program can be given", "remove"),
        ({"command": "x", "args": ["\ud800"]}, "a character that no program can be given", "remove"),
        ({"type": "http", "url": "http://h/", "headers": {"A B": "x"}}, "HTTP does not allow", "correct"),
        ({"type": "http", "url": "http://h/", "headers": {"A": "x\ny"}}, "line break", "remove"),
        ({"type": "http", "url": "http://h/", "headers": {"A": "x "}}, "white space around it", "remove"),
        ({"type": "http", "url": "http://h/", "headers": {"A": "\u00e9"}}, "beyond ASCII", "remove"),
        ({"type": "http", "url": "http://h/", "headers": {"A": "x\u0001"}}, "a control character", "remove"),
        ({"type": "http", "url": "http://h/", "headers": ["A"]}, '"headers" is an array', "headers"),
        ({"comand": "x"}, 'no "command"', 'rename "comand" to "command"'),
        ({"type": "http", "URL": "http://h/"}, 'no "url"', 'rename "URL" to "url"'),
        ({"command": "x", "sandbox": "yes"}, '"sandbox" is a string, neither', '"write": ["./data"]'),
        ({"command": "x", "sandbox": 1}, '"sandbox" is a number', "write true"),
        ({"command": "x", "sandbox": []}, '"sandbox" is an array', "write true"),
        ({"command": "x", "sandbox": {"net": True}}, 'unknown field "net", so the server is not started', "network"),
        ({"command": "x", "sandbox": {"network": "no"}}, '"network" in "sandbox" is a string', "network"),
        ({"command": "x", "sandbox": {"network": 0}}, '"network" in "sandbox" is a number', "network"),
        ({"command": "x", "sandbox": {"network": None}}, '"network" in "sandbox" is null', "network"),
        ({"command": "x", "sandbox": {"write": "./data"}}, '"write" in "sandbox" is a string', "write"),
        ({"command": "x", "sandbox": {"write": [1]}}, "number 1", "path"),
        ({"command": "x", "sandbox": {"write": ["a", " "]}}, "number 2", "path"),
        ({"command": "x", "sandbox": {"write": ["${NOT_SET}"]}}, "needs NOT_SET, which is not set", "set NOT_SET"),
        ({"type": "http", "url": "http://h/", "sandbox": True}, "which only a command can be started in", "remove"),
        ({"type": "http", "url": "http://h/", "sandbox": {}}, "which only a command can be started in", "remove"),
        ({"type": "http", "url": "http://h/", "headersHelper": ["a"]}, '"headersHelper" is an array', "one string"),
        ({"type": "http", "url": "http://h/", "headersHelper": " "}, '"headersHelper" is empty', "one string"),
        ({"type": "ws", "url": "wss://h/", "headersHelper": 1}, '"headersHelper" is a number', "one string"),
        ({"type": "http", "url": "http://h/", "oauth": "id"}, '"oauth" is a string', "clientId"),
        ({"type": "http", "url": "http://h/", "oauth": {"clientId": 1}}, '"clientId" in "oauth" is a number', "quotes"),
        ({"type": "http", "url": "http://h/", "oauth": {"clientId": ""}}, '"clientId" in "oauth" is empty', "remove"),
        ({"type": "http", "url": "http://h/", "oauth": {"callbackPort": 0}}, "is no port", "65535"),
        ({"type": "http", "url": "http://h/", "oauth": {"callbackPort": 65536}}, "is no port", "65535"),
        ({"type": "http", "url": "http://h/", "oauth": {"callbackPort": True}}, "is no port", "65535"),
        ({"type": "http", "url": "http://h/", "oauth": {"callbackPort": "80"}}, "is no port", "65535"),
        ({"type": "sse", "url": "http://h/", "oauth": {"scopes": "a  b"}}, '"scopes" in "oauth"', '"a b"'),
        ({"type": "sse", "url": "http://h/", "oauth": {"scopes": ["a"]}}, '"scopes" in "oauth"', "quotes"),
        *(
            ({"type": "http", "url": "http://h/", "oauth": {"authServerMetadataUrl": url}}, "is no https://", "https:")
            for url in ("http://h/x", "h/x", "https://", "https://h:x/", "file:///x", "https://h/a b")
        ),
        (None, "the entry is null", "command"),
        ("npx", "the entry is a string", "command"),
        ([], "the entry is an array", "command"),
    ],
)
def test_an_entry_that_cannot_be_used_is_a_row_that_says_why_where_and_what_to_do(
    project: Project, value: object, what: str, remedy: str
) -> None:
    project.servers({"it": value, "fine": {"command": "x"}}, project.user_file)
    rows = project.load()
    problem = rows["it"].problem
    assert rows["it"].gate is Status.NOT_CONFIGURED
    assert rows["it"].target is None
    assert problem is not None
    assert what in problem.title
    assert remedy in problem.hint
    assert 'entry "it"' in problem.title
    assert f"{project.user_file}:1:" in problem.title
    assert problem.details["entry"] == "it"
    assert rows["fine"].gate is None  # one bad entry never drops the others


def test_a_stdio_entry_is_expanded_and_shown_unexpanded(project: Project) -> None:
    value = {
        "command": "${RUNNER}",
        "args": ["--token", "${SECRET}", "${MODE:-fast}"],
        "env": {"KEY": "${SECRET}"},
        "timeout": 60_000,
        "era": "legacy",
        "protocolVersion": "2025-06-18",
    }
    environ = {**project.options.environ, "RUNNER": "/bin/run", "SECRET": "hunter2"}
    entry = _one(project, value, environ=environ)
    assert entry.target == StdioTarget(
        "/bin/run", ("--token", "hunter2", "fast"), {"KEY": "hunter2"}, str(project.root)
    )
    assert entry.endpoint == "${RUNNER} --token ${SECRET} ${MODE:-fast}"
    assert (entry.call_timeout, entry.era, entry.protocol_version) == (60.0, EraMode.LEGACY, "2025-06-18")
    assert entry.env_names == ("KEY",)
    shown = [entry.endpoint, entry.digest, str(entry.lints), str(entry.problem), str(entry.origin)]
    assert not any("hunter2" in text for text in shown)


def test_a_variable_cannot_bring_in_another_reference(project: Project) -> None:
    entry = _one(project, {"command": "${A}"}, environ={**project.options.environ, "A": "${B}", "B": "b"})
    assert isinstance(entry.target, StdioTarget)
    assert entry.target.command == "${B}"


def test_a_variable_that_is_set_but_empty_is_empty_and_a_missing_one_stays_as_text_with_a_warning(
    project: Project,
) -> None:
    entry = _one(
        project,
        {"command": "x", "args": ["${EMPTY:-d}", "${GONE}", "${GONE}"]},
        environ={**project.options.environ, "EMPTY": ""},
    )
    assert isinstance(entry.target, StdioTarget)
    assert entry.target.args == ("", "${GONE}", "${GONE}")
    assert [lint for lint in entry.lints if "GONE" in lint] == [
        "${GONE} is not set and has no default: the text stays as it is"
    ]


@pytest.mark.parametrize("kind", ["http", "streamable-http"])
def test_an_http_entry_has_its_url_and_expanded_headers(project: Project, kind: str) -> None:
    value = {"type": kind, "url": "https://u:p@h/mcp?token=t", "headers": {"Authorization": "Bearer ${T}"}}
    entry = _one(project, value, environ={**project.options.environ, "T": "abc"})
    assert entry.target == HttpTarget("https://u:p@h/mcp?token=t", {"Authorization": "Bearer abc"})
    assert entry.endpoint == "https://•••@h/mcp?token=•••"


@pytest.mark.parametrize(
    ("value", "lint"),
    [
        ({"command": " x "}, "white space around"),
        ({"command": "x", "args": ["a "]}, '"args" number 1 has white space'),
        ({"command": "x", "env": {"A": " v"}}, '"A" in "env" has white space'),
        ({"type": "http", "url": "http://h/ "}, '"url" has white space'),
        ({"command": "x", "colour": 1}, 'unknown field "colour"'),
        ({"command": "x", "url": "http://h"}, '"url" is not used by a server of type stdio'),
        ({"command": "x", "oauth": {}}, '"oauth" is not used by a server of type stdio'),
        ({"command": "x", "headersHelper": "h"}, '"headersHelper" is not used by a server of type stdio'),
        ({"type": "ws-ide", "url": "ws://127.0.0.1/", "oauth": 3}, '"oauth" is not used by a server of type ws-ide'),
        ({"type": "http", "url": "http://h/", "oauth": {"xaa": 1}}, 'unknown field "xaa" in "oauth"'),
        (
            {"type": "http", "url": "http://h/", "oauth": {"clientID": "x"}},
            'unknown field "clientID" in "oauth" (kept, not used): did you mean "clientId"?',
        ),
        ({"type": "http", "url": "http://h/", "oauth": {"clientId": "${A_}"}}, "${A_} is not set and has no default"),
        ({"command": "x", "comand": "y"}, 'unknown field "comand" (kept, not used): did you mean "command"?'),
        ({"command": "x", "Url": "y"}, 'unknown field "Url" (kept, not used): did you mean "url"?'),
        ({"command": "x", "working_dir": "y"}, 'unknown field "working_dir" (kept, not used)'),
        ({"command": "x", "arguments": []}, 'unknown field "arguments"'),
        ({"command": "x", "cwd": " sub"}, '"cwd" has white space'),
        ({"command": "x", "watch": 3}, '"watch" is a number, neither'),
        ({"command": "x", "watch": ["a", 3]}, '"watch" number 2 is no path'),
        ({"command": "x", "sandbox": {"write": ["/"]}}, "lets it write everywhere"),
        ({"command": "x", "timeout": 5}, "below 1000"),
        ({"command": "x", "timeout": "5s"}, "not a number"),
        ({"command": "x", "era": "old"}, '"era" is none of'),
        ({"command": "x", "protocolVersion": "latest"}, '"protocolVersion" is not a date'),
    ],
)
def test_what_is_odd_about_a_usable_entry_is_a_lint(project: Project, value: object, lint: str) -> None:
    entry = _one(project, value)
    assert entry.gate is None
    assert any(lint in text for text in entry.lints), entry.lints


def test_white_space_is_reported_and_never_trimmed(project: Project) -> None:
    entry = _one(project, {"command": " x ", "args": [" a"]})
    assert isinstance(entry.target, StdioTarget)
    assert (entry.target.command, entry.target.args) == (" x ", (" a",))


@pytest.mark.parametrize("value", [True, "true", 1])
def test_a_disabled_entry_stays_listed_and_a_doubtful_one_is_not_started(project: Project, value: object) -> None:
    assert _one(project, {"command": "x", "disabled": value}).gate is Status.DISABLED


def test_a_relative_cwd_is_relative_to_the_file_and_the_default_is_the_project(project: Project) -> None:
    project.servers({"a": {"command": "x", "cwd": "sub"}, "b": {"command": "x"}}, project.root / "deep" / ".mcp.json")
    rows = project.load(cwd=project.root / "deep")
    folders = [row.target.cwd for row in rows.values() if isinstance(row.target, StdioTarget)]
    assert folders == [str(project.root / "deep" / "sub"), str(project.root)]


def test_a_project_entry_that_runs_outside_the_project_says_so(project: Project) -> None:
    project.servers({"it": {"command": "x", "cwd": "../elsewhere"}})
    assert any("outside the project" in lint for lint in project.load()["it"].lints)


def test_a_project_entry_that_runs_outside_the_project_through_a_symbolic_link_says_so(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project.root / "inside").symlink_to(tmp_path / "elsewhere")
    (project.root / "loop").symlink_to("loop")
    sandbox = {"write": ["inside/data"]}
    project.servers(
        {
            "linked": {"command": "x", "cwd": "inside"},
            "sandboxed": {"command": "x", "sandbox": sandbox},
            "loop": {"command": "x", "cwd": "loop"},
            "fine": {"command": "x", "cwd": "./sub/.."},
        }
    )
    rows = project.load()
    assert rows["linked"].lints == ('"cwd" (inside) lies outside the project',)
    assert ("in", f"inside → {tmp_path / 'elsewhere'}") in rows["linked"].provenance.shown
    assert rows["sandboxed"].lints == ('"write" in "sandbox" lies outside the project',)
    assert rows["fine"].lints == rows["loop"].lints == ()


def test_a_sandbox_is_what_the_entry_says_and_its_paths_are_seen_from_where_it_runs(project: Project) -> None:
    def sandbox(value: object) -> Sandbox | None:
        entry = _one(project, {"command": "x", "sandbox": value}, environ={**project.options.environ, "D": "/d"})
        assert isinstance(entry.target, StdioTarget), entry.problem
        assert entry.lints == ()
        return entry.target.sandbox

    assert sandbox(False) is sandbox(None) is None
    assert sandbox(True) == sandbox({}) == Sandbox()
    assert sandbox({"network": True}) == Sandbox(network=True)
    assert sandbox({"write": ["./data", "${D}/x", "~"]}) == Sandbox(
        write=(str(project.root / "data"), "/d/x", str(Path.home()))
    )
    beside = {"command": "x", "cwd": "/elsewhere/server", "sandbox": {"write": ["data"]}}
    target = _one(project, beside).target
    assert isinstance(target, StdioTarget)
    assert target.sandbox == Sandbox(write=("/elsewhere/server/data",))


def test_watched_globs_are_absolute_and_seen_from_where_the_server_runs(project: Project) -> None:
    (project.root / "src").mkdir()
    environ = {**project.options.environ, "D": "/d"}
    entry = _one(project, {"command": "x", "watch": "src/**/*.py"})
    assert (entry.watch, entry.lints) == ((f"{project.root}/src/**/*.py",), ())
    value = {"command": "x", "cwd": "server", "watch": ["*.py", "${D}/*.js", "*.py"]}
    assert _one(project, value, environ=environ).watch == (f"{project.user_file.parent}/server/*.py", "/d/*.js")
    remote = _one(project, {"type": "http", "url": "http://h/", "watch": "*.py"})
    assert (remote.watch, remote.lints) == ((f"{project.root}/*.py",), ())


def test_the_paths_of_every_source_are_seen_from_the_project_where_there_is_no_cwd(project: Project) -> None:
    value = {"command": "x", "watch": "*.py", "sandbox": {"write": ["data"]}}
    local = {"projects": {str(project.root): {"mcpServers": {"local": value}}}}
    project.write(local, project.home / "config" / "local.json")
    project.servers({"user": value}, project.user_file)
    project.servers({"given": value}, project.root / "below" / "given.json")
    project.servers({"deep": value}, project.root / "below" / ".mcp.json")
    project.servers({"project": value})
    rows = project.load(cwd=project.root / "below", mcp_config=(str(project.root / "below" / "given.json"),))
    for name in ("local", "user", "given", "deep", "project"):
        target = rows[name].target
        assert isinstance(target, StdioTarget)
        assert target.sandbox == Sandbox(write=(f"{project.root}/data",)), name
        assert rows[name].watch == (f"{project.root}/*.py",), name


@pytest.mark.parametrize(
    ("glob", "lint"),
    [
        ("src/*.py", 'there is no folder "src" in the folder the server runs in'),
        ("src/deep/**", 'there is no folder "src/deep" in the folder the server runs in'),
        ("server.py", 'there is no "server.py" in the folder the server runs in'),
        ("/no/such/place/*.py", 'there is no folder "/no/such/place"'),
        ("there", 'it is a folder: write "there/**" for the files in it'),
        ("${D}/*.py", "there is no such folder"),
    ],
)
def test_a_glob_that_cannot_match_anything_is_a_lint(project: Project, glob: str, lint: str) -> None:
    (project.root / "there").mkdir()
    (project.root / "one.py").touch()
    entry = _one(
        project,
        {"command": "x", "watch": ["*.py", "one.py", "there/*.py", glob]},
        environ={**project.options.environ, "D": "/no/such"},
    )
    assert entry.lints == (f'"watch" number 4 matches nothing yet: {lint}',)
    assert entry.watch[3].endswith(glob.removeprefix("${D}"))


def test_for_an_unapproved_entry_no_place_outside_of_the_project_is_looked_at(project: Project) -> None:
    project.servers({"it": {"command": "x", "watch": ["/no/such/place/*.py", "../../nowhere/*", "src/*.py"]}})
    [lint] = project.load()["it"].lints
    assert lint.startswith('"watch" number 3')


def test_what_is_known_about_logging_in_is_kept_and_other_clients_fields_are_tolerated(project: Project) -> None:
    oauth = {"clientId": "id", "callbackPort": 8080, "authServerMetadataUrl": "https://a/x", "scopes": "a b:c"}
    entry = _one(project, {"type": "http", "url": "http://h/", "oauth": oauth, "alwaysLoad": True})
    assert entry.oauth == OAuthSettings("id", 8080, "https://a/x", "a b:c")
    assert entry.lints == ()
    local = {"authServerMetadataUrl": "http://127.0.0.1:1/x"}
    entry = _one(project, {"type": "sse", "url": "http://h/", "oauth": local})
    assert entry.oauth == OAuthSettings(metadata_url="http://127.0.0.1:1/x")
    assert _one(project, {"command": "x", "alwaysLoad": False}).lints == ()


def test_the_digest_changes_with_the_text_and_not_with_the_environment(project: Project) -> None:
    first = _one(project, {"command": "${A:-x}", "args": []})
    again = _one(project, {"args": [], "command": "${A:-x}"}, environ={**project.options.environ, "A": "y"})
    edited = _one(project, {"command": "${A:-x}", "args": ["z"]})
    assert first.digest == again.digest != edited.digest


def test_an_entry_given_twice_and_a_field_given_twice_are_reported(project: Project) -> None:
    project.write(
        '{"mcpServers": {"it": {"command": "one"},\n "it": {"command": "two",\n "command": "three"}}}',
        project.user_file,
    )
    entry = project.load()["it"]
    assert entry.endpoint == "three"
    assert any("entry at line 1 is ignored" in lint for lint in entry.lints)
    assert any('"command" is given twice' in lint for lint in entry.lints)


def test_a_name_with_odd_characters_is_kept_and_reported(project: Project) -> None:
    project.servers({"my server": {"command": "x"}, "": {"command": "x"}}, project.user_file)
    rows = project.load()
    assert any("normalised" in lint for lint in rows["my server"].lints)
    assert rows[""].gate is Status.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("value", "count", "lint"),
    [
        (1, 1, None),
        (3, 3, None),
        (16, 16, None),
        (17, 1, '"replicas" is 17, not a number from 1 to 16: one is started'),
        (0, 1, '"replicas" is 0, not a number from 1 to 16: one is started'),
        ("3", 1, '"replicas" is a string, not a whole number from 1 to 16: one is started'),
        (2.5, 1, '"replicas" is a number, not a whole number from 1 to 16: one is started'),
        (True, 1, '"replicas" is a boolean, not a whole number from 1 to 16: one is started'),
    ],
)
def test_how_many_processes_run_is_a_small_number(
    project: Project, value: object, count: int, lint: str | None
) -> None:
    entry = _one(project, {"command": "x", "replicas": value})
    assert entry.problem is None
    assert entry.replicas == count
    assert entry.lints == (() if lint is None else (lint,))


def test_replicas_are_of_processes_and_urls_are_of_http_servers(project: Project) -> None:
    remote = _one(project, {"type": "http", "url": "http://h/", "replicas": 3})
    assert remote.replicas == 1
    assert remote.lints == ('"replicas" is not used by a server of type http',)
    local = _one(project, {"command": "x", "urls": ["http://h/"]})
    assert local.instances == ()
    assert local.lints == ('"urls" is not used by a server of type stdio',)


def test_several_addresses_have_everything_else_in_common(project: Project) -> None:
    value = {
        "type": "http",
        "urls": ["https://${HOST:-one.example}/mcp", "https://two.example/mcp?token=abcdefgh12345678"],
        "headers": {"X-Team": "a", "Mcp-Method": "x"},
    }
    entry = _one(project, value)
    assert entry.problem is None
    targets = [one.target for one in entry.instances]
    assert all(isinstance(target, HttpTarget) and dict(target.headers) == {"X-Team": "a"} for target in targets)
    assert [target.url for target in targets if isinstance(target, HttpTarget)] == [
        "https://one.example/mcp",
        "https://two.example/mcp?token=abcdefgh12345678",
    ]
    assert entry.target == targets[0]
    # Shown unexpanded and masked, as a whole and one by one; what is odd about a header is said once.
    shown = [one.endpoint for one in entry.instances]
    assert shown[0] == "https://${HOST:-one.example}/mcp"
    assert "abcdefgh12345678" not in shown[1]
    assert entry.endpoint == ", ".join(shown)
    assert ("url", entry.endpoint) in entry.provenance.shown
    assert len(entry.lints) == len(set(entry.lints)) == 1


def test_one_address_in_a_list_is_one_server(project: Project) -> None:
    entry = _one(project, {"type": "http", "urls": ["https://h/mcp"]})
    assert entry.instances == ()
    assert entry.endpoint == "https://h/mcp"


def test_how_many_processes_are_wanted_is_shown_to_whoever_approves(project: Project) -> None:
    assert ("processes", "3") in _one(project, {"command": "x", "replicas": 3}).provenance.shown
    assert all(label != "processes" for label, _ in _one(project, {"command": "x", "replicas": 1}).provenance.shown)
