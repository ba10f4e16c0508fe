"""Servers that announce themselves by multicast, on the loopback interface."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from zeroconf import ServiceInfo, Zeroconf

from mcpdeck.services.discovery import mdns
from mcpdeck.services.discovery.mdns import mdns_entries
from mcpdeck.services.models import SourceStatus, Status

pytestmark = pytest.mark.anyio

PROJECT = Path("/srv/project")
LOOPBACK = ["127.0.0.1"]
TYPE = "_mcp._tcp.local."


@pytest.fixture
def announcer() -> Iterator[Zeroconf]:
    zeroconf = Zeroconf(interfaces=LOOPBACK)
    yield zeroconf
    zeroconf.unregister_all_services()
    zeroconf.close()


async def announce(zeroconf: Zeroconf, name: str, port: int, **texts: str) -> None:
    info = ServiceInfo(
        TYPE,
        f"{name}.{TYPE}",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=port,
        properties=dict(texts),
        server="lab.local.",
    )
    await anyio.to_thread.run_sync(zeroconf.register_service, info)


async def test_an_announced_server_is_offered_and_not_contacted(announcer: Zeroconf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        name = f"Weather in the lab {port}"  # others may announce themselves on this machine meanwhile
        await announce(announcer, name, port, path="/v1/mcp", version="1\x1b[31m")
        with anyio.fail_after(30):
            entries, infos = await mdns_entries(PROJECT, interfaces=LOOPBACK)

        (entry,) = [entry for entry in entries if entry.name == name]
        assert (entry.endpoint, entry.gate) == (f"http://127.0.0.1:{port}/v1/mcp", Status.DISABLED)
        assert "it says it is version 1␛[31m" in entry.lints
        assert [(info.place, info.status, info.servers) for info in infos] == [
            ("_mcp._tcp.local", SourceStatus.READ, len(entries))
        ]
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_a_quiet_network_is_told_after_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdns, "SERVICE", "_mcp-quiet._tcp")
    with anyio.fail_after(30):
        entries, infos = await mdns_entries(PROJECT, seconds=0.2, interfaces=LOOPBACK)

    assert entries == ()
    assert infos[0].note == "nothing announced itself within 0.2 s"


async def test_an_interface_that_cannot_be_listened_to_is_told() -> None:
    with anyio.fail_after(30):
        entries, infos = await mdns_entries(PROJECT, seconds=0.2, interfaces=["203.0.113.77"])

    assert entries == ()
    assert infos[0].status is SourceStatus.UNREADABLE
    assert infos[0].note.startswith("the network cannot be listened to")


async def test_without_the_extra_the_source_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)

    entries, infos = await mdns_entries(PROJECT)

    assert entries == ()
    assert (infos[0].status, infos[0].note) == (SourceStatus.OFF, mdns.MISSING)
