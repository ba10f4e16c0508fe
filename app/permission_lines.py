"""Permissions for a person and for a machine: rules, profiles, answers, decisions.

Owns the lines and the JSON of ``mcpdeck permissions``. Never reads a file and never contacts a server.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..services.models import Act, Decision, Effect, Json, JsonObject
from ..services.policy.permission_rules import Rule
from ..services.policy.permission_settings import Written
from ..services.policy.permissions import Permissions
from ..services.policy.remembered import Answer
from ..services.state.text import one_line
from .printing import BOLD, DIM, GREEN, RED, YELLOW, Cell, table

STYLES = {Effect.ALLOW: GREEN, Effect.ASK: YELLOW, Effect.DENY: RED}
_ORDER = (Effect.DENY, Effect.ASK, Effect.ALLOW)


@dataclass(frozen=True, slots=True)
class Met:
    """What a use would meet: in the dashboard, and where a command names it."""

    act: Act
    decision: Decision
    by_hand: Decision
    explained: tuple[str, ...]


def overview(permissions: Permissions, server: str | None = None) -> Iterator[str]:
    """Rules with where they stand, the profile, budgets and answers; ``server``: its profile is meant."""
    written = permissions.written()
    chosen = "" if server is None else f" for {server}"
    known = ", ".join(permissions.profiles())
    yield one_line(f"profile{chosen}: {permissions.profile_of(server or '')} (there is {known})")
    if server is None:
        yield from (one_line(f"profile for {name}: {profile}") for name, profile in permissions.choices().items())
    rules = [*_rules(written)]
    if rules:
        yield ""
        rows = [
            (Cell(rule.effect.value, STYLES[rule.effect]), Cell(rule.text, BOLD), Cell(rule.source, DIM))
            for rule in sorted(rules, key=lambda rule: _ORDER.index(rule.effect))
        ]
        yield from table(("DOES", "RULE", "WHERE"), rows)
    else:
        yield "no rules"
    budgets = [(budget, one.file) for one in written for budget in one.budgets]
    if budgets:
        yield ""
        rows = [
            (Cell(budget.rule.text, BOLD), Cell(f"{budget.limit:,} a minute"), Cell(file, DIM))
            for budget, file in budgets
        ]
        yield from table(("BUDGET OF", "CALLS", "WHERE"), rows)
    answers = permissions.remembered()
    if answers:
        yield ""
        rows = [
            (Cell(one.rule, BOLD), Cell(one.reach.value), Cell(_where(one), DIM), Cell(_when(one))) for one in answers
        ]
        yield from table(("YOU SAID YES TO", "FOR", "IN", "WHEN"), rows)


def tool_lines(met: Sequence[Met]) -> list[str]:
    """A line for each tool: what happens when it is called, and which rule says so."""
    rows = [
        (
            Cell(one.act.name, BOLD),
            Cell(one.decision.effect.value, STYLES[one.decision.effect]),
            Cell(one.by_hand.effect.value, STYLES[one.by_hand.effect]),
            Cell(one.decision.rule),
            Cell(one.decision.source, DIM),
        )
        for one in met
    ]
    return table(("TOOL", "DASHBOARD", "COMMAND", "RULE", "WHERE"), rows)


def overview_json(permissions: Permissions, server: str | None = None) -> JsonObject:
    """The same for a machine."""
    written = permissions.written()
    return {
        "profile": permissions.profile_of(server or ""),
        "profiles": [*permissions.profiles()],
        "servers": {**permissions.choices()},
        "rules": [_rule_json(rule) for rule in _rules(written)],
        "budgets": [
            {"rule": budget.rule.text, "callsPerMinute": budget.limit, "source": one.file}
            for one in written
            for budget in one.budgets
        ],
        "remembered": [_answer_json(answer) for answer in permissions.remembered()],
        "lints": [*lints(permissions)],
    }


def met_json(met: Met) -> JsonObject:
    return {
        "name": met.act.name,
        "decision": decision_json(met.decision),
        "command": decision_json(met.by_hand),
        "explained": [*met.explained],
    }


def decision_json(decision: Decision) -> JsonObject:
    return {
        "effect": decision.effect.value,
        "rule": decision.rule,
        "source": decision.source,
        "why": decision.why,
        "changed": decision.changed,
    }


def lints(permissions: Permissions) -> Iterator[str]:
    """What is odd about rules, with the file that each remark is about."""
    for one in permissions.written():
        yield from (f"{one.file}: {lint}" for lint in one.lints)
    yield from permissions.lints


def _rules(written: Iterable[Written]) -> Iterator[Rule]:
    for one in written:
        yield from one.rules
        for profile in one.profiles:
            yield from profile.rules


def _rule_json(rule: Rule) -> JsonObject:
    return {"effect": rule.effect.value, "rule": rule.text, "source": rule.source}


def _answer_json(answer: Answer) -> Json:
    return {
        "rule": answer.rule,
        "kind": answer.kind.value,
        "server": answer.server,
        "name": answer.name,
        "reach": answer.reach.value,
        "project": answer.place.partition("\n")[0] or None,
        "at": int(answer.at),
    }


def _where(answer: Answer) -> str:
    return answer.place.partition("\n")[0] or "all projects"


def _when(answer: Answer) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(answer.at))
