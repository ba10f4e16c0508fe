"""An entry as written -> a ``ServerEntry`` that can be started, or one that says why it cannot.

Owns the rules of config contract section 2: types, required fields, expansion, lints, digest, and what a
person is shown of it. Never decides whether an entry may start (that is policy) and never raises for what
stands in an entry.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ..models import (
    NEEDS_APPROVAL,
    EraMode,
    ErrorInfo,
    Instance,
    Json,
    JsonObject,
    OAuthSettings,
    Origin,
    Provenance,
    Sandbox,
    ServerEntry,
    Source,
    Status,
    StdioTarget,
    Target,
    TransportKind,
)
from ..telemetry.redaction import MASK, masked_url
from .field_names import USED_BY, field_lint
from .fields import Unusable
from .mask import masked_command
from .models import FileProblem, RawEntry
from .oauth_field import oauth_of, secrets_of
from .read import json_kind
from .remote import RemoteReader
from .roots import roots_of
from .sandbox_field import sandbox_of
from .several import addresses_of, replicas_of, written_addresses
from .shown import shown_lines
from .signature import shown_signature
from .watch_field import watch_of

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

_USUAL_TYPES = 'use "stdio", "http", "sse" or "ws"'
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLUGIN_NAME = re.compile(r"plugin:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+")
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
MINIMUM_TIMEOUT_MS = 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an entry is read against: the environment for ``${VAR}``, and where servers run."""

    environ: Mapping[str, str]
    project: Path


def entry_digest(value: Json, source: Source) -> str:
    """SHA-256 (hex) over the canonical, unexpanded JSON of an entry and its source."""
    return _digest(_canonical(value), source)


def _digest(canonical: str, source: Source) -> str:
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
    endpoint, canonical = reader.endpoint(), _canonical(raw.value)
    return ServerEntry(
        name=raw.name,
        source=raw.file.source,
        target=target,
        transport=reader.transport,
        endpoint=endpoint,
        digest=_digest(canonical, raw.file.source),
        origin=raw.origin,
        era=reader.era(),
        protocol_version=reader.protocol_version(),
        call_timeout=reader.call_timeout(),
        gate=Status.NOT_CONFIGURED if problem else (Status.DISABLED if reader.disabled() else None),
        problem=problem,
        lints=reader.all_lints(),
        env_names=tuple(reader.mapping_names("env")),
        roots=reader.roots,
        provenance=reader.provenance(endpoint, canonical),
        watch=reader.watch,
        oauth=reader.oauth,
        replicas=reader.replicas,
        instances=reader.instances,
        shipped=raw.file.shipped,
        client=raw.file.client,
        missing=tuple(reader.expander.missing),
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
        problem=ErrorInfo("config", f"{where}: {problem.what}", problem.remedy, _place_details(origin)),
        client=problem.file.client,
    )


def built_in_entry(raw: RawEntry, reason: str) -> ServerEntry:
    """The row of what another client brings along itself: ``reason`` says why nothing of it can be started here."""
    return ServerEntry(
        name=raw.name,
        source=raw.file.source,
        target=None,
        transport=TransportKind.STDIO,
        endpoint="",
        digest=entry_digest(raw.value, raw.file.source),
        origin=raw.origin,
        gate=Status.DISABLED,
        lints=(f"{reason}: nothing that can be started here",),
        client=raw.file.client,
    )


def _place_details(origin: Origin) -> JsonObject:
    return {"file": origin.file, "line": origin.line, "column": origin.column}


def _problem(raw: RawEntry, error: Unusable) -> ErrorInfo:
    place = raw.places.get(error.field) if error.field else None
    origin = raw.file.origin(place) if place else raw.origin
    where = str(origin) or raw.file.label
    details = {**_place_details(origin), "entry": raw.name, "field": error.field}
    return ErrorInfo("config", f'entry "{raw.name}": {error.what} ({where})', error.remedy, details)


