"""Servers that stand in no file: connectors of an account, and what the network announces.

Owns when they are looked for: connectors only where they are configured, the network only when a person
asked for it. Never approves and never connects what was found.
"""

from __future__ import annotations

import os
from dataclasses import replace

from ..services.config.entries import Surroundings
from ..services.config.files import MANAGED_FILE
from ..services.config.load import LoadOptions
from ..services.discovery.found import NOTHING, look, quiet_sources, wanted
from ..services.discovery.settings import DiscoverySettings, read_settings
from ..services.models import ServerEntry, SourceInfo


def settings_of(options: LoadOptions) -> DiscoverySettings:
    """What mcpdeck's settings file says about connectors, registry and discovery."""
    return read_settings(options.folders.settings_file)


async def found(options: LoadOptions, *, network: bool) -> tuple[tuple[ServerEntry, ...], tuple[SourceInfo, ...]]:
    """Rows of connectors and (``network``) of announced servers, for ``LoadOptions.found`` and ``found_sources``.

    Raises nothing: what could not be asked is a source that says why. Nothing that is found is contacted.
    """
    if not _asks(options):
        return NOTHING
    settings = settings_of(options)
    entries, sources = NOTHING
    if wanted(settings, network=network):
        around = Surroundings(options.environ, options.project)
        entries, sources = await look(settings, around, network=network)
    return entries, (*sources, *quiet_sources(settings, network=network))


async def with_found(options: LoadOptions, *, network: bool) -> LoadOptions:
    """``options`` with what was found put in."""
    entries, sources = await found(options, network=network)
    return replace(options, found=entries, found_sources=sources)


def with_found_now(options: LoadOptions, *, network: bool) -> LoadOptions:
    """The same for a command that has no event loop yet; nothing is started where nothing has to be asked.

    Raises ``Interrupted`` after a signal.
    """
    if not _asks(options):
        return options
    settings = settings_of(options)
    if not wanted(settings, network=network):
        return replace(options, found_sources=quiet_sources(settings, network=network))
    from .headless import run_for

    return run_for(lambda: with_found(options, network=network))


def _asks(options: LoadOptions) -> bool:
    """Not with an ad-hoc TARGET, ``--strict-mcp-config`` or a managed file: nothing else counts then."""
    if not options.files or options.strict:
        return False
    managed = options.folders.managed if options.managed is None else options.managed
    # A file that cannot be read rules as well: what counts is that it is there.
    return not any(os.path.lexists(folder / MANAGED_FILE) for folder in managed)
