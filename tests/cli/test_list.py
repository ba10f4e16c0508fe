from __future__ import annotations

import sys

from tests.cli.command import CommandLine, tiny

FIELDS = {
    "name", "source", "origin", "transport", "status", "era", "protocolVersion", "serverInfo", "capabilities",
    "tools", "resources", "prompts", "latencyMs", "connectMs", "error", "suppressedBy", "lints",
}  # fmt: skip


def test_every_row_has_every_field_of_the_contract(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({"tiny": tiny(colour=1), "gone": {"command": "no-such-program-anywhere"}})
    done = mcpdeck("list", "--json")
    rows = {row["name"]: row for row in done.json["servers"]}
    assert done.code == 0
    assert all(set(row) >= FIELDS for row in rows.values())
    row = rows["tiny"]
    assert row["source"] == "user"
    assert row["origin"] == f"{file}:1:17"
    assert (row["transport"], row["status"], row["era"]) == ("stdio", "connected", "legacy")
    assert row["protocolVersion"] == "2025-11-25"
    assert row["serverInfo"]["name"] == "tiny"
    assert row["capabilities"] == {"tools": {}}
    assert (row["tools"], row["resources"], row["prompts"]) == (11, None, None)
    assert row["connectMs"] > 0
    assert (row["error"], row["suppressedBy"]) == (None, None)
    assert row["lints"] == ['unknown field "colour" (kept, not used)']
    assert rows["gone"]["status"] == "failed"
    assert rows["gone"]["error"]["kind"] == "connect"


def test_no_connect_contacts_nothing(mcpdeck: CommandLine) -> None:
    witness = mcpdeck.home / "ran"
    mcpdeck.user({"x": {"command": "touch", "args": [str(witness)]}})
    done = mcpdeck("list", "--no-connect", "--json")
    (row,) = done.json["servers"]
    assert (done.code, row["status"], row["tools"]) == (0, "configured", None)
    assert not witness.exists()


def test_a_suppressed_server_is_listed_under_its_own_name_with_its_winner(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": tiny()})
    given = '{"mcpServers": {"a": {"command": "other"}}}'
    rows = mcpdeck("list", "--no-connect", "--json", "--mcp-config", given).json["servers"]
    assert [(row["name"], row["source"], row["suppressedBy"]) for row in rows] == [
        ("a", "cli", None),
        ("a", "user", "a (command line)"),
    ]
    assert "suppressed" in mcpdeck("list", "--no-connect", "--mcp-config", given).out


def test_one_target_lists_just_that_one(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": tiny(), "b": tiny()})
    assert [row["name"] for row in mcpdeck("list", "b", "--json").json["servers"]] == ["b"]
    (row,) = mcpdeck("list", "--json", "--", sys.executable, str(tiny()["args"][0])).json["servers"]  # type: ignore[index]
    assert (row["name"], row["source"], row["status"]) == ("tiny_stdio", "cli", "connected")


def test_the_table_is_aligned_and_without_colour_outside_a_terminal(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"tiny": tiny(), "a-longer-name": {"command": "no-such-program-anywhere", "args": ["--token", "abc"]}})
    done = mcpdeck("list")
    head, *rows = done.out.splitlines()
    column = head.index("STATUS")
    assert [row[column:].split("  ")[0] for row in rows] == ["connected", "failed"]
    assert "\x1b" not in done.out
    assert "abc" not in done.out + done.err
    assert "no-such-program-anywhere" in done.err


def test_nothing_configured_is_said_and_is_no_error(mcpdeck: CommandLine) -> None:
    done = mcpdeck("list")
    assert (done.code, done.out) == (0, "")
    assert "mcpdeck demo" in done.err
    assert mcpdeck("list", "--json").json == {"servers": []}
