"""Example calls for the console and the whole-result screen: Markdown, a table, JSON in a text, two to compare."""

from __future__ import annotations

import base64
import io
import json
import struct

from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.widgets.raw_words import RawMessage, RawMessages
from tests.ui import states

MARKDOWN = """# Release notes

What is **new** in *this* version, and what `went away`. See [the guide](https://example.com/guide).

* faster start
* a list in it:
  1. first
  2. second

| name | answers | ms |
|------|---------|---:|
| echo | 128 | 1.2 |
| search | 4 | 87 |

```sh
mcpdeck call demo echo text=hi
```

> quoted [bold red]not ours[/]
"""

ROWS: list[Json] = [
    {"id": 17, "name": "Ada Lovelace", "city": "London", "born": 1815, "active": True},
    {"id": 4, "name": "Grace Hopper", "city": "New York", "born": 1906, "active": False},
    {"id": 230, "name": "Karen Spärck Jones", "city": "Huddersfield", "born": 1935, "active": None},
]


def sound(seconds: float = 0.5, rate: int = 8_000) -> str:
    """A silent WAV file, base64."""
    data = bytes(int(seconds * rate)) or b"\x80"
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    file = io.BytesIO()
    file.write(head + struct.pack("<4sI", b"data", len(data)) + data)
    return base64.b64encode(file.getvalue()).decode()


def call(name: str, result: JsonObject, *, number: int = 1, arguments: JsonObject | None = None) -> CallState:
    return CallState(
        f"call-{number}",
        "everything",
        name,
        {} if arguments is None else arguments,
        states.NOW - 10 * number,
        status=CallStatus.SUCCESS,
        result=result,
        duration_ms=1.2,
    )


def text(words: str) -> JsonObject:
    return {"content": [{"type": "text", "text": words}]}


def data(value: Json) -> JsonObject:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}


NOTES = call("release-notes", text(MARKDOWN), number=1, arguments={"version": "0.1.0"})
PEOPLE = call("people", data({"result": ROWS}), number=2, arguments={"born": {"from": 1800}, "limit": 3})
DEEP: JsonObject = {
    "user": {"name": "ada", "roles": ["admin", "editor"], "weird key": None},
    "items": [{"sku": "A-1", "price": 12.5, "tags": []}, {"sku": "B-2", "price": 3, "tags": ["new"]}],
    "note": "a text that is rather long, so that it does not fit on one line of a small screen and is cut there",
}
CHANGED: JsonObject = {
    "user": {"name": "ada", "roles": ["editor"], "weird key": 1},
    "items": [{"sku": "A-1", "price": 13.5, "tags": []}, {"sku": "B-2", "price": 3, "tags": ["new"]}],
    "note": DEEP["note"],
    "more": {"page": 2},
}
NOW = call("order", data(CHANGED), number=1, arguments={"id": 7})
BEFORE = call("order", data(DEEP), number=2, arguments={"id": 7})
OTHER = call("order", data({"user": None}), number=3, arguments={"id": 8})
SOUND = call(
    "say",
    {"content": [{"type": "audio", "data": sound(), "mimeType": "audio/wav"}, {"type": "text", "text": "said"}]},
)
PICTURES = call(
    "pictures",
    {"content": [{"type": "image", "data": states.PIXEL, "mimeType": "image/png"} for _ in range(2)]},
)
SENT = (
    b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"order","arguments":{"id":7},'
    b'"_meta":{"progressToken":5}}}'
)
ANSWER = b'{"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"\\u001b[31m[bold]7[/]"}]}}'
RAW = RawMessages(
    (
        RawMessage(states.NOW - 10, True, "request", 5, "tools/call", SENT),
        RawMessage(states.NOW - 9.9988, False, "response", 5, "tools/call", ANSWER),
    )
)
