"""From a refusal to the authorization server: which documents are read, in which order, and what is believed of them.

Owns the orders of protocol sections 37.2, 37.3 and 37.10 and every check of these documents; each is recorded as a
verdict on the exchange that it judges, the passed ones too. Never asks a person except for the choice among several
authorization servers, and never uses a document that fails a check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from ..errors import DiscoveryError
from ..models import JsonObject, LoginPhase, Verdict
from ..state.text import one_line
from .addresses import ALLOW, check_url, origin_of, shown_url, unencrypted, web_url
from .documents import canonical_resource, resource_of, server_of, vouched
from .kinds import Hands, Place, ResourceMetadata, ServerMetadata, Why
from .mechanics import PROOF_ALGORITHM
from .rules import verdict
from .well_known import SERVER_PATH, server_urls

if TYPE_CHECKING:
    from .guarded import Fetched, Guarded

RESOURCE_PATH = "/.well-known/oauth-protected-resource"
LEGACY_VERSION = "2025-03-26"


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where to log in and what for. ``resource`` None: the MCP server publishes nothing (older revisions).

    ``resource_id``: what the token is asked for (RFC 8707): the published resource, else the server's canonical URL.
    """

    resource: ResourceMetadata | None
    server: ServerMetadata
    resource_id: str


async def discover(fetch: Guarded, place: Place, why: Why, hands: Hands, *, known: str | None = None) -> Discovered:
    """Everything from the refusal to a checked authorization server. ``known``: the issuer that was chosen before.

    Raises ``DiscoveryError`` naming what does not hold, ``TransportError``, and what ``hands.choose`` raises.
    """
    _challenged(fetch, why)
    _encrypted(fetch, place)
    found = await _discovered(fetch, place, why, hands, known)
    _bound(fetch, place, found)
    return found


async def _discovered(fetch: Guarded, place: Place, why: Why, hands: Hands, known: str | None) -> Discovered:
    browser = place.settings.grant == "authorization_code"
    pages: DiscoveryError | None = None
    try:
        resource = await resource_metadata(fetch, place, why)
    except _PagesError as error:
        # A site that answers every address with a page may still be an older server, if it has the older document.
        resource, pages = None, error
    resource_id = resource.resource if resource else canonical_resource(place.url)
    configured = place.settings.metadata_url
    if configured:
        issuer = place.settings.issuer or ""
        server = await server_metadata(fetch, place, issuer, url=configured, browser=browser)
        return Discovered(resource, _found(server, shown_url(configured)), resource_id)
    if resource is not None:
        issuer = await _chosen(fetch, place, resource, hands, known)
    elif place.settings.issuer and place.settings.issuer.rstrip("/") != origin_of(web_url(place.url)):
        issuer = place.settings.issuer
    else:
        server = await legacy_metadata(fetch, place, browser=browser)
        if server.assumed and pages is not None:
            raise pages
        return Discovered(None, server, resource_id)
    server = await server_metadata(fetch, place, issuer, browser=browser)
    return Discovered(resource, _found(server, shown_url(issuer)), resource_id)


def _encrypted(fetch: Guarded, place: Place) -> None:
    """Nobody logs in for a token that everybody on the way could read. Raises ``DiscoveryError``."""
    if not unencrypted(place):
        return
    wrong = f"the MCP server's address is not encrypted: {shown_url(place.url)}"
    fetch.recorder.event(LoginPhase.RESOURCE, "Address: the MCP server", verdict("net.https", False, wrong))
    raise DiscoveryError(
        f"no login for a token that anybody on the way could read: {wrong}",
        hint=f"Use its https address (http is for this machine only). {ALLOW}",
    )


