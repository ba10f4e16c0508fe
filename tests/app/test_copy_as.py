"""Every form that a call is copied in is run for real: by a shell, by curl, by Python, against real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpdeck.app.copy_as import Copied, Wanted, copies
from mcpdeck.services.models import HttpTarget, JsonObject, Offered, ServerEntry, Source, StdioTarget, as_object
from tests import entries
from tests.servers.processes import free_port, listening

SDK2 = str(entries.SERVERS / "sdk2_server.py")
TINY = entries.stdio("tiny", entries.PYTHON, str(entries.SERVERS / "tiny_stdio.py"))
DECK = entries.stdio("deck", entries.PYTHON, SDK2, "stdio")
HARD: JsonObject = {"text": 'it\'s $HOME `id` "two"\nlines \\ ünï {{x}} ${Y}'}


@pytest.fixture(scope="module")
def over_http() -> Iterator[str]:
    port = free_port()
    with listening((sys.executable, SDK2, "http", str(port))):
        yield f"http://127.0.0.1:{port}/mcp"


def form(wanted: Wanted, key: str) -> Copied:
    return next(one for one in copies(wanted) if one.key == key)


def shell(text: str, tmp_path: Path, **env: str) -> str:
    """What a POSIX shell prints for ``text``; ``mcpdeck`` is the one that is tested."""
    home = {"MCPDECK_HOME": str(tmp_path / "deck"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", text], capture_output=True, encoding="utf-8", timeout=60, check=False, cwd=tmp_path,
        env={**os.environ, **home, **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def python(text: str, tmp_path: Path, **env: str) -> JsonObject:
    file = tmp_path / "copied.py"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file)], capture_output=True, encoding="utf-8", timeout=60, check=False,
        env={**os.environ, **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_command_of_a_server_that_stands_in_no_file_has_its_program_and_hard_text_arrives(tmp_path: Path) -> None:
    schema: JsonObject = {"properties": {"text": {"type": "string"}}}
    wanted = Wanted(TINY, Offered.TOOL, "echo", HARD, schema=schema)
    assert shell(form(wanted, "mcpdeck").text, tmp_path) == f"{HARD['text']}\n"


def test_the_command_of_a_configured_server_names_it_and_values_keep_their_types(tmp_path: Path) -> None:
    config = tmp_path / "deck" / "config"
    config.mkdir(parents=True)
    target = TINY.target
    assert isinstance(target, StdioTarget)
    entry = {"mcpServers": {"tiny": {"command": target.command, "args": [*target.args]}}}
    (config / "mcp.json").write_text(json.dumps(entry))
    arguments: JsonObject = {"count": 3, "ratio": None, "flag": True, "items": ["a b", "c"], "label": "7", "free": "7"}
    wanted = Wanted(replace(TINY, source=Source.USER), Offered.TOOL, "kinds", arguments)
    text = form(wanted, "mcpdeck").text
    assert text.startswith("mcpdeck call tiny kinds ")
    assert json.loads(shell(text, tmp_path)) == arguments


def test_python_calls_a_program_with_the_official_sdk(tmp_path: Path) -> None:
    result = python(form(Wanted(DECK, Offered.TOOL, "weather", {"city": HARD["text"]}), "python").text, tmp_path)
    assert as_object(result["structuredContent"])["city"] == HARD["text"]


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25", "2026-07-28"])
def test_curl_calls_a_server_of_either_era(over_http: str, version: str, tmp_path: Path) -> None:
    wanted = Wanted(entries.http("deck", over_http), Offered.TOOL, "add", {"a": 40, "b": 2}, version=version)
    copied = form(wanted, "curl")
    assert ("initialize" in copied.text) is (version != "2026-07-28")
    assert '"42"' in shell(copied.text, tmp_path)


@pytest.mark.parametrize("kind", [Offered.RESOURCE, Offered.PROMPT])
def test_resources_and_prompts_are_copied_too(over_http: str, kind: Offered, tmp_path: Path) -> None:
    name, arguments = ("deck://counter", {}) if kind is Offered.RESOURCE else ("greet", {"name": "Ada"})
    wanted = Wanted(entries.http("deck", over_http), kind, name, arguments, version="2026-07-28")
    said = python(form(wanted, "python").text, tmp_path)
    assert "contents" in said or "messages" in said
    answer = shell(form(wanted, "curl").text, tmp_path)
    assert "contents" in answer or "messages" in answer
    assert shell(form(wanted, "mcpdeck").text, tmp_path)


def test_the_message_is_what_goes_over_the_wire() -> None:
    wanted = Wanted(TINY, Offered.TOOL, "echo", {"text": "x"}, version="2025-06-18")
    assert json.loads(form(wanted, "json").text) == {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "x"}},
    }  # fmt: skip


def _with_headers(url: str) -> ServerEntry:
    headers = {"Authorization": "Bearer hunter2hunter2", "X-Plain": "yes", "X-Api-Key": "k-123456"}
    return replace(entries.http("deck", url), target=HttpTarget(url, headers, put_in={"k-123456": "${SHOP_KEY}"}))


def test_no_secret_stands_in_any_form_and_its_variable_is_told(over_http: str, tmp_path: Path) -> None:
    url = over_http
    wanted = Wanted(_with_headers(url), Offered.TOOL, "add", {"a": 1, "b": 2}, version="2026-07-28")
    for one in copies(wanted):
        assert "hunter2" not in one.text
        assert "k-123456" not in one.text
    curl, program = form(wanted, "curl"), form(wanted, "python")
    assert set(curl.needs) == set(program.needs) == {"MCP_TOKEN", "SHOP_KEY"}
    assert '"3"' in shell(curl.text, tmp_path, MCP_TOKEN="t", SHOP_KEY="k")
    assert python(program.text, tmp_path, MCP_TOKEN="t", SHOP_KEY="k")["isError"] is False


def test_a_secret_argument_is_taken_from_the_environment_by_the_shell(tmp_path: Path) -> None:
    schema: JsonObject = {"properties": {"text": {"type": "string"}}}
    wanted = Wanted(TINY, Offered.TOOL, "echo", {"text": "${TEXT}"}, ("TEXT",), schema=schema)
    copied = form(wanted, "mcpdeck")
    assert copied.needs == ("TEXT",)
    assert shell(copied.text, tmp_path, TEXT='it\'s "it"') == 'it\'s "it"\n'
    program = form(Wanted(DECK, Offered.TOOL, "weather", {"city": "${TEXT}"}, ("TEXT",)), "python")
    result = python(program.text, tmp_path, TEXT="it's")
    assert as_object(result["structuredContent"])["city"] == "it's"


def test_what_cannot_be_said_in_a_form_says_why() -> None:
    assert form(Wanted(TINY, Offered.TOOL, "echo", {}), "curl").problem.startswith("curl speaks Streamable HTTP")
    in_process = entries.in_process("here", "module:server")
    assert form(Wanted(in_process, Offered.TOOL, "echo", {}), "python").problem
