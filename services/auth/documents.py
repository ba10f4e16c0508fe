"""What is believed of the two documents of discovery.

Owns reading and checking protected resource metadata (RFC 9728) and authorization server metadata (RFC 8414, OpenID
Connect Discovery). Compares identifiers as the strings they are. Fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote, urlsplit

from ..errors import DiscoveryError
from ..models import Json, JsonObject, as_text
from ..state.text import one_line, quoted
from .addresses import browsable, check_url, origin_of, shown_url, split, web_url
from .kinds import Place, ResourceMetadata, ServerMetadata
from .rules import verdict
from .well_known import server_urls

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""One scope token (RFC 6749, section 3.3)."""


class _Checks:
    """Judges one document: every check is a verdict, and a failed one that must hold is an error."""

    def __init__(self, document: JsonObject, judge: Callable[..., None], whose: str) -> None:
        self.document = document
        self._judge = judge
        self._whose = whose

    def must(self, rule: str, passed: bool, wrong: str, hint: str = "") -> None:
        """Raises ``DiscoveryError`` with ``wrong`` unless ``passed``; its hint is the rule's remedy or ``hint``."""
        made = verdict(rule, passed, wrong)
        self._judge(made)
        if not passed:
            hint = hint or made.fix
            raise DiscoveryError(f"{self._whose} cannot be used: {wrong}", hint=hint, details={"rule": rule})

    def should(self, rule: str, passed: bool | None, wrong: str) -> None:
        self._judge(verdict(rule, passed, wrong))

    def text(self, name: str) -> str | None:
        return as_text(self.document.get(name)) or None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """A list of strings; None where there is none, or something else."""
        value = self.document.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return None
        return tuple(str(each) for each in value)

    def scopes(self, rule: str) -> tuple[str, ...] | None:
        if "scopes_supported" not in self.document:
            return None
        found = self.texts("scopes_supported")
        usable = tuple(dict.fromkeys(each for each in found or () if _SCOPE.fullmatch(each)))
        good = found is not None and all(_SCOPE.fullmatch(each) for each in found)
        self.should(rule, good, f"it says {_shown(self.document['scopes_supported'])}")
        return usable if found is not None else None


def _shown(value: Json) -> str:
    return quoted(one_line(str(value), 120))


# protected resource metadata


def resource_of(document: JsonObject, url: str, place: Place, judge: Callable[..., None]) -> ResourceMetadata:
    """Protected resource metadata that was found at ``url``. Raises ``DiscoveryError`` when it must not be used."""
    checks = _Checks(document, judge, "the MCP server's protected resource metadata")
    resource = checks.text("resource")
    checks.must("prm.resource-present", resource is not None, "it names no resource")
    assert resource is not None
    wrong = f"it is for {one_line(resource, 200)}, and the MCP server is {canonical_resource(place.url)}"
    checks.must("prm.resource-matches", matches(resource, place.url), wrong)
    issuers = checks.texts("authorization_servers") or ()
    named = tuple(dict.fromkeys(each for each in issuers if each))
    if not place.settings.metadata_url:
        checks.must("prm.authorization-servers", bool(named), "it names no authorization server")
    else:
        checks.should("prm.authorization-servers", True if named else None, "it names no authorization server")
    methods = checks.texts("bearer_methods_supported")
    if methods is not None:
        checks.should("prm.bearer-methods", "header" in methods, f"it says {_shown(list(methods))}")
    return ResourceMetadata(
        resource=resource,
        authorization_servers=named,
        scopes=checks.scopes("prm.scopes"),
        dpop_required=document.get("dpop_bound_access_tokens_required") is True,
        url=url,
        raw=document,
    )


def canonical_resource(url: str) -> str:
    """The canonical URI of an MCP server (protocol 37.5): scheme and host in lower case, the path as it is.

    Without query (which may hold a key) and fragment, and without the slash of a bare origin.
    """
    base = web_url(url)
    path = urlsplit(base).path
    return origin_of(base) + ("" if path == "/" else path)


