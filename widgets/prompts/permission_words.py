"""What is said before a tool is let run: which one, what it claims, why it is asked, and by which rule.

Owns the order and the wording. Never decides; what a server sent is made safe here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual.content import Content

from ...services.models import JsonObject, as_list, as_object, as_text
from ...services.state.text import one_line, visible
from ..tool_words import annotation_words
from .words import Labelled, Told

PERMISSION = "mcpdeck/permission"
"""The method of our own question whether something may be used."""
MUTED = "$text-muted"
WARN = "bold $text-warning"
_CALLERS = {
    "program": "a program that uses mcpdeck",
    "serve": "a client of mcpdeck serve",
    "tool": "another tool",
    "batch": "a batch",
    "command": "a command",
}


@dataclass(frozen=True, slots=True)
class Way:
    """One answer: ``reach`` is empty for no, ``key`` as Textual names it, ``shown`` as people read it."""

    reach: str
    label: str
    key: str
    shown: str


WAYS: tuple[Way, ...] = (
    Way("session", "This session", "s", "s"),
    Way("once", "Once", "o", "o"),
    Way("arguments", "Always for these arguments", "a", "a"),
    Way("always", "Always", "A", "A"),
)
"""In the order in which they are offered."""
SAME_ARGUMENTS = "These arguments, this session"
"""What a yes for this session means of what always asks."""
DESCRIBED = 600
"""Characters of a description that are shown."""


def destructive(request: JsonObject) -> bool:
    """The tool says so itself, and a server has no reason to say it where it is not so: it counts unvouched too."""
    claims = as_object(request.get("annotations"))
    return claims.get("destructiveHint") is True and claims.get("readOnlyHint") is not True


def offered(request: JsonObject) -> tuple[Way, ...]:
    """The yeses that may be given; always at least once."""
    reaches = [as_text(reach) for reach in as_list(request.get("reaches"))]
    ways = tuple(way for way in WAYS if way.reach in reaches or (way.reach == "once" and not reaches))
    if request.get("sameArguments") is not True:
        return ways
    return tuple(replace(way, label=SAME_ARGUMENTS) if way.reach == "session" else way for way in ways)


def shows_changes(request: JsonObject) -> bool:
    """How the tool changed is known, and can be looked at."""
    return request.get("changed") is True and bool(as_list(request.get("changes")))


def by_enter(request: JsonObject) -> Way:
    """What Enter answers: for this session, where nothing is destroyed; else only once."""
    ways = offered(request)
    wanted = "once" if destructive(request) else "session"
    return next((way for way in ways if way.reach == wanted), ways[0])


def title(request: JsonObject) -> str:
    """The question itself, on one line."""
    name, server = one_line(as_text(request.get("name")) or "", 60), one_line(as_text(request.get("server")) or "", 40)
    match request.get("kind"):
        case "resource":
            return f"Read {name} of {server}?"
        case "prompt":
            return f"Get the prompt {name} of {server}?"
        case _:
            return f"Run {name} of {server}?"


def lines(request: JsonObject) -> list[Told]:
    """Everything but the arguments, which stand below."""
    told: list[Told] = [*_warnings(request)]
    if label := one_line(as_text(request.get("title")) or "", 100):
        told.append(Labelled("Title", MUTED, Content(label)))
    if qualified := one_line(as_text(request.get("qualifiedName")) or "", 200):
        told.append(Labelled("Name", MUTED, Content(qualified)))
    if described := one_line(as_text(request.get("description")) or "", DESCRIBED):
        told.append(Labelled("Says", MUTED, Content(described)))
    told += _claims(request)
    told += _rule(request)
    asker = _CALLERS.get(as_text(request.get("caller")) or "")
    if asker:
        told.append(Labelled("For", MUTED, Content(asker)))
    arguments = as_object(request.get("arguments"))
    if not arguments and request.get("kind") != "resource":
        told.append(Labelled("Arguments", MUTED, Content.styled("none", MUTED)))
    elif arguments:
        told.append(Content.styled("Arguments", MUTED))
    return told


def _warnings(request: JsonObject) -> Iterator[Told]:
    if request.get("changed") is True:
        what = ", ".join(one_line(as_text(one) or "", 40) for one in as_list(request.get("changes")))
        words = f"! It was approved, and its definition is another one now{': ' + what if what else ''}."
        todo = "H shows the changes." if what else "What it was is not known any more: read what it is now."
        yield Content.assemble((words, WARN), (f" {todo}", MUTED))


def _claims(request: JsonObject) -> Iterator[Told]:
    claims = annotation_words(as_object(request.get("annotations")))
    if not claims:
        if request.get("kind") == "tool":
            yield Labelled("Claims", MUTED, Content.styled("nothing about what it does", MUTED))
        return
    parts: list[tuple[str, str]] = []
    trusted = request.get("trusted") is True
    for index, (word, ink) in enumerate(claims):
        parts += [(" · ", MUTED)] if index else []
        # Unvouched, a claim that calms must not look like a fact; one that warns still may.
        calming = not trusted and ink == "$text-success"
        parts.append((word, "" if calming else ink))
    if not trusted:
        parts.append(("  claimed by the server (not vouched for)", MUTED))
    yield Labelled("Claims", MUTED, Content.assemble(*parts))


def _rule(request: JsonObject) -> Iterator[Told]:
    rule, source = one_line(as_text(request.get("rule")) or "", 200), visible(as_text(request.get("source")) or "")
    if rule:
        where = f"  {one_line(source, 200)}" if source and source != rule else ""
        yield Labelled("Rule", MUTED, Content.assemble(rule, (where, MUTED)))
    if why := one_line(as_text(request.get("why")) or "", 280):
        yield Labelled("Why", MUTED, Content(why))
