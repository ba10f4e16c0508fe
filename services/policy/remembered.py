"""What a person answered when asked for permission: for this session, and for good.

Owns both memories; the second stands in mcpdeck's data folder, one private file, written in one step, for many
processes. An answer is about one definition of a tool (its digest): of another one it says nothing. Of arguments only
a keyed digest is kept, beside their names: they may hold secrets. Never decides.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..config.files import PrivateJson
from ..models import Json, JsonObject, ServerEntry, Source, as_list, as_object, as_text
from ..models.permissions import Act, Offered, Reach
from ..models.qualified import plain
from .permission_rules import rule_text
from .settings import Stat, stat_of
from .url_patterns import glob

FILE_NAME = "permissions.json"
_Key = tuple[Offered, str, str]


def place_of(entry: ServerEntry, project: Path) -> str | None:
    """Where answers about a server belong: to the person (empty), or to one project; None: none are kept.

    Another program may stand behind what was given on a command line, and behind an entry that somebody else wrote
    once it is edited.
    """
    if entry.origin.file is None:
        return None
    if entry.source in (Source.USER, Source.MANAGED):
        return ""
    return str(project) if entry.source is Source.LOCAL else f"{project}\n{entry.digest}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One yes. ``place``: where the server's entry stands, empty for the person's own. ``at`` in wall seconds.

    ``seconds``: of one that ends, how long it holds, and ``until`` when that is over, by the clock of the budgets.
    ``arguments`` is the keyed digest of those that it is about, with their ``names``; None: whatever they are.
    """

    kind: Offered
    server: str
    name: str
    digest: str
    reach: Reach
    arguments: str | None = None
    names: tuple[str, ...] = ()
    place: str = ""
    at: float = 0.0
    seconds: float | None = None
    until: float = math.inf

    @property
    def rule(self) -> str:
        """It in the words of a rule; of arguments their names and the beginning of their digest."""
        whole = rule_text(self.kind, self.server, self.name)
        if self.arguments is None:
            return whole
        return f"{whole}({', '.join(self.names) or 'no arguments'} #{self.arguments[:8]})"

    def fits(self, rule: str) -> bool:
        """``rule`` names it, with or without its arguments, by its own name or the form that models have it in; ``*``
        is any run of characters.
        """
        whole = rule_text(self.kind, self.server, self.name)
        names = [self.rule, whole]
        if self.kind is not Offered.RESOURCE:
            names.append(rule_text(self.kind, self.server, plain(self.name)))
        return any(glob(rule, name) for name in names)


@dataclass(frozen=True, slots=True)
class Yes:
    """The answers about one thing."""

    answers: tuple[Answer, ...] = ()

    def changed(self, digest: str) -> bool:
        """It was approved, and none of the approvals is about the definition that it has now."""
        return bool(digest and self.answers) and all(answer.digest != digest for answer in self.answers)


NO_YES = Yes()


