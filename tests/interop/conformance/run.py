"""Runs the conformance framework against ``mcpdeck batch``, one pair at a time for each of two workers.

``python -m tests.interop.conformance.run`` runs every pair, told the version and negotiating it, and writes
docs/conformance.md; words on the command line choose pairs by a part of their name, and then nothing is written.
Each run has its own process group, results folder and time limit. Owns the verdict; never looks at the protocol.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tests.interop.conformance.scenario import FRAMEWORK, Pair, Refusal
from tests.interop.conformance.scenarios import pairs
from tests.interop.install import ENV, missing, node

HERE = Path(__file__).resolve().parent
REPORT = HERE.parents[2] / "docs" / "conformance.md"
MODULES = ENV / "conformance" / "node_modules"
WORKERS = 2
CLIENT_LIMIT, RUN_LIMIT = 30, 60
"""Seconds for the client, which the framework counts, and for the whole run."""

INTRODUCTION = """\
# Conformance

`mcpdeck batch` {version} as the client of the official conformance framework (npm `@modelcontextprotocol/conformance`
{framework}). Written by `python -m tests.interop.conformance.run`.

A pair is a scenario on a wire, the revision that the framework's server speaks. Each is run alone, and counts only with
no failure, no warning, the right exit status of the client, and every check seen that the scenario is about. It is run
twice: the client is told the version, and it negotiates. "on" names what was settled on where it is not the wire: most
of these servers speak several revisions, and those with skills no 2025-03-26 (there the client is told the era). Where
a skill was tampered with, or an authorization server cannot be trusted, the client must refuse it, say why and end with
the exit code for that; "refused" says that it did. Extensions of authorization are counted on one wire.
"""

Mode: TypeAlias = Literal["told", "negotiating"]
MODES: tuple[Mode, ...] = ("told", "negotiating")
Run: TypeAlias = "tuple[Pair, Mode]"


@dataclass(frozen=True)
class Outcome:
    """Why a run does not count (empty: it does), and which revision was spoken.

    ``seen``: how often checks had the status SUCCESS, by ``id`` and by ``id#name``.
    """

    problems: tuple[str, ...]
    seen: Counter[str] = field(default_factory=Counter)
    spoken: str = "–"


def absent() -> str | None:
    """Why nothing can be run on this machine."""
    return missing("conformance")


def framework(*arguments: str) -> tuple[str, ...]:
    return (node(), str(MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"), *arguments)


def run(pair: Pair, mode: Mode, forks: str = "") -> Outcome:
    """Run one pair alone and judge it. ``forks``: who starts the command, see there; else it is started itself."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record.json")
        environment = {
            **os.environ,
            "CONFORMANCE_PIN": " ".join(pair.pin) if mode == "told" else "",
            "CONFORMANCE_RECORD": str(record),
            "CONFORMANCE_FORKS": forks,
            "NODE_COMPILE_CACHE": str(ENV / "conformance" / "compiled"),
        }
        client = shlex.join((sys.executable, str(HERE / "adapter.py")))
        command = framework(
            *("client", "--command", client, "--scenario", pair.scenario.name, "--spec-version", pair.wire),
            *(("--force",) if pair.scenario.extension else ()),
            *("--timeout", str(CLIENT_LIMIT * 1000), "--output-dir", folder),
        )
        said = _bounded(command, environment, folder)
        if said is None:
            return Outcome((f"no end within {RUN_LIMIT} s",))
        files = list(Path(folder).glob("**/checks.json"))
        if len(files) != 1 or not record.exists():
            return Outcome((f"the run was not recorded: {said.strip()[-2000:]}",))
        checks = json.loads(files[0].read_text(encoding="utf-8"))
        return judged(pair, mode, checks, json.loads(record.read_text(encoding="utf-8")))


