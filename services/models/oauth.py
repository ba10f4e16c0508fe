"""What is configured for logging in, and what is shown of it.

Owns plain values. Nothing here may hold a secret in a form that is shown: ``repr`` hides the settings' secrets, and
of an exchange only masked texts are kept, with a key by which the one who keeps the secrets can reveal one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from .json_values import JsonObject

Grant: TypeAlias = Literal["authorization_code", "client_credentials", "jwt_bearer", "id_jag"]
"""How a token is had: by a person (RFC 6749, 4.1), by the client itself (4.4), by a workload's assertion
(RFC 7523), or by an identity provider's (ID-JAG; RFC 8693, then RFC 7523)."""
Opening: TypeAlias = Literal["browser", "http", "print"]
"""What happens to an authorization URL: a browser opens it, it is followed by plain GETs, or it is printed."""


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A secret that stands in a file, which is read each time it is used: others write a new one into it."""

    path: str


Secret: TypeAlias = str | SecretFile
"""The secret itself, or where it is."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where an ID token is exchanged for an ID-JAG (enterprise-managed authorization)."""

    token_endpoint: str
    client_id: str
    id_token: Secret = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """What an entry or an answers file says about logging in; what it leaves open is None.

    ``issuer`` binds ``client_id`` and its secret to one authorization server. ``scopes``: words with a space between.
    ``private_key`` is PEM text. ``audience``: of client assertions, where it is not the issuer.
    ``allow_insecure``: metadata and endpoints may be plain http and on private addresses, for this server only.
    """

    client_id: str | None = None
    callback_port: int | None = None
    metadata_url: str | None = None
    scopes: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    issuer: str | None = None
    client_metadata_url: str | None = None
    grant: Grant = "authorization_code"
    private_key: Secret | None = field(default=None, repr=False)
    signing_algorithm: str | None = None
    assertion: Secret | None = field(default=None, repr=False)
    idp: IdentityProvider | None = None
    audience: str | None = None
    dpop: Literal["auto", "off"] = "auto"
    opening: Opening = "browser"
    allow_insecure: bool = False


class LoginPhase(StrEnum):
    """What a step of a login belongs to."""

    CHALLENGE = "challenge"
    RESOURCE = "resource metadata"
    SERVER = "server metadata"
    REGISTRATION = "registration"
    AUTHORIZATION = "authorization"
    EXCHANGE = "token exchange"
    TOKEN = "token"
    REFRESH = "refresh"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True)
class ShownField:
    """One header, parameter or member. ``secret``: the key to reveal its value by; empty where ``shown`` is all."""

    name: str
    shown: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeSide:
    """A request or an answer. ``line``: ``GET https://…`` or ``200 OK``.

    ``body``: parameters of a form, or the members of a JSON object (values that are no text as compact JSON).
    ``text``: a body that is neither, up to 4 KiB.
    """

    line: str
    headers: tuple[ShownField, ...] = ()
    body: tuple[ShownField, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the specification expects of an exchange, and whether it was so; ``passed`` None: a remark.

    ``wrong``: what is the matter, ``fix``: what the author of the server does about it. ``section``: its source.
    """

    rule: str
    expects: str
    section: str
    passed: bool | None
    wrong: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LoginStep:
    """One exchange of a login, or one event of it (then without ``request`` and ``answer``).

    ``at`` in wall seconds, ``ms`` until the answer was whole. ``error``: why there is no answer.
    """

    number: int
    phase: LoginPhase
    title: str
    at: float
    ms: float | None = None
    request: ExchangeSide | None = None
    answer: ExchangeSide | None = None
    verdicts: tuple[Verdict, ...] = ()
    error: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error) or any(verdict.passed is False for verdict in self.verdicts)


@dataclass(frozen=True, slots=True, eq=False)
class TokenView:
    """What is known of a token that is kept; never the token. Times are wall seconds.

    ``scopes`` as granted. ``refreshed``: how the last refresh went, in words; empty when there was none.
    ``claims``: the payload of a token that is a JWT (not verified: it is not ours to verify). ``kept``: where it is.
    """

    issuer: str
    client_id: str
    resource: str
    grant: Grant
    token_type: str
    scopes: tuple[str, ...]
    obtained_at: float
    expires_at: float | None = None
    has_refresh: bool = False
    refreshed: str = ""
    refreshed_at: float | None = None
    claims: JsonObject | None = None
    kept: str = ""


class LoginStatus(StrEnum):
    NONE = "none"
    """Nobody logged in, and nobody is about to."""
    RUNNING = "running"
    WAITING = "waiting for you"
    """The authorization URL is out; a person is to come back from it."""
    DONE = "logged in"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class AuthView:
    """What is shown of a server's authorization. ``why``: what asked for a login, or why it failed, in words.

    ``steps`` of the last login and of what followed it (refreshes, step-ups), oldest first.
    """

    status: LoginStatus = LoginStatus.NONE
    why: str = ""
    steps: tuple[LoginStep, ...] = ()
    token: TokenView | None = None
