"""Collections and recent calls as tests show them."""

from __future__ import annotations

import json
from pathlib import Path

from mcpdeck.app.copy_as import Copied
from mcpdeck.services.collections.asserts import read_assertion
from mcpdeck.services.collections.judging import Verdict
from mcpdeck.services.collections.memory import Recent
from mcpdeck.services.collections.model import Collection
from mcpdeck.services.collections.reading import collection_of
from mcpdeck.services.collections.running import Outcome, Ran
from mcpdeck.services.models import JsonObject, Offered
from mcpdeck.services.state.model import CallState, CallStatus
from tests.ui import states
from tests.ui.kept_saved import SavedDouble

SMOKE: JsonObject = {
    "variables": {"who": "Ada"},
    "sets": {"night": {"who": "Grace"}},
    "calls": {
        "greet": {
            "server": "everything",
            "tool": "echo",
            "arguments": {"message": "Hello {{who}}"},
            "asserts": [{"textContains": "Ada"}, {"durationUnder": 200}],
            "extract": {"said": "$.content[0].text"},
        },
        "sum": {
            "server": "everything",
            "tool": "get-sum",
            "arguments": {"a": 40, "b": 2},
            "asserts": [{"path": "$.structuredContent", "equals": {"sum": 43, "exact": True}}],
        },
        "repeat": {"server": "everything", "tool": "echo", "arguments": {"message": "{{said}}!"}},
        "odd": {"server": "everything", "tool": "echo", "asserts": [{"path": "$.a[", "equals": 1}]},
    },
}
PROJECT = Path("/home/ada/shop/mcpdeck.calls.json")
PRIVATE = Path("/home/ada/.local/share/mcpdeck/calls/mine.json")


def smoke() -> Collection:
    return collection_of(json.dumps(SMOKE, indent=2), PROJECT, private=False)


def mine() -> Collection:
    return collection_of('{"calls": {"env": {"server": "everything", "tool": "get-env"}}}', PRIVATE, private=True)


def broken() -> Collection:
    return collection_of(
        '{\n  "calls": {\n    // no\n  }\n}', Path("/home/ada/shop/.mcpdeck/calls/old.json"), private=False
    )


def _call(number: int, name: str, ms: float, **more: object) -> CallState:
    return states.call(number, tool=name, status=CallStatus.SUCCESS, duration_ms=ms, **more)


def outcomes() -> dict[str, Ran]:
    """By name: one that passed, one that did not, one whose value is missing."""
    collection = smoke()
    greet, total, again = (collection.calls[index] for index in range(3))
    sums = total.asserts[0]
    no_error = read_assertion({"isError": False})
    assert not isinstance(no_error, str)
    diff = (
        "--- expected",
        "+++ got",
        "@@ -1,4 +1,3 @@",
        " {",
        '-  "exact": true,',
        '-  "sum": 43',
        '+  "sum": 42',
        " }",
    )
    return {
        "greet": Ran(
            greet,
            Outcome.PASSED,
            "",
            _call(1, "echo", 1.2),
            tuple(Verdict(one, ok=True) for one in (no_error, *greet.asserts)),
            {"said": "Echo: Hello Ada"},
        ),
        "sum": Ran(
            total,
            Outcome.FAILED,
            "",
            _call(2, "get-sum", 4.6),
            (Verdict(no_error, ok=True), Verdict(sums, ok=False, said='it is {"sum": 42}', diff=diff)),
        ),
        "repeat": Ran(again, Outcome.SKIPPED, '{{said}} has no value: "greet" gives it, and did not'),
        "odd": Ran(collection.calls[3], Outcome.BROKEN, collection.calls[3].problem),
    }


def recent() -> tuple[Recent, ...]:
    return (
        Recent("everything", Offered.TOOL, "get-sum", {"a": 40, "b": 2}, "success", 4.6, states.NOW - 40),
        Recent("everything", Offered.TOOL, "echo", {"message": "hello [b]world[/b]"}, "success", 1.1, states.NOW - 90),
        Recent("gone-crm", Offered.TOOL, "find", {"name": "Ada"}, "timed out", 30_000.0, states.NOW - 7_200),
        Recent("everything", Offered.TOOL, "echo", {}, "tool error", 2.0, states.NOW - 90_000, partly=True),
        Recent("everything", Offered.RESOURCE, "demo://notes/1", {}, "success", 3.0, states.NOW - 400_000),
    )


COPIES = (
    Copied("mcpdeck", "mcpdeck", "mcpdeck call everything echo 'message=it'\"'\"'s me' token=\"$TOKEN\"", ("TOKEN",)),
    Copied("curl", "curl", problem="curl speaks Streamable HTTP; this server is a program."),
    Copied("python", "Python", "import asyncio\n\nfrom mcp import Client\n"),
    Copied("json", "JSON-RPC", '{\n  "jsonrpc": "2.0"\n}'),
)


def fill(saved: SavedDouble) -> None:
    """What there is in these tests."""
    saved.there = (smoke(), broken(), mine())
    saved.recent = recent()
    saved.outcomes = outcomes()
    saved.copied = COPIES