def matches(resource: str, url: str) -> bool:
    """Whether a published ``resource`` covers the MCP server at ``url``: equal, or a parent of its path.

    Letters of scheme and host may differ in case, and a slash at the end is neither here nor there.
    """
    parts = split(resource)
    if parts is None or parts.fragment or "#" in resource or "@" in parts.netloc:
        return False
    base = web_url(url)
    if origin_of(resource) != origin_of(base):
        return False
    own = urlsplit(base)
    if parts.query and parts.query != own.query:
        return False
    published, path = parts.path.rstrip("/"), own.path.rstrip("/")
    if any(unquote(segment) in (".", "..") for segment in published.split("/")):
        return False
    return published == path or path.startswith(f"{published}/")


# authorization server metadata


def server_of(
    document: JsonObject,
    url: str,
    place: Place,
    judge: Callable[..., None],
    *,
    expected: Sequence[str],
    browser: bool,
) -> ServerMetadata:
    """Authorization server metadata that was asked for at ``url``; its issuer must be one of ``expected``.

    Empty ``expected``: any issuer, for ``vouched`` to look at. Raises ``DiscoveryError`` when it must not be used. An
    optional endpoint that must not be contacted is left out.
    """
    checks = _Checks(document, judge, "the authorization server's metadata")
    issuer = checks.text("issuer")
    told = "no issuer" if issuer is None else f"the issuer {one_line(issuer, 200)}"
    looked = one_line(expected[0], 200) if expected else "any"
    identical = issuer is not None and (not expected or issuer in expected)
    checks.must("asm.issuer-identical", identical, f"it names {told}, and it was looked up for {looked}")
    assert issuer is not None
    endpoints = _Endpoints(checks, place)
    authorization = endpoints.needed("authorization_endpoint", "asm.authorization-endpoint") if browser else None
    if authorization is not None:
        reason = browsable(authorization) if not place.settings.allow_insecure else None
        checks.must("authz.url", reason is None, f"authorization_endpoint {reason}")
        methods = checks.texts("code_challenge_methods_supported")
        said = "nothing" if methods is None else _shown(list(methods))
        checks.must("asm.pkce-s256", "S256" in (methods or ()), f"code_challenge_methods_supported says {said}")
        _expect_code(checks)
    token = endpoints.needed("token_endpoint", "asm.token-endpoint")
    authorization = authorization or endpoints.optional("authorization_endpoint")
    registration, revocation = endpoints.optional("registration_endpoint"), endpoints.optional("revocation_endpoint")
    checks.should("asm.https", not endpoints.unusable, "; ".join(endpoints.unusable))
    return ServerMetadata(
        issuer=issuer,
        authorization_endpoint=authorization,
        token_endpoint=token,
        registration_endpoint=registration,
        revocation_endpoint=revocation,
        scopes=checks.scopes("asm.scopes"),
        grants=_grants(checks, place),
        auth_methods=checks.texts("token_endpoint_auth_methods_supported"),
        auth_algorithms=checks.texts("token_endpoint_auth_signing_alg_values_supported"),
        iss_in_response=_iss(checks, browser=browser),
        metadata_documents=_identity(checks, browser=browser),
        dpop_algorithms=_dpop(checks),
        url=url,
        raw=document,
    )


def vouched(server: ServerMetadata, url: str, place: Place, judge: Callable[..., None]) -> None:
    """Whether a document that an entry named may speak for its issuer; ``url``: where it came from in the end.

    Where the issuer publishes it, it may. Anywhere else anybody can name anybody's issuer, also one where the person
    has a client and a login: what is meant for that one (the code, the verifier, a secret) would go to the endpoints
    that stand beside the name. So it must be at the issuer's origin, with all of its endpoints there, and it is a
    client identity of its own (``ServerMetadata.identity``). Raises ``DiscoveryError``.
    """
    checks = _Checks(server.raw, judge, "the metadata that the entry names")
    published = server.published
    checks.should("asm.configured", True if published else None, f"the document is at {shown_url(url)}")
    if published:
        return
    try:
        check_url(server.issuer, place, "the issuer")
    except DiscoveryError as error:
        checks.must("asm.issuer-url", False, error.title, error.hint)
    own = origin_of(server.issuer)
    named = {
        "the document": url,
        "authorization_endpoint": server.authorization_endpoint,
        "token_endpoint": server.token_endpoint,
        "registration_endpoint": server.registration_endpoint,
        "revocation_endpoint": server.revocation_endpoint,
    }
    strange = [f"{name} is at {shown_url(at)}" for name, at in named.items() if at is not None and origin_of(at) != own]
    checks.must(
        "asm.issuer-origin",
        not strange,
        f"it says that it is {shown_url(server.issuer)}'s, and {'; '.join(strange)}",
        "Name an address at which the issuer itself publishes its metadata as oauth.authServerMetadataUrl "
        f"({' or '.join(shown_url(each) for each in server_urls(server.issuer)[:2])}), or leave it out.",
    )


