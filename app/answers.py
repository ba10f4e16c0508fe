"""``--answers FILE``: what answers the questions of servers and logins when no person does.

Owns reading the file, what it lets mcpdeck declare, and the choice of an answer. Never logs what stands in
it, and never visits a URL that a server wants visited: accepting one says yes and no more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, TypeAlias

from ..services.config.expand import Expander
from ..services.config.files import with_home
from ..services.config.oauth_field import ANSWERED, OAuthFields, WrongField, read_oauth
from ..services.config.positions import JsonProblem, read_json
from ..services.errors import ConfigSyntaxError, ConfigValidationError
from ..services.models import Json, JsonObject, as_object, as_text
from ..services.session.questions import SAMPLING, Answer, Offer, Question
from ..services.state.text import one_line
from .made_values import form_content
from .printing import note, note_warning

Action: TypeAlias = Literal["accept", "decline", "cancel"]
CHARACTERS_A_TOKEN = 4
"""How long a token is taken to be: ``maxTokens`` must be respected (section 34), and no model counts here."""
_DEPTH = 50
"""How deep a file may nest."""


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of a list of answers: the first whose glob fits the message is taken.

    An accepted form without ``content`` gets the made values of ``"defaults"``.
    """

    glob: str
    action: Action
    content: JsonObject | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What sampling is answered with."""

    model: str
    text: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What an answers file says; without a file nothing is offered and every question is declined.

    ``elicitation`` and ``sampling`` None: not offered. ``permission`` is kept for whoever asks about permission.
    ``oauth`` None: nobody logs in unasked.
    """

    elicitation: tuple[Match, ...] | None = None
    sampling: Reply | Literal["decline"] | None = None
    roots: tuple[JsonObject, ...] | None = None
    permission: Literal["allow", "deny"] | None = None
    oauth: OAuthFields | None = field(default=None, repr=False)
    quiet: bool = False

    @property
    def offer(self) -> Offer:
        return Offer(elicitation=self.elicitation is not None, sampling=self.sampling is not None, roots=self.roots)

    async def ask(self, question: Question) -> Answer:
        """Answer at once; what nothing here answers is declined. Says so on stderr, without the answer's content."""
        sampling = question.method == SAMPLING
        answer = self.chosen(question) or Answer("decline")
        if not self.quiet:
            if answer.content is not None and not sampling:
                await _warn_about(answer.content, question)
            said = {"accept": "answered", "decline": "declined", "cancel": "cancelled"}[answer.action]
            why = "" if self._answers(sampling) else " (no --answers file answers it)"
            message = one_line(as_text(question.params.get("message")) or "", 200)
            about = "for a model's reply" if sampling else f'"{message}"'
            note(f"{one_line(question.server)} asks {about}: {said}{why}")
        return answer

    def chosen(self, question: Question) -> Answer | None:
        """The answer to a question of a server; None where nothing here answers it."""
        return self._sampled(question.params) if question.method == SAMPLING else self._elicited(question.params)

    def _answers(self, sampling: bool) -> bool:
        return (self.sampling if sampling else self.elicitation) is not None

    def _elicited(self, params: JsonObject) -> Answer | None:
        message = as_text(params.get("message")) or ""
        match = next((match for match in self.elicitation or () if fnmatchcase(message, match.glob)), None)
        if match is None:
            return None
        if match.action != "accept" or params.get("mode") == "url":
            return Answer(match.action)
        if match.content is not None:
            return Answer("accept", match.content)
        return Answer("accept", form_content(as_object(params.get("requestedSchema"))))

    def _sampled(self, params: JsonObject) -> Answer | None:
        """The whole ``CreateMessageResult``: always one text, also where tools are offered (section 34)."""
        reply = self.sampling
        if not isinstance(reply, Reply):
            return None if reply is None else Answer("decline")
        text, reason, most = reply.text, "endTurn", params.get("maxTokens")
        if isinstance(most, int) and not isinstance(most, bool) and len(text) > max(0, most) * CHARACTERS_A_TOKEN:
            text, reason = text[: max(0, most) * CHARACTERS_A_TOKEN], "maxTokens"
        content: JsonObject = {"type": "text", "text": text}
        return Answer("accept", {"role": "assistant", "content": content, "model": reply.model, "stopReason": reason})


