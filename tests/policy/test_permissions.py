"""Deny beats ask beats allow: what is decided, and by what."""

from __future__ import annotations

import threading
from itertools import product
from typing import Any

import pytest

from mcpdeck.services.errors import PolicyDenied, UsageError
from mcpdeck.services.models import Act, Caller, Decision, Effect, Reach
from mcpdeck.services.policy.permission_settings import read_permissions
from mcpdeck.services.policy.permissions import Permissions
from tests.policy.permitting import (
    DESTROYS,
    READS,
    Clock,
    effect,
    permitting,
    prompt,
    resource,
    tool,
    written,
)

SPECIFIC = {
    "server": "mcp__files",
    "glob": "mcp__files__wr*",
    "tool": "mcp__files__write",
    "arguments": "mcp__files__write(path:/a/**)",
}


def _permissions(rules: list[tuple[str, str, str]]) -> Permissions:
    """From (effect, place, rule)."""
    by_place: dict[str, dict[str, Any]] = {"file": {}, "managed": {}, "profile": {}}
    for does, place, rule in rules:
        by_place[place].setdefault(does, []).append(rule)
    managed = written("managed", managed=True, **by_place["managed"])
    return permitting(managed, profile="mine", profiles={"mine": by_place["profile"]}, **by_place["file"])


COMBINATIONS = [
    (strong, weak, strong_place, weak_place, how, otherwise)
    for strong, weak in (("deny", "ask"), ("deny", "allow"), ("ask", "allow"))
    for strong_place, weak_place in product(("file", "managed", "profile"), repeat=2)
    for how, otherwise in (("server", "arguments"), ("arguments", "server"), ("glob", "tool"), ("tool", "glob"))
]


@pytest.mark.parametrize(
    ("strong", "weak", "strong_place", "weak_place", "how", "otherwise"),
    COMBINATIONS,
    ids=["-".join(row) for row in COMBINATIONS],
)
def test_deny_beats_ask_beats_allow_wherever_they_stand_and_however_exact_they_are(
    strong: str, weak: str, strong_place: str, weak_place: str, how: str, otherwise: str
) -> None:
    rules = [(weak, weak_place, SPECIFIC[otherwise]), (strong, strong_place, SPECIFIC[how])]
    act = tool(arguments={"path": "/a/b"}, annotations=READS)
    for order in (rules, rules[::-1]):
        decision = _permissions(order).judge(act)
        assert (decision.effect, decision.rule) == (strong, SPECIFIC[how])


