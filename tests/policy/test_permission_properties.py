"""What holds of every set of rules: deny wins, explanation and decision agree, more rules never loosen by accident."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpdeck.services.models import Act, Caller, Effect, Offered, Reach, Source
from mcpdeck.services.policy.permission_rules import Rule, parse_rule
from mcpdeck.services.policy.permission_settings import narrowed, read_permissions
from mcpdeck.services.policy.permissions import Permissions
from tests.policy.permitting import permitting, tool, written

SERVERS = ("files", "notes", "a__b")
_servers = st.sampled_from([*SERVERS, "a"])
_names = st.sampled_from(["read", "write", "wr", "b", "x__y"])
_paths = st.sampled_from(["/a", "/a/b", "/a/../c", "/c", "/C", "..", "/a/%2e%2e/c", "/a\0"])
_globs = st.sampled_from(["/a", "/a/**", "/a/*", "/c", "/c/**", "**", "*"])
_targets = st.builds(
    "mcp__{}{}{}".format,
    st.sampled_from([*SERVERS, "a", "*", "f*", "*s"]),
    st.sampled_from(["", "__*", "__read", "__wr*", "__write", "__b", "__*r*"]),
    st.one_of(st.just(""), _globs.map("(path:{})".format), st.just("(@destructive:true)")),
)
_rules = st.one_of(
    _targets,
    st.sampled_from(["resource:mcp__files", "resource:mcp__files(uri:/a/**)", "prompt:mcp__files__*", "Bash(ls)"]),
)
_lists = st.lists(_rules, max_size=5)
_documents = st.fixed_dictionaries({"allow": _lists, "ask": _lists, "deny": _lists})
_hints = st.dictionaries(st.sampled_from(["readOnlyHint", "destructiveHint"]), st.sampled_from([True, False, "true"]))
_acts = st.builds(
    Act,
    kind=st.sampled_from(Offered),
    server=_servers,
    name=st.one_of(_names, _paths),
    arguments=st.one_of(st.just({}), st.builds(lambda path: {"path": path}, _paths)),
    annotations=_hints,
    trusted=st.booleans(),
    source=st.sampled_from(Source),
    digest=st.sampled_from(["one", "two", ""]),
    caller=st.sampled_from(Caller),
)
_profiles = st.sampled_from(["viewer", "tester", "admin", "mine", "nobody"])
STRENGTH = {Effect.ALLOW: 0, Effect.ASK: 1, Effect.DENY: 2}


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        **draw(_documents),
        "profile": draw(_profiles),
        "profiles": {"mine": {**draw(_documents), "readOnly": draw(st.booleans())}},
    }
    default = draw(st.sampled_from([None, "allow", "ask", "deny"]))
    if default is not None:
        chosen["profiles"]["mine"]["default"] = default
    if draw(st.booleans()):
        chosen["budget"] = {draw(_targets): 0}
    return chosen


_answers = st.lists(st.tuples(_acts, st.sampled_from(Reach)), max_size=3)
_grants = st.lists(_acts, max_size=3)


def _answered(given_settings: dict[str, Any], answers: list[tuple[Act, Reach]], grants: list[Act]) -> Permissions:
    permissions = permitting(configured=SERVERS, **given_settings)
    for act in grants:
        permissions.allow_for(act, 60)
    for act, reach in answers:
        permissions.answered(act, reach)
    return permissions


def _denied(document: dict[str, Any], act: Act) -> bool:
    rules = (parse_rule(text, Effect.DENY, "x") for text in document["deny"])
    return any(isinstance(rule, Rule) and rule.names(act) and rule.holds(act) for rule in rules)


@settings(max_examples=150, deadline=None)
@given(_settings(), _acts, _answers, _grants)
def test_deny_always_wins(
    document: dict[str, Any], act: Act, answers: list[tuple[Act, Reach]], grants: list[Act]
) -> None:
    permissions = _answered(document, answers, grants)
    denied = _denied(document, act)
    if document["profile"] == "mine":
        denied = denied or _denied(document["profiles"]["mine"], act)
    if denied:
        assert permissions.decide(act).effect is Effect.DENY
        assert permissions.available([act]) == []


@settings(max_examples=100, deadline=None)
@given(_documents, _acts, st.sampled_from(Reach), st.booleans())
def test_what_a_default_denies_is_denied_whatever_was_answered(
    document: dict[str, Any], act: Act, reach: Reach, let: bool
) -> None:
    permissions = permitting(configured=SERVERS, profiles={"mine": {"default": "deny"}}, **document)
    permissions.set_profile("mine")
    before = permissions.judge(act)
    permissions.set_profile("tester")
    permissions.answered(act, reach)
    if let:
        permissions.allow_for(act, 60)
    permissions.set_profile("mine")
    if before.effect is Effect.DENY:
        assert permissions.judge(act).effect is Effect.DENY


@settings(max_examples=150, deadline=None)
@given(_settings(), _acts, _answers, _grants)
def test_explanation_and_decision_agree(
    document: dict[str, Any], act: Act, answers: list[tuple[Act, Reach]], grants: list[Act]
) -> None:
    permissions = _answered(document, answers, grants)
    decision, lines = permissions.judge(act), permissions.explain(act)
    assert lines[0] == f"{decision.effect} by {decision.rule} ({decision.source}): {decision.why}"
    assert permissions.decide(act) == decision
    offered = permissions.reaches(act, decision)
    assert bool(offered) == (decision.effect is Effect.ASK)
    # what decided is a rule that is written, or has a name of its own
    for effect in Effect:
        for text in document[effect.value]:
            rule = parse_rule(text, effect, "mine")
            decided = decision.source == "mine" and decision.rule == text and decision.effect is effect
            if isinstance(rule, Rule) and decided:
                assert rule.names(act)
                assert rule.holds(act)


@settings(max_examples=100, deadline=None)
@given(_documents, _acts, _rules, st.sampled_from(["ask", "deny"]))
def test_one_more_ask_or_deny_never_loosens_and_one_more_allow_never_tightens(
    document: dict[str, Any], act: Act, rule: str, does: str
) -> None:
    before = STRENGTH[permitting(configured=SERVERS, **document).judge(act).effect]
    tighter = {**document, does: [*document[does], rule]}
    assert STRENGTH[permitting(configured=SERVERS, **tighter).judge(act).effect] >= before
    looser = {**document, "allow": [*document["allow"], rule]}
    assert STRENGTH[permitting(configured=SERVERS, **looser).judge(act).effect] <= before


@settings(max_examples=100, deadline=None)
@given(_documents, _documents, _acts)
def test_which_file_a_rule_stands_in_does_not_matter(one: dict[str, Any], other: dict[str, Any], act: Act) -> None:
    first = permitting(written("a", **one), configured=SERVERS, **other).judge(act)
    second = permitting(written("a", **other), configured=SERVERS, **one).judge(act)
    assert first.effect is second.effect


_KEYS = ["allow", "ask", "deny", "profile", "profiles", "servers", "budget", "projects", "default", "readOnly", "/root"]
_words = st.sampled_from(["mcp__files", "mcp__*", "mcp__files__x(a:b)", "admin", "viewer", "allow", "x"])
_anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), _words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(_KEYS), _words), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(_anything, st.booleans(), st.booleans())
def test_whatever_stands_in_a_file_is_read_and_what_is_kept_of_it_allows_nothing(
    value: Any, own: bool, managed: bool
) -> None:
    read = read_permissions({"permissions": value}, "F", own=own, managed=managed, project="/root")
    permissions = Permissions.of([read])
    assert permissions.explain(tool())
    assert all(isinstance(lint, str) for lint in permissions.lints + read.lints)
    kept = read_permissions({"permissions": narrowed({"permissions": value})}, "F", own=True, project="/root")
    allowing = [kept.allows, *(profile.default is Effect.ALLOW for profile in kept.profiles)]
    allowing += [rule.effect is Effect.ALLOW for profile in kept.profiles for rule in profile.rules]
    assert True not in allowing
    assert "admin" not in (kept.chosen, *kept.chosen_for.values())
