"""A login is no way around approval and policy: where nothing may be contacted, nothing is for a login either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from mcpdeck.services.auth.hands_http import HttpHands
from mcpdeck.services.config.oauth_field import read_oauth
from mcpdeck.services.errors import ConnectionLost, McpDeckError, PolicyDenied, UntrustedError
from mcpdeck.services.models import ServerEntry, Status
from mcpdeck.services.state.model import CallState
from tests.connections.authorized import NAME, House, guarded, house, logged_in
from tests.servers.authorization_server import authorization_server
from tests.waiting import eventually

pytestmark = pytest.mark.anyio

GATES = (Status.PENDING_APPROVAL, Status.REJECTED, Status.BLOCKED, Status.DISABLED)
DOORS: dict[str, Callable[[House], Awaitable[object]]] = {
    "login": lambda one: one.services.manager.login(NAME),
    "login again": lambda one: one.services.manager.login(NAME, again=True),
    "look up": lambda one: one.services.manager.look_up_login(NAME),
    "refresh": lambda one: one.services.manager.refresh_login(NAME),
    # Past the manager, as whoever holds the authorization could: it knows by itself.
    "login of its own": lambda one: one.auth.log_in(again=True),
    "refresh of its own": lambda one: one.auth.refresh_now(),
}


class Rule:
    """A guard that lets everything through until it is told not to."""

    def __init__(self) -> None:
        self.error: McpDeckError | None = None

    def __call__(self, entry: ServerEntry) -> McpDeckError | None:
        return self.error


BLOCKED = PolicyDenied("blocked by a rule", hint="Ask.")


@pytest.mark.parametrize("kept", [False, True], ids=["nobody logged in", "logged in"])
@pytest.mark.parametrize("gate", GATES)
async def test_whatever_is_asked_of_a_gated_server_s_login_contacts_nobody(
    tmp_path: Path, gate: Status, kept: bool
) -> None:
    async with authorization_server() as peer:
        if kept:
            async with house(peer, tmp_path, unattended=True) as before:
                await before.services.manager.connected(NAME)
        peer.requests.clear()
        async with house(peer, tmp_path, entry=guarded(peer, gate=gate), hands=HttpHands) as one:
            assert (await one.settled()).status is gate
            for door, ask in DOORS.items():
                with pytest.raises(McpDeckError) as refused:
                    await ask(one)
                if "own" not in door:
                    assert isinstance(refused.value, PolicyDenied | UntrustedError), door
                    assert refused.value.details["gate"] == gate.value
            said = await one.services.manager.logout(NAME)
            assert all("revoked at" not in line for line in said)
            assert one.auth.login is None
            assert one.row.status is gate
        assert peer.requests == []


async def test_a_guard_that_says_no_keeps_a_login_from_being_made_refreshed_or_revoked(tmp_path: Path) -> None:
    rule = Rule()
    async with authorization_server() as peer, logged_in(peer, tmp_path, hands=HttpHands, guard=rule) as one:
        rule.error = BLOCKED
        for ask in DOORS.values():
            with pytest.raises(McpDeckError, match="blocked by a rule"):
                await ask(one)
        one.auth.expire_now()
        await one.auth.headers("POST", peer.mcp_url)
        assert peer.asked("/token") == []
        await one.services.manager.logout(NAME)
        assert [seen.path for seen in peer.requests if seen.server == "issuer"] == []


async def test_no_file_that_an_unapproved_entry_names_is_sent_anywhere(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("hvs.the-user-s\n")
    oauth = read_oauth({"grant": "jwt_bearer", "assertion": f"@{secret}"}, tmp_path).settings
    async with authorization_server() as peer:
        entry = guarded(peer, gate=Status.PENDING_APPROVAL, oauth=oauth)
        async with house(peer, tmp_path, entry=entry, person=True) as one:
            await one.settled()
            with pytest.raises(UntrustedError, match="not approved"):
                await one.services.manager.login(NAME)
        assert peer.requests == []


async def test_what_is_forbidden_while_a_person_logs_in_goes_no_further(tmp_path: Path) -> None:
    rule = Rule()
    errors: list[McpDeckError] = []

    async def log_in(one: House) -> None:
        try:
            await one.services.manager.login(NAME)
        except McpDeckError as error:
            errors.append(error)

    async with authorization_server() as peer, house(peer, tmp_path, person=True, guard=rule) as one:
        await one.settled()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(log_in, one)
            await one.question("mcpdeck/login")
            rule.error = BLOCKED
            await one.browse()
        assert "blocked by a rule" in errors[0].title
        assert peer.asked("/token") == []
        assert one.auth.login is None


@pytest.mark.parametrize("gone", [True, False], ids=["removed", "rejected"])
async def test_a_login_ends_with_its_question_when_the_server_is_taken_away(tmp_path: Path, gone: bool) -> None:
    errors: list[McpDeckError] = []

    async def log_in(one: House) -> None:
        try:
            await one.services.manager.login(NAME)
        except McpDeckError as error:
            errors.append(error)

    async with authorization_server() as peer, house(peer, tmp_path, person=True) as one:
        await one.settled()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(log_in, one)
            await one.question("mcpdeck/login")
            entry = replace(one.services.manager.entries[NAME], gate=Status.REJECTED)
            one.services.manager.configure([] if gone else [entry])
        assert isinstance(errors[0], ConnectionLost)
        assert ("was removed" if gone else "was rejected") in errors[0].title
        await eventually(lambda: not one.services.store.state.prompts, "no question")
        assert peer.asked("/token") == []


async def test_more_is_not_asked_for_where_that_was_forbidden_while_consent_was_given(tmp_path: Path) -> None:
    rule = Rule()
    ended: list[CallState] = []

    async def paint(one: House) -> None:
        ended.append(await one.call("paint"))

    knobs = {"scopes": ("read",), "tool_scopes": {"paint": "admin"}}
    async with (
        authorization_server(**knobs) as peer,
        logged_in(peer, tmp_path, person=True, guard=rule) as one,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(paint, one)
        await one.question("mcpdeck/consent")
        rule.error = BLOCKED
        peer.requests.clear()
        await one.answer("mcpdeck/consent")
        await eventually(lambda: ended, "end of the call")
        assert ended[0].error is not None
        assert "blocked by a rule" in ended[0].error.title
        assert peer.requests == []
