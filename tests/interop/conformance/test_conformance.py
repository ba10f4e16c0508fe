"""The official conformance framework as a judge: every pair of its client scenarios, told the version and not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest

from tests.interop.conformance.forks import Forks
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
from tests.interop.conformance.scenario import STATELESS, WIRES, Pair
from tests.interop.conformance.scenarios import SCENARIOS, pairs
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
    with Forks(WORKERS) as forks, ThreadPoolExecutor(WORKERS) as workers:
        started = {one: workers.submit(run, *one, forks.path) for one in chosen}
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
    table = {scenario.name: scenario.wires for scenario in SCENARIOS}
    assert named.keys() == table.keys()
    for name, wires in named.items():
        if wires != "extension":
            assert tuple(wires.split(",")) == table[name], name


def _judged(name: str, replies: list[dict[str, Any]], code: int) -> tuple[str, ...]:
    pair = next(pair for pair in pairs() if pair.scenario.name == name and pair.wire == STATELESS)
    checks = [{"id": check, "name": "x", "status": "SUCCESS"} for check in pair.required]
    return judged(pair, "told", checks, {"exit": code, "replies": replies}).problems


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [("verification", 1, None), ("timeout", 1, "another reason"), ("verification", 0, "ended with 0")],
)
def test_what_must_be_refused_is_refused_for_the_right_reason(kind: str, code: int, said: str | None) -> None:
    connected = {"op": "connect", "ok": True, "result": {"protocolVersion": STATELESS}}
    failed = {"op": "load_skill", "ok": False, "error": {"kind": kind, "message": "its digest is another"}}
    problems = _judged("sep-2640-client-verify-digest", [connected, failed], code)
    assert (said in problems[0]) if said else problems == ()


@pytest.mark.parametrize(
    ("kind", "message", "code", "said"),
    [
        ("auth", "the iss of the answer is another", 4, None),
        ("auth", "the login failed", 4, "another reason"),
        ("http", "the iss of the answer is another", 4, "another reason"),
        ("auth", "the iss of the answer is another", 3, "ended with 3"),
    ],
)
def test_a_login_that_must_be_refused_says_why(kind: str, message: str, code: int, said: str | None) -> None:
    failed = {"op": "connect", "ok": False, "error": {"kind": kind, "message": message}}
    problems = _judged("auth/iss-wrong-issuer", [failed], code)
    assert (said in problems[0]) if said else problems == ()


def test_a_login_that_should_have_been_refused_and_was_not_does_not_count() -> None:
    connected = {"op": "connect", "ok": True, "result": {"protocolVersion": STATELESS}}
    assert "nothing was refused" in _judged("auth/iss-wrong-issuer", [connected], 4)


def test_all_pairs_are_eighty_one_of_which_fifty_log_in() -> None:
    chosen = list(pairs())
    assert len(chosen) == 81
    assert sum(pair.scenario.name.startswith("auth/") for pair in chosen) == 50
    assert sum(pair.scenario.refuses is not None and pair.scenario.refuses.code == 4 for pair in chosen) == 8


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
