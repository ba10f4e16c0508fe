"""What is found is not contacted before a person says so; looking costs nothing where nothing is configured."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from zeroconf import ServiceInfo, Zeroconf

from mcpdeck.app import discovering
from mcpdeck.services.config.load import LoadOptions
from mcpdeck.services.models import Source, SourceStatus
from tests.cli.command import CommandLine
from tests.servers.registry_http import Asked, Reply, serving

TOKEN = "account-token-7"


@pytest.fixture
def mcpdeck(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@contextmanager
def listening() -> Iterator[tuple[int, Any]]:
    """A port that somebody could connect to, and a question whether anybody did."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)

        def untouched() -> bool:
            try:
                listener.accept()
            except BlockingIOError:
                return True
            return False

        yield listener.getsockname()[1], untouched


def settings(mcpdeck: CommandLine, **content: object) -> Path:
    file = mcpdeck.home / "config" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def connectors(port: int) -> Reply:
    return Reply(
        {
            "data": [
                {"id": "notes", "display_name": "Notes", "url": "https://notes.example/mcp"},
                {"display_name": "Evil", "url": f"http://127.0.0.1:{port}/mcp"},
            ]
        }
    )


def test_connectors_are_listed_and_wait_for_approval(mcpdeck: CommandLine) -> None:
    with listening() as (port, untouched), serving(lambda _: connectors(port)) as served:
        settings(mcpdeck, connectors={"url": served.url, "token": "${ACCOUNT}"})
        done = mcpdeck("list", "--json", env={"ACCOUNT": TOKEN})
        called = mcpdeck("tools", "Notes", "--json", env={"ACCOUNT": TOKEN})

        assert untouched()

    rows = {row["name"]: row for row in done.json["servers"]}
    assert (rows["Notes"]["source"], rows["Notes"]["status"]) == ("connector", "pending approval")
    assert rows["Notes"]["endpoint"] == f"{served.url}/v1/mcp/notes"
    assert rows["Evil"]["status"] == "not configured"
    assert called.code == 5
    # the directory was asked for its list, once a command, and for nothing else
    assert [asked.path for asked in served.asked] == ["/v1/mcp_servers"] * 2
    assert TOKEN not in done.out + done.err + called.out + called.err


def test_an_approved_connector_is_reached_through_the_proxy(mcpdeck: CommandLine) -> None:
    def answer(asked: Asked) -> Reply:
        return connectors(1) if asked.path == "/v1/mcp_servers" else Reply({}, 404)

    with serving(answer) as served:
        settings(mcpdeck, connectors={"url": served.url, "token": TOKEN})
        assert mcpdeck("approve", "Notes", "--yes").code == 0
        done = mcpdeck("list", "--json")

    (row,) = [row for row in done.json["servers"] if row["name"] == "Notes"]
    assert row["status"] == "failed"
    reached = [asked for asked in served.asked if asked.path == "/v1/mcp/notes"]
    assert reached and {asked.headers["Authorization"] for asked in reached} == {f"Bearer {TOKEN}"}


def test_a_name_that_stands_in_a_file_needs_no_directory(mcpdeck: CommandLine) -> None:
    with serving(lambda _: connectors(1)) as served:
        settings(mcpdeck, connectors={"url": served.url, "token": TOKEN})
        mcpdeck.user({"mine": {"command": "/no/such/program"}})
        done = mcpdeck("tools", "mine", "--json")

    assert done.code == 3
    assert served.asked == []


def test_a_connector_gives_way_to_the_same_server_of_ones_own(mcpdeck: CommandLine) -> None:
    with serving(lambda _: connectors(1)) as served:
        settings(mcpdeck, connectors={"url": served.url, "token": TOKEN})
        mcpdeck.user({"my-notes": {"type": "http", "url": "https://notes.example/mcp"}})
        rows = mcpdeck("list", "--no-connect", "--json").json["servers"]

    (row,) = [row for row in rows if row["source"] == "connector" and row["suppressedBy"]]
    assert "my-notes" in row["suppressedBy"]


