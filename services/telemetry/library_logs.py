"""What the HTTP and WebSocket libraries would write into the log of the program that we are a part of.

Owns keeping our requests out of it: the libraries' records hold URLs, headers and so codes, tokens and client secrets,
which that program would put into its files unknowingly. Requests that the program makes itself with the same
libraries are logged as before. Never configures a logger beyond that.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_LIBRARIES: Final = ("httpx", "httpcore")
_OURS: ContextVar[bool] = ContextVar("OURS", default=False)


def _not_ours(_record: logging.LogRecord) -> bool:
    return not _OURS.get()


def keep_out() -> None:
    """From now on nothing that happens in ``unlogged`` is logged by the libraries that are imported so far."""
    for name in tuple(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _LIBRARIES:
            # A filter is asked by the logger itself only, never for those below it: each has it.
            logging.getLogger(name).addFilter(_not_ours)


@contextmanager
def unlogged() -> Generator[None]:
    """What is called in here, in this task, is a request of ours."""
    before = _OURS.set(True)
    try:
        yield
    finally:
        _OURS.reset(before)


def nobody() -> logging.Logger:
    """A logger for a library that takes one: nothing reads what is logged, whatever is configured."""
    logger = logging.Logger("nobody")  # noqa: LOG001 - beside the tree of loggers: no configuration reaches it
    logger.disabled = True
    return logger
