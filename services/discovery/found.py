"""Everything that is looked for beyond the files: connectors, and what the network announces.

Owns looking side by side. Never contacts a server that was found.
"""

from __future__ import annotations

import anyio

from ..config.entries import Surroundings
from ..models import ServerEntry, Source, SourceInfo, SourceStatus
from .settings import DiscoverySettings

Found = tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]

NOTHING: Found = ((), ())


def wanted(settings: DiscoverySettings, *, network: bool) -> bool:
    """Whether anything has to be fetched, asked for or told."""
    return bool(network or settings.connectors or settings.problem or settings.lints)


async def look(
    settings: DiscoverySettings, around: Surroundings, *, network: bool, seconds: float | None = None
) -> Found:
    """The rows of connectors, then those of the network, and every place that was asked. Raises nothing.

    ``network``: also listen for announcements and ask the configured domains. ``seconds``: another bound of time
    for each of them (default 10 for connectors, 2 for the network).
    """
    parts: dict[str, Found] = {}

    async def connectors() -> None:
        from .connectors import SECONDS, connector_entries

        parts["connectors"] = await connector_entries(settings, around, seconds=seconds or SECONDS)

    async def multicast() -> None:
        from .mdns import SECONDS, mdns_entries

        parts["mdns"] = await mdns_entries(around.project, seconds=seconds or SECONDS)

    async def domains() -> None:
        from .dns_sd import SECONDS, dns_entries

        parts["dns"] = await dns_entries(settings.domains, around.project, seconds=seconds or SECONDS)

    async with anyio.create_task_group() as tasks:
        if settings.connectors or settings.problem:
            tasks.start_soon(connectors)
        if network and settings.mdns:
            tasks.start_soon(multicast)
        if network and settings.domains:
            tasks.start_soon(domains)
    ordered = [parts[key] for key in ("connectors", "mdns", "dns") if key in parts]
    entries = tuple(entry for rows, _ in ordered for entry in rows)
    return entries, (*_settings_info(settings), *(info for _, infos in ordered for info in infos))


def quiet_sources(settings: DiscoverySettings, *, network: bool) -> tuple[SourceInfo, ...]:
    """The places that are not looked at now, and what would make it so."""
    quiet: list[SourceInfo] = []
    if settings.connectors is None and settings.problem is None:
        note = f'nothing configured: "connectors" in {settings.file}'
        quiet.append(SourceInfo(Source.CONNECTOR, "a connector directory", SourceStatus.OFF, note=note))
    note = "browsed and installed from by hand: mcpdeck registry search WORDS"
    quiet.append(SourceInfo(Source.REGISTRY, settings.registry, SourceStatus.OFF, note=note))
    if not network:
        places = ["_mcp._tcp.local", *(f"_mcp._tcp.{domain}" for domain in settings.domains)]
        note = "looked for when it is asked for: --discover"
        quiet += [SourceInfo(Source.DISCOVERED, place, SourceStatus.OFF, note=note) for place in places]
    elif not settings.mdns:
        note = f'switched off: "mdns" in {settings.file}'
        quiet.append(SourceInfo(Source.DISCOVERED, "_mcp._tcp.local", SourceStatus.OFF, note=note))
    return tuple(quiet)


def _settings_info(settings: DiscoverySettings) -> tuple[SourceInfo, ...]:
    """A line for the settings file itself, when something in it is odd."""
    if not settings.lints:
        return ()
    note = "what it says about connectors, the registry and discovery"
    return (SourceInfo(Source.CONNECTOR, str(settings.file), SourceStatus.READ, lints=settings.lints, note=note),)
