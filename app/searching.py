"""The way to the search and from it: what can be gone to from where one is, and going there.

Owns the list of places and how an action is run from it. Never draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING

from .actions import ACTIONS, APP_ACTIONS, Action
from .places import Directory, Place
from .screens.deck_screen import DeckScreen
from .screens.search_screen import SearchScreen
from .screens.unsaved_screen import UnsavedScreen

if TYPE_CHECKING:
    from .deck import Deck

UNLISTED = frozenset({"palette", "search", "focus_next"})
ACTIONS_ONLY = "> "


def open_search(app: Deck, begin: str) -> None:
    """Show the search, with ``begin`` typed already."""
    screen = app.screen
    if isinstance(screen, SearchScreen):
        screen.begin_with(begin)
        return
    deck = app.screen_stack[0]
    typing = any(isinstance(one, UnsavedScreen) and one.unsaved for one in app.screen_stack)
    # What is typed in a dialog is not left behind by going elsewhere.
    free = isinstance(deck, DeckScreen) and not typing
    directory = _directory(app, deck) if free and isinstance(deck, DeckScreen) else Directory(None)
    places = list(_actions(app, on_deck=screen is deck))
    if free and isinstance(deck, DeckScreen):
        directory.know(app.store.state.mcp)
        places += deck.saved_places()
    directory.add(places)
    app.push_screen(SearchScreen(directory, partial(_go, app), begin))


def _directory(app: Deck, deck: DeckScreen) -> Directory:
    """The same one each time: what did not change since is not read again."""
    if app.directory is None:
        app.directory = Directory(deck)
    return app.directory


def _go(app: Deck, place: Place) -> None:
    async def go() -> None:
        if place.kind != "action":
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            app.catch_up()  # the place may be newer than what the main screen saw last
        done = place.go()
        if isawaitable(done):
            await done

    app.call_later(go)


def _actions(app: Deck, *, on_deck: bool) -> Iterator[Place]:
    """Above another screen only what the app itself does: that screen may well have an action of the same name."""
    for action in ACTIONS:
        if action.id not in UNLISTED and (action.id in APP_ACTIONS or on_deck):
            yield Place("action", action.title, "", action.description, _running(app, action), app.keys.shown(action))


def _running(app: Deck, action: Action) -> Callable[[], object]:
    async def run() -> None:
        target = app if action.id in APP_ACTIONS else app.screen
        if isinstance(target, DeckScreen) and not target.check_action(action.id, ()):
            app.toast(f"{action.title} does nothing here", f"It works in: {', '.join(sorted(action.zones))}.")
            return
        await app.run_action(action.id, default_namespace=target)

    return run
