"""Several instances of one entry: the fields ``replicas`` (processes) and ``urls`` (addresses), and the rows they make.

Owns what the two may hold, and the names of instances. Never starts or contacts any: which of them takes a call is the
connections' business.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..models import Instance, Json, JsonObject, ServerEntry, TransportKind
from .fields import FieldReader, Unusable
from .read import json_kind

MOST = 16
"""Instances of one entry, at the most."""


def replicas_of(fields: FieldReader, transport: TransportKind) -> int:
    """How many processes are to run. One where the entry does not say, or says what cannot be used, which is a lint."""
    value = fields.value.get("replicas")
    if value is None or transport is not TransportKind.STDIO:
        return 1
    if isinstance(value, bool) or not isinstance(value, int):
        fields.lints.append(f'"replicas" is {json_kind(value)}, not a whole number from 1 to {MOST}: one is started')
        return 1
    if not 1 <= value <= MOST:
        fields.lints.append(f'"replicas" is {value}, not a number from 1 to {MOST}: one is started')
        return 1
    return value


def addresses_of(value: JsonObject, transport: TransportKind) -> tuple[str, ...]:
    """The URLs of ``urls`` as they are written; none where the entry has no such field. Raises ``Unusable``."""
    given = value.get("urls")
    if given is None or transport is not TransportKind.HTTP:
        return ()
    if "url" in value:
        raise Unusable('it has "url" and "urls": one of them is enough', 'move the "url" into "urls"', "urls")
    if not isinstance(given, list):
        raise Unusable(
            f'"urls" is {json_kind(given)}, not an array', 'write "urls": ["https://…", "https://…"]', "urls"
        )
    if not given:
        raise Unusable('"urls" is empty', "name at least one URL", "urls")
    if len(given) > MOST:
        raise Unusable(f'"urls" names {len(given)} URLs', f"name at most {MOST}", "urls")
    found: list[str] = []
    for place, url in enumerate(given, 1):
        if not isinstance(url, str):
            raise Unusable(f'"urls" has {json_kind(url)} at place {place}, not a string', "write a URL", "urls")
        if url in found:
            raise Unusable(
                f'"urls" names the same URL at places {found.index(url) + 1} and {place}', "keep one", "urls"
            )
        found.append(url)
    return tuple(found)


def written_addresses(value: JsonObject) -> tuple[str, ...]:
    """Every URL that stands in the entry, whatever else is wrong with it."""
    given = value.get("urls")
    several: list[Json] = given if isinstance(given, list) and "url" not in value else []
    one = value.get("url")
    return tuple(url for url in [one, *several] if isinstance(url, str))


def spread(entries: Iterable[ServerEntry], *, processes: bool = True) -> Iterator[ServerEntry]:
    """Each entry, and behind it its further instances ``name#2``, ``name#3`` …; a name that is taken is passed over.

    ``processes`` False: one process of an entry is enough.
    """
    rows = list(entries)
    taken = {entry.name for entry in rows}
    for entry in rows:
        if len(several := _instances(entry, processes=processes)) < 2:
            yield entry
            continue
        first, *others = several
        yield replace(entry, target=first.target, endpoint=first.endpoint, instances=(), replicas=1)
        numbers = itertools.count(2)
        for other in others:
            name = next(name for number in numbers if (name := f"{entry.name}#{number}") not in taken)
            taken.add(name)
            yield replace(
                entry,
                name=name,
                target=other.target,
                endpoint=other.endpoint,
                instances=(),
                replicas=1,
                replica_of=entry.name,
            )


def _instances(entry: ServerEntry, *, processes: bool) -> list[Instance]:
    if entry.target is None or entry.suppressed_by is not None:
        return []
    if entry.instances:
        return [*entry.instances]
    return [Instance(entry.target, entry.endpoint)] * (entry.replicas if processes else 1)
