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


def test_each_instance_of_an_entry_is_listed_with_the_name_of_the_entry(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": tiny(replicas=2)})
    rows = mcpdeck("list", "a", "--json").json["servers"]
    assert [(row["name"], row["replicaOf"], row["status"]) for row in rows] == [
        ("a", None, "connected"),
        ("a#2", "a", "connected"),
    ]
    rows = mcpdeck("list", "--no-connect", "--json").json["servers"]
    assert [(row["name"], row["replicaOf"]) for row in rows] == [("a", None), ("a#2", "a")]


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
    document = mcpdeck("list", "--json").json
    assert document["servers"] == []
    assert {"source", "place", "status", "servers", "lints", "note"} == set(document["sources"][0])


def test_a_row_says_what_it_won_over_what_suppressed_it_and_why(mcpdeck: CommandLine) -> None:
    file = mcpdeck.user({"a": tiny()})
    given = '{"mcpServers": {"a": {"command": "other"}}}'
    winner, loser = mcpdeck("list", "--no-connect", "--json", "--mcp-config", given).json["servers"]
    assert (winner["overrode"], winner["suppression"]) == ([f"user, {file}:1:17"], None)
    assert loser["suppression"] == {"by": "a", "place": "command line", "why": "name", "signature": None}
    assert loser["row"] == "a (user)"
    assert (winner["blocked"], loser["blocked"]) == (None, None)


def test_rows_that_cannot_be_used_are_rows_with_their_reason_and_never_gaps(mcpdeck: CommandLine) -> None:
    mcpdeck.project({"waiting": tiny(), "broken": {"comand": "x"}, "twice": tiny()})
    mcpdeck.user({"off": tiny(disabled=True), "twice": tiny(), "banned": tiny(), "fine": tiny()})
    settings = mcpdeck.home / "config" / "settings.json"
    settings.write_text('{"deniedMcpServers": [{"serverName": "banned"}]}', encoding="utf-8")
    done = mcpdeck("list", "--no-connect")
    assert done.code == 0
    rows = {tuple(line.split()[:2]): line for line in done.out.splitlines()[1:]}
    assert {name for name, _ in rows} == {"waiting", "broken", "twice", "off", "banned", "fine"}
    for (name, status), reason in {
        ("waiting", "pending"): "is not approved",
        ("broken", "not"): 'it has no "command"',
        ("twice", "suppressed"): "same name as twice (project, ",
        ("off", "disabled"): "is disabled",
        ("banned", "blocked"): 'denied by serverName "banned"',
    }.items():
        assert reason in rows[name, status], rows
    assert 'rename "comand" to "command"' in done.err
    assert str(settings) in done.err
    (banned,) = [row for row in mcpdeck("list", "--no-connect", "--json").json["servers"] if row["name"] == "banned"]
    assert banned["status"] == "blocked"
    assert set(banned["blocked"]) == {"rule", "list", "file"}
    assert (banned["blocked"]["list"], banned["blocked"]["file"]) == ("deniedMcpServers", str(settings))


def test_a_variable_that_is_not_set_is_told_without_being_asked_for(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"a": tiny(env={"KEY": "${NOT_SET_ANYWHERE}"})})
    told = "a: ${NOT_SET_ANYWHERE} is not set"
    assert told in mcpdeck("list", "--no-connect").err
    assert told not in mcpdeck("list", "--no-connect", "--quiet").err


def test_servers_that_fail_are_a_result_and_no_failure(mcpdeck: CommandLine) -> None:
    mcpdeck.user({"gone": {"command": "no-such-program-anywhere"}})
    done = mcpdeck("list", "--json")
    assert (done.code, done.json["servers"][0]["status"]) == (0, "failed")
