"""``mcpdeck batch``: requests from stdin, one after the other, in one session.

Owns the order: connect, then one reply for each line, then the end of the session. Never knows what an
operation does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ..services.errors import LocalProtocolError, McpDeckError
from ..services.models import ErrorInfo, JsonObject, as_object, as_text
from .batch_operations import Operations, read_request
from .batch_replies import code_of, connection, done, failed
from .exits import Exit
from .heard import Heard
from .json_lines import JsonLines
from .worker import Services

_SAYING = {"auth": Exit.AUTHORIZATION, "permission": Exit.BLOCKED}
"""Kinds of errors that have an exit code of their own, where all errors are of that kind."""


async def run_batch(
    services: Services,
    server: str,
    heard: Heard,
    lines: AsyncIterator[bytes | None],
    out: JsonLines,
    timeout: float | None,
) -> int:
    """The exit code: that of the connection when there is none, else 1 when some operation failed.

    4 when all that failed failed for want of authorization, 5 when a rule or a person forbade all of it: then that is
    what to do something about.

    Raises ``OSError`` when nobody takes the replies any more.
    """
    try:
        session = await services.manager.connected(server)
    except McpDeckError as error:
        await out.write(failed("connect", error))
        return code_of(error)
    await out.write(done("connect", connection(session)))
    operations = Operations(services, server, heard, timeout)
    failures: list[str] = []
    async for line in lines:
        if line is not None and not line.strip():
            continue
        reply = await _reply(operations, line)
        if not reply["ok"]:
            failures.append(as_text(as_object(reply["error"]).get("kind")) or "")
        await out.write(reply)
    return _code_after(failures)


def _code_after(failures: Sequence[str]) -> Exit:
    """``failures``: the kinds of the errors, one for each operation that failed."""
    if not failures:
        return Exit.DONE
    return _SAYING.get(failures[0], Exit.TOOL_ERROR) if len(set(failures)) == 1 else Exit.TOOL_ERROR


async def _reply(operations: Operations, line: bytes | None) -> JsonObject:
    op: str | None = None
    try:
        request = read_request(line)
        op = str(request["op"])
        outcome = await operations.run(request)
        return failed(op, outcome) if isinstance(outcome, ErrorInfo) else done(op, outcome)
    except McpDeckError as error:
        return failed(op, error)
    except RecursionError:
        return failed(op, LocalProtocolError("it is nested too deeply to be sent", hint="flatten it"))
