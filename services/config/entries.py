"""An entry as written -> a ``ServerEntry`` that can be started, or one that says why it cannot.

Owns the rules of config contract section 2: types, required fields, expansion, lints, digest. Never
decides whether an entry may start (that is policy) and never raises for what stands in an entry.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..models import (
    EraMode,
    ErrorInfo,
    Json,
    JsonObject,
    Origin,
    ServerEntry,
    Source,
    Status,
    StdioTarget,
    Target,
    TransportKind,
)
from .fields import Unusable
from .mask import masked_command
from .models import FileProblem, RawEntry
from .read import json_kind
from .remote import REMOTE_FIELDS, RemoteReader
from .roots import roots_of

TYPES: Mapping[str, TransportKind] = {
    "stdio": TransportKind.STDIO,
    "http": TransportKind.HTTP,
    "streamable-http": TransportKind.HTTP,
    "sse": TransportKind.SSE,
    "ws": TransportKind.WS,
    "sse-ide": TransportKind.SSE_IDE,
    "ws-ide": TransportKind.WS_IDE,
    "claudeai-proxy": TransportKind.CONNECTOR,
}

_USED = ("type", "timeout", "disabled", "era", "protocolVersion", "roots")
_USED_BY: Mapping[TransportKind, tuple[str, ...]] = {
    TransportKind.STDIO: ("command", "args", "env", "cwd"),
    **REMOTE_FIELDS,
}
_NOT_BUILT = ("headersHelper", "oauth", "alwaysLoad")
_USUAL_TYPES = 'use "stdio", "http", "sse" or "ws"'
_NAME = re.compile(r"[A-Za-z0-9_-]+")
MINIMUM_TIMEOUT_MS = 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an entry is read against: the environment for ``${VAR}``, and where servers run."""

    environ: Mapping[str, str]
    project: Path


