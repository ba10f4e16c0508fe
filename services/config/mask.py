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
# a pair inside an argument: name=value or name: value, with the name at a word's start; not the default of a
# reference (${KEY:-program}), which may well be what is run
_PAIR = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9])(?:--?)?{_SECRET}(?:=|:(?!-)[ ]?)(?:(?:Bearer|Basic|Token)[ ]+)?[\"']?)"
    r"(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~@%•])+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|Basic)[ ]+)(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~])+)", re.IGNORECASE)
# a whole argument that is one option or one assignment; code has brackets or separators in it
_OPTION = re.compile(rf"(?P<head>--{_SECRET}=)(?P<value>.+)", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = re.compile(rf"(?P<head>{_SECRET}=)(?P<value>(?:\$\{{[^}}]*\}}|[^\s;|&<>()`{{}}])+)", re.IGNORECASE)
# an option of a shell line and the word that follows it
_FOLLOWED = re.compile(
    rf"(?P<head>(?<!\S)--{_SECRET}[ ]+)"
    r"(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_.+=~@%])(?:\$\{[^}]*\}|[A-Za-z0-9_\-.+=~@%])*)",
    re.IGNORECASE,
)
# keys that give themselves away by their prefix, wherever they stand
_KNOWN = re.compile(
    r"(?<![/\\])\b(?:sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|xox[abprs]-[\w-]{8,})"
    r"(?![\w-]|\.[A-Za-z]|[/\\])"  # in a path or before an extension it is the name of a file, which may be run
)
# a file of code, whatever the name before it says: `node key=evil.js` runs it
_CODE = re.compile(
    r"[^\s]*\.(?:[cm]?[jt]sx?|py[cw]?|pyz|sh|bash|zsh|rb|pl|php|lua|jar|exe|bat|cmd|ps1|so|dll|dylib|wasm)"
)
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


def _masked_data(value: str) -> str:
    return value if _CODE.fullmatch(value) else masked_value(value)


def _masked_pair(match: re.Match[str]) -> str:
    return match["head"] + _masked_data(match["value"])


def masked_text(text: str) -> str:
    """A text of a person's file (an argument, a problem's excerpt) with the secrets in it masked."""
    # What a pattern cannot do without is looked for first: most arguments have none of it, and 500 entries
    # are masked at every start.
    if "://" in text:
        text = _URL.sub(lambda match: masked_url(match.group()), text)
    if "=" in text or ":" in text:
        text = _PAIR.sub(_masked_pair, text)
    if " " in text:
        text = _BEARER.sub(_masked_pair, text)
    if "sk-" in text or "gh" in text or "git" in text or "xox" in text:
        text = _KNOWN.sub(MASK, text)
    return text


def masked_line(line: str) -> str:
    """A line for a shell with the secrets in it masked; what it would run stays readable."""
    return masked_text(_FOLLOWED.sub(_masked_pair, line))


def _masked_arg(arg: str) -> str:
    whole = (_OPTION.fullmatch(arg) or _ASSIGNMENT.fullmatch(arg)) if "=" in arg else None
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
            shown.append(_masked_data(arg))
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
