"""Many rules, ready to be asked: those of one server are found without looking at the others.

Owns the index, and what is remembered of names that were asked about. Never weighs one rule against another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..models.permissions import Act, Effect, Offered
from ..models.qualified import plain
from .permission_rules import Reading, Rule
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
        self._wide: list[Rule] = []
        self._order: dict[int, int] = {}  # by identity: the same rule may stand in two files
        for index, rule in enumerate(rules):
            clear = self._clear(rule, counted) if rule.effect is Effect.ALLOW else rule
            if clear is None:
                continue
            self._order[id(clear)] = index
            if clear.wide is not None:
                self._wide.append(clear)
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

    def _named(self, act: Act) -> Named:
        about = [rule for rule in (*self._rules.get(plain(act.server), ()), *self._wide) if rule.names(act)]
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
            self.lints.append(f'"{rule.text}" in {rule.source} allows nothing: {why}')
            return None
        return replace(rule, readings=tuple[Reading, ...](meant)) if meant else rule