class _EntryReader(RemoteReader):
    """Reads the fields of one entry and collects what is odd about them."""

    def __init__(self, raw: RawEntry, around: Surroundings) -> None:
        value = raw.value if isinstance(raw.value, dict) else {}
        super().__init__(raw.name, value, around.environ, raw.file.folder, around.project)
        self._raw = raw
        self._around = around
        file = raw.file
        self._of_the_project = file.source is Source.PROJECT or file.shipped
        self._of_others = self._of_the_project or file.source in NEEDS_APPROVAL
        self.lints += raw.lints
        self.transport = self._guess()
        self.roots: tuple[str, ...] | None = None
        self.watch: tuple[str, ...] = ()
        self.oauth: OAuthSettings | None = None
        self.replicas = 1
        self.instances: tuple[Instance, ...] = ()
        self._place: str | None = None  # where "cwd" leads to, as it may be shown
        name = _PLUGIN_NAME if raw.file.source is Source.PLUGIN else _NAME
        if raw.name and not name.fullmatch(raw.name):
            self.lints.append("names are made of letters, digits, - and _; this one is normalised in tool names")

    def _guess(self) -> TransportKind:
        kind = self.value.get("type")
        if isinstance(kind, str) and kind in TYPES:
            return TYPES[kind]
        remote = ("url" in self.value or "urls" in self.value) and "command" not in self.value
        return TransportKind.HTTP if remote else TransportKind.STDIO

    # -- the target

    def target(self) -> Target:
        """What to start or contact, expanded. Raises ``Unusable``."""
        if not isinstance(self._raw.value, dict):
            raise Unusable(f"the entry is {json_kind(self._raw.value)}, not an object", 'write {"command": "…"}')
        if not self._raw.name:
            raise Unusable("the entry has an empty name", "give it a name")
        self.lints += [lint for key in self.value if (lint := field_lint(key, self.transport))]
        always = self.value.get("alwaysLoad")
        if always is not None and not isinstance(always, bool):
            self.lints.append(f'"alwaysLoad" is {json_kind(always)}, not true or false: not used')
        self._check_type()
        folder, is_stdio = self._raw.file.folder, self.transport is TransportKind.STDIO
        cwd = self._cwd() if is_stdio else None
        runs_in = self._around.project if cwd is None else cwd
        sandbox = sandbox_of(self, runs_in, is_stdio=is_stdio)
        self.roots = roots_of(self, folder)
        self.watch = watch_of(self, runs_in, self._around.project if self._of_others else None)
        if "oauth" in USED_BY[self.transport]:
            self.oauth = oauth_of(self, folder)
        self.replicas = replicas_of(self, self.transport)
        targets = self._remote() if cwd is None else [self._stdio(cwd, sandbox)]
        # A secret that stands in the file itself is as little to be shown as one that a variable puts in.
        put_in = {**dict.fromkeys(secrets_of(self.oauth), MASK), **self.expander.put_in}
        if put_in:
            targets = [replace(target, put_in=put_in) for target in targets]
        for name in self.expander.missing:
            self.lints.append(f"${{{name}}} is not set and has no default: the text stays as it is")
        for text in self.expander.odd:
            self.lints.append(f'"{text}" is no reference to a variable, which is ${{NAME}} or ${{NAME:-default}}')
        for name in self.expander.unclosed:
            self.lints.append(f'"${{{name}" has no closing }}: the text stays as it is')
        if len(targets) > 1:
            shown = (masked_url(url) for url in written_addresses(self.value))
            self.instances = tuple(Instance(target, url) for target, url in zip(targets, shown, strict=True))
        return targets[0]

    def _remote(self) -> list[Target]:
        """One target, or one for each of the "urls", which have everything else in common. Raises ``Unusable``."""
        urls = addresses_of(self.value, self.transport)
        if not urls:
            return [self.remote(self.transport)]
        written = self.value
        targets: list[Target] = []
        try:
            for url in urls:
                self.value = {**written, "url": url}
                targets.append(self.remote(self.transport))
        except Unusable as error:
            raise Unusable(error.what, error.remedy, "urls" if error.field == "url" else error.field) from None
        finally:
            self.value = written
            self.lints[:] = dict.fromkeys(self.lints)  # what is odd about a header is odd at every address
        return targets

    def _check_type(self) -> None:
        kind = self.value.get("type")
        if kind is None:
            field = next((field for field in ("url", "urls") if field in self.value), None)
            if field is not None and not self.value.get("command"):
                given = 'a "url"' if field == "url" else '"urls"'
                what = f'it has {given} but no "type", so it would be taken for a stdio server'
                kind = "ws" if str(self.value[field]).lower().startswith("ws") else "http"
                raise Unusable(what, f'add "type": "{kind}" to the entry', field)
            return
        if not isinstance(kind, str):
            raise Unusable(f'"type" is {json_kind(kind)}, not a string', _USUAL_TYPES, "type")
        if kind not in TYPES:
            from difflib import get_close_matches

            close = get_close_matches(kind.lower(), TYPES, 1)
            remedy = f'did you mean "{close[0]}"?' if close else _USUAL_TYPES
            raise Unusable(f'unknown type "{kind}"', remedy, "type")

    def _stdio(self, cwd: Path, sandbox: Sandbox | None) -> StdioTarget:
        command = self.required_text("command", 'add "command": "PROGRAM", or "type": "http" and a "url"')
        args = self.texts("args")
        env = self.mapping("env")
        for name in env:
            if not name or "=" in name:
                raise Unusable(f'"env" has the name "{name}", which no variable can have', "correct the name", "env")
        if sandbox is not None and self._of_the_project:
            self._lint_outside(sandbox.write, '"write" in "sandbox"')
        return StdioTarget(command, tuple(args), env, str(cwd), sandbox)

    def _cwd(self) -> Path:
        """Where the command runs: "cwd", seen from the file's folder, or the project."""
        value = self.value.get("cwd")
        if value is None:
            return self._around.project
        if not isinstance(value, str):
            raise Unusable(f'"cwd" is {json_kind(value)}, not a string', "write a path", "cwd")
        self.lint_space('"cwd"', value)
        path = self._raw.file.folder / self.checked("cwd", self.expander.text(value))
        place = str(path)
        if self._of_others:
            # A person who approves must see where a symbolic link leads to. Only then is the disk looked at.
            place = os.path.realpath(path)
        if "${" not in value:
            self._place = os.path.normpath(place)
        if self._of_the_project:
            self._lint_outside((place,), f'"cwd" ({value})')
        return path

    def _lint_outside(self, places: Iterable[str], what: str) -> None:
        """``what`` names it as it stands in the entry: the place itself is expanded."""
        if any(not Path(os.path.realpath(place)).is_relative_to(self._around.project) for place in places):
            self.lints.append(f"{what} lies outside the project")

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

    def provenance(self, endpoint: str, canonical: str) -> Provenance:
        """What a person approves, and the signature as it is shown; precedence is added by the merge."""
        origin = str(self._raw.origin) or self._raw.file.label
        if self.transport is TransportKind.CONNECTOR:  # where its token comes from is another line
            url = self.value.get("url")
            endpoint = masked_url(url) if isinstance(url, str) else ""
        place = self._place if "cwd" in self.value else str(self._around.project)
        shown = shown_lines(self.value, canonical, self.transport, endpoint, place, origin)
        return Provenance(signature=shown_signature(self.transport, endpoint), shown=shown)

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
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            with suppress(ValueError):  # there is no 30th of February
                date.fromisoformat(value)
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
