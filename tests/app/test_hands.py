"""What the dashboard's keys do to the configuration: they act on the entry that was shown, on real files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mcpdeck.app.embed import _hands as hands_of_a_program
from mcpdeck.app.main import Hands, _hands
from mcpdeck.app.seen import Seen
from mcpdeck.services.errors import UsageError
from mcpdeck.services.manager import ConnectionManager
from mcpdeck.services.models import Status
from mcpdeck.services.state.reducers import row_of
from tests.config.project import Project


class Desk:
    """The hands on a project whose ``.mcp.json`` has the server ``it``; nothing is connected."""

    def __init__(self, base: Path) -> None:
        self.project = Project(base)
        self.project.servers({"it": {"command": "mine"}})
        self.configured = self.project.deck()
        self.manager = ConnectionManager(guard=self.configured.guard)
        self.hands: Hands = _hands(self.manager, self.configured)
        self.hands.reload()

    def seen(self) -> Seen:
        return Seen.of(row_of(self.manager.entries["it"]))

    @property
    def gate(self) -> Status | None:
        return self.project.load()["it"].gate


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def each(hands: Hands, seen: Seen) -> list[str]:
    """What every hand says of an entry; all of them have to refuse it."""
    said: list[str] = []
    for act in (hands.approve, hands.reject, lambda of: hands.set_enabled(of, False)):
        with pytest.raises(UsageError) as caught:
            act(seen)
        said.append(caught.value.title)
    return said


def test_the_entry_that_was_shown_is_approved(desk: Desk) -> None:
    desk.hands.approve(desk.seen())
    assert desk.gate is None


def test_an_entry_that_changed_since_it_was_shown_is_neither_approved_nor_rejected_nor_switched(desk: Desk) -> None:
    seen = desk.seen()
    desk.project.servers({"it": {"command": "theirs"}})
    desk.hands.reload()
    assert each(desk.hands, seen) == ['"it" is another entry by now'] * 3
    assert desk.gate is Status.PENDING_APPROVAL


def test_an_entry_that_went_since_it_was_shown_is_no_internal_error(desk: Desk) -> None:
    seen = desk.seen()
    desk.project.file.unlink()
    desk.hands.reload()
    assert each(desk.hands, seen) == ['there is no server named "it" any more'] * 3


def test_another_file_with_the_same_text_is_another_entry(desk: Desk) -> None:
    seen = desk.seen()
    elsewhere = replace(seen, file=str(desk.project.user_file))
    assert each(desk.hands, elsewhere) == ['"it" is another entry by now'] * 3


def test_a_server_of_a_program_is_switched_only_while_it_is_there() -> None:
    manager = ConnectionManager()
    manager.set_servers({"it": {"command": "mine"}})
    hands = hands_of_a_program(manager)
    seen = Seen.of(row_of(manager.entries["it"]))
    hands.set_enabled(seen, False)
    assert manager.entries["it"].gate is Status.DISABLED
    manager.set_servers({})
    with pytest.raises(UsageError, match="any more"):
        hands.set_enabled(seen, True)
