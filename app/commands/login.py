"""``mcpdeck login TARGET``: log in to a server, and see that the login is taken.

Owns the order: connect, log in where the server wants it or offers it, and say where that was, for how long, and where
it is kept. How a login goes is ``services.auth.login``'s; never prints a secret.
"""

from __future__ import annotations

import shlex
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from ...services.auth.kinds import Hands, Login, Place
from ...services.auth.store import CredentialStore
from ...services.errors import AuthError, DiscoveryError, McpDeckError, RequestTimeout
from ...services.models import JsonObject, LoginStep, ServerEntry
from ...services.state.text import one_line
from .. import headless
from ..exits import Exit
from ..login_lines import StepNotes, login_json, login_lines, steps_json
from ..logins import authorization_of, credentials, hands_of, kept_for, with_answers
from ..options import Options
from ..printing import note, note_warning, write, write_json
from ..resolve import Guard, usable

if TYPE_CHECKING:
    from ...services.session import Session
    from ...services.state.model import AppState
    from ..worker import Services


@dataclass
class _Login:
    """One run of the command."""

    entry: ServerEntry
    place: Place
    store: CredentialStore
    hands: Hands
    notes: StepNotes
    login: Login | None = None
    steps: tuple[LoginStep, ...] = ()
    new: bool = False
    remark: str = ""
    """Why nobody can log in at a server that lets everybody in."""

    async def kept(self) -> Login | None:
        return await kept_for(self.place, self.store)

    def see(self, steps: tuple[LoginStep, ...]) -> None:
        self.steps = steps
        self.notes.see(steps)


def run(options: Options) -> int:
    """0 when there is a login, or the server wants none; 4 when it could not be had."""
    entry, guard = usable(options, options.words[0] if options.words else None)
    try:
        done = headless.run_for(lambda: _logged_in(entry, guard, options))
    except AuthError as error:
        if not options.verbose:
            target = shlex.quote(one_line(options.words[0], 400)) if options.words else "TARGET"
            error.hint = f"{error.hint} To see each step: mcpdeck login {target} -v".lstrip()
        raise
    if options.json:
        write_json(_json(done))
    else:
        _print(done, options)
    return Exit.DONE


async def _logged_in(entry: ServerEntry, guard: Guard, options: Options) -> _Login:
    """Raises ``AuthError`` where the login fails, and what keeps the server from being reached."""
    answers = headless.answers_of(options)
    (entry,) = with_answers((entry,), answers)
    store = credentials()
    place = authorization_of(entry, store, guard).place
    hands = hands_of(options, answers, asks=True, reads=True)
    assert hands is not None  # a person asked for it
    login = _Login(entry, place, store, hands, StepNotes(options.verbose))
    try:
        with anyio.fail_after(options.timeout):
            await _log_in(login, guard, options)
    except TimeoutError:
        raise RequestTimeout(
            f"nobody was logged in within {options.timeout:g} s", hint="Raise --timeout.", server=entry.name
        ) from None
    finally:
        login.notes.finish()
    return login


async def _log_in(login: _Login, guard: Guard, options: Options) -> None:
    name, before = login.entry.name, await login.kept()
    async with headless.services((login.entry,), options, guard=guard, hands=login.hands) as services:
        manager = services.manager
        with _followed(services, login):
            if options.again or options.scopes:
                await manager.login(name, again=True, scopes=options.scopes)
            session = await manager.connected(name)
            now = await login.kept()
            if now is None:
                # It let us in without a token: perhaps not to everything.
                await _list_tools(session, options)
                now = await login.kept()
            if now is None and await _offered(login, options):
                await manager.login(name)
                now = await login.kept()
        headless.note_log(services, name, options)
    login.login = now
    login.new = now is not None and (before is None or before.tokens.obtained_at != now.tokens.obtained_at)


async def _list_tools(session: Session, options: Options) -> None:
    try:
        await headless.tools_of(session, options.timeout)
    except AuthError:
        raise
    except McpDeckError:
        return  # what else is the matter with its tools does not matter here


async def _offered(login: _Login, options: Options) -> bool:
    """Whether a server that wants no login says where there is one all the same."""
    from ...services.auth.looked_up import look_up
    from ...services.auth.steps import Recorder

    notes = StepNotes(options.verbose)
    recorder = Recorder(lambda: notes.see(recorder.steps))
    try:
        return not (await look_up(login.place, recorder, login.hands)).server.assumed
    except DiscoveryError as error:
        login.remark = error.title
        return False
    finally:
        login.steps = recorder.steps
        notes.finish()


@contextmanager
def _followed(services: Services, login: _Login) -> Generator[None]:
    """The steps of a login that the connection begins."""

    def look(state: AppState) -> None:
        view = state.mcp.servers[login.entry.name].auth
        if view is not None and view.steps:
            login.see(view.steps)

    stop = services.store.subscribe(look)
    try:
        yield
    finally:
        stop()
        look(services.store.state)


def _json(done: _Login) -> JsonObject:
    return {
        "server": done.entry.name,
        **login_json(done.login),
        "new": done.new,
        "storage": done.store.where if done.login is not None else None,
        "steps": steps_json(done.steps),
    }


def _print(done: _Login, options: Options) -> None:
    name = one_line(done.entry.name)
    if done.login is None:
        write(f"{name} wants no login")
        note(f"It answered without one. {one_line(done.remark) or 'It does not say where one could log in.'}")
        return
    if not done.new:
        note("There was a login already; --again logs in anew.")
    write(f"logged in to {name}")
    for line in login_lines(done.login, done.store.where):
        write(line)
    if not options.quiet:
        for problem in done.store.problems:
            note_warning(problem)