# settings, use, effect, rule, source
DECIDED: list[tuple[dict[str, Any], Act, str, str, str]] = [
    # nothing is written
    ({}, tool(annotations=READS), "allow", "read-only tools run", "default"),
    ({}, tool(annotations=READS | DESTROYS), "allow", "read-only tools run", "default"),
    ({}, tool(annotations=READS, trusted=False), "ask", "tools ask the first time", "default"),
    ({}, tool(annotations=DESTROYS), "ask", "destructive tools always ask", "default"),
    ({}, tool(annotations=DESTROYS, trusted=False), "ask", "tools ask the first time", "default"),
    ({}, tool(annotations={"readOnlyHint": "true"}), "ask", "tools ask the first time", "default"),
    ({}, tool(), "ask", "tools ask the first time", "default"),
    ({}, tool(caller=Caller.PROGRAM), "ask", "tools ask the first time", "default"),
    ({}, tool(caller=Caller.SERVE), "ask", "tools ask the first time", "default"),
    ({}, tool(caller=Caller.TOOL), "ask", "tools ask the first time", "default"),
    ({}, tool(caller=Caller.COMMAND), "allow", "what a command names runs", "the command itself"),
    ({}, tool(caller=Caller.BATCH, annotations=DESTROYS), "allow", "what a command names runs", "the command itself"),
    ({}, resource("file:///x"), "allow", "resources are read", "default"),
    ({}, prompt("review"), "allow", "prompts are got", "default"),
    # rules
    ({"allow": ["mcp__files__write"]}, tool(annotations=DESTROYS), "allow", "mcp__files__write", "mine"),
    ({"allow": ["mcp__files"]}, tool(trusted=False), "allow", "mcp__files", "mine"),
    ({"ask": ["mcp__files"]}, tool(annotations=READS), "ask", "mcp__files", "mine"),
    ({"ask": ["mcp__files"]}, tool(caller=Caller.COMMAND), "ask", "mcp__files", "mine"),
    ({"deny": ["mcp__files"]}, tool(caller=Caller.COMMAND, annotations=READS), "deny", "mcp__files", "mine"),
    ({"deny": ["mcp__files"]}, resource("file:///x"), "deny", "mcp__files", "mine"),
    ({"ask": ["resource:mcp__files"]}, resource("file:///x"), "ask", "resource:mcp__files", "mine"),
    ({"deny": ["prompt:mcp__files__r*"]}, prompt("review"), "deny", "prompt:mcp__files__r*", "mine"),
    # profiles
    ({"profile": "viewer"}, tool(annotations=READS), "allow", "default allow", "profile viewer"),
    ({"profile": "viewer"}, tool(annotations=READS, trusted=False), "deny", "readOnly", "profile viewer"),
    ({"profile": "viewer"}, tool(caller=Caller.COMMAND), "deny", "readOnly", "profile viewer"),
    ({"profile": "viewer", "allow": ["mcp__files"]}, tool(), "deny", "readOnly", "profile viewer"),
    ({"profile": "viewer"}, resource("file:///x"), "allow", "default allow", "profile viewer"),
    ({"profile": "viewer"}, prompt("review"), "allow", "default allow", "profile viewer"),
    ({"profile": "tester"}, tool(), "ask", "tools ask the first time", "default"),
    ({"profile": "admin"}, tool(annotations=DESTROYS, trusted=False), "allow", "default allow", "profile admin"),
    ({"profile": "admin", "ask": ["mcp__files"]}, tool(), "ask", "mcp__files", "mine"),
    ({"profile": "admin", "deny": ["mcp__files"]}, tool(), "deny", "mcp__files", "mine"),
    ({"profile": "nobody"}, tool(annotations=READS), "ask", "default ask", "profile nobody"),
    ({"profile": "nobody"}, tool(caller=Caller.COMMAND), "ask", "default ask", "profile nobody"),
    ({"profile": "x", "profiles": {"x": {"default": "deny"}}}, tool(), "deny", "default deny", "profile x"),
    (
        {"profile": "x", "profiles": {"x": {"default": "deny", "allow": ["mcp__files__write"]}}},
        tool(),
        "allow",
        "mcp__files__write",
        "profile x",
    ),
    (
        {"profile": "x", "profiles": {"x": {"default": "deny"}}, "allow": ["mcp__files"]},
        tool(),
        "allow",
        "mcp__files",
        "mine",
    ),
    ({"profile": "x", "profiles": {"x": {"readOnly": True}}}, tool(), "deny", "readOnly", "profile x"),
    (
        {"profile": "x", "profiles": {"x": {"readOnly": True}}},
        tool(annotations=READS),
        "allow",
        "read-only tools run",
        "default",
    ),
    ({"profile": "admin", "servers": {"files": {"profile": "viewer"}}}, tool(), "deny", "readOnly", "profile viewer"),
    (
        {"profile": "viewer", "servers": {"files": {"profile": "admin"}}},
        tool(),
        "allow",
        "default allow",
        "profile admin",
    ),
    (
        {"profiles": {"admin": {"default": "deny"}}, "profile": "admin"},
        tool(),
        "allow",
        "default allow",
        "profile admin",
    ),
    # budgets
    ({"budget": {"mcp__files": 0}}, tool(annotations=READS), "ask", "budget mcp__files: 0 a minute", "mine"),
    (
        {"budget": {"mcp__files": 0}},
        tool(annotations=READS, caller=Caller.SERVE),
        "deny",
        "budget mcp__files: 0 a minute",
        "mine",
    ),
    (
        {"budget": {"mcp__*": 0}, "allow": ["mcp__files"]},
        tool(caller=Caller.BATCH),
        "deny",
        "budget mcp__*: 0 a minute",
        "mine",
    ),
    ({"budget": {"mcp__notes": 0}}, tool(annotations=READS), "allow", "read-only tools run", "default"),
    ({"budget": {"mcp__files": 0}, "deny": ["mcp__files"]}, tool(), "deny", "mcp__files", "mine"),
]


@pytest.mark.parametrize(
    ("settings", "act", "does", "rule", "source"),
    DECIDED,
    ids=[f"{index}-{row[2]}-{row[3]}" for index, row in enumerate(DECIDED)],
)
def test_what_is_decided_and_by_what(settings: dict[str, Any], act: Act, does: str, rule: str, source: str) -> None:
    permissions = permitting(**settings)
    decision = permissions.judge(act)
    assert (decision.effect, decision.rule, decision.source) == (does, rule, source)
    assert decision.why
    assert permissions.explain(act)[0] == f"{does} by {rule} ({source}): {decision.why}"


