"""An ad-hoc TARGET of the command line -> an entry; and what options change in any entry.

Owns the order in which a TARGET is understood (command line contract, "Targets"). Never looks a
configured name up: a word that is none of the other kinds comes back as None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import UsageError
from ..models import (
    ConnectorTarget,
    EraMode,
    HttpTarget,
    InProcessTarget,
    ServerEntry,
    Source,
    SseTarget,
    StdioTarget,
    Target,
    TransportKind,
    WebSocketTarget,
)
from ..telemetry.redaction import masked_url
from .entries import entry_digest
from .expand import Expander
from .files import with_home
from .headers import header_name_problem, header_value_problem, set_by_mcpdeck
from .mask import masked_command
from .urls import SCHEMES, has_scheme, url_problem, url_remedy

_PYTHON_FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<object>[A-Za-z_][\w.]*))?")
_PYTHON_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_LAUNCHERS = frozenset({"npx", "uvx", "bunx", "pnpx", "node", "deno", "bun", "uv", "pipx", "sh", "bash", "env"})
_VERBS = frozenset({"run", "exec", "dlx", "x"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the options of one run change in its server. ``timeout`` in seconds."""

    transport: TransportKind | None = None
    headers: Sequence[tuple[str, str]] = ()
    env: Sequence[tuple[str, str]] = ()
    cwd: Path | None = None
    era: EraMode | None = None
    protocol_version: str | None = None
    timeout: float | None = None
    environ: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def need_a_target(self) -> bool:
        return bool(self.transport or self.headers or self.env or self.cwd)


def command_entry(words: Sequence[str], cwd: Path) -> ServerEntry:
    """The entry of ``-- COMMAND ARGS…``. Raises ``UsageError`` when there is no command."""
    if not words or not words[0].strip():
        raise UsageError("no command after --", hint="mcpdeck tools -- COMMAND ARGS…")
    target = StdioTarget(words[0], tuple(words[1:]), {}, str(cwd))
    return _entry(_command_name(words), target, masked_command(words[0], words[1:]), list(words))


def word_entry(word: str, cwd: Path) -> ServerEntry | None:
    """The entry of a URL or an in-process TARGET; None when ``word`` can only be a configured name.

    Raises ``UsageError`` for a URL or file that cannot be used.
    """
    if has_scheme(word):
        return _url_entry(word)
    file = _PYTHON_FILE.fullmatch(word)
    if file:
        path = (cwd / with_home(file["file"])).absolute()
        if not path.is_file():
            raise UsageError(f"no such file: {path}", hint="check the path; -- COMMAND ARGS… starts a program")
        spec = f"{path}:{file['object']}" if file["object"] else str(path)
        return _entry(path.stem, InProcessTarget(spec), word, word)
    if _PYTHON_OBJECT.fullmatch(word):
        return _entry(word.rpartition(":")[0].rpartition(".")[2], InProcessTarget(word), word, word)
    return None


def overridden(entry: ServerEntry, options: Overrides) -> ServerEntry:
    """``entry`` as the options of this run want it. Raises ``UsageError`` for options that do not fit it."""
    target = entry.target
    if target is not None:
        target = _overridden_target(entry, target, options)
    return replace(
        entry,
        target=target,
        transport=target.kind if target is not None else entry.transport,
        era=options.era or entry.era,
        protocol_version=options.protocol_version or entry.protocol_version,
        call_timeout=options.timeout or entry.call_timeout,
        env_names=tuple(dict.fromkeys([*entry.env_names, *(name for name, _ in options.env)])),
    )


def _overridden_target(entry: ServerEntry, target: Target, options: Overrides) -> Target:
    target = _insisted(entry, target, options.transport)
    expander = Expander(options.environ)
    if (options.env or options.cwd) and not isinstance(target, StdioTarget):
        raise UsageError(f'--env and --cwd are for stdio servers, "{entry.name}" is {target.kind}', server=entry.name)
    if options.headers:
        if isinstance(target, StdioTarget | InProcessTarget):
            raise UsageError(f'--header is for HTTP servers, "{entry.name}" is {target.kind}', server=entry.name)
        given = {name: expander.text(value) for name, value in options.headers}
        for name, value in given.items():
            _check_header(entry, target, name, value)
        lower = {name.lower() for name in given}
        kept = {name: value for name, value in target.headers.items() if name.lower() not in lower}
        target = replace(target, headers={**kept, **given})
    if isinstance(target, StdioTarget):
        given = {name: expander.text(value) for name, value in options.env}
        cwd = str(options.cwd) if options.cwd else target.cwd
        target = replace(target, env={**target.env, **given}, cwd=cwd)
    if expander.put_in:
        target = replace(target, put_in={**target.put_in, **expander.put_in})
    if expander.missing:
        names = ", ".join(expander.missing)
        raise UsageError(f"not set: {names}", hint="set it, or give a default: ${NAME:-default}", server=entry.name)
    return target


