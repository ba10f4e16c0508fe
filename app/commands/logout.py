"""``mcpdeck logout TARGET`` and ``mcpdeck logout --all``: revoke and forget logins.

Owns which logins a TARGET means; how one is logged out of is ``services.auth.entry_authorization``'s, and that it is
forgotten whatever the authorization server says, or may be asked. The MCP server itself is not contacted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...services.auth.entry_authorization import EntryAuthorization
from ...services.auth.kinds import Login
from ...services.auth.store import CredentialStore, wanted_of
from ...services.errors import McpDeckError, UsageError
from ...services.models import AuthView, Json, ServerEntry
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..login_lines import StepNotes, login_json
from ..logins import authorization_at, authorization_of, credentials, takes_login, with_answers
from ..options import Options
from ..printing import note, note_warning, write, write_json
from ..resolve import Guard, configured, load

USAGE = "mcpdeck logout NAME, mcpdeck logout URL, or mcpdeck logout --all"


@dataclass(frozen=True)
class _Gone:
    """A login that is forgotten, and what became of its tokens at the authorization server."""

    login: Login
    said: tuple[str, ...]


def run(options: Options) -> int:
    """0 also where nobody was logged in."""
    if options.everything == bool(options.words or options.program):
        raise UsageError("which login? a TARGET or --all, one of the two", hint=USAGE)
    store = credentials()
    name: str | None = None
    if options.everything:
        known = _known(options)
        gone = headless.run_for(lambda: _logged_out_of_all(known, store, options))
    else:
        deck, name = configured(options, options.words[0] if options.words else None)
        entry = next(entry for entry in load(deck, options, name) if entry.name == name)
        gone = headless.run_for(lambda: _logged_out(entry, store, deck.guard, options))
    if options.json:
        document: list[Json] = [{**login_json(each.login), "said": [*each.said]} for each in gone]
        write_json({"server": name, "loggedOut": document})
        return Exit.DONE
    for each in gone:
        write(f"logged out of {one_line(each.login.server_url)} ({one_line(each.login.issuer)})")
        for line in each.said:
            note(f"  {one_line(line)}")
    if not gone:
        note("nobody was logged in" + (f" to {one_line(name)}" if name is not None else ""))
    if not options.quiet:
        for problem in store.problems:
            note_warning(problem)
    return Exit.DONE


async def _logged_out(entry: ServerEntry, store: CredentialStore, guard: Guard, options: Options) -> list[_Gone]:
    """The login that is used, and those that were made for the same address with other settings.

    Raises ``StorageError`` for what cannot be forgotten.
    """
    (entry,) = with_answers((entry,), headless.answers_of(options))
    steps = _Steps(options)
    auth = authorization_of(entry, store, guard, steps.see)
    store.needed.clear()
    return [await steps.gone(auth, login) for login in await store.all(auth.place.url)]


def _known(options: Options) -> tuple[tuple[ServerEntry, Guard], ...]:
    """The configured servers; what is wrong with the configuration keeps nobody from being logged out."""
    try:
        deck, _ = configured(options, None)
        return tuple((entry, deck.guard) for entry in deck.load_entries())
    except McpDeckError:
        return ()


async def _logged_out_of_all(
    known: Sequence[tuple[ServerEntry, Guard]], store: CredentialStore, options: Options
) -> list[_Gone]:
    """By way of its entry where there is one: it says whom to trust, and whether anything may be contacted for it."""
    steps = _Steps(options)
    ways: dict[tuple[str, ...], tuple[tuple[bool, bool], EntryAuthorization]] = {}
    for entry, guard in known:
        auth = takes_login(entry, store, guard, steps.see)
        if auth is None:
            continue
        for login in await store.all(auth.place.url):
            # Of several that use it: one that may be contacted, and the one that it was made for.
            fit = (guard(entry) is None, wanted_of(auth.place.settings, auth.place.tls) == login.wanted)
            if _key(login) not in ways or fit > ways[_key(login)][0]:
                ways[_key(login)] = fit, auth
    store.needed.clear()
    gone: list[_Gone] = []
    for login in await store.all():
        way = ways.get(_key(login))
        gone.append(await steps.gone(way[1] if way is not None else authorization_at(login, store, steps.see), login))
    return gone


class _Steps:
    """Says what is exchanged for one logout after the other."""

    def __init__(self, options: Options) -> None:
        self._verbose = options.verbose
        self._notes = StepNotes(options.verbose)

    def see(self, view: AuthView) -> None:
        self._notes.see(view.steps)

    async def gone(self, auth: EntryAuthorization, login: Login) -> _Gone:
        try:
            return _Gone(login, await auth.log_out(login))
        finally:
            self._notes.finish()
            self._notes = StepNotes(self._verbose)


def _key(login: Login) -> tuple[str, ...]:
    """One record of the store, whichever of its servers it was found by."""
    return login.issuer, login.client.client_id, login.resource, login.wanted
