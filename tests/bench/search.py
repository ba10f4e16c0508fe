"""How long reading and searching many tools takes: a list of 5,000, a catalogue of 10,000.

Owns the tools it measures on. Never judges what it measured.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from mcpdeck.services.models import Origin, Source, Status, TransportKind
from mcpdeck.services.registry.catalogue import Catalogue
from mcpdeck.services.session.items import read_tool
from mcpdeck.services.state.model import McpState, ServerState

READ, TOOLS, SERVERS = 5_000, 10_000, 20
VERBS = ("get", "list", "create", "update", "delete", "search", "find", "read", "write", "archive", "export", "run")
NOUNS = ("file", "folder", "issue", "pull_request", "comment", "branch", "user", "team", "card", "page", "channel")
PROSE = (
    *("the", "a", "of", "to", "for", "with", "returns", "given", "result", "value", "when", "used", "this", "item"),
    *("by", "name", "identifier", "optional", "default", "list"),
)
QUERIES = (
    *("file", "get file", "pull request", "createpullrequest", "serch chanel", "the optional result by name", "e"),
    *("delete issue with comment of user by name", "server-7 branch", "nothing like it"),
)
"""Common and rare words, many of them, slips of the pen, and what is not there."""


def items(count: int) -> list[dict[str, Any]]:
    """Tools as a list holds them, about 1 kB each, the same ones every time."""
    chance = random.Random(7)

    def one(number: int) -> dict[str, Any]:
        verb, noun = chance.choice(VERBS), chance.choice(NOUNS)
        properties: dict[str, Any] = {
            f"{chance.choice(NOUNS)}_{index}": {
                "type": chance.choice(["string", "integer", "boolean"]),
                "description": " ".join(chance.choices(PROSE, k=12)),
            }
            for index in range(chance.randint(1, 7))
        }
        return {
            "name": f"{verb}_{noun}_{number}",
            "title": f"{verb} {noun}",
            "description": f"{verb} {noun}. {' '.join(chance.choices(PROSE, k=chance.randint(10, 80)))}",
            "inputSchema": {"type": "object", "properties": properties, "required": list(properties)[:1]},
            "annotations": {"readOnlyHint": verb in ("get", "list", "find")},
        }

    return [one(number) for number in range(count)]


def deck(count: int) -> McpState:
    """So many tools on ``SERVERS`` servers."""
    tools = [read_tool(item, mirrors_headers=False) for item in items(count)]
    each = count // SERVERS
    rows = {
        f"server-{number}": ServerState(
            f"server-{number}",
            Source.USER,
            Origin(),
            "digest",
            TransportKind.STDIO,
            "x",
            status=Status.CONNECTED,
            tools=tuple(tools[number * each : (number + 1) * each]),
        )
        for number in range(SERVERS)
    }
    return McpState(rows, tuple(rows))


def took(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def say() -> None:
    """Print the medians, and of the searches the slowest too."""
    listed = items(READ)
    reading = statistics.median(
        took(lambda: [read_tool(item, mirrors_headers=False) for item in listed]) for _ in range(5)
    )
    print(f"reading and checking {READ:,} tools: {reading * 1000:.0f} ms ({reading / READ * 1e6:.0f} µs each)")
    catalogue = Catalogue()
    catalogue.update(deck(TOOLS))
    naming, first = took(lambda: catalogue.names), took(lambda: catalogue.search("file"))
    print(f"naming {TOOLS:,} tools: {naming * 1000:.0f} ms; the first search, with its index: {first * 1000:.0f} ms")
    times = {
        query: statistics.median(took(lambda query=query: catalogue.search(query)) for _ in range(5))
        for query in QUERIES
    }
    slowest = max(times, key=lambda query: times[query])
    median = statistics.median(times.values())
    print(
        f"searching {TOOLS:,} tools: {median * 1000:.1f} ms (median of {len(QUERIES)} queries),"
        f" {times[slowest] * 1000:.1f} ms at the most ({slowest!r})",
        flush=True,
    )
