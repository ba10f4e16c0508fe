"""The end of a call changes what it tells, and nothing else of the call."""

from __future__ import annotations

from dataclasses import fields, replace

from mcpdeck.services import events as ev
from mcpdeck.services.models import Caller, Decision, Effect, Measured
from mcpdeck.services.state.bounds import held
from mcpdeck.services.state.model import AppState, CallState, CallStatus
from mcpdeck.services.state.reducers import reduce

RUNNING = CallState(
    "c1",
    "peer",
    "echo",
    {"text": "a"},
    1_000.0,
    progress=1.0,
    total=2.0,
    message="half",
    task="t1",
    method="resources/read",
    caller=Caller.DASHBOARD,
    waits="another try",
    decision=Decision(Effect.ALLOW, "a rule", "a file"),
)
ENDED = ev.CallFinished(
    "c1",
    1_001.0,
    12.5,
    {"contents": []},
    None,
    rounds=2,
    measured=Measured(10, 3, 25),
    attempts=3,
    cached_at=999.0,
    instance="peer#2",
    output_problems=("n: missing",),
    trace_id="0af7",
)


def test_every_member_is_that_of_the_call_or_of_its_end() -> None:
    (call,) = reduce(AppState(calls=(RUNNING,)), ENDED).calls
    told = {
        name: getattr(ENDED, name)
        for name in (
            "duration_ms",
            "result",
            "error",
            "rounds",
            "measured",
            "attempts",
            "cached_at",
            "instance",
            "output_problems",
            "trace_id",
        )
    }
    expected = replace(RUNNING, status=CallStatus.SUCCESS, held=held(ENDED.result, None), waits="", **told)
    names = [field.name for field in fields(CallState)]
    assert {name: getattr(call, name) for name in names} == {name: getattr(expected, name) for name in names}
