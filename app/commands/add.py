"""``mcpdeck add NAME URL`` and ``mcpdeck add NAME -- COMMAND ARGS…``: put a server into a file of one's own.

Owns the way from words and options to an entry. ``${NAME}`` is written as it is; nothing is started or contacted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ...services.config.files import with_home
from ...services.config.urls import SCHEMES, has_scheme
from ...services.errors import UsageError
from ...services.models import JsonObject, TransportKind
from ..editing import Editing
from ..exits import Exit
from ..options import Options
from ..resolve import configured
from ..written_entries import Put, tell_put

USAGE = "mcpdeck add NAME URL, or mcpdeck add NAME -- COMMAND ARGS…"


def run(options: Options) -> int:
    """Exit code 2 for an entry that could not be used, and for a name that is taken already."""
    deck, _ = configured(Options(options.command, dry_run=True), None)
    scope = options.scope or "local"
    name, value = _remote(options) if options.program is None else _local(options, scope, deck.options.project)
    editing = Editing(deck)
    change = editing.add(name, value, scope, force=options.force, dry_run=options.dry_run)
    tell_put(Put(name, scope, value, change, editing.check(name, value)[1]), editing, options)
    return Exit.DONE


def _remote(options: Options) -> tuple[str, JsonObject]:
    name, url = _name_and_url(options.words)
    if options.env or options.cwd is not None:
        raise UsageError("--env and --cwd are for programs, not for a URL", hint=USAGE)
    if options.transport is TransportKind.STDIO:
        raise UsageError("--transport stdio is for programs, not for a URL", hint=USAGE)
    web_socket = url.partition(":")[0].lower() in SCHEMES[TransportKind.WS]
    kind = options.transport or (TransportKind.WS if web_socket else TransportKind.HTTP)
    value: JsonObject = {"type": kind.value, "url": url}
    if options.headers:
        value["headers"] = dict(options.headers)
    oauth: JsonObject = {}
    if options.client_id is not None:
        oauth["clientId"] = options.client_id
    if options.client_secret:
        oauth["clientSecret"] = _client_secret(options)
    if options.callback_port is not None:
        oauth["callbackPort"] = options.callback_port
    if oauth:
        value["oauth"] = oauth
    return name, {**value, **_common(options)}


def _client_secret(options: Options) -> str:
    """The secret of ``--client-id``, never from the command line. Raises ``UsageError``."""
    if options.client_id is None:
        raise UsageError("--client-secret belongs to a client id", hint="add --client-id ID")
    if options.scope == "project":
        hint = "set MCP_CLIENT_SECRET where it is used, or write ${NAME} with add-json"
        raise UsageError("--client-secret would put the secret into a file that others get", hint=hint)
    secret = os.environ.get("MCP_CLIENT_SECRET", "")
    if not secret and sys.stdin.isatty():
        from getpass import getpass

        secret = getpass("OAuth client secret: ", stream=sys.stderr)
    if not secret.strip():
        raise UsageError("there is no client secret", hint="type it at the terminal, or set MCP_CLIENT_SECRET")
    return secret.strip()


def _name_and_url(words: tuple[str, ...]) -> tuple[str, str]:
    match words:
        case (url,) if has_scheme(url):
            raise UsageError("the name of the server is missing", hint=f"mcpdeck add NAME {url}")
        case (name,):
            raise UsageError(f"what is {name}? a URL or a command is missing", hint=USAGE)
        case (name, url) if has_scheme(url) or url.startswith("${"):
            return name, url
        case (url, name) if has_scheme(url):
            raise UsageError("the name comes first", hint=f"mcpdeck add {name} {url}")
        case (name, word):
            hint = f"a program stands after --: mcpdeck add {name} -- {word} · "
            hint += "a URL begins with http://, https://, ws:// or wss://"
            raise UsageError(f'"{word}" is no URL', hint=hint)
        case _:
            raise UsageError("which server? its name is missing", hint=USAGE)


def _local(options: Options, scope: str, project: Path) -> tuple[str, JsonObject]:
    program = options.program or ()
    if len(options.words) != 1:
        raise UsageError("the name of the server is missing", hint="mcpdeck add NAME -- COMMAND ARGS…")
    if not program or not program[0].strip():
        raise UsageError("no command after --", hint="mcpdeck add NAME -- COMMAND ARGS…")
    if options.transport not in (None, TransportKind.STDIO):
        raise UsageError(f"--transport {options.transport} is for a URL, not for a program", hint=USAGE)
    if options.headers or options.client_id is not None or options.client_secret or options.callback_port is not None:
        what = "--header, --client-id, --client-secret and --callback-port"
        raise UsageError(f"{what} are for a URL, not for a program", hint=USAGE)
    value: JsonObject = {"command": program[0]}
    if program[1:]:
        value["args"] = [*program[1:]]
    if options.env:
        value["env"] = dict(options.env)
    if options.cwd is not None:
        value["cwd"] = _cwd(options.cwd, scope, project)
    return options.words[0], {**value, **_common(options)}


def _cwd(given: Path, scope: str, project: Path) -> str:
    """Absolute; in a project's own file relative to it, so that it fits everybody. A variable stays as it is."""
    if "${" in str(given):
        return str(given)
    path = Path.cwd() / with_home(given)
    if scope == "project" and path.resolve().is_relative_to(project):
        return path.resolve().relative_to(project).as_posix()
    return str(path)


def _common(options: Options) -> JsonObject:
    value: JsonObject = {}
    if options.era is not None:
        value["era"] = options.era.value
    if options.protocol_version is not None:
        value["protocolVersion"] = options.protocol_version
    if options.timeout is not None:
        value["timeout"] = round(options.timeout * 1000)
    return value
