"""What is typed into the filter of the log, and which records pass."""

from __future__ import annotations

import pytest

from mcpdeck.services.models import Json
from mcpdeck.services.state.ring import LogRecord
from mcpdeck.widgets.log_filter import LogFilter


def record(data: Json, *, kind: str = "log", level: str = "info", logger: str | None = None) -> LogRecord:
    return LogRecord(0.0, kind, level, logger, data)


def passes(typed: str, data: Json, *, least: str = "", server: str = "files", **changes: str) -> bool:
    return LogFilter.of(typed, least).accepts(server, record(data, **changes))


def test_nothing_typed_shows_everything() -> None:
    assert not LogFilter.of("  ")
    assert passes("", "anything")


@pytest.mark.parametrize("typed", ["time", "TIME out", '"Time out"', "out time", "-ok", "time -ok", '-"all is well"'])
def test_every_word_has_to_be_there_in_any_case_and_order(typed: str) -> None:
    assert passes(typed, "request: time out after 3 s")


@pytest.mark.parametrize("typed", ["times", '"out time"', "-time", "time -out", "after missing"])
def test_one_word_that_does_not_hold_hides_the_line(typed: str) -> None:
    assert not passes(typed, "request: time out after 3 s")


def test_a_level_means_it_and_what_is_graver() -> None:
    shown = [
        level for level in ("debug", "info", "warning", "error", "critical") if passes("level:warn", "", level=level)
    ]
    assert shown == ["warning", "error", "critical"]
    assert passes("-level:warn", "", level="info")
    assert not passes("-level:warn", "", level="error")


def test_the_least_level_never_hides_what_has_none() -> None:
    assert not passes("", "x", least="warning", level="info")
    assert passes("", "x", least="warning", level="error")
    assert passes("", "Traceback (most recent call last):", least="error", kind="stderr")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("2026-01-01 12:00:00 INFO started", False),
        ("[ERROR] no such table", True),
        ("level=debug msg=x", False),
        ('{"level": "error", "msg": "x"}', True),
        ("WARN: deprecated", True),
        ("information about errors", True),
    ],
)
def test_a_line_of_stderr_has_the_level_that_its_logger_wrote_into_it(line: str, shown: bool) -> None:
    assert passes("", line, least="warning", kind="stderr") is shown


def test_kind_server_and_logger_are_looked_at_by_name() -> None:
    assert passes("kind:stderr", "x", kind="stderr")
    assert passes("kind:odd", "x", kind="malformed")
    assert not passes("kind:stderr", "x")
    assert passes("server:file", "x")
    assert not passes("server:other", "x")
    assert passes("logger:db", "x", logger="app.db")
    assert passes("db", "x", logger="app.db")
    assert not passes("-server:file", "x")


def test_what_cannot_be_understood_is_looked_for_as_it_is_written() -> None:
    assert passes("level:9", "at level:9 of it")
    assert not passes("kind:fish", "a fish")
    assert passes("kind:fish", "kind:fish")


@pytest.mark.parametrize(
    "typed", ['"', "-", '-"', "level:", '"half a', "server:", "::", "\\", "[b]", "\x1b[0m", "é" * 300]
)
def test_half_a_filter_and_any_text_is_one(typed: str) -> None:
    LogFilter.of(typed).accepts("files", record("anything"))


def test_data_that_is_no_text_is_looked_at_as_json() -> None:
    assert passes('"table": "users"', {"table": "users"}) or passes("users", {"table": "users"})
    assert not passes("orders", {"table": "users"})


def test_only_what_is_looked_for_in_the_text_is_marked() -> None:
    assert LogFilter.of('Time -ok level:warn "two words"').words == ("time", "two words")