class _Endpoints:
    """Reads endpoints, each of them an address that a login for ``place`` may use.

    ``unusable``: what is wrong with those that are left out.
    """

    def __init__(self, checks: _Checks, place: Place) -> None:
        self._checks = checks
        self._place = place
        self.unusable: list[str] = []

    def needed(self, name: str, rule: str) -> str:
        """Raises ``DiscoveryError`` where it is missing or must not be used."""
        url = self._checks.text(name)
        self._checks.must(rule, url is not None, f"there is no {name}")
        assert url is not None
        wrong = self._wrong(name, url)
        if wrong is not None:
            self._checks.must("asm.https", False, wrong.title, wrong.hint)
        return url

    def optional(self, name: str) -> str | None:
        """None where it is missing, and where it must not be used."""
        url = self._checks.text(name)
        wrong = self._wrong(name, url) if url is not None else None
        if wrong is None:
            return url
        self.unusable.append(wrong.title)
        return None

    def _wrong(self, name: str, url: str) -> DiscoveryError | None:
        try:
            parts = check_url(url, self._place, name)
        except DiscoveryError as error:
            return error
        fragment = DiscoveryError(f"{name} has a fragment", hint="The server must publish it without one (RFC 6749).")
        return fragment if parts.fragment else None


def _expect_code(checks: _Checks) -> None:
    types = checks.texts("response_types_supported")
    # REQUIRED by RFC 8414, but nothing depends on it: a server that leaves it out can be logged in at.
    judged = None if types is None else "code" in types
    checks.should("asm.response-types", judged, f"it says {_shown(list(types)) if types is not None else 'nothing'}")


def _grants(checks: _Checks, place: Place) -> tuple[str, ...] | None:
    grants = checks.texts("grant_types_supported")
    wanted = _GRANT_TYPES[place.settings.grant]
    if grants is not None:
        checks.should("asm.grant-types", True if wanted in grants else None, f"{wanted} is not in it")
    return grants


def _iss(checks: _Checks, *, browser: bool) -> bool:
    supported = checks.document.get("authorization_response_iss_parameter_supported") is True
    if browser:
        checks.should("asm.iss-supported", True if supported else None, "it does not say that iss is sent")
    return supported


def _identity(checks: _Checks, *, browser: bool) -> bool:
    documents = checks.document.get("client_id_metadata_document_supported") is True
    if browser:
        offered = documents or checks.text("registration_endpoint") is not None
        checks.should(
            "asm.registration", True if offered else None, "it offers neither; a client id must be configured"
        )
    return documents


def _dpop(checks: _Checks) -> tuple[str, ...]:
    if "dpop_signing_alg_values_supported" not in checks.document:
        return ()
    found = checks.texts("dpop_signing_alg_values_supported") or ()
    good = "ES256" in found and "none" not in found
    said = _shown(checks.document["dpop_signing_alg_values_supported"])
    checks.should("dpop.algorithms", True if good else None, f"it says {said}")
    return tuple(each for each in found if each != "none")


_GRANT_TYPES = {
    "authorization_code": "authorization_code",
    "client_credentials": "client_credentials",
    "jwt_bearer": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "id_jag": "urn:ietf:params:oauth:grant-type:jwt-bearer",
}