def test_the_explanation_names_every_rule_that_matched_and_no_other() -> None:
    permissions = permitting(
        allow=["mcp__files__write", "mcp__notes"],
        ask=["mcp__files(path:/a/**)", "mcp__files(path:/b/**)"],
        deny=["mcp__files__wr*", "mcp__*__read"],
    )
    first, *others = permissions.explain(tool(arguments={"path": "/a/x"}))
    assert first.startswith("deny by mcp__files__wr* (mine): ")
    rules = [line.removeprefix("also ").partition(" (mine)")[0] for line in others if "(mine)" in line]
    assert rules == ["ask by mcp__files(path:/a/**)", "allow by mcp__files__write"]


LOCKED = {"profile": "locked", "profiles": {"locked": {"default": "deny"}}}


def test_what_a_profile_denies_by_default_no_answer_no_grant_and_no_budget_lets_through() -> None:
    act = tool(annotations=DESTROYS, arguments={"x": 1})
    permissions = permitting(profiles=LOCKED["profiles"], budget={"mcp__files__read": 0})
    permissions.answered(act, Reach.SESSION)
    permissions.answered(tool("read"), Reach.SESSION)
    permissions.allow_for(tool("write"), 60)
    permissions.allow_for(tool("read"), 60)
    assert effect(permissions, act) == "allow"
    permissions.set_profile("locked")
    for one in (act, tool("write"), tool("read")):
        decision = permissions.judge(one)
        assert (decision.effect, decision.rule) == (Effect.DENY, "default deny")
        assert permissions.reaches(one, decision) == ()


def test_a_rule_to_ask_stands_above_a_profile_s_default_and_may_be_answered() -> None:
    permissions = permitting(ask=["mcp__files__write"], **LOCKED)
    assert effect(permissions, tool()) == "ask"
    permissions.answered(tool(), Reach.SESSION)
    assert effect(permissions, tool()) == "allow"
    assert effect(permissions, tool("other")) == "deny"


# settings, caller, the words of what can be done about the refusal
REMEDIES: list[tuple[dict[str, Any], Caller, str]] = [
    ({"deny": ["mcp__files__wr*"]}, Caller.DASHBOARD, "mcpdeck permissions forget 'mcp__files__wr*'"),
    ({"projects": {"/root": {"deny": ["mcp__files"]}}}, Caller.DASHBOARD, "mcpdeck permissions forget mcp__files"),
    (
        {"profile": "x", "profiles": {"x": {"deny": ["mcp__files"]}}},
        Caller.DASHBOARD,
        "Change the rule in profile x.",
    ),
    ({"profile": "viewer"}, Caller.DASHBOARD, "--profile NAME"),
    (LOCKED, Caller.DASHBOARD, "--profile NAME"),
    ({"budget": {"mcp__files": 0}}, Caller.SERVE, "until the minute is over"),
]


@pytest.mark.parametrize(("settings", "caller", "words"), REMEDIES, ids=[row[2] for row in REMEDIES])
def test_of_everything_that_denies_it_is_said_what_can_be_done(
    settings: dict[str, Any], caller: Caller, words: str
) -> None:
    decision = permitting(**settings).judge(tool(caller=caller))
    assert decision.effect is Effect.DENY
    assert words in decision.remedy
    assert decision.rule not in decision.remedy.partition("mcpdeck permissions")[0]  # the title says it


def test_a_rule_of_somebody_else_s_file_is_changed_there() -> None:
    managed = written("policy", managed=True, deny=["mcp__files"])
    assert permitting(managed).judge(tool()).remedy == "Change the rule in policy."
    theirs = read_permissions({"permissions": {"deny": ["mcp__files"]}}, "theirs", own=False)
    assert permitting(theirs).judge(tool()).remedy == "Change the rule in theirs."


def test_without_permissions_of_its_own_a_program_may_do_everything() -> None:
    permissions = Permissions.open()
    acts = (tool(annotations=DESTROYS, trusted=False), resource("file:///x"), prompt("review"))
    assert [effect(permissions, act) for act in acts] == ["allow"] * 3


def test_what_is_available_is_everything_that_is_not_denied() -> None:
    permissions = permitting(deny=["mcp__files__drop"], allow=["mcp__files__write"])
    acts = [tool(name) for name in ("drop", "read", "write")]
    assert [(act.name, decision.effect) for act, decision in permissions.available(acts)] == [
        ("read", Effect.ASK),
        ("write", Effect.ALLOW),
    ]


# -- profiles of a session


def test_a_profile_is_chosen_for_the_session_or_for_one_server() -> None:
    permissions = permitting(profiles={"x": {"default": "deny"}})
    assert permissions.profiles() == ("viewer", "tester", "admin", "x")
    permissions.set_profile("admin")
    permissions.set_profile("x", "files")
    assert (permissions.profile_of("files"), permissions.profile_of("notes")) == ("x", "admin")
    assert (effect(permissions, tool()), effect(permissions, tool("write", "notes"))) == ("deny", "allow")


