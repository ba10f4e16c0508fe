"""``mcpdeck audit``: every call of a command is in the log, and the log tells whether it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcpdeck.services.config.audit_settings import read_audit
from mcpdeck.services.telemetry.audit import AuditSettings
from tests.cli.command import ON_TINY, CommandLine

SECRET = "tok-9f3a7c"


def log_of(mcpdeck: CommandLine) -> Path:
    return Path(mcpdeck("audit", "path").out.strip())


def test_every_call_of_a_command_is_logged_and_verified(mcpdeck: CommandLine) -> None:
    assert mcpdeck("audit", "verify").out == "no call was logged yet\n"
    assert mcpdeck("call", "echo", f"text={SECRET}", *ON_TINY).code == 0
    assert mcpdeck("call", "echo", "text:=1", *ON_TINY).code == 2
    shown = mcpdeck("audit", "show", "--json")
    calls = shown.json["calls"]
    assert [(each["tool"], each["outcome"], each["caller"]) for each in calls] == [
        ("echo", "success", "command"),
        ("echo", "invalid", "command"),
    ]
    assert SECRET not in log_of(mcpdeck).read_text()
    assert mcpdeck("audit", "verify").out == "2 lines in 1 file hold, numbers 1 to 2\n"
    (row,) = mcpdeck("audit", "show", "--last", "1").out.splitlines()[1:]
    assert row.split()[1:2] == ["command"]
    assert mcpdeck("audit", "show", "--server", "nobody", "--json").json == {"calls": []}


def test_a_tampered_log_is_told_with_file_line_and_exit_code(mcpdeck: CommandLine) -> None:
    for _ in range(2):
        mcpdeck("call", "echo", "text:=1", *ON_TINY)
    log = log_of(mcpdeck)
    log.write_text(log.read_text().replace('"invalid"', '"success"', 1))
    done = mcpdeck("audit", "verify")
    assert done.code == 6
    assert done.out.splitlines()[0] == f"{log}:1: altered: it does not fit its hash"
    told = mcpdeck("audit", "verify", "--json")
    assert told.code == 6
    assert (told.json["holds"], told.json["lines"]) == (False, 0)
    assert told.json["break"] == {
        "file": str(log),
        "line": 1,
        "damage": "altered",
        "why": "it does not fit its hash",
    }
    assert mcpdeck("audit", "verify", str(log)).code == 6


def test_the_path_of_the_log_is_verified_as_the_whole_log_and_a_copy_by_itself(
    mcpdeck: CommandLine, tmp_path: Path
) -> None:
    for _ in range(2):
        mcpdeck("call", "echo", "text:=1", *ON_TINY)
    log = log_of(mcpdeck)
    log.write_text(log.read_text().splitlines(keepends=True)[0])  # the end is cut off
    done = mcpdeck("audit", "verify", str(log))
    assert (done.code, done.out.splitlines()[0].split(": ")[1]) == (6, "truncated")
    copy = tmp_path / "audit.jsonl"
    copy.write_text(log.read_text())
    alone = mcpdeck("audit", "verify", str(copy))
    assert alone.code == 0
    assert "cannot be told" in alone.err


def test_the_settings_switch_it_off_or_have_it_say_more(mcpdeck: CommandLine) -> None:
    settings = log_of(mcpdeck).parents[2] / "config" / "settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"audit": {"arguments": "full"}}')
    mcpdeck("call", "echo", "text=hello", f"password={SECRET}", "--no-validate", *ON_TINY)
    (line,) = log_of(mcpdeck).read_text().splitlines()
    assert json.loads(line)["arguments"] == {"text": "hello", "password": "•••"}
    settings.write_text('{"audit": {"enabled": false}}')
    mcpdeck("call", "echo", "text=hello", *ON_TINY)
    assert len(log_of(mcpdeck).read_text().splitlines()) == 1


@pytest.mark.parametrize("words", [(), ("frob",), ("show", "x"), ("verify", "/no/such/file"), ("show", "--last", "0")])
def test_what_cannot_be_done_is_a_usage_error(mcpdeck: CommandLine, words: tuple[str, ...]) -> None:
    done = mcpdeck("audit", *words)
    assert done.code == 2
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("written", "settings", "lint"),
    [
        ("{}", AuditSettings(), ""),
        ('{"audit": {"enabled": false, "keep": 3}}', AuditSettings(enabled=False, kept=3), ""),
        ('{"audit": {"arguments": "full"}}', AuditSettings(arguments="full"), ""),
        ('{"audit": false}', AuditSettings(), "not an object"),
        ('{"audit": {"enabled": "no"}}', AuditSettings(), "not true or false"),
        ('{"audit": {"arguments": "all"}}', AuditSettings(), 'neither "digest" nor "full"'),
        ('{"audit": {"keep": -1}}', AuditSettings(), "no number of files"),
        ('{"audit": {"keep": true}}', AuditSettings(), "no number of files"),
        ('{"audit": {"kept": 1}}', AuditSettings(), 'has no "kept"'),
        ("{", AuditSettings(), ""),
        ("[]", AuditSettings(), ""),
    ],
    ids=["none", "off", "full", "no-object", "no-bool", "no-word", "negative", "bool", "unknown", "no-json", "list"],
)
def test_a_wrong_setting_is_told_with_its_place_and_the_default_counts(
    tmp_path: Path, written: str, settings: AuditSettings, lint: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(written)
    read = read_audit(file)
    assert read.settings == settings
    assert bool(read.lints) is bool(lint)
    assert all(lint in each and each.startswith(f"{file}:1:") for each in read.lints)
