"""The text of a rule, and what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.models import Act, Caller, Effect, Source
from mcpdeck.services.policy.argument_patterns import Glob, Pattern
from mcpdeck.services.policy.permission_rules import Refused, Rule, parse_rule
from tests.policy.permitting import effect, permitting, prompt, resource, tool, written


def _matches(text: str, act: Act, does: Effect) -> bool:
    rule = parse_rule(text, does, "here")
    return isinstance(rule, Rule) and rule.names(act) and rule.holds(act)


# rule, use, whether an allow, an ask and a deny are about it
ABOUT: list[tuple[str, Act, str]] = [
    ("mcp__files", tool(), "allow ask deny"),
    ("mcp__files__*", tool(), "allow ask deny"),
    ("mcp__files__write", tool(), "allow ask deny"),
    ("mcp__files__write", tool("write_all"), ""),
    ("mcp__files__wr*", tool(), "allow ask deny"),
    ("mcp__files__*ri*", tool(), "allow ask deny"),
    ("mcp__files__read*", tool(), ""),
    ("mcp__notes__write", tool(), ""),
    ("mcp__file", tool(), ""),
    ("mcp__*", tool(), "ask deny"),
    ("mcp__*__write", tool(), "ask deny"),
    ("mcp__*__wr*", tool(), "ask deny"),
    ("mcp__fi*__write", tool(), "ask deny"),
    ("mcp__*__read", tool(), ""),
    ("mcp__fi*", tool(), "ask deny"),
    ("mcp__no*", tool(), ""),
    # names are compared in the form that models know them by
    ("mcp__plugin_p_s__write", tool("write", "plugin:p:s"), "allow ask deny"),
    ("mcp__plugin:p:s__write", tool("write", "plugin:p:s"), "allow ask deny"),
    ("mcp__files__a_b", tool("a.b"), "ask deny"),
    ("mcp__files__a_*", tool("a.b"), "ask deny"),
    ("mcp__files__a.b", tool("a.b"), "allow ask deny"),
    ("mcp__files__a*", tool("a.b"), "allow ask deny"),
    ("mcp__files__a.b", tool("a_b"), "ask deny"),  # an allow is about the one that it names
    # "__" may be anywhere
    ("mcp__a__b", tool("b", "a"), "allow ask deny"),
    ("mcp__a__b", tool("c", "a__b"), "ask deny"),
    ("mcp__a__b__*", tool("c", "a__b"), "allow ask deny"),
    ("mcp__a__b__c", tool("b__c", "a"), "allow ask deny"),
    # resources and prompts
    ("resource:mcp__files", resource("file:///x"), "allow ask deny"),
    ("resource:mcp__files__*", resource("file:///x"), "allow ask deny"),
    ("resource:mcp__files(uri:file:///srv/**)", resource("file:///srv/a/b"), "allow ask deny"),
    ("resource:mcp__files(uri:file:///srv/**)", resource("file:///srv/../etc/passwd"), "deny ask"),
    ("resource:mcp__files(uri:file:///srv/**)", resource("file:///srv/%2e%2e/etc/passwd"), "deny ask"),
    ("resource:mcp__files(uri:file:///etc/**)", resource("file:///srv/%2e%2e/etc/passwd"), "deny ask"),
    ("resource:mcp__fi*(uri:file:///srv/**)", resource("file:///srv/a/b"), "ask deny"),
    ("resource:mcp__notes", resource("file:///x"), ""),
    ("prompt:mcp__files__review", prompt("review"), "allow ask deny"),
    ("prompt:mcp__files__review", tool("review"), ""),
    ("prompt:mcp__files__review(topic:a*)", prompt("review", arguments={"topic": "abc"}), "allow ask deny"),
    ("mcp__files__review", prompt("review"), ""),
    # a server that is denied is denied with everything it offers
    ("mcp__files", resource("file:///x"), "deny"),
    ("mcp__files__*", prompt("review"), "deny"),
    ("mcp__*", resource("file:///x"), "deny"),
    ("mcp__files__**", resource("file:///x"), "deny"),
    ("mcp__files__**", prompt("review"), "deny"),
    ("mcp__fi*__**", prompt("review"), "deny"),
    ("mcp__files__r*", prompt("review"), ""),
    ("mcp__files__**", tool(), "allow ask deny"),
    ("mcp__files__write", resource("write"), ""),
    ("mcp__files(path:/x)", resource("file:///x"), ""),
]


@pytest.mark.parametrize(("text", "act", "which"), ABOUT, ids=[f"{index}-{row[0]}" for index, row in enumerate(ABOUT)])
def test_a_rule_is_about_what_it_names(text: str, act: Act, which: str) -> None:
    assert {each.value for each in Effect if _matches(text, act, each)} == set(which.split())


# the glob of a condition, a value, whether an allow and a deny match it
VALUES: list[tuple[str, Any, bool, bool]] = [
    ("/srv/data/**", "/srv/data/a/b", True, True),
    ("/srv/data/*", "/srv/data/a", True, True),
    ("/srv/data/*", "/srv/data/a/b", False, False),
    ("/srv/*/x", "/srv/a/x", True, True),
    ("/srv/**/x", "/srv/a/b/x", True, True),
    ("/srv/data/**", "/srv/database", False, False),
    ("/srv/data/**", "/srv/data", False, True),  # the folder itself is meant by who forbids what is in it
    ("/srv/data/**", "/srv/data/../etc/passwd", False, True),
    ("/srv/data/**", "/srv/data/..", False, True),
    ("/srv/data/**", "/srv/data//../../etc", False, True),
    ("/srv/data/**", "/srv/x/../data/a", False, True),  # through a symbolic link it may be anything
    ("/srv/data/**", "/srv/data/./a", True, True),
    ("/srv/data/**", "/srv/data/%2e%2e/etc", False, True),
    ("/srv/data/**", "/srv/data/%252e%252e/etc", False, True),
    ("/srv/data/**", "/srv/data\\..\\..\\etc", False, True),
    ("/srv/data/**", "/srv/data/a\0/../../etc", False, True),
    ("/srv/data/**", "/srv/data/a\nb", False, True),
    ("/srv/data/**", "/srv/data/..a", True, True),
    ("/srv/data/**", "/srv/data/a%20b", True, True),
    ("/etc/**", "/srv/data/../../etc/passwd", False, True),
    ("/etc/**", "//etc//passwd", False, True),
    ("/etc/**", "/ETC/passwd", False, True),
    ("/etc/**", "file:///etc/passwd", False, True),
    ("/etc/**", "file://localhost/etc/%70asswd", False, True),
    ("/etc/**", "../../../../etc/passwd", False, True),
    ("/etc/passwd", "/etc/passwd\0.txt", False, True),
    ("/etc/**", "/srv/etc/passwd", False, False),
    ("/srv/data/**", "/srv/data/..%00", False, True),
    ("/srv/data/**", "/srv/data/..%00/etc/passwd", False, True),
    ("/srv/data/**", "/srv/data/a%250a", False, True),
    ("/etc/**", " /etc/passwd", False, True),
    ("**", "a\n../b", True, True),
    ("*.txt", "../a.txt", False, False),
    ("**.txt", "../a.txt", False, True),
    ("C:\\data\\**", "C:\\data\\a", True, True),
    ("C:\\data\\**", "C:/data/a", True, True),
    ("C:\\data\\**", "C:\\data\\..\\a", False, True),
    ("https://good.example/**", "https://good.example/a", True, True),
    ("https://good.example/**", "https://good.example/../a", False, True),
    ("https://good.example/**", "https://good.example.evil/a", False, False),
    ("stra\u00dfe/**", "STRASSE/x", False, True),
    ("caf\u00e9", "cafe\u0301", False, True),
    ("[ab]?", "a1", False, False),
    ("[ab]?", "[ab]?", True, True),
    ("5", 5, True, True),
    ("5", "5", True, True),
    # a number is the same however it is written
    ("1000", 1000.0, False, True),
    ("1000", 1e3, False, True),
    ("1000", "1000.0", False, True),
    ("1000", " 1e3 ", False, True),
    ("1000.0", 1000, False, True),
    ("1*", 1000.0, True, True),
    ("1000", 1000.5, False, False),
    ("1000", 10000, False, False),
    ("9007199254740993", 9007199254740992, False, False),
    ("1", True, False, False),
    ("true", True, True, True),
    ("null", None, True, True),
    ("1.*", 1.5, True, True),
    ('{"a":1}', {"a": 1}, True, True),
    ('{"a":*}', {"a": 1}, False, True),
    ("/srv/**", ["/srv/a", "/srv/b"], True, True),
    ("/srv/**", ["/srv/a", "/etc/b"], False, True),
    ("/etc/**", [["/srv/a"], ["/etc/b"]], False, True),
    ("/srv/**", [], False, False),
    ("[]", [], True, True),
]


@pytest.mark.parametrize(
    ("pattern", "value", "allows", "forbids"), VALUES, ids=[f"{index}-{row[0]}" for index, row in enumerate(VALUES)]
)
def test_an_allow_needs_every_reading_of_a_value_and_a_deny_one(
    pattern: str, value: Any, allows: bool, forbids: bool
) -> None:
    found = Pattern(pattern)
    assert (found.allows(value), found.forbids(value)) == (allows, forbids)


def _nested(value: Any, lists: int) -> Any:
    return [_nested(value, lists - 1)] if lists else value


CONDITIONS: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("(path:/srv/**)", {"path": "/srv/a"}, True, True),
    ("(path:/srv/**)", {}, False, False),
    ("(path:/srv/**)", {"PATH": "/srv/a"}, False, False),
    ("(path:/srv/**, mode:r*)", {"path": "/srv/a", "mode": "rb"}, True, True),
    ("(path:/srv/**, mode:r*)", {"path": "/srv/a", "mode": "w"}, False, False),
    ("(path:/srv/**, mode:r*)", {"path": "/srv/a"}, False, False),
    ("(text:a, b)", {"text": "a, b"}, True, True),
    ("(where.path:/srv/**)", {"where": {"path": "/srv/a"}}, True, True),
    ("(where.path:/srv/**)", {"where.path": "/srv/a"}, True, True),
    ("(where.path:/srv/**)", {"where.path": "/srv/a", "where": {"path": "/etc/a"}}, False, True),
    ("(a.b.c:1)", {"a": {"b": {"c": 1}}}, True, True),
    ("(a.b.c:1)", {"a": {"b.c": 1}}, True, True),
    ("(a.b.c:1)", {"a": 1}, False, False),
    # a list on the way is looked into by who forbids; who allows does not know how many there may be
    ("(items.path:/etc/**)", {"items": [{"path": "/srv/a"}, {"path": "/etc/a"}]}, False, True),
    ("(items.path:/etc/**)", {"items": [[{"path": "/etc/a"}]]}, False, True),
    ("(a.items.path:/etc/**)", {"a": [{"items": [{"path": "/etc/a"}]}]}, False, True),
    ("(items.path:/etc/**)", {"items": [{"path": "/srv/a"}, "/etc/a"]}, False, False),
    ("(items.path:/srv/**)", {"items.path": "/srv/a", "items": [{"path": "/etc/a"}]}, False, True),
    ("(items.path:/etc/**)", {"items": _nested({"path": "/srv/a"}, 70)}, False, True),
    ("(url:http://h:80/*)", {"url": "http://h:80/a"}, True, True),
]


@pytest.mark.parametrize(
    ("condition", "arguments", "allows", "denies"), CONDITIONS, ids=[str(index) for index in range(len(CONDITIONS))]
)
def test_all_conditions_of_a_rule_must_hold(
    condition: str, arguments: dict[str, Any], allows: bool, denies: bool
) -> None:
    act, text = tool(arguments=arguments), f"mcp__files__write{condition}"
    assert (_matches(text, act, Effect.ALLOW), _matches(text, act, Effect.DENY)) == (allows, denies)


FACTS: list[tuple[str, Act, bool]] = [
    ("@source:project", tool(source=Source.PROJECT), True),
    ("@source:project", tool(source=Source.USER), False),
    ("@caller:serve", tool(caller=Caller.SERVE), True),
    ("@trusted:false", tool(trusted=False), True),
    ("@readOnly:true", tool(annotations={"readOnlyHint": True}), True),
    ("@readOnly:true", tool(annotations={"readOnlyHint": True}, trusted=False), False),
    ("@readOnly:true", tool(annotations={"readOnlyHint": "true"}), False),
    ("@destructive:true", tool(annotations={"destructiveHint": True}), True),
    ("@destructive:true", tool(), True),  # nobody said that it is not
    ("@destructive:false", tool(annotations={"destructiveHint": False}), True),
    ("@destructive:false", tool(annotations={"destructiveHint": False}, trusted=False), False),
    ("@destructive:false", tool(annotations={"readOnlyHint": True}), True),
    ("@idempotent:true", tool(annotations={"idempotentHint": True}), True),
    ("@openWorld:false", tool(annotations={"openWorldHint": False}), True),
    ("@readOnly:true", tool(arguments={"@readOnly": True}), False),
]


@pytest.mark.parametrize(("condition", "act", "holds"), FACTS, ids=[f"{i}-{row[0]}" for i, row in enumerate(FACTS)])
def test_a_condition_may_be_about_source_caller_and_vouched_annotations(condition: str, act: Act, holds: bool) -> None:
    text = f"mcp__files__*({condition})"
    assert [_matches(text, act, each) for each in (Effect.ALLOW, Effect.DENY)] == [holds, holds]


@pytest.mark.parametrize("text", ["Bash(git *)", "*", "WebFetch", "mcp_files", "Read(./x)", ""])
def test_what_is_not_about_mcp_is_no_rule_of_ours(text: str) -> None:
    assert [parse_rule(text, each, "here") for each in Effect] == [None, None, None]


REFUSED = ["mcp__*", "mcp__*__read", "mcp__a*", "resource:mcp__*", "prompt:mcp__*__x", "mcp__a*__b__c"]
BROKEN = ["mcp__a__b(", "mcp__a__b(path)", "mcp__a__b()", "mcp__a__b(:x)", "mcp__a__b(path:)", "mcp__a__b(@age:3)"]


@pytest.mark.parametrize("text", [*REFUSED, *BROKEN])
def test_an_allow_that_reaches_over_servers_or_is_broken_is_refused(text: str) -> None:
    assert isinstance(parse_rule(text, Effect.ALLOW, "here"), Refused)


@pytest.mark.parametrize("text", BROKEN)
def test_a_deny_whose_condition_is_broken_denies_whatever_the_arguments_are_and_says_so(text: str) -> None:
    permissions = permitting(deny=[text])
    assert effect(permissions, tool("b", "a")) == "deny"
    [lint] = permissions.written()[0].lints
    assert "counts without its condition" in lint


@pytest.mark.parametrize("text", ["mcp__", "mcp____", "resource:mcp__(uri:x)"])
def test_a_rule_that_names_no_server_is_refused(text: str) -> None:
    assert all(isinstance(parse_rule(text, each, "here"), Refused) for each in Effect)


def test_where_two_servers_share_the_plain_form_a_rule_denies_both_and_allows_neither() -> None:
    servers = ("a.b", "a:b")
    permissions = permitting(configured=servers, allow=["mcp__a_b__read"], deny=["mcp__a_b__write"])
    assert [effect(permissions, tool("write", server)) for server in servers] == ["deny", "deny"]
    assert [effect(permissions, tool("read", server)) for server in servers] == ["ask", "ask"]
    [lint] = permissions.lints
    assert "more than one configured server" in lint


def test_where_a_tool_of_one_server_and_another_server_are_meant_nothing_is_allowed() -> None:
    both = permitting(configured=("a", "a__b"), allow=["mcp__a__b__c"])
    assert [effect(both, act) for act in (tool("b__c", "a"), tool("c", "a__b"))] == ["ask", "ask"]
    one = permitting(configured=("a__b",), allow=["mcp__a__b__c"])
    assert [effect(one, act) for act in (tool("b__c", "a"), tool("c", "a__b"))] == ["ask", "allow"]


def test_odd_permissions_are_remarks_and_whatever_is_sound_beside_them_counts() -> None:
    found = written(
        allow=["mcp__*", 3, "mcp__files__read", "Bash(ls)"],
        deny="mcp__files__drop",
        ask={"a": 1},
        profiles={"viewer": {}, "x": {"default": "maybe", "odd": 1}},
        servers={"files": "viewer"},
        budget={"mcp__files__*": "many"},
        alow=[],
    )
    assert [(rule.effect.value, rule.text) for rule in found.rules] == [
        ("deny", "mcp__files__drop"),
        ("allow", "mcp__files__read"),
    ]
    assert [(one.rule.text, one.limit) for one in found.budgets] == [("mcp__files__*", 0)]
    assert [(profile.name, profile.default) for profile in found.profiles] == [("x", Effect.ASK)]
    for words in ("glob", "a number", "no rule about MCP", "taken as the one rule", "an object", "built in", "alow"):
        assert any(words in lint for lint in found.lints), words


_PIECES = st.sampled_from(["a", "b", "/", "*", "**", ".", "\u00e9"])


def _slow(pattern: str, text: str) -> bool:
    """What a glob means, said again in the plainest way."""
    if not pattern:
        return not text
    if pattern.startswith("*"):
        rest = pattern.lstrip("*")
        across = len(pattern) - len(rest) > 1
        ends = range(len(text) + 1)
        return any(_slow(rest, text[end:]) for end in ends if across or "/" not in text[:end])
    return text[:1] == pattern[0] and _slow(pattern[1:], text[1:])


@given(st.lists(_PIECES, max_size=7).map("".join), st.text(alphabet="ab/.\u00e9", max_size=9))
def test_a_glob_means_what_it_says(pattern: str, text: str) -> None:
    assert Glob(pattern).fits(text) == _slow(pattern, text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_an_allow_reaches_a_deny_with_the_same_glob_reaches(pattern: str, value: str) -> None:
    if pattern and Pattern(pattern).allows(value):
        assert Pattern(pattern).forbids(value)


def test_no_text_makes_a_glob_slow() -> None:
    # a backtracking matcher would not come to an end
    assert not Glob("*a" * 30 + "b").fits("a" * 20_000)
    assert not Glob("**a" * 30 + "b").fits("a/" * 10_000)
