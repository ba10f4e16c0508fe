"""What is a secret: the one place that decides it, by names and by looks.

Owns the names of secrets in files, in headers, on the wire of a login and in arguments, the look of keys that give
themselves away, and masking texts, addresses and JSON. Whatever leaves the process passes here: the audit log, spans,
traces, crash texts, what is shown or exported of a configuration. Which parts of an entry, or of a login, are looked
at is the business of whoever has one; the results that a person asked for are theirs, and stay as they are.

A mask hides data, never code: inside a longer argument it covers only letters, digits and the punctuation of keys, so
that ``sh -c "token=x; rm -rf ~"`` still shows what it would do.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Final, cast
from urllib.parse import urlsplit, urlunsplit

from ..models import Json, JsonObject

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
_WEAK = re.compile(
    r"(?:.*[_.-])?(?:(?:(?:api|access|private)[_-]?key|token|secret|password|passwd|passphrase|passcode|cookie|otp|pin)s"
    r"|pass|jwt|pem)",
    re.IGNORECASE,
)
"""Names of what may be a secret and may be a count (``tokens``, ``pass``): a text or a list of them is not shown."""
_ENDING = re.compile(r"[_.-]?(?:values?|code|pem|text|string|plain|raw|hex|base64|b64|\d+)$", re.IGNORECASE)
"""What says of a secret how it is written."""
_LONGEST_NAME: Final = 100
"""Characters of a name, the last ones, that say what it names."""
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
    r"\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\b[rs]k_(?:live|test)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9+/]{16,}|"
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
# a name, and how a value follows it in any notation, also inside texts of texts: name=, "name": , \"name\": , --name
_HEAD = re.compile(
    r"(?<![\w.-])(?P<dash>--?)?(?P<name>[A-Za-z_][\w.-]*+)"
    r"(?:\\{0,3}[\"']?[ \t]{0,8}(?::(?![-:/])|={1,2}>?|:=)[ \t]{0,8}|(?(dash)[ \t]{1,8}(?!-)|(?!)))"
    r"(?:(?:Bearer|Basic|Token)[ ]+)?",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"(?P<quote>\\{0,3}[\"'])(?:(?P<quoted>.*?)(?P=quote)|[^\r\n]*)"
    r"|\[(?:[^\]]{0,4000}\]|[^\r\n]*)|\{(?:[^}]{0,4000}\}|[^\r\n]*)"
    r"|(?P<word>[^\s\"'\\&,;<>(){}\[\]]+(?:\{[^}\s]*\}[^\s\"'\\&,;<>(){}\[\]]*)*)",
    re.DOTALL,
)
_COOKIE = re.compile(r"(?i)(\b(?:set-)?cookie[ \t]*:[ \t]*)[^\s\"'][^\"'\r\n]*")
_COUNT = re.compile(r"[-+]?[\d.,_]+%?")
_WORDS: Final = frozenset(("true", "false", "null", "none"))
_NAMING: Final = ("name", "key", "header", "variable")
_NAMED: Final = frozenset(("value", "values", "val", "default"))
"""Members of ``{"name": "PASSWORD", "value": …}``."""
LARGEST_TEXT: Final = 64 * 1024
"""Characters of a text that is read as JSON, where it looks like that."""
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
    snake = _CAMEL.sub("_", name).replace(".", "_").replace("-", "_").lower()
    return (
        secret_name(name) or secret_name(snake) or not _MEMBERS.isdisjoint((snake, _base(snake))) or secret_header(name)
    )


def _may_be_secret(name: str) -> bool:
    """The same for names that are also those of counts: what is no number is a secret."""
    snake = _CAMEL.sub("_", name[-_LONGEST_NAME:])
    base = _base(snake)
    return _WEAK.fullmatch(snake) is not None or (base not in ("", snake) and secret_name(base))


def _base(snake: str) -> str:
    return _ENDING.sub("", snake[-_LONGEST_NAME:])


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
    text = _LOOKS.sub(MASK, _SESSION.sub(rf"\g<1>{MASK}", _HEADER.sub(rf"\g<1>{MASK}", text)))
    if ":" in text or "=" in text or "-" in text:
        text = _unsaid(_COOKIE.sub(rf"\g<1>{MASK}", text))
    return masked_text(text)


def _unsaid(text: str) -> str:
    """Without the values of secret names. Nothing of it is run any more: all of a value is covered, with its signs."""
    shown: list[str] = []
    end = 0
    for head in _HEAD.finditer(text):
        if head.start() < end or not (secret_member(head["name"]) or _may_be_secret(head["name"])):
            continue
        value = _VALUE.match(text, head.end())
        if value is None or _stays(head["name"], value):
            continue
        quote, said = value["quote"] or "", value["quoted"] or value["word"]
        shown += (text[end : head.end()], quote, masked_value(said) if said else MASK, quote)
        end = value.end()
    return "".join((*shown, text[end:])) if shown else text


def _stays(name: str, value: re.Match[str]) -> bool:
    word = value["word"]
    if word is None:
        return value["quoted"] == ""
    return word.lower() in _WORDS or (_COUNT.fullmatch(word) is not None and not secret_member(name))


def redacted(value: Json, *, depth: int = 0) -> Json:
    """Any JSON that leaves the process, in the same shape: values of secret names, and secrets inside texts, masked.

    A pair of texts in an array is a header, and the first its name; what follows an option in an array is its value.
    A text that is JSON is looked at as such. Names of members stay as they are.
    """
    match value:
        case str():
            return redacted_text(_redacted_json(value, depth))
        case dict() | list() if depth >= DEEPEST:
            return MASK
        case dict():
            named = _named(value)
            return {
                key: _member(named if named and key.lower() in _NAMED else key, item, depth + 1)
                for key, item in value.items()
            }
        case [str() as name, str()] if secret_member(name):
            return [name, MASK]
        case list():
            return [
                MASK if isinstance(item, str) and item and _is_option(before) else redacted(item, depth=depth + 1)
                for before, item in pairwise((None, *value))
            ]
        case _:
            return value


def _member(key: str, item: Json, depth: int) -> Json:
    if secret_member(key) or (isinstance(item, str | list | dict) and _may_be_secret(key)):
        return _hidden(item, depth)
    return redacted(item, depth=depth)


def _named(value: JsonObject) -> str:
    """The secret that an object says to be that of, as the variables of a form are written; empty: none."""
    for key, name in value.items():
        if isinstance(name, str) and key.lower() in _NAMING and (secret_member(name) or _may_be_secret(name)):
            return name
    return ""


def _is_option(word: Json) -> bool:
    """Behind which its value stands: ``--password``, and not ``--password=…``."""
    return isinstance(word, str) and word.startswith("-") and (secret_member(word) or _may_be_secret(word.lstrip("-")))


def _redacted_json(text: str, depth: int) -> str:
    """A text that is JSON without its secrets, the text itself where it has none, or is something else."""
    if len(text) > LARGEST_TEXT or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        value = cast("Json", json.loads(text))
        told = redacted(value, depth=depth + 1)
        return text if told == value else json.dumps(told, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _hidden(value: Json, depth: int) -> Json:
    """What a secret name stands for: nothing of it but the names in it, whether there is any, and yes and no."""
    match value:
        case "" | None | bool():
            return value
        case dict() if depth < DEEPEST:
            return {key: _hidden(item, depth + 1) for key, item in value.items()}
        case _:
            return MASK
