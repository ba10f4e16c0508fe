"""demo-login: a server behind OAuth, with an authorization server of its own.

Owns the tools of a resource server that wants a bearer token, and the way to the consent page. Who is let in is
``authorization``'s business, the page is ``consent``'s; what a tool needs beyond a token is seen to in ``gate``.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Annotated, NamedTuple

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .authorization import SCOPE, SCOPES, GuestBook, GuestToken
from .consent import consent_page, expired_page

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_BROWSERS = ("Mozilla", "Lynx", "w3m", "ELinks", "Links")


class Visitor(BaseModel):
    """What the access token says."""

    user: str | None
    client: str | None = Field(description="The name the client registered itself with.")
    scopes: list[str]
    valid_for: int = Field(description="Seconds until the token expires.")
    refreshes: int = Field(description="How often the login was renewed without asking you.")


class Demo(NamedTuple):
    """The server and the memory of the authorization server beside it."""

    mcp: MCPServer
    book: GuestBook


def server(base: str) -> Demo:
    """The server at ``base`` (scheme, host and port); its endpoint is ``base``/mcp."""
    book = GuestBook(base)
    mcp = MCPServer(
        "demo-login",
        title="Behind a login",
        version=version("mcpdeck"),
        description="A server that wants to know who you are. Anyone may come in as the guest.",
        instructions=(
            "whoami tells what the server knows about you, and how long your token is good for: a minute, then it is "
            "renewed behind the scenes. open_treasure_chest needs a permission that you were not asked for yet. "
            "The Authorization screen shows each step of all this."
        ),
        auth_server_provider=book,
        auth=AuthSettings.model_validate(
            {
                # As text: an issuer is compared letter by letter, and a URL object would add a slash.
                "issuer_url": base,
                "resource_server_url": f"{base}/mcp",
                "required_scopes": [SCOPE],
                "client_registration_options": ClientRegistrationOptions(
                    enabled=True, valid_scopes=list(SCOPES), default_scopes=list(SCOPES)
                ),
                "revocation_options": RevocationOptions(enabled=True),
                "validate_token_resource": True,
            }
        ),
    )

    @mcp.tool(title="Who am I?", annotations=READ_ONLY)
    async def whoami() -> Visitor:
        """Tells whom the access token speaks for. Call it again in a minute: the token will be another one."""
        token = get_access_token()
        if not isinstance(token, GuestToken):  # the endpoint lets nobody in without one
            return Visitor(user=None, client=None, scopes=[], valid_for=0, refreshes=0)
        client = await book.get_client(token.client_id)
        return Visitor(
            user=token.subject,
            client=client.client_name if client else None,
            scopes=token.scopes,
            valid_for=max(0, (token.expires_at or 0) - int(time.time())),
            refreshes=token.refreshes,
        )

    @mcp.tool(title="Fortune", annotations=READ_ONLY, structured_output=False)
    def fortune(
        number: Annotated[int, Field(description="Draw a number.", ge=1, le=4)] = 1,
    ) -> str:
        """A sentence for those who logged in."""
        return (
            "Whoever has a token has friends.",
            "What expires can be refreshed.",
            "A redirect today saves a password tomorrow.",
            "Trust, but verify the audience.",
        )[number - 1]

    @mcp.tool(title="Open the treasure chest", annotations=READ_ONLY, structured_output=False)
    def open_treasure_chest() -> str:
        """Needs the permission "treasure": the first call asks you for it, on top of what you agreed to before."""
        return "Inside lies a note: “Ask for little at first, and for more when it is needed.”"

    @mcp.custom_route("/login", methods=["GET", "POST"])
    async def login(request: Request) -> Response:
        if request.method == "GET":
            ticket = request.query_params.get("ticket", "")
            waiting = book.waiting(ticket)
            if waiting is None:
                return expired_page()
            if _wants_a_page(request):
                return consent_page(waiting, ticket)
            target = book.agreed(ticket)
        else:
            async with request.form(max_files=0, max_fields=4) as form:
                ticket, answer = str(form.get("ticket", "")), form.get("answer")
            target = book.agreed(ticket) if answer == "yes" else book.declined(ticket)
        return expired_page() if target is None else RedirectResponse(target, status_code=303)

    return Demo(mcp, book)


def _wants_a_page(request: Request) -> bool:
    """Whether a browser asks. Programs that only follow redirects are taken for a guest who agrees at once.

    Every browser with a window sends ``Sec-Fetch-Mode``, to loopback too, and no page can leave it out: a page on the
    web cannot have its visitor agree unseen.
    """
    agent = request.headers.get("user-agent", "")
    return "sec-fetch-mode" in request.headers or any(name in agent for name in _BROWSERS)
