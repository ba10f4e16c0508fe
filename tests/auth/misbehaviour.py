"""What an authorization server may do wrong, case by case: a table, each with the end that it must have.

Owns no test. The servers themselves are ``tests.servers.authorization_server``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mcpdeck.services.errors import (
    AuthorizationDenied,
    DiscoveryError,
    McpDeckError,
    RegistrationError,
    TokenError,
    TransportError,
)
from tests.servers.authorization_server import ABSENT, cut, document, html, redirect, reply
from tests.servers.scripted_http import Exchange, Handler

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"
ELSEWHERE = "https://login.elsewhere.example"


@dataclass
class Case:
    """``says``: a pattern for the error's title."""

    name: str
    error: type[McpDeckError]
    says: str
    knobs: dict[str, Any] = field(default_factory=dict)


def metadata(**members: Any) -> dict[str, Any]:
    return {"server_metadata": members}


def answered(change: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, Any]:
    return {"answered": change}


def at(path: str, handler: Handler) -> dict[str, Any]:
    return {"overrides": {path: handler}}


async def huge(exchange: Exchange) -> None:
    await exchange.answer("200 OK", b'{"issuer": "' + b"x" * 300_000 + b'"}')


async def round_and_round(exchange: Exchange) -> None:
    await exchange.answer("302 Found", Location=exchange.path)


async def echo(exchange: Exchange) -> None:
    """An error that says back whatever was sent, secrets first."""
    body = {"error": "invalid_grant", "error_description": f"you sent \x1b[31m{exchange.body.decode()}"}
    await reply(exchange, 400, body)


