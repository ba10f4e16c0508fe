"""Roots: which of several count for a server, and who is told when they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcpdeck.services.connections.told_roots import ToldRoots
from mcpdeck.services.errors import ConnectionLost
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import JsonObject
from mcpdeck.services.session import Offer, Session, Standing
from tests import entries

pytestmark = pytest.mark.anyio

A: tuple[JsonObject, ...] = ({"uri": "file:///a"},)
B: tuple[JsonObject, ...] = ({"uri": "file:///b", "name": "b"},)
PLAIN = entries.stdio("plain", "true")
NAMED = replace(entries.stdio("named", "true"), roots=("file:///entry",))


class Told:
    """A session that only remembers what it was told."""

    def __init__(self, standing: Standing, *, fails: bool = False) -> None:
        self.standing, self.fails = standing, fails
        self.told: list[tuple[JsonObject, ...]] = []

    @property
    def offer(self) -> Offer:
        return self.standing.offer

    async def set_roots(self, roots: tuple[JsonObject, ...]) -> None:
        if self.fails:
            raise ConnectionLost("gone")
        self.told.append(roots)
        self.standing.offer = replace(self.standing.offer, roots=roots)


def test_those_of_this_run_come_before_those_of_the_entry_and_these_before_everyones() -> None:
    roots = ToldRoots()
    assert roots.of(PLAIN, None) is None
    assert roots.of(PLAIN, ()) == ()
    roots.choose(None, A)
    assert roots.of(PLAIN, ()) == A
    assert roots.of(NAMED, ()) == ({"uri": "file:///entry"},)
    roots.choose("named", B)
    assert roots.of(NAMED, ()) == B
    roots.choose("named", None)
    roots.choose(None, None)
    assert roots.of(NAMED, ()) == ({"uri": "file:///entry"},)
    assert roots.of(PLAIN, ()) == ()


def test_no_root_at_all_can_be_chosen_for_a_server_whose_entry_names_some() -> None:
    roots = ToldRoots()
    roots.choose("named", ())
    assert roots.of(NAMED, A) == ()


def connected(manager: ConnectionManager, name: str, *, fails: bool = False) -> Told:
    supervisor = manager._supervisors[name]
    told = Told(supervisor.standing, fails=fails)
    supervisor.session = told  # pyright: ignore[reportAttributeAccessIssue] - as much of a session as is used
    assert not isinstance(told, Session)
    return told


async def test_only_servers_whose_roots_are_others_now_are_told() -> None:
    manager = ConnectionManager([PLAIN, NAMED], offer=Offer(roots=()))
    plain, named = connected(manager, "plain"), connected(manager, "named")
    manager.choose_roots(None, A)
    assert await manager.tell_roots() == ("plain",)
    assert (plain.told, named.told) == ([A], [])
    assert await manager.tell_roots() == ()
    manager.choose_roots("named", B)
    assert await manager.tell_roots() == ("named",)
    assert manager.own_roots("named") == B


async def test_a_server_that_cannot_be_told_keeps_nobody_else_from_it() -> None:
    manager = ConnectionManager([PLAIN, replace(PLAIN, name="other", digest="2")], offer=Offer(roots=()))
    connected(manager, "plain", fails=True)
    other = connected(manager, "other")
    manager.choose_roots(None, A)
    with pytest.raises(ConnectionLost) as caught:
        await manager.tell_roots()
    assert caught.value.server == "plain"
    assert other.told == [A]


async def test_a_server_that_may_not_ask_is_offered_them_with_its_next_connection() -> None:
    manager = ConnectionManager([PLAIN])
    plain = connected(manager, "plain")
    manager.choose_roots("plain", A)
    assert await manager.tell_roots() == ()
    assert plain.told == []
    assert manager._supervisors["plain"].standing.offer.roots == A
