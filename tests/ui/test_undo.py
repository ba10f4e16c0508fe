"""Taking back what was removed: on real files, byte for byte, in several steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.app.seen import Seen
from mcpdeck.app.server_intents import ServerController
from mcpdeck.app.undoing import STEPS, Undo
from mcpdeck.services.errors import McpDeckError, UsageError
from tests.ui.test_entry_controller import Desk

WRITTEN = """{
  // what somebody wrote about it
  "mcpServers": {
    "first":  { "command": "one" },

    "second": {
      "command": "two",   "args": ["--odd",
         "layout"]
    },
    "third": {"command": "three"}
  },
  "other": [1,2,   3]
}
"""
PLAIN = WRITTEN.replace("  // what somebody wrote about it\n", "")


class Taking:
    """A ``Desk`` whose file stands there, and what U does."""

    def __init__(self, base: Path, text: str = PLAIN) -> None:
        self.desk = Desk(base)
        self.file = self.desk.project.user_file
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(text.encode())

    def remove(self, name: str) -> None:
        assert self.desk.entries.remove(self.desk.seen(name)) is None

    def back(self) -> str:
        step = self.desk.undo.take()
        assert step is not None
        return step.back()

    @property
    def text(self) -> str:
        return self.file.read_bytes().decode()

    @property
    def names(self) -> list[str]:
        return list(json.loads(self.text)["mcpServers"])


@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_a_removed_entry_comes_back_at_its_place_byte_for_byte(tmp_path: Path, name: str) -> None:
    taking = Taking(tmp_path)
    taking.remove(name)
    assert name not in taking.names
    assert "byte for byte" in taking.back()
    assert taking.text == PLAIN
    assert taking.desk.loaded == 2


def test_line_ends_and_a_byte_order_mark_come_back_as_they_were(tmp_path: Path) -> None:
    text = "\ufeff" + PLAIN.replace("\n", "\r\n")
    taking = Taking(tmp_path, text)
    taking.remove("second")
    taking.back()
    assert taking.file.read_bytes() == text.encode()


def test_several_removals_are_taken_back_one_after_the_other(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    for name in ("second", "first", "third"):
        taking.remove(name)
    assert taking.names == []
    taking.back()
    assert taking.names == ["third"]
    taking.back()
    taking.back()
    assert taking.text == PLAIN


def test_many_that_were_removed_together_come_back_by_one_step(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    desk = taking.desk
    desk.entries.remove_all([desk.seen(name) for name in ("first", "third")])
    assert taking.names == ["second"]
    assert desk.toasts[-1][0] == "2 servers are removed · U undoes"
    assert desk.loaded == 1
    taking.back()
    assert taking.text == PLAIN
    assert len(desk.undo) == 0


def test_one_of_many_that_cannot_be_removed_is_told_and_the_others_are(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    desk = taking.desk
    gone = Seen("gone", "x", desk.seen("first").source, None)
    desk.entries.remove_all([gone, desk.seen("first")])
    assert taking.names == ["second", "third"]
    assert [toast[2] for toast in desk.toasts] == ["error", "information"]


def test_where_the_file_was_changed_meanwhile_that_is_said_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    taking.remove("second")
    taking.file.write_text(taking.text.replace('"one"', '"uno"'), "utf-8")
    assert "was changed meanwhile: second stands at its end" in taking.back()
    servers = json.loads(taking.text)["mcpServers"]
    assert list(servers) == ["first", "third", "second"]
    assert servers["first"] == {"command": "uno"}
    assert servers["second"] == {"command": "two", "args": ["--odd", "layout"]}


def test_a_name_that_is_taken_by_now_is_left_to_who_took_it(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    taking.remove("first")
    assert taking.desk.entries.add("first", {"command": "another"}, "user") is None
    before = taking.text
    with pytest.raises(UsageError, match="already is a server"):
        taking.back()
    assert taking.text == before


def test_the_toast_of_a_removal_names_the_key_that_undoes_it(tmp_path: Path) -> None:
    taking = Taking(tmp_path)
    taking.remove("first")
    assert taking.desk.toasts[-1][0] == "first is removed · U undoes"


class Told(ServerController):
    """What a person is told of steps that are made up."""

    def __init__(self) -> None:
        super().__init__(None, print)
        self.told: list[str] = []

    def _toast(self, title: str, hint: str = "", *, severity: str = "information") -> None:
        self.told.append(f"{title} | {hint}")

    def _attempt(self, work: object) -> None:
        assert callable(work)
        try:
            work()
        except McpDeckError as error:
            self.told.append(f"error: {error.title}")


def test_with_nothing_to_undo_that_is_said() -> None:
    told = Told()
    told.undo()
    assert told.told[0].startswith("Nothing to undo")


def test_each_step_is_named_and_how_many_are_left() -> None:
    told = Told()
    for number in range(2):
        told.undoing.did(f"s{number} removed", lambda: "It is back.")
    told.undo()
    told.undo()
    assert told.told == ["Undone: s1 removed | It is back. · U: 1 more", "Undone: s0 removed | It is back."]


def test_a_step_that_fails_lets_the_older_ones_go_first_and_is_tried_again() -> None:
    told = Told()
    tries: list[int] = []

    def fails() -> str:
        tries.append(1)
        raise UsageError("taken")

    told.undoing.did("old removed", lambda: "back")
    told.undoing.did("new removed", fails)
    for _ in range(3):
        told.undo()
    assert [line.partition(" |")[0] for line in told.told] == ["error: taken", "Undone: old removed", "error: taken"]
    assert len(tries) == 2


def test_only_the_last_steps_are_kept() -> None:
    undo = Undo()
    for number in range(STEPS + 5):
        undo.did(str(number), str)
    assert len(undo) == STEPS
    newest = undo.take()
    assert newest is not None
    assert newest.what == str(STEPS + 4)
