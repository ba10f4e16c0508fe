"""Other clients' entries in our shape and back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.config.clients import BY_ID, CLIENTS, Client, holds_servers, translated
from mcpdeck.services.config.models import Format
from tests.config.client_entries import READ

KEYS = {
    "claude-desktop": ("mcpServers",),
    "claude-code": ("mcpServers",),
    "cursor": ("mcpServers",),
    "vscode": ("servers",),
    "windsurf": ("mcpServers",),
    "cline": ("mcpServers",),
    "gemini": ("mcpServers",),
    "codex": ("mcp_servers",),
    "goose": ("extensions",),
    "opencode": ("mcp",),
    "zed": ("context_servers",),
}


def pasted(client: str, servers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The entries of a snippet, read back as the client would."""
    text = BY_ID[client].snippet({name: dict(entry) for name, entry in servers.items()})
    match client:
        case "codex":
            document: Any = tomllib.loads(text)
        case "goose":
            document = yaml.safe_load(text)
        case _:
            document = json.loads(text)
    for key in KEYS[client]:
        document = document[key]
    return document


@pytest.mark.parametrize(("client", "raw", "entry", "said"), READ)
def test_an_entry_of_another_client_is_read_in_our_shape(
    client: str, raw: dict[str, Any], entry: dict[str, Any], said: tuple[str, ...]
) -> None:
    value, lints = translated(client, raw)
    assert value == entry
    assert all(any(text in lint for lint in lints) for text in said), lints
    assert said or not lints


def test_a_field_nobody_knows_is_named() -> None:
    assert "nonsense" in str(translated("cursor", {"command": "x", "nonsense": 1})[1])


@pytest.mark.parametrize(
    ("client", "raw"),
    [
        ("goose", {"type": "builtin", "name": "developer", "enabled": True}),
        ("goose", {"type": "platform", "name": "todo", "enabled": True}),
        ("goose", {"enabled": True, "config": {"type": "builtin"}}),
        ("goose", {"type": "inline_python", "code": "print()"}),
        ("zed", {"settings": {"database_url": "x"}}),
        ("opencode", {"enabled": True}),
        ("cursor", "npx"),
    ],
)
def test_what_is_no_mcp_server_is_reported_and_not_dropped(client: str, raw: Any) -> None:
    assert BY_ID[client].refusal(raw)
    value, lints = translated(client, raw)
    assert lints
    assert "command" not in value


def test_the_newer_shape_of_opencode_is_told_from_a_server_of_that_name() -> None:
    assert holds_servers("opencode", "servers", {"a": {"type": "local", "command": ["x"]}})
    assert not holds_servers("opencode", "servers", {"type": "local", "command": ["x"]})
    assert not holds_servers("vscode", "servers", {"a": {}})


def test_an_unknown_client_changes_nothing() -> None:
    assert translated("nobody", {"command": "x", "y": 1}) == ({"command": "x", "y": 1}, ())


# -- writing, and back again

# no $ and no braces: these would be references
TEXT = st.text(st.characters(exclude_characters="${}", exclude_categories=("Cs",)), min_size=1, max_size=12)
NAME = st.from_regex(r"[A-Z][A-Z0-9_]{0,10}", fullmatch=True)
REFERENCE = st.builds("{}${{{}}}{}".format, st.sampled_from(["", "a ", "Bearer "]), NAME, st.sampled_from(["", "/b"]))
VALUE = st.one_of(TEXT, REFERENCE)
SERVER = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,15}", fullmatch=True)
PROGRAM = st.fixed_dictionaries(
    {"command": TEXT},
    optional={"args": st.lists(VALUE, min_size=1, max_size=4), "env": st.dictionaries(NAME, VALUE, max_size=3)},
)
URLS = st.builds("https://h.example/{}".format, st.from_regex(r"[a-z]{1,8}", fullmatch=True))
HEADERS = st.dictionaries(
    st.from_regex(r"X-[A-Za-z]{1,8}|Authorization", fullmatch=True), VALUE, min_size=1, max_size=3
)
HTTP = st.fixed_dictionaries({"type": st.just("http"), "url": URLS}, optional={"headers": HEADERS})
SSE = st.fixed_dictionaries(
    {"type": st.just("sse"), "url": st.builds("{}/sse".format, URLS)}, optional={"headers": HEADERS}
)
ENTRY = {"stdio": PROGRAM, "http": HTTP, "sse": SSE}
KINDS = {
    "claude-desktop": ("stdio",),
    "codex": ("stdio", "http"),
}
SWITCHES = ("windsurf", "cline", "codex", "goose", "opencode", "zed")
TIMES = ("claude-code", "cline", "gemini", "codex", "goose", "zed")


@st.composite
def entries(draw: st.DrawFn, client: str) -> dict[str, Any]:
    """An entry with fields that the client knows too."""
    entry: dict[str, Any] = dict(draw(ENTRY[draw(st.sampled_from(KINDS.get(client, tuple(ENTRY))))]))
    if client in SWITCHES and draw(st.booleans()):
        entry["disabled"] = True
    if client in TIMES and draw(st.booleans()):
        entry["timeout"] = draw(st.integers(1, 600)) * 1000
    if (
        "command" in entry
        and client in ("cursor", "vscode", "cline", "gemini", "codex", "opencode")
        and draw(st.booleans())
    ):
        entry["cwd"] = "/srv/x"
    return entry


