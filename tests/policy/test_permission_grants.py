"""What is let run for a while, and what a session remembers: of which tool, and of which program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import Act, Caller, Effect, Reach
from tests.policy.permitting import DESTROYS, Clock, effect, permitting, tool


def test_a_grant_allows_whatever_the_arguments_are_until_its_time_is_over() -> None:
    clock = Clock()
    permissions = permitting(clock=clock)
    permissions.allow_for(tool(), 60)
    act = tool(arguments={"path": "/b"})
    decision = permissions.judge(act)
    assert (decision.effect, decision.rule, decision.reach) == (Effect.ALLOW, "mcp__files__write", Reach.SESSION)
    assert decision.source == "this session"
    assert "you let it run until" in decision.why
    clock.seconds += 59.9
    assert effect(permissions, act) == "allow"
    clock.seconds += 0.2
    assert effect(permissions, act) == "ask"
    assert permissions.remembered() == ()


def test_of_two_grants_the_later_one_counts_and_an_answer_beside_them_stays() -> None:
    clock = Clock()
    permissions = permitting(clock=clock)
    permissions.answered(tool("read"), Reach.SESSION)
    permissions.allow_for(tool("read"), 5)
    permissions.allow_for(tool(), 60)
    permissions.allow_for(tool(), 10)
    clock.seconds += 11
    assert (effect(permissions, tool()), effect(permissions, tool("read"))) == ("ask", "allow")


# settings, use: what a grant does not outweigh
STRONGER: list[tuple[dict[str, Any], Act, str]] = [
    ({"ask": ["mcp__files__write"]}, tool(), "ask"),
    ({"deny": ["mcp__files__write"]}, tool(), "deny"),
    ({"profile": "viewer"}, tool(), "deny"),
    ({"budget": {"mcp__files": 0}}, tool(), "ask"),
    ({}, tool(annotations=DESTROYS), "ask"),
]


@pytest.mark.parametrize(("settings", "act", "does"), STRONGER, ids=[str(index) for index in range(len(STRONGER))])
def test_a_grant_outweighs_the_first_question_only(settings: dict[str, Any], act: Act, does: str) -> None:
    permissions = permitting(**settings)
    permissions.allow_for(act, 60)
    decision = permissions.judge(act)
    assert decision.effect == does
    may_reach = permissions.reaches(act, decision)
    # what a screen goes by before it offers one
    assert not (Reach.SESSION in may_reach and not decision.same_arguments)


def test_a_grant_can_be_taken_back() -> None:
    permissions = permitting()
    permissions.allow_for(tool(), 60)
    assert permissions.forget("mcp__files__write") == ("mcp__files__write",)
    assert effect(permissions, tool()) == "ask"


# servers, what is let run, what is called nearly the same
NEIGHBOURS = [
    (("my server", "my_server"), tool("t", "my server"), tool("t", "my_server")),
    (("a", "a__b"), tool("c", "a__b"), tool("b__c", "a")),
    (("a", "a__b"), tool("b__c", "a"), tool("c", "a__b")),
    (("files",), tool("w_x"), tool("w.x")),
    (("files",), tool("w.x"), tool("w_x")),
]


@pytest.mark.parametrize(
    ("servers", "let", "other"), NEIGHBOURS, ids=[f"{one.server}-{one.name}" for _, one, _ in NEIGHBOURS]
)
def test_a_grant_is_about_one_tool_of_one_server(servers: tuple[str, ...], let: Act, other: Act) -> None:
    permissions = permitting(configured=servers)
    permissions.allow_for(let, 60)
    assert (effect(permissions, let), effect(permissions, other)) == ("allow", "ask")


@pytest.mark.parametrize("caller", [Caller.DASHBOARD, Caller.COMMAND], ids=lambda caller: caller.value)
def test_a_tool_that_changed_while_it_was_let_run_asks_again_and_says_so(caller: Caller) -> None:
    permissions = permitting()
    permissions.allow_for(tool(), 60)
    decision = permissions.judge(tool(digest="two", annotations=DESTROYS, caller=caller))
    assert (decision.effect, decision.changed) == (Effect.ASK, True)


@pytest.mark.parametrize("how", ["session", "same arguments", "for a while"])
def test_what_was_said_in_this_session_is_not_about_another_program_behind_the_same_name(
    tmp_path: Path, how: str
) -> None:
    digest = {"files": "one", "notes": "one"}
    permissions = permitting(data=tmp_path, program=lambda server: digest[server])
    act = tool(annotations=DESTROYS) if how == "same arguments" else tool()
    if how == "for a while":
        permissions.allow_for(act, 60)
    else:
        permissions.answered(act, Reach.SESSION)
    assert effect(permissions, act) == "allow"
    digest["files"] = "two"
    assert effect(permissions, act) == "ask"
    assert not permissions.judge(act).changed
    digest["files"] = "one"
    assert effect(permissions, act) == "allow"


@pytest.mark.parametrize(
    ("settings", "act", "same"),
    [
        ({}, tool(), False),
        ({}, tool(annotations=DESTROYS), True),
        ({"ask": ["mcp__files"]}, tool(), True),
        ({"profile": "nobody"}, tool(), False),
    ],
    ids=["first time", "destructive", "rule", "profile"],
)
def test_a_decision_says_where_a_yes_for_this_session_is_about_the_same_arguments_only(
    settings: dict[str, Any], act: Act, same: bool
) -> None:
    permissions = permitting(**settings)
    assert permissions.judge(act).same_arguments is same
    permissions.answered(act, Reach.SESSION)
    assert effect(permissions, act) == "allow"
    other = Act(act.kind, act.server, act.name, {"more": 1}, act.annotations, act.trusted, act.source, act.digest)
    assert effect(permissions, other) == ("ask" if same else "allow")


def test_a_changed_destructive_tool_says_so_too() -> None:
    permissions = permitting()
    permissions.answered(tool(annotations=DESTROYS), Reach.SESSION)
    decision = permissions.judge(tool(annotations=DESTROYS, digest="two"))
    assert (decision.changed, decision.same_arguments) == (True, True)
