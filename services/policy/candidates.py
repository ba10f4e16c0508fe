"""What a rule, a profile, a budget, an answer or the default says about one use, each as a decision.

Owns the words of decisions and how far a yes to each may reach. Never says which of several counts.
"""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, replace

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
    remedy = ""
    if rule.effect is Effect.DENY:
        forget = f"mcpdeck permissions forget {shlex.quote(rule.text)}"
        remedy = f"Take the rule out with: {forget}" if rule.ours else f"Change the rule in {rule.source}."
    # a rule that is written stands above whatever is remembered: to be asked no more, it is taken out
    asks = rule.effect is Effect.ASK
    decision = Decision(rule.effect, rule.text, rule.source, why, remedy=remedy, same_arguments=asks)
    return Candidate(decision, SAME_ARGUMENTS if asks else ())


def by_profile(profile: Profile, place: str, effect: Effect, act: Act) -> Candidate:
    """What the profile itself says, without a rule; ``place``: where it was chosen."""
    if effect is Effect.DENY and profile.read_only and not read_only(act):
        claims = act.annotations.get("readOnlyHint") is True
        unheard = "it says that it only reads, and nobody vouches for its source"
        rule, why = "readOnly", unheard if claims else "it does not say that it only reads"
    else:
        rule = f"default {effect}"
        why = f"no rule matches, and what none matches is {_VERBS[effect]}"
    said = f"the profile {profile.name} counts here ({place}): {why}"
    remedy = f"{why[0].upper()}{why[1:]}. Choose another profile: --profile NAME" if effect is Effect.DENY else ""
    reaches = EVERY_REACH if effect is Effect.ASK else ()
    return Candidate(Decision(effect, rule, profile.place, said, remedy=remedy), reaches)


def by_budget(budget: Budget, effect: Effect) -> Candidate:
    """There were as many uses in the last minute as there may be."""
    text = f"budget {budget.rule.text}: {budget.limit} a minute"
    why = f"it was used {budget.limit} times within the last minute, which is all that {budget.rule.source} allows"
    remedy = f"Wait until the minute is over, or change the budget in {budget.rule.source}."
    reaches = (Reach.ONCE,) if effect is Effect.ASK else ()
    return Candidate(Decision(effect, text, budget.rule.source, why, remedy=remedy), reaches)


def by_answer(answer: Answer) -> Candidate:
    about = "these arguments" if answer.arguments is not None else "whatever its arguments are"
    source = "this session" if answer.reach is Reach.SESSION else "remembered"
    when = "in this session" if answer.reach is Reach.SESSION else "before"
    why = f"you said yes to it {when}, for {about}"
    if answer.seconds is not None:
        why = f"you let it run until {time.strftime('%H:%M', time.localtime(answer.at + answer.seconds))}"
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
        same = reaches is SAME_ARGUMENTS
        return Candidate(changed_since(Decision(Effect.ASK, CHANGED, DEFAULT, same_arguments=same)), reaches)
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
    return replace(decision, why=why, changed=True)


def _default(effect: Effect, rule: str, why: str, reaches: tuple[Reach, ...] = ()) -> Candidate:
    return Candidate(Decision(effect, rule, DEFAULT, why, same_arguments=reaches is SAME_ARGUMENTS), reaches)
