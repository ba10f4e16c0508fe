"""``mcpdeck logout TARGET`` and ``mcpdeck logout --all``: revoke and forget logins.

Owns which logins a TARGET means, and that a login is forgotten whatever its authorization server says. The MCP server
itself is not contacted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...services.auth.kinds import Login, Place
from ...services.auth.store import CredentialStore
from ...services.errors import McpDeckError, UsageError
from ...services.models import Json, OAuthSettings, ServerEntry
from ...services.policy.refusals import refusal
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..login_lines import StepNotes, login_json
from ..logins import credentials, kept_for, place_of, with_answers
from ..options import Options
from ..printing import note, note_warning, write, write_json
from ..resolve import configured, load

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
    entry = None if options.everything else _entry(options)
    store = credentials()
    gone = headless.run_for(lambda: _logged_out(entry, store, options))
    if options.json:
        document: list[Json] = [{**login_json(each.login), "said": [*each.said]} for each in gone]
        write_json({"server": entry.name if entry is not None else None, "loggedOut": document})
        return Exit.DONE
    for each in gone:
        write(f"logged out of {one_line(each.login.server_url)} ({one_line(each.login.issuer)})")
        for line in each.said:
            note(f"  {one_line(line)}")
    if not gone:
        note("nobody was logged in" + (f" to {one_line(entry.name)}" if entry is not None else ""))
    if not options.quiet:
        for problem in store.problems:
            note_warning(problem)
    return Exit.DONE


def _entry(options: Options) -> ServerEntry:
    deck, name = configured(options, options.words[0] if options.words else None)
    return next(entry for entry in load(deck, options, name) if entry.name == name)


async def _logged_out(entry: ServerEntry | None, store: CredentialStore, options: Options) -> list[_Gone]:
    """Raises ``StorageError`` for what cannot be forgotten."""
    if entry is None:
        places = [(login, _place_of_its_own(login)) for login in await store.all()]
    else:
        (entry,) = with_answers((entry,), headless.answers_of(options))
        place = place_of(entry, store)
        places = [(login, place) for login in await _logins_of(place, store)]
    notes = StepNotes(options.verbose)
    blocked = refusal(entry) if entry is not None else None
    gone = [_Gone(login, await _forgotten(login, place, store, notes, blocked)) for login, place in places]
    store.needed.clear()
    return gone


async def _logins_of(place: Place, store: CredentialStore) -> Iterable[Login]:
    """The login that is used, and those that were made for the same address with other settings."""
    now = await kept_for(place, store)
    others = [login for login in await store.all() if login.server_url == place.url]
    if now is None:
        return others
    return [now, *(login for login in others if (login.issuer, login.wanted) != (now.issuer, now.wanted))]


def _place_of_its_own(login: Login) -> Place:
    """For a login whose entry is not looked for: what it was made with is all that is known."""
    return Place(login.server_url, login.server_url, OAuthSettings())


async def _forgotten(
    login: Login, place: Place, store: CredentialStore, notes: StepNotes, blocked: McpDeckError | None
) -> tuple[str, ...]:
    from ...services.auth.guarded import Guarded
    from ...services.auth.revocation import revoke
    from ...services.auth.steps import Recorder

    said: tuple[str, ...] = ()
    if blocked is not None:
        said = (f"Its tokens were not revoked, for nothing is contacted for it: {blocked.title}.",)
    try:
        if blocked is None:
            recorder = Recorder(lambda: notes.see(recorder.steps))
            async with Guarded(place, recorder) as fetch:
                said = await revoke(fetch, login, place)
            notes.finish()
    finally:
        await store.forget(login)
    return said
