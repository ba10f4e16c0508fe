"""Where the token of a connector's account comes from: the entry, a file or a command.

Owns the three sources and what is said when one gives nothing. Never keeps a token and never shows
one: neither the file's text nor a command's output gets into an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import AuthError
from .headers import header_value_problem
from .short_command import LONGEST, TIME_LIMIT, CommandFailed, TookTooLong, output_of


@dataclass(frozen=True, slots=True)
class GivenToken:
    """The token that stands in the entry: there is no other one to be had."""

    value: str = field(repr=False)

    def __call__(self, refresh: bool) -> str:
        return _checked(self.value, "the entry")


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A file that holds the token and nothing else; whoever renews it writes it there.

    ``written``: how it stands in the entry, where ``path`` has variables put in.
    """

    path: str
    written: str = ""

    def __call__(self, refresh: bool) -> str:
        shown = self.written or self.path
        try:
            with Path(self.path).open("rb") as stream:
                text = stream.read(LONGEST)
        except OSError as error:
            raise AuthError(
                f"the token file cannot be read: {error.strerror or 'no such file'} ({shown})",
                hint="Sign in to the account, or correct the path in the entry.",
                details={"file": shown},
            ) from error
        return _checked(text.decode("utf-8", "replace"), shown)


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """A command that prints the token, run without a shell for at most ``timeout`` seconds.

    ``written``: how its program stands in the entry, where ``command`` has variables put in.
    """

    command: tuple[str, ...] = field(repr=False)
    cwd: str
    timeout: float = TIME_LIMIT
    written: str = ""

    def __call__(self, refresh: bool) -> str:
        program = self.written or self.command[0]
        try:
            output = output_of(self.command, cwd=self.cwd, seconds=self.timeout)
        except TookTooLong as error:
            raise AuthError(
                f"the token command {program!r} gave no token within {self.timeout:g} s",
                hint="It must print the token and end; it cannot ask anything.",
            ) from error
        except CommandFailed as error:
            raise AuthError(
                f"the token command {program!r} {error}",
                hint="Check tokenCommand in the entry: it is run without a shell, in the project's folder.",
            ) from error
        if output.code != 0:
            raise AuthError(
                f"the token command {program!r} ended with code {output.code}",
                hint="Run it by hand: it should print the token and nothing else.",
                details={"exitCode": output.code},
            )
        return _checked(output.data.decode("utf-8", "replace"), f"the command {program!r}")


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
