"""Servers that the embedding program hands over: objects, factories, entries as they stand in files.

Owns turning each into a ``ServerEntry`` of source ``sdk``, and knowing which are still the same. Never runs
one: a factory is called by the transport, when the server is connected.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TypeAlias, cast

from ..config.entries import Surroundings, server_entry
from ..config.models import RawEntry, SourceFile
from ..config.sources import project_root
from ..errors import ConfigValidationError
from ..models import (
    InProcessTarget,
    Json,
    Origin,
    ServerEntry,
    Source,
    TransportKind,
)

Given: TypeAlias = "ServerEntry | Mapping[str, Json] | Callable[[], object] | object"
"""A server: an object of the official SDK (MCPServer, FastMCP, Server), typed tools (a class, an object, a list), a
callable without arguments that makes one, an entry as in ``mcpServers``, or a ``ServerEntry``."""

_serials = itertools.count(1)


@dataclass(frozen=True, slots=True)
class GivenServer:
    """What was given under a name, kept so that the same object is known again, and the entry it became."""

    value: object
    entry: ServerEntry


def entry_of(name: str, value: Given, before: GivenServer | None) -> GivenServer:
    """The entry for ``value``; the one of ``before`` when it is the same object. Raises ``ConfigError``."""
    if not isinstance(name, str) or not name.strip():  # pyright: ignore[reportUnnecessaryIsInstance] - programs that are not type-checked
        raise ConfigValidationError(f"{name!r} is no name of a server", hint="Give a string that is not empty.")
    if isinstance(value, ServerEntry):
        entry = replace(value, name=name, source=Source.SDK)
    elif isinstance(value, Mapping):
        entry = _written(name, cast("Mapping[str, Json]", value))
    elif before is not None and before.value is value:
        entry = before.entry
    else:
        entry = _object(name, value)
    if entry.problem is not None:
        problem = entry.problem
        raise ConfigValidationError(problem.title, hint=problem.hint, details=dict(problem.details), server=name)
    return GivenServer(cast("object", value), entry)


def _written(name: str, value: Mapping[str, Json]) -> ServerEntry:
    """An entry in the shape of a file; what is relative in it is relative to the current folder."""
    folder = Path.cwd()
    raw = RawEntry(name, SourceFile(Source.SDK, folder, inline=""), dict(value), Origin())
    return server_entry(raw, Surroundings(os.environ, project_root(folder)))


def _object(name: str, value: object) -> ServerEntry:
    factory: Callable[[], object] | None = None
    if _is_server(value):
        factory = lambda: value  # noqa: E731 - one of two ways to the same thing
    elif callable(value) and not isinstance(value, type):
        factory = cast("Callable[[], object]", value)
    if factory is None:
        raise ConfigValidationError(
            f"{name} is not a server but of type {type(value).__name__}",
            hint="Give a server object (MCPServer, FastMCP, Server), typed tools, a function that makes one, "
            "or an entry.",
            server=name,
        )
    spec = getattr(value, "__qualname__", None) or type(value).__qualname__
    module = getattr(value, "__module__", None) or type(value).__module__
    endpoint = f"{module}:{spec}"
    # No two objects are the same server, whatever they look like.
    digest = hashlib.sha256(f"{name}\n{endpoint}\n{next(_serials)}\n{Source.SDK}".encode()).hexdigest()
    return ServerEntry(
        name=name,
        source=Source.SDK,
        target=InProcessTarget(endpoint, factory=factory),
        transport=TransportKind.IN_PROCESS,
        endpoint=endpoint,
        digest=digest,
    )


def _is_server(value: object) -> bool:
    """A server object of the SDK, of any of its generations, or typed tools; the SDK is not imported for that."""
    from ..transports.server_object import is_server_object  # what it stands on is needed for objects only

    return not isinstance(value, ModuleType) and is_server_object(value)
