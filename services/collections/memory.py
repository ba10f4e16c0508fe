"""What was called last: the arguments of each tool, and the recent calls.

Owns one private file in mcpdeck's data folder, for many processes. Nothing of a result is kept, and no secret: what is
one is decided elsewhere. Reading and writing block: call ``load`` and ``write`` from a thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..config.contents import Unreadable, plain_text
from ..config.files import PrivateJson
from ..models import Json, JsonObject, Offered, as_list, as_object, as_text

FILE_NAME = "recent-calls.json"
RECENT = 200
"""Calls that are kept, of all servers."""
LAST = 1_000
"""Tools whose last arguments are kept."""
LARGEST = 32 * 1024
"""Characters of arguments that are kept; of larger ones only that there was a call."""
VARIABLE = "MCPDECK_REMEMBER"
"""``off``: nothing is read or written; as the setting ``{"calls": {"remember": false}}``."""


@dataclass(frozen=True, slots=True)
class Recent:
    """One call. ``server`` is the configured name; ``at`` in wall seconds, ``ms`` None: it never came to an end.

    ``partly``: some of the arguments are not kept, secrets or too much.
    """

    server: str
    kind: Offered
    name: str
    arguments: JsonObject = field(default_factory=dict[str, Json])
    status: str = ""
    ms: float | None = None
    at: float = 0.0
    as_task: bool = False
    partly: bool = False

    @property
    def key(self) -> tuple[Offered, str, str]:
        return (self.kind, self.server, self.name)


def switched_off(environ: Mapping[str, str], settings: Path | None) -> bool:
    """Whether a person wants nothing to be remembered. Blocks; never raises for what stands in the file."""
    if environ.get(VARIABLE, "").strip().lower() in ("off", "0", "no", "false"):
        return True
    if settings is None:
        return False
    try:
        value = as_object(json.loads(plain_text(settings, 1024 * 1024) or "{}"))
    except (Unreadable, ValueError, RecursionError):  # whoever reads the whole of it says so
        return False
    return as_object(value.get("calls")).get("remember") is False


class CallMemory:
    """The calls of this process and those that the file holds. ``file`` None: of this process only."""

    def __init__(self, file: Path | None) -> None:
        self._file = None if file is None else PrivateJson(file)
        self._recent: tuple[Recent, ...] = ()
        self._last: dict[tuple[Offered, str, str], JsonObject] = {}
        self._unwritten: list[Recent] = []

    @property
    def recent(self) -> tuple[Recent, ...]:
        """Newest first."""
        return self._recent

    def last(self, kind: Offered, server: str, name: str) -> JsonObject | None:
        """The arguments that it was called with last; None where nothing is known of it."""
        return self._last.get((kind, server, name))

    def add(self, call: Recent) -> None:
        """Remember it now; written with the next ``write``."""
        if _size(call.arguments) > LARGEST:
            call = Recent(
                call.server, call.kind, call.name, {}, call.status, call.ms, call.at, call.as_task, partly=True
            )
        self._recent = (call, *self._recent)[:RECENT]
        if call.arguments or not call.partly:
            self._last.pop(call.key, None)
            self._last[call.key] = call.arguments
        if self._file is not None:
            self._unwritten.append(call)

    @property
    def unwritten(self) -> bool:
        return bool(self._unwritten)

    def forget(self) -> None:
        """All of it. Raises ``ConfigError``."""
        self._recent, self._last, self._unwritten = (), {}, []
        if self._file is not None:
            self._file.update(lambda content: content.clear())

    def load(self) -> None:
        """What the file holds, and what of this process is not in it yet. Never raises."""
        if self._file is None:
            return
        content = self._file.read()
        self._take(content)

    def write(self) -> None:
        """Add what is new to the file, and take what others wrote. Raises ``ConfigError``."""
        if self._file is None or not self._unwritten:
            return
        new, self._unwritten = self._unwritten, []
        merged: list[JsonObject] = []

        def change(content: JsonObject) -> None:
            recent = sorted((*_recent_of(content), *new), key=lambda one: one.at, reverse=True)[:RECENT]
            last = _last_of(content)
            for one in new:
                if one.arguments or not one.partly:
                    last.pop(one.key, None)
                    last[one.key] = one.arguments
            kept = list(last.items())[-LAST:]
            content["version"] = 1
            content["recent"] = [_record(one) for one in recent]
            content["last"] = [
                {"kind": kind.value, "server": server, "name": name, "arguments": arguments}
                for (kind, server, name), arguments in kept
            ]
            merged.append(content)

        try:
            self._file.update(change)
        except Exception:
            self._unwritten = [*new, *self._unwritten]
            raise
        self._take(merged[0])

    def _take(self, content: JsonObject) -> None:
        unwritten = tuple(self._unwritten)
        self._recent = tuple(sorted((*_recent_of(content), *unwritten), key=lambda one: one.at, reverse=True)[:RECENT])
        last = _last_of(content)
        for one in unwritten:
            if one.arguments or not one.partly:
                last[one.key] = one.arguments
        self._last = last


def _recent_of(content: JsonObject) -> Iterable[Recent]:
    """What can be understood; a record that cannot is left out."""
    for item in as_list(content.get("recent")):
        one = as_object(item)
        key = _key_of(one)
        at, ms = one.get("at"), one.get("ms")
        if key is None or not isinstance(at, int | float):
            continue
        kind, server, name = key
        yield Recent(
            server,
            kind,
            name,
            as_object(one.get("arguments")),
            as_text(one.get("status")) or "",
            float(ms) if isinstance(ms, int | float) else None,
            float(at),
            one.get("asTask") is True,
            one.get("partly") is True,
        )


def _last_of(content: JsonObject) -> dict[tuple[Offered, str, str], JsonObject]:
    found: dict[tuple[Offered, str, str], JsonObject] = {}
    for item in as_list(content.get("last")):
        one = as_object(item)
        key = _key_of(one)
        if key is not None:
            found[key] = as_object(one.get("arguments"))
    return found


def _key_of(one: JsonObject) -> tuple[Offered, str, str] | None:
    kind, server, name = (as_text(one.get(member)) for member in ("kind", "server", "name"))
    if kind not in {known.value for known in Offered} or not server or not name:
        return None
    return Offered(kind), server, name


def _record(one: Recent) -> JsonObject:
    record: JsonObject = {
        "kind": one.kind.value,
        "server": one.server,
        "name": one.name,
        "arguments": one.arguments,
        "status": one.status,
        "ms": None if one.ms is None else round(one.ms, 3),
        "at": round(one.at, 3),
    }
    if one.as_task:
        record["asTask"] = True
    if one.partly:
        record["partly"] = True
    return record


def _size(value: JsonObject) -> int:
    try:
        return len(json.dumps(value))
    except (RecursionError, ValueError, TypeError):
        return LARGEST + 1
