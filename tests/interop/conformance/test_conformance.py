"""The official conformance framework as a judge: every pair of its client scenarios that is not about logging in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest

from tests.interop.conformance.run import (
    MODES,
    REPORT,
    RUN_LIMIT,
    WORKERS,
    Mode,
    Outcome,
    Run,
    absent,
    framework,
    judged,
    report,
    run,
)
from tests.interop.conformance.scenarios import AUTHORIZATION, SCENARIOS, STATELESS, WIRES, Pair, pairs
from tests.interop.conftest import absent as left_out

pytestmark = pytest.mark.interop

RUNS: list[Run] = [(pair, mode) for mode in MODES for pair in pairs()]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    if why := absent():
        left_out(why)


@pytest.fixture(scope="module")
def outcomes(installed: None, request: pytest.FixtureRequest) -> Iterator[dict[Run, Future[Outcome]]]:
    """The chosen pairs, two of them at a time, in the order of their tests."""
    nodes = [cast("Any", item) for item in request.session.items if item.path == request.path]
    chosen = [node.callspec.params["chosen"] for node in nodes if "chosen" in getattr(node, "fixturenames", ())]
    with ThreadPoolExecutor(WORKERS) as workers:
        started = {one: workers.submit(run, *one) for one in chosen}
        yield started
        for future in started.values():
            future.cancel()


@pytest.mark.parametrize("chosen", RUNS, ids=[f"{pair.id}-{mode}" for pair, mode in RUNS])
def test_a_pair_passes(chosen: Run, outcomes: dict[Run, Future[Outcome]]) -> None:
    assert outcomes[chosen].result(RUN_LIMIT + 30).problems == ()


def test_the_report_in_docs_is_the_one_of_this_run(outcomes: dict[Run, Future[Outcome]]) -> None:
    if len(outcomes) < len(RUNS):
        return  # some pairs were chosen: there is nothing to compare
    said = report({one: future.result(RUN_LIMIT + 30) for one, future in outcomes.items()})
    written = REPORT.read_text(encoding="utf-8")
    assert written == said, "write it anew: python -m tests.interop.conformance.run"


def test_the_table_names_every_client_scenario_of_the_framework() -> None:
    listed = subprocess.run(
        framework("list", "--client"), capture_output=True, text=True, check=True, timeout=60
    ).stdout
    named = dict(re.findall(r"^  - (\S+) \[(.*)\]$", listed, re.MULTILINE))
    table = {scenario.name: scenario.wires for scenario in SCENARIOS} | AUTHORIZATION
    assert named.keys() == table.keys()
    for name, wires in named.items():
        if wires != "extension":
            assert tuple(wires.split(",")) == table[name], name


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [("verification", 1, None), ("timeout", 1, "another reason"), ("verification", 0, "ended with 0")],
)
def test_what_must_be_refused_is_refused_for_the_right_reason(kind: str, code: int, said: str | None) -> None:
    pair = next(pair for pair in pairs() if pair.scenario.refuses and pair.wire == STATELESS)
    check = {"id": pair.scenario.required[0], "name": "x", "status": "SUCCESS"}
    connected = {"op": "connect", "ok": True, "result": {"protocolVersion": STATELESS}}
    failed = {"op": "load_skill", "ok": False, "error": {"kind": kind}}
    problems = judged(pair, "told", [check], {"exit": code, "replies": [connected, failed]}).problems
    assert (said in problems[0]) if said else problems == ()


PAIR = Pair(SCENARIOS[0], WIRES[1])
CHECK = {"id": "mcp-client-initialization", "name": "x", "status": "SUCCESS"}
CONNECTED = {"op": "connect", "ok": True, "result": {"protocolVersion": WIRES[1]}}


@pytest.mark.parametrize(
    ("mode", "checks", "code", "replies", "said"),
    [
        ("told", [CHECK], 0, [CONNECTED], None),
        ("told", [], 0, [CONNECTED], "not seen"),
        ("told", [{**CHECK, "status": "SKIPPED"}], 0, [CONNECTED], "not seen"),
        ("told", [CHECK, {**CHECK, "status": "WARNING"}], 0, [CONNECTED], "WARNING"),
        ("told", [CHECK, {**CHECK, "status": "FAILURE"}], 0, [CONNECTED], "FAILURE"),
        ("told", [CHECK], 1, [CONNECTED], "ended with 1"),
        ("told", [CHECK], 0, [], "no connection"),
        ("told", [CHECK], 0, [{**CONNECTED, "result": {"protocolVersion": WIRES[2]}}], "spoke"),
        ("negotiating", [CHECK], 0, [{**CONNECTED, "result": {"protocolVersion": WIRES[2]}}], None),
    ],
)
def test_the_verdict_is_stricter_than_the_frameworks(
    mode: Mode, checks: list[dict[str, Any]], code: int, replies: list[dict[str, Any]], said: str | None
) -> None:
    problems = judged(PAIR, mode, checks, {"exit": code, "replies": replies}).problems
    assert (said in problems[0]) if said else problems == ()
