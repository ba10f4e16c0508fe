"""Finding things by a few letters: what fits, what comes first, and that it is done in slices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.state.matching import Finder, Texts, places, words_of


def found(names: list[str], query: str, about: str = "") -> list[str]:
    finder = Finder(names, lambda name: Texts(name, about=about))
    finder.begin(query)
    while not finder.finished:
        finder.go_on()
    return [*finder.found()]


def test_letters_in_their_order_find_a_name() -> None:
    assert found(["get_issue", "delete", "merge"], "gis") == ["get_issue"]
    assert found(["get_issue"], "sig") == []


def test_the_name_comes_before_its_beginning_its_words_its_initials_and_its_inside() -> None:
    names = ["reindexed", "main-index-dump", "i_n_d_e_x", "index_all", "index", "in depth export"]
    assert found(names, "index") == [
        "index",
        "index_all",
        "main-index-dump",
        "i_n_d_e_x",
        "reindexed",
        "in depth export",
    ]


def test_letters_that_stand_close_together_come_before_those_that_are_far_apart() -> None:
    assert found(["cabababababrt", "caratux", "xacrat"], "crt") == ["caratux", "cabababababrt", "xacrat"]


def test_initials_of_words_in_camels_count() -> None:
    assert found(["getStructuredContent", "gas"], "gsc") == ["getStructuredContent"]


def test_every_word_must_be_found_somewhere() -> None:
    finder = Finder(
        ["a", "b"], lambda name: Texts(name, where="github", about="creates an issue" if name == "a" else "")
    )
    finder.begin("git issue")
    finder.go_on()
    assert finder.found() == ("a",)


def test_nothing_typed_gives_everything_as_it_is() -> None:
    names = ["b", "a"]
    assert Finder(names, lambda name: Texts(name)).found() is names


def test_more_letters_are_looked_for_only_among_what_was_found() -> None:
    finder = Finder([f"tool_{n}" for n in range(1_000)], lambda name: Texts(name))
    finder.begin("99")
    finder.go_on()
    finder.begin("999")
    assert finder.go_on(10_000) < 100
    assert finder.found() == ("tool_999",)


def test_fewer_letters_are_looked_for_everywhere_again() -> None:
    finder = Finder([f"tool_{n}" for n in range(100)], lambda name: Texts(name))
    for query in ("99", "9"):
        finder.begin(query)
        while not finder.finished:
            finder.go_on()
    assert len(finder.found()) == 19


def test_a_search_goes_on_slice_by_slice_and_can_be_given_up() -> None:
    read: list[int] = []

    def texts(number: int) -> Texts:
        read.append(number)
        return Texts(str(number))

    finder = Finder(range(10_000), texts)
    finder.begin("1")
    assert finder.go_on(1_000) == 1_000
    assert not finder.finished
    assert len(read) == 1_000
    finder.begin("12")
    while not finder.finished:
        finder.go_on()
    assert len(read) == 10_000
    assert finder.found()[0] == 12


def test_things_are_read_ahead_in_slices_before_anything_is_typed() -> None:
    read: list[int] = []

    def texts(number: int) -> Texts:
        read.append(number)
        return Texts(str(number))

    finder = Finder(range(2_500), texts)
    assert finder.read_ahead(1_000)
    assert len(read) == 1_000
    while finder.read_ahead(1_000):
        pass
    finder.begin("24")
    finder.go_on(2_500)
    assert len(read) == 2_500


@pytest.mark.parametrize("query", ["a" * 200, "(((((", "[a-z]*+", "\\", "a b " * 40, "\x00", "\ud800", "İ"])
def test_whatever_is_typed_is_looked_for_and_breaks_nothing(query: str) -> None:
    found(["a" * 10_000, "(x", "\\d", "İstanbul", "\ud800"], query, about="b" * 10_000)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_thing_is_found_by_its_own_name_and_marks_stand_inside_it(name: str, query: str) -> None:
    if words_of(name):
        assert found([name], name) == [name]
    assert all(0 <= at < len(name) for at in places(name, query))


def test_marks_stand_at_the_beginning_of_a_word_where_they_can() -> None:
    assert places("reindex_index", "index") == [8, 9, 10, 11, 12]
    assert places("get-structured-content", "gsc") == [0, 4, 15]