def test_the_choice_for_one_server_stands_above_the_session_s_for_all() -> None:
    permissions = permitting(servers=("files",), profile="tester")
    file = written(servers={"files": {"profile": "viewer"}})
    permissions = permitting(file)
    permissions.set_profile("admin")
    assert (permissions.profile_of("files"), permissions.profile_of("notes")) == ("viewer", "admin")


def test_a_choice_for_all_servers_takes_the_place_of_the_session_s_for_single_ones() -> None:
    permissions = permitting()
    permissions.set_profile("admin", "files")
    permissions.set_profile("viewer")
    assert (permissions.profile_of("files"), permissions.profile_of("notes")) == ("viewer", "viewer")
    assert effect(permissions, tool()) == "deny"


def test_a_profile_that_does_not_exist_cannot_be_chosen() -> None:
    permissions = permitting()
    with pytest.raises(UsageError) as raised:
        permissions.set_profile("wizard")
    assert "viewer, tester, admin" in raised.value.hint
    assert permissions.profile_of("files") == "tester"


def test_what_the_administrator_chose_nobody_else_chooses_or_describes() -> None:
    managed = written("policy", managed=True, profile="strict", profiles={"strict": {"default": "deny"}})
    permissions = permitting(managed, profile="admin", profiles={"strict": {"default": "allow"}})
    assert effect(permissions, tool()) == "deny"
    for server in (None, "files"):
        with pytest.raises(PolicyDenied) as raised:
            permissions.set_profile("admin", server)
        assert "policy" in raised.value.title
    assert effect(permissions, tool()) == "deny"


def test_a_profile_that_nobody_described_is_told_and_asks_for_everything() -> None:
    permissions = permitting(profile="viwer", servers={"notes": {"profile": "admin"}})
    assert effect(permissions, tool(annotations=READS, caller=Caller.COMMAND)) == "ask"
    [lint] = permissions.lints
    assert '"viwer" is chosen in mine and is no profile' in lint
    assert permissions.choices() == {"notes": "admin"}


def test_an_answer_of_the_session_is_explained_with_the_rule_that_it_answers() -> None:
    permissions = permitting(ask=["mcp__files"])
    permissions.answered(tool(), Reach.SESSION)
    first, *others = permissions.explain(tool())
    assert "you said yes" in first
    assert others[0] == "also ask by mcp__files (mine), which counts for less"


# -- budgets


def test_beyond_a_budget_a_person_is_asked_and_a_program_is_denied_until_a_minute_is_over() -> None:
    clock = Clock()
    permissions = permitting(clock=clock, budget={"mcp__files__*": 2}, allow=["mcp__files"])
    program = tool(caller=Caller.SERVE)

    def used(act: Act) -> Decision:
        return permissions.decide(act)

    assert [used(tool()).effect for _ in range(2)] == [Effect.ALLOW, Effect.ALLOW]
    clock.seconds += 30
    assert [used(each).effect for each in (tool("read"), program)] == [Effect.ASK, Effect.DENY]
    assert used(program).rule == "budget mcp__files__*: 2 a minute"
    assert permissions.reaches(tool(), used(tool())) == (Reach.ONCE,)
    permissions.answered(tool(), Reach.ONCE)  # counts, in the place of the older of the two
    clock.seconds += 30
    assert used(program).effect is Effect.ALLOW
    assert used(program).effect is Effect.DENY


def test_looking_at_what_would_be_decided_spends_no_budget() -> None:
    permissions = permitting(budget={"mcp__files": 1}, allow=["mcp__files"])
    for _ in range(3):
        permissions.judge(tool())
        permissions.explain(tool())
        permissions.available([tool()])
    assert permissions.decide(tool()).effect is Effect.ALLOW
    assert permissions.decide(tool()).effect is Effect.ASK


def test_a_denied_use_and_one_that_is_only_asked_for_spend_no_budget() -> None:
    permissions = permitting(budget={"mcp__files": 1}, deny=["mcp__files__drop"])
    permissions.decide(tool("drop"))
    permissions.decide(tool("write"))
    assert permissions.decide(tool("read", annotations=READS)).effect is Effect.ALLOW


def test_many_threads_ask_at_once_and_a_budget_is_kept() -> None:
    permissions = permitting(budget={"mcp__files": 50}, allow=["mcp__files"])
    allowed: list[Effect] = []

    def ask() -> None:
        allowed.extend(permissions.decide(tool(caller=Caller.TOOL)).effect for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert allowed.count(Effect.ALLOW) == 50
    assert allowed.count(Effect.DENY) == 110
