from __future__ import annotations

import pytest

from tests.cli.command import MCPDECK, TINY, CommandLine, tiny
from tests.terminal import Terminal


@pytest.fixture
def here(mcpdeck: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The project is the current folder of what a terminal starts."""
    monkeypatch.chdir(mcpdeck.root)
    return mcpdeck


def _terminal(mcpdeck: CommandLine, *words: str, size: tuple[int, int] = (80, 24), **env: str) -> Terminal:
    return Terminal((*MCPDECK, *words), env={"MCPDECK_HOME": str(mcpdeck.home), **env}, size=size)


@pytest.mark.parametrize(("answer", "code", "later"), [(b"y\n", 0, 0), (b"\n", 5, 5), (b"n\n", 5, 5)])
def test_approve_asks_on_a_terminal_and_only_yes_is_yes(
    here: CommandLine, answer: bytes, code: int, later: int
) -> None:
    here.project({"tiny": tiny()})
    with _terminal(here, "approve", "tiny") as terminal:
        terminal.wait_for(b"Let it start? [y/N]")
        assert str(TINY[1]).encode() in terminal.output.replace(b"\r\n", b"")
        terminal.type(answer)
        assert terminal.ended(seconds=20) == code
    assert here("tools", "tiny").code == later


def _lines(terminal: Terminal) -> list[str]:
    return terminal.output.decode().replace("\r", "").splitlines()


def test_a_table_fits_the_terminal_and_is_coloured_unless_no_color_is_set(here: CommandLine) -> None:
    here.user({"tiny": tiny(args=[TINY[1], "x" * 200]), "日本の": tiny(disabled=True)})
    with _terminal(here, "list", NO_COLOR="1") as plain:
        assert plain.ended(seconds=30) == 0
        plain.wait_for("日本の".encode())
    lines = _lines(plain)
    assert [line for line in lines[:3] if len(line) > 80] == []
    assert "connected" in lines[1]  # what matters is whole, what was cut says so
    assert "…" in lines[1]
    assert "\x1b" not in "".join(lines)
    with _terminal(here, "list") as coloured:
        assert coloured.ended(seconds=30) == 0
        coloured.wait_for(b"\x1b[32mconnected")


def test_progress_is_shown_on_the_terminal_while_a_call_runs(here: CommandLine) -> None:
    with _terminal(here, "call", "slow", "steps=60", "--", *TINY) as terminal:
        terminal.wait_for(b"/60 step")
        terminal.wait_for(b"done")
        assert terminal.ended(seconds=20) == 0


def test_output_to_the_terminal_is_not_sent_raw(here: CommandLine) -> None:
    with _terminal(here, "call", "hostile", "-q", "--output", "-", "--", *TINY) as terminal:
        assert terminal.ended(seconds=20) == 0
        terminal.wait_for("red ␛[31mhere␇ \\u202eback".encode())
    assert b"\x1b" not in terminal.output


def test_ctrl_c_ends_a_call_with_130(here: CommandLine) -> None:
    with _terminal(here, "call", "slow", "--", *TINY) as terminal:
        terminal.wait_for(b"step")
        terminal.type(b"\x03")
        assert terminal.ended(seconds=20) == 130
    assert b"Traceback" not in terminal.output


def test_a_target_that_is_unknown_is_said_before_the_dashboard_opens(here: CommandLine) -> None:
    here.user({"files": tiny()})
    with _terminal(here, "fiels") as terminal:
        assert terminal.ended(seconds=20) == 2
        terminal.wait_for(b'did you mean "files"?')
    assert b"\x1b[?1049h" not in terminal.output  # the alternate screen
