"""What is asked of the executor: one use of one server.

Owns plain values. Never sends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..models import Caller, JsonObject, Offered
from ..protocol.dispatcher import Limit
from ..session import Session

METHODS = {Offered.TOOL: "tools/call", Offered.RESOURCE: "resources/read", Offered.PROMPT: "prompts/get"}


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """``name`` is that of the tool or prompt, or the URI. ``timeout`` in seconds, None: no bound of its own.

    ``call`` is the id, unique in this process. ``at`` (wall seconds): when it was asked for; ``began`` the same on the
    clock that measures durations. ``fresh``: no kept answer will do. ``background``: nobody waits for it. ``progress``:
    the server is asked to tell of it. ``given`` False: a prompt is asked for without any arguments member. ``bound``:
    only the instance that has the server's very name will do. ``send`` carries it out, once, in place of what its kind
    does, with the method ``said``. ``shown`` False: it is one of very many, and
    no call in the store.
    """

    kind: Offered
    server: str
    name: str
    arguments: JsonObject
    call: str
    at: float
    began: float
    caller: Caller = Caller.PROGRAM
    validate: bool = True
    timeout: float | None = None
    as_task: bool = False
    fresh: bool = False
    background: bool = False
    progress: bool = True
    given: bool = True
    bound: bool = False
    said: str = ""
    send: Callable[[Session], Awaitable[JsonObject]] | None = None
    shown: bool = True

    @property
    def method(self) -> str:
        return self.said or METHODS[self.kind]

    @property
    def request_timeout(self) -> Limit:
        """For each request of a read or a prompt: the session's own, where nothing bounds the whole."""
        return "own" if self.timeout is None else None
