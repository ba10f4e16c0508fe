"""Hands without a person: the authorization URL is followed by plain GETs.

Owns the way from an authorization URL to the redirect of the login, and the answers of a run without a person. Never
visits the redirect's address, and never fills in a page: an authorization server that shows one wants a person.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

from ..errors import AuthorizationDenied, DiscoveryError, RegistrationError
from ..models import LoginPhase, Opening
from ..state.text import one_line
from .addresses import check_url, shown_url
from .guarded import Fetched, Guarded
from .kinds import Invitation
from .rules import verdict

MOST = 10
"""Redirects on the way."""
REQUESTED = ("authz.url", "authz.pkce", "authz.resource")
"""Rules that every authorization request of ours keeps."""
_REDIRECTS = (301, 302, 303, 307, 308)
_AS_A_BROWSER = {"Accept": "text/html, */*"}
_BY_HAND = (
    'Log in with a browser: mcpdeck login, or "open": "browser" or "print" in the answers file\'s "oauth". For '
    'machines there are the grants "client_credentials" and "jwt_bearer".'
)


async def follow(fetch: Guarded, url: str, redirect_uri: str) -> str:
    """The address that visiting ``url`` leads to at ``redirect_uri``, which itself is not visited.

    Raises ``AuthorizationDenied`` where it leads elsewhere, ``DiscoveryError`` and ``TransportError`` like ``fetch``.
    """
    for turn in range(MOST + 1):
        title = "Authorization request, followed without a browser" if turn == 0 else "Redirect of the authorization"
        fetched = await fetch.fetch(LoginPhase.AUTHORIZATION, title, "GET", url, headers=_AS_A_BROWSER, redirects=False)
        location = fetched.headers.get("location")
        if turn == 0:
            fetch.recorder.judge(fetched.step, *(verdict(rule, passed=True) for rule in REQUESTED))
        if fetched.status not in _REDIRECTS or not location:
            page = 200 <= fetched.status < 300
            wrong = "it shows a page" if page else f"it answers {fetched.status} without a redirect"
            # A page is what a person needs: no fault of the server's.
            fetch.recorder.judge(fetched.step, verdict("authz.followable", passed=None if page else False, wrong=wrong))
            raise _not_led_back(fetched.status, url)
        target = _target(fetch, fetched, location)
        if target.partition("?")[0] == redirect_uri:
            return target
        try:
            check_url(target, fetch.place, f"the redirect of {shown_url(url)}")
        except DiscoveryError as error:
            fetch.recorder.judge(fetched.step, verdict("net.redirect", passed=False, wrong=error.title))
            raise
        url = target
    raise AuthorizationDenied(
        f"the authorization server redirected more than {MOST} times and never back to the login",
        hint=f"It seems to go round in circles. {_BY_HAND}",
    )


def _target(fetch: Guarded, fetched: Fetched, location: str) -> str:
    """Where ``location`` leads. Raises ``DiscoveryError`` for what is no address."""
    try:
        return urljoin(fetched.url, location)
    except ValueError:
        wrong = f"the redirect of {shown_url(fetched.url)} is no address: {shown_url(location)}"
        fetch.recorder.judge(fetched.step, verdict("net.redirect", passed=False, wrong=wrong))
        raise DiscoveryError(wrong, hint="Its author must send the absolute address of the redirect.") from None


def _not_led_back(status: int, url: str) -> AuthorizationDenied:
    where = shown_url(url)
    if 200 <= status < 300:
        return AuthorizationDenied(
            f"the login cannot be followed without a person: {where} shows a page", hint=_BY_HAND
        )
    return AuthorizationDenied(
        f"the authorization server refused the login without sending it back: HTTP {status} from {where}",
        hint="What it says stands in the steps of the login (mcpdeck auth); often it does not know the client or its "
        "redirect address.",
        details={"status": status},
    )


class HttpHands:
    """Nobody is asked anything: what a person would decide must be configured, and what is asked for is granted."""

    @property
    def opening(self) -> Opening:
        return "http"

    async def authorize(self, invitation: Invitation, arrived: Callable[[str], None]) -> None:
        """Raises ``AuthorizationDenied`` where following leads nowhere."""
        if invitation.follow is None:
            raise AuthorizationDenied("the login cannot be followed without a browser here", hint=_BY_HAND)
        arrived(await invitation.follow())

    async def choose(self, server: str, issuers: tuple[str, ...]) -> str:
        """Raises ``DiscoveryError``: a choice that nobody makes is not made by chance."""
        raise choice_needed(server, issuers)

    async def identify(self, server: str, issuer: str) -> tuple[str, str | None]:
        """Raises ``RegistrationError``."""
        raise identity_needed(issuer)

    async def consent(self, invitation: Invitation) -> bool:
        """Granted: whoever starts a run without a person wants it to go on."""
        return True


def choice_needed(server: str, issuers: tuple[str, ...]) -> DiscoveryError:
    """Nobody can be asked at which of several authorization servers to log in."""
    names = ", ".join(one_line(issuer, 200) for issuer in issuers[:10])
    return DiscoveryError(
        f"{one_line(server, 80)} names several authorization servers: {names}",
        hint='Say at which to log in: "issuer" in the "oauth" settings.',
        details={"issuers": list(issuers[:10])},
    )


def identity_needed(issuer: str) -> RegistrationError:
    """Nobody can be asked for a client id."""
    return RegistrationError(
        f"the authorization server {one_line(issuer, 200)} registers no clients by itself, and no client id is "
        "configured",
        hint='Register mcpdeck there by hand and put the id into "clientId" of the "oauth" settings (the secret, if '
        "there is one, into MCP_CLIENT_SECRET).",
        details={"issuer": issuer},
    )
