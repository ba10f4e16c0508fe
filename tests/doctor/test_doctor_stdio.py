"""The doctor on local servers that really fail: what it names, where it stops, and that nothing is left behind."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import anyio
import psutil

from mcpdeck.services.doctor import Patient, examine, report
from mcpdeck.services.errors import McpDeckError, PolicyDenied
from mcpdeck.services.models import Check, CheckState, ErrorInfo, Sandbox, Status, StdioTarget
from tests import entries
from tests.doctor.examined import examined, failed, warned
from tests.waiting import eventually


def script(folder: Path, text: str, *, mode: int = 0o755) -> str:
    path = folder / "server.sh"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


async def test_a_server_that_works_passes_every_check_and_is_gone_afterwards() -> None:
    checks = await examined(entries.misbehaving("plain"))
    assert failed(checks) == warned(checks) == []
    assert [*checks] == [
        *("config", "variables", "policy", "approval", "cwd", "program", "runtime", "open"),
        *("speaks", "stdout", "tools-list", "ping", "rules", "end"),
    ]
    assert "Python 3" in checks["runtime"].detail
    assert "2025-11-25" in checks["speaks"].detail
    assert checks["tools-list"].detail == "1 tool"
    pid = int(checks["open"].detail.split()[-1])
    await eventually(lambda: not psutil.pid_exists(pid), "end of the examined process")


async def test_a_missing_program_is_named_and_nothing_is_started() -> None:
    checks = await examined(entries.stdio("gone", "no-such-command-anywhere", "--flag"))
    assert failed(checks) == ["program"]
    assert [*checks][-1] == "program"
    assert "no-such-command-anywhere" in checks["program"].detail
    assert "Install" in checks["program"].remedy


async def test_a_file_that_may_not_be_run_says_chmod(tmp_path: Path) -> None:
    checks = await examined(entries.stdio("plain-file", script(tmp_path, "#!/bin/sh\n", mode=0o644)))
    assert failed(checks) == ["program"]
    assert "chmod" in checks["program"].remedy


async def test_a_script_whose_interpreter_is_missing_names_it(tmp_path: Path) -> None:
    checks = await examined(entries.stdio("odd", script(tmp_path, "#!/opt/no/such/interpreter -x\n")))
    assert failed(checks) == ["program"]
    assert "/opt/no/such/interpreter" in checks["program"].detail


async def test_a_missing_working_directory_is_named(tmp_path: Path) -> None:
    checks = await examined(entries.stdio("lost", sys.executable, cwd=str(tmp_path / "gone")))
    assert failed(checks) == ["cwd"]
    assert checks["cwd"].detail.endswith("gone")


async def test_a_server_that_exits_leaves_its_exit_code_and_last_words() -> None:
    checks = await examined(entries.misbehaving("exits"))
    assert failed(checks) == ["speaks"]
    assert "exit code 3" in checks["speaks"].detail
    assert "fatal: no API key" in checks["speaks"].detail
    assert "end" not in checks  # it left by itself


async def test_a_server_that_ends_on_the_probe_is_greeted_with_the_handshake() -> None:
    checks = await examined(entries.misbehaving("exits-on-probe"))
    assert failed(checks) == []
    assert "probe" in warned(checks)
    assert checks["speaks"].state is CheckState.OK


async def test_rubbish_on_stdout_is_shown_and_the_examination_goes_on() -> None:
    checks = await examined(entries.misbehaving("rubbish"))
    assert failed(checks) == []
    assert checks["stdout"].state is CheckState.WARN
    assert "Loading model... 42%" in checks["stdout"].detail
    assert "stderr" in checks["stdout"].remedy
    assert checks["tools-list"].state is CheckState.OK


async def test_a_mute_server_fails_within_its_time_and_says_so() -> None:
    checks = await examined(entries.misbehaving("mute"), connect=1.0, probe=0.3)
    assert failed(checks) == ["speaks"]
    assert "no answer within 1 s" in checks["speaks"].detail
    assert "MCP_TIMEOUT" in checks["speaks"].remedy


async def test_a_program_that_only_prints_is_told_from_one_that_is_slow(tmp_path: Path) -> None:
    entry = entries.stdio(
        "prints", script(tmp_path, "#!/bin/sh\nwhile echo Serving at port 8080; do sleep 0.2; done\n")
    )
    checks = await examined(entry, connect=1.0, probe=0.3)
    assert failed(checks) == ["speaks"]
    assert "only messages may stand there" in checks["speaks"].remedy
    assert "Serving at port 8080" in checks["stdout"].detail


async def test_a_stubborn_server_is_ended_and_how_long_that_took_is_told() -> None:
    checks = await examined(entries.misbehaving("stubborn"))
    assert failed(checks) == []
    assert checks["end"].state is CheckState.WARN
    assert "signal" in checks["end"].detail


async def test_what_may_not_be_contacted_is_not_started(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    entry = entries.stdio("waits", script(tmp_path, f"#!/bin/sh\ntouch {mark}\n"))
    for gate, check in (
        (Status.PENDING_APPROVAL, "approval"),
        (Status.DISABLED, "approval"),
        (Status.BLOCKED, "policy"),
    ):
        checks = await examined(replace(entry, gate=gate))
        assert failed(checks) == [check]
        assert [*checks][-1] == check
    refused: McpDeckError = PolicyDenied("denied by a rule of managed-settings.json", hint="Ask whoever wrote it.")
    checks = await examined(entry, refusal=lambda: refused)
    assert failed(checks) == ["policy"]
    assert "managed-settings.json" in checks["policy"].detail
    assert not mark.exists()


async def test_an_entry_that_cannot_be_used_names_its_place_and_problem() -> None:
    problem = ErrorInfo("config", '"url" without "type"', 'Add "type": "http".')
    checks = await examined(replace(entries.misbehaving("plain"), target=None, problem=problem))
    assert [*checks] == ["config"]
    assert '"url" without "type"' in checks["config"].detail
    assert checks["config"].remedy == 'Add "type": "http".'


async def test_variables_that_are_not_set_are_named_and_do_not_end_it() -> None:
    checks = await examined(replace(entries.misbehaving("plain"), missing=("API_KEY", "REGION")))
    assert checks["variables"].state is CheckState.WARN
    assert "API_KEY, REGION" in checks["variables"].detail
    assert checks["speaks"].state is CheckState.OK


async def test_values_of_variables_are_in_no_check(tmp_path: Path) -> None:
    secret = "s3cr3t-value-of-a-token"
    text = f"#!/bin/sh\necho token {secret} is wrong >&2\nexit 4\n"
    entry = entries.stdio("tells", script(tmp_path, text), secret, cwd=str(tmp_path))
    assert isinstance(entry.target, StdioTarget)
    entry = replace(entry, target=replace(entry.target, put_in={secret: "${TOKEN}"}))
    checks = await examined(entry)
    assert "token ${TOKEN} is wrong" in checks["speaks"].detail
    assert secret not in report("tells", checks.values())


async def test_a_sandboxed_entry_is_never_run_bare(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    fake = tmp_path / "python3"
    fake.write_text(f"#!/bin/sh\ntouch {mark}\n")
    fake.chmod(0o755)
    entry = entries.stdio("held", str(fake))
    assert isinstance(entry.target, StdioTarget)
    checks = await examined(replace(entry, target=replace(entry.target, sandbox=Sandbox())))
    assert "runtime" not in checks
    assert not mark.exists()


async def test_giving_up_ends_the_child_and_marks_the_check_it_was_in() -> None:
    checks: dict[str, Check] = {}
    speaking = anyio.Event()

    def told(check: Check) -> None:
        checks[check.id] = check
        if check.id == "open" and check.state is CheckState.OK:
            speaking.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(examine, Patient(entries.misbehaving("mute"), connect=30.0), told)
        with anyio.fail_after(20):
            await speaking.wait()
            tasks.cancel_scope.cancel()
    pid = int(checks["open"].detail.split()[-1])
    await eventually(lambda: not psutil.pid_exists(pid), "end of the process that was being examined")


async def test_hostile_text_of_a_server_is_made_visible_in_the_report() -> None:
    checks = await examined(entries.misbehaving("hostile"))
    text = report("hostile\x1b[2J", checks.values())
    assert "\x1b" not in text
    assert "\u202e" not in text
