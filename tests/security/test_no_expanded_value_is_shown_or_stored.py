"""What a variable puts into an entry is used, and neither printed nor written down anywhere.

A secret is planted in every field that variables are put into, and the real program is run: a server that starts
or answers, and one that does not. Then everything that it printed, traced and stored is searched.

What a server says by the protocol is left out on purpose: a tool that answers with its own environment is a result,
and results are shown as they were received.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.command import CommandLine, Done, tiny
from tests.entries import SERVERS

SECRET = "Planted/s3cret+9Xy Z"
PATH_SECRET = "planted-s3cret-9XyZ"
VARIABLES = {"DECK_SECRET": SECRET, "DECK_PATH": PATH_SECRET}
TRACES = ("PLANTED", "S3CRET", "9XY")
TINY = str(SERVERS / "tiny_stdio.py")

TELLS = "import os, sys; print('as given:', os.environ.get('KEY'), sys.argv[1:], file=sys.stderr); "
"""Writes what it was given on stderr, as many programs do when they fail."""


class Peer(BaseHTTPRequestHandler):
    """Speaks MCP at /mcp; anywhere else its error page shows what it was asked, as many servers do."""

    def do_GET(self) -> None:
        self._answer(405, b"")

    do_DELETE = do_GET  # noqa: N815 - the name that http.server looks for

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.path.startswith("/mcp"):
            told = f"no {self.path} here for {self.headers.get('X-Key')} and {self.headers.get('Authorization')}"
            return self._answer(404, told.encode())
        match message.get("method"):
            case "initialize":
                capabilities = {"tools": {}}
                result: object = {
                    "protocolVersion": "2025-06-18",
                    "capabilities": capabilities,
                    "serverInfo": {"name": "peer", "version": "1"},
                }
            case "tools/list":
                result = {"tools": [{"name": "t", "inputSchema": {"type": "object"}}]}
            case _ if "id" not in message:
                return self._answer(202, b"")
            case _:
                error = {"code": -32601, "message": "no such method"}
                return self._answer(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}).encode())
        return self._answer(200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if body:
            self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def peer() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def python(code: str, **fields: object) -> Mapping[str, object]:
    return {"command": sys.executable, "args": ["-c", code], **fields}


ENTRIES: Mapping[str, Mapping[str, object]] = {
    "the command": {"command": "${DECK_SECRET}"},
    "a part of the command": {"command": "/no/${DECK_SECRET}/server", "args": ["x"]},
    "an argument of a server that fails": {"command": sys.executable, "args": ["-c", TELLS, "--key", "${DECK_SECRET}"]},
    "an argument of a server that runs": tiny(args=[TINY, "--key=${DECK_SECRET}"]),
    "a variable of a server that fails": python(TELLS, env={"KEY": "${DECK_SECRET}"}),
    "a variable of a server that runs": python(
        f"{TELLS} import runpy; sys.argv = [{TINY!r}]; runpy.run_path({TINY!r}, run_name='__main__')",
        env={"KEY": "${DECK_SECRET}"},
    ),
    "a variable of a server that writes no messages": python(
        "import os; print('hello', os.environ['KEY'], flush=True); input()", env={"KEY": "a ${DECK_SECRET} z"}
    ),
    "the folder": {"command": "true", "cwd": "/no/${DECK_SECRET}"},
    "the folder of a sandbox": {"command": "true", "cwd": "/no/${DECK_SECRET}", "sandbox": True},
    "what a sandbox may write": {"command": "true", "sandbox": {"write": ["/no/${DECK_SECRET}"]}},
    "the url of nobody": {"type": "http", "url": "http://127.0.0.1:9/${DECK_PATH}/mcp"},
    "the host": {"type": "http", "url": "http://${DECK_PATH}.invalid/mcp"},
    "the host of a web socket": {"type": "ws", "url": "ws://${DECK_PATH}.invalid/mcp"},
    "the path": {"type": "http", "url": "PEER/${DECK_PATH}/x"},
    "the query": {"type": "http", "url": "PEER/mcp?tenant=${DECK_PATH}&x=1"},
    "the path of an event stream": {"type": "sse", "url": "PEER/${DECK_PATH}/sse"},
    "the path of a web socket": {"type": "ws", "url": "WSPEER/${DECK_PATH}/ws"},
    "a url that is none": {"type": "http", "url": "http://[${DECK_SECRET}/"},
    "a header": {
        "type": "http",
        "url": "PEER/mcp",
        "headers": {"X-Key": "${DECK_SECRET}", "Authorization": "Bearer x"},
    },
    "a header that comes back": {"type": "http", "url": "PEER/no", "headers": {"X-Key": "k ${DECK_SECRET}"}},
    "a certificate": {"type": "http", "url": "https://127.0.0.1:9/", "tls": {"ca": "/no/${DECK_SECRET}.pem"}},
    "a client's certificate": {
        "type": "http",
        "url": "https://127.0.0.1:9/",
        "tls": {"cert": "/no/${DECK_SECRET}.pem", "key": "/no/${DECK_SECRET}.key"},
    },
    "a helper's header": {"type": "http", "url": "PEER/mcp", "headersHelper": "HELPER"},
    "a helper's header that comes back": {"type": "http", "url": "PEER/no", "headersHelper": "HELPER"},
    "a helper that fails": {"type": "http", "url": "PEER/mcp", "headersHelper": "HELPER; exit 3"},
    "a helper that prints rubbish": {"type": "http", "url": "PEER/mcp", "headersHelper": "HELPER; echo x"},
    "a token's file": {"type": "claudeai-proxy", "url": "PEER/mcp", "tokenFile": "/no/${DECK_SECRET}"},
    "a token's command": {"type": "claudeai-proxy", "url": "PEER/mcp", "tokenCommand": ["${DECK_SECRET}"]},
    "a token": {"type": "claudeai-proxy", "url": "PEER/no", "token": "${DECK_PATH}"},
}


def with_peer(value: object, base: str, helper: str) -> object:
    """``value`` with the places of the peer and the helper put in."""
    match value:
        case str():
            text = value.replace("WSPEER", base.replace("http:", "ws:")).replace("PEER", base)
            return text.replace("HELPER", helper)
        case list():
            return [with_peer(item, base, helper) for item in value]
        case dict():
            return {key: with_peer(item, base, helper) for key, item in value.items()}
        case _:
            return value


def assert_clean(where: str, text: str) -> None:
    shown = text.upper()
    assert not [trace for trace in TRACES if trace in shown], f"{where}: {text}"


@pytest.mark.parametrize("field", ENTRIES)
def test_a_value_in_it_is_nowhere_in_what_is_printed_traced_or_stored(
    mcpdeck: CommandLine, tmp_path: Path, field: str
) -> None:
    out = tmp_path / "headers.json"
    out.write_text(json.dumps({"X-Key": SECRET, "Authorization": f"Bearer {PATH_SECRET}"}), encoding="utf-8")
    trace = tmp_path / "trace.jsonl"
    with peer() as base:
        entry = with_peer(ENTRIES[field], base, f"cat '{out}'")
        mcpdeck.user({"it": entry})
        said: list[Done] = [
            mcpdeck(*words, env=VARIABLES)
            for words in (
                ("tools", "it", "-v", "--trace", str(trace)),
                ("tools", "it", "--json", "--timeout", "15"),
                ("list", "-v"),
                ("get", "it", "--json"),
            )
        ]
    for number, done in enumerate(said):
        assert_clean(f"stdout {number}", done.out)
        assert_clean(f"stderr {number}", done.err)
    if trace.exists():
        assert_clean("trace", trace.read_text(encoding="utf-8"))
    for file in mcpdeck.home.rglob("*"):
        if file.is_file():
            assert_clean(str(file), file.read_text(encoding="utf-8", errors="replace"))
            assert quote(SECRET) not in file.name


def test_what_stands_there_instead_is_the_variable_as_it_is_written(mcpdeck: CommandLine, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    with peer() as base:
        mcpdeck.user(
            {
                "command": {"command": "${DECK_SECRET}"},
                "folder": {"command": "true", "cwd": "/no/${DECK_PATH}"},
                "path": {"type": "http", "url": f"{base}/${{DECK_PATH}}/x", "headers": {"X-Key": "${DECK_SECRET}"}},
            }
        )
        command = mcpdeck("tools", "command", env=VARIABLES)
        folder = mcpdeck("tools", "folder", env=VARIABLES)
        mcpdeck("tools", "path", "--trace", str(trace), env=VARIABLES)
    assert "command not found: ${DECK_SECRET}" in command.err
    assert "the working directory '/no/${DECK_PATH}' does not exist" in folder.err
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    exchange = next(line["message"] for line in lines if line["kind"] == "http")
    assert exchange["request"]["url"] == f"{base}/${{DECK_PATH}}/x"
    assert ["x-key", "•••"] in exchange["request"]["headers"] or ["x-key", "${DECK_SECRET}"] in exchange["request"][
        "headers"
    ]
    body = next(line["message"] for line in lines if line["kind"] == "malformed")
    assert "no /${DECK_PATH}/x here" in body


def test_what_a_server_answers_is_shown_as_it_was_received(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"it": tiny(env={"KEY": "${DECK_SECRET}"})})
    done = mcpdeck("call", "it", "surroundings", "--args", '{"names": ["KEY"]}', "--json", env=VARIABLES)
    assert SECRET in done.out
