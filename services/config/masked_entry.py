"""An entry as written, with its secrets masked: what ``get`` and a definition on screen show.

Owns which parts of an entry may hold a secret. Never expands anything and never changes the shape: the
same keys in the same order.
"""

from __future__ import annotations

import re

from ..models import Json, JsonObject, as_object
from ..telemetry.redaction import (
    ENTRY_SECRETS,
    MASK,
    looks_like_key,
    masked_text,
    masked_url,
    masked_value,
    secret_name,
)
from .expand import REFERENCE
from .mask import masked_args, masked_line

_OR_FILES = frozenset({"privateKey", "assertion", "idToken"})
"""Of these, those in which ``@FILE`` may stand: a path is to be seen."""
_URLS = frozenset(
    {"url", "authServerMetadataUrl", "serverUrl", "httpUrl", "issuer", "clientMetadataUrl", "tokenEndpoint"}
)
_LISTS = frozenset({"args", "tokenCommand", "command"})
_PLAIN_HEADERS = frozenset(("accept", "accept-language", "content-type", "user-agent", "origin", "referer"))
"""Headers whose values are no secrets, whatever they look like."""
_SCHEME = re.compile(r"(?:Bearer|Basic|Token) +", re.IGNORECASE)


def masked_definition(value: Json) -> Json:
    """``value`` (an entry of any shape) with secrets masked; ``${NAME}`` stays readable."""
    if isinstance(value, dict):
        return {key: _member(key, item) for key, item in value.items()}
    return _any(value)


def masked_secrets(entry: JsonObject) -> JsonObject:
    """The same, but only what is a secret: not the headers of which neither name nor value look like one."""
    masked = as_object(masked_definition(entry))
    headers, hidden = entry.get("headers"), masked.get("headers")
    if isinstance(headers, dict) and isinstance(hidden, dict):
        told = {name: hidden[name] if _secret_header(name, text) else text for name, text in headers.items()}
        masked["headers"] = told
    return masked


def _secret_header(name: str, value: Json) -> bool:
    if name.lower() in _PLAIN_HEADERS:
        return False
    if not isinstance(value, str) or secret_name(name) or _SCHEME.match(value):
        return True
    return looks_like_key(value) or _text(value) != value


def _member(key: str, value: Json) -> Json:
    match value:
        case dict() if key == "headers":
            # Any header may be somebody's key, whatever its name.
            return {name: _header(item) if isinstance(item, str) else _any(item) for name, item in value.items()}
        case dict() if key == "tls":
            return {name: _any(item) for name, item in value.items()}  # its "key" is a path
        case dict() if key == "env":
            return {name: _variable(name, item) for name, item in value.items()}
        case dict():
            return {name: _member(name, item) for name, item in value.items()}
        case list() if key in _LISTS and all(isinstance(item, str) for item in value):
            return [*masked_args([str(item) for item in value])]
        case list():
            return [_member(key, item) for item in value]
        case str() if key in _OR_FILES and value.startswith("@"):
            return _text(value)
        case str() if key in ENTRY_SECRETS or secret_name(key):
            return masked_value(value)
        case str() if key == "headersHelper":
            return masked_line(value)
        case str() if key in _URLS:
            return masked_url(value)
        case str() if key == "command" and " " not in value:
            return value  # the program, of which nothing is hidden
        case str():
            return _text(value)
        case int() | float() if secret_name(key) and not isinstance(value, bool):
            return MASK
        case _:
            return value


def _text(value: str) -> str:
    """The default of a variable with a secret's name is masked, too: here it is data, unlike in a command."""
    return masked_text(REFERENCE.sub(_reference, value) if "${" in value else value)


def _reference(match: re.Match[str]) -> str:
    return masked_value(match.group()) if secret_name(match[1]) else match.group()


def _header(value: str) -> str:
    scheme = _SCHEME.match(value)
    return value[: scheme.end()] + masked_value(value[scheme.end() :]) if scheme else masked_value(value)


def _variable(name: str, value: Json) -> Json:
    if isinstance(value, str) and looks_like_key(value):
        return masked_value(value)
    return _member(name, value)


def _any(value: Json) -> Json:
    match value:
        case str():
            return _text(value)
        case list():
            return [_any(item) for item in value]
        case dict():
            members: JsonObject = {key: _member(key, item) for key, item in value.items()}
            return members
        case _:
            return value
