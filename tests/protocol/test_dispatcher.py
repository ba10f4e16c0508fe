from __future__ import annotations

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.errors import ConnectionLost, HttpStatusError, RemoteProtocolError, RequestTimeout, RPCError
from mcpdeck.services.models import Json, JsonObject
from mcpdeck.services.protocol.dispatcher import Dispatcher
from mcpdeck.services.transports.base import Frame, RequestId
from tests.playbooks.dispatched import peer
from tests.playbooks.scripted import ScriptedTransport, error, result

pytestmark = pytest.mark.anyio


async def test_answers_find_their_requests_in_any_order() -> None:
    async with peer() as it:
        answers: dict[str, Json] = {}

        async def ask(method: str) -> None:
            answers[method] = await it.dispatcher.request(method, None)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "one")
            tasks.start_soon(ask, "two")
            await it.transport.until_sent(2)
            one, two = it.transport.sent
            it.transport.feed(result(two, 2))
            it.transport.feed(result(one, 1))
        assert answers == {one["method"]: 1, two["method"]: 2}


async def test_an_id_of_another_json_type_is_not_an_answer() -> None:
    async with peer() as it, anyio.create_task_group() as tasks:
        tasks.start_soon(it.dispatcher.request, "x", None)
        sent = await it.transport.until_sent(1)
        it.transport.feed({"jsonrpc": "2.0", "id": str(sent["id"]), "result": {}})
        assert any("not waiting" in flaw for flaw in it.flaws)
        assert it.dispatcher.in_flight == 1
        it.transport.feed(result(sent, {}))


async def test_the_peers_error_is_raised_with_code_and_data() -> None:
    async with peer(lambda request: error(request, -32602, "bad", {"why": 1})) as it:
        with pytest.raises(RPCError) as caught:
            await it.dispatcher.request("x", None)
        assert (caught.value.code, caught.value.data) == (-32602, {"why": 1})
        assert it.dispatcher.in_flight == 0


async def test_the_end_of_the_connection_wakes_everyone_with_its_reason() -> None:
    async with peer() as it, anyio.create_task_group() as tasks:
        reasons: list[str] = []

        async def ask() -> None:
            try:
                await it.dispatcher.request("x", None)
            except ConnectionLost as lost:
                reasons.append(lost.title)

        for _ in range(3):
            tasks.start_soon(ask)
        await it.transport.until_sent(3)
        it.transport.end(ConnectionLost("the server ended (exit code 3)"))
        with anyio.fail_after(5):
            while len(reasons) < 3:
                await anyio.lowlevel.checkpoint()
        assert set(reasons) == {"the server ended (exit code 3)"}


async def test_a_time_out_says_cancelled_to_the_peer_and_a_late_answer_harms_nothing() -> None:
    async with peer() as it:
        with pytest.raises(RequestTimeout):
            await it.dispatcher.request(
                "slow", None, timeout=0.01, cancel=lambda gone: ("notifications/cancelled", {"requestId": gone}, {})
            )
        assert [message["method"] for message in it.transport.sent] == ["slow", "notifications/cancelled"]
        it.transport.feed(result(it.transport.sent[0], {}))
        assert it.dispatcher.in_flight == 0


async def test_a_cancelled_caller_says_cancelled_to_the_peer() -> None:
    async with peer() as it:
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                await it.dispatcher.request(
                    "slow", None, cancel=lambda gone: ("notifications/cancelled", {"requestId": gone}, {})
                )

            tasks.start_soon(ask)
            await it.transport.until_sent(1)
            tasks.cancel_scope.cancel()
        said = it.transport.sent[1]
        assert said["params"] == {"requestId": it.transport.sent[0]["id"]}


@pytest.mark.parametrize(
    ("method", "member", "value"),
    [
        ("anything", "result", {"asked": "anything"}),
        ("refuse", "error", {"code": -32601, "message": "no such method"}),
        ("break", "error", {"code": -32603, "message": "internal error: our fault"}),
    ],
)
async def test_every_request_of_the_peer_gets_an_answer(method: str, member: str, value: object) -> None:
    async with peer() as it:
        it.transport.feed({"jsonrpc": "2.0", "id": "p1", "method": method})
        answer = await it.transport.until_sent(1)
        assert answer["id"] == "p1"
        assert answer[member] == value


