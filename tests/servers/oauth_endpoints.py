"""The endpoints of the tests' authorization server: authorize, token, register, revoke.

Owns their rules (RFC 6749, 7591, 7636, 7009, 8707, 9207, 9449). What is wrong about them is in ``Behaviour``.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from joserfc import jwk, jwt
from joserfc.errors import JoseError

from tests.servers.oauth_answers import ABSENT, cut, laid_over, reply, with_query
from tests.servers.oauth_ledger import Issued, Refused, Registered, Seen, digest, same_redirect
from tests.servers.scripted_http import Exchange

if TYPE_CHECKING:
    from tests.servers.authorization_server import Peer

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def authorize(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    """Consent is given at once: a redirect with a code, unless the behaviour says otherwise."""
    does, asked = peer.behaviour, dict(seen.query)
    client = find_client(peer, asked.get("client_id", ""))
    back = asked.get("redirect_uri", "")
    if client is None:
        raise Refused("invalid_client", "nobody knows this client")
    if client.redirect_uris and not any(same_redirect(one, back) for one in client.redirect_uris):
        raise Refused("invalid_request", "this redirect_uri was not registered")
    if does.page:
        await exchange.answer("200 OK", does.page.encode(), "text/html; charset=utf-8")
        return
    wrong = next(
        (
            name
            for name, fits in {
                "response_type": asked.get("response_type") == "code",
                "code_challenge": len(asked.get("code_challenge", "")) == 43,
                "code_challenge_method": asked.get("code_challenge_method") == "S256",
                "resource": asked.get("resource") == peer.resource,
            }.items()
            if not fits
        ),
        None,
    )
    answer: dict[str, str] = {"state": asked["state"]} if "state" in asked else {}
    if wrong or does.denied:
        answer |= {"error": does.denied or "invalid_request", "error_description": f"about {wrong or 'you'}"}
    else:
        scopes = tuple(asked.get("scope", "").split())
        code = peer.ledger.issue(
            "code",
            60,
            client_id=client.client_id,
            scopes=does.granted(scopes) if does.granted else scopes,
            resource=asked["resource"],
            challenge=asked["code_challenge"],
            redirect_uri=back,
        )
        answer["code"] = code.value
    issuer = peer.issuer if does.iss is None else does.iss
    if issuer:
        answer["iss"] = issuer
    if does.answered is not None:
        answer = does.answered(answer)
    await exchange.answer("302 Found", Location=with_query(back, answer))


def find_client(peer: Peer, client_id: str) -> Registered | None:
    """One that registered, one that was known before, or one whose id is the address of its metadata."""
    does = peer.behaviour
    if client_id in does.clients:
        secret = does.clients[client_id]
        return Registered(client_id, secret, auth_method="any" if secret else "none")
    if client_id in does.client_keys:
        return Registered(client_id, auth_method="private_key_jwt")
    if does.metadata_documents and client_id.startswith("https://"):
        return Registered(client_id)
    return peer.ledger.clients.get(client_id)


async def token(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    form, does = seen.form, peer.behaviour
    client = authenticated(peer, seen)
    nonce = peer.ledger.nonces[-1] if does.dpop_nonce else None
    bound = peer.ledger.check_proof(seen, f"{peer.issuer}/token", nonce=nonce) if does.dpop else None
    before: Issued | None = None
    scopes = tuple(form.get("scope", "").split())
    match form.get("grant_type"):
        case "authorization_code":
            before = _code(peer, form, client)
            scopes = before.scopes
        case "refresh_token":
            before = _refreshable(peer, form, client)
            scopes = scopes or before.scopes
        case "client_credentials" if client.auth_method != "none":
            scopes = does.granted(scopes) if does.granted else scopes
        case grant if grant == JWT_BEARER and form.get("assertion") in does.assertions:
            scopes = tuple(does.assertions[form["assertion"]].split()) or scopes
        case grant if grant == JWT_BEARER:
            raise Refused("invalid_grant", "the assertion is not accepted")
        case _:
            raise Refused("unsupported_grant_type")
    # An assertion names its resource itself; every other request must.
    resource = form.get("resource", peer.resource if form.get("grant_type") == JWT_BEARER else "")
    if resource != peer.resource or (before is not None and before.resource != resource):
        raise Refused("invalid_target", "the resource is another one")
    given: dict[str, Any] = {
        "client_id": client.client_id,
        "scopes": scopes,
        "resource": resource,
        "thumbprint": bound,
    }
    if before is not None:
        given["family"] = before.family
    access = peer.ledger.issue("access", does.lifetime, **given)
    answer: dict[str, Any] = {
        "access_token": access.value,
        "token_type": "DPoP" if bound else "Bearer",
        "expires_in": int(does.lifetime) if does.expires_in is None else does.expires_in,
        "scope": " ".join(scopes) if scopes else ABSENT,
    }
    answer["refresh_token"] = _next_refresh(peer, before, given)
    if form.get("grant_type") == "refresh_token" and does.lost_refreshes > 0:
        peer.change(lost_refreshes=does.lost_refreshes - 1)
        await cut(exchange)
        return
    await reply(exchange, 200, laid_over(answer, does.token_answer), Cache_Control="no-store")


def _next_refresh(peer: Peer, before: Issued | None, given: dict[str, Any]) -> Any:
    if before is None or not peer.behaviour.refresh:
        return ABSENT
    if before.kind == "refresh" and not peer.behaviour.rotate:
        return ABSENT
    return peer.ledger.issue("refresh", 86_400, **given).value


def _code(peer: Peer, form: dict[str, str], client: Registered) -> Issued:
    code = peer.ledger.find("code", form.get("code"))
    if code is None or code.client_id != client.client_id or code.expires_at < peer.ledger.now:
        raise Refused("invalid_grant", "no such code")
    if code.used:
        peer.ledger.end_family(code.family)
        raise Refused("invalid_grant", "the code was used before")
    code.used.append("token")
    if digest(form.get("code_verifier", "")) != code.challenge:
        raise Refused("invalid_grant", "the verifier does not fit")
    if form.get("redirect_uri") != code.redirect_uri:
        raise Refused("invalid_grant", "the redirect_uri is another one")
    return code


def _refreshable(peer: Peer, form: dict[str, str], client: Registered) -> Issued:
    one = peer.ledger.find("refresh", form.get("refresh_token"))
    if one is None or one.revoked or one.client_id != client.client_id:
        raise Refused("invalid_grant", "no such refresh token")
    if one.used and peer.behaviour.rotate and not (peer.behaviour.grace and len(one.used) == 1):
        peer.ledger.end_family(one.family)
        raise Refused("invalid_grant", "the refresh token was used before")
    one.used.append("token")
    return one


def authenticated(peer: Peer, seen: Seen) -> Registered:
    """The client that a request to the token or revocation endpoint is from, in the way it is registered with."""
    form = seen.form
    if peer.behaviour.wants_client_id and "client_id" not in form:
        raise Refused("invalid_request", "client_id: Field required")
    if seen.basic is not None:
        (name, secret), method = seen.basic, "client_secret_basic"
    elif "client_assertion" in form:
        return _by_assertion(peer, form)
    else:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        method = "client_secret_post" if secret else "none"
    client = find_client(peer, name)
    if client is None:
        raise Refused("invalid_client", "nobody knows this client", 401)
    if client.auth_method not in ("any", method) or (client.secret or "") != secret:
        raise Refused("invalid_client", f"{method} is not how this client logs in, or its secret is wrong", 401)
    return client


def _by_assertion(peer: Peer, form: dict[str, str]) -> Registered:
    for name, key in peer.behaviour.client_keys.items():
        try:
            claims = jwt.decode(form["client_assertion"], jwk.import_key(key), algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            continue
        right = claims.get("iss") == claims.get("sub") == name and claims.get("aud") in (peer.issuer, [peer.issuer])
        if right and form.get("client_assertion_type") == ASSERTION and claims.get("exp", 0) > peer.ledger.now:
            return Registered(name, auth_method="private_key_jwt")
    raise Refused("invalid_client", "the assertion does not fit", 401)


async def exchange_identity(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    """The identity provider: an ID token for an ID-JAG (RFC 8693), which is the first assertion that is accepted."""
    form, does = seen.form, peer.behaviour
    right = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": ID_JAG,
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "subject_token": does.id_token,
        "audience": peer.issuer,
        "resource": peer.resource,
    }
    if wrong := [name for name, value in right.items() if form.get(name) != value]:
        raise Refused("invalid_request", " ".join(wrong))
    answer = {"access_token": next(iter(does.assertions)), "issued_token_type": ID_JAG, "token_type": "N_A"}
    await reply(exchange, 200, laid_over({**answer, "expires_in": 300}, does.identity_answer))


async def register(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    does, wanted = peer.behaviour, seen.json
    if does.registration == "refused":
        raise Refused("invalid_client_metadata", "registration is closed", 400)
    method = does.registration or "none"
    secret = None if method == "none" else f"secret-{secrets.token_urlsafe(12)}"
    client = Registered(
        f"client-{secrets.token_hex(6)}", secret, tuple(wanted.get("redirect_uris", ())), method, dict(wanted)
    )
    peer.ledger.clients[client.client_id] = client
    answer = {**wanted, "client_id": client.client_id, "token_endpoint_auth_method": method}
    if secret:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    await reply(exchange, 201, laid_over(answer, does.registered))


async def revoke(peer: Peer, exchange: Exchange, seen: Seen) -> None:
    """RFC 7009: an unknown token is no error; a refresh token takes its access tokens with it."""
    client = authenticated(peer, seen)
    for one in peer.ledger.issued:
        if one.value == seen.form.get("token") and one.client_id == client.client_id:
            one.revoked = True
            if one.kind == "refresh":
                peer.ledger.end_family(one.family)
    await exchange.answer("200 OK")
