"""What a person does by hand before a login and after a no: look at how it is done, and be asked once more."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.errors import DiscoveryError
from mcpdeck.services.models import LoginPhase, LoginStatus, Status
from mcpdeck.services.state.model import CallState, CallStatus
from tests.connections.authorized import NAME, house, logged_in
from tests.servers.authorization_server import authorization_server

pytestmark = pytest.mark.anyio


async def test_a_call_by_hand_asks_again_for_what_was_said_no_to(tmp_path: Path) -> None:
    async with (
        authorization_server(scopes=("read",), tool_scopes={"paint": "admin"}) as peer,
        logged_in(peer, tmp_path, person=True) as one,
    ):
        ended: list[CallState] = []

        async def paint() -> None:
            ended.append(await one.call("paint"))

        for action in ("decline", "cancel", "accept"):
            one.auth.called_by_hand()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(paint)
                await one.answer("mcpdeck/consent", action)
                if action == "accept":
                    await one.browse()
        assert [call.status for call in ended] == [CallStatus.FAILED, CallStatus.FAILED, CallStatus.SUCCESS]


async def test_how_a_login_is_done_is_found_out_without_one(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        assert (await one.settled()).status is Status.NEEDS_AUTH
        for _ in range(2):  # the second time its steps take the place of those of the first
            await one.services.manager.look_up_login(NAME)
            phases = {step.phase for step in one.view.steps}
            assert phases == {LoginPhase.CHALLENGE, LoginPhase.RESOURCE, LoginPhase.SERVER}
        assert one.view.steps[0].number > 1
        assert not any(step.failed for step in one.view.steps)
        assert one.view.status is LoginStatus.NONE
        assert one.row.status is Status.NEEDS_AUTH
        assert peer.asked("/register") == peer.asked("/authorize") == []


async def test_what_is_wrong_with_the_way_to_a_login_is_told_and_shown(tmp_path: Path) -> None:
    async with (
        authorization_server(resource_metadata={"resource": "https://elsewhere.example/mcp"}) as peer,
        house(peer, tmp_path, person=True) as one,
    ):
        await one.settled()
        with pytest.raises(DiscoveryError):
            await one.services.manager.look_up_login(NAME)
        assert any(step.failed for step in one.view.steps)