def _insisted(entry: ServerEntry, target: Target, transport: TransportKind | None) -> Target:
    """``--transport``: an ad-hoc URL may be spoken to in another way, everything else must be what it is."""
    if isinstance(target, HttpTarget) and target.or_sse:
        match transport:
            case TransportKind.HTTP:
                return replace(target, or_sse=False)
            case TransportKind.SSE:
                return SseTarget(target.url, target.headers, target.tls)
            case _:
                pass
    if transport is None or transport is target.kind:
        return target
    hint = "leave --transport away, or give a TARGET of that kind"
    if transport is TransportKind.WS and isinstance(target, HttpTarget):
        hint = "write ws://HOST/PATH or wss://HOST/PATH"
    elif isinstance(target, WebSocketTarget) and transport in (TransportKind.HTTP, TransportKind.SSE):
        hint = "write http://HOST/PATH or https://HOST/PATH"
    raise UsageError(
        f'--transport {transport} does not fit "{entry.name}", which is {target.kind}', hint=hint, server=entry.name
    )


def _check_header(entry: ServerEntry, target: Target, name: str, value: str) -> None:
    """Raises ``UsageError`` for a header that cannot be sent, never showing its value."""
    problem = header_name_problem(name)
    if problem is not None:
        raise UsageError(f"--header {name}, {problem}", hint="leave it away", server=entry.name)
    if set_by_mcpdeck(name):
        hint = "use --protocol-version" if name.lower() == "mcp-protocol-version" else "leave it away"
        raise UsageError(f"--header {name}: mcpdeck sets it for each message", hint=hint, server=entry.name)
    if isinstance(target, ConnectorTarget) and name.lower() == "authorization":
        raise UsageError(f"--header {name}: the account's token belongs there", hint="leave it away", server=entry.name)
    problem = header_value_problem(value)
    if problem is not None:
        raise UsageError(f"the value of --header {name} has {problem}", hint="remove it", server=entry.name)


def _url_entry(url: str) -> ServerEntry:
    web_socket = url.partition(":")[0].lower() in SCHEMES[TransportKind.WS]
    target = WebSocketTarget(url) if web_socket else HttpTarget(url, or_sse=True)
    problem = url_problem(url, target.kind)
    if problem is not None:
        raise UsageError(f"{masked_url(url)} {problem}", hint=url_remedy(target.kind, problem))
    parts = urlsplit(url)
    name = parts.hostname or "server"
    if parts.port is not None:
        name += f"-{parts.port}"
    return _entry(name, target, masked_url(url), url)


def _command_name(words: Sequence[str]) -> str:
    """A short name for a command: what it runs rather than what runs it."""
    program = Path(words[0]).name
    interpreted = program in _LAUNCHERS or re.fullmatch(r"python[\d.]*|py", program) is not None
    if interpreted:
        for word in words[1:]:
            if word in _VERBS or word.startswith("-") or "=" in word or not word.strip():
                continue
            if re.search(r"[\s;(]", word):  # sh -c "…", python -c "…"
                break
            package = re.sub(r"(?<=.)@[^/@]*$", "", word)  # name@1.2 -> name
            return re.sub(r"\.(py|js|mjs|cjs|ts)$", "", Path(package).name) or program
    return program


def _entry(name: str, target: Target, endpoint: str, value: str | list[str]) -> ServerEntry:
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "server"
    digest = entry_digest([*value] if isinstance(value, list) else value, Source.CLI)
    return ServerEntry(
        name=safe, source=Source.CLI, target=target, transport=target.kind, endpoint=endpoint, digest=digest
    )
