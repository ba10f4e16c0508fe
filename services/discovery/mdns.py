"""Servers that announce themselves on the local network: mDNS and DNS-SD (RFC 6762, RFC 6763).

Owns listening for ``_mcp._tcp.local`` for a bounded time. Never contacts a server and announces nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread

from ..models import ServerEntry, Source, SourceInfo, SourceStatus
from ..state.text import one_line
from .announced import SERVICE, Announcement, offered, texts_of

SECONDS = 2.0
MOST = 200
"""Of instances: a network with more of them is one that somebody plays games on."""
PLACE = f"{SERVICE}.local"
MISSING = "needs an extra: pip install 'mcpdeck[discovery]'"


@dataclass
class _Heard:
    """The names of the instances, added from the library's own thread."""

    names: dict[str, None] = field(default_factory=dict[str, None])
    ended: threading.Event = field(default_factory=threading.Event)


async def mdns_entries(
    project: Path, *, seconds: float = SECONDS, interfaces: Sequence[str] | None = None
) -> tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]:
    """What was announced within ``seconds``, on all interfaces or on those of the given addresses."""
    heard = _Heard()
    try:
        announcements = await anyio.to_thread.run_sync(_listen, heard, seconds, interfaces, abandon_on_cancel=True)
    except ImportError:
        return (), (SourceInfo(Source.DISCOVERED, PLACE, SourceStatus.OFF, note=MISSING),)
    except OSError as error:
        note = f"the network cannot be listened to: {error.strerror or type(error).__name__}"
        return (), (SourceInfo(Source.DISCOVERED, PLACE, SourceStatus.UNREADABLE, note=note),)
    finally:
        heard.ended.set()
    entries = tuple(offered(announcement, project) for announcement in announcements)
    lints = (f"only the first {MOST} instances are shown",) if len(heard.names) >= MOST else ()
    note = "" if entries else f"nothing announced itself within {seconds:g} s"
    return entries, (SourceInfo(Source.DISCOVERED, PLACE, SourceStatus.READ, len(entries), lints, note),)


def _listen(heard: _Heard, seconds: float, interfaces: Sequence[str] | None) -> list[Announcement]:
    """Runs in a thread of its own: the library brings its loop along, whatever ours is."""
    # 80 ms, and not installed everywhere.
    from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

    kind = f"{SERVICE}.local."

    # The library calls with these names.
    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:  # noqa: ARG001
        if state_change is ServiceStateChange.Removed:
            heard.names.pop(name, None)
        elif len(heard.names) < MOST:
            heard.names[name] = None

    chosen = list(interfaces) if interfaces is not None else InterfaceChoice.All
    zeroconf = Zeroconf(interfaces=chosen, ip_version=IPVersion.V4Only if interfaces is not None else None)
    try:
        browser = ServiceBrowser(zeroconf, kind, handlers=[changed])
        heard.ended.wait(seconds * 0.75)
        browser.cancel()
        announcements: list[Announcement] = []
        share = seconds * 0.25
        for name in list(heard.names):
            info = ServiceInfo(kind, name)
            # Most answers bring everything along; the rest share what is left of the time.
            if not info.load_from_cache(zeroconf) and share > 0 and not heard.ended.is_set():
                info.request(zeroconf, share * 1000)
                share = 0.0
            announcements.append(
                _announcement(name, kind, info.server, info.port, info.parsed_addresses(), info.properties)
            )
        return announcements
    finally:
        zeroconf.close()


def _announcement(
    name: str,
    kind: str,
    host: str | None,
    port: int | None,
    addresses: list[str],
    properties: dict[bytes, bytes | None],
) -> Announcement:
    instance = one_line(name.removesuffix(f".{kind}"), 200)
    return Announcement(
        instance, host or "", port or 0, "mDNS on this network", tuple(addresses[:8]), texts_of(properties)
    )
