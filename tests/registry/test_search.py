"""Tools found by words: the best first, and in spite of a slip of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.registry.catalogue import Catalogue
from mcpdeck.services.registry.search import distance
from tests.registry.tools import deck, row, tool

FILES = [
    tool("read_file", "Give back what a file holds."),
    tool("writeFile", "Put text into a file.", inputSchema={"type": "object", "properties": {"encoding": {}}}),
    tool("list-folders", "Every folder below another one.", title="Directory listing"),
]
HUB = [
    tool("create_pull_request", "Propose commits for review."),
    tool("search_calendar", "Find appointments."),
    tool("close", "Close an issue or a pull request; the file stays."),
    tool("größe", "Die Länge in Metern."),
]


@pytest.fixture
def catalogue() -> Catalogue:
    made = Catalogue()
    made.update(deck(row("files", FILES), row("hub-one", HUB)))
    return made


def names(catalogue: Catalogue, words: str, limit: int = 50) -> list[str]:
    return [hit.tool.tool.name for hit in catalogue.search(words, limit)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("read file", ["read_file", "writeFile", "list-folders", "close"]),
        ("readfile", ["read_file"]),
        ("READ-FILE", ["read_file"]),
        ("write", ["writeFile"]),
        ("pull request", ["create_pull_request", "close"]),
        ("directory", ["list-folders"]),
        ("encoding", ["writeFile"]),
        ("hub-one calendar", ["search_calendar", "close", "größe", "create_pull_request"]),
        ("appointments", ["search_calendar"]),
        ("GRÖẞE", ["größe"]),
        ("folder", ["list-folders"]),
        ("closes", ["close"]),
        ("serch calender", ["search_calendar"]),
        ("calednar", ["search_calendar"]),
        ("the", ["read_file", "list-folders", "close"][2:]),
        ("xyzzy", []),
        ("", []),
        (" .,- ", []),
    ],
)
def test_words_find_tools_the_best_first(catalogue: Catalogue, words: str, found: list[str]) -> None:
    assert names(catalogue, words)[: len(found)] == found
    assert found or not names(catalogue, words)


def test_a_name_word_for_word_comes_before_one_that_begins_so_and_that_before_a_description() -> None:
    made = Catalogue()
    made.update(deck(row("s", [tool("x", "run it"), tool("run_all"), tool("rerun"), tool("run")])))
    assert names(made, "run") == ["run", "run_all", "rerun", "x"]


def test_more_of_the_words_weigh_more_than_better_places(catalogue: Catalogue) -> None:
    first, *others = catalogue.search("close pull request")
    assert first.tool.tool.name == "close"
    assert first.score > max(hit.score for hit in others)
    assert first.fields == ("name", "description")


def test_a_hit_says_where_the_words_stand(catalogue: Catalogue) -> None:
    assert [hit.fields for hit in catalogue.search("directory")] == [("title",)]
    assert [hit.fields for hit in catalogue.search("files", 1)] == [("server",)]
    assert [hit.fields for hit in catalogue.search("calender")] == [("name",)]


def test_no_more_than_asked_for_are_given_and_equals_are_in_the_order_of_their_names() -> None:
    made = Catalogue()
    made.update(deck(row("s", [tool(f"run_{letter}") for letter in "dcab"])))
    assert names(made, "run", 3) == ["run_a", "run_b", "run_c"]


def test_what_a_server_lists_later_is_found_and_what_is_gone_is_not(catalogue: Catalogue) -> None:
    assert names(catalogue, "propose") == ["create_pull_request"]
    catalogue.update(deck(row("files", FILES), row("hub-one", [tool("merge", "Propose nothing.")])))
    assert names(catalogue, "propose") == ["merge"]


@given(words=st.text(max_size=300) | st.text(" ab*.[(\\\u0130ß\u200d\ud800", max_size=60))
def test_no_query_fails(words: str) -> None:
    made = Catalogue()
    made.update(deck(row("files", FILES), row("hub-one", HUB)))
    assert len(made.search(words, 3)) <= 3


@given(one=st.text("abc", max_size=6), other=st.text("abc", max_size=6), most=st.integers(0, 3))
def test_the_distance_of_words_is_that_of_the_textbook_up_to_what_is_asked(one: str, other: str, most: int) -> None:
    table = {(0, column): column for column in range(len(other) + 1)} | {
        (line, 0): line for line in range(len(one) + 1)
    }
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    assert distance(one, other, most) == min(table[len(one), len(other)], most + 1)