def _bounded(command: tuple[str, ...], environment: Mapping[str, str], folder: str) -> str | None:
    """What the command said; None where it had to be ended, with everything it started."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(environment), cwd=folder,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            return process.communicate(timeout=RUN_LIMIT)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None


def judged(pair: Pair, mode: Mode, checks: list[dict[str, Any]], record: dict[str, Any]) -> Outcome:
    """A run counts when nothing failed or warned, the client ended as it should, and every required check was seen."""
    seen: Counter[str] = Counter()
    problems: list[str] = []
    for check in checks:
        match check["status"]:
            case "SUCCESS":
                seen[check["id"]] += 1
                seen[f"{check['id']}#{check['name']}"] += 1
            case "FAILURE" | "WARNING":
                why = check.get("errorMessage") or check.get("description")
                problems.append(f"{check['status']} {check['id']}#{check['name']}: {why}")
    problems += [f"not seen: {required}" for required in pair.required if not seen[required]]
    replies = record["replies"]
    failed = [reply for reply in replies if not reply["ok"]]
    refuses, spoken = pair.scenario.refuses, None
    if not replies:
        problems.append("no connection: no reply at all")
    elif replies[0]["ok"]:
        spoken = replies[0]["result"]["protocolVersion"]
        if mode == "told" and pair.pin[1] == pair.wire != spoken:
            problems.append(f"told {pair.wire}, spoke {spoken}")
    elif refuses is None:
        problems.append(f"no connection: {failed[0]['error']}")
    code = 0
    if refuses is not None:
        code = refuses.code
        problems += [f"refused for another reason: {reply}" for reply in failed if not _fits(refuses, reply["error"])]
        problems += [] if failed else ["nothing was refused"]
    if record["exit"] != code:
        problems.append(f"the client ended with {record['exit']}, not {code}: {failed}")
    return Outcome(tuple(problems), seen, spoken or "–")


def _fits(refuses: Refusal, error: Mapping[str, Any]) -> bool:
    return error["kind"] == refuses.kind and re.search(refuses.says, error["message"]) is not None


def report(outcomes: Mapping[Run, Outcome]) -> str:
    """docs/conformance.md: the same text for the same outcomes."""
    chosen = list(pairs())
    lines = [
        INTRODUCTION.format(version=version("mcpdeck"), framework=FRAMEWORK),
        *(
            f"* {label}: {sum(not outcomes[pair, mode].problems for pair in chosen)} of {len(chosen)} pairs"
            for mode, label in (("told", "Told the version"), ("negotiating", "Negotiating"))
        ),
        "",
        "| Scenario | Wire | Told | Negotiating | Checks seen |",
        "|---|---|---|---|---|",
    ]
    for pair in chosen:
        told, free = outcomes[pair, "told"], outcomes[pair, "negotiating"]
        checks = "<br>".join(f"`{check}`" + (f" × {n}" if n > 1 else "") for check, n in _checks(pair, told))
        lines.append(f"| {pair.scenario.name} | {pair.wire} | {_mark(told, pair)} | {_mark(free, pair)} | {checks} |")
    return "\n".join(lines) + "\n"


def _checks(pair: Pair, outcome: Outcome) -> list[tuple[str, int]]:
    """Required checks and how often they were seen; where names are required, how many of these were.

    Those of a login are there with each request, of which there may be more or fewer: they are not counted.
    """
    counts: Counter[str] = Counter()
    for required in pair.required:
        check, _, name = required.partition("#")
        once = name or pair.scenario.name.startswith("auth/")
        counts[check] += min(1, outcome.seen[required]) if once else outcome.seen[required]
    return sorted(counts.items())


def _mark(outcome: Outcome, pair: Pair) -> str:
    how = "failed" if outcome.problems else "refused" if pair.scenario.refuses else "passed"
    return how if outcome.spoken in (pair.wire, "–") else f"{how} on {outcome.spoken}"


def main(words: Iterable[str]) -> int:
    if why := absent():
        print(f"conformance: {why}", file=sys.stderr)
        return 2
    words = tuple(words)
    chosen: list[Run] = [
        (pair, mode) for pair in pairs() for mode in MODES if all(word in f"{pair.id} {mode}" for word in words)
    ]
    with ThreadPoolExecutor(WORKERS) as workers:
        outcomes = dict(zip(chosen, workers.map(lambda one: run(*one), chosen), strict=True))
    for (pair, mode), outcome in outcomes.items():
        print(f"{'failed' if outcome.problems else 'passed':7} {pair.id:52} {mode:12} {outcome.spoken}")
        for problem in outcome.problems:
            print(f"        {problem}")
    failed = sum(bool(outcome.problems) for outcome in outcomes.values())
    print(f"{len(outcomes) - failed} of {len(outcomes)} passed")
    if not words:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(report(outcomes), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