async def test_a_request_that_its_peer_gives_up_is_not_answered() -> None:
    async with peer() as it:
        it.transport.feed({"jsonrpc": "2.0", "id": 1, "method": "hold"})
        await anyio.wait_all_tasks_blocked()
        it.dispatcher.cancel_answer(1)
        it.transport.feed({"jsonrpc": "2.0", "id": 2, "method": "other"})
        assert (await it.transport.until_sent(1))["id"] == 2


async def test_a_request_is_a_violation_where_the_era_forbids_it() -> None:
    async with peer() as it:
        it.dispatcher.answers = False
        it.transport.feed({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        await anyio.wait_all_tasks_blocked()
        assert it.transport.sent == []
        assert any("forbids" in flaw for flaw in it.flaws)


async def test_notifications_are_heard_at_once_and_in_order() -> None:
    async with peer() as it:
        for number in range(100):
            it.transport.feed({"jsonrpc": "2.0", "method": "n", "params": {"number": number}})
        assert [params["number"] for _, params in it.heard] == list(range(100))


async def test_rubbish_is_kept_and_the_connection_goes_on() -> None:
    async with peer(lambda request: result(request, "fine")) as it:
        it.transport.feed(b"Listening on port 80")
        assert it.strays[0].data == b"Listening on port 80"
        assert await it.dispatcher.request("x", None) == "fine"


async def test_an_http_error_body_that_is_the_requests_error_becomes_it() -> None:
    body = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"old","data":{"supported":["2026-07-28"]}}}'
    async with peer(lambda request: HttpStatusError("the server answered 400", status=400, body=body)) as it:
        with pytest.raises(RPCError) as caught:
            await it.dispatcher.request("x", None)
        assert caught.value.code == -32022
        assert caught.value.details["status"] == 400


async def test_an_http_error_without_a_message_stays_one() -> None:
    async with peer(lambda request: HttpStatusError("no", status=404, body=b"<html>")) as it:
        with pytest.raises(HttpStatusError):
            await it.dispatcher.request("x", None)


async def test_ids_are_never_used_twice() -> None:
    async with peer(lambda request: result(request, {})) as it:
        for _ in range(50):
            await it.dispatcher.request("x", None)
        assert len({message["id"] for message in it.transport.sent}) == 50


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "code"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(_JSON | st.binary(max_size=60))
def test_no_input_raises_out_of_the_dispatcher(value: object) -> None:
    from mcpdeck.services.protocol import jsonrpc

    async def nothing(method: str, params: JsonObject, request_id: RequestId) -> Json:
        return {}

    def broken(method: str, params: JsonObject) -> None:
        raise KeyError(method)

    dispatcher = Dispatcher(ScriptedTransport(), on_request=nothing, on_notification=broken)
    data = value if isinstance(value, bytes) else jsonrpc.dump(value)  # type: ignore[arg-type]
    dispatcher.feed(Frame(data, 0.0))


async def test_an_answer_that_cannot_be_read_ends_its_request_and_no_other() -> None:
    async with peer() as it, anyio.create_task_group() as tasks:
        failures: list[RemoteProtocolError] = []

        async def ask() -> None:
            try:
                await it.dispatcher.request("x", None, timeout=None)
            except RemoteProtocolError as error:
                failures.append(error)

        tasks.start_soon(ask)
        tasks.start_soon(it.dispatcher.request, "y", None)
        await it.transport.until_sent(2)
        one, two = it.transport.sent
        it.transport.feed(b'{"jsonrpc":"2.0","id":%d,"error":"no object"}' % one["id"])
        with anyio.fail_after(5):
            while not failures:
                await anyio.lowlevel.checkpoint()
        assert "error is not an object" in failures[0].title
        assert it.dispatcher.in_flight == 1
        it.transport.feed(result(two, {}))
