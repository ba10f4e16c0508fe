"""Whether a use is allowed: the rules first, then a person where they say so.

Owns asking once for what several calls wait for, and the words of a refusal. Knows no rule and remembers no answer.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio

from ..errors import PermissionDenied
from ..models import Act, Caller, Decision, Effect, Offered, Reach
from ..models.qualified import server_prefix
from ..state.text import quoted
from .collaborators import CALL_ASKED_FOR, AskPermission, Permissions

DEFAULT = "default"
"""The source of a decision that no written rule made: an allow rule stands above it."""
_BUDGET = "budget "
"""How the rule of a decision begins that a budget made."""


class PermissionStep:
    """Every method runs on the loop's thread. ``ask`` None: nobody is there."""

    def __init__(self, permissions: Permissions, ask: AskPermission | None) -> None:
        self._permissions = permissions
        self._ask = ask
        self._asking: dict[tuple[str, str], tuple[anyio.Lock, list[str]]] = {}

    def decide(self, act: Act) -> Decision:
        """What the rules say. A use that they allow is counted; nobody is asked."""
        return self._permissions.decide(act)

    def judge(self, act: Act) -> Decision:
        """The same, and nothing is counted."""
        return self._permissions.judge(act)

    async def asked(self, call: str, now: Callable[[], Act], decided: Callable[[Decision], None]) -> Decision:
        """The decision after a person was asked; ``decided`` hears of each on the way. Raises ``PermissionDenied``.

        ``now`` gives the use as it stands: a tool that is described differently by the time of the answer is another
        tool, and is asked about again; and a rule that denies by then stands above the answer. Of several calls that
        wait for the same, one is asked about at a time: the answer may be one for all of them.
        """
        act = now()
        async with self._turn(act, call):
            while True:
                act = now()
                decision = self._permissions.decide(act)
                decided(decision)
                if decision.effect is Effect.DENY:
                    raise denied(act, decision, "rule")
                if decision.effect is Effect.ALLOW:
                    return decision
                if self._ask is None:
                    raise denied(act, decision, "nobody")
                token = CALL_ASKED_FOR.set(call)
                try:
                    reach = await self._ask(act, decision, self._reaches(act, decision))
                finally:
                    CALL_ASKED_FOR.reset(token)
                if reach is None:
                    raise denied(act, decision, "person")
                if now().digest != act.digest:
                    continue
                again = self._permissions.judge(act)
                if again.effect is Effect.DENY:
                    decided(again)
                    raise denied(act, again, "rule")
                unkept = self._permissions.answered(act, reach)
                decision = replace(decision, effect=Effect.ALLOW, reach=reach)
                if unkept is not None:
                    decision = replace(decision, reach=Reach.SESSION, unkept=unkept.title)
                decided(decision)
                return decision

    def _reaches(self, act: Act, decision: Decision) -> tuple[Reach, ...]:
        """How far a yes may reach. One to a tool whose definition is not known is about this call: the next may be to
        another tool.
        """
        reaches = self._permissions.reaches(act, decision)
        if act.kind is Offered.TOOL and not act.digest:
            return tuple(reach for reach in reaches if reach is Reach.ONCE)
        return reaches

    @asynccontextmanager
    async def _turn(self, act: Act, call: str) -> AsyncGenerator[None]:
        key = (act.server, act.name)
        lock, waiting = self._asking.setdefault(key, (anyio.Lock(), []))
        waiting.append(call)
        try:
            async with lock:
                yield
        finally:
            waiting.remove(call)
            if not waiting:
                self._asking.pop(key, None)


def is_of_budget(decision: Decision) -> bool:
    """A budget that is used up made it."""
    return decision.rule.startswith(_BUDGET)


def denied(act: Act, decision: Decision, by: str) -> PermissionDenied:
    """The refusal of ``act``; ``by``: ``rule``, ``person`` or ``nobody``."""
    what = _named(act)
    where = f"{decision.rule} ({decision.source})" if decision.source else decision.rule
    match by:
        case "rule":
            title = f"{what} is denied by {where}"
            hint = decision.remedy or decision.why or "Change the rule where it stands, or choose another profile."
        case "person":
            title = f"{what} was not allowed"
            who = "You" if act.caller is Caller.DASHBOARD else "Whoever was asked"
            hint = f"{who} said no. Nothing was sent."
        case _:
            title = f"{what} has to be asked for ({where}), and nobody is there to ask"
            hint = (
                f"Allow it by a rule: mcpdeck permissions allow {_rule(act)}"
                if decision.source == DEFAULT and not decision.changed
                else "An allow rule does not stand above this: --yes allows what is asked for, or ask at a terminal."
            )
    details = {"rule": decision.rule, "source": decision.source, "by": by}
    return PermissionDenied(title, hint=hint, server=act.server, details={**details})


def _named(act: Act) -> str:
    match act.kind:
        case Offered.TOOL:
            return f"the tool {quoted(act.name)}"
        case Offered.RESOURCE:
            return f"the resource {quoted(act.name)}"
        case Offered.PROMPT:
            return f"the prompt {quoted(act.name)}"


def _rule(act: Act) -> str:
    """The rule that would allow it, as it is typed into a shell."""
    from ..policy.permission_rules import rule_text  # not before a use was refused

    if act.kind is Offered.RESOURCE:
        return f"resource:{server_prefix(act.server)}"
    return shlex.quote(rule_text(act.kind, act.server, act.name))
