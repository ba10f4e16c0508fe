"""The registry of actions: every key means one thing in each place, and every action can be carried out."""

from __future__ import annotations

from collections import defaultdict

from mcpdeck.app.actions import ACTIONS, APP_ACTIONS, BY_ID
from mcpdeck.app.deck import Deck
from mcpdeck.app.screens.deck_screen import DeckScreen

OF_TEXTUAL = frozenset({"focus_next"})


def test_no_key_means_two_things_in_one_place() -> None:
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for action in ACTIONS:
        for key in filter(None, action.keys.split(",")):
            for zone in action.zones:
                held[zone.value, key].append(action.id)
    twice = {place: names for place, names in held.items() if len(names) > 1}
    assert not twice


def test_every_action_has_an_id_of_its_own() -> None:
    assert len(BY_ID) == len(ACTIONS)


def test_every_action_can_be_carried_out() -> None:
    missing = [
        action.id
        for action in ACTIONS
        if action.id not in OF_TEXTUAL
        and not hasattr(Deck if action.id in APP_ACTIONS else DeckScreen, f"action_{action.id}")
    ]
    assert not missing


def test_a_footer_shows_no_key_where_it_does_not_work() -> None:
    assert not [action.id for action in ACTIONS if not action.footer <= action.zones]
