"""What the specifications expect of each exchange of a login, as a table.

Owns the sentences: what is expected, where that stands, and what the author of the server does about it. Never
judges: the rooms of a login look at an answer and say ``verdict("asm.issuer-identical", ok, "it says …")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..models import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """``section``: the document and where in it. ``fix``: for the author of the server, as a command."""

    id: str
    expects: str
    section: str
    fix: str


def verdict(rule: str, passed: bool | None, wrong: str = "") -> Verdict:
    """Whether ``rule`` was kept; ``passed`` None: a remark. ``wrong`` says what is the matter, where it was not.

    The remedy is given only with what is wrong. Raises ``KeyError`` for a rule that is not in the table.
    """
    known = RULES[rule]
    kept = passed is True
    return Verdict(known.id, known.expects, known.section, passed, "" if kept else wrong, "" if kept else known.fix)


def _table(*groups: Iterable[tuple[str, str, str, str]]) -> Mapping[str, Rule]:
    table: dict[str, Rule] = {}
    for group in groups:
        for name, expects, section, fix in group:
            assert name not in table, name
            table[name] = Rule(name, expects, section, fix)
    return table


_MCP = "MCP 2026-07-28, Authorization"
_MCP_DISCOVERY = "MCP 2026-07-28, Authorization Server Discovery"
_MCP_CLIENTS = "MCP 2026-07-28, Client Registration"
_MCP_SECURITY = "MCP 2026-07-28, Security Considerations"
_SSRF = "MCP, Security Best Practices: Server-Side Request Forgery"

_NETWORK = (
    ("net.https", "the address is https, or http on the MCP server's own machine", _MCP_SECURITY,
     "Publish https addresses only; plain http is for development on one machine."),
    ("net.address", "the host is at a public address, or in the network where the MCP server itself is", _SSRF,
     "Publish a host name that resolves to public addresses only."),
    ("net.redirect", "at most 3 redirects of a GET, none of a POST, each to an address that may be contacted", _SSRF,
     "Answer at the address that is published, without redirects."),
    ("net.size", "the answer has at most 256 KiB", _SSRF, "Answer with the document alone; metadata has a few KiB."),
    ("net.time", "the answer is there within 15 s", _SSRF, "Answer at once: people wait for it."),
    ("net.reached", "the host is known, and a server answers there", "RFC 9110, section 3",
     "Check the host name, the port, and that the server runs."),
)  # fmt: skip

_CHALLENGE = (
    ("challenge.present", "a 401 names at least one challenge in WWW-Authenticate", "RFC 9110, section 15.5.2",
     'Send WWW-Authenticate: Bearer resource_metadata="https://…" with every 401.'),
    ("challenge.bearer", "the challenge is of scheme Bearer (or DPoP)", "RFC 6750, section 3",
     'Begin the header with the scheme: Bearer resource_metadata="…".'),
    ("challenge.resource-metadata", "the challenge says where the protected resource metadata is",
     "RFC 9728, section 5.1", 'Add resource_metadata="https://HOST/.well-known/oauth-protected-resource/PATH".'),
    ("challenge.scope", "a 403 insufficient_scope names the scopes that are needed",
     f"{_MCP}, Scope Challenge Handling", 'Add scope="…" with every scope that this operation needs.'),
)  # fmt: skip

_RESOURCE = (
    ("prm.found", "protected resource metadata is at the challenge's address, or at a well-known one",
     f"{_MCP_DISCOVERY}, Protected Resource Metadata", "Serve /.well-known/oauth-protected-resource (RFC 9728)."),
    ("prm.content-type", "the answer is application/json", "RFC 9728, section 3.2",
     "Send Content-Type: application/json."),
    ("prm.json", "the answer is a JSON object", "RFC 9728, section 3.2",
     "Serve the metadata as one JSON object; check that no web page answers at this address."),
    ("prm.resource-present", "the document names its resource", "RFC 9728, section 2",
     'Add "resource": the URL that clients connect to.'),
    ("prm.resource-matches", "the resource is the MCP server's URL, or a parent of it at the same origin",
     "RFC 9728, section 3.3", "Publish as resource the URL that clients connect to, letter by letter."),
    ("prm.authorization-servers", "the document names at least one authorization server",
     f"{_MCP_DISCOVERY}, Authorization Server Location", 'Add "authorization_servers": ["https://ISSUER"].'),
    ("prm.scopes", "scopes_supported, where given, is a list of scopes", "RFC 9728, section 2",
     "Publish scopes_supported as a list of strings without white space."),
    ("prm.bearer-methods", "tokens are taken from the Authorization header", "RFC 9728, section 2",
     'Publish "bearer_methods_supported": ["header"], or leave it out.'),
    ("prm.issuer-chosen", "one of the named authorization servers is used, never another one",
     f"{_MCP_DISCOVERY}, Authorization Server Location",
     "Correct oauth.issuer in the entry, or have the server name that one in authorization_servers, too."),
)  # fmt: skip

_SERVER = (
    ("asm.found", "the authorization server's metadata is at one of its well-known addresses",
     f"{_MCP_DISCOVERY}, Authorization Server Metadata Discovery",
     "Serve /.well-known/oauth-authorization-server (RFC 8414) or OpenID Connect discovery for this issuer."),
    ("asm.content-type", "the answer is application/json", "RFC 8414, section 3.2",
     "Send Content-Type: application/json."),
    ("asm.json", "the answer is a JSON object", "RFC 8414, section 3.2",
     "Serve the metadata as one JSON object; check that no web page answers at this address."),
    ("asm.issuer-url", "the issuer is an https URL without query and fragment", "RFC 8414, section 2",
     "Use an https URL without query and fragment as the issuer."),
    ("asm.issuer-identical", "the document's issuer is the one it was looked up for, letter by letter",
     "RFC 8414, section 3.3",
     "Make issuer identical to the entry of authorization_servers; a trailing slash makes a difference."),
    ("asm.authorization-endpoint", "there is an authorization endpoint that a browser may open",
     "RFC 8414, section 2", "Publish authorization_endpoint as an https URL without fragment."),
    ("asm.token-endpoint", "there is a token endpoint", "RFC 8414, section 2",
     "Publish token_endpoint as an https URL without fragment."),
    ("asm.https", "every endpoint is https", f"{_MCP_SECURITY}, Communication Security",
     "Publish https endpoints only; plain http is for development on one machine."),
    ("asm.pkce-s256", "code_challenge_methods_supported contains S256",
     f"{_MCP_SECURITY}, Authorization Code Protection",
     'Support PKCE and publish "code_challenge_methods_supported": ["S256"], in OpenID discovery too.'),
    ("asm.response-types", "response_types_supported contains code", "RFC 8414, section 2",
     'Publish "response_types_supported": ["code"].'),
    ("asm.grant-types", "grant_types_supported, where given, contains the grant that is used", "RFC 8414, section 2",
     "List every grant that is supported in grant_types_supported, or leave it out."),
    ("asm.iss-supported", "iss is sent in authorization responses, and the metadata says so", "RFC 9207, section 3",
     'Send iss and publish "authorization_response_iss_parameter_supported": true.'),
    ("asm.registration", "a client can get an identity: a metadata document, or dynamic registration",
     f"{_MCP_CLIENTS}, Client Registration Approaches",
     'Publish "client_id_metadata_document_supported": true, or a registration_endpoint.'),
    ("asm.scopes", "scopes_supported, where given, is a list of scopes", "RFC 8414, section 2",
     "Publish scopes_supported as a list of strings without white space."),
    ("asm.legacy", "there is protected resource metadata (expected since 2025-06-18; this is the older way)",
     "MCP 2025-03-26, Authorization, 2.3", "Serve protected resource metadata (RFC 9728) and name it in the 401."),
    ("asm.assumed", "there is authorization server metadata; without it the default endpoints are tried",
     "MCP 2025-03-26, Authorization, 2.3.3", "Serve /.well-known/oauth-authorization-server (RFC 8414)."),
    ("asm.issuer-origin", "metadata elsewhere than its issuer publishes it is at the issuer's origin, endpoints too",
     "RFC 8414, section 6.2", "Serve the metadata at the issuer's well-known address."),
    ("asm.configured", "the metadata is where the specification has it, not only where the entry says",
     f"{_MCP_DISCOVERY}, Authorization Server Metadata Discovery",
     "Serve the metadata at the issuer's well-known address, and name the issuer in authorization_servers."),
)  # fmt: skip

_CLIENT = (
    ("client.issuer", "client credentials are used at the authorization server that gave them only",
     f"{_MCP_CLIENTS}, Authorization Server Binding",
     "Nothing is to be done at the server: the entry names a client of another issuer."),
    ("client.auth-method", "the client authenticates in a way that metadata and registration agree on",
     "RFC 8414, section 2", "Publish token_endpoint_auth_methods_supported as the token endpoint really is."),
    ("cimd.supported", "a Client ID Metadata Document may be used as client id", f"{_MCP_CLIENTS}, Client ID Metadata",
     'Publish "client_id_metadata_document_supported": true once such ids are accepted.'),
    ("cimd.url", "the client id is an https URL with a path", "draft-ietf-oauth-client-id-metadata-document, section 3",
     "Nothing is to be done at the server: clientMetadataUrl of the entry is no such URL."),
    ("dcr.status", "a registration is answered 201", "RFC 7591, section 3.2.1", "Answer 201 Created."),
    ("dcr.content-type", "the answer is application/json", "RFC 7591, section 3.2.1",
     "Send Content-Type: application/json."),
    ("dcr.json", "the answer is a JSON object", "RFC 7591, section 3.2.1", "Answer with one JSON object."),
    ("dcr.accepted", "a native client with a loopback redirect is registered", f"{_MCP_CLIENTS}, Dynamic Registration",
     "Accept application_type native with http redirects to 127.0.0.1 and localhost on any port (RFC 8252)."),
    ("dcr.error", "a refused registration says why: 400 with error and error_description", "RFC 7591, section 3.2.2",
     "Answer 400 with a JSON object that has error and error_description."),
    ("dcr.client-id", "the answer has a client_id", "RFC 7591, section 3.2.1", "Return client_id as a string."),
    ("dcr.application-type", "the client is registered as native, as it asked",
     "OpenID Connect Registration, section 2",
     "Keep application_type native; as web, http redirects to this machine are refused."),
    ("dcr.redirect-uris", "the redirect URIs are registered as they were sent", "RFC 7591, section 3.2.1",
     "Return redirect_uris unchanged."),
    ("dcr.grant-types", "the grant types that were asked for are registered", "RFC 7591, section 3.2.1",
     "Register authorization_code and refresh_token, where both are supported."),
    ("dcr.auth-method", "the registered token_endpoint_auth_method is one that the metadata lists",
     "RFC 7591, section 3.2.1", "Return the method that the token endpoint expects; a public client has none."),
    ("dcr.secret-expiry", "a client secret comes with client_secret_expires_at (0: never)", "RFC 7591, section 3.2.1",
     "Return client_secret_expires_at with every secret; 0 when it does not expire."),
)  # fmt: skip

_AUTHORIZATION = (
    ("authz.url", "the authorization URL is https (http on this machine) and may be opened in a browser",
     f"{_MCP_SECURITY}, Communication Security", "Publish authorization_endpoint as an https URL."),
    ("authz.pkce", "the request has a code_challenge of method S256", "RFC 7636, section 4.3",
     "Nothing is to be done at the server."),
    ("authz.resource", "the request names the resource that the token is for", "RFC 8707, section 2",
     "Accept the resource parameter, and bind tokens to it."),
    ("authz.scope", "the scopes of the challenge are asked for, else those of the metadata, else none",
     f"{_MCP}, Scope Selection Strategy", "Name the scopes that are needed in the challenge."),
    ("authz.redirect-uri", "the answer comes to the redirect URI of the request, without changes",
     "RFC 6749, section 3.1.2", "Redirect to the redirect_uri of the request; on 127.0.0.1 the port may be any."),
    ("authz.state", "the answer carries the state of this very request", "RFC 6749, section 4.1.2",
     "Send state back unchanged, also with an error."),
    ("authz.iss", "iss of the answer is the issuer, letter by letter; it is there where the metadata promises it",
     "RFC 9207, section 2.4", "Send iss exactly as issuer stands in the metadata, also with an error."),
    ("authz.once", "no parameter of the answer comes twice", "RFC 6749, section 3.1", "Send each parameter once."),
    ("authz.code", "the answer has a code", "RFC 6749, section 4.1.2", "Redirect with a code, or with an error."),
    ("authz.granted", "the request is granted", "RFC 6749, section 4.1.2.1",
     "The error says what was refused: access_denied is the person's no, invalid_scope an unknown scope."),
    ("authz.followable", "the authorization endpoint redirects back without a person", "RFC 6749, section 4.1.2",
     "This login was to go without a browser: the server must redirect without asking anybody."),
)  # fmt: skip

_TOKEN = (
    ("token.status", "a token is answered 200", "RFC 6749, section 5.1", "Answer 200 with the token."),
    ("token.content-type", "the answer is application/json", "RFC 6749, section 5.1",
     "Send Content-Type: application/json."),
    ("token.json", "the answer is a JSON object", "RFC 6749, section 5.1",
     "Answer with one JSON object, also to errors; check that no web page answers at this address."),
    ("token.cache-control", "the answer must not be kept by caches: Cache-Control: no-store", "RFC 6749, section 5.1",
     "Send Cache-Control: no-store with every answer that holds a token."),
    ("token.once", "no member of the answer comes twice", "RFC 8259, section 4", "Send each member once."),
    ("token.error-status", "an error is answered 400 (401 for client authentication), never 200",
     "RFC 6749, section 5.2", "Answer errors with status 400 or 401."),
    ("token.error", "an error has an error code of the specification", "RFC 6749, section 5.2",
     "Send error (and error_description) in a JSON object."),
    ("token.granted", "the token request is granted", "RFC 6749, section 5.2",
     "See the error code; the server's log should say more."),
    ("token.access-token", "the answer has an access_token", "RFC 6749, section 5.1",
     "Return access_token as a string that is not empty."),
    ("token.characters", "tokens consist of visible ASCII characters", "RFC 6750, section 2.1",
     "Use letters, digits and -._~+/= in tokens."),
    ("token.type", "token_type is Bearer, or DPoP for a bound token", "RFC 6749, section 7.1",
     "Return token_type: Bearer."),
    ("token.expires-in", "expires_in is given, as a number of seconds", "RFC 6749, section 5.1",
     "Return expires_in as a positive number of seconds."),
    ("token.scope", "scope is named where it is not the one that was asked for", "RFC 6749, section 5.1",
     "Return scope: the scopes that were granted, with a space between."),
    ("token.resource", "the request names the resource that the token is for", "RFC 8707, section 2.2",
     "Accept the resource parameter, and put it into the token's audience."),
    ("token.audience", "a token that is a JWT is meant for this MCP server", f"{_MCP_SECURITY}, Token Audience Binding",
     "Put the resource that was asked for into aud."),
    ("token.refresh", "a refresh token comes with the first token", "RFC 6749, section 1.5",
     "Return refresh_token, so that people need not log in again when the token expires."),
    ("refresh.granted", "the refresh token is accepted", "RFC 6749, section 6",
     "invalid_grant means that it was revoked, used before, or is of another client."),
    ("refresh.rotation", "a public client's refresh token is used once, and comes with the next one",
     "OAuth 2.1, section 4.3.1", "Return a new refresh_token with each refresh of a public client."),
    ("refresh.scope", "a refresh gives no more scopes than were granted", "RFC 6749, section 6",
     "Return at most the scopes of the original grant."),
    ("revocation.endpoint", "there is a revocation endpoint", "RFC 8414, section 2",
     "Publish revocation_endpoint, so that a logout ends the tokens."),
    ("revocation.status", "a revocation is answered 200, also for a token that is not known", "RFC 7009, section 2.2",
     "Answer 200 to every revocation of a client's own tokens."),
)  # fmt: skip

_GRANTS = (
    ("credentials.grant", "the client credentials grant is supported for this client",
     "MCP extension OAuth Client Credentials", "Allow grant_type client_credentials for the client."),
    ("credentials.assertion", "a client assertion's audience is the issuer", "RFC 7523, section 3",
     "Accept the issuer identifier as aud of client assertions."),
    ("jwt-bearer.grant", "the assertion is accepted as a grant", "RFC 7523, section 3.1",
     "Trust the issuer of the assertion, and expect the authorization server's issuer as its audience."),
    ("exchange.status", "the identity provider answers the exchange with 200", "RFC 8693, section 2.2",
     "Allow this client to exchange an ID token for an ID-JAG at the identity provider."),
    ("exchange.token", "the answer has the assertion as access_token", "RFC 8693, section 2.2.1",
     "Return the ID-JAG as access_token."),
    ("exchange.issued-token-type", "issued_token_type is urn:ietf:params:oauth:token-type:id-jag",
     "MCP extension Enterprise-Managed Authorization", "Return the type of token that was asked for."),
    ("exchange.token-type", "token_type is N_A: an assertion is no access token", "RFC 8693, section 2.2.1",
     "Return token_type: N_A."),
)  # fmt: skip

_DPOP = (
    ("dpop.algorithms", "dpop_signing_alg_values_supported names an algorithm that we have (ES256), and never none",
     "RFC 9449, section 5.1", 'Publish "dpop_signing_alg_values_supported": ["ES256"].'),
    ("dpop.proof", "the request has a fresh proof for its method and address", "RFC 9449, section 4.3",
     "Compare htm and htu with the request as the client sees it, not as a proxy rewrites it."),
    ("dpop.nonce", "use_dpop_nonce comes with a DPoP-Nonce, and the proof with it is accepted", "RFC 9449, section 8",
     "Send DPoP-Nonce with the refusal, and accept that nonce at the next request."),
    ("dpop.bound", "a token that was asked for with a proof is of type DPoP", "RFC 9449, section 5",
     "Return token_type: DPoP and bind the token to the key, or do not publish DPoP."),
    ("dpop.required", "a resource that wants bound tokens gets one", "RFC 9728, section 2",
     "Publish dpop_signing_alg_values_supported at the authorization server, too."),
)  # fmt: skip

RULES: Mapping[str, Rule] = _table(
    _NETWORK, _CHALLENGE, _RESOURCE, _SERVER, _CLIENT, _AUTHORIZATION, _TOKEN, _GRANTS, _DPOP
)
"""Every rule by its id. The first part of an id is the room: ``net``, ``challenge``, ``prm``, ``asm``, ``client``,
``cimd``, ``dcr``, ``authz``, ``token``, ``refresh``, ``revocation``, ``credentials``, ``jwt-bearer``, ``exchange``,
``dpop``."""
