"""The authorizations of all servers.

Owns which server takes a login at all, and that one entry keeps its authorization as long as it stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields, replace

from ..events import AuthorizationChanged
from ..models import (
    HttpTarget,
    OAuthSettings,
    ServerEntry,
    SseTarget,
    TransportKind,
    WebSocketTarget,
)
from ..state.text import one_line
from .entry_authorization import EntryAuthorization
from .flight import Around
from .in_use import http_url
from .kinds import Hands, Place
from .needed import NeededLogins
from .store import CredentialStore

SECRETS = ("authorization", "x-claude-code-ide-authorization")
"""Names, in lower case, of the headers that say who we are: with one of them nobody logs in."""
_IDES = (TransportKind.SSE_IDE, TransportKind.WS_IDE)


def by_command(server: str, issuer: str) -> str:
    """What a person does to log in, from a terminal."""
    where = f" at {one_line(issuer, 200)}" if issuer else ""
    return f"Log in{where}: mcpdeck login {one_line(server, 200)}"


class Authorizations:
    """One for each connection manager; the arguments are those of ``Around``.

    ``settings_override``: what an answers file says goes before what the entries say.
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
        settings_override: OAuthSettings | None = None,
        remembers: bool = False,
        invite: Callable[[str, str], str] = by_command,
        pauses: Callable[[str], AbstractContextManager[None]] | None = None,
    ) -> None:
        around = Around(store, needed, environ, emit, invite, hands=hands, unattended=unattended, remembers=remembers)
        self._around = around if pauses is None else replace(around, pauses=pauses)
        self._override = settings_override
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
        settings = merged(entry.oauth or OAuthSettings(), self._override)
        # What stands in no file has no digest to be remembered by.
        digest = entry.digest if entry.origin.file is not None else ""
        return Place(entry.name, http_url(target.url), settings, target.tls, digest)


def merged(settings: OAuthSettings, override: OAuthSettings | None) -> OAuthSettings:
    """``settings`` with everything that ``override`` says otherwise than the defaults."""
    if override is None:
        return settings
    default = OAuthSettings()
    said = {
        part.name: getattr(override, part.name)
        for part in fields(OAuthSettings)
        if getattr(override, part.name) != getattr(default, part.name)
    }
    return replace(settings, **said)
