"""What one run of the command line leaves for the next: of configured servers only."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.command import TINY, CommandLine, tiny
from tests.entries import SERVERS

CONTENTS = {"command": sys.executable, "args": [str(SERVERS / "contents_stdio.py")]}
TASKS = """
import json, sys
TASK = {"taskId": "t-1", "status": "working", "createdAt": "2026-01-01T00:00:00Z",
        "lastUpdatedAt": "2026-01-01T00:00:00Z", "ttl": None, "pollInterval": 100}
for line in sys.stdin:
    request = json.loads(line)
    match request.get("method"):
        case "initialize":
            tasks = {"cancel": {}, "list": {}, "requests": {"tools": {"call": {}}}}
            info, offered = {"name": "s", "version": "1"}, {"tools": {}, "tasks": tasks}
            result = {"protocolVersion": "2025-11-25", "capabilities": offered, "serverInfo": info}
        case "tools/list":
            schema = {"type": "object"}
            tool = {"name": "long", "inputSchema": schema, "execution": {"taskSupport": "optional"}}
            result = {"tools": [tool]}
        case "tools/call":
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"task": TASK}}) + "\\n")
            sys.stdout.flush()
            sys.exit(3)
        case "tasks/get":
            result = TASK
        case _ if "id" not in request:
            continue
        case _:
            result = None
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}) + "\\n")
    sys.stdout.flush()
"""


def sent(mcpdeck: CommandLine, *words: str) -> list[str]:
    """The methods a command sent, in order."""
    mcpdeck(*words[:2], "--trace", "t.jsonl", *words[2:])
    records = [json.loads(line) for line in (mcpdeck.root / "t.jsonl").read_text().splitlines()]
    return [each["method"] for each in records if each["direction"] == "sent" and each["method"]]


def kept(mcpdeck: CommandLine) -> list[Path]:
    return sorted((mcpdeck.home / "cache" / "servers").glob("*.json"))


@pytest.mark.requirement("6.0.1")
def test_a_second_run_of_a_configured_server_of_the_older_era_does_not_probe(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"tiny": tiny()})
    assert sent(mcpdeck, "tools", "tiny")[0] == "server/discover"
    assert sent(mcpdeck, "tools", "tiny")[0] == "initialize"
    (file,) = kept(mcpdeck)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_target_of_the_command_line_is_looked_at_anew_each_time(mcpdeck: CommandLine) -> None:
    for _ in range(2):
        assert sent(mcpdeck, "tools", "--json", "--", *TINY)[0] == "server/discover"
    assert kept(mcpdeck) == []


def test_another_environment_is_another_server(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"tiny": tiny()})
    assert sent(mcpdeck, "tools", "tiny")[0] == "server/discover"
    assert sent(mcpdeck, "tools", "tiny", "--env", "TOKEN=other")[0] == "server/discover"


@pytest.mark.requirement("36.2.9")
def test_a_task_that_still_runs_when_its_command_ends_is_looked_at_by_the_next(mcpdeck: CommandLine) -> None:
    script = mcpdeck.root / "tasks.py"
    script.write_text(TASKS)
    mcpdeck.user({"tasks": {"command": sys.executable, "args": [str(script)]}})
    done = mcpdeck("call", "tasks", "long", "--task", "--json")
    assert done.code == 3
    (file,) = kept(mcpdeck)
    assert list(json.loads(file.read_text())["tasks"]) == ["t-1"]
    assert "tasks/get" in sent(mcpdeck, "tools", "tasks")
    assert list(json.loads(file.read_text())["tasks"]) == ["t-1"]


def test_lists_of_an_earlier_run_are_never_counted_for_those_of_now(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"shrinking": CONTENTS})
    (before,) = mcpdeck("list", "--json").json["servers"]
    (file,) = kept(mcpdeck)
    document = json.loads(file.read_text())
    document["lists"]["resources/list"]["items"] *= 9
    file.write_text(json.dumps(document))
    (after,) = mcpdeck("list", "--json").json["servers"]
    assert (after["resources"], after["status"]) == (before["resources"], "connected")
