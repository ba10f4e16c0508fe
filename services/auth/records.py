"""Logins and clients as JSON, as they stand in the encrypted file.

Owns the two kinds of record, what makes two of them the same one, and their strict reading. Never touches a file
and never puts a value into a complaint: each of them may be a secret.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import cast, get_args

from ..models import Grant, Json, JsonObject, OAuthSettings, Tls, as_list, as_object, as_text
from .kinds import Client, ClientOrigin, Login, ServerMetadata, Tokens

VERSION = 1
Key = tuple[str, str, str, str]
"""Issuer, client id, resource, and the digest of the settings: a person's login never stands in for a machine's."""


class Unfit(Exception):
    """A record that is none, or of a version that is not known here; says which member."""


def wanted_of(settings: OAuthSettings, tls: Tls | None = None) -> str:
    """Digest of what decides whose login it is, and who can listen to it. Secrets are left out: nobody can try them
    against it. ``tls`` of the entry: under another authority, a login that was made without it is not used.
    """
    idp = settings.idp
    decisive = (
        settings.client_id,
        settings.issuer,
        settings.metadata_url,
        settings.client_metadata_url,
        settings.grant,
        sorted(set((settings.scopes or "").split())),
        None if idp is None else (idp.token_endpoint, idp.client_id),
        settings.allow_insecure,
        None if tls is None else tls.ca,
    )
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]


def key_of(record: JsonObject) -> Key:
    """What a record is kept by; members that are missing are empty."""
    client = as_object(record.get("client"))
    parts = (record.get("issuer"), client.get("client_id"), record.get("resource"), record.get("wanted"))
    issuer, client_id, resource, wanted = (as_text(part) or "" for part in parts)
    return issuer, client_id, resource, wanted


def login_key(login: Login) -> Key:
    return login.issuer, login.client.client_id, login.resource, login.wanted


def servers_of(record: JsonObject) -> list[str]:
    """The URLs of the MCP servers that the login is used for, the newest last."""
    return [url for url in as_list(record.get("servers")) if isinstance(url, str)]


def login_record(login: Login, before: JsonObject | None = None) -> JsonObject:
    """``login`` as a record; what ``before`` has beyond it is kept: another version of mcpdeck may need it.

    Of the token's members nothing is kept that way: they belonged to another token. The metadata document itself is
    left out, it is read anew at each login.
    """
    before = before or {}
    servers = [url for url in servers_of(before) if url != login.server_url]
    return {
        **before,
        "version": VERSION,
        "issuer": login.issuer,
        "client": {**as_object(before.get("client")), **client_object(login.client)},
        "resource": login.resource,
        "wanted": login.wanted,
        "servers": [*servers, login.server_url],
        "grant": login.grant,
        "tokens": _tokens_object(login.tokens),
        "metadata": {**as_object(before.get("metadata")), **_metadata_object(login.metadata)},
        "refreshed": login.refreshed,
        "refreshed_at": login.refreshed_at,
    }


def login_from(record: JsonObject, server_url: str | None = None) -> Login:
    """The login of a record, for ``server_url`` (without one: the newest it is used for). Raises ``Unfit``."""
    read = _Members(record)
    if record.get("version") != VERSION:
        raise Unfit("version")
    servers = servers_of(record)
    if not servers:
        raise Unfit("servers")
    login = Login(
        issuer=read.text("issuer"),
        client=client_from(as_object(record.get("client"))),
        resource=read.text("resource"),
        server_url=server_url if server_url is not None else servers[-1],
        wanted=read.text("wanted", empty=True),
        grant=cast("Grant", read.one_of("grant", get_args(Grant))),
        tokens=_tokens_from(as_object(record.get("tokens"))),
        metadata=_metadata_from(as_object(record.get("metadata"))),
        refreshed=read.maybe_text("refreshed") or "",
        refreshed_at=read.maybe_number("refreshed_at"),
    )
    if login.metadata.issuer != login.issuer:  # endpoints of another authorization server would get its tokens
        raise Unfit("metadata.issuer")
    return login


def client_object(client: Client) -> JsonObject:
    """``client`` without a private key: that is the entry's, which has it at each use."""
    return {
        "client_id": client.client_id,
        "origin": client.origin,
        "auth_method": client.auth_method,
        "secret": client.secret,
        "redirect_uri": client.redirect_uri,
        "secret_expires_at": client.secret_expires_at,
        "management": client.management,
        "doubts": client.doubts,
    }


