"""Typed tools on the command line: as a server of their own, and as a TARGET."""

from __future__ import annotations

from tests.cli.command import CommandLine
from tests.registry.test_plugins import TOOL


def test_tools_in_the_folder_are_a_server_that_wants_approval_and_a_broken_one_is_a_row(mcpdeck: CommandLine) -> None:
    folder = mcpdeck.home / "config" / "tools"
    folder.mkdir(parents=True)
    (folder / "fine.py").write_text(TOOL.format(name="fine", said="yes"))
    (folder / "late.py").write_text("\nlate = too_late\n")
    refused = mcpdeck("call", "tools", "fine", "--json")
    assert (refused.code, refused.error["kind"]) == (5, "permission")
    assert mcpdeck("approve", "tools", "--yes").code == 0
    done = mcpdeck("list", "--json")
    rows = {row["name"]: row for row in done.json["servers"]}
    assert (done.code, [*rows]) == (0, ["tools", "tools:late"])
    assert {key: rows["tools"][key] for key in ("transport", "status", "source", "tools")} == {
        "transport": "in-process",
        "status": "connected",
        "source": "plugin",
        "tools": 1,
    }
    assert (rows["tools:late"]["status"], rows["tools:late"]["line"]) == ("not configured", 2)
    assert "NameError: name 'too_late' is not defined" in rows["tools:late"]["error"]["title"]
    called = mcpdeck("call", "tools", "fine", "--json")
    assert called.json["structuredContent"] == {"said": "yes"}


def test_a_file_of_typed_tools_is_a_target(mcpdeck: CommandLine) -> None:
    (mcpdeck.root / "mine.py").write_text(TOOL.format(name="mine", said="hello"))
    called = mcpdeck("call", "mine.py", "mine", "--json")
    assert called.json["structuredContent"] == {"said": "hello"}
