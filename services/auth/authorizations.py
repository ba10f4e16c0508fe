"""The authorizations of all servers.

Owns which server takes a login at all, and that one entry keeps its authorization as long as it stays the same.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

from ..events import AuthorizationChanged
from ..models import (
    HttpTarget,
    OAuthSettings,
    ServerEntry,
    Source,
    SseTarget,
    Tls,
    TransportKind,
    WebSocketTarget,
)
from ..state.text import one_line
from .addresses import web_url
from .entry_authorization import EntryAuthorization
from .errand import Spawn, nobody
from .flight import Around
from .kinds import Hands, Place
from .needed import NeededLogins
from .records import wanted_of
from .store import CredentialStore

SECRETS = ("authorization", "x-claude-code-ide-authorization")
"""Names, in lower case, of the headers that say who we are: with one of them nobody logs in."""
_IDES = (TransportKind.SSE_IDE, TransportKind.WS_IDE)


def by_command(server: str, issuer: str) -> str:
    """What a person does to log in, from a terminal. ``server``: its name, or the URL that was the TARGET."""
    where = f" at {one_line(issuer, 200)}" if issuer else ""
    return f"Log in{where}: mcpdeck login {shlex.quote(one_line(server, 400))}"


class Authorizations:
    """One for each connection manager; the arguments are those of ``Around``. ``permits``: see ``Place``.

    ``named``: the one server that the command line names.
    """

    def __init__(
        self,
        store: CredentialStore,
        needed: NeededLogins,
        *,
        environ: Mapping[str, str],
        emit: Callable[[AuthorizationChanged], None],
        hands: Hands | None = None,
        unattended: bool = False,
        remembers: bool = False,
        invite: Callable[[str, str], str] = by_command,
        pauses: Callable[[str], AbstractContextManager[None]] | None = None,
        permits: Callable[[Place], None] | None = None,
        named: str = "",
        spawn: Spawn = nobody,
    ) -> None:
        around = Around(
            store, needed, environ, emit, invite, hands=hands, unattended=unattended, remembers=remembers, spawn=spawn
        )
        self._around = around if pauses is None else replace(around, pauses=pauses)
        self._permits = permits
        self._named = named
        self._known: dict[str, EntryAuthorization] = {}

    def of(self, entry: ServerEntry) -> EntryAuthorization | None:
        """The authorization of ``entry``; None where it takes no login: a child, an IDE's, or one with a token.

        The same as long as the entry's address and its settings of logging in are.
        """
        place = self._place(entry)
        if place is None:
            return None
        known = self._known.get(entry.name)
        if known is None or known.place != place:
            known = self._known[entry.name] = EntryAuthorization(place, self._around)
        return known

    def _place(self, entry: ServerEntry) -> Place | None:
        target = entry.target
        if not isinstance(target, HttpTarget | SseTarget | WebSocketTarget) or target.kind in _IDES:
            return None
        if any(name.lower() in SECRETS for name in target.headers):
            return None
        url, settings = web_url(target.url), entry.oauth or OAuthSettings()
        named = entry.origin.file is not None
        return Place(
            entry.name,
            url,
            settings,
            target.tls,
            # What stands in no file has nothing to be remembered by.
            _digest(entry, url, settings, target.tls) if named else "",
            "" if named else entry.endpoint,
            self._permits,
            trusted=not entry.needs_approval and (entry.configured_as == self._named or _is_target(entry)),
        )


def _is_target(entry: ServerEntry) -> bool:
    """It stands on the command line itself."""
    return entry.source is Source.CLI and entry.origin.file is None


def _digest(entry: ServerEntry, url: str, settings: OAuthSettings, tls: Tls | None) -> str:
    """Another one whenever the entry's text, or what it expands to, changed; of its secrets nothing is in it."""
    return hashlib.sha256(
        "\0".join((entry.digest, url, wanted_of(settings, tls))).encode("utf-8", "replace")
    ).hexdigest()
