"""Example states of logins: one that went well, one that failed, one that waits, and the questions they ask."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.models import (
    AuthView,
    ErrorInfo,
    ExchangeSide,
    JsonObject,
    LoginPhase,
    LoginStatus,
    LoginStep,
    ShownField,
    Status,
    TokenView,
    TransportKind,
    Verdict,
)
from mcpdeck.services.state.model import PromptState, ServerState
from tests.ui import states
from tests.ui.states import NOW

ISSUER = "https://auth.example.com/tenant"
RESOURCE = "https://vault.example.com/mcp"
REDIRECT = "http://127.0.0.1:43215/callback"
STATE = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
URL = (
    f"{ISSUER}/authorize?response_type=code&client_id=mcpdeck-5f1c0a77d2e0&redirect_uri=http%3A%2F%2F127.0.0.1"
    "%3A43215%2Fcallback&scope=vault%3Aread+vault%3Awrite+offline_access"
    f"&state={STATE}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    "&resource=https%3A%2F%2Fvault.example.com%2Fmcp"
)
SHORT_URL = f"https://a.example/authorize?state={STATE}"
BACK = f"{REDIRECT}?code=SplxlOBeZQQYbYS6WxSbIA&state={STATE}"
MASK = "***"


def secret(name: str) -> ShownField:
    return ShownField(name, MASK, f"key-{name}")


def passed(rule: str, expects: str, section: str) -> Verdict:
    return Verdict(rule, expects, section, passed=True)


CHALLENGED = LoginStep(
    1,
    LoginPhase.CHALLENGE,
    "The server asks for a login",
    NOW - 64.0,
    21.0,
    ExchangeSide(f"POST {RESOURCE}", (ShownField("content-type", "application/json"),)),
    ExchangeSide(
        "401 Unauthorized",
        (
            ShownField(
                "www-authenticate",
                'Bearer resource_metadata="https://vault.example.com/.well-known/oauth-protected-resource/mcp", '
                'scope="vault:read vault:write"',
            ),
        ),
    ),
    (passed("challenge.present", "a 401 carries a Bearer challenge", "RFC 6750, 3"),),
)
FOUND = LoginStep(
    2,
    LoginPhase.RESOURCE,
    "Protected resource metadata",
    NOW - 63.5,
    34.0,
    ExchangeSide(
        "GET https://vault.example.com/.well-known/oauth-protected-resource/mcp",
        (ShownField("accept", "application/json"),),
    ),
    ExchangeSide(
        "200 OK",
        (ShownField("content-type", "application/json"), ShownField("cache-control", "max-age=3600")),
        (
            ShownField("resource", RESOURCE),
            ShownField("authorization_servers", f'["{ISSUER}"]'),
            ShownField("scopes_supported", '["vault:read","vault:write"]'),
            ShownField("bearer_methods_supported", '["header"]'),
        ),
    ),
    (
        passed("prm.resource-matches", "the resource is the server's own URL or a parent of it", "RFC 9728, 3.3"),
        passed("prm.content-type", "metadata is served as application/json", "RFC 9728, 3.2"),
    ),
)
METADATA = LoginStep(
    3,
    LoginPhase.SERVER,
    "Authorization server metadata",
    NOW - 63.0,
    112.0,
    ExchangeSide("GET https://auth.example.com/.well-known/oauth-authorization-server/tenant"),
    ExchangeSide(
        "200 OK",
        (ShownField("content-type", "application/json"),),
        (
            ShownField("issuer", ISSUER),
            ShownField("authorization_endpoint", f"{ISSUER}/authorize"),
            ShownField("token_endpoint", f"{ISSUER}/token"),
            ShownField("registration_endpoint", f"{ISSUER}/register"),
            ShownField("code_challenge_methods_supported", '["S256"]'),
            ShownField("authorization_response_iss_parameter_supported", "true"),
        ),
    ),
    (
        passed("asm.issuer-identical", "the issuer is the one that was asked for, letter by letter", "RFC 8414, 3.3"),
        passed("asm.pkce-s256", "S256 is among code_challenge_methods_supported", "MCP authorization, PKCE"),
    ),
)
REGISTERED = LoginStep(
    4,
    LoginPhase.REGISTRATION,
    "Dynamic client registration",
    NOW - 62.0,
    87.0,
    ExchangeSide(
        f"POST {ISSUER}/register",
        (ShownField("content-type", "application/json"),),
        (ShownField("client_name", "mcpdeck"), ShownField("application_type", "native")),
    ),
    ExchangeSide(
        "201 Created",
        (ShownField("content-type", "application/json"),),
        (ShownField("client_id", "mcpdeck-5f1c0a77d2e0"), secret("registration_access_token")),
    ),
    (
        Verdict(
            "dcr.application-type",
            "the registered application_type is told in the answer",
            "RFC 7591, 3.2.1",
            None,
            "the answer names no application_type",
            "Return every member of the registered metadata.",
        ),
    ),
)
SENT = LoginStep(5, LoginPhase.AUTHORIZATION, "The address was given to you", NOW - 61.0)
RETURNED = LoginStep(
    6,
    LoginPhase.AUTHORIZATION,
    "The browser came back",
    NOW - 12.0,
    verdicts=(
        passed("authz.state", "state is the one that was sent", "RFC 6749, 10.12"),
        passed("authz.iss", "iss is the issuer of this login", "RFC 9207, 2.4"),
    ),
)
TOKENS = LoginStep(
    7,
    LoginPhase.TOKEN,
    "Token request",
    NOW - 11.9,
    143.0,
    ExchangeSide(
        f"POST {ISSUER}/token",
        (ShownField("content-type", "application/x-www-form-urlencoded"), secret("authorization")),
        (
            ShownField("grant_type", "authorization_code"),
            secret("code"),
            secret("code_verifier"),
            ShownField("redirect_uri", REDIRECT),
            ShownField("resource", RESOURCE),
        ),
    ),
    ExchangeSide(
        "200 OK",
        (ShownField("content-type", "application/json"), ShownField("cache-control", "no-store")),
        (
            secret("access_token"),
            ShownField("token_type", "Bearer"),
            ShownField("expires_in", "900"),
            secret("refresh_token"),
            ShownField("scope", "vault:read vault:write offline_access"),
        ),
    ),
    (passed("token.type", "token_type is Bearer or DPoP", "RFC 6749, 5.1"),),
)
REFUSED = replace(
    TOKENS,
    answer=ExchangeSide(
        "200 OK",
        (ShownField("content-type", "application/json"),),
        (
            ShownField("error", "invalid_grant"),
            ShownField("error_description", "The code was issued to another client"),
        ),
    ),
    verdicts=(
        Verdict(
            "token.status",
            "an error is answered with 400 or 401",
            "RFC 6749, 5.2",
            passed=False,
            wrong="the error invalid_grant came with 200 OK",
            fix="Answer errors of the token endpoint with 400 Bad Request, or 401 for an unknown client.",
        ),
        passed("token.content-type", "the answer is application/json", "RFC 6749, 5.1"),
    ),
)
UNANSWERED = LoginStep(
    3,
    LoginPhase.SERVER,
    "Authorization server metadata",
    NOW - 3.0,
    10_000.0,
    ExchangeSide("GET https://auth.example.com/.well-known/oauth-authorization-server/tenant"),
    error="auth.example.com did not answer within 10 s",
)
STEPS = (CHALLENGED, FOUND, METADATA, REGISTERED, SENT, RETURNED, TOKENS)

CLAIMS: JsonObject = {
    "iss": ISSUER,
    "sub": "ada",
    "aud": RESOURCE,
    "exp": int(NOW) + 723,
    "iat": int(NOW) - 177,
    "scope": "vault:read vault:write offline_access",
    "act": {"sub": "mcpdeck-5f1c0a77d2e0"},
}
TOKEN = TokenView(
    issuer=ISSUER,
    client_id="mcpdeck-5f1c0a77d2e0",
    resource=RESOURCE,
    grant="authorization_code",
    token_type="Bearer",
    scopes=("vault:read", "vault:write", "offline_access"),
    obtained_at=NOW - 177,
    expires_at=NOW + 723,
    has_refresh=True,
    refreshed="a new token, and a new refresh token with it",
    refreshed_at=NOW - 177,
    claims=CLAIMS,
    kept="encrypted file ~/.local/share/mcpdeck/auth/credentials, key beside it: weaker than a keychain",
)
DONE = AuthView(LoginStatus.DONE, "", STEPS, TOKEN)
FAILED = AuthView(
    LoginStatus.FAILED,
    "The token endpoint gave no token: invalid_grant (The code was issued to another client)",
    (*STEPS[:6], REFUSED),
)
SILENT = AuthView(LoginStatus.FAILED, "auth.example.com did not answer", (CHALLENGED, FOUND, UNANSWERED))
RUNNING = AuthView(LoginStatus.RUNNING, "The server answered 401 Unauthorized", STEPS[:3])
WAITING = AuthView(LoginStatus.WAITING, "The server answered 401 Unauthorized", STEPS[:5])

WANTED = states.server(
    "vault",
    status=Status.NEEDS_AUTH,
    transport=TransportKind.HTTP,
    endpoint=RESOURCE,
    generation=1,
    error=ErrorInfo(
        "auth",
        "The server answered 401 Unauthorized",
        f"Enter shows what is asked; o there opens your browser at {ISSUER}.",
        {"status": 401},
    ),
)


def wanted(view: AuthView | None = None) -> ServerState:
    """A server that wants a login."""
    return replace(WANTED, auth=view)


def used(view: AuthView = DONE, **changes: object) -> ServerState:
    """A server that was logged in to."""
    return states.connected(
        "vault",
        **{
            "transport": TransportKind.HTTP,
            "endpoint": RESOURCE,
            "pid": None,
            "tools": tuple(states.tool(f"secret_{n}", "Reads a secret") for n in range(3)),
            "auth": view,
            **changes,
        },
    )


def asked(method: str = "mcpdeck/login", **changes: object) -> PromptState:
    """A question of a login; ``changes`` are members of its request."""
    request: dict[str, object] = {
        "server": "vault",
        "issuer": ISSUER,
        "resource": RESOURCE,
        "clientId": "mcpdeck-5f1c0a77d2e0",
        "scopes": ["vault:read", "vault:write", "offline_access"],
        "added": [],
        "url": URL,
        "redirectUri": REDIRECT,
        "why": "The server answered 401 Unauthorized to initialize",
        "manual": False,
        "error": "",
    }
    return PromptState("login-1", "vault", None, method, {**request, **changes}, NOW - 2)  # type: ignore[dict-item]


CONSENT = asked(
    "mcpdeck/consent",
    scopes=["vault:read", "vault:write", "vault:admin"],
    added=["vault:admin"],
    why="tools/call secret_2 was refused: insufficient_scope",
)
CHOICE = PromptState(
    "login-2",
    "vault",
    None,
    "mcpdeck/form",
    {
        "message": "The server names several authorization servers. Which one do you have an account at?",
        "requestedSchema": {
            "type": "object",
            "properties": {"issuer": {"type": "string", "enum": [ISSUER, "https://login.example.org"]}},
            "required": ["issuer"],
        },
    },
    NOW - 2,
)
IDENTITY = replace(
    CHOICE,
    request={
        "message": f"{ISSUER} takes no registration: which client id did it give you?",
        "requestedSchema": {
            "type": "object",
            "properties": {
                "client_id": {"type": "string", "title": "Client id"},
                "client_secret": {"type": "string", "format": "password", "title": "Client secret"},
            },
            "required": ["client_id"],
        },
    },
)
