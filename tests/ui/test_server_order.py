"""Order, groups, words and columns of the servers, without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from mcpdeck.services import events as ev
from mcpdeck.services.models import AuthView, ErrorInfo, Grant, Source, Status, TokenView, TransportKind
from mcpdeck.services.models.calls import CallStats
from mcpdeck.services.state.bounds import LATENCIES
from mcpdeck.services.state.model import ServerState
from mcpdeck.services.state.reducers import reduce
from mcpdeck.widgets.ink import line_width
from mcpdeck.widgets.server_columns import (
    AFTER_STATUS,
    BEFORE_STATUS,
    Columns,
    Facts,
    brief,
    columns_for,
    latency_of,
    thousands,
)
from mcpdeck.widgets.server_order import Arrangement, Grouping, Sort, arranged, hits, matches
from mcpdeck.widgets.server_rows import heading, server_line
from mcpdeck.widgets.sparkline import sparkline
from mcpdeck.widgets.status_marks import status_words, wants_variables
from tests.ui import states
from tests.ui.form_stage import HOSTILE

FACTS = Facts(states.NOW)


def ids(rows: list[ServerState], wanted: Arrangement) -> list[str]:
    return [name for _, members in arranged(rows, wanted, FACTS) for name in members]


def busy(name: str, *, ms: float | None = None, errors: int = 0, **more: object) -> ServerState:
    latencies = () if ms is None else (ms,) * 3
    stats = CallStats(calls=10, errors=errors)
    return states.connected(name, latencies=latencies, latency_ms=None, stats=stats, **more)


ROWS = [
    busy("Beta", ms=5, errors=1, source=Source.PROJECT),
    busy("alpha", ms=90, transport=TransportKind.HTTP, tools=(states.tool("x", size=400),)),
    states.server("gamma", status=Status.FAILED),
    busy("delta", errors=7, source=Source.LOCAL),
]


@pytest.mark.parametrize(
    ("sort", "order", "reversed_order"),
    [
        (Sort.CONFIGURED, "Beta alpha gamma delta", "delta gamma alpha Beta"),
        (Sort.NAME, "alpha Beta delta gamma", "gamma delta Beta alpha"),
        (Sort.STATUS, "gamma Beta alpha delta", "Beta alpha delta gamma"),
        (Sort.LATENCY, "alpha Beta gamma delta", "Beta alpha gamma delta"),
        (Sort.ERRORS, "delta Beta alpha gamma", "Beta delta alpha gamma"),
        (Sort.TOKENS, "alpha Beta gamma delta", "alpha Beta gamma delta"),
        (Sort.SOURCE, "delta Beta alpha gamma", "alpha gamma Beta delta"),
    ],
)
def test_servers_are_sorted_and_what_has_no_figure_stands_last_either_way(
    sort: Sort, order: str, reversed_order: str
) -> None:
    assert ids(ROWS, Arrangement(sort)) == order.split()
    assert ids(ROWS, Arrangement(sort, reverse=True)) == reversed_order.split()


@pytest.mark.parametrize(
    ("group", "titles"),
    [
        (Grouping.SOURCE, ["local", "project", "user"]),
        (Grouping.STATUS, ["failed", "connected"]),
        (Grouping.TRANSPORT, ["stdio", "http"]),
    ],
)
def test_groups_stand_in_an_order_of_their_own_and_are_sorted_inside(group: Grouping, titles: list[str]) -> None:
    layout = arranged(ROWS, Arrangement(Sort.NAME, group=group), FACTS)
    assert [title for title, _ in layout] == titles
    assert all(list(members) == sorted(members, key=str.casefold) for _, members in layout)
    assert sum(len(members) for _, members in layout) == len(ROWS)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "Beta alpha gamma delta"),
        ("ALPH", "alpha"),
        ("failed", "gamma"),
        ("http conn", "alpha"),
        ("project", "Beta"),
        ("dta", "delta"),
        ("zz", ""),
    ],
)
def test_every_word_is_found_in_what_a_row_says_or_as_letters_of_its_name(words: str, found: str) -> None:
    assert ids(ROWS, Arrangement(words=words)) == found.split()


def test_the_letters_that_were_found_are_marked() -> None:
    assert hits("everything", "very") == {1, 2, 3, 4}
    assert hits("everything", "evg") == {0, 1, 9}
    assert hits("everything", "zz") == frozenset()
    assert hits("İ", "i") == frozenset()  # folding made it longer: better no mark than a wrong one


@pytest.mark.parametrize("names", [4, 14, 40])
@pytest.mark.parametrize("width", [20, 37, 57, 62, 76, 96, 116, 156, 236])
def test_a_row_never_takes_more_cells_than_there_are_and_its_columns_stand_below_their_titles(
    width: int, names: int
) -> None:
    columns = columns_for(width, names, 7)
    for row in (
        replace(ROWS[1], id="n" * names, instructions="say " * 900),
        states.server("x" * names, status=Status.FAILED, error=ErrorInfo("spawn", "a reason " * 30)),
    ):
        line = server_line(row, columns, FACTS, current=False, ticked=False, words="")
        assert line_width(line) <= max(width, 4 + 14)
    assert cell_len(heading(columns)[0][0]) <= max(width, 4 + 14) + 1


def test_wider_rows_have_every_column_of_narrower_ones() -> None:
    def shown(columns: Columns) -> set[str]:
        return {column.id for column, _ in (*columns.before, *columns.after)}

    before: set[str] = set()
    for width in range(30, 240):
        now = shown(columns_for(width, 14, 7))
        assert before <= now, width
        before = now
    assert before == {column.id for column in (*BEFORE_STATUS, *AFTER_STATUS)}


def test_no_cell_is_wider_than_its_column_whatever_the_figures_are() -> None:
    token = TokenView("https://i", "c", "r", next(iter(Grant)), "Bearer", (), 0.0, expires_at=states.NOW + 86_400 * 40)
    row = replace(
        busy("x", ms=123_456.0, errors=1_234_567),
        tools=tuple(states.tool(f"t{n}", size=9_999) for n in range(5_000)),
        resources=(),
        prompts=(),
        connected_at=states.NOW - 86_400 * 400,
        auth=AuthView(token=token),
        latencies=(1.0, 0.0, 99_999.0) * 20,
    )
    for column in AFTER_STATUS:
        assert cell_len(column.cell(row, FACTS, column.width)[0]) <= column.width, column.id
    assert columns_for(236, 14, 7).width("login")
    login = next(column for column in AFTER_STATUS if column.id == "login")
    assert login.cell(row, FACTS, 6) == ("40 d", "muted")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "<1 min"),
        (59, "<1 min"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_900, "1 h 05"),
        (86_400, "24 h"),
        (172_800, "2 d"),
    ],
)
def test_times_are_told_in_six_cells(seconds: float, words: str) -> None:
    assert brief(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1_234, "1.2k"), (99_949, "99.9k"), (123_456, "123k"), (1_260_000, "1.3M")],
)
def test_counts_are_told_in_five_cells(count: int, words: str) -> None:
    assert thousands(count) == words
    assert len(words) <= 5


def test_steady_numbers_make_a_calm_line_and_a_sudden_one_stands_out() -> None:
    assert sparkline((3.0, 3.0, 3.0, 3.0), 4) == "▄▄▄▄"
    assert sparkline((3.0, 3.0, 30.0, 3.0), 4) == "▄▄▇▄"
    assert sparkline((), 4) == "    "
    assert sparkline((5.0,), 4) == "   ▄"
    assert sparkline((0.0, 0.0), 2) == "▁▁"
    assert sparkline((1.0,) * 40, 8) == "▄" * 8
    assert sparkline((1.0,), 0) == ""


def test_the_latency_told_is_the_median_of_the_last_pings_and_calls() -> None:
    assert latency_of(states.connected("x", latencies=(1.0, 100.0, 2.0))) == 2.0
    assert latency_of(states.connected("x", latency_ms=3.0)) == 3.0


def test_tokens_are_added_up_once_for_a_list_of_tools() -> None:
    facts = Facts()
    row = states.connected("x", tools=tuple(states.tool(f"t{n}", size=400) for n in range(3)))
    first = facts.tokens(row)
    assert first == 300
    assert facts.tokens(replace(row, latency_ms=9.0)) == 300
    assert facts.tokens(replace(row, tools=())) == 0
    assert facts.tokens(replace(row, tools=None)) is None
    facts.keep(())
    assert facts.tokens(row) == 300


def test_the_last_pings_and_calls_of_a_server_are_kept_and_no_more() -> None:
    state = states.app_state(states.connected("x", latency_ms=None))
    for number in range(LATENCIES):
        state = reduce(state, ev.LatencyMeasured("x", 1, float(number)))
    state = reduce(state, ev.StatsMeasured("x", CallStats(), {}, (500.0, 600.0)))
    row = state.mcp.servers["x"]
    assert len(row.latencies) == LATENCIES
    assert row.latencies[-2:] == (500.0, 600.0)
    assert row.latencies[0] == 2.0
    assert row.latency_ms == LATENCIES - 1


def test_a_server_that_needs_a_variable_says_which() -> None:
    row = states.server("x", status=Status.FAILED, missing=("TOKEN",), error=ErrorInfo("spawn", "exit"))
    assert status_words(row, states.NOW) == "failed · set TOKEN"
    assert status_words(replace(row, missing=("TOKEN", "B", "C")), states.NOW) == "failed · set TOKEN and 2 more"
    assert wants_variables(row)
    assert not wants_variables(replace(row, status=Status.CONNECTED))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_found_and_drawn_as_text(text: str) -> None:
    row = states.server(text, status=Status.FAILED, missing=(text,), error=ErrorInfo("spawn", text))
    columns = columns_for(116, 30, 7)
    drawn = "".join(part for part, _ in server_line(row, columns, FACTS, current=True, ticked=True, words="e"))
    assert all(char.isprintable() for char in drawn)
    assert matches(row, "failed")
