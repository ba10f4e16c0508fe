"""An authorization server and an MCP server behind it, on loopback, in the test's own event loop.

Correct until a ``Behaviour`` says otherwise; then as wrong as it says. Every request is kept, and every code and
token with what it was used for. Each server has a port of its own, so that they are two origins.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from mcpdeck.services import http
from tests.servers.oauth_answers import ABSENT, cut, document, html, laid_over, redirect, reply
from tests.servers.oauth_endpoints import authorize, exchange_identity, register, revoke, token
from tests.servers.oauth_ledger import Ledger, Refused, Seen
from tests.servers.protected_server import protected
from tests.servers.scripted_http import Exchange, Handler, scripted_http

__all__ = ["ABSENT", "Behaviour", "Peer", "authorization_server", "cut", "document", "html", "redirect", "reply"]

_SECRET = ("code_verifier", "client_secret", "client_assertion", "assertion", "state", "code", "subject_token")


@dataclass(frozen=True)
class Behaviour:
    """What both servers do. Mappings of members are laid over the right document; ``ABSENT`` takes a member out.

    ``overrides`` answers whole requests by path (``/token``, ``/.well-known/oauth-protected-resource/mcp``…), at
    either server, after they were noted. Functions over a parameter or form dictionary change and return it.
    """

    # Discovery.
    path: str = ""
    """Of the issuer: ``/tenant``."""
    openid: bool = False
    """Metadata at the addresses of OpenID discovery only."""
    challenge: str | None = None
    """The whole WWW-Authenticate of a 401; None: Bearer with ``resource_metadata``; empty: no such header."""
    challenge_scope: str | None = None
    metadata_link: bool = True
    """Whether the challenge names the resource metadata."""
    resource: str | None = None
    """The published resource; None: the MCP server's URL."""
    resource_metadata: Mapping[str, Any] | None = field(default_factory=dict)
    """None: there is none."""
    server_metadata: Mapping[str, Any] | None = field(default_factory=dict)
    scopes: tuple[str, ...] | None = None
    """``scopes_supported`` of both documents."""
    overrides: Mapping[str, Handler] = field(default_factory=dict)
    # Clients.
    registration: str | None = "none"
    """The auth method of who registers (``none``, ``client_secret_basic``, ``client_secret_post``), ``refused``, or
    None: no registration."""
    registered: Mapping[str, Any] = field(default_factory=dict)
    metadata_documents: bool = False
    clients: Mapping[str, str | None] = field(default_factory=dict)
    """Those known before: secrets by id."""
    client_keys: Mapping[str, Any] = field(default_factory=dict)
    """Public JWKs of those that sign: by id."""
    wants_client_id: bool = False
    """In the form of every token request, whatever the auth method; as servers of the official SDK do."""
    # The authorization response.
    iss: str | None = None
    """``iss`` of the response; None: the issuer; empty: left out."""
    answered: Callable[[dict[str, str]], dict[str, str]] | None = None
    denied: str = ""
    """An OAuth error code in place of a code."""
    page: str = ""
    """HTML in place of a redirect: it wants a person."""
    granted: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None
    """The scopes granted of those asked for."""
    # Tokens.
    lifetime: float = 3600
    expires_in: Any = None
    """What is said of it; None: ``lifetime``; ``ABSENT``: nothing."""
    token_answer: Mapping[str, Any] = field(default_factory=dict)
    refresh: bool = True
    rotate: bool = True
    grace: bool = False
    """Whether a rotated refresh token may be used once more; otherwise that ends the whole family."""
    lost_refreshes: int = 0
    """How many answers to refreshes are lost: the request counts, the connection is cut."""
    revocation: bool = True
    skew: float = 0.0
    assertions: Mapping[str, str] = field(default_factory=dict)
    """Assertions that are accepted for a grant (jwt-bearer), with the scope they give."""
    id_token: str | None = None
    """What the identity provider at ``/idp/token`` takes for an ID-JAG; None: there is no such provider."""
    identity_answer: Mapping[str, Any] = field(default_factory=dict)
    dpop: bool = False
    """DPoP is offered, and tokens asked for with a proof are bound."""
    dpop_nonce: bool = False
    # The MCP server.
    required: str = ""
    """A scope every request needs."""
    tool_scopes: Mapping[str, str] = field(default_factory=dict)
    step_up: str | None = None
    """The whole challenge of a 403; None: the right one."""
    modern: bool = False
    open_to_all: bool = False


