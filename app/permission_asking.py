"""May this be done? Put to the person at the terminal of a command, or answered by ``--answers`` and ``--yes``.

Owns the question's words and the reading of its answer. Never decides whether one is needed, and remembers nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

from ..services.models import Act, Decision, JsonObject, Offered, Reach
from ..services.state.text import one_line, visible
from .answers import Answers
from .options import Options
from .printing import YELLOW, coloured, note

_LINES = 40
"""Lines of arguments that are shown; a terminal holds about as many."""
_WIDTH = 500
"""Characters of one of those lines."""
_TRIES = 3
_WORDS = {
    Reach.ONCE: ("[y]es once", ("y", "yes", "once")),
    Reach.SESSION: ("[s]ession", ("s", "session")),
    Reach.ARGUMENTS: ("always for these [a]rguments", ("a", "arguments")),
    Reach.ALWAYS: ("al[w]ays", ("w", "always")),
}
_CLAIMS = (
    ("readOnlyHint", "only reads"),
    ("destructiveHint", "may destroy something"),
    ("idempotentHint", "may be repeated"),
    ("openWorldHint", "reaches beyond this machine"),
)


def permission_asker(
    options: Options, answers: Answers
) -> Callable[[Act, Decision, tuple[Reach, ...]], Awaitable[Reach | None]] | None:
    """Who is asked; None: nobody can be.

    ``"permission"`` of the answers file stands above ``--yes``, and that above a terminal. stdin must be free for an
    answer: ``batch`` reads its operations from it, and ``--args -`` arguments.
    """
    if answers.permission is not None:
        allowed = answers.permission == "allow"
        return _Said(Reach.ONCE if allowed else None, "--answers", quiet=options.quiet)
    if options.yes:
        return _Said(Reach.ONCE, "--yes", quiet=options.quiet)
    free = options.command != "batch" and options.arguments != "-"
    return ask_on_terminal if free and sys.stdin.isatty() and sys.stderr.isatty() else None


class _Said:
    """What was said beforehand, for every question."""

    def __init__(self, reach: Reach | None, by: str, *, quiet: bool) -> None:
        self._reach = reach
        self._by = by
        self._quiet = quiet

    async def __call__(self, act: Act, decision: Decision, reaches: tuple[Reach, ...]) -> Reach | None:
        if not self._quiet:
            said = "denied" if self._reach is None else "allowed"
            note(f"{_what(act)} has to be asked for ({one_line(decision.rule, 200)}): {said} by {self._by}")
        return self._reach


async def ask_on_terminal(act: Act, decision: Decision, reaches: tuple[Reach, ...]) -> Reach | None:
    """Show what is to be done and why it is asked for, on stderr, and read the answer from stdin; None: no.

    Whatever is no answer is a no after a few tries, as the end of the input is.
    """
    from .login_hands import typed_or_read_lines  # the terminal's modes: not before somebody is asked

    for line in _description(act, decision):
        note(line)
    offered = [_WORDS[reach] for reach in reaches]
    question = f"Do it? {', '.join(shown for shown, _ in offered)}, [N]o "
    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(typed_or_read_lines())
        for _ in range(_TRIES):
            sys.stderr.write(question)
            sys.stderr.flush()
            line = await anext(lines, None)
            word = (line or "").strip().lower()
            if word in ("", "n", "no"):
                return None
            found = next((reach for reach in reaches if word in _WORDS[reach][1]), None)
            if found is not None:
                return found
    return None


def _what(act: Act) -> str:
    kind = {Offered.TOOL: "the tool", Offered.RESOURCE: "the resource", Offered.PROMPT: "the prompt"}[act.kind]
    return f'{kind} "{one_line(act.name, 200)}" of {one_line(act.server)}'


def _description(act: Act, decision: Decision) -> Iterator[str]:
    head = f"{_what(act)[0].upper()}{_what(act)[1:]} has to be asked for"
    yield f"{coloured(head, YELLOW, sys.stderr)}: {one_line(decision.why, 300)}"
    yield f"  rule         {one_line(decision.rule, 200)} ({one_line(decision.source, 200)})"
    if act.kind is not Offered.RESOURCE:
        first, *more = _arguments(act.arguments)
        yield f"  arguments    {first}"
        yield from (f"               {line}" for line in more)
    claims = [words for key, words in _CLAIMS if act.annotations.get(key) is True]
    if claims:
        vouched = "" if act.trusted else " (claimed by the server; nobody vouches for it)"
        yield f"  it says      {', '.join(claims)}{vouched}"


def _arguments(arguments: JsonObject) -> list[str]:
    """The arguments as JSON, harmless to a terminal; what is left out of them says so."""
    if not arguments:
        return ["none"]
    try:
        text = json.dumps(arguments, ensure_ascii=False, indent=2)
    except RecursionError:
        return ["(nested too deeply to be shown)"]
    lines = [visible(line) for line in text.split("\n")]
    shown = [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}… ({len(line):,} characters)" for line in lines[:_LINES]]
    left = len(lines) - len(shown)
    return [*shown, f"… ({left:,} more lines)"] if left else shown
