"""The rules of retrying: config contract, section 6."""

from __future__ import annotations

from mcpdeck.services.connections.lifecycle import DELAYS, Next, RetryPlan
from mcpdeck.services.errors import (
    AuthorizationRefused,
    AuthorizationRequired,
    ConnectError,
    ConnectionLost,
    HttpStatusError,
    SessionExpired,
    SpawnError,
)

LOST = ConnectionLost("gone", retryable=True)


def test_a_passing_failure_of_the_first_connect_is_retried_three_times() -> None:
    plan = RetryPlan()
    refused = ConnectError("refused", retryable=True)
    assert [plan.after(refused, lived=None, now=0) for _ in range(4)] == [Next.RETRY] * 3 + [Next.FAIL]


def test_a_lost_connection_is_retried_five_times_with_growing_delays() -> None:
    plan = RetryPlan()
    plan.connected()
    assert plan.after(LOST, lived=60, now=0) is Next.RETRY
    delays = [plan.delay()]
    for _ in range(4):
        assert plan.after(ConnectError("refused", retryable=True), lived=None, now=0) is Next.RETRY
        delays.append(plan.delay())
    assert plan.after(ConnectError("refused", retryable=True), lived=None, now=0) is Next.FAIL
    assert all(0.8 * wanted <= delay <= 1.2 * wanted for wanted, delay in zip(DELAYS, delays, strict=True))


def test_a_connection_that_stood_long_enough_starts_counting_from_one() -> None:
    plan = RetryPlan()
    plan.connected()
    for number in range(10):
        assert plan.after(LOST, lived=11, now=number * 60.0) is Next.RETRY
    assert plan.attempt == 1


def test_three_ends_within_ten_seconds_are_a_crash_loop() -> None:
    plan = RetryPlan()
    plan.connected()
    assert [plan.after(LOST, lived=0.1, now=now) for now in (0.0, 2.0, 5.0)] == [Next.RETRY, Next.RETRY, Next.FAIL]
    assert plan.crash_looping(5.0)
    plan.reset()
    assert plan.after(LOST, lived=0.1, now=6.0) is Next.RETRY


def test_what_will_not_change_by_itself_is_not_retried() -> None:
    for error, following in (
        (AuthorizationRequired("login"), Next.NEEDS_AUTH),
        (AuthorizationRefused("wrong token"), Next.FAIL),
        (SpawnError("not found"), Next.FAIL),
        (HttpStatusError("not found", status=404), Next.FAIL),
        (HttpStatusError("bad gateway", status=502, retryable=True), Next.RETRY),
    ):
        assert RetryPlan().after(error, lived=None, now=0) is following


def test_an_expired_session_is_renewed_at_once_but_not_in_a_circle() -> None:
    expired = SessionExpired("gone", retryable=True)
    assert RetryPlan().after(expired, lived=100, now=0) is Next.AT_ONCE
    assert RetryPlan().after(expired, lived=0.01, now=0) is Next.AT_ONCE
    plan = RetryPlan()
    plan.connected()
    following = [plan.after(expired, lived=0.01, now=number * 6.0) for number in range(7)]
    assert following == [Next.AT_ONCE] + [Next.RETRY] * 5 + [Next.FAIL]


def test_a_session_that_expires_as_soon_as_it_stands_waits_a_second_and_not_the_longest_delay() -> None:
    plan = RetryPlan()
    assert plan.after(SessionExpired("gone", retryable=True), lived=0.01, now=0) is Next.AT_ONCE
    assert plan.after(SessionExpired("gone", retryable=True), lived=0.01, now=1) is Next.RETRY
    assert plan.delay() < 2 * DELAYS[0]
