"""Exit codes (command line contract, "Exit codes").

Owns the mapping from kinds of errors to codes; never prints.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    TOOL_ERROR = 1
    USAGE = 2
    CONNECTION = 3
    AUTHORIZATION = 4
    BLOCKED = 5
    PROTOCOL = 6
    TIMEOUT = 7
    INTERRUPTED = 130


_OF_KIND = {
    "usage": Exit.USAGE,
    "config": Exit.USAGE,
    "connect": Exit.CONNECTION,
    "http": Exit.CONNECTION,
    "auth": Exit.AUTHORIZATION,
    "permission": Exit.BLOCKED,
    "policy": Exit.BLOCKED,
    "protocol": Exit.PROTOCOL,
    "verification": Exit.PROTOCOL,
    "timeout": Exit.TIMEOUT,
    "cancelled": Exit.INTERRUPTED,
    "jsonrpc": Exit.TOOL_ERROR,  # the server did answer: with an error instead of a result
}


def exit_code(kind: str) -> Exit:
    """The code of an error's ``kind``; one that has no code of its own is the server's failure."""
    return _OF_KIND.get(kind, Exit.TOOL_ERROR)


class Interrupted(BaseException):
    """A signal ended the command; everything it had opened is closed. ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


THEN_DEMO = -1
"""No exit code: the dashboard was left to see the demo."""
