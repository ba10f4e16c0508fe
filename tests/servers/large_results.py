"""A server whose results are as large as asked: tools ``text`` and ``blob`` with ``size`` in bytes.

Over stdio; with ``http`` or ``events`` on the command line over Streamable HTTP, whose answers are then JSON or one
event. Prints its port.
"""

import http.server
import json
import sys
from collections.abc import Iterator

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("text", "blob")]
LINE = "a line of a log that goes on and on, one like the other, until it is large\\n"
PIECE = 1_000_000


def answer(message: dict) -> Iterator[str]:
    """The JSON of an answer, in pieces; nothing for a notification."""
    if "id" not in message:
        return
    yield f'{{"jsonrpc":"2.0","id":{json.dumps(message["id"])},"result":'
    match message["method"]:
        case "initialize":
            info = {"name": "large", "version": "1"}
            yield json.dumps({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info})
        case "tools/list":
            yield json.dumps({"tools": TOOLS})
        case "tools/call":
            yield from result(message["params"]["name"], message["params"]["arguments"]["size"])
        case _:
            yield "{}"
    yield "}"


def result(tool: str, size: int) -> Iterator[str]:
    if tool == "text":
        yield '{"content":[{"type":"text","text":"'
        unit, written = LINE, len(LINE) - 1  # an escape of two characters is one
    else:
        yield '{"content":[{"type":"resource","resource":{"uri":"x://y","blob":"'
        unit, written = "AAAA", 4
    for _ in range(max(1, size // PIECE)):
        yield unit * (min(size, PIECE) // written)
    yield '"}]}' if tool == "text" else '"}}]}'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    events = False

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "id" not in message:
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if self.events else "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.events:
            self.wfile.write(b"event: message\ndata: ")
        for piece in answer(message):
            self.wfile.write(piece.encode())
        if self.events:
            self.wfile.write(b"\n\n")
        self.close_connection = True

    def do_GET(self) -> None:
        self.send_response(405)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


if len(sys.argv) > 1:
    Handler.events = sys.argv[1] == "events"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
for line in sys.stdin:
    for piece in answer(json.loads(line)):
        sys.stdout.write(piece)
    sys.stdout.write("\n")
    sys.stdout.flush()
