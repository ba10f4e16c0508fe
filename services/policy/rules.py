"""``allowedMcpServers`` and ``deniedMcpServers``: which servers may be used at all (config contract, section 3).

Owns the rules, how they are read from settings, and the judgement about one server. Never opens a file
and never contacts anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from ..config.expand import REFERENCE, Expander
from ..config.mask import masked_command
from ..config.read import json_kind
from ..errors import PolicyDenied
from ..models import InProcessTarget, Json, JsonObject, StdioTarget, Target
from ..telemetry.redaction import masked_text, masked_url
from .url_patterns import Address, UrlPattern, glob

ALLOWED = "allowedMcpServers"
DENIED = "deniedMcpServers"
MANAGED_ONLY = "allowManagedMcpServersOnly"

NAME, COMMAND, URL = "serverName", "serverCommand", "serverUrl"
KINDS = (NAME, COMMAND, URL)

Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list. ``place`` is file and key in words; ``words`` the command or the only word.

    ``forms`` are all commands or URL patterns that it means: as it is written, and with its variables put in.
    """

    kind: str
    words: Words
    place: str
    file: str
    forms: tuple[Words, ...]
    patterns: tuple[UrlPattern, ...] = ()

    @property
    def text(self) -> str:
        """The rule as a person may see it, secrets masked."""
        if self.kind == COMMAND:
            return f"{self.kind} {masked_command(self.words[0], self.words[1:])}"
        word = self.words[0]
        return f"{self.kind} {masked_text(masked_url(word)) if self.kind == URL else word}"


@dataclass(frozen=True, slots=True)
class Lists:
    """What one settings file says. ``allowed`` None: nothing. ``managed_only``: no other file's allow list counts.

    ``shut``: why the file of an administrator cannot be understood; until it is repaired nothing is allowed.
    ``rank``: which of the administrator's folders it stands in, the highest is 0.
    """

    file: str
    managed: bool = False
    rank: int = 0
    allowed: tuple[Rule, ...] | None = None
    denied: tuple[Rule, ...] = ()
    managed_only: bool = False
    shut: str | None = None
    lints: tuple[str, ...] = ()


def read_lists(value: JsonObject, file: str, *, expander: Expander, managed: bool = False, rank: int = 0) -> Lists:
    """The lists of one settings file. Never raises; what is wrong becomes a lint, or ``shut`` in a managed file."""
    lints: list[str] = []
    allowed: tuple[Rule, ...] | None = None
    denied: tuple[Rule, ...] = ()
    shut: str | None = None
    if ALLOWED in value:
        given = value[ALLOWED]
        if isinstance(given, list):
            allowed = _rules(given, ALLOWED, file, lints, expander)
        elif managed:
            allowed = ()
            lints.append(f'"{ALLOWED}" is {json_kind(given)}, not an array: it counts as [], which allows nothing')
        else:
            lints.append(f'"{ALLOWED}" is {json_kind(given)}, not an array: it is ignored')
    if DENIED in value:
        given = value[DENIED]
        if isinstance(given, list):
            denied = _rules(given, DENIED, file, lints, expander)
        elif managed:
            shut = f'"{DENIED}" is {json_kind(given)}, not an array'
            lints.append(f"{shut}: nothing is allowed until it is repaired")
        else:
            lints.append(f'"{DENIED}" is {json_kind(given)}, not an array: it is ignored')
    only = value.get(MANAGED_ONLY, False)
    if MANAGED_ONLY in value and not managed:
        lints.append(f'"{MANAGED_ONLY}" counts in managed settings only: it is ignored')
    elif not isinstance(only, bool):
        lints.append(f'"{MANAGED_ONLY}" is {json_kind(only)}, not true or false: taken as true')
    return Lists(file, managed, rank, allowed, denied, managed and only is not False, shut, tuple(lints))


def unreadable(file: str, reason: str, *, managed: bool) -> Lists:
    """The lists of a file that cannot be read: of an administrator's nobody knows what it would forbid."""
    return Lists(file, managed, shut=reason if managed else None)


def _rules(given: Sequence[Json], key: str, file: str, lints: list[str], expander: Expander) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for index, item in enumerate(given):
        place = f"{key}[{index}]"
        rule = _rule(item, key, file, f"{file}, {place}", expander)
        if isinstance(rule, Rule):
            rules.append(rule)
        else:
            lints.append(f"{place} {rule}: this rule is left out")
    return tuple(rules)


