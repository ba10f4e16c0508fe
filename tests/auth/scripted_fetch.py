"""HTTP for logins from a script: what was asked is kept, what is answered was written down before."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote_plus, urlencode

import httpx

from mcpdeck.services.auth.guarded import Fetched, Guarded
from mcpdeck.services.auth.kinds import Client, Login, Place, ServerMetadata, Tokens
from mcpdeck.services.auth.steps import Got, Recorder, Sent
from mcpdeck.services.errors import McpDeckError
from mcpdeck.services.models import LoginPhase, OAuthSettings, Verdict

ISSUER = "https://as.example"
TOKEN_ENDPOINT = f"{ISSUER}/token"
RESOURCE = "https://mcp.example/mcp"
REDIRECT = "http://127.0.0.1:7777/callback"
NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Request:
    phase: LoginPhase
    title: str
    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    json: Mapping[str, Any] | None
    redirects: bool

    @property
    def basic(self) -> tuple[str, str]:
        """Client id and secret, decoded as RFC 6749, section 2.3.1 has it."""
        scheme, _, value = self.headers["Authorization"].partition(" ")
        assert scheme == "Basic"
        client_id, _, secret = b64decode(value).decode().partition(":")
        return unquote_plus(client_id), unquote_plus(secret)


@dataclass(frozen=True)
class Answer:
    """A mapping or list becomes JSON, text stays as it is."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str | None = None


Reply = Answer | McpDeckError | Callable[[Request], Answer]


class Script:
    """Stands where ``Guarded`` does. One reply for each request, in order; more requests are a failure."""

    def __init__(self, *replies: Reply) -> None:
        self.recorder = Recorder()
        self.requests: list[Request] = []
        self._replies = list(replies)

    @property
    def fetch_for(self) -> Guarded:
        return cast("Guarded", self)

    @property
    def form(self) -> Mapping[str, str]:
        """The form of the only request."""
        assert len(self.requests) == 1
        return self.requests[0].form

    async def fetch(
        self,
        phase: LoginPhase,
        title: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        redirects: bool = True,
    ) -> Fetched:
        asked = Request(phase, title, method, url, dict(headers or {}), dict(form or {}), json, redirects)
        self.requests.append(asked)
        assert self._replies, f"nobody wrote an answer to {asked.title}"
        reply = self._replies.pop(0)
        if isinstance(reply, McpDeckError):
            raise reply
        answer = reply if isinstance(reply, Answer) else reply(asked)
        return self._fetched(asked, answer)

    def _fetched(self, asked: Request, answer: Answer) -> Fetched:
        structured = isinstance(answer.body, dict | list)
        body = json.dumps(answer.body).encode() if structured else str(answer.body).encode()
        kind = answer.kind or ("application/json" if structured or body.startswith(b"{") else "text/html")
        headers = httpx.Headers({"Content-Type": kind, **answer.headers})
        sent = Sent(asked.method, asked.url, tuple(asked.headers.items()), urlencode(asked.form).encode())
        got = Got(answer.status, "", tuple(headers.items()), body)
        step = self.recorder.exchange(asked.phase, asked.title, sent, got, 1.0)
        return Fetched(answer.status, headers, body, asked.url, step)

    def verdict(self, rule: str) -> Verdict:
        """The newest verdict by ``rule``."""
        found = [each for step in self.recorder.steps for each in step.verdicts if each.rule == rule]
        assert found, f"nobody judged by {rule}"
        return found[-1]


def settings(**changes: Any) -> OAuthSettings:
    return OAuthSettings(**changes)


def place(**changes: Any) -> Place:
    return Place("notes", RESOURCE, settings(**changes))


def metadata(**changes: Any) -> ServerMetadata:
    fields: dict[str, Any] = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": TOKEN_ENDPOINT,
    }
    return ServerMetadata(**(fields | changes))


def client(**changes: Any) -> Client:
    fields: dict[str, Any] = {"client_id": "deck-1", "origin": "registered", "auth_method": "none"}
    return Client(**(fields | changes))


def login(**changes: Any) -> Login:
    fields: dict[str, Any] = {
        "issuer": ISSUER,
        "client": client(),
        "resource": RESOURCE,
        "server_url": RESOURCE,
        "wanted": "digest",
        "grant": "authorization_code",
        "tokens": Tokens(
            "old-access-token", "Bearer", ("read",), ("read", "write"), NOW - 5, "old-refresh-token", None, NOW - 65
        ),
        "metadata": metadata(),
    }
    return Login(**(fields | changes))


def token(**changes: Any) -> Answer:
    """A right answer of a token endpoint, with ``changes`` over it; None takes a member out."""
    members: dict[str, Any] = {"access_token": "new-access-token", "token_type": "Bearer", "expires_in": 3600}
    members |= changes
    kept = {name: value for name, value in members.items() if value is not None}
    return Answer(kept, headers={"Cache-Control": "no-store"})


def refused(error: str, description: str = "", status: int = 400) -> Answer:
    return Answer({"error": error, "error_description": description}, status)
