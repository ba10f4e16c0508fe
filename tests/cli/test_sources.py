"""``mcpdeck sources``: every place that is looked at, whether there is anything or not."""

from __future__ import annotations

from tests.cli.command import CommandLine, tiny

FIELDS = {"source", "place", "status", "servers", "lints", "note"}


def test_every_place_is_listed_with_what_came_of_it(mcpdeck: CommandLine) -> None:
    project = mcpdeck.project({"a": tiny(), "b": tiny()})
    user = mcpdeck.user({})
    user.write_text('{"mcpServers": {', encoding="utf-8")
    done = mcpdeck("sources", "--json")
    assert done.code == 0
    sources = done.json["sources"]
    assert all(set(source) == FIELDS for source in sources)
    found = {source["place"]: source for source in reversed(sources)}
    assert (found[str(project)]["status"], found[str(project)]["servers"]) == ("read", 2)
    assert found[str(user)]["status"] == "unreadable"
    assert {source["source"] for source in sources} >= {"managed", "local", "project", "user", "plugin", "imported"}
    assert "not found" in {source["status"] for source in sources}
    assert {source["status"] for source in sources if source["source"] == "imported"} == {"off"}


def test_a_person_reads_a_table(mcpdeck: CommandLine) -> None:
    project = mcpdeck.project({"a": tiny()})
    done = mcpdeck("sources")
    head, *rows = done.out.splitlines()
    assert head.split() == ["SOURCE", "STATUS", "SERVERS", "PLACE", "NOTE"]
    (row,) = [line for line in rows if str(project) in line]
    assert row.split()[:3] == ["project", "read", "1"]
    assert "--discover" in done.err
    assert "--discover" not in mcpdeck("sources", "--quiet").err


def test_nothing_of_what_is_listed_is_started(mcpdeck: CommandLine) -> None:
    witness = mcpdeck.home / "ran"
    mcpdeck.user({"x": {"command": "touch", "args": [str(witness)]}})
    assert mcpdeck("sources").code == 0
    assert not witness.exists()
