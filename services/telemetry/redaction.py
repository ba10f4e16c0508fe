"""What is a secret: the one place that decides it, by names and by looks.

Owns the names of secrets in files, in headers, on the wire of a login and in arguments, the look of keys that give
themselves away, and masking texts, addresses and JSON. Whatever leaves the process passes here: the audit log, spans,
traces, crash texts, what is shown or exported of a configuration. Which parts of an entry, or of a login, are looked
at is the business of whoever has one; the results that a person asked for are theirs, and stay as they are.

A mask hides data, never code: inside a longer argument it covers only letters, digits and the punctuation of keys, so
that ``sh -c "token=x; rm -rf ~"`` still shows what it would do.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from ..models import Json

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
"""``${NAME}`` and ``${NAME:-default}``: the name of a variable is no secret, and what stands for it is not shown."""
MASK: Final = "•••"

SECRET_NAME: Final = (
    r"(?:[A-Za-z0-9_.-]*[_.-])?"  # OPENAI_API_KEY, x-api-key
    r"(?:api[_-]?key|access[_-]?key|private[_-]?key|token|secret|password|passwd|pwd|passphrase|credentials?|"
    r"authorization|auth|bearer|cookie|pat|key|access[_-]?token|apikey|client[_-]?secret|sig|signature)"
)
WIRE_NAMES: Final = frozenset((
    "code", "code_verifier", "client_secret", "client_assertion", "assertion", "subject_token", "actor_token",
    "refresh_token", "access_token", "id_token", "id_token_hint", "token", "registration_access_token", "state",
    "user_code", "device_code", "login_hint_token", "request", "password",
))  # fmt: skip
"""Parameters of a login that are secrets (RFC 6749, 7009, 7521, 7591, 7636, 8628, 8693, 9101; OpenID Connect)."""
HEADERS: Final = frozenset((
    "authorization", "cookie", "dpop", "mcp-session-id", "proxy-authorization", "set-cookie", "x-api-key",
    "x-claude-code-ide-authorization",
))  # fmt: skip
_MEMBERS: Final = frozenset((
    "mcp_session_id", "session_id", "sessionid", "code_verifier", "assertion", "client_assertion", "user_code",
    "device_code", "pin", "otp", "totp", "passcode", "connection_string",
))  # fmt: skip
"""Of arguments these are secrets too; ``code``, ``state`` and ``request`` are not, for there they may be anything."""
ENTRY_SECRETS: Final = frozenset(("token", "authToken", "clientSecret", "privateKey", "assertion", "idToken"))
"""Fields of a server's entry that hold nothing but a secret."""
# made by a machine: long, letters and digits mixed, no path and no sentence
_KEY_LIKE = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+_=.-]{16,}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(rf"^-{{0,2}}{SECRET_NAME}$", re.IGNORECASE)
# a pair inside an argument: name=value or name: value, with the name at a word's start; not the default of a
# reference (${KEY:-program}), which may well be what is run. Only where a word begins: else a long word of many parts
# would be looked through from each of them
_PAIR = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9_.-])(?:--?)?{SECRET_NAME}(?:=|:(?!-)[ ]?)(?:(?:Bearer|Basic|Token)[ ]+)?[\"']?)"
    r"(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~@%•])+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|Basic)[ ]+)(?P<value>(?:\$\{[^}]*\}|[A-Za-z0-9_\-./+=~])+)", re.IGNORECASE)
