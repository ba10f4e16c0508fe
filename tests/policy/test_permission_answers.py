"""What a person said yes to: how far it reaches, for how long, and what it is not about."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.models import Act, Caller, Effect, Reach
from mcpdeck.services.policy.permissions import Permissions
from tests.policy.permitting import DESTROYS, READS, Clock, effect, permitting, resource, tool

ONCE, SESSION, ARGUMENTS, ALWAYS = Reach.ONCE, Reach.SESSION, Reach.ARGUMENTS, Reach.ALWAYS
EVERY = (ONCE, SESSION, ARGUMENTS, ALWAYS)
HERE, THERE = {"path": "/a"}, {"path": "/b"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _stored(data: Path) -> list[dict[str, Any]]:
    return json.loads((data / "permissions.json").read_text())["answers"]


# the answer -> what is done with the same arguments and with others, in this session and in the next
REACHES = [
    (ONCE, ("ask", "ask"), ("ask", "ask")),
    (SESSION, ("allow", "allow"), ("ask", "ask")),
    (ARGUMENTS, ("allow", "ask"), ("allow", "ask")),
    (ALWAYS, ("allow", "allow"), ("allow", "allow")),
]


@pytest.mark.parametrize(("reach", "now", "later"), REACHES, ids=[row[0].value for row in REACHES])
def test_a_yes_reaches_as_far_as_it_was_given(
    data: Path, reach: Reach, now: tuple[str, str], later: tuple[str, str]
) -> None:
    permissions = permitting(data=data)
    assert permissions.answered(tool(arguments=HERE), reach) is None
    for one, expected in ((permissions, now), (permitting(data=data), later)):
        assert tuple(effect(one, tool(arguments=arguments)) for arguments in (HERE, THERE)) == expected
        assert effect(one, tool("other", arguments=HERE)) == "ask"
        assert effect(one, tool("write", "notes", arguments=HERE)) == "ask"


@pytest.mark.parametrize("reach", [SESSION, ARGUMENTS, ALWAYS], ids=lambda reach: reach.value)
def test_a_decision_that_an_answer_made_says_so(data: Path, reach: Reach) -> None:
    permissions = permitting(data=data)
    permissions.answered(tool(arguments=HERE), reach)
    decision = permissions.judge(tool(arguments=HERE))
    assert (decision.effect, decision.reach) == (Effect.ALLOW, reach)
    assert decision.rule.startswith("mcp__files__write")
    assert "you said yes" in decision.why


# settings and use, the answers that may be offered
OFFERED = [
    ({}, tool(), EVERY),
    ({}, tool(digest=""), (ONCE, SESSION)),
    ({}, tool(annotations=DESTROYS), (ONCE, SESSION)),
    ({}, tool(annotations=DESTROYS, trusted=False), EVERY),
    ({"ask": ["mcp__files"]}, tool(), (ONCE, SESSION)),
    ({"ask": ["resource:mcp__files"]}, resource("file:///x"), (ONCE, SESSION)),
    ({"profile": "x", "profiles": {"x": {"default": "ask"}}}, tool(annotations=READS), EVERY),
    ({"budget": {"mcp__files": 0}, "allow": ["mcp__files"]}, tool(), (ONCE,)),
    ({"allow": ["mcp__files"]}, tool(), ()),
    ({"deny": ["mcp__files"]}, tool(), ()),
]


@pytest.mark.parametrize(("settings", "act", "offered"), OFFERED, ids=[str(index) for index in range(len(OFFERED))])
def test_only_answers_that_would_count_are_offered(
    data: Path, settings: dict[str, Any], act: Act, offered: tuple[Reach, ...]
) -> None:
    permissions = permitting(data=data, **settings)
    assert permissions.reaches(act, permissions.judge(act)) == offered


def test_of_a_server_that_stands_in_no_file_nothing_is_kept(data: Path) -> None:
    permissions = permitting(data=data, place=None)
    assert permissions.reaches(tool(), permissions.judge(tool())) == (ONCE, SESSION)
    permissions.answered(tool(), ALWAYS)
    assert effect(permissions, tool()) == "allow"
    assert not (data / "permissions.json").exists()


@pytest.mark.parametrize(
    ("settings", "annotations"),
    [({}, DESTROYS), ({"ask": ["mcp__files"]}, {}), ({"ask": ["mcp__files"]}, READS)],
    ids=["destructive", "rule", "rule about what only reads"],
)
@pytest.mark.parametrize("reach", [SESSION, ARGUMENTS, ALWAYS], ids=lambda reach: reach.value)
def test_what_always_asks_is_answered_for_the_same_arguments_and_this_session_at_most(
    data: Path, settings: dict[str, Any], annotations: dict[str, Any], reach: Reach
) -> None:
    permissions = permitting(data=data, **settings)
    same, other = (tool(arguments=arguments, annotations=annotations) for arguments in (HERE, THERE))
    permissions.answered(same, reach)
    assert (effect(permissions, same), effect(permissions, other)) == ("allow", "ask")
    assert effect(permitting(data=data, **settings), same) == "ask"


def test_an_answer_never_stands_above_a_deny_or_a_rule_to_ask_that_comes_later(data: Path) -> None:
    permitting(data=data).answered(tool(), ALWAYS)
    assert effect(permitting(data=data, deny=["mcp__files"]), tool()) == "deny"
    assert effect(permitting(data=data, ask=["mcp__files"]), tool()) == "ask"
    assert effect(permitting(data=data, profile="viewer"), tool()) == "deny"


@pytest.mark.parametrize("caller", [Caller.DASHBOARD, Caller.COMMAND, Caller.SERVE], ids=lambda caller: caller.value)
@pytest.mark.parametrize("reach", [SESSION, ARGUMENTS, ALWAYS], ids=lambda reach: reach.value)
def test_a_tool_that_changed_after_it_was_approved_asks_again_whoever_calls_it(
    data: Path, caller: Caller, reach: Reach
) -> None:
    permissions = permitting(data=data)
    permissions.answered(tool(arguments=HERE), reach)
    for claims in ({}, READS):
        decision = permissions.judge(tool(arguments=HERE, digest="two", caller=caller, annotations=claims))
        assert (decision.effect, decision.changed) == (Effect.ASK, True)
    changed = tool(arguments=HERE, digest="two", caller=caller)
    assert "another one" in permissions.judge(changed).why
    permissions.answered(changed, reach)
    assert effect(permissions, changed) == "allow"


def test_a_yes_to_the_new_definition_takes_the_place_of_the_old_one(data: Path) -> None:
    permissions = permitting(data=data)
    permissions.answered(tool(), ALWAYS)
    permissions.answered(tool(digest="two"), ALWAYS)
    assert [record["digest"] for record in _stored(data)] == ["two"]
    assert permissions.judge(tool()).changed


def test_a_profile_that_asks_says_that_a_tool_changed_too(data: Path) -> None:
    permissions = permitting(data=data, profile="x", profiles={"x": {"default": "ask"}})
    permissions.answered(tool(), ALWAYS)
    assert effect(permissions, tool()) == "allow"
    decision = permissions.judge(tool(digest="two"))
    assert (decision.effect, decision.changed, decision.source) == (Effect.ASK, True, "profile x")


def test_answers_belong_to_the_project_whose_entry_they_are_about(data: Path) -> None:
    permitting(data=data, place="/one\nabc").answered(tool(), ALWAYS)
    places = ("/one\nabc", "/one\nabd", "/two\nabc", "", None)
    assert [effect(permitting(data=data, place=place), tool()) for place in places] == ["allow", *["ask"] * 4]


def test_the_file_is_the_owner_s_alone_and_holds_no_argument(data: Path) -> None:
    permissions = permitting(data=data)
    permissions.answered(tool(arguments={"token": "hunter2-and-more"}), ARGUMENTS)
    file = data / "permissions.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "hunter2" not in file.read_text()
    [record] = _stored(data)
    assert record["names"] == ["token"]
    assert "hunter2" not in repr(permissions.remembered())


def test_the_digest_of_arguments_is_another_one_on_another_installation(tmp_path: Path) -> None:
    digests = set[str]()
    for name in ("a", "b"):
        permitting(data=tmp_path / name).answered(tool(arguments=HERE), ARGUMENTS)
        digests.add(_stored(tmp_path / name)[0]["arguments"])
    assert len(digests) == 2


BROKEN = ["", "[]", "{", '{"answers": 3}', '{"answers": [3, null, {}]}', '{"answers": [{"kind": "tool"}]}']


@pytest.mark.parametrize("content", BROKEN, ids=[str(index) for index in range(len(BROKEN))])
def test_a_memory_that_cannot_be_understood_is_no_yes_and_the_next_answer_is_kept(data: Path, content: str) -> None:
    data.mkdir()
    (data / "permissions.json").write_text(content)
    permissions = permitting(data=data)
    assert effect(permissions, tool()) == "ask"
    assert permissions.answered(tool(), ALWAYS) is None
    assert effect(permitting(data=data), tool()) == "allow"


@pytest.mark.parametrize(
    "change",
    [{"reach": "session"}, {"reach": "once"}, {"arguments": ""}, {"kind": "x"}, {"digest": ""}, {"reach": "arguments"}],
    ids=lambda change: "-".join(f"{key}={value}" for key, value in change.items()),
)
def test_a_record_that_was_made_up_is_no_yes(data: Path, change: dict[str, Any]) -> None:
    permitting(data=data).answered(tool(), ALWAYS)
    file = data / "permissions.json"
    content = json.loads(file.read_text())
    content["answers"][0] |= change
    file.write_text(json.dumps(content))
    assert effect(permitting(data=data), tool()) == "ask"


def test_an_answer_that_cannot_be_kept_holds_for_the_session_and_says_why(data: Path) -> None:
    data.write_text("a file where a folder should be")
    permissions = permitting(data=data)
    problem = permissions.answered(tool(), ALWAYS)
    assert problem is not None
    assert str(data) in problem.title
    assert effect(permissions, tool()) == "allow"
    assert effect(permitting(data=data), tool()) == "ask"


def test_what_is_answered_elsewhere_counts_here_from_the_next_look(data: Path) -> None:
    clock = Clock()
    here, there = permitting(data=data, clock=clock), permitting(data=data)
    assert effect(here, tool()) == "ask"
    there.answered(tool(), ALWAYS)
    clock.seconds += 1
    assert effect(here, tool()) == "allow"
    assert there.forget("mcp__files__write") == ("mcp__files__write",)
    clock.seconds += 1
    assert effect(here, tool()) == "ask"


ANSWERING = """
import sys
from pathlib import Path
from tests.policy.permitting import permitting, tool
from mcpdeck.services.models import Reach
permissions = permitting(data=Path(sys.argv[1]))
for number in range(10):
    assert permissions.answered(tool(f"{sys.argv[2]}-{number}"), Reach.ALWAYS) is None
