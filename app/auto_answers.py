"""Questions of servers that are answered without a person, where a person chose that for a server.

Owns the choice for each server, by configured name and only for its entry as it stood then, and what is told of every
answer. Never answers a question of mcpdeck itself (permission, login, approval): those reach a person always. The
answers are chosen by the same code as those of ``--answers``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio.lowlevel
import anyio.to_thread

from ..services import events as ev
from ..services.errors import McpDeckError
from ..services.models import Json, JsonObject, as_object, as_text
from ..services.session import Answer, Ask, Question
from ..services.session.questions import ELICITATION, SAMPLING
from ..services.state.text import one_line

if TYPE_CHECKING:
    from ..services.state.model import AppState, ServerState
    from ..services.state.store import Store
    from .answers import Answers

Forms: TypeAlias = Literal["ask", "defaults", "decline", "cancel", "file"]
Completions: TypeAlias = Literal["ask", "reply", "decline", "file"]
FORMS: tuple[Forms, ...] = ("ask", "defaults", "decline", "cancel", "file")
COMPLETIONS: tuple[Completions, ...] = ("ask", "reply", "decline", "file")
PREFERENCE = "answers"
"""Under this name the kept choices stand among a person's preferences."""
MODEL, TEXT = "canned", "This reply was written beforehand."
_SAID = {"accept": "accepted", "decline": "declined", "cancel": "cancelled"}


