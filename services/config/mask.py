"""The form of a command line that may be shown: unexpanded, with secrets masked.

Owns the words of a command: which of them is an option, an assignment, or what follows an option. What is a secret
decides ``telemetry.redaction``. Never sees expanded values: it works on the texts as they stand in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..telemetry.redaction import SECRET_NAME, masked_data, masked_pair, masked_text, secret_name

# a whole argument that is one option or one assignment; code has brackets or separators in it
_OPTION = re.compile(rf"(?P<head>--{SECRET_NAME}=)(?P<value>.+)", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = re.compile(rf"(?P<head>{SECRET_NAME}=)(?P<value>(?:\$\{{[^}}]*\}}|[^\s;|&<>()`{{}}])+)", re.IGNORECASE)
# an option of a shell line and the word that follows it
_FOLLOWED = re.compile(
    rf"(?P<head>(?<!\S)--{SECRET_NAME}[ ]+)"
    r"(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_.+=~@%])(?:\$\{[^}]*\}|[A-Za-z0-9_\-.+=~@%])*)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w@%+=:,./~•${}\[\]&?#-]+")


def masked_line(line: str) -> str:
    """A line for a shell with the secrets in it masked; what it would run stays readable."""
    return masked_text(_FOLLOWED.sub(masked_pair, line))


def _masked_arg(arg: str) -> str:
    whole = (_OPTION.fullmatch(arg) or _ASSIGNMENT.fullmatch(arg)) if "=" in arg else None
    return masked_pair(whole) if whole else masked_text(arg)


def masked_command(command: str, args: Sequence[str]) -> str:
    """A command line that a shell would read back, with secrets masked; nothing is left out."""
    # One word is the program, and nothing of it is hidden; more are somebody's whole line in the wrong place.
    program = masked_line(command) if " " in command else command
    return " ".join([_quoted(program), *(_quoted(arg) for arg in masked_args(args))])


def masked_args(args: Sequence[str]) -> list[str]:
    """The arguments of a command, one for one, with secrets masked."""
    shown: list[str] = []
    secret_next = False
    for arg in args:
        dash = arg.startswith("-")
        if secret_next and not dash:
            shown.append(masked_data(arg))
            secret_next = False
            continue
        # two dashes: `bash -auth script` is four flags and a script, and must not be hidden
        secret_next = dash and arg.startswith("--") and secret_name(arg)
        shown.append(_masked_arg(arg))
    return shown


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
