"""``mcpdeck [TARGET]``: the dashboard on all configured servers, or on one.

Owns the checks before the screen opens. Never draws.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace

from ...services.config.last_good import LastGood
from ...services.errors import UsageError
from ..exits import THEN_DEMO
from ..options import Options
from ..resolve import configured, load


def run(options: Options) -> int:
    deck, name = configured(options, options.words[0] if options.words else None)
    deck.options = replace(deck.options, read=LastGood())
    load(deck, options, name)  # an unknown name is said here, not on a screen
    if name is not None:
        deck.options = replace(deck.options, only=name)
    check_terminal(options)
    from ..main import run_dashboard

    code = run_dashboard(nullcontext(deck), options)
    if code == THEN_DEMO:
        from .demo import run as demo

        return demo(replace(options, command="demo", words=()))
    return code


def check_terminal(options: Options) -> None:
    """The dashboard needs a terminal at both ends. Raises ``UsageError``."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the dashboard needs a terminal", hint="mcpdeck list, tools and call work without one")
    if not sys.stderr.isatty():  # Textual draws there
        raise UsageError("the dashboard draws on stderr, which is no terminal", hint="do not redirect 2>")
    if options.json:
        raise UsageError("the dashboard has no --json", hint="mcpdeck list --json")
    if options.answers is not None:
        raise UsageError(
            "in the dashboard you answer: it has no --answers", hint="mcpdeck call or batch --answers FILE"
        )
    if options.trace is not None:
        from ..trace_file import check

        check(options.trace)
