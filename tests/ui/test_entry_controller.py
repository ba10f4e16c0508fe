"""What screens ask of the configuration, on real files: what is written, what is told, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from mcpdeck.app.controller import Severity
from mcpdeck.app.editing import Editing
from mcpdeck.app.entry_intents import EntryController
from mcpdeck.app.seen import Seen
from mcpdeck.app.undoing import Undo
from mcpdeck.services.config.clients import Exported
from mcpdeck.services.errors import ConfigError
from mcpdeck.services.models import ErrorInfo, JsonObject, Source
from mcpdeck.services.state.reducers import row_of
from tests.config.project import Project

NOTES: JsonObject = {"command": "notes", "env": {"API_KEY": "sk-12345678901234567890", "MODE": "${MODE:-x}"}}


class Desk:
    """An ``EntryController`` on the files of a project, and what it told."""

    def __init__(self, base: Path, *, broken: bool = False) -> None:
        self.project = Project(base)
        self.toasts: list[tuple[str, str, str]] = []
        self.loaded = self.shown = 0
        self.broken = broken
        self.undo = Undo()
        self.entries = EntryController(
            lambda: Editing(self.project.deck()), self.toast, self.undo, reload=self.reload, shown=self.show
        )

    def toast(self, title: str, hint: str = "", *, severity: Severity = "information") -> None:
        self.toasts.append((title, hint, severity))

    def reload(self) -> None:
        self.loaded += 1
        if self.broken:
            raise ConfigError("the managed file cannot be read")

    def show(self) -> None:
        self.shown += 1

    def seen(self, name: str) -> Seen:
        return Seen.of(row_of(self.project.load()[name]))

    def in_user_file(self) -> JsonObject:
        return cast("JsonObject", json.loads(self.project.user_file.read_text("utf-8"))["mcpServers"])


def test_an_added_entry_stands_in_its_file_and_the_rows_are_read_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.entries.add("notes", NOTES, "user") is None
    assert desk.in_user_file() == {"notes": NOTES}
    assert desk.toasts == [("notes is added", str(desk.project.user_file), "information")]
    assert (desk.loaded, desk.shown) == (1, 1)


def test_many_entries_are_added_by_one_change_of_the_file_one_reading_and_one_toast(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    many: dict[str, JsonObject] = {f"s-{number}": {"command": f"c{number}"} for number in range(90)}
    assert desk.entries.add_many(many, "user") is None
    assert desk.in_user_file() == many
    assert desk.toasts == [("90 servers are added", str(desk.project.user_file), "information")]
    assert (desk.loaded, desk.shown) == (1, 1)


def test_of_many_entries_none_is_added_when_one_is_there_already_or_cannot_be_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.entries.add("notes", NOTES, "user")
    before = desk.project.user_file.read_bytes()
    taken = desk.entries.add_many({"new": {"command": "x"}, "notes": {"command": "y"}}, "user")
    assert taken is not None
    assert '"notes"' in taken.title
    unusable = desk.entries.add_many({"new": {"command": "x"}, "empty": {}}, "user")
    assert unusable is not None
    assert unusable.title.startswith("empty: ")
    badly_named = desk.entries.add_many({"new": {"command": "x"}, "a name": {"command": "y"}}, "user")
    assert badly_named is not None
    assert '"a name"' in badly_named.title
    assert desk.project.user_file.read_bytes() == before
    assert desk.loaded == 1


def test_what_cannot_be_added_comes_back_and_nothing_is_read_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.entries.add("notes", NOTES, "user")
    for name, value in (("notes", NOTES), ("a name", NOTES), ("empty", {})):
        refused = desk.entries.add(name, value, "user")
        assert isinstance(refused, ErrorInfo)
        assert refused.title
    assert list(desk.in_user_file()) == ["notes"]
    assert desk.loaded == 1
    assert len(desk.toasts) == 1


def test_an_entry_that_is_written_stays_told_when_reading_it_again_fails(tmp_path: Path) -> None:
    desk = Desk(tmp_path, broken=True)
    refused = desk.entries.add("notes", NOTES, "user")
    assert refused is not None
    assert refused.title == "the managed file cannot be read"
    assert desk.toasts[0][0] == "notes is added"
    assert desk.shown == 1


def test_an_entry_is_edited_renamed_and_removed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.project.servers({"notes": NOTES}, desk.project.user_file)
    text = desk.entries.text("notes")
    assert isinstance(text, str)
    assert json.loads(text) == NOTES
    assert desk.entries.editable("notes") is None
    assert desk.entries.replace("notes", "memos", {**NOTES, "timeout": 5000}) is None
    assert desk.in_user_file() == {"memos": {**NOTES, "timeout": 5000}}
    assert desk.entries.remove(desk.seen("memos")) is None
    assert desk.in_user_file() == {}


def test_an_entry_that_changed_under_the_editor_is_not_overwritten(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.project.servers({"notes": NOTES}, desk.project.user_file)
    desk.entries.text("notes")
    desk.project.servers({"notes": {"command": "other"}}, desk.project.user_file)
    assert desk.entries.replace("notes", "notes", {"command": "mine"}) is not None
    assert desk.in_user_file() == {"notes": {"command": "other"}}


def test_a_removal_that_is_refused_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.entries.remove(Seen("nobody", "", Source.USER, None)) is not None
    assert desk.toasts[0][2] == "error"


def test_a_copy_of_an_entry_keeps_its_folders(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.project.servers({"notes": {"command": "notes", "cwd": "sub"}})
    text = desk.entries.copy_text("notes")
    assert isinstance(text, str)
    assert json.loads(text)["cwd"] == str(desk.project.root / "sub")


def test_an_export_is_masked_to_be_looked_at_and_whole_to_be_copied(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.project.servers({"notes": NOTES}, desk.project.user_file)
    for client, _ in desk.entries.clients():
        shown, copied = (desk.entries.export(["notes"], client, masked=masked) for masked in (True, False))
        assert isinstance(shown, Exported)
        assert isinstance(copied, Exported)
        assert "sk-12345678901234567890" not in shown.text
        assert "sk-12345678901234567890" in copied.text


def test_a_pasted_snippet_is_read_or_said_to_be_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    found = desk.entries.paste('{"mcpServers": {"a": {"command": "x"}}}')
    assert not isinstance(found, ErrorInfo)
    assert (found[0].name, found[0].value) == ("a", {"command": "x"})
    assert isinstance(desk.entries.paste("nothing of the kind"), ErrorInfo)


def test_where_nothing_can_be_changed_everything_says_so() -> None:
    def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
        pass

    entries = EntryController(None, toast, Undo(), reload=lambda: None, shown=lambda: None)
    assert entries.scopes() == ()
    assert entries.editable("x") is not None
    assert isinstance(entries.text("x"), ErrorInfo)
    assert entries.add("x", NOTES, "user") is not None
    assert entries.check("x", NOTES)[0] is not None


def test_what_this_run_does_not_read_is_said_when_it_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    object.__setattr__(desk.project.options, "strict", True)
    assert desk.entries.add("notes", NOTES, "user") is None
    ((_, hint, _),) = desk.toasts
    assert hint == f"{desk.project.user_file} · not read in this run: --strict-mcp-config"