DISCOVERY = [
    Case("another issuer", DiscoveryError, "issuer", metadata(issuer=ELSEWHERE)),
    Case("no issuer", DiscoveryError, "issuer", metadata(issuer=ABSENT)),
    Case(
        "no PKCE", DiscoveryError, "code_challenge_methods_supported", metadata(code_challenge_methods_supported=ABSENT)
    ),
    Case(
        "plain PKCE alone",
        DiscoveryError,
        "code_challenge_methods_supported",
        metadata(code_challenge_methods_supported=["plain"]),
    ),
    Case("no token endpoint", DiscoveryError, "token_endpoint", metadata(token_endpoint=ABSENT)),
    Case("plain http elsewhere", DiscoveryError, "https|encrypted", metadata(token_endpoint="http://192.0.2.1/token")),
    *(
        Case(
            f"opens {url}",
            DiscoveryError,
            "authorization_endpoint|authorization URL|https",
            metadata(authorization_endpoint=url),
        )
        for url in (
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,hello",
            "vscode://login",
            "http://login.elsewhere.example/authorize",
            "https://you@login.elsewhere.example/authorize",
            "https://login.elsewhere.example/\nauthorize",
        )
    ),
    Case("metadata is a page", DiscoveryError, "web page|JSON|metadata", at(METADATA, html("<h1>Sign in</h1>"))),
    Case("metadata is no object", DiscoveryError, "object|metadata", at(METADATA, document([1]))),
    Case("metadata is huge", DiscoveryError, "256 KiB", at(METADATA, huge)),
    Case("metadata goes round", DiscoveryError, "redirects on and on", at(METADATA, round_and_round)),
    Case("metadata leads to a file", DiscoveryError, "file:|https", at(METADATA, redirect("file:///etc/passwd"))),
    *(
        Case(
            f"metadata leads to {url}",
            DiscoveryError,
            "private|link-local|internal|not there|network",
            at(METADATA, redirect(url)),
        )
        for url in (
            "https://10.0.0.1/as",
            "https://169.254.169.254/latest",
            "https://[fd00::1]/as",
            "https://0xa000001/as",
        )
    ),
    *(
        Case(
            f"issuer {url}",
            DiscoveryError,
            "private|link-local|internal|not there|network|shared",
            {"resource_metadata": {"authorization_servers": [url]}},
        )
        for url in ("https://192.168.0.1", "https://[fe80::1]", "https://[::ffff:10.0.0.1]", "https://100.64.0.1")
    ),
    Case(
        "issuer not encrypted",
        DiscoveryError,
        "https|encrypted",
        {"resource_metadata": {"authorization_servers": ["http://login.elsewhere.example"]}},
    ),
    Case(
        "no issuer named", DiscoveryError, "authorization server", {"resource_metadata": {"authorization_servers": []}}
    ),
    Case(
        "resource of another origin",
        DiscoveryError,
        "resource",
        {"resource_metadata": {"resource": "https://elsewhere.example/mcp"}},
    ),
    Case("no resource", DiscoveryError, "resource", {"resource_metadata": {"resource": ABSENT}}),
    Case(
        "the challenge leads into the network",
        DiscoveryError,
        "private|not there|network",
        {"challenge": 'Bearer resource_metadata="https://10.0.0.1/prm"'},
    ),
    Case("resource metadata is a page", DiscoveryError, "web page|JSON", at(RESOURCE, html("<h1>Hello</h1>"))),
    Case("resource metadata is huge", DiscoveryError, "256 KiB", at(RESOURCE, huge)),
    Case("the connection is cut", TransportError, "", at(METADATA, cut)),
]
REGISTRATION = [
    Case("refused", RegistrationError, "register", {"registration": "refused"}),
    Case("a page", RegistrationError, "regist", at("/register", html("<h1>Oops</h1>", "500 Internal Server Error"))),
    Case("no client id", RegistrationError, "client_id", {"registered": {"client_id": ABSENT}}),
    Case(
        "redirected",
        McpDeckError,
        "redirect",
        at("/register", redirect("https://login.elsewhere.example/register", "307 Temporary Redirect")),
    ),
]
RESPONSE = [
    Case("iss of another", AuthorizationDenied, "issuer|iss", {"iss": ELSEWHERE}),
    Case(
        "iss with a slash",
        AuthorizationDenied,
        "issuer|iss",
        answered(lambda it: {**it, "iss": it["iss"] + "/"}),
    ),
    Case(
        "iss in capitals",
        AuthorizationDenied,
        "issuer|iss",
        answered(lambda it: {**it, "iss": it["iss"].upper()}),
    ),
    Case(
        "iss promised and missing",
        AuthorizationDenied,
        "issuer|iss",
        answered(lambda it: {k: v for k, v in it.items() if k != "iss"}),
    ),
    Case(
        "iss unexpected",
        AuthorizationDenied,
        "issuer|iss",
        {"iss": ELSEWHERE, **metadata(authorization_response_iss_parameter_supported=ABSENT)},
    ),
    Case(
        "no code",
        AuthorizationDenied,
        "without a code",
        answered(lambda it: {k: v for k, v in it.items() if k != "code"}),
    ),
    Case("denied", AuthorizationDenied, "access_denied|denied|refused", {"denied": "access_denied"}),
]
TOKEN = [
    Case("an error with 200", TokenError, "invalid_grant", at("/token", document({"error": "invalid_grant"}))),
    Case("a page", TokenError, "web page|JSON", at("/token", html("<h1>502 Bad Gateway</h1>", "502 Bad Gateway"))),
    Case("a page with 200", TokenError, "web page|JSON", at("/token", html("<h1>Sign in</h1>"))),
    Case("an echo", TokenError, "invalid_grant", at("/token", echo)),
    Case("no token", TokenError, "access_token", {"token_answer": {"access_token": ABSENT}}),
    Case(
        "a token with a line break",
        TokenError,
        "access_token|token",
        {"token_answer": {"access_token": "a\r\nX-Evil: 1"}},
    ),
    Case("no token type", TokenError, "token_type", {"token_answer": {"token_type": ABSENT}}),
    Case("a type nobody knows", TokenError, "token_type|mac", {"token_answer": {"token_type": "mac"}}),
    Case("huge", McpDeckError, "256 KiB", at("/token", huge)),
    Case(
        "redirected",
        McpDeckError,
        "redirect",
        at("/token", redirect("https://login.elsewhere.example/token", "307 Temporary Redirect")),
    ),
    Case("cut", TransportError, "", at("/token", cut)),
]