def _bound(fetch: Guarded, place: Place, found: Discovered) -> None:
    """A resource that takes bound tokens only must be able to get one (RFC 9728, section 2).

    Raises ``DiscoveryError`` where its authorization server binds none; a remark where DPoP was switched off here.
    """
    if found.resource is None or not found.resource.dpop_required:
        return
    algorithms = found.server.dpop_algorithms
    able, off = PROOF_ALGORITHM in algorithms, place.settings.dpop == "off"
    offered = one_line(", ".join(algorithms), 200) or "nothing"
    wrong = f"the authorization server binds tokens with {offered}, and mcpdeck with {PROOF_ALGORITHM}"
    if off:
        wrong = '"dpop": "off" of the entry forbids it'
    fetch.recorder.event(
        LoginPhase.SERVER,
        "The MCP server takes bound tokens only (DPoP)",
        verdict("dpop.required", None if off else able, wrong),
    )
    if not able and not off:
        raise DiscoveryError(
            f"the MCP server takes bound tokens only (DPoP), and none can be had: {wrong}",
            hint=f'Its authorization server must publish "dpop_signing_alg_values_supported": ["{PROOF_ALGORITHM}"]. '
            'To try with a token that is not bound, give "dpop": "off" in the entry\'s "oauth".',
            details={"rule": "dpop.required"},
        )


class _PagesError(DiscoveryError):
    """Where metadata would be, there are web pages."""


def _found(server: ServerMetadata | None, where: str) -> ServerMetadata:
    if server is None:
        raise DiscoveryError(
            f"no metadata of the authorization server was found: {where}",
            hint="Is it running? If its metadata is elsewhere, name that URL as oauth.authServerMetadataUrl.",
        )
    return server


def _challenged(fetch: Guarded, why: Why) -> None:
    """Puts down what was refused, and how its challenge is to be judged."""
    if not why.status:
        return
    challenge, judged = why.bearer, list[Verdict]()
    if why.status == 401:
        judged.append(verdict("challenge.present", challenge is not None, "there is no WWW-Authenticate"))
    if challenge is not None:
        scheme = one_line(challenge.scheme, 40)
        judged.append(verdict("challenge.bearer", challenge.scheme in ("bearer", "dpop"), f"the scheme is {scheme}"))
        # Since 2025-11-25 the well-known addresses do as well: no fault, but worth knowing.
        named = "resource_metadata" in challenge.params
        judged.append(verdict("challenge.resource-metadata", True if named else None, "resource_metadata is not there"))
    if why.steps_up:
        judged.append(
            verdict("challenge.scope", bool(challenge and challenge.params.get("scope")), "scope is not there")
        )
    operation = f" to {one_line(why.operation, 100)}" if why.operation else ""
    fetch.recorder.event(LoginPhase.CHALLENGE, f"The server answered {why.status}{operation}", *judged)


async def _chosen(fetch: Guarded, place: Place, resource: ResourceMetadata, hands: Hands, known: str | None) -> str:
    """The issuer to log in at: the configured one, the one of before, or whichever the person picks."""
    offered = resource.authorization_servers
    wanted = place.settings.issuer
    if wanted is not None and wanted not in offered:
        names = ", ".join(one_line(each, 200) for each in offered)
        wrong = f"the entry wants {one_line(wanted, 200)}, and the MCP server names {names}"
        fetch.recorder.event(
            LoginPhase.SERVER, "Choice of the authorization server", verdict("prm.issuer-chosen", False, wrong)
        )
        raise DiscoveryError(
            f"the MCP server does not use the configured authorization server: {wrong}",
            hint="Correct oauth.issuer in the entry, or leave it out; its client id belongs to that issuer only.",
        )
    if wanted is not None or len(offered) == 1:
        return wanted or offered[0]
    if known is not None and known in offered:
        return known
    chosen = await hands.choose(place.server, offered)
    if chosen not in offered:
        raise DiscoveryError(
            "the authorization server that was chosen is not one of those that the MCP server names",
            hint="Choose one of the list, or set oauth.issuer in the entry.",
        )
    fetch.recorder.event(
        LoginPhase.SERVER, f"{one_line(chosen, 200)} was chosen of {len(offered)}", verdict("prm.issuer-chosen", True)
    )
    return chosen


# protected resource metadata


