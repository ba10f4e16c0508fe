"""``mcpdeck auth [TARGET]``: what is stored of logins, and how a server wants its login done.

Owns the list, the document of one server and the way of its discovery, which is gone without a token. Never logs in,
and never shows a secret.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...services.auth.addresses import web_url
from ...services.auth.kinds import Login, Place
from ...services.auth.store import CredentialStore
from ...services.errors import McpDeckError, UsageError
from ...services.models import (
    ErrorInfo,
    HttpTarget,
    Json,
    JsonObject,
    LoginStep,
    ServerEntry,
    SseTarget,
    WebSocketTarget,
)
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit, exit_code
from ..login_lines import StepNotes, expiry_words, login_json, login_lines, step_lines, steps_json
from ..logins import authorization_of, credentials, kept_for, with_answers
from ..options import Options
from ..printing import (
    BOLD,
    DIM,
    GREEN,
    YELLOW,
    Cell,
    error_document,
    note,
    note_error,
    note_warning,
    table,
    write,
    write_json,
)
from ..resolve import configured, usable

if TYPE_CHECKING:
    from ...services.auth.discovery import Discovered

_SOON = 60.0
"""Seconds before its end from which on a token is marked."""


@dataclass
class _Found:
    """How a server's login is found: every step, and where it ended."""

    steps: tuple[LoginStep, ...] = ()
    where: Discovered | None = None
    error: McpDeckError | None = None


def run(options: Options) -> int:
    """0; 4 where the way to a server's authorization server does not hold."""
    if options.rotate_key:
        return _rotate(options)
    if not options.words and options.program is None:
        return _list(options)
    return _one(options)


# -- everything


def _list(options: Options) -> int:
    store = credentials()
    logins = headless.run_for(store.all)
    names = _names(options)
    if options.json:
        stored: list[Json] = [
            {"servers": [*names.get(login.server_url, ())], "url": login.server_url, **login_json(login)}
            for login in logins
        ]
        write_json({"storage": store.where, "weaker": store.weaker, "problems": [*store.problems], "logins": stored})
        return Exit.DONE
    _tell_place(store, options)
    if not logins:
        note("no login is stored")
        return Exit.DONE
    rows = [_row(login, names.get(login.server_url, ())) for login in logins]
    for line in table(("SERVER", "ISSUER", "SCOPES", "EXPIRES", "REFRESH", "LAST REFRESH"), rows):
        write(line)
    if options.verbose:
        for login in logins:
            write("")
            write(one_line(login.server_url))
            for line in login_lines(login, store.where, claims=True):
                write(line)
    return Exit.DONE


def _names(options: Options) -> dict[str, list[str]]:
    """The configured servers by the address that their logins are kept by; a wrong configuration is not told here."""
    names: dict[str, list[str]] = {}
    try:
        deck, _ = configured(options, None)
        entries: Sequence[ServerEntry] = deck.load_entries()
    except McpDeckError:
        return names
    for entry in entries:
        if isinstance(entry.target, HttpTarget | SseTarget | WebSocketTarget) and entry.suppressed_by is None:
            names.setdefault(web_url(entry.target.url), []).append(entry.name)
    return names


def _row(login: Login, names: Sequence[str]) -> tuple[Cell, ...]:
    tokens = login.tokens
    renewable = tokens.refresh is not None or login.grant != "authorization_code"
    ending = tokens.expires_within(_SOON, time.time())
    return (
        Cell(", ".join(names) or login.server_url, BOLD),
        Cell(login.issuer),
        Cell(" ".join(tokens.scopes)),
        Cell(expiry_words(tokens.expires_at), "" if not ending else DIM if renewable else YELLOW),
        Cell("yes" if tokens.refresh is not None else "not needed" if renewable else "no", GREEN if renewable else ""),
        Cell(login.refreshed),
    )


def _tell_place(store: CredentialStore, options: Options) -> None:
    note(f"logins are kept in: {one_line(store.where)}")
    if not options.quiet:
        for problem in store.problems:
            note_warning(problem)


