"""May this be used? Rules, profile, budgets and answers, weighed: deny beats ask beats allow.

Owns the weighing and its explanation. Never asks anybody, never writes a settings file, and never opens one: what
they say is handed to it, and looked at again when it may have changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, PolicyDenied, UsageError
from ..models import ErrorInfo
from ..models.permissions import Act, Decision, Effect, Reach
from ..state.text import one_line
from .budgets import Budgets
from .candidates import (
    ALWAYS_ASK,
    PERSONS,
    Candidate,
    by_answer,
    by_budget,
    by_default,
    by_profile,
    by_rule,
    changed_since,
    read_only,
    shown,
)
from .permission_rules import Rule, rule_text
from .permission_settings import Written
from .permission_standing import Standing, Told
from .profiles import ADMIN, Profile
from .remembered import Answer, Answers, Yes
from .rule_book import NO_RULES

LOOK_AFTER = 0.05
"""Seconds for which it is not asked whether a file changed: a call costs no stat then."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where permissions are told. ``written``: what the files say now, the administrator's first; the same object
    for as long as nothing changed. ``servers``: the names of those that are configured. ``place``: where the answers
    about a server belong (empty: to the person, wherever they work), None for one of which none are kept.
    ``program``: another text whenever another program stands behind a server's name.
    """

    written: Callable[[], Told]
    servers: Callable[[], Iterable[str]] = tuple
    place: Callable[[str], str | None] = lambda server: ""
    program: Callable[[str], str] = lambda server: ""


class Permissions:
    """One for each run. ``data`` is the folder that answers are kept in, None: none are.

    ``now`` counts seconds for budgets and answers that end, ``wall`` is the clock on the wall.
    """

    def __init__(
        self,
        sources: Sources,
        data: Path | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._sources = sources
        self._answers = Answers(data)
        self._keeps = data is not None
        self._now = now
        self._wall = wall
        self._budgets = Budgets(now)
        self._chosen: str | None = None
        self._chosen_for: dict[str, str] = {}
        self._known: Standing | None = None
        self._profiles: dict[str, tuple[Profile, str]] = {}  # by server, as long as nothing changes
        self._lock = threading.RLock()  # tools of this process ask in a thread of their own
        self._looked = float("-inf")

    @classmethod
    def open(cls) -> Permissions:
        """Everything is allowed: for programs that give none."""
        found = cls.of(())
        found.set_profile(ADMIN)
        return found

    @classmethod
    def of(cls, written: Sequence[Written], data: Path | None = None, **clocks: Callable[[], float]) -> Permissions:
        """With what is ``written``, once and for all."""
        told = tuple(written)
        return cls(Sources(lambda: told), data, **clocks)

    # -- deciding

    def decide(self, act: Act) -> Decision:
        """What is to be done. Where it is allowed it counts as done: its budgets have one use less."""
        with self._lock:
            decision = self.judge(act)
            if decision.effect is Effect.ALLOW:
                self._count(act)
            return decision

    def judge(self, act: Act) -> Decision:
        """The same as a question: nothing is counted."""
        with self._lock:
            return next(self._candidates(act)).decision

    def reaches(self, act: Act, decision: Decision) -> tuple[Reach, ...]:
        """How far a yes to ``decision`` about ``act`` may reach; nothing unless it asks."""
        if decision.effect is not Effect.ASK:
            return ()
        found = next((one for one in self._every(act) if one.decision == decision), None)
        allowed = (Reach.ONCE,) if found is None else found.reaches
        if not act.digest or not self._keeps or self._sources.place(act.server) is None:
            return tuple(reach for reach in allowed if reach in (Reach.ONCE, Reach.SESSION))
        return allowed

    def answered(self, act: Act, reach: Reach) -> ErrorInfo | None:
        """A person said yes to ``act``, which happens now: that is remembered as far as ``reach`` says.

        What always asks is remembered for these arguments and this session at most. The error says why an answer
        could not be kept for good; it holds for this session then.
        """
        with self._lock:
            reaches = next(self._candidates(act)).reaches  # before this use counts
            self._count(act)
            return None if reach is Reach.ONCE or reaches in ((), (Reach.ONCE,)) else self._keep(act, reach, reaches)

    def _keep(self, act: Act, reach: Reach, reaches: tuple[Reach, ...]) -> ErrorInfo | None:
        place = self._sources.place(act.server) if self._keeps and act.digest else None
        always = Reach.ARGUMENTS not in reaches
        same = always or reach is Reach.ARGUMENTS
        program = self._sources.program(act.server)
        if reach is Reach.SESSION or place is None or always:
            self._answers.for_session(act, program, same_arguments=same, at=self._wall())
            return None
        try:
            self._answers.for_good(act, place, same_arguments=same, at=self._wall())
        except ConfigError as error:
            self._answers.for_session(act, program, same_arguments=same, at=self._wall())
            return ErrorInfo.of(error)
        return None

    def available(self, acts: Iterable[Act]) -> list[tuple[Act, Decision]]:
        """Those of ``acts`` that are not denied, each with what would be decided."""
        judged = ((act, self.judge(act)) for act in acts)
        return [(act, decision) for act, decision in judged if decision.effect is not Effect.DENY]

    def explain(self, act: Act) -> tuple[str, ...]:
        """The decision in a line, then every rule that matched beside it, the strongest first."""
        first, *others = self._every(act)
        lines = [f"{shown(first.decision)}: {first.decision.why}"]
        lines += [f"also {shown(one.decision)}, which counts for less" for one in others]
        for rule in self._nearly(act):
            own = rule_text(act.kind, act.server, act.name)
            lines.append(f"not {rule.text} ({rule.source}), which allows the one of that very name: this one is {own}")
        return tuple(lines)

    def _nearly(self, act: Act) -> tuple[Rule, ...]:
        with self._lock:
            standing = self._standing()
            profile, _ = self._profile(standing, act.server)
            books = (standing.book, standing.rules_of[profile.name]) if profile.rules else (standing.book,)
            return tuple(rule for book in books for rule in book.nearly_about(act))

    # -- profiles

    def profiles(self) -> tuple[str, ...]:
        """The names that can be chosen: the built-in ones, then the others."""
        return tuple(self._standing().profiles)

    def profile_of(self, server: str) -> str:
        """The name of the profile that counts for ``server``."""
        with self._lock:
            return self._profile(self._standing(), server)[0].name

    def set_profile(self, name: str, server: str | None = None) -> None:
        """Choose a profile until this process ends: for ``server``, or for all but those that a file names.

        Raises ``UsageError`` where there is none of that name, ``PolicyDenied`` where the administrator chose.
        """
        standing = self._standing()
        if name not in standing.profiles:
            raise UsageError(
                f'no profile named "{one_line(name, 60)}"', hint=f"there is {', '.join(standing.profiles)}"
            )
        file = standing.managed_choice(server)
        if file is not None:
            raise PolicyDenied(
                f"the profile is chosen by {file}",
                hint="whoever manages this machine chose it, and nothing else does",
                details={"file": file},
            )
        with self._lock:
            if server is None:
                self._chosen = name
                self._chosen_for.clear()
            else:
                self._chosen_for[server] = name
            self._profiles.clear()

    def allow_for(self, act: Act, seconds: float) -> None:
        """A person lets ``act`` run without asking for so long, in this process, whatever its arguments are.

        That is an answer: it is about this definition, and neither rules that deny or ask give way to it, nor a
        profile that denies, nor what is asked about destructive tools.
        """
        with self._lock:
            until = self._now() + seconds
            program = self._sources.program(act.server)
            self._answers.for_a_while(act, program, seconds=seconds, until=until, at=self._wall())

    # -- what there is

    def written(self) -> Told:
        """What each file says."""
        return self._standing().told

    def choices(self) -> dict[str, str]:
        """The servers that a file or this session chooses a profile for, each with the one that counts."""
        return {server: self.profile_of(server) for server in (*self._standing().choices(), *self._chosen_for)}

    @property
    def lints(self) -> tuple[str, ...]:
        """Rules that count for nothing because of the servers there are, profiles that nobody described, and answers
        that cannot be read.
        """
        standing = self._standing()
        books = (standing.book, *standing.rules_of.values())
        lints = (*(lint for book in books for lint in book.lints), *standing.unknown_profiles())
        unread = self._answers.problem
        return lints if unread is None else (*lints, f"{self._answers.path} does not tell what was answered: {unread}")

    def remembered(self) -> tuple[Answer, ...]:
        """The answers of this session, then those that are kept, of every project."""
        with self._lock:
            self._answers.look()
            self._answers.end(self._now())
            return self._answers.all()

    def forget(self, rule: str) -> tuple[str, ...]:
        """Forget the answers that ``rule`` names, and say which. Raises ``ConfigError``."""
        with self._lock:
            self._answers.end(self._now())
            return tuple(answer.rule for answer in self._answers.forget(rule.strip()))

    # -- weighing

    def _every(self, act: Act) -> tuple[Candidate, ...]:
        with self._lock:
            return tuple(self._candidates(act))

    def _candidates(self, act: Act) -> Iterator[Candidate]:
        """Every decision that something calls for, the strongest first; there always is one."""
        standing = self._standing()
        profile, place = self._profile(standing, act.server)
        named = standing.book.about(act)
        own = standing.rules_of[profile.name].about(act) if profile.rules else NO_RULES
        if named.denies or own.denies:
            yield from map(by_rule, _holding(act, named.denies, own.denies))
        if profile.read_only and not read_only(act):
            yield by_profile(profile, place, Effect.DENY, act)
        over = self._budgets.spent(named.budgets, act) if named.budgets else None
        if over is not None and act.caller not in PERSONS:
            yield by_budget(over, Effect.DENY)
        asks = tuple(_holding(act, named.asks, own.asks)) if named.asks or own.asks else ()
        allows: Iterable[Rule] = _holding(act, named.allows, own.allows) if named.allows or own.allows else ()
        locked = False  # what no rule is about is denied: whoever answered before
        if profile.default is Effect.DENY:
            allows = tuple(allows)
            locked = not asks and not allows
        if locked:
            yield by_profile(profile, place, Effect.DENY, act)
        yes = self._answers.about(act, self._sources.place(act.server), self._sources.program(act.server))
        covered = self._answers.covering(act, yes, exactly=True) if yes.answers else None
        if covered is None:
            yield from map(by_rule, asks)
        if over is not None and act.caller in PERSONS:
            yield by_budget(over, Effect.ASK)
        if covered is not None:
            yield by_answer(covered)
            yield from map(by_rule, asks)  # which it answers
        yield from map(by_rule, allows)
        if profile.default is Effect.ALLOW or profile.default is Effect.DENY:
            if not locked:
                yield by_profile(profile, place, profile.default, act)
        else:
            asking = by_profile(profile, place, Effect.ASK, act) if profile.default else None
            yield from self._unruled(act, yes, asking)

    def _unruled(self, act: Act, yes: Yes, asks: Candidate | None) -> Iterator[Candidate]:
        """Where nothing is written: the answers, then ``asks`` of a profile, or the default."""
        changed = yes.changed(act.digest)
        last = asks or by_default(act, changed=changed)
        answer = self._answers.covering(act, yes) if yes.answers else None
        if answer is not None and last.decision.rule != ALWAYS_ASK:
            yield by_answer(answer)
        yield Candidate(changed_since(last.decision), last.reaches) if changed and asks else last

    def _profile(self, standing: Standing, server: str) -> tuple[Profile, str]:
        found = self._profiles.get(server)
        if found is None:
            found = self._profiles[server] = standing.profile(server, self._chosen, self._chosen_for)
        return found

    def _count(self, act: Act) -> None:
        budgets = self._standing().book.about(act).budgets
        if budgets:
            self._budgets.count(budgets, act)

    def _standing(self) -> Standing:
        """As the files say; whether they say something else is asked now and then."""
        with self._lock:
            return self._standing_now()

    def _standing_now(self) -> Standing:
        now = self._now()
        self._answers.end(now)
        known = self._known
        if known is not None and now - self._looked < LOOK_AFTER:
            return known
        self._looked = now
        self._answers.look()
        told, servers = self._sources.written(), frozenset(self._sources.servers())
        if known is None or known.told != told or known.servers != servers:
            known = self._known = Standing.of(told, servers)
            self._profiles.clear()
        return known


def _holding(act: Act, *many: tuple[Rule, ...]) -> Iterator[Rule]:
    """Of rules that name ``act`` those whose conditions hold."""
    for rules in many:
        for rule in rules:
            if rule.holds(act):
                yield rule
