"""Many rules, ready to be asked: those of one server are found without looking at the others.

Owns the index, and what is remembered of names that were asked about. Never weighs one rule against another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..models.permissions import Act, Effect, Offered
from ..models.qualified import SEPARATOR, plain
from .permission_rules import Reading, Rule, by_uri
from .permission_settings import Budget

MOST_KEPT = 20_000
"""Names that the rules about them are remembered for."""


@dataclass(frozen=True, slots=True)
class Named:
    """The rules about one thing that a server offers, whatever their conditions."""

    denies: tuple[Rule, ...] = ()
    asks: tuple[Rule, ...] = ()
    allows: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()


NO_RULES = Named()


class RuleBook:
    """``servers`` are the names of those that are configured: an allow must not mean two of them."""

    def __init__(self, rules: Iterable[Rule], budgets: Iterable[Budget] = (), servers: Iterable[str] = ()) -> None:
        self.lints: list[str] = []
        counted = Counter(plain(server) for server in set(servers))
        self._rules: dict[str, list[Rule]] = {}
        self._everywhere: list[Rule] = []
        self._order: dict[int, int] = {}  # by identity: the same rule may stand in two files
        for index, rule in enumerate(rules):
            self._check_resource(rule, counted)
            clear = self._clear(rule, counted) if rule.effect is Effect.ALLOW else rule
            if clear is None:
                continue
            self._order[id(clear)] = index
            if clear.wide is not None or clear.shown is not None:
                self._everywhere.append(clear)
                continue
            for server in dict.fromkeys(reading.server for reading in clear.readings):
                self._rules.setdefault(server, []).append(clear)
        self._budgets = tuple(budgets)
        self._kept: dict[tuple[Offered, str, str], Named] = {}

    def about(self, act: Act) -> Named:
        """The rules that name what is to be used."""
        # the rules of a resource are about its server; its URI is a matter of their conditions
        key = (act.kind, act.server, "" if act.kind is Offered.RESOURCE else act.name)
        known = self._kept.get(key)
        if known is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            known = self._kept[key] = self._named(act)
        return known

    def nearly_about(self, act: Act) -> tuple[Rule, ...]:
        """The allow rules that are written with a model's name for it, and mean the tool whose own name that is."""
        rules = (*self._rules.get(plain(act.server), ()), *self._everywhere)
        return tuple(rule for rule in rules if rule.nearly_names(act))

    def _named(self, act: Act) -> Named:
        about = [rule for rule in (*self._rules.get(plain(act.server), ()), *self._everywhere) if rule.names(act)]
        budgets = tuple(budget for budget in self._budgets if budget.rule.names(act))
        if not about and not budgets:
            return NO_RULES
        about.sort(key=lambda rule: self._order[id(rule)])

        def of(effect: Effect) -> tuple[Rule, ...]:
            return tuple(rule for rule in about if rule.effect is effect)

        return Named(of(Effect.DENY), of(Effect.ASK), of(Effect.ALLOW), budgets)

    def _clear(self, rule: Rule, configured: Counter[str]) -> Rule | None:
        """``rule`` with the one reading that can be meant; None, and a remark, where it may be two."""
        meant = [reading for reading in rule.readings if reading.server in configured]
        if len({reading.server for reading in meant}) > 1 or any(configured[reading.server] > 1 for reading in meant):
            names = ", ".join(dict.fromkeys(reading.server for reading in meant))
            why = f"more than one configured server may be meant by it ({names})"
            what = "nothing" if rule.shown is None else "only the tool that is told from others by that name"
            self.lints.append(f'"{rule.text}" in {rule.source} allows {what}: {why}')
            return None if rule.shown is None else replace(rule, readings=())
        return replace(rule, readings=tuple[Reading, ...](meant)) if meant else rule

    def _check_resource(self, rule: Rule, configured: Counter[str]) -> None:
        """``resource:mcp__a__b`` is about a server ``a__b``; who has none of that name meant something else."""
        if rule.kind is not Offered.RESOURCE or not configured:
            return
        for reading in rule.readings:
            if SEPARATOR in reading.server and reading.server not in configured:
                self.lints.append(
                    f'"{rule.text}" in {rule.source} is about all resources of a server "{reading.server}", and there '
                    f"is none: write {by_uri(reading.server)}"
                )
