"""The audit log as it is written: what a line says, how lines hold together, what a crash or a full disk leave."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import Caller, Decision, Effect, Measured, Reach
from mcpdeck.services.state.model import CallState, CallStatus
from mcpdeck.services.telemetry import audit_file
from mcpdeck.services.telemetry.audit import MOST_ARGUMENTS, Audit
from mcpdeck.services.telemetry.audit_chain import NO_HASH
from mcpdeck.services.telemetry.audit_check import check, lines_of
from mcpdeck.services.telemetry.audit_file import rotated
from tests.telemetry.calls import call, failed

SECRET = "tok-9f3a7c"


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


def test_a_line_says_who_asked_for_what_by_which_rule_and_how_it_ended(tmp_path: Path) -> None:
    audit = Audit(tmp_path, now=lambda: 1_700_000_000.0)
    decision = Decision(Effect.DENY, "mcp__files__*", "a profile", reach=Reach.SESSION)
    audit.record(call(1, attempts=2, trace_id="ab" * 16, instance="files#2"))
    audit.record(call(2, status=CallStatus.DENIED, decision=decision, caller=Caller.DASHBOARD, result=None))
    audit.record(failed(3, decision=None))
    first, second, third = logged(tmp_path)
    assert first == {
        "seq": 1,
        "time": "2023-11-14T22:13:20.000Z",
        "call": "call-1",
        "pid": os.getpid(),
        "caller": "command",
        "server": "files",
        "tool": "read_file",
        "method": "tools/call",
        "decision": {"effect": "allow", "rule": "mcp__files__*", "source": "user settings"},
        "outcome": "success",
        "durationMs": 12.5,
        "argumentsDigest": first["argumentsDigest"],
        "resultDigest": first["resultDigest"],
        "attempts": 2,
        "instance": "files#2",
        "traceId": "ab" * 16,
        "prev": NO_HASH,
        "hash": first["hash"],
    }
    assert second["decision"] == {"effect": "deny", "rule": "mcp__files__*", "source": "a profile", "reach": "session"}
    assert (second["outcome"], second["caller"], second["prev"]) == ("denied", "dashboard", first["hash"])
    assert (third["outcome"], third["decision"], third["seq"]) == ("connect", None, 3)
    assert check(tmp_path).broken is None


def test_arguments_are_digests_that_only_this_installation_can_make(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        audit = Audit(tmp_path / folder)
        audit.record(call(arguments={"a": SECRET, "b": 1}))
        audit.record(call(arguments={"b": 1, "a": SECRET}))
        audit.record(call(arguments={"b": 2, "a": SECRET}))
    assert SECRET not in (tmp_path / "one" / "audit.jsonl").read_text()
    same, again, other = (line["argumentsDigest"] for line in logged(tmp_path / "one"))
    assert same == again != other
    # The same arguments elsewhere have another digest: nobody finds a short secret by trying them all.
    assert logged(tmp_path / "two")[0]["argumentsDigest"] != same


def test_full_arguments_are_written_without_what_is_secret(tmp_path: Path) -> None:
    audit = Audit(tmp_path, arguments="full")
    audit.record(call(arguments={"path": "/srv", "apiKey": SECRET, "headers": [["Authorization", SECRET]]}))
    audit.record(call(arguments={"text": "x" * MOST_ARGUMENTS}))
    audit.record(call(arguments={"number": float("nan")}))
    audit.record(call(tool=f"https://host/a?token={SECRET}", method="resources/read", arguments={}))
    first, large, odd, read = logged(tmp_path)
    assert first["arguments"] == {"path": "/srv", "apiKey": "•••", "headers": [["Authorization", "•••"]]}
    assert large["arguments"] == {"omitted": "65,547 bytes"}
    assert odd["arguments"] == {"omitted": "what is no JSON"}
    assert read["tool"] == "https://host/a?token=•••"
    assert SECRET not in (tmp_path / "audit.jsonl").read_text()


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


HOSTILE: list[tuple[str, CallState]] = [
    ("surrogates", call(tool="\ud800", arguments={"\udfff": "\ud800"})),
    ("line-breaks", call(tool="a\nb\r\u2028", server="x\ny")),
    ("very-deep", call(arguments={"deep": deep(100_000)})),
    ("huge-number", call(arguments={"number": 10**5_000})),
    ("long-name", call(tool="x" * 1_000_000)),
    ("no-result", call(result=None, measured=None)),
    ("large-result", call(measured=Measured(10**9, 10**8, 25_000))),
]


@pytest.mark.parametrize("arguments", ["digest", "full"])
def test_nothing_that_a_call_holds_breaks_the_log(tmp_path: Path, arguments: Any) -> None:
    audit = Audit(tmp_path, arguments=arguments)
    for _, hostile in HOSTILE:
        audit.record(hostile)
    assert audit.problem == ""
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (len(HOSTILE), None)


def test_only_the_person_can_read_the_log_and_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "audit"
    Audit(folder).record(call())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"audit.jsonl": 0o600, "audit.anchor": 0o600, "audit.key": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_is_full_is_put_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    audit = Audit(tmp_path, largest=2_000, kept=3)
    for number in range(60):
        audit.record(call(number))
    files = rotated(tmp_path)
    assert len(files) == 3
    assert all(path.stat().st_size <= 2_000 for path in (*files, tmp_path / "audit.jsonl"))
    numbers = [line.seq for line in lines_of(tmp_path)]
    assert numbers == list(range(numbers[0], 61))
    assert numbers[0] > 1, "the oldest are gone"
    assert check(tmp_path).broken is None
    # The next run goes on where this one ended, also with an empty file in front of it.
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit-000999.jsonl")
    Audit(tmp_path, largest=2_000, kept=9).record(call(61))
    checked = check(tmp_path)
    assert (checked.last, checked.broken) == (61, None)


WRITER = """
import sys
from pathlib import Path
from mcpdeck.services.telemetry.audit import Audit
from tests.telemetry.calls import call
audit = Audit(Path(sys.argv[1]), largest=40_000, kept=100)
print("up", flush=True)
sys.stdin.readline()
for number in range(150):
    audit.record(call(number, server=sys.argv[2]))
