"""The MCP server that the tests' authorization server guards: JSON-RPC over POST, of either era.

Owns the check of a token (RFC 6750, 9449; audience, scopes, expiry) and a handful of answers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.servers.oauth_answers import laid_over, reply
from tests.servers.oauth_ledger import Issued, Refused, Seen
from tests.servers.scripted_http import Exchange

if TYPE_CHECKING:
    from tests.servers.authorization_server import Peer

WELL_KNOWN = "/.well-known/oauth-protected-resource"


async def protected(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    does = peer.behaviour
    if seen.method == "GET" and seen.path == f"{WELL_KNOWN}/mcp" and does.resource_metadata is not None:
        await reply(exchange, 200, laid_over(_metadata(peer), does.resource_metadata))
        return
    if seen.path != "/mcp":
        await reply(exchange, 404)
        return
    token: Issued | None = None
    if not does.open_to_all:
        try:
            token = _admitted(peer, seen)
        except Refused as error:
            await _refused(peer, exchange, error)
            return
    if seen.method != "POST":
        await reply(exchange, 405 if seen.method == "GET" else 200)
        return
    message = seen.json
    if "id" not in message or "method" not in message:
        await reply(exchange, 202)
        return
    body = {"jsonrpc": "2.0", "id": message["id"], **_answer(peer, message, token)}
    await reply(exchange, 200, body)


def _metadata(peer: Peer) -> dict[str, Any]:
    """RFC 9728."""
    does = peer.behaviour
    document: dict[str, Any] = {"resource": peer.resource, "authorization_servers": [peer.issuer]}
    if does.scopes is not None:
        document["scopes_supported"] = list(does.scopes)
    return document


def _admitted(peer: Peer, seen: Seen) -> Issued:
    """The token of a request; ``Refused`` carries the challenge's error code and, for 403, the scope in question."""
    does, scheme = peer.behaviour, seen.headers.get("authorization", "").partition(" ")[0].lower()
    one = peer.ledger.find("access", seen.token)
    message = seen.json if seen.body else None
    what = message.get("method", "") if isinstance(message, dict) else seen.method
    if one is not None:
        one.used.append(f"{seen.method} {what}")
    if seen.token is None:
        raise Refused("", "", 401)
    if one is None or one.revoked or one.expires_at < peer.ledger.now or one.resource != peer.resource:
        raise Refused("invalid_token", "it is unknown, expired or for somebody else", 401)
    if one.thumbprint is not None:
        nonce = peer.ledger.nonces[-1] if does.dpop_nonce else None
        try:
            made_with = peer.ledger.check_proof(seen, peer.mcp_url, nonce=nonce, access=one.value)
        except Refused as error:
            raise Refused(error.code, error.description, 401) from error
        if scheme != "dpop" or made_with != one.thumbprint:
            raise Refused("invalid_token", "the token is bound to another key", 401)
    needed = {does.required} if does.required else set[str]()
    if what == "tools/call" and isinstance(message, dict):
        needed |= set(does.tool_scopes.get(message["params"]["name"], "").split())
    if missing := needed - set(one.scopes):
        raise Refused("insufficient_scope", " ".join(sorted(missing)), 403)
    return one


async def _refused(peer: Peer, exchange: Exchange, error: Refused) -> None:
    does = peer.behaviour
    nonce = {"DPoP_Nonce": peer.ledger.nonces[-1]} if error.code == "use_dpop_nonce" else {}
    if error.status == 401 and does.challenge is not None:
        headers = {"WWW_Authenticate": does.challenge} if does.challenge else {}
        await reply(exchange, 401, **headers, **nonce)
        return
    params: dict[str, str] = {"error": error.code} if error.code else {}
    if does.metadata_link:
        params["resource_metadata"] = peer.mcp_url.removesuffix("/mcp") + f"{WELL_KNOWN}/mcp"
    if error.status == 403:
        params["scope"] = error.description
    elif does.challenge_scope is not None:
        params["scope"] = does.challenge_scope
    scheme = "DPoP" if error.code in ("use_dpop_nonce", "invalid_dpop_proof") else "Bearer"
    challenge = f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in params.items())
    if error.status == 403 and does.step_up is not None:
        challenge = does.step_up
    await reply(exchange, error.status, WWW_Authenticate=challenge.strip(), **nonce)


def _answer(peer: Peer, message: dict[str, Any], token: Issued | None) -> dict[str, Any]:
    tools = ["whoami", *peer.behaviour.tool_scopes]
    capabilities: dict[str, Any] = {"tools": {}}
    info = {"name": "protected", "version": "1.0"}
    modern = peer.behaviour.modern
    match message["method"]:
        case "server/discover" if modern:
            result: dict[str, Any] = {"supportedVersions": ["2026-07-28"], "capabilities": capabilities}
            result["_meta"] = {"io.modelcontextprotocol/serverInfo": info}
        case "initialize" if not modern:
            version = message["params"]["protocolVersion"]
            result = {"protocolVersion": version, "capabilities": capabilities, "serverInfo": info}
        case "tools/list":
            result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in tools]}
        case "tools/call":
            who = {"client": token.client_id, "scopes": token.scopes} if token else {}
            result = {"content": [{"type": "text", "text": json.dumps(who)}]}
        case "ping":
            result = {}
        case method:
            return {"error": {"code": -32601, "message": f"no {method} here"}}
    if modern:
        result |= {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
    return {"result": result}
