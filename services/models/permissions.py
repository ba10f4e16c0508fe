"""What a rule or a person says about using something a server offers.

Owns plain values: effects, what they are about, answers, a decision with its explanation. Never decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .json_values import JsonObject
from .sources import Source


class Effect(StrEnum):
    """In the order of their strength: deny beats ask beats allow."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Offered(StrEnum):
    """The kinds of things that a server offers and rules speak of."""

    TOOL = "tool"
    RESOURCE = "resource"
    PROMPT = "prompt"


class Caller(StrEnum):
    """Who wants it. A command names server, tool and arguments itself: that is consent where no rule says to ask."""

    DASHBOARD = "dashboard"
    COMMAND = "command"
    BATCH = "batch"
    SERVE = "serve"
    PROGRAM = "program"
    TOOL = "tool"


class Reach(StrEnum):
    """How far a person's yes reaches: this call, this session, always with these arguments, always."""

    ONCE = "once"
    SESSION = "session"
    ARGUMENTS = "arguments"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Act:
    """One use that is to be decided about. ``name`` is the tool's or prompt's name, or the resource's URI.

    ``trusted``: a person vouches for the server's source, so that its annotations count. ``digest`` is that of the
    tool's definition (``Tool.digest``), empty where none is known: what was approved of another text asks again.
    """

    kind: Offered
    server: str
    name: str
    arguments: JsonObject = field(default_factory=dict)
    annotations: JsonObject = field(default_factory=dict)
    trusted: bool = False
    source: Source = Source.CLI
    digest: str = ""
    caller: Caller = Caller.PROGRAM


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and by which rule.

    ``rule`` as it is written, or the name of the default; ``source`` is where it stands (a file, ``profile viewer``,
    ``this session``, ``default``). ``why`` is a sentence for people. ``reach``: how far a person's answer
    reaches, where one made it. ``changed``: it was approved once, and its definition is another one now. ``unkept``:
    why a yes that was to hold for good holds for this session only. ``same_arguments``: a yes for this session is
    about the same arguments only. ``remedy``: of what denies, what a person can do about it, as a hint.
    """

    effect: Effect
    rule: str
    source: str
    why: str = ""
    reach: Reach | None = None
    changed: bool = False
    remedy: str = ""
    unkept: str = ""
    same_arguments: bool = False
