"""A login that nobody answers here: given up by the person, or done by another process meanwhile."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from mcpdeck.services.errors import LoginGivenUp
from mcpdeck.services.models import LoginStatus, Status
from tests.connections.authorized import NAME, house
from tests.servers.authorization_server import authorization_server
from tests.waiting import eventually


async def test_who_gives_a_login_up_is_not_told_that_it_failed(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        assert (await one.settled()).status is Status.NEEDS_AUTH

        async def log_in() -> None:
            with pytest.raises(LoginGivenUp):
                await one.services.manager.login(NAME)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(log_in)
            await one.answer("mcpdeck/login", "cancel")
        assert one.view.status is LoginStatus.NONE
        assert "cancelled" not in one.view.why
        assert one.row.status is Status.NEEDS_AUTH


async def test_a_login_that_another_process_did_ends_the_one_that_waits_for_a_person(tmp_path: Path) -> None:
    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        assert (await one.settled()).status is Status.NEEDS_AUTH
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.services.manager.login, NAME)
            await one.question("mcpdeck/login")
            async with house(peer, tmp_path, unattended=True) as other:
                await other.services.manager.connected(NAME)
            await one.services.manager.review_logins()
        await one.services.manager.connected(NAME)
        await eventually(lambda: one.services.store.state.prompts == (), "end of the question")
        assert (one.view.status, one.view.why) == (LoginStatus.DONE, "")
