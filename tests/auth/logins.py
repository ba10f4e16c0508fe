"""Logins and clients to keep, with every member filled."""

from __future__ import annotations

from dataclasses import replace

from mcpdeck.services.auth.kinds import Client, Login, ServerMetadata, Tokens

ISSUER = "https://as.example/tenant"
URL = "https://mcp.example/mcp"
OTHER_URL = "https://mcp.example/other"
SECRETS = ("the-access", "the-refresh", "the-secret", "the-management", "the-dpop-d")
"""Every secret that ``login()`` holds; none of them may be found in the open."""


def client(client_id: str = "the-client") -> Client:
    return Client(
        client_id=client_id,
        origin="registered",
        auth_method="client_secret_basic",
        secret="the-secret",
        redirect_uri="http://localhost:8080/callback",
        secret_expires_at=4e9,
        management={"registration_access_token": "the-management"},
    )


def metadata(issuer: str = ISSUER) -> ServerMetadata:
    return ServerMetadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        registration_endpoint=f"{issuer}/register",
        revocation_endpoint=f"{issuer}/revoke",
        scopes=("read", "offline_access"),
        grants=("authorization_code",),
        auth_methods=("none", "client_secret_basic"),
        auth_algorithms=("ES256",),
        iss_in_response=True,
        metadata_documents=True,
        dpop_algorithms=("ES256",),
        assumed=True,
        url=f"{issuer}/.well-known/oauth-authorization-server",
    )


def tokens(access: str = "the-access", *, at: float = 1000.0, refresh: str | None = "the-refresh") -> Tokens:
    return Tokens(
        access=access,
        token_type="DPoP",
        scopes=("read",),
        asked=("read", "write"),
        expires_at=at + 3600,
        refresh=refresh,
        dpop_key={"kty": "EC", "d": "the-dpop-d"},
        obtained_at=at,
    )


def login(
    *,
    issuer: str = ISSUER,
    client_id: str = "the-client",
    url: str = URL,
    wanted: str = "w",
    access: str = "the-access",
) -> Login:
    return Login(
        issuer=issuer,
        client=client(client_id),
        resource="https://mcp.example/mcp",
        server_url=url,
        wanted=wanted,
        grant="authorization_code",
        tokens=tokens(access),
        metadata=metadata(issuer),
        refreshed="refreshed",
        refreshed_at=1001.0,
    )


def renewed(before: Login, access: str, at: float = 2000.0) -> Login:
    return replace(before, tokens=tokens(access, at=at, refresh=f"refresh-of-{access}"))