"""


def test_many_processes_answer_at_once_and_none_loses_another_s_yes(data: Path) -> None:
    here = Path(__file__).parents[2]
    running = [
        subprocess.Popen((sys.executable, "-c", ANSWERING, str(data), str(number)), cwd=here, env={**os.environ})
        for number in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(_stored(data)) == 30


def test_forgetting_takes_answers_by_name_by_glob_or_one_by_one(data: Path) -> None:
    permissions = permitting(data=data)

    def fill() -> None:
        permissions.answered(tool("read"), SESSION)
        permissions.answered(tool("write", arguments=HERE), ARGUMENTS)
        permissions.answered(tool("write", arguments=THERE), ARGUMENTS)
        permissions.answered(tool("drop"), ALWAYS)

    fill()
    one = next(answer.rule for answer in permissions.remembered() if "#" in answer.rule)
    assert permissions.forget(one) == (one,)
    assert [effect(permissions, tool("write", arguments=arguments)) for arguments in (HERE, THERE)] == ["ask", "allow"]
    assert permissions.forget("mcp__notes__*") == ()
    assert len(permissions.forget("mcp__files__write")) == 1
    assert len(permissions.forget("mcp__files__*")) == 2
    assert permissions.remembered() == ()
    assert _stored(data) == []


def test_arguments_that_nest_too_deeply_are_asked_for_each_time(data: Path) -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    permissions = permitting(data=data)
    permissions.answered(tool(arguments={"a": deep}), ARGUMENTS)
    assert effect(permissions, tool(arguments={"a": deep})) == "ask"
    rules = Permissions.of(permitting(allow=["mcp__files(a:x)"], deny=["mcp__files(a:x)"]).written())
    assert effect(rules, tool(arguments={"a": deep})) == "deny"