# -- one server


def _one(options: Options) -> int:
    entry, guard = usable(options, options.words[0] if options.words else None)
    (entry,) = with_answers((entry,), headless.answers_of(options))
    store = credentials()
    place = authorization_of(entry, store, guard).place
    notes = StepNotes(2 if options.verbose and not options.json else 0)
    login, found = headless.run_for(lambda: _looked_up(place, store, notes))
    if options.json:
        write_json(_document(entry, login, store, found))
    else:
        _print(entry, login, store, found, options)
    return exit_code(found.error.kind) if found.error is not None else Exit.DONE


async def _looked_up(place: Place, store: CredentialStore, notes: StepNotes) -> tuple[Login | None, _Found]:
    """Raises ``StorageError``; what the servers do is in what is found."""
    from ...services.auth.hands_http import HttpHands
    from ...services.auth.looked_up import look_up
    from ...services.auth.steps import Recorder

    login = await kept_for(place, store)
    found = _Found()
    recorder = Recorder(lambda: notes.see(recorder.steps))
    try:
        found.where = await look_up(place, recorder, HttpHands(), known=login.issuer if login else None)
    except McpDeckError as error:  # what is stored is shown all the same
        found.error = error
    found.steps = recorder.steps
    notes.finish()
    return login, found


def _document(entry: ServerEntry, login: Login | None, store: CredentialStore, found: _Found) -> JsonObject:
    where = found.where
    methods: list[Json] | None = [*(where.server.auth_methods or ())] if where is not None else None
    discovery: JsonObject = {
        "issuer": where.server.issuer if where is not None else None,
        "resource": where.resource_id if where is not None else None,
        "assumed": where.server.assumed if where is not None else None,
        "metadataUrl": (where.server.url or None) if where is not None else None,
        "resourceMetadataUrl": (where.resource.url or None) if where is not None and where.resource else None,
        "authMethods": methods,
        "steps": steps_json(found.steps),
        "error": _error(found.error, entry),
    }
    return {
        "server": entry.name,
        "login": login_json(login) if login is not None else None,
        "storage": store.where,
        "weaker": store.weaker,
        "problems": [*store.problems],
        "discovery": discovery,
    }


def _error(error: McpDeckError | None, entry: ServerEntry) -> Json:
    return None if error is None else error_document(ErrorInfo.of(error), entry.name)["error"]


def _print(entry: ServerEntry, login: Login | None, store: CredentialStore, found: _Found, options: Options) -> None:
    name = one_line(entry.name)
    if login is None:
        write(f"{name}: nobody is logged in")
    else:
        write(f"{name}: logged in")
        for line in login_lines(login, store.where, claims=options.verbose > 0):
            write(line)
    if not options.quiet:
        for problem in store.problems:
            note_warning(problem)
    if not options.verbose:  # else they were told as they happened, with all there is to them
        write("")
        for step in found.steps:
            for line in step_lines(step, sys.stdout, whole=False):
                write(line)
    write("")
    where = found.where
    if where is not None and where.server.assumed:
        write("nothing says where to log in: the endpoints of 2025-03-26 would be assumed")
    elif where is not None:
        write(f"a login is done at {one_line(where.server.issuer)}, for {one_line(where.resource_id)}")
    if found.error is not None:
        note_error(ErrorInfo.of(found.error), entry.name)


# -- the key


def _rotate(options: Options) -> int:
    if options.words or options.program is not None:
        raise UsageError("--rotate-key is for everything that is stored: no TARGET", hint="mcpdeck auth --rotate-key")
    store = credentials()
    done = headless.run_for(store.rotate)
    if options.json:
        write_json({"done": done, "storage": store.where, "weaker": store.weaker, "problems": [*store.problems]})
        return Exit.DONE
    write(one_line(done))
    if not options.quiet:
        for problem in store.problems:
            note_warning(problem)
    return Exit.DONE
