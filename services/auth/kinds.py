"""The values that the rooms of a login hand to each other.

Owns their shapes. Every secret is left out of ``repr``. URLs are kept as the strings that were received: a type
that normalises them breaks the comparison of issuers and resources (protocol section 46).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from ..models import Grant, JsonObject, OAuthSettings, Opening, Tls
from .well_known import is_published_by


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a ``WWW-Authenticate`` (RFC 9110, section 11.6.1); scheme and names in lower case."""

    scheme: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Why:
    """What asks for a token: the refusal's status and challenges, and the scopes asked for before that are kept.

    ``operation``: the request that was refused, in words (``tools/call paint``). A login that a person asked for has
    status 0, and the challenges of a request that was made to hear them.
    """

    status: int = 0
    challenges: tuple[Challenge, ...] = ()
    operation: str = ""
    scopes_before: tuple[str, ...] = ()

    @property
    def bearer(self) -> Challenge | None:
        """The challenge that counts: the first of scheme Bearer or DPoP, else the first."""
        fitting = [challenge for challenge in self.challenges if challenge.scheme in ("bearer", "dpop")]
        return next(iter([*fitting, *self.challenges]), None)

    @property
    def steps_up(self) -> bool:
        """403 with ``insufficient_scope`` (protocol section 37.8)."""
        return self.status == 403 and any(
            challenge.params.get("error") == "insufficient_scope" for challenge in self.challenges
        )


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """Protected resource metadata (RFC 9728) that was checked. ``resource`` as it was published.

    ``scopes`` None: not said. ``raw``: the whole document.
    """

    resource: str
    authorization_servers: tuple[str, ...]
    scopes: tuple[str, ...] | None = None
    dpop_required: bool = False
    url: str = ""
    raw: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """Metadata of an authorization server (RFC 8414 or OpenID discovery) that was checked.

    None where the document says nothing. ``assumed``: there was no document, and these are the default endpoints of
    2025-03-26 (protocol section 37.10).
    """

    issuer: str
    authorization_endpoint: str | None
    token_endpoint: str
    registration_endpoint: str | None = None
    revocation_endpoint: str | None = None
    scopes: tuple[str, ...] | None = None
    grants: tuple[str, ...] | None = None
    auth_methods: tuple[str, ...] | None = None
    auth_algorithms: tuple[str, ...] | None = None
    iss_in_response: bool = False
    metadata_documents: bool = False
    """``client_id_metadata_document_supported``."""
    dpop_algorithms: tuple[str, ...] = ()
    assumed: bool = False
    url: str = ""
    """The address that was asked for the document; empty where there was none."""
    raw: JsonObject = field(default_factory=dict)

    @property
    def published(self) -> bool:
        """The issuer itself says so: the document is where the issuer publishes it, or nothing was read at all."""
        return not self.url or is_published_by(self.issuer, self.url)

    @property
    def identity(self) -> str:
        """Whose clients and secrets these are. An issuer's own, unless it is only claimed by a document elsewhere."""
        return self.issuer if self.published else f"{self.issuer} by {self.url}"


ClientOrigin: TypeAlias = Literal["configured", "metadata document", "registered", "asked"]


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at one authorization server. ``auth_method`` at its token endpoint (RFC 8414 names).

    ``redirect_uri``: the one it was registered with, None where any of ours will do. ``secret_expires_at`` in wall
    seconds, None or 0: never.
    """

    client_id: str
    origin: ClientOrigin
    auth_method: str
    secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    signing_algorithm: str | None = None
    redirect_uri: str | None = None
    secret_expires_at: float | None = None
    management: JsonObject = field(default_factory=dict, repr=False)
    """``registration_access_token`` and ``registration_client_uri`` (RFC 7592), where given."""
    doubts: int = 0
    """Logins in a row that the authorization server did not send back: it may not know the client any more."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave. ``expires_at`` in wall seconds, None: not said.

    ``scopes``: granted (RFC 6749, 5.1: those asked for, where the answer names none); ``asked``: the union of all that
    were asked for. ``dpop_key``: the private JWK that a DPoP-bound token belongs to.
    """

    access: str = field(repr=False)
    token_type: str
    scopes: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    expires_at: float | None = None
    refresh: str | None = field(default=None, repr=False)
    dpop_key: JsonObject | None = field(default=None, repr=False)
    obtained_at: float = 0.0

    def expires_within(self, seconds: float, now: float) -> bool:
        return self.expires_at is not None and self.expires_at - now <= seconds


@dataclass(frozen=True, slots=True)
class Login:
    """One login as it is kept: by issuer and client, for one resource. Never used with another issuer.

    ``server_url`` as configured; ``wanted``: digest of the settings it was made for. ``metadata`` is what a refresh
    and a revocation need without discovery.
    """

    issuer: str
    client: Client
    resource: str
    server_url: str
    wanted: str
    grant: Grant
    tokens: Tokens
    metadata: ServerMetadata
    refreshed: str = ""
    refreshed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The MCP server that a login is for. ``url`` as configured, ``tls`` of its entry.

    ``digest``: of the entry with what its variables expand to, "" for a TARGET of the command line. ``target``: the
    TARGET that is no name. ``trusted``: whoever runs this named this very server, and nobody else wrote what it is: the
    secret of the environment may be meant for it. ``permits`` raises why nothing may be contacted for it now.
    """

    server: str
    url: str
    settings: OAuthSettings
    tls: Tls | None = None
    digest: str = ""
    target: str = ""
    permits: Callable[[Place], None] | None = field(default=None, repr=False, compare=False)
    trusted: bool = False

    @property
    def called(self) -> str:
        """What a person writes for it on the command line."""
        return self.target or self.server

    def check(self) -> None:
        """Asked before every request of a login, however it began. Raises ``McpDeckError``: policy, approval, gone."""
        if self.permits is not None:
            self.permits(self)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An authorization request that a person (or a program in the place of one) is to follow.

    ``added``: scopes beyond those asked for before, at a step-up. ``why`` in words. ``manual``: nobody listens at
    ``redirect_uri``, so the address must be brought back by hand. ``follow``: visits ``url`` by plain GETs, as this
    login may, up to the address that it ends at.
    """

    server: str
    issuer: str
    resource: str
    client_id: str
    scopes: tuple[str, ...]
    added: tuple[str, ...]
    url: str
    redirect_uri: str
    why: str
    manual: bool = False
    follow: Callable[[], Awaitable[str]] | None = field(default=None, repr=False, compare=False)


class Hands(Protocol):
    """Whoever takes a login to the person. ``opening`` says whether a browser's redirect can be listened for.

    Every method raises ``AuthorizationDenied`` where the person says no, and may be cancelled at any time.
    """

    @property
    def opening(self) -> Opening: ...

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Show the invitation, open what is to be opened, and call ``arrived`` with an address that is brought back.

        Returns when there is nothing more to show (a browser was started); is cancelled when the redirect came
        by itself. ``arrived`` raises ``AuthorizationDenied`` for an address that is not the answer; ask again then.
        """
        ...

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        """Which of several authorization servers to log in at."""
        ...

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        """Client id and secret, where nothing else gives a client identity."""
        ...

    async def consent(self, invitation: Invitation) -> bool:
        """Whether to ask for more than before (step-up); asked before anything is opened."""
        ...