async def _warn_about(content: JsonObject, question: Question) -> None:
    """Say where an answer does not fit the form (section 33); it is sent as the file has it."""
    from ..services.engine.validation import check

    for problem in await check(content, as_object(question.params.get("requestedSchema"))) or ():
        # The problem may quote a value, which may be a secret: only its place is said.
        place = re.match(r"[^\s:'\"{]+(?=: )", problem)
        note_warning(f"{question.server}: the answer does not fit the form{f' at {place.group()}' if place else ''}")


def read_answers(path: str, environ: Mapping[str, str] | None = None, *, quiet: bool = False) -> Answers:
    """Read an answers file; ``${NAME}`` and ``${NAME:-default}`` in its texts are expanded.

    Raises ``ConfigSyntaxError`` or ``ConfigValidationError`` naming the file and the place in it.
    """
    file = with_home(path)
    try:
        document = read_json(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _wrong(file, "", f"cannot be read: {error.strerror or error}", "check the path of --answers") from None
    except UnicodeDecodeError:
        raise _wrong(file, "", "is not UTF-8", "save it as UTF-8") from None
    except JsonProblem as problem:
        place = f"{file}:{problem.place.line}:{problem.place.column}" if problem.place else str(file)
        remedy = problem.remedy if "mcpServers" not in problem.remedy else "write {} into it"
        raise ConfigSyntaxError(f"{place} is not JSON: {problem.reason}", hint=remedy) from None
    return _Reader(file, os.environ if environ is None else environ).answers(document.value, quiet)


def _wrong(file: Path, pointer: str, what: str, remedy: str) -> ConfigValidationError:
    where = f"{file}, {pointer}:" if pointer else f"{file}"
    return ConfigValidationError(f"{where} {what}", hint=remedy, details={"file": str(file), "pointer": pointer})


class _Reader:
    """Reads the values of one file; every complaint names file and JSON pointer, and never a value."""

    def __init__(self, file: Path, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ

    def answers(self, value: Json, quiet: bool) -> Answers:
        given = self._members(value, "", "elicitation", "sampling", "roots", "permission", "oauth")
        whole = {key: item if key == "oauth" else self._expanded(item, f"/{key}", 1) for key, item in given.items()}
        return Answers(
            elicitation=self._elicitation(whole["elicitation"]) if "elicitation" in whole else None,
            sampling=self._sampling(whole["sampling"]) if "sampling" in whole else None,
            roots=self._roots(whole["roots"]) if "roots" in whole else None,
            permission=self._permission(whole["permission"]) if "permission" in whole else None,
            oauth=self._oauth(whole["oauth"]) if "oauth" in whole else None,
            quiet=quiet,
        )

    def _elicitation(self, value: Json) -> tuple[Match, ...] | None:
        if isinstance(value, list):
            return tuple(self._match(item, f"/elicitation/{index}") for index, item in enumerate(value))
        match self._choice(value, "/elicitation", "defaults", "decline", "cancel", "off", otherwise=" or a list"):
            case "off":
                return None
            case "defaults":
                return (Match("*", "accept", None),)
            case "cancel":
                return (Match("*", "cancel", None),)
            case _:
                return (Match("*", "decline", None),)

    def _match(self, value: Json, at: str) -> Match:
        item = self._members(value, at, "match", "action", "content")
        content = item.get("content")
        if content is not None and not isinstance(content, dict):
            raise self._wrong(f"{at}/content", "is no object", "write the values of the form: {name: value}")
        glob = self._text(item.get("match", "*"), f"{at}/match")
        return Match(glob, self._action(item.get("action", "accept"), f"{at}/action"), content)

    def _action(self, value: Json, at: str) -> Action:
        match self._choice(value, at, "accept", "decline", "cancel"):
            case "accept":
                return "accept"
            case "cancel":
                return "cancel"
            case _:
                return "decline"

    def _sampling(self, value: Json) -> Reply | Literal["decline"] | None:
        if not isinstance(value, dict):
            otherwise = ' or {"model": …, "text": …}'
            return (
                "decline" if self._choice(value, "/sampling", "off", "decline", otherwise=otherwise) != "off" else None
            )
        item = self._members(value, "/sampling", "model", "text")
        for name in ("model", "text"):
            if name not in item:
                raise self._wrong("/sampling", f'has no "{name}"', 'write {"model": "name", "text": "reply"}')
        return Reply(self._text(item["model"], "/sampling/model"), self._text(item["text"], "/sampling/text"))

    def _roots(self, value: Json) -> tuple[JsonObject, ...]:
        if not isinstance(value, list):
            raise self._wrong("/roots", "is no list", 'write ["file:///path"]')
        return tuple(self._root(item, f"/roots/{index}") for index, item in enumerate(value))

    def _root(self, value: Json, at: str) -> JsonObject:
        root: JsonObject = {}
        if isinstance(value, dict):
            item = self._members(value, at, "uri", "name")
            if "name" in item:
                root["name"] = self._text(item["name"], f"{at}/name")
            value, at = item.get("uri"), f"{at}/uri"
        uri = self._text(value, at)
        if not uri.startswith("file://"):  # section 35
            raise self._wrong(at, "is no file:// URI", "a root is a file:// URI, like file:///home/me/project")
        return {"uri": uri, **root}

    def _permission(self, value: Json) -> Literal["allow", "deny"]:
        return "allow" if self._choice(value, "/permission", "allow", "deny") == "allow" else "deny"

    def _oauth(self, value: Json) -> OAuthFields:
        item = self._members(value, "/oauth", *ANSWERED)
        try:
            return read_oauth(item, self._file.absolute().parent, lambda at, text: self._put_in(text, f"/oauth/{at}"))
        except WrongField as wrong:
            raise self._wrong(f"/oauth/{wrong.at}", wrong.what, wrong.remedy) from None

    def _expanded(self, value: Json, at: str, depth: int) -> Json:
        if depth > _DEPTH:
            raise self._wrong("", "is nested too deeply", "flatten it")
        match value:
            case str():
                return self._put_in(value, at)
            case list():
                return [self._expanded(item, f"{at}/{index}", depth + 1) for index, item in enumerate(value)]
            case dict():
                return {key: self._expanded(item, f"{at}/{_pointed(key)}", depth + 1) for key, item in value.items()}
            case _:
                return value

    def _put_in(self, text: str, at: str) -> str:
        expander = Expander(self._environ)
        expanded = expander.text(text)
        if expander.missing:
            names = ", ".join(expander.missing)
            raise self._wrong(at, f"needs an environment variable that is not set: {names}", "set it")
        return expanded

    def _members(self, value: Json, at: str, *known: str) -> JsonObject:
        if not isinstance(value, dict):
            raise self._wrong(at, "is no object" if at else "holds no object", f"it has: {', '.join(known)}")
        for name in value:
            if name not in known:
                from difflib import get_close_matches

                close = get_close_matches(name, known, 1, 0.6)
                hint = f'did you mean "{close[0]}"?' if close else f"there is {', '.join(known)}"
                raise self._wrong(f"{at}/{_pointed(name)}", "is not known", hint)
        return value

    def _choice(self, value: Json, at: str, *allowed: str, otherwise: str = "") -> str:
        if isinstance(value, str) and value in allowed:
            return value
        words = ", ".join(f'"{word}"' for word in allowed)
        raise self._wrong(at, f"is none of {words}{otherwise}", "correct it")

    def _text(self, value: Json, at: str) -> str:
        if not isinstance(value, str):
            raise self._wrong(at, "is no text", "write it in quotes")
        return value

    def _wrong(self, at: str, what: str, remedy: str) -> ConfigValidationError:
        return _wrong(self._file, at, what, remedy)


def _pointed(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
