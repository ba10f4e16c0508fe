"""What a rule, a profile, a budget, an answer or the default says about one use, each as a decision.

Owns the words of decisions and how far a yes to each may reach. Never says which of several counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..models.permissions import Act, Caller, Decision, Effect, Offered, Reach
from .permission_rules import Rule, fact
from .permission_settings import Budget
from .profiles import Profile
from .remembered import Answer

PERSONS = frozenset((Caller.DASHBOARD, Caller.COMMAND))
"""Behind these stands somebody who can be asked; the others are programs."""
NAMED_BY_HAND = frozenset((Caller.COMMAND, Caller.BATCH))

READ_ONLY = "read-only tools run"
ALWAYS_ASK = "destructive tools always ask"
FIRST_TIME = "tools ask the first time"
CHANGED = "a tool that changed asks again"
RESOURCES = "resources are read"
PROMPTS = "prompts are got"
BY_HAND = "what a command names runs"
DEFAULT = "default"
THE_COMMAND = "the command itself"

EVERY_REACH = (Reach.ONCE, Reach.SESSION, Reach.ARGUMENTS, Reach.ALWAYS)
SAME_ARGUMENTS = (Reach.ONCE, Reach.SESSION)
"""Of what always asks: "this session" is about the same arguments then."""
_VERBS = {Effect.ALLOW: "allowed", Effect.ASK: "to be asked for", Effect.DENY: "denied"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One decision, and how far a yes to it may reach where it asks."""

    decision: Decision
    reaches: tuple[Reach, ...] = ()


def shown(decision: Decision) -> str:
    """``allow by RULE (SOURCE)``."""
    return f"{decision.effect} by {decision.rule} ({decision.source})"


def read_only(act: Act) -> bool:
    """It changes nothing, as far as anybody knows: resources, prompts, tools that are vouched for and say so."""
    return act.kind is not Offered.TOOL or fact(act, "@readOnly") is True


def always_asks(act: Act) -> bool:
    """A person vouches for its source, and it says that it destroys something."""
    return (
        act.kind is Offered.TOOL
        and act.trusted
        and act.annotations.get("destructiveHint") is True
        and act.annotations.get("readOnlyHint") is not True
    )


def by_rule(rule: Rule) -> Candidate:
    why = f"it is {_VERBS[rule.effect]} by a rule in {rule.source}"
    return Candidate(Decision(rule.effect, rule.text, rule.source, why), _reaches(rule.effect))


def by_profile(profile: Profile, place: str, effect: Effect) -> Candidate:
    """What the profile itself says, without a rule; ``place``: where it was chosen."""
    if effect is Effect.DENY and profile.read_only:
        rule, why = "readOnly", "nothing vouches for it only reading"
    else:
        rule = f"default {effect}"
        why = f"no rule matches, and what none matches is {_VERBS[effect]}"
    said = f"the profile {profile.name} counts here ({place}): {why}"
    return Candidate(Decision(effect, rule, profile.place, said), EVERY_REACH if effect is Effect.ASK else ())


def by_budget(budget: Budget, effect: Effect) -> Candidate:
    """There were as many uses in the last minute as there may be."""
    text = f"budget {budget.rule.text}: {budget.limit} a minute"
    why = f"it was used {budget.limit} times within the last minute, which is all that {budget.rule.source} allows"
    return Candidate(Decision(effect, text, budget.rule.source, why), (Reach.ONCE,) if effect is Effect.ASK else ())


def by_answer(answer: Answer) -> Candidate:
    about = "these arguments" if answer.arguments is not None else "whatever its arguments are"
    source = "this session" if answer.reach is Reach.SESSION else "remembered"
    when = "in this session" if answer.reach is Reach.SESSION else "before"
    why = f"you said yes to it {when}, for {about}"
    return Candidate(Decision(Effect.ALLOW, answer.rule, source, why, answer.reach))


def by_default(act: Act, *, changed: bool) -> Candidate:
    """What is done where no rule, no profile and no answer says anything."""
    match act.kind:
        case Offered.RESOURCE:
            return _default(Effect.ALLOW, RESOURCES, "no rule is about this resource")
        case Offered.PROMPT:
            return _default(Effect.ALLOW, PROMPTS, "no rule is about this prompt")
        case Offered.TOOL:
            pass
    reaches = SAME_ARGUMENTS if always_asks(act) else EVERY_REACH
    if changed:
        return Candidate(changed_since(Decision(Effect.ASK, CHANGED, DEFAULT)), reaches)
    if read_only(act):
        return _default(Effect.ALLOW, READ_ONLY, "it says that it only reads, and its source is vouched for")
    if act.caller in NAMED_BY_HAND:
        why = "who runs the command names server, tool and arguments, and no rule says to ask"
        return Candidate(Decision(Effect.ALLOW, BY_HAND, THE_COMMAND, why))
    if reaches is SAME_ARGUMENTS:
        return _default(Effect.ASK, ALWAYS_ASK, "it says that it may destroy something", reaches)
    why = "nobody said yes to it yet"
    if not act.trusted and act.annotations:
        why += "; what it says of itself counts for nothing, because nobody vouches for its source"
    return _default(Effect.ASK, FIRST_TIME, why, reaches)


def changed_since(decision: Decision) -> Decision:
    """``decision`` about a tool that was approved when its definition was another one."""
    why = "you said yes to it when its definition was another one: look at what it is now"
    return Decision(decision.effect, decision.rule, decision.source, why, changed=True)


def _default(effect: Effect, rule: str, why: str, reaches: tuple[Reach, ...] = ()) -> Candidate:
    return Candidate(Decision(effect, rule, DEFAULT, why), reaches)


def _reaches(effect: Effect) -> tuple[Reach, ...]:
    # a rule that is written stands above whatever is remembered: to be asked no more, it is taken out
    return SAME_ARGUMENTS if effect is Effect.ASK else ()