@dataclass
class Peer:
    """Both servers, as they run. ``behaviour`` may be exchanged on the way (``change``)."""

    mcp_url: str
    base: str
    behaviour: Behaviour
    ledger: Ledger = field(default_factory=Ledger)
    requests: list[Seen] = field(default_factory=list)
    pages: list[tuple[int, str]] = field(default_factory=list)
    """What the browser saw in the end: status and text."""

    @property
    def issuer(self) -> str:
        return self.base + self.behaviour.path

    @property
    def resource(self) -> str:
        return self.behaviour.resource or self.mcp_url

    @property
    def tokens(self) -> list[Any]:
        return self.ledger.issued

    def change(self, **knobs: Any) -> None:
        self.behaviour = replace(self.behaviour, **knobs)
        self.ledger.skew = self.behaviour.skew

    def asked(self, path: str, method: str | None = None) -> list[Seen]:
        """The requests to a path, at either server."""
        return [one for one in self.requests if one.path == path and method in (None, one.method)]

    def grants(self) -> list[str]:
        """The ``grant_type`` of each request to the token endpoint."""
        return [one.form.get("grant_type", "") for one in self.asked(f"{self.behaviour.path}/token")]

    def expire(self) -> None:
        """Every access token has expired, for this server: who holds one does not know."""
        for one in self.ledger.of("access"):
            one.expires_at = 0

    def forget_tokens(self) -> None:
        """Every token is void, refresh tokens too."""
        for one in self.ledger.issued:
            one.revoked = True

    @property
    def secrets(self) -> set[str]:
        """Every text that may never be shown or written in clear, of what was issued and sent so far."""
        found = {one.value for one in self.ledger.issued}
        found |= {client.secret for client in self.ledger.clients.values() if client.secret}
        for one in self.requests:
            sent = {**one.form, **(one.query if one.server == "issuer" else {})}
            found |= {value for name, value in sent.items() if name in _SECRET and value}
        return found

    async def redirect_of(self, url: str) -> str:
        """Follow an authorization URL as a browser would, up to the address that leads back to the client."""
        back = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]
        async with browser_of(url) as browser:
            for _ in range(10):
                answer = await browser.get(url)
                target = answer.headers.get("location")
                if target is None:
                    self.pages.append((answer.status_code, answer.text))
                    raise AssertionError(f"no redirect but {answer.status_code}: {answer.text[:200]}")
                url = urljoin(url, target)
                if url.startswith(back):
                    return url
        raise AssertionError("too many redirects")

    async def browse(self, url: str) -> httpx.Response:
        """A person's browser: follow the URL, then visit the client's own listener; its answer."""
        back = await self.redirect_of(url)
        async with browser_of(back) as browser:
            answer = await browser.get(back)
        self.pages.append((answer.status_code, answer.text))
        return answer


def browser_of(url: str) -> httpx.AsyncClient:
    """A browser, which writes no log: what it visits are addresses with codes in them."""
    browser = http.client(url, routed=True)
    browser.timeout = httpx.Timeout(10)
    return browser


def metadata_of(peer: Peer) -> dict[str, Any]:
    """The authorization server's own document (RFC 8414)."""
    does = peer.behaviour
    issuer = peer.issuer
    document: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": does.iss != "",
    }
    if does.client_keys:
        document["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
        document["token_endpoint_auth_signing_alg_values_supported"] = ["ES256"]
    if does.registration is not None:
        document["registration_endpoint"] = f"{issuer}/register"
    if does.revocation:
        document["revocation_endpoint"] = f"{issuer}/revoke"
    if does.metadata_documents:
        document["client_id_metadata_document_supported"] = True
    if does.scopes is not None:
        document["scopes_supported"] = list(does.scopes)
    if does.dpop:
        document["dpop_signing_alg_values_supported"] = ["ES256"]
    return document


@asynccontextmanager
async def authorization_server(**knobs: Any) -> AsyncGenerator[Peer]:
    """Both servers, running; ``knobs`` are those of ``Behaviour``."""
    behaviour = Behaviour(**knobs)

    async def at_issuer(exchange: Exchange) -> None:
        seen = note(exchange, "issuer")
        if (override := peer.behaviour.overrides.get(seen.path)) is not None:
            await override(exchange)
            return
        does, root = peer.behaviour, peer.behaviour.path
        if seen.path in well_known(does) and does.server_metadata is not None:
            await reply(exchange, 200, laid_over(metadata_of(peer), does.server_metadata))
            return
        try:
            match seen.method, seen.path.removeprefix(root):
                case "GET", "/authorize":
                    await authorize(peer, exchange, seen)
                case "POST", "/token":
                    await token(peer, exchange, seen)
                case "POST", "/idp/token" if does.id_token is not None:
                    await exchange_identity(peer, exchange, seen)
                case "POST", "/register" if does.registration is not None:
                    await register(peer, exchange, seen)
                case "POST", "/revoke" if does.revocation:
                    await revoke(peer, exchange, seen)
                case _:
                    await reply(exchange, 404, {"error": "not_found"})
        except Refused as error:
            headers = {"DPoP_Nonce": peer.ledger.nonces[-1]} if error.code == "use_dpop_nonce" else {}
            body = {"error": error.code, "error_description": error.description}
            await reply(exchange, error.status, body, **headers)

    async def at_mcp(exchange: Exchange) -> None:
        seen = note(exchange, "mcp")
        if (override := peer.behaviour.overrides.get(seen.path)) is not None:
            await override(exchange)
        else:
            await protected(peer, exchange, seen)

    def note(exchange: Exchange, server: Any) -> Seen:
        parts = urlsplit(exchange.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        seen = Seen(server, exchange.method, parts.path, query, exchange.headers, exchange.body)
        peer.requests.append(seen)
        return seen

    async with scripted_http(at_issuer) as issuer, scripted_http(at_mcp) as mcp:
        peer = Peer(mcp.url, issuer.url.removesuffix("/mcp"), behaviour)
        peer.ledger.skew = behaviour.skew
        peer.ledger.nonces.append(secrets.token_hex(8))
        yield peer


def well_known(does: Behaviour) -> tuple[str, ...]:
    if does.openid:
        openid = "/.well-known/openid-configuration"
        return (openid + does.path, does.path + openid)
    return ("/.well-known/oauth-authorization-server" + does.path,)
