"""What a domain announces, asked of a real name server on loopback."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.discovery.dns_sd import MOST, dns_entries
from mcpdeck.services.models import ServerEntry, SourceInfo, SourceStatus, Status
from tests.servers.dns_udp import NameServer, name_server

pytestmark = pytest.mark.anyio

PROJECT = Path("/srv/project")
PLACE = "_mcp._tcp.example.com."
WEATHER = f"Weather\\032now.{PLACE}"
FILES = f"files.{PLACE}"
RECORDS = {
    (PLACE, "PTR"): [WEATHER, FILES, f"gone.{PLACE}", f"off.{PLACE}"],
    (WEATHER, "SRV"): ["10 0 9000 backup.example.com.", "0 0 8443 weather.example.com."],
    (WEATHER, "TXT"): ['"proto=https" "path=/api/mcp" "version=2.1"'],
    (FILES, "SRV"): ["0 0 8000 files.example.com."],
    (f"off.{PLACE}", "SRV"): ["0 0 0 ."],
}


async def asked(server: NameServer, *domains: str, seconds: float = 10) -> tuple[list[ServerEntry], list[SourceInfo]]:
    with anyio.fail_after(30):
        entries, infos = await dns_entries(
            domains, PROJECT, seconds=seconds, nameservers=["127.0.0.1"], port=server.port
        )
    return list(entries), list(infos)


async def test_every_instance_with_an_address_is_offered() -> None:
    with name_server(RECORDS) as server:
        entries, infos = await asked(server, "example.com")

    assert [(entry.name, entry.endpoint, entry.gate) for entry in entries] == [
        ("files", "http://files.example.com:8000/mcp", Status.DISABLED),
        ("Weather now", "https://weather.example.com:8443/api/mcp", Status.DISABLED),
    ]
    assert [(info.place, info.status, info.servers) for info in infos] == [
        ("_mcp._tcp.example.com", SourceStatus.READ, 2)
    ]


async def test_a_domain_may_announce_one_server_without_instances() -> None:
    records = {(PLACE, "SRV"): ["0 0 443 mcp.example.com."], (PLACE, "TXT"): ['"path=/x"']}
    with name_server(records) as server:
        entries, _ = await asked(server, "example.com")

    assert [(entry.name, entry.endpoint) for entry in entries] == [("example.com", "https://mcp.example.com:443/x")]


async def test_a_domain_that_announces_nothing_is_not_found() -> None:
    with name_server({}) as server:
        entries, infos = await asked(server, "example.com", "example.org")

    assert entries == []
    assert [(info.place, info.status) for info in infos] == [
        ("_mcp._tcp.example.com", SourceStatus.NOT_FOUND),
        ("_mcp._tcp.example.org", SourceStatus.NOT_FOUND),
    ]


async def test_a_name_server_that_says_nothing_is_not_waited_for() -> None:
    with name_server(RECORDS, silent=True) as server:
        entries, infos = await asked(server, "example.com", seconds=0.3)

    assert entries == []
    assert infos[0].status is SourceStatus.UNREADABLE
    assert "within 0.3 s" in infos[0].note


async def test_hostile_records_become_rows_that_say_why() -> None:
    instance = f"\\027[31mred.{PLACE}"
    records = {
        (PLACE, "PTR"): [instance],
        (instance, "SRV"): ["0 0 80 evil\\032host.example."],
        (instance, "TXT"): ['"path=/${HOME}" "proto=http"'],
    }
    with name_server(records) as server:
        entries, _ = await asked(server, "example.com")

    assert entries[0].name == "␛[31mred"
    assert entries[0].target is None
    assert entries[0].problem is not None and "is no host name" in entries[0].problem.title


async def test_no_more_instances_are_asked_for_than_a_person_reads() -> None:
    names = [f"i{number}.{PLACE}" for number in range(MOST * 2)]
    records = {(PLACE, "PTR"): names[: MOST + 10], **{(name, "SRV"): ["0 0 80 a.example."] for name in names}}
    with name_server(records) as server:
        entries, _ = await asked(server, "example.com")

    assert len(entries) == MOST


async def test_without_domains_nobody_is_asked() -> None:
    assert await dns_entries((), PROJECT) == ((), ())
