"""Logins in the dashboard: what a login wants of a person becomes questions like those of servers.

Owns the wire form of these questions (``mcpdeck/login``, ``mcpdeck/consent``, ``mcpdeck/form``). Opens nothing: that
is done by whoever draws the question.
"""

from __future__ import annotations

from collections.abc import Callable

from ..auth.kinds import Invitation
from ..errors import AuthorizationDenied, LoginGivenUp, RegistrationError
from ..models import JsonObject, Opening, as_text
from ..session import Answer, Ask, Question

LOGIN = "mcpdeck/login"
"""``params``: server, issuer, resource, clientId, scopes, added, url, redirectUri, why, manual, error (what was wrong
with the address that was brought). An accepted answer's content: ``redirect``, the address."""
CONSENT = "mcpdeck/consent"
"""The same ``params``. Accepted: ask for the scopes that are ``added``."""
FORM = "mcpdeck/form"
"""A form as in ``elicitation/create``: ``message`` and ``requestedSchema``."""


class AskingHands:
    """Whoever answers ``ask`` takes the login to the person, by a browser on this machine or another."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @property
    def opening(self) -> Opening:
        return "browser"

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Ask until an address is brought that is the answer. Raises ``AuthorizationDenied`` when it is cancelled."""
        wrong = ""
        while True:
            answer = await self._ask(Question(invitation.server, LOGIN, _params(invitation, wrong)))
            if answer.action != "accept":
                raise LoginGivenUp("the login was cancelled", hint="Nothing was stored. Log in again any time.")
            brought = as_text((answer.content or {}).get("redirect")) or ""
            try:
                arrived(brought)
            except AuthorizationDenied as error:
                wrong = error.title
            else:
                return

    async def consent(self, invitation: Invitation) -> bool:
        """Whether to ask for the scopes that are added."""
        return (await self._ask(Question(invitation.server, CONSENT, _params(invitation)))).action == "accept"

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        """One of ``issuers``. Raises ``AuthorizationDenied``."""
        answer = await self._form(
            server,
            "This server takes logins of several authorization servers. Where do you want to log in?",
            {"issuer": {"type": "string", "title": "Authorization server", "enum": list(issuers)}},
            "issuer",
        )
        chosen = as_text((answer.content or {}).get("issuer"))
        if chosen not in issuers:
            raise LoginGivenUp("no authorization server was chosen", hint="Log in again to choose one.")
        return chosen

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        """Client id and secret. Raises ``AuthorizationDenied``, and ``RegistrationError`` without an id."""
        answer = await self._form(
            server,
            f"{issuer} registers no clients by itself. Register mcpdeck there by hand, and give what it gave you.",
            {
                "client_id": {"type": "string", "title": "Client id", "minLength": 1},
                "client_secret": {"type": "string", "title": "Client secret (if there is one)", "format": "password"},
            },
            "client_id",
        )
        content = answer.content or {}
        client_id = (as_text(content.get("client_id")) or "").strip()
        if not client_id:
            raise RegistrationError(
                f"no client id for {issuer} was given",
                hint='Put it into "clientId" of the entry\'s "oauth", or log in again and give it.',
            )
        return client_id, (as_text(content.get("client_secret")) or "").strip() or None

    async def _form(self, server: str, message: str, properties: JsonObject, required: str) -> Answer:
        schema: JsonObject = {"type": "object", "properties": properties, "required": [required]}
        answer = await self._ask(Question(server, FORM, {"message": message, "requestedSchema": schema}))
        if answer.action != "accept":
            raise LoginGivenUp("the login was cancelled", hint="Nothing was stored. Log in again any time.")
        return answer


def _params(invitation: Invitation, wrong: str = "") -> JsonObject:
    return {
        "server": invitation.server,
        "issuer": invitation.issuer,
        "resource": invitation.resource,
        "clientId": invitation.client_id,
        "scopes": list(invitation.scopes),
        "added": list(invitation.added),
        "url": invitation.url,
        "redirectUri": invitation.redirect_uri,
        "why": invitation.why,
        "manual": invitation.manual,
        "error": wrong,
    }
