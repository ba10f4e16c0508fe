"""From a server of the registry to the ways it can be had, and the one that is chosen.

Owns the order and the names. Never runs anything and never writes a file.
"""

from __future__ import annotations

import re

from ..errors import UsageError
from ..models import TransportKind
from ..state.text import one_line
from .package_ways import package_way
from .remote_ways import remote_way
from .server_json import RegistryServer
from .ways import Way


def ways_of(server: RegistryServer) -> tuple[Way, ...]:
    """Every package, then every remote, in the order of the registry."""
    short = short_name(server.name)
    return tuple(
        [package_way(package, short) for package in server.packages]
        + [remote_way(remote, short) for remote in server.remotes]
    )


def chosen(server: RegistryServer, transport: TransportKind | None) -> Way:
    """The first way that can be installed, of ``transport`` when that is given. Raises ``UsageError``."""
    ways = ways_of(server)
    name = one_line(server.name, 100)
    if server.status == "deleted":
        raise UsageError(f"{name} was deleted from the registry", hint=one_line(server.status_message, 200))
    if not ways:
        raise UsageError(
            f"{name} has neither packages nor remotes", hint="its website or repository may say how it is used"
        )
    fitting = [way for way in ways if transport is None or way.kind is transport]
    if not fitting:
        kinds = ", ".join(dict.fromkeys(way.kind.value for way in ways))
        raise UsageError(f"{name} cannot be had over {transport}", hint=f"there is {kinds}")
    usable = next((way for way in fitting if way.problem is None), None)
    if usable is None:
        raise UsageError(
            f"{name} cannot be installed", hint="; ".join(f"{way.label}: {way.problem}" for way in fitting)
        )
    return usable


def short_name(name: str) -> str:
    """The name a server gets here unless another is asked for: the last part, of letters, digits, - and _."""
    last = name.rpartition("/")[2] or name
    return re.sub(r"[^A-Za-z0-9_-]+", "-", last).strip("-")[:60] or "server"