def test_a_directory_that_fails_costs_only_its_servers(mcpdeck: CommandLine) -> None:
    with serving(lambda _: Reply({}, 503)) as served:
        settings(mcpdeck, connectors={"url": served.url, "token": TOKEN})
        mcpdeck.user({"mine": {"command": "/no/such/program"}})
        done = mcpdeck("list", "--no-connect", "--json")
        places = mcpdeck("sources", "--json").json["sources"]

    assert [row["name"] for row in done.json["servers"]] == ["mine"]
    (place,) = [place for place in places if place["source"] == "connector"]
    assert place["status"] == "unreadable"
    assert "answered 503" in place["note"]


def test_a_server_that_announces_itself_is_shown_and_never_contacted(mcpdeck: CommandLine) -> None:
    zeroconf = Zeroconf(interfaces=["127.0.0.1"])
    try:
        with listening() as (port, untouched):
            kind = "_mcp._tcp.local."
            address = [socket.inet_aton("127.0.0.1")]
            zeroconf.register_service(
                ServiceInfo(kind, f"announced-here.{kind}", addresses=address, port=port, server="here.local.")
            )
            done = mcpdeck("list", "--discover", "--json")
            called = mcpdeck("tools", "announced-here", "--json")

            assert untouched()
    finally:
        zeroconf.unregister_all_services()
        zeroconf.close()

    (row,) = [row for row in done.json["servers"] if row["name"] == "announced-here"]
    assert (row["source"], row["status"]) == ("discovered", "disabled")
    assert row["endpoint"] == f"http://127.0.0.1:{port}/mcp"
    assert called.code == 2  # without --discover there is no such server at all


def test_nothing_is_announced_to_a_run_that_does_not_ask(tmp_path: Path) -> None:
    options = LoadOptions(tmp_path, {"MCPDECK_HOME": str(tmp_path / "deck")}, managed=())

    quiet = discovering.with_found_now(options, network=False)
    assert quiet.found == ()
    assert {(info.source, info.status) for info in quiet.found_sources} == {
        (Source.CONNECTOR, SourceStatus.OFF),
        (Source.REGISTRY, SourceStatus.OFF),
        (Source.DISCOVERED, SourceStatus.OFF),
    }


@pytest.mark.parametrize("why", ["strict", "no files", "managed"])
def test_nobody_is_asked_where_other_sources_do_not_count(tmp_path: Path, why: str) -> None:
    deck, managed = tmp_path / "deck", tmp_path / "managed"
    (deck / "config").mkdir(parents=True)
    managed.mkdir()
    if why == "managed":
        (managed / "managed-mcp.json").write_text("{ not even JSON")
    with serving(lambda _: connectors(1)) as served:
        content = {"connectors": {"url": served.url, "token": TOKEN}}
        (deck / "config" / "settings.json").write_text(json.dumps(content))
        options = LoadOptions(
            tmp_path,
            {"MCPDECK_HOME": str(deck)},
            strict=why == "strict",
            files=why != "no files",
            managed=(managed,),
        )
        assert discovering.with_found_now(options, network=True).found == ()

    assert served.asked == []


def test_without_connectors_nothing_heavy_is_imported(tmp_path: Path) -> None:
    heavy = ("httpx", "zeroconf", "dns", "yaml", "textual", "mcpdeck.services.discovery.connectors")
    code = (
        "import sys; from pathlib import Path; from mcpdeck.app import discovering; "
        "from mcpdeck.services.config.load import LoadOptions; "
        f"options = LoadOptions(Path({str(tmp_path)!r}), {{'MCPDECK_HOME': {str(tmp_path)!r}}}, managed=()); "
        "discovering.with_found_now(options, network=False); "
        f"print(*(set({heavy!r}) & sys.modules.keys()))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
