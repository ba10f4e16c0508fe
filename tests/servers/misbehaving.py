"""Small real servers that do what servers should not: ``misbehaving.py MODE``.

Needs only the standard library and speaks 2025-11-25 over stdio. Modes:

    plain           behaves; the peer that must go on while its neighbours misbehave
    exits           two lines on stderr, then exit code 3, before reading anything
    rubbish         prints what is no JSON before and between its messages
    mute            reads, never answers anything
    mute-probe      never answers a request that comes before ``initialize``
    dies            the tool ``die`` ends the process with code 9 in the middle of the call
    exits-on-probe  ends with code 1 when the first request is not ``initialize``
    grandchild      starts a child that ignores SIGTERM; the tool ``pids`` names it, ``wait`` as in slow
    stubborn        ignores the end of stdin and SIGTERM
    flood           20,000 log notifications after ``initialized`` and during each call
    huge            the tool ``huge`` answers with one line of 10 MB
    slow            the tool ``wait`` answers after so many seconds, with progress before
    hostile         escape sequences, markup and bidi controls wherever text is shown
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

MODE = sys.argv[1]
OUT = sys.stdout.buffer
HOSTILE = "\x1b[2J\x1b[31mred\x07 [bold]markup[/bold] [link=x]y[/] \u202eover\u202c \x9b5m\r\nnext"
IGNORES_SIGTERM = "import signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN); threading.Event().wait(600)"


def send(message: dict[str, Any]) -> None:
    line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    if MODE == "rubbish":
        line = b"Loading model... 42%\n\xff\xfe\x00\n{not json}\n[]\n\n" + line + b'{"almost": "a message"}\n'
    OUT.write(line)
    OUT.flush()


def flood(count: int = 20_000) -> None:
    for number in range(count):
        params = {"level": "info", "logger": "flood", "data": f"line {number}"}
        OUT.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": params}).encode() + b"\n")
    OUT.flush()


def tool(name: str, **properties: Any) -> dict[str, Any]:
    text = HOSTILE if MODE == "hostile" else f"The tool {name}."
    return {"name": name, "description": text, "inputSchema": {"type": "object", "properties": properties}}


def tools() -> list[dict[str, Any]]:
    listed = [tool("echo", text={"type": "string"})]
    match MODE:
        case "dies":
            listed.append(tool("die"))
        case "grandchild":
            listed += [tool("pids"), tool("wait", seconds={"type": "number"})]
        case "huge":
            listed.append(tool("huge"))
        case "slow":
            listed.append(tool("wait", seconds={"type": "number"}))
        case "hostile":
            listed.append(tool("\x1b]0;title\x07evil"))
    return listed


def call(params: dict[str, Any], pids: dict[str, int]) -> dict[str, Any]:
    arguments = params.get("arguments") or {}
    text = str(arguments.get("text", ""))
    match params["name"]:
        case "die":
            print("fatal: out of cheese", file=sys.stderr, flush=True)
            os._exit(9)
        case "pids":
            text = json.dumps(pids)
        case "huge":
            text = "x" * 10_000_000
        case "wait":
            token = (params.get("_meta") or {}).get("progressToken")
            if token is not None:
                progress = {"progressToken": token, "progress": 1, "total": 2, "message": "half way"}
                send({"method": "notifications/progress", "params": progress})
            threading.Event().wait(float(arguments["seconds"]))
    if MODE == "flood":
        flood()
    if MODE == "hostile":
        text = HOSTILE
    return {"content": [{"type": "text", "text": text}]}


def answer(message: dict[str, Any], pids: dict[str, int]) -> dict[str, Any]:
    match message["method"]:
        case "initialize":
            info = {"name": HOSTILE if MODE == "hostile" else f"misbehaving-{MODE}", "version": "1"}
            result: dict[str, Any] = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}, "logging": {}},
                "serverInfo": info,
            }
            if MODE == "hostile":
                result["instructions"] = HOSTILE
        case "ping" | "logging/setLevel":
            result = {}
        case "tools/list":
            result = {"tools": tools()}
        case "tools/call":
            result = call(message["params"], pids)
        case _:
            return {"id": message["id"], "error": {"code": -32601, "message": "Method not found"}}
    return {"id": message["id"], "result": result}


def serve() -> None:
    pids = {"server": os.getpid()}
    if MODE == "grandchild":
        pids["grandchild"] = subprocess.Popen([sys.executable, "-c", IGNORES_SIGTERM]).pid
    ready = False
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method = message.get("method")
        ready = ready or method == "initialize"
        if MODE == "mute" or (MODE == "mute-probe" and not ready):
            continue
        if MODE == "exits-on-probe" and not ready:
            print(f"Error: expected initialize request, got {method}", file=sys.stderr, flush=True)
            sys.exit(1)
        if MODE == "flood" and method == "notifications/initialized":
            flood()
        if method is not None and "id" in message:
            send(answer(message, pids))


if __name__ == "__main__":
    if MODE == "exits":
        print("reading settings\nfatal: no API key", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"{MODE} is up", file=sys.stderr, flush=True)
    serve()
    if MODE == "stubborn":
        threading.Event().wait(600)
