"""What a person asks about tools, on its way to the real permissions, the catalogue and the executor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.app.controller import Controller, Severity
from mcpdeck.app.tool_intents import Explained
from mcpdeck.app.worker import Engine, Services, running
from mcpdeck.services.models import Decision, Effect, JsonObject, Measured, Reach
from mcpdeck.services.policy.permissions import Permissions
from tests.policy.permitting import permitting
from tests.ui import states

pytestmark = pytest.mark.anyio

NAME = "my files"
TOOL = states.tool("write")
STATE = states.app_state(states.connected(NAME, tools=(TOOL,)))


@dataclass
class Desk:
    controller: Controller
    services: Services
    toasts: list[str]
    digest: str = "one"
    """Of the tool, as its server describes it now; empty: none is connected."""


@asynccontextmanager
async def desk(folder: Path, permissions: Permissions | None = None) -> AsyncIterator[Desk]:
    toasts: list[str] = []

    def toast(title: str, hint: str = "", *, severity: Severity = "information") -> None:
        toasts.append(f"{title}|{hint}")

    engine = Engine(permissions=permissions)
    async with running([], engine=engine) as services, anyio.create_task_group() as tasks:
        services.store._state = STATE
        controller = Controller(
            services, tasks, toast, set_enabled=print, approve=print, reject=print, data_folder=folder
        )
        at = Desk(controller, services, toasts)
        known = controller._act
        controller._act = lambda *use: replace(known(*use), digest=at.digest)  # type: ignore[method-assign]
        yield at
        tasks.cancel_scope.cancel()


async def test_a_tool_is_explained_by_the_rule_that_a_call_by_hand_would_meet(tmp_path: Path) -> None:
    async with desk(tmp_path, permitting(ask=["mcp__my_files__wr*"])) as at:
        told = at.controller.explained(NAME, "write", {"path": "/a"})
        assert told is not None
        assert told.decision.effect is Effect.ASK
        assert told.decision.rule == "mcp__my_files__wr*"
        assert told.profile == at.controller.profile_of(NAME) == "tester"
        assert any("mcp__my_files__wr*" in reason for reason in told.reasons)


async def test_a_tool_that_was_let_run_for_a_while_is_allowed_and_forgotten_again(tmp_path: Path) -> None:
    async with desk(tmp_path, permitting()) as at:

        def told() -> Explained:
            explained = at.controller.explained(NAME, "write", {})
            assert explained is not None
            return explained

        assert (told().decision.effect, told().can_be_let) == (Effect.ASK, True)
        at.controller.allow_for_a_while(NAME, "write", {})
        assert (told().decision.effect, told().can_be_let) == (Effect.ALLOW, False)
        assert told().decision.reach is Reach.SESSION  # so it is offered to be asked again
        rule = told().decision.rule
        at.controller.forget(rule)
        assert told().decision.effect is Effect.ASK
        at.controller.forget(rule)
        assert [toast.partition("|")[0] for toast in at.toasts] == [
            "write runs without asking",
            "Forgotten",
            "There was nothing to forget",
        ]


@pytest.mark.parametrize(
    "rules",
    [
        {"ask": ["mcp__my_files__*"]},
        {"budget": {"mcp__my_files__*": 0}},
        {"deny": ["mcp__my_files__write"]},
        {"allow": ["mcp__my_files__write"]},
    ],
    ids=["ask", "budget", "deny", "allow"],
)
async def test_a_while_is_offered_only_where_it_lets_the_tool_run_and_nothing_else_is_told(
    tmp_path: Path, rules: JsonObject
) -> None:
    async with desk(tmp_path, permitting(**rules)) as at:
        told = at.controller.explained(NAME, "write", {"path": "/a"})
        assert told is not None
        assert not told.can_be_let
        at.controller.allow_for_a_while(NAME, "write", {"path": "/a"})
        allowed = told.decision.effect is Effect.ALLOW
        assert at.toasts[-1].startswith("write runs without asking|" if allowed else "write is not let run|")


async def test_a_tool_that_is_described_otherwise_since_it_was_let_run_asks(tmp_path: Path) -> None:
    async with desk(tmp_path, permitting()) as at:
        at.controller.allow_for_a_while(NAME, "write", {})
        at.digest = "another"
        told = at.controller.explained(NAME, "write", {})
        assert told is not None
        assert (told.decision.effect, told.can_be_let) == (Effect.ASK, True)


async def test_a_tool_whose_definition_is_not_known_is_not_let_run(tmp_path: Path) -> None:
    async with desk(tmp_path, permitting()) as at:
        at.digest = ""
        told = at.controller.explained(NAME, "write", {})
        assert told is not None
        assert (told.decision.effect, told.can_be_let) == (Effect.ASK, False)


async def test_a_profile_for_every_server_counts_for_all_but_those_with_one_in_the_settings_which_are_named(
    tmp_path: Path,
) -> None:
    servers = {f"s{number}": {"profile": "admin"} for number in range(5)}
    async with desk(tmp_path, permitting(servers={NAME: {"profile": "admin"}, **servers})) as at:
        at.services.store._state = states.app_state(*(states.connected(name) for name in (NAME, "other", "third")))
        at.controller.set_profile("admin", "other")
        at.controller.set_profile("viewer", None)
        found = {name: at.controller.profile_of(name) for name in (NAME, "other", "third")}
        assert found == {NAME: "admin", "other": "viewer", "third": "viewer"}
        assert at.toasts[-1] == f"Profile viewer|every server but {NAME} (admin), until mcpdeck ends"
        at.services.store._state = states.app_state(*map(states.connected, servers), states.connected("third"))
        at.controller.set_profile("viewer", None)
        assert "s0 (admin), s1 (admin), s2 (admin) and 2 more" in at.toasts[-1]
        at.controller.set_profile("admin", None)
        assert at.toasts[-1] == "Profile admin|every server, until mcpdeck ends"


async def test_an_answer_that_could_not_be_kept_is_told_once_the_call_ended(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        decision = Decision(Effect.ALLOW, "x", "default", reach=Reach.SESSION, unkept="cannot write permissions.json")
        at.controller._ended(states.call(1, decision=decision), None)
        assert at.toasts == ["Your answer holds for this session only|cannot write permissions.json"]


async def test_a_profile_is_chosen_for_a_server_or_for_all_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path, permitting()) as at:
        assert {"viewer", "tester", "admin"} <= {*at.controller.profiles()}
        at.controller.set_profile("viewer", NAME)
        assert (at.controller.profile_of(NAME), at.controller.profile_of("other")) == ("viewer", "tester")
        at.controller.set_profile("admin", None)
        assert at.controller.profile_of("other") == "admin"
        at.controller.set_profile("nobody", None)
        assert "nobody" in at.toasts[-1]
        assert at.controller.profile_of("other") == "admin"


async def test_where_there_are_no_permissions_nothing_is_asked_and_nothing_can_be_chosen(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert at.controller.explained(NAME, "write", {}) is None
        assert at.controller.profiles() == ()
        assert at.controller.profile_of(NAME) == ""
        at.controller.set_profile("viewer", None)
        assert at.toasts == ["nothing is asked here|The program that shows this dashboard set no permissions."]


async def test_the_name_of_a_tool_is_the_one_a_model_knows_it_by_also_after_the_list_changed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert at.controller.qualified(NAME, "write") == "mcp__my_files__write"
        assert at.controller.qualified(NAME, "gone") == ""
        twin = states.app_state(
            states.connected(NAME, tools=(TOOL,)), states.connected("my.files", tools=(TOOL, states.tool("other")))
        )
        at.services.store._state = twin
        names = {at.controller.qualified(server, "write") for server in (NAME, "my.files")}
        assert len(names) == 2
        assert at.controller.qualified("my.files", "other") == "mcp__my_files__other"


async def test_a_model_gets_what_was_cut_for_it_else_what_a_model_gets_of_such_a_result(tmp_path: Path) -> None:
    cut: JsonObject = {"content": [{"type": "text", "text": "cut"}]}
    measured = Measured(10, 10, 5, truncated=True, given=cut)
    audio: JsonObject = {"content": [{"type": "text", "text": "hi"}, {"type": "audio", "data": "AAAA"}]}
    async with desk(tmp_path) as at:
        assert at.controller.for_model(states.call(1, measured=measured)) is cut
        assert at.controller.for_model(states.call(1, result=None)) is None
        given = at.controller.for_model(replace(states.call(1), result=audio))
        assert given is not None
        assert "AAAA" not in str(given)
        assert "hi" in str(given)


async def test_calls_that_are_held_back_are_let_through_and_that_is_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.controller.reset_breaker(NAME)
        assert at.toasts == [f"Calls are made again|{NAME}"]


async def test_looking_at_the_load_again_and_again_counts_once_and_ends(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for looking in (True, True, False, False, True):
            at.controller.look_at_load(looking)
            assert at.services.loads._lookers == int(looking)
