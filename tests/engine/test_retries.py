"""What is sent once more, after which pause, and how often at the most."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.engine.limits import Limits
from mcpdeck.services.engine.retries import Retries, is_repeatable, may_pass
from mcpdeck.services.errors import (
    AuthorizationRequired,
    CircuitOpen,
    ConnectError,
    ConnectionLost,
    HttpStatusError,
    McpDeckError,
    RemoteProtocolError,
    RequestTimeout,
    RPCError,
    SessionExpired,
    TransportTimeout,
)
from mcpdeck.services.models import Act, Offered


def busy(status: int = 503, after: float | None = None) -> HttpStatusError:
    error = HttpStatusError("busy", status=status)
    error.retry_after = after
    return error


def answered(status: int | None, after: float | None = None) -> RPCError:
    """An error object, in the body of an HTTP answer with that status."""
    error = RPCError(-32000, "no")
    if status is not None:
        error.details["status"] = status
        error.__cause__ = busy(status, after)
    return error


@pytest.mark.parametrize(
    ("kind", "annotations", "trusted", "expected"),
    [
        (Offered.RESOURCE, {}, False, True),
        (Offered.PROMPT, {}, False, True),
        (Offered.TOOL, {}, True, False),
        (Offered.TOOL, {"readOnlyHint": True}, True, True),
        (Offered.TOOL, {"idempotentHint": True}, True, True),
        (Offered.TOOL, {"idempotentHint": True, "destructiveHint": True}, True, True),
        (Offered.TOOL, {"readOnlyHint": True}, False, False),
        (Offered.TOOL, {"idempotentHint": True}, False, False),
        (Offered.TOOL, {"readOnlyHint": "true"}, True, False),
        (Offered.TOOL, {"readOnlyHint": 1}, True, False),
    ],
)
def test_only_what_changes_nothing_or_the_same_is_repeated_and_only_if_somebody_vouches_for_that(
    kind: Offered, annotations: dict[str, Any], trusted: bool, expected: bool
) -> None:
    assert is_repeatable(Act(kind, "peer", "x", annotations=annotations, trusted=trusted)) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionLost("gone"), True),
        (ConnectError("refused"), True),
        (SessionExpired("404"), True),
        (busy(429), True),
        (busy(503), True),
        (answered(503), True),
        (busy(500), False),
        (busy(400), False),
        (answered(None), False),
        (answered(400), False),
        (RequestTimeout("slow"), False),
        (TransportTimeout("slow"), False),
        (RemoteProtocolError("rubbish"), False),
        (AuthorizationRequired("log in"), False),
        (CircuitOpen("left alone"), False),
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'details', {}).get('status', '')}",
)
def test_another_try_is_made_only_where_no_answer_can_come_any_more(error: McpDeckError, expected: bool) -> None:
    assert may_pass(error) is expected
    assert (Retries(Limits()).pause("a", error, 1) is not None) is expected


def test_there_are_two_further_tries_with_growing_pauses_that_differ_from_call_to_call() -> None:
    shortest, longest = Retries(Limits(), chance=lambda: 0.0), Retries(Limits(), chance=lambda: 1.0)
    lost = ConnectionLost("gone")
    pauses = [(shortest.pause("a", lost, attempt), longest.pause("a", lost, attempt)) for attempt in (1, 2, 3)]
    assert pauses[0] == pytest.approx((0.2, 0.4))
    assert pauses[1] == pytest.approx((0.6, 1.2))
    assert pauses[2] == (None, None)


def test_no_pause_is_longer_than_two_seconds() -> None:
    retries = Retries(Limits(retries=9), chance=lambda: 1.0)
    assert max(retries.pause("a", ConnectionLost("gone"), attempt) or 0.0 for attempt in range(1, 9)) == 2.0


@pytest.mark.parametrize(
    ("error", "expected"),
    [(busy(after=5.0), 5.0), (busy(after=0.0), 0.2), (busy(after=10.0), 10.0), (answered(429, 3.0), 3.0)],
    ids=["five", "at once", "ten", "in the body"],
)
def test_a_server_that_says_when_it_wants_to_be_asked_again_is_asked_then(error: McpDeckError, expected: float) -> None:
    assert Retries(Limits(), chance=lambda: 0.0).pause("a", error, 1) == expected


def test_nobody_waits_longer_than_ten_seconds_for_a_busy_server() -> None:
    assert Retries(Limits()).pause("a", busy(after=11.0), 1) is None


def test_a_server_in_trouble_gets_one_retry_for_ten_calls_once_its_savings_are_spent() -> None:
    retries, lost = Retries(Limits()), ConnectionLost("gone")
    assert sum(retries.pause("a", lost, 1) is not None for _ in range(50)) == 10
    for _ in range(11):
        retries.earned("a")
    assert [retries.pause("a", lost, 1) is not None for _ in range(2)] == [True, False]
    assert retries.pause("b", lost, 1) is not None