audit.close()
sys.exit(bool(audit.problem))
"""


def test_processes_that_write_at_the_same_time_write_one_chain(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), f"server-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"up\n"
    for writer in writers:
        writer.communicate(b"\n", timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (450, None)
    assert len(checked.files) > 1
    servers = [line.members["server"] for line in lines_of(tmp_path)]
    assert all(servers.count(f"server-{number}") == 150 for number in range(3))


@pytest.mark.parametrize("cut", [2, 40, 450], ids=["near-its-end", "in-the-middle", "near-its-beginning"])
def test_a_line_that_a_crash_tore_is_told_and_the_log_goes_on(tmp_path: Path, cut: int) -> None:
    first = Audit(tmp_path)
    first.record(call(1))
    anchor = (tmp_path / "audit.anchor").read_bytes()
    first.record(call(2))
    first.close()
    path = tmp_path / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    (tmp_path / "audit.anchor").write_bytes(anchor)  # it was ended before it told of the second line
    torn = check(tmp_path).broken
    assert torn is not None
    assert (torn.line, torn.damage) == (2, "torn")
    Audit(tmp_path).record(call(3))
    checked = check(tmp_path)
    assert checked.broken is None
    assert (checked.lines, checked.last) == (2, 2)
    assert checked.notes == (f"{path}:2: a line that was not written to its end; the log goes on",)


def test_a_line_without_its_line_break_counts(tmp_path: Path) -> None:
    Audit(tmp_path).record(call(1))
    path = tmp_path / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert check(tmp_path).broken is None
    Audit(tmp_path).record(call(2))
    checked = check(tmp_path)
    assert (checked.lines, checked.broken, checked.notes) == (2, None, ())


def test_a_process_that_ends_between_a_line_and_its_anchor_breaks_nothing(tmp_path: Path) -> None:
    audit = Audit(tmp_path)
    audit.record(call(1))
    anchor = (tmp_path / "audit.anchor").read_bytes()
    audit.record(call(2))
    (tmp_path / "audit.anchor").write_bytes(anchor)
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (2, None)
    assert checked.notes == ("the anchor is 1 line behind: mcpdeck was ended while it wrote",)
    Audit(tmp_path).record(call(3))
    checked = check(tmp_path)
    assert (checked.last, checked.broken, checked.notes) == (3, None, ())


def test_a_full_disk_leaves_no_half_line_and_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    audit = Audit(tmp_path, told=told.append)
    audit.record(call(1))
    write, room = os.write, [100, 0, 0]

    def full(descriptor: int, data: Any) -> int:
        left = room.pop(0)
        if not left:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:left])

    with monkeypatch.context() as patched:
        patched.setattr(audit_file.os, "write", full)
        audit.record(call(2))
        audit.record(call(3))
    assert told == [f"{tmp_path / 'audit.jsonl'}: the audit log cannot be written: No space left on device"]
    assert audit.problem == told[0]
    audit.record(call(4))
    assert audit.problem == ""
    assert logged(tmp_path)[-1]["lost"] == 2
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (2, None)
    assert checked.notes == (f"{tmp_path / 'audit.jsonl'}:2: 2 lines before it could not be written",)


def test_a_folder_that_must_not_be_written_stops_no_call(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "audit").write_text("a file in the place of the folder")
    audit = Audit(tmp_path / "audit", told=told.append)
    audit.record(call(1))
    audit.record(call(2))
    audit.close()
    assert len(told) == 1
    assert "the audit log cannot be written" in told[0]


def test_lines_wait_for_a_process_that_holds_the_log_and_come_in_their_order(tmp_path: Path) -> None:
    told: list[str] = []
    audit = Audit(tmp_path, told=told.append)
    audit.record(call(1))
    holder = os.open(tmp_path / "audit.anchor", os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX)
    for number in (2, 3):
        audit.record(call(number))
    assert len(logged(tmp_path)) == 1
    os.close(holder)
    audit.record(call(4))
    assert [line["call"] for line in logged(tmp_path)] == ["call-1", "call-2", "call-3", "call-4"]
    assert told == []
    assert check(tmp_path).broken is None


def test_a_log_that_somebody_removed_under_us_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    audit = Audit(folder)
    audit.record(call(1))
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    audit.record(call(2))
    audit.close()
    assert audit.problem == ""
    assert [line["call"] for line in logged(folder)] == ["call-2"]
    checked = check(folder)
    assert (checked.lines, checked.broken) == (1, None)


@pytest.mark.parametrize("call_of", ["pwrite", "link"])
def test_a_key_that_could_not_be_kept_leaves_a_log_that_can_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call_of: str
) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(audit_file.os, call_of, full)
        Audit(tmp_path).record(call(1))
    assert check(tmp_path).lines == 0
    assert not (tmp_path / "audit.key").exists()
    Audit(tmp_path).record(call(2))
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (1, None)


def test_a_process_that_ends_between_anchor_and_key_breaks_nothing(tmp_path: Path) -> None:
    made = Audit(tmp_path)
    made.file.key()
    anchor = (tmp_path / "audit.anchor").read_bytes()
    assert (check(tmp_path).lines, check(tmp_path).broken) == (0, None)
    (tmp_path / "audit.key").unlink()
    Audit(tmp_path).record(call(1))
    assert (tmp_path / "audit.anchor").read_bytes() != anchor
    checked = check(tmp_path)
    assert (checked.lines, checked.broken) == (1, None)


@pytest.mark.parametrize("name", ["audit.jsonl", "audit.anchor", "audit.key"])
def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"precious")
    folder = tmp_path / "audit"
    folder.mkdir()
    (folder / name).symlink_to(target)
    told: list[str] = []
    Audit(folder, told=told.append).record(call(1))
    assert target.read_bytes() == b"precious"
    assert len(told) == 1