def client_from(value: JsonObject) -> Client:
    """Raises ``Unfit``."""
    read = _Members(value, "client.")
    return Client(
        client_id=read.text("client_id"),
        origin=cast("ClientOrigin", read.one_of("origin", get_args(ClientOrigin))),
        auth_method=read.text("auth_method"),
        secret=read.maybe_text("secret"),
        redirect_uri=read.maybe_text("redirect_uri"),
        secret_expires_at=read.maybe_number("secret_expires_at"),
        management=read.maybe_object("management") or {},
        doubts=int(read.maybe_number("doubts") or 0),
    )


def _tokens_object(tokens: Tokens) -> JsonObject:
    return {
        "access": tokens.access,
        "token_type": tokens.token_type,
        "scopes": list(tokens.scopes),
        "asked": list(tokens.asked),
        "expires_at": tokens.expires_at,
        "refresh": tokens.refresh,
        "dpop_key": tokens.dpop_key,
        "obtained_at": tokens.obtained_at,
    }


def _tokens_from(value: JsonObject) -> Tokens:
    read = _Members(value, "tokens.")
    return Tokens(
        access=read.text("access"),
        token_type=read.text("token_type"),
        scopes=read.maybe_texts("scopes") or (),
        asked=read.maybe_texts("asked") or (),
        expires_at=read.maybe_number("expires_at"),
        refresh=read.maybe_text("refresh"),
        dpop_key=read.maybe_object("dpop_key"),
        obtained_at=read.maybe_number("obtained_at") or 0.0,
    )


def _metadata_object(metadata: ServerMetadata) -> JsonObject:
    lists = {
        "scopes": metadata.scopes,
        "grants": metadata.grants,
        "auth_methods": metadata.auth_methods,
        "auth_algorithms": metadata.auth_algorithms,
        "dpop_algorithms": metadata.dpop_algorithms,
    }
    return {
        "issuer": metadata.issuer,
        "authorization_endpoint": metadata.authorization_endpoint,
        "token_endpoint": metadata.token_endpoint,
        "registration_endpoint": metadata.registration_endpoint,
        "revocation_endpoint": metadata.revocation_endpoint,
        **{name: None if values is None else list(values) for name, values in lists.items()},
        "iss_in_response": metadata.iss_in_response,
        "metadata_documents": metadata.metadata_documents,
        "assumed": metadata.assumed,
        "url": metadata.url,
    }


def _metadata_from(value: JsonObject) -> ServerMetadata:
    read = _Members(value, "metadata.")
    return ServerMetadata(
        issuer=read.text("issuer"),
        authorization_endpoint=read.maybe_text("authorization_endpoint"),
        token_endpoint=read.text("token_endpoint"),
        registration_endpoint=read.maybe_text("registration_endpoint"),
        revocation_endpoint=read.maybe_text("revocation_endpoint"),
        scopes=read.maybe_texts("scopes"),
        grants=read.maybe_texts("grants"),
        auth_methods=read.maybe_texts("auth_methods"),
        auth_algorithms=read.maybe_texts("auth_algorithms"),
        iss_in_response=read.flag("iss_in_response"),
        metadata_documents=read.flag("metadata_documents"),
        dpop_algorithms=read.maybe_texts("dpop_algorithms") or (),
        assumed=read.flag("assumed"),
        url=read.maybe_text("url") or "",
    )


class _Members:
    """Members of one object, each of the kind it must be. Raises ``Unfit`` naming the member."""

    def __init__(self, value: JsonObject, where: str = "") -> None:
        self._value = value
        self._where = where

    def text(self, name: str, *, empty: bool = False) -> str:
        found = self._value.get(name)
        if not isinstance(found, str) or not (found or empty):
            raise Unfit(self._where + name)
        return found

    def maybe_text(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.text(name, empty=True)

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        found = self.text(name)
        if found not in words:
            raise Unfit(self._where + name)
        return found

    def flag(self, name: str) -> bool:
        found = self._value.get(name, False)
        if not isinstance(found, bool):
            raise Unfit(self._where + name)
        return found

    def maybe_number(self, name: str) -> float | None:
        found = self._value.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise Unfit(self._where + name)
        return float(found)

    def maybe_texts(self, name: str) -> tuple[str, ...] | None:
        found = self._value.get(name)
        if found is None:
            return None
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise Unfit(self._where + name)
        return tuple(cast("list[str]", found))

    def maybe_object(self, name: str) -> JsonObject | None:
        found: Json = self._value.get(name)
        if found is not None and not isinstance(found, dict):
            raise Unfit(self._where + name)
        return found
