"""The form of a command line or URL that may be shown: unexpanded, with secrets masked.

Owns what counts as a secret by its name. Never sees expanded values: it works on the texts as they
stand in the file.

A mask hides data, never code: inside a longer argument it covers only letters, digits and the
punctuation of keys, so that ``sh -c "token=x; rm -rf ~"`` still shows what it would do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

from .expand import REFERENCE

MASK = "•••"

_SECRET = (
    r"(?:[A-Za-z0-9_.-]*[_.-])?"  # OPENAI_API_KEY, x-api-key
    r"(?:api[_-]?key|access[_-]?key|private[_-]?key|token|secret|password|passwd|pwd|passphrase|credentials?|"
    r"authorization|auth|bearer|cookie|pat|key|access[_-]?token|apikey|client[_-]?secret|sig|signature)"
)
_NAME = re.compile(rf"^-{{0,2}}{_SECRET}$", re.IGNORECASE)
# a pair inside an argument: name=value or name: value, with the name at a word's start
_PAIR = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9])(?:--?)?{_SECRET}(?:=|:[ ]?)(?:(?:Bearer|Basic|Token)[ ]+)?[\"']?)"
    r"(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~@%•])+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|Basic)[ ]+)(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~])+)", re.IGNORECASE)
# a whole argument that is one option or one assignment; code has brackets or separators in it
_OPTION = re.compile(rf"(?P<head>--{_SECRET}=)(?P<value>.+)", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = re.compile(rf"(?P<head>{_SECRET}=)(?P<value>(?:\$\{{[^}}]*\}}|[^\s;|&<>()`{{}}])+)", re.IGNORECASE)
# keys that give themselves away by their prefix, wherever they stand
_KNOWN = re.compile(r"\b(?:sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|xox[abprs]-[\w-]{8,})")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>|;`]+", re.IGNORECASE)
_PLAIN = re.compile(r"[\w@%+=:,./~•${}\[\]&?#-]+")


def secret_name(name: str) -> bool:
    """Whether a variable, header, option or query parameter of this name holds a secret."""
    return _NAME.match(name) is not None


def masked_value(value: str) -> str:
    """A secret as it may be shown: references stay readable, literal text and defaults do not."""
    shown: list[str] = []
    position = 0
    for match in REFERENCE.finditer(value):
        if match.start() > position:
            shown.append(MASK)
        name, default = match.groups()
        shown.append(f"${{{name}}}" if default is None else f"${{{name}:-{MASK if default else ''}}}")
        position = match.end()
    if position < len(value):
        shown.append(MASK)
    return "".join(shown)


def _masked_pair(match: re.Match[str]) -> str:
    return match["head"] + masked_value(match["value"])


def masked_text(text: str) -> str:
    """A text of a person's file (an argument, a problem's excerpt) with the secrets in it masked."""
    text = _URL.sub(lambda match: masked_url(match.group()), text)
    text = _PAIR.sub(_masked_pair, text)
    text = _BEARER.sub(_masked_pair, text)
    return _KNOWN.sub(MASK, text)


def _masked_arg(arg: str) -> str:
    whole = _OPTION.fullmatch(arg) or _ASSIGNMENT.fullmatch(arg)
    return _masked_pair(whole) if whole else masked_text(arg)


def masked_url(url: str) -> str:
    """A URL without its user info and without the values of secret query parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an unfinished IPv6 host: nothing of it can be told apart
        return re.sub(r"//[^/@]*@", f"//{MASK}@", url)
    netloc = parts.netloc
    if "@" in netloc:
        user_info, _, host = netloc.rpartition("@")
        netloc = f"{masked_value(user_info)}@{host}"
    query = "&".join(_masked_parameter(parameter) for parameter in parts.query.split("&")) if parts.query else ""
    fragment = _masked_parameter(parts.fragment) if parts.fragment else ""
    return urlunsplit((parts.scheme, netloc, parts.path, query, fragment))


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    return f"{name}={masked_value(value)}" if equals and value and secret_name(name) else parameter


def masked_command(command: str, args: Sequence[str]) -> str:
    """A command line that a shell would read back, with secrets masked; nothing is left out."""
    shown = [_quoted(masked_text(command))]
    secret_next = False
    for arg in args:
        if secret_next and not arg.startswith("-"):
            shown.append(_quoted(masked_value(arg)))
            secret_next = False
            continue
        # two dashes: `bash -auth script` is four flags and a script, and must not be hidden
        secret_next = arg.startswith("--") and secret_name(arg)
        shown.append(_quoted(_masked_arg(arg)))
    return " ".join(shown)


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
