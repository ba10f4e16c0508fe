"""``mcpdeck import`` into a file that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import CommandLine


def test_a_file_that_cannot_be_written_is_told_once_for_all_servers(mcpdeck: CommandLine, home: Path) -> None:
    file = home / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"mcpServers": {name: {"command": "x"} for name in ("a", "b", "c")}}), encoding="utf-8")
    broken = mcpdeck.user({})
    broken.write_text('{"mcpServers": {')
    done = mcpdeck("import", "cursor")
    assert (done.code, done.out) == (2, "")
    (line,) = [line for line in done.err.splitlines() if line.startswith("warning:")]
    assert line.startswith("warning: a, b, c were not taken over: ")
    assert str(broken) in line
    assert len(done.err.splitlines()) == 2
    servers = mcpdeck("import", "cursor", "--json").json["servers"]
    assert [server["error"]["kind"] for server in servers] == ["config"] * 3
