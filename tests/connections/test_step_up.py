"""403 insufficient_scope: more is asked for with consent, and no more often than it may help (section 37.8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpdeck.services.errors import AuthError
from mcpdeck.services.models import LoginStatus, Status
from mcpdeck.services.state.model import CallState, CallStatus
from tests.connections.authorized import NAME, House, house, logged_in
from tests.servers.authorization_server import Peer, authorization_server
from tests.servers.oauth_ledger import Seen
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

PAINTING = {"scopes": ("read",), "tool_scopes": {"paint": "admin"}}


def paints(peer: Peer) -> list[Seen]:
    return [seen for seen in peer.asked("/mcp", "POST") if b'"paint"' in seen.body]


async def painted(one: House, ended: list[CallState]) -> None:
    ended.append(await one.call("paint"))


def failure(state: CallState) -> str:
    assert state.error is not None
    assert state.error.kind == "auth"
    return state.error.title


async def test_more_is_asked_for_beside_what_there_is_and_the_same_message_is_sent_again(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, unattended=True) as one:
        assert (await one.call("paint")).status is CallStatus.SUCCESS
        assert [seen.query["scope"] for seen in peer.asked("/authorize")] == ["read admin"]
        first, second = paints(peer)
        assert first.body == second.body
        assert one.view.token is not None
        assert one.view.token.scopes == ("read", "admin")
        assert (await one.call("paint")).status is CallStatus.SUCCESS
        assert len(peer.asked("/authorize")) == 1


async def test_a_person_is_asked_for_consent_with_what_is_added_and_no_clock_runs_meanwhile(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, person=True) as one:
        ended: list[CallState] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(painted, one, ended)
            question = await one.question("mcpdeck/consent")
            assert (question.request["scopes"], question.request["added"]) == (["read", "admin"], ["admin"])
            assert peer.asked("/authorize") == []
            call = one.services.store.state.calls[0].id
            assert one.services.executor.deadline(call) == float("inf")
            await one.answer("mcpdeck/consent")
            await one.browse()
        assert ended[0].status is CallStatus.SUCCESS
        assert one.row.status is Status.CONNECTED
        assert (one.view.status, one.view.why) == (LoginStatus.DONE, "")


async def test_the_time_limit_of_any_request_stands_still_while_a_person_is_asked(tmp_path: Path) -> None:
    async with authorization_server(scopes=("read",)) as peer, logged_in(peer, tmp_path, person=True) as one:
        peer.change(required="admin")
        session = one.services.manager.session(NAME)
        assert session is not None
        names: list[str] = []

        async def read() -> None:
            names.extend(tool.name for tool in await session.lists.read_tools())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await one.question("mcpdeck/consent")
            clocks = session.dispatcher._clocks
            assert [clock.deadline for clock in clocks] == [float("inf")]
            await one.answer("mcpdeck/consent")
            await one.browse()
        assert names == ["whoami"]


async def test_a_person_who_says_no_is_not_asked_again_by_the_next_call(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, person=True) as one:
        ended: list[CallState] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(painted, one, ended)
            await one.answer("mcpdeck/consent", "decline")
        assert failure(ended[0]).startswith("tools/call paint needs more than the login allows: nobody agreed")
        assert failure(await one.call("paint")) == failure(ended[0])
        assert one.view.status is LoginStatus.DONE  # what there was still holds
        assert one.view.why == "more was not granted: nobody agreed to ask for more: admin"
        assert (await one.call()).status is CallStatus.SUCCESS
        assert one.row.status is Status.CONNECTED
        assert peer.asked("/authorize") == []
        assert one.services.store.state.prompts == ()


async def test_a_call_that_is_given_up_while_a_person_is_asked_takes_the_question_back(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, person=True) as one:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.call, "paint")
            await one.question("mcpdeck/consent")
            tasks.cancel_scope.cancel()
        await eventually(lambda: one.services.store.state.prompts == (), "end of the question")
        assert one.view.status is LoginStatus.DONE  # what there was still holds
        assert (await one.call()).status is CallStatus.SUCCESS


@pytest.mark.parametrize(
    ("knobs", "unattended", "said", "logins"),
    [
        pytest.param({}, False, "it wants admin", 0, id="nobody to ask"),
        pytest.param(
            {"step_up": 'Bearer error="insufficient_scope", scope="read"'},
            True,
            "the token has the scopes that the server asks for (read), and it refuses all the same",
            0,
            id="it has them",
        ),
        pytest.param(
            {"step_up": 'Bearer error="insufficient_scope"'}, True, "the server does not say which scopes", 0, id="none"
        ),
        pytest.param(
            {"granted": lambda scopes: tuple(scope for scope in scopes if scope != "admin")},
            True,
            "admin was asked for and not granted by",
            1,
            id="not granted",
        ),
        pytest.param({"denied": "invalid_scope"}, True, "", 1, id="refused by the authorization server"),
    ],
)
async def test_where_there_is_no_more_to_be_had_the_call_says_why_and_the_connection_stands(
    tmp_path: Path, knobs: dict[str, Any], unattended: bool, said: str, logins: int
) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, unattended=unattended) as one:
        peer.change(**knobs)
        first = failure(await one.call("paint"))
        assert first.startswith(f"tools/call paint needs more than the login allows: {said}")
        assert failure(await one.call("paint")) == first
        assert len(peer.asked("/authorize")) == logins
        assert (await one.call()).status is CallStatus.SUCCESS
        assert one.row.status is Status.CONNECTED


async def test_a_server_that_wants_something_else_each_time_is_asked_three_times_and_no_more(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, unattended=True) as one:
        wanted = iter(f"scope-{number}" for number in range(100))

        async def greedy(exchange: Any) -> None:
            challenge = f'Bearer error="insufficient_scope", scope="{next(wanted)}"'
            await exchange.answer("403 Forbidden", WWW_Authenticate=challenge)

        peer.change(overrides={"/mcp": greedy})
        title = failure(await one.call("paint"))
        assert title.endswith("scope-3 is wanted, also after 3 logins")
        assert [seen.query["scope"] for seen in peer.asked("/authorize")][-1] == "read scope-0 scope-1 scope-2"
        assert len(peer.asked("/authorize")) == 3


async def test_what_every_request_needs_is_asked_for_before_the_connection_stands(tmp_path: Path) -> None:
    async with authorization_server(required="admin", scopes=("read",)) as peer:
        async with house(peer, tmp_path, unattended=True) as one:
            await one.services.manager.connected(NAME)
        async with house(peer, tmp_path) as other:
            await other.services.manager.connected(NAME)
        assert [seen.query["scope"] for seen in peer.asked("/authorize")] == ["read", "read admin"]


async def test_a_connection_that_needs_more_than_anybody_gives_wants_a_login_and_says_what_for(tmp_path: Path) -> None:
    async with authorization_server(scopes=("read",)) as peer:
        async with house(peer, tmp_path, unattended=True) as one:
            await one.services.manager.connected(NAME)
        peer.change(required="admin")
        async with house(peer, tmp_path) as command:
            row = await command.settled()
            assert row.status is Status.NEEDS_AUTH
            assert row.error is not None
            assert row.error.title == "initialize needs more than the login allows: it wants admin"
            assert row.error.hint == "Ask for more: mcpdeck login guarded --scopes admin."
        async with house(peer, tmp_path, person=True) as dashboard:
            await dashboard.answer("mcpdeck/consent", "decline")
            row = await dashboard.settled()
            assert row.status is Status.NEEDS_AUTH
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(dashboard.services.manager.login, NAME)
                await dashboard.answer("mcpdeck/consent")
                await dashboard.browse()
            await dashboard.services.manager.connected(NAME)


async def test_a_403_that_asks_for_no_scopes_is_no_reason_for_a_login(tmp_path: Path) -> None:
    knobs: dict[str, Any] = {"required": "admin", "step_up": 'Bearer error="access_denied"'}
    async with authorization_server(**knobs) as peer, house(peer, tmp_path, unattended=True) as one:
        row = await one.settled()
        assert row.status is Status.NEEDS_AUTH
        assert row.error is not None
        assert row.error.title == "the server forbids this (403)"
        assert len(peer.asked("/authorize")) == 1  # for the 401 before


async def test_logging_in_again_keeps_what_was_asked_for_until_somebody_logs_out(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, unattended=True) as one:
        await one.call("paint")
        await one.services.manager.login(NAME, again=True)
        await one.services.manager.logout(NAME)
        await one.services.manager.login(NAME)
        assert [seen.query["scope"] for seen in peer.asked("/authorize")] == ["read admin", "read admin", "read"]


async def test_a_login_that_nobody_asked_for_asks_for_what_the_server_wants_now(tmp_path: Path) -> None:
    async with authorization_server(**PAINTING) as peer, logged_in(peer, tmp_path, unattended=True) as one:
        await one.call("paint")
        peer.forget_tokens()
        await one.call()
        assert [seen.query["scope"] for seen in peer.asked("/authorize")] == ["read admin", "read"]


async def test_a_login_again_that_fails_is_a_remark_while_the_one_before_it_holds(tmp_path: Path) -> None:
    async with authorization_server() as peer, logged_in(peer, tmp_path, unattended=True) as one:
        peer.change(denied="access_denied")
        with pytest.raises(AuthError):
            await one.services.manager.login(NAME, again=True)
        assert one.view.status is LoginStatus.DONE
        assert one.view.why.startswith("logging in again failed: ")
        peer.forget_tokens()
        assert (await one.call()).error is not None
        assert one.view.status is LoginStatus.FAILED
