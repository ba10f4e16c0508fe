"""Servers that a domain announces: DNS-SD over unicast DNS (RFC 6763), ``_mcp._tcp.<domain>``.

Owns the questions PTR, SRV and TXT and the time they may take. Never contacts a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ..models import ServerEntry, Source, SourceInfo, SourceStatus
from ..state.text import one_line
from .announced import SERVICE, Announcement, offered, texts_of
from .mdns import MISSING

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

SECONDS = 2.0
MOST = 50
"""Instances of one domain."""


async def dns_entries(
    domains: Sequence[str],
    project: Path,
    *,
    seconds: float = SECONDS,
    nameservers: Sequence[str] | None = None,
    port: int = 53,
) -> tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]:
    """What each of ``domains`` announces; they are asked side by side, through the system's resolver."""
    if not domains:
        return (), ()
    try:
        import dns.asyncresolver  # not installed everywhere
        import dns.resolver
    except ImportError:
        places = [f"{SERVICE}.{domain}" for domain in domains]
        return (), tuple(SourceInfo(Source.DISCOVERED, place, SourceStatus.OFF, note=MISSING) for place in places)
    results: dict[str, tuple[list[ServerEntry], SourceInfo]] = {}
    try:
        resolver = dns.asyncresolver.Resolver(configure=nameservers is None)
    except (dns.resolver.NoResolverConfiguration, OSError):
        note = "this system has no resolver: /etc/resolv.conf cannot be read"
        places = [f"{SERVICE}.{domain}" for domain in domains]
        return (), tuple(SourceInfo(Source.DISCOVERED, place, SourceStatus.UNREADABLE, note=note) for place in places)
    if nameservers is not None:
        resolver.nameservers, resolver.port = list(nameservers), port
    resolver.lifetime = seconds

    async def ask(domain: str) -> None:
        results[domain] = await _domain(resolver, domain, project, seconds)

    async with anyio.create_task_group() as tasks:
        for domain in domains:
            tasks.start_soon(ask, domain)
    ordered = [results[domain] for domain in domains]
    return tuple(entry for entries, _ in ordered for entry in entries), tuple(info for _, info in ordered)


async def _domain(
    resolver: Resolver, domain: str, project: Path, seconds: float
) -> tuple[list[ServerEntry], SourceInfo]:
    import dns.exception
    import dns.resolver

    place = f"{SERVICE}.{domain}"
    announcements: list[Announcement] = []
    late = False
    try:
        with anyio.move_on_after(seconds) as scope:
            await _ask(resolver, place, domain, announcements)
        late = scope.cancelled_caught
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return [], SourceInfo(Source.DISCOVERED, place, SourceStatus.NOT_FOUND, note="the domain announces no server")
    except dns.exception.Timeout:
        late = True
    except (dns.exception.DNSException, OSError) as error:
        note = one_line(f"the domain could not be asked: {error}", 200)
        return [], SourceInfo(Source.DISCOVERED, place, SourceStatus.UNREADABLE, note=note)
    entries = [offered(announcement, project) for announcement in announcements]
    note = f"not everything was answered within {seconds:g} s" if late else ""
    status = SourceStatus.UNREADABLE if late and not entries else SourceStatus.READ
    return entries, SourceInfo(Source.DISCOVERED, place, status, len(entries), note=note)


async def _ask(resolver: Resolver, place: str, domain: str, found: list[Announcement]) -> None:
    """PTR names the instances; a domain without them may announce the one server it has by SRV alone."""
    import dns.resolver

    try:
        # In an order of their own: name servers give another one each time.
        pointers: list[Any] = sorted(await resolver.resolve(place, "PTR"), key=lambda each: each.target)
        instances = [pointer.target for pointer in pointers[:MOST]]
    except dns.resolver.NoAnswer:
        instances = [place]

    for instance in instances:
        announcement = await _look(resolver, instance, domain)
        if announcement is not None:
            found.append(announcement)


async def _look(resolver: Resolver, instance: Any, domain: str) -> Announcement | None:
    """One instance; None when it has no usable SRV record. Raises ``dns.exception.Timeout`` only."""
    import dns.exception

    try:
        services: list[Any] = sorted(
            await resolver.resolve(instance, "SRV"), key=lambda each: (each.priority, each.target)
        )
    except dns.exception.Timeout:
        raise
    except dns.exception.DNSException:
        return None  # one instance that is gone or broken is no reason to lose the others
    host = services[0].target.to_text(omit_final_dot=True)
    if host in ("", ".", "@"):  # the root: the service is decidedly not available (RFC 2782)
        return None
    texts: list[bytes] = []
    try:
        records: list[Any] = sorted(await resolver.resolve(instance, "TXT"), key=lambda each: each.strings)
        texts = [text for record in records[:4] for text in record.strings]
    except dns.exception.Timeout:
        raise
    except dns.exception.DNSException:
        pass  # without texts the defaults count
    place = f"DNS of {domain}"
    return Announcement(_instance(instance, domain), host, int(services[0].port), place, texts=texts_of(texts))


def _instance(name: Any, domain: str) -> str:
    """The first label, which is UTF-8 of any characters (RFC 6763, 4.1.1); the domain where there is none."""
    if isinstance(name, str):
        return domain
    label: bytes = name.labels[0]
    return domain if label.startswith(b"_") else label.decode("utf-8", "replace")
