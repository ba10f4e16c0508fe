"""``oauth`` of an entry: what is known beforehand about logging in (config contract, section 2).

Owns what may stand there. Never logs in and never contacts anybody. A wrong value makes the entry unusable:
without it another authorization server would be asked than the one that was meant.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..models import OAuthSettings
from .fields import FieldReader, Unusable
from .mask import masked_url
from .read import json_kind
from .urls import is_loopback

_FIELDS = ("clientId", "callbackPort", "authServerMetadataUrl", "scopes")
_SCOPES = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
"""Scope tokens with one space between them (RFC 6749, section 3.3)."""


def oauth_of(reader: FieldReader) -> OAuthSettings | None:
    """The settings, None where the entry has none. Raises ``Unusable``."""
    value = reader.value.get("oauth")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Unusable(
            f'"oauth" is {json_kind(value)}, not an object', 'write "oauth": {"clientId": "…"}, or remove it', "oauth"
        )
    reader.lints += [f'unknown field "{key}" in "oauth" (kept, not used)' for key in value if key not in _FIELDS]
    port = value.get("callbackPort")
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536):
        raise Unusable('"callbackPort" in "oauth" is no port', "write a number from 1 to 65535", "oauth")
    return OAuthSettings(
        client_id=_text(reader, value.get("clientId"), "clientId"),
        callback_port=port,
        metadata_url=_metadata_url(_text(reader, value.get("authServerMetadataUrl"), "authServerMetadataUrl")),
        scopes=_scopes(_text(reader, value.get("scopes"), "scopes")),
    )


def _text(reader: FieldReader, value: object, key: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unusable(f'"{key}" in "oauth" is not a string', "write it in quotes", "oauth")
    if not value.strip():
        raise Unusable(f'"{key}" in "oauth" is empty', "write it, or remove it", "oauth")
    if "${" in value:
        reader.lints.append(f'"{key}" in "oauth" is used as it stands: variables are not put in there')
    reader.lint_space(f'"{key}" in "oauth"', value)
    return reader.checked("oauth", value)


def _metadata_url(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    # Whoever can change what is fetched there decides where the person logs in.
    secure = parts.scheme.lower() == "https" or (parts.scheme.lower() == "http" and is_loopback(host))
    if not host or not secure or re.search(r"[\x00-\x20\x7f]", url):
        what = f'"authServerMetadataUrl" in "oauth" is no https:// address: {masked_url(url)}'
        raise Unusable(what, "write https://HOST/.well-known/oauth-authorization-server", "oauth")
    return url


def _scopes(scopes: str | None) -> str | None:
    if scopes is not None and not _SCOPES.fullmatch(scopes):
        raise Unusable('"scopes" in "oauth" are not words with one space between them', 'write "a b"', "oauth")
    return scopes
