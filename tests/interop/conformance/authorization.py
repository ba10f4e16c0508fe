"""The scenarios about logging in, each with the checks that it is about.

Owns what has to be seen for them, and how the client must end where an authorization server, or what is said of one,
must not be trusted. Extensions are counted on one wire, the framework's default.
"""

from __future__ import annotations

from tests.interop.conformance.scenario import JUNE, MARCH, NOVEMBER, STATELESS, Refusal, Scenario

BOTH, SINCE_JUNE = (NOVEMBER, STATELESS), (JUNE, NOVEMBER, STATELESS)
REGISTERED = "client-registration"
NATIVE = "sep-837-application-type-present"
FOUND = ("prm-pathbased-requested", "authorization-server-metadata")
"""Both documents were read, wherever they stand."""
CODE = (
    "authorization-request", "pkce-code-challenge-sent", "pkce-s256-method-used", "token-request",
    "pkce-code-verifier-sent", "pkce-verifier-matches-challenge",
)  # fmt: skip
"""The authorization code flow as the authorization server sees it."""
USED = "valid-bearer-token"
RESOURCE = (
    "resource-parameter-in-authorization", "resource-parameter-in-token", "resource-parameter-valid-uri",
    "resource-parameter-consistency", "resource-parameter-matches-prm",
)  # fmt: skip
FLOW = (*FOUND, REGISTERED, *CODE, USED)


def _refused(says: str) -> Refusal:
    return Refusal("auth", 4, says)


def _flow(name: str, wires: tuple[str, ...], *required: str, stateless: tuple[str, ...] = ()) -> Scenario:
    """The whole way from discovery over registration to a token that is used, and what is special about it."""
    return Scenario(f"auth/{name}", wires, (*FLOW, *required), stateless=(NATIVE, *stateless))


def _extension(name: str, *required: str) -> Scenario:
    return Scenario(f"auth/{name}", (NOVEMBER,), (*FOUND, *required), extension=True)


def _distrusted(name: str, says: str, *required: str) -> Scenario:
    """What the authorization server sent back cannot be trusted; its token endpoint is never asked."""
    reached = (*FOUND, REGISTERED, NATIVE, "authorization-request")
    return Scenario(f"auth/{name}", (STATELESS,), (*reached, *required), _refused(says))


AUTHORIZATION = (
    Scenario(
        "auth/2025-03-26-oauth-metadata-backcompat",
        (MARCH,),
        ("authorization-server-metadata", REGISTERED, *CODE, USED),
    ),
    Scenario(
        "auth/2025-03-26-oauth-endpoint-fallback",
        (MARCH,),
        (REGISTERED, "authorization-request", "token-request", USED),
    ),
    *(_flow(f"metadata-{which}", BOTH, *RESOURCE) for which in ("default", "var1", "var2", "var3")),
    Scenario("auth/basic-cimd", BOTH, (*FOUND, *CODE, USED, "cimd-client-id-used")),
    *(_flow(name, BOTH, name) for name in ("scope-from-www-authenticate", "scope-from-scopes-supported")),
    _flow("scope-omitted-when-undefined", BOTH, "scope-omitted-when-undefined"),
    _flow(
        "scope-step-up",
        BOTH,
        "scope-step-up-initial",
        "scope-step-up-escalation",
        stateless=("sep-2350-scope-union-on-reauth",),
    ),
    Scenario(
        "auth/scope-retry-limit",
        BOTH,
        (*FOUND, REGISTERED, *CODE, "scope-retry-limit"),
        _refused("scope.*mcp:admin"),
        stateless=(NATIVE,),
    ),
    *(
        _flow(f"token-endpoint-auth-{how}", SINCE_JUNE, "token-endpoint-auth-method", *RESOURCE)
        for how in ("basic", "post", "none")
    ),
    Scenario("auth/pre-registration", BOTH, (*FOUND, *CODE, USED, "pre-registration-auth")),
    Scenario(
        "auth/resource-mismatch",
        (STATELESS,),
        ("prm-pathbased-requested", "resource-mismatch-rejected"),
        _refused("https://evil\\.example\\.com/mcp"),
    ),
    _flow(
        "offline-access-scope",
        (STATELESS,),
        "sep-2207-client-metadata-grant-types",
        "sep-2207-offline-access-requested",
    ),
    _flow("offline-access-not-supported", (STATELESS,), "sep-2207-offline-access-not-requested"),
    _flow(
        "authorization-server-migration",
        (STATELESS,),
        "sep-2352-reregister-on-as-change",
        "sep-2352-no-reuse-on-as-change",
        "sep-2352-no-cross-as-credential-reuse",
    ),
    _flow("iss-supported", (STATELESS,), "sep-2468-client-compare-iss-supported"),
    _flow("iss-not-advertised", (STATELESS,), "sep-2468-client-proceed-no-iss"),
    _distrusted("iss-supported-missing", r"\biss\b", "sep-2468-client-reject-missing-iss"),
    _distrusted("iss-wrong-issuer", r"\biss\b", "sep-2468-client-compare-iss-supported"),
    _distrusted("iss-unexpected", r"\biss\b", "sep-2468-client-compare-iss-unadvertised"),
    _distrusted("iss-normalized", r"\biss\b", "sep-2468-client-no-normalization"),
    Scenario(
        "auth/metadata-issuer-mismatch",
        (STATELESS,),
        (*FOUND, "sep-2468-client-validate-metadata-issuer"),
        _refused("issuer.*https://attacker\\.example\\.com"),
    ),
    _extension("client-credentials-jwt", "token-request", "client-credentials-jwt-verified", USED),
    _extension("client-credentials-basic", "token-request", "client-credentials-basic-auth", USED),
    _extension(
        "enterprise-managed-authorization",
        "token-request",
        "complete-flow-token-exchange",
        "complete-flow-jwt-bearer",
        USED,
    ),
    *(
        _extension(
            name,
            REGISTERED,
            *CODE,
            "sep-1932-client-token-request-proof",
            "sep-1932-client-dpop-auth-scheme",
            "sep-1932-client-fresh-proof",
            *nonces,
        )
        for name, nonces in (
            ("dpop", ()),
            ("dpop-nonce", ("sep-1932-client-as-nonce", "sep-1932-client-rs-nonce")),
        )
    ),
    _extension("wif-jwt-bearer", "token-request", "wif-assertion-verified", USED),
)
