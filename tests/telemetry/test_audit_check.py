"""Whatever is done to an audit log afterwards is found, at its line."""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpdeck.services.telemetry import audit_file, audit_standing
from mcpdeck.services.telemetry.audit import Audit
from mcpdeck.services.telemetry.audit_check import Checked, check, check_file, lines_of
from mcpdeck.services.telemetry.audit_file import rotated
from tests.telemetry.calls import call

LINES = 8


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a log of eight lines."""
    folder = tmp_path_factory.mktemp("audit")
    audit = Audit(folder)
    for number in range(LINES):
        audit.record(call(number))
    audit.close()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put(folder: Path, files: dict[str, bytes], lines: list[bytes]) -> Path:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "audit.jsonl").write_bytes(b"".join(lines))
    return folder


def forged(line: bytes, **changes: Any) -> bytes:
    """The line changed by somebody who knows how hashes are made."""
    members = {**json.loads(line), **changes}
    members.pop("hash")
    text = json.dumps(members, separators=(",", ":")).encode()
    return text[:-1] + b',"hash":"' + hashlib.sha256(text).hexdigest().encode() + b'"}\n'


def changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b'"success"', b'"denied" '), *lines[4:]]


def spaced(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b'"seq":4', b'"seq": 4'), *lines[4:]]


def emptied(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"\n", *lines[4:]]


def rewritten(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], forged(lines[3], outcome="denied"), *lines[4:]]


def last_rewritten(lines: list[bytes]) -> list[bytes]:
    return [*lines[:7], forged(lines[7], outcome="denied")]


def all_rewritten(lines: list[bytes]) -> list[bytes]:
    """Every line from the fourth on is made anew, so that they fit each other."""
    made = lines[:3]
    for line in lines[3:]:
        made.append(forged(line, outcome="denied", prev=json.loads(made[-1])["hash"]))
    return made


def removed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[5:]]


def begun_later(lines: list[bytes]) -> list[bytes]:
    return lines[2:]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def moved_back(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], *lines[3:6], lines[2], *lines[6:]]


def repeated(lines: list[bytes]) -> list[bytes]:
    return [*lines[:5], lines[3], *lines[5:]]


def foreign(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b'{"seq":4,"outcome":"success"}\n', *lines[3:]]


def well_made(lines: list[bytes]) -> list[bytes]:
    """A line of one's own that fits the one before it."""
    return [*lines[:3], forged(lines[3], tool="never_called"), *lines[3:]]


def cut_off(lines: list[bytes]) -> list[bytes]:
    return lines[:6]


def cut_inside(lines: list[bytes]) -> list[bytes]:
    return [*lines[:7], lines[7][:50]]


def all_gone(lines: list[bytes]) -> list[bytes]:
    return []


DAMAGE: list[tuple[Callable[[list[bytes]], list[bytes]], int, str]] = [
    (changed, 4, "altered"),
    (spaced, 4, "altered"),
    (emptied, 4, "altered"),
    (rewritten, 4, "altered"),
    (last_rewritten, 8, "altered"),
    (all_rewritten, 8, "altered"),
    (removed, 4, "removed"),
    (begun_later, 1, "removed"),
    (swapped, 4, "reordered"),
    (moved_back, 3, "reordered"),
    (repeated, 6, "inserted"),
    (foreign, 4, "inserted"),
    (well_made, 4, "inserted"),
    (cut_off, 7, "truncated"),
    (cut_inside, 8, "torn"),
    (all_gone, 1, "truncated"),
]


@pytest.mark.parametrize(("damaged", "line", "damage"), DAMAGE, ids=[row[0].__name__ for row in DAMAGE])
def test_damage_is_named_at_its_line(
    tmp_path: Path, whole: dict[str, bytes], damaged: Callable[[list[bytes]], list[bytes]], line: int, damage: str
) -> None:
    lines = whole["audit.jsonl"].splitlines(keepends=True)
    found = check(put(tmp_path, whole, damaged(lines))).broken
    assert found is not None
    assert (found.file, found.line, found.damage) == (tmp_path / "audit.jsonl", line, damage)
    assert found.why