def entry_digest(value: Json, source: Source) -> str:
    """SHA-256 (hex) over the canonical, unexpanded JSON of an entry and its source."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{canonical}\n{source}".encode()).hexdigest()


def server_entry(raw: RawEntry, around: Surroundings) -> ServerEntry:
    """Validate and expand one entry. One that cannot be used has ``problem`` and no ``target``."""
    reader = _EntryReader(raw, around)
    problem: ErrorInfo | None = None
    target: Target | None = None
    try:
        target = reader.target()
    except Unusable as error:
        problem = _problem(raw, error)
    return ServerEntry(
        name=raw.name,
        source=raw.file.source,
        target=target,
        transport=reader.transport,
        endpoint=reader.endpoint(),
        digest=entry_digest(raw.value, raw.file.source),
        origin=raw.origin,
        era=reader.era(),
        protocol_version=reader.protocol_version(),
        call_timeout=reader.call_timeout(),
        gate=Status.NOT_CONFIGURED if problem else (Status.DISABLED if reader.disabled() else None),
        problem=problem,
        lints=reader.all_lints(),
        env_names=tuple(reader.mapping_names("env")),
        roots=reader.roots,
    )


def problem_entry(problem: FileProblem) -> ServerEntry:
    """The row that stands for what is wrong with a whole file."""
    origin = problem.file.origin(problem.place)
    where = str(origin) or problem.file.label + (
        f":{problem.place.line}:{problem.place.column}" if problem.place and not origin.file else ""
    )
    return ServerEntry(
        name=problem.file.label,
        source=problem.file.source,
        target=None,
        transport=TransportKind.STDIO,
        endpoint="",
        digest=entry_digest([problem.what, where], problem.file.source),
        origin=origin,
        gate=Status.NOT_CONFIGURED,
        problem=ErrorInfo("config", f"{problem.what} ({where})", problem.remedy, _place_details(origin)),
    )


def _place_details(origin: Origin) -> JsonObject:
    return {"file": origin.file, "line": origin.line, "column": origin.column}


def _problem(raw: RawEntry, error: Unusable) -> ErrorInfo:
    place = raw.places.get(error.field) if error.field else None
    origin = raw.file.origin(place) if place else raw.origin
    where = str(origin) or raw.file.label
    details = {**_place_details(origin), "entry": raw.name, "field": error.field}
    return ErrorInfo("config", f'{error.what} (entry "{raw.name}", {where})', error.remedy, details)


class _EntryReader(RemoteReader):
    """Reads the fields of one entry and collects what is odd about them."""

    def __init__(self, raw: RawEntry, around: Surroundings) -> None:
        value = raw.value if isinstance(raw.value, dict) else {}
        super().__init__(value, around.environ, raw.file.folder, around.project)
        self._raw = raw
        self._around = around
        self.lints += raw.lints
        self.transport = self._guess()
        self.roots: tuple[str, ...] | None = None
        if raw.name and not _NAME.fullmatch(raw.name):
            self.lints.append("names are made of letters, digits, - and _; this one is normalised in tool names")

    def _guess(self) -> TransportKind:
        kind = self.value.get("type")
        if isinstance(kind, str) and kind in TYPES:
            return TYPES[kind]
        return TransportKind.HTTP if "url" in self.value and "command" not in self.value else TransportKind.STDIO

    # -- the target

    def target(self) -> Target:
        """What to start or contact, expanded. Raises ``Unusable``."""
        if not isinstance(self._raw.value, dict):
            raise Unusable(f"the entry is {json_kind(self._raw.value)}, not an object", 'write {"command": "…"}')
        if not self._raw.name:
            raise Unusable("the entry has an empty name", "give it a name")
        self._check_type()
        if self.value.get("sandbox") not in (None, False):
            what = "it asks for a sandbox, which this version cannot give: it is not started bare"
            raise Unusable(what, 'use a newer mcpdeck, or remove "sandbox" if you trust it', "sandbox")
        self._lint_fields()
        self.roots = roots_of(self, self._raw.file.folder)
        target = self._stdio() if self.transport is TransportKind.STDIO else self.remote(self.transport)
        for name in self.expander.missing:
            self.lints.append(f"${{{name}}} is not set and has no default: the text stays as it is")
        return target

    def _check_type(self) -> None:
        kind = self.value.get("type")
        if kind is None:
            if "url" in self.value and not self.value.get("command"):
                what = 'it has a "url" but no "type", so it would be taken for a stdio server'
                kind = "ws" if str(self.value["url"]).lower().startswith("ws") else "http"
                raise Unusable(what, f'add "type": "{kind}" to the entry', "url")
            return
        if not isinstance(kind, str):
            raise Unusable(f'"type" is {json_kind(kind)}, not a string', _USUAL_TYPES, "type")
        if kind not in TYPES:
            from difflib import get_close_matches

            close = get_close_matches(kind.lower(), TYPES, 1)
            remedy = f'did you mean "{close[0]}"?' if close else _USUAL_TYPES
            raise Unusable(f'unknown type "{kind}"', remedy, "type")

    def _lint_fields(self) -> None:
        used = (*_USED, *_USED_BY[self.transport])
        for key in self.value:
            if key in used or key == "sandbox":
                continue
            if any(key in names for names in _USED_BY.values()):
                self.lints.append(f'"{key}" is not used by a server of type {self.transport}')
            elif key in _NOT_BUILT:
                self.lints.append(f'"{key}" is not used by this version')
            else:
                self.lints.append(f'unknown field "{key}" (kept, not used)')

    def _stdio(self) -> StdioTarget:
        command = self.required_text("command", 'add "command": "PROGRAM", or "type": "http" and a "url"')
        args = self.texts("args")
        env = self.mapping("env")
        for name in env:
            if not name or "=" in name:
                raise Unusable(f'"env" has the name "{name}", which no variable can have', "correct the name", "env")
        return StdioTarget(command, tuple(args), env, str(self._cwd()))

    def _cwd(self) -> Path:
        value = self.value.get("cwd")
        if value is None:
            return self._around.project
        if not isinstance(value, str):
            raise Unusable(f'"cwd" is {json_kind(value)}, not a string', "write a path", "cwd")
        cwd = Path(self.checked("cwd", self.expander.text(value)))
        path = cwd if cwd.is_absolute() else self._raw.file.folder / cwd
        if self._raw.file.source is Source.PROJECT and not path.resolve().is_relative_to(self._around.project):
            self.lints.append(f'"cwd" lies outside the project: {value}')
        return path

    # -- what every entry has

    def mapping_names(self, key: str) -> list[str]:
        value = self.value.get(key)
        return list(value) if isinstance(value, dict) else []

    def endpoint(self) -> str:
        """The unexpanded, masked command line or URL, as far as there is one."""
        command, args = self.value.get("command"), self.value.get("args")
        if self.transport is not TransportKind.STDIO or not isinstance(command, str):
            return self.remote_endpoint(self.transport)
        words = [arg if isinstance(arg, str) else json.dumps(arg) for arg in args] if isinstance(args, list) else []
        return masked_command(command, words)

    def disabled(self) -> bool:
        value = self.value.get("disabled")
        if value is not None and not isinstance(value, bool):
            self._lint_once(f'"disabled" is {json_kind(value)}, not true or false: taken as true')
            return True
        return value is True

    def era(self) -> EraMode:
        value = self.value.get("era")
        if value is None:
            return EraMode.AUTO
        try:
            return EraMode(str(value))
        except ValueError:
            self._lint_once('"era" is none of auto, modern and legacy: taken as auto')
            return EraMode.AUTO

    def protocol_version(self) -> str | None:
        value = self.value.get("protocolVersion")
        if value is None or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)):
            return value
        self._lint_once('"protocolVersion" is not a date like 2025-11-25: not used')
        return None

    def call_timeout(self) -> float | None:
        """Seconds; the file has milliseconds."""
        value = self.value.get("timeout")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._lint_once('"timeout" is not a number of milliseconds: not used')
            return None
        if value < MINIMUM_TIMEOUT_MS:
            self._lint_once(f'"timeout" is below {MINIMUM_TIMEOUT_MS} ms: not used')
            return None
        return min(value, 10**12) / 1000

    def _lint_once(self, text: str) -> None:
        if text not in self.lints:
            self.lints.append(text)

    def all_lints(self) -> tuple[str, ...]:
        return tuple(self.lints)
