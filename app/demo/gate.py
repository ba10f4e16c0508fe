"""What stands before demo-login's application, where the SDK has no place for it.

Owns the refusal of a call that needs more than was granted (403, RFC 6750), ``iss`` in every answer of the
authorization endpoint (RFC 9207), and revocation by every kind of client. Never lets anybody in by itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from mcp.server.auth.routes import build_metadata
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from pydantic import AnyHttpUrl
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .authorization import SCOPES, TREASURE, GuestBook

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOOL_SCOPES = {"open_treasure_chest": TREASURE}
"""The tools that need more than the login asks for at first."""
MAX_BODY = 1_048_576
METADATA = "/.well-known/oauth-authorization-server"


def gate(book: GuestBook, app: ASGIApp) -> ASGIApp:
    """``app`` behind all that. Whoever has no valid token is left to the SDK, which answers 401."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        match (scope["type"], scope.get("method"), scope.get("path")):
            case ("http", "POST", "/mcp"):
                await _call(book, app, scope, receive, send)
            case ("http", "POST", "/revoke"):
                body = await _body(Request(scope, receive))
                await app(scope, _replayed(_with_secret(body or b""), receive), send)
            case ("http", _, "/authorize"):
                await app(scope, receive, _signed(send, book.base))
            case ("http", "GET", path) if path == METADATA:
                await JSONResponse(_metadata(book.base))(scope, receive, send)
            case _:
                await app(scope, receive, send)

    return outer


async def _call(book: GuestBook, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = await _body(request)
    if body is None:
        await Response("more than this demo reads", 413)(scope, receive, send)
        return
    _, _, value = request.headers.get("authorization", "").partition(" ")
    token = await book.load_access_token(value)
    missing = [] if token is None else sorted(_needed(body) - set(token.scopes))
    if not missing:
        await app(scope, _replayed(body, receive), send)
        return
    words = " ".join(missing)
    challenge = (
        f'Bearer error="insufficient_scope", scope="{words}", error_description="this tool needs: {words}", '
        f'resource_metadata="{book.base}/.well-known/oauth-protected-resource/mcp"'
    )
    refusal = JSONResponse({"error": "insufficient_scope"}, 403, {"WWW-Authenticate": challenge})
    await refusal(scope, receive, send)


def _metadata(base: str) -> dict[str, Any]:
    """The SDK's document, and what it leaves out although it is so."""
    options = ClientRegistrationOptions(enabled=True, valid_scopes=list(SCOPES))
    # As a URL object a bare origin would get a slash, and be another issuer.
    found = build_metadata(AnyHttpUrl(base), None, options, RevocationOptions(enabled=True))
    document: dict[str, Any] = found.model_dump(mode="json", exclude_none=True)
    methods = ["none", "client_secret_post", "client_secret_basic"]
    return {
        **document,
        "issuer": base,
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
    }


def _signed(send: Send, issuer: str) -> Send:
    """``send``, with ``iss`` in the address that an error goes back to; the SDK's own errors are without."""

    async def outer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            location = headers.get("location", "")
            parts = urlsplit(location)
            if location and not location.startswith(issuer) and "iss" not in dict(parse_qsl(parts.query)):
                query = "&".join(filter(None, (parts.query, urlencode({"iss": issuer}))))
                headers["location"] = parts._replace(query=query).geturl()
        await send(message)

    return outer


async def _body(request: Request) -> bytes | None:
    """The whole body; None where it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _with_secret(form: bytes) -> bytes:
    """A revocation as the SDK reads it: it wants the parameter from clients that have no secret to send, too."""
    return form if b"client_secret=" in form else form + b"&client_secret="


def _needed(body: bytes) -> set[str]:
    """The scopes that the calls in a body need; none where it is nothing we understand (the SDK will say)."""
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        return set()
    calls = cast("list[Any]", message) if isinstance(message, list) else [message]
    return {scope for call in calls for name, scope in TOOL_SCOPES.items() if _calls(call, name)}


def _calls(message: Any, tool: str) -> bool:
    match message:
        case {"method": "tools/call", "params": {"name": name}}:
            return name == tool
        case _:
            return False


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever else comes (a disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
