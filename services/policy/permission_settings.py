"""The key ``permissions`` of one settings file.

Owns its shape and the remarks about what is odd in it. Never opens a file and never weighs what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..config.read import json_kind
from ..models import Json, JsonObject, as_object
from ..models.permissions import Effect
from ..state.text import one_line
from .permission_rules import Refused, Rule, odd_condition, parse_rule
from .profiles import ADMIN, BUILT_IN, Profile

PERMISSIONS = "permissions"
EFFECTS = (Effect.DENY, Effect.ASK, Effect.ALLOW)
KEYS = ("allow", "ask", "deny", "profile", "profiles", "servers", "budget", "projects")
PROFILE_KEYS = ("allow", "ask", "deny", "default", "readOnly")
MOST_RULES = 10_000
"""Of one list; what stands behind them is left out, with a remark."""


@dataclass(frozen=True, slots=True)
class Budget:
    """``limit`` uses a minute of all that ``rule`` names together."""

    rule: Rule
    limit: int


@dataclass(frozen=True, slots=True)
class Written:
    """What one file says about permissions. ``uncounted``: why its allow rules do not count.

    ``chosen`` is the profile for every server, ``chosen_for`` for single ones, by their names.
    """

    file: str = ""
    managed: bool = False
    rules: tuple[Rule, ...] = ()
    chosen: str | None = None
    chosen_for: Mapping[str, str] = field(default_factory=dict[str, str])
    profiles: tuple[Profile, ...] = ()
    budgets: tuple[Budget, ...] = ()
    lints: tuple[str, ...] = ()
    uncounted: str | None = None

    @property
    def allows(self) -> bool:
        """It holds an allow rule."""
        return any(rule.effect is Effect.ALLOW for rule in self.rules)

    def without_allows(self, why: str) -> Written:
        """The same where nobody knows, or somebody else decided, that it may allow anything."""
        if not self.allows:
            return self
        kept = tuple(rule for rule in self.rules if rule.effect is not Effect.ALLOW)
        lint = f"the allow rules of its {PERMISSIONS} do not count: {why}"
        return replace(self, rules=kept, lints=(*self.lints, lint), uncounted=why)


NOTHING = Written()


def read_permissions(value: JsonObject, file: str, *, own: bool, managed: bool = False, project: str = "") -> Written:
    """What ``value``, all of a settings file, says. Never raises.

    ``own``: mcpdeck's file, in which everything is for us; ``managed``: the administrator's, where profiles and
    budgets count too. In others only ``allow``, ``ask`` and ``deny`` do. ``project``: the root whose rules of
    ``projects`` count.
    """
    given = value.get(PERMISSIONS)
    if given is None:
        return NOTHING
    if not isinstance(given, dict):
        return Written(file, lints=(f'"{PERMISSIONS}" is {json_kind(given)}, not an object: it is ignored',))
    return _Reader(file, own=own, managed=managed, project=project).written(given)


def narrowed(value: JsonObject) -> JsonObject:
    """What of ``permissions`` forbids, asks or narrows: it stands in when the file cannot be read any more."""
    given = as_object(value.get(PERMISSIONS))
    kept: JsonObject = {key: given[key] for key in ("deny", "ask", "budget") if key in given}
    if given.get("profile") not in (None, ADMIN):
        kept["profile"] = given["profile"]
    servers = {
        name: one for name, one in as_object(given.get("servers")).items() if as_object(one).get("profile") != ADMIN
    }
    if servers:
        kept["servers"] = servers
    profiles: JsonObject = {}
    for name, profile in as_object(given.get("profiles")).items():
        said = {key: item for key, item in as_object(profile).items() if key != "allow"}
        profiles[name] = said | {"default": "ask"} if said.get("default") == "allow" else said
    if profiles:
        kept["profiles"] = profiles
    projects: JsonObject = {}
    for root, rules in as_object(given.get("projects")).items():
        narrow = {key: item for key, item in as_object(rules).items() if key in ("deny", "ask")}
        if narrow:
            projects[root] = narrow
    if projects:
        kept["projects"] = projects
    return kept


class _Reader:
    """Reads one file's permissions and collects the remarks."""

    def __init__(self, file: str, *, own: bool, managed: bool, project: str) -> None:
        self._file = file
        self._own = own and not managed
        self._ours = own or managed
        self._managed = managed
        self._project = project
        self._lints: list[str] = []

    def written(self, given: JsonObject) -> Written:
        rules = [*self._rules(given, self._file, PERMISSIONS, ours=self._own)]
        if not self._ours:
            return Written(self._file, rules=tuple(rules), lints=tuple(self._lints))
        self._unknown(given, KEYS, PERMISSIONS)
        mine = as_object(self._object(given, "projects").get(self._project))
        if mine:
            place = f"{PERMISSIONS}.projects"
            rules += self._rules(mine, f"{self._file}, for this project", place, ours=self._own)
        profiles = tuple(self._profiles(self._object(given, "profiles")))
        return Written(
            self._file,
            self._managed,
            tuple(rules),
            self._name(given.get("profile"), f"{PERMISSIONS}.profile"),
            dict(self._chosen_for(self._object(given, "servers"))),
            profiles,
            tuple(self._budgets(self._object(given, "budget"))),
            tuple(self._lints),
        )

    def _rules(self, given: JsonObject, source: str, at: str, *, ours: bool = False) -> Iterator[Rule]:
        for effect in EFFECTS:
            listed = given.get(effect.value)
            if listed is None:
                continue
            place = f"{at}.{effect.value}"
            if isinstance(listed, str) and effect is not Effect.ALLOW:
                self._lints.append(f'"{place}" is a string, not an array: taken as the one rule in it')
                listed = [listed]
            if not isinstance(listed, list):
                self._lints.append(f'"{place}" is {json_kind(listed)}, not an array of rules: it is ignored')
                continue
            if len(listed) > MOST_RULES:
                self._lints.append(f'"{place}" has more than {MOST_RULES:,} rules: the rest is ignored')
            for text in listed[:MOST_RULES]:
                rule = self._rule(text, effect, source, place, ours=ours)
                if rule is not None:
                    yield rule

    def _rule(self, text: Json, effect: Effect, source: str, place: str, *, ours: bool = False) -> Rule | None:
        if not isinstance(text, str):
            self._lints.append(f'"{place}" holds {json_kind(text)}, which is no rule: it is ignored')
            return None
        found = parse_rule(text, effect, source, ours=ours)
        shown = one_line(text, 80)
        if isinstance(found, Refused):
            self._lints.append(f'"{shown}" in "{place}" does not count: {found.why}')
            return None
        if found is None:
            if self._ours:
                self._lints.append(f'"{shown}" in "{place}" is no rule about MCP: it is ignored')
            return None
        odd = odd_condition(text)
        if odd is not None:
            self._lints.append(f'"{shown}" in "{place}" counts without its condition: {odd}')
        return found

    def _profiles(self, given: JsonObject) -> Iterator[Profile]:
        for name, value in given.items():
            at = f"{PERMISSIONS}.profiles.{one_line(name, 40)}"
            if name in BUILT_IN:
                self._lints.append(f'"{at}" is ignored: {name} is built in, and stays what it is')
                continue
            if not isinstance(value, dict):
                self._lints.append(f'"{at}" is {json_kind(value)}, not an object: nothing is done unasked in it')
                yield Profile(name, default=Effect.ASK, source=self._file, managed=self._managed)
                continue
            self._unknown(value, PROFILE_KEYS, at)
            yield Profile(
                name,
                tuple(self._rules(value, f"profile {name}", at)),
                self._default(value.get("default"), at),
                self._flag(value.get("readOnly"), f"{at}.readOnly"),
                self._file,
                self._managed,
            )

    def _default(self, value: Json, at: str) -> Effect | None:
        if value is None:
            return None
        if isinstance(value, str) and value in {effect.value for effect in Effect}:
            return Effect(value)
        self._lints.append(f'"{at}.default" is none of "allow", "ask", "deny": everything is asked for')
        return Effect.ASK

    def _flag(self, value: Json, at: str) -> bool:
        if value is None or isinstance(value, bool):
            return value is True
        self._lints.append(f'"{at}" is {json_kind(value)}, not true or false: taken as true')
        return True

    def _chosen_for(self, given: JsonObject) -> Iterator[tuple[str, str]]:
        for server, value in given.items():
            at = f"{PERMISSIONS}.servers.{one_line(server, 40)}"
            if not isinstance(value, dict):
                self._lints.append(f'"{at}" is {json_kind(value)}, not an object: it is ignored')
                continue
            self._unknown(value, ("profile",), at)
            name = self._name(value.get("profile"), f"{at}.profile")
            if name is not None:
                yield server, name

    def _budgets(self, given: JsonObject) -> Iterator[Budget]:
        for text, limit in given.items():
            # a budget is a limit: globs may stand for servers as in an ask
            rule = self._rule(text, Effect.ASK, self._file, f"{PERMISSIONS}.budget")
            if rule is None:
                continue
            if isinstance(limit, int | float) and not isinstance(limit, bool) and 0 <= limit < 10**9:
                yield Budget(rule, int(limit))
                continue
            what = f'the budget of "{one_line(text, 80)}" is no number of calls a minute: none is made unasked'
            self._lints.append(what)
            yield Budget(rule, 0)

    def _name(self, value: Json, at: str) -> str | None:
        if value is None or (isinstance(value, str) and value):
            return value
        self._lints.append(f'"{at}" is no name of a profile: it is ignored')
        return None

    def _object(self, given: JsonObject, key: str) -> JsonObject:
        value = given.get(key)
        if value is not None and not isinstance(value, dict):
            self._lints.append(f'"{PERMISSIONS}.{key}" is {json_kind(value)}, not an object: it is ignored')
        return as_object(value)

    def _unknown(self, given: JsonObject, known: tuple[str, ...], at: str) -> None:
        for key in given:
            if key not in known and not key.startswith("$"):
                shown = one_line(key, 60)
                self._lints.append(f'unknown key "{at}.{shown}" (not used): there is {", ".join(known)}')
