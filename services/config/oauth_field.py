"""``oauth`` of an entry, and of an answers file: what is known beforehand about logging in.

Owns what may stand there (config contract, section 2; command line contract, ``--answers``). Never logs in and never
contacts anybody. A wrong value makes the whole unusable: without it another authorization server would be asked than
the one that was meant. No complaint shows a value that may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from ..models import Grant, IdentityProvider, Json, JsonObject, OAuthSettings, Opening, Secret, SecretFile
from ..telemetry.redaction import masked_url
from .fields import FieldReader, Unusable
from .files import with_home
from .read import json_kind
from .secret_file import UnusableSecret, private_key, read_secret, token
from .urls import is_loopback

ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")
"""What a client assertion may be signed with (RFC 7518, section 3.1; RFC 8037): no secret is ever shared for it."""
_SCOPES = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
"""Scope tokens with one space between them (RFC 6749, section 3.3)."""
_IDP = ("tokenEndpoint", "clientId", "idToken", "clientSecret")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "grant": get_args(Grant),
    "dpop": ("auto", "off"),
    "open": get_args(Opening),
    "signingAlgorithm": ALGORITHMS,
}
_NAMES = {
    "clientId": "client_id",
    "callbackPort": "callback_port",
    "authServerMetadataUrl": "metadata_url",
    "scopes": "scopes",
    "clientSecret": "client_secret",
    "issuer": "issuer",
    "clientMetadataUrl": "client_metadata_url",
    "grant": "grant",
    "privateKey": "private_key",
    "signingAlgorithm": "signing_algorithm",
    "assertion": "assertion",
    "idp": "idp",
    "audience": "audience",
    "dpop": "dpop",
    "allowInsecure": "allow_insecure",
}
"""The members of ``oauth``, and what they are called in ``OAuthSettings``."""
ANSWERED = {**_NAMES, "open": "opening"}
"""The same for an answers file, which also says what happens to an authorization URL."""


class WrongField(Exception):
    """``at``: the member of ``oauth``, as ``grant`` or ``idp/idToken``; ``what``: the rest of a sentence about it."""

    def __init__(self, at: str, what: str, remedy: str) -> None:
        super().__init__(at, what)
        self.at = at
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class OAuthFields:
    """Settings, and which of them were given: only these stand above what is said elsewhere."""

    settings: OAuthSettings
    given: frozenset[str]

    def over(self, base: OAuthSettings | None) -> OAuthSettings:
        """``base`` with what was given here in its place."""
        return replace(base or OAuthSettings(), **{name: getattr(self.settings, name) for name in self.given})

    @property
    def holds_credentials(self) -> bool:
        """Something that must not be shown to an authorization server it was not made for."""
        return bool(self.given & {"client_id", "client_secret", "private_key", "assertion", "idp"})


def _meant(key: str) -> str:
    """What a misspelt field probably is, in words."""
    from difflib import get_close_matches  # 2 ms, and only for what is misspelt

    close = get_close_matches(key.lower(), lower := {name.lower(): name for name in _NAMES}, 1, 0.75)
    return f': did you mean "{lower[close[0]]}"?' if close and len(key) <= 40 else ""


def oauth_of(reader: FieldReader, folder: Path) -> OAuthSettings | None:
    """The settings, None where the entry has none. ``folder``: what paths are relative to. Raises ``Unusable``."""
    value = reader.value.get("oauth")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Unusable(
            f'"oauth" is {json_kind(value)}, not an object', 'write "oauth": {"clientId": "…"}, or remove it', "oauth"
        )
    reader.lints += [
        f'unknown field "{key}" in "oauth" (kept, not used){_meant(key)}' for key in value if key not in _NAMES
    ]

    def expand(at: str, text: str) -> str:
        reader.lint_space(f'"{at}" in "oauth"', text)
        return reader.checked("oauth", reader.expander.text(text))

    try:
        known = {key: item for key, item in value.items() if key in _NAMES}
        settings = read_oauth(known, folder, expand, look=False).settings  # nobody may have approved of the entry yet
        problem = lacking(settings)
    except WrongField as wrong:
        place = " in ".join(f'"{name}"' for name in reversed(["oauth", *wrong.at.split("/")]))
        raise Unusable(f"{place} {wrong.what}", wrong.remedy, "oauth") from None
    if problem is not None:
        raise Unusable(f'"oauth" {problem[0]}', problem[1], "oauth")
    return settings


def read_oauth(
    value: JsonObject, folder: Path, expand: Callable[[str, str], str] | None = None, *, look: bool = True
) -> OAuthFields:
    """The members of ``value``, all of them known ones. ``expand(member, text)`` puts variables in.

    ``folder``: what ``@file`` is relative to. ``look``: whether what it names is to be usable now; it is read when it
    is used in any case. Raises ``WrongField``.
    """
    members = {key: item for key, item in value.items() if item is not None}
    settings = _Reader(
        folder, expand or (lambda _, text: text), insecure=members.get("allowInsecure") is True, look=look
    )
    found = {ANSWERED[key]: settings.member(key, item) for key, item in members.items()}
    return OAuthFields(replace(OAuthSettings(), **found), frozenset(found))


def lacking(settings: OAuthSettings) -> tuple[str, str] | None:
    """What a grant without a person cannot do without, as the rest of a sentence and a remedy; None: nothing."""
    match settings.grant:
        case "client_credentials" if settings.client_id is None:
            return 'has the grant "client_credentials" and no "clientId"', 'add "clientId" and its "clientSecret"'
        case "jwt_bearer" if settings.assertion is None:
            return 'has the grant "jwt_bearer" and no "assertion"', 'add "assertion": "@FILE" with the workload\'s JWT'
        case "id_jag" if settings.idp is None or settings.client_id is None:
            return 'has the grant "id_jag" and no "idp" or no "clientId"', f'add "idp": {{{_quoted(_IDP)}}}'
        case _:
            return None


def secrets_of(settings: OAuthSettings | None) -> tuple[str, ...]:
    """Every value of ``settings`` that nobody may see; what stands in a file goes to nobody who could show it."""
    if settings is None:
        return ()
    idp = settings.idp
    each = (settings.client_secret, settings.private_key, settings.assertion)
    found = (*each, *((idp.id_token, idp.client_secret) if idp else ()))
    return tuple(secret for secret in found if isinstance(secret, str) and secret)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


@dataclass(frozen=True, slots=True)
class _Reader:
    folder: Path
    expand: Callable[[str, str], str]
    insecure: bool = False
    look: bool = True

    def member(self, key: str, value: Json) -> object:
        match key:
            case "callbackPort":
                return _port(value)
            case "allowInsecure":
                if not isinstance(value, bool):
                    raise WrongField(key, f"is {json_kind(value)}, not true or false", "write true or false")
                return value
            case "idp":
                return self._idp(value)
            case "authServerMetadataUrl" | "issuer":
                return self._address(key, self._text(key, value))
            case "clientMetadataUrl":
                return _metadata_document(self._text(key, value))
            case "privateKey":
                return self._secret(key, value, private_key)
            case "assertion":
                return self._secret(key, value, token)
            case "scopes":
                return _scopes(self._text(key, value))
            case _ if key in _WORDS:
                return _word(key, self._text(key, value))
            case _:
                return self._text(key, value)

    def _idp(self, value: Json) -> IdentityProvider:
        if not isinstance(value, dict):
            raise WrongField("idp", f"is {json_kind(value)}, not an object", f"it has {_quoted(_IDP)}")
        for key in value:
            if key not in _IDP:
                raise WrongField(f"idp/{key}", "is not known", f"there is {_quoted(_IDP)}")
        for key in _IDP[:3]:
            if value.get(key) is None:
                raise WrongField("idp", f'has no "{key}"', f"it has {_quoted(_IDP)}")
        secret = value.get("clientSecret")
        return IdentityProvider(
            token_endpoint=self._address("idp/tokenEndpoint", self._text("idp/tokenEndpoint", value["tokenEndpoint"])),
            client_id=self._text("idp/clientId", value["clientId"]),
            id_token=self._secret("idp/idToken", value["idToken"], token),
            client_secret=None if secret is None else self._text("idp/clientSecret", secret),
        )

    def _text(self, at: str, value: Json) -> str:
        if not isinstance(value, str):
            raise WrongField(at, f"is {json_kind(value)}, not a string", "write it in quotes")
        if not value.strip():
            raise WrongField(at, "is empty", "write it, or remove it")
        text = self.expand(at, value)
        if not text.strip():
            raise WrongField(at, "is empty after its variables are put in", "set the variables it names")
        return text

    def _secret(self, at: str, value: Json, fits: Callable[[str], str]) -> Secret:
        """A text, or the file after ``@``. What a variable holds is never taken for a path."""
        text = self._text(at, value)
        named = isinstance(value, str) and value.startswith("@")
        if named and not text[1:].strip():
            raise WrongField(at, "names no file", "write a path after @")
        secret = SecretFile(str(self.folder / with_home(text[1:]))) if named else text
        try:
            found = read_secret(secret, fits) if self.look or not named else ""
        except UnusableSecret as error:
            raise WrongField(at, error.what, error.remedy) from None
        return secret if named else found

    def _address(self, at: str, url: str) -> str:
        # Whoever can change what is fetched there decides where the person logs in.
        parts = _parts(url)
        scheme = parts[0] if parts else ""
        if parts is None or not (scheme == "https" or (scheme == "http" and (self.insecure or is_loopback(parts[1])))):
            remedy = {
                "authServerMetadataUrl": "write https://HOST/.well-known/oauth-authorization-server",
                "issuer": "write it as the authorization server's metadata has it",
            }
            raise WrongField(at, f"is no https:// address: {masked_url(url)}", remedy.get(at, "write https://HOST/…"))
        return url


def _parts(url: str) -> tuple[str, str] | None:
    """Scheme and host in lower case; None for what is no address, and for one with user info in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or re.search(r"[\x00-\x20\x7f]", url):
        return None
    return parts.scheme.lower(), host


def _port(port: Json) -> int:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise WrongField("callbackPort", "is no port", "write a number from 1 to 65535")
    return port


def _metadata_document(url: str) -> str:
    """A client id that is a URL (protocol section 37.4): https, a path, nothing that could be read in two ways."""
    parts = urlsplit(url) if _parts(url) else None
    dots = parts is not None and any(part in (".", "..") for part in parts.path.split("/"))
    if parts is None or parts.scheme.lower() != "https" or parts.path in ("", "/") or "#" in url or dots:
        what = f"is no https:// address with a path: {masked_url(url)}"
        raise WrongField("clientMetadataUrl", what, "write https://HOST/PATH of the document that you publish")
    return url


def _scopes(scopes: str) -> str:
    if not _SCOPES.fullmatch(scopes):
        raise WrongField("scopes", "are not words with one space between them", 'write "a b"')
    return scopes


def _word(key: str, text: str) -> str:
    words = _WORDS[key]
    if text not in words:
        raise WrongField(key, f"is none of {_quoted(words)}", "write one of them")
    return text