@dataclass(frozen=True, slots=True)
class AutoProfile:
    """How the questions of one server are answered. ``file`` is that of ``--answers``, read for each question anew.

    ``model`` and ``text`` are the reply to requests for a completion.
    """

    forms: Forms = "ask"
    completions: Completions = "ask"
    model: str = MODEL
    text: str = TEXT
    file: str = ""

    @property
    def asks(self) -> bool:
        """A person answers all of them."""
        return self.forms == "ask" and self.completions == "ask"

    def way(self, method: str) -> str:
        """How questions of a method are answered, in a word or two; empty: by a person."""
        chosen = self.completions if method == SAMPLING else self.forms
        match chosen:
            case "ask":
                return ""
            case "reply":
                return f"reply of {one_line(self.model, 40)}"
            case "file":
                return f"rules of {one_line(Path(self.file).name, 40)}"
            case _:
                return chosen

    @property
    def words(self) -> str:
        """Safe words for a row: both ways, or the one that counts for both; empty: a person is asked."""
        forms, completions = self.way(ELICITATION), self.way(SAMPLING)
        if forms == completions:
            return forms
        told = (f"forms {forms}" if forms else "", f"completions {completions}" if completions else "")
        return " · ".join(part for part in told if part)

    def written(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def read(cls, value: Json) -> AutoProfile:
        """From what was kept; whatever of it is not understood asks a person."""
        given = as_object(value)
        forms, completions = FORMS[0], COMPLETIONS[0]
        for form in FORMS:
            forms = form if form == given.get("forms") else forms
        for completion in COMPLETIONS:
            completions = completion if completion == given.get("completions") else completions
        file = as_text(given.get("file")) or ""
        if not file:
            forms = "ask" if forms == "file" else forms
            completions = "ask" if completions == "file" else completions
        return cls(
            forms,
            completions,
            as_text(given.get("model")) or MODEL,
            as_text(given.get("text")) or TEXT,
            file,
        )


ASKING = AutoProfile()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A profile, the entry it was chosen for, and whether it is to outlive this run."""

    profile: AutoProfile
    digest: str
    kept: bool = False


class AutoAnswers:
    """``ask`` answers what a profile answers, and puts all else to ``person``. Every method runs on the loop."""

    def __init__(self, person: Ask, store: Store) -> None:
        self._person = person
        self._store = store
        self._chosen: dict[str, Chosen] = {}
        self._keep: Callable[[Json], None] | None = None
        self._order: tuple[str, ...] | None = None
        self.close = store.subscribe(self._look)
        """Rows are not told any more."""

    def keep_in(self, value: Json | None, keep: Callable[[Json], None]) -> None:
        """Take over the choices that were kept (``value``); ``keep`` is given all that are to be kept from now on."""
        self._keep = keep
        for name, one in as_object(value).items():
            given = as_object(one)
            profile, digest = AutoProfile.read(given), as_text(given.get("digest"))
            if digest and not profile.asks:
                self._chosen.setdefault(name, Chosen(profile, digest, kept=True))
        self._tell_rows()

    @property
    def can_keep(self) -> bool:
        return self._keep is not None

    def of(self, server: str) -> Chosen | None:
        """What was chosen for a server; None: a person is asked."""
        row = self._store.server(server)
        return self._of(row) if row is not None else None

    def _of(self, row: ServerState) -> Chosen | None:
        name = row.replica_of or row.id
        chosen, first = self._chosen.get(name), self._store.server(name)
        # Another entry may have taken the name: what was chosen was chosen for the one that was seen.
        return chosen if chosen is not None and first is not None and chosen.digest == first.digest else None

    def choose(self, server: str, profile: AutoProfile, *, keep: bool) -> None:
        """From now on; questions that wait already are left to the person."""
        row = self._store.server(server)
        name = (row.replica_of or row.id) if row is not None else ""
        row = self._store.server(name)
        if row is None:
            return
        if profile.asks:
            self._chosen.pop(name, None)
        else:
            self._chosen[name] = Chosen(profile, row.digest, kept=keep)
        if self._keep is not None:
            kept = {name: one for name, one in self._chosen.items() if one.kept}
            self._keep({name: {**one.profile.written(), "digest": one.digest} for name, one in kept.items()} or None)
        self._tell_rows()

    # What servers ask.

    async def ask(self, question: Question) -> Answer:
        chosen = self.of(question.server) if question.method in (ELICITATION, SAMPLING) else None
        way = chosen.profile.way(question.method) if chosen is not None else ""
        if chosen is None or not way:
            return await self._person(question)
        answer = await self._found(chosen.profile, question)
        if answer is None:
            return await self._person(question)
        self._tell_of(question, f"{_SAID[answer.action]} automatically: {way}")
        await anyio.lowlevel.checkpoint()  # whoever asks again and again must not hold the loop
        return answer

    async def _found(self, profile: AutoProfile, question: Question) -> Answer | None:
        from .answers import Answers, Match, Reply, read_answers  # not before a profile is to answer

        sampling = question.method == SAMPLING
        answers: Answers
        match profile.completions if sampling else profile.forms:
            case "file":
                try:
                    answers = await anyio.to_thread.run_sync(lambda: read_answers(profile.file, quiet=True))
                except McpDeckError as error:
                    self._note(question.server, f"The answers file cannot be used, you are asked: {error}", "warning")
                    return None
            case "reply":
                answers = Answers(sampling=Reply(profile.model, profile.text))
            case "defaults":
                if question.params.get("mode") == "url":
                    return None  # an address wants a person's consent
                answers = Answers(elicitation=(Match("*", "accept", None),))
            case "cancel":
                answers = Answers(elicitation=(Match("*", "cancel", None),))
            case _:
                answers = Answers(elicitation=(Match("*", "decline", None),), sampling="decline")
        return answers.chosen(question)

    def _tell_of(self, question: Question, how: str) -> None:
        """Beside the call it belongs to, and in the server's log; never what was answered."""
        about = "A request for a completion" if question.method == SAMPLING else "A question"
        said = one_line(as_text(question.params.get("message")) or "", 120)
        self._note(question.server, f"{about}{f' ({said})' if said else ''} was {how}.", "info")
        if question.call is not None:
            self._store.dispatch(ev.CallAnswered(question.call, how))

    def _note(self, server: str, words: str, level: str) -> None:
        row = self._store.server(server)
        if row is not None:
            self._store.dispatch(ev.LogReceived(server, row.generation, time.time(), "note", level, None, words))

    # What the rows say.

    def _look(self, state: AppState) -> None:
        if self._chosen and state.mcp.order is not self._order:
            self._tell_rows()

    def _tell_rows(self) -> None:
        mcp = self._store.state.mcp
        self._order = mcp.order
        for row in list(mcp.servers.values()):
            how = self._words(row)
            if how != row.answers:
                self._store.dispatch(ev.AnswersChosen(row.id, how))

    def _words(self, row: ServerState) -> str:
        chosen = self._of(row)
        return chosen.profile.words if chosen is not None else ""


def with_file(profile: AutoProfile) -> AutoProfile:
    """``profile``; the path of its file whole, as it may be kept and this may run elsewhere next time."""
    from ..services.config.files import with_home

    return replace(profile, file=str(with_home(profile.file).absolute())) if profile.file else profile
