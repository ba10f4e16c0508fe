"""Sections 16 and 17: being told of changes, by ``subscriptions/listen`` and by the older means."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from mcpdeck.services import events as ev
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.session import subscriptions
from tests.playbooks.opened import Opened
from tests.playbooks.scripted import error, result
from tests.servers.scripted_http import Exchange
from tests.spec.peers import LEGACY, META, MODERN, Message, handler, over_http, sent, server, talking, tell, tools
from tests.waiting import eventually

ALL = {"tools": {"listChanged": True}, "prompts": {}, "resources": {"subscribe": True}}
LISTS: dict[str, Any] = {
    "tools/list": tools("t"),
    "prompts/list": {"prompts": []},
    "resources/list": {"resources": []},
    "resources/templates/list": {"resourceTemplates": []},
}


def of(listen: Message, method: str, params: Message | None = None) -> Message:
    """A notification on the stream of ``listen``."""
    return tell(method, {**(params or {}), "_meta": {f"{META}subscriptionId": listen["id"]}})


def acknowledged(listen: Message, granted: Message | None = None) -> Message:
    wanted = listen["params"]["notifications"] if granted is None else granted
    return of(listen, "notifications/subscriptions/acknowledged", {"notifications": wanted})


def listening(capabilities: Message | None = None, **answers: Any) -> Any:
    """A stateless server whose listen requests stay open; the test acknowledges them."""
    known = {**LISTS, "subscriptions/listen": lambda m: None, **answers}
    return server(known, capabilities=ALL if capabilities is None else capabilities)


async def listens(it: Opened, count: int = 1) -> Message:
    """The ``count``-th listen request."""
    seen = await eventually(lambda: sent(it, "subscriptions/listen")[count - 1 :], f"listen request number {count}")
    return seen[0]


@pytest.mark.requirement("16.1", "44.3")
async def test_only_what_the_server_announces_is_asked_for() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        assert listen["params"]["notifications"] == {"toolsListChanged": True}
        assert f"{META}protocolVersion" in listen["params"]["_meta"]


@pytest.mark.requirement("16.2", "9.8", "16.10", "44.16")
async def test_messages_go_by_their_subscription_and_the_type_of_its_id_counts() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        await eventually(lambda: sent(it, "resources/templates/list"), "lists")
        it.transport.feed(of(listen, "notifications/tools/list_changed"))
        await anyio.wait_all_tasks_blocked()
        assert it.rules() == [rule for rule in it.rules() if "section 18" in rule]
        wrong = tell("notifications/tools/list_changed", {"_meta": {f"{META}subscriptionId": str(listen["id"])}})
        it.transport.feed(wrong)
        assert any("not open" in rule for rule in it.rules())


@pytest.mark.requirement("16.3", "44.16")
async def test_what_was_not_granted_is_told() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        it.transport.feed(acknowledged(await listens(it), {}))
        said = await eventually(
            lambda: [e for e in it.events if isinstance(e, ev.LogReceived) and "toolsListChanged" in str(e.data)],
            "note about what is missing",
        )
        assert said


@pytest.mark.requirement("16.4")
async def test_a_notification_that_nobody_asked_for_is_told() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        it.transport.feed(of(listen, "notifications/prompts/list_changed"))
        assert any("did not ask for it" in rule for rule in it.rules())


@pytest.mark.requirement("16.2")
async def test_a_message_before_the_acknowledgement_is_told() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(of(listen, "notifications/tools/list_changed"))
        assert any("before the acknowledgement" in rule for rule in it.rules())


@pytest.mark.requirement("16.5", "16.9", "44.16")
async def test_lists_are_read_after_the_acknowledgement_and_when_they_change() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        await eventually(lambda: sent(it, "tools/list"), "list of tools")
        methods = [message.get("method") for message in it.transport.sent]
        assert methods.index("subscriptions/listen") < methods.index("tools/list")
        await anyio.wait_all_tasks_blocked()
        before = len(sent(it, "tools/list"))
        it.transport.feed(of(listen, "notifications/tools/list_changed"))
        await eventually(lambda: len(sent(it, "tools/list")) > before, "fresh list of tools")
        assert len(sent(it, "subscriptions/listen")) == 1


@pytest.mark.requirement("16.6", "21.1", "16.10", "16.13")
async def test_a_resource_is_watched_in_a_new_subscription_and_the_old_one_is_left() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        first = await listens(it)
        it.transport.feed(acknowledged(first))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.subscribe, "x://Dir")
            second = await listens(it, 2)
            assert second["params"]["notifications"] == {
                "toolsListChanged": True,
                "resourceSubscriptions": ["x://Dir"],
            }
            it.transport.feed(acknowledged(second))
        left = await eventually(lambda: sent(it, "notifications/cancelled"), "end of the first")
        assert left[0]["params"]["requestId"] == first["id"]
        it.transport.feed(of(second, "notifications/resources/updated", {"uri": "x://Dir/below"}))
        assert [event.uri for event in it.events if isinstance(event, ev.ResourceUpdated)] == ["x://Dir/below"]
        assert [rule for rule in it.rules() if "section 16" in rule] == []


@pytest.mark.requirement("16.3")
async def test_a_subscription_to_a_resource_that_is_not_granted_fails() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        it.transport.feed(acknowledged(await listens(it)))
        failures: list[McpDeckError] = []

        async def subscribe() -> None:
            try:
                await it.session.subscribe("x://1")
            except McpDeckError as failure:
                failures.append(failure)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(subscribe)
            it.transport.feed(acknowledged(await listens(it, 2), {"toolsListChanged": True}))
        assert failures


@pytest.mark.requirement("16.7", "21.9")
@pytest.mark.parametrize("how", ["result", "cancelled", "both", "error"])
async def test_a_subscription_that_the_server_ends_harms_nothing(how: str) -> None:
    async with talking(listening(**{"tools/call": {"content": []}}), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        if how in ("cancelled", "both"):
            it.transport.feed(tell("notifications/cancelled", {"requestId": listen["id"]}))
        if how in ("result", "both"):
            it.transport.feed(
                result(listen, {"resultType": "complete", "_meta": {f"{META}subscriptionId": listen["id"]}})
            )
        if how == "error":
            it.transport.feed(error(listen, -32603, "the stream broke"))
        await anyio.wait_all_tasks_blocked()
        assert (await it.session.call_tool("t", {}))["content"] == []
        assert [rule for rule in it.rules() if "section 21" in rule] == []
        it.transport.feed(tell("notifications/cancelled", {"requestId": 424242}))
        assert any("section 21" in rule for rule in it.rules())


@pytest.mark.requirement("16.8", "9.15", "44.16")
async def test_a_subscription_that_broke_is_made_again_with_a_new_id() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        it.transport.feed(error(listen, -32603, "the stream broke"))
        again = await listens(it, 2)
        assert again["id"] != listen["id"]
        assert again["params"]["notifications"] == listen["params"]["notifications"]


@pytest.mark.requirement("16.11")
async def test_without_an_acknowledgement_in_time_a_subscription_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "ACK_TIMEOUT", 0.05)
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        await eventually(lambda: any("not acknowledged" in rule for rule in it.rules()), "rule about it")
        states = [event.listening for event in it.events if isinstance(event, ev.SubscriptionsChanged)]
        assert states[-1] == "lost"
        assert await it.session.ping() >= 0


@pytest.mark.requirement("16.11")
async def test_an_answer_without_an_acknowledgement_is_told() -> None:
    async with talking(listening(**{"subscriptions/listen": {}}), keeps=True) as it:
        await it.session.open(MODERN)
        await eventually(lambda: any("without an acknowledgement" in rule for rule in it.rules()), "rule about it")
        assert len(sent(it, "subscriptions/listen")) == 1


@pytest.mark.requirement("17.1", "17.3", "31.2")
async def test_in_the_handshake_era_a_resource_is_subscribed_by_its_uri_as_it_was_listed() -> None:
    uri = "HTTP://Host/Ä b/../c"
    answers = {"resources/subscribe": {}, "resources/unsubscribe": {}}
    async with talking(server(answers, capabilities={"resources": {"subscribe": True}})) as it:
        await it.session.open(LEGACY)
        await it.session.subscribe(uri)
        it.transport.feed(tell("notifications/resources/updated", {"uri": f"{uri}/below"}))
        await it.session.unsubscribe(uri)
        assert [sent(it, method)[0]["params"] for method in answers] == [{"uri": uri}, {"uri": uri}]
        assert [event.uri for event in it.events if isinstance(event, ev.ResourceUpdated)] == [f"{uri}/below"]


@pytest.mark.requirement("17.4")
async def test_a_change_that_was_not_announced_is_followed_and_told() -> None:
    async with talking(server(LISTS, capabilities={"tools": {}}), keeps=True) as it:
        await it.session.open(LEGACY)
        await eventually(lambda: sent(it, "tools/list"), "first list")
        await anyio.wait_all_tasks_blocked()
        it.transport.feed(tell("notifications/tools/list_changed"))
        await eventually(lambda: len(sent(it, "tools/list")) == 2, "second list")
        assert any("did not declare listChanged" in rule for rule in it.rules())


@pytest.mark.requirement("17.5")
async def test_subscriptions_are_made_again_in_a_new_session() -> None:
    script = server({"resources/subscribe": {}, **LISTS}, capabilities={"resources": {"subscribe": True}}, modern=False)
    async with over_http(handler(script, session="s")) as it:
        await it.session.subscribe("x://1")
        await it.session.subscribe("x://2")
        it.services.manager.reconnect("peer")
        await eventually(lambda: len(it.posted("resources/subscribe")) == 4, "both subscriptions again")
        uris = [each.message["params"]["uri"] for each in it.posted("resources/subscribe")]
        assert uris == ["x://1", "x://2", "x://1", "x://2"]


@pytest.mark.requirement("16.4")
async def test_a_change_right_after_the_acknowledgement_is_no_broken_rule() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        it.transport.feed(of(listen, "notifications/tools/list_changed"))
        assert [rule for rule in it.rules() if "section 1" in rule and "section 18" not in rule] == []


@pytest.mark.requirement("17.4")
async def test_a_change_right_after_the_handshake_is_no_broken_rule() -> None:
    script = server({"tools/list": tools("t")}, capabilities={"tools": {"listChanged": True}})
    async with talking(script) as it:
        await it.session.open(LEGACY)
        it.transport.feed(tell("notifications/tools/list_changed"))
        assert it.rules() == []


@pytest.mark.requirement("16.12")
async def test_a_change_that_names_no_subscription_is_told() -> None:
    script = server({"tools/list": tools("t")}, capabilities={"tools": {"listChanged": True}})
    async with talking(script, keeps=True) as it:
        await it.session.open(MODERN)
        await eventually(lambda: sent(it, "tools/list"), "list of tools")
        it.transport.feed(tell("notifications/tools/list_changed"))
        assert any("section 16" in rule for rule in it.rules())


@pytest.mark.requirement("16.13")
async def test_the_old_subscription_is_left_only_when_the_new_one_is_acknowledged() -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        it.transport.feed(acknowledged(await listens(it)))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.session.subscribe, "x://1")
            second = await listens(it, 2)
            await anyio.wait_all_tasks_blocked()
            assert sent(it, "notifications/cancelled") == []
            it.transport.feed(acknowledged(second))
        await eventually(lambda: sent(it, "notifications/cancelled"), "end of the first")


@pytest.mark.requirement("16.14")
@pytest.mark.parametrize("method", ["notifications/message", "notifications/progress"])
async def test_what_never_belongs_on_a_subscription_is_told(method: str) -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen))
        it.transport.feed(of(listen, method, {"level": "info", "data": 1, "progressToken": "x", "progress": 1}))
        assert any("section 16" in rule and method in rule for rule in it.rules())


@pytest.mark.requirement("16.16")
@pytest.mark.parametrize(
    ("granted", "ending", "words"),
    [
        ({"toolsListChanged": True}, "result", ["connecting", "listening", "closed"]),
        ({}, "result", ["connecting", "partly", "closed"]),
        ({"toolsListChanged": True}, "error", ["connecting", "listening", "lost"]),
    ],
)
async def test_how_the_listening_stands_is_told(granted: Message, ending: str, words: list[str]) -> None:
    async with talking(listening(), keeps=True) as it:
        await it.session.open(MODERN)
        listen = await listens(it)
        it.transport.feed(acknowledged(listen, granted))
        await eventually(lambda: sent(it, "tools/list"), "list of tools")
        complete = {"resultType": "complete", "_meta": {f"{META}subscriptionId": listen["id"]}}
        it.transport.feed(result(listen, complete) if ending == "result" else error(listen, -32603))

        def said() -> list[str]:
            told = [event.listening for event in it.events if isinstance(event, ev.SubscriptionsChanged)]
            return [word for index, word in enumerate(told) if word and word not in told[:index]]

        await eventually(lambda: said() == words, "end of the listening")


@pytest.mark.requirement("16.15")
async def test_streams_that_stay_open_leave_room_for_every_other_request() -> None:
    waiting: list[Exchange] = []
    all_there = anyio.Event()

    async def handle(exchange: Exchange) -> None:
        message = exchange.message
        if message["method"] == "subscriptions/listen":
            await exchange.stream(b"data: " + json.dumps(acknowledged(message)).encode() + b"\n\n")
            await exchange.until_closed()
            return
        if message["method"] == "resources/read":
            waiting.append(exchange)
            if len(waiting) == 150:
                all_there.set()
            await all_there.wait()
        await handler(server({"resources/read": {"contents": []}}, capabilities=ALL))(exchange)

    async with over_http(handle) as it:
        await it.session.subscribe("x://1")
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                for number in range(150):
                    tasks.start_soon(it.session.read_resource, f"x://{number}")
        assert len(waiting) == 150