@pytest.mark.parametrize(
    "damaged",
    [changed, rewritten, last_rewritten, all_rewritten, removed, begun_later, swapped, repeated, cut_off, cut_inside],
    ids=lambda each: each.__name__,
)
def test_what_is_written_later_does_not_hide_damage(
    tmp_path: Path, whole: dict[str, bytes], damaged: Callable[[list[bytes]], list[bytes]]
) -> None:
    folder = put(tmp_path, whole, damaged(whole["audit.jsonl"].splitlines(keepends=True)))
    before = check(folder).broken
    later = Audit(folder)
    later.record(call(98))
    later.record(call(99))
    after = check(folder).broken
    assert before is not None
    assert after is not None
    assert after.line == before.line


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_byte_of_a_log_can_be_changed_unseen(
    tmp_path: Path, whole: dict[str, bytes], place: int, change: int
) -> None:
    data = bytearray(whole["audit.jsonl"])
    place %= len(data) - 1  # without its last line break the last line still is whole
    data[place] ^= change
    found = check(put(tmp_path, whole, [bytes(data)])).broken
    assert found is not None
    assert found.line == whole["audit.jsonl"][:place].count(b"\n") + 1


def test_a_line_that_was_added_to_a_forged_log_does_not_hide_that_it_is_one(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    lines = all_rewritten(whole["audit.jsonl"].splitlines(keepends=True))
    added = forged(lines[-1], seq=9, prev=json.loads(lines[-1])["hash"])
    folder = put(tmp_path, whole, [*lines, added])
    before = check(folder).broken
    Audit(folder).record(call(99))
    after = check(folder).broken
    assert before is not None
    assert (before.line, before.damage) == (8, "altered")
    assert after is not None


def test_a_log_without_its_anchor_may_have_lost_its_end(tmp_path: Path, whole: dict[str, bytes]) -> None:
    files = {name: data for name, data in whole.items() if name != "audit.anchor"}
    lines = whole["audit.jsonl"].splitlines(keepends=True)
    folder = put(tmp_path, files, lines[:6])
    found = check(folder).broken
    assert found is not None
    assert (found.line, found.damage) == (7, "truncated")
    Audit(folder).record(call(9))  # which makes an anchor, and tells that there was none
    later = check(folder).broken
    assert later is not None
    assert (later.line, later.damage) == (7, "truncated")


def test_an_anchor_that_somebody_else_made_is_none(tmp_path: Path, whole: dict[str, bytes]) -> None:
    lines = whole["audit.jsonl"].splitlines(keepends=True)
    last = json.loads(lines[5])
    forged_anchor = json.loads(whole["audit.anchor"]) | {"seq": last["seq"], "hash": last["hash"]}
    data = json.dumps(forged_anchor, separators=(",", ":")).encode().ljust(319) + b"\n"
    found = check(put(tmp_path, {**whole, "audit.anchor": data}, lines[:6])).broken
    assert found is not None
    assert found.damage == "truncated"
    assert "was not made by this installation" in found.why


def test_a_missing_file_among_several_is_found(tmp_path: Path) -> None:
    audit = Audit(tmp_path, largest=2_000, kept=50)
    for number in range(30):
        audit.record(call(number))
    files = rotated(tmp_path)
    kept = files[1].read_bytes()
    files[1].unlink()
    found = check(tmp_path).broken
    assert found is not None
    assert (found.file, found.line, found.damage) == (files[2], 1, "removed")
    files[1].write_bytes(kept)
    files[0].unlink()
    found = check(tmp_path).broken
    assert found is not None
    assert (found.file, found.line, found.damage) == (files[1], 1, "removed")


@pytest.mark.parametrize("kept", [(), ("audit.anchor",)], ids=["key-only", "key-and-anchor"])
def test_a_log_that_was_taken_away_is_missed_before_and_after_the_next_call(
    tmp_path: Path, whole: dict[str, bytes], kept: tuple[str, ...]
) -> None:
    for name in ("audit.key", *kept):
        (tmp_path / name).write_bytes(whole[name])
    for _ in range(3):
        found = check(tmp_path).broken
        assert found is not None
        assert found.line == 1
        assert found.damage in ("truncated", "removed")
        Audit(tmp_path).record(call(9))


def test_a_log_that_was_taken_away_with_its_key_has_nothing_to_be_missed(tmp_path: Path) -> None:
    assert (check(tmp_path).files, check(tmp_path).broken) == ((), None)


@pytest.mark.parametrize("where", ["pwrite", "rename"])
def test_a_log_is_whole_for_whoever_looks_while_it_is_written_or_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    audit = Audit(tmp_path, largest=2_000, kept=2)
    for number in range(20):
        audit.record(call(number))
    found: list[Checked] = []
    threads: list[threading.Thread] = []
    owner: Any = audit_file.os if where == "pwrite" else Path
    do = getattr(owner, where)

    def looked_at(*given: Any) -> Any:
        # The one who looks begins in the middle of the change, when the line stands there and the anchor does not tell.
        waits = threading.Event()
        flock = fcntl.flock

        def tried(*given: Any) -> None:
            waits.set()
            flock(*given)

        with monkeypatch.context() as patched:
            patched.setattr(audit_standing.fcntl, "flock", tried)
            thread = threading.Thread(target=lambda: found.append(check(tmp_path)))
            thread.start()
            assert waits.wait(10)
        threads.append(thread)
        return do(*given)

    with monkeypatch.context() as patched:
        patched.setattr(owner, where, looked_at)
        for number in range(20, 30):
            audit.record(call(number))
            while threads:
                threads.pop().join(10)
    assert found
    assert [(each.broken, each.notes) for each in found] == [(None, ())] * len(found)


def test_what_is_put_aside_and_removed_while_somebody_reads_stays_readable(tmp_path: Path) -> None:
    audit = Audit(tmp_path, largest=2_000, kept=2)
    for number in range(20):
        audit.record(call(number))
    lines = lines_of(tmp_path)
    first = next(lines)
    for number in range(20, 60):
        audit.record(call(number))
    assert first.seq not in [line.seq for line in lines_of(tmp_path)]
    assert [line.seq for line in (first, *lines)] == list(range(first.seq, 21))


def test_a_process_that_keeps_the_log_locked_hides_nothing(
    tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_standing, "PATIENCE", 0.0)
    lines = whole["audit.jsonl"].splitlines(keepends=True)
    folder = put(tmp_path, whole, lines)
    with (folder / "audit.anchor").open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        checked = check(folder)
        assert (checked.lines, checked.broken) == (LINES, None)
        assert checked.notes == ("another process keeps the log locked: a line that it was writing may not be whole",)
        put(tmp_path, whole, removed(lines))
        assert check(folder).broken is not None


def test_one_file_is_checked_by_itself_wherever_it_stands(tmp_path: Path, whole: dict[str, bytes]) -> None:
    lines = whole["audit.jsonl"].splitlines(keepends=True)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"".join(lines[2:6]))
    checked = check_file(copy)
    assert (checked.first, checked.last, checked.broken) == (3, 6, None)
    copy.write_bytes(b"".join([lines[2], lines[4]]))
    found = check_file(copy).broken
    assert found is not None
    assert (found.file, found.line, found.damage) == (copy, 2, "removed")


def test_the_recipe_in_the_documentation_checks_a_log(whole: dict[str, bytes]) -> None:
    """What docs/observation.md tells somebody to do who trusts no program of ours."""
    before = "0" * 64
    for line in whole["audit.jsonl"].splitlines():
        body, _, tail = line.rpartition(b',"hash":"')
        assert hashlib.sha256(body + b"}").hexdigest() == tail.decode().removesuffix('"}')
        assert json.loads(line)["prev"] == before
        before = json.loads(line)["hash"]
