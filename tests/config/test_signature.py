"""Which entries are the same server, whatever they are called (config contract, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.config.merge import configured_name, managed_only, merge
from mcpdeck.services.config.signature import key_of, shown_signature
from mcpdeck.services.models import Origin, Source, Status
from tests.config.made import http, made, run


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (run("npx", "a"), run("npx", "a"), True),
        (run("npx", "a"), run("${PROGRAM}", "a"), True),
        (run("npx", "a"), run("npx", "b"), False),
        (run("npx", "a", "b"), run("npx", "a b"), False),
        (run("npx", "a"), run("npx", "a", cwd="/x", timeout=5000), True),
        (run("npx", "a", env={"A": "1"}), run("npx", "a", env={"A": "2"}), True),
        (http("https://h/mcp"), http("HTTPS://H:443/mcp"), True),
        (http("https://h/mcp"), http("https://${HOST}/mcp"), True),
        (http("http://h:80/mcp"), http("http://h/mcp"), True),
        (http("https://h"), http("https://h/"), True),
        (http("https://h/mcp"), {"type": "sse", "url": "https://h/mcp"}, True),
        (http("https://h/mcp"), http("https://h/mcp", headers={"A": "1"}), True),
        (http("https://h/mcp"), http("https://h/MCP"), False),
        (http("https://h/mcp"), http("https://h/mcp/"), False),
        (http("https://h/mcp"), http("https://h/mcp?a=1"), False),
        (http("https://h/mcp"), http("https://u@h/mcp"), False),
        (http("https://h:8443/mcp"), http("https://h/mcp"), False),
        (http("https://h/mcp"), http("http://h/mcp"), False),
        (http("https://[::1]:443/"), http("https://[::1]/"), True),
    ],
)
def test_entries_are_the_same_when_they_run_the_same_words_or_reach_the_same_url(
    one: Mapping[str, Any], other: Mapping[str, Any], same: bool
) -> None:
    keys = [key_of(made(Source.USER, "x", value)) for value in (one, other)]
    assert None not in keys
    assert (keys[0] == keys[1]) is same


def test_an_entry_that_cannot_be_used_is_like_no_other() -> None:
    assert key_of(made(Source.USER, "x", {"command": ""})) is None


@pytest.mark.parametrize("manual", [Source.MANAGED, Source.CLI, Source.LOCAL, Source.PROJECT, Source.USER])
@pytest.mark.parametrize("brought", [Source.PLUGIN, Source.IMPORTED, Source.CONNECTOR])
@pytest.mark.parametrize("value", [run("npx", "a", "--token", "${SECRET}"), http("https://h/mcp?token=${SECRET}")])
def test_what_is_brought_along_is_suppressed_by_the_same_server_written_by_hand(
    manual: Source, brought: Source, value: Mapping[str, Any]
) -> None:
    mine, theirs = merge([made(manual, "mine", value), made(brought, "theirs", value, 7)])
    assert mine.suppressed_by is None
    suppression = theirs.provenance.suppression
    assert suppression is not None
    assert (suppression.by, suppression.why) == ("mine", "signature")
    assert suppression.signature == shown_signature(mine.transport, mine.endpoint)
    assert "${SECRET}" in str(suppression.signature)
    assert (theirs.name, theirs.gate, configured_name(theirs)) == (f"theirs ({brought})", Status.DISABLED, "theirs")
    assert theirs.suppressed_by is not None
    assert theirs.suppressed_by.startswith("mine (")
    assert mine.provenance.overrode == (f"theirs ({brought}, /somewhere/{brought}.json:7:1)",)
    assert "hunter2" not in repr([mine.provenance, theirs.provenance, theirs.problem, theirs.name])


@pytest.mark.parametrize("source", [Source.LOCAL, Source.PROJECT, Source.USER, Source.IDE, Source.DISCOVERED])
def test_the_same_server_written_twice_under_two_names_is_two_servers(source: Source) -> None:
    rows = merge([made(Source.USER, "a", run("npx", "a")), made(source, "b", run("npx", "a"))])
    assert [row.suppressed_by for row in rows] == [None, None]


@pytest.mark.parametrize(
    ("sources", "values", "in_use"),
    [
        # between plugins the first that was loaded, and only where the variables are the same, too
        ((Source.PLUGIN, Source.PLUGIN), (run("a"), run("a")), [0]),
        ((Source.PLUGIN, Source.PLUGIN), (run("a", env={"K": "1"}), run("a", env={"K": "2"})), [0, 1]),
        ((Source.PLUGIN, Source.PLUGIN), (run("a", env={"K": "1", "L": "2"}), run("a", env={"L": "2", "K": "1"})), [0]),
        ((Source.PLUGIN, Source.PLUGIN), (http("https://h/"), http("https://h/")), [0]),
        # against what is written by hand they do not count
        ((Source.USER, Source.PLUGIN), (run("a"), run("a", env={"K": "1"})), [0]),
        ((Source.PLUGIN, Source.CONNECTOR), (http("https://h/"), http("https://h/")), [0]),
        ((Source.CONNECTOR, Source.CONNECTOR), (http("https://h/"), http("https://h/")), [0]),
        ((Source.IMPORTED, Source.IMPORTED), (run("a"), run("a")), [0]),
        # what is only offered never keeps down what is used
        ((Source.IMPORTED, Source.CONNECTOR), (http("https://h/"), http("https://h/")), [1]),
    ],
)
def test_who_wins_among_what_is_brought_along(
    sources: tuple[Source, ...], values: tuple[Mapping[str, Any], ...], in_use: list[int]
) -> None:
    entries = [
        made(source, f"n{place}", value) for place, (source, value) in enumerate(zip(sources, values, strict=True))
    ]
    rows = merge(entries)
    assert [place for place, row in enumerate(rows) if row.suppressed_by is None] == in_use


def test_an_offered_name_never_takes_the_place_of_a_server_that_is_used() -> None:
    rows = merge([made(Source.IMPORTED, "a", run("x")), made(Source.IDE, "a", http("https://h/"))])
    assert [row.name for row in rows] == ["a (imported)", "a"]


@pytest.mark.parametrize("gate", [Status.DISABLED, Status.REJECTED, Status.PENDING_APPROVAL])
def test_a_server_of_one_s_own_wins_whether_or_not_it_may_start(gate: Status) -> None:
    mine = replace(made(Source.PROJECT, "mine", run("a")), gate=gate)
    _, theirs = merge([mine, made(Source.PLUGIN, "plugin:p:a", run("a"))])
    assert theirs.suppressed_by is not None


def test_a_suppressed_server_suppresses_nothing() -> None:
    rows = merge(
        [
            made(Source.PROJECT, "a", run("project")),
            made(Source.USER, "a", run("user")),
            made(Source.PLUGIN, "plugin:p:a", run("user")),
        ]
    )
    assert [row.suppressed_by is None for row in rows] == [True, False, True]


def test_a_broken_entry_of_one_s_own_beats_its_name_and_not_its_twin() -> None:
    rows = merge([made(Source.USER, "a", {"command": "x", "args": 3}), made(Source.PLUGIN, "plugin:p:a", run("x"))])
    assert rows[1].suppressed_by is None


def test_every_row_has_a_name_of_its_own_however_they_are_called() -> None:
    entries = [
        made(Source.PROJECT, "a", run("1")),
        made(Source.USER, "a", run("2")),
        made(Source.USER, "a", run("3")),
        made(Source.USER, "a (user)", run("4")),
        made(Source.PLUGIN, "a (user) 2", run("1")),
    ]
    rows = merge(entries)
    assert len({row.name for row in rows}) == len(rows)
    assert [configured_name(row) for row in rows] == ["a", "a", "a", "a (user)", "a (user) 2"]
    assert [row.name for row in rows if row.suppressed_by is None] == ["a", "a (user)"]


def test_ten_thousand_losers_of_one_name_and_of_one_command_are_ten_thousand_rows() -> None:
    one = made(Source.USER, "a", run("x"))
    by_name = [replace(one, origin=Origin("f", number)) for number in range(10_000)]
    twin = made(Source.PLUGIN, "plugin:p:a", run("x"))
    by_command = [replace(twin, name=f"plugin:p:{number}") for number in range(10_000)]
    rows = merge([*by_name, *by_command])
    assert len({row.name for row in rows}) == 20_000
    assert len(rows[0].provenance.overrode) == 19_999


# A managed file


def test_beside_a_managed_file_nothing_is_in_use_and_everything_is_still_a_row() -> None:
    file = Path("/etc/claude-code/managed-mcp.json")
    entries = [
        made(Source.MANAGED, "a", run("managed")),
        made(Source.CLI, "cli", run("x")),
        made(Source.USER, "a", run("user")),
        made(Source.USER, "a", run("user again")),
        made(Source.PLUGIN, "plugin:p:a", run("managed")),
    ]
    for rows in (merge(managed_only(entries, file)), managed_only(merge(entries), file)):
        assert len(rows) == len({row.name for row in rows}) == 5
        assert rows[0].suppressed_by is None
        assert rows[0].provenance.overrode[0] == "user, /somewhere/user.json:1:1"
        for row in rows[1:]:
            suppression = row.provenance.suppression
            assert suppression is not None
            assert (suppression.why, suppression.by) == ("managed", file.name)
            assert str(file) in f"{row.suppressed_by}{row.problem}"
            assert row.gate is Status.DISABLED
        assert [configured_name(row) for row in rows] == ["a", "cli", "a", "a", "plugin:p:a"]


def test_an_empty_managed_file_switches_everything_off() -> None:
    (row,) = merge(managed_only([made(Source.USER, "a", run("x"))], Path("/m/managed-mcp.json")))
    assert row.name == "a (user)"
    assert row.provenance.suppression is not None
