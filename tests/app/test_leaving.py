"""However the application is left, no process that it started outlives it by more than 5 s."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.entries import SERVERS
from tests.terminal import Terminal
from tests.waiting import gone, until

WITHIN = 5
MISBEHAVING = str(SERVERS / "misbehaving.py")
MCPDECK = (sys.executable, "-m", "mcpdeck.app")


def types_q(terminal: Terminal) -> None:
    terminal.type(b"q")


def types_ctrl_c(terminal: Terminal) -> None:
    terminal.type(b"\x03")


def sends_sigterm(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGTERM)


def closes_the_terminal(terminal: Terminal) -> None:
    terminal.hang_up()


def ends_with_its_family(terminal: Terminal, leave: Callable[[Terminal], None], *, members: int) -> int:
    """The exit code; fails when the program or anything below it is there after ``WITHIN`` seconds."""
    family = until(lambda: (found := terminal.family()) and len(found) >= members and found, f"{members} processes")
    leave(terminal)
    gone([*family, psutil.Process(terminal.process.pid)], seconds=WITHIN)
    return terminal.process.wait(1)


@pytest.mark.parametrize("leave", [types_q, types_ctrl_c, sends_sigterm, closes_the_terminal])
def test_the_dashboard_ends_its_servers_and_their_children_when_somebody(
    leave: Callable[[Terminal], None], tmp_path: Path
) -> None:
    modes = ("plain", "grandchild", "stubborn")
    config = tmp_path / "servers.json"
    servers = {mode: {"command": sys.executable, "args": [MISBEHAVING, mode]} for mode in modes}
    config.write_text(json.dumps({"mcpServers": servers}))
    with Terminal((*MCPDECK, "--strict-mcp-config", "--mcp-config", str(config))) as terminal:
        terminal.wait_for(b"stubborn")
        terminal.wait_for(b"connected")
        ends_with_its_family(terminal, leave, members=4)
        assert b"Traceback" not in terminal.output


def test_the_dashboard_ends_with_its_terminal_though_another_program_leads_the_session(tmp_path: Path) -> None:
    # As below `make run`: the leader is told that the terminal is gone, and waits for its child.
    config = tmp_path / "servers.json"
    servers = {"plain": {"command": sys.executable, "args": [MISBEHAVING, "plain"]}}
    config.write_text(json.dumps({"mcpServers": servers}))
    leader = ("sh", "-c", 'trap : HUP; "$@"; exit 0', "leader")
    with Terminal((*leader, *MCPDECK, "--strict-mcp-config", "--mcp-config", str(config))) as terminal:
        terminal.wait_for(b"1/1")
        ends_with_its_family(terminal, closes_the_terminal, members=2)


@pytest.mark.parametrize("leave", [types_ctrl_c, sends_sigterm, closes_the_terminal])
def test_a_command_in_mid_call_ends_its_server_and_its_children_when_somebody(
    leave: Callable[[Terminal], None],
) -> None:
    call = ("call", "wait", "seconds:=60", "--", sys.executable, MISBEHAVING, "grandchild")
    with Terminal((*MCPDECK, *call)) as terminal:
        code = ends_with_its_family(terminal, leave, members=2)
        assert code != 0
        if leave is types_ctrl_c:
            assert code == 130
        assert b"Traceback" not in terminal.output


def test_a_command_that_is_done_leaves_no_process_behind() -> None:
    call = ("call", "pids", "--json", "--", sys.executable, MISBEHAVING, "grandchild")
    with Terminal((*MCPDECK, *call)) as terminal:
        assert terminal.ended(seconds=30) == 0
        answer = json.loads(terminal.output.replace(b"\r\n", b"\n").partition(b"{")[2].join([b"{", b""]))
        pids = json.loads(answer["content"][0]["text"])
        gone(psutil.Process(pid) for pid in pids.values() if psutil.pid_exists(pid))