def _rule(item: Json, key: str, file: str, place: str, expander: Expander) -> Rule | str:
    """The rule, or why it is none."""
    if not isinstance(item, dict):
        return f"is {json_kind(item)}, not an object"
    kinds = [kind for kind in KINDS if kind in item]
    if len(kinds) != 1:
        return f"has {' and '.join(kinds) or 'none of ' + ', '.join(KINDS)}; exactly one must stand in it"
    kind = kinds[0]
    value = item[kind]
    if kind == COMMAND:
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            return f"has a {COMMAND} that is no array of strings"
        words = tuple(cast("list[str]", value))
    elif not isinstance(value, str) or not value.strip():
        return f"has a {kind} that is {'empty' if isinstance(value, str) else json_kind(value)}"
    else:
        words = (value,)
    forms = (words,) if kind == NAME else _forms(kind, words, key, expander)
    if not forms:
        return "allows what a variable says, which whoever starts mcpdeck may set"
    patterns = tuple(UrlPattern.of(form[0]) for form in forms) if kind == URL else ()
    return Rule(kind, words, place, file, forms, patterns)


def _forms(kind: str, words: Words, key: str, expander: Expander) -> tuple[Words, ...]:
    """A rule may name variables as an entry does (Claude Code's documentation, "Managed MCP").

    A deny is meant in both forms. An allow is meant with the values put in, and whoever starts mcpdeck sets those:
    a URL may take a plain word of its path from one, never its host.
    """
    expanded = tuple(expander.text(word) for word in words)
    if expanded == words:
        return (words,)
    if key == DENIED:
        return (words, expanded)
    if kind == URL:
        beginning, separator, rest = words[0].partition("://")
        authority, slash, path = rest.partition("/")
        if not separator or not slash or REFERENCE.search(beginning + separator + authority):
            return ()
        values = [expander.text(match.group()) for match in REFERENCE.finditer(path)]
        if any(set(value) & set("/\\@?#*%.") for value in values):
            return ()
    return (expanded,)


@dataclass(frozen=True, slots=True)
class Subject:
    """A server to judge: its name as written, its target, and its command or URLs as written (None: no file has it)."""

    name: str
    target: Target | None
    written: Words | None = None


