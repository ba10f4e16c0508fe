"""``headersHelper``: a command that prints the headers of a remote server as a JSON object.

Owns running it and what its output may be. Never keeps and never shows what it printed: neither a
value nor its stderr gets into an error. It blocks, see ``short_command``.

As other clients document it, the text is a line for the system's shell (a path, or a command with
arguments), run in the project's folder with the environment of mcpdeck and, beside it, the server's name and
URL; so ``${NAME}`` in it is the shell's to put in, and is never put in here, where a value could become code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ..errors import ConnectError, TransportTimeout
from ..models import Json
from .headers import header_name_problem, header_value_problem
from .read import json_kind
from .short_command import TIME_LIMIT, CommandFailed, TookTooLong, output_of

NAME_VARIABLE = "CLAUDE_CODE_MCP_SERVER_NAME"
URL_VARIABLE = "CLAUDE_CODE_MCP_SERVER_URL"
_RUN_IT = "Run it by hand in the project's folder: it must print one JSON object of strings and end with code 0."


@dataclass(frozen=True, slots=True)
class HeadersHelper:
    """Runs ``command`` (a shell line) and returns the headers that it prints. ``url`` is the expanded one."""

    command: str = field(repr=False)
    cwd: str
    server: str
    url: str = field(repr=False)
    seconds: float = TIME_LIMIT

    def __call__(self) -> Mapping[str, str]:
        """Raises ``ConnectError``, ``TransportTimeout`` where it took too long; without anything that was printed."""
        about = {NAME_VARIABLE: self.server, URL_VARIABLE: self.url}
        try:
            output = output_of(self.command, cwd=self.cwd, environ=about, seconds=self.seconds)
        except TookTooLong as error:
            title = f"the headers helper gave no headers within {self.seconds:g} s"
            raise TransportTimeout(title, hint=_RUN_IT) from error
        except CommandFailed as error:
            raise _failed(f"the headers helper {error}") from error
        if output.code != 0:
            raise _failed(f"the headers helper ended with {_code_words(output.code)}", exitCode=output.code)
        return _headers(output.data)


def _code_words(code: int) -> str:
    return f"code {code}" if code >= 0 else f"signal {-code}"


def _headers(data: bytes) -> dict[str, str]:
    if not data.strip():
        raise _failed("the headers helper printed nothing")
    try:
        value = cast("Json", json.loads(data.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise _failed("what the headers helper printed is not JSON") from None  # the cause holds the text
    if not isinstance(value, dict):
        raise _failed(f"what the headers helper printed is {json_kind(value)}, not an object")
    headers: dict[str, str] = {}
    for name, text in value.items():
        if not isinstance(text, str):
            raise _failed(f'the header "{name}" of the headers helper is {json_kind(text)}, not a string')
        problem = header_name_problem(name)
        if problem is not None:
            raise _failed(f'the headers helper gives the header "{name}", {problem}')
        problem = header_value_problem(text)
        if problem is not None:
            raise _failed(f'the value of the header "{name}" of the headers helper has {problem}')
        headers[name] = text
    return headers


def _failed(title: str, **details: Json) -> ConnectError:
    return ConnectError(title, hint=_RUN_IT, details=details)