# keys that give themselves away by their prefix, wherever they stand
_KNOWN = re.compile(
    r"(?<![/\\])\b(?:sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|xox[abprs]-[\w-]{8,})"
    r"(?![\w-]|\.[A-Za-z]|[/\\])"  # in a path or before an extension it is the name of a file, which may be run
)
# a header on a line of its own, and a session id wherever it is named (sections 12 and 13)
_HEADER = re.compile(rf"(?im)^([ \t]*(?:{'|'.join(sorted(HEADERS))})[ \t]*[:=][ \t]*).+$")
_SESSION = re.compile(r"(?i)((?:mcp-)?session[_-]?id[\"']?[ \t]*[=:][ \t]*[\"']?)[^\s\"'&,;}]+")
# what is a key by its looks and never the name of a file: tokens in three parts, keys of clouds, private keys
_LOOKS = re.compile(
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{35}|"
    r"\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|"
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
DEEPEST: Final = 50
"""Objects and arrays inside each other that are looked at; what is deeper is not shown."""
# a file of code, whatever the name before it says: `node key=evil.js` runs it
_CODE = re.compile(
    r"[^\s]*\.(?:[cm]?[jt]sx?|py[cw]?|pyz|sh|bash|zsh|rb|pl|php|lua|jar|exe|bat|cmd|ps1|so|dll|dylib|wasm)"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>|;`]+", re.IGNORECASE)


def secret_name(name: str) -> bool:
    """Whether a variable, header, option or query parameter of this name holds a secret."""
    return _NAME.match(name) is not None


def wire_secret(name: str) -> bool:
    """The same for a parameter or a JSON member on the wire of a login."""
    low = name.lower()
    return low in WIRE_NAMES or secret_name(low)


def secret_header(name: str) -> bool:
    """The same for an HTTP header, in any case."""
    low = name.lower()
    return low in HEADERS or secret_name(low)


def secret_member(name: str) -> bool:
    """The same for a JSON member of anything: also ``clientSecret``, ``x-api-key`` as a header, a session's id."""
    snake = _CAMEL.sub("_", name)
    return secret_name(snake) or snake.lower() in _MEMBERS or secret_header(name)


def looks_like_key(value: str) -> bool:
    """A whole value that no person would have thought of."""
    return _KEY_LIKE.fullmatch(value) is not None


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


def masked_data(value: str) -> str:
    return value if _CODE.fullmatch(value) else masked_value(value)


def masked_pair(match: re.Match[str]) -> str:
    return match["head"] + masked_data(match["value"])


def masked_text(text: str) -> str:
    """A text of a person's file (an argument, a problem's excerpt) with the secrets in it masked."""
    # What a pattern cannot do without is looked for first: most arguments have none of it, and 500 entries
    # are masked at every start.
    if "://" in text:
        text = _URL.sub(lambda match: masked_url(match.group()), text)
    if "=" in text or ":" in text:
        text = _PAIR.sub(masked_pair, text)
    if " " in text:
        text = _BEARER.sub(masked_pair, text)
    if "sk-" in text or "gh" in text or "git" in text or "xox" in text:
        text = _KNOWN.sub(MASK, text)
    return text


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


def redacted_text(text: str) -> str:
    """Any text that leaves the process: also headers, session ids and keys that only their looks give away."""
    return masked_text(_LOOKS.sub(MASK, _SESSION.sub(rf"\g<1>{MASK}", _HEADER.sub(rf"\g<1>{MASK}", text))))


def redacted(value: Json, *, depth: int = 0) -> Json:
    """Any JSON that leaves the process, in the same shape: values of secret names, and secrets inside texts, masked.

    A pair of texts in an array is a header, and the first its name. Names of members stay as they are.
    """
    match value:
        case str():
            return redacted_text(value)
        case dict() | list() if depth >= DEEPEST:
            return MASK
        case dict():
            return {
                key: _hidden(item, depth + 1) if secret_member(key) else redacted(item, depth=depth + 1)
                for key, item in value.items()
            }
        case [str() as name, str()] if secret_member(name):
            return [name, MASK]
        case list():
            return [redacted(item, depth=depth + 1) for item in value]
        case _:
            return value


def _hidden(value: Json, depth: int) -> Json:
    """What a secret name stands for: nothing of it but the names in it, whether there is any, and yes and no."""
    match value:
        case "" | None | bool():
            return value
        case dict() if depth < DEEPEST:
            return {key: _hidden(item, depth + 1) for key, item in value.items()}
        case _:
            return MASK