class _List:
    """The rules of one united list, ready to be asked: long lists of names and commands cost no search."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.names: dict[str, Rule] = {}
        self.commands: dict[Words, Rule] = {}
        for rule in reversed(rules):  # the first of two that say the same is the one that is named
            if rule.kind == NAME:
                self.names[rule.words[0]] = rule
            elif rule.kind == COMMAND:
                self.commands |= dict.fromkeys(rule.forms, rule)
        self.urls = tuple(rule for rule in rules if rule.kind == URL)

    def denies(self, server: Subject, addresses: tuple[Address, ...]) -> Rule | None:
        """The rule that names the server, its command or its URL, as it is used or as it is written."""
        commands = (self.commands.get(command) for command in _commands(server))
        found = self.names.get(server.name) or next((rule for rule in commands if rule), None)
        return found or next((rule for rule in self.urls if _is_denied_url(rule, server, addresses)), None)

    def has(self, kind: str) -> bool:
        return bool(self.urls if kind == URL else self.commands)

    def allows(self, server: Subject, kind: str, addresses: tuple[Address, ...]) -> bool:
        """Only what is really started or contacted can be allowed: it comes first."""
        if kind == COMMAND:
            return _commands(server)[0] in self.commands
        return any(pattern.allows(addresses[0]) for rule in self.urls for pattern in rule.patterns)


class Policy:
    """All lists, united. ``allowed`` None: no list says what may be used.

    ``shut``: file and reason, when an administrator's file cannot be understood. ``allow_files``: the files that have
    an allow list which counts.
    """

    def __init__(
        self,
        denied: Sequence[Rule] = (),
        allowed: Sequence[Rule] | None = None,
        shut: tuple[str, str] | None = None,
        allow_files: Sequence[str] = (),
    ) -> None:
        self._denied = _List(denied)
        self._allowed = None if allowed is None else _List(allowed)
        self._shut = shut
        self._allow_files = ", ".join(dict.fromkeys(allow_files))
        self.open = not denied and allowed is None and shut is None
        """Nothing is restricted."""

    @classmethod
    def of(cls, lists: Iterable[Lists]) -> Policy:
        """Unite what the settings files say; the administrator's alone allow where one of them says so."""
        every = list(lists)
        shut = next(((one.file, one.shut) for one in every if one.shut is not None), None)
        ranks = [one.rank for one in every if one.managed_only]
        # a folder below the one that says so (a variable may name more of them) widens nothing either
        counting = [
            one for one in every if one.allowed is not None and (not ranks or (one.managed and one.rank <= min(ranks)))
        ]
        allowed = [rule for one in counting for rule in one.allowed or ()] if counting else None
        denied = [rule for one in every for rule in one.denied]
        return cls(denied, allowed, shut, [one.file for one in counting])

    def judge(self, server: Subject) -> PolicyDenied | None:
        """Why ``server`` must not be used; None when it may. A deny stands above every allow."""
        if self.open:
            return None
        if self._shut is not None:
            file, reason = self._shut
            return _denial(server, f"nothing is allowed: {file} cannot be understood", ALLOWED, file, None, reason)
        addresses = _addresses(server)
        rule = self._denied.denies(server, addresses)
        if rule is not None:
            return _denial(server, f"denied by {rule.text} ({rule.place})", DENIED, rule.file, rule)
        if addresses and not addresses[0].clear and self._denied.urls:
            rule = self._denied.urls[0]
            title = f"its URL can be read in more than one way, and {rule.place} denies URLs"
            return _denial(server, title, DENIED, rule.file, rule)
        return self._not_allowed(server, addresses)

    def _not_allowed(self, server: Subject, addresses: tuple[Address, ...]) -> PolicyDenied | None:
        allowed = self._allowed
        if allowed is None:
            return None
        kind = _kind_of(server)
        # a name is anybody's to choose: it counts only where nothing says more
        names_count = kind == NAME or not allowed.has(kind)
        if names_count and server.name in allowed.names:
            return None
        if not names_count and allowed.allows(server, kind, addresses):
            return None
        wanted = NAME if names_count else kind
        empty = not (allowed.names or allowed.commands or allowed.urls)
        what = "the allow list is empty" if empty else f"no {wanted} of the allow list is this server"
        return _denial(server, f"{what} ({self._allow_files})", ALLOWED, self._allow_files, None)


def _kind_of(server: Subject) -> str:
    """The kind of rule that is meant for a server of this kind."""
    if isinstance(server.target, StdioTarget):
        return COMMAND
    return NAME if isinstance(server.target, InProcessTarget) else URL


def _addresses(server: Subject) -> tuple[Address, ...]:
    """The URL that is contacted, then those that are written; nothing for a server without one."""
    target = server.target
    if target is None or isinstance(target, StdioTarget | InProcessTarget):
        return ()
    return tuple(Address.of(url) for url in dict.fromkeys([target.url, *(server.written or ())]))


def _commands(server: Subject) -> tuple[Words, ...]:
    """The command that is started, then the one that is written."""
    target = server.target
    if not isinstance(target, StdioTarget):
        return ()
    started = (target.command, *target.args)
    return (started,) if server.written is None or server.written == started else (started, server.written)


def _is_denied_url(rule: Rule, server: Subject, addresses: tuple[Address, ...]) -> bool:
    if any(pattern.denies(address) for pattern in rule.patterns for address in addresses):
        return True
    # one with variables in it may be no address before they are put in: then it is held against the text
    written = server.written if addresses else None
    return any("${" in url and glob(rule.words[0], url) for url in written or ())


def _denial(
    server: Subject, why: str, which: str, file: str, rule: Rule | None, reason: str | None = None
) -> PolicyDenied:
    details: JsonObject = {"rule": rule.text if rule else None, "list": which, "file": file, "gate": "blocked"}
    if rule is not None:
        details["place"] = rule.place
    if reason is not None:
        details["reason"] = reason
        hint = f"{reason}: whoever manages this machine must repair it"
    elif which == DENIED:
        hint = f"nothing overrides a deny rule; it stands in {file}"
    else:
        hint = f"it must be added to {ALLOWED} in {file}"
    return PolicyDenied(f'"{server.name}" is blocked by policy: {why}', hint=hint, server=server.name, details=details)
