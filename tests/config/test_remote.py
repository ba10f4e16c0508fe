"""Entries of remote servers: every transport, TLS, tokens, headers and roots (config contract, section 2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.targets import Overrides, overridden, word_entry
from mcpdeck.services.config.tokens import GivenToken, TokenCommand, TokenFile
from mcpdeck.services.errors import AuthError, UsageError
from mcpdeck.services.models import (
    ConnectorTarget,
    HttpTarget,
    ServerEntry,
    SseTarget,
    Status,
    Target,
    Tls,
    TransportKind,
    WebSocketTarget,
)
from tests.config.project import Project


def _one(project: Project, value: object, **environ: str) -> ServerEntry:
    project.servers({"it": value}, project.user_file)
    return project.load(environ={**project.options.environ, **environ})["it"]


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ({"type": "sse", "url": "https://h/sse"}, SseTarget("https://h/sse")),
        (
            {"type": "sse-ide", "url": "http://127.0.0.1:1/sse"},
            SseTarget("http://127.0.0.1:1/sse", kind=TransportKind.SSE_IDE),
        ),
        ({"type": "ws", "url": "wss://h/s", "headers": {"A": "${B}"}}, WebSocketTarget("wss://h/s", {"A": "b"})),
        ({"type": "ws", "url": "ws://localhost:1/"}, WebSocketTarget("ws://localhost:1/")),
        (
            {"type": "ws-ide", "url": "ws://127.0.0.1:1/", "authToken": "${B}"},
            WebSocketTarget("ws://127.0.0.1:1/", {"X-Claude-Code-Ide-Authorization": "b"}, kind=TransportKind.WS_IDE),
        ),
        ({"type": "http", "url": "https://h/mcp"}, HttpTarget("https://h/mcp", or_sse=False)),
        (
            {"type": "claudeai-proxy", "url": "https://h/mcp", "token": "${B}"},
            ConnectorTarget("https://h/mcp", GivenToken("b")),
        ),
    ],
)
def test_every_remote_type_has_its_target(project: Project, value: Mapping[str, Any], target: Target) -> None:
    entry = _one(project, value, B="b")
    assert entry.target == target, entry.problem
    assert entry.transport is target.kind
    assert entry.transport.value == value["type"]
    assert entry.endpoint == value["url"]
    assert entry.lints == ()


REMOTE = {"type": "http", "url": "https://h/mcp"}
CONNECTOR = {"type": "claudeai-proxy", "url": "https://h/mcp"}


@pytest.mark.parametrize(
    ("value", "what", "remedy"),
    [
        ({"type": "sse", "url": "ws://h/"}, "does not begin with http", 'change "type": it is "sse"'),
        ({"type": "ws", "url": "https://h/"}, "does not begin with ws", 'change "type": it is "ws"'),
        ({"type": "ws", "url": "ws://h/"}, "is not encrypted", "wss://"),
        ({"type": "ws"}, 'no "url"', "wss://HOST/PATH"),
        ({"url": "wss://h/"}, 'no "type"', 'add "type": "ws"'),
        ({"type": "sss", "url": "https://h/"}, 'unknown type "sss"', 'did you mean "sse"'),
        ({**REMOTE, "tls": "ca.pem"}, '"tls" is a string, not an object', "ca"),
        ({**REMOTE, "tls": {"ca": 1}}, '"ca" in "tls" is a number', "quotes"),
        ({**REMOTE, "tls": {"ca": ""}}, '"ca" in "tls" is empty', "path"),
        ({**REMOTE, "tls": {"minVersion": "1.1"}}, '"minVersion" in "tls"', '"1.2" or "1.3"'),
        ({**REMOTE, "tls": {"minVersion": 1.3}}, '"minVersion" in "tls" is a number', "quotes"),
        ({**REMOTE, "tls": {"key": "k"}}, '"key" and no "cert"', "cert"),
        ({**REMOTE, "headers": {"Host": "x"}}, '"Host", which would break the connection', "remove it"),
        ({**REMOTE, "headers": {"content-length": "1"}}, "would break the connection", "remove it"),
        ({**REMOTE, "headers": {"Transfer-Encoding": "x"}}, "would break the connection", "remove it"),
        ({**REMOTE, "headers": {"Connection": "x"}}, "would break the connection", "remove it"),
        ({"type": "ws", "url": "wss://h/", "headers": {"Sec-WebSocket-Key": "x"}}, "would break", "remove it"),
        ({"type": "ws-ide", "url": "wss://h/", "authToken": 1}, '"authToken" is a number', "token"),
        ({"type": "ws-ide", "url": "wss://h/", "authToken": "a\u2603"}, '"authToken" has characters', "correct"),
        (CONNECTOR, "it has no token", '"tokenFile"'),
        ({**CONNECTOR, "token": "a", "tokenFile": "b"}, "token and tokenFile: one is enough", "one of"),
        ({**CONNECTOR, "token": ""}, '"token" is empty', "token"),
        ({**CONNECTOR, "tokenCommand": "op read"}, "a string, not an array", "tokenCommand"),
        ({**CONNECTOR, "tokenCommand": []}, '"tokenCommand" is empty', "PROGRAM"),
        ({**CONNECTOR, "token": "a", "headers": {"authorization": "x"}}, "the account's token belongs", "remove"),
    ],
)
def test_a_remote_entry_that_cannot_be_used_says_why_and_what_to_do(
    project: Project, value: object, what: str, remedy: str
) -> None:
    entry = _one(project, value)
    assert entry.gate is Status.NOT_CONFIGURED
    assert entry.problem is not None
    assert what in entry.problem.title
    assert remedy in entry.problem.hint


@pytest.mark.parametrize(
    ("value", "lint"),
    [
        ({**REMOTE, "headers": {"Accept": "x"}}, 'the header "Accept" is set by mcpdeck'),
        ({**REMOTE, "headers": {"mcp-session-id": "s3cret"}}, 'the header "mcp-session-id" is set by mcpdeck'),
        ({**REMOTE, "headers": {"MCP-Protocol-Version": "1"}}, "is set by mcpdeck"),
        ({**REMOTE, "tls": {"rejectUnauthorized": False}}, 'unknown field "rejectUnauthorized" in "tls"'),
        ({"type": "http", "url": "http://h/", "tls": {"ca": "c"}}, '"tls" is not used: the url is not encrypted'),
        ({**REMOTE, "authToken": "t"}, '"authToken" is not used by a server of type http'),
        ({"command": "x", "tls": {}}, '"tls" is not used by a server of type stdio'),
        ({**REMOTE, "roots": "."}, '"roots" is a string, not an array'),
        ({**REMOTE, "roots": ["https://h/"]}, '"roots" number 1 is neither'),
        ({**REMOTE, "roots": ["/a", 3]}, '"roots" number 2 is neither'),
    ],
)
def test_what_is_odd_about_a_remote_entry_is_a_lint_without_values(project: Project, value: object, lint: str) -> None:
    entry = _one(project, value)
    assert entry.problem is None
    assert [text for text in entry.lints if lint in text], entry.lints
    assert "s3cret" not in str(entry.lints)
    assert getattr(entry.target, "headers", {}) == {}


def test_tls_files_are_expanded_and_stand_beside_the_file_of_the_entry(project: Project) -> None:
    tls = {"ca": "ca.pem", "cert": "/abs/${NAME}.pem", "key": "${NAME}.key", "minVersion": "1.3"}
    folder = project.user_file.parent
    for kind in ("http", "sse", "claudeai-proxy"):
        entry = _one(project, {"type": kind, "url": "https://h/", "token": "t", "tls": tls}, NAME="me")
        assert isinstance(entry.target, HttpTarget | SseTarget | ConnectorTarget)
        assert entry.target.tls == Tls(str(folder / "ca.pem"), "/abs/me.pem", str(folder / "me.key"), "1.3")


def test_roots_become_file_uris(project: Project) -> None:
    folder = project.user_file.parent
    given = ["sub dir", "/abs/${X}", "file:///tmp/a b", "file:///tmp/%20", "file:///abs/x", "."]
    entry = _one(project, {"command": "x", "roots": given}, X="x")
    assert entry.roots == (
        (folder / "sub dir").as_uri(),
        "file:///abs/x",
        "file:///tmp/a%20b",
        "file:///tmp/%20",
        folder.as_uri(),
    )
    assert _one(project, {"command": "x"}).roots is None
    assert _one(project, {"command": "x", "roots": []}).roots == ()
    assert entry.lints == ()


def test_secrets_are_in_no_text_that_is_shown(project: Project) -> None:
    for value in (
        {"type": "ws-ide", "url": "ws://127.0.0.1:1/", "authToken": "hunter2"},
        {**CONNECTOR, "token": "hunter2"},
        {**CONNECTOR, "tokenCommand": ["get", "--token", "hunter2"]},
    ):
        entry = _one(project, value)
        assert entry.target is not None
        shown = [entry.endpoint, entry.digest, str(entry.lints), str(entry.problem)]
        assert not any("hunter2" in text for text in shown)
    assert "hunter2" not in repr(GivenToken("hunter2")) + repr(TokenCommand(("get", "hunter2"), "/"))


def test_a_person_who_approves_a_connector_sees_what_is_read_or_run_for_its_token(project: Project) -> None:
    entry = _one(project, {**CONNECTOR, "tokenCommand": ["op", "read", "op://x/y", "--password", "${P}"]}, P="p")
    assert entry.endpoint == "https://h/mcp (token from the command: op read op://x/y --password ${P})"
    assert _one(project, {**CONNECTOR, "tokenFile": "t.txt"}).endpoint.endswith("(token from the file: t.txt)")


# Where the token comes from


def test_a_token_file_is_read_each_time_and_named_when_it_cannot_be(project: Project, tmp_path: Path) -> None:
    entry = _one(project, {**CONNECTOR, "tokenFile": "account.token"})
    assert isinstance(entry.target, ConnectorTarget)
    file = project.user_file.parent / "account.token"
    assert entry.target.token == TokenFile(str(file))
    with pytest.raises(AuthError, match="No such file") as caught:
        entry.target.token(False)
    assert str(file) in caught.value.title
    for text in ("first", "second\n"):
        file.write_text(text)
        assert entry.target.token(False) == text.strip()
    for text, what in ((" \n", "is empty"), ("two words", "is no token"), ("a\nb", "is no token")):
        file.write_text(text)
        with pytest.raises(AuthError, match=what):
            entry.target.token(True)


def command(code: str, **options: Any) -> TokenCommand:
    return TokenCommand((sys.executable, "-c", code), "/", **options)


def test_a_token_command_is_run_without_a_shell_and_its_output_is_the_token() -> None:
    assert command("print('abc')")(False) == "abc"
    assert TokenCommand((sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;x"), "/")(True) == "$HOME;x"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (command("print('s3cret'); raise SystemExit(3)"), "ended with code 3"),
        (command("print('s3cret a')"), "is no token"),
        (command(""), "is empty"),
        (TokenCommand(("/no/such/program",), "/"), "cannot be started: No such file"),
        (TokenCommand((sys.executable,), "/no/such/folder"), "cannot be started"),
    ],
)
def test_a_token_command_that_gives_none_says_why_and_never_what_it_printed(source: TokenCommand, what: str) -> None:
    with pytest.raises(AuthError, match=what) as caught:
        source(False)
    assert "s3cret" not in f"{caught.value.title}{caught.value.hint}{caught.value.details}"


def test_a_token_command_that_hangs_is_ended_with_everything_it_started() -> None:
    hanging = "import threading; threading.Event().wait()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hanging!r}])"
    for stuck in (parent, hanging):
        with pytest.raises(AuthError, match=r"no token within 0.5 s"):
            command(stuck, timeout=0.5)(False)


# Targets of the command line


def test_an_ad_hoc_url_is_spoken_to_as_its_scheme_says_and_may_fall_back(tmp_path: Path) -> None:
    def target(word: str, **options: Any) -> Target | None:
        entry = word_entry(word, tmp_path)
        assert entry is not None
        entry = overridden(entry, Overrides(**options))
        assert entry.target is not None
        assert entry.transport is entry.target.kind
        return entry.target

    url = "http://127.0.0.1:1/mcp"
    assert target(url) == HttpTarget(url, or_sse=True)
    assert target(url, transport=TransportKind.HTTP) == HttpTarget(url, or_sse=False)
    assert target(url, transport=TransportKind.SSE, headers=[("A", "b")]) == SseTarget(url, {"A": "b"})
    for web_socket in ("ws://127.0.0.1:1/", "wss://h/", "WSS://h/"):
        assert target(web_socket) == target(web_socket, transport=TransportKind.WS) == WebSocketTarget(web_socket)
    assert target("wss://h/", headers=[("A", "b")]) == WebSocketTarget("wss://h/", {"A": "b"})


@pytest.mark.parametrize("name", ["Host", "content-length", "Upgrade", "Mcp-Session-Id", "accept"])
def test_a_header_of_the_protocol_cannot_be_given_on_the_command_line(name: str, tmp_path: Path) -> None:
    entry = word_entry("https://h/mcp", tmp_path)
    assert entry is not None
    with pytest.raises(UsageError) as caught:
        overridden(entry, Overrides(headers=[(name, "s3cret")]))
    assert name in caught.value.title
    assert "s3cret" not in caught.value.title


def test_a_configured_server_stays_what_it_is(project: Project) -> None:
    entry = _one(project, REMOTE)
    with pytest.raises(UsageError, match="does not fit"):
        overridden(entry, Overrides(transport=TransportKind.SSE))
    assert overridden(entry, Overrides(transport=TransportKind.HTTP)).target == HttpTarget("https://h/mcp")
    connector = _one(project, {**CONNECTOR, "token": "t"})
    with pytest.raises(UsageError, match="the account's token"):
        overridden(connector, Overrides(headers=[("Authorization", "x")]))


def test_the_digest_of_an_entry_holds_none_of_its_secrets_and_changes_with_them(project: Project) -> None:
    first = _one(project, {**CONNECTOR, "token": "a"})
    second = _one(project, {**CONNECTOR, "token": "b"})
    assert first.digest != second.digest
    assert json.dumps(first.endpoint) == json.dumps(second.endpoint)