async def resource_metadata(fetch: Guarded, place: Place, why: Why) -> ResourceMetadata | None:
    """The MCP server's metadata (protocol 37.2); None where it publishes none.

    The challenge's address and nothing else, or the well-known ones: that of the path, then that of the origin.
    Raises ``DiscoveryError`` for a document that must not be used, ``TransportError``.
    """
    named = _named(why)
    if named is not None:
        _checked(fetch, place, named, "resource_metadata of the challenge", "net.https")
        fetched = await fetch.fetch(LoginPhase.RESOURCE, "Protected resource metadata (of the challenge)", "GET", named)
        if fetched.status != 200:
            wrong = f"{shown_url(named)} answered {fetched.status}"
            fetch.recorder.judge(fetched.step, verdict("prm.found", False, wrong))
            raise DiscoveryError(
                f"the metadata that the challenge names is not there: {wrong}",
                hint="The server's author must serve it at resource_metadata of WWW-Authenticate.",
            )
        return _resource(fetch, place, fetched, _document(fetch, fetched, "prm"))
    found = await _first(fetch, LoginPhase.RESOURCE, "Protected resource metadata", "prm", _resource_urls(place))
    return _resource(fetch, place, found.fetched, found.document) if found else None


def _named(why: Why) -> str | None:
    """``resource_metadata`` of the challenge that counts, else of any."""
    challenges = [each for each in (why.bearer, *why.challenges) if each is not None]
    return next((each.params["resource_metadata"] for each in challenges if "resource_metadata" in each.params), None)


def _resource_urls(place: Place) -> tuple[str, ...]:
    base = web_url(place.url)
    path = urlsplit(base).path.rstrip("/")
    origin = origin_of(base)
    return (*((f"{origin}{RESOURCE_PATH}{path}",) if path else ()), f"{origin}{RESOURCE_PATH}")


def _resource(fetch: Guarded, place: Place, fetched: Fetched, document: JsonObject) -> ResourceMetadata:
    return resource_of(document, fetched.url, place, _judge(fetch, fetched))


# authorization server metadata


async def server_metadata(
    fetch: Guarded, place: Place, issuer: str, *, url: str | None = None, browser: bool = True
) -> ServerMetadata | None:
    """The authorization server's metadata (protocol 37.3); None where none is found.

    ``url``: the configured address, asked instead of the well-known ones; there ``issuer`` may be empty, and the
    document's own is taken, if the document may speak for it. ``browser``: an authorization endpoint will be used.
    Raises ``DiscoveryError`` for a document that must not be used, ``TransportError``.
    """
    if issuer:
        parts = _checked(fetch, place, issuer, "the issuer", "asm.issuer-url")
        if parts.query or parts.fragment:
            wrong = f"the issuer has a query or a fragment: {shown_url(issuer)}"
            fetch.recorder.event(LoginPhase.SERVER, "Issuer", verdict("asm.issuer-url", False, wrong))
            raise DiscoveryError(wrong, hint="The server's author must name an issuer without them (RFC 8414).")
    urls = (url,) if url else server_urls(issuer)
    found = await _first(fetch, LoginPhase.SERVER, "Authorization server metadata", "asm", urls)
    if found is None:
        return None
    judge = _judge(fetch, found.fetched)
    expected = (issuer,) if issuer else ()
    server = server_of(found.document, found.asked, place, judge, expected=expected, browser=browser)
    if url is not None:
        vouched(server, found.fetched.url, place, judge)
    return server


async def legacy_metadata(fetch: Guarded, place: Place, *, browser: bool = True) -> ServerMetadata:
    """How an MCP server of 2025-03-26 is logged in at: its own origin is the authorization server (protocol 37.10).

    Without a document the default endpoints are taken. The issuer is the origin; a document may write it with a
    slash at its end. Raises ``DiscoveryError`` and ``TransportError``.
    """
    origin = origin_of(web_url(place.url))
    _checked(fetch, place, origin, "the MCP server's origin", "net.https")
    fetch.recorder.event(
        LoginPhase.RESOURCE,
        "No protected resource metadata: the MCP server's origin is taken for the authorization server",
        verdict("asm.legacy", None, "nothing was found at the well-known addresses"),
    )
    fetched = await fetch.fetch(
        LoginPhase.SERVER,
        "Authorization server metadata (2025-03-26)",
        "GET",
        f"{origin}{SERVER_PATH}",
        headers={"MCP-Protocol-Version": LEGACY_VERSION},
    )
    if fetched.status == 200:
        document = _document(fetch, fetched, "asm")
        expected, asked = (origin, f"{origin}/"), f"{origin}{SERVER_PATH}"
        return server_of(document, asked, place, _judge(fetch, fetched), expected=expected, browser=browser)
    _unless_failing(fetch, fetched, "asm")
    fetch.recorder.judge(fetched.step, verdict("asm.assumed", None, f"it answered {fetched.status}"))
    return ServerMetadata(
        issuer=origin,
        authorization_endpoint=f"{origin}/authorize",
        token_endpoint=f"{origin}/token",
        registration_endpoint=f"{origin}/register",
        assumed=True,
    )


