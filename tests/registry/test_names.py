"""Names of many servers' tools for a model: one form, no two alike, none too long, and a way back."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.registry.names import LONGEST, Names, Pair, named

FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


@pytest.mark.parametrize(
    ("server", "tool", "name"),
    [
        ("files", "read_file", "mcp__files__read_file"),
        ("my files", "read.file", "mcp__my_files__read_file"),
        ("plugin:deploy:cluster", "roll/out", "mcp__plugin_deploy_cluster__roll_out"),
        ("claude.ai Mail", "send", "mcp__claude_ai_Mail__send"),
        ("wetter", "zürich", "mcp__wetter__z_rich"),
        ("s", "", "mcp__s__"),
    ],
)
def test_server_and_tool_stand_in_the_name_and_other_characters_become_underscores(
    server: str, tool: str, name: str
) -> None:
    names = named([(server, tool)])
    assert names.of(server, tool) == name
    assert names.find(name) == (server, tool)
    assert names.problems == {}


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "b.c"), ("a", "b_c")],
        [("a", "b__c"), ("a__b", "c")],
        [("my-s", "x"), ("my s", "x"), ("my_s", "x")],
        [("plugin:a:b", "x"), ("plugin_a_b", "x")],
    ],
    ids=["tools", "separator", "servers", "plugin"],
)
def test_tools_that_would_be_called_the_same_all_get_a_suffix_and_are_told(pairs: list[Pair]) -> None:
    others = [("z", "y")]
    names = named([*pairs, *others])
    found = [names.of(*pair) for pair in pairs]
    assert len(set(found)) == len(pairs)
    suffixed = [name for name in found if re.fullmatch(r"mcp__\w[\w-]*_[0-9a-f]{6}", name)]
    assert len(suffixed) == len([pair for pair in pairs if pair in names.problems]) >= 2
    for pair in names.problems:
        (problem,) = names.problems[pair]
        assert "its name for a model, mcp__" in problem
        assert problem.endswith(f"it is called {names.of(*pair)}")
    assert names.of("z", "y") == "mcp__z__y"


def test_a_suffix_tells_exactly_which_tool_it_is_and_stays_the_same_from_run_to_run() -> None:
    names = named([("a", "b.c"), ("a", "b_c")])
    assert (names.of("a", "b.c"), names.of("a", "b_c")) == ("mcp__a__b_c_3d615f", "mcp__a__b_c_c7bc6f")


def test_a_name_that_is_too_long_is_cut_before_its_suffix_and_told() -> None:
    long = "x" * 100
    names = named([("s", long), ("s", long + "y")])
    found = [names.of("s", long), names.of("s", long + "y")]
    assert len(set(found)) == 2
    assert all(len(name) == LONGEST and name.startswith("mcp__s__xxx") for name in found)
    assert f"longer than {LONGEST} characters: it is called mcp__s__" in names.problems["s", long][0]
    just = "x" * (LONGEST - len("mcp__s__"))
    assert named([("s", just)]).problems == {}


def test_a_tool_that_is_called_like_another_one_with_its_suffix_gets_a_longer_one() -> None:
    taken = named([("a", "b.c"), ("a", "b_c")]).of("a", "b.c").removeprefix("mcp__a__")
    names = named([("a", "b.c"), ("a", "b_c"), ("a", taken)])
    found = {names.of("a", tool) for tool in ("b.c", "b_c", taken)}
    assert len(found) == 3
    assert re.fullmatch(r"mcp__a__b_c_[0-9a-f]{12}", names.of("a", "b.c"))


def test_look_up_is_exact_first_and_in_other_letter_case_where_only_one_is_meant() -> None:
    names = named([("s", "Get"), ("s", "get"), ("s", "List")])
    assert names.find("mcp__s__Get") == ("s", "Get")
    assert names.find("mcp__s__get") == ("s", "get")
    assert names.find("mcp__s__GET") is None
    assert names.find("MCP__S__LIST") == ("s", "List")
    assert names.find("mcp__s__gone") is None
    with pytest.raises(KeyError):
        names.of("s", "gone")


def test_tools_of_servers_of_our_own_may_go_without_prefix_unless_another_is_called_so() -> None:
    pairs = [("tools", "read"), ("tools", "find"), ("tools", ""), ("more", "find"), ("files", "read")]
    names = named(pairs, bare=("tools", "more"))
    assert [names.of(*pair) for pair in pairs] == [
        "read",
        "mcp__tools__find",
        "mcp__tools__",
        "mcp__more__find",
        "mcp__files__read",
    ]
    assert names.find("read") == ("tools", "read")
    assert names.problems == {}


texts = st.text(st.sampled_from("ab._-: é\u200b"), max_size=6) | st.text(max_size=80)
sets = st.lists(st.tuples(texts, texts), max_size=12)


@given(pairs=sets, bare=st.booleans(), seed=st.integers(0, 1000))
def test_no_two_tools_are_called_the_same_whatever_the_order(pairs: list[Pair], seed: int, *, bare: bool) -> None:
    unprefixed = [server for server, _ in pairs[:2]] if bare else []
    names = named(pairs, bare=unprefixed)
    shuffled: Sequence[Pair] = random.Random(seed).sample(pairs, len(pairs))
    again = named(shuffled, bare=unprefixed)
    assert _all(names, pairs) == _all(again, pairs)
    assert len(set(_all(names, pairs).values())) == len(set(pairs))
    for pair, name in _all(names, pairs).items():
        assert FORM.fullmatch(name)
        assert names.find(name) == pair


def _all(names: Names, pairs: list[Pair]) -> dict[Pair, str]:
    return {pair: names.of(*pair) for pair in pairs}
