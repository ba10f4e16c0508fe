"""Where the token of a connector's account comes from: the entry, a file or a command.

Owns the three sources and what is said when one gives nothing. Never keeps a token and never shows
one: neither the file's text nor a command's output gets into an error.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import AuthError
from .headers import header_value_problem

COMMAND_TIMEOUT = 10.0
"""Seconds a token command may take."""
LONGEST = 65_536
"""Bytes of a token file that are read."""


@dataclass(frozen=True, slots=True)
class GivenToken:
    """The token that stands in the entry: there is no other one to be had."""

    value: str = field(repr=False)

    def __call__(self, refresh: bool) -> str:
        return _checked(self.value, "the entry")


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that holds the token and nothing else; whoever renews it writes it there."""

    path: str

    def __call__(self, refresh: bool) -> str:
        try:
            with Path(self.path).open("rb") as stream:
                text = stream.read(LONGEST)
        except OSError as error:
            raise AuthError(
                f"the token file cannot be read: {error.strerror or 'no such file'} ({self.path})",
                hint="Sign in to the account, or correct the path in the entry.",
                details={"file": self.path},
            ) from error
        return _checked(text.decode("utf-8", "replace"), self.path)


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """A command that prints the token, run without a shell for at most ``COMMAND_TIMEOUT`` seconds."""

    command: tuple[str, ...] = field(repr=False)
    cwd: str
    timeout: float = COMMAND_TIMEOUT

    def __call__(self, refresh: bool) -> str:
        program = self.command[0]
        try:
            process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise AuthError(
                f"the token command {program!r} cannot be started: {error.strerror or type(error).__name__}",
                hint="Check tokenCommand in the entry: it is run without a shell, in the project's folder.",
            ) from error
        with process:
            try:
                out, _ = process.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                _kill(process)
                raise AuthError(
                    f"the token command {program!r} gave no token within {self.timeout:g} s",
                    hint="It must print the token and end; it cannot ask anything.",
                ) from None
        if process.returncode != 0:
            raise AuthError(
                f"the token command {program!r} ended with code {process.returncode}",
                hint="Run it by hand: it should print the token and nothing else.",
                details={"exitCode": process.returncode},
            )
        return _checked(out.decode("utf-8", "replace"), f"the command {program!r}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The command and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _checked(text: str, place: str) -> str:
    token = text.strip()
    if not token:
        raise AuthError(f"there is no token: {place} is empty", hint="Sign in to the account first.")
    if " " in token or header_value_problem(token) is not None:
        raise AuthError(
            f"what {place} gives is no token: it has white space or characters beyond ASCII in it",
            hint="It must be the token and nothing else.",
        )
    return token