# reading


def _checked(fetch: Guarded, place: Place, url: str, what: str, rule: str) -> SplitResult:
    """``check_url``, with a failure put down as a step: there will be no exchange that could carry it."""
    try:
        return check_url(url, place, what)
    except DiscoveryError as error:
        phase = LoginPhase.SERVER if rule.startswith("asm") else LoginPhase.RESOURCE
        fetch.recorder.event(phase, f"Address: {what}", verdict(rule, False, error.title))
        raise


def _judge(fetch: Guarded, fetched: Fetched) -> Callable[..., None]:
    def judge(*verdicts: Verdict) -> None:
        fetch.recorder.judge(fetched.step, *verdicts)

    return judge


@dataclass(frozen=True, slots=True)
class _Found:
    """A document, and the address that was asked for it; ``fetched.url`` is where redirects led."""

    asked: str
    fetched: Fetched
    document: JsonObject


async def _first(fetch: Guarded, phase: LoginPhase, title: str, room: str, urls: tuple[str, ...]) -> _Found | None:
    """The first document that there is at ``urls``; None where all say there is none (4xx).

    Raises ``DiscoveryError`` when there is none, and one of them failed or answered with something else.
    """
    trouble: DiscoveryError | None = None
    only_pages = True
    for url in urls:
        fetched = await fetch.fetch(phase, title, "GET", url)
        try:
            if fetched.status == 200:
                return _Found(url, fetched, _document(fetch, fetched, room))
            _unless_failing(fetch, fetched, room)
            last = url == urls[-1]
            wrong = f"it answered {fetched.status}"
            fetch.recorder.judge(fetched.step, verdict(f"{room}.found", False if last and not trouble else None, wrong))
        except DiscoveryError as error:
            trouble = trouble or error
            only_pages = only_pages and fetched.status == 200 and fetched.is_page
    if trouble is None:
        return None
    raise _PagesError(trouble.title, hint=trouble.hint, details=trouble.details) if only_pages else trouble


def _unless_failing(fetch: Guarded, fetched: Fetched, room: str) -> None:
    """Raises ``DiscoveryError`` for a status that does not say that there is nothing."""
    if 400 <= fetched.status < 500 and fetched.status != 429:
        return
    wrong = f"{shown_url(fetched.url)} answered {fetched.status}"
    fetch.recorder.judge(fetched.step, verdict(f"{room}.found", False, wrong))
    error = DiscoveryError(
        f"whether there is metadata could not be found out: {wrong}",
        hint="The server has trouble of its own; try again later.",
        details={"status": fetched.status},
    )
    error.retryable = True
    raise error


def _document(fetch: Guarded, fetched: Fetched, room: str) -> JsonObject:
    """The JSON object of an answer, judged. Raises ``DiscoveryError`` for anything else."""
    media = one_line(fetched.media, 80) or "nothing"
    fetch.recorder.judge(
        fetched.step, verdict(f"{room}.content-type", True if fetched.is_json else None, f"it says {media}")
    )
    try:
        document = fetched.json()
    except DiscoveryError as error:
        fetch.recorder.judge(fetched.step, verdict(f"{room}.json", False, error.title))
        raise
    fetch.recorder.judge(fetched.step, verdict(f"{room}.json", True), verdict(f"{room}.found", True))
    return document