@pytest.mark.parametrize("client", [client.id for client in CLIENTS])
@settings(max_examples=50)
@given(data=st.data())
def test_what_is_written_for_a_client_reads_back_as_the_same_entry(client: str, data: st.DataObject) -> None:
    servers = data.draw(st.dictionaries(SERVER, entries(client), min_size=1, max_size=3))
    read_back = {name: translated(client, raw)[0] for name, raw in pasted(client, servers).items()}
    for entry in read_back.values():
        if entry.get("type") == "stdio":  # VS Code and Zed say what is the default here
            del entry["type"]
        if client == "zed" and entry.get("args") == []:
            del entry["args"]
    assert read_back == servers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "command",
        "args",
        "env",
        "envs",
        "url",
        "uri",
        "headers",
        "type",
        "enabled",
        "disabled",
        "timeout",
        "cwd",
        "oauth",
        "auth",
        "transport",
        "config",
        "env_keys",
        "env_vars",
        "http_headers",
        "env_http_headers",
        "bearer_token_env_var",
        "tool_timeout_sec",
        "environment",
        "serverUrl",
        "httpUrl",
    ]
)


@pytest.mark.parametrize("client", [client.id for client in CLIENTS])
@settings(max_examples=50)
@given(raw=st.dictionaries(FIELDS, JSON, max_size=5))
def test_nothing_that_stands_in_an_entry_makes_the_translation_fail(client: str, raw: dict[str, Any]) -> None:
    value, lints = translated(client, raw)
    assert isinstance(value, dict)
    assert all(isinstance(lint, str) for lint in lints)
    exported = BY_ID[client].export({"a": raw})
    assert isinstance(exported.text, str)


# -- what is lost is said


def lost(client: str, **entry: Any) -> str:
    return " · ".join(BY_ID[client].export({"s": entry}).lints)


def test_what_a_client_cannot_say_is_told() -> None:
    assert "default" in lost("cursor", command="x", env={"A": "${A:-b}"})
    assert '"timeout"' in lost("cursor", command="x", timeout=1000)
    assert "disabled" in lost("vscode", command="x", disabled=True)
    assert "${T}" in lost("claude-desktop", command="x", env={"T": "${T}"})
    assert "${T}" in lost("zed", command="x", env={"T": "${T}"})
    assert "${T}" in lost("codex", command="x", args=["${T}"])
    assert "${T}" not in lost("codex", command="x", env={"T": "${T}"})
    assert '"sandbox"' in lost("claude-code", command="x", sandbox=True)
    assert "rounded up" in lost("cline", command="x", timeout=1500)
    assert "mcp" in lost("opencode", command="x")
    assert "sse" in lost("windsurf", type="sse", url="https://h/mcp")


@pytest.mark.parametrize("client", [client.id for client in CLIENTS if client.id not in ("claude-code", "gemini")])
def test_a_transport_that_a_client_has_not_is_left_out_and_named(client: str) -> None:
    exported = BY_ID[client].export({"a": {"type": "ws", "url": "wss://h/x"}, "b": {"command": "x"}})
    assert exported.left_out == ("a",)
    assert any(lint.startswith("a: left out") for lint in exported.lints)
    assert set(pasted(client, {"a": {"type": "ws", "url": "wss://h/x"}, "b": {"command": "x"}})) == {"b"}


def test_vs_code_asks_for_secrets_and_reads_other_variables() -> None:
    document = json.loads(
        BY_ID["vscode"].snippet({"a": {"command": "x", "env": {"T": "${GITHUB_TOKEN}", "P": "${PORT}"}}})
    )
    assert document["servers"]["a"]["env"] == {"T": "${input:GITHUB_TOKEN}", "P": "${env:PORT}"}
    assert document["inputs"] == [
        {"type": "promptString", "id": "GITHUB_TOKEN", "description": "GITHUB_TOKEN", "password": True}
    ]


def test_codex_names_variables_in_fields_of_their_own() -> None:
    entry = {
        "type": "http",
        "url": "https://h",
        "headers": {"Authorization": "Bearer ${T}", "X-Key": "${K}", "X-Plain": "p"},
    }
    assert pasted("codex", {"a": entry})["a"] == {
        "url": "https://h",
        "bearer_token_env_var": "T",
        "http_headers": {"X-Plain": "p"},
        "env_http_headers": {"X-Key": "K"},
    }


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_no_snippet_can_drive_a_terminal(client: Client) -> None:
    text = client.snippet({"a\u202eb": {"command": "x\x1b[31m", "args": ["\u200b\x9b"], "env": {"A": "\x07"}}})
    assert "\x1b" not in text
    assert not {"\u202e", "\u200b", "\x9b", "\x07"} & set(text)


def test_every_client_names_its_documentation_and_a_known_format() -> None:
    assert len(CLIENTS) == 11
    assert all(client.docs.startswith("https://") for client in CLIENTS)
    assert {Format.JSON, Format.JSONC, Format.TOML, Format.YAML} >= set(Format)
