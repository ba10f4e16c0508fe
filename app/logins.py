"""What a command needs to log in: where logins are kept, who does what a person would do, and for which server.

Owns the choice of the hands, and that what stands in the way of a server stands in the way of its login. Never logs in
by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..services.auth.authorizations import Authorizations, by_command
from ..services.auth.entry_authorization import EntryAuthorization
from ..services.auth.flight import Around
from ..services.auth.kinds import Hands, Login, Place
from ..services.auth.store import CredentialStore, wanted_of
from ..services.config.files import Folders
from ..services.config.oauth_field import lacking
from ..services.errors import UsageError
from ..services.events import AuthorizationChanged
from ..services.models import AuthView, OAuthSettings, ServerEntry, TransportKind
from .answers import Answers
from .login_hands import hands_for
from .options import Options
from .printing import note_warning
from .resolve import Guard

_OF_ITS_OWN = 'it is given its credentials in its environment (--env, or the entry\'s "env")'


def credentials() -> CredentialStore:
    """Where the logins of the person are kept who runs this command."""
    return CredentialStore.of(Folders.of(os.environ), os.environ)


def with_answers(entries: Sequence[ServerEntry], answers: Answers) -> tuple[ServerEntry, ...]:
    """``entries`` with what an answers file says about logging in above what they say. Raises ``UsageError``.

    Credentials are for one authorization server: of several servers only those get them whose authorization server
    is named, which is checked when they log in.
    """
    given = answers.oauth
    if given is None:
        return tuple(entries)
    if len(entries) > 1 and given.holds_credentials and "issuer" not in given.given:
        if not answers.quiet:
            note_warning('the credentials of the answers file are not used: it has no "issuer", and there are several')
        opening = given.settings.opening
        return tuple(
            replace(entry, oauth=replace(entry.oauth or OAuthSettings(), opening=opening)) for entry in entries
        )
    changed: list[ServerEntry] = []
    for entry in entries:
        settings = given.over(entry.oauth)
        problem = lacking(settings)
        if problem is not None:
            raise UsageError(f'"oauth" of the answers file {problem[0]}', hint=problem[1], server=entry.name)
        changed.append(replace(entry, oauth=settings))
    return tuple(changed)


def hands_of(options: Options, answers: Answers, *, asks: bool, reads: bool) -> Hands | None:
    """Who does what a person would; None where nobody is there. ``asks``: a person sits at the terminal for this.

    ``reads``: stdin is free for what a person types.
    """
    if answers.oauth is None and not asks:
        return None
    opening = answers.oauth.settings.opening if answers.oauth is not None else "browser"
    if not options.browser and opening == "browser":
        opening = "print"
    return hands_for(opening, os.environ, unattended=answers.oauth is not None, reads=reads)


def authorization_of(
    entry: ServerEntry, store: CredentialStore, guard: Guard, seen: Callable[[AuthView], None] | None = None
) -> EntryAuthorization:
    """As ``takes_login``. Raises ``UsageError`` for a server that nobody logs in to."""
    found = takes_login(entry, store, guard, seen)
    if found is not None:
        return found
    if entry.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS):
        raise UsageError(f'"{entry.name}" runs on this machine: nobody logs in to it', hint=_OF_ITS_OWN)
    if entry.transport in (TransportKind.SSE_IDE, TransportKind.WS_IDE, TransportKind.CONNECTOR):
        raise UsageError(f'"{entry.name}" brings its own token ({entry.transport}): nobody logs in to it')
    raise UsageError(
        f'"{entry.name}" has an Authorization header: that is what it is asked with, and not a login',
        hint='take the header out of the entry (or leave --header away) to log in with "mcpdeck login"',
    )


def takes_login(
    entry: ServerEntry, store: CredentialStore, guard: Guard, seen: Callable[[AuthView], None] | None = None
) -> EntryAuthorization | None:
    """Who logs in to ``entry`` where nothing connects to it, and logs out; None for a server that takes no login.

    ``seen`` is told what becomes of it. Nothing is contacted for it that ``guard`` forbids at that moment.
    """

    def permits(_: Place) -> None:
        refused = guard(entry)
        if refused is not None:
            raise refused

    found = Authorizations(
        store, store.needed, environ=os.environ, emit=_telling(seen), permits=permits, named=entry.name
    )
    return found.of(entry)


def authorization_at(
    login: Login, store: CredentialStore, seen: Callable[[AuthView], None] | None = None
) -> EntryAuthorization:
    """The same for a login that no entry is left of: its address is all that is known."""
    place = Place(login.server_url, login.server_url, OAuthSettings())
    return EntryAuthorization(place, Around(store, store.needed, os.environ, _telling(seen), by_command))


def _telling(seen: Callable[[AuthView], None] | None) -> Callable[[AuthorizationChanged], None]:
    def tell(event: AuthorizationChanged) -> None:
        if seen is not None:
            seen(event.view)

    return tell


async def kept_for(place: Place, store: CredentialStore) -> Login | None:
    """The login that would be used."""
    return await store.login_for(place.url, wanted_of(place.settings, place.tls))
