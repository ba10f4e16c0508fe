"""A file that is broken for a moment lifts no rule, no rejection and no switch; and nothing hangs on what is no file.

The real command is run, one process each time, so that only what was remembered on disk counts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, tiny

DENY = '{"deniedMcpServers": [{"serverName": "it"}]}'
ALLOW = '{"allowedMcpServers": [{"serverName": "harmless"}]}'
REJECT = '{"disabledMcpjsonServers": ["it"]}'
APPROVE = '{"enabledMcpjsonServers": ["it"]}'


def _broken(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:-1] + ",}", encoding="utf-8")


def _half(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:-2], encoding="utf-8")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


def _huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


BREAKS = (_broken, _half, _empty, _folder, _pipe, _socket, _huge, _dangling)
SOME = (_broken, _empty, _folder, _pipe)
Break = Callable[[Path], None]


class Deck:
    """A project with one server, a user with another one, and settings to break."""

    def __init__(self, mcpdeck: CommandLine) -> None:
        self.mcpdeck = mcpdeck
        mcpdeck.user({"harmless": tiny()})
        self.data = Path(mcpdeck.environ["MCPDECK_HOME"]) / "data"
        self.config = Path(mcpdeck.environ["MCPDECK_HOME"]) / "config"
        self.claude = Path(mcpdeck.environ.get("CLAUDE_CONFIG_DIR") or Path(mcpdeck.environ["HOME"]) / ".claude")
        self.claude.mkdir(parents=True, exist_ok=True)
        self.settings = self.claude / "settings.json"

    def statuses(self) -> dict[str, str]:
        done = self.mcpdeck("list", "--no-connect", "--json")
        assert done.code == 0, done.err
        return {row["name"]: row["status"] for row in done.json["servers"]}

    def approved(self) -> None:
        self.mcpdeck.project({"it": tiny()})
        assert self.mcpdeck("approve", "it", "--yes").code == 0


@pytest.fixture
def deck(mcpdeck: CommandLine) -> Deck:
    return Deck(mcpdeck)


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_deny_counts_on_while_its_file_cannot_be_read_and_the_file_is_named(deck: Deck, breaks: Break) -> None:
    deck.mcpdeck.user({"it": tiny(), "harmless": tiny()})
    deck.settings.write_text(DENY, encoding="utf-8")
    assert deck.statuses()["it"] == "blocked"
    breaks(deck.settings)
    statuses = deck.statuses()
    assert statuses["it"] == "blocked"
    assert statuses["harmless"] != "blocked"
    done = deck.mcpdeck("tools", "it")
    assert done.code == 5
    assert str(deck.settings) in done.err
    assert "as they were last read" in deck.mcpdeck("sources").out


@pytest.mark.parametrize("breaks", SOME)
def test_a_rejection_counts_on_while_its_file_cannot_be_read(deck: Deck, breaks: Break) -> None:
    deck.approved()
    deck.settings.write_text(REJECT, encoding="utf-8")
    assert deck.statuses()["it"] == "rejected"
    breaks(deck.settings)
    assert deck.statuses()["it"] == "rejected"


def test_an_allow_list_counts_on_while_its_file_cannot_be_read(deck: Deck) -> None:
    deck.mcpdeck.user({"it": tiny(), "harmless": tiny()})
    deck.settings.write_text(ALLOW, encoding="utf-8")
    assert deck.statuses()["it"] == "blocked"
    _broken(deck.settings)
    statuses = deck.statuses()
    assert statuses["it"] == "blocked"
    assert statuses["harmless"] != "blocked"


def test_an_approval_counts_no_more_while_its_file_cannot_be_read(deck: Deck) -> None:
    deck.mcpdeck.project({"it": tiny()})
    deck.settings.write_text(APPROVE, encoding="utf-8")
    assert deck.statuses()["it"] != "pending approval"
    _broken(deck.settings)
    assert deck.statuses()["it"] == "pending approval"


def test_of_a_file_that_was_removed_or_mended_nothing_is_kept(deck: Deck) -> None:
    deck.mcpdeck.user({"it": tiny()})
    for end in ("removed", "mended"):
        deck.settings.write_text(DENY, encoding="utf-8")
        assert deck.statuses()["it"] == "blocked"
        if end == "removed":
            deck.settings.unlink()
        else:
            deck.settings.write_text("{}", encoding="utf-8")
        assert deck.statuses()["it"] != "blocked"
        deck.settings.write_text("{", encoding="utf-8")
        assert deck.statuses()["it"] != "blocked"
    assert list((deck.data / "settings").glob("*.json")) == []


def test_where_nothing_is_known_the_file_is_told_and_other_servers_are_not_lost(deck: Deck) -> None:
    deck.settings.write_text("{", encoding="utf-8")
    done = deck.mcpdeck("list", "--no-connect")
    assert done.code == 0
    assert "harmless" in done.out
    assert str(deck.settings) in done.out + done.err
    assert "is not known" in deck.mcpdeck("sources").out


def test_what_is_remembered_is_private_and_written_only_when_it_changed(deck: Deck) -> None:
    deck.settings.write_text(DENY, encoding="utf-8")
    deck.statuses()
    (kept,) = [path for path in (deck.data / "settings").iterdir() if path.suffix == ".json"]
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.stat()
    deck.statuses()
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("breaks", SOME)
def test_approvals_that_cannot_be_read_approve_nothing(deck: Deck, breaks: Break) -> None:
    deck.approved()
    assert deck.statuses()["it"] != "pending approval"
    breaks(deck.data / "approvals.json")
    assert deck.statuses()["it"] == "pending approval"
    deck.settings.write_text('{"enableAllProjectMcpServers": true}', encoding="utf-8")
    assert deck.statuses()["it"] == "pending approval"
    assert "approvals.json" in deck.mcpdeck("sources").out


@pytest.mark.parametrize("breaks", SOME)
def test_what_was_switched_off_is_not_on_because_the_switches_cannot_be_read(deck: Deck, breaks: Break) -> None:
    assert deck.mcpdeck("disable", "harmless").code == 0
    breaks(deck.data / "toggles.json")
    assert deck.statuses()["harmless"] == "disabled"
    assert "toggles.json" in deck.mcpdeck("sources").out


@pytest.mark.parametrize("breaks", BREAKS)
def test_mcpdecks_own_settings_that_are_no_file_hold_nothing_up(deck: Deck, breaks: Break) -> None:
    settings = deck.config / "settings.json"
    settings.write_text(DENY, encoding="utf-8")
    breaks(settings)
    assert "harmless" in deck.statuses()