class Answers:
    """The answers of one session, and those that are kept. ``data`` None: nothing outlives this session."""

    def __init__(self, data: Path | None) -> None:
        self._file = None if data is None else PrivateJson(data / FILE_NAME)
        self._stat: Stat = None
        self._key = b""
        self._kept: dict[tuple[str, _Key], tuple[Answer, ...]] = {}
        self._session: dict[tuple[str, _Key], tuple[Answer, ...]] = {}
        self._salt = secrets.token_bytes(32)
        self._known: dict[tuple[str | None, str, _Key], Yes] = {}
        self._ends = math.inf
        self.problem: str | None = None
        """Why what was kept is not known."""

    @property
    def path(self) -> Path | None:
        return None if self._file is None else self._file.path

    def look(self) -> None:
        """Read again what is kept where its file changed. Never raises."""
        if self._file is None:
            return
        now = stat_of(self._file.path)
        if now == self._stat:
            return
        self._stat = now
        content = self._file.read()
        self.problem = self._file.problem
        self._take(content)

    def about(self, act: Act, place: str | None, program: str) -> Yes:
        """Every yes about what is to be used; ``place`` None: none is kept of its server. ``program``: what stands
        behind its name now; what was said in this session of another one does not count.
        """
        key = (act.kind, act.server, act.name)
        if not self._session and not self._kept:
            return NO_YES
        known = self._known.get((place, program, key))
        if known is None:
            kept = () if place is None else self._kept.get((place, key), ())
            found = self._session.get((program, key), ()) + kept
            if len(self._known) > 20_000:
                self._known.clear()
            known = self._known[place, program, key] = Yes(found) if found else NO_YES
        return known

    def end(self, now: float) -> None:
        """Drop the answers whose time is over."""
        if now >= self._ends:
            self._keep_session(lambda answer: answer.until > now)

    def covering(self, act: Act, yes: Yes, *, exactly: bool = False) -> Answer | None:
        """The one of ``yes`` that reaches this use; ``exactly``: one of this session about these arguments."""
        digests: dict[bytes, str | None] = {}
        for answer in yes.answers:
            if answer.digest != act.digest:
                continue
            if exactly and (answer.reach is not Reach.SESSION or answer.arguments is None):
                continue
            if answer.arguments is None:
                return answer
            key = self._salt if answer.reach is Reach.SESSION else self._key
            if key not in digests:
                digests[key] = _digest_of(act.arguments, key)
            if digests[key] == answer.arguments:
                return answer
        return None

    def for_session(self, act: Act, program: str, *, same_arguments: bool, at: float) -> None:
        """Yes until this process ends; ``same_arguments``: to those only."""
        arguments = _digest_of(act.arguments, self._salt) if same_arguments else None
        if same_arguments and arguments is None:
            return
        names = tuple(sorted(act.arguments))
        self._add(program, Answer(act.kind, act.server, act.name, act.digest, Reach.SESSION, arguments, names, at=at))

    def for_a_while(self, act: Act, program: str, *, seconds: float, until: float, at: float) -> None:
        """Yes to it, whatever its arguments are, for so long and until this process ends at most."""
        answer = Answer(act.kind, act.server, act.name, act.digest, Reach.SESSION, at=at, seconds=seconds, until=until)
        self._add(program, answer)
        self._ends = min(self._ends, until)

    def _add(self, program: str, answer: Answer) -> None:
        def same(other: Answer) -> bool:
            ends = (other.seconds is None) == (answer.seconds is None)
            return ends and (other.digest, other.arguments) == (answer.digest, answer.arguments)

        key = (program, (answer.kind, answer.server, answer.name))
        self._session[key] = (*(one for one in self._session.get(key, ()) if not same(one)), answer)
        self._known.clear()

    def for_good(self, act: Act, place: str, *, same_arguments: bool, at: float) -> None:
        """Yes from now on, in the place of what was said about another definition. Raises ``ConfigError``."""
        assert self._file is not None
        reach = Reach.ARGUMENTS if same_arguments else Reach.ALWAYS

        def change(content: JsonObject) -> None:
            arguments = _digest_of(act.arguments, _key_of(content)) if same_arguments else None
            if same_arguments and arguments is None:
                return
            answer = Answer(
                act.kind, act.server, act.name, act.digest, reach, arguments, tuple(sorted(act.arguments)), place, at
            )
            kept = [one for one in _read(content) if not _replaced(one, answer)]
            content |= {"version": 1, "answers": [_record(one) for one in (*kept, answer)]}

        self._file.update(change)
        self._stat = None
        self.look()

    def all(self) -> tuple[Answer, ...]:
        """Every yes of this session, then every one that is kept, of all projects."""
        session = (answer for answers in self._session.values() for answer in answers)
        return (*session, *(answer for answers in self._kept.values() for answer in answers))

    def forget(self, rule: str) -> tuple[Answer, ...]:
        """Forget what ``rule`` names, wherever it belongs, and say what that was. Raises ``ConfigError``."""

        def named(answer: Answer) -> bool:
            return answer.fits(rule)

        gone = tuple(answer for answer in self.all() if named(answer))
        if any(answer.reach is not Reach.SESSION for answer in gone) and self._file is not None:

            def change(content: JsonObject) -> None:
                content["answers"] = [_record(one) for one in _read(content) if not named(one)]

            self._file.update(change)
            self._stat = None
            self.look()
        self._keep_session(lambda answer: not named(answer))
        return gone

    def _keep_session(self, stays: Callable[[Answer], bool]) -> None:
        left = {key: tuple(filter(stays, answers)) for key, answers in self._session.items()}
        self._session = {key: answers for key, answers in left.items() if answers}
        self._ends = min((one.until for answers in self._session.values() for one in answers), default=math.inf)
        self._known.clear()

    def _take(self, content: JsonObject) -> None:
        self._key = _bytes(content.get("key"))
        self._kept = {}
        for answer in _read(content):
            where = (answer.place, (answer.kind, answer.server, answer.name))
            self._kept[where] = (*self._kept.get(where, ()), answer)
        self._known.clear()


def _digest_of(arguments: JsonObject, key: bytes) -> str | None:
    """Keyed, so that nobody who reads the file can guess short values; None for what nests too deeply."""
    try:
        text = json.dumps(arguments, sort_keys=True, separators=(",", ":"))
    except (RecursionError, ValueError, TypeError):
        return None
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def _key_of(content: JsonObject) -> bytes:
    """The installation's key for digests of arguments; made where there is none."""
    key = _bytes(content.get("key"))
    if not key:
        key = secrets.token_bytes(32)
        content["key"] = key.hex()
    return key


def _bytes(value: Json) -> bytes:
    try:
        return bytes.fromhex(as_text(value) or "")
    except ValueError:
        return b""


def _replaced(old: Answer, new: Answer) -> bool:
    """``old`` is about the same thing, and was said of another definition or says no more than ``new``."""
    if (old.place, old.kind, old.server, old.name) != (new.place, new.kind, new.server, new.name):
        return False
    return old.digest != new.digest or new.arguments in (None, old.arguments)


def _read(content: JsonObject) -> Iterator[Answer]:
    """What can be understood of what is kept; a record that cannot is no yes."""
    for item in as_list(content.get("answers")):
        record = as_object(item)
        server, name, digest = (as_text(record.get(key)) for key in ("server", "name", "digest"))
        kind, reach = as_text(record.get("kind")), as_text(record.get("reach"))
        place, arguments, at = record.get("place"), record.get("arguments"), record.get("at")
        if not server or name is None or not digest or not isinstance(place, str):
            continue
        if kind not in {one.value for one in Offered} or reach not in (Reach.ARGUMENTS, Reach.ALWAYS):
            continue
        if (reach == Reach.ARGUMENTS) != (isinstance(arguments, str) and bool(arguments)):
            continue
        names = tuple(one for one in as_list(record.get("names")) if isinstance(one, str))
        told = float(at) if isinstance(at, int | float) else 0.0
        given = arguments if isinstance(arguments, str) else None
        yield Answer(Offered(kind), server, name, digest, Reach(reach), given, names, place, told)


def _record(answer: Answer) -> JsonObject:
    record: JsonObject = {
        "kind": answer.kind.value,
        "server": answer.server,
        "name": answer.name,
        "digest": answer.digest,
        "reach": answer.reach.value,
        "place": answer.place,
        "at": int(answer.at),
    }
    if answer.arguments is not None:
        record |= {"arguments": answer.arguments, "names": [*answer.names]}
    return record
