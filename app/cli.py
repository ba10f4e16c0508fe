"""The command line: words in, exit code out.

Owns dispatch and the one place where an expected error becomes a message and a code. Never prints a
traceback for something a person or a server did.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from ..services.errors import McpDeckError
from ..services.models import ErrorInfo
from .command_table import COMMANDS, DASHBOARD
from .exits import Exit, Interrupted, exit_code
from .options import Options, help_text, parse
from .printing import note, report, write


def run(argv: Sequence[str]) -> int:
    """Do what ``argv`` (without the program's name) asks for; returns the exit code."""
    _without_closed_streams()
    words = list(argv)
    as_json = "--json" in (words[: words.index("--")] if "--" in words else words)
    try:
        code = _run(words, as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output went away; what is still buffered must not raise again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        note(f"error: the output could not be written: {os.strerror(error.errno)}")
        return Exit.TOOL_ERROR
    except Interrupted as signalled:
        return 128 + signalled.number
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return code


def _without_closed_streams() -> None:
    """Python has None for a stream that was closed by who started us (``>&-``): it becomes one to nowhere."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115


def _run(words: Sequence[str], as_json: bool) -> int:
    try:
        options = parse(words)
        if options.show_help:
            write(help_text(options).rstrip())
            return Exit.DONE
        if options.show_version:
            from importlib.metadata import version

            write(f"mcpdeck {version('mcpdeck')}")
            return Exit.DONE
        return _command(options)(options)
    except McpDeckError as error:
        report(ErrorInfo.of(error), error.server, as_json=as_json)
        return exit_code(error.kind)


def _command(options: Options) -> Callable[[Options], int]:
    """The command's entry point; only its own module is imported."""
    command = COMMANDS[options.command] if options.command else DASHBOARD
    return import_module(f".commands.{command.module}", __package__).run
